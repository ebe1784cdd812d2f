//! `cargo xtask patches --explore`: bugs in the data flow of the core, one at a time, and whether a search finds them
//! that knows nothing of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::patch::Patch;
use super::workshop::{Explored, Workshop};

/// Where the patches are.
const DIRECTORY: &str = "crates/mutants/patches/explore";

/// Applies each patch to a copy of the workspace, builds the command there and lets it explore for `seconds`. What the
/// command finds without any patch does not count.
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
            let explored = workshop.explore(Duration::from_secs(seconds), Some(&clean));
            searched += began.elapsed();
            explored
        })?;
        let word = if explored.findings.is_empty() { "NOT FOUND" } else { "found    " };
        found += usize::from(!explored.findings.is_empty());
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
    /// What was found, in a line.
    fn told(&self) -> String {
        let first = self.findings.first().map_or("nothing", String::as_str);
        format!(
            "{} stories in {:.1} s, {} findings: {first}",
            self.stories,
            self.took.as_secs_f64(),
            self.findings.len()
        )
    }
}
