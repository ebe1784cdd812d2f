//! What every part of a run has around it: who it is for, the time, outputs, decisions, timers, and what is remembered between
//! runs.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autoenroll_model::{
    Answer, BalloonId, CardSerial, Cause, Choice, Context, DecisionPoint, Decisions, Effect, EffectId, EventEntry,
    EventLog, Facts, Identity, Now, Output, OutputBody, PinId, Profile, PromptId, Report, RuleRow, SimTime,
};

use crate::offer::PolicyCache;

/// The surroundings of a run.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) identity: Identity,
    pub(crate) now: Now,
    pub(crate) timers: Timers,
    /// PINs that were right, by card, for as long as the profile keeps them.
    pub(crate) pins: BTreeMap<CardSerial, PinId>,
    /// Templates and CAs as last read.
    pub(crate) cache: Option<PolicyCache>,
    /// The balloon about certificates near their end, while it is shown.
    notice: Option<BalloonId>,
    /// The level of the event log, as last read.
    pub(crate) log_everything: bool,
    decisions: Decisions,
    outputs: VecDeque<Output>,
    inputs: u32,
    effects: u32,
    prompts: u32,
    balloons: u32,
}

impl Frame {
    pub(crate) fn new(identity: Identity, decisions: Decisions) -> Self {
        Self {
            identity,
            now: Now { mono: SimTime::START, wall: autoenroll_model::FileTime(0) },
            timers: Timers::default(),
            pins: BTreeMap::new(),
            cache: None,
            notice: None,
            log_everything: false,
            decisions,
            outputs: VecDeque::new(),
            inputs: 0,
            effects: 0,
            prompts: 0,
            balloons: 0,
        }
    }

    /// The name of the context in event texts: the machine's account is `local system`.
    pub(crate) fn context_name(&self) -> String {
        match self.identity.context {
            Context::Machine => "local system".to_string(),
            Context::User => alloc::format!("{}\\{}", self.identity.domain, self.identity.principal),
        }
    }

    pub(crate) const fn profile(&self) -> &Profile {
        &self.identity.profile
    }

    pub(crate) fn begin_input(&mut self, now: Now) {
        self.now = now;
        self.inputs += 1;
    }

    pub(crate) fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The one way in which a rule of this core decides anything. The outcome is what a test build may turn round.
    pub(crate) fn decide(&mut self, rule: RuleRow, subject: &str, outcome: bool, facts: Facts) -> bool {
        let outcome = self.decisions.decide(rule.rule(), subject, outcome, facts).holds;
        for decision in self.decisions.take() {
            self.emit(OutputBody::Decision(decision), &[]);
        }
        outcome
    }

    /// The latest decision, as a cause of what follows from it.
    pub(crate) const fn because(&self) -> Cause {
        Cause::Decision(self.decisions.latest())
    }

    /// How many decisions were made so far: a mark for [`Frame::decisions_since`].
    pub(crate) const fn decisions_made(&self) -> u32 {
        self.decisions.latest()
    }

    /// The decisions made since then, as causes of what follows from all of them.
    pub(crate) fn decisions_since(&self, made: u32) -> impl Iterator<Item = Cause> + use<> {
        (made + 1..=self.decisions.latest()).map(Cause::Decision)
    }

    pub(crate) fn emit(&mut self, body: OutputBody, reasons: &[Cause]) {
        let mut causes = Vec::with_capacity(1 + reasons.len());
        causes.push(Cause::Input(self.inputs));
        causes.extend_from_slice(reasons);
        self.outputs.push_back(Output { causes, body });
    }

    pub(crate) fn report(&mut self, report: Report, reasons: &[Cause]) {
        self.emit(OutputBody::Report(report), reasons);
    }

    pub(crate) fn effect(&mut self, effect: Effect, reasons: &[Cause]) -> EffectId {
        self.effects += 1;
        let id = EffectId(self.effects);
        self.emit(OutputBody::Effect { id, effect }, reasons);
        id
    }

    pub(crate) fn abandon(&mut self, id: EffectId) {
        self.emit(OutputBody::AbandonEffect { id }, &[]);
    }

    /// Shows a balloon at the icon, of which there is one only.
    pub(crate) fn balloon(&mut self, reasons: &[Cause]) -> BalloonId {
        self.end_notice();
        self.balloons += 1;
        let id = BalloonId(self.balloons);
        self.emit(OutputBody::Icon { shown: true }, reasons);
        self.emit(OutputBody::Balloon(id), reasons);
        id
    }

