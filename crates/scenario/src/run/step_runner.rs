//! Plays the steps one after the other.

mod diverged;
mod resolve;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use autoenroll_model::SimTime;
use autoenroll_trace::{Packed, Record, RecordId, Trace};
use autoenroll_world::{ActError, Action, OpenPrompt, Stepped, WorldError};

use super::RunError;
use super::failure::{Difference, Failure, FailureKind};
use super::matching::{Matcher, assign, differences, must_be_named};
use super::seen::Seen;
use super::simulator::Simulator;
use crate::actions::{actions, user_answer};
use crate::bindings::Bindings;
use crate::check::Scenario;
use crate::clock::Edge;
use crate::document::{ActionStep, ExpectedFact, On, Pattern, Step, StepBegin, StepEnd, StepKind, Time, group};
use crate::shape::LookAt;
use crate::source::Span;
use resolve::look_at;

/// More failures than this say nothing new.
const MOST_FAILURES: usize = 40;

/// A scenario in play. It may be left at every moment at which the simulator pauses, and it and its clones go on there.
#[derive(Clone)]
pub(super) struct StepRunner<'a, S> {
    scenario: &'a Scenario,
    pub(super) simulator: S,
    /// Whether the trace forgets what no step can ask for again.
    forgets: bool,
    bound: Bindings,
    /// The step that took each record that one took.
    matched_by: BTreeMap<RecordId, usize>,
    /// Records before this one are too early for the next group: an action or a group came after them.
    search_from: usize,
    /// Records before this one are past for an `on` step: the world came to rest after them, or they came before the
    /// last action.
    on_search_from: usize,
    /// Records before this one have been judged for strictness.
    checked_until: usize,
    /// When the previous step matched.
    previous_match: SimTime,
    seen: Seen,
    /// Steps that nothing fitted and what they sought: at the end the whole story shows what was near.
    missing: Vec<(usize, Matcher)>,
    /// The step that is next, or at hand.
    at: usize,
    progress: Progress,
    /// Whether the story has ended before its last step: it is not left any more.
    stopped: bool,
    result: PlayResult,
}

/// How far the step at hand is. A play that was left goes on with the step from here; what it had done since, it does
/// again, and finds nothing left to do.
#[derive(Clone, Debug)]
enum Progress {
    /// Nothing is settled.
    Begun,
    /// When it is, and what it seeks.
    Settled { begin: SimTime, end: Option<SimTime>, matchers: Vec<Matcher> },
    /// It waits for its record among those from `scanned` on; when `early`, the instant of its beginning is to come.
    Armed { begin: SimTime, end: Option<SimTime>, matcher: Matcher, scanned: usize, early: bool },
    /// What it has to do.
    Acts(VecDeque<Action>),
}

/// Why a play is left.
pub(super) enum Halt {
    /// The world cannot go on.
    Error(RunError),
    /// The simulator pauses.
    Pause,
}

impl From<WorldError> for Halt {
    fn from(error: WorldError) -> Self {
        Self::Error(error.into())
    }
}

/// What a play leaves behind.
#[derive(Clone, Default)]
pub(super) struct PlayResult {
    pub(super) failures: Vec<Failure>,
    pub(super) matched: Vec<Option<RecordId>>,
    pub(super) exits: Vec<Option<StepExit>>,
    pub(super) open: Vec<RecordId>,
    pub(super) differences: Vec<(usize, Vec<Difference>)>,
    pub(super) not_played: usize,
    /// The step that was played last.
    pub(super) playing: usize,
    pub(super) end: SimTime,
    pub(super) next: Option<SimTime>,
}

/// Where a step leaves the story for what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepExit {
    /// How many records there were.
    pub(crate) seen: usize,
    /// Records before this one are too early for the steps that follow.
    pub(crate) search_from: usize,
    /// What the clock shows.
    pub(crate) clock: SimTime,
    /// What `after` and `within` of the next step count from.
    pub(crate) previous_match: SimTime,
}

