//! A story that covers a law of `IN1` comes to where the law would be broken: its trace, damaged as a core would damage
//! it that did otherwise there, breaks that law, and as it is it breaks none.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use autoenroll_cli::{Catalogue, Story, suite};
use autoenroll_core::InProcess;
use autoenroll_invariants::{Beyond, Checkers, INVARIANTS, Invariant, Leftover};
use autoenroll_model::Fact;
use autoenroll_scenario::run;
use autoenroll_tests::root;
use autoenroll_trace::{Kind, Record, RecordId, Trace};
use autoenroll_world::Hosts;

/// What is done otherwise. A record is picked by its actor, its kind, facts and, where the first such is not meant, its
/// number: `alice run-started trigger=manual #2`; `_` stands for a blank.
enum Otherwise {
    /// It does not come.
    Without(&'static str),
    /// It comes with another fact.
    With(&'static str, &'static str),
    /// It comes once more, behind another one.
    Again(&'static str, &'static str),
    /// It comes only behind a later one.
    Later(&'static str, &'static str),
    /// The bench says that of it.
    Says(&'static str, fn() -> Beyond),
}

use Otherwise::{Again, Later, Says, With, Without};

/// Laws, the stories that cover them, with a variant where they have several, and how each is broken there.
const ROWS: &[(&str, &str, &[Otherwise])] = &[
    (
        "IN1.logged-off",
        "wizard/logoff-with-the-wizard-open[pin]",
        &[Later("alice prompt point=pin.enter", "alice logoff")],
    ),
    (
        "IN1.logged-off",
        "wizard/a-session-ends-while-a-key-is-made[card, log off]",
        &[Later("alice card op=generate", "alice logoff")],
    ),
    ("IN1.card-locked", "cards/a-card-is-left-locked", &[Without("alice-card apdu command=00200082")]),
    (
        "IN1.card-locked",
        "cards/a-card-that-fails-is-left-locked[failing]",
        &[Says("alice card-done op=generate", || Beyond::Done { unlocked: true })],
    ),
    (
        "IN1.answer-card",
        "cards/another-card-at-the-next-logon[succeeds]",
        &[
            Again("alice card op=verify-pin", "alice effect-done op=read-readers #2"),
            With("alice card op=verify-pin #2", "card=badge"),
        ],
    ),
    (
        "IN1.answer-card",
        "cards/somebody-else-s-certificate-comes-first[while-the-pin-is-asked-for]",
        &[With("alice card op=generate", "container=alice-card/1")],
    ),
    (
        "IN1.replaced-first",
        "stores/nothing-goes-without-a-replacement[w7]",
        &[
            Later("alice store op=add certificate=Kept#3", "alice archived certificate=revoked"),
            Says("alice archived certificate=revoked", || Beyond::Retired { valid: true }),
        ],
    ),
    (
        "IN1.replaced-all",
        "stores/a-crash-before-the-old-certificate-is-archived[before-it-is-archived]",
        &[
            Without("alice effect op=archive-certificate"),
            Without("alice effect op=archive-certificate"),
            Without("alice archived certificate=old"),
        ],
    ),
    ("IN1.known-key", "cards/denied-while-it-waited[stays]", &[Says("alice run-ended", unclaimed)]),
    (
        "IN1.known-key",
        "wizard/a-session-ends-while-a-key-is-made[card, entry there]",
        &[Says("alice run-ended", unclaimed)],
    ),
    ("IN1.known-key", "wizard/closed-while-a-key-is-made[card]", &[Says("alice run-ended", unclaimed)]),
    (
        "IN1.entry-ends",
        "stores/a-crash-before-the-old-certificate-is-archived[before-it-is-archived]",
        &[Without("alice decision rule=P7.39 stage=installed")],
    ),
    (
        "IN1.entry-ends",
        "stores/power-is-lost-at-any-moment",
        &[Later("WKS01 store op=add store=my", "WKS01 store op=remove store=request")],
    ),
    (
        "IN1.due-request",
        "wizard/two-manual-pulses",
        &[Again("alice item-started", SECOND_LOOK), Again("alice request", SECOND_LOOK)],
    ),
    ("IN1.one-run", "wizard/two-manual-pulses", &[Again("alice run-started trigger=manual", "alice run-ended #2")]),
    (
        "IN1.over-entry",
        "cards/a-card-that-is-lost-for-ever[expired]",
        &[Again("alice item-started action=resume", "alice decision rule=MC1.lasting outcome=true")],
    ),
    (
        "IN1.unfinished-stays",
        "stores/two-superseded-after-approval[approved]",
        &[Again("alice archived certificate=expired", "alice item-ended outcome=pending")],
    ),
    ("IN1.renewal-told", "stores/a-renewal-that-waited-is-a-renewal[approved]", &[With("alice event id=20", "id=19")]),
    (
        "IN1.asked-once",
        "switches/no-at-the-last-provider",
        &[Again("alice prompt point=card.replace-default", "alice answer prompt=card.replace-default")],
    ),
    (
        "IN1.pin-kept",
        "switches/pin-remembered-while-the-card-is-there[card-present]",
        &[Without("alice prompt point=pin.enter #2"), Without("alice answer prompt=pin.enter #2")],
    ),
    ("IN1.leftover-goes", "cards/denied-while-it-waited[stays]", &[Says("alice card op=generate #2", left)]),
    ("IN1.leftover-goes", "cards/a-kept-container-is-met-again[cancelled]", &[Says("alice card op=generate #2", left)]),
    (
        "IN1.leftover-goes",
        "cards/what-was-never-in-my-goes-unasked[yes]",
        &[Without("alice card op=delete"), Says("alice card op=generate #2", left)],
    ),
    (
        "IN1.judged",
        "stores/a-root-that-is-no-longer-trusted[2003]",
        &[With("WKS01 effect-done op=inspect", "checks=[ContosoMachine#1: 0x00000000 S_OK]")],
    ),
    (
        "IN1.tidied",
        "stores/a-template-that-is-no-candidate-is-still-kept-clean",
        &[
            Without("alice effect op=archive-certificate"),
            Without("alice archived certificate=expired"),
            Says("alice effect-done op=inspect #2", || Beyond::Inspected { expired: vec!["expired".to_owned()] }),
        ],
    ),
    ("IN1.counted", "machines/a-renamed-computer-gives-up", &[Without("WKS01 item-ended outcome=failed")]),
    (
        "IN1.own-reason",
        "acquisition/no-enrollment-web-service-gets-through",
        &[With("alice item-ended outcome=failed", "code=0x80090022 NTE_SILENT_CONTEXT")],
    ),
];

/// The first key of a story on alice's card, which nothing names.
fn unclaimed() -> Beyond {
    Beyond::Unclaimed(vec![("alice-card".to_owned(), "alice-card/1".to_owned())])
}

/// The same, left there by a request for CorpCard.
fn left() -> Beyond {
    Beyond::Leftovers(vec![Leftover { template: "CorpCard".to_owned(), container: "alice-card/1".to_owned() }])
}

/// The second look at a certificate that was enrolled.
const SECOND_LOOK: &str = "alice decision rule=R053";

/// Whether a record is meant, but for its number.
fn is_meant(record: &Record, words: &[&str]) -> bool {
    let shown = |fact: &Fact| match fact {
        Fact::Text(text) => text.to_string(),
        other => other.to_string(),
    };
    let [actor, kind, facts @ ..] = words else { return false };
    let meant = |word: &&str| {
        let (name, value) = word.split_once('=').unwrap();
        record.facts.get(name).is_some_and(|fact| shown(fact) == value.replace('_', " "))
    };
    *record.actor == **actor && record.kind.as_str() == *kind && facts.iter().all(meant)
}

fn place(records: &[(Record, Beyond)], pick: &str) -> usize {
    let (words, number) = pick.split_once(" #").unwrap_or((pick, "1"));
    let words: Vec<&str> = words.split(' ').collect();
    let mut meant = (0..records.len()).filter(|at| is_meant(&records[*at].0, &words));
    let found = meant.nth(number.parse::<usize>().unwrap() - 1);
    found.unwrap_or_else(|| panic!("there is no record `{pick}`"))
}

fn change(records: &mut Vec<(Record, Beyond)>, otherwise: &Otherwise) {
    match otherwise {
        Without(pick) => {
            let at = place(records, pick);
            records.remove(at);
        }
        With(pick, fact) => {
            let at = place(records, pick);
            let (name, value) = fact.split_once('=').unwrap();
            let value = match (value.parse::<i64>(), value.strip_prefix('[')) {
                (Ok(number), _) => Fact::Number(number),
                (_, Some(list)) => Fact::List(vec![list.trim_end_matches(']').into()]),
                _ => value.into(),
            };
            records[at].0.facts.set(name, value);
        }
        Again(pick, behind) | Later(pick, behind) => {
            let (from, to) = (place(records, pick), place(records, behind));
            let mut copy = records[from].clone();
            copy.0.at = records[to].0.at;
            records.insert(to + 1, copy);
            if matches!(otherwise, Later(..)) {
                records.remove(from);
            }
        }
        Says(pick, beyond) => {
            let at = place(records, pick);
            records[at].1 = beyond();
        }
    }
}

/// A record, and what its bench says of it: what was enrolled is where it is said to be.
fn with_beyond(record: Record) -> (Record, Beyond) {
    let enrolled = record.kind == Kind::ItemEnded && record.facts.text("outcome") == Some("enrolled");
    let beyond = if enrolled { Beyond::Enrolled(Ok(())) } else { Beyond::Nothing };
    (record, beyond)
}

/// The laws that a story breaks whose records are these, and how.
fn broken(story: &Story, records: &[(Record, Beyond)]) -> BTreeMap<Invariant, String> {
    let mut trace = Trace::new();
    let mut known: BTreeMap<RecordId, RecordId> = BTreeMap::new();
    for (record, _) in records {
        let causes = record.causes.iter().filter_map(|cause| known.get(cause).copied()).collect();
        let id = trace.push(record.at, &record.actor, record.kind, record.facts.clone(), causes);
        known.entry(record.id).or_insert(id);
    }
    let mut checkers = Checkers::of(&story.scenario.spec.profile);
    let beyond = records.iter().map(|(_, beyond)| beyond);
    let found =
        trace.iter().zip(beyond).flat_map(|(record, beyond)| checkers.observe(&trace, &record.unpack(), beyond));
    found.map(|violation| (violation.invariant, violation.reason)).collect()
}

fn law(id: &str) -> Invariant {
    let row = INVARIANTS.iter().find(|row| row.source.split(", ").any(|source| source == id));
    row.unwrap_or_else(|| panic!("no law is of {id}")).invariant
}

fn covers(story: &Story) -> impl Iterator<Item = &str> {
    story.scenario.document.about.covers.iter().map(|id| id.value.as_str()).filter(|id| id.starts_with("IN1."))
}

#[test]
fn a_story_that_covers_a_law_notices_when_it_is_broken() {
    let stories = suite().unwrap();
    let mut wrong: Vec<String> = Vec::new();
    for (id, name, otherwise) in ROWS {
        let story = stories.iter().find(|story| story.name == *name).unwrap_or_else(|| panic!("there is no {name}"));
        assert!(covers(story).any(|covered| covered == *id), "{name} does not cover {id}");
        let report = run(&story.scenario, InProcess::new(), Hosts::in_process(), Catalogue::embedded());
        let mut records: Vec<_> = report.trace.iter().map(|record| record.unpack()).map(with_beyond).collect();
        let as_it_is = broken(story, &records);
        otherwise.iter().for_each(|one| change(&mut records, one));
        let found = broken(story, &records);
        if !as_it_is.is_empty() {
            wrong.push(format!("{name} as it is: {as_it_is:?}"));
        } else if !found.contains_key(&law(id)) {
            wrong.push(format!("{name}: {id} is not broken, but {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No law is without such a story, and no story names a law that it cannot notice.
#[test]
fn every_law_that_is_covered_has_a_row() {
    let catalogue = fs::read_to_string(root().join("fixtures/requirements/invariants.toml")).unwrap();
    let ids = catalogue.lines().filter_map(|line| line.strip_prefix("id = ")).map(|id| id.trim_matches('"'));
    let laws: BTreeSet<&str> = ROWS.iter().map(|(id, ..)| *id).collect();
    assert_eq!(laws, ids.collect());
    let whole = |name: &str| name.split('[').next().unwrap_or_default().to_owned();
    let rows: BTreeSet<(&str, String)> = ROWS.iter().map(|(id, name, _)| (*id, whole(name))).collect();
    let stories = suite().unwrap();
    let covered = stories.iter().flat_map(|story| covers(story).map(|id| (id, whole(&story.name))));
    assert_eq!(rows, covered.collect());
}
