//! Searches stories that are drawn until something breaks that is not known, and says what, as JSON: what
//! `cargo xtask patches --explore` builds for each patch, because the whole command takes longer to build than to
//! search.
//!
//! `search SECONDS JOBS [KNOWN]`: for so long, with so many threads. KNOWN has the signatures, a line each, of what the
//! core breaks without any patch.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use autoenroll_explore::drive::{Part, drive};
use autoenroll_explore::random::Random;
use autoenroll_explore::shrink::shrink;
use autoenroll_scenario::{Library, LoadError, Loader};

/// The most things that are done in a story; the command's own search has as many.
const MOST_MOVES: usize = 24;

struct Fixtures(PathBuf);

impl Loader for Fixtures {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        fs::read_to_string(self.0.join(path)).map_err(|_| LoadError::Missing)
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let files = fs::read_dir(self.0.join(folder)).into_iter().flatten().flatten();
        let name = |file: fs::DirEntry| file.file_name().into_string().ok()?.strip_suffix(".toml").map(str::to_owned);
        let mut names: Vec<String> = files.filter_map(name).collect();
        names.sort();
        names
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("{what} is missing"));
    let length = Duration::from_secs(next("the number of seconds")?.parse()?);
    let jobs: NonZeroUsize = next("the number of threads")?.parse()?;
    let known: BTreeSet<String> = match arguments.next() {
        Some(path) => fs::read_to_string(path)?.lines().map(str::to_owned).collect(),
        None => BTreeSet::new(),
    };
    let library = Library::read(&Fixtures("fixtures".into()));
    let stories = Random::new(&library, MOST_MOVES);
    let (began, enough) = (Instant::now(), AtomicBool::new(false));
    let search_on = || !enough.load(Ordering::Relaxed) && began.elapsed() < length;
    let stops = !known.is_empty();
    let (mut told, mut broke, mut found) = (0_u64, BTreeSet::new(), None);
    drive(&stories, 0..u64::MAX, Part::WHOLE, jobs, &|| !search_on(), |number, outcome| {
        told += 1;
        let listed = outcome.listed.into_iter().map(|broken| (None, broken));
        let broken = outcome.broken.into_iter().map(|(story, broken)| (Some(story), broken));
        for (story, broken) in broken.chain(listed) {
            let signature = broken.signature();
            if found.is_none() && !known.contains(&signature) {
                found = Some((number, story, broken, began.elapsed()));
                // Without anything that is known this is the search that says what is.
                enough.store(stops, Ordering::Relaxed);
            }
            broke.insert(signature);
        }
        ControlFlow::Continue(())
    });
    let first = found.map(|(number, story, broken, after)| {
        let shrunk = story.and_then(|story| shrink(&story, &broken, &library));
        serde_json::json!({
            "number": number,
            "signature": broken.signature(),
            "reason": broken.reason,
            "seconds": after.as_secs_f64(),
            "steps": shrunk.map(|shrunk| shrunk.story.moves.len()),
        })
    });
    println!("{}", serde_json::json!({ "stories": told, "broke": broke, "first": first }));
    Ok(())
}
