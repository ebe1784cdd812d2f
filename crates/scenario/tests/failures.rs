//! What the author of a story reads when it goes otherwise.

mod loaded;
mod script;

use autoenroll_core::InProcess as Cores;
use autoenroll_scenario::{ByPrefix, Code, check, run, run_on};
use autoenroll_trace::Kind;
use autoenroll_world::Hosts;
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

/// What goes otherwise with the real core and a card for alice: code, line, what is underlined there, and the help.
#[track_caller]
fn fails(steps: &str, expected: &[(Code, &str, &str)]) {
    let text = format!(
        "scenario = 1\ntitle = \"t\"\n[world]\nextends = \"contoso\"\n[[world.template]]\nname = \"CorpCard\"\nbased-on = \"SmartcardLogon\"\n\
         flags = [\"auto-enrollment\", \"user-interaction-required\"]\nproviders = [\"Microsoft Base Smart Card Crypto Provider\"]\n\
         allow = {{ alice = [\"enroll\", \"autoenroll\"] }}\n[[world.card]]\nname = \"alice-card\"\natr = \"gids\"\n[timeline]\nsteps = [\n{steps}\n]\n"
    );
    let checked = check("story.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let report = run(&checked.scenarios[0], Cores::new(), Hosts::in_process(), &ByPrefix);
    let problems = report.diagnostics();
    let told: Vec<(Code, &str, &str)> = problems
        .list()
        .iter()
        .map(|problem| {
            let underlined = &text[problem.span.start..problem.span.end];
            (problem.code, underlined, problem.help.as_deref().unwrap_or_default())
        })
        .collect();
    assert_eq!(told, expected, "{}", report.render(&checked.files, false));
}

const CARD: &str = r#"{ insert = "alice-card", reader = "Reader 0" }, { logon = "alice" }"#;
const BALLOON: &str = r#"{ after = "60s", expect = "balloon" }"#;
const START: &str = r#"{ click = "balloon" }, { prompt = "wizard.start", answer = "start" }"#;

#[test]
fn what_no_step_names_is_shown_at_the_step_that_was_played_with_a_line_to_add() {
    let balloon = "it came while this step was played; add one before it: { at = \"1m\", expect = \"balloon\" }";
    let look = r#"{ state = "desktop", facts = { icon = false } }"#;
    fails(&format!(r#"{CARD}, {{ wait = "5s" }}, {look}, {{ wait = "1h" }}"#), &[(Code::Unexpected, "wait", balloon)]);
    fails(
        &format!(r#"{CARD}, {look}, {{ never = "request", until = "1h" }}"#),
        &[(Code::Unexpected, "never", balloon)],
    );
    // A set of which one is missing joins in.
    let summary = "it came of this step; add one after it: { prompt = \"summary\", answer = \"close\" }";
    fails(
        &format!(
            r#"{{ logon = "alice" }}, {BALLOON}, {START}, {{ prompt = "card.insert", answer = "cancel" }}, {{ expect = "event", facts = {{ id = 13 }} }}, {{ expect = "run-ended" }}, {{ expect = "icon-hidden" }}"#
        ),
        &[(Code::Unexpected, "expect", summary)],
    );
}

#[test]
fn a_forgotten_prompt_is_named_and_nothing_that_follows_from_it() {
    let asked = |after: &str, point: &str, answer: &str| {
        format!("name that first{after}: {{ prompt = \"{point}\", answer = {answer} }}")
    };
    fails(
        &format!(
            r#"{CARD}, {BALLOON}, {{ click = "balloon" }}, {{ prompt = "pin.enter", answer = {{ pin = "1234" }} }}, {{ wait = "9h" }}"#
        ),
        &[(Code::DidNotCome, "\"pin.enter\"", &asked("", "wizard.start", "\"start\""))],
    );
    fails(
        &format!(
            r#"{CARD}, {BALLOON}, {START}, {{ expect = "issued", as = "new" }}, {{ state = "store", facts = {{ certificates = ["$new"] }} }}, {{ after = "1m", prompt = "summary", answer = "close" }}"#
        ),
        &[(Code::DidNotCome, "\"summary\"", &asked(", after step 5", "pin.enter", "{ pin = \"1234\" }"))],
    );
    // One that a step holds open has to be answered.
    fails(
        &format!(
            r#"{CARD}, {BALLOON}, {{ click = "balloon" }}, {{ prompt = "wizard.start", answer = "hold" }}, {{ prompt = "pin.enter", answer = "cancel" }}"#
        ),
        &[(
            Code::DidNotCome,
            "\"pin.enter\"",
            "step 5 holds it open; answer it first: { reply = \"wizard.start\", with = \"start\" }",
        )],
    );
}

#[test]
fn after_a_step_that_did_not_come_the_story_goes_on_from_its_time() {
    let balloon = r#"{ after = "30s", expect = "balloon", as = "seen" }"#;
    let late = "it came at another time: 00:01:00 (2026-03-02 08:01:00) alice balloon";
    fails(&format!(r#"{CARD}, {balloon}, {{ after = "30s", expect = "icon" }}"#), &[(Code::DidNotCome, balloon, late)]);
    // What the failed step would have bound is not missed a second time.
    let request = r#"{ expect = "request", as = "asked" }"#;
    fails(
        &format!(r#"{CARD}, {request}, {{ state = "requests", facts = {{ requests = ["$asked"] }} }}, {BALLOON}"#),
        &[(Code::DidNotCome, request, "")],
    );
}

#[test]
fn the_nearer_of_two_other_times_is_told_first() {
    let at = |minutes: u64| m(minutes);
    let script = Script::new().at(at(10), "alice", Kind::Icon, &[]).at(at(100), "alice", Kind::Icon, &[]);
    let text =
        told("  { logon = \"alice\" },\n  { after = \"20m\", expect = \"icon\" },\n  { wait = \"2h\" },", script);
    let (suggestion, far) = (
        text.find("00:10:00 (2026-03-02 08:10:00) alice icon"),
        text.find("01:40:00 (2026-03-02 09:40:00) alice icon"),
    );
    assert!(suggestion.is_some() && suggestion < far, "{text}");
}

#[test]
fn a_balloon_that_is_gone_leaves_its_icon() {
    let click = r#"{ after = "30s", click = "balloon" }"#;
    fails(
        &format!("{CARD}, {BALLOON}, {click}"),
        &[(
            Code::NotDone,
            click,
            "the balloon went away at 00:01:15 (2026-03-02 08:01:15); the icon is still there: click = \"icon\"",
        )],
    );
}
