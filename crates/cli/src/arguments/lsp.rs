//! What can be typed after `autoenroll lsp`.

use std::path::PathBuf;

use clap::Args;

pub(super) const LSP_EXAMPLES: &str = "\
Examples:
  autoenroll lsp                           what an editor starts; docs/editor.md has lines for some
  autoenroll lsp --fixtures my/fixtures    worlds, cards and templates of your own come first

Texts that are open in the editor count instead of their files. A name of a fixture inside this
program leads to its file in the repository, or to a copy below the cache directory of the user.";

#[derive(Debug, Args)]
pub(crate) struct Lsp {
    /// A directory of your own worlds, cards and templates; they come before those inside this program.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
    /// For clients that say so: standard input and output, which are used in any case.
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}
