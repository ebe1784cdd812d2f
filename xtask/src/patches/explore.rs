//! `cargo xtask patches --explore`: bugs in the data flow of the core, one at a time, and whether a search finds them
//! that knows nothing of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::patch::Patch;
use super::workshop::{Explored, Workshop};

/// Where the patches are.
const DIRECTORY: &str = "crates/mutants/patches/explore";

/// Applies each patch to a copy of the workspace, builds the command there and lets it explore for `seconds`. The
/// command plays the same numbers without any patch: what a number breaks there, too, does not count, whatever the law.
/// A law of order counts, although `explore` only lists it.
///
/// # Errors
/// When a patch does not apply or does not compile.
pub(super) fn run(root: &Path, only: &[String], seconds: u64) -> Result<(), String> {
    let patches = read_all(root)?;
    let patches: Vec<&Patch> = patches.iter().filter(|patch| only.is_empty() || only.contains(&patch.name)).collect();
    let workshop = Workshop::open(root)?;
    println!("The copy is built, without any patch.");
    workshop.build_for_search()?;
    let clean = workshop.explore(Duration::from_secs(seconds), None)?;
    println!("Without any patch: {}", clean.told());
    let width = patches.iter().map(|patch| patch.name.len()).max().unwrap_or(0);
    let (mut found, mut searched) = (0, Duration::ZERO);
    for patch in &patches {
        let changed: BTreeMap<String, String> = patch.apply(|path| workshop.read(path))?;
        let explored = workshop.with_changes(&changed, || {
            workshop.build_for_search()?;
            let began = Instant::now();
            let explored = workshop.explore(Duration::from_secs(seconds), Some(clean.stories));
            searched += began.elapsed();
            explored
        })?;
        let explored = explored.beside(&clean);
        let word = if explored.broke.is_empty() { "NOT FOUND" } else { "found    " };
        found += usize::from(!explored.broke.is_empty());
        println!("{word}  {:<width$}  {}  {}", patch.name, explored.told(), patch.wrong);
    }
    println!("{found} of {} found; explored for {:.0} s", patches.len(), searched.as_secs_f64());
    Ok(())
}

fn read_all(root: &Path) -> Result<Vec<Patch>, String> {
    let paths = crate::tidy::files(root, DIRECTORY, super::ENDING)?;
    paths.iter().map(|path| Patch::parse_unnoticed(&super::name(path), &crate::tidy::read(root, path)?)).collect()
}

impl Explored {
    /// Without what the same numbers break in another search.
    fn beside(self, other: &Self) -> Self {
        Self { broke: self.broke.difference(&other.broke).cloned().collect(), ..self }
    }

    /// What was found, in a line.
    fn told(&self) -> String {
        let first = match self.broke.first() {
            Some((number, signature)) => format!("the first is {number}, {signature}"),
            None => "nothing".to_owned(),
        };
        let (took, many) = (self.took.as_secs_f64(), self.broke.len());
        format!("{} stories in {took:.1} s, {many} broke something: {first}", self.stories)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_clean_core_breaks_with_the_same_number_does_not_count() {
        let explored = |broke: &[(u64, &str)]| Explored {
            stories: 10,
            broke: broke.iter().map(|(number, signature)| (*number, (*signature).to_owned())).collect(),
            took: Duration::ZERO,
        };
        let clean = explored(&[(3, "pin-given"), (7, "enrolled")]);
        let check = |patched: &[(u64, &str)], expected: &[(u64, &str)]| {
            assert_eq!(explored(patched).beside(&clean).broke, explored(expected).broke);
        };
        check(&[(3, "pin-given")], &[]);
        check(&[(3, "pin-given"), (4, "pin-given")], &[(4, "pin-given")]);
        check(&[(3, "enrolled")], &[(3, "enrolled")]);
    }
}
