//! Causes of what a core puts out.

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
