//! Checks of a core in another process against the protocol. Each check has processes of its own.

mod disturbed;
mod session;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use autoenroll_model::{Answer, CoreError, EffectId, EffectResult, HResult, Input, PromptId};
use serde_json::json;

use crate::breach::Breach;
use crate::core::ForeignFactory;
use crate::limits::Limits;
use crate::process::Command;
use crate::protocol::VERSION;
use crate::wire::Wire;
use disturbed::{Disturbance, Opened, expected_error};
pub use disturbed::{DisturbedCore, DisturbedFactory};
use session::Session;

/// How long nothing may come after `idle`, in real time.
const QUIET: Duration = Duration::from_millis(300);
/// How long a line of the bench may well be: that of a directory with some hundred templates.
const LONG_LINE: usize = 1 << 20;
/// How many inputs come one after the other.
const MANY_INPUTS: usize = 2_000;
/// An id that a core has not given to anything yet.
const NEVER_USED: u32 = u32::MAX;

/// A check of the protocol, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRule {
    /// Name of the check.
    pub name: &'static str,
    /// What the check demands of a core.
    pub demand: &'static str,
    /// What to do when it fails.
    pub advice: &'static str,
    /// What became of it.
    pub outcome: CheckOutcome,
}

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The core does what is demanded: with each of these effects and prompts, where the check is about some.
    Passed(Vec<String>),
    /// It does not, and what came instead.
    Failed(String),
    /// The core has asked for nothing with which this could be tried.
    Untried,
}

/// Plays one scenario with cores of that factory, whatever comes of it.
pub type Play<'a> = &'a dyn Fn(DisturbedFactory);

