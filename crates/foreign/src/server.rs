//! The other side: a core of this project as a program.

use std::fmt;
use std::io::{BufRead, Write};

use autoenroll_model::{CoreError, CoreFactory, EnrollmentCore};

use crate::Limits;
use crate::line::{self, LineError};
use crate::protocol::{FromCore, ToCore, VERSION};

/// Serves one core until the reader ends. `name` is what the core calls itself.
///
/// # Errors
/// When something other than the protocol comes in, the core fails, or nobody reads; the other side is told first,
/// where it can be.
pub fn serve<F: CoreFactory>(
    factory: &mut F,
    name: &str,
    reader: &mut impl BufRead,
    writer: &mut impl Write,
) -> Result<(), ServeError> {
    let outcome = converse(factory, name, reader, writer);
    if let Err(error) = &outcome {
        // The first error is the one to report, whether or not the other side can still hear it.
        let _deaf = say(writer, &FromCore::Error { reason: error.to_string() });
    }
    outcome
}

fn converse<F: CoreFactory>(
    factory: &mut F,
    name: &str,
    reader: &mut impl BufRead,
    writer: &mut impl Write,
) -> Result<(), ServeError> {
    let mut core = match hear(reader)? {
        None => return Ok(()),
        Some(ToCore::Start { protocol: VERSION, identity }) => factory.start(&identity)?,
        Some(ToCore::Start { protocol, .. }) => return Err(ServeError::Version { found: protocol }),
        Some(ToCore::Handle { .. }) => return Err(ServeError::NotStarted),
    };
    say(writer, &FromCore::Ready { protocol: VERSION, core: name.to_owned() })?;
    while let Some(message) = hear(reader)? {
        let ToCore::Handle { now, input } = message else { return Err(ServeError::StartedTwice) };
        core.handle(now, input)?;
        while let Some(output) = core.poll()? {
            say(writer, &FromCore::Output(Box::new(output)))?;
        }
        say(writer, &FromCore::Idle { deadline: core.deadline() })?;
    }
    Ok(())
}

fn hear(reader: &mut impl BufRead) -> Result<Option<ToCore>, ServeError> {
    let Some(line) = line::read(reader, Limits::default().line).map_err(ServeError::Line)? else { return Ok(None) };
    serde_json::from_str(&line)
        .map(Some)
        .map_err(|error| ServeError::NotAMessage { found: line::beginning(&line), reason: error.to_string() })
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
    /// The core failed.
    Core(CoreError),
    /// Nobody reads the answers.
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
        Duration, FileTime, Identity, Input, Now, Output, OutputBody, Profile, SimTime, TriggerCause,
    };

    use super::*;

    /// Shows the icon on every input, and wants a tick a second later.
    struct Sketch {
        output: Option<Output>,
        deadline: Option<SimTime>,
    }

    impl EnrollmentCore for Sketch {
        fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
            if input == Input::LogOff {
                return Err(CoreError::Failed { reason: "nobody is logged on".into() });
            }
            self.output = Some(Output { causes: vec![], body: OutputBody::Icon { shown: true } });
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

    struct Sketches;

    impl CoreFactory for Sketches {
        type Core = Sketch;
        fn start(&mut self, _: &Identity) -> Result<Sketch, CoreError> {
            Ok(Sketch { output: None, deadline: None })
        }
    }

    fn start(protocol: u32) -> String {
        let identity = Identity::for_tests(Profile::server_2003_sp1());
        serde_json::to_string(&ToCore::Start { protocol, identity }).unwrap()
    }

    fn handle(input: Input) -> String {
        serde_json::to_string(&ToCore::Handle { now: Now { mono: SimTime(5), wall: FileTime(9) }, input }).unwrap()
    }

    const READY: &str = r#"{"ready":{"protocol":1,"core":"sketch 0.1"}}"#;

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
        let logon = Input::Trigger(autoenroll_model::Trigger { cause: TriggerCause::Logon, refresh: None });
        check(&[], &[], &Ok(()));
        check(
            &[start(1), handle(logon), handle(Input::Tick)],
            &[
                READY,
                r#"{"output":{"causes":[],"body":{"icon":{"shown":true}}}}"#,
                r#"{"idle":{"deadline":1000000005}}"#,
                r#"{"output":{"causes":[],"body":{"icon":{"shown":true}}}}"#,
                r#"{"idle":{"deadline":1000000005}}"#,
            ],
            &Ok(()),
        );
    }

    #[test]
    fn what_is_not_the_protocol_is_told_and_ends_the_service() {
        let error = |text: &str| format!(r#"{{"error":{{"reason":"{text}"}}}}"#);
        check(
            &[start(2)],
            &[&error("the bench speaks protocol 2, this core speaks protocol 1")],
            &Err(ServeError::Version { found: 2 }),
        );
        check(&[handle(Input::Tick)], &[&error("expected `start`, found `handle`")], &Err(ServeError::NotStarted));
        check(
            &[start(1), start(1)],
            &[READY, &error("expected `handle`, found `start`; one process is one core")],
            &Err(ServeError::StartedTwice),
        );
        check(
            &[start(1), handle(Input::LogOff)],
            &[READY, &error("the core failed: nobody is logged on")],
            &Err(ServeError::Core(CoreError::Failed { reason: "nobody is logged on".into() })),
        );
    }
}
