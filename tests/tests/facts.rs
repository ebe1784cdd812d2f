//! The reference of the scenario language lists what records state. Every fact of every story is in it with the value
//! that it says, and everything that it lists comes in some story.

use std::collections::BTreeSet;

use autoenroll_cli::{Catalogue, suite};
use autoenroll_core::InProcess as OwnCores;
use autoenroll_scenario::{listed_facts, run, unlisted_facts};
use autoenroll_trace::Kind;
use autoenroll_world::Hosts;

/// Facts that no story of the suite states, and why.
const NOT_PLAYED: &[(Kind, &str, &str)] = &[
    (Kind::Violation, "invariant", "invariants hold in every story"),
    (Kind::Violation, "reason", "invariants hold in every story"),
    (Kind::Request, "reason", "only of requests that do not parse; the own core makes none"),
];

#[test]
fn the_reference_lists_what_records_state() {
    let mut stated: BTreeSet<(Kind, String)> = BTreeSet::new();
    let mut unlisted: BTreeSet<String> = BTreeSet::new();
    let catalogue = Catalogue::embedded();
    for story in suite().unwrap() {
        let report = run(&story.scenario, OwnCores::new(), Hosts::in_process(), catalogue);
        for record in report.trace.unpack().records() {
            unlisted.extend(unlisted_facts(record));
            stated.extend(record.facts.iter().map(|(name, _)| (record.kind, name.to_owned())));
        }
    }
    assert!(unlisted.is_empty(), "the reference does not list {unlisted:#?}");
    let stated = |kind: Kind, name: &str| stated.contains(&(kind, name.to_owned()));
    let excused = |kind: Kind, name: &str| NOT_PLAYED.iter().any(|(of, known, _)| (*of, *known) == (kind, name));
    let idle: Vec<_> =
        listed_facts().into_iter().filter(|(kind, name)| stated(*kind, name) == excused(*kind, name)).collect();
    assert!(idle.is_empty(), "listed and not stated by any story, or excused and stated: {idle:?}");
}
