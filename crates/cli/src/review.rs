//! `autoenroll review`: accepts or rejects the snapshots that wait.

use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use crate::arguments::Review;
use crate::console::{Colour, Console, one_line};
use crate::snapshots::names::{ACCEPTED, PENDING};
use crate::snapshots::snapshot::{MOST_BYTES, Snapshot, Unreadable};
use crate::snapshots::{difference, is_ci};
use crate::{Exit, Failure, file};

/// How deep directories are searched.
const MOST_DEPTH: usize = 32;
/// How many files and directories are looked at.
const MOST_ENTRIES: usize = 100_000;
/// The longest answer, in bytes.
const MOST_ANSWER: u64 = 4_096;

pub(crate) fn run(arguments: &Review, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let directory = &arguments.directory;
    if !directory.is_dir() {
        return Err(Failure::Usage(format!("{} is no directory of snapshots", directory.display())));
    }
    let (mut paths, mut entries) = (Vec::new(), 0);
    search(directory, 0, &mut entries, &mut paths)?;
    paths.sort();
    // One at a time is held: there may be many, and large ones.
    let waiting: Vec<PathBuf> = paths.into_iter().filter(|path| Waiting::read(path).is_some()).collect();
    if waiting.is_empty() {
        writeln!(console.out, "no snapshot waits below {}", directory.display())?;
        return Ok(Exit::Ok);
    }
    let asks = arguments.interactive || (io::stdin().is_terminal() && !arguments.accept && !arguments.reject);
    if !(asks || arguments.accept || arguments.reject) {
        return list(&waiting, console);
    }
    if is_ci() {
        return Err(Failure::Usage("CI is set, so no snapshot is accepted or rejected".to_owned()));
    }
    let mut sums = Sums::default();
    for (at, path) in waiting.iter().enumerate() {
        let Some(one) = Waiting::read(path) else { continue };
        let answer = if asks {
            one.show(at, waiting.len(), console)?;
            ask(&one, console)?
        } else if arguments.reject {
            Answer::Reject
        } else {
            one.unattended()
        };
        match answer {
            Answer::Accept => one.accept()?,
            Answer::Reject => one.reject()?,
            Answer::Skip | Answer::Quit => {}
        }
        sums.count(answer);
        if !asks {
            writeln!(console.out, "{}  {}  {}", answer.done(), one.path.display(), one.note())?;
        }
        if answer == Answer::Quit {
            break;
        }
    }
    let Sums { accepted, rejected } = sums;
    let left = waiting.len() - accepted - rejected;
    writeln!(console.out, "\n{accepted} accepted, {rejected} rejected, {left} left")?;
    Ok(if left == 0 { Exit::Ok } else { Exit::Failed })
}

/// What is done with a snapshot that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Accept,
    Reject,
    Skip,
    Quit,
}

