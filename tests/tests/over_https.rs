//! `run --ca https`: the records are the same with CAs and policy servers behind sockets, and what stays in process is
//! listed with its reason.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeMap;
use std::fs;

use autoenroll_tests::{Autoenroll, root};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
/// Of the whole suite every so many are played here; all of them by `autoenroll run --ca https`.
const EVERY: usize = 10;

fn lines(path: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join(path)).unwrap();
    text.lines().map(|line| line.split_once("  ").map(|(a, b)| (a.trim().into(), b.trim().into())).unwrap()).collect()
}

/// The stories that stay in process, and why.
fn listed() -> BTreeMap<String, String> {
    lines("tests/not-over-https.txt").into_iter().map(|(reason, story)| (story, reason)).collect()
}

#[test]
fn a_sample_of_the_suite_has_the_same_records_over_https() {
    let listed = listed();
    let suite: Vec<String> = lines("tests/digests.txt").into_iter().map(|(_, story)| story).collect();
    let wanted = |(at, story): &(usize, &String)| at % EVERY == 0 || story.starts_with("founding/");
    let sample: Vec<&String> = suite.iter().enumerate().filter(wanted).map(|(_, story)| story).collect();
    let ran = Autoenroll::new(PROGRAM, ["run", "--ca", "https", "--format", "json"]);
    let ran = sample.iter().fold(ran, |ran, story| ran.arg(story)).run();
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let told: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let played: BTreeMap<&str, &serde_json::Value> =
        told.iter().filter_map(|line| Some((line["scenario"].as_str()?, line))).collect();
    assert_eq!(played.len(), sample.len());
    for (story, line) in played {
        let (verdict, reason) = match listed.get(story) {
            Some(reason) => ("known", Some(format!("not over HTTPS: {reason}"))),
            None => ("passed", None),
        };
        assert_eq!((line["verdict"].as_str(), line["reason"].as_str()), (Some(verdict), reason.as_deref()), "{story}");
    }
}

#[test]
fn what_stays_in_process_is_little_and_counted_in_the_documents() {
    let (listed, suite) = (listed(), lines("tests/digests.txt"));
    let unknown: Vec<&String> = listed.keys().filter(|story| suite.iter().all(|(_, known)| known != *story)).collect();
    assert!(unknown.is_empty(), "no such stories: {unknown:?}");
    assert!(listed.len() * 5 <= suite.len(), "{} of {} stay in process", listed.len(), suite.len());
    let mut counted = BTreeMap::<String, usize>::new();
    listed.into_values().for_each(|reason| *counted.entry(reason).or_default() += 1);
    let document = fs::read_to_string(root().join("docs/serve.md")).unwrap();
    let rows = document.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [reason, _, count] = cells.as_slice() else { return None };
        Some((reason.strip_prefix('`')?.strip_suffix('`')?.to_owned(), count.parse().ok()?))
    });
    assert_eq!(rows.collect::<BTreeMap<String, usize>>(), counted);
}