/// Whether the story goes on after a step.
enum Flow {
    Continue,
    Stop,
}

impl<'a, S: Simulator> StepRunner<'a, S> {
    pub(super) fn new(scenario: &'a Scenario, simulator: S) -> Self {
        let steps = scenario.steps.len();
        let result = PlayResult { matched: vec![None; steps], exits: vec![None; steps], ..PlayResult::default() };
        Self {
            scenario,
            simulator,
            forgets: false,
            bound: Bindings::default(),
            matched_by: BTreeMap::new(),
            search_from: 0,
            on_search_from: 0,
            checked_until: 0,
            previous_match: SimTime::START,
            seen: Seen::new(scenario.spec.start),
            missing: Vec::new(),
            at: 0,
            progress: Progress::Begun,
            stopped: false,
            result,
        }
    }

    /// A runner whose trace keeps no more than it needs. A story that goes otherwise forgets nothing from then on.
    pub(super) fn forgetting(scenario: &'a Scenario, simulator: S) -> Self {
        Self { forgets: true, ..Self::new(scenario, simulator) }
    }

    pub(super) fn finish(mut self) -> (Trace, Seen, PlayResult) {
        for (step, matcher) in std::mem::take(&mut self.missing) {
            let is_it = |failure: &Failure| {
                failure.step == Some(step) && matches!(failure.kind, FailureKind::DidNotCome { .. })
            };
            let Some(index) = self.result.failures.iter().position(is_it) else { continue };
            let found = self.near_matches(&matcher, self.result.failures[index].at);
            if let FailureKind::DidNotCome { near_matches, .. } = &mut self.result.failures[index].kind {
                *near_matches = found;
            }
        }
        self.result.open = self.open_prompts();
        self.result.end = self.simulator.now();
        self.result.next = self.simulator.next_at();
        self.seen.follow(self.simulator.trace());
        (self.simulator.trace().clone(), self.seen, self.result)
    }

    /// Where the prompts that are open now were opened.
    fn open_prompts(&self) -> Vec<RecordId> {
        let trace = self.simulator.trace();
        let opened = |prompt: &OpenPrompt| self.seen.prompt(trace, &prompt.user, prompt.point);
        self.simulator.prompts().iter().filter_map(opened).collect()
    }

