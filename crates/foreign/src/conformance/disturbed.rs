//! A foreign core under a driver that plays a scenario, disturbed once: the first time that something of a kind
//! is open, another thing happens to it than the scenario wants.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use autoenroll_model::{
    Answer, CoreError, CoreFactory, Effect, EffectId, EffectResult, EnrollmentCore, HResult, Identity, Input, Now,
    Output, OutputBody, PromptId, SimTime,
};

use crate::core::{ForeignCore, ForeignFactory};

/// What is open: an effect, by its word and that of its operation (`card.generate`), or a prompt, by its decision
/// point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Opened {
    /// An effect.
    Effect(String),
    /// A prompt.
    Prompt(String),
}

impl Opened {
    /// The word.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Effect(word) | Self::Prompt(word) => word,
        }
    }
}

/// What happens instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// The effect fails.
    Failure,
    /// The effect has a result of another kind.
    WrongResult,
    /// The prompt is answered by what it does not offer.
    NotOffered,
    /// The user logs off.
    LogOff,
}

/// Starts cores of a program, one of which is disturbed. Clones share what is known of it.
#[derive(Clone, Debug)]
pub struct DisturbedFactory {
    factory: ForeignFactory,
    state: Rc<RefCell<State>>,
}

#[derive(Debug)]
struct State {
    at: Option<(Opened, Disturbance)>,
    seen: BTreeSet<Opened>,
    outcome: Option<Result<(), CoreError>>,
}

impl DisturbedFactory {
    pub(crate) fn new(factory: ForeignFactory, at: Option<(Opened, Disturbance)>) -> Self {
        Self { factory, state: Rc::new(RefCell::new(State { at, seen: BTreeSet::new(), outcome: None })) }
    }

    /// What was open at any time.
    pub(crate) fn seen(&self) -> BTreeSet<Opened> {
        self.state.borrow().seen.clone()
    }

    /// How the core took the disturbance, or how it broke the contract before; `None` when neither has happened.
    pub(crate) fn outcome(&self) -> Option<Result<(), CoreError>> {
        self.state.borrow().outcome.clone()
    }
}

impl CoreFactory for DisturbedFactory {
    type Core = DisturbedCore;

    fn start(&mut self, identity: &Identity) -> Result<DisturbedCore, CoreError> {
        let state = Rc::clone(&self.state);
        match self.factory.start(identity) {
            Ok(core) => Ok(DisturbedCore {
                core,
                state,
                effects: BTreeMap::new(),
                prompts: BTreeMap::new(),
                used: BTreeSet::new(),
                outputs: VecDeque::new(),
            }),
            Err(error) => {
                state.borrow_mut().outcome.get_or_insert(Err(error.clone()));
                Err(error)
            }
        }
    }
}

/// A core of a [`DisturbedFactory`].
#[derive(Debug)]
pub struct DisturbedCore {
    core: ForeignCore,
    state: Rc<RefCell<State>>,
    /// Open effects, with the result that each must have.
    effects: BTreeMap<EffectId, (Opened, &'static str)>,
    prompts: BTreeMap<PromptId, (Opened, Vec<autoenroll_model::Choice>)>,
    /// Every id so far.
    used: BTreeSet<(bool, u32)>,
    outputs: VecDeque<Output>,
}

impl EnrollmentCore for DisturbedCore {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        if self.state.borrow().outcome.is_some() {
            return Err(over());
        }
        let outcome = match self.disturbed(&input) {
            Some((disturbance, input)) => Some(self.judge(disturbance, now, input)),
            None => match self.pass_on(now, input) {
                Ok(()) if self.logs_off() => Some(self.judge(Disturbance::LogOff, now, Input::LogOff)),
                Ok(()) => None,
                Err(error) => Some(Err(error)),
            },
        };
        match outcome {
            Some(outcome) => {
                self.state.borrow_mut().outcome = Some(outcome);
                Err(over())
            }
            None => Ok(()),
        }
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        Ok(self.outputs.pop_front())
    }

    fn deadline(&self) -> Option<SimTime> {
        self.core.deadline()
    }
}

impl DisturbedCore {
    /// What is handed over in place of the input, when it is the one to be disturbed.
    fn disturbed(&self, input: &Input) -> Option<(Disturbance, Input)> {
        let state = self.state.borrow();
        let (at, disturbance) = state.at.as_ref()?;
        let instead = match (disturbance, input) {
            (Disturbance::Failure, Input::EffectDone { effect, .. }) if self.effects.get(effect)?.0 == *at => {
                Input::EffectDone { effect: *effect, result: EffectResult::Failed(HResult::E_ACCESSDENIED) }
            }
            (Disturbance::WrongResult, Input::EffectDone { effect, .. }) => {
                let (opened, expected) = self.effects.get(effect)?;
                // No other effect is answered with trust containers than the one that reads them.
                let result =
                    if *expected == "trust" { EffectResult::Readers(vec![]) } else { EffectResult::Trust(vec![]) };
                (opened == at).then_some(Input::EffectDone { effect: *effect, result })?
            }
            (Disturbance::NotOffered, Input::PromptAnswered { prompt, .. }) => {
                let (opened, offers) = self.prompts.get(prompt)?;
                let mut others = [Answer::Remind, Answer::Yes, Answer::Ok].into_iter();
                let answer = others.find(|answer| !offers.contains(&answer.offer()))?;
                (opened == at).then_some(Input::PromptAnswered { prompt: *prompt, answer })?
            }
            _ => return None,
        };
        Some((*disturbance, instead))
    }

