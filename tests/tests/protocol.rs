//! The core protocol: its schema, its document, and every message of every session that the suite plays.
#![cfg(not(feature = "planted-bugs"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use autoenroll_cli::{Catalogue, story, suite};
use autoenroll_core::InProcess;
use autoenroll_foreign::json_schema;
use autoenroll_foreign::protocol::{FromCore, ToCore};
use autoenroll_model::{Effect, Input, OutputBody, Profile, SWITCHES};
use autoenroll_oracles::tools;
use autoenroll_scenario::run;
use autoenroll_tests::recorded::{Message, Recorder};
use autoenroll_tests::reference::reference;
use autoenroll_tests::{root, scratch};
use autoenroll_world::Hosts;
use serde_json::{Value, json};

const SCHEMA: &str = "fixtures/schemas/core-protocol-2.json";
const DOCUMENT: &str = "docs/core-protocol.md";

#[test]
fn the_committed_schema_and_the_tables_of_the_document_are_those_of_the_types() {
    let schema = format!("{:#}\n", json_schema());
    renew(SCHEMA, |_| schema.clone());
    renew(DOCUMENT, |text| {
        let (before, rest) = text.split_once("<!-- reference: generated -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- reference: end -->\n").unwrap();
        let reference = reference(&json_schema());
        format!("{before}<!-- reference: generated -->\n{reference}<!-- reference: end -->\n{after}")
    });
}

#[test]
fn the_first_logon_of_the_document_is_what_is_said_in_its_scenario() {
    renew(DOCUMENT, |text| {
        let (before, rest) = text.split_once("<!-- exchange: ").unwrap();
        let (name, rest) = rest.split_once(" -->\n```text\n").unwrap();
        let (_, after) = rest.split_once("```\n").unwrap();
        format!("{before}<!-- exchange: {name} -->\n```text\n{}```\n{after}", exchange(name))
    });
}

/// What is said to the first core of a scenario, after `>`, and what it says, after `<`: without decisions, and with
/// the beginnings of what is long.
fn exchange(name: &str) -> String {
    let recorder = Recorder::new(InProcess::new());
    let _verdict = run(&story(name).unwrap().scenario, recorder.clone(), Hosts::in_process(), Catalogue::embedded());
    let mut text = String::new();
    let mut started = 0;
    for message in recorder.take() {
        started += usize::from(matches!(&message, Message::ToCore(said) if matches!(**said, ToCore::Start { .. })));
        if started > 1 {
            break;
        }
        let is_decision = |said: &FromCore| match said {
            FromCore::Output(output) => matches!(output.body, OutputBody::Decision(_)),
            _ => false,
        };
        let (mark, mut said) = match &message {
            Message::ToCore(said) => (">", serde_json::to_value(said).unwrap()),
            Message::FromCore(said) if is_decision(said) => continue,
            Message::FromCore(said) => ("<", serde_json::to_value(said).unwrap()),
        };
        if let Some(causes) = said.pointer_mut("/output/causes") {
            // The decisions that they name are left out.
            causes.as_array_mut().unwrap().retain(|cause| cause.get("decision").is_none());
        }
        shorten(&mut said);
        text.push_str(&format!("{mark} {said}\n"));
    }
    text
}

/// Bytes without most of their digits; a profile without its switches, which a core knows by the name.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            *text = format!("{}… ({} octets)", &text[..16], text.len() / 2);
        }
        Value::Object(fields) => {
            if let Some(Value::Object(switches)) = fields.get_mut("profile") {
                switches.retain(|name, _| name == "name");
            }
            fields.values_mut().for_each(shorten);
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        _ => {}
    }
}

/// Writes a file anew where documents are written, and otherwise demands that it is up to date.
fn renew(path: &str, renewed: impl Fn(&str) -> String) {
    let file = root().join(path);
    let old = fs::read_to_string(&file).unwrap_or_default();
    let new = renewed(&old);
    if std::env::var_os("AUTOENROLL_WRITE_DOCUMENTS").is_some() {
        fs::write(&file, new).unwrap();
    } else {
        assert!(old == new, "{path} is not up to date; `cargo xtask docs` writes it anew");
    }
}

