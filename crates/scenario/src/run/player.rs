//! Plays the steps one after the other.

use std::ops::Range;

use autoenroll_model::{Fact, SimTime, Span};
use autoenroll_trace::{Kind, Record, RecordId, Trace};
use autoenroll_world::action::{CaAction, Change, ClickTarget, UserAnswer};
use autoenroll_world::spec::Secret;
use autoenroll_world::{ActError, Action, Look, OpenPrompt, Stepped};

use super::RunError;
use super::bindings::{Bindings, EmptyBinding};
use super::failure::{Difference, Failure, FailureKind, Miss, NearMiss};
use super::matching::{Sought, assign, differences, is_strict};
use super::stage::Stage;
use crate::check::{Scenario, StepDefaults};
use crate::document::{
    Begin, CaOp, Deed, End, LookAt, On, Pattern, Reply, Step, WantedFact, What, answers, group, reference,
};
use crate::source::Place;

/// More failures than this say nothing new.
const MOST_FAILURES: usize = 40;

/// How far a story that went wrong is followed to see what would have come.
const LOOK_AHEAD: Span = Span::days(1);
/// And how many events.
const MOST_EVENTS_AHEAD: usize = 20_000;

/// A scenario in play.
pub(super) struct Player<'a, S> {
    scenario: &'a Scenario,
    pub(super) stage: S,
    bound: Bindings,
    /// The step that took each record.
    taken: Vec<Option<usize>>,
    /// Records before this one are too early for the next group: an action or a group came after them.
    floor: usize,
    /// Records before this one are past for an `on` step: the world came to rest after them, or they came before the last action.
    armed: usize,
    /// Records before this one have been judged for strictness.
    judged: usize,
    /// When the previous step matched.
    anchor: SimTime,
    /// Steps that nothing fitted and what they sought: at the end the whole story shows what was near.
    missing: Vec<(usize, Sought)>,
    outcome: Outcome,
}

/// What a play leaves behind.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) failures: Vec<Failure>,
    pub(super) matched: Vec<Option<RecordId>>,
    pub(super) left: Vec<Option<Left>>,
    pub(super) open: Vec<RecordId>,
    pub(super) differences: Vec<(usize, Vec<Difference>)>,
    pub(super) not_played: usize,
    pub(super) end: SimTime,
}

/// Where a step leaves the story for what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// How many records there were.
    pub(crate) seen: usize,
    /// Records before this one are too early for the steps that follow.
    pub(crate) floor: usize,
    /// What the clock shows.
    pub(crate) clock: SimTime,
    /// What `after` and `within` of the next step count from.
    pub(crate) anchor: SimTime,
}

/// Whether the story goes on after a step.
enum Then {
    GoOn,
    Stop,
}

impl<'a, S: Stage> Player<'a, S> {
    pub(super) fn new(scenario: &'a Scenario, stage: S) -> Self {
        let steps = scenario.steps.len();
        let outcome = Outcome { matched: vec![None; steps], left: vec![None; steps], ..Outcome::default() };
        Self {
            scenario,
            stage,
            bound: Bindings::default(),
            taken: Vec::new(),
            floor: 0,
            armed: 0,
            judged: 0,
            anchor: SimTime::START,
            missing: Vec::new(),
            outcome,
        }
    }

    pub(super) fn finish(mut self) -> (Trace, Outcome) {
        for (step, sought) in std::mem::take(&mut self.missing) {
            let is_it = |failure: &Failure| {
                failure.step == Some(step) && matches!(failure.kind, FailureKind::DidNotCome { .. })
            };
            let Some(index) = self.outcome.failures.iter().position(is_it) else { continue };
            let found = self.near_misses(&sought, self.outcome.failures[index].at);
            if let FailureKind::DidNotCome { near, .. } = &mut self.outcome.failures[index].kind {
                *near = found;
            }
        }
        self.outcome.open = self.open_prompts();
        self.outcome.end = self.stage.now();
        (self.stage.trace().clone(), self.outcome)
    }

