//! `parse(print(m)) = m`, and blessing with nothing to change returns the same bytes.

mod loaded;
mod script;

use autoenroll_scenario::{Blessed, ByPrefix, RunReport, Scenario, bless, check, format, parse, print, run_on};
use autoenroll_trace::Kind;
use proptest::prelude::*;
use script::{Script, m, s};
use serde_json::{Value, json};

#[track_caller]
fn round_trip(text: &[u8]) {
    let first = parse("first.toml", text);
    assert!(!first.found.has_errors(), "{}", first.found.render(&first.files, false));
    let printed = print(&first.document);
    let second = parse("second.toml", printed.as_bytes());
    assert_eq!(second.found.render(&second.files, false), "", "{printed}");
    assert!(second.document == first.document, "{printed}");
    assert_eq!(print(&second.document), printed);
    laid_out(std::str::from_utf8(text).expect("what was parsed is text"));
    laid_out(&printed);
}

/// The layout changes nothing that is said, and laying out again changes nothing at all.
#[track_caller]
fn laid_out(text: &str) {
    let once = format("story.toml", text).expect("the text is sound");
    assert!(parse("story.toml", once.as_bytes()).document == parse("story.toml", text.as_bytes()).document);
    assert_eq!(format("story.toml", &once).expect("the text is sound"), once);
    let comments = |text: &str| text.matches('#').count();
    assert_eq!(comments(&once), comments(text));
}

#[test]
fn a_file_is_laid_out() {
    let text = "\n\n#:schema x\nscenario=1\ntitle   = 't'   # why\n\n\n\n[ world ]\nextends='contoso'\npolicy={ae-policy=7,gp-interval='8h'}\n\
                # about the card\n[[world.card]]\nname='a'\natr='gids'\n[timeline]\nsteps=[\n{logon='alice'},# first\n\n\n\
                      {expect='issued',facts={ list=[ 1,2 ] }} ,\n{state='desktop',facts={}}\n  ]";
    let expected = r#"#:schema x
scenario = 1
title = 't' # why

[world]
extends = 'contoso'
policy = { ae-policy = 7, gp-interval = '8h' }
# about the card
[[world.card]]
name = 'a'
atr = 'gids'

[timeline]
steps = [
  { logon = 'alice' }, # first

  { expect = 'issued', facts = { list = [1, 2] } },
  { state = 'desktop', facts = {} }
]
"#;
    assert_eq!(format("story.toml", text).expect("the text is sound"), expected);
    laid_out(text);
    assert!(format("story.toml", "scenario = ").is_err());
    assert_eq!(
        format("story.json", r#"{"scenario":1,"title":"t","timeline":{"steps":[]}}"#).expect("sound"),
        "{\n  \"scenario\": 1,\n  \"title\": \"t\",\n  \"timeline\": {\n    \"steps\": []\n  }\n}\n"
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the scenarios are the test's data")]
fn every_scenario_survives_printing() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut folders = vec![root];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder was just listed") {
            let path = entry.expect("it can be listed").path();
            match path.extension().and_then(|ending| ending.to_str()) {
                None if path.is_dir() => folders.push(path),
                Some("toml") => {
                    round_trip(&std::fs::read(&path).expect("the file was just listed"));
                    count += 1;
                }
                _ => {}
            }
        }
    }
    assert!(count > 0);
}

fn any_text() -> impl Strategy<Value = String> {
    "[ -~äß\u{1}\t\n\"'\\\\$#]{1,12}"
}

fn any_fact() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        any_text().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ];
    plain.prop_recursive(2, 6, 3, |inner| proptest::collection::vec(inner, 0..3).prop_map(Value::from))
}

fn any_facts() -> impl Strategy<Value = Value> {
    proptest::collection::btree_map("[a-z][a-z. -]{0,8}", any_fact(), 0..4).prop_map(|facts| json!(facts))
}

fn any_time() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let span = (1_u64..10_000_000_000_000).prop_map(|ns| Value::from(autoenroll_model::Span(ns).to_string()));
    let instant = Just(json!("2026-03-05T08:00:00.5Z"));
    prop_oneof![
        Just(vec![]),
        span.clone().prop_map(|span| vec![("after", span)]),
        prop_oneof![span.clone(), instant].prop_map(|time| vec![("at", time)]),
        span.prop_map(|span| vec![("within", span)]),
    ]
}

