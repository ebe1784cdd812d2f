//! The checks of a core in another process: a sound one passes all, and each fault fails the check of its name.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;
use std::time::Duration;

use autoenroll_foreign::{CheckOutcome, CheckedRule, Command, DisturbedFactory, Limits, check_core};
use autoenroll_model::{
    Answer, CoreError, CoreFactory, Effect, EffectResult, EnrollmentCore, FileTime, Identity, Input, Now, OutputBody,
    Profile, Settings, SimTime, Trigger, TriggerCause,
};

fn checked(fault: &str) -> Vec<CheckedRule> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance.py");
    let command = Command { program: "python3".into(), arguments: vec![script.into(), fault.into()] };
    let limits = Limits { answer: Duration::from_secs(20), ..Limits::default() };
    // How the core ends is what the checks ask.
    check_core(&command, limits, &[&|factory| drop(log_on(factory))]).unwrap()
}

/// A logon: every effect succeeds, and the user wants to start.
fn log_on(mut factory: DisturbedFactory) -> Result<(), CoreError> {
    let mut core = factory.start(&Identity::for_tests(Profile::server_2003_sp1()))?;
    let mut inputs = vec![Input::Trigger(Trigger::of(TriggerCause::Logon))];
    while let Some(input) = inputs.pop() {
        core.handle(Now { mono: SimTime(0), wall: FileTime(0) }, input)?;
        while let Some(output) = core.poll()? {
            inputs.extend(match output.body {
                OutputBody::Effect { id, effect: Effect::ReadSettings } => {
                    Some(Input::EffectDone { effect: id, result: EffectResult::Settings(Settings::default().into()) })
                }
                OutputBody::Effect { id, .. } => {
                    Some(Input::EffectDone { effect: id, result: EffectResult::Readers(vec![]) })
                }
                OutputBody::Prompt { id, .. } => Some(Input::PromptAnswered { prompt: id, answer: Answer::Start }),
                _ => None,
            });
        }
    }
    Ok(())
}

fn failed(checked: &[CheckedRule]) -> Vec<&'static str> {
    let failed = checked.iter().filter(|check| matches!(check.outcome, CheckOutcome::Failed(_)));
    failed.map(|check| check.name).collect()
}

#[test]
fn a_core_that_keeps_the_protocol_passes_every_check() {
    let checked = checked("none");
    assert_eq!(failed(&checked), Vec::<&str>::new(), "{checked:?}");
    let tried: BTreeSet<&str> = checked
        .iter()
        .filter_map(|check| match &check.outcome {
            CheckOutcome::Passed(tried) => Some(tried.iter().map(String::as_str)),
            CheckOutcome::Failed(_) | CheckOutcome::Untried => None,
        })
        .flatten()
        .collect();
    assert_eq!(tried, ["read-readers", "read-settings", "wizard.start"].into());
    assert!(checked.iter().all(|check| check.outcome != CheckOutcome::Untried), "{checked:?}");
}

#[test]
fn each_fault_fails_the_check_of_its_name() {
    let faults: Vec<&str> = checked("none").iter().map(|check| check.name).collect();
    // Side by side, because most of the time is spent on starting interpreters.
    let found = std::thread::scope(|scope| {
        let threads: Vec<_> = faults.iter().map(|name| scope.spawn(|| failed(&checked(name)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    for (name, failed) in faults.into_iter().zip(found) {
        assert!(failed.contains(&name), "{name}: {failed:?}");
        // These faults show in every check that hands over an input, or comes so far.
        let alone = !["handshake", "numbered-answers", "idle-ends-answer", "open-once"].contains(&name);
        assert!(!alone || failed == [name], "{name}: {failed:?}");
    }
}

#[test]
fn what_a_core_does_not_ask_for_is_not_said_to_pass() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance.py");
    let command = Command { program: "python3".into(), arguments: vec![script.into(), "none".into()] };
    let checked = check_core(&command, Limits::default(), &[]).unwrap();
    let untried = checked.iter().filter(|check| check.outcome == CheckOutcome::Untried).map(|check| check.name);
    let expected = ["open-once", "failed-result", "wrong-result", "not-offered", "log-off"];
    assert_eq!(untried.collect::<Vec<_>>(), expected);
}

#[test]
fn a_program_that_does_not_start_is_not_checked() {
    let command = Command { program: "./no-such-core".into(), arguments: vec![] };
    let breach = check_core(&command, Limits::default(), &[]).unwrap_err();
    assert!(breach.to_string().contains("cannot be started"));
}
