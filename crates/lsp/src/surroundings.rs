//! What a server needs from the program that it is part of.

use std::path::{Path, PathBuf};

use autoenroll_scenario::{Loader, Requirements};

/// What the program around the server knows: fixtures, and the catalogue of requirements.
pub trait Surroundings {
    /// Where fixtures come from, as they are now.
    fn loader(&self) -> Box<dyn Loader>;

    /// The catalogue, as `covers` needs it.
    fn requirements(&self) -> &dyn Requirements;

    /// The ids of the catalogue, each with a few words.
    fn titles(&self) -> Vec<(&str, &str)>;

    /// What the catalogue says about a requirement, in Markdown: statement, evidence, sources.
    fn article(&self, id: &str) -> Option<String>;

    /// A file with the text of a fixture, by its path below `fixtures/`, for a document that uses it: that of the user,
    /// that of the repository of the document, or a copy of the one inside the program. `None` where no copy can be
    /// written.
    fn fixture(&self, path: &str, near: Option<&Path>) -> Option<PathBuf>;

    /// The path below `fixtures/` of a file that is read as a fixture; `None` for other files.
    fn fixture_path(&self, file: &Path) -> Option<String>;
}
