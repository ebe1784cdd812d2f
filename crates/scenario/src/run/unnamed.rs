//! What no step names: where in the timeline a step for it belongs, and how that step reads.

use std::ops::Range;

use autoenroll_model::{Choice, DecisionPoint, Fact, SimTime};
use autoenroll_trace::{Kind, Record, RecordId};

use super::{Failure, FailureKind, Mismatch, RunReport, StepExit, Verdict};
use crate::check::Scenario;
use crate::document::{
    ExpectedFact, ExpectedValue, Pattern, PromptAnswer, Step, StepBegin, StepKind, Time, answers, group,
};
use crate::print::{self, Style, value};
use crate::shape::choices_of;
use crate::source::{FileId, Span, Spanned};
use crate::tree::Value;

/// Says of everything that no step names where a step for it belongs, with the line to write, and leaves out what only
/// follows from a prompt that is not answered.
pub(super) fn advise(scenario: &Scenario, report: &mut RunReport) {
    let mut verdict = std::mem::replace(&mut report.verdict, Verdict::Passed);
    if let Verdict::Failed(failures) | Verdict::Violated { failures, .. } = &mut verdict {
        let unanswered = report.open.iter().filter_map(|id| report.trace.record(*id));
        let unnamed: Vec<Record> =
            unanswered.filter(|record| failures.iter().any(|failure| failure.names(record))).collect();
        failures.retain(|failure| !unnamed.iter().any(|prompt| follows(failure, prompt, scenario)));
        let elsewhere: Vec<RecordId> = failures.iter().filter_map(came_elsewhere).collect();
        failures.retain(
            |failure| !matches!(failure.kind, FailureKind::Unexpected { record } if elsewhere.contains(&record)),
        );
        for failure in failures {
            advise_on(failure, scenario, report);
            advise_to_answer(failure, scenario, report);
        }
    }
    report.verdict = verdict;
}

/// Whether a failure is nothing but a consequence of a prompt that is not answered.
fn follows(failure: &Failure, prompt: &Record, scenario: &Scenario) -> bool {
    match &failure.kind {
        FailureKind::PromptLeftOpen { who, point } => {
            *who == prompt.actor && prompt.facts.text("point") == Some(point.as_str())
        }
        FailureKind::DidNotCome { .. } => {
            let whose = failure.step.and_then(|at| {
                let explicit = scenario.steps[at].who.as_ref().map(|who| &who.value);
                explicit.or(scenario.defaults[at].who.as_ref())
            });
            failure.at >= prompt.at && whose.is_none_or(|who| *who == prompt.actor)
        }
        _ => false,
    }
}

/// What a step names, but for another time: that step has the failure.
fn came_elsewhere(failure: &Failure) -> Option<RecordId> {
    match &failure.kind {
        FailureKind::DidNotCome { near_matches, .. } => near_matches
            .first()
            .filter(|near_matches| near_matches.mismatch == Mismatch::Time)
            .map(|near_matches| near_matches.record),
        _ => None,
    }
}

fn advise_on(failure: &mut Failure, scenario: &Scenario, report: &RunReport) {
    let (FailureKind::Unexpected { record } | FailureKind::AskedInstead { record, held: None, .. }) = &failure.kind
    else {
        return;
    };
    let Some(record) = report.trace.record(*record) else { return };
    let record = &record;
    let at = insert_position(scenario, report, record);
    let moves = record.at > exit_before(at, report).clock;
    let style = Style::of(scenario.files.text(FileId::OWN));
    let step = value(&Value::Table(print::step(&answered(step_for(scenario, record, moves)))), style);
    let played = if moves { scenario.steps.get(at) } else { at.checked_sub(1).map(|before| &scenario.steps[before]) };
    let (played, advice) = match (played, moves) {
        (Some(played), true) => (played, "it came while this step was played; add one before it"),
        (Some(played), false) => (played, "it came of this step; add one after it"),
        (None, _) => match (scenario.steps.first(), scenario.steps.last()) {
            (Some(first), _) if at == 0 => (first, "it came before this step; add one before it"),
            (_, Some(last)) => (last, "it came after this step; add one after it"),
            _ => return,
        },
    };
    match failure.kind {
        FailureKind::Unexpected { .. } => {
            failure.span = played.used.as_ref().map_or(played.verb.span, |used| used.span);
            let of = played.used.as_ref().map(|used| format!("`{}` of `{}`", played.verb.value, used.name));
            let advice = of.map_or(advice.to_owned(), |of| advice.replacen("this step", &of, 1));
            failure.help = Some(format!("{advice}: {step}"));
        }
        _ if failure.step.is_some_and(|failed| at < failed) => {
            failure.help = Some(format!("name that first, after step {at}: {step}"));
        }
        _ => failure.help = Some(format!("name that first: {step}")),
    }
}

