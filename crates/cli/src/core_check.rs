//! `autoenroll core-check`: whether a program keeps the core protocol, before any scenario.

use autoenroll_foreign::{CheckOutcome, CheckedRule, DisturbedFactory, Limits, Play, check_core};
use autoenroll_scenario::{Scenario, run as play};
use autoenroll_world::Hosts;
use serde_json::json;

use crate::arguments::{CoreCheck, Format};
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::{Exit, Failure, suite};

/// Scenarios that together have every effect and every prompt, as the own core asks for them.
const PLAYED: &[&str] = &[
    "wizard/renewal-needs-its-own-card[found]",
    "regressions/empty-subject-and-no-purposes[denied]",
    "wizard/closing-pin-or-consent[consent]",
    "ca/key-archival[unexpected]",
    "events/life-of-a-certificate",
    "wizard/closing-a-question-refuses-it[select]",
    "ca/status-queries[pending]",
    "wizard/a-ca-that-hangs",
    "events/policy-server-loaded",
];

/// Runs every check and says which pass.
pub(crate) fn run(arguments: &CoreCheck, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let catalogue = Catalogue::embedded();
    let stories =
        PLAYED.iter().map(|name| suite::story(name)).collect::<Result<Vec<_>, _>>().map_err(Failure::Bench)?;
    let with = |scenario: &Scenario, factory: DisturbedFactory| {
        // What the core makes of the scenario is no part of the protocol.
        let _verdict = play(scenario, factory, Hosts::in_process(), catalogue);
    };
    let plays: Vec<_> =
        stories.iter().map(|story| |factory: DisturbedFactory| with(&story.scenario, factory)).collect();
    let plays: Vec<Play<'_>> = plays.iter().map(|play| play as Play<'_>).collect();
    let checked = check_core(&arguments.command, Limits::default(), &plays)
        .map_err(|breach| Failure::Bench(breach.to_string()))?;
    for check in &checked {
        match arguments.format {
            Format::Json => writeln!(console.out, "{}", in_json(check))?,
            Format::Text => writeln!(console.out, "{}", in_words(check))?,
        }
    }
    let count = |wanted: fn(&CheckOutcome) -> bool| checked.iter().filter(|check| wanted(&check.outcome)).count();
    let passed = count(|outcome| matches!(outcome, CheckOutcome::Passed(_)));
    let failed = count(|outcome| matches!(outcome, CheckOutcome::Failed(_)));
    let untried = count(|outcome| *outcome == CheckOutcome::Untried);
    match arguments.format {
        Format::Text => writeln!(console.out, "\n{passed} passed, {failed} failed, {untried} untried")?,
        Format::Json => {
            writeln!(console.out, "{}", json!({ "passed": passed, "failed": failed, "untried": untried }))?;
        }
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
}

fn in_words(CheckedRule { name, demand, advice, outcome }: &CheckedRule) -> String {
    match outcome {
        CheckOutcome::Passed(tried) if tried.is_empty() => format!("pass  {name}"),
        CheckOutcome::Passed(tried) => format!("pass  {name}  (tried with {})", tried.len()),
        CheckOutcome::Untried => format!("-     {name}  (the core asks for nothing to try it with)"),
        CheckOutcome::Failed(found) => {
            format!("FAIL  {name}\n        expected: {demand}\n        found: {found}\n        what to do: {advice}")
        }
    }
}

fn in_json(CheckedRule { name, demand, advice, outcome }: &CheckedRule) -> serde_json::Value {
    let (verdict, found, advice, tried) = match outcome {
        CheckOutcome::Passed(tried) => ("passed", None, None, tried.as_slice()),
        CheckOutcome::Failed(found) => ("failed", Some(found), Some(advice), &[][..]),
        CheckOutcome::Untried => ("untried", None, None, &[][..]),
    };
    json!({
        "check": name, "verdict": verdict, "expected": demand, "found": found, "advice": advice, "tried": tried,
    })
}
