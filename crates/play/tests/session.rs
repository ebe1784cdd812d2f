//! Stories by hand: what was typed, what was offered, and the file that comes of it.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "this is test code, which reads fixtures"
)]

use std::fs;
use std::path::Path;

use autoenroll_explore::file::Bench;
use autoenroll_play::{Command, Group, PlayError, Session, Unclear, find};
use autoenroll_scenario::{Library, LoadError, Loader, Requirement, Requirements, check};

/// The fixtures of the repository.
struct Fixtures;

impl Loader for Fixtures {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        fs::read_to_string(fixtures().join(path)).map_err(|_| LoadError::Missing)
    }
    fn list(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(fixtures().join(folder)).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned())).collect();
        names.sort();
        names
    }
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Nothing is said about requirements.
struct Nothing;

impl Requirements for Nothing {
    fn find(&self, _id: &str) -> Requirement {
        Requirement::Described
    }
}

/// A card whose container is free, and a template for it.
const STORY: &str = r#"scenario = 1
title = "A card by hand"
profile = "server-2003-sp1"

[world]
extends = "smart-card"

[[world.card]]
name = "alice-card"

[timeline]
steps = [
  { logon = "alice" },
  { after = "60s", expect = "balloon" },
  { after = "5s", click = "balloon" },
  { prompt = "wizard.start", facts = { items = 1 }, answer = "start" },
]
"#;

/// Plays these lines; what the last one came to, and the session.
fn played<'a>(lines: &[&str], library: &'a Library, text: &str) -> (Session<'a>, Result<(), String>) {
    let bench = Bench { library, requirements: &Nothing };
    let checked = check("story.toml", text.as_bytes(), library, &Nothing);
    let Some(scenario) = checked.scenarios.first() else { panic!("{}", checked.found.render(&checked.files, false)) };
    let mut session = Session::of_scenario(scenario, bench).unwrap();
    let mut came = Ok(());
    for line in lines {
        assert_eq!(came, Ok(()), "before {line}");
        came = typed(&mut session, line);
    }
    (session, came)
}

fn typed(session: &mut Session<'_>, line: &str) -> Result<(), String> {
    let told = |error: PlayError| error.to_string();
    match Command::parse(line).map_err(|unclear| unclear.to_string())? {
        Command::Line(line) => session.line(&line).map_err(told),
        Command::Next => session.advance_to_next().map_err(told),
        Command::Wait(time) => session.advance(time).map_err(told),
        Command::Until(at) => session.advance_until(&at).map_err(told),
        Command::Follow(times) => (0..times).try_for_each(|_| session.follow()).map_err(told),
        Command::Skip => session.skip().map_err(told),
        Command::Undo(times) => (0..times).try_for_each(|_| session.undo().map(drop)).map_err(told),
        Command::Take { words } => {
            let offers = session.offers();
            let (offer, pin) = find(&offers, &words).map_err(|unclear: Unclear| unclear.to_string())?;
            session.take(offer, pin.as_deref()).map_err(told)
        }
        other => panic!("{other:?} is nothing that a session does"),
    }
}

/// The file of a story by hand passes, and has these lines in this order.
fn check_file(lines: &[&str], expected: &[&str]) {
    let library = Library::read(&Fixtures);
    let (session, came) = played(lines, &library, STORY);
    assert_eq!(came, Ok(()), "{lines:?}");
    let saved = session.save("story.toml");
    assert_eq!(saved.problem, None, "{}", saved.text);
    let mut rest = saved.text.as_str();
    for line in expected {
        let Some(at) = rest.find(line) else { panic!("no {line} in its place in {}", saved.text) };
        rest = &rest[at + line.len()..];
    }
    let again = Session::of_scenario(
        check("again.toml", saved.text.as_bytes(), &library, &Nothing).scenarios.first().unwrap(),
        Bench { library: &library, requirements: &Nothing },
    );
    let mut again = again.unwrap();
    while again.written_next().is_some() {
        again.follow().unwrap();
    }
    let end = session.now();
    again.advance_until(&format!("{}s", end.0 / 1_000_000_000)).unwrap();
    assert_eq!(again.trace().digest(), session.trace().digest(), "the file tells the same story");
}

#[test]
fn what_was_done_is_a_file_that_passes_and_tells_the_same_story() {
    check_file(
        &["logon alice", "next", "+5s", "click balloon", "start", "insert alice-card", "ok", "pin 1234", "+1h"],
        &[
            "{ logon = \"alice\"",
            "expect = \"balloon\"",
            "click = \"balloon\"",
            "prompt = \"wizard.start\", facts = { items = 1 }, answer = \"start\"",
            "insert = \"alice-card\"",
            "answer = { pin = \"1234\" }",
            "{ wait = \"1h\" }",
        ],
    );
}