#[test]
fn every_name_in_a_message_is_in_kebab_case() {
    let mut names = BTreeSet::new();
    collect_names(&json_schema(), &mut names);
    assert!(names.len() > 250, "{}", names.len());
    for name in names {
        let letters = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        assert!(letters && !name.starts_with('-'), "{name}");
    }
}

fn collect_names(schema: &Value, names: &mut BTreeSet<String>) {
    for (key, value) in schema.as_object().into_iter().flatten() {
        if key == "properties" {
            names.extend(value.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
        collect_names(value, names);
    }
    schema.as_array().into_iter().flatten().for_each(|value| collect_names(value, names));
}

#[test]
fn a_profile_has_the_switches_that_scenarios_set() {
    let profile = Profile::windows_10_22h2();
    let said = serde_json::to_value(&profile).unwrap();
    let names: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
    let expected: Vec<&str> = ["name"].into_iter().chain(SWITCHES.iter().map(|switch| switch.name)).collect();
    assert_eq!(names, expected);
    assert_eq!(serde_json::from_value::<Profile>(said).unwrap(), profile);

    let short = json!({ "name": "windows-10-22h2", "timer": "off", "some-later-switch": ["x"] });
    let read: Profile = serde_json::from_value(short).unwrap();
    let mut expected = profile;
    expected.set("timer", "off").unwrap();
    assert_eq!(read, expected);
    for wrong in [json!({ "timer": "8h" }), json!({ "name": "x", "timer": "soon" }), json!({ "name": "x", "timer": 8 })]
    {
        assert!(serde_json::from_value::<Profile>(wrong.clone()).is_err(), "{wrong}");
    }
}

/// Every message of every session of the suite, each once but for its number and its time.
fn sessions() -> BTreeMap<String, Message> {
    let catalogue = Catalogue::embedded();
    let mut messages = BTreeMap::new();
    for story in suite().unwrap() {
        let recorder = Recorder::new(InProcess::new());
        // Whether it came as it should is what other tests ask.
        let _ = run(&story.scenario, recorder.clone(), Hosts::in_process(), catalogue);
        for message in recorder.take() {
            let mut alike = message.clone();
            match &mut alike {
                Message::ToCore(said) => {
                    if let ToCore::Handle { number, now, .. } = said.as_mut() {
                        *number = 0;
                        now.mono.0 = 0;
                        now.wall.0 = 0;
                    }
                }
                Message::FromCore(said) => match said.as_mut() {
                    FromCore::Output(output) => {
                        output.number = 0;
                        output.causes.clear();
                    }
                    FromCore::Idle { number, deadline } => {
                        *number = 0;
                        *deadline = None;
                    }
                    FromCore::Ready { .. } | FromCore::Error(_) => {}
                },
            }
            messages.entry(line(&alike)).or_insert(message);
        }
    }
    messages
}

fn line(message: &Message) -> String {
    match message {
        Message::ToCore(said) => serde_json::to_string(said),
        Message::FromCore(said) => serde_json::to_string(said),
    }
    .unwrap()
}

fn read(message: &Message, said: &str) -> Result<Message, serde_json::Error> {
    match message {
        Message::ToCore(_) => serde_json::from_str(said).map(|said| Message::ToCore(Box::new(said))),
        Message::FromCore(_) => serde_json::from_str(said).map(|said| Message::FromCore(Box::new(said))),
    }
}

/// The validator is Python's jsonschema: those for Rust bring more than forty packages along.
#[test]
fn every_message_of_every_session_is_read_and_valid_and_takes_fields_that_nobody_knows() {
    let messages = sessions();
    assert!(messages.len() > 3000, "{}", messages.len());
    for message in messages.values() {
        let said = line(message);
        assert_eq!(&read(message, &said).unwrap(), message, "{said}");
        let mut more: Value = serde_json::from_str(&said).unwrap();
        add_unknown(&mut more);
        let more = more.to_string();
        assert_eq!(&read(message, &more).unwrap(), message, "{more}");
    }
    results_are_those_of_the_document(messages.values());

    let Some(mut judge) = tools::python("protocol.py") else { return };
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "protocol");
    let file = directory.join("messages.jsonl");
    let wrong = r#"{"idle":{"deadline":5}}"#;
    // A schema knows nothing of what a text says unless it is a word: of messages that differ in nothing else one is
    // judged.
    let kinds: BTreeMap<String, String> = messages
        .values()
        .map(line)
        .map(|said| (shape(&serde_json::from_str(&said).unwrap()).to_string(), said))
        .collect();
    assert!(kinds.len() > 500, "{}", kinds.len());
    let lines: String = kinds.values().map(String::as_str).chain([wrong]).flat_map(|said| [said, "\n"]).collect();
    fs::write(&file, lines).unwrap();
    let printed = tools::printed(judge.arg(root().join(SCHEMA)).arg(&file));
    let (invalid, count) = printed.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(count, format!("{} judged", kinds.len() + 1));
    assert!(invalid.starts_with(wrong) && !invalid.contains('\n'), "{invalid}");
}

/// A value without what texts say that are no words, without how large numbers are, and with each element of a list
/// once that is like others.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) => json!(if number.is_u64() { 1 } else { -1 }),
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => value.clone(),
        Value::String(_) => json!("A text"),
        Value::Array(items) => {
            let shapes: BTreeMap<String, Value> =
                items.iter().map(shape).map(|item| (item.to_string(), item)).collect();
            shapes.into_values().collect()
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
    }
}

