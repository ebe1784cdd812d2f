//! What can be typed behind `play`.

use std::path::PathBuf;

use clap::Args;

pub(super) const PLAY_EXAMPLES: &str = "\
Examples:
  autoenroll play                                    a world to try things in: contoso
  autoenroll play founding/second-provider           that story: `go` does what its file says next
  autoenroll play mine.toml --write new.toml         a story in a world of yours
  autoenroll play mine.toml --browser                the same in a page, on this machine alone
  printf 'logon alice\\n+8h\\nwrite new.toml\\n' | autoenroll play

`help` says what can be typed. A number or words name what is done (`insert alice-card`, `pin 1234`); a line of the
scenario language does everything that the language has (`change = \"ca\", of = \"Contoso Issuing CA\", \
set = { hangs = true }`).
Where the input is no terminal, the first line that cannot be done ends it with exit code 2.

The file that `write` makes expects everything that came; `autoenroll run` passes on it.";

/// A world, and where it is played.
#[derive(Debug, Args)]
pub(crate) struct Play {
    /// A world of the fixtures, a file with a world, or a scenario, whose steps can be followed: a file, or a name of
    /// the suite, with the variant in brackets where there are several.
    #[arg(value_name = "WORLD", default_value = "contoso")]
    pub(crate) world: String,
    /// The variant, when the scenario has several and the name has none.
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// The title of the story.
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// The file that is written when it is asked for without a name. A file that is there already is left as it is.
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// Play in a page: a server on a loopback address, for the browser of this machine, until it is told to end.
    #[arg(long)]
    pub(crate) browser: bool,
    /// The port of that server; any free one when absent.
    #[arg(long, value_name = "N", requires = "browser", default_value_t = 0)]
    pub(crate) port: u16,
    /// Print the address of the page and open no browser.
    #[arg(long, requires = "browser")]
    pub(crate) no_open: bool,
    /// Play as if the world were under this profile; unless said here or in the file, it is windows-10-22h2.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A directory with worlds, cards and templates of your own; they come before those inside the program.
    #[arg(long, value_name = "DIR")]
    pub(crate) fixtures: Option<PathBuf>,
}
