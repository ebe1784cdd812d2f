//! With symbolic keys every story of the suite goes as it goes with real ones, but for the octets of keys and what is
//! made with them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;

use autoenroll_cli::{Catalogue, Story, remember_keys, suite};
use autoenroll_core::InProcess;
use autoenroll_model::{Fact, Facts};
use autoenroll_scenario::{RunReport, run};
use autoenroll_trace::{Kind, Record};
use autoenroll_world::{Hosts, KeyMode};

/// The facts that may be anything else: octets, their hash, and how many octets of a certificate a card takes, because
/// it takes them compressed. Of all other facts only hashes and fingerprints within a text may differ ([`HASH`]), and
/// the order of lists, which follows thumbprints.
const OCTETS: &[(Kind, &str)] = &[
    (Kind::Request, "request"),
    (Kind::Request, "sha256"),
    (Kind::Issued, "der"),
    (Kind::Apdu, "command"),
    (Kind::Apdu, "response"),
    (Kind::Apdu, "meaning"),
];

/// Hexadecimal digits in a row that are a fingerprint of a key, or the thumbprint of a certificate without a name. No
/// other text of a trace has so many: serial numbers do not depend on keys, and are compared.
const HASH: usize = 16;

fn play(story: &Story, keys: KeyMode) -> RunReport {
    let mut scenario = story.scenario.clone();
    scenario.spec.keys = keys;
    run(&scenario, InProcess::new(), Hosts::in_process(), Catalogue::embedded())
}

/// A fact without what may differ.
fn neutral(fact: &Fact) -> Fact {
    match fact {
        Fact::Text(text) => Fact::Text(without_hashes(text).into()),
        Fact::List(list) => {
            let mut list: Vec<Fact> = list.iter().map(neutral).collect();
            list.sort_by_key(|fact| format!("{fact:?}"));
            Fact::List(list)
        }
        Fact::Flag(_) | Fact::Number(_) => fact.clone(),
    }
}

fn without_hashes(text: &str) -> String {
    text.split_inclusive(|letter: char| !letter.is_ascii_hexdigit())
        .map(|part| {
            let digits = part.trim_end_matches(|letter: char| !letter.is_ascii_hexdigit());
            let after = &part[digits.len()..];
            if digits.len() == HASH || digits.len() == 40 { format!("#{after}") } else { part.to_owned() }
        })
        .collect()
}

/// Names of the facts that differ and may not.
fn differing(kind: Kind, one: &Facts, other: &Facts) -> Vec<String> {
    let names = one.iter().chain(other.iter()).map(|(name, _)| name).filter(|name| !OCTETS.contains(&(kind, name)));
    let differ = |name: &&str| one.get(name).map(neutral) != other.get(name).map(neutral);
    let names: BTreeSet<&str> = names.filter(differ).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Where two runs of a story differ, beside what may: nothing, it is to be hoped.
fn compare(story: &Story) -> Vec<String> {
    let (real, symbolic) = (play(story, KeyMode::Real), play(story, KeyMode::Symbolic));
    let mut found = Vec::new();
    if format!("{:?}", real.verdict) != format!("{:?}", symbolic.verdict) {
        found.push(format!("the verdict: {:?} and {:?}", real.verdict, symbolic.verdict));
    }
    let (symbolic, real) = (symbolic.trace.unpack(), real.trace.unpack());
    let (first, rest) = symbolic.records().split_first().unwrap();
    let expected = Facts::new().with("what", "keys").with("to", "symbolic");
    assert_eq!((first.actor.as_str(), first.kind, &first.facts), ("world", Kind::Change, &expected), "{}", story.name);
    if real.records().len() != rest.len() {
        found.push(format!("{} and {} records", real.records().len(), rest.len()));
    }
    for (one, other) in real.records().iter().zip(rest) {
        let shape = |record: &Record, before: u32| {
            let causes: Vec<u32> = record.causes.iter().map(|cause| cause.0 - before).collect();
            (record.id.0 - before, record.at, record.actor.clone(), record.kind, causes)
        };
        if shape(one, 0) != shape(other, 1) {
            found.push(format!("{one:?} and {other:?}"));
            break;
        }
        for name in differing(one.kind, &one.facts, &other.facts) {
            found.push(format!("{name} of {one:?} and {other:?}"));
        }
    }
    found.iter().map(|found| format!("{}: {found}", story.name)).collect()
}

#[test]
fn every_story_goes_as_it_goes_with_real_keys() {
    remember_keys();
    let stories = suite().unwrap();
    let (left, right) = stories.split_at(stories.len() / 2);
    let all = |stories: &[Story]| stories.iter().flat_map(compare).collect::<Vec<String>>();
    let (left, right) = std::thread::scope(|scope| {
        let left = scope.spawn(|| all(left));
        let right = all(right);
        (left.join().unwrap(), right)
    });
    assert_eq!([left, right].concat(), Vec::<String>::new());
}
