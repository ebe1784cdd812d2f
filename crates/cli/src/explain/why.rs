//! Why something in a story came, or nothing came: the recorded causes and decisions, with the words of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::SimTime;
use autoenroll_scenario::RunReport;
use autoenroll_trace::{Kind, Record, RecordId, Trace};

use crate::Failure;
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::story::{rest, sentence};
use crate::suite::Story;

/// The record that a step matched, and everything that led to it, in the order in which it happened.
pub(super) fn step(story: &Story, report: &RunReport, step: usize, console: &mut Console<'_>) -> Result<(), Failure> {
    let count = story.scenario.steps.len();
    let Some(wanted) = step.checked_sub(1).and_then(|at| story.scenario.steps.get(at)) else {
        return Err(Failure::Usage(format!("{} has no step {step}; it has {count}", story.name)));
    };
    let matched = report.matched.get(step - 1).copied().flatten().and_then(|id| report.trace.get(id));
    let Some(record) = matched else {
        return Err(Failure::Usage(format!(
            "step {step} (`{}`) matched no record; steps that are done by somebody, and those that fail, have no causes",
            wanted.verb.value
        )));
    };
    let catalogue = Catalogue::read().map_err(Failure::Bench)?;
    writeln!(console.out, "step {step} of {}, at {}: {}\n", story.name, record.at, told(record, &catalogue))?;
    let causes = causes_of(record, &report.trace);
    if causes.is_empty() {
        writeln!(console.out, "nothing led to it but the story itself")?;
        return Ok(());
    }
    writeln!(console.out, "because")?;
    let mut last: Option<SimTime> = None;
    for cause in causes.iter().filter_map(|id| report.trace.get(*id)) {
        let time = if last == Some(cause.at) { String::new() } else { cause.at.to_string() };
        last = Some(cause.at);
        writeln!(console.out, "{time:>12}  {}", told(cause, &catalogue))?;
    }
    Ok(())
}

/// The causes of a record, and theirs, without the APDUs among them.
fn causes_of(record: &Record, trace: &Trace) -> BTreeSet<RecordId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<RecordId> = record.causes.clone();
    while let Some(id) = open.pop() {
        if let Some(cause) = trace.get(id).filter(|_| !found.contains(&id)) {
            open.extend(&cause.causes);
            found.insert(id);
        }
    }
    found.retain(|id| trace.get(*id).is_some_and(|record| record.kind != Kind::Apdu));
    found
}

/// For each run and each template of the world, what became of it: the last decision about it, or the item's outcome.
pub(super) fn templates(story: &Story, report: &RunReport, console: &mut Console<'_>) -> Result<(), Failure> {
    let catalogue = Catalogue::read().map_err(Failure::Bench)?;
    let names: Vec<&str> = story.scenario.spec.templates.iter().map(|spec| spec.template.name.as_str()).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    // What is known of each template in the run that is open, by principal.
    let mut open: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    let mut runs = 0;
    for record in report.trace.records() {
        let actor = record.actor.as_str();
        match record.kind {
            Kind::RunStarted => {
                open.insert(actor, BTreeMap::new());
            }
            Kind::Decision | Kind::ItemEnded => {
                let name = names.iter().find(|name| is_about(record, name));
                if let (Some(name), Some(known)) = (name, open.get_mut(actor)) {
                    known.insert(*name, told(record, &catalogue));
                }
            }
            Kind::RunEnded => {
                let known = open.remove(actor).unwrap_or_default();
                runs += 1;
                writeln!(console.out, "{}  run of {actor}", record.at)?;
                for name in &names {
                    let fate =
                        known.get(name).map_or("nothing was decided about it: it was not looked at", String::as_str);
                    writeln!(console.out, "    {name:<width$}  {fate}")?;
                }
                writeln!(console.out)?;
            }
            _ => {}
        }
    }
    if runs == 0 {
        writeln!(console.out, "no run ended in this story")?;
    }
    Ok(())
}

/// Whether a record is about a template, or about a certificate of it, whose name is the template's with a number.
fn is_about(record: &Record, template: &str) -> bool {
    let subject = record.facts.text("subject").unwrap_or_default();
    let of_template = record.facts.text("template") == Some(template);
    of_template || subject == template || subject.strip_prefix(template).is_some_and(|rest| rest.starts_with('#'))
}

/// A record in words; a decision with the title of its rule.
fn told(record: &Record, catalogue: &Catalogue) -> String {
    if record.kind == Kind::Decision {
        let rule = record.facts.text("rule").unwrap_or_default();
        let outcome = match record.facts.get("outcome") {
            Some(autoenroll_model::Fact::Flag(true)) => "yes",
            _ => "no",
        };
        let title = catalogue.requirements().iter().find(|requirement| requirement.id == rule);
        let title = title.map_or("", |requirement| requirement.title.as_str());
        let about = rest(&record.facts, &["rule", "outcome", "subject"]);
        let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
        let subject = record.facts.text("subject").unwrap_or_default();
        return format!("{rule} {outcome} for {subject}: {title}{about}");
    }
    let plain = || format!("{}: {} {}", record.actor, record.kind, rest(&record.facts, &[])).trim_end().to_owned();
    sentence(record).unwrap_or_else(plain)
}
