//! Snapshots of what stories come to: what was accepted is compared, what differs waits beside it for
//! `autoenroll review`.
//!
//! A run writes pending snapshots only, and nothing at all where `CI` is set. [`crate::review`] accepts them.

pub(crate) mod compared;
pub(crate) mod difference;
mod layer;
pub(crate) mod names;
pub(crate) mod snapshot;
mod unreferenced;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use autoenroll_trace::Trace;

pub(crate) use layer::Layer;
pub(crate) use unreferenced::{Unreferenced, unreferenced};

use crate::runner::{Played, Verdict};
use crate::suite::Story;
use crate::{Failure, file};
use compared::{Compared, State};
use names::{ACCEPTED, PENDING, StoryName, stem};
use snapshot::{MOST_BYTES, Snapshot, Unreadable};

/// The snapshots of one directory, during a run.
#[derive(Debug)]
pub(crate) struct Snapshots {
    directory: PathBuf,
    /// Where the paths of stories begin: the directory that holds that of the snapshots.
    base: PathBuf,
    layer: Layer,
    writes: bool,
    /// The names of the stories that are played, by their names in this run.
    names: BTreeMap<String, StoryName>,
}

/// Whether this is a CI system, where nothing is written that a person should review. Most set `CI` to `true`.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}

impl Snapshots {
    /// Those of a directory, which is made when it is not there.
    ///
    /// # Errors
    /// When it cannot be made or is none, and when two stories would have one file.
    pub(crate) fn open(directory: &Path, layer: Layer, stories: &[Story]) -> Result<Self, Failure> {
        let shown = directory.display();
        let writes = !is_ci();
        if writes {
            fs::create_dir_all(directory)
                .map_err(|error| Failure::Usage(format!("{shown} cannot be a directory of snapshots: {error}")))?;
        }
        if !directory.is_dir() {
            let why = if writes { "" } else { ", and none is made because CI is set" };
            return Err(Failure::Usage(format!("{shown} is no directory of snapshots{why}")));
        }
        let unusable = |error: io::Error| Failure::Usage(format!("{shown} cannot be used: {error}"));
        let absolute = directory.canonicalize().map_err(unusable)?;
        let base = absolute.parent().unwrap_or(&absolute).to_owned();
        let (mut names, mut files) = (BTreeMap::new(), BTreeMap::<String, &str>::new());
        for story in stories {
            let name = StoryName::of(story, &base)?;
            let stem = stem(&name.story);
            if let Some(other) = files.insert(stem.clone(), &story.name) {
                let one = &story.name;
                return Err(Failure::Usage(format!(
                    "{other} and {one} would both have the snapshot {stem}{ACCEPTED}; run them with directories of their own"
                )));
            }
            names.insert(story.name.clone(), name);
        }
        Ok(Self { directory: directory.to_owned(), base, layer, writes, names })
    }

    /// What is to be kept of a story that was played; nothing when the bench failed, or the trace is not the story's.
    pub(crate) fn take(&self, played: &Played, trace: &Trace) -> Option<Snapshot> {
        let passed = match &played.verdict {
            Verdict::Passed => true,
            Verdict::Failed(_) | Verdict::Known(_) => false,
            Verdict::Bench(_) => return None,
        };
        Some(Snapshot::of(self.names.get(&played.name)?.clone(), &played.profile, passed, self.layer, trace))
    }

    /// Compares what came with what was accepted. A difference fails the story, and what came is written beside it.
    pub(crate) fn judge(&self, came: &Snapshot, played: &mut Played) {
        let stem = stem(&came.name.story);
        let (file, beside) = (self.directory.join(stem.clone() + ACCEPTED), self.directory.join(stem + PENDING));
        let shown = file.display();
        let (state, what) = match file::read(&file, MOST_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                (State::New, format!("it has no snapshot {shown}"))
            }
            Err(error) => (State::Unreadable, format!("its snapshot {shown} cannot be read: {error}")),
            Ok(bytes) => match Snapshot::parse(&bytes) {
                Err(unreadable) => (State::Unreadable, format!("its snapshot {shown} {unreadable}")),
                Ok(accepted) => {
                    let lines = difference::lines(&accepted, came);
                    let state = if lines.is_empty() { State::Same } else { State::Differs };
                    let lines = difference::shortened(lines).join("\n");
                    (state, format!("its snapshot {shown} differs, - is accepted and + came:\n\n{lines}\n"))
                }
            },
        };
        let mut compared = Compared { file, state, pending: None, unwritten: None };
        if self.writes {
            let written = if state == State::Same { remove(&beside) } else { put(&beside, &came.to_text()) };
            match written {
                Ok(()) if state == State::Same => {}
                Ok(()) => compared.pending = Some(beside),
                Err(error) => compared.unwritten = Some(format!("{} cannot be written: {error}", beside.display())),
            }
        }
        if state != State::Same {
            let next = match (&compared.pending, &compared.unwritten) {
                (Some(_), _) => {
                    format!("`autoenroll review {}` accepts or rejects what came", self.directory.display())
                }
                (None, Some(unwritten)) => unwritten.clone(),
                (None, None) => "nothing is written because CI is set".to_owned(),
            };
            fail(played, &format!("{what}\n{next}"));
        }
        played.snapshot = Some(compared);
    }

    /// The files in the directory that no story refers to any more.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub(crate) fn unreferenced(&self, stories: &[Story]) -> Result<Vec<Unreferenced>, Failure> {
        unreferenced(&self.directory, &self.base, &self.names, stories)
    }
}

/// Makes a failure of the verdict, behind what failed before.
fn fail(played: &mut Played, text: &str) {
    match &mut played.verdict {
        Verdict::Failed(reason) => *reason = format!("{}\n\n{text}\n", reason.trim_end()),
        Verdict::Passed => played.verdict = Verdict::Failed(format!("{text}\n")),
        Verdict::Known(_) | Verdict::Bench(_) => {}
    }
}

/// Writes a file as a whole, unless it holds that already.
fn put(path: &Path, text: &str) -> io::Result<()> {
    if u64::try_from(text.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {} MiB", MOST_BYTES >> 20)));
    }
    if file::read(path, MOST_BYTES).is_ok_and(|bytes| bytes == text.as_bytes()) {
        return Ok(());
    }
    file::put(path, text.as_bytes())
}

/// Removes what waits for a story that is as it was accepted.
fn remove(pending: &Path) -> io::Result<()> {
    // A file of something else stays.
    let own = file::read(pending, MOST_BYTES).is_ok_and(|bytes| Snapshot::parse(&bytes) != Err(Unreadable::NotOne));
    if own { fs::remove_file(pending) } else { Ok(()) }
}
