//! The messages. One process is one core; each message is one JSON object on one line.

use autoenroll_model::{Cause, CoreError, Identity, Input, Now, Output, OutputBody, SimTime};
use serde::{Deserialize, Serialize};

/// The version of the protocol that this crate speaks. It is raised when a message changes in a way that an older
/// reader would misunderstand. Fields that a reader does not know are ignored, so a new field does not raise it; a
/// variant or word that a reader does not know is an error, so a new one is used only when both sides list its feature.
pub const VERSION: u32 = 2;

/// What the bench says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ToCore {
    /// The first message. Answered with [`FromCore::Ready`].
    Start {
        /// The version that the bench speaks.
        protocol: u32,
        /// What the bench can do beyond that version, by name. There are no such names yet.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        features: Vec<String>,
        /// Whose core it is.
        identity: Identity,
    },
    /// An input. Answered with any number of [`FromCore::Output`], then one [`FromCore::Idle`].
    Handle {
        /// Which input to this core it is: 1, 2, 3, …
        number: u32,
        /// When it is.
        now: Now,
        /// What happens.
        input: Input,
    },
}

/// What the core says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FromCore {
    /// The core is started.
    Ready {
        /// The version that the core speaks; it must be the one in [`ToCore::Start`].
        protocol: u32,
        /// Name and version of the core, for reports.
        core: String,
        /// Those features of [`ToCore::Start`] that the core wants.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        features: Vec<String>,
    },
    /// One output.
    Output(Box<NumberedOutput>),
    /// There are no more outputs: this ends the answer to an input for good.
    Idle {
        /// The input whose answer ends.
        number: u32,
        /// When the core wants a tick at the latest, in nanoseconds since the start; null when it wants none.
        deadline: Option<SimTime>,
    },
    /// The core cannot go on, or the bench has broken the contract. The core says nothing more.
    Error(CoreError),
}

impl FromCore {
    /// The word that JSON uses for this message.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "ready",
            Self::Output(_) => "output",
            Self::Idle { .. } => "idle",
            Self::Error(_) => "error",
        }
    }

    /// An output in answer to an input.
    #[must_use]
    pub fn output(number: u32, output: Output) -> Self {
        Self::Output(Box::new(NumberedOutput { number, causes: output.causes.into(), body: output.body }))
    }
}

/// An output, with the input that it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct NumberedOutput {
    /// The input that it answers.
    pub number: u32,
    /// What led to it. May be empty; timelines are then less helpful.
    #[serde(default)]
    pub causes: Vec<Cause>,
    /// What is put out.
    pub body: OutputBody,
}

impl From<NumberedOutput> for Output {
    fn from(output: NumberedOutput) -> Self {
        Self { causes: output.causes.into(), body: output.body }
    }
}
