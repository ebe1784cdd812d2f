//! When steps happen: empty intervals, times that lie behind, random offsets, `on` steps that nothing leads to.

use autoenroll_model::{Duration, Fact, SimTime};
use autoenroll_trace::Kind;
use autoenroll_world::WorldSpec;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{ActionStep, ExpectedValue, Step, StepBegin, StepEnd, StepKind};

/// How long a story may last. Every refresh in it is played, so this is also a bound on the work.
const LONGEST: Duration = Duration::days(5 * 365);

pub(super) fn check(steps: &[Step], spec: &WorldSpec, found: &mut Diagnostics) {
    // The earliest time that the clock can show; exact as long as nothing with an interval came before.
    let mut clock = SimTime::START;
    let mut exact = true;
    for (at, step) in steps.iter().enumerate() {
        let begin = match &step.begin {
            StepBegin::Now => clock,
            StepBegin::At(when) => {
                let time = when.value.after(spec.start);
                if time < clock {
                    let message = format!("the story is at {clock} at least; this is earlier");
                    found.push(Diagnostic::error(Code::EmptyInterval, message, when.span));
                }
                exact = true;
                time.max(clock)
            }
            StepBegin::After(duration) => clock + duration.value,
        };
        check_end(step, begin, clock, exact, spec, found);
        if spec.policy.gp_offset > Duration::ZERO {
            random_offset(steps, at, found);
        }
        loose_on(steps, at, found);
        clock = match (&step.kind, &step.end) {
            (StepKind::Wait(duration), _) => begin + duration.value,
            (StepKind::Never(_), Some(StepEnd::Until(until))) => until.value.after(spec.start).max(begin),
            (StepKind::Never(_), Some(StepEnd::Within(duration))) => clock + duration.value,
            (_, Some(_)) => {
                exact = false;
                begin
            }
            _ => begin,
        };
        if clock.max(end(step, clock, spec)) > SimTime::START + LONGEST {
            let message = "a story lasts five years at most";
            let problem = Diagnostic::error(Code::OutOfRange, message, step.span);
            found.push(problem.help("let certificates be older at the start instead: issued = \"300d\""));
            return;
        }
    }
}

/// When a step must be over.
fn end(step: &Step, clock: SimTime, spec: &WorldSpec) -> SimTime {
    match &step.end {
        Some(StepEnd::Until(when)) => when.value.after(spec.start),
        Some(StepEnd::Within(duration)) => clock + duration.value,
        None => clock,
    }
}

fn check_end(step: &Step, begin: SimTime, clock: SimTime, exact: bool, spec: &WorldSpec, found: &mut Diagnostics) {
    let span = match &step.end {
        Some(StepEnd::Until(when)) => when.span,
        Some(StepEnd::Within(duration)) => duration.span,
        None => return,
    };
    let end = end(step, clock, spec);
    // With an inexact clock only what is certain is an error: `after` and `within` count from the same match.
    let relative = matches!((&step.begin, &step.end), (StepBegin::After(_) | StepBegin::Now, Some(StepEnd::Within(_))));
    if end <= begin && (exact || relative || matches!(step.end, Some(StepEnd::Until(_)))) {
        let message = format!("the step begins at {begin} and must be over before {end}");
        found.push(Diagnostic::error(Code::EmptyInterval, message, span));
    }
}

/// A background refresh at a random time must be waited for with an interval.
fn random_offset(steps: &[Step], at: usize, found: &mut Diagnostics) {
    let step = &steps[at];
    let StepKind::Expect(pattern) = &step.kind else { return };
    let runs = [Kind::RunStarted, Kind::Trigger, Kind::GpRefresh].contains(&pattern.kind.value);
    let is = |name: &str, value: &str| {
        let wanted = ExpectedValue::Literal(Fact::Text(value.to_owned()));
        pattern.facts.iter().any(|fact| fact.name.value == name && fact.value.value == wanted)
    };
    let background = is("refresh", "background") || (is("trigger", "group-policy") && !is("refresh", "forced"));
    let before = steps[..at].iter().rev().find(|step| !matches!(step.kind, StepKind::Expect(_)));
    let by_hand = before.is_some_and(|step| {
        matches!(
            step.kind,
            StepKind::Action(ActionStep::GpRefresh { .. } | ActionStep::Logon { .. } | ActionStep::Boot(_))
        )
    });
    let follows = matches!(step.begin, StepBegin::Now) && by_hand;
    if runs && background && step.end.is_none() && !follows {
        let message = "this run comes at a random time, because the world sets `gp-offset`";
        let problem = Diagnostic::error(Code::RandomOffset, message, step.span);
        found.push(problem.help("say how long to wait for it: within = \"2h\""));
    }
}

/// An `on` step without a time of its own follows what sets things going.
fn loose_on(steps: &[Step], at: usize, found: &mut Diagnostics) {
    let step = &steps[at];
    let Some(on) = &step.on else { return };
    if step.begin != StepBegin::Now || step.end.is_some() {
        return;
    }
    let follows = at.checked_sub(1).is_some_and(|before| match &steps[before].kind {
        StepKind::Action(_) => true,
        StepKind::Prompt { answer, .. } => answer.value.is_some(),
        _ => false,
    });
    if !follows {
        let message = "nothing happens between the previous step and this one";
        let help =
            "put it right after the action or answer that leads to the record, or give it a time: within = \"1h\"";
        found.push(Diagnostic::error(Code::LooseOn, message, on.kind.span).help(help));
    }
}
