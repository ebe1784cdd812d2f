//! `autoenroll run --watch`: runs again whenever a file changes that the run reads.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::arguments::{Run, RunFormat};
use crate::console::{CLEAR, Colour, Console, printable};
use crate::{Exit, Failure, file, known, run, suite};

/// How often the files are read again. They are small, and reading them needs no facility of the system that may be
/// missing.
const PACE: Duration = Duration::from_millis(300);
/// Files that do not change for this long are saved.
const QUIET: Duration = Duration::from_millis(60);
/// How often is waited for that: a file that is written without end is run in between.
const MOST_WAITS: usize = 20;
/// How many files a line names.
const MOST_NAMES: usize = 3;

/// The files that a run reads, and what is in them.
type Contents = BTreeMap<PathBuf, Vec<u8>>;

/// Runs until interrupted. What cannot be run at first is a wrong argument; later it is a file that is being written.
pub(crate) fn watch(arguments: &Run, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let on_disk = |argument: &String| Path::new(argument).exists();
    let follows = arguments.selection.scenarios.iter().any(on_disk)
        || arguments.selection.fixtures.is_some()
        || arguments.known_failures.is_some();
    if !follows {
        return Err(Failure::Usage("--watch needs files or directories that can change".to_owned()));
    }
    let mut known = contents(arguments);
    let mut exit = run::run(arguments, console)?;
    loop {
        say(&format!("{}; waiting for changes, interrupt to end", verdict(exit)), arguments, console)?;
        let present = next_change(&known, arguments);
        if arguments.format != RunFormat::Json && console.colour {
            // A terminal: the results stand alone on it.
            write!(console.out, "{CLEAR}")?;
        }
        say(&changes(&known, &present), arguments, console)?;
        known = present;
        exit = match run::run(arguments, console) {
            Ok(exit) => exit,
            Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
            Err(Failure::Usage(message)) => complain(&message, Exit::Usage, console)?,
            Err(Failure::Bench(message)) => complain(&message, Exit::Bench, console)?,
        };
    }
}

fn contents(arguments: &Run) -> Contents {
    let mut contents = suite::on_disk(&arguments.selection);
    if let Some(path) = arguments.known_failures.as_ref().filter(|path| path.is_file())
        && let Ok(bytes) = file::read(path, known::MOST_BYTES)
    {
        contents.insert(path.clone(), bytes);
    }
    contents
}

/// Waits until something is different, and then until it is saved.
fn next_change(known: &Contents, arguments: &Run) -> Contents {
    loop {
        thread::sleep(PACE);
        let mut present = contents(arguments);
        for _ in 0..MOST_WAITS {
            if present == *known {
                break;
            }
            thread::sleep(QUIET);
            let later = contents(arguments);
            if later == present {
                return present;
            }
            present = later;
        }
        if present != *known {
            return present;
        }
    }
}

/// What is different, in one line.
fn changes(known: &Contents, present: &Contents) -> String {
    let changed = present.iter().filter_map(|(path, now)| match known.get(path) {
        None => Some(("new", path)),
        Some(before) => (before != now).then_some(("changed", path)),
    });
    let gone = known.keys().filter(|path| !present.contains_key(*path)).map(|path| ("gone", path));
    let all: Vec<String> = changed.chain(gone).map(|(what, path)| format!("{what} {}", path.display())).collect();
    match all.len().checked_sub(MOST_NAMES) {
        None | Some(0) => all.join(", "),
        Some(more) => format!("{}, and {more} more", all[..MOST_NAMES].join(", ")),
    }
}

const fn verdict(exit: Exit) -> &'static str {
    match exit {
        Exit::Ok => "passed",
        Exit::Failed => "failed",
        Exit::Usage => "nothing was run",
        Exit::Bench => "the bench failed",
        Exit::Helper(_) => "done",
    }
}

/// A line between results: with them for people, beside them for programs.
fn say(line: &str, arguments: &Run, console: &mut Console<'_>) -> Result<(), Failure> {
    if arguments.format == RunFormat::Json {
        console.out.flush()?;
        // Standard error may be closed.
        let _ignored = writeln!(io::stderr(), "{}", printable(line, false));
    } else {
        writeln!(console.out, "\n{}", console.paint(Colour::Dim, line))?;
    }
    Ok(console.out.flush()?)
}

fn complain(message: &str, exit: Exit, console: &mut Console<'_>) -> Result<Exit, Failure> {
    console.out.flush()?;
    // There is nowhere else to complain.
    let _ignored = writeln!(io::stderr(), "autoenroll: {}", printable(message, false));
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_what_is_different() {
        let contents = |files: &[(&str, &str)]| -> Contents {
            files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect()
        };
        let check = |known: &[(&str, &str)], present: &[(&str, &str)], expected: &str| {
            assert_eq!(changes(&contents(known), &contents(present)), expected);
        };
        check(&[("a", "1"), ("b", "1")], &[("a", "1"), ("b", "2")], "changed b");
        check(&[("a", "1")], &[("b", "1")], "new b, gone a");
        check(&[], &[("a", ""), ("b", ""), ("c", "")], "new a, new b, new c");
        check(&[("e", "")], &[("a", ""), ("b", ""), ("c", "")], "new a, new b, new c, and 1 more");
    }
}
