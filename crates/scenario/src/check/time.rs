//! When steps happen: empty intervals, times that lie behind, random offsets, `on` steps that nothing leads to.

use autoenroll_model::{Duration, FileTime, SimTime};
use autoenroll_trace::Kind;
use autoenroll_world::WorldSpec;
use autoenroll_world::action::Change;

use crate::Code;
use crate::clock::{ClockTime, Edge, WallClock};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{ActionStep, ExpectedValue, Step, StepBegin, StepEnd, StepKind, Time};
use crate::lower::{instant_of, report_zone};
use crate::source::{Span, Spanned};
use crate::tree::Table;

/// How long a story may last. Every refresh in it is played, so this is also a bound on the work.
pub const LONGEST: Duration = Duration::days(5 * 365);

pub(super) fn check(steps: &[Step], spec: &WorldSpec, world: &Table, found: &mut Diagnostics) {
    // The earliest time that the clock can show; exact as long as nothing with an interval came before.
    let mut clock = SimTime::START;
    let mut exact = true;
    let mut times = Times::of(spec);
    let mut before = None;
    for (at, step) in steps.iter().enumerate() {
        let begin = match &step.begin {
            StepBegin::Now => clock,
            StepBegin::At(when) => {
                report_zone(world, when, found);
                let time = times.earliest(when.value, clock, Edge::Begin);
                if time < clock || when.value.is_before(times.start) {
                    let message = format!("the story is at {} at least; this is earlier", times.moment(clock));
                    found.push(Diagnostic::error(Code::EmptyInterval, message, when.span));
                }
                if let Time::OfDay(of_day) = when.value {
                    let certain = exact && !times.uncertain;
                    if certain && clock > SimTime::START && of_day.is_shown(clock, &times.wall) {
                        found.push(tomorrow(of_day, when.span, &times.wall.moment(clock)));
                    }
                } else {
                    exact = true;
                }
                time.max(clock)
            }
            StepBegin::After(duration) => clock + duration.value,
        };
        if let Some(StepEnd::Until(when)) = &step.end {
            report_zone(world, when, found);
        }
        let over = end(step, begin, clock, &times);
        check_end(step, begin, over, exact, &times, found);
        if spec.policy.gp_offset > Duration::ZERO {
            random_offset(step, before, found);
        }
        if !matches!(step.kind, StepKind::Expect(_)) {
            before = Some(step);
        }
        loose_on(steps, at, found);
        clock = match (&step.kind, &step.end) {
            (StepKind::Wait(duration), _) => begin + duration.value,
            (StepKind::Never(_), Some(StepEnd::Until(_))) => over.max(begin),
            (StepKind::Never(_), Some(StepEnd::Within(duration))) => clock + duration.value,
            (_, Some(_)) => {
                exact = false;
                begin
            }
            _ => begin,
        };
        if let StepKind::Action(ActionStep::Change { change: Spanned { value: "clock", .. }, set, .. }) = &step.kind
            && let Some(shown) = instant_of(&set.value, "wall")
        {
            times.wall.set(clock, shown);
            times.uncertain |= !exact;
        }
        if clock.max(end(step, begin, clock, &times)) > SimTime::START + LONGEST {
            let message = "a story lasts five years at most";
            let problem = Diagnostic::error(Code::OutOfRange, message, step.span);
            found.push(problem.help("let certificates be older at the start instead: issued = \"300d\""));
            return;
        }
    }
}

/// What is known of the wall clock before the story is played.
struct Times {
    start: FileTime,
    wall: WallClock,
    /// Whether it is set at a time that is not known.
    uncertain: bool,
}

impl Times {
    fn of(spec: &WorldSpec) -> Self {
        // Between which steps the world sets it by itself is not followed.
        let uncertain = spec.changes.iter().any(|change| matches!(change.change, Change::WallClock(_)));
        Self { start: spec.start, wall: WallClock::new(spec.start), uncertain }
    }

    /// A time for messages, with what the wall clock shows then when that is known.
    fn moment(&self, time: SimTime) -> String {
        if self.uncertain { time.to_string() } else { self.wall.moment(time) }
    }

    /// A moment of a step, or the earliest one that it can be, when the story is at `from` or later.
    fn earliest(&self, time: Time, from: SimTime, edge: Edge) -> SimTime {
        match time {
            Time::OfDay(_) if self.uncertain => from,
            _ => time.resolve(self.start, from, &self.wall, edge),
        }
    }
}

/// The time of the day that a step begins at is the present one.
fn tomorrow(time: ClockTime, span: Span, moment: &str) -> Diagnostic {
    let message = format!("the story is at {moment}, and this is the same time of the next day");
    let help = format!("leave it out for a step of this instant, or write the day: \"+1d {time}\"");
    Diagnostic::warning(Code::SameTimeOfDay, message, span).help(help)
}

/// When a step must be over, or the latest time that is certain.
fn end(step: &Step, begin: SimTime, clock: SimTime, times: &Times) -> SimTime {
    match &step.end {
        Some(StepEnd::Until(when)) => times.earliest(when.value, begin, Edge::End),
        Some(StepEnd::Within(duration)) => clock + duration.value,
        None => clock,
    }
}

fn check_end(step: &Step, begin: SimTime, end: SimTime, exact: bool, times: &Times, found: &mut Diagnostics) {
    let span = match &step.end {
        // It comes after the beginning, whenever that is.
        Some(StepEnd::Until(Spanned { value: Time::OfDay(_), .. })) => return,
        Some(StepEnd::Until(when)) => when.span,
        Some(StepEnd::Within(duration)) => duration.span,
        None => return,
    };
    // With an inexact clock only what is certain is an error: `after` and `within` count from the same match.
    let relative = matches!((&step.begin, &step.end), (StepBegin::After(_) | StepBegin::Now, Some(StepEnd::Within(_))));
    if end <= begin && (exact || relative || matches!(step.end, Some(StepEnd::Until(_)))) {
        let message =
            format!("the step begins at {} and must be over before {}", times.moment(begin), times.moment(end));
        found.push(Diagnostic::error(Code::EmptyInterval, message, span));
    }
}

/// A background refresh at a random time must be waited for with an interval. `before` is the last step before it that
/// expects nothing.
fn random_offset(step: &Step, before: Option<&Step>, found: &mut Diagnostics) {
    let StepKind::Expect(pattern) = &step.kind else { return };
    let runs = [Kind::RunStarted, Kind::Trigger, Kind::GpRefresh].contains(&pattern.kind.value);
    let is = |name: &str, value: &str| {
        let wanted = ExpectedValue::Literal(value.into());
        pattern.facts.iter().any(|fact| fact.name.value == name && fact.value.value == wanted)
    };
    let background = is("refresh", "background") || (is("trigger", "group-policy") && !is("refresh", "forced"));
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
