//! Plays the steps one after the other.

mod astray;
mod meaning;

use std::ops::Range;

use autoenroll_model::SimTime;
use autoenroll_trace::{Kind, Record, RecordId, Trace};
use autoenroll_world::{ActError, Action, OpenPrompt, Stepped};

use super::RunError;
use super::bindings::Bindings;
use super::failure::{Difference, Failure, FailureKind};
use super::matching::{Sought, assign, differences, is_strict};
use super::stage::Stage;
use crate::check::Scenario;
use crate::document::{Begin, Deed, End, LookAt, On, Pattern, Step, WantedFact, What, group};
use crate::source::Span;
use meaning::{look_at, user_answer};

/// More failures than this say nothing new.
const MOST_FAILURES: usize = 40;

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
    pub(super) next: Option<SimTime>,
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
        self.outcome.next = self.stage.next_at();
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
                What::Wait(duration) => {
                    self.settle()?;
                    self.go_to(self.stage.now() + duration.value)?;
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
            let span = steps.last().map_or(Span::default(), |step| step.span);
            self.fail(None, span, kind);
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
            let span = self.scenario.steps.last().map_or(Span::default(), |step| step.span);
            let span = self.playing().map_or(span, |step| step.span);
            self.fail(None, span, FailureKind::Unexpected { record });
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

    /// When a step begins.
    fn begin(&self, step: &Step) -> SimTime {
        let begin = match &step.begin {
            Begin::Now => self.stage.now(),
            Begin::At(when) => when.value.after(self.scenario.spec.start),
            Begin::After(duration) => self.anchor + duration.value,
        };
        // Where something did not come, it may have been waited for too long.
        if self.missing.is_empty() { begin } else { begin.max(self.stage.now()) }
    }

    /// The instant before which a step must be over.
    fn end(&self, step: &Step) -> Option<SimTime> {
        match step.end.as_ref()? {
            End::Until(when) => Some(when.value.after(self.scenario.spec.start)),
            End::Within(duration) => Some(self.anchor + duration.value),
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
                                self.scenario.steps[at].span,
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
                    self.fail(Some(at), self.scenario.steps[at].span, kind);
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
                    self.fail_with(Some(at), self.scenario.steps[at].span, kind, help);
                    return Ok(Then::Stop);
                }
            }
        }
        self.anchor = self.stage.now();
        Ok(Then::GoOn)
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
            self.fail(Some(at), self.scenario.steps[at].span, FailureKind::CameAnyway { record });
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
                    self.fail(Some(at), self.scenario.steps[at].span, FailureKind::StateDiffers { differences });
                }
            }
            Err(error) => {
                let reason = error.to_string();
                self.fail(Some(at), self.scenario.steps[at].span, FailureKind::StrangeLook { reason });
            }
        }
        Ok(Then::GoOn)
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
