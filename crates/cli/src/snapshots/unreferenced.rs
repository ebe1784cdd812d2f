//! Snapshots that no story refers to any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::names::{ACCEPTED, PENDING, StoryName, stem};
use super::snapshot::{MOST_BYTES, Snapshot};
use crate::suite::{self, Story};
use crate::{Failure, file};

/// The most files that a directory of snapshots may have.
pub(crate) const MOST_FILES: usize = 100_000;

/// A snapshot without a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreferenced {
    pub(crate) file: PathBuf,
    pub(crate) kind: Kind,
    /// Why, as the end of a sentence about it.
    pub(crate) why: String,
}

/// How a snapshot lost its story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The story is gone.
    Obsolete,
    /// No story has a snapshot of that name, whatever it says itself.
    Unreferenced,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Obsolete => "obsolete",
            Self::Unreferenced => "unreferenced",
        }
    }
}

/// The snapshots of a directory that no story refers to, sorted by name. What is no snapshot, or cannot be read as one,
/// is left alone, and so is what belongs to a story that is there and was not played.
pub(crate) fn unreferenced(
    directory: &Path,
    base: &Path,
    names: &BTreeMap<String, StoryName>,
    stories: &[Story],
) -> Result<Vec<Unreferenced>, Failure> {
    let unreadable =
        |error: std::io::Error| Failure::Usage(format!("{} cannot be listed: {error}", directory.display()));
    let referenced: BTreeSet<String> = names.values().map(|name| stem(&name.story)).collect();
    let played: BTreeSet<&str> = names.values().filter_map(|name| name.file.as_deref()).collect();
    let played_of_suite: BTreeSet<&str> =
        stories.iter().filter(|story| story.source.file.is_none()).map(|story| story.source.name.as_str()).collect();
    let mut found = Vec::new();
    for (number, entry) in fs::read_dir(directory).map_err(unreadable)?.enumerate() {
        if number >= MOST_FILES {
            return Err(Failure::Usage(format!("{} has more than {MOST_FILES} files", directory.display())));
        }
        let file = entry.map_err(unreadable)?.path();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(own_stem) = name.strip_suffix(PENDING).or_else(|| name.strip_suffix(ACCEPTED)) else { continue };
        if referenced.contains(own_stem) {
            continue;
        }
        let Some(snapshot) = file::read(&file, MOST_BYTES).ok().and_then(|bytes| Snapshot::parse(&bytes).ok()) else {
            continue;
        };
        let StoryName { story, file: of } = &snapshot.name;
        let lost = if stem(story) != own_stem {
            Some((Kind::Unreferenced, format!("the snapshot of {story} has another name, {}{ACCEPTED}", stem(story))))
        } else if let Some(path) = of {
            // What is not told as it is cannot be looked for.
            let is_lossy = path.contains(['\\', '\u{fffd}']);
            match (is_lossy || base.join(path).exists(), played.contains(path.as_str())) {
                (false, _) => Some((Kind::Obsolete, format!("the file {path} is gone"))),
                (true, true) => Some((Kind::Obsolete, format!("the file {path} has no such story any more"))),
                (true, false) => None,
            }
        } else {
            let scenario = story.split('[').next().unwrap_or_default();
            let is_gone = !suite::has(scenario) || played_of_suite.contains(scenario);
            is_gone.then(|| (Kind::Obsolete, format!("the suite has no {story}")))
        };
        if let Some((kind, why)) = lost {
            found.push(Unreferenced { file, kind, why });
        }
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(found)
}
