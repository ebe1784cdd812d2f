//! What the author of a story reads when it goes otherwise.

mod loaded;
mod script;

use autoenroll_scenario::{ByPrefix, check, run_on};
use autoenroll_trace::Kind;
use script::{Script, m, s};

fn told(steps: &str, script: Script) -> String {
    let text =
        format!("scenario = 1\ntitle = \"t\"\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [\n{steps}\n]\n");
    let checked = check("story.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let lines = run_on(&checked.scenarios[0], script, &ByPrefix).render(&checked.files, false);
    lines.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn other_facts_are_told_under_the_words_of_the_file() {
    let script = Script::new()
        .after("Logon", s(0), "CA", Kind::Request, &[("template", "SmartcardLogon"), ("key", "rsa-1024")])
        .after("Logon", s(0), "alice", Kind::Event, &[("id", "19"), ("severity", "information")]);
    insta::assert_snapshot!(told(
        "  { logon = \"alice\" },\n  { expect = \"request\", facts = { template = \"SmartcardLogon\", key = \"rsa-2048\" } },\n  { expect = \"event\" },",
        script,
    ));
}

#[test]
fn what_did_not_come_shows_what_came_instead() {
    let script = Script::new()
        .at(m(1), "alice", Kind::Balloon, &[])
        .at(m(2), "alice", Kind::Prompt, &[("point", "wizard.start"), ("items", "1")])
        .at(m(90), "alice", Kind::RunStarted, &[("trigger", "group-policy")]);
    insta::assert_snapshot!(told(
        "  { logon = \"alice\" },\n  { after = \"60s\", expect = \"balloon\" },\n  { after = \"30s\", prompt = \"wizard.start\", answer = \"start\" },\n  { wait = \"2h\" },",
        script,
    ));
}

#[test]
fn two_candidates_name_the_facts_that_tell_them_apart() {
    let script = Script::new()
        .after("Logon", s(0), "CA", Kind::Request, &[("subject", "A"), ("key", "rsa-1024")])
        .after("Logon", s(0), "CA", Kind::Request, &[("subject", "B"), ("key", "rsa-1024")]);
    insta::assert_snapshot!(told(
        "  { logon = \"alice\" },\n  { expect = \"request\", facts = { key = \"rsa-1024\" } },",
        script
    ));
}

#[test]
fn what_no_step_names_is_shown_where_it_would_stand() {
    let script = Script::new().at(m(1), "alice", Kind::Balloon, &[]).at(
        m(2),
        "alice",
        Kind::Event,
        &[("id", "13"), ("severity", "error"), ("code", "0x80094012")],
    );
    insta::assert_snapshot!(told(
        "  { logon = \"alice\" },\n  { after = \"1m\", expect = \"balloon\" },\n  { wait = \"8h\" },",
        script
    ));
}
