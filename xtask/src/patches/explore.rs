//! `cargo xtask patches --explore`: bugs in the data flow of the core, one at a time, and whether a search finds them
//! that knows nothing of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use super::patch::Patch;
use super::workshop::{Explored, Finding, Workshop};

/// Where the patches are.
const DIRECTORY: &str = "crates/mutants/patches/explore";
/// The most things that are done in a story that says what is wrong.
const SHORT: usize = 12;

/// Applies each patch to a copy of the workspace, builds a search of it and lets that go on for `seconds`, or until
/// something is broken that the core does not break without any patch in the same time: another law, or for another
/// reason. A law of order counts, although `explore` only lists it.
///
/// # Errors
/// When a patch does not apply or does not compile.
pub(super) fn run(root: &Path, only: &[String], seconds: u64, jobs: usize) -> Result<(), String> {
    let patches = read_all(root)?;
    let patches: Vec<&Patch> = patches.iter().filter(|patch| only.is_empty() || only.contains(&patch.name)).collect();
    let workshop = Workshop::open(root)?;
    println!("The copy is built, without any patch.");
    workshop.build_search()?;
    let clean = workshop.explore(seconds, jobs, &BTreeSet::new())?;
    println!("Without any patch: {}", told(&clean));
    let known = known(&clean);
    let width = patches.iter().map(|patch| patch.name.len()).max().unwrap_or(0);
    let (mut found, mut short) = (0, 0);
    for patch in &patches {
        let began = Instant::now();
        let changed: BTreeMap<String, String> = patch.apply(|path| workshop.read(path))?;
        let mut built = 0.0;
        let explored = workshop.with_changes(&changed, || {
            workshop.build_search()?;
            built = began.elapsed().as_secs_f64();
            workshop.explore(seconds, jobs, &known)
        })?;
        let word = if explored.first.is_some() { "found    " } else { "NOT FOUND" };
        found += usize::from(explored.first.is_some());
        let is_short = |finding: &Finding| finding.steps.is_some_and(|steps| steps <= SHORT);
        short += usize::from(explored.first.as_ref().is_some_and(is_short));
        println!("{word}  {:<width$}  built in {built:.0} s; {}  {}", patch.name, told(&explored), patch.wrong);
    }
    println!("{found} of {} found, {short} of them with at most {SHORT} steps", patches.len());
    Ok(())
}

/// What the core breaks without any patch; a line that nothing breaks stands for nothing.
fn known(clean: &Explored) -> BTreeSet<String> {
    if clean.broke.is_empty() { BTreeSet::from(["nothing".to_owned()]) } else { clean.broke.clone() }
}

fn read_all(root: &Path) -> Result<Vec<Patch>, String> {
    let paths = crate::tidy::files(root, DIRECTORY, super::ENDING)?;
    paths.iter().map(|path| Patch::parse_unnoticed(&super::name(path), &crate::tidy::read(root, path)?)).collect()
}

/// What a search came to, in a line.
fn told(explored: &Explored) -> String {
    let first = match &explored.first {
        Some(Finding { number, signature, seconds, steps }) => {
            let steps = steps.map_or_else(|| "not again".to_owned(), |steps| format!("{steps} steps"));
            format!("the first after {seconds:.1} s is {number} ({steps}), {signature}")
        }
        None => "nothing new".to_owned(),
    };
    format!("{} stories: {first}", explored.stories)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_clean_core_breaks_is_known() {
        let explored = |broke: &[&str]| Explored {
            stories: 10,
            broke: broke.iter().map(|signature| (*signature).to_owned()).collect(),
            first: None,
        };
        assert_eq!(known(&explored(&["pin-given: x", "enrolled: y"])).len(), 2);
        // A search that knows nothing at all would not stop.
        assert_eq!(known(&explored(&[])), BTreeSet::from(["nothing".to_owned()]));
    }
}
