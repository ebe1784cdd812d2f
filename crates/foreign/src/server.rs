//! The other side: a core of this project as a program.

use std::fmt;
use std::io::{BufRead, Write};

use autoenroll_model::{CoreError, CoreFactory, EnrollmentCore};
use serde::Deserialize;

use crate::Limits;
use crate::line::{self, LineError};
use crate::protocol::{FromCore, ToCore, VERSION};

/// Serves one core until the reader ends. `name` is what the core calls itself.
///
/// # Errors
/// When something other than the protocol comes in, the core fails, or the reader is gone; the other side is told
/// first, where it can be.
pub fn serve<F: CoreFactory>(
    factory: &mut F,
    name: &str,
    reader: &mut impl BufRead,
    writer: &mut impl Write,
) -> Result<(), ServeError> {
    let outcome = converse(factory, name, reader, writer);
    if let Err(error) = &outcome {
        let told = match error {
            ServeError::Core(error) => error.clone(),
            other => CoreError::failed(other.to_string()),
        };
        // The first error is the one to report, whether or not the other side can still hear it.
        let _deaf = say(writer, &FromCore::Error(told));
    }
    outcome
}

fn converse<F: CoreFactory>(
    factory: &mut F,
    name: &str,
    reader: &mut impl BufRead,
    writer: &mut impl Write,
) -> Result<(), ServeError> {
    let Some(line) = hear(reader)? else { return Ok(()) };
    // A driver of another version may say the rest of `start` in another way.
    if let Ok(AnyStart { start: Version { protocol } }) = serde_json::from_str(&line)
        && protocol != VERSION
    {
        return Err(ServeError::Version { found: protocol });
    }
    let ToCore::Start { identity, .. } = read(&line)? else { return Err(ServeError::NotStarted) };
    let mut core = factory.start(&identity)?;
    say(writer, &FromCore::Ready { protocol: VERSION, core: name.to_owned(), features: Vec::new() })?;
    let mut expected = 0;
    while let Some(line) = hear(reader)? {
        let ToCore::Handle { number, now, input } = read(&line)? else { return Err(ServeError::StartedTwice) };
        expected += 1;
        if number != expected {
            return Err(ServeError::Number { expected, found: number });
        }
        core.handle(now, input)?;
        while let Some(output) = core.poll()? {
            say(writer, &FromCore::output(number, output))?;
        }
        say(writer, &FromCore::Idle { number, deadline: core.deadline() })?;
    }
    Ok(())
}

/// The part of `start` that every version has.
#[derive(Deserialize)]
struct AnyStart {
    start: Version,
}

#[derive(Deserialize)]
struct Version {
    protocol: u32,
}

fn hear(reader: &mut impl BufRead) -> Result<Option<String>, ServeError> {
    line::read(reader, Limits::default().line).map_err(ServeError::Line)
}

fn read(line: &str) -> Result<ToCore, ServeError> {
    serde_json::from_str(line)
        .map_err(|error| ServeError::NotAMessage { found: line::beginning(line), reason: error.to_string() })
}

/// Writes a message and flushes: the other side waits for it.
fn say(writer: &mut impl Write, message: &FromCore) -> Result<(), ServeError> {
    let unwritable = |reason: String| ServeError::Unwritable { reason };
    let mut line = serde_json::to_string(message).map_err(|error| unwritable(error.to_string()))?;
    line.push('\n');
    writer.write_all(line.as_bytes()).and_then(|()| writer.flush()).map_err(|error| unwritable(error.to_string()))
}

