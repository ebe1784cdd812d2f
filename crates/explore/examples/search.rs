//! Searches stories that grow in worlds that are drawn, and from those of the suite, until something breaks that is not
//! known, and says what, as JSON: what `cargo xtask patches --explore` builds for each patch, because the whole command
//! takes longer to build than to search.
//!
//! `search SECONDS JOBS FROM [KNOWN]`: until so much processor time is spent, with so many threads, from the group of
//! that number on. KNOWN has the signatures, a line each, of what the core breaks without any patch.
//! `search again FILE`: what the story in a file breaks.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use autoenroll_explore::drive::{Part, drive};
use autoenroll_explore::file::Bench;
use autoenroll_explore::grown::Grown;
use autoenroll_explore::law::Broken;
use autoenroll_explore::neighbours::as_story;
use autoenroll_explore::shrink::shrink;
use autoenroll_explore::stage::Stage;
use autoenroll_scenario::{Library, LoadError, Loader, Requirement, Requirements, Scenario, check};
use rustix::time::{ClockId, clock_gettime};

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

/// What a scenario covers does not count here.
struct Anything;

impl Requirements for Anything {
    fn find(&self, _id: &str) -> Requirement {
        Requirement::Described
    }
}

/// Every variant of every scenario below a folder.
fn scenarios(folder: &Path, library: &Library, into: &mut Vec<Scenario>) -> Result<(), Box<dyn Error>> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, io::Error>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            scenarios(&path, library, into)?;
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            into.extend(check(&path.display().to_string(), &fs::read(&path)?, library, &Anything).scenarios);
        }
    }
    Ok(())
}

/// The processor time of all threads so far.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("{what} is missing"));
    let first = next("the number of seconds")?;
    let library = Library::read(&Fixtures("fixtures".into()));
    let bench = Bench { library: &library, requirements: &Anything };
    if first == "again" {
        let broke = broken_again(&fs::read_to_string(next("the file")?)?, bench)?;
        println!("{}", serde_json::json!(broke));
        return Ok(());
    }
    let length = Duration::from_secs(first.parse()?);
    let jobs: NonZeroUsize = next("the number of threads")?.parse()?;
    let from: u64 = next("the first group")?.parse()?;
    let known: BTreeSet<String> = match arguments.next() {
        Some(path) => fs::read_to_string(path)?.lines().map(str::to_owned).collect(),
        None => BTreeSet::new(),
    };
    println!("{}", search(length, jobs, from, &known, bench)?);
    Ok(())
}

/// The signatures of what a story breaks when it is played again.
fn broken_again(text: &str, bench: Bench<'_>) -> Result<Vec<String>, Box<dyn Error>> {
    let checked = check("story.toml", text.as_bytes(), bench.library, bench.requirements);
    let scenario = checked.scenarios.first().ok_or("the file is no scenario")?;
    let story = as_story(scenario, bench)?;
    let replayed = Stage::open(story.setup.clone(), bench.library)?.replay(&story.moves, story.end);
    Ok(replayed.broken.iter().chain(&replayed.listed).map(Broken::signature).collect())
}

fn search(
    length: Duration,
    jobs: NonZeroUsize,
    from: u64,
    known: &BTreeSet<String>,
    bench: Bench<'_>,
) -> Result<serde_json::Value, Box<dyn Error>> {
    let mut suite = Vec::new();
    scenarios(Path::new("scenarios"), bench.library, &mut suite)?;
    let stories = Grown::new(&suite, bench, MOST_MOVES);
    let (began, enough) = (spent(), AtomicBool::new(false));
    let search_on = || !enough.load(Ordering::Relaxed) && spent() - began < length;
    let stops = !known.is_empty();
    let (mut told, mut done, mut broke, mut found) = (0_u64, 0_u64, BTreeSet::new(), None);
    drive(&stories, from..u64::MAX, Part::WHOLE, jobs, &|| !search_on(), |number, outcome| {
        told += outcome.stories;
        done += outcome.moves;
        for (story, broken) in outcome.broken.into_iter().chain(outcome.listed) {
            let signature = broken.signature();
            if found.is_none() && !known.contains(&signature) {
                found = Some((number, story, broken, spent() - began));
                // Without anything that is known this is the search that says what is.
                enough.store(stops, Ordering::Relaxed);
            }
            broke.insert(signature);
        }
        if enough.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let seconds = (spent() - began).as_secs_f64();
    let first = found.map(|(number, story, broken, after)| {
        let shrunk = shrink(&story, &broken, bench.library);
        serde_json::json!({
            "number": number,
            "signature": broken.signature(),
            "reason": broken.reason,
            "seconds": after.as_secs_f64(),
            "steps": shrunk.as_ref().map(|shrunk| shrunk.story.moves.len()),
            "story": shrunk.map_or(story, |shrunk| shrunk.story).file("As short as it gets"),
        })
    });
    Ok(serde_json::json!({ "stories": told, "moves": done, "seconds": seconds, "broke": broke, "first": first }))
}
