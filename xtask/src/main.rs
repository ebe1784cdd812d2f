//! Chores of this repository: what is committed but made by a program is made, and checked, here.

mod abuse;
mod ci;
mod dist;
mod keys;
mod mutants;
mod patches;
#[path = "../../crates/cli/scan.rs"]
mod scan;
mod speed;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Chores of this repository.
#[derive(Parser)]
#[command(name = "xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Damaged scenarios, messages and files by the million, each judged: `--cases`, `--time`, `--seed`, `--case`;
    /// `--help` lists all options. What was played is gone on with.
    #[command(disable_help_flag = true)]
    Abuse(abuse::Options),
    /// Every check that a change must pass, in one go: what `.ci/run` runs after it has installed what is needed.
    Ci,
    /// Compare the lines of the core that no scenario reaches with `tests/uncovered-core.txt`; fail for a line that is
    /// not listed, and when they are more than 40. Needs Linux on x86-64, llvm-dwarfdump and leave to trace a process.
    Coverage,
    /// Make what is handed out, in `target/dist`: an archive with the program, completions and pages for `man`, its
    /// checksum, and a bill of materials.
    Dist(dist::Options),
    /// Write anew what is made by the command: what documents show of it, and the digests of all scenarios.
    Docs,
    /// Make the prime pools of `fixtures/keys` anew, or check that the committed ones are what this program makes.
    Keys(keys::Options),
    /// Change the sources as cargo-mutants would, all changes in one program with a switch, in a copy, and see who
    /// notices each: the suite of scenarios or a test.
    Mutants(mutants::Options),
    /// Make the core wrong with each patch of `crates/mutants/patches`, in a copy, and run the scenario that has to
    /// notice it.
    Patches(patches::Options),
    /// Count the instructions of a release build at some works, under valgrind; fail when they are more than those that
    /// are committed, or grow faster than what is worked on. `--table` times them.
    Speed(speed::Options),
    /// Check what no compiler checks: crate list, floors, length of files, forbidden words, circles of imports, places
    /// of requirements, links and commands in documents.
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Abuse(options) => abuse::run(&options),
        Chore::Ci => ci::run(),
        Chore::Coverage => ci::coverage(),
        Chore::Dist(options) => dist::run(&options),
        Chore::Docs => ci::write_documents(),
        Chore::Keys(options) => keys::run(&options),
        Chore::Mutants(options) => mutants::run(&options),
        Chore::Patches(options) => patches::run(&options),
        Chore::Speed(options) => speed::run(&options),
        Chore::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The directory of the workspace.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Whether there is a chore of that name.
fn knows_chore(name: &str) -> bool {
    Arguments::command().get_subcommands().any(|chore| chore.get_name() == name)
}
