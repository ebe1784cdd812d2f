//! What the runner says of every verb with every modifier of time, at the boundaries: exactly there, a nanosecond
//! before, a nanosecond after; in the first instant of a story and in its last.
//!
//! Each row is a small story and one record. Nothing but the instant of the record changes, and the verdict with it.

mod loaded;
mod script;

use std::collections::BTreeSet;

use autoenroll_model::{Duration, SimTime};
use autoenroll_scenario::{ByPrefix, Code, check, run_on};
use autoenroll_trace::Kind;
use script::{Script, m, s};

/// The story goes as it is written.
const PASSES: &[Code] = &[];
/// What was expected did not come.
const MISSED: &[Code] = &[Code::DidNotCome];
/// What must not come came.
const CAME: &[Code] = &[Code::CameAnyway];
/// What was there was something else.
const DIFFERS: &[Code] = &[Code::StateDiffers];
/// Something came that no step names.
const UNNAMED: &[Code] = &[Code::Unexpected];
/// The story was past the time of the step.
const TOO_LATE: &[Code] = &[Code::EmptyInterval];

/// Minutes since the start, and so many nanoseconds more or less.
#[derive(Clone, Copy, Debug)]
struct At(u64, i64);

impl At {
    fn time(self) -> Duration {
        Duration(m(self.0).0.saturating_add_signed(self.1))
    }
}

/// A story, the record in it, and what is said when that comes then. Every story begins with a logon at 0.
struct Row {
    /// Steps that lead to the one that is judged.
    before: &'static str,
    /// The step that is judged.
    step: &'static str,
    /// The record: `run-ended`, unless something else is said.
    says: (Kind, &'static [(&'static str, &'static str)]),
    verdicts: &'static [(At, &'static [Code])],
}

const RUN_ENDED: (Kind, &[(&str, &str)]) = (Kind::RunEnded, &[]);
const ICON: (Kind, &[(&str, &str)]) = (Kind::Icon, &[]);
const BALLOON: (Kind, &[(&str, &str)]) = (Kind::Balloon, &[]);
const PROMPT: (Kind, &[(&str, &str)]) = (Kind::Prompt, &[("point", "wizard.start")]);
const WAIT: &str = r#"{ wait = "2m" },"#;

/// Comes in the instant alone in which the step begins, at two minutes.
const EXACTLY: &[(At, &[Code])] =
    &[(At(0, 0), MISSED), (At(2, -1), MISSED), (At(2, 0), PASSES), (At(2, 1), MISSED), (At(4, 0), MISSED)];
/// Comes from two minutes on and before four.
const BETWEEN: &[(At, &[Code])] = &[
    (At(0, 0), MISSED),
    (At(2, -1), MISSED),
    (At(2, 0), PASSES),
    (At(2, 1), PASSES),
    (At(4, -1), PASSES),
    (At(4, 0), MISSED),
    (At(4, 1), MISSED),
];
/// Must not come from two minutes on and before four.
const GUARDED: &[(At, &[Code])] = &[
    (At(0, 0), PASSES),
    (At(2, -1), PASSES),
    (At(2, 0), CAME),
    (At(2, 1), CAME),
    (At(4, -1), CAME),
    (At(4, 0), PASSES),
    (At(4, 1), PASSES),
];
/// There for a look after two minutes.
const SEEN: &[(At, &[Code])] =
    &[(At(0, 0), PASSES), (At(2, -1), PASSES), (At(2, 0), PASSES), (At(2, 1), DIFFERS), (At(4, 0), DIFFERS)];
/// A prompt is named by its step, or by none. One that came before is open when its step begins.
const ASKED_EXACTLY: &[(At, &[Code])] =
    &[(At(0, 0), UNNAMED), (At(2, -1), UNNAMED), (At(2, 0), PASSES), (At(2, 1), MISSED)];
