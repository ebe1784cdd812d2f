//! Scenarios of the repository and its fixtures, for tests that play them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use autoenroll_scenario::{Bundle, Library, Requirement, Requirements, Scenario, check};

/// The scenarios of a text, one for each variant; there must be nothing wrong with it.
pub(crate) fn scenarios(name: &str, text: &[u8]) -> Vec<Scenario> {
    let checked = check(name, text, &FIXTURES, &AnyRequirement);
    assert!(!checked.found.has_errors(), "{}", checked.found.render(&checked.files, false));
    checked.scenarios
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

static FIXTURES: LazyLock<Library> = LazyLock::new(|| {
    let fixtures = root().join("fixtures");
    let mut bundle = Bundle::new().with("oids.toml", &fs::read_to_string(fixtures.join("oids.toml")).unwrap());
    for folder in ["worlds", "templates", "cards"] {
        for path in fs::read_dir(fixtures.join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            bundle = bundle.with(&format!("{folder}/{name}"), &fs::read_to_string(&path).unwrap());
        }
    }
    Library::read(&bundle)
});

/// Which requirements a scenario shows is not judged here.
pub(crate) struct AnyRequirement;

impl Requirements for AnyRequirement {
    fn find(&self, _id: &str) -> Requirement {
        Requirement::Described
    }
}
