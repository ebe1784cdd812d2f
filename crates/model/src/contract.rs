//! The core's contract: one input in, outputs until there are none. Everything that drives a core, and everything that
//! is one, speaks these types; as JSON lines they are the protocol of cores in other processes.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Answer, BalloonId, Causes, Choice, Decision, DecisionPoint, Effect, EffectId, EffectResult, EventEntry, Facts,
    HResult, Identity, Now, PromptId, SimTime, words,
};

/// An enrollment core: one principal on one machine.
///
/// The caller hands over one input with the time and polls until there is no more output; only then may the next input
/// come. `deadline` says when the core wants [`Input::Tick`] at the latest; it may come earlier and is then without
/// effect.
pub trait EnrollmentCore {
    /// Takes one input.
    ///
    /// # Errors
    /// When the core is not in this process and cannot be reached, or does not keep the contract.
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError>;

    /// The next output that the last input caused; `None` when there are no more.
    ///
    /// # Errors
    /// As [`EnrollmentCore::handle`].
    fn poll(&mut self) -> Result<Option<Output>, CoreError>;

    /// When the next timer falls due; `None` when none is set.
    fn deadline(&self) -> Option<SimTime>;
}

/// Starts cores. A crash drops a core; its factory starts the next one from nothing but the identity.
pub trait CoreFactory {
    /// What it starts.
    type Core: EnrollmentCore;

    /// Starts a core for a principal.
    ///
    /// # Errors
    /// When it is not in this process and does not start.
    fn start(&mut self, identity: &Identity) -> Result<Self::Core, CoreError>;
}

/// The contract between a core and its driver is broken. A failure that Windows would report is never one: it is an
/// [`EffectResult::Failed`], and the core lives with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum CoreError {
    /// The driver reported a result of another kind than the effect has.
    WrongResult {
        /// The effect.
        effect: EffectId,
        /// The result that its documentation names, by the word that JSON uses.
        expected: String,
        /// The result that came, by its word.
        found: String,
    },
    /// The driver reported on an effect that is not open: never asked for, done already, or abandoned.
    UnknownEffect {
        /// The effect.
        effect: EffectId,
    },
    /// The driver answered a prompt that is not open: never shown, answered already, or withdrawn.
    UnknownPrompt {
        /// The prompt.
        prompt: PromptId,
    },
    /// The driver gave an answer that the prompt does not offer.
    NotOffered {
        /// The prompt.
        prompt: PromptId,
        /// The answer that came, by its word.
        found: Choice,
        /// The answers that were offered; closing the window always is.
        expected: Vec<Choice>,
    },
    /// The core is gone, or does not keep its side of the contract.
    Failed {
        /// What happened.
        reason: String,
    },
}

impl CoreError {
    /// A core that is gone or breaks the contract.
    #[must_use]
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into() }
    }

    /// Whether the driver is at fault: the core did right to refuse what came.
    #[must_use]
    pub const fn is_of_driver(&self) -> bool {
        match self {
            Self::WrongResult { .. }
            | Self::UnknownEffect { .. }
            | Self::UnknownPrompt { .. }
            | Self::NotOffered { .. } => true,
            Self::Failed { .. } => false,
        }
    }
}

impl fmt::Display for CoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_of_driver() { "the driver broke the core's contract: " } else { "the core failed: " })?;
        match self {
            Self::WrongResult { effect, expected, found } => {
                write!(f, "the result of effect {} must be `{expected}` or `failed`, and `{found}` came", effect.0)
            }
            Self::UnknownEffect { effect } => write!(
                f,
                "a result came for effect {}, which is not open: it was never asked for, is done, or was abandoned",
                effect.0
            ),
            Self::UnknownPrompt { prompt } => write!(
                f,
                "an answer came for prompt {}, which is not open: it was never shown, is answered, or was withdrawn",
                prompt.0
            ),
            Self::NotOffered { prompt, found, expected } => {
                write!(f, "prompt {} does not offer `{found}`; it offers", prompt.0)?;
                let mut separator = " ";
                for choice in expected {
                    write!(f, "{separator}`{choice}`")?;
                    separator = ", ";
                }
                Ok(())
            }
            Self::Failed { reason } => f.write_str(reason),
        }
    }
}

impl core::error::Error for CoreError {}

/// Everything that can happen to a core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Input {
    /// Something starts a run.
    Trigger(Trigger),
    /// The user logs off; the core is dropped afterwards.
    LogOff,
    /// The user unlocks the workstation.
    Unlock,
    /// The user clicks the balloon.
    BalloonClicked(BalloonId),
    /// The user closes the balloon with its own button.
    BalloonClosed(BalloonId),
    /// The user clicks the icon in the notification area.
    IconClicked,
    /// The user answers a prompt.
    PromptAnswered {
        /// Which prompt.
        prompt: PromptId,
        /// The answer, one of those offered, or [`Answer::Close`].
        answer: Answer,
    },
    /// The user closes the wizard while it works on an item.
    WizardClosed,
    /// Something changed in a reader. A hint only: the core keeps no card table, it asks.
    ReadersChanged,
    /// An effect is done, or failed.
    EffectDone {
        /// Which effect.
        effect: EffectId,
        /// What came of it.
        result: EffectResult,
    },
    /// Time has come. The only timer input.
    Tick,
}

