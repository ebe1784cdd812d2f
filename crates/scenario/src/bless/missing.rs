//! Steps for records that no step names: which, where, and when.
//!
//! A step is insertion where the next run matches it: after every step that left the story no later than the record,
//! before the first one that left it later. What an answer leads to comes after the answer, what an action found comes
//! before it. Steps that follow keep their times, so that the story goes as it went and everything that one run leaves
//! unnamed is named in the next.

use std::collections::BTreeSet;

use autoenroll_model::{Duration, SimTime};
use autoenroll_trace::Record;

use super::splice::{self, Retimed};
use super::{Edit, Guard, NewStep};
use crate::Code;
use crate::check::Scenario;
use crate::clock::{Edge, WallClock};
use crate::diagnostic::Diagnostic;
use crate::document::{Step, StepBegin, StepEnd, StepKind, Time, parse};
use crate::print::{self, Style, value};
use crate::run::unnamed::{answers_to, exit_before, expects, insert_position, step_for, timed};
use crate::run::{Failure, FailureKind, RunReport, StepExit};
use crate::source::{FileId, Span, Spanned};
use crate::tree::Value;

/// What inserting comes to.
#[derive(Default)]
pub(super) struct Insertion {
    pub(super) edits: Vec<Edit>,
    pub(super) guards: Vec<Guard>,
    pub(super) refused: Vec<Diagnostic>,
}

/// What is missing after one step.
struct Gap {
    /// The step that it comes after; nothing at the beginning.
    after: Option<Span>,
    /// What is missing, in the order of the trace.
    missing: Vec<Missing>,
    /// The step that comes next, when its own time has to change, so that it stays where it was.
    retimed: Option<Retimed>,
    /// The step that comes next, when it has to follow an action or answer directly.
    follower: Option<Span>,
    /// The step that comes next, when it is a `never` that guards less then.
    guard: Option<Guard>,
    /// The line that does a sequence, when a step of that would have to come or to change.
    sequence: Option<Span>,
}

/// A step that is missing.
struct Missing {
    step: Step,
    /// Of a prompt that waits for its answer, what can be written in place of `"hold"`.
    answers: Vec<String>,
    time: SimTime,
    /// The variants in which it is, counted from 0.
    runs: BTreeSet<usize>,
}

/// Inserts what is missing in these runs of one file's variants.
pub(super) fn insert(text: &str, runs: &[(&Scenario, &RunReport)], style: Style) -> Insertion {
    let mut insertion = Insertion::default();
    let root = parse("blessed", text.as_bytes()).root;
    let Some(list) = root.table("timeline").and_then(|timeline| timeline.get("steps")) else {
        return insertion;
    };
    let mut gaps: Vec<Gap> = Vec::new();
    let mut retimed: Vec<Retimed> = Vec::new();
    for (run, (scenario, report)) in runs.iter().enumerate() {
        for gap in gaps_of(run, scenario, report) {
            match splits(&gap).and_then(|()| retimed_alike(&gap, run, runs)) {
                Ok(()) => {
                    retimed.extend(gap.retimed.clone().filter(|change| !retimed.contains(change)));
                    merge(gap, &mut gaps);
                }
                Err(problem) => insertion.refused.push(*problem),
            }
        }
    }
    for gap in gaps {
        let steps: Vec<String> = gap.missing.iter().map(|missing| written(missing, runs, style)).collect();
        match splice::insert(text, list, gap.after, &steps) {
            Some(edits) => {
                let new = gap.missing.into_iter().zip(steps);
                let new = new.map(|(missing, written)| Some(NewStep { written, answers: missing.answers }));
                insertion.edits.extend(edits.into_iter().zip(new).map(|(edit, step)| Edit { step, ..edit }));
                insertion.guards.extend(gap.guard);
            }
            None => {
                let reason = format!("only lists in brackets get steps; write these by hand: {}", steps.join(", "));
                insertion.refused.push(unexpected(reason, gap.after.unwrap_or(list.span)));
                retimed.clear();
            }
        }
    }
    insertion.edits.extend(retimed.iter().flat_map(|change| splice::retime(text, list, change)));
    insertion
}

fn unexpected(reason: String, span: Span) -> Diagnostic {
    Diagnostic::error(Code::Unexpected, reason, span)
}

