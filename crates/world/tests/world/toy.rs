//! A core that says what a test wants it to say.

use std::collections::BTreeMap;

use autoenroll_model::{
    Cause, CoreError, CoreFactory, Effect, EffectId, EffectResult, EnrollmentCore, Identity, Input, Now, Output,
    OutputBody, SimTime,
};

/// What a toy says to which input, by principal and input (see [`word`]).
#[derive(Clone, Debug, Default)]
pub(crate) struct Toys(BTreeMap<String, Script>);

/// What one toy says.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    says: BTreeMap<String, Vec<OutputBody>>,
    /// Its deadlines; a tick takes away those that have come.
    pub(crate) deadlines: Vec<SimTime>,
    /// No tick takes away its deadline.
    pub(crate) stubborn: bool,
    /// The input that it cannot take.
    pub(crate) broken_by: Option<String>,
    /// What it says of that input.
    pub(crate) error: CoreError,
}

impl Toys {
    /// Gives a principal its script.
    pub(crate) fn with(mut self, principal: &str, script: Script) -> Self {
        self.0.insert(principal.to_owned(), script);
        self
    }
}

impl Default for Script {
    fn default() -> Self {
        let error = CoreError::failed("the toy is broken");
        Self { says: BTreeMap::new(), deadlines: Vec::new(), stubborn: false, broken_by: None, error }
    }
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// At that input, also says this.
    pub(crate) fn on(mut self, input: &str, says: impl IntoIterator<Item = OutputBody>) -> Self {
        self.says.entry(input.to_owned()).or_default().extend(says);
        self
    }
}

/// An effect as an output.
pub(crate) fn ask(id: u32, effect: Effect) -> OutputBody {
    OutputBody::Effect { id: EffectId(id), effect }
}

impl CoreFactory for Toys {
    type Core = Toy;

    fn start(&mut self, identity: &Identity) -> Result<Toy, CoreError> {
        let script = self.0.get(&identity.principal).cloned().unwrap_or_default();
        Ok(Toy { script, heard: Vec::new(), outputs: Vec::new(), deadline: None })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Toy {
    script: Script,
    heard: Vec<String>,
    outputs: Vec<OutputBody>,
    deadline: Option<SimTime>,
}

impl EnrollmentCore for Toy {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        let triggers = self.heard.iter().filter(|word| word.starts_with("trigger")).count();
        let word = word(&input, triggers + 1);
        if self.script.broken_by.as_ref() == Some(&word) {
            return Err(self.script.error.clone());
        }
        if input == Input::Tick && !self.script.stubborn {
            self.script.deadlines.retain(|at| *at > now.mono);
        }
        self.outputs = self.script.says.get(&word).cloned().unwrap_or_default();
        self.outputs.reverse();
        self.heard.push(word);
        self.deadline = self.script.deadlines.first().copied();
        Ok(())
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        let inputs = u32::try_from(self.heard.len()).unwrap();
        Ok(self.outputs.pop().map(|body| Output { causes: Cause::Input(inputs).into(), body }))
    }

    fn deadline(&self) -> Option<SimTime> {
        self.deadline
    }
}

/// `trigger 1` for the first trigger, `log-off`, `unlock`, `balloon`, `balloon-close`, `icon`, `answered 3`,
/// `wizard-close`, `readers`, `done 3`, `failed 3`, `wrong-pin 3`, `tick`.
fn word(input: &Input, triggers: usize) -> String {
    match input {
        Input::Trigger(_) => format!("trigger {triggers}"),
        Input::LogOff => "log-off".to_owned(),
        Input::Unlock => "unlock".to_owned(),
        Input::BalloonClicked(_) => "balloon".to_owned(),
        Input::BalloonClosed(_) => "balloon-close".to_owned(),
        Input::IconClicked => "icon".to_owned(),
        Input::PromptAnswered { prompt, .. } => format!("answered {}", prompt.0),
        Input::WizardClosed => "wizard-close".to_owned(),
        Input::ReadersChanged => "readers".to_owned(),
        Input::EffectDone { effect, result } => match result {
            EffectResult::Failed(_) => format!("failed {}", effect.0),
            EffectResult::WrongPin { .. } => format!("wrong-pin {}", effect.0),
            _ => format!("done {}", effect.0),
        },
        Input::Tick => "tick".to_owned(),
    }
}