/// Why serving a core ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServeError {
    /// What came in is not a line.
    Line(LineError),
    /// What came in is not a message.
    NotAMessage {
        /// Its beginning.
        found: String,
        /// Why not.
        reason: String,
    },
    /// The bench speaks another version.
    Version {
        /// Which.
        found: u32,
    },
    /// An input came before the start.
    NotStarted,
    /// A second start came; one process is one core.
    StartedTwice,
    /// An input has the wrong number; inputs are numbered from 1 without a gap.
    Number {
        /// The number of the next input.
        expected: u32,
        /// The number that came.
        found: u32,
    },
    /// The core failed, or its contract was broken.
    Core(CoreError),
    /// The reader of the answers is gone.
    Unwritable {
        /// What the system said.
        reason: String,
    },
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(error) => error.fmt(f),
            Self::NotAMessage { found, reason } => {
                write!(f, "`{found}` is not a message of the core protocol: {reason}")
            }
            Self::Version { found } => {
                write!(f, "the bench speaks protocol {found}, this core speaks protocol {VERSION}")
            }
            Self::NotStarted => f.write_str("expected `start`, found `handle`"),
            Self::StartedTwice => f.write_str("expected `handle`, found `start`; one process is one core"),
            Self::Number { expected, found } => write!(f, "expected input {expected}, found input {found}"),
            Self::Core(error) => error.fmt(f),
            Self::Unwritable { reason } => write!(f, "an answer cannot be written: {reason}"),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<CoreError> for ServeError {
    fn from(error: CoreError) -> Self {
        Self::Core(error)
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_model::{
        Duration, EffectId, EffectResult, FileTime, Identity, Input, Now, Output, OutputBody, Profile, SimTime,
        TriggerCause,
    };

    use super::*;

    /// Shows the icon on every input, and wants a tick a second later.
    struct Sketch {
        output: Option<Output>,
        deadline: Option<SimTime>,
    }

    impl EnrollmentCore for Sketch {
        fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
            if let Input::EffectDone { effect, result } = input {
                return Err(wrong_result(effect, result.word()));
            }
            self.output = Some(Output { causes: vec![].into(), body: OutputBody::Icon { shown: true } });
            self.deadline = Some(now.mono + Duration::SECOND);
            Ok(())
        }

        fn poll(&mut self) -> Result<Option<Output>, CoreError> {
            Ok(self.output.take())
        }

        fn deadline(&self) -> Option<SimTime> {
            self.deadline
        }
    }

    fn wrong_result(effect: EffectId, found: &str) -> CoreError {
        CoreError::WrongResult { effect, expected: "settings".into(), found: found.into() }
    }

    struct Sketches;

    impl CoreFactory for Sketches {
        type Core = Sketch;
        fn start(&mut self, _: &Identity) -> Result<Sketch, CoreError> {
            Ok(Sketch { output: None, deadline: None })
        }
    }

    fn start(protocol: u32) -> String {
        let identity = Identity::for_tests(Profile::server_2003_sp1());
        serde_json::to_string(&ToCore::Start { protocol, features: vec![], identity }).unwrap()
    }

    fn handle(number: u32, input: Input) -> String {
        let now = Now { mono: SimTime(5), wall: FileTime(9) };
        serde_json::to_string(&ToCore::Handle { number, now, input }).unwrap()
    }

    const READY: &str = r#"{"ready":{"protocol":2,"core":"sketch 0.1"}}"#;

    /// What is said comes back as these lines and this outcome.
    fn check(said: &[String], answers: &[&str], outcome: &Result<(), ServeError>) {
        let mut written = Vec::new();
        let text: String = said.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(&serve(&mut Sketches, "sketch 0.1", &mut text.as_bytes(), &mut written), outcome);
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written.lines().collect::<Vec<_>>(), answers);
    }

    #[test]
    fn each_input_is_answered_until_idle() {
        let logon = Input::Trigger(autoenroll_model::Trigger::of(TriggerCause::Logon));
        check(&[], &[], &Ok(()));
        check(
            &[start(2), handle(1, logon), handle(2, Input::Tick)],
            &[
                READY,
                r#"{"output":{"number":1,"causes":[],"body":{"icon":{"shown":true}}}}"#,
                r#"{"idle":{"number":1,"deadline":1000000005}}"#,
                r#"{"output":{"number":2,"causes":[],"body":{"icon":{"shown":true}}}}"#,
                r#"{"idle":{"number":2,"deadline":1000000005}}"#,
            ],
            &Ok(()),
        );
    }

    #[test]
    fn what_is_not_the_protocol_is_told_and_ends_the_service() {
        let error = |text: &str| format!(r#"{{"error":{{"failed":{{"reason":"{text}"}}}}}}"#);
        let version = error("the bench speaks protocol 3, this core speaks protocol 2");
        check(&[start(3)], &[&version], &Err(ServeError::Version { found: 3 }));
        let later = r#"{"start":{"protocol":3,"who":"alice"}}"#.to_owned();
        check(&[later], &[&version], &Err(ServeError::Version { found: 3 }));
        check(&[handle(1, Input::Tick)], &[&error("expected `start`, found `handle`")], &Err(ServeError::NotStarted));
        check(
            &[start(2), start(2)],
            &[READY, &error("expected `handle`, found `start`; one process is one core")],
            &Err(ServeError::StartedTwice),
        );
        check(
            &[start(2), handle(2, Input::Tick)],
            &[READY, &error("expected input 1, found input 2")],
            &Err(ServeError::Number { expected: 1, found: 2 }),
        );
    }

    #[test]
    fn a_broken_contract_crosses_the_wire_as_a_value() {
        let done = Input::EffectDone { effect: EffectId(3), result: EffectResult::Readers(vec![]) };
        check(
            &[start(2), handle(1, done)],
            &[READY, r#"{"error":{"wrong-result":{"effect":3,"expected":"settings","found":"readers"}}}"#],
            &Err(ServeError::Core(wrong_result(EffectId(3), "readers"))),
        );
    }
}
