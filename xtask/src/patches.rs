//! `cargo xtask patches`: changes of the sources that make the core wrong, one at a time, and whether the scenario that
//! each names notices. They are for bugs that no wrapper around a core can plant.

mod explore;
mod patch;
mod switch;
mod workshop;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use clap::Args;

pub(crate) use self::patch::Patch;
use self::workshop::Verdict;
pub(crate) use self::workshop::{Explored, Workshop, within};

/// Where the patches are.
const DIRECTORY: &str = "crates/mutants/patches";
/// Below it, those that no scenario has to notice, though some may: bugs in the core's data flow, for an explorer to
/// find by itself.
const UNNOTICED: &str = "crates/mutants/patches/explore/";
/// What their names end in.
const ENDING: &str = ".patch";

#[derive(Args)]
pub(crate) struct Options {
    /// Only the patch of this name; may be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// The patches of `explore/`, which no scenario has to notice: whether a search finds each.
    #[arg(long)]
    explore: bool,
    /// How long each is explored for, in seconds of processor time: ten minutes of two cores.
    #[arg(long, value_name = "SECONDS", default_value_t = 1200, requires = "explore")]
    seconds: u64,
    /// With how many threads.
    #[arg(long, value_name = "N", default_value_t = 2, requires = "explore")]
    jobs: usize,
}

/// Applies each patch to a copy of the workspace, builds the command there and runs the scenario, which has to fail.
///
/// # Errors
/// When a patch does not apply, does not compile, or is not noticed; when a scenario fails without any patch.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let began = Instant::now();
    let root = crate::root();
    if options.explore {
        return explore::run(&root, &options.only, options.seconds, options.jobs);
    }
    let patches = chosen(read_all(&root)?, &options.only)?;
    let workshop = Workshop::open(&root, &BTreeMap::new())?;
    println!("The copy is built, without any patch.");
    workshop.build()?;
    let mut wrong: Vec<String> = Vec::new();
    for patch in &patches {
        if let Some(reason) = failure(&workshop, patch)? {
            wrong.push(format!("{} fails without any patch: {reason}", patch.scenario));
        }
    }
    println!("Ready after {:.0} s.", began.elapsed().as_secs_f64());
    let width = patches.iter().map(|patch| patch.name.len()).max().unwrap_or(0);
    for patch in &patches {
        let one = Instant::now();
        let fate = fate(&workshop, patch);
        let seconds = one.elapsed().as_secs_f64();
        let (word, what) = match &fate {
            Ok(how) => ("caught  ", how),
            Err(reason) => ("SURVIVED", reason),
        };
        println!("{word}  {:<width$} {seconds:>5.1} s  {}  {what}", patch.name, patch.scenario);
        wrong.extend(fate.err().map(|reason| format!("{}: {reason}", patch.name)));
    }
    println!("{} patches, {} wrong, in {:.0} s", patches.len(), wrong.len(), began.elapsed().as_secs_f64());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n  ")) }
}

/// What the scenario says of the patch; an error when it notices nothing.
fn fate(workshop: &Workshop, patch: &Patch) -> Result<String, String> {
    let changed = patch.apply(|path| workshop.read(path))?;
    let outcome = workshop.with_changes(&changed, || {
        workshop.build()?;
        failure(workshop, patch)
    });
    outcome?.ok_or_else(|| format!("{} passes: {}", patch.scenario, patch.wrong))
}

/// Why the scenario of a patch fails; `None` when it passes.
fn failure(workshop: &Workshop, patch: &Patch) -> Result<Option<String>, String> {
    match workshop.play(&patch.scenario_file())? {
        Verdict::Passed => Ok(None),
        Verdict::Failed(reason) => Ok(Some(reason)),
    }
}

/// Every patch of the repository that a scenario has to notice, by name.
///
/// # Errors
/// When a file cannot be read or is no patch.
fn read_all(root: &Path) -> Result<Vec<Patch>, String> {
    let paths = crate::tidy::files(root, DIRECTORY, ENDING)?;
    let noticed = paths.iter().filter(|path| !path.starts_with(UNNOTICED));
    noticed.map(|path| Patch::parse(&name(path), &crate::tidy::read(root, path)?)).collect()
}

fn chosen(all: Vec<Patch>, only: &[String]) -> Result<Vec<Patch>, String> {
    if let Some(unknown) = only.iter().find(|name| !all.iter().any(|patch| patch.name == **name)) {
        let names: Vec<&str> = all.iter().map(|patch| patch.name.as_str()).collect();
        return Err(format!("there is no patch `{unknown}` in {DIRECTORY}; there are {}", names.join(", ")));
    }
    Ok(all.into_iter().filter(|patch| only.is_empty() || only.contains(&patch.name)).collect())
}

/// What is wrong with the patches of the repository: those that are none, that no longer apply, or whose scenario does
/// not exist.
///
/// # Errors
/// When the directory cannot be listed.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for path in crate::tidy::files(root, DIRECTORY, ENDING)? {
        let found = crate::tidy::read(root, &path).and_then(|text| {
            let unnoticed = path.starts_with(UNNOTICED);
            let patch = if unnoticed { Patch::parse_unnoticed } else { Patch::parse }(&name(&path), &text)?;
            patch.apply(|changed| crate::tidy::read(root, changed))?;
            if unnoticed {
                return Ok(());
            }
            let scenario = patch.scenario_file();
            if root.join(&scenario).exists() { Ok(()) } else { Err(format!("there is no scenario {scenario}")) }
        });
        findings.extend(found.err().map(|reason| format!("{path}: {reason}")));
    }
    Ok(findings)
}

/// The name of a patch: that of its file.
fn name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.trim_end_matches(ENDING).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_patches_and_each_has_a_name_of_its_own() {
        let patches = read_all(&crate::root()).unwrap();
        assert!(!patches.is_empty());
        for name in patches.iter().map(|patch| patch.name.clone()) {
            assert_eq!(chosen(patches.clone(), std::slice::from_ref(&name)).unwrap().len(), 1, "{name}");
        }
        let error = chosen(patches, &["no-such-patch".to_owned()]).unwrap_err();
        assert!(
            error.starts_with("there is no patch `no-such-patch` in crates/mutants/patches; there are "),
            "{error}"
        );
    }
}
