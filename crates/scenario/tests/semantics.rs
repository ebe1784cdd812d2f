//! The ten semantics of the language, each word for word, against a world that follows a script.

mod loaded;
mod script;

use autoenroll_model::Duration;
use autoenroll_scenario::{ByPrefix, Code, Verdict, check, run_on};
use autoenroll_trace::Kind;
use script::{Script, m, s};

/// Plays steps on a script and compares the codes of what went otherwise; none means that the story passes.
#[track_caller]
fn play(steps: &str, script: Script, expected: &[Code]) {
    play_in("", steps, script, expected);
}

#[track_caller]
fn play_in(world: &str, steps: &str, script: Script, expected: &[Code]) {
    // The card is in its reader, unless the story puts it there.
    let reader = if steps.contains("insert = ") { "" } else { "reader = \"Reader 0\"\n" };
    let text = format!(
        "scenario = 1\ntitle = \"A script\"\n[world]\nextends = \"contoso\"\n{world}\n\
         [[world.card]]\nname = \"alice-card\"\natr = \"gids\"\n{reader}[timeline]\nsteps = [\n{steps}\n]\n"
    );
    let checked = check("script.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "", "the story must be sound");
    let report = run_on(&checked.scenarios[0], script, &ByPrefix);
    let codes: Vec<Code> = report.diagnostics().list().iter().map(|problem| problem.code).collect();
    assert_eq!(codes, expected, "{}", report.render(&checked.files, false));
    assert_eq!(expected.is_empty(), report.verdict == Verdict::Passed);
}

/// The codes that checking finds.
#[track_caller]
fn refused(steps: &str, expected: &[Code]) {
    let text = format!(
        "scenario = 1\ntitle = \"A script\"\n[world]\nextends = \"contoso\"\n\
         [[world.user]]\nname = \"bob\"\n[[world.card]]\nname = \"alice-card\"\natr = \"gids\"\n[timeline]\nsteps = [\n{steps}\n]\n"
    );
    let checked = check("script.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    let codes: Vec<Code> = checked.found.list().iter().map(|problem| problem.code).collect();
    assert_eq!(codes, expected, "{}", checked.found.render(&checked.files, false));
}

// 1. An instant is all work at one time, run until the world is quiet. The runner acts after quiescence.

#[test]
fn an_instant_is_run_until_the_world_is_quiet() {
    // Three things at eight hours, one leading to the next, all before the click.
    let script = Script::new()
        .at(m(480), "alice", Kind::RunStarted, &[("trigger", "group-policy")])
        .at(m(480), "alice", Kind::Icon, &[])
        .at(m(480), "alice", Kind::RunEnded, &[])
        .after("Click", s(0), "alice", Kind::ItemStarted, &[]);
    play(
        r#"{ logon = "alice" }, { wait = "8h" },
           { expect = "run-started" }, { expect = "icon" }, { expect = "run-ended" },
           { click = "icon" }, { expect = "item-started" }"#,
        script,
        &[],
    );
}

#[test]
fn the_runner_acts_after_quiescence() {
    // The click comes after the run has ended, so the end of the run is no consequence of the click.
    let script = Script::new().at(m(480), "alice", Kind::RunEnded, &[]);
    play(
        r#"{ logon = "alice" }, { wait = "8h" }, { click = "icon" }, { expect = "run-ended" }"#,
        script,
        &[Code::DidNotCome],
    );
}

// 2. Expectations match trace records only. Steps next to each other match as a set within the instant; groups match in
//    order; each record is consumed once; two candidates are the error "add facts", unless
//    nothing tells them apart and as many steps name them as there are.

#[test]
fn neighbours_match_as_a_set() {
    let script = || {
        Script::new().after("Logon", s(0), "alice", Kind::Issued, &[("subject", "A")]).after(
            "Logon",
            s(0),
            "alice",
            Kind::Issued,
            &[("subject", "B")],
        )
    };
    let a = r#"{ expect = "issued", facts = { subject = "A" } }"#;
    let b = r#"{ expect = "issued", facts = { subject = "B" } }"#;
    play(&format!(r#"{{ logon = "alice" }}, {a}, {b}"#), script(), &[]);
    play(&format!(r#"{{ logon = "alice" }}, {b}, {a}"#), script(), &[]);
    // A record that another step needs is left to it.
    play(&format!(r#"{{ logon = "alice" }}, {{ expect = "issued" }}, {b}"#), script(), &[]);
}

#[test]
fn groups_match_in_order() {
    let script = Script::new().at(m(1), "alice", Kind::Issued, &[]).at(m(1), "alice", Kind::RunEnded, &[]);
    let state = r#"{ state = "desktop", facts = { icon = false } }"#;
    let steps = |first: &str, second: &str| {
        format!(
            r#"{{ logon = "alice" }}, {{ wait = "1m" }}, {{ expect = "{first}" }}, {state}, {{ expect = "{second}" }}"#
        )
    };
    play(&steps("issued", "run-ended"), script.clone(), &[]);
    play(&steps("run-ended", "issued"), script, &[Code::DidNotCome]);
}

#[test]
fn each_record_is_consumed_once() {
    let script = Script::new().after("Logon", s(0), "alice", Kind::Issued, &[]);
    play(
        r#"{ logon = "alice" }, { expect = "issued" }, { state = "desktop", facts = { icon = false } }, { expect = "issued" }"#,
        script,
        &[Code::DidNotCome],
    );
}

#[test]
fn two_candidates_ask_for_facts() {
    let script = Script::new().after("Logon", s(0), "alice", Kind::Issued, &[("subject", "A")]).after(
        "Logon",
        s(0),
        "alice",
        Kind::Issued,
        &[("subject", "B")],
    );
    play(r#"{ logon = "alice" }, { expect = "issued" }"#, script, &[Code::AddFacts]);
}

#[test]
fn records_that_are_alike_are_named_as_often_as_they_come() {
    let alike = || {
        let one = [("subject", "A")];
        let script = Script::new().after("Logon", s(0), "alice", Kind::Issued, &one);
        script.after("Logon", s(0), "alice", Kind::Issued, &one)
    };
    let issued = r#"{ expect = "issued", facts = { subject = "A" } }"#;
    play(&format!(r#"{{ logon = "alice" }}, {issued}"#), alike(), &[Code::AddFacts]);
    play(&format!(r#"{{ logon = "alice" }}, {issued}, {issued}"#), alike(), &[]);
    play(&format!(r#"{{ logon = "alice" }}, {issued}, {issued}, {issued}"#), alike(), &[Code::DidNotCome]);
    // Another of their instant that the step fits too is told apart by a fact.
    let another = alike().after("Logon", s(0), "alice", Kind::Issued, &[("subject", "A"), ("serial", "1")]);
    play(&format!(r#"{{ logon = "alice" }}, {issued}"#), another, &[Code::AddFacts]);
}

// 3. `prompt` matches one opening of a prompt, or one change of facts of an open one; both are strict. No prompt may be
//    open at the end. `answer = "hold"` leaves it open; `answer` answers it later.

#[test]
fn prompts_and_their_changes_are_strict() {
    let script = || {
        Script::new()
            .after("Logon", s(0), "alice", Kind::Prompt, &[("point", "card.insert"), ("reader", "empty")])
            .after("Insert", s(0), "alice", Kind::PromptChanged, &[("point", "card.insert"), ("reader", "wrong card")])
    };
    let opens = r#"{ logon = "alice" }, { prompt = "card.insert", facts = { reader = "empty" }, answer = "hold" }, { insert = "alice-card" }"#;
    let changes = r#"{ prompt = "card.insert", facts = { reader = "wrong card" }, answer = "cancel" }"#;
    play(&format!("{opens}, {changes}"), script(), &[]);
    // The change is not named.
    play(&format!(r#"{opens}, {{ reply = "card.insert", with = "cancel" }}"#), script(), &[Code::Unexpected]);
    // The opening is not named.
    play(
        r#"{ logon = "alice" }, { insert = "alice-card" }, { reply = "card.insert", with = "cancel" }"#,
        script(),
        &[Code::Unexpected, Code::Unexpected],
    );
}

#[test]
fn no_prompt_may_be_open_at_the_end() {
    let script = Script::new().after("Logon", s(0), "alice", Kind::Prompt, &[("point", "wizard.start")]);
    let held = r#"{ logon = "alice" }, { prompt = "wizard.start", answer = "hold" }"#;
    play(held, script.clone(), &[Code::LeftOpen]);
    play(&format!(r#"{held}, {{ after = "1m", reply = "wizard.start", with = "start" }}"#), script.clone(), &[]);
    play(&format!(r#"{held}, {{ reply = "pin.enter", with = {{ pin = "1234" }} }}"#), script, &[Code::NotDone]);
}

// 4. `at` and `until` count from the start, `after` and `within` from the previous step's match; intervals are
//    half-open; absent means exactly now. `never` guards from the previous step until its `until`, and moves the clock
//    there.

#[test]
fn at_counts_from_the_start_and_after_from_the_match() {
    let script = Script::new().at(m(2), "alice", Kind::Icon, &[]).at(m(5), "alice", Kind::IconHidden, &[]);
    play(
        r#"{ logon = "alice" }, { within = "10m", expect = "icon" }, { after = "3m", expect = "icon-hidden" }"#,
        script.clone(),
        &[],
    );
    play(
        r#"{ logon = "alice" }, { wait = "1m" }, { at = "2m", expect = "icon" }, { at = "5m", expect = "icon-hidden" }"#,
        script.clone(),
        &[],
    );
    play(
        r#"{ logon = "alice" }, { wait = "1m" }, { after = "2m", expect = "icon" }"#,
        script.clone(),
        &[Code::DidNotCome],
    );
    play(r#"{ logon = "alice" }, { at = 2026-03-02T08:02:00Z, expect = "icon" }"#, script, &[]);
}

#[test]
fn intervals_are_half_open() {
    let script = || Script::new().at(m(2), "alice", Kind::Icon, &[]);
    play(r#"{ logon = "alice" }, { until = "2m", expect = "icon" }"#, script(), &[Code::DidNotCome]);
    play(r#"{ logon = "alice" }, { until = "2m1ns", expect = "icon" }"#, script(), &[]);
    play(r#"{ logon = "alice" }, { within = "2m", expect = "icon" }"#, script(), &[Code::DidNotCome]);
    play(r#"{ logon = "alice" }, { within = "2m1ns", expect = "icon" }"#, script(), &[]);
    play(r#"{ logon = "alice" }, { after = "2m", within = "3m", expect = "icon" }"#, script(), &[]);
    play(r#"{ logon = "alice" }, { after = "2m1ns", within = "3m", expect = "icon" }"#, script(), &[Code::DidNotCome]);
}

#[test]
fn absent_means_exactly_now() {
    let script = || Script::new().at(m(2), "alice", Kind::Icon, &[]);
    play(r#"{ logon = "alice" }, { wait = "2m" }, { expect = "icon" }"#, script(), &[]);
    play(r#"{ logon = "alice" }, { wait = "119s" }, { expect = "icon" }"#, script(), &[Code::DidNotCome]);
    play(r#"{ logon = "alice" }, { wait = "121s" }, { expect = "icon" }"#, script(), &[Code::DidNotCome]);
}

#[test]
fn never_guards_until_its_end_and_moves_the_clock_there() {
    let script = || Script::new().at(m(2), "alice", Kind::Icon, &[]).at(m(9), "alice", Kind::Icon, &[]);
    // The first one is consumed, the second one comes at the end, which is outside.
    play(
        r#"{ logon = "alice" }, { within = "3m", expect = "icon" }, { never = "icon", until = "9m" }, { expect = "icon" }"#,
        script(),
        &[],
    );
    play(r#"{ logon = "alice" }, { never = "icon", until = "2m1ns" }"#, script(), &[Code::CameAnyway]);
    play(r#"{ logon = "alice" }, { never = "icon", until = "10m" }"#, script(), &[Code::CameAnyway, Code::CameAnyway]);
    play(r#"{ logon = "alice" }, { never = "icon", within = "2m" }"#, script(), &[]);
    let run = || Script::new().at(m(2), "alice", Kind::RunStarted, &[]);
    play(r#"{ logon = "alice" }, { never = "run-started", who = "WKS01", until = "10m" }"#, run(), &[]);
    play(r#"{ logon = "alice" }, { never = "run-started", until = "10m" }"#, run(), &[Code::CameAnyway]);
}

/// Whatever verb comes before it: `never` begins where that one ended, its first instant counts, its last does not.
#[test]
fn never_begins_where_the_step_before_it_ended() {
    let looks = r#"{ at = "2m", state = "desktop", of = "alice", facts = { icon = false } }"#;
    let verbs = [
        r#"{ wait = "2m" }"#,
        looks,
        r#"{ never = "icon", until = "2m" }"#,
        r#"{ at = "2m", expect = "run-started" }"#,
        r#"{ after = "2m", expect = "run-started" }"#,
        r#"{ within = "2m1ns", expect = "run-started" }"#,
        r#"{ at = "2m", pulse = "alice" }"#,
        r#"{ wait = "1m" }, { wait = "1m" }"#,
        r#"{ wait = "2m" }, { state = "desktop", of = "alice", facts = { icon = false } }"#,
        r#"{ never = "icon", until = "1m" }, { never = "icon", within = "1m" }"#,
    ];
    let check = |verb: &str, came: Duration, expected: &[Code]| {
        // What an `expect` waits for comes first in its instant.
        let script = Script::new().at(m(2), "alice", Kind::RunStarted, &[]).at(came, "alice", Kind::RunEnded, &[]);
        play(&format!(r#"{{ logon = "alice" }}, {verb}, {{ never = "run-ended", until = "4m" }}"#), script, expected);
    };
    let ns = |minutes: u64, more: i64| Duration(m(minutes).0.saturating_add_signed(more));
    for verb in verbs {
        check(verb, m(1), &[]);
        check(verb, ns(2, -1), &[]);
        // An action comes after what its instant had before it.
        check(verb, m(2), if verb.contains("pulse") { &[] } else { &[Code::CameAnyway] });
        check(verb, ns(2, 1), &[Code::CameAnyway]);
        check(verb, ns(4, -1), &[Code::CameAnyway]);
        check(verb, m(4), &[]);
    }
    // Straight after an action everything of its instant counts.
    let script = Script::new().after("Logon", s(0), "alice", Kind::RunEnded, &[]);
    play(r#"{ logon = "alice" }, { never = "run-ended", within = "10s" }"#, script, &[Code::CameAnyway]);
}

#[test]
fn a_random_offset_wants_within() {
    let policy = r#"policy = { gp-offset = "30m" }"#;
    let script = Script::new().at(m(97), "alice", Kind::RunStarted, &[("trigger", "group-policy")]);
    play_in(
        policy,
        r#"{ logon = "alice" }, { within = "121m", expect = "run-started", facts = { trigger = "group-policy" } }"#,
        script,
        &[],
    );
}

// 5. An `on` step acts the moment that record appears, before anything else.

#[test]
fn on_acts_before_anything_else() {
    // Three writes in one instant; the card is pulled after the second one. The script says what it saw.
    let script = || {
        Script::new()
            .at(m(1), "alice-card", Kind::Apdu, &[("command", "one")])
            .at(m(1), "alice-card", Kind::Apdu, &[("command", "two")])
            .at(m(1), "alice-card", Kind::Apdu, &[("command", "three")])
    };
    let on = r#"{ within = "2m", on = "apdu", facts = { command = "two" }, remove = "alice-card" }"#;
    let checked_order = |report: &autoenroll_scenario::RunReport| {
        let kinds: Vec<Kind> = report.trace.iter().map(|record| record.kind).collect();
        assert_eq!(kinds, [Kind::Logon, Kind::Apdu, Kind::Apdu, Kind::Remove, Kind::Apdu]);
    };
    let text = format!(
        "scenario = 1\ntitle = \"t\"\n[world]\nextends = \"contoso\"\n[[world.card]]\nname = \"alice-card\"\natr = \"gids\"\n\
         reader = \"Reader 0\"\n[timeline]\nsteps = [{{ logon = \"alice\" }}, {on}]\n"
    );
    let checked = check("on.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let report = run_on(&checked.scenarios[0], script(), &ByPrefix);
    assert_eq!(report.verdict, Verdict::Passed);
    checked_order(&report);
    // What is expected next may be anything of the instant, before or after; and the record itself is not consumed.
    let expects = |command: &str| format!(r#"{{ expect = "apdu", facts = {{ command = "{command}" }} }}"#);
    let all = [expects("one"), expects("two"), expects("three")].join(", ");
    play(&format!(r#"{{ logon = "alice" }}, {on}, {all}"#), script(), &[]);
    // It never appears.
    let other = r#"{ within = "2m", on = "apdu", facts = { command = "four" }, remove = "alice-card" }"#;
    play(&format!(r#"{{ logon = "alice" }}, {other}"#), script(), &[Code::DidNotCome]);
}

#[test]
fn on_is_armed_before_the_answer_before_it_has_effect() {
    let script = Script::new()
        .after("Logon", s(0), "alice", Kind::Prompt, &[("point", "wizard.start")])
        .after("Reply", s(0), "alice", Kind::Card, &[("op", "generate")])
        .after("Reply", s(0), "alice", Kind::CardDone, &[("op", "generate")]);
    play(
        r#"{ logon = "alice" }, { prompt = "wizard.start", answer = "start" },
           { on = "card", facts = { op = "generate" }, remove = "alice-card" }, { expect = "card-done" }"#,
        script,
        &[],
    );
}

#[test]
fn on_does_not_look_back() {
    // The first command is past when the step is armed: acting on it now would be acting late.
    let script = Script::new().at(m(1), "alice-card", Kind::Apdu, &[]).at(m(1), "alice", Kind::Icon, &[]).at(
        m(5),
        "alice-card",
        Kind::Apdu,
        &[],
    );
    play(
        r#"{ logon = "alice" }, { within = "2m", expect = "icon" }, { within = "1h", on = "apdu", remove = "alice-card" },
           { at = "5m", expect = "remove" }"#,
        script,
        &[],
    );
}

// 6. Facts use the scenario's own names. `as = "new"` binds, `"$new"` refers.

#[test]
fn bindings_carry_names_to_later_steps() {
    let script = || {
        Script::new()
            .after("Logon", s(0), "CA", Kind::Issued, &[("certificate", "User#1"), ("ca", "Contoso Issuing CA")])
            .at(m(1), "alice", Kind::Event, &[("certificate", "User#1"), ("ca", "Contoso Issuing CA")])
            .at(m(2), "alice", Kind::Event, &[("url", "$1")])
    };
    let bound = r#"{ logon = "alice" }, { expect = "issued", as = "new" }, { wait = "1m" }"#;
    play(&format!(r#"{bound}, {{ expect = "event", facts = {{ certificate = "$new" }} }}"#), script(), &[]);
    play(&format!(r#"{bound}, {{ expect = "event", facts = {{ ca = "$new.ca" }} }}"#), script(), &[]);
    play(
        &format!(r#"{bound}, {{ expect = "event", facts = {{ certificate = "$new.ca" }} }}"#),
        script(),
        &[Code::Differs],
    );
    play(
        &format!(r#"{bound}, {{ expect = "event", facts = {{ ca = "$new.message" }} }}"#),
        script(),
        &[Code::EmptyBinding],
    );
    // A text that really begins with a dollar sign.
    play(&format!(r#"{bound}, {{ wait = "1m" }}, {{ expect = "event", facts = {{ url = "$$1" }} }}"#), script(), &[]);
    refused(r#"{ logon = "alice" }, { expect = "event", facts = { certificate = "$new" } }"#, &[Code::UnknownBinding]);
    // What no such record states cannot be referred to, nor what a step of the same set binds.
    refused(&format!(r#"{bound}, {{ expect = "event", facts = {{ ca = "$new.cb" }} }}"#), &[Code::NoSuchFact]);
    refused(
        r#"{ logon = "alice" }, { expect = "issued", as = "new" }, { expect = "event", facts = { certificate = "$new" } }"#,
        &[Code::UnknownBinding],
    );
}

// 7. One verb a step; verbs and modifiers share no word. `who` is required when more than one principal is present.

#[test]
fn one_verb_a_step_and_who_is_meant() {
    refused(r#"{ logon = "alice", wait = "1m" }"#, &[Code::TwoVerbs]);
    refused(r#"{ who = "alice" }"#, &[Code::NoVerb]);
    refused(r#"{ logon = "alice" }, { logon = "bob" }, { expect = "balloon" }"#, &[Code::WhoIsMeant]);
    refused(r#"{ logon = "alice" }, { logon = "bob" }, { expect = "balloon", who = "bob" }"#, &[]);
    // Records of CAs and cards belong to no principal.
    refused(r#"{ logon = "alice" }, { logon = "bob" }, { expect = "issued" }"#, &[]);
    let script = || Script::new().after("Logon", s(0), "alice", Kind::Icon, &[]);
    play(r#"{ logon = "alice" }, { expect = "icon", who = "alice" }"#, script(), &[]);
    let run = || Script::new().after("Logon", s(0), "alice", Kind::RunStarted, &[]);
    play(r#"{ logon = "alice" }, { expect = "run-started", who = "alice" }"#, run(), &[]);
    play(r#"{ logon = "alice" }, { expect = "run-started", who = "WKS01" }"#, run(), &[Code::DidNotCome]);
    // Computers have no desktop: the only user who takes part is meant.
    play(r#"{ boot = "WKS01" }, { logon = "alice" }, { expect = "icon" }"#, script(), &[]);
    refused(r#"{ boot = "WKS01" }, { expect = "icon", who = "WKS01" }"#, &[Code::WhoIsMeant]);
}

// 8. Strict by default: any prompt, balloon, summary or error event that the timeline does not name fails. Facts match
//    by subset unless `exact = true`.

#[test]
fn what_is_not_named_fails() {
    let one = |kind, facts: &[(&str, &str)]| Script::new().at(m(1), "alice", kind, facts);
    let steps = r#"{ logon = "alice" }, { wait = "2m" }"#;
    play(steps, one(Kind::Balloon, &[]), &[Code::Unexpected]);
    play(steps, one(Kind::Event, &[("severity", "error")]), &[Code::Unexpected]);
    play(steps, one(Kind::Event, &[("severity", "warning")]), &[]);
    play(steps, one(Kind::Event, &[("severity", "information")]), &[]);
    play(steps, one(Kind::Issued, &[]), &[]);
    play(steps, one(Kind::Prompt, &[("point", "summary")]), &[Code::Unexpected]);
    // At the very end of the story too.
    play(r#"{ logon = "alice" }, { wait = "1m" }"#, one(Kind::Balloon, &[]), &[Code::Unexpected]);
}

#[test]
fn an_instant_is_the_same_with_and_without_quotes() {
    let script = || Script::new().after("Logon", s(0), "alice", Kind::Issued, &[("not-after", "2027-03-02T08:00:00Z")]);
    let of = |instant: &str| {
        format!(r#"{{ logon = "alice" }}, {{ expect = "issued", facts = {{ not-after = {instant} }} }}"#)
    };
    play(&of("2027-03-02T08:00:00Z"), script(), &[]);
    play(&of("\"2027-03-02T08:00:00Z\""), script(), &[]);
    play(&of("2027-03-02T09:00:00+01:00"), script(), &[]);
    play(&of("2027-03-02T08:00:01Z"), script(), &[Code::Differs]);
    refused(&of("\"2027-03-02T09:00:00+01:00\""), &[Code::NotAnInstant]);
}

#[test]
fn facts_match_by_subset_unless_exact() {
    let script = || Script::new().after("Logon", s(0), "alice", Kind::Issued, &[("subject", "A"), ("message", "B")]);
    play(r#"{ logon = "alice" }, { expect = "issued", facts = { subject = "A" } }"#, script(), &[]);
    play(
        r#"{ logon = "alice" }, { expect = "issued", facts = { subject = "A" }, exact = true }"#,
        script(),
        &[Code::Differs],
    );
    play(
        r#"{ logon = "alice" }, { expect = "issued", facts = { message = "B", subject = "A" }, exact = true }"#,
        script(),
        &[],
    );
    play(r#"{ logon = "alice" }, { expect = "issued", facts = { subject = "B" } }"#, script(), &[Code::Differs]);
}

// 9. `extends` merges by name: the same name overrides fields, a new name appends, `absent = true` removes.

#[test]
fn extended_worlds_merge_by_name() {
    let text = r#"
scenario = 1
title = "Merging"
[world]
extends = "contoso"
policy = { ae-policy = 1 }
[[world.user]]
name = "alice"
mail = false
[[world.user]]
name = "bob"
[[world.certificate]]
name = "expired-logon"
absent = true
[timeline]
steps = [{ logon = "alice" }]
"#;
    let checked = check("merge.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let spec = &checked.scenarios[0].spec;
    let users: Vec<_> =
        spec.users.iter().map(|user| (user.name.as_str(), user.upn.as_deref(), user.mail.as_deref())).collect();
    assert_eq!(
        users,
        [("alice", Some("alice@contoso.test"), None), ("bob", Some("bob@contoso.test"), Some("bob@contoso.test")),]
    );
    assert_eq!((spec.policy.ae_policy, spec.policy.machine_ae_policy), (Some(1), Some(1)));
    assert_eq!(spec.policy.gp_interval, autoenroll_model::Duration::minutes(90));
}

// 10. Format version `scenario = 1` heads every file.

#[test]
fn the_version_heads_every_file() {
    let codes = |text: &str| -> Vec<Code> {
        check("v.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix).found.list().iter().map(|p| p.code).collect()
    };
    let rest = "title = \"t\"\n[timeline]\nsteps = [{ wait = \"1m\" }]\n";
    assert_eq!(codes(&format!("scenario = 1\n{rest}")), []);
    assert_eq!(codes(rest), [Code::FormatVersion]);
    assert_eq!(codes(&format!("scenario = 2\n{rest}")), [Code::FormatVersion]);
    assert_eq!(codes("title = \"t\"\nscenario = 1\n[timeline]\nsteps = [{ wait = \"1m\" }]\n"), [Code::FormatVersion]);
}

#[test]
fn a_story_that_cannot_fail_is_warned_of() {
    let check = |text: &str, expected: &[Code]| {
        let checked = check("s.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
        let codes: Vec<Code> = checked.found.list().iter().map(|problem| problem.code).collect();
        assert_eq!((codes.as_slice(), checked.found.has_errors()), (expected, false), "{text}");
        assert!(!checked.scenarios.is_empty(), "{text}");
    };
    let story = |steps: &str, vary: &[&str]| {
        let vary: String = vary.iter().map(|name| format!("[[vary]]\nname = \"{name}\"\n")).collect();
        format!("scenario = 1\ntitle = \"t\"\n[timeline]\nsteps = [{steps}]\n{vary}")
    };
    check(&story("", &[]), &[Code::NoSteps]);
    check(&story("", &["a", "b"]), &[Code::NoSteps]);
    check(&story("{ wait = \"1m\" }", &["a", "b"]), &[]);
    check(&story("{ wait = \"1m\", only = [\"a\"] }", &["a"]), &[]);
    check(&story("{ wait = \"1m\", only = [\"a\"] }", &["a", "b"]), &[Code::NoSteps]);
}

#[test]
fn nothing_is_before_the_start_of_its_world() {
    let codes = |text: &str| -> Vec<Code> {
        check("s.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix).found.list().iter().map(|p| p.code).collect()
    };
    let step = |words: &str| format!("[timeline]\nsteps = [{{ {words} }}]\n");
    let template = |at: &str| {
        format!("[[world.template]]\nname = \"T\"\nbased-on = \"User\"\npublished = {at}\n{}", step("wait = \"1m\""))
    };
    let ca = |at: &str| format!("[[world.ca]]\nname = \"CA\"\npublished = {at}\n{}", step("wait = \"1m\""));
    let change = |at: &str| {
        let set = "change = \"principal\"\nof = \"alice\"\nset = { mail = false }";
        format!("[[world.change]]\nat = {at}\n{set}\n{}", step("wait = \"1m\""))
    };
    let at = |at: &str| step(&format!("at = {at}, logon = \"alice\""));
    let until = |at: &str| step(&format!("until = {at}, expect = \"run-started\""));
    for (what, at_the_start, story) in [
        ("at", true, &at as &dyn Fn(&str) -> String),
        ("until", false, &until),
        ("change", true, &change),
        ("template", true, &template),
        ("ca", true, &ca),
    ] {
        let head = "scenario = 1\ntitle = \"t\"\nworld.extends = \"contoso\"\n";
        let check = |time: &str, good: bool| {
            let expected = if good { vec![] } else { vec![Code::EmptyInterval] };
            assert_eq!(codes(&format!("{head}{}", story(time))), expected, "{what} {time}");
        };
        check("2026-03-02T08:00:01Z", true);
        check("2026-03-02T10:00:00+02:00", at_the_start);
        check("2026-03-02T07:59:59Z", false);
        check("2026-03-02T09:30:00+02:00", false);
        check("2020-01-01T00:00:00Z", false);
    }
}

// `covers`: an id that was never recorded as a decision is a failure, unless it is no rule.

#[test]
fn what_is_covered_must_have_decided() {
    let story = |covers: &str| {
        format!(
            "scenario = 1\ntitle = \"t\"\ncovers = [\"{covers}\"]\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [{{ logon = \"alice\" }}]\n"
        )
    };
    let verdict = |covers: &str| {
        let checked = check("c.toml", story(covers).as_bytes(), loaded::fixtures(), &ByPrefix);
        let script = Script::new().after("Logon", s(0), "alice", Kind::Decision, &[("rule", "R008")]);
        let report = run_on(&checked.scenarios[0], script, &ByPrefix);
        report.diagnostics().list().iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    assert_eq!(verdict("R008"), []);
    assert_eq!(verdict("R009"), [Code::NotCovered]);
    assert_eq!(verdict("P7.36"), []);
}

// Variants: the same story in other worlds.

#[test]
fn each_variant_is_a_scenario() {
    let text = r#"
scenario = 1
title = "Variants"
switches = { timer = "off" }
[world]
extends = "contoso"
[timeline]
steps = [{ logon = "alice" }, { wait = "1m", only = ["new"] }]
[[vary]]
name = "old"
[[vary]]
name = "new"
profile = "windows-10-22h2"
switches = { schema = "3" }
world = { policy = { ae-policy = 1 }, user = [{ name = "bob" }] }
"#;
    let checked = check("vary.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let told: Vec<_> = checked
        .scenarios
        .iter()
        .map(|one| {
            let switch = |name: &str| one.spec.profile.get(name).unwrap_or_default();
            (one.variant.as_deref(), one.spec.profile.name.as_str(), switch("timer"), switch("schema"))
        })
        .collect();
    let (off, two, three) = ("off".to_owned(), "2".to_owned(), "3".to_owned());
    let expected = [(Some("old"), "server-2003-sp1", off.clone(), two), (Some("new"), "windows-10-22h2", off, three)];
    assert_eq!(told, expected);
    assert_eq!(checked.scenarios.iter().map(|one| one.steps.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(checked.scenarios.iter().map(|one| one.spec.users.len()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(checked.scenarios.iter().map(|one| one.spec.policy.ae_policy).collect::<Vec<_>>(), [Some(7), Some(1)]);
}

#[test]
fn a_story_does_not_last_for_ever() {
    refused(r#"{ logon = "alice" }, { wait = "1824d" }"#, &[]);
    refused(r#"{ logon = "alice" }, { wait = "1826d" }"#, &[Code::OutOfRange]);
    refused(r#"{ logon = "alice" }, { never = "issued", until = "30000w" }"#, &[Code::OutOfRange]);
}