impl Answer {
    const fn done(self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::Reject => "rejected",
            Self::Skip | Self::Quit => "left    ",
        }
    }

    fn of(text: &str) -> Option<Self> {
        match text.trim() {
            "a" | "accept" => Some(Self::Accept),
            "r" | "reject" => Some(Self::Reject),
            "s" | "skip" => Some(Self::Skip),
            "q" | "quit" => Some(Self::Quit),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    accepted: usize,
    rejected: usize,
}

impl Sums {
    const fn count(&mut self, answer: Answer) {
        match answer {
            Answer::Accept => self.accepted += 1,
            Answer::Reject => self.rejected += 1,
            Answer::Skip | Answer::Quit => {}
        }
    }
}

/// A pending snapshot, and the accepted one beside it.
struct Waiting {
    path: PathBuf,
    bytes: Vec<u8>,
    came: Result<Snapshot, Unreadable>,
    accepted: PathBuf,
    /// What the accepted one holds, when there is one.
    old: Option<Vec<u8>>,
}

impl Waiting {
    /// The snapshot at a path; nothing when it is a file of another program, as cargo-insta writes them.
    fn read(path: &Path) -> Option<Self> {
        let bytes = file::read(path, MOST_BYTES).ok()?;
        let came = Snapshot::parse(&bytes);
        if came == Err(Unreadable::NotOne) {
            return None;
        }
        let name = path.file_name()?.to_str()?.strip_suffix(PENDING)?;
        let accepted = path.with_file_name(format!("{name}{ACCEPTED}"));
        let old = file::read(&accepted, MOST_BYTES).ok();
        Some(Self { path: path.to_owned(), bytes, came, accepted, old })
    }

    /// What is done with it when all are accepted: that of a story that fails needs a person.
    const fn unattended(&self) -> Answer {
        match &self.came {
            Ok(came) if came.passed => Answer::Accept,
            Ok(_) | Err(_) => Answer::Skip,
        }
    }

    /// What is to be known about it, in one line.
    fn note(&self) -> String {
        match &self.came {
            Err(unreadable) => format!("it {unreadable}"),
            Ok(came) => {
                let kind = if self.old.is_some() { "changed" } else { "new" };
                let story = &came.name.story;
                if came.passed { format!("{kind}: {story}") } else { format!("{kind}: {story}, which FAILS") }
            }
        }
    }

    fn show(&self, at: usize, of: usize, console: &mut Console<'_>) -> io::Result<()> {
        let blank = if at == 0 { "" } else { "\n" };
        writeln!(console.out, "{blank}{} of {of}  {}  {}\n", at + 1, self.path.display(), self.note())?;
        let Ok(came) = &self.came else { return Ok(()) };
        let lines = match self.old.as_deref().map(Snapshot::parse) {
            Some(Ok(old)) => difference::lines(&old, came),
            Some(Err(unreadable)) => {
                writeln!(console.out, "the accepted one {unreadable}; this would take its place:\n")?;
                came.timeline.lines().map(|line| format!("+{line}")).collect()
            }
            None => came.timeline.lines().map(|line| format!("+{line}")).collect(),
        };
        for line in lines {
            let colour = match line.as_bytes() {
                [b'-', ..] => Colour::Red,
                [b'+', ..] => Colour::Green,
                _ => Colour::Dim,
            };
            writeln!(console.out, "{}", console.paint(colour, &one_line(&line)))?;
        }
        Ok(())
    }

    /// Puts it in the place of the accepted one.
    fn accept(&self) -> Result<(), Failure> {
        self.is_as_shown()?;
        let written = match &self.old {
            Some(old) => file::replace(&self.accepted, old, &self.bytes),
            None => file::create(&self.accepted, &self.bytes),
        };
        written.map_err(|error| Failure::Bench(format!("{} cannot be written: {error}", self.accepted.display())))?;
        self.remove()
    }

    fn reject(&self) -> Result<(), Failure> {
        self.is_as_shown()?;
        self.remove()
    }

    /// A run may have written another one meanwhile, which nobody has seen.
    fn is_as_shown(&self) -> Result<(), Failure> {
        match file::read(&self.path, MOST_BYTES) {
            Ok(bytes) if bytes == self.bytes => Ok(()),
            _ => Err(Failure::Usage(format!("{} has been changed meanwhile; review it again", self.path.display()))),
        }
    }

    fn remove(&self) -> Result<(), Failure> {
        fs::remove_file(&self.path)
            .map_err(|error| Failure::Bench(format!("{} cannot be removed: {error}", self.path.display())))
    }
}

fn list(waiting: &[PathBuf], console: &mut Console<'_>) -> Result<Exit, Failure> {
    for one in waiting.iter().filter_map(|path| Waiting::read(path)) {
        writeln!(console.out, "{}  {}", one.path.display(), one.note())?;
    }
    let wait =
        if waiting.len() == 1 { "1 snapshot waits".to_owned() } else { format!("{} snapshots wait", waiting.len()) };
    writeln!(console.out, "\n{wait}; accept or reject in a terminal, or with --accept or --reject")?;
    Ok(Exit::Failed)
}

/// What the person at the terminal says. The end of the input leaves the rest.
fn ask(one: &Waiting, console: &mut Console<'_>) -> Result<Answer, Failure> {
    let can_be_accepted = one.came.is_ok();
    let offers = if can_be_accepted { "a accept, r reject, s skip, q quit" } else { "r reject, s skip, q quit" };
    let (stdin, mut answer) = (io::stdin().lock(), String::new());
    let is_typed = stdin.is_terminal();
    let mut stdin = stdin;
    loop {
        write!(console.out, "\n{offers} > ")?;
        console.out.flush()?;
        answer.clear();
        let unreadable = |error| Failure::Usage(format!("the answer cannot be read: {error}"));
        if stdin.by_ref().take(MOST_ANSWER).read_line(&mut answer).map_err(unreadable)? == 0 {
            writeln!(console.out)?;
            return Ok(Answer::Quit);
        }
        if !is_typed {
            // What a terminal would show.
            writeln!(console.out, "{}", answer.trim())?;
        }
        match Answer::of(&answer) {
            Some(Answer::Accept) if !can_be_accepted => {}
            Some(answer) => return Ok(answer),
            None => {}
        }
    }
}

/// The pending snapshots below a directory. What is hidden is passed over, and so are links to directories.
fn search(directory: &Path, depth: usize, entries: &mut usize, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error: io::Error| Failure::Usage(format!("{} cannot be listed: {error}", directory.display()));
    if depth > MOST_DEPTH {
        return Err(Failure::Usage(format!("{} is nested deeper than {MOST_DEPTH} directories", directory.display())));
    }
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        *entries += 1;
        if *entries > MOST_ENTRIES {
            return Err(Failure::Usage(format!(
                "there are more than {MOST_ENTRIES} files; name the directory of snapshots"
            )));
        }
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type().map_err(unreadable)?.is_dir() {
            if !name.starts_with('.') {
                search(&entry.path(), depth + 1, entries, paths)?;
            }
        } else if name.ends_with(PENDING) {
            paths.push(entry.path());
        }
    }
    Ok(())
}