/// Nothing comes within a sequence, which other lines do too, nor between an action and the step that acts on what the
/// action leads to.
fn splits(gap: &Gap) -> Result<(), Box<Diagnostic>> {
    if let Some(line) = gap.sequence {
        let reason =
            "what no step names comes within the sequence that is done here; blessing changes none, write it by hand";
        return Err(Box::new(unexpected(reason.to_owned(), line)));
    }
    let Some(span) = gap.follower else { return Ok(()) };
    let reason = "what no step names comes before this step, which has to follow an action or answer; write it by hand";
    Err(Box::new(unexpected(reason.to_owned(), span)))
}

/// A step that has to change its time must have to in every variant in which it stands.
fn retimed_alike(gap: &Gap, run: usize, runs: &[(&Scenario, &RunReport)]) -> Result<(), Box<Diagnostic>> {
    let Some(retimed) = &gap.retimed else { return Ok(()) };
    let same = |(other, (scenario, report)): (usize, &(&Scenario, &RunReport))| {
        other == run
            || !scenario.steps.iter().any(|step| step.span == retimed.step)
            || gaps_of(other, scenario, report).iter().any(|gap| gap.retimed.as_ref() == Some(retimed))
    };
    if runs.iter().enumerate().all(same) {
        return Ok(());
    }
    let reason = "what no step names comes before this step, and not in every variant; give each variant its own step with `only`";
    Err(Box::new(unexpected(reason.to_owned(), retimed.step)))
}

/// Puts together what is missing at one place in several variants.
fn merge(gap: Gap, gaps: &mut Vec<Gap>) {
    let Some(known) = gaps.iter_mut().find(|known| known.after == gap.after) else {
        gaps.push(gap);
        return;
    };
    known.guard = known.guard.take().or(gap.guard);
    for missing in gap.missing {
        let same = |other: &&mut Missing| other.step == missing.step && other.time == missing.time;
        match known.missing.iter_mut().filter(same).find(|other| other.runs.is_disjoint(&missing.runs)) {
            Some(other) => other.runs.extend(missing.runs),
            None => known.missing.push(missing),
        }
    }
    // A step that moves the clock comes before those that leave it.
    known.missing.sort_by_key(|missing| (missing.time, missing.step.begin == StepBegin::Now));
}

fn written(missing: &Missing, runs: &[(&Scenario, &RunReport)], style: Style) -> String {
    let mut step = missing.step.clone();
    let variants = runs.first().map_or(0, |(scenario, _)| scenario.document.vary.len());
    if missing.runs.len() < variants {
        let names = missing.runs.iter().filter_map(|run| runs[*run].0.variant.clone());
        step.only = names.map(Spanned::without_span).collect();
    }
    value(&Value::Table(print::step(&step)), style)
}

/// What is missing in one run, by place.
fn gaps_of(run: usize, scenario: &Scenario, report: &RunReport) -> Vec<Gap> {
    let unnamed = unnamed(report);
    let places: Vec<usize> = unnamed.iter().map(|record| insert_position(scenario, report, record)).collect();
    let mut gaps = Vec::new();
    for at in places.iter().collect::<BTreeSet<_>>() {
        let here = unnamed.iter().zip(&places).filter(|(_, span)| *span == at).map(|(record, _)| record);
        gaps.push(gap(run, scenario, report, *at, &here.collect::<Vec<_>>()));
    }
    gaps
}

/// What no step names, in the order of the trace.
fn unnamed(report: &RunReport) -> Vec<Record> {
    let record = |failure: &Failure| match failure.kind {
        FailureKind::Unexpected { record } | FailureKind::AskedInstead { record, held: None, .. } => {
            report.trace.record(record)
        }
        _ => None,
    };
    let mut unnamed: Vec<Record> = super::failures(report).iter().filter_map(record).collect();
    unnamed.sort_by_key(|record| record.id);
    unnamed
}

/// Whether the record is that of a prompt which is open at the end.
fn is_open(record: &Record, report: &RunReport) -> bool {
    let is_it = |open: Record| {
        open.actor == record.actor && open.facts.text("point") == record.facts.text("point") && open.id <= record.id
    };
    report.open.iter().filter_map(|open| report.trace.record(*open)).any(is_it)
}

