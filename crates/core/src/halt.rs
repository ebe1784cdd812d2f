//! What stops a step before its end, apart from what Windows would report.

use autoenroll_model::{CoreError, Inverted};

/// Why a step was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// The driver broke the contract.
    Broken(CoreError),
    /// A planted-bugs build leaves the step out; no other build has a value of it.
    Inverted(Inverted),
}

impl From<CoreError> for Halt {
    fn from(error: CoreError) -> Self {
        Self::Broken(error)
    }
}

impl From<Inverted> for Halt {
    fn from(inverted: Inverted) -> Self {
        Self::Inverted(inverted)
    }
}
