//! Checks of a core in another process against the protocol, before any scenario. Each check has a process of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use autoenroll_model::{
    Context, CoreError, EffectId, EffectResult, FileTime, HResult, Identity, Input, Now, Output, OutputBody, Profile,
    SimTime, Trigger, TriggerCause,
};
use serde_json::{Value, json};

use crate::breach::Breach;
use crate::limits::Limits;
use crate::process::Command;
use crate::protocol::{FromCore, ToCore, VERSION};
use crate::wire::Wire;

/// How long nothing may come after `idle`, in real time.
const QUIET: Duration = Duration::from_millis(300);

/// A check of the protocol, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRule {
    /// Name of the check.
    pub name: &'static str,
    /// What the check demands of a core.
    pub demand: &'static str,
    /// What to do when it fails.
    pub advice: &'static str,
    /// Why it failed; `None` when it passed.
    pub failure: Option<String>,
}

/// Runs every check against the program.
///
/// # Errors
/// When the program cannot be started.
pub fn check_core(command: &Command, limits: Limits) -> Result<Vec<CheckedRule>, Breach> {
    drop(Wire::start(command, limits, Arc::default())?);
    let check = |&(name, demand, advice, check): &Check| {
        let outcome = Session::start(command, limits).and_then(|mut session| check(&mut session));
        CheckedRule { name, demand, advice, failure: outcome.err().map(|error| error.to_string()) }
    };
    Ok(CHECKS.iter().map(check).collect())
}

