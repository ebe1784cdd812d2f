//! A story that goes otherwise: what is said, and where it stops.

use autoenroll_model::{Duration, Fact, SimTime};
use autoenroll_trace::{Kind, Packed, Record, RecordId};
use autoenroll_world::action::ClickTarget;
use autoenroll_world::{ActError, Look, Stepped};

use super::{Flow, Halt, MOST_FAILURES, StepRunner};
use crate::bindings::EmptyBinding;
use crate::clock::WallClock;
use crate::document::{StepBegin, StepKind, answers};
use crate::run::failure::{Failure, FailureKind, Mismatch, NearMatch};
use crate::run::matching::{Matcher, must_be_named};
use crate::run::simulator::Simulator;
use crate::source::Span;

/// How far a story that went wrong is followed to see what would have come.
const LOOK_AHEAD: Duration = Duration::days(1);
/// And how many events.
const MOST_EVENTS_AHEAD: usize = 20_000;

impl<S: Simulator> StepRunner<'_, S> {
    pub(super) fn fail(&mut self, step: Option<usize>, span: Span, kind: FailureKind) {
        self.fail_with(step, span, kind, None);
    }

    pub(super) fn fail_with(&mut self, step: Option<usize>, span: Span, kind: FailureKind, help: Option<String>) {
        let failure = Failure { step, span, at: self.simulator.now(), help, kind };
        if self.result.failures.len() < MOST_FAILURES && !self.result.failures.contains(&failure) {
            self.result.failures.push(failure);
        }
    }

    pub(super) fn fail_step(&mut self, step: usize, kind: FailureKind) -> Flow {
        self.fail(Some(step), self.scenario.steps[step].span, kind);
        Flow::Stop
    }

    /// A reference that names nothing; a step that refers to what did not come has failed with that already.
    pub(super) fn fail_binding(&mut self, step: usize, empty: EmptyBinding) -> Flow {
        if let EmptyBinding { reference, known: Some(known) } = empty {
            let kind = FailureKind::EmptyBinding { reference, known };
            self.fail(Some(step), self.scenario.steps[step].span, kind);
        }
        Flow::Stop
    }

    /// Nothing fits; what is near is known only at the end of the story, which goes on as if the step had matched now.
    pub(super) fn fail_not_seen(&mut self, at: usize, matcher: &Matcher, from: SimTime, until: Option<SimTime>) {
        let kind = FailureKind::DidNotCome { wanted: matcher.describe(), from, until, near_matches: Vec::new() };
        self.fail(Some(at), self.scenario.steps[at].span, kind);
        self.missing.push((at, matcher.clone()));
        self.previous_match = self.simulator.now();
    }

    /// A prompt that another user interface stands in the way of: which one, and the step that holds it open.
    pub(super) fn blocking_prompt(&self, matcher: &Matcher) -> Option<(RecordId, Option<usize>)> {
        let point = matcher.facts.iter().find(|(name, ..)| name == "point").map(|(_, fact, _)| fact);
        let in_the_way = |id: &RecordId| {
            let held = self.step_of(*id);
            let record = self.simulator.trace().get(*id)?;
            let another = held.is_some() || record.fact("point").as_ref() != point;
            let whose = matcher.who.as_ref().is_none_or(|who| *who == record.actor());
            (another && whose).then_some((*id, held))
        };
        self.open_prompts().iter().find_map(in_the_way)
    }

    /// The story cannot go on with this step. What came in the present instant stands in its way, unless one of the
    /// steps that could still have matched in this instant means it.
    pub(super) fn stop(&mut self, at: usize) -> Result<(), Halt> {
        self.run_until_quiet()?;
        let means = self.meant_in_this_instant(at);
        let stands_in_the_way = |record: &Record| {
            self.step_of(record.id).is_none()
                && !self.result.failures.iter().any(|failure| failure.names(record))
                && !means.iter().any(|matcher| matcher.is_candidate(record))
        };
        let records = self.simulator.trace().since(self.checked_until).filter(must_be_named);
        let records = records.map(|record| record.unpack()).filter(stands_in_the_way);
        let unnamed: Vec<RecordId> = records.map(|record| record.id).collect();
        for record in unnamed {
            self.fail(None, self.scenario.steps[at].line(), FailureKind::Unexpected { record });
        }
        self.look_ahead()
    }

    /// What this step and those after it seek as long as the clock stands still and no action follows.
    pub(super) fn meant_in_this_instant(&self, at: usize) -> Vec<Matcher> {
        let mut means = Vec::new();
        for (later, step) in self.scenario.steps.iter().enumerate().skip(at) {
            let moves = step.begin != StepBegin::Now || step.end.is_some();
            if (later > at && moves) || (matches!(step.kind, StepKind::Action(_)) && step.on.is_none()) {
                break;
            }
            if matches!(step.kind, StepKind::Expect(_) | StepKind::Prompt { .. }) {
                means.extend(self.matcher(later));
            }
            if answers(step) {
                break;
            }
        }
        means
    }

    pub(super) fn is_meant_later(&self, at: usize, record: RecordId) -> bool {
        let Some(record) = self.simulator.trace().get(record).map(|record| record.unpack()) else { return false };
        self.meant_in_this_instant(at).iter().any(|matcher| matcher.is_candidate(&record))
    }

    /// After the end of a story that went wrong: what would have come, had the step waited. At most
    /// [`LOOK_AHEAD`] and [`MOST_EVENTS_AHEAD`].
    pub(super) fn look_ahead(&mut self) -> Result<(), Halt> {
        self.run_until_quiet()?;
        let limit = self.simulator.now() + LOOK_AHEAD;
        for _ in 0..MOST_EVENTS_AHEAD {
            // A user who is asked something and does not answer is waited for.
            let asked = self.missing.last().is_some_and(|(_, matcher)| self.blocking_prompt(matcher).is_some());
            let came =
                |record: Packed<'_>| self.missing.last().is_some_and(|(_, matcher)| matcher.matches_packed(&record));
            let last = self.simulator.trace().last();
            if self.missing.is_empty() || asked || last.is_some_and(came) || self.step(limit)? == Stepped::Quiet {
                break;
            }
        }
        Ok(())
    }

    /// The prompt of the last step of a set does not come because the user is asked something else: one failure says
    /// so, for all that does not come with it.
    pub(super) fn report_blocking_prompt(
        &mut self,
        at: usize,
        matcher: &[Matcher],
        assigned: &[Result<usize, Vec<usize>>],
        unmatched: &[&Record],
    ) -> bool {
        let StepKind::Prompt { point, .. } = &self.scenario.steps[at].kind else { return false };
        let (Some(matcher), Some(Err(fit))) = (matcher.last(), assigned.last()) else { return false };
        if !fit.is_empty() || unmatched.iter().any(|record| matcher.is_candidate(record)) {
            return false;
        }
        let Some((record, held)) =
            self.blocking_prompt(matcher).filter(|(record, _)| !self.is_meant_later(at, *record))
        else {
            return false;
        };
        let unnamed = |failure: &Failure| failure.kind == FailureKind::Unexpected { record };
        self.result.failures.retain(|failure| !unnamed(failure));
        self.fail(Some(at), point.span, FailureKind::AskedInstead { wanted: matcher.describe(), record, held });
        true
    }

    /// Records that nearly fit: elsewhere in time, taken, too early within the instant, or with other facts.
    pub(super) fn near_matches(&self, matcher: &Matcher, now: SimTime) -> Vec<NearMatch> {
        let mut near_matches: Vec<(usize, u64, NearMatch)> = Vec::new();
        for record in self.simulator.trace().iter().filter_map(|record| matcher.candidate(&record)) {
            let differences = matcher.differences(&record.facts);
            let (rank, mismatch) = match (self.step_of(record.id), differences.is_empty()) {
                (Some(step), true) => (2, Mismatch::Matched { step }),
                (Some(_), false) => continue,
                (None, true) if record.at == now => (0, Mismatch::Order),
                (None, true) => (1, Mismatch::Time),
                (None, false) => (3 + differences.len(), Mismatch::Facts(differences)),
            };
            let apart = record.at.0.abs_diff(now.0);
            near_matches.push((rank, apart, NearMatch { record: record.id, mismatch }));
        }
        near_matches.sort_by_key(|(rank, apart, mismatch)| (*rank, *apart, std::cmp::Reverse(mismatch.record)));
        near_matches.into_iter().take(3).map(|(.., mismatch)| mismatch).collect()
    }

    /// What can be done instead of what cannot.
    pub(super) fn alternative_to(&self, error: &ActError) -> Option<String> {
        let ActError::NothingToClick { user, on: ClickTarget::Balloon | ClickTarget::BalloonClose } = error else {
            return None;
        };
        let has_icon = self.simulator.look(&Look::Desktop(user.clone())).ok()?.get("icon") == Some(&Fact::Flag(true));
        let hidden = |record: &Packed<'_>| record.actor() == *user;
        let wall = WallClock::of(self.scenario.spec.start, self.simulator.trace());
        let went = self.simulator.trace().of(Kind::BalloonHidden).rfind(hidden).map(|record| wall.moment(record.at()));
        match (went, has_icon) {
            (Some(at), true) => {
                Some(format!("the balloon went away at {at}; the icon is still there: click = \"icon\""))
            }
            (Some(at), false) => Some(format!("the balloon went away at {at}, and there is no icon either")),
            (None, true) => Some("there is an icon: click = \"icon\"".to_owned()),
            (None, false) => Some("no balloon has come yet".to_owned()),
        }
    }
}
