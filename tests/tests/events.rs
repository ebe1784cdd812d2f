//! Every event that the catalogue names by number is written in a story that covers its entry.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_cli::{Catalogue, Story, suite};
use autoenroll_core::InProcess as OwnCores;
use autoenroll_model::Fact;
use autoenroll_scenario::run;
use autoenroll_trace::{Kind, Record};
use autoenroll_world::Hosts;

/// The sections of the catalogue whose entries end with the number of an event, and who writes it.
const SECTIONS: &[(&str, &[&str])] = &[
    ("E5.2.", &["CertificateServicesClient-AutoEnrollment"]),
    ("E5.3.", &["AutoEnrollment"]),
    ("E5.4.", &["CertificateServicesClient-CertEnroll"]),
    ("E5.5.", &["CertificateServicesClient-Lifecycle-User", "CertificateServicesClient-Lifecycle-System"]),
];

#[test]
fn every_event_of_the_catalogue_is_written_by_a_story_that_covers_it() {
    let catalogue = Catalogue::embedded();
    let named: BTreeMap<&str, Event> = catalogue.to_be_shown().filter_map(|id| Some((id, event(id)?))).collect();
    assert!(named.len() > 40, "the catalogue names events by number, and this test finds {}", named.len());
    let mut written: BTreeSet<&str> = BTreeSet::new();
    for story in suite().unwrap() {
        let claimed: Vec<&str> = claims(&story).filter_map(|id| Some(*named.get_key_value(id)?.0)).collect();
        if claimed.iter().all(|id| written.contains(id)) {
            continue;
        }
        let report = run(&story.scenario, OwnCores::new(), Hosts::in_process(), catalogue);
        let writes = |event: &Event| report.trace.iter().any(|record| is(&record.unpack(), event));
        written.extend(claimed.into_iter().filter(|id| writes(&named[id])));
    }
    let missing: Vec<_> = named.keys().filter(|id| !written.contains(*id)).collect();
    assert!(missing.is_empty(), "no story that covers {missing:?} writes the event");
}

/// Who may write an event, and its number.
type Event = (&'static [&'static str], i64);

/// The event that an entry of the catalogue is about; entries about something else have no number.
fn event(id: &str) -> Option<Event> {
    SECTIONS.iter().find_map(|(section, sources)| Some((*sources, id.strip_prefix(section)?.parse().ok()?)))
}

fn claims(story: &Story) -> impl Iterator<Item = &str> {
    story.covers.iter().map(String::as_str)
}

fn is(record: &Record, (sources, number): &Event) -> bool {
    let by = record.facts.text("source").is_some_and(|source| sources.contains(&source));
    record.kind == Kind::Event && by && record.facts.get("id") == Some(&Fact::Number(*number))
}