/// The index of the first step that comes after a prompt which is open at the end: what it leads to is not known yet.
pub(super) fn first_in_doubt(scenario: &Scenario, report: &RunReport) -> Option<usize> {
    let after = |record: Record| {
        let named = report.matched.iter().position(|matched| *matched == Some(record.id));
        named.map_or_else(|| insert_position(scenario, report, &record), |step| step + 1)
    };
    report.open.iter().filter_map(|record| report.trace.record(*record)).map(after).min()
}

fn gap(run: usize, scenario: &Scenario, report: &RunReport, at: usize, records: &[&Record]) -> Gap {
    let before = at.checked_sub(1);
    let exit = exit_before(at, report);
    let mut clock = exit.clock;
    let mut missing = Vec::new();
    for record in records {
        let step = step_for(scenario, record, record.at > clock);
        let style = Style::of(scenario.files.text(FileId::OWN));
        let answers = if is_open(record, report) { answers_to(record, style) } else { Vec::new() };
        missing.push(Missing { step, answers, time: record.at, runs: BTreeSet::from([run]) });
        clock = record.at;
    }
    let after = before.map(|before| scenario.steps[before].line());
    let next = scenario.steps.get(at);
    let sequence = next.and_then(|next| next.used.as_ref()).map(|used| used.span);
    let inside = sequence.filter(|line| after == Some(*line));
    let waits = next.is_some_and(expects) && report.matched[at].is_none();
    let together = report.exits.get(at).copied().flatten().is_some_and(|next| next.clock == clock) && !waits;
    let retimed = next.and_then(|next| retimed(next, exit, clock, together, scenario, report));
    let follower = next.filter(|next| next.on.is_some() && !timed(next)).map(|next| next.span);
    let wall = report.wall();
    let guard = next.filter(|next| matches!(next.kind, StepKind::Never(_)) && clock > exit.clock).map(|next| Guard {
        span: next.verb.span,
        text: format!(
            "`never` guards from {} on only, no longer from {}: what comes between is not guarded",
            wall.moment(clock),
            wall.moment(exit.clock)
        ),
    });
    let sequence = inside.or(sequence.filter(|_| retimed.is_some() || follower.is_some()));
    Gap { after, missing, retimed, follower, guard, sequence }
}

/// How the times of the next step have to change, now that the clock shows `clock` before it and not what the step
/// before it `exit`.
fn retimed(
    step: &Step,
    exit: StepExit,
    clock: SimTime,
    together: bool,
    scenario: &Scenario,
    report: &RunReport,
) -> Option<Retimed> {
    let mut changes = Vec::new();
    let shorter = |from: SimTime, duration: &Spanned<Duration>| {
        let over = (from + duration.value).0.checked_sub(clock.0);
        (duration.span, over.map(Duration))
    };
    // What is missing has the clock moved already, and the step matches or acts in the same instant.
    let taken_over = together && clock > exit.clock && step.on.is_none();
    match &step.begin {
        StepBegin::At(when) if taken_over || passed(when.value, exit.clock, clock, scenario, report) => {
            changes.push((when.span, None))
        }
        StepBegin::After(duration) if taken_over => changes.push((duration.span, None)),
        StepBegin::After(duration) if clock != exit.previous_match => {
            changes.push(shorter(exit.previous_match, duration))
        }
        _ => {}
    }
    match &step.end {
        Some(StepEnd::Until(when)) if taken_over => changes.push((when.span, None)),
        Some(StepEnd::Within(duration)) if taken_over => changes.push((duration.span, None)),
        Some(StepEnd::Within(duration)) if clock != exit.previous_match => {
            changes.push(shorter(exit.previous_match, duration))
        }
        _ => {}
    }
    if let StepKind::Wait(duration) = &step.kind
        && clock != exit.clock
    {
        changes.push(shorter(exit.clock, duration));
    }
    (!changes.is_empty()).then_some(Retimed { step: step.span, changes })
}

/// Whether the moment at which a step began, when the story was at `before`, is past when it is at `clock`. A time of
/// the day is also past when it is now: the next one is tomorrow's.
fn passed(time: Time, before: SimTime, clock: SimTime, scenario: &Scenario, report: &RunReport) -> bool {
    let start = scenario.spec.start;
    let time_before = time.resolve(start, before, &WallClock::of(start, &report.trace), Edge::Begin);
    time_before < clock || (matches!(time, Time::OfDay(_)) && time_before == clock && clock > before)
}