    /// Shows a balloon that only tells something; it goes away by itself, with its icon.
    pub(crate) fn notice(&mut self, reasons: &[Cause]) {
        let balloon = self.balloon(reasons);
        self.notice = Some(balloon);
        let end = self.now.mono + self.profile().balloon_visible.0;
        self.timers.set(Timer::NoticeEnd, end);
    }

    pub(crate) fn end_notice(&mut self) {
        if let Some(balloon) = self.notice.take() {
            self.timers.clear(Timer::NoticeEnd);
            self.emit(OutputBody::BalloonHidden(balloon), &[]);
            self.emit(OutputBody::Icon { shown: false }, &[]);
        }
    }

    pub(crate) fn prompt(
        &mut self,
        point: DecisionPoint,
        facts: Facts,
        offers: &[Choice],
        reasons: &[Cause],
    ) -> OpenPrompt {
        self.prompts += 1;
        let id = PromptId(self.prompts);
        self.emit(OutputBody::Prompt { id, point, facts: facts.clone(), offers: offers.to_vec() }, reasons);
        OpenPrompt { id, facts, offers: offers.to_vec() }
    }

    /// Tells the user of new facts, when they are new.
    pub(crate) fn change_prompt(&mut self, prompt: &mut OpenPrompt, facts: Facts, reasons: &[Cause]) {
        if prompt.facts != facts {
            prompt.facts = facts.clone();
            self.emit(OutputBody::PromptChanged { id: prompt.id, facts }, reasons);
        }
    }

    pub(crate) fn withdraw(&mut self, prompt: &OpenPrompt, reasons: &[Cause]) {
        self.emit(OutputBody::PromptWithdrawn { id: prompt.id }, reasons);
    }

    /// Writes an entry to the event log, when entries of its kind are logged.
    pub(crate) fn log(&mut self, kind: LogKind, entry: EventEntry, reasons: &[Cause]) {
        let everything = self.log_everything || self.profile().event_log == EventLog::Everything;
        let logged = match kind {
            LogKind::Problem => true,
            LogKind::Result => everything || self.profile().event_log == EventLog::Results,
            LogKind::Progress => everything,
        };
        let facts = Facts::new().with("id", entry.id).with("severity", entry.severity.as_str());
        if self.decide(crate::rules::EVENT_LEVEL, entry.source.as_str(), logged, facts) {
            let because = self.because();
            let reasons: Vec<Cause> = reasons.iter().copied().chain([because]).collect();
            self.emit(OutputBody::Event(entry), &reasons);
        }
    }
}

/// Why an event-log entry is written; the log level goes by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogKind {
    /// An error or a warning.
    Problem,
    /// The result of one certificate.
    Result,
    /// Start and end of a run and the like.
    Progress,
}

/// A prompt that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenPrompt {
    pub(crate) id: PromptId,
    facts: Facts,
    offers: Vec<Choice>,
}

impl OpenPrompt {
    /// Whether an answer is one that was offered; closing the window always is.
    pub(crate) fn takes(&self, answer: &Answer) -> bool {
        *answer == Answer::Close || self.offers.contains(&answer.offer())
    }
}

/// The closed table of timers; the next wake-up is their minimum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timers([Option<SimTime>; Timer::COUNT]);

/// What can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The next run of the core's own accord.
    Pulse,
    /// The end of the delay before the balloon.
    BalloonDelay,
    /// The end of the balloon; the icon stays.
    BalloonEnd,
    /// The end of the balloon about certificates near their end, which nobody needs to click.
    NoticeEnd,
    /// The end of the patience with a CA that does not answer.
    Answer,
}

impl Timer {
    const COUNT: usize = 5;
}

impl Timers {
    pub(crate) const fn set(&mut self, timer: Timer, at: SimTime) {
        self.0[timer as usize] = Some(at);
    }

    pub(crate) const fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    /// Whether the timer is due; a due timer is cleared.
    pub(crate) fn fired(&mut self, timer: Timer, now: SimTime) -> bool {
        let due = self.0[timer as usize].is_some_and(|at| at <= now);
        if due {
            self.clear(timer);
        }
        due
    }

    pub(crate) fn next(&self) -> Option<SimTime> {
        self.0.iter().flatten().min().copied()
    }
}