type Check = (&'static str, &'static str, &'static str, fn(&mut Session) -> Result<(), CoreError>);

const CHECKS: &[Check] = &[
    (
        "handshake",
        "`start` is answered with `ready` and protocol 2",
        "answer the first line with {\"ready\":{\"protocol\":2,\"core\":\"name version\"}} and flush",
        |it| it.begin(VERSION),
    ),
    (
        "other-version",
        "a `start` of another version is answered with `error`",
        "compare `protocol` in `start` with 2 before reading anything else of it",
        |it| match it.begin(VERSION + 1) {
            Err(_) if it.refused => Ok(()),
            Err(error) => Err(error),
            Ok(()) => Err(CoreError::failed("expected `error`, found `ready`")),
        },
    ),
    (
        "numbered-answers",
        "each answer has the number of its input",
        "copy `number` of `handle` into every `output` and `idle`",
        |it| it.log_on().and_then(|_| it.ask(0, Input::Unlock)).and_then(|_| it.ask(0, Input::Tick)).map(drop),
    ),
    ("idle-ends-answer", "nothing comes after `idle` until the next input", "write all outputs before `idle`", |it| {
        it.log_on()?;
        match it.wire.hear(Instant::now() + QUIET) {
            Err(Breach::TimedOut { .. }) => Ok(()),
            Err(breach) => Err(breach.into()),
            Ok(message) => Err(CoreError::failed(format!("expected nothing after `idle`, found `{}`", message.word()))),
        }
    }),
    (
        "early-tick",
        "a tick before the deadline changes nothing",
        "compare `mono` with the timer and answer with `idle` and the same deadline",
        |it| {
            let (_, deadline) = it.log_on()?;
            let (outputs, after) = it.ask(0, Input::Tick)?;
            if !outputs.is_empty() || after != deadline {
                let found = format!("{} outputs and deadline {after:?}", outputs.len());
                return Err(CoreError::failed(format!("expected no outputs and deadline {deadline:?}, found {found}")));
            }
            Ok(())
        },
    ),
    (
        "unknown-fields",
        "fields that the core does not know are ignored",
        "let the JSON reader skip unknown fields",
        |it| {
            it.unknown = true;
            it.log_on().map(drop)
        },
    ),
    (
        "wrong-result",
        "a result of another kind than the effect's is answered with `error`",
        "compare the kind of `result` with the effect; answer with `wrong-result` in `error`",
        |it| {
            let effect = it.first_effect()?;
            // Nothing that a core may ask for at logon is answered with a certificate.
            let result = EffectResult::Certificate(Vec::new());
            match it.ask(0, Input::EffectDone { effect, result }) {
                Err(_) if it.refused => Ok(()),
                Err(error) => Err(error),
                Ok(_) => Err(CoreError::failed("expected `error`, found `idle`")),
            }
        },
    ),
    (
        "failed-result",
        "a failed effect is answered as any other input",
        "treat `failed` as a result of every effect, and end the answer with `idle`",
        |it| {
            let effect = it.first_effect()?;
            it.ask(0, Input::EffectDone { effect, result: EffectResult::Failed(HResult(0x8007_0005)) }).map(drop)
        },
    ),
    ("end-of-input", "the core exits when its input ends", "leave the loop at the end of standard input", |it| {
        it.begin(VERSION)?;
        let limit = it.wire.limits.answer.min(Duration::from_secs(5));
        if it.wire.close(Instant::now() + limit) {
            return Ok(());
        }
        Err(CoreError::failed(format!("it still runs {limit:?} after the end of its input")))
    }),
];

/// A core under test.
struct Session {
    wire: Wire,
    handled: u32,
    /// Whether messages have fields that no version defines.
    unknown: bool,
    /// Whether the core answered `error`.
    refused: bool,
}

impl Session {
    fn start(command: &Command, limits: Limits) -> Result<Self, CoreError> {
        Ok(Self { wire: Wire::start(command, limits, Arc::default())?, handled: 0, unknown: false, refused: false })
    }

    fn say(&self, word: &str, message: &ToCore) -> Result<Instant, CoreError> {
        let mut message: Value = serde_json::to_value(message).map_err(|error| CoreError::failed(error.to_string()))?;
        if self.unknown {
            message[word]["a-field-of-no-version"] = json!({ "nested": [1] });
        }
        Ok(self.wire.say(&message)?)
    }

    fn hear(&mut self, until: Instant) -> Result<FromCore, CoreError> {
        let message = self.wire.hear(until)?;
        if let FromCore::Error(error) = message {
            self.refused = true;
            return Err(error);
        }
        Ok(message)
    }

    fn begin(&mut self, protocol: u32) -> Result<(), CoreError> {
        let identity = Identity {
            principal: "alice".into(),
            computer: "WKS01".into(),
            domain: "CONTOSO".into(),
            context: Context::User,
            domain_member: true,
            domain_controller: false,
            profile: Profile::server_2003_sp1(),
        };
        let until = self.say("start", &ToCore::Start { protocol, features: Vec::new(), identity })?;
        match self.hear(until)? {
            FromCore::Ready { protocol: found, .. } if found == protocol => Ok(()),
            FromCore::Ready { protocol: found, core, .. } => Err(Breach::Version { core, found }.into()),
            other => Err(Breach::Unexpected { expected: "`ready`", found: other.word() }.into()),
        }
    }

    fn ask(&mut self, mono: u64, input: Input) -> Result<(Vec<Output>, Option<SimTime>), CoreError> {
        self.handled += 1;
        let expected = self.handled;
        let now = Now { mono: SimTime(mono), wall: FileTime(134_169_120_000_000_000) };
        let until = self.say("handle", &ToCore::Handle { number: expected, now, input })?;
        let mut outputs = Vec::new();
        loop {
            let message = self.hear(until)?;
            let word = message.word();
            let found = match message {
                FromCore::Output(output) if output.number == expected => {
                    if outputs.len() == self.wire.limits.outputs {
                        return Err(Breach::TooManyOutputs { number: expected, most: outputs.len() }.into());
                    }
                    outputs.push((*output).into());
                    continue;
                }
                FromCore::Idle { number, deadline } if number == expected => return Ok((outputs, deadline)),
                FromCore::Output(output) => output.number,
                FromCore::Idle { number, .. } => number,
                FromCore::Ready { .. } | FromCore::Error(_) => {
                    return Err(Breach::Unexpected { expected: "`output` or `idle`", found: word }.into());
                }
            };
            return Err(Breach::OtherInput { expected, message: word, found }.into());
        }
    }

    fn log_on(&mut self) -> Result<(Vec<Output>, Option<SimTime>), CoreError> {
        self.begin(VERSION)?;
        self.ask(0, Input::Trigger(Trigger { cause: TriggerCause::Logon, refresh: None }))
    }

    fn first_effect(&mut self) -> Result<EffectId, CoreError> {
        let (outputs, _) = self.log_on()?;
        let effect = outputs.iter().find_map(|output| match output.body {
            OutputBody::Effect { id, .. } => Some(id),
            _ => None,
        });
        effect.ok_or_else(|| CoreError::failed("expected an effect after a logon, such as `read-settings`, found none"))
    }
}
