//! `parse(print(m)) = m`, and blessing with nothing to change returns the same bytes.

mod generated;
mod loaded;
mod script;

use autoenroll_scenario::{Blessed, ByPrefix, RunReport, Scenario, bless, check, format, parse, print, run_on};
use autoenroll_trace::Kind;
use generated::any_document;
use proptest::prelude::*;
use script::{Script, m, s};

#[track_caller]
fn round_trip(text: &[u8]) {
    let first = parse("first.toml", text);
    assert!(!first.found.has_errors(), "{}", first.found.render(&first.files, false));
    let printed = print(&first.document);
    let second = parse("second.toml", printed.as_bytes());
    assert_eq!(second.found.render(&second.files, false), "", "{printed}");
    assert!(second.document == first.document, "{printed}");
    assert_eq!(print(&second.document), printed);
    assert_eq!(
        format("second.toml", printed.as_bytes()).as_ref(),
        Ok(&printed),
        "what is printed is in the common layout"
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_document_survives_printing(document in any_document()) {
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
    let checked = check("story.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
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
    let checked = check("story.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
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
