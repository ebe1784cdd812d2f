//! The same scenario gives the same trace, byte for byte: with one thread and with eight, in another directory, time
//! zone and language, and with the core in another process. All are compared with each other, through the digests that
//! are committed; the release build is compared with the same file by `cargo xtask ci`.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use autoenroll_tests::{Autoenroll, root};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
/// One line for each scenario: digest and name.
const COMMITTED: &str = "tests/digests.txt";

/// Digests of all scenarios, in the form of the committed file.
fn digests(run: Autoenroll) -> String {
    let ran = run.run();
    assert!(ran.code.is_some_and(|code| code < 2), "{}{}", ran.out, ran.err);
    let mut text = String::new();
    for line in ran.out.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if let (Some(name), Some(digest)) = (line["scenario"].as_str(), line["digest"].as_str()) {
            writeln!(text, "{digest}  {name}").unwrap();
        }
    }
    text
}

fn run(more: &[&str]) -> Autoenroll {
    Autoenroll::new(PROGRAM, [&["run", "--format", "json"], more].concat())
}

fn committed() -> String {
    fs::read_to_string(root().join(COMMITTED)).unwrap()
}

/// Both are the same; otherwise the first line that differs is shown.
fn same(what: &str, found: &str) {
    let committed = committed();
    if found == committed {
        return;
    }
    let differ = found.lines().zip(committed.lines()).find(|(found, committed)| found != committed);
    panic!(
        "{what}: digests differ from {COMMITTED}: {differ:?}, {} lines and {} lines",
        found.lines().count(),
        committed.lines().count()
    );
}

#[test]
fn one_thread() {
    let found = digests(run(&["--jobs", "1"]));
    if std::env::var_os("AUTOENROLL_WRITE_DOCUMENTS").is_some() {
        fs::write(root().join(COMMITTED), &found).unwrap();
    }
    same("one thread (`cargo xtask docs` writes them anew)", &found);
}

#[test]
fn eight_threads() {
    same("eight threads", &digests(run(&["--jobs", "8"])));
}

#[test]
fn another_directory_time_zone_and_language() {
    let elsewhere = run(&[]).directory(Path::new("/")).env("TZ", "Asia/Kathmandu").env("LANG", "tr_TR.UTF-8");
    same("another directory, time zone and language", &digests(elsewhere.env("LC_ALL", "tr_TR.UTF-8")));
}

#[test]
fn the_core_in_another_process() {
    let core = format!("{PROGRAM} core --stdio");
    same("core in another process", &digests(run(&["--core", &core])));
}
