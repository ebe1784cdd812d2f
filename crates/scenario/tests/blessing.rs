//! Blessing: only the values that differ change, and steps are inserted where they match.

mod loaded;
mod script;

use autoenroll_model::Duration;
use autoenroll_scenario::{Blessed, ByPrefix, Code, Diagnostic, RunReport, Scenario, bless, check, run_on};
use autoenroll_trace::Kind;
use script::{Script, m, s};

fn story(steps: &str) -> String {
    format!(
        "scenario = 1 # a comment\ntitle = \"t\"\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [\n{steps}\n]\n"
    )
}

#[track_caller]
fn play(text: &str, script: Script) -> (Vec<Scenario>, RunReport) {
    let checked = check("story.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    let problems = checked.found.list().iter().filter(|problem| problem.code != Code::NoSteps);
    assert_eq!(problems.collect::<Vec<_>>(), Vec::<&Diagnostic>::new());
    let report = run_on(&checked.scenarios[0], script, &ByPrefix);
    (checked.scenarios, report)
}

#[track_caller]
fn blessed(text: &str, script: Script, steps: bool) -> Blessed {
    let (scenarios, report) = play(text, script);
    bless(text, &[(&scenarios[0], &report)], steps)
}

/// The second list of steps comes of the first: it passes, the story goes as it went, and blessing it again changes
/// nothing.
#[track_caller]
fn inserts(steps: &str, expected: &str, script: Script) {
    inserts_into(&story(steps), &story(expected), script);
}

#[track_caller]
fn inserts_into(text: &str, expected: &str, script: Script) {
    let once = blessed(text, script.clone(), true);
    assert_eq!(once.text, expected, "{:?}", once.refused);
    assert_eq!(once.refused, []);
    let (scenarios, report) = play(expected, script.clone());
    assert_eq!(report.render(&scenarios[0].files, false), "", "{expected}");
    assert_eq!(report.trace, play(text, script.clone()).1.trace);
    assert_eq!(
        blessed(expected, script, true),
        Blessed { text: expected.to_owned(), edits: vec![], notes: vec![], refused: vec![] }
    );
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
    assert_eq!(result, Blessed { text, edits: vec![], notes: vec![], refused: vec![] });
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
    assert_eq!(again, Blessed { text: result.text, edits: vec![], notes: vec![], refused: vec![] });
}

#[test]
fn an_instant_stays_one_and_a_text_stays_one() {
    let steps = |not_before: &str, not_after: &str| {
        story(&format!(
            "  {{ logon = \"alice\" }},\n  {{ expect = \"issued\", facts = {{ not-before = {not_before}, not-after = {not_after} }} }},"
        ))
    };
    let life = [("not-before", "2026-03-02T08:00:00Z"), ("not-after", "2027-03-02T08:00:00Z")];
    let script = Script::new().after("Logon", s(0), "alice", Kind::Issued, &life);
    let result = blessed(&steps("2026-01-01T00:00:00Z", "\"2027-01-01T00:00:00Z\""), script, false);
    assert_eq!(result.text, steps("2026-03-02T08:00:00Z", "\"2027-03-02T08:00:00Z\""));
}

#[test]
fn a_missing_step_is_inserted_only_on_request() {
    let text = story("  { logon = \"alice\" },\n  { expect = \"issued\" },\n  { wait = \"2m\" },");
    let shown = blessed(&text, script(), false);
    assert_eq!((shown.text.as_str(), shown.refused.len()), (text.as_str(), 1));
    inserts(
        "  { logon = \"alice\" },\n  { expect = \"issued\" },\n  { wait = \"2m\" },",
        "  { logon = \"alice\" },\n  { expect = \"issued\" },\n  { at = \"1m\", expect = \"balloon\" },\n  { wait = \"1m\" },",
        script(),
    );
}

/// Two variants of one story, each with its own script.
fn vary(steps: &str, scripts: [Script; 2]) -> (String, Blessed) {
    let text = story(steps) + "[[vary]]\nname = \"one\"\n[[vary]]\nname = \"two\"\n";
    let checked = check("story.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let scenarios = checked.scenarios.iter().zip(scripts);
    let runs: Vec<_> = scenarios.map(|(scenario, script)| (scenario, run_on(scenario, script, &ByPrefix))).collect();
    let runs: Vec<_> = runs.iter().map(|(scenario, report)| (*scenario, report)).collect();
    let blessed = bless(&text, &runs, true);
    (text, blessed)
}

#[test]
fn values_on_which_variants_disagree_are_refused() {
    let issued = |subject: &str| Script::new().after("Logon", s(0), "alice", Kind::Issued, &[("subject", subject)]);
    let steps = |subject: &str| format!("{LOGON}\n  {{ expect = \"issued\", facts = {{ subject = \"{subject}\" }} }},");
    let check = |written: &str, came: [&str; 2], expected: Option<&str>| {
        let (text, blessed) = vary(&steps(written), came.map(issued));
        assert_eq!(blessed.text, expected.map_or(text.clone(), |expected| text.replace(written, expected)));
        assert_eq!(blessed.refused.len(), usize::from(expected.is_none()), "{:?}", blessed.refused);
    };
    check("Z", ["A", "A"], Some("A"));
    check("Z", ["A", "B"], None);
    check("Z", ["A", "Z"], None);
    check("Z", ["Z", "A"], None);
    check("Z", ["Z", "Z"], Some("Z"));
}

#[test]
fn steps_of_some_variants_stand_in_these_only() {
    let event = |text: &str| format!("expect = \"event\", facts = {{ severity = \"error\", context = \"{text}\" }}");
    let (a, b) = (event("a"), event("b"));
    let check = |next: &str, events: [Script; 2], expected: Option<&str>| {
        let (text, blessed) = vary(&format!("{LOGON}\n{next}"), events);
        let expected = expected.map_or(text, |expected| {
            format!("{}[[vary]]\nname = \"one\"\n[[vary]]\nname = \"two\"\n", story(&format!("{LOGON}\n{expected}")))
        });
        assert_eq!(blessed.text, expected, "{:?}", blessed.refused);
    };
    let at_two = "  { at = \"2m\", lock = \"alice\" },";
    let both = [events(&[m(1)]), events(&[m(1)])];
    check(at_two, both, Some(&format!("  {{ at = \"1m\", {a} }},\n{at_two}")));
    let one = [events(&[m(1)]), events(&[])];
    check(at_two, one.clone(), Some(&format!("  {{ at = \"1m\", {a}, only = [\"one\"] }},\n{at_two}")));
    // At one time, in any variant, first what moves the clock and then what leaves it.
    let second = Script::new().at(m(1), "alice", Kind::Event, &[("severity", "error"), ("context", "b")]);
    check(
        at_two,
        [events(&[m(1), m(1)]), second],
        Some(&format!(
            "  {{ at = \"1m\", {a}, only = [\"one\"] }},\n  {{ at = \"1m\", {b}, only = [\"two\"] }},\n  \
             {{ {b}, only = [\"one\"] }},\n{at_two}"
        )),
    );
    // The step that follows cannot have two times.
    check("  { wait = \"2m\" },", one.clone(), None);
    check(
        "  { wait = \"2m\", only = [\"one\"] },",
        one,
        Some(&format!("  {{ at = \"1m\", {a}, only = [\"one\"] }},\n  {{ wait = \"1m\", only = [\"one\"] }},")),
    );
    let both = [events(&[m(1)]), events(&[m(1)])];
    check("  { wait = \"2m\" },", both, Some(&format!("  {{ at = \"1m\", {a} }},\n  {{ wait = \"1m\" }},")));
}

#[test]
fn what_comes_after_an_open_prompt_is_in_doubt() {
    let script = || script().after("Logon", s(0), "alice", Kind::Prompt, &[("point", "wizard.start")]);
    let steps = |icon: &str| {
        format!(
            "{LOGON}\n  {{ expect = \"issued\" }},\n  {{ state = \"desktop\", facts = {{ icon = {icon} }} }},\n  {{ wait = \"30s\" }},"
        )
    };
    let held =
        story(&steps("true")).replace("  { state", "  { prompt = \"wizard.start\", answer = \"hold\" },\n  { state");
    let once = blessed(&story(&steps("true")), script(), true);
    assert_eq!(once.text, held);
    assert!(once.refused.iter().any(|refusal| refusal.message.contains("open at the end")), "{:?}", once.refused);
    // What is refused stands in the new text.
    let places: Vec<&str> =
        once.refused.iter().map(|problem| &once.text[problem.span.start..problem.span.end]).collect();
    assert_eq!(places, ["true"]);
    assert_eq!(blessed(&held, script(), true).text, held);
    // Without steps the values are taken as they are.
    assert_eq!(blessed(&story(&steps("true")), script(), false).text, story(&steps("false")));
}

#[test]
fn notes_tell_what_is_new_and_what_the_author_has_to_do() {
    let check = |steps: &str, script: Script, expected: &[(usize, &str, Option<&str>)]| {
        let blessed = blessed(&story(&format!("{LOGON}\n{steps}")), script, true);
        let notes: Vec<_> =
            blessed.notes.iter().map(|note| (note.line, note.text.as_str(), note.help.as_deref())).collect();
        assert_eq!(notes, expected);
        let waits = expected.iter().any(|(.., help)| help.is_some());
        assert_eq!(blessed.is_whole(), !waits && blessed.refused.is_empty());
        for (line, text, _) in notes {
            let written = text.strip_prefix("added: ");
            let there = blessed.text.lines().nth(line - 1).unwrap();
            assert!(there.contains(written.unwrap_or("never = ")), "{there}");
        }
    };
    let asked = |point: &'static str| Script::new().at(m(1), "alice", Kind::Prompt, &[("point", point)]);
    check(
        "  { wait = \"2m\" },",
        asked("card.insert"),
        &[(
            8,
            "added: { at = \"1m\", prompt = \"card.insert\", answer = \"hold\" }",
            Some("put \"ok\" or \"cancel\" in place of \"hold\" and run again"),
        )],
    );
    check(
        "  { wait = \"2m\" },",
        asked("summary"),
        &[(
            8,
            "added: { at = \"1m\", prompt = \"summary\", answer = \"hold\" }",
            Some("put \"close\" in place of \"hold\" and run again"),
        )],
    );
    let a = r#"added: { at = "1m", expect = "event", facts = { severity = "error", context = "a" } }"#;
    check("  { wait = \"2m\" },", events(&[m(1)]), &[(8, a, None)]);
    let guards = "`never` guards from 00:01:00 (2026-03-02 08:01:00) on only, no longer from 00:00:00 (2026-03-02 08:00:00): what comes between is not guarded";
    for end in ["within", "until"] {
        let never = format!("  # why\n  {{ never = \"issued\", {end} = \"2m\" }},");
        check(&never, events(&[m(1)]), &[(8, a, None), (10, guards, None)]);
    }
    // In the instant from which it guards nothing is lost.
    let b = r#"added: { expect = "event", facts = { severity = "error", context = "a" } }"#;
    let at_logon = Script::new().after("Logon", s(0), "alice", Kind::Event, &[("severity", "error"), ("context", "a")]);
    check("  { never = \"issued\", within = \"2m\" },", at_logon, &[(8, b, None)]);
}

#[test]
fn a_prompt_that_is_open_at_the_end_is_left_to_its_author() {
    let script = Script::new().after("Logon", s(0), "alice", Kind::Prompt, &[("point", "wizard.start")]);
    let text =
        story(&format!("{LOGON}\n  {{ prompt = \"wizard.start\", answer = \"hold\" }},\n  {{ wait = \"1m\" }},"));
    let blessed = blessed(&text, script, true);
    let [problem] = blessed.refused.as_slice() else { panic!("{:?}", blessed.refused) };
    assert_eq!(problem.code, Code::LeftOpen);
    assert_eq!(&text[problem.span.start..problem.span.end], "\"hold\"");
    assert_eq!(problem.help.as_deref(), Some("put \"start\", \"remind\" or \"details\" in place of it"));
}

#[test]
fn what_stands_in_the_way_of_a_story_comes_before_the_step_that_it_keeps_from_coming() {
    let script = || {
        let asked = |point: &'static str| [("point", point)];
        Script::new().after("Logon", s(1), "alice", Kind::Prompt, &asked("wizard.start")).after(
            "Reply",
            s(0),
            "alice",
            Kind::Prompt,
            &asked("card.insert"),
        )
    };
    let steps = |between: &str, time: &str| {
        story(&format!("{LOGON}\n{between}  {{ {time}prompt = \"card.insert\", answer = \"hold\" }},"))
    };
    let (start, held) =
        (steps("", "after = \"1s\", "), "  { at = \"1s\", prompt = \"wizard.start\", answer = \"hold\" },\n");
    let once = blessed(&start, script(), true);
    assert_eq!(once.text, steps(held, "after = \"0s\", "), "{:?}", once.refused);
    // What a later step of the instant means is not in the way of this one.
    let at_once = Script::new().after("Logon", s(0), "alice", Kind::Prompt, &[("point", "wizard.start")]);
    let check = |last: &str, inserted: usize| {
        let text = story(&format!(
            "{LOGON}\n  {{ prompt = \"pin.enter\", answer = \"hold\" }},\n  {{ state = \"desktop\", facts = {{ locked = false }} }},\n  {last},"
        ));
        assert_eq!(blessed(&text, at_once.clone(), true).edits.len(), inserted, "{last}");
    };
    check("{ prompt = \"wizard.start\", answer = \"hold\" }", 0);
    check("{ after = \"1s\", prompt = \"wizard.start\", answer = \"hold\" }", 1);
    check("{ prompt = \"card.insert\", answer = \"hold\" }", 1);
}

#[test]
fn nothing_comes_between_an_action_and_what_acts_on_it() {
    let script = || Script::new().after("Logon", s(0), "alice", Kind::Prompt, &[("point", "wizard.start")]);
    let text = story(&format!("{LOGON}\n  {{ on = \"answer\", lock = \"alice\" }},"));
    let result = blessed(&text, script(), true);
    assert_eq!(result.text, text);
    assert!(result.refused.iter().any(|refusal| refusal.message.contains("follow an action")), "{:?}", result.refused);
}

#[test]
fn steps_under_headers_are_left_alone() {
    let text = "scenario = 1\ntitle = \"t\"\n[world]\nextends = \"contoso\"\n[[timeline.steps]]\nlogon = \"alice\"\n\
                [[timeline.steps]]\nwait = \"2m\"\n";
    let result = blessed(text, events(&[m(1)]), true);
    assert_eq!((result.text.as_str(), result.edits.len()), (text, 0));
    assert!(result.refused.iter().any(|refusal| refusal.message.contains("brackets")), "{:?}", result.refused);
}

/// Error events at these times, told apart by their context.
fn events(times: &[Duration]) -> Script {
    let one = |script: Script, (at, time): (usize, &Duration)| {
        script.at(*time, "alice", Kind::Event, &[("severity", "error"), ("context", ["a", "b"][at])])
    };
    times.iter().enumerate().fold(Script::new(), one)
}

const LOGON: &str = "  { logon = \"alice\" },";

#[test]
fn what_follows_keeps_its_time() {
    let a = r#"  { at = "1m", expect = "event", facts = { severity = "error", context = "a" } },"#;
    let check = |next: &str, flow: &str| {
        inserts(&format!("{LOGON}\n{next}"), &format!("{LOGON}\n{a}\n{flow}"), events(&[m(1), m(2)]));
    };
    let b = r#"expect = "event", facts = { severity = "error", context = "b" }"#;
    check(&format!("  {{ after = \"2m\", {b} }},"), &format!("  {{ after = \"1m\", {b} }},"));
    check(&format!("  {{ at = \"2m\", {b} }},"), &format!("  {{ at = \"2m\", {b} }},"));
    check(&format!("  {{ within = \"3m\", {b} }},"), &format!("  {{ within = \"2m\", {b} }},"));
    check(&format!("  {{ until = \"3m\", {b} }},"), &format!("  {{ until = \"3m\", {b} }},"));
    check(
        &format!("  {{ at = \"30s\", until = \"3m\", {b} }}, # from then on"),
        &format!("  {{ until = \"3m\", {b} }}, # from then on"),
    );
    check(&format!("  {{ wait = \"2m\" }},\n  {{ {b} }},"), &format!("  {{ wait = \"1m\" }},\n  {{ {b} }},"));
    check(
        &format!("  {{ never = \"issued\", within = \"2m\" }},\n  {{ {b} }},"),
        &format!("  {{ never = \"issued\", within = \"1m\" }},\n  {{ {b} }},"),
    );
    // What is done in the same instant is done at once then.
    check(
        &format!("  {{ after = \"1m\", lock = \"alice\" }},\n  {{ after = \"1m\", {b} }},"),
        &format!("  {{ lock = \"alice\" }},\n  {{ after = \"1m\", {b} }},"),
    );
    check(
        &format!("  {{ lock = \"alice\", at = \"1m\" }},\n  {{ after = \"1m\", {b} }},"),
        &format!("  {{ lock = \"alice\" }},\n  {{ after = \"1m\", {b} }},"),
    );
}

#[test]
fn what_an_answer_leads_to_comes_after_it_and_what_it_found_before() {
    let script = || {
        Script::new()
            .at(m(1), "alice", Kind::Event, &[("severity", "error"), ("context", "found")])
            .at(m(1), "alice", Kind::Prompt, &[("point", "wizard.start")])
            .at(m(1), "alice", Kind::Event, &[("severity", "error"), ("context", "beside")])
            .after("Reply", s(0), "alice", Kind::Event, &[("severity", "error"), ("context", "led to")])
            .after("Reply", s(0), "alice", Kind::Event, &[("severity", "error"), ("context", "and to")])
    };
    let event = |text: &str| format!("expect = \"event\", facts = {{ severity = \"error\", context = \"{text}\" }} }}");
    let (found, beside) = (event("found"), event("beside"));
    let (led, and) = (event("led to"), event("and to"));
    let prompt = r#"prompt = "wizard.start", answer = "start" }"#;
    // The time of a prompt that is answered goes to what matches together with it.
    inserts(
        &format!("{LOGON}\n  {{ after = \"1m\", {prompt}, # the only one\n"),
        &format!(
            "{LOGON}\n  {{ at = \"1m\", {found},\n  {{ {beside},\n  {{ {prompt}, # the only one\n  {{ {led},\n  {{ {and},\n"
        ),
        script(),
    );
    // And a set is completed where it stands.
    inserts(
        &format!("{LOGON}\n  {{ wait = \"1m\" }},\n  {{ {beside},\n  {{ {prompt},\n  {{ {and}"),
        &format!(
            "{LOGON}\n  {{ wait = \"1m\" }},\n  {{ {found},\n  {{ {beside},\n  {{ {prompt},\n  {{ {led},\n  {{ {and}"
        ),
        script(),
    );
}

#[test]
fn steps_go_into_lists_of_any_layout() {
    let a = r#"{ at = "1m", expect = "event", facts = { severity = "error", context = "a" } }"#;
    let b = r#"{ at = "2m", expect = "event", facts = { severity = "error", context = "b" } }"#;
    let story = |steps: &str| {
        format!("scenario = 1\ntitle = \"t\"\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = {steps}\n# end\n")
    };
    let check = |steps: &str, expected: String| {
        inserts_into(&story(steps), &story(&expected), events(&[m(1), m(2)]));
        let windows = |text: &str| story(text).replace('\n', "\r\n");
        inserts_into(&windows(steps), &windows(&expected), events(&[m(1), m(2)]));
    };
    let (logon, wait) = (r#"{ logon = "alice" }"#, r#"{ wait = "2m" }"#);
    // At the end, with and without a comma and a comment.
    check(&format!("[{logon}, {wait}]"), format!("[{logon}, {a}, {{ wait = \"1m\" }}, {}]", untimed(b)));
    check(
        &format!("[\n\t{logon},\n\t{wait}, # on\n\t# more\n]"),
        format!("[\n\t{logon},\n\t{a},\n\t{{ wait = \"1m\" }}, # on\n\t{},\n\t# more\n]", untimed(b)),
    );
    check(
        &format!("[\n  {logon},\n  {wait} # on\n  # more\n]"),
        format!("[\n  {logon},\n  {a},\n  {{ wait = \"1m\" }}, # on\n  {}\n  # more\n]", untimed(b)),
    );
    check(&format!("[ {logon}, {wait}, ]"), format!("[ {logon}, {a}, {{ wait = \"1m\" }}, {}, ]", untimed(b)));
    // At the beginning, and before a comma that comes late.
    check(
        &format!("[ # first\n  # why\n  {wait}\n  , # late comma\n  {logon},\n]"),
        format!(
            "[ # first\n  {a},\n  # why\n  {{ wait = \"1m\" }}\n  , # late comma\n  {},\n  {logon},\n]",
            untimed(b)
        ),
    );
    check(
        &format!("[{wait},\n    {logon},\n]"),
        format!("[{a}, {{ wait = \"1m\" }},\n    {},\n    {logon},\n]", untimed(b)),
    );
}

fn untimed(step: &str) -> String {
    step.replace("at = \"2m\", ", "")
}

#[test]
fn an_empty_list_gets_lines() {
    let story = |steps: &str| {
        format!("scenario = 1\ntitle = \"t\"\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = {steps}\n")
    };
    let step = |text: &str| {
        format!("{{ expect = \"event\", facts = {{ severity = \"error\", context = \"{text}\" }}, who = \"alice\" }}")
    };
    let lines = format!("  {},\n  {},\n]", step("a"), step("b"));
    let check = |steps: &str, expected: String| inserts_into(&story(steps), &story(&expected), events(&[s(0), s(0)]));
    check("[]", format!("[\n{lines}"));
    check("[ ]", format!("[\n{lines}"));
    check("[\n  # nothing yet\n]", format!("[\n  # nothing yet\n{lines}"));
}

#[test]
fn a_scenario_in_json_stays_json() {
    let story = |steps: &str| {
        format!(
            "{{ \"scenario\": 1, \"title\": \"t\", \"world\": {{ \"extends\": \"contoso\" }}, \"timeline\": {{ \"steps\": {steps} }} }}\n"
        )
    };
    let a = r#"{ "at": "1m", "expect": "event", "facts": { "severity": "error", "context": "a" } }"#;
    let b = r#"{ "expect": "event", "facts": { "severity": "error", "context": "b" } }"#;
    let check = |steps: &str, expected: String| inserts_into(&story(steps), &story(&expected), events(&[m(1), m(2)]));
    let logon = r#"{ "logon": "alice" }"#;
    check(
        &format!("[\n  {logon},\n  {{\n    \"wait\": \"2m\"\n  }}\n]"),
        format!("[\n  {logon},\n  {a},\n  {{\n    \"wait\": \"1m\"\n  }},\n  {b}\n]"),
    );
    check(&format!("[{logon}, {{ \"wait\": \"2m\" }}]"), format!("[{logon}, {a}, {{ \"wait\": \"1m\" }}, {b}]"));
    check(
        &format!("[{logon}, {{ \"lock\": \"alice\", \"after\": \"1m\" }}, {{ \"wait\": \"1m\" }}]"),
        format!("[{logon}, {a}, {{ \"lock\": \"alice\" }}, {{ \"wait\": \"1m\" }}, {b}]"),
    );
}
