//! `autoenroll fleet` as people use it: the same report from any number of processes, a chart, and complaints.

use std::fs;

use autoenroll_tests::{Autoenroll, Ran, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

fn fleet(more: &[&str]) -> Ran {
    Autoenroll::new(PROGRAM, [&["fleet", "enrolling"], more].concat()).run()
}

#[test]
fn any_number_of_processes_gives_the_same_report() {
    let report = |jobs: &str| {
        let ran = fleet(&["--computers", "5", "--users", "2", "--days", "2", "--format", "json", "--jobs", jobs]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        ran.out
    };
    let one = report("1");
    let told: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!((&told["servers"]["ca"]["total"], &told["enrolled"][0]["count"]), (&7.into(), &7.into()));
    for jobs in ["1", "2", "3", "20"] {
        assert_eq!(report(jobs), one, "{jobs} processes");
    }
}

#[test]
fn the_chart_is_a_picture() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "fleet-chart");
    let file = folder.join("load.svg");
    let ran = fleet(&["--computers", "2", "--days", "1", "--svg", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let text = fs::read_to_string(file).unwrap();
    let picture = roxmltree::Document::parse(&text).unwrap();
    assert_eq!(picture.root_element().tag_name().name(), "svg");
    assert!(picture.descendants().any(|node| node.tag_name().name() == "polyline"));
}

#[test]
fn what_cannot_be_played_is_said() {
    for (arguments, complaint) in [
        (&["--days", "1"][..], "a fleet has 1 to"),
        (&["--computers", "1", "--days", "0"], "a fleet has 1 to"),
        (&["--computers", "1", "--validity-jitter", "91"], "at most 90"),
        (&["--computers", "1", "--shard", "3/2"], "expected K/N"),
        (&["--computers", "1", "--jobs", "2", "--profile", "windows-1"], "there is no profile"),
    ] {
        let ran = fleet(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(complaint), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
}