/// Runs every check against the program. What a core asks for in these scenarios is what is tried with it.
///
/// # Errors
/// When the program cannot be started.
pub fn check_core(command: &Command, limits: Limits, plays: &[Play<'_>]) -> Result<Vec<CheckedRule>, Breach> {
    drop(Wire::start(command, limits, Arc::default())?);
    let mut subject = Subject { command, limits, plays, seen: BTreeMap::new(), breach: None };
    subject.play_undisturbed();
    let check = |&(name, demand, advice, check): &Check| {
        let outcome = match check {
            With::Session(check) => Session::start(command, limits)
                .and_then(|mut session| check(&mut session))
                .map(|()| CheckOutcome::Passed(Vec::new())),
            With::Scenarios(check) => check(&subject),
        };
        let outcome = outcome.unwrap_or_else(|error| CheckOutcome::Failed(found(error)));
        CheckedRule { name, demand, advice, outcome }
    };
    Ok(CHECKS.iter().map(check).collect())
}

/// What came, without what every failure begins with.
fn found(error: CoreError) -> String {
    match error {
        CoreError::Failed { reason } => reason,
        other => other.to_string(),
    }
}

type Check = (&'static str, &'static str, &'static str, With);

/// What a check is made with.
#[derive(Clone, Copy)]
enum With {
    /// One process, spoken to without a scenario.
    Session(fn(&mut Session) -> Result<(), CoreError>),
    /// Scenarios, disturbed at each kind of effect and prompt.
    Scenarios(fn(&Subject<'_>) -> Result<CheckOutcome, CoreError>),
}
use With::{Scenarios, Session as Alone};

const CHECKS: &[Check] = &[
    (
        "handshake",
        "`start` is answered with `ready` and protocol 2",
        "answer the first line with {\"ready\":{\"protocol\":2,\"core\":\"name version\"}} and flush",
        Alone(|it| it.begin(VERSION)),
    ),
    (
        "other-version",
        "a `start` of another version is answered with `error`",
        "compare `protocol` in `start` with 2 before reading anything else of it",
        Alone(|it| {
            let answered = it.begin(VERSION + 1);
            it.refused(answered)
        }),
    ),
    (
        "numbered-answers",
        "each answer has the number of its input",
        "copy `number` of `handle` into every `output` and `idle`",
        Alone(|it| it.log_on().and_then(|_| it.ask(0, Input::Unlock)).and_then(|_| it.ask(0, Input::Tick)).map(drop)),
    ),
    (
        "idle-ends-answer",
        "nothing comes after `idle` until the next input",
        "write all outputs before `idle`",
        Alone(|it| {
            it.log_on()?;
            match it.wire.hear(Instant::now() + QUIET) {
                Err(Breach::TimedOut { .. }) => Ok(()),
                Err(breach) => Err(breach.into()),
                Ok(message) => {
                    Err(CoreError::failed(format!("expected nothing after `idle`, found `{}`", message.word())))
                }
            }
        }),
    ),
    (
        "early-tick",
        "a tick before the deadline changes nothing",
        "compare `mono` with the timer and answer with `idle` and the same deadline",
        Alone(|it| {
            let (_, deadline) = it.log_on()?;
            let (outputs, after) = it.ask(0, Input::Tick)?;
            if !outputs.is_empty() || after != deadline {
                let found = format!("{} outputs and deadline {after:?}", outputs.len());
                return Err(CoreError::failed(format!("expected no outputs and deadline {deadline:?}, found {found}")));
            }
            Ok(())
        }),
    ),
    (
        "unknown-fields",
        "fields that the core does not know are ignored",
        "let the JSON reader skip unknown fields",
        Alone(|it| {
            it.unknown = true;
            it.log_on().map(drop)
        }),
    ),
    (
        "unknown-message",
        "a message that the core does not know is answered with `error`",
        "end the list of messages with a case that answers `failed` in `error`",
        Alone(|it| {
            it.begin(VERSION)?;
            it.must_refuse(&json!({ "a-message-of-no-version": {} }))
        }),
    ),
    (
        "unknown-input",
        "an input that the core does not know is answered with `error`",
        "end the list of inputs with a case that answers `failed` in `error`",
        Alone(|it| {
            it.begin(VERSION)?;
            let now = json!({ "mono": 0, "wall": 0 });
            it.must_refuse(&json!({ "handle": { "number": 1, "now": now, "input": { "an-input-of-no-version": {} } } }))
        }),
    ),
    (
        "unknown-effect",
        "a result for an effect that is not open is answered with `unknown-effect` in `error`",
        "keep the ids of open effects, and look the id of each `effect-done` up",
        Alone(|it| {
            it.log_on()?;
            let result = EffectResult::Failed(HResult::E_ACCESSDENIED);
            match it.ask(0, Input::EffectDone { effect: EffectId(NEVER_USED), result }) {
                Err(CoreError::UnknownEffect { effect: EffectId(NEVER_USED) }) => Ok(()),
                answered => Err(expected_error("unknown-effect", answered.map(drop))),
            }
        }),
    ),
    (
        "settled-effect",
        "a second result for an effect is answered with `unknown-effect` in `error`",
        "an effect is open until its first result; forget its id then",
        Alone(|it| {
            let effect = it.first_effect()?;
            let done = || Input::EffectDone { effect, result: EffectResult::Failed(HResult::E_ACCESSDENIED) };
            it.ask(0, done())?;
            match it.ask(0, done()) {
                Err(CoreError::UnknownEffect { effect: found }) if found == effect => Ok(()),
                answered => Err(expected_error("unknown-effect", answered.map(drop))),
            }
        }),
    ),
    (
        "unknown-prompt",
        "an answer for a prompt that is not open is answered with `unknown-prompt` in `error`",
        "keep the ids of open prompts, and look the id of each `prompt-answered` up",
        Alone(|it| {
            it.log_on()?;
            match it.ask(0, Input::PromptAnswered { prompt: PromptId(NEVER_USED), answer: Answer::Ok }) {
                Err(CoreError::UnknownPrompt { prompt: PromptId(NEVER_USED) }) => Ok(()),
                answered => Err(expected_error("unknown-prompt", answered.map(drop))),
            }
        }),
    ),
    (
        "long-line",
        "a line of 1 MiB is read",
        "read to the newline, whatever the length; the limit of a line is 8 MiB",
        Alone(|it| {
            it.padding = LONG_LINE;
            it.log_on().map(drop)
        }),
    ),
    (
        "many-inputs",
        "2,000 inputs one after the other are all answered",
        "keep nothing for each input, and nothing that slows the next one down",
        Alone(|it| {
            it.log_on()?;
            (0..MANY_INPUTS).try_for_each(|_| it.ask(0, Input::ReadersChanged).map(drop))
        }),
    ),
    (
        "open-once",
        "each effect and prompt has an id of its own, and is abandoned or withdrawn only while it is open",
        "count ids upwards, and forget an id when its effect or prompt ends",
        Scenarios(|it| match &it.breach {
            Some(error) => Err(error.clone()),
            None if it.seen.is_empty() => Ok(CheckOutcome::Untried),
            None => Ok(CheckOutcome::Passed(it.seen.keys().map(|opened| opened.word().to_owned()).collect())),
        }),
    ),
    (
        "failed-result",
        "a failure of each effect is answered as any other input",
        "treat `failed` as a result of every effect, and end the answer with `idle`",
        Scenarios(|it| it.disturb(Disturbance::Failure, true, false)),
    ),
    (
        "wrong-result",
        "a result of another kind than the effect's is answered with `wrong-result` in `error`",
        "compare the kind of `result` with the effect",
        Scenarios(|it| it.disturb(Disturbance::WrongResult, true, false)),
    ),
    (
        "not-offered",
        "an answer that a prompt does not offer is answered with `not-offered` in `error`",
        "keep the offers of open prompts; `close` is always among them",
        Scenarios(|it| it.disturb(Disturbance::NotOffered, false, true)),
    ),
    (
        "log-off",
        "at `log-off` every open effect is abandoned and every open prompt withdrawn",
        "answer `log-off` with `abandon-effect` and `prompt-withdrawn` for all that is open",
        Scenarios(|it| it.disturb(Disturbance::LogOff, true, true)),
    ),
    (
        "end-of-input",
        "the core exits when its input ends",
        "leave the loop at the end of standard input",
        Alone(|it| {
            it.begin(VERSION)?;
            let limit = it.wire.limits.answer.min(Duration::from_secs(5));
            if it.wire.close(Instant::now() + limit) {
                return Ok(());
            }
            Err(CoreError::failed(format!("it still runs {limit:?} after the end of its input")))
        }),
    ),
];

/// The core under test, and what it asks for.
struct Subject<'a> {
    command: &'a Command,
    limits: Limits,
    plays: &'a [Play<'a>],
    /// What was open when nothing was disturbed, and the first scenario in which it was.
    seen: BTreeMap<Opened, usize>,
    /// How the core broke the contract when nothing was disturbed.
    breach: Option<CoreError>,
}

impl Subject<'_> {
    fn factory(&self, at: Option<(Opened, Disturbance)>) -> DisturbedFactory {
        DisturbedFactory::new(ForeignFactory::with_limits(self.command.clone(), self.limits), at)
    }

    fn play_undisturbed(&mut self) {
        for (number, play) in self.plays.iter().enumerate() {
            let factory = self.factory(None);
            play(factory.clone());
            for opened in factory.seen() {
                self.seen.entry(opened).or_insert(number);
            }
            if let Some(Err(error)) = factory.outcome() {
                self.breach = Some(error);
                return;
            }
        }
    }

    /// Disturbs each kind of effect, of prompt, or of both, once.
    fn disturb(&self, how: Disturbance, effects: bool, prompts: bool) -> Result<CheckOutcome, CoreError> {
        let mut tried = Vec::new();
        for (opened, number) in &self.seen {
            if !(if matches!(opened, Opened::Effect(_)) { effects } else { prompts }) {
                continue;
            }
            let Some(play) = self.plays.get(*number) else { continue };
            let factory = self.factory(Some((opened.clone(), how)));
            play(factory.clone());
            match factory.outcome() {
                Some(Ok(())) => tried.push(opened.word().to_owned()),
                Some(Err(error)) => return Err(CoreError::failed(format!("`{}`: {}", opened.word(), found(error)))),
                // It was never answered: the user logged off before.
                None => {}
            }
        }
        Ok(if tried.is_empty() { CheckOutcome::Untried } else { CheckOutcome::Passed(tried) })
    }
}
