//! What a run could not build is told by `check`, at the value that is wrong: every fault of a description, each with a
//! small world that has it.

mod loaded;

use std::collections::BTreeSet;

use autoenroll_scenario::{ByPrefix, Code, check, json_schema, run};
use autoenroll_world::{Hosts, KeyMode, SpecFault};

macro_rules! faults {
    ($( $fault:pat => $name:literal, )*) => {
        /// The name of a fault. A new one has to be added here, and needs a row then.
        const fn name(fault: &SpecFault) -> &'static str {
            match fault { $( $fault => $name, )* }
        }
        const NAMES: &[&str] = &[ $( $name ),* ];
    };
}

faults! {
    SpecFault::Unknown(_) => "unknown",
    SpecFault::Twice => "twice",
    SpecFault::NoOwner => "no owner",
    SpecFault::NoKey => "no key",
    SpecFault::NoProvider { .. } => "no provider",
    SpecFault::KeyTooShort { .. } => "key too short",
    SpecFault::Refused { .. } => "refused",
    SpecFault::Authority { .. } => "authority",
    SpecFault::ContainerName { .. } => "container name",
    SpecFault::Card { .. } => "card",
}

/// A part of a world, what is wrong with it, and what is marked: the text and the line that it is on.
struct Row {
    fault: &'static str,
    world: &'static str,
    code: Code,
    message: &'static str,
    marked: &'static str,
}