    /// Where the prompts that are open now were opened.
    fn open_prompts(&self) -> Vec<RecordId> {
        let records = self.stage.trace().records();
        let opened = |prompt: &OpenPrompt| {
            let is_it = |record: &&Record| {
                let point = record.facts.text("point").and_then(|point| point.parse().ok());
                record.kind == Kind::Prompt && record.actor == prompt.user && point == Some(prompt.point)
            };
            records.iter().rfind(is_it).map(|record| record.id)
        };
        self.stage.prompts().iter().filter_map(opened).collect()
    }

    /// Plays all steps; an error means that the world cannot go on.
    pub(super) fn play(&mut self) -> Result<(), RunError> {
        let steps = &self.scenario.steps;
        let mut at = 0;
        while at < steps.len() {
            let group = group(steps, at);
            let next = group.end;
            let then = match &steps[at].what {
                What::Act(deed) => match &steps[at].on {
                    Some(on) => self.act_on(at, on, deed)?,
                    None => self.act_at(at, deed)?,
                },
                What::Wait(span) => {
                    self.settle()?;
                    self.go_to(self.stage.now() + span.value)?;
                    self.anchor = self.stage.now();
                    Then::GoOn
                }
                What::Never(pattern) => self.guard(at, pattern)?,
                What::State { look, facts, exact, .. } => self.look(at, look.value, facts, *exact)?,
                What::Expect(_) | What::Prompt { .. } => self.expect(group)?,
            };
            let stops = matches!(then, Then::Stop);
            let left = self.left();
            for step in at..next {
                // A step that ends the story leaves it nowhere.
                let passed = !stops || self.outcome.matched[step].is_some();
                self.outcome.left[step] = passed.then_some(left);
            }
            if stops {
                self.outcome.not_played = steps.len() - next;
                return self.stop(at);
            }
            if self.outcome.failures.len() >= MOST_FAILURES {
                self.outcome.not_played = steps.len() - next;
                return self.look_ahead();
            }
            at = next;
        }
        self.settle()?;
        self.leave_instant();
        for prompt in self.stage.prompts() {
            let kind = FailureKind::LeftOpen { who: prompt.user, point: prompt.point };
            let place = steps.last().map_or(Place::default(), |step| step.place);
            self.fail(None, place, kind);
        }
        Ok(())
    }

    fn left(&self) -> Left {
        let seen = self.stage.trace().records().len();
        Left { seen, floor: self.floor, clock: self.stage.now(), anchor: self.anchor }
    }

    /// Runs the present instant until the world is quiet.
    pub(super) fn settle(&mut self) -> Result<(), RunError> {
        while self.stage.step(self.stage.now())? == Stepped::Handled {}
        self.armed = self.stage.trace().records().len();
        Ok(())
    }

    /// Moves the clock and runs every instant on the way, the last one included, until the world is quiet.
    fn go_to(&mut self, time: SimTime) -> Result<(), RunError> {
        while let Some(next) = self.stage.next_at().filter(|next| *next <= time) {
            self.enter(next)?;
        }
        if self.stage.now() < time {
            self.leave_instant();
            self.stage.advance(time);
        }
        self.settle()
    }

    /// Moves the clock to the instant of the next event and runs it until the world is quiet.
    fn enter(&mut self, next: SimTime) -> Result<(), RunError> {
        if next > self.stage.now() {
            self.leave_instant();
        }
        while self.stage.step(next)? == Stepped::Handled {}
        self.armed = self.stage.trace().records().len();
        Ok(())
    }

    /// Nothing of the present instant can be named any more: what had to be named and was not is a failure.
    fn leave_instant(&mut self) {
        let records = self.stage.trace().records();
        let unnamed: Vec<RecordId> = records[self.judged..]
            .iter()
            .filter(|record| is_strict(record) && self.taker(record.id).is_none())
            .map(|record| record.id)
            .collect();
        self.judged = records.len();
        for record in unnamed {
            let place = self.scenario.steps.last().map_or(Place::default(), |step| step.place);
            let place = self.playing().map_or(place, |step| step.place);
            self.fail(None, place, FailureKind::Unexpected { record });
        }
    }

    /// The step after the last one that matched something: where an unnamed record would have to be named.
    fn playing(&self) -> Option<&Step> {
        let last = self.outcome.matched.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.scenario.steps.get(last)
    }

    fn taker(&self, record: RecordId) -> Option<usize> {
        self.taken.get(record.0 as usize).copied().flatten()
    }

