//! What the end-to-end tests share: the command, started in a known environment.
#![forbid(unsafe_code)]

pub mod recorded;
pub mod reference;
pub mod shared;
pub mod webdriver;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use autoenroll_cli::{Catalogue, story};
use autoenroll_model::CoreFactory;
use autoenroll_scenario::{Verdict, run};
use autoenroll_trace::Trace;
use autoenroll_world::{CaHost, CardHost, Hosts};

/// The command under test. It starts with an empty environment, in the directory of the workspace.
#[derive(Debug)]
pub struct Autoenroll {
    command: Command,
    input: String,
}

impl Autoenroll {
    /// The command at that path with these arguments.
    pub fn new<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir(root());
        Self { command, input: String::new() }
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// With one environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// In that directory.
    #[must_use]
    pub fn directory(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// With that text on its standard input.
    #[must_use]
    pub fn input(mut self, text: impl Into<String>) -> Self {
        self.input = text.into();
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started or writes what is not UTF-8: the test cannot go on.
    #[must_use]
    pub fn run(mut self) -> Ran {
        let child = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("Cargo has built the command");
        let mut stdin = child.stdin.take().expect("the input is a pipe");
        let writer = std::thread::spawn(move || {
            // A program that ends without reading everything is judged by what it says.
            let _unread = stdin.write_all(self.input.as_bytes());
        });
        let output = child.wait_with_output().expect("a child can be waited for");
        writer.join().expect("writing does not panic");
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("results are UTF-8"),
            err: String::from_utf8(output.stderr).expect("complaints are UTF-8"),
        }
    }
}

/// What a run of the command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Plays a scenario of the suite with these cores, cards and CAs; the trace, when it passes.
///
/// # Errors
/// When there is no such scenario, or it does not pass.
pub fn play<F: CoreFactory, C: CardHost, A: CaHost>(
    name: &str,
    factory: F,
    hosts: Hosts<C, A>,
) -> Result<Trace, String> {
    let story = story(name)?;
    let report = run(&story.scenario, factory, hosts, Catalogue::embedded());
    match report.verdict {
        Verdict::Passed => Ok(report.trace),
        _ => Err(report.render(&story.scenario.files, false)),
    }
}

/// The directory of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// A directory for the files of one test, empty, below Cargo's directory for such files.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn scratch(temporary: &str, name: &str) -> PathBuf {
    let directory = Path::new(temporary).join(name);
    if directory.exists() {
        std::fs::remove_dir_all(&directory).expect("a scratch directory can be removed");
    }
    std::fs::create_dir_all(&directory).expect("a scratch directory can be made");
    directory
}