/// What starts a run. Policy itself is read at the start of each run ([`Effect::ReadSettings`]), because the core's own
/// timer starts runs too, and no driver hands it a snapshot then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Trigger {
    /// What it was.
    pub cause: TriggerCause,
    /// Which kind of refresh, when Group Policy was applied with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<PolicyRefresh>,
    /// Whether that brought other values than the last application.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub changed: bool,
}

impl Trigger {
    /// That cause, without an application of Group Policy.
    #[must_use]
    pub const fn of(cause: TriggerCause) -> Self {
        Self { cause, refresh: None, changed: false }
    }
}

words! {
    /// What starts a run.
    pub enum TriggerCause as "trigger" {
        /// The machine starts.
        Boot = "boot",
        /// The user logs on interactively.
        Logon = "logon",
        /// Group Policy was applied.
        GroupPolicy = "group-policy",
        /// The core's own timer; never an input.
        Timer = "timer",
        /// A user asked for it, in the snap-in or with a command.
        Manual = "manual",
    }
}

words! {
    /// How Group Policy was applied.
    pub enum PolicyRefresh as "policy refresh" {
        /// At boot or logon.
        Foreground = "foreground",
        /// By the refresh timer.
        Background = "background",
        /// By `gpupdate /force`.
        Forced = "forced",
    }
}

/// One output, with what caused it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Output {
    /// The input that is being handled, and the decisions that led here.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<crate::Cause>"))]
    pub causes: Causes,
    /// What is put out.
    pub body: OutputBody,
}

/// Everything a core can put out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum OutputBody {
    /// Show a balloon at the icon.
    Balloon(BalloonId),
    /// The balloon goes away; the icon may stay.
    BalloonHidden(BalloonId),
    /// Show the icon in the notification area, or take it away.
    Icon {
        /// Whether it is to be seen.
        shown: bool,
    },
    /// Open a prompt.
    Prompt {
        /// Names the prompt until it is answered or withdrawn.
        id: PromptId,
        /// What is asked.
        point: DecisionPoint,
        /// On which facts.
        facts: Facts,
        /// The words of the answers offered.
        offers: Vec<Choice>,
    },
    /// The facts of an open prompt are others now.
    PromptChanged {
        /// Which prompt.
        id: PromptId,
        /// All its facts.
        facts: Facts,
    },
    /// The prompt closes without an answer.
    PromptWithdrawn {
        /// Which prompt.
        id: PromptId,
    },
    /// Do something and report with [`Input::EffectDone`].
    Effect {
        /// Names the effect until it is done or abandoned.
        id: EffectId,
        /// What to do.
        effect: Effect,
    },
    /// The answer to an effect is no longer wanted.
    AbandonEffect {
        /// Which effect.
        id: EffectId,
    },
    /// Write to the event log.
    Event(EventEntry),
    /// A rule decided something.
    Decision(Decision),
    /// What the core has come to; the driver need not act on it.
    Report(Report),
}

/// Progress of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Report {
    /// A run starts.
    RunStarted {
        /// Why.
        trigger: Trigger,
    },
    /// A trigger came while a run was open.
    TriggerHeld {
        /// Which.
        trigger: Trigger,
        /// It will start a run when the open one ends; otherwise it is dropped.
        kept: bool,
    },
    /// A run ends; nothing of it is open any more.
    RunEnded,
    /// Work on one certificate begins.
    ItemStarted {
        /// The template.
        template: String,
        /// What is to be done.
        action: Action,
        /// Whether the user takes part.
        interactive: bool,
    },
    /// Work on one certificate ends.
    ItemEnded {
        /// The template.
        template: String,
        /// What was to be done.
        action: Action,
        /// What came of it.
        outcome: Outcome,
    },
}

words! {
    /// What is to be done for a template.
    pub enum Action as "action" {
        /// First certificate of the template.
        Enroll = "enroll",
        /// Before the end of the old one's life, signed by it.
        Renew = "renew",
        /// A new certificate because the template changed or the old one cannot sign.
        Reenroll = "re-enroll",
        /// Fetch what is pending at a CA.
        Retrieve = "retrieve",
        /// Put an issued certificate where it belongs.
        Resume = "resume",
    }
}

/// What came of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Outcome {
    /// The certificate is where it belongs.
    Enrolled {
        /// SHA-1 of it.
        thumbprint: crate::Thumbprint,
        /// Where its key is.
        key: crate::KeyPlace,
    },
    /// The CA has it under submission.
    Pending,
    /// It failed with this code.
    Failed(HResult),
    /// The user put it off, or it was left for the next run.
    Postponed,
}