    fn take(&mut self, record: RecordId, step: usize) {
        let index = record.0 as usize;
        if self.taken.len() <= index {
            self.taken.resize(index + 1, None);
        }
        self.taken[index] = Some(step);
        self.outcome.matched[step] = Some(record);
    }

    fn fail(&mut self, step: Option<usize>, place: Place, kind: FailureKind) {
        self.fail_with(step, place, kind, None);
    }

    fn fail_with(&mut self, step: Option<usize>, place: Place, kind: FailureKind, help: Option<String>) {
        let failure = Failure { step, place, at: self.stage.now(), help, kind };
        if self.outcome.failures.len() < MOST_FAILURES && !self.outcome.failures.contains(&failure) {
            self.outcome.failures.push(failure);
        }
    }

    fn fail_step(&mut self, step: usize, kind: FailureKind) -> Then {
        self.fail(Some(step), self.scenario.steps[step].place, kind);
        Then::Stop
    }

    /// A reference that names nothing; a step that refers to what did not come has failed with that already.
    fn fail_binding(&mut self, step: usize, empty: EmptyBinding) -> Then {
        if let EmptyBinding { reference, known: Some(known) } = empty {
            let kind = FailureKind::EmptyBinding { reference, known };
            self.fail(Some(step), self.scenario.steps[step].place, kind);
        }
        Then::Stop
    }

    /// Nothing fits; what is near is known only at the end of the story, which goes on as if the step had matched now.
    fn fail_missing(&mut self, at: usize, sought: &Sought, from: SimTime, until: Option<SimTime>) {
        let kind = FailureKind::DidNotCome { wanted: sought.describe(), from, until, near: Vec::new() };
        self.fail(Some(at), self.scenario.steps[at].place, kind);
        self.missing.push((at, sought.clone()));
        self.anchor = self.stage.now();
    }

    /// A prompt that another user interface stands in the way of: which one, and the step that holds it open.
    fn asked_instead(&self, sought: &Sought) -> Option<(RecordId, Option<usize>)> {
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
    fn stop(&mut self, at: usize) -> Result<(), RunError> {
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
            self.fail(None, self.scenario.steps[at].place, FailureKind::Unexpected { record });
        }
        self.look_ahead()
    }

