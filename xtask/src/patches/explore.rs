//! `cargo xtask patches --explore`: bugs in the data flow of the core, one at a time, and whether a search finds them
//! that knows nothing of them.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::patch::Patch;
use super::switch::switched;
use super::workshop::{Ask, Explored, Finding, Workshop};

/// Where the patches are.
const DIRECTORY: &str = "crates/mutants/patches/explore";
/// The most things that are done in a story that says what is wrong.
const SHORT: usize = 12;
/// Where it is kept what searches came to, a line each.
const KEPT: &str = "target/patches/explored.jsonl";
/// So many findings of one search that the core makes without any patch are told from what the patch breaks one by one;
/// after that what is broken for the same reason is not looked at.
const MOST_OWN: usize = 20;

/// A search that is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Over {
    /// The program that searched: what another one came to does not count.
    program: String,
    /// The patch; `None` for the search without any.
    patch: Option<String>,
    /// How many seconds of processor time it had.
    budget: u64,
    explored: Explored,
    /// What it found that the core breaks without the patch too.
    own: BTreeSet<String>,
}

/// Builds a search in which every patch is behind a switch, and lets it go on with each until `seconds` of processor
/// time are spent, or until something is broken that the core does not break in the same story without any patch. A law
/// of order counts, although `explore` only lists it. What was searched is kept in [`KEPT`], and not searched again by
/// the same program.
///
/// # Errors
/// When a patch does not apply or the search does not compile.
pub(super) fn run(root: &Path, only: &[String], seconds: u64, jobs: usize) -> Result<(), String> {
    let patches = read_all(root)?;
    if let Some(unknown) = only.iter().find(|name| !patches.iter().any(|patch| patch.name == **name)) {
        return Err(format!("there is no patch `{unknown}` in {DIRECTORY}"));
    }
    let files = switched(&patches, |path| crate::tidy::read(root, path))?;
    let workshop = Workshop::open(root, &files)?;
    println!("The search is built, with every patch behind a switch.");
    workshop.build_search()?;
    let searches = Searches { workshop, program: String::new(), kept: root.join(KEPT), seconds, jobs };
    let searches = Searches { program: searches.workshop.digest()?, ..searches };
    println!("Without any patch: {}", told(&searches.one(0, None)?));
    let width = patches.iter().map(|patch| patch.name.len()).max().unwrap_or(0);
    let (mut all, mut found, mut short) = (0, 0, 0);
    for (at, patch) in patches.iter().enumerate().filter(|(_, patch)| only.is_empty() || only.contains(&patch.name)) {
        let over = searches.one(at + 1, Some(&patch.name))?;
        let first = over.explored.first.as_ref();
        let word = if first.is_some() { "found    " } else { "NOT FOUND" };
        all += 1;
        found += usize::from(first.is_some());
        short += usize::from(first.and_then(|finding| finding.steps).is_some_and(|steps| steps <= SHORT));
        println!("{word}  {:<width$}  {}  {}", patch.name, told(&over), patch.wrong);
    }
    println!("{found} of {all} found, {short} of them with at most {SHORT} steps");
    Ok(())
}

struct Searches {
    workshop: Workshop,
    program: String,
    kept: PathBuf,
    seconds: u64,
    jobs: usize,
}

impl Searches {
    /// What a search came to, now or before.
    fn one(&self, number: usize, patch: Option<&str>) -> Result<Over, String> {
        let kept = fs::read_to_string(&self.kept).unwrap_or_default();
        let is_it = |over: &Over| {
            let first = over.explored.first.as_ref().filter(|_| patch.is_some());
            let as_long =
                over.budget == self.seconds || first.is_some_and(|first| first.seconds <= self.seconds as f64);
            over.program == self.program && over.patch.as_deref() == patch && as_long
        };
        // What an older version has written is not read.
        if let Some(over) = kept.lines().filter_map(|line| serde_json::from_str(line).ok()).find(is_it) {
            return Ok(over);
        }
        let over = self.search(number, patch)?;
        let line = serde_json::to_string(&over).map_err(|error| error.to_string())?;
        let file = OpenOptions::new().create(true).append(true).open(&self.kept);
        let written = file.and_then(|mut file| writeln!(file, "{line}"));
        written.map_err(|error| format!("{}: {error}", self.kept.display()))?;
        Ok(over)
    }

    fn search(&self, number: usize, patch: Option<&str>) -> Result<Over, String> {
        let mut ask = Ask { seconds: self.seconds, jobs: self.jobs, from: 0 };
        // A search that knows nothing at all goes on to its end.
        let mut known = if patch.is_some() { BTreeSet::from(["nothing".to_owned()]) } else { BTreeSet::new() };
        let mut over = Over {
            program: self.program.clone(),
            patch: patch.map(str::to_owned),
            budget: self.seconds,
            explored: self.workshop.explore(number, &ask, &known)?,
            own: BTreeSet::new(),
        };
        let mut own = 0;
        while let Some(finding) = over.explored.first.take_if(|_| patch.is_some()) {
            if !self.workshop.again(&finding.story)?.contains(&finding.signature) {
                over.explored.first = Some(finding);
                break;
            }
            // The core itself breaks that: it is no sign of the patch.
            own += 1;
            if own >= MOST_OWN {
                known.insert(finding.signature.clone());
            }
            over.own.insert(finding.signature);
            let spent = over.explored.seconds;
            ask = Ask { seconds: self.seconds.saturating_sub(spent as u64), from: finding.number + 1, ..ask };
            let next = self.workshop.explore(number, &ask, &known)?;
            over.explored = Explored {
                stories: over.explored.stories + next.stories,
                moves: over.explored.moves + next.moves,
                seconds: spent + next.seconds,
                broke: over.explored.broke.into_iter().chain(next.broke).collect(),
                first: next.first.map(|first| Finding { seconds: spent + first.seconds, ..first }),
            };
        }
        Ok(over)
    }
}

fn read_all(root: &Path) -> Result<Vec<Patch>, String> {
    let paths = crate::tidy::files(root, DIRECTORY, super::ENDING)?;
    paths.iter().map(|path| Patch::parse_unnoticed(&super::name(path), &crate::tidy::read(root, path)?)).collect()
}

/// What a search came to, in a line.
fn told(over: &Over) -> String {
    let explored = &over.explored;
    let first = match &explored.first {
        Some(Finding { number, signature, seconds, steps, .. }) => {
            let steps = steps.map_or_else(|| "not again".to_owned(), |steps| format!("{steps} steps"));
            format!("the first after {seconds:.1} s is in {number} ({steps}), {signature}")
        }
        None => "nothing new".to_owned(),
    };
    format!("{} stories in {:.1} s of processor time: {first}", explored.stories, explored.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_patch_can_be_switched() {
        let root = crate::root();
        let patches = read_all(&root).unwrap();
        assert_eq!(patches.len(), 30);
        switched(&patches, |path| crate::tidy::read(&root, path)).unwrap();
    }
}
