//! Sequences: what is played, what is said of their steps, what blessing and laying out leave alone.

mod loaded;
mod script;

use std::fmt::Write as _;

use autoenroll_scenario::{Blessed, ByPrefix, Code, Library, RunReport, Scenario, bless, check, format, run_on};
use autoenroll_trace::Kind;
use script::{Script, m, s};

fn story(sequences: &str, steps: &str) -> String {
    format!(
        "scenario = 1\ntitle = \"t\"\n\n[world]\nextends = \"contoso\"\n\n[[world.card]]\nname = \"alice-card\"\natr = \"gids\"\n\n\
         {sequences}\n\n[timeline]\nsteps = [\n{steps}\n]\n"
    )
}

#[track_caller]
fn scenarios(text: &str, library: &Library) -> Vec<Scenario> {
    let checked = check("story.toml", text.as_bytes(), library, &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "", "{text}");
    checked.scenarios
}

/// The steps of a scenario as they are written, those of sequences with their line.
fn written(scenario: &Scenario) -> Vec<String> {
    let step = |step: &autoenroll_scenario::Step| {
        let text = scenario.files.slice(step.span);
        let line = scenario.files.line_column(step.line().file, step.line().start).0;
        format!("{line}: {text}")
    };
    scenario.steps.iter().map(step).collect()
}

