//! Causes of what a core puts out.

use alloc::vec::Vec;
use core::ops::Deref;

use serde::{Deserialize, Serialize};

/// A cause of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The n-th input to this core, counted from 1.
    Input(u32),
    /// A decision of this core, by its id.
    Decision(u32),
    /// An earlier effect, prompt or report: the n-th output of this core, counted from 1.
    Output(u32),
}

/// The causes of an output. Most have one, and need no memory for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Cause>", into = "Vec<Cause>")]
pub struct Causes(Listed);

/// One is never listed as several.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Listed {
    One(Cause),
    Several(Vec<Cause>),
}

impl Causes {
    /// A cause, and those beside it.
    #[must_use]
    pub fn new(first: Cause, mut others: Vec<Cause>) -> Self {
        if others.is_empty() {
            return Self::from(first);
        }
        others.insert(0, first);
        Self(Listed::Several(others))
    }
}

impl From<Cause> for Causes {
    fn from(cause: Cause) -> Self {
        Self(Listed::One(cause))
    }
}

impl From<Vec<Cause>> for Causes {
    fn from(causes: Vec<Cause>) -> Self {
        Self(match causes[..] {
            [one] => Listed::One(one),
            _ => Listed::Several(causes),
        })
    }
}

impl From<Causes> for Vec<Cause> {
    fn from(causes: Causes) -> Self {
        match causes.0 {
            Listed::One(cause) => alloc::vec![cause],
            Listed::Several(causes) => causes,
        }
    }
}

impl Deref for Causes {
    type Target = [Cause];

    fn deref(&self) -> &[Cause] {
        match &self.0 {
            Listed::One(cause) => core::slice::from_ref(cause),
            Listed::Several(causes) => causes,
        }
    }
}
