//! What answers depend on besides the text.

use autoenroll_scenario::Library;

use crate::position::Encoding;
use crate::surroundings::Surroundings;

/// What the answers to a request depend on besides the text.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) library: &'a Library,
    pub(crate) around: &'a dyn Surroundings,
    pub(crate) encoding: Encoding,
    /// Whether the client knows snippets.
    pub(crate) snippets: bool,
}
