//! The checks of a core in another process: a sound one passes all, and each fault fails the check of its name.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::time::Duration;

use autoenroll_foreign::{CheckedRule, Command, Limits, check_core};

fn failed(fault: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance.py");
    let command = Command { program: "python3".into(), arguments: vec![script.into(), fault.into()] };
    let checked = check_core(&command, Limits { answer: Duration::from_secs(20), ..Limits::default() }).unwrap();
    let names = |wanted: fn(&CheckedRule) -> bool| checked.iter().filter(|it| wanted(it)).map(|it| it.name).collect();
    (names(|_| true), names(|it| it.failure.is_some()))
}

#[test]
fn a_core_that_keeps_the_protocol_passes_every_check_and_each_fault_fails_its_own() {
    let (all, none) = failed("none");
    assert_eq!(none, Vec::<&str>::new());
    for name in all {
        let (_, failed) = failed(name);
        assert!(failed.contains(&name), "{name}: {failed:?}");
        // These three faults show in every check that hands over an input.
        let alone = !["handshake", "numbered-answers", "idle-ends-answer"].contains(&name);
        assert!(!alone || failed == [name], "{name}: {failed:?}");
    }
}

#[test]
fn a_program_that_does_not_start_is_not_checked() {
    let command = Command { program: "./no-such-core".into(), arguments: vec![] };
    assert!(check_core(&command, Limits::default()).unwrap_err().to_string().contains("cannot be started"));
}
