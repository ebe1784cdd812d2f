//! What steps need not say.

use autoenroll_world::action::Change;

/// What a step leaves out because it is clear, and changes in the simulator's words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StepDefaults {
    /// The user who acts.
    pub(crate) who: Option<String>,
    /// Computer and reader.
    pub(crate) reader: Option<(String, String)>,
    /// The computer of a logon.
    pub(crate) computer: Option<String>,
    /// What `of` names.
    pub(crate) of: Option<String>,
    /// What a `change` changes.
    pub(crate) changes: Vec<Change>,
}