const ROWS: &[Row] = &[
    Row {
        fault: "unknown",
        world: r#"
[[world.certificate]]
name = "elsewhere"
template = "Nowhere"
foreign = true
of = "alice"
"#,
        code: Code::UnknownName,
        message: "there is no template `Nowhere`",
        marked: r#""Nowhere""#,
    },
    Row {
        fault: "unknown",
        world: r#"
[[world.card]]
name = "alice-card"
atr = "gids"
[[world.card.container]]
name = "Slot0"
[[world.certificate]]
name = "old"
template = "SmartcardLogon"
of = "alice"
card = "alice-card"
container = "Slot1"
"#,
        code: Code::UnknownName,
        message: "there is no container `Slot1`",
        marked: r#""Slot1""#,
    },
    Row {
        fault: "unknown",
        world: r#"
[[world.card]]
name = "alice-card"
atr = "gids"
[[world.card.container]]
name = "Slot0"
[[world.request]]
name = "sent"
template = "SmartcardLogon"
of = "alice"
card = "alice-card"
container = "Slot1"
"#,
        code: Code::UnknownName,
        message: "there is no container `Slot1`",
        marked: r#""Slot1""#,
    },
    Row {
        fault: "unknown",
        world: r#"
[[world.request]]
name = "first"
template = "SmartcardLogon"
of = "alice"
[[world.request]]
name = "second"
template = "SmartcardLogon"
of = "alice"
replaces = "first"
"#,
        code: Code::UnknownName,
        message: "there is no certificate `first`",
        marked: r#""first""#,
    },
    Row {
        fault: "twice",
        world: r#"
[world.domain.trust]
extra-roots = ["Contoso Issuing CA"]
"#,
        code: Code::DuplicateName,
        message: "there is another CA or root named `Contoso Issuing CA`; names must differ",
        marked: r#""Contoso Issuing CA""#,
    },
    Row {
        fault: "twice",
        world: r#"
[[world.computer]]
name = "WKS02"
readers = ["Reader 5", "Reader 5"]
"#,
        code: Code::DuplicateName,
        message: "there is another reader named `Reader 5`; names must differ",
        marked: r#""Reader 5""#,
    },
    Row {
        fault: "no owner",
        world: r#"
[[world.user]]
name = "alice"
absent = true
[[world.certificate]]
name = "old"
template = "SmartcardLogon"
[[world.card]]
name = "a-card"
atr = "gids"
[[world.card.container]]
name = "Slot0"
holds = "old"
"#,
        code: Code::Impossible,
        message: "the certificate `old` cannot be made: there is no user whose it could be; say whose it is",
        marked: r#""old""#,
    },
    Row {
        fault: "no key",
        world: r#"
[[world.request]]
name = "sent"
template = "SmartcardLogon"
of = "alice"
key = "missing"
"#,
        code: Code::Impossible,
        message: "the request `sent` cannot be made: a request is signed by its key, which cannot be missing",
        marked: r#""missing""#,
    },
    Row {
        fault: "no provider",
        world: r#"
[[world.card]]
name = "strange-card"
atr = "unregistered"
[[world.card.container]]
name = "Slot0"
[[world.request]]
name = "sent"
template = "SmartcardLogon"
of = "alice"
card = "strange-card"
"#,
        code: Code::Impossible,
        message: "the request `sent` cannot be made: no computer has a provider for `strange-card`, which has its key",
        marked: r#""strange-card""#,
    },
    Row {
        fault: "key too short",
        world: r#"
[[world.template]]
name = "Long"
based-on = "SmartcardLogon"
schema = 2
minimal-key-size = 2048
[[world.card]]
name = "alice-card"
atr = "gids"
[[world.card.container]]
name = "Slot0"
key = "rsa-1024"
holds = "old"
[[world.certificate]]
name = "old"
template = "Long"
"#,
        code: Code::Impossible,
        message: "the container `Slot0` cannot be made: its key has 1024 bits, and its template asks for 2048 at least",
        marked: r#""rsa-1024""#,
    },
    Row {
        fault: "key too short",
        world: r#"
[[world.template]]
name = "Long"
based-on = "SmartcardLogon"
schema = 2
minimal-key-size = 8192
[[world.certificate]]
name = "old"
template = "Long"
of = "alice"
"#,
        code: Code::Impossible,
        message: "the template `Long` cannot be made: its key has 4096 bits, and its template asks for 8192 at least",
        marked: "8192",
    },
    Row {
        fault: "refused",
        world: r#"
[[world.user]]
name = "alice"
mail = false
[[world.template]]
name = "Mail"
based-on = "User"
[[world.certificate]]
name = "old"
template = "Mail"
of = "alice"
"#,
        code: Code::Impossible,
        message: "the certificate `old` cannot be made: Contoso Issuing CA would not have issued it: ",
        marked: r#""old""#,
    },
    Row {
        fault: "refused",
        world: r#"
[[world.user]]
name = "alice"
mail = false
[[world.template]]
name = "Mail"
based-on = "User"
[[world.request]]
name = "sent"
template = "Mail"
of = "alice"
"#,
        code: Code::Impossible,
        message: "the request `sent` cannot be made: Contoso Issuing CA would not have issued it: ",
        marked: r#""sent""#,
    },
    Row {
        fault: "container name",
        world: r#"
[[world.card]]
name = "alice-card"
atr = "gids"
[[world.card.container]]
name = "a name of more than thirty-nine characters"
"#,
        code: Code::Impossible,
        message: "the container `a name of more than thirty-nine characters` cannot be made: ",
        marked: r#""a name of more than thirty-nine characters""#,
    },
    Row {
        fault: "card",
        world: r#"
[[world.card]]
name = "alice-card"
atr = "gids"
capacity = { containers = 1 }
[[world.card.container]]
name = "Slot0"
[[world.card.container]]
name = "Slot1"
"#,
        code: Code::Impossible,
        message: "the container `Slot1` cannot be made: the card holds no further container",
        marked: r#""Slot1""#,
    },
    Row {
        fault: "card",
        world: r#"
[[world.card]]
name = "alice-card"
atr = "gids"
capacity = { bytes = 64 }
"#,
        code: Code::Impossible,
        message: "the card `alice-card` cannot be made: ",
        marked: "{ bytes = 64 }",
    },
];

/// What no world of this language can have, each with the reason.
const NEVER: &[(&str, &str)] =
    &[("authority", "a CA has a name, every text can stand in its certificate, and dates end before the year 10000")];

