//! A story, played, and what is left of it.

use std::fs;

use autoenroll_card::Card;
use autoenroll_core::InProcess as Cores;
use autoenroll_model::FileTime;
use autoenroll_scenario::{Scenario, Verdict, run_on};
use autoenroll_trace::{Kind, Record};
use autoenroll_world::{CardHost as _, Hosts, World};

use crate::suite::{AnyRequirement, root, scenarios};

/// What a story leaves.
pub(crate) struct Left {
    /// The card, as it is at the end.
    pub(crate) card: Card,
    /// The certificate of the CA, DER.
    pub(crate) ca: Vec<u8>,
    /// Its revocation list at the end, DER.
    pub(crate) crl: Vec<u8>,
    /// What the wall clock shows at the end.
    pub(crate) wall: FileTime,
    /// What the bench said to each logon with this card.
    pub(crate) bench: Vec<String>,
}

/// Plays a scenario of the suite to its end, where it must pass.
pub(crate) fn play(name: &str, variant: Option<&str>, user: &str, card: &str) -> Left {
    let path = root().join("scenarios").join(name).with_extension("toml");
    let all = scenarios(name, &fs::read(&path).unwrap());
    let meant = |scenario: &&Scenario| variant.is_none() || scenario.variant.as_deref() == variant;
    let scenario = all.iter().find(meant).unwrap_or_else(|| panic!("{name} has no variant {variant:?}"));
    let mut world = World::new(scenario.spec.clone(), Cores::new(), Hosts::in_process()).unwrap();
    let report = run_on(scenario, &mut world, &AnyRequirement);
    assert_eq!(report.verdict, Verdict::Passed, "{name}");
    let records = report.trace.iter().map(|record| record.unpack());
    let logons = records.filter(|record| matches!(record.kind, Kind::Logon | Kind::LogonFailed));
    let bench = logons.filter(|record| record.actor == user && record.facts.text("card") == Some(card));
    let ca = &scenario.spec.authorities[0].name;
    Left {
        card: world.hosts().cards.card(card, Card::clone).unwrap(),
        ca: world.authority_chain(ca).unwrap().remove(0),
        crl: world.revocation_list(ca).unwrap(),
        wall: world.wall(),
        bench: bench.map(|record| said(&record)).collect(),
    }
}

fn said(record: &Record) -> String {
    let fact = |name| record.facts.text(name);
    match (fact("code"), fact("kdc-error")) {
        (None, _) => format!("logs on ({})", fact("mapping").unwrap_or_default()),
        (Some(code), None) => code.to_owned(),
        (Some(code), Some(error)) => format!("{code}, {error}"),
    }
}
