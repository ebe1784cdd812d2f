//! The suite of the repository against planted bugs.

use autoenroll_core::InProcess as Cores;
use autoenroll_mutants::{Hunt, Mutant, PlantedBug, SabotagedCards, SabotagedFactory, Story, run_mutants};
use autoenroll_scenario::{ByPrefix, Requirements as _, run};
use autoenroll_trace::TraceDigest;
use autoenroll_world::{Hosts, InProcessCards, InProcessCas};

use crate::stories;

#[test]
fn every_planted_bug_is_caught_by_the_scenario_it_names() {
    let mutants: Vec<Mutant> = PlantedBug::ALL.iter().copied().map(Mutant::Planted).collect();
    let report = run_mutants(&stories::of_the_suite(), &mutants, Hunt::default(), |_| {});
    let named = |name: &String| PlantedBug::ALL.iter().any(|bug| bug.scenario() == name);
    assert!(report.all_caught(), "{}", report.to_text());
    assert!(!report.broken.iter().any(|(name, _)| named(name)), "{}", report.to_text());
}

/// Where its occasion does not come, a bug changes no byte of what happens.
#[test]
fn bugs_keep_still_until_their_occasion_comes() {
    let stories = stories::of_the_suite();
    let story = |name: &str| stories.iter().find(|story| story.name == name).expect("a scenario of the suite");
    let quiet =
        [story("triggers/eight-hours-after-the-last-activation"), story("stores/a-higher-major-version-enrolls-anew")];
    let plain: Vec<TraceDigest> = quiet.iter().map(|story| digest(story, None)).collect();
    // One bug has its occasion whenever a run ends.
    for bug in PlantedBug::ALL.iter().filter(|bug| **bug != PlantedBug::NeverRests) {
        let still = quiet.iter().zip(&plain).any(|(story, plain)| digest(story, Some(*bug)) == *plain);
        assert!(still, "{bug}");
    }
}

fn digest(story: &Story, bug: Option<PlantedBug>) -> TraceDigest {
    let cores = SabotagedFactory::new(Cores::new(), bug);
    let cards = SabotagedCards::new(InProcessCards::default(), bug);
    run(&story.scenario, cores, Hosts { cards, cas: InProcessCas::default() }, &ByPrefix).trace.digest()
}

/// A requirement whose rule is not inverted is still watched: by a scenario that covers it and has to catch the bug in
/// its place.
#[test]
fn the_scenario_of_a_bug_covers_the_rules_whose_place_it_takes() {
    let stories = stories::of_the_suite();
    for bug in PlantedBug::ALL {
        let named = |story: &&Story| story.name.split('[').next() == Some(bug.scenario());
        let story = stories.iter().find(named).expect("a scenario of the suite");
        let covers = &story.scenario.document.about.covers;
        for rule in bug.instead_of() {
            let covered = covers.iter().any(|covered| ByPrefix.is_shown_by(&covered.value, rule));
            assert!(covered, "{} does not cover {rule}, whose place {bug} takes", bug.scenario());
        }
    }
}
