//! The suite of the repository against mutants.
#![cfg(feature = "planted-bugs")]

use std::fs;
use std::path::{Path, PathBuf};

use autoenroll_mutants::{Hunt, Mutant, PlantedBug, Story, run_mutants};
use autoenroll_scenario::{ByPrefix, LoadError, Loader, check};

/// The fixtures of the repository.
struct Fixtures;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Loader for Fixtures {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        fs::read_to_string(root().join("fixtures").join(path)).map_err(|_| LoadError::Missing)
    }

    fn list(&self, _folder: &str) -> Vec<String> {
        vec![]
    }
}

/// Every scenario of the repository that can be run.
fn stories() -> Vec<Story> {
    let mut folders = vec![root().join("scenarios")];
    let mut stories = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml") {
                let name = path.strip_prefix(root().join("scenarios")).unwrap().with_extension("");
                let name = name.to_str().unwrap().to_owned();
                let checked = check(&name, &fs::read(&path).unwrap(), &Fixtures, &ByPrefix);
                assert!(!checked.found.has_errors(), "{}", checked.found.render(&checked.files, false));
                stories.extend(checked.scenarios.into_iter().map(|scenario| Story {
                    name: match &scenario.variant {
                        Some(variant) => format!("{name}[{variant}]"),
                        None => name.clone(),
                    },
                    scenario,
                }));
            }
        }
    }
    stories
}

#[test]
fn every_planted_bug_is_caught_by_the_scenario_it_names() {
    let mutants: Vec<Mutant> = PlantedBug::ALL.iter().copied().map(Mutant::Planted).collect();
    let report = run_mutants(&stories(), &mutants, Hunt::default(), |_| {});
    println!("{}", report.to_text());
    assert!(report.all_caught() && report.broken.is_empty(), "{}", report.to_text());
}