/// Where a step holds open what is open at the end, that step is the place, and its answer what to change.
fn advise_to_answer(failure: &mut Failure, scenario: &Scenario, report: &RunReport) {
    let FailureKind::PromptLeftOpen { who, point } = &failure.kind else { return };
    let is_it = |record: &Record| {
        record.actor == *who && record.facts.text("point").and_then(|p| p.parse().ok()) == Some(*point)
    };
    let Some(record) = report.open.iter().filter_map(|id| report.trace.record(*id)).find(is_it) else { return };
    let Some(step) = report.matched.iter().position(|matched| *matched == Some(record.id)) else { return };
    let StepKind::Prompt { answer, .. } = &scenario.steps[step].kind else { return };
    failure.span = answer.span;
    failure.help = Some(format!(
        "put {} in place of it",
        one_of(&answers_to(&record, Style::of(scenario.files.text(FileId::OWN))))
    ));
}

/// The answers that a prompt offers, as they are written.
pub(crate) fn answers_to(record: &Record, style: Style) -> Vec<String> {
    let offers = record.facts.text("point").and_then(|point| point.parse().ok()).map(choices_of).unwrap_or_default();
    let cards = || match record.facts.get("cards") {
        Some(Fact::List(cards)) => cards
            .iter()
            .filter_map(|card| match card {
                Fact::Text(card) => Some(PromptAnswer::Card(card.to_string())),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let answers = offers.iter().flat_map(|offer| match offer {
        // PINs are shown nowhere but in the scenario; this one is an example.
        Choice::Pin => vec![PromptAnswer::Pin("1234".to_owned())],
        Choice::Card => cards(),
        word => vec![PromptAnswer::Word(*word)],
    });
    answers.map(|answer| value(&print::answer(&answer), style)).collect()
}

/// The words, with `or` before the last one.
pub(crate) fn one_of(words: &[String]) -> String {
    match words {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => words.concat(),
    }
}

/// A prompt with the first answer that it offers, and without the facts that a prompt is not told apart by.
fn answered(mut step: Step) -> Step {
    if let StepKind::Prompt { point, pattern, answer } = &mut step.kind {
        let card =
            pattern.facts.iter().find(|fact| fact.name.value == "cards").and_then(|fact| first(&fact.value.value));
        answer.value = Some(match (point.value, card) {
            // PINs are shown nowhere but in the scenario; this one is an example.
            (DecisionPoint::PinEnter, _) => PromptAnswer::Pin("1234".to_owned()),
            (DecisionPoint::CardSelect, Some(card)) => PromptAnswer::Card(card),
            (point, _) => PromptAnswer::Word(choices_of(point)[0]),
        });
        pattern.facts.clear();
    }
    step
}

fn first(wanted: &ExpectedValue) -> Option<String> {
    match wanted {
        ExpectedValue::Literal(Fact::List(list)) => match list.first()? {
            Fact::Text(text) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Where the steps before this one leave the story.
pub(crate) fn exit_before(at: usize, report: &RunReport) -> StepExit {
    let start = StepExit { seen: 0, search_from: 0, clock: SimTime::START, previous_match: SimTime::START };
    at.checked_sub(1).and_then(|before| report.exits[before]).unwrap_or(start)
}

/// The index of the step before which the step for a record belongs.
pub(crate) fn insert_position(scenario: &Scenario, report: &RunReport, record: &Record) -> usize {
    let steps = &scenario.steps;
    let Some(late) = (0..steps.len()).find(|at| is_later(*at, scenario, report, record)) else { return steps.len() };
    let group = group_with(steps, late);
    let in_this_instant = |at: usize| report.exits[at].is_some_and(|exit| exit.clock == record.at);
    if !expects(&steps[late]) || !group.clone().any(in_this_instant) {
        return late;
    }
    // It joins the steps that match as a set: behind those that came before it, behind the time of the first, before
    // the answer of the last.
    let head = group.start;
    let first = if timed(&steps[head]) && report.matched[head].is_some() { head + 1 } else { head };
    let last = if answers(&steps[group.end - 1]) { group.end - 1 } else { group.end };
    let came_before = |at: &usize| report.matched[*at].is_some_and(|matched| matched < record.id);
    let behind = group.clone().rfind(came_before).map_or(head, |at| at + 1);
    if first > last { head } else { behind.clamp(first, last) }
}

/// Whether a step comes after the record: it left the story later, or it looked, or still waited, when the record was
/// there.
fn is_later(at: usize, scenario: &Scenario, report: &RunReport, record: &Record) -> bool {
    let Some(exit) = report.exits[at] else { return true };
    let index = record.id.0 as usize;
    let step = &scenario.steps[at];
    let waited = expects(step) && report.matched[at].is_none();
    let looked = matches!(step.kind, StepKind::State { .. });
    exit.clock > record.at || exit.search_from > index || ((waited || looked) && exit.seen > index)
}

/// Whether the step matches records.
pub(crate) fn expects(step: &Step) -> bool {
    matches!(step.kind, StepKind::Expect(_) | StepKind::Prompt { .. })
}

fn group_with(steps: &[Step], at: usize) -> Range<usize> {
    let mut found = group(steps, 0);
    while !found.contains(&at) {
        found = group(steps, found.end);
    }
    found
}

/// Whether the step has a time of its own.
pub(crate) fn timed(step: &Step) -> bool {
    step.begin != StepBegin::Now || step.end.is_some()
}

/// A step that the record, and only the record, fits. Its time is said where the clock has to move.
pub(crate) fn step_for(scenario: &Scenario, record: &Record, moves: bool) -> Step {
    let stated = record.facts.iter().filter(|(name, _)| !["point", "offers"].contains(name));
    let facts = stated
        .map(|(name, fact)| ExpectedFact {
            name: Spanned::without_span(name.to_owned()),
            value: Spanned::without_span(ExpectedValue::Literal(fact.clone())),
        })
        .collect();
    let pattern = Pattern { kind: Spanned::without_span(record.kind), facts, exact: false, bind: None };
    let point = record.facts.text("point").and_then(|point| point.parse().ok());
    let (verb, kind) = match (record.kind, point) {
        (Kind::Prompt | Kind::PromptChanged, Some(point)) => (
            "prompt",
            StepKind::Prompt { point: Spanned::without_span(point), pattern, answer: Spanned::without_span(None) },
        ),
        _ => ("expect", StepKind::Expect(pattern)),
    };
    let clear = scenario.principals.as_slice() == [record.actor.as_str()];
    let time = Time::Since(record.at.since(SimTime::START));
    Step {
        span: Span::default(),
        verb: Spanned::without_span(verb),
        begin: if moves { StepBegin::At(Spanned::without_span(time)) } else { StepBegin::Now },
        end: None,
        on: None,
        who: (!clear).then(|| Spanned::without_span(record.actor.to_string())),
        only: Vec::new(),
        used: None,
        kind,
    }
}