    /// What this step and those after it seek as long as the clock stands still and nobody does anything.
    fn meant_in_this_instant(&self, at: usize) -> Vec<Sought> {
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

    fn is_meant_later(&self, at: usize, record: RecordId) -> bool {
        let Some(record) = self.stage.trace().get(record) else { return false };
        self.meant_in_this_instant(at).iter().any(|sought| sought.could_be(record))
    }

    /// After the end of a story that went wrong: what would have come, had the step waited. Bounded, because nobody waits for ever.
    fn look_ahead(&mut self) -> Result<(), RunError> {
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

    /// When a step begins.
    fn begin(&self, step: &Step) -> SimTime {
        let begin = match &step.begin {
            Begin::Now => self.stage.now(),
            Begin::At(when) => when.value.after(self.scenario.spec.start),
            Begin::After(span) => self.anchor + span.value,
        };
        // Where something did not come, it may have been waited for too long.
        if self.missing.is_empty() { begin } else { begin.max(self.stage.now()) }
    }

    /// The instant before which a step must be over.
    fn end(&self, step: &Step) -> Option<SimTime> {
        match step.end.as_ref()? {
            End::Until(when) => Some(when.value.after(self.scenario.spec.start)),
            End::Within(span) => Some(self.anchor + span.value),
        }
    }

    /// Expectations that match as a set, and the answer of the last one.
    fn expect(&mut self, group: Range<usize>) -> Result<Then, RunError> {
        self.settle()?;
        let head = &self.scenario.steps[group.start];
        let (begin, end) = (self.begin(head), self.end(head));
        if begin < self.stage.now() {
            return Ok(self.fail_step(group.start, FailureKind::TooLate { begin }));
        }
        let mut sought = Vec::new();
        for at in group.clone() {
            match self.sought(at) {
                Ok(one) => sought.push(one),
                Err(empty) => return Ok(self.fail_binding(at, empty)),
            }
        }
        self.go_to(begin)?;
        // With an interval the first instant counts in which the first of them comes.
        while let Some(end) = end
            && !self.fits_now(&sought[0])
        {
            match self.stage.next_at().filter(|next| *next < end) {
                Some(next) => self.enter(next)?,
                None => break,
            }
        }
        let then = self.match_group(&group, &sought, begin, end);
        self.answer(group.end - 1, then)
    }

    /// The open records of the present instant that are not too early.
    fn here(&self) -> Vec<&Record> {
        let records = self.stage.trace().records();
        let now = self.stage.now();
        let from = records.partition_point(|record| record.at < now).max(self.floor.min(records.len()));
        records[from..].iter().filter(|record| self.taker(record.id).is_none()).collect()
    }

    fn fits_now(&self, sought: &Sought) -> bool {
        self.here().into_iter().any(|record| sought.is(record))
    }

    fn match_group(&mut self, group: &Range<usize>, sought: &[Sought], begin: SimTime, end: Option<SimTime>) -> Then {
        let here: Vec<Record> = self.here().into_iter().cloned().collect();
        let refs: Vec<&Record> = here.iter().collect();
        let assigned = assign(sought, &refs);
        let mut then = Then::GoOn;
        let mut left: Vec<&Record> = refs.clone();
        for (at, state) in group.clone().zip(&assigned) {
            if let Ok(index) = state {
                left.retain(|record| record.id != refs[*index].id);
                self.took(at, refs[*index]);
            }
        }
        if self.asked_another(group.end - 1, sought, &assigned, &left) {
            return Then::Stop;
        }
        for ((at, state), one) in group.clone().zip(assigned).zip(sought) {
            match state {
                Ok(_) => {}
                Err(candidates) if candidates.is_empty() => {
                    // Of those that nobody else takes, the one that differs least is what was meant.
                    let near = left.iter().filter(|record| one.could_be(record));
                    let nearest = near.min_by_key(|record| one.differences(&record.facts).len()).copied();
                    let is_prompt = matches!(self.scenario.steps[at].what, What::Prompt { .. });
                    match nearest {
                        Some(record) => {
                            let differences = one.differences(&record.facts);
                            self.outcome.differences.push((at, differences.clone()));
                            self.fail(
                                Some(at),
                                self.scenario.steps[at].place,
                                FailureKind::Differs { record: record.id, differences },
                            );
                            left.retain(|other| other.id != record.id);
                            self.took(at, record);
                        }
                        None => {
                            self.fail_missing(at, one, begin, end);
                            if is_prompt {
                                then = Then::Stop;
                            }
                        }
                    }
                }
                Err(candidates) => {
                    let ids = candidates.iter().map(|index| refs[*index].id).collect();
                    let telling = telling(&candidates.iter().map(|index| refs[*index]).collect::<Vec<_>>());
                    let kind = FailureKind::AddFacts { wanted: one.describe(), candidates: ids, telling };
                    self.fail(Some(at), self.scenario.steps[at].place, kind);
                    // The first is as good as any to go on with; all of them are named by the message.
                    if let Some(index) = candidates.first() {
                        self.took(at, refs[*index]);
                    }
                    for index in candidates.iter().skip(1) {
                        let record = refs[*index].id;
                        if self.taker(record).is_none() {
                            self.take(record, at);
                        }
                    }
                }
            }
        }
        then
    }

    /// The prompt of the last step of a set does not come because the user is asked something else: one failure says so, for all that
    /// does not come with it.
    fn asked_another(
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
        self.fail(Some(at), point.place, FailureKind::AskedInstead { wanted: sought.describe(), record, held });
        true
    }

    /// A step has found its record.
    fn took(&mut self, at: usize, record: &Record) {
        self.take(record.id, at);
        self.anchor = record.at;
        self.floor = self.floor.max(record.id.0 as usize + 1);
        if let What::Expect(Pattern { bind: Some(name), .. })
        | What::Prompt { pattern: Pattern { bind: Some(name), .. }, .. } = &self.scenario.steps[at].what
        {
            self.bound.bind(&name.value, record);
        }
    }

    /// Answers the prompt that the last step of a group has matched.
    fn answer(&mut self, at: usize, then: Then) -> Result<Then, RunError> {
        let What::Prompt { point, answer, .. } = &self.scenario.steps[at].what else { return Ok(then) };
        let (Some(reply), Some(record), Then::GoOn) = (&answer.value, self.outcome.matched[at], &then) else {
            return Ok(then);
        };
        let Some(user) = self.stage.trace().get(record).map(|record| record.actor.clone()) else { return Ok(then) };
        self.floor = self.stage.trace().records().len();
        self.act(at, &[Action::Reply { user, point: point.value, answer: user_answer(reply) }])
    }

    /// Records that nearly fit: elsewhere in time, taken, too early within the instant, or with other facts.
    fn near_misses(&self, sought: &Sought, now: SimTime) -> Vec<NearMiss> {
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

    /// Something is done at a time of its own.
    fn act_at(&mut self, at: usize, deed: &Deed) -> Result<Then, RunError> {
        self.settle()?;
        let begin = self.begin(&self.scenario.steps[at]);
        if begin < self.stage.now() {
            return Ok(self.fail_step(at, FailureKind::TooLate { begin }));
        }
        self.go_to(begin)?;
        let actions = match self.actions(at, deed) {
            Ok(actions) => actions,
            Err(empty) => return Ok(self.fail_binding(at, empty)),
        };
        self.floor = self.stage.trace().records().len();
        self.act(at, &actions)
    }

    /// Something is done the moment a record appears, before anything else happens.
    fn act_on(&mut self, at: usize, on: &On, deed: &Deed) -> Result<Then, RunError> {
        let step = &self.scenario.steps[at];
        let sought = match self.sought_on(at, on) {
            Ok(sought) => sought,
            Err(empty) => return Ok(self.fail_binding(at, empty)),
        };
        let (begin, end) = (self.begin(step), self.end(step));
        let mut scanned = self.armed;
        if step.begin != Begin::Now {
            // Armed before the first event of the instant in which it begins.
            self.settle()?;
            while let Some(next) = self.stage.next_at().filter(|next| *next < begin) {
                self.enter(next)?;
            }
            scanned = self.stage.trace().records().len();
        }
        loop {
            let records = self.stage.trace().records();
            let fits =
                |record: &&Record| sought.is(record) && record.at >= begin && end.is_none_or(|end| record.at < end);
            if let Some(record) = records[scanned.min(records.len())..].iter().find(fits) {
                let (id, time) = (record.id, record.at);
                self.outcome.matched[at] = Some(id);
                self.anchor = time;
                let actions = match self.actions(at, deed) {
                    Ok(actions) => actions,
                    Err(empty) => return Ok(self.fail_binding(at, empty)),
                };
                // Not a new floor: what is expected next may be anything of this instant.
                return self.act(at, &actions);
            }
            scanned = records.len();
            let due = self.stage.next_at().filter(|next| match end {
                Some(end) => *next < end,
                None => *next <= begin,
            });
            let Some(next) = due else {
                self.fail_missing(at, &sought, begin, end);
                return Ok(Then::Stop);
            };
            if next > self.stage.now() {
                self.leave_instant();
            }
            self.stage.step(next)?;
        }
    }

    fn act(&mut self, at: usize, actions: &[Action]) -> Result<Then, RunError> {
        self.armed = self.stage.trace().records().len();
        for action in actions {
            match self.stage.act(action) {
                Ok(()) => {}
                Err(ActError::World(error)) => return Err(error.into()),
                Err(error) => {
                    let (help, kind) = (self.instead_of(&error), FailureKind::NotDone { reason: error.to_string() });
                    self.fail_with(Some(at), self.scenario.steps[at].place, kind, help);
                    return Ok(Then::Stop);
                }
            }
        }
        self.anchor = self.stage.now();
        Ok(Then::GoOn)
    }

    /// What can be done instead of what cannot.
    fn instead_of(&self, error: &ActError) -> Option<String> {
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

    /// Nothing like this from the previous step until the end given.
    fn guard(&mut self, at: usize, pattern: &Pattern) -> Result<Then, RunError> {
        self.settle()?;
        let step = &self.scenario.steps[at];
        let sought = match self.sought_pattern(at, pattern, vec![pattern.kind.value]) {
            Ok(sought) => sought,
            Err(empty) => return Ok(self.fail_binding(at, empty)),
        };
        let Some(end) = self.end(step) else { return Ok(Then::GoOn) };
        if end < self.stage.now() {
            return Ok(self.fail_step(at, FailureKind::TooLate { begin: end }));
        }
        let from = self.floor;
        self.go_to(end)?;
        let records = self.stage.trace().records();
        let came: Vec<RecordId> = records[from.min(records.len())..]
            .iter()
            .filter(|record| record.at < end && self.taker(record.id).is_none() && sought.is(record))
            .map(|record| record.id)
            .collect();
        for record in came {
            let strict =
                |kind: &FailureKind| matches!(kind, FailureKind::Unexpected { record: known } if *known == record);
            self.outcome.failures.retain(|failure| !strict(&failure.kind));
            self.fail(Some(at), self.scenario.steps[at].place, FailureKind::CameAnyway { record });
        }
        self.anchor = end;
        Ok(Then::GoOn)
    }

    fn look(&mut self, at: usize, look: LookAt, facts: &[WantedFact], exact: bool) -> Result<Then, RunError> {
        self.settle()?;
        let step = &self.scenario.steps[at];
        let begin = self.begin(step);
        if begin < self.stage.now() {
            return Ok(self.fail_step(at, FailureKind::TooLate { begin }));
        }
        self.go_to(begin)?;
        self.anchor = begin;
        let wanted = match self.wanted(facts) {
            Ok(wanted) => wanted,
            Err(empty) => {
                self.fail_binding(at, empty);
                return Ok(Then::GoOn);
            }
        };
        let of = self.defaults(at).of.clone().unwrap_or_default();
        match self.stage.look(&look_at(look, of)) {
            Ok(found) => {
                let differences = differences(&wanted, exact, &found);
                if !differences.is_empty() {
                    self.outcome.differences.push((at, differences.clone()));
                    self.fail(Some(at), self.scenario.steps[at].place, FailureKind::StateDiffers { differences });
                }
            }
            Err(error) => {
                let reason = error.to_string();
                self.fail(Some(at), self.scenario.steps[at].place, FailureKind::StrangeLook { reason });
            }
        }
        Ok(Then::GoOn)
    }

    fn defaults(&self, at: usize) -> &'a StepDefaults {
        &self.scenario.defaults[at]
    }

    fn sought(&self, at: usize) -> Result<Sought, EmptyBinding> {
        let step = &self.scenario.steps[at];
        match &step.what {
            What::Prompt { point, pattern, .. } => {
                let mut sought = self.sought_pattern(at, pattern, vec![Kind::Prompt, Kind::PromptChanged])?;
                sought.facts.insert(0, ("point".to_owned(), Fact::Text(point.value.to_string()), point.place));
                Ok(sought)
            }
            What::Expect(pattern) | What::Never(pattern) => self.sought_pattern(at, pattern, vec![pattern.kind.value]),
            _ => Ok(Sought { kinds: Vec::new(), facts: Vec::new(), exact: false, who: None }),
        }
    }

    fn sought_pattern(&self, at: usize, pattern: &Pattern, kinds: Vec<Kind>) -> Result<Sought, EmptyBinding> {
        let step = &self.scenario.steps[at];
        let said = step.who.as_ref().map(|who| who.value.clone());
        let who = said.or_else(|| self.defaults(at).who.clone());
        Ok(Sought { kinds, facts: self.wanted(&pattern.facts)?, exact: pattern.exact, who })
    }

    fn sought_on(&self, at: usize, on: &On) -> Result<Sought, EmptyBinding> {
        let step = &self.scenario.steps[at];
        let who = step.who.as_ref().map(|who| who.value.clone());
        Ok(Sought { kinds: vec![on.kind.value], facts: self.wanted(&on.facts)?, exact: false, who })
    }

    fn wanted(&self, facts: &[WantedFact]) -> Result<Vec<(String, Fact, Place)>, EmptyBinding> {
        let one = |fact: &WantedFact| {
            let value = self.bound.value(&fact.value.value)?;
            Ok((fact.name.value.clone(), value, fact.value.place))
        };
        facts.iter().map(one).collect()
    }

    /// A deed in the simulator's words.
    fn actions(&self, at: usize, deed: &Deed) -> Result<Vec<Action>, EmptyBinding> {
        let defaults = self.defaults(at);
        let who = || defaults.who.clone().unwrap_or_default();
        let (computer, reader) = defaults.reader.clone().unwrap_or_default();
        let one = |action| Ok(vec![action]);
        match deed {
            Deed::Boot(computer) => one(Action::Boot { computer: computer.value.clone() }),
            Deed::Shutdown(computer) => one(Action::Shutdown { computer: computer.value.clone() }),
            Deed::Crash(target) => one(Action::Crash { target: target.value.clone() }),
            Deed::Logon { user, .. } => {
                one(Action::Logon { user: user.value.clone(), computer: defaults.computer.clone().unwrap_or_default() })
            }
            Deed::Logoff(user) => one(Action::Logoff { user: user.value.clone() }),
            Deed::Lock(user) => one(Action::Lock { user: user.value.clone() }),
            Deed::Unlock(user) => one(Action::Unlock { user: user.value.clone() }),
            Deed::Pulse(principal) => one(Action::Pulse { principal: principal.value.clone() }),
            Deed::GpRefresh { principal, forced } => {
                one(Action::GpRefresh { principal: principal.value.clone(), forced: *forced })
            }
            Deed::Click(on) => one(Action::Click { user: who(), on: on.value }),
            Deed::Insert { card, .. } => one(Action::Insert { card: card.value.clone(), computer, reader }),
            Deed::Remove(card) => one(Action::Remove { card: card.value.clone() }),
            Deed::Swap { card, to, .. } => Ok(vec![
                Action::Remove { card: card.value.clone() },
                Action::Insert { card: to.value.clone(), computer, reader },
            ]),
            Deed::Reply { point, with } => {
                one(Action::Reply { user: who(), point: point.value, answer: user_answer(&with.value) })
            }
            Deed::Change { .. } => {
                defaults.changes.iter().map(|change| self.bound_change(change).map(Action::Change)).collect()
            }
            Deed::Ca { op, request, certificate, .. } => {
                let ca = defaults.of.clone().unwrap_or_default();
                let request = request.as_ref().map(|named| self.bound.name(&named.value)).transpose()?;
                let certificate = certificate.as_ref().map(|named| self.bound.name(&named.value)).transpose()?;
                let op = match op.value {
                    CaOp::Approve => CaAction::Approve { request },
                    CaOp::Deny => CaAction::Deny { request },
                    CaOp::Revoke => CaAction::Revoke { certificate: certificate.unwrap_or_default() },
                    CaOp::Stop => CaAction::Stop,
                    CaOp::Start => CaAction::Start,
                };
                one(Action::Ca { ca, op })
            }
        }
    }

    /// A change with its reference replaced, when it has one.
    fn bound_change(&self, change: &Change) -> Result<Change, EmptyBinding> {
        match change {
            Change::DeleteCertificate { principal, certificate } => Ok(Change::DeleteCertificate {
                principal: principal.clone(),
                certificate: self.bound.name(&reference(certificate))?,
            }),
            other => Ok(other.clone()),
        }
    }
}

fn user_answer(reply: &Reply) -> UserAnswer {
    match reply {
        Reply::Word(offer) => UserAnswer::Word(*offer),
        Reply::Pin(pin) => UserAnswer::Pin(Secret::new(pin)),
        Reply::Card(card) => UserAnswer::Card(card.clone()),
    }
}

const fn look_at(look: LookAt, of: String) -> Look {
    match look {
        LookAt::Card => Look::Card(of),
        LookAt::Store => Look::Store(of),
        LookAt::Requests => Look::Requests(of),
        LookAt::Ca => Look::Ca(of),
        LookAt::Directory => Look::Directory(of),
        LookAt::Desktop => Look::Desktop(of),
        LookAt::Trust => Look::Trust(of),
    }
}

/// Facts in which records differ.
fn telling(records: &[&Record]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in records.iter().flat_map(|record| record.facts.iter()) {
        let first = records.first().and_then(|record| record.facts.get(name));
        let differs = records.iter().any(|record| record.facts.get(name) != first);
        if differs && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    if records.iter().any(|record| record.actor != records[0].actor) {
        names.push("who".to_owned());
    }
    names
}
