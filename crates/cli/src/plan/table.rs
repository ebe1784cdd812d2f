//! A plan for people: principals that fare alike once, what is enrolled line by line, what is left out by its rule.

use std::collections::BTreeMap;

use autoenroll_world::WorldSpec;

use super::OfPrincipal;
use super::drive::Principal;
use super::verdict::{Outcome, Verdict, statement};
use crate::Failure;
use crate::console::{Colour, Console};
use crate::explain::wrap;

/// How many principals of a group are named.
const MOST_NAMES: usize = 8;
/// How many templates of one reason are named.
const MOST_TEMPLATES: usize = 100;
/// Width of the text, as of every other text for people.
const WIDTH: usize = 100;
/// The widest column of names; longer ones stand out of it.
const MOST_WIDTH: usize = 40;

pub(super) fn print(
    name: &str,
    spec: &WorldSpec,
    plans: &[OfPrincipal],
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let (templates, cas) = (spec.templates.len(), spec.authorities.len());
    writeln!(
        console.out,
        "plan of {name} under {}, at {}: {}, {}, {}",
        spec.profile.name,
        spec.start,
        count(plans.len(), "principal"),
        count(templates, "template"),
        count(cas, "CA"),
    )?;
    for group in groups(plans) {
        writeln!(console.out)?;
        of_group(&group, console)?;
    }
    Ok(())
}

/// Principals that fare alike, in the order of the first of each group.
fn groups(plans: &[OfPrincipal]) -> Vec<Vec<&OfPrincipal>> {
    let mut groups: Vec<Vec<&OfPrincipal>> = Vec::new();
    let mut known: BTreeMap<(bool, &[Outcome], &Option<String>), usize> = BTreeMap::new();
    for plan in plans {
        let at = *known.entry((plan.principal.is_user, &plan.outcomes, &plan.stopped)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[at].push(plan);
    }
    groups
}

fn of_group(group: &[&OfPrincipal], console: &mut Console<'_>) -> Result<(), Failure> {
    let Some(first) = group.first() else { return Ok(()) };
    let names: Vec<&str> = group.iter().take(MOST_NAMES).map(|plan| plan.principal.name.as_str()).collect();
    let more = match group.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let Principal { is_user, computer, .. } = &first.principal;
    let what = match is_user {
        true => format!("{} at {computer}", count(group.len(), "user")),
        false => count(group.len(), "computer"),
    };
    let heading = format!("{}{more} ({what})", names.join(", "));
    writeln!(console.out, "{}", console.paint(Colour::Yellow, &heading))?;
    if let Some(why) = &first.stopped {
        writeln!(console.out, "  the plan is not complete: {why}")?;
    }
    let (worked_on, left_out): (Vec<&Outcome>, Vec<&Outcome>) =
        first.outcomes.iter().partition(|outcome| is_own_line(outcome.verdict));
    let width = worked_on.iter().map(|outcome| outcome.template.chars().count()).max().unwrap_or(0).min(MOST_WIDTH);
    let account = if group.len() == 1 { first.principal.name.as_str() } else { "each account" };
    for outcome in worked_on {
        let change = outcome.change(account).into_iter().map(|change| format!("to change it: {change}"));
        let mut name = outcome.template.as_str();
        for text in std::iter::once(told(outcome)).chain(change) {
            for line in wrap(&text, WIDTH - 4 - width) {
                writeln!(console.out, "  {name:<width$}  {line}")?;
                name = "";
            }
        }
    }
    for ((text, change), templates) in by_reason(&left_out) {
        hanging(&text, 2, console)?;
        if let Some(change) = change {
            hanging(&format!("to change it: {change}"), 4, console)?;
        }
        let named: Vec<&str> = templates.iter().take(MOST_TEMPLATES).copied().collect();
        let more = match templates.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more (--format json names all)"),
        };
        hanging(&(named.join(", ") + &more), 6, console)?;
    }
    Ok(())
}

/// A text in lines that begin so far to the right.
fn hanging(text: &str, indent: usize, console: &mut Console<'_>) -> Result<(), Failure> {
    for line in wrap(text, WIDTH - indent) {
        writeln!(console.out, "{:indent$}{line}", "")?;
    }
    Ok(())
}

/// Whether a template is told of in a line of its own.
const fn is_own_line(verdict: Verdict) -> bool {
    match verdict {
        Verdict::Enrolls
        | Verdict::Renews
        | Verdict::Keeps
        | Verdict::Pends
        | Verdict::Lacks
        | Verdict::Fails
        | Verdict::Superseded => true,
        Verdict::Skipped | Verdict::Unseen | Verdict::NotLookedAt | Verdict::Unfinished => false,
    }
}

/// What is said of several templates: why they are left out, and what to change.
type Reason<'a> = (String, Option<&'a str>);

/// Templates that are left out, by the reason.
fn by_reason<'a>(outcomes: &[&'a Outcome]) -> Vec<(Reason<'a>, Vec<&'a str>)> {
    let mut found: Vec<(Reason<'_>, Vec<&str>)> = Vec::new();
    let mut places: BTreeMap<Reason<'_>, usize> = BTreeMap::new();
    for outcome in outcomes {
        let reason = (told(outcome), outcome.change_of_any.as_deref());
        let at = *places.entry(reason.clone()).or_insert_with(|| {
            found.push((reason, Vec::new()));
            found.len() - 1
        });
        found[at].1.push(&outcome.template);
    }
    found
}

/// What becomes of a template, in a few words.
pub(super) fn told(outcome: &Outcome) -> String {
    let from = outcome.ca.as_ref().map(|ca| format!(" from {ca}")).unwrap_or_default();
    let asks = match outcome.prompts.as_slice() {
        [] => String::new(),
        points => format!(", asking at {}", points.join(", ")),
    };
    let silently = if outcome.prompts.is_empty() { " silently" } else { "" };
    let reason = outcome.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let by = rule(outcome).unwrap_or_default();
    let then = match (&outcome.renews_from, &outcome.lapses) {
        (_, Some(lapses)) => format!("; {lapses}"),
        (Some(date), None) => format!("; renews from {date}"),
        (None, None) => String::new(),
    };
    match outcome.verdict {
        Verdict::Enrolls => format!("enrolls{silently}{from}{asks}{then}"),
        Verdict::Renews => format!("renews now{silently}{from}{asks}{then}"),
        Verdict::Keeps => format!("keeps what it has{then}"),
        Verdict::Pends => {
            format!("pends{asks}: waits for a manager of {},{by}", outcome.ca.as_deref().unwrap_or("the CA"))
        }
        Verdict::Lacks => format!("would enroll{asks}{reason}"),
        Verdict::Fails => format!("fails{from}{asks}{reason}{}", if by.is_empty() { by } else { format!(",{by}") }),
        Verdict::Superseded => format!("superseded{by}{reason}"),
        Verdict::Skipped => format!("skipped{by}{reason}"),
        Verdict::Unseen => format!("not seen{by}{reason}"),
        Verdict::NotLookedAt => format!("not looked at{by}{reason}"),
        Verdict::Unfinished => format!("not known{reason}"),
    }
}

/// The rule with its statement, as the decision has it: affirmative or not.
fn rule(outcome: &Outcome) -> Option<String> {
    let not = if outcome.holds { "" } else { "not so: " };
    Some(format!(" by {} ({not}{})", outcome.rule.as_deref()?, statement(outcome)?))
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
