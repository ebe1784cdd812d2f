//! Every decision point, in every state that a card can be in, with every answer that can be given there, occurs in
//! some scenario.
//!
//! `tests/decision-points.txt` is the list, written by hand from the state machine: a point, the state it is asked in,
//! and how it ends. A line that no scenario plays fails, and so does something that a scenario plays and the list does
//! not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use autoenroll_cli::{Catalogue, suite};
use autoenroll_core::InProcess as OwnCores;
use autoenroll_model::{Facts, HResult};
use autoenroll_scenario::run;
use autoenroll_tests::root;
use autoenroll_trace::{Kind, Record, Trace};
use autoenroll_world::Hosts;

#[test]
fn every_ending_of_every_decision_point_is_played() {
    let mut played: BTreeMap<String, String> = BTreeMap::new();
    let catalogue = Catalogue::embedded();
    for story in suite().unwrap() {
        let report = run(&story.scenario, OwnCores::new(), Hosts::in_process(), catalogue);
        for ending in endings(&report.trace) {
            played.entry(ending).or_insert_with(|| story.name.clone());
        }
    }
    let listed = fs::read_to_string(root().join("tests/decision-points.txt")).unwrap();
    let listed: BTreeSet<&str> = listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let missing: Vec<&&str> = listed.iter().filter(|line| !played.contains_key(**line)).collect();
    let unknown: Vec<_> = played.iter().filter(|(ending, _)| !listed.contains(ending.as_str())).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "no scenario plays {missing:#?}\nthe list does not know {unknown:#?}"
    );
}

/// How each prompt of a trace ended: `point | state | ending`.
fn endings(trace: &Trace) -> Vec<String> {
    let mut open: BTreeMap<(String, String), Facts> = BTreeMap::new();
    let mut found = Vec::new();
    let trace = trace.unpack();
    for (at, record) in trace.records().iter().enumerate() {
        let point = record.facts.text("point").or(record.facts.text("prompt")).unwrap_or_default().to_owned();
        let key = (record.actor.to_string(), point.clone());
        let ending = match record.kind {
            Kind::Prompt | Kind::PromptChanged => {
                open.insert(key, record.facts.clone());
                continue;
            }
            Kind::Answer => answer(record, &trace.records()[at..]),
            Kind::PromptWithdrawn => "withdrawn".to_owned(),
            _ => continue,
        };
        let facts = open.remove(&key).unwrap_or_default();
        found.push(format!("{point} | {} | {ending}", state(&point, &facts)));
    }
    found
}

/// The state in which a point asks.
fn state(point: &str, facts: &Facts) -> String {
    match point {
        "card.insert" => {
            let reader = facts.text("reader").unwrap_or("?");
            let which = if facts.get("card").is_some() { "the card of a key" } else { "any card" };
            format!("{which}, reader: {reader}")
        }
        "pin.enter" => facts.get("tries-left").map_or_else(|| "?".to_owned(), |tries| format!("{tries} tries left")),
        "wizard.start" if facts.get("details").is_some() => "details shown".to_owned(),
        _ => "-".to_owned(),
    }
}

/// The answer given; of a PIN, whether the card took it.
fn answer(record: &Record, later: &[Record]) -> String {
    let said = record.facts.text("answer").unwrap_or("?");
    if said != "pin" {
        return said.to_owned();
    }
    let verified = later.iter().find(|other| {
        other.kind == Kind::CardDone && other.actor == record.actor && other.facts.text("op") == Some("verify-pin")
    });
    let code = verified.and_then(|done| done.facts.text("code")).unwrap_or_default();
    let code = HResult::from_name(code.rsplit(' ').next().unwrap_or_default());
    match code {
        Some(HResult::S_OK) => "right PIN".to_owned(),
        Some(HResult::SCARD_W_WRONG_CHV | HResult::SCARD_W_CHV_BLOCKED) => "wrong PIN".to_owned(),
        Some(HResult::SCARD_E_INVALID_CHV) => "no PIN at all".to_owned(),
        _ => "card gone".to_owned(),
    }
}
