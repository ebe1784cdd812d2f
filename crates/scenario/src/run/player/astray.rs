//! A story that goes otherwise: what is said, and where it stops.

use autoenroll_model::{Duration, Fact, SimTime};
use autoenroll_trace::{Kind, Record, RecordId};
use autoenroll_world::action::ClickTarget;
use autoenroll_world::{ActError, Look, Stepped};

use super::{MOST_FAILURES, Player, Then};
use crate::document::{Begin, What, answers};
use crate::run::RunError;
use crate::run::bindings::EmptyBinding;
use crate::run::failure::{Failure, FailureKind, Miss, NearMiss};
use crate::run::matching::{Sought, is_strict};
use crate::run::stage::Stage;
use crate::source::Span;

/// How far a story that went wrong is followed to see what would have come.
const LOOK_AHEAD: Duration = Duration::days(1);
/// And how many events.
const MOST_EVENTS_AHEAD: usize = 20_000;

impl<S: Stage> Player<'_, S> {
    pub(super) fn fail(&mut self, step: Option<usize>, span: Span, kind: FailureKind) {
        self.fail_with(step, span, kind, None);
    }

    pub(super) fn fail_with(&mut self, step: Option<usize>, span: Span, kind: FailureKind, help: Option<String>) {
        let failure = Failure { step, span, at: self.stage.now(), help, kind };
        if self.outcome.failures.len() < MOST_FAILURES && !self.outcome.failures.contains(&failure) {
            self.outcome.failures.push(failure);
        }
    }

    pub(super) fn fail_step(&mut self, step: usize, kind: FailureKind) -> Then {
        self.fail(Some(step), self.scenario.steps[step].span, kind);
        Then::Stop
    }

    /// A reference that names nothing; a step that refers to what did not come has failed with that already.
    pub(super) fn fail_binding(&mut self, step: usize, empty: EmptyBinding) -> Then {
        if let EmptyBinding { reference, known: Some(known) } = empty {
            let kind = FailureKind::EmptyBinding { reference, known };
            self.fail(Some(step), self.scenario.steps[step].span, kind);
        }
        Then::Stop
    }

    /// Nothing fits; what is near is known only at the end of the story, which goes on as if the step had matched now.
    pub(super) fn fail_missing(&mut self, at: usize, sought: &Sought, from: SimTime, until: Option<SimTime>) {
        let kind = FailureKind::DidNotCome { wanted: sought.describe(), from, until, near: Vec::new() };
        self.fail(Some(at), self.scenario.steps[at].span, kind);
        self.missing.push((at, sought.clone()));
        self.anchor = self.stage.now();
    }

    /// A prompt that another user interface stands in the way of: which one, and the step that holds it open.
    pub(super) fn asked_instead(&self, sought: &Sought) -> Option<(RecordId, Option<usize>)> {
        let point = sought.facts.iter().find(|(name, ..)| name == "point").map(|(_, fact, _)| fact);
        let in_the_way = |id: &RecordId| {
            let held = self.taker(*id);
            let record = self.stage.trace().get(*id)?;
            let another = held.is_some() || record.facts.get("point") != point;
            let whose = sought.who.as_ref().is_none_or(|who| *who == record.actor);
            (another && whose).then_some((*id, held))
        };
        self.open_prompts().iter().find_map(in_the_way)
    }

    /// The story cannot go on with this step. What came in the present instant stands in its way, unless one of the steps that could
    /// still have matched in this instant means it.
    pub(super) fn stop(&mut self, at: usize) -> Result<(), RunError> {
        self.settle()?;
        let means = self.meant_in_this_instant(at);
        let stands_in_the_way = |record: &&Record| {
            is_strict(record)
                && self.taker(record.id).is_none()
                && !self.outcome.failures.iter().any(|failure| failure.names(record))
                && !means.iter().any(|sought| sought.could_be(record))
        };
        let records = self.stage.trace().records()[self.judged..].iter();
        let unnamed: Vec<RecordId> = records.filter(stands_in_the_way).map(|record| record.id).collect();
        for record in unnamed {
            self.fail(None, self.scenario.steps[at].span, FailureKind::Unexpected { record });
        }
        self.look_ahead()
    }

    /// What this step and those after it seek as long as the clock stands still and nobody does anything.
    pub(super) fn meant_in_this_instant(&self, at: usize) -> Vec<Sought> {
        let mut means = Vec::new();
        for (later, step) in self.scenario.steps.iter().enumerate().skip(at) {
            let moves = step.begin != Begin::Now || step.end.is_some();
            if (later > at && moves) || (matches!(step.what, What::Act(_)) && step.on.is_none()) {
                break;
            }
            if matches!(step.what, What::Expect(_) | What::Prompt { .. }) {
                means.extend(self.sought(later));
            }
            if answers(step) {
                break;
            }
        }
        means
    }

    pub(super) fn is_meant_later(&self, at: usize, record: RecordId) -> bool {
        let Some(record) = self.stage.trace().get(record) else { return false };
        self.meant_in_this_instant(at).iter().any(|sought| sought.could_be(record))
    }

    /// After the end of a story that went wrong: what would have come, had the step waited. Bounded, because nobody waits for ever.
    pub(super) fn look_ahead(&mut self) -> Result<(), RunError> {
        self.settle()?;
        let limit = self.stage.now() + LOOK_AHEAD;
        for _ in 0..MOST_EVENTS_AHEAD {
            // Nothing comes of somebody who is asked something and does not answer.
            let asked = self.missing.last().is_some_and(|(_, sought)| self.asked_instead(sought).is_some());
            let came = |record: &Record| self.missing.last().is_some_and(|(_, sought)| sought.is(record));
            let last = self.stage.trace().records().last();
            if self.missing.is_empty() || asked || last.is_some_and(came) || self.stage.step(limit)? == Stepped::Quiet {
                break;
            }
        }
        Ok(())
    }

    /// The prompt of the last step of a set does not come because the user is asked something else: one failure says so, for all that
    /// does not come with it.
    pub(super) fn asked_another(
        &mut self,
        at: usize,
        sought: &[Sought],
        assigned: &[Result<usize, Vec<usize>>],
        left: &[&Record],
    ) -> bool {
        let What::Prompt { point, .. } = &self.scenario.steps[at].what else { return false };
        let (Some(sought), Some(Err(fit))) = (sought.last(), assigned.last()) else { return false };
        if !fit.is_empty() || left.iter().any(|record| sought.could_be(record)) {
            return false;
        }
        let Some((record, held)) = self.asked_instead(sought).filter(|(record, _)| !self.is_meant_later(at, *record))
        else {
            return false;
        };
        let unnamed = |failure: &Failure| failure.kind == FailureKind::Unexpected { record };
        self.outcome.failures.retain(|failure| !unnamed(failure));
        self.fail(Some(at), point.span, FailureKind::AskedInstead { wanted: sought.describe(), record, held });
        true
    }

    /// Records that nearly fit: elsewhere in time, taken, too early within the instant, or with other facts.
    pub(super) fn near_misses(&self, sought: &Sought, now: SimTime) -> Vec<NearMiss> {
        let mut near: Vec<(usize, u64, NearMiss)> = Vec::new();
        for record in self.stage.trace().records().iter().filter(|record| sought.could_be(record)) {
            let differences = sought.differences(&record.facts);
            let (rank, miss) = match (self.taker(record.id), differences.is_empty()) {
                (Some(step), true) => (2, Miss::Taken { step }),
                (Some(_), false) => continue,
                (None, true) if record.at == now => (0, Miss::Order),
                (None, true) => (1, Miss::Time),
                (None, false) => (3 + differences.len(), Miss::Facts(differences)),
            };
            let apart = record.at.0.abs_diff(now.0);
            near.push((rank, apart, NearMiss { record: record.id, miss }));
        }
        near.sort_by_key(|(rank, apart, miss)| (*rank, *apart, std::cmp::Reverse(miss.record)));
        near.into_iter().take(3).map(|(.., miss)| miss).collect()
    }

    /// What can be done instead of what cannot.
    pub(super) fn instead_of(&self, error: &ActError) -> Option<String> {
        let ActError::NothingToClick { user, on: ClickTarget::Balloon | ClickTarget::BalloonClose } = error else {
            return None;
        };
        let has_icon = self.stage.look(&Look::Desktop(user.clone())).ok()?.get("icon") == Some(&Fact::Flag(true));
        let hidden = |record: &&Record| record.kind == Kind::BalloonHidden && record.actor == *user;
        let went = self.stage.trace().records().iter().rfind(hidden).map(|record| record.at);
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
