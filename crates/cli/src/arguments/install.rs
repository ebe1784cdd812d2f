//! `autoenroll completions` and `autoenroll manual`: what an installation has beside the program.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  autoenroll completions bash > ~/.local/share/bash-completion/completions/autoenroll
  autoenroll completions zsh > ~/.zfunc/_autoenroll      with ~/.zfunc in fpath before compinit
  autoenroll completions fish > ~/.config/fish/completions/autoenroll.fish

The script asks the `autoenroll` that is found in PATH. Write it anew when that is replaced.";

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

pub(super) const MANUAL_EXAMPLES: &str = "\
Examples:
  autoenroll manual | man -l -                    the command itself
  autoenroll manual run | man -l -
  autoenroll manual --to ~/.local/share/man/man1  a file for each command; then `man autoenroll-run`";

#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// The command whose page is printed; `autoenroll` itself when absent.
    #[arg(value_name = "COMMAND", conflicts_with = "to")]
    pub(crate) command: Option<String>,
    /// Write the pages of all commands into this directory, which is made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,
}
