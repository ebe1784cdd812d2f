//! What is made up is a story of the scenario language: it plays in a file as it was played, and shrinks to one.
#![expect(clippy::unwrap_used, reason = "this is test code outside of test functions")]

use std::fs;
use std::path::PathBuf;

use autoenroll_explore::choices::{Keyed, Recorded, Recording};
use autoenroll_explore::file::{Bench, play};
use autoenroll_explore::generate::{Plan, tell};
use autoenroll_explore::setting::{AXES, Setting};
use autoenroll_explore::story::{Move, Scene};
use autoenroll_explore::theatre::Theatre;
use autoenroll_scenario::{Library, LoadError, Loader, Requirement, Requirements, Verdict};

/// The fixtures of the repository.
struct Fixtures;

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

impl Loader for Fixtures {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        fs::read_to_string(fixtures().join(path)).map_err(|_| LoadError::Missing)
    }

    fn list(&self, folder: &str) -> Vec<String> {
        let files = fs::read_dir(fixtures().join(folder)).unwrap();
        let name = |file: fs::DirEntry| file.file_name().into_string().ok()?.strip_suffix(".toml").map(str::to_owned);
        let mut names: Vec<String> = files.filter_map(|file| name(file.unwrap())).collect();
        names.sort();
        names
    }
}

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
                let theatre = Theatre::open(Scene::Made(setting.clone()), &library);
                if let Err(error) = theatre {
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
        let theatre = Theatre::open(Scene::Made(setting), &library).unwrap();
        let told = tell(&theatre, &plan(), &mut Keyed::new(number));
        let replayed = theatre.replay(&told.story.moves, told.story.end);
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
        assert_eq!(report.trace.records().len(), told.records, "{number}\n{text}");
        whole += 1;
    }
    assert!(whole > 12, "{whole} stories were played to their end");
}

#[test]
fn a_story_follows_from_its_choices() {
    let library = Library::read(&Fixtures);
    let mut setting = Setting::default();
    setting.set("place", "card");
    let theatre = Theatre::open(Scene::Made(setting), &library).unwrap();
    let mut recording = Recording::new(Keyed::new(3));
    let told = tell(&theatre, &plan(), &mut recording);
    let again = tell(&theatre, &plan(), &mut Recorded::new(recording.into_list()));
    assert_eq!(told.story.moves, again.story.moves);
    assert!(!told.story.moves.is_empty());
}