#[test]
fn a_file_is_followed_and_left() {
    check_file(&["go 2", "remind"], &["click = \"balloon\"", "answer = \"remind\""]);
}

#[test]
fn lines_of_the_language_do_what_the_menu_has_not() {
    check_file(
        &[
            "{ logon = \"alice\" }",
            "change = \"ca\", of = \"Contoso Issuing CA\", set = { latency = \"3s\" }",
            "state = \"desktop\", of = \"alice\", facts = { logged-on = true }",
            "until 09:00",
            "after = \"5m\", pulse = \"alice\"",
            "wait = \"10m\"",
        ],
        &["set = { latency = \"3s\" }", "state = \"desktop\"", "pulse = \"alice\"", "wait = \"9m\""],
    );
}

/// What a line that cannot be done is answered with, and that nothing has changed.
fn check_refused(lines: &[&str], expected: &str) {
    let library = Library::read(&Fixtures);
    let (session, came) = played(lines, &library, STORY);
    let said = came.unwrap_err();
    assert!(said.contains(expected), "{lines:?}: {said}");
    let (before, _) = played(&lines[..lines.len() - 1], &library, STORY);
    assert_eq!(session.trace().digest(), before.trace().digest(), "{lines:?}");
    assert_eq!((session.now(), session.steps()), (before.now(), before.steps()), "{lines:?}");
}

#[test]
fn what_cannot_be_done_changes_nothing_and_says_why() {
    check_refused(&["remove alice-card"], "nothing that can be done now");
    check_refused(&["remove = \"alice-card\""], "alice-card");
    check_refused(&["logon = \"bob\", computer = \"WKS01\""], "bob");
    check_refused(&["logon = \"alice\", computer = \"WKS01\"}, { lock = \"alice\""], "one step a line");
    check_refused(&["state = \"card\", of = \"no-card\", facts = { tries-left = 3 }"], "no-card");
    check_refused(&["on = \"balloon\", click = \"balloon\""], "waits for no record");
    check_refused(&["do = \"it\""], "it");
    check_refused(&["+8h", "until 1h"], "is over");
    check_refused(&["until tomorrow"], "is no time");
    check_refused(&["until 8h\", lock=\"x\" }, { lock=\"y"], "is no time");
    check_refused(&["go 3", "go"], "says nothing more");
    check_refused(&["insert alice-card", "go 3", "pin"], "say the PIN");
    check_refused(&["+1825d", "+1s"], "five years at most, until 1825d 00:00:00");
    check_refused(&["+2000d"], "five years at most");
    check_refused(&["after = \"1826d\", logon = \"alice\""], "five years at most");
    check_refused(&["undo"], "beginning");
    check_refused(&["999"], "there is no 999");
}

#[test]
fn undo_takes_back_one_thing_at_a_time() {
    let library = Library::read(&Fixtures);
    let (mut session, _) = played(&["logon alice"], &library, STORY);
    let (digest, now) = (session.trace().digest(), session.now());
    for line in ["+1m", "insert alice-card", "pull out", "next"] {
        typed(&mut session, line).unwrap_or_else(|why| panic!("{line}: {why}"));
    }
    let told: Vec<String> = (0..4).map(|_| session.undo().unwrap()).collect();
    assert_eq!(told[1..3], ["pull alice-card out", "insert alice-card into Reader 0 of WKS01"]);
    assert_eq!((session.trace().digest(), session.now()), (digest, now));
}

#[test]
fn what_is_offered_can_be_done() {
    let library = Library::read(&Fixtures);
    let (mut session, _) = played(&["go", "next"], &library, STORY);
    let offers = session.offers();
    for group in [Group::Click, Group::Card, Group::Day, Group::Office, Group::Fault, Group::Repair] {
        assert!(offers.iter().any(|offer| offer.group == group), "{group:?}");
    }
    let labels: std::collections::BTreeSet<&str> = offers.iter().map(|offer| offer.label.as_str()).collect();
    assert_eq!(labels.len(), offers.len(), "each is called otherwise: {labels:?}");
    for offer in offers {
        session.take(&offer, Some("1234")).unwrap_or_else(|why| panic!("{}: {why}", offer.label));
        session.undo().unwrap();
    }
}

#[test]
fn names_that_need_quotes_are_names() {
    let library = Library::read(&Fixtures);
    let story = STORY.replace("name = \"alice-card\"", "name = 'a \"card\" \\ of {alice}'\natr = \"gids\"");
    let (mut session, _) = played(&[], &library, &story);
    typed(&mut session, "2").unwrap();
    let saved = session.save("story.toml");
    assert_eq!(saved.problem, None, "{}", saved.text);
    assert!(
        session.trace().iter().any(|record| record.unpack().facts.text("card") == Some("a \"card\" \\ of {alice}"))
    );
}