#[test]
fn what_cannot_be_built_is_told_where_it_is_said() {
    for Row { fault, world, code, message, marked } in ROWS {
        let text = format!(
            "scenario = 1\ntitle = \"A world that cannot be\"\n[world]\nextends = \"contoso\"\n{world}\n\
             [timeline]\nsteps = [{{ boot = \"WKS01\" }}]\n"
        );
        let checked = check("world.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
        let shown = checked.found.render(&checked.files, false);
        let errors: Vec<_> =
            checked.found.list().iter().filter(|problem| problem.code != Code::UnusedCertificate).collect();
        let [problem] = errors.as_slice() else { panic!("{fault}: one problem is expected\n{text}\n{shown}") };
        assert_eq!(problem.code, *code, "{fault}\n{shown}");
        assert!(problem.message.starts_with(message), "{fault}\n{shown}");
        let file = checked.files.text(problem.span.file);
        assert_eq!(checked.files.name(problem.span.file), "world.toml", "{fault}\n{shown}");
        assert_eq!(&file[problem.span.start..problem.span.end], *marked, "{fault}\n{shown}");
        assert!(checked.scenarios.is_empty());
    }
}

#[test]
fn no_fault_of_a_description_is_left_out() {
    let shown: BTreeSet<&str> = ROWS.iter().map(|row| row.fault).chain(NEVER.iter().map(|(name, _)| *name)).collect();
    assert_eq!(shown, NAMES.iter().copied().collect(), "each fault has a row");
    assert_eq!(name(&SpecFault::Twice), "twice");
}

/// Steps that the world refuses with any core, and what is marked.
const STEPS: &[(&str, &str, &str)] = &[
    (
        r#"{ insert = "alice-card" }, { insert = "alice-card", reader = "Reader 3", computer = "WKS02" }"#,
        "alice-card is in Reader 0 of WKS01 already",
        "alice-card",
    ),
    (
        r#"{ insert = "alice-card" }, { insert = "other-card", computer = "WKS01" }"#,
        "Reader 0 of WKS01 holds alice-card",
        "other-card",
    ),
    (r#"{ insert = "there-card", computer = "WKS01" }"#, "there-card is in Reader 2 of WKS02 already", "there-card"),
    (r#"{ remove = "alice-card" }"#, "alice-card is in no reader", "alice-card"),
    (
        r#"{ insert = "alice-card" }, { remove = "alice-card" }, { remove = "alice-card" }"#,
        "alice-card is in no reader",
        "alice-card",
    ),
    (r#"{ swap = "alice-card", to = "there-card", computer = "WKS01" }"#, "alice-card is in no reader", "alice-card"),
    (
        r#"{ insert = "alice-card" }, { swap = "alice-card", to = "there-card" }"#,
        "there-card is in Reader 2 of WKS02 already",
        "there-card",
    ),
    (r#"{ logon = "alice" }, { logon = "alice" }"#, "alice is logged on at WKS01", "alice"),
    (r#"{ logoff = "alice" }"#, "alice is not logged on", "alice"),
    (
        r#"{ boot = "WKS01" }, { logon = "alice" }, { shutdown = "WKS01" }, { logoff = "alice" }"#,
        "alice is not logged on",
        "alice",
    ),
    (r#"{ boot = "WKS01" }, { boot = "WKS01" }"#, "WKS01 already runs", "WKS01"),
    (r#"{ shutdown = "WKS01" }"#, "WKS01 does not run", "WKS01"),
    (r#"{ crash = "alice" }"#, "alice is not logged on", "alice"),
    (r#"{ logon = "alice" }, { unlock = "alice" }"#, "alice's workstation is not locked", "alice"),
    (r#"{ logon = "alice" }, { lock = "alice" }, { lock = "alice" }"#, "alice's workstation is locked", "alice"),
    (r#"{ logon = "alice" }, { lock = "alice" }, { click = "icon" }"#, "alice's workstation is locked", "icon"),
    (r#"{ click = "icon" }"#, "alice is not logged on", "icon"),
    (r#"{ pulse = "WKS01" }"#, "WKS01 does not run", "WKS01"),
    (r#"{ gp-refresh = "alice" }"#, "alice is not logged on", "alice"),
    (
        r#"{ change = "card", of = "alice-card", set = { pin = "1" } }"#,
        "alice-card cannot do that: the profile allows no PIN of 1 bytes",
        "1",
    ),
    (r#"{ change = "store", of = "alice", set = { delete = "held" } }"#, "there is no certificate `held`", "held"),
    (
        r#"{ ca = "deny", request = "denied" }"#,
        "Contoso Issuing CA cannot do that: request 3 is not pending but denied",
        "denied",
    ),
    (
        r#"{ ca = "revoke", certificate = "kept" }, { ca = "revoke", certificate = "kept" }"#,
        "Contoso Issuing CA cannot do that: ",
        "kept",
    ),
];

/// Steps that may be possible, because it is the core, a card or the time that decides.
const OPEN: &[&str] = &[
    r#"{ logon = "alice" }, { click = "icon" }"#,
    r#"{ logon = "alice" }, { reply = "pin.enter", with = { pin = "1234" } }"#,
    r#"{ insert = "alice-card" }, { logon = "alice", with = { card = "alice-card", pin = "1234" } }, { logoff = "alice" }"#,
    r#"{ insert = "alice-card" }, { logon = "alice", with = { card = "alice-card", pin = "1234" } }, { shutdown = "WKS01" }"#,
    r#"{ insert = "alice-card" }, { logon = "alice", with = { card = "alice-card", pin = "1234" } }, { logon = "alice" }"#,
    r#"{ ca = "approve" }, { ca = "approve" }"#,
    r#"{ ca = "approve" }, { ca = "deny", request = "sent" }"#,
    r#"{ change = "store", of = "alice", set = { delete = "SmartcardLogon#7" } }"#,
    r#"{ change = "store", of = "alice", set = { delete = "sent" } }"#,
    r#"{ ca = "revoke", certificate = "sent" }"#,
];

const WORLD: &str = r#"
scenario = 1
title = "Steps"
[world]
extends = "contoso"
[[world.computer]]
name = "WKS02"
readers = ["Reader 2", "Reader 3"]
[[world.card]]
name = "alice-card"
atr = "gids"
[[world.card]]
name = "other-card"
atr = "gids"
[[world.card]]
name = "there-card"
atr = "gids"
computer = "WKS02"
reader = "Reader 2"
[[world.card.container]]
name = "Slot0"
holds = "held"
[[world.certificate]]
name = "held"
template = "SmartcardLogon"
[[world.certificate]]
name = "kept"
template = "SmartcardLogon"
of = "alice"
[[world.request]]
name = "denied"
template = "SmartcardLogon"
of = "alice"
decision = "denied"
[[world.request]]
name = "sent"
template = "SmartcardLogon"
of = "alice"
[timeline]
steps = [
"#;

fn steps(steps: &str) -> String {
    // There are two computers, and most stories are at the first one.
    let mut text = String::new();
    for step in steps.split("}, {") {
        let at = |verb: &str| step.contains(&format!("{verb} = ")) && !step.contains("computer = ");
        let here = if at("insert") || at("logon") || at("swap") { ", computer = \"WKS01\" " } else { "" };
        let (bare, end) = step.strip_suffix(" }").map_or((step, ""), |bare| (bare, " }"));
        text += &format!("{bare}{here}{end}");
        text += "}, {";
    }
    text.truncate(text.len() - "}, {".len());
    format!("{WORLD}{text}\n]\n")
}

#[test]
fn steps_that_nothing_makes_possible_are_told() {
    for (wrong, message, marked) in STEPS {
        let text = steps(wrong);
        let checked = check("steps.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
        let shown = checked.found.render(&checked.files, false);
        let [problem] = checked.found.list() else { panic!("one problem is expected\n{text}\n{shown}") };
        assert_eq!(problem.code, Code::CannotBeDone, "{shown}");
        assert!(problem.message.starts_with(message), "{shown}");
        let span = &checked.files.text(problem.span.file)[problem.span.start..problem.span.end];
        assert_eq!(span.trim_matches('"'), *marked, "{shown}");
        let last = wrong.rfind(marked).map(|_| text.rfind(span)).expect("the step names it");
        assert!(Some(problem.span.start) <= last, "{shown}");
    }
}

#[test]
fn steps_that_may_be_possible_are_not() {
    for open in OPEN {
        let text = steps(open);
        let checked = check("steps.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
        assert_eq!(checked.found.render(&checked.files, false), "", "{text}");
    }
}

/// What depends on the story is found while it is played, and has its place all the same.
#[test]
fn a_change_that_cannot_be_made_is_told_where_it_is_written() {
    let delete = |at: &str| {
        format!("[[world.change]]\nat = \"{at}\"\nchange = \"store\"\nof = \"alice\"\nset = {{ delete = \"old\" }}\n")
    };
    let text = format!(
        "scenario = 1\ntitle = \"Deleted twice\"\n[world]\nextends = \"contoso\"\n[[world.certificate]]\nname = \"old\"\n\
         template = \"SmartcardLogon\"\nof = \"alice\"\n{}{}[timeline]\nsteps = [{{ logon = \"alice\" }}, {{ wait = \"3m\" }}]\n",
        delete("1m"),
        delete("2m")
    );
    let checked = check("twice.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let report = run(&checked.scenarios[0], autoenroll_core::InProcess::new(), Hosts::in_process(), &ByPrefix);
    let found = report.diagnostics();
    let [problem] = found.list() else { panic!("{}", report.render(&checked.files, false)) };
    assert_eq!(problem.code, Code::NotDone);
    assert_eq!(
        problem.message,
        "a scheduled change cannot be made: there is no certificate `old`; this world has none"
    );
    assert_eq!(Some(problem.span.start), text.rfind("\"old\""), "{}", report.render(&checked.files, false));
}

/// CAs of a check may sign with shorter signatures than those of a run.
#[test]
fn a_card_that_is_full_in_a_run_is_full_in_a_check() {
    let (mut full, mut passed) = (0, 0);
    for bytes in (1_600..3_200).step_by(32) {
        let text = format!(
            "scenario = 1\ntitle = \"Nearly full\"\n[world]\nextends = \"contoso\"\n[[world.certificate]]\nname = \"old\"\n\
             template = \"SmartcardLogon\"\nof = \"alice\"\nstores = []\n[[world.card]]\nname = \"alice-card\"\natr = \"gids\"\n\
             capacity = {{ containers = 4, bytes = {bytes}, object-bytes = 2048 }}\n\
             container = [{{ name = \"Slot0\", holds = \"old\" }}]\n[timeline]\nsteps = [{{ logon = \"alice\" }}]\n"
        );
        let checked = check("full.toml", text.as_bytes(), loaded::fixtures(), &ByPrefix);
        let Some(scenario) = checked.scenarios.first() else {
            full += 1;
            continue;
        };
        passed += 1;
        let report = run(scenario, autoenroll_core::InProcess::new(), Hosts::in_process(), &ByPrefix);
        let found = report.diagnostics();
        assert!(found.list().iter().all(|problem| problem.code != Code::Impossible), "{bytes} bytes");
    }
    assert!(full > 0 && passed > 0, "{full} full, {passed} passed");
}

/// Symbolic keys are for the library alone: a story with them would prove less than it seems to.
#[test]
fn no_scenario_has_symbolic_keys() {
    let text = |world: &str| {
        format!(
            "scenario = 1\ntitle = \"Keys\"\nprofile = \"windows-10-22h2\"\n[world]\nextends = \"contoso\"\n{world}\n\
             [timeline]\nsteps = [{{ wait = \"1s\" }}]\n"
        )
    };
    let checked = |world: &str| check("keys.toml", text(world).as_bytes(), loaded::fixtures(), &ByPrefix);
    let sound = checked("");
    assert!(!sound.found.has_errors());
    assert!(sound.scenarios.iter().all(|scenario| scenario.spec.keys == KeyMode::Real));
    for word in ["keys", "key-mode", "symbolic-keys", "symbolic"] {
        assert!(checked(&format!("{word} = \"symbolic\"")).found.has_errors(), "{word}");
    }
    assert!(!json_schema().to_string().contains("symbolic"));
}
