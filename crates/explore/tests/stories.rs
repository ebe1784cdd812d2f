//! What is made up is a story of the scenario language: it plays in a file as it was played, and shrinks to one.
#![expect(clippy::unwrap_used, reason = "this is test code outside of test functions")]

use std::collections::BTreeSet;
use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;

use autoenroll_core::InProcess;
use autoenroll_explore::choices::{Keyed, Recorded, Recording};
use autoenroll_explore::drive::{Part, Work, drive};
use autoenroll_explore::file::{Bench, play};
use autoenroll_explore::generate::{Plan, tell};
use autoenroll_explore::grown::Grown;
use autoenroll_explore::neighbours::as_story;
use autoenroll_explore::player::story_world;
use autoenroll_explore::random::Random;
use autoenroll_explore::report::Report;
use autoenroll_explore::setting::{AXES, Setting};
use autoenroll_explore::stage::Stage;
use autoenroll_explore::story::{Move, Setup};
use autoenroll_keys::KeyMode;
use autoenroll_scenario::{Library, Requirement, Requirements, RunReport, Scenario, Verdict, check, run};
use autoenroll_world::Hosts;

use fixtures::Fixtures;

mod fixtures;

struct Nothing;

impl Requirements for Nothing {
    fn find(&self, _id: &str) -> Requirement {
        Requirement::Described
    }
}

fn plan() -> Plan {
    Plan { most: 12, wishes: Default::default() }
}

#[test]
fn every_setting_is_a_world() {
    let library = Library::read(&Fixtures);
    for axis in AXES {
        for place in ["software", "card", "asking-card", "two-providers", "card-or-software"] {
            for value in axis.values {
                let mut setting = Setting::default();
                setting.set("place", place);
                setting.set(axis.name, value);
                let stage = Stage::open(Setup::Made(setting.clone()), &library);
                if let Err(error) = stage {
                    panic!("{} {value}, {place}: {error}", axis.name);
                }
            }
        }
    }
}

#[test]
fn a_story_plays_in_its_file_as_it_was_played() {
    let library = Library::read(&Fixtures);
    let bench = Bench { library: &library, requirements: &Nothing };
    let mut whole = 0;
    for number in 0..24 {
        let setting = Setting::draw(&mut Keyed::new(u64::MAX - number));
        let mut stage = Stage::open(Setup::Made(setting), &library).unwrap();
        // A file is run with real keys, whose signatures may be an octet longer or shorter.
        stage.menu.spec.keys = KeyMode::Real;
        stage.world = story_world(&stage.menu.spec).unwrap();
        let told = tell(&stage, &plan(), &mut Keyed::new(number));
        let replayed = stage.replay(&told.story.moves, told.story.end);
        let names = |moves: &[Move]| moves.iter().map(|one| format!("{} {:?}", one.name, one.when)).collect::<Vec<_>>();
        assert_eq!(names(&replayed.story.moves), names(&told.story.moves), "{number}");
        assert_eq!(replayed.broken, told.broken, "{number}");
        let text = told.story.file("A story");
        let Some((_, report)) = play(&text, bench) else {
            let checked = autoenroll_scenario::check("x.toml", text.as_bytes(), &library, &Nothing);
            panic!("{number}: {}\n{text}", checked.found.render(&checked.files, false));
        };
        // A runner gives up after so much that no step names, as in a story of many balloons.
        if matches!(&report.verdict, Verdict::Failed(failures) if failures.len() >= 40) {
            continue;
        }
        assert_eq!(report.not_played, 0, "{number}: {:#?}\n{text}", report.verdict);
        assert_eq!(report.trace.len(), told.records, "{number}\n{text}");
        whole += 1;
    }
    assert!(whole > 12, "{whole} stories were played to their end");
}