const ASKED_BETWEEN: &[(At, &[Code])] = &[
    (At(0, 0), UNNAMED),
    (At(2, -1), UNNAMED),
    (At(2, 0), PASSES),
    (At(2, 1), PASSES),
    (At(4, -1), PASSES),
    (At(4, 0), MISSED),
    (At(4, 1), MISSED),
];

const fn row(before: &'static str, step: &'static str, verdicts: &'static [(At, &'static [Code])]) -> Row {
    Row { before, step, says: RUN_ENDED, verdicts }
}

impl Row {
    const fn says(self, says: (Kind, &'static [(&'static str, &'static str)])) -> Self {
        Self { says, ..self }
    }
}

/// In the first instant of the story alone.
const FIRST: &[(At, &[Code])] = &[(At(0, 0), PASSES), (At(0, 1), MISSED), (At(2, 0), MISSED)];

/// Exactly a day after the start.
const NEXT_DAY: &[(At, &[Code])] =
    &[(At(0, 0), MISSED), (At(1440, -1), MISSED), (At(1440, 0), PASSES), (At(1440, 1), MISSED)];
/// The wall clock is set at the start, two minutes before seven and before midnight.
const SET_BACK: &str = r#"{ change = "clock", set = { wall = 2026-03-02T06:58:00Z } },"#;
const SET_FORWARD: &str = r#"{ change = "clock", set = { wall = 2026-03-04T23:58:00Z } },"#;

const ROWS: &[Row] = &[
    row("", r#"{ expect = "run-ended" }"#, FIRST),
    row(WAIT, r#"{ expect = "run-ended" }"#, EXACTLY),
    row("", r#"{ at = "2m", expect = "run-ended" }"#, EXACTLY),
    row("", r#"{ at = 2026-03-02T08:02:00Z, expect = "run-ended" }"#, EXACTLY),
    row("", r#"{ at = "08:02", expect = "run-ended" }"#, EXACTLY),
    row(r#"{ wait = "1m" },"#, r#"{ at = "2m", expect = "run-ended" }"#, EXACTLY),
    // The story begins at eight: that is now at the start, and a day later after it.
    row("", r#"{ at = "08:00", expect = "run-ended" }"#, FIRST),
    row(r#"{ wait = "1m" },"#, r#"{ at = "08:00", expect = "run-ended" }"#, NEXT_DAY),
    row("", r#"{ at = "+1d 08:00", expect = "run-ended" }"#, NEXT_DAY),
    row(SET_BACK, r#"{ at = "07:00", expect = "run-ended" }"#, EXACTLY),
    row(SET_FORWARD, r#"{ at = "00:00", expect = "run-ended" }"#, EXACTLY),
    row(SET_FORWARD, r#"{ at = "+1d 00:00", expect = "run-ended" }"#, EXACTLY),
    row("", r#"{ after = "2m", expect = "run-ended" }"#, EXACTLY),
    row(r#"{ wait = "1m" },"#, r#"{ after = "1m", expect = "run-ended" }"#, EXACTLY),
    row(WAIT, r#"{ do = "ends" }"#, EXACTLY),
    row("", r#"{ at = "2m", do = "ends" }"#, EXACTLY),
    row(r#"{ wait = "1m" },"#, r#"{ after = "1m", do = "ends" }"#, EXACTLY),
    row(WAIT, r#"{ until = "4m", expect = "run-ended" }"#, BETWEEN),
    row(WAIT, r#"{ until = 2026-03-02T08:04:00Z, expect = "run-ended" }"#, BETWEEN),
    row(WAIT, r#"{ until = "08:04", expect = "run-ended" }"#, BETWEEN),
    row("", r#"{ at = "08:02", until = "08:04", expect = "run-ended" }"#, BETWEEN),
    // The end is counted from the beginning of the step: the next day's here.
    row(
        "",
        r#"{ at = "08:02", until = "08:02", expect = "run-ended" }"#,
        &[(At(2, -1), MISSED), (At(2, 0), PASSES), (At(1442, -1), PASSES), (At(1442, 0), MISSED)],
    ),
    row(SET_BACK, r#"{ at = "07:00", until = "07:02", expect = "run-ended" }"#, BETWEEN),
    row(WAIT, r#"{ within = "2m", expect = "run-ended" }"#, BETWEEN),
    row("", r#"{ at = "2m", until = "4m", expect = "run-ended" }"#, BETWEEN),
    row("", r#"{ at = "2m", within = "4m", expect = "run-ended" }"#, BETWEEN),
    row("", r#"{ after = "2m", until = "4m", expect = "run-ended" }"#, BETWEEN),
    row("", r#"{ after = "2m", within = "4m", expect = "run-ended" }"#, BETWEEN),
    // The whole of a set comes in the instant in which its first step matches.
    row(
        "",
        r#"{ within = "4m", expect = "run-ended" }, { expect = "run-ended", who = "WKS01" }"#,
        &[(At(2, 0), MISSED)],
    ),
    row("", r#"{ prompt = "wizard.start", answer = "start" }"#, &[(At(0, 0), PASSES), (At(0, 1), MISSED)]).says(PROMPT),
    row(WAIT, r#"{ prompt = "wizard.start", answer = "start" }"#, ASKED_EXACTLY).says(PROMPT),
    row("", r#"{ at = "2m", prompt = "wizard.start", answer = "start" }"#, ASKED_EXACTLY).says(PROMPT),
    row("", r#"{ after = "2m", prompt = "wizard.start", answer = "start" }"#, ASKED_EXACTLY).says(PROMPT),
    row(WAIT, r#"{ until = "4m", prompt = "wizard.start", answer = "start" }"#, ASKED_BETWEEN).says(PROMPT),
    row(WAIT, r#"{ within = "2m", prompt = "wizard.start", answer = "start" }"#, ASKED_BETWEEN).says(PROMPT),
    row("", r#"{ at = "2m", within = "4m", prompt = "wizard.start", answer = "start" }"#, ASKED_BETWEEN).says(PROMPT),
    row("", r#"{ after = "2m", until = "4m", prompt = "wizard.start", answer = "start" }"#, ASKED_BETWEEN).says(PROMPT),
    // What comes before `never`, with any verb, is none of its business.
    row(WAIT, r#"{ never = "run-ended", until = "4m" }"#, GUARDED),
    row(WAIT, r#"{ never = "run-ended", until = 2026-03-02T08:04:00Z }"#, GUARDED),
    row(WAIT, r#"{ never = "run-ended", until = "08:04" }"#, GUARDED),
    row(WAIT, r#"{ never = "run-ended", within = "2m" }"#, GUARDED),
    row(r#"{ never = "icon", until = "2m" },"#, r#"{ never = "run-ended", within = "2m" }"#, GUARDED),
    row(
        r#"{ at = "2m", state = "desktop", facts = { icon = false } },"#,
        r#"{ never = "run-ended", within = "2m" }"#,
        GUARDED,
    ),
    row(
        "",
        r#"{ never = "run-ended", until = "2m" }"#,
        &[(At(0, 0), CAME), (At(0, 1), CAME), (At(2, -1), CAME), (At(2, 0), PASSES), (At(2, 1), PASSES)],
    ),
    // The last instant of `never` belongs to what follows.
    row(
        r#"{ never = "run-ended", until = "2m" },"#,
        r#"{ expect = "run-ended" }"#,
        &[(At(2, -1), &[Code::CameAnyway, Code::DidNotCome]), (At(2, 0), PASSES), (At(2, 1), MISSED)],
    ),
    row(WAIT, r#"{ state = "desktop", of = "alice", facts = { icon = true } }"#, SEEN).says(ICON),
    row("", r#"{ at = "2m", state = "desktop", of = "alice", facts = { icon = true } }"#, SEEN).says(ICON),
    row("", r#"{ at = "08:02", state = "desktop", of = "alice", facts = { icon = true } }"#, SEEN).says(ICON),
    row("", r#"{ after = "2m", state = "desktop", of = "alice", facts = { icon = true } }"#, SEEN).says(ICON),
    row(
        "",
        r#"{ state = "desktop", of = "alice", facts = { icon = true } }"#,
        &[(At(0, 0), PASSES), (At(0, 1), DIFFERS)],
    )
    .says(ICON),
    // What must be named: from the first instant of a story to its last, and not a nanosecond later.
    row(
        "",
        r#"{ wait = "2m" }"#,
        &[(At(0, 0), UNNAMED), (At(0, 1), UNNAMED), (At(2, -1), UNNAMED), (At(2, 0), UNNAMED), (At(2, 1), PASSES)],
    )
    .says(BALLOON),
    row(
        "",
        r#"{ never = "run-ended", until = "2m" }"#,
        &[(At(0, 0), UNNAMED), (At(2, -1), UNNAMED), (At(2, 0), UNNAMED), (At(2, 1), PASSES)],
    )
    .says(BALLOON),
    row(
        "",
        r#"{ at = "2m", state = "desktop", facts = { icon = false } }"#,
        &[(At(0, 0), UNNAMED), (At(2, -1), UNNAMED), (At(2, 0), UNNAMED), (At(2, 1), PASSES)],
    )
    .says(BALLOON),
    row(
        "",
        r#"{ at = "2m", pulse = "alice" }"#,
        &[(At(0, 0), UNNAMED), (At(2, -1), UNNAMED), (At(2, 0), UNNAMED), (At(2, 1), PASSES)],
    )
    .says(BALLOON),
    row("", r#"{ wait = "2m" }"#, &[(At(2, 0), UNNAMED), (At(2, 1), PASSES)]).says(PROMPT),
    // `on` acts in the instant of the record; `never` after it sees that instant, and nothing before it.
    row(r#"{ within = "3m", on = "icon", pulse = "alice" },"#, r#"{ never = "run-ended", within = "2m" }"#, GUARDED),
];

/// Everything that is done, with what it needs before it.
const ACTIONS: &[(&str, &str)] = &[
    ("", r#"boot = "WKS01""#),
    ("", r#"shutdown = "WKS01""#),
    ("", r#"crash = "WKS01""#),
    ("", r#"end-core = "alice""#),
    ("", r#"logon = "bob""#),
    ("", r#"logoff = "alice""#),
    ("", r#"lock = "alice""#),
    (r#"{ lock = "alice" },"#, r#"unlock = "alice""#),
    ("", r#"pulse = "alice""#),
    ("", r#"gp-refresh = "alice""#),
    ("", r#"click = "icon""#),
    ("", r#"insert = "alice-card""#),
    (r#"{ insert = "alice-card" },"#, r#"remove = "alice-card""#),
    (r#"{ insert = "alice-card" },"#, r#"swap = "alice-card", to = "other-card""#),
    (r#"{ prompt = "wizard.start", answer = "hold", who = "alice" },"#, r#"reply = "wizard.start", with = "start""#),
    ("", r#"change = "directory", set = { reachable = false }"#),
    ("", r#"ca = "stop""#),
];

/// When something is done, or why not.
type Done = Result<At, &'static [Code]>;

/// What comes before the verb, what stands with it, and when it is done by the instant of the record.
type Beginning = (&'static str, &'static str, &'static [(At, Done)]);

/// How each of them is told to begin, and when it is done, or why not, by the instant of the record.
const BEGINS: &[Beginning] = &[
    // After an expectation that moved the clock there, at a fixed time.
    (
        r#"{ within = "9m", expect = "run-ended", who = "alice" },"#,
        r#"at = "2m""#,
        &[(At(2, -1), Ok(At(2, 0))), (At(2, 0), Ok(At(2, 0))), (At(2, 1), Err(TOO_LATE))],
    ),
    // A time of the day is never past, and never now.
    (
        r#"{ within = "9m", expect = "run-ended", who = "alice" },"#,
        r#"at = "08:02""#,
        &[(At(2, -1), Ok(At(2, 0))), (At(2, 0), Ok(At(1442, 0))), (At(2, 1), Ok(At(1442, 0)))],
    ),
    (
        r#"{ at = "1m", pulse = "alice" },"#,
        r#"on = "run-ended", who = "alice", until = "08:02""#,
        &[(At(1, 0), Err(MISSED)), (At(1, 1), Ok(At(1, 1))), (At(2, -1), Ok(At(2, -1))), (At(2, 0), Err(MISSED))],
    ),
    (
        r#"{ within = "9m", expect = "run-ended", who = "alice" },"#,
        r#"after = "1m""#,
        &[(At(2, -1), Ok(At(3, -1))), (At(2, 0), Ok(At(3, 0))), (At(2, 1), Ok(At(3, 1)))],
    ),
    // At once: the present instant is over by then.
    (r#"{ wait = "2m" },"#, "", &[(At(2, -1), Ok(At(2, 0))), (At(2, 0), Ok(At(2, 0))), (At(2, 1), Ok(At(2, 0)))]),
    (
        r#"{ at = "1m", pulse = "alice" },"#,
        r#"on = "run-ended", who = "alice", within = "1m""#,
        &[
            (At(1, -1), Err(MISSED)),
            (At(1, 0), Err(MISSED)),
            (At(1, 1), Ok(At(1, 1))),
            (At(2, -1), Ok(At(2, -1))),
            (At(2, 0), Err(MISSED)),
        ],
    ),
    (
        r#"{ at = "1m", pulse = "alice" },"#,
        r#"on = "run-ended", who = "alice", until = "2m""#,
        &[(At(1, 0), Err(MISSED)), (At(1, 1), Ok(At(1, 1))), (At(2, -1), Ok(At(2, -1))), (At(2, 0), Err(MISSED))],
    ),
    (
        "",
        r#"on = "run-ended", who = "alice", at = "2m""#,
        &[(At(2, -1), Err(MISSED)), (At(2, 0), Ok(At(2, 0))), (At(2, 1), Err(MISSED))],
    ),
    (
        "",
        r#"on = "run-ended", who = "alice", after = "2m", within = "4m""#,
        &[(At(2, -1), Err(MISSED)), (At(2, 0), Ok(At(2, 0))), (At(4, -1), Ok(At(4, -1))), (At(4, 0), Err(MISSED))],
    ),
    (
        r#"{ at = "1m", pulse = "alice" },"#,
        r#"on = "run-ended", who = "alice""#,
        &[(At(1, -1), Err(MISSED)), (At(1, 0), Err(MISSED)), (At(1, 1), Err(MISSED))],
    ),
];

/// Plays a story in which that record comes at that time; what is said, and when something was done last.
#[track_caller]
fn play(steps: &str, script: Script) -> (Vec<Code>, Option<SimTime>, String) {
    let text = format!(
        "scenario = 1\ntitle = \"A script\"\n[world]\nextends = \"contoso\"\n[[world.user]]\nname = \"bob\"\n\
         [[world.card]]\nname = \"alice-card\"\natr = \"gids\"\n[[world.card]]\nname = \"other-card\"\natr = \"gids\"\n\
         [sequences.ends]\nsteps = [{{ expect = \"run-ended\" }}]\n[timeline]\nsteps = [\n{steps}\n]\n"
    );
    let checked = check("script.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    let sound = checked.found.list().iter().all(|problem| problem.code == Code::NothingChecked);
    assert!(sound && !checked.scenarios.is_empty(), "{}", checked.found.render(&checked.files, false));
    let report = run_on(&checked.scenarios[0], script, &ByPrefix);
    let codes = report.diagnostics().list().iter().map(|problem| problem.code).collect();
    let done = report.trace.iter().rfind(|record| {
        matches!(record.kind, Kind::Logon | Kind::Insert | Kind::Remove | Kind::Click | Kind::Answer | Kind::Change)
    });
    let done = done.map(|record| record.at());
    (codes, done, report.render(&checked.files, false))
}

#[test]
fn every_expectation_and_every_look_is_judged_to_the_nanosecond() {
    let mut wrong = String::new();
    for Row { before, step, says: (kind, facts), verdicts } in ROWS {
        let steps = format!(r#"{{ logon = "alice" }}, {before} {step}"#);
        for (at, expected) in *verdicts {
            let script = match before.contains("on = \"icon\"") {
                true => Script::new().at(At(2, 0).time(), "alice", Kind::Icon, &[]),
                false => Script::new(),
            };
            // In the first instant it comes of the logon: what was there before that is no story.
            let script = match at {
                At(0, 0) => script.after("Logon", s(0), "alice", *kind, facts),
                _ => script.at(at.time(), "alice", *kind, facts),
            };
            let (codes, _, report) = play(&steps, script);
            if codes != *expected {
                wrong += &format!("{steps}\n{kind} at {at:?}: {codes:?}, not {expected:?}\n{report}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn everything_that_is_done_is_done_when_it_is_said() {
    for (needs, action) in ACTIONS {
        for (before, begins, cases) in BEGINS {
            let comma = if begins.is_empty() { "" } else { ", " };
            let steps = format!(r#"{{ logon = "alice" }}, {needs} {before} {{ {begins}{comma}{action} }}"#);
            for (at, expected) in *cases {
                let mut script = Script::new().at(at.time(), "alice", Kind::RunEnded, &[]);
                if needs.contains("prompt") {
                    script = script.after("Logon", s(0), "alice", Kind::Prompt, &[("point", "wizard.start")]);
                }
                let (codes, done, report) = play(&steps, script);
                let (wanted, when) = match expected {
                    Ok(when) => (PASSES, Some(SimTime::START + when.time())),
                    Err(codes) => (*codes, None),
                };
                assert_eq!(codes, wanted, "{steps}\nrun-ended at {at:?}\n{report}");
                if when.is_some() {
                    assert_eq!(done, when, "{steps}\nrun-ended at {at:?}\n{report}");
                }
            }
        }
    }
}

/// Verbs and modifiers of time as the reference lists them: each pair is in a row above.
#[test]
fn no_verb_and_no_modifier_is_left_out() {
    let reference = include_str!("../../../docs/scenario-language.md");
    let table =
        reference.split_once("<!-- verbs: generated -->").and_then(|(_, rest)| rest.split_once("<!-- verbs: end"));
    let (table, _) = table.expect("the reference has a table of verbs");
    let mut missing = BTreeSet::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split(" | ").collect();
        let verb = cells[0].trim_matches(['|', ' ', '`']);
        for modifier in
            ["at", "after", "until", "within", "on"].into_iter().filter(|word| cells[2].contains(&format!("`{word}`")))
        {
            let says = |text: &str, word: &str| {
                text.split(['{', ',']).any(|part| part.trim_start().starts_with(&format!("{word} = ")))
            };
            let in_rows = ROWS.iter().any(|row| says(row.step, verb) && says(row.step, modifier));
            let done = ACTIONS.iter().any(|(_, action)| says(action, verb))
                && BEGINS.iter().any(|(_, begins, _)| says(begins, modifier));
            if !in_rows && !done {
                missing.insert(format!("{verb} {modifier}"));
            }
        }
        let judged = ROWS.iter().any(|row| row.step.contains(&format!("{verb} = ")))
            || ACTIONS.iter().any(|(_, action)| action.starts_with(verb));
        if !judged {
            missing.insert(verb.to_owned());
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    assert!(table.lines().count() > 20, "the table is read");
}
