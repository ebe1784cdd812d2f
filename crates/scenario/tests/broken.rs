//! Every file of `tests/broken` has something wrong; the snapshots beside them show what its author reads.

mod loaded;

use std::path::{Path, PathBuf};

use autoenroll_scenario::{Bundle, ByPrefix, Catalogue, Code, Library, LoadError, Loader, check};

#[test]
#[expect(clippy::disallowed_methods, reason = "the files are the test's data")]
fn every_broken_file_says_what_is_wrong_and_where() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/broken");
    let entries = std::fs::read_dir(&folder).expect("the folder is part of the repository");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    assert!(files.len() >= 30, "{}", files.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder.join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut shown: Vec<Code> = Vec::new();
    settings.bind(|| {
        for path in files {
            let bytes = std::fs::read(&path).expect("the file was just listed");
            let name = path.file_name().and_then(|name| name.to_str()).expect("file names here are ASCII");
            shown.extend(check_one(name, &bytes));
        }
    });
    // Every code about a file is shown by one of these files, but for four that no small text file can show.
    let elsewhere = [Code::TooLarge, Code::NotUtf8, Code::Unreadable, Code::UnknownRequirement];
    let about_files = Code::ALL.iter().filter(|code| code.as_str() < "AE05");
    let hidden: Vec<_> = about_files.filter(|code| !shown.contains(code) && !elsewhere.contains(code)).collect();
    assert!(hidden.is_empty(), "no file shows {hidden:?}");
}

fn check_one(name: &str, bytes: &[u8]) -> Vec<Code> {
    let checked = check(name, bytes, loaded::fixtures(), &ByPrefix);
    assert!(checked.found.has_errors(), "{name} is not broken");
    assert!(checked.scenarios.is_empty(), "{name}");
    insta::assert_snapshot!(name, checked.found.render(&checked.files, false).trim_end());
    checked.found.list().iter().map(|problem| problem.code).collect()
}

/// Fixtures of which one cannot be read.
struct Unreadable;

impl Loader for Unreadable {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        match path {
            "worlds/contoso.toml" => Err(LoadError::Unreadable { reason: "permission denied".to_owned() }),
            _ => Err(LoadError::Missing),
        }
    }
    fn list(&self, folder: &str) -> Vec<String> {
        if folder == "worlds" { vec!["contoso".to_owned()] } else { Vec::new() }
    }
}

#[test]
fn fixtures_and_requirements_that_are_not_there_are_named() {
    let text =
        "scenario = 1\ntitle = \"t\"\ncovers = [\"R04\"]\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = []\n";
    let problems = |loader: &dyn Loader| -> Vec<(Code, String, Option<String>)> {
        let checked =
            check("t.toml", text.as_bytes(), &Library::read(loader), &Catalogue::new(["S7.cancel"], ["R040"]));
        let told =
            |problem: &autoenroll_scenario::Diagnostic| (problem.code, problem.message.clone(), problem.help.clone());
        checked.found.list().iter().map(told).collect()
    };
    let requirement = || {
        (Code::UnknownRequirement, "there is no requirement `R04`".to_owned(), Some("did you mean `R040`?".to_owned()))
    };
    let no_steps = || {
        let message = "the story has no steps, so it cannot fail".to_owned();
        (Code::NoSteps, message, Some("say what happens and what must be seen".to_owned()))
    };
    let unreadable = "fixtures/worlds/contoso.toml cannot be read: permission denied".to_owned();
    assert_eq!(problems(&Unreadable), [requirement(), (Code::Unreadable, unreadable, None), no_steps()]);
    let missing = "there are no files in fixtures/worlds".to_owned();
    assert_eq!(
        problems(&Bundle::new()),
        [requirement(), (Code::UnknownFixture, "there is no world `contoso`".to_owned(), Some(missing)), no_steps()]
    );
}