fn any_step() -> impl Strategy<Value = Value> {
    let seen = (any_time(), any_facts(), any::<bool>(), proptest::option::of("[a-z]{1,5}")).prop_map(
        |(time, facts, exact, name)| {
            let mut step = json!({ "expect": "issued", "facts": facts, "exact": exact });
            time.into_iter().for_each(|(key, value)| step[key] = value);
            name.into_iter().for_each(|name| step["as"] = json!(name));
            step
        },
    );
    let prompt = (any_facts(), any_text(), any::<bool>()).prop_map(|(facts, pin, hold)| {
        let answer = if hold { json!("hold") } else { json!({ "pin": pin }) };
        json!({ "prompt": "pin.enter", "facts": facts, "answer": answer })
    });
    let done = prop_oneof![
        any_text().prop_map(|name| json!({ "logon": name, "computer": "WKS01", "only": ["a", name] })),
        any_text().prop_map(|name| json!({ "on": "card", "facts": { "op": name }, "who": "alice", "remove": name })),
        any_text().prop_map(|name| json!({ "swap": name, "to": name, "reader": "Reader 0" })),
        any_text().prop_map(|name| json!({ "ca": "approve", "request": name })),
        any_text().prop_map(|name| json!({ "change": "principal", "of": name, "set": { "upn": false, "mail": name } })),
        Just(json!({ "reply": "pin.enter", "with": "cancel" })),
        Just(json!({ "never": "request", "until": "9h" })),
        any_facts().prop_map(|facts| json!({ "state": "card", "of": "alice-card", "facts": facts })),
    ];
    prop_oneof![seen, prompt, done]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_document_survives_printing(
        title in any_text(),
        summary in proptest::option::of(any_text()),
        steps in proptest::collection::vec(any_step(), 0..6),
        users in proptest::collection::btree_set("[a-z]{1,6}", 0..4),
        providers in proptest::collection::vec(any_text(), 0..8),
        policy in proptest::option::of(0_u32..8),
    ) {
        let users: Vec<Value> = users.into_iter().map(|name| json!({ "name": name, "groups": providers })).collect();
        let mut world = json!({ "extends": "contoso", "user": users, "start": "2026-03-02T08:00:00Z" });
        policy.into_iter().for_each(|value| world["policy"] = json!({ "ae-policy": value }));
        let mut document = json!({
            "scenario": 1, "title": title, "covers": ["R040", "S7.cancel"], "level": "may",
            "switches": { "timer": "off" }, "world": world, "timeline": { "steps": steps },
            "vary": [{ "name": "a", "profile": "windows-10-22h2", "world": { "seed": 7 } }],
        });
        summary.into_iter().for_each(|summary| document["summary"] = json!(summary));
        round_trip(document.to_string().as_bytes());
    }
}

fn story(steps: &str) -> String {
    format!(
        "scenario = 1 # a comment\ntitle = \"t\"\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [\n{steps}\n]\n"
    )
}

#[track_caller]
fn play(text: &str, script: Script) -> (Vec<Scenario>, RunReport) {
    let checked = check("story.toml", text.as_bytes(), &loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let report = run_on(&checked.scenarios[0], script, &ByPrefix);
    (checked.scenarios, report)
}

#[track_caller]
fn blessed(text: &str, script: Script, steps: bool) -> Blessed {
    let (scenarios, report) = play(text, script);
    bless(text, &[(&scenarios[0], &report)], steps)
}

fn script() -> Script {
    Script::new().after("Logon", s(0), "alice", Kind::Issued, &[("subject", "A"), ("message", "$ B")]).at(
        m(1),
        "alice",
        Kind::Balloon,
        &[],
    )
}

#[test]
fn blessing_with_nothing_to_change_returns_the_same_bytes() {
    let text = story(
        "  { logon = \"alice\" },   # odd   blanks\n  { expect = \"issued\", facts = {subject='A'} },\n  { after=\"1m\", expect = \"balloon\" },",
    );
    let result = blessed(&text, script(), true);
    assert_eq!(result, Blessed { text, edits: vec![], refused: vec![] });
}

#[test]
fn blessing_changes_only_the_values_that_differ() {
    let steps = |subject: &str, message: &str, icon: &str| {
        story(&format!(
            "  {{ logon = \"alice\" }},\n  {{ expect = \"issued\", facts = {{ subject = {subject}, message = {message} }} }}, # why\n  \
             {{ state = \"desktop\", facts = {{icon={icon}}} }},\n  {{ after = \"1m\", expect = \"balloon\" }},"
        ))
    };
    let result = blessed(&steps("'Z'", "\"C\"", "true"), script(), false);
    assert_eq!(result.text, steps("\"A\"", "\"$$ B\"", "false"));
    assert_eq!((result.edits.len(), result.refused.len()), (3, 0));
    // What was blessed passes, and blessing it again changes nothing.
    let again = blessed(&result.text, script(), false);
    assert_eq!(again, Blessed { text: result.text, edits: vec![], refused: vec![] });
}

#[test]
fn a_missing_step_is_inserted_only_on_request() {
    let text = story("  { logon = \"alice\" },\n  { expect = \"issued\" },\n  { wait = \"2m\" },");
    let shown = blessed(&text, script(), false);
    assert_eq!((shown.text.as_str(), shown.refused.len()), (text.as_str(), 1));
    let inserted = blessed(&text, script(), true);
    let expected = "  { expect = \"issued\" },\n  { at = \"1m\", expect = \"balloon\" },\n  { wait = \"2m\" },";
    assert!(inserted.text.contains(expected), "{}", inserted.text);
    assert_eq!(play(&inserted.text, script()).1.verdict, autoenroll_scenario::Verdict::Passed);
}

#[test]
fn variants_that_disagree_are_refused() {
    let text = story(
        "  { logon = \"alice\" },\n  { expect = \"issued\", facts = { subject = \"Z\" } },\n  { after = \"1m\", expect = \"balloon\" },",
    ) + "[[vary]]\nname = \"one\"\n[[vary]]\nname = \"two\"\n";
    let checked = check("story.toml", text.as_bytes(), &loaded::fixtures(), &ByPrefix);
    let other = Script::new().after("Logon", s(0), "alice", Kind::Issued, &[("subject", "Q")]).at(
        m(1),
        "alice",
        Kind::Balloon,
        &[],
    );
    let first = run_on(&checked.scenarios[0], script(), &ByPrefix);
    let second = run_on(&checked.scenarios[1], other, &ByPrefix);
    let runs = [(&checked.scenarios[0], &first), (&checked.scenarios[1], &second)];
    let result = bless(&text, &runs, false);
    assert_eq!((result.text.as_str(), result.edits.len(), result.refused.len()), (text.as_str(), 0, 1));
    // When they agree the value is written once.
    let agreed = bless(&text, &[runs[0], runs[0]], false);
    assert_eq!((agreed.edits.len(), agreed.refused.len()), (1, 0));
}
