//! `autoenroll core-check`: whether a program keeps the core protocol, before any scenario.

use autoenroll_foreign::{CheckedRule, Limits, check_core};
use serde_json::json;

use crate::arguments::{CoreCheck, Format};
use crate::console::Console;
use crate::{Exit, Failure};

/// Runs every check and says which pass.
pub(crate) fn run(arguments: &CoreCheck, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let checked =
        check_core(&arguments.command, Limits::default()).map_err(|breach| Failure::Bench(breach.to_string()))?;
    let failed = checked.iter().filter(|check| check.failure.is_some()).count();
    let passed = checked.len() - failed;
    for CheckedRule { name, demand, advice, failure } in &checked {
        match (arguments.format, failure) {
            (Format::Json, failure) => {
                let verdict = if failure.is_some() { "failed" } else { "passed" };
                let advice = failure.as_ref().map(|_| advice);
                let line = json!({
                    "check": name, "verdict": verdict, "expected": demand, "found": failure, "advice": advice,
                });
                writeln!(console.out, "{line}")?;
            }
            (Format::Text, None) => writeln!(console.out, "pass  {name}")?,
            (Format::Text, Some(found)) => writeln!(
                console.out,
                "FAIL  {name}\n        expected: {demand}\n        found: {found}\n        what to do: {advice}"
            )?,
        }
    }
    match arguments.format {
        Format::Text => writeln!(console.out, "\n{passed} passed, {failed} failed")?,
        Format::Json => writeln!(console.out, "{}", json!({ "passed": passed, "failed": failed }))?,
    }
    Ok(if failed == 0 { Exit::Ok } else { Exit::Failed })
}
