//! The `autoenroll` command.
//!
//! Runs, checks, formats, lists and shows scenarios, and prints what the bench knows about codes, profiles and
//! requirements. Scenarios and fixtures are embedded, so that the one binary is the whole suite; files on disk are read
//! when they are named.
//!
//! It deliberately lacks everything that decides a verdict: that is the business of the crates below. Only lists of
//! known failures and snapshots, which belong to whoever runs it, have a word in it.
#![forbid(unsafe_code)]

mod arguments;
mod bless;
mod card;
mod catalogue;
mod cause;
mod check;
mod check_trace;
#[cfg(feature = "serve")]
mod client;
mod columns;
mod completion;
mod console;
mod core_check;
mod core_command;
mod diff;
mod embedded;
mod exit;
mod explain;
mod explore;
mod file;
mod fixtures;
mod fleet;
mod fmt;
mod hint;
mod import;
mod junit;
mod known;
mod lines;
mod list;
mod lsp;
mod manual;
mod matrix;
mod memory;
#[cfg(feature = "planted-bugs")]
mod mutants;
mod new;
mod observe;
mod outline;
#[cfg(feature = "serve")]
mod over_https;
mod page;
mod parallel;
mod places;
mod plan;
mod play;
mod policies;
mod profiles;
mod prose;
mod remedy;
mod review;
mod run;
mod runner;
#[cfg(feature = "serve")]
mod serve;
mod shard;
mod show;
mod snapshots;
mod sources;
#[cfg(feature = "serve")]
mod submit;
mod suite;
mod watch;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::arguments::{Arguments, Command, SchemaOf};
pub use crate::catalogue::Catalogue;
use crate::console::{Console, Output, has_colours, printable};
pub use crate::exit::Exit;
pub use crate::memory::{KeyCount, KeyCounts, count_keys, remember_keys};
pub use crate::suite::{Fixtures, Story, story, suite};

/// Does what the arguments of this process say.
#[must_use]
pub fn main() -> ExitCode {
    match completion::answered(std::env::args_os()) {
        Ok(true) => return Exit::Ok.into(),
        Ok(false) => {}
        Err(error) => error.exit(),
    }
    match call(std::env::args_os(), io::stdout()) {
        Ok(exit) => exit.into(),
        Err(error) => error.exit(),
    }
}

/// Does what these arguments say, the first of which names the program: results go to `to`, complaints to the standard
/// error of this process.
///
/// # Errors
/// When the arguments say nothing, or ask for help.
pub fn call<A: Into<OsString> + Clone>(
    arguments: impl IntoIterator<Item = A>,
    to: impl io::Write,
) -> Result<Exit, clap::Error> {
    let arguments = Arguments::try_parse_from(arguments).map_err(with_intent)?;
    if arguments.command.repeats_itself() {
        remember_keys();
    }
    let (judges, form) = (arguments.command.judges(), arguments.command.form(has_colours()));
    let mut out = Output::new(io::BufWriter::new(to), judges, form);
    let outcome = run(&arguments.command, &mut Console::new(&mut out));
    let outcome = outcome.and_then(|exit| out.close().map(|()| exit).map_err(Failure::from));
    Ok(match outcome {
        Ok(exit) => exit,
        Err(Failure::BrokenPipe) => Exit::Ok,
        Err(Failure::Usage(message)) => complain(&message, Exit::Usage),
        Err(Failure::Bench(message)) => complain(&message, Exit::Bench),
    })
}

/// An unknown command with the feature that brings it, or with the one that other programs call so.
fn with_intent(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    if let Some((_, feature)) = OPTIONAL.iter().find(|(command, _)| command == word) {
        let how = format!("cargo run --release --package autoenroll-cli --features {feature} -- {word}");
        let message = format!("`{word}` is no part of this build; it is of one with a feature: {how}\n");
        return clap::Error::raw(ErrorKind::InvalidSubcommand, message);
    }
    if let Some((command, _)) = INTENTS.iter().find(|(_, words)| words.contains(&word.as_str())) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![(*command).to_owned()]));
    }
    error
}

/// Commands that not every build has, and the feature of this package that brings them.
const OPTIONAL: &[(&str, &str)] = &[("mutants", "planted-bugs"), ("serve", "serve"), ("submit", "serve")];

