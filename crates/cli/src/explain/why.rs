//! Why something in a story came, or nothing came: the recorded causes and decisions, with the words of the catalogue.

use std::collections::BTreeSet;

use autoenroll_model::SimTime;
use autoenroll_scenario::{FailureKind, RunReport, Span, Step, StepKind};
use autoenroll_trace::{Detail, Kind, Record, RecordId, Records};

use super::fate::{decided, decides, is_idle};
use super::runs::{self, Shown};
use crate::Failure;
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::hint::{failures, template};
use crate::prose::{rest, sentence};
use crate::suite::Story;

/// The record that a step matched, and everything that led to it; for a step without a record what there is to say
/// about it.
pub(super) fn step(
    story: &Story,
    report: &RunReport,
    at: usize,
    detail: Detail,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let step = &story.scenario.steps[at];
    let wrong = failures(report).iter().find(|failure| failure.step == Some(at));
    let came = wrong.and_then(|failure| match failure.kind {
        FailureKind::CameAnyway { record } | FailureKind::Differs { record, .. } => Some(record),
        _ => None,
    });
    let matched = report.matched.get(at).copied().flatten();
    let number = at + 1;
    let trace = report.trace.unpack();
    if let Some(record) = came.or(matched).and_then(|id| trace.get(id)) {
        writeln!(
            console.out,
            "step {number} of {}, at {}: {}",
            story.name,
            report.wall().moment(record.at),
            told(record, catalogue)
        )?;
        if let Some(place) = of_sequence(story, step) {
            writeln!(console.out, "{place}")?;
        }
        if let Some(wrong) = wrong {
            writeln!(console.out, "the step fails: {}", wrong.to_diagnostic(report).message)?;
        }
        return because(record, &trace, detail, catalogue, console);
    }
    let not_played = at >= story.scenario.steps.len() - report.not_played;
    let what = match (wrong, &step.kind) {
        (Some(wrong), _) => {
            format!("fails at {}: {}", report.wall().moment(wrong.at), wrong.to_diagnostic(report).message)
        }
        (None, _) if not_played => "is not played, because an earlier step fails".to_owned(),
        (None, StepKind::Action(_)) => "is an action: nothing in the story leads to it".to_owned(),
        (None, StepKind::Wait(_)) => "only lets time go by".to_owned(),
        (None, StepKind::Never(_)) => "holds: nothing like this came".to_owned(),
        (None, StepKind::State { .. }) => "holds: everything is as it says".to_owned(),
        (None, StepKind::Expect(_) | StepKind::Prompt { .. } | StepKind::Do(_)) => "matched no record".to_owned(),
    };
    writeln!(console.out, "step {number} of {} {what}", story.name)?;
    writeln!(console.out, "    {}", story.scenario.files.slice(step.span))?;
    if let Some(place) = of_sequence(story, step) {
        writeln!(console.out, "    {place}")?;
    }
    writeln!(console.out)?;
    let template = template(step).and_then(|name| runs::known(name, story).ok());
    match (template, &step.kind) {
        (Some(template), _) => {
            writeln!(console.out, "what became of {template}:\n")?;
            runs::all(story, &trace, Shown::One(template), catalogue, console)
        }
        (None, StepKind::Expect(_) | StepKind::Prompt { .. }) if wrong.is_some() => {
            writeln!(console.out, "what became of each template:\n")?;
            runs::all(story, &trace, Shown::Own, catalogue, console)
        }
        (None, _) => {
            let name = story.argument();
            writeln!(console.out, "`autoenroll explain {name}` says what became of each template in each run")?;
            Ok(())
        }
    }
}

/// Of a step of a sequence, where it is written and which line of the story does it.
fn of_sequence(story: &Story, step: &Step) -> Option<String> {
    let used = step.used.as_ref()?;
    let files = &story.scenario.files;
    let line = |span: Span| files.line_column(span.file, span.start).0;
    let (file, written, done) = (files.name(step.span.file), line(step.span), line(used.span));
    Some(format!("it comes of the sequence `{}`: written in {file}:{written}, done in line {done}", used.name))
}

