//! Scenarios to run: those of the repository, and some that a test writes itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use autoenroll_mutants::Story;
use autoenroll_scenario::{Bundle, ByPrefix, Library, check};

/// The fixtures of the repository.
static FIXTURES: LazyLock<Library> = LazyLock::new(|| {
    let fixtures = root().join("fixtures");
    let mut bundle = Bundle::new().with("oids.toml", &read_file(&fixtures.join("oids.toml")));
    for folder in ["worlds", "templates", "cards"] {
        for entry in fs::read_dir(fixtures.join(folder)).expect("the folder is part of the repository") {
            let path = entry.expect("it can be listed").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("names of fixtures are ASCII");
            bundle = bundle.with(&format!("{folder}/{name}"), &read_file(&path));
        }
    }
    Library::read(&bundle)
});

fn read_file(path: &Path) -> String {
    fs::read_to_string(path).expect("a file of the repository can be read")
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
                let text = read_file(&path);
                stories.extend(read(name.to_str().expect("names of scenarios are ASCII"), &text));
            }
        }
    }
    stories
}

/// The variants of one scenario.
pub(crate) fn read(name: &str, text: &str) -> Vec<Story> {
    let checked = check(name, text.as_bytes(), &FIXTURES, &ByPrefix);
    assert!(!checked.found.has_errors(), "{}", checked.found.render(&checked.files, false));
    let name_of = |variant: &Option<String>| match variant {
        Some(variant) => format!("{name}[{variant}]"),
        None => name.to_owned(),
    };
    let story = |scenario: autoenroll_scenario::Scenario| Story { name: name_of(&scenario.variant), scenario };
    checked.scenarios.into_iter().map(story).collect()
}
