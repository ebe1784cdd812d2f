//! What somebody who looks into the world sees: the facts of `state` steps.

use autoenroll_model::{DecisionPoint, Facts, Offer};

use crate::error::Unknown;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A card. Facts: `inserted-in` (reader or `nowhere`), `containers`, `default-container`, `default-certificate`,
    /// `free-containers`, `tries-left`, `certificates`, `unlocked`.
    Card(String),
    /// A principal's MY. Facts: `certificates` (not archived), `archived`, `keys` (certificates whose key is known).
    Store(String),
    /// A principal's REQUEST. Facts: `requests` (templates), `stages`.
    Requests(String),
    /// A CA. Facts: `issued`, `pending`, `denied`, `revoked` (labels each).
    Ca(String),
    /// A principal's directory object. Facts: `certificates`, `groups` (names), `upn`, `mail`, `dns`.
    Directory(String),
    /// A user's desktop. Facts: `balloon`, `icon`, `locked` (flags), `prompts` (decision points).
    Desktop(String),
    /// A computer's trust stores. Facts: `root`, `ca`, `ntauth`.
    Trust(String),
}

/// Why there is nothing to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookError {
    /// Something is named that does not exist.
    Unknown(Unknown),
}

impl std::fmt::Display for LookError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(unknown) => unknown.fmt(f),
        }
    }
}

impl std::error::Error for LookError {}

impl From<Unknown> for LookError {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(unknown)
    }
}

/// A prompt that waits for its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPrompt {
    /// Who is asked.
    pub user: String,
    /// What is asked.
    pub point: DecisionPoint,
    /// The facts, in the scenario's names.
    pub facts: Facts,
    /// The answers offered; every prompt can also be closed.
    pub offers: Vec<Offer>,
}