/// Adds a field to every object with fields. An object with one may be a variant, and facts are not fields.
fn add_unknown(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.iter_mut().filter(|(name, _)| *name != "facts").for_each(|(_, value)| add_unknown(value));
            if fields.len() > 1 {
                fields.insert("unknown-field".to_owned(), json!({ "of": [1, "later version"] }));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(add_unknown),
        _ => {}
    }
}

/// The result of each effect is the one that the document names.
fn results_are_those_of_the_document<'a>(messages: impl Iterator<Item = &'a Message>) {
    let document = fs::read_to_string(root().join(DOCUMENT)).unwrap();
    let mut effects: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for message in messages {
        let Message::FromCore(said) = message else { continue };
        let FromCore::Output(output) = said.as_ref() else { continue };
        let OutputBody::Effect { effect, .. } = &output.body else { continue };
        let word = word(&serde_json::to_value(effect).unwrap());
        let word = match effect {
            Effect::Card { operation, .. } => self::word(&serde_json::to_value(operation).unwrap()),
            Effect::Software { operation, .. } => self::word(&serde_json::to_value(operation).unwrap()),
            _ => word,
        };
        effects.entry(word).or_default().insert(effect.expected_result().to_owned());
    }
    assert!(effects.len() > 25, "{effects:?}");
    for (effect, results) in effects {
        for result in results {
            let row = |line: &&str| {
                let mut cells = line.split(" | ");
                cells.next() == Some(&format!("| `{effect}`")) && cells.any(|cell| cell == format!("`{result}`"))
            };
            assert!(document.lines().any(|line| row(&line)), "{effect} → {result}");
        }
    }
}

/// The name of a variant.
fn word(variant: &Value) -> String {
    let name = variant.as_object().and_then(|fields| fields.keys().next()).map(String::as_str);
    name.or_else(|| variant.as_str()).unwrap_or_default().to_owned()
}

#[test]
fn an_input_that_nobody_knows_is_an_error() {
    let input = r#"{"handle":{"number":1,"now":{"mono":0,"wall":0},"input":{"card-logon":{}}}}"#;
    assert!(serde_json::from_str::<ToCore>(input).is_err());
    assert_eq!(serde_json::to_value(Input::Tick).unwrap(), json!("tick"));
}