#[test]
fn a_story_follows_from_its_choices() {
    let library = Library::read(&Fixtures);
    let mut setting = Setting::default();
    setting.set("place", "card");
    let stage = Stage::open(Setup::Made(setting), &library).unwrap();
    let mut recording = Recording::new(Keyed::new(3));
    let told = tell(&stage, &plan(), &mut recording);
    let again = tell(&stage, &plan(), &mut Recorded::new(recording.into_list()));
    assert_eq!(told.story.moves, again.story.moves);
    assert!(!told.story.moves.is_empty());
}

/// Every variant of a scenario of the suite.
fn scenarios(name: &str, library: &Library) -> Vec<Scenario> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/{name}.toml"));
    let checked = check(name, &fs::read(path).unwrap(), library, &Nothing);
    assert!(!checked.found.has_errors());
    checked.scenarios
}

#[test]
fn a_written_story_is_told_as_it_is_played() {
    let library = Library::read(&Fixtures);
    let bench = Bench { library: &library, requirements: &Nothing };
    for name in [
        "founding/second-provider",
        "cards/another-default-while-it-waited",
        "switches/crash-between-issue-and-card",
        "stores/a-renewal-that-waited-is-a-renewal",
    ] {
        for scenario in scenarios(name, &library) {
            let story = as_story(&scenario, bench).unwrap();
            let stage = Stage::open(story.setup.clone(), &library).unwrap();
            let replayed = stage.replay(&story.moves, story.end);
            assert_eq!(replayed.story.moves.len(), story.moves.len(), "{name}");
            let (_, report) = play(&story.file("As it is written"), bench).unwrap();
            let written = run(&scenario, InProcess::new(), Hosts::in_process(), &Nothing);
            let came = |report: &RunReport| report.trace.iter().map(|one| one.kind).collect::<Vec<_>>();
            assert_eq!(came(&report), came(&written), "{name} {:?}", scenario.variant);
        }
    }
}

#[test]
fn a_group_follows_from_its_number_and_some_sweep() {
    let library = Library::read(&Fixtures);
    let bench = Bench { library: &library, requirements: &Nothing };
    let suite = [scenarios("founding/second-provider", &library), scenarios("cards/pending-across-a-logoff", &library)];
    let suite = suite.concat();
    let grown = Grown::new(&suite, bench, 12);
    let told = |number| {
        let outcome = grown.play(number);
        let broken = outcome.broken.iter().map(|(_, broken)| broken.signature()).collect::<Vec<_>>();
        (outcome.stories, outcome.moves, outcome.records, broken)
    };
    // Of odd numbers are the groups in worlds of scenarios: without a sweep they have four stories each. What cannot
    // be done is no story.
    let groups: Vec<_> = (1..12).step_by(2).map(told).collect();
    assert!(groups.iter().all(|(stories, .., broken)| *stories > 0 && broken.is_empty()), "{groups:?}");
    assert!(groups.iter().any(|(stories, ..)| *stories > 4), "{groups:?}");
    assert_eq!(groups[..2], [told(1), told(3)]);
}

#[test]
fn a_search_in_parts_is_the_whole_search() {
    let library = Library::read(&Fixtures);
    let bench = Bench { library: &library, requirements: &Nothing };
    let searched = |part: Part, jobs: usize| {
        let mut report = Report::new("random", 3, Some(19), part);
        let each = |number, outcome| {
            report.add(number, outcome, &BTreeSet::new(), bench);
            ControlFlow::Continue(())
        };
        drive(&Random::new(&library, 6), 3..19, part, NonZeroUsize::new(jobs).unwrap(), &|| false, each);
        report
    };
    let whole = searched(Part::WHOLE, 2);
    let mut merged = searched(Part { number: 2, of: 3 }, 1);
    merged.merge(searched(Part { number: 3, of: 3 }, 2)).unwrap();
    merged.merge(searched(Part { number: 1, of: 3 }, 1)).unwrap();
    assert_eq!(merged, whole);
    assert_eq!((whole.stories, whole.last), (16, Some(18)));
    assert!(merged.merge(Report::new("pairs", 3, Some(19), Part::WHOLE)).is_err());
}