/// What other programs call these commands.
const INTENTS: &[(&str, &[&str])] = &[
    ("run", &["test", "exec", "execute", "start", "simulate", "bench"]),
    ("check", &["validate", "verify", "lint", "parse", "compile"]),
    ("fmt", &["format", "tidy", "pretty"]),
    ("list", &["ls", "scenarios", "suite"]),
    ("show", &["timeline", "trace", "view", "print", "cat", "log"]),
    ("play", &["step", "interactive", "shell", "repl", "author"]),
    ("new", &["init", "create", "add", "generate", "scaffold"]),
    ("explain", &["why", "help", "describe", "what", "doc"]),
    ("explore", &["fuzz", "generate-stories", "search", "random"]),
    ("fixtures", &["worlds", "world", "cards", "templates", "fixture"]),
    ("import", &["convert", "load"]),
    ("observe", &["compare", "events", "evtx"]),
    ("submit", &["enroll", "request", "certreq", "sign"]),
    ("matrix", &["coverage", "requirements"]),
    ("lsp", &["language-server", "lsp-server", "ls-server"]),
    ("completions", &["completion"]),
    ("manual", &["man", "manpage"]),
];

fn run(command: &Command, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match command {
        Command::Run(arguments) if arguments.watch => watch::watch(arguments, console),
        #[cfg(feature = "serve")]
        Command::Run(arguments) if arguments.client.folder.is_some() => client::run(arguments, console),
        Command::Run(arguments) => run::run(arguments, console),
        Command::Review(arguments) => review::run(arguments, console),
        Command::Check(arguments) => check::run(arguments, console),
        Command::CheckTrace(arguments) => check_trace::run(arguments, console),
        Command::Explore(arguments) => explore::run(arguments, console),
        Command::Diff(arguments) => diff::run(arguments, console),
        Command::Fmt(arguments) => fmt::run(arguments, console),
        Command::List(arguments) => list::run(arguments, console),
        Command::Show(arguments) => show::run(arguments, console),
        Command::Play(arguments) => play::run(arguments, console),
        Command::New(arguments) => new::run(arguments, console),
        Command::Explain(arguments) => explain::run(arguments, console),
        Command::Plan(arguments) => plan::run(arguments, console),
        Command::Fleet(arguments) => fleet::run(arguments, console),
        Command::Profiles(arguments) => profiles::run(arguments, console),
        Command::Lsp(arguments) => lsp::run(arguments),
        Command::Fixtures(arguments) => fixtures::run(arguments, console),
        Command::Import(arguments) => import::run(arguments, console),
        Command::Observe(arguments) => observe::run(arguments, console),
        #[cfg(feature = "serve")]
        Command::Submit(arguments) => submit::run(arguments, console),
        Command::Card(arguments) => card::run(arguments, console),
        Command::Matrix(arguments) => matrix::run(arguments, console),
        #[cfg(feature = "serve")]
        Command::Serve(arguments) => serve::run(arguments, console),
        #[cfg(feature = "planted-bugs")]
        Command::Mutants(arguments) => mutants::run(arguments, console),
        Command::Schema(arguments) => {
            match arguments.of {
                SchemaOf::Scenario => writeln!(console.out, "{:#}", autoenroll_scenario::json_schema())?,
                SchemaOf::CoreProtocol => {
                    let schema = embedded::file("fixtures/schemas/core-protocol-2.json");
                    console.out.write_all(schema.ok_or_else(|| Failure::Bench("the schema is missing".to_owned()))?)?;
                }
            }
            Ok(Exit::Ok)
        }
        Command::CoreCheck(arguments) => core_check::run(arguments, console),
        Command::Core(_) => core_command::run(),
        Command::Completions(arguments) => {
            console.out.write_all(&completion::script(arguments.shell))?;
            Ok(Exit::Ok)
        }
        Command::Manual(arguments) => manual::run(arguments, console),
    }
}

/// Why a command could not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    /// The arguments, or a file that they name, cannot be used.
    Usage(String),
    /// The bench itself failed.
    Bench(String),
    /// Standard output was closed, as `head` does: no reason to complain.
    BrokenPipe,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usage(message) | Self::Bench(message) => f.write_str(message),
            Self::BrokenPipe => f.write_str("standard output is closed"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Bench(format!("results cannot be written: {error}")),
        }
    }
}

fn complain(message: &str, exit: Exit) -> Exit {
    // There is nowhere else to complain.
    // CI systems take a line that begins so for a command of their own.
    let message = printable(message, false).replace("\n::", "\n\\u{3a}:");
    let _ignored = writeln!(io::stderr(), "autoenroll: {message}");
    exit
}
