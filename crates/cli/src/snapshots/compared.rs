//! What came of the snapshot of a story.

use std::path::PathBuf;

use serde_json::{Value, json};

/// What came of the snapshot of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compared {
    /// The file of the accepted one, there or not.
    pub(crate) file: PathBuf,
    pub(crate) state: State,
    /// The file of the pending one, when it was written or is there already.
    pub(crate) pending: Option<PathBuf>,
    /// Why nothing could be written.
    pub(crate) unwritten: Option<String>,
}

/// How a snapshot and what came go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Same,
    New,
    Differs,
    /// There is one, which cannot be compared.
    Unreadable,
}

impl State {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::New => "new",
            Self::Differs => "differs",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Compared {
    /// For programs that read results.
    pub(crate) fn to_json(&self) -> Value {
        let Self { file, state, pending, unwritten: _ } = self;
        let path = |path: &PathBuf| path.display().to_string();
        json!({ "file": path(file), "state": state.as_str(), "pending": pending.as_ref().map(path) })
    }
}
