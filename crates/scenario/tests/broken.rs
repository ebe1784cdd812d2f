//! Every file of `tests/broken` has something wrong; the snapshots beside them show what its author reads.

mod loaded;

use std::path::{Path, PathBuf};

use autoenroll_scenario::{ByPrefix, check};

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
    settings.bind(|| {
        for path in files {
            let bytes = std::fs::read(&path).expect("the file was just listed");
            let name = path.file_name().and_then(|name| name.to_str()).expect("file names here are ASCII");
            check_one(name, &bytes);
        }
    });
}

fn check_one(name: &str, bytes: &[u8]) {
    let checked = check(name, bytes, &loaded::fixtures(), &ByPrefix);
    assert!(checked.found.has_errors(), "{name} is not broken");
    assert!(checked.scenarios.is_empty(), "{name}");
    insta::assert_snapshot!(name, checked.found.render(&checked.files, false).trim_end());
}