/// Everything that led to a record, in the order in which it happened.
fn because(
    record: &Record,
    trace: &Records,
    detail: Detail,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let causes = with_changes(causes_of(record, trace), trace);
    let causes: Vec<&Record> = causes.iter().filter_map(|id| trace.get(*id)).filter(|it| is_told(it, detail)).collect();
    if causes.is_empty() {
        writeln!(console.out, "\nnothing led to it but the story itself")?;
        return Ok(());
    }
    writeln!(console.out, "\nbecause")?;
    let mut last: Option<SimTime> = None;
    let mut line = |cause: &Record, text: &str| {
        let time = if last == Some(cause.at) { String::new() } else { cause.at.to_string() };
        last = Some(cause.at);
        writeln!(console.out, "{time:>12}  {text}")
    };
    // Every check that a request passes is a decision: one after the other they hide what mattered.
    let alike = |one: &&Record, other: &&Record| detail == Detail::Story && is_passed(one) && is_passed(other);
    for group in causes.chunk_by(alike) {
        match group {
            [first, _, ..] => {
                let count = group.len();
                line(
                    first,
                    &format!("{} checks the request: {count} checks hold (--detail work names them)", first.actor),
                )?;
            }
            one => one.iter().try_for_each(|cause| line(cause, &told(cause, catalogue)))?,
        }
    }
    Ok(())
}

/// Whether it is a check of a CA that holds.
fn is_passed(record: &Record) -> bool {
    let rule = record.facts.text("rule").unwrap_or_default();
    record.kind == Kind::Decision
        && decides(record)
        && autoenroll_ca::RULES.iter().any(|known| known.row.id == rule && known.refusal.is_some())
}

/// The causes of a record, and theirs.
fn causes_of(record: &Record, trace: &Records) -> BTreeSet<RecordId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<RecordId> = record.causes.clone();
    while let Some(id) = open.pop() {
        if let Some(cause) = trace.get(id).filter(|_| !found.contains(&id)) {
            open.extend(&cause.causes);
            found.insert(id);
        }
    }
    found
}

/// With what no cause leads to, because a core that reads a directory or asks a CA does not know who changed what it
/// finds: the latest change of a template, of policy, and the manager's word about a request.
fn with_changes(mut causes: BTreeSet<RecordId>, trace: &Records) -> BTreeSet<RecordId> {
    let mut added = BTreeSet::new();
    for record in causes.iter().filter_map(|id| trace.get(*id)) {
        let before = trace.records()[..record.id.0 as usize].iter().rev();
        let mut changes = before.filter(|record| record.kind == Kind::Change);
        let fact = |name: &str| record.facts.text(name);
        let found = match record.kind {
            Kind::Decision if ["R001", "R003", "R004"].contains(&fact("rule").unwrap_or_default()) => {
                changes.find(|change| change.facts.text("what") == Some("policy"))
            }
            Kind::Decision => changes.find(|change| {
                change.facts.text("template").is_some() && change.facts.text("template") == fact("subject")
            }),
            Kind::ItemEnded | Kind::Store => changes.find(|change| {
                let word = ["approve", "deny"].map(Some).contains(&change.facts.text("what"));
                let own = fact("certificate").or(fact("request"));
                word && own.is_some() && change.facts.text("subject") == own
            }),
            Kind::Effect if fact("op") == Some("retrieve") => manager(record, trace),
            _ => None,
        };
        added.extend(found.map(|change| change.id));
    }
    causes.extend(added);
    causes
}

/// What the manager of a CA said about the request that a core asks for.
fn manager<'a>(retrieve: &Record, trace: &'a Records) -> Option<&'a Record> {
    let same = |record: &&Record| {
        let answers = matches!(record.kind, Kind::Issued | Kind::Denied);
        answers && ["ca", "request-id"].iter().all(|name| record.facts.get(name) == retrieve.facts.get(name))
    };
    let answer = trace.records()[..retrieve.id.0 as usize].iter().rev().find(same)?;
    answer.causes.iter().filter_map(|cause| trace.get(*cause)).find(|cause| cause.kind == Kind::Change)
}

/// Decisions are the reasons, so they are told, but for those by which nothing special is the case; the rest as
/// `autoenroll show` does.
fn is_told(record: &Record, detail: Detail) -> bool {
    match (record.kind, detail) {
        (Kind::Decision, Detail::Story) => !is_idle(record),
        (Kind::Decision, _) => true,
        (_, Detail::Story) => sentence(record).is_some(),
        (kind, _) => Detail::of(kind) <= detail,
    }
}

/// A record in words; a decision with the title of its rule.
fn told(record: &Record, catalogue: &Catalogue) -> String {
    if record.kind == Kind::Decision {
        return decided(record, catalogue, None);
    }
    let plain = || format!("{}: {} {}", record.actor, record.kind, rest(&record.facts, &[])).trim_end().to_owned();
    sentence(record).unwrap_or_else(plain)
}