    /// Plays all steps, whether the simulator pauses or not; an error means that the world cannot go on.
    pub(super) fn play(&mut self) -> Result<(), RunError> {
        loop {
            match self.go_on() {
                Ok(()) => return Ok(()),
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Pause) => {}
            }
        }
    }

    /// Plays the steps that are left, until the simulator pauses.
    pub(super) fn go_on(&mut self) -> Result<(), Halt> {
        let steps = &self.scenario.steps;
        while self.at < steps.len() {
            let at = self.at;
            let group = group(steps, at);
            let next = group.end;
            self.result.playing = at;
            let flow = match &steps[at].kind {
                _ if matches!(self.progress, Progress::Acts(_)) => self.act(next - 1)?,
                StepKind::Action(action) => match &steps[at].on {
                    Some(on) => self.act_on(at, on, action)?,
                    None => self.act_at(at, action)?,
                },
                StepKind::Wait(duration) => {
                    let (end, ..) = match self.settled() {
                        Some(settled) => settled,
                        None => {
                            self.run_until_quiet()?;
                            self.settle(self.simulator.now() + duration.value, None, Vec::new())
                        }
                    };
                    self.advance_to(end)?;
                    self.previous_match = self.simulator.now();
                    self.leave_behind();
                    Flow::Continue
                }
                StepKind::Never(pattern) => self.guard(at, pattern)?,
                StepKind::State { look, facts, exact, .. } => self.look(at, look.value, facts, *exact)?,
                StepKind::Expect(_) | StepKind::Prompt { .. } => self.expect(group)?,
                // Checking has put the steps of the sequence in its place.
                StepKind::Do(_) => Flow::Continue,
            };
            self.progress = Progress::Begun;
            let stops = matches!(flow, Flow::Stop);
            let exit = self.exit();
            for step in at..next {
                // A step that ends the story leaves it nowhere.
                let passed = !stops || self.result.matched[step].is_some();
                self.result.exits[step] = passed.then_some(exit);
            }
            if stops {
                self.result.not_played = steps.len() - next;
                self.stopped = true;
                return self.stop(at);
            }
            if self.result.failures.len() >= MOST_FAILURES {
                self.result.not_played = steps.len() - next;
                self.stopped = true;
                return self.look_ahead();
            }
            self.at = next;
        }
        self.run_until_quiet()?;
        self.leave_instant();
        for prompt in self.simulator.prompts() {
            let kind = FailureKind::PromptLeftOpen { who: prompt.user, point: prompt.point };
            let span = steps.last().map_or(Span::default(), Step::line);
            self.fail(None, span, kind);
        }
        Ok(())
    }

    /// What the step at hand has settled.
    fn settled(&self) -> Option<(SimTime, Option<SimTime>, Vec<Matcher>)> {
        match &self.progress {
            Progress::Settled { begin, end, matchers } => Some((*begin, *end, matchers.clone())),
            Progress::Begun | Progress::Armed { .. } | Progress::Acts(_) => None,
        }
    }

    fn settle(
        &mut self,
        begin: SimTime,
        end: Option<SimTime>,
        matchers: Vec<Matcher>,
    ) -> (SimTime, Option<SimTime>, Vec<Matcher>) {
        self.progress = Progress::Settled { begin, end, matchers: matchers.clone() };
        (begin, end, matchers)
    }

    /// Has the simulator handle one event.
    fn step(&mut self, until: SimTime) -> Result<Stepped, Halt> {
        let stepped = self.simulator.step(until)?;
        self.pause().map(|()| stepped)
    }

    fn pause(&self) -> Result<(), Halt> {
        if self.simulator.pauses() && !self.stopped { Err(Halt::Pause) } else { Ok(()) }
    }

    fn exit(&self) -> StepExit {
        let seen = self.simulator.trace().len();
        StepExit {
            seen,
            search_from: self.search_from,
            clock: self.simulator.now(),
            previous_match: self.previous_match,
        }
    }

    /// Runs the present instant until the world is quiet.
    pub(super) fn run_until_quiet(&mut self) -> Result<(), Halt> {
        while self.step(self.simulator.now())? == Stepped::Handled {}
        self.on_search_from = self.simulator.trace().len();
        Ok(())
    }

    /// Moves the clock and runs every instant on the way, the last one included, until the world is quiet.
    fn advance_to(&mut self, time: SimTime) -> Result<(), Halt> {
        while let Some(next) = self.simulator.next_at().filter(|next| *next <= time) {
            self.enter_instant(next)?;
        }
        if self.simulator.now() < time {
            self.leave_instant();
            self.simulator.advance(time);
        }
        self.run_until_quiet()
    }

    /// Moves the clock to the instant of the next event and runs it until the world is quiet.
    fn enter_instant(&mut self, next: SimTime) -> Result<(), Halt> {
        if next > self.simulator.now() {
            self.leave_instant();
        }
        while self.step(next)? == Stepped::Handled {}
        self.on_search_from = self.simulator.trace().len();
        Ok(())
    }

    /// Nothing of the present instant can be named any more: what had to be named and was not is a failure.
    fn leave_instant(&mut self) {
        let trace = self.simulator.trace();
        let unnamed: Vec<RecordId> = trace
            .since(self.checked_until)
            .filter(|record| must_be_named(record) && self.step_of(record.id).is_none())
            .map(|record| record.id)
            .collect();
        self.checked_until = trace.len();
        for record in unnamed {
            let span = self.scenario.steps.last().map_or(Span::default(), Step::line);
            let span = self.next_unmatched_step().map_or(span, Step::line);
            self.fail(None, span, FailureKind::Unexpected { record });
        }
        if self.forgets && self.result.failures.is_empty() {
            self.seen.follow(self.simulator.trace());
            let past = self.simulator.trace().len();
            self.simulator.forget_before(past);
        }
    }

    /// The step after the last one that matched something: where an unnamed record would have to be named.
    fn next_unmatched_step(&self) -> Option<&Step> {
        let last = self.result.matched.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.scenario.steps.get(last)
    }

    fn step_of(&self, record: RecordId) -> Option<usize> {
        self.matched_by.get(&record).copied()
    }

    fn set_matched(&mut self, record: RecordId, step: usize) {
        self.matched_by.insert(record, step);
        self.result.matched[step] = Some(record);
    }

    /// When a step begins.
    fn begin(&mut self, step: &Step) -> SimTime {
        let begin = match &step.begin {
            StepBegin::Now => self.simulator.now(),
            StepBegin::At(when) => self.time(when.value, self.simulator.now(), Edge::Begin),
            StepBegin::After(duration) => self.previous_match + duration.value,
        };
        // Where something did not come, it may have been waited for too long.
        if self.missing.is_empty() { begin } else { begin.max(self.simulator.now()) }
    }

    /// A moment of a step; a time of the day is the next one after `from`.
    fn time(&mut self, time: Time, from: SimTime, edge: Edge) -> SimTime {
        self.seen.follow(self.simulator.trace());
        time.resolve(self.scenario.spec.start, from, &self.seen.wall, edge)
    }

    /// The instant before which a step must be over that begins then.
    fn end(&mut self, step: &Step, begin: SimTime) -> Option<SimTime> {
        match step.end.as_ref()? {
            StepEnd::Until(when) => Some(self.time(when.value, begin, Edge::End)),
            StepEnd::Within(duration) => Some(self.previous_match + duration.value),
        }
    }

    /// Expectations that match as a set, and the answer of the last one.
    fn expect(&mut self, group: Range<usize>) -> Result<Flow, Halt> {
        let (begin, end, matcher) = match self.settled() {
            Some(settled) => settled,
            None => {
                self.run_until_quiet()?;
                let head = &self.scenario.steps[group.start];
                let begin = self.begin(head);
                let end = self.end(head, begin);
                if begin < self.simulator.now() {
                    return Ok(self.fail_step(group.start, FailureKind::TooLate { begin }));
                }
                let mut matcher = Vec::new();
                for at in group.clone() {
                    match self.matcher(at) {
                        Ok(one) => matcher.push(one),
                        Err(empty) => return Ok(self.fail_binding(at, empty)),
                    }
                }
                self.settle(begin, end, matcher)
            }
        };
        self.advance_to(begin)?;
        // With an interval the first instant counts in which the first of them comes.
        while let Some(end) = end
            && !self.matches_now(&matcher[0])
        {
            match self.simulator.next_at().filter(|next| *next < end) {
                Some(next) => self.enter_instant(next)?,
                None => break,
            }
        }
        let flow = self.match_group(&group, &matcher, begin, end);
        self.answer(group.end - 1, flow)
    }

    /// The open records of the present instant that are not too early.
    fn open_records_now(&self) -> impl Iterator<Item = Packed<'_>> {
        let trace = self.simulator.trace();
        let from = trace.before(self.simulator.now()).max(self.search_from);
        trace.since(from).filter(|record| self.step_of(record.id).is_none())
    }

    fn matches_now(&self, matcher: &Matcher) -> bool {
        self.open_records_now().any(|record| matcher.matches_packed(&record))
    }

    fn match_group(&mut self, group: &Range<usize>, matcher: &[Matcher], begin: SimTime, end: Option<SimTime>) -> Flow {
        let open: Vec<Record> = self.open_records_now().map(|record| record.unpack()).collect();
        let refs: Vec<&Record> = open.iter().collect();
        let assigned = assign(matcher, &refs);
        let mut flow = Flow::Continue;
        let mut unmatched: Vec<&Record> = refs.clone();
        for (at, state) in group.clone().zip(&assigned) {
            if let Ok(index) = state {
                unmatched.retain(|record| record.id != refs[*index].id);
                self.step_matched(at, refs[*index]);
            }
        }
        if self.report_blocking_prompt(group.end - 1, matcher, &assigned, &unmatched) {
            return Flow::Stop;
        }
        for ((at, state), one) in group.clone().zip(assigned).zip(matcher) {
            match state {
                Ok(_) => {}
                Err(candidates) if candidates.is_empty() => {
                    // Of those that no other step takes, the one that differs least is what was meant.
                    let near_matches = unmatched.iter().filter(|record| one.is_candidate(record));
                    let nearest = near_matches.min_by_key(|record| one.differences(&record.facts).len()).copied();
                    let is_prompt = matches!(self.scenario.steps[at].kind, StepKind::Prompt { .. });
                    match nearest {
                        Some(record) => {
                            let differences = one.differences(&record.facts);
                            self.result.differences.push((at, differences.clone()));
                            self.fail(
                                Some(at),
                                self.scenario.steps[at].span,
                                FailureKind::Differs { record: record.id, differences },
                            );
                            unmatched.retain(|other| other.id != record.id);
                            self.step_matched(at, record);
                        }
                        None => {
                            self.fail_not_seen(at, one, begin, end);
                            if is_prompt {
                                flow = Flow::Stop;
                            }
                        }
                    }
                }
                Err(candidates) => {
                    let ids = candidates.iter().map(|index| refs[*index].id).collect();
                    let distinguishing =
                        distinguishing(&candidates.iter().map(|index| refs[*index]).collect::<Vec<_>>());
                    let kind = FailureKind::Ambiguous { wanted: one.describe(), candidates: ids, distinguishing };
                    self.fail(Some(at), self.scenario.steps[at].span, kind);
                    // The first is as good as any to go on with; all of them are named by the message.
                    if let Some(index) = candidates.first() {
                        self.step_matched(at, refs[*index]);
                    }
                    for index in candidates.iter().skip(1) {
                        let record = refs[*index].id;
                        if self.step_of(record).is_none() {
                            self.set_matched(record, at);
                        }
                    }
                }
            }
        }
        flow
    }

    /// A step has found its record.
    fn step_matched(&mut self, at: usize, record: &Record) {
        self.set_matched(record.id, at);
        self.previous_match = record.at;
        self.search_from = self.search_from.max(record.id.0 as usize + 1);
        if let StepKind::Expect(Pattern { bind: Some(name), .. })
        | StepKind::Prompt { pattern: Pattern { bind: Some(name), .. }, .. } = &self.scenario.steps[at].kind
        {
            self.bound.bind(&name.value, record);
        }
    }

    /// Answers the prompt that the last step of a group has matched.
    fn answer(&mut self, at: usize, flow: Flow) -> Result<Flow, Halt> {
        let StepKind::Prompt { point, answer, .. } = &self.scenario.steps[at].kind else { return Ok(flow) };
        let (Some(answer), Some(record), Flow::Continue) = (&answer.value, self.result.matched[at], &flow) else {
            return Ok(flow);
        };
        let Some(user) = self.simulator.trace().get(record).map(|record| record.actor().to_owned()) else {
            return Ok(flow);
        };
        self.search_from = self.simulator.trace().len();
        self.begin_acting(vec![Action::Reply { user, point: point.value, answer: user_answer(answer) }]);
        self.act(at)
    }

    /// Goes to the time of a step that has one of its own, which is settled once however often the story is left
    /// meanwhile; nothing when it is over, and the step has failed.
    fn reach(&mut self, at: usize) -> Result<Option<SimTime>, Halt> {
        let begin = match self.settled() {
            Some((begin, ..)) => begin,
            None => {
                self.run_until_quiet()?;
                let begin = self.begin(&self.scenario.steps[at]);
                if begin < self.simulator.now() {
                    self.fail_step(at, FailureKind::TooLate { begin });
                    return Ok(None);
                }
                self.settle(begin, None, Vec::new()).0
            }
        };
        self.advance_to(begin)?;
        Ok(Some(begin))
    }

    /// Something is done at a time of its own.
    fn act_at(&mut self, at: usize, action: &ActionStep) -> Result<Flow, Halt> {
        if self.reach(at)?.is_none() {
            return Ok(Flow::Stop);
        }
        let actions = match actions(action, self.defaults(at), &self.bound) {
            Ok(actions) => actions,
            Err(empty) => return Ok(self.fail_binding(at, empty)),
        };
        self.search_from = self.simulator.trace().len();
        self.begin_acting(actions);
        self.act(at)
    }

    /// Something is done the moment a record appears, before anything else happens.
    fn act_on(&mut self, at: usize, on: &On, action: &ActionStep) -> Result<Flow, Halt> {
        if !matches!(self.progress, Progress::Armed { .. }) {
            let step = &self.scenario.steps[at];
            let matcher = match self.on_matcher(at, on) {
                Ok(matcher) => matcher,
                Err(empty) => return Ok(self.fail_binding(at, empty)),
            };
            let begin = self.begin(step);
            let (end, scanned) = (self.end(step, begin), self.on_search_from);
            self.progress = Progress::Armed { begin, end, matcher, scanned, early: step.begin != StepBegin::Now };
        }
        let Progress::Armed { begin, end, matcher, mut scanned, early } = self.progress.clone() else {
            unreachable!("the step has just been armed")
        };
        if early {
            // Armed before the first event of the instant in which it begins.
            self.run_until_quiet()?;
            while let Some(next) = self.simulator.next_at().filter(|next| *next < begin) {
                self.enter_instant(next)?;
            }
            scanned = self.simulator.trace().len();
            self.keep_scanned(scanned);
        }
        loop {
            let trace = self.simulator.trace();
            let fits = |record: &Packed<'_>| {
                matcher.matches_packed(record) && record.at() >= begin && end.is_none_or(|end| record.at() < end)
            };
            if let Some(record) = trace.since(scanned).find(fits) {
                let (id, time) = (record.id, record.at());
                self.result.matched[at] = Some(id);
                self.previous_match = time;
                let actions = match actions(action, self.defaults(at), &self.bound) {
                    Ok(actions) => actions,
                    Err(empty) => return Ok(self.fail_binding(at, empty)),
                };
                self.begin_acting(actions);
                return self.act(at);
            }
            scanned = trace.len();
            self.keep_scanned(scanned);
            let due = self.simulator.next_at().filter(|next| match end {
                Some(end) => *next < end,
                None => *next <= begin,
            });
            let Some(next) = due else {
                self.fail_not_seen(at, &matcher, begin, end);
                return Ok(Flow::Stop);
            };
            if next > self.simulator.now() {
                self.leave_instant();
            }
            self.step(next)?;
        }
    }

    /// The records before this one are not what the step waits for; the instant of its beginning has come.
    fn keep_scanned(&mut self, until: usize) {
        if let Progress::Armed { scanned, early, .. } = &mut self.progress {
            (*scanned, *early) = (until, false);
        }
    }

    fn begin_acting(&mut self, actions: Vec<Action>) {
        self.on_search_from = self.simulator.trace().len();
        self.progress = Progress::Acts(actions.into());
    }

    /// Does what the step at hand has to do.
    fn act(&mut self, at: usize) -> Result<Flow, Halt> {
        let flow = self.act_all(at)?;
        if self.scenario.steps[at].on.is_some() {
            // What is expected next may be anything of this instant.
            self.leave_behind();
        }
        Ok(flow)
    }

    fn act_all(&mut self, at: usize) -> Result<Flow, Halt> {
        while let Progress::Acts(actions) = &mut self.progress
            && let Some(action) = actions.pop_front()
        {
            match self.simulator.act(&action) {
                Ok(()) => self.pause()?,
                Err(ActError::World(error)) => return Err(error.into()),
                Err(error) => {
                    let (help, kind) =
                        (self.alternative_to(&error), FailureKind::ActionImpossible { reason: error.to_string() });
                    self.fail_with(Some(at), self.scenario.steps[at].span, kind, help);
                    return Ok(Flow::Stop);
                }
            }
        }
        self.previous_match = self.simulator.now();
        Ok(Flow::Continue)
    }

    /// Nothing like this from the previous step until the end given.
    fn guard(&mut self, at: usize, pattern: &Pattern) -> Result<Flow, Halt> {
        if self.settled().is_none() {
            self.run_until_quiet()?;
        }
        let step = &self.scenario.steps[at];
        let matcher = match self.pattern_matcher(at, pattern, vec![pattern.kind.value]) {
            Ok(matcher) => matcher,
            Err(empty) => return Ok(self.fail_binding(at, empty)),
        };
        let end = match self.settled() {
            Some((end, ..)) => end,
            None => {
                let Some(end) = self.end(step, self.simulator.now()) else { return Ok(Flow::Continue) };
                if end < self.simulator.now() {
                    return Ok(self.fail_step(at, FailureKind::TooLate { begin: end }));
                }
                self.settle(end, None, Vec::new()).0
            }
        };
        // What an instant brings is looked at before it is left, and may be forgotten then. A copy of the story that
        // goes on from here forgets nothing, and looks again.
        let (mut scanned, mut came) = (self.search_from, Vec::new());
        loop {
            let trace = self.simulator.trace();
            let is_it = |record: &Packed<'_>| {
                record.at() < end && self.step_of(record.id).is_none() && matcher.matches_packed(record)
            };
            came.extend(trace.since(scanned).filter(is_it).map(|record| record.id));
            scanned = trace.len();
            match self.simulator.next_at().filter(|next| *next <= end) {
                Some(next) => self.enter_instant(next)?,
                None => break,
            }
        }
        self.advance_to(end)?;
        for record in came {
            let strict =
                |kind: &FailureKind| matches!(kind, FailureKind::Unexpected { record: known } if *known == record);
            self.result.failures.retain(|failure| !strict(&failure.kind));
            self.fail(Some(at), self.scenario.steps[at].span, FailureKind::CameAnyway { record });
        }
        self.previous_match = end;
        self.leave_behind();
        Ok(Flow::Continue)
    }

    /// A step is over that moved the clock and keeps no record from others: what came before the present instant is
    /// its own, and nothing to those that follow. The instant itself belongs to what follows.
    fn leave_behind(&mut self) {
        let before = self.simulator.trace().before(self.simulator.now());
        self.search_from = self.search_from.max(before);
    }

    fn look(&mut self, at: usize, look: LookAt, facts: &[ExpectedFact], exact: bool) -> Result<Flow, Halt> {
        let Some(begin) = self.reach(at)? else { return Ok(Flow::Stop) };
        self.previous_match = begin;
        self.leave_behind();
        let wanted = match self.wanted(facts) {
            Ok(wanted) => wanted,
            Err(empty) => {
                self.fail_binding(at, empty);
                return Ok(Flow::Continue);
            }
        };
        let of = self.defaults(at).of.clone().unwrap_or_default();
        match self.simulator.look(&look_at(look, of)) {
            Ok(found) => {
                let differences = differences(&wanted, exact, &found);
                if !differences.is_empty() {
                    self.result.differences.push((at, differences.clone()));
                    self.fail(Some(at), self.scenario.steps[at].span, FailureKind::StateDiffers { differences });
                }
            }
            Err(error) => {
                let reason = error.to_string();
                self.fail(Some(at), self.scenario.steps[at].span, FailureKind::NothingToLookAt { reason });
            }
        }
        Ok(Flow::Continue)
    }
}

/// Facts in which records differ.
fn distinguishing(records: &[&Record]) -> Vec<String> {
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
