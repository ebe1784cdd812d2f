//! The JUnit report, as junitparser of PyPI reads it: what passes, what fails and why, what is known to fail.

use std::fs;

use autoenroll_oracles::tools;
use autoenroll_tests::{Autoenroll, root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
/// The balloon of the founding story, and when it comes.
const BALLOON: &str = "after = \"60s\", expect = \"balloon\"";

#[test]
fn a_parser_of_others_reads_the_report() {
    let Some(mut reader) = tools::python("junit.py") else { return };
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "junit");
    let story = fs::read_to_string(root().join("scenarios/founding/second-provider.toml")).unwrap();
    fs::write(directory.join("passes.toml"), &story).unwrap();
    for name in ["fails", "known"] {
        fs::write(
            directory.join(name).with_extension("toml"),
            story.replacen(BALLOON, &BALLOON.replace("60s", "61s"), 1),
        )
        .unwrap();
    }
    let known = directory.join("known.list");
    fs::write(
        &known,
        format!(
            "[[known-failure]]\nscenario = \"{}\"\nreason = \"<later> & \\\"elsewhere\\\"\"\nissue = \"#1\"\nexpires = 9000-01-01\n",
            directory.join("known").display()
        ),
    )
    .unwrap();
    let report = directory.join("report.xml");
    let ran = Autoenroll::new(PROGRAM, ["run"])
        .arg(&directory)
        .arg("--known-failures")
        .arg(&known)
        .arg("--junit")
        .arg(&report)
        .run();
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let read = tools::printed(reader.arg(&report)).replace(&directory.display().to_string(), "");
    let expected = "total: 3 tests, 1 failures, 0 errors, 1 skipped\n\
                    /fails: failed, error[AE0501]: `balloon of alice` did not come at 08:01:01 (2026-03-02 16:01:01)\n\
                    /known: skipped, <later> & \"elsewhere\" (#1, until 9000-01-01)\n\
                    /passes: passed\n";
    assert_eq!(read, expected);
}
