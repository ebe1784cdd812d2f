//! Where fixtures come from. This crate opens no files; the command embeds them, tests keep them in memory.

use std::collections::BTreeMap;
use std::fmt;

/// Hands out fixtures: worlds, templates, kinds of cards.
pub trait Loader {
    /// The text of a file by its path below `fixtures/`, such as `worlds/contoso.toml`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    fn load(&self, path: &str) -> Result<String, LoadError>;

    /// The names without ending of the files in a folder below `fixtures/`, in alphabetical order: those that can be
    /// loaded.
    fn list(&self, folder: &str) -> Vec<String>;
}

/// Why there is no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// No such file.
    Missing,
    /// There is one, but it cannot be read.
    Unreadable {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such file"),
            Self::Unreadable { reason } => f.write_str(reason),
        }
    }
}

impl std::error::Error for LoadError {}

/// Fixtures in memory, by their path below `fixtures/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle(BTreeMap<String, String>);

impl Bundle {
    /// No fixtures.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// These and one more; a path that is there already gets the new text.
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.to_owned(), text.to_owned());
        self
    }
}

impl FromIterator<(String, String)> for Bundle {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

impl Loader for Bundle {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        self.0.get(path).cloned().ok_or(LoadError::Missing)
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let name =
            |path: &String| Some(path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".toml")?.to_owned());
        self.0.keys().filter_map(name).collect()
    }
}
