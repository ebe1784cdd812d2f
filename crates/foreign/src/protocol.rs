//! The messages. One process is one core; each message is one JSON object on one line.

use autoenroll_model::{Identity, Input, Now, Output, SimTime};
use serde::{Deserialize, Serialize};

/// The version of the protocol that this crate speaks. It is raised when a message changes in a way that an older
/// reader would misunderstand; fields that an older reader may ignore do not raise it.
pub const VERSION: u32 = 1;

/// What the bench says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToCore {
    /// The first message. Answered with [`FromCore::Ready`].
    Start {
        /// The version that the bench speaks.
        protocol: u32,
        /// Whose core it is.
        identity: Identity,
    },
    /// An input. Answered with any number of [`FromCore::Output`], then [`FromCore::Idle`].
    Handle {
        /// When it is.
        now: Now,
        /// What happens.
        input: Input,
    },
}

/// What the core says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromCore {
    /// The core is started.
    Ready {
        /// The version that the core speaks; it must be the one in [`ToCore::Start`].
        protocol: u32,
        /// Name and version of the core, for reports.
        core: String,
    },
    /// One output.
    Output(Box<Output>),
    /// There are no more outputs; the next input may come.
    Idle {
        /// When the core wants a tick at the latest, in nanoseconds since the start.
        deadline: Option<SimTime>,
    },
    /// The core cannot go on. It says nothing more.
    Error {
        /// Why.
        reason: String,
    },
}