#[track_caller]
fn refused(text: &str) -> Vec<Code> {
    let checked = check("story.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    assert!(checked.scenarios.is_empty());
    checked.found.list().iter().map(|problem| problem.code).collect()
}

#[track_caller]
fn play(text: &str, script: Script) -> (Vec<Scenario>, RunReport) {
    let scenarios = scenarios(text, loaded::fixtures());
    let report = run_on(&scenarios[0], script, &ByPrefix);
    (scenarios, report)
}

const TWICE: &str = "[sequences.lock-and-unlock]\nparameters = [\"user\", \"pause\"]\nsteps = [\n  { lock = \"$user\" },\n  \
                     { after = \"$pause\", unlock = \"$user\" },\n]\n\n[sequences.twice]\nparameters = [\"user\"]\nsteps = [\n  \
                     { do = \"lock-and-unlock\", with = { user = \"$user\", pause = \"1m\" } },\n  \
                     { do = \"lock-and-unlock\", with = { user = \"$user\", pause = \"2m\" } },\n]";

#[test]
fn a_story_plays_the_steps_of_its_sequences() {
    let text = story(
        TWICE,
        "  { logon = \"alice\" },\n  { after = \"5m\", do = \"twice\", with = { user = \"alice\" } },\n  { wait = \"1m\" },",
    );
    let (scenarios, report) = play(&text, Script::new());
    assert_eq!(
        written(&scenarios[0]),
        [
            "27: { logon = \"alice\" }",
            "28: { lock = \"$user\" }",
            "28: { after = \"$pause\", unlock = \"$user\" }",
            "28: { lock = \"$user\" }",
            "28: { after = \"$pause\", unlock = \"$user\" }",
            "29: { wait = \"1m\" }",
        ]
    );
    assert_eq!(report.render(&scenarios[0].files, false), "");
    let times: Vec<String> = report.trace.of(Kind::Change).map(|record| record.at().to_string()).collect();
    assert_eq!(times, ["00:05:00", "00:06:00", "00:06:00", "00:08:00"]);
    assert_eq!(format("story.toml", text.as_bytes()).unwrap(), text);
}

#[test]
fn arguments_stand_for_any_value_and_bindings_go_through() {
    let sequences = "[sequences.seen]\nparameters = [\"kind\", \"tries\", \"name\", \"of\", \"exact\", \"until\"]\nsteps = [\n  \
                     { until = \"$until\", expect = \"$kind\", facts = { tries = \"$tries\", who = [\"$of\", \"x\"] }, exact = \"$exact\", as = \"$name\" },\n  \
                     { after = \"1m\", expect = \"issued\", facts = { certificate = \"$of.subject\", message = \"$$of\" } },\n]";
    let steps = "  { expect = \"issued\", as = \"old\" },\n  { do = \"seen\", with = { kind = \"decision\", tries = 3, name = \"new\", \
                 of = \"$old\", exact = true, until = 2026-03-02T08:02:00Z } },\n  { after = \"1m\", expect = \"event\", facts = { context = \"$new.tries\" } },";
    let text = story(sequences, &format!("  {{ logon = \"alice\" }},\n{steps}"));
    // The same steps, written out.
    let plain = "  { logon = \"alice\" },\n  { expect = \"issued\", as = \"old\" },\n  \
                 { until = 2026-03-02T08:02:00Z, expect = \"decision\", facts = { tries = 3, who = [\"$old\", \"x\"] }, exact = true, as = \"new\" },\n  \
                 { after = \"1m\", expect = \"issued\", facts = { certificate = \"$old.subject\", message = \"$$of\" } },\n  \
                 { after = \"1m\", expect = \"event\", facts = { context = \"$new.tries\" } },";
    let library = loaded::fixtures();
    assert_eq!(scenarios(&text, library)[0].steps, scenarios(&story("", plain), library)[0].steps);
}

#[test]
fn only_at_the_line_holds_for_every_step_of_it() {
    let text =
        story(TWICE, "  { logon = \"alice\" },\n  { do = \"twice\", with = { user = \"alice\" }, only = [\"b\"] },")
            + "\n[[vary]]\nname = \"a\"\n\n[[vary]]\nname = \"b\"\n";
    let scenarios = scenarios(&text, loaded::fixtures());
    assert_eq!(scenarios.iter().map(|scenario| scenario.steps.len()).collect::<Vec<_>>(), [1, 5]);
}

#[test]
fn sequences_come_from_the_world_that_is_extended_and_the_nearest_counts() {
    let base = "scenario = 1\n[world]\nextends = \"contoso\"\n[sequences.tea]\nparameters = [\"user\"]\nsteps = [{ lock = \"$user\" }]\n";
    let near = "scenario = 1\n[world]\nextends = \"base\"\n[sequences.tea]\nsteps = [{ wait = \"5m\" }]\n\
                [sequences.coffee]\nsteps = [{ do = \"tea\" }]\n";
    let library = Library::read(&loaded::bundle().with("worlds/base.toml", base).with("worlds/near.toml", near));
    let extends = |world: &str, steps: &str| {
        let text = story("", steps).replace("extends = \"contoso\"", &format!("extends = \"{world}\""));
        written(&scenarios(&text, &library)[0])
    };
    let steps = "  { logon = \"alice\" },\n  { do = \"tea\", with = { user = \"alice\" } },";
    assert_eq!(extends("base", steps)[1], "16: { lock = \"$user\" }");
    assert_eq!(extends("near", "  { logon = \"alice\" },\n  { do = \"coffee\" },")[1], "16: { wait = \"5m\" }");
    assert_eq!(extends("near", "  { logon = \"alice\" },\n  { do = \"start-wizard\" },").len(), 4);
}

#[test]
fn what_goes_otherwise_names_the_line_and_the_step() {
    let sequences = "[sequences.look]\nparameters = [\"kind\"]\nsteps = [\n  { expect = \"request\", facts = { key = \"rsa-2048\" } },\n  \
                     { expect = \"issued\", facts = { subject = \"$kind\" } },\n]";
    let steps = "  { logon = \"alice\" },\n  { do = \"look\", with = { kind = \"User\" } },\n  { after = \"1m\", do = \"look\", with = { kind = \"Machine\" } },";
    let script = Script::new()
        .after("Logon", s(0), "CA", Kind::Request, &[("key", "rsa-2048")])
        .after("Logon", s(0), "CA", Kind::Issued, &[("subject", "User")])
        .at(m(1), "CA", Kind::Request, &[("key", "rsa-1024")])
        .at(m(1), "CA", Kind::Issued, &[("subject", "User")])
        .at(m(1), "alice", Kind::Balloon, &[]);
    let text = story(sequences, steps);
    let (scenarios, report) = play(&text, script);
    let told = report.render(&scenarios[0].files, false);
    let told: String = told.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    insta::assert_snapshot!(told);
}

const EVENT: &str = "[sequences.event]\nparameters = [\"id\"]\nsteps = [\n  { expect = \"issued\", facts = { subject = \"$id\", message = \"none\" } },\n]";

#[track_caller]
fn blessed(text: &str, script: Script, steps: bool) -> Blessed {
    let (scenarios, report) = play(text, script);
    bless(text, &[(&scenarios[0], &report)], steps)
}

fn event(at: u64, id: &str, code: &str, script: Script) -> Script {
    script.at(m(at), "CA", Kind::Issued, &[("subject", id), ("message", code)])
}

#[test]
fn blessing_changes_a_sequence_where_all_its_lines_agree_and_no_argument() {
    let steps = |id: &str| {
        format!(
            "  {{ logon = \"alice\" }},\n  {{ after = \"1m\", do = \"event\", with = {{ id = \"{id}\" }} }},\n  \
             {{ after = \"1m\", do = \"event\", with = {{ id = \"20\" }} }},"
        )
    };
    let both = event(2, "20", "0x1", event(1, "19", "0x1", Script::new()));
    let text = story(EVENT, &steps("19"));
    let agreed = blessed(&text, both.clone(), true);
    assert_eq!((agreed.text, agreed.refused), (text.replace("\"none\"", "\"0x1\""), vec![]));
    // The lines of one sequence want different values, or one of them has what is written.
    for other in ["0x2", "none"] {
        let apart = event(2, "20", other, event(1, "19", "0x1", Script::new()));
        let refused = blessed(&text, apart, true);
        assert_eq!(refused.text, text);
        assert_eq!(refused.refused.len(), 1, "{:?}", refused.refused);
    }
    // What a line gives may have led to more than the one expectation.
    let text = story(EVENT, &steps("18")).replace("none", "0x1");
    let refused = blessed(&text, both, true);
    assert_eq!(refused.text, text);
    let message = &refused.refused[0].message;
    assert!(refused.refused.len() == 1 && message.contains("given to a sequence"), "{:?}", refused.refused);
}

#[test]
fn blessing_inserts_beside_a_sequence_and_never_into_it() {
    let sequence = "[sequences.pauses]\nsteps = [\n  { wait = \"2m\" },\n  { wait = \"2m\" },\n]";
    let steps = |before: &str, after: &str| {
        format!("  {{ logon = \"alice\" }},\n{before}  {{ do = \"pauses\" }}, # tea\n{after}  {{ wait = \"1m\" }},")
    };
    let balloon = |at: u64| match at {
        0 => Script::new().after("Logon", s(0), "alice", Kind::Balloon, &[]),
        at => Script::new().at(m(at), "alice", Kind::Balloon, &[]),
    };
    let text = story(sequence, &steps("", ""));
    let new = "  { expect = \"balloon\" },\n";
    for (at, expected) in [(0, steps(new, "")), (4, steps("", new))] {
        let inserted = blessed(&text, balloon(at), true);
        assert_eq!((inserted.text, inserted.refused), (story(sequence, &expected), vec![]), "{at}");
    }
    for at in [1, 2, 3] {
        let refused = blessed(&text, balloon(at), true);
        assert_eq!(refused.text, text, "{at}");
        let told: Vec<&str> = refused.refused.iter().map(|problem| problem.message.as_str()).collect();
        assert!(matches!(told.as_slice(), [one] if one.contains("within the sequence")), "{at}: {told:?}");
    }
}

#[test]
fn sequences_end() {
    // Each does the one before it ten times: written out, they would be a gigabyte.
    let mut sequences = "[sequences.s0]\nsteps = [{ wait = \"1s\" }]\n".to_owned();
    for number in 1..9 {
        let line = format!("{{ do = \"s{}\" }}", number - 1);
        let lines = vec![line; 10].join(", ");
        let _ = writeln!(sequences, "[sequences.s{number}]\nsteps = [{lines}]");
    }
    assert_eq!(refused(&story(&sequences, "  { do = \"s8\" }, { do = \"s8\" }")), [Code::TooLarge]);
    // A long argument counts as often as it stands.
    let places = vec!["{ logon = \"$name\" }"; 40].join(", ");
    let name = "a".repeat(40_000);
    let sequences = format!("[sequences.s]\nparameters = [\"name\"]\nsteps = [{places}]\n");
    let codes = refused(&story(&sequences, &format!("  {{ do = \"s\", with = {{ name = \"{name}\" }} }}")));
    assert!(codes.contains(&Code::TooLarge), "{codes:?}");
    // So do the variants in which it stands.
    let sequences = format!("[sequences.s]\nsteps = [{}]\n", vec!["{ wait = \"1s\" }"; 40].join(", "));
    let line = format!("  {{ do = \"s\", only = [\"{name}\"] }}");
    assert!(refused(&story(&sequences, &line)).contains(&Code::TooLarge));
    // Sixteen deep, and no deeper.
    let chain = |deep: usize| {
        let mut sequences = "[sequences.s0]\nsteps = [{ wait = \"1s\" }]\n".to_owned();
        for number in 1..deep {
            let _ = writeln!(sequences, "[sequences.s{number}]\nsteps = [{{ do = \"s{}\" }}]", number - 1);
        }
        story(&sequences, &format!("  {{ do = \"s{}\" }}", deep - 1))
    };
    assert_eq!(scenarios(&chain(16), loaded::fixtures())[0].steps.len(), 1);
    assert_eq!(refused(&chain(17)), [Code::SequenceCycle]);
}
