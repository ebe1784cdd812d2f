//! Answers that a scenario gives, and the story of one that none gives.
#![expect(clippy::unwrap_used, reason = "this is test code outside of test functions")]

use std::collections::BTreeSet;

use autoenroll_explore::coverage::{Edge, edges_of, reach};
use autoenroll_explore::file::{Bench, story_file};
use autoenroll_scenario::{Library, Requirement, Requirements, check};

use fixtures::Fixtures;

mod fixtures;

struct Nothing;

impl Requirements for Nothing {
    fn find(&self, _id: &str) -> Requirement {
        Requirement::Described
    }
}

fn edge(point: &str, answer: &str, card: &str, stage: &str) -> Edge {
    let [point, answer, card, stage] = [point, answer, card, stage].map(str::to_owned);
    Edge { point, answer, card, stage }
}

#[test]
fn an_answer_that_nobody_gave_is_reached_by_a_file_that_gives_it() {
    let library = Library::read(&Fixtures);
    let bench = Bench { library: &library, requirements: &Nothing };
    let wanted = edge("pin.enter", "cancel", "in a reader", "none");
    let found = reach(&BTreeSet::from([wanted.clone()]), 60, &library, &mut |found| found < 1).unwrap();
    let story = found.get(&wanted).unwrap();
    let text = story_file(story, "Reached", bench);
    let checked = check("reached.toml", text.as_bytes(), &library, &Nothing);
    let scenario = checked.scenarios.first().unwrap_or_else(|| panic!("{text}"));
    let given = edges_of(scenario, bench).unwrap();
    let start = edge("wizard.start", "start", "no card asked for", "none");
    assert!(given.contains(&wanted) && given.contains(&start), "{given:#?}\n{text}");
    assert!(scenario.steps.len() < 12, "{text}");
}