    /// Whether the user is to log off now.
    fn logs_off(&self) -> bool {
        let state = self.state.borrow();
        let Some((at, Disturbance::LogOff)) = &state.at else { return false };
        self.effects.values().any(|(opened, _)| opened == at) || self.prompts.values().any(|(opened, _)| opened == at)
    }

    /// Hands the disturbance over, and says whether the core does with it what the contract wants.
    fn judge(&mut self, disturbance: Disturbance, now: Now, input: Input) -> Result<(), CoreError> {
        let answered = self.pass_on(now, input);
        match (disturbance, answered) {
            (Disturbance::Failure, answered) => answered,
            (Disturbance::WrongResult, Err(CoreError::WrongResult { .. }))
            | (Disturbance::NotOffered, Err(CoreError::NotOffered { .. })) => Ok(()),
            (Disturbance::WrongResult, answered) => Err(expected_error("wrong-result", answered)),
            (Disturbance::NotOffered, answered) => Err(expected_error("not-offered", answered)),
            (Disturbance::LogOff, answered) => {
                answered?;
                let open: Vec<String> = (self.effects.iter().map(|(id, (opened, _))| (id.0, opened)))
                    .chain(self.prompts.iter().map(|(id, (opened, _))| (id.0, opened)))
                    .map(|(id, opened)| format!("`{}` ({id})", opened.word()))
                    .collect();
                if open.is_empty() {
                    return Ok(());
                }
                Err(CoreError::failed(format!("expected nothing open after `log-off`, found {}", open.join(", "))))
            }
        }
    }

    /// Hands an input over, and keeps account of what its outputs open and end.
    fn pass_on(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        match &input {
            Input::EffectDone { effect, .. } => drop(self.effects.remove(effect)),
            Input::PromptAnswered { prompt, .. } => drop(self.prompts.remove(prompt)),
            _ => {}
        }
        self.core.handle(now, input)?;
        while let Some(output) = self.core.poll()? {
            self.note(&output.body)?;
            self.outputs.push_back(output);
        }
        Ok(())
    }

    fn note(&mut self, output: &OutputBody) -> Result<(), CoreError> {
        let fresh = match output {
            OutputBody::Effect { id, effect } => {
                let opened = Opened::Effect(word(effect));
                self.state.borrow_mut().seen.insert(opened.clone());
                self.effects.insert(*id, (opened, effect.expected_result()));
                self.used.insert((true, id.0))
            }
            OutputBody::Prompt { id, point, offers, .. } => {
                let opened = Opened::Prompt(point.to_string());
                self.state.borrow_mut().seen.insert(opened.clone());
                self.prompts.insert(*id, (opened, offers.clone()));
                self.used.insert((false, id.0))
            }
            OutputBody::AbandonEffect { id } => self.effects.remove(id).is_some(),
            OutputBody::PromptWithdrawn { id } => self.prompts.remove(id).is_some(),
            OutputBody::PromptChanged { id, .. } => self.prompts.contains_key(id),
            OutputBody::Balloon(_)
            | OutputBody::BalloonHidden(_)
            | OutputBody::Icon { .. }
            | OutputBody::Event(_)
            | OutputBody::Decision(_)
            | OutputBody::Report(_) => true,
        };
        if fresh {
            return Ok(());
        }
        Err(CoreError::failed(match output {
            OutputBody::Effect { id, .. } => format!("expected a new id, found a second effect {}", id.0),
            OutputBody::Prompt { id, .. } => format!("expected a new id, found a second prompt {}", id.0),
            OutputBody::AbandonEffect { id } => {
                format!("expected an effect that is open, found `abandon-effect` of {}", id.0)
            }
            other => format!("expected a prompt that is open, found {other:?}"),
        }))
    }
}

/// The word of an effect, with that of its operation where it has one.
fn word(effect: &Effect) -> String {
    let operation = match effect {
        Effect::Card { operation, .. } => serde_json::to_value(operation),
        Effect::Software { operation, .. } => serde_json::to_value(operation),
        _ => Ok(serde_json::Value::Null),
    };
    let variant = |said: Result<serde_json::Value, serde_json::Error>| match said {
        Ok(serde_json::Value::String(word)) => Some(word),
        Ok(serde_json::Value::Object(fields)) => fields.keys().next().cloned(),
        _ => None,
    };
    let words = [variant(serde_json::to_value(effect)), variant(operation)];
    words.into_iter().flatten().collect::<Vec<_>>().join(".")
}

/// The core did not refuse.
pub(super) fn expected_error(word: &str, answered: Result<(), CoreError>) -> CoreError {
    match answered {
        Ok(()) => CoreError::failed(format!("expected `{word}` in `error`, found `idle`")),
        Err(CoreError::Failed { reason }) => {
            CoreError::failed(format!("expected `{word}` in `error`, found: {reason}"))
        }
        Err(other) => other,
    }
}

/// What the driver is told when the check has its answer.
fn over() -> CoreError {
    CoreError::failed("the check of the protocol is over")
}
