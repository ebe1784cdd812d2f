//! Scenarios to run: those of the repository, and some that a test writes itself.

use std::fs;
use std::path::{Path, PathBuf};

use autoenroll_mutants::Story;
use autoenroll_scenario::{ByPrefix, LoadError, Loader, check};

/// The fixtures of the repository.
struct Fixtures;

impl Loader for Fixtures {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        fs::read_to_string(root().join("fixtures").join(path)).map_err(|_| LoadError::Missing)
    }

    fn list(&self, _folder: &str) -> Vec<String> {
        vec![]
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every scenario of the repository, under its path without ending.
pub(crate) fn of_the_suite() -> Vec<Story> {
    let all = root().join("scenarios");
    let mut folders = vec![all.clone()];
    let mut stories = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is part of the repository") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml") {
                let name = path.strip_prefix(&all).expect("it was found there").with_extension("");
                let text = fs::read_to_string(&path).expect("it was just listed");
                stories.extend(read(name.to_str().expect("names of scenarios are ASCII"), &text));
            }
        }
    }
    stories
}

/// The variants of one scenario.
pub(crate) fn read(name: &str, text: &str) -> Vec<Story> {
    let checked = check(name, text.as_bytes(), &Fixtures, &ByPrefix);
    assert!(!checked.found.has_errors(), "{}", checked.found.render(&checked.files, false));
    let name_of = |variant: &Option<String>| match variant {
        Some(variant) => format!("{name}[{variant}]"),
        None => name.to_owned(),
    };
    let story = |scenario: autoenroll_scenario::Scenario| Story { name: name_of(&scenario.variant), scenario };
    checked.scenarios.into_iter().map(story).collect()
}
