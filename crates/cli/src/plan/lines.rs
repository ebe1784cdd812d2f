//! A plan for programs: a JSON object for each principal and template.

use serde::Serialize;
use serde_json::json;

use super::OfPrincipal;
use super::verdict::{Outcome, statement};
use crate::Failure;
use crate::console::Console;

/// The line about one template for one principal. Every line has every field.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line<'a> {
    principal: &'a str,
    /// Where a user logs on; the computer itself.
    computer: &'a str,
    template: &'a str,
    verdict: &'static str,
    /// Decision points at which the user is asked.
    prompts: &'a [String],
    ca: Option<&'a str>,
    /// The rule that excludes or refuses it, and what holds when that is affirmative.
    rule: Option<&'a str>,
    statement: Option<&'static str>,
    /// Whether the statement holds.
    holds: Option<bool>,
    /// What the rule was decided about.
    object: Option<&'a str>,
    reason: Option<&'a str>,
    change: Option<String>,
    renews_from: Option<&'a str>,
    lapses: Option<&'a str>,
}

pub(super) fn print(plans: &[OfPrincipal], console: &mut Console<'_>) -> Result<(), Failure> {
    for OfPrincipal { principal, outcomes, stopped } in plans {
        for outcome in outcomes {
            let Outcome { template, verdict, prompts, ca, rule, object, reason, renews_from, lapses, .. } = outcome;
            let line = Line {
                principal: &principal.name,
                computer: &principal.computer,
                template,
                verdict: verdict.as_str(),
                prompts,
                ca: ca.as_deref(),
                rule: rule.as_deref(),
                statement: statement(outcome),
                holds: rule.as_ref().map(|_| outcome.holds),
                object: object.as_deref(),
                reason: reason.as_deref(),
                change: outcome.change(&principal.name),
                renews_from: renews_from.as_deref(),
                lapses: lapses.as_deref(),
            };
            writeln!(console.out, "{}", json!(line))?;
        }
        if let Some(why) = stopped {
            writeln!(console.out, "{}", json!({ "principal": principal.name, "stopped": why }))?;
        }
    }
    Ok(())
}
