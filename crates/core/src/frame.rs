//! What every part of a run has around it: who it is for, the time, outputs, decisions, timers, and what is remembered
//! between runs.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    Answer, BalloonId, CardSerial, Cause, Causes, Choice, Context, CoreError, Decided, DecisionPoint, Decisions,
    Effect, EffectId, EventEntry, EventLog, Facts, FileTime, HResult, Identity, Inverted, Now, Output, OutputBody,
    PinCache, PinId, Profile, PromptId, Report, RuleRow, SimTime,
};

use crate::known::{EnrollmentPolicy, Found, Misnamed, PolicyCache};
use crate::rules;

/// The surroundings of a run.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) identity: Arc<Identity>,
    pub(crate) now: Now,
    pub(crate) timers: Timers,
    /// PINs that were right, by card, for as long as the profile keeps them.
    pub(crate) pins: BTreeMap<CardSerial, PinId>,
    /// Templates and CAs as last read.
    pub(crate) cache: Option<PolicyCache>,
    /// What the sources came to when all were asked last.
    pub(crate) policy: Option<Arc<EnrollmentPolicy>>,
    /// What each policy server told last, by its URL: all that there is when it answers that nothing has changed.
    pub(crate) told: BTreeMap<String, Told>,
    /// Certificates of the machine that have another name than it.
    pub(crate) misnamed: Misnamed,
    /// The balloon about certificates near their end, while it is shown.
    notice: Option<BalloonId>,
    /// The level of the event log, as last read.
    pub(crate) log_everything: bool,
    /// Those that are not yet handed out wait here, in their order; `outputs` has their places among the others.
    decisions: Decisions,
    /// What is put out and not yet handed out, with the number of the input it comes of.
    outputs: VecDeque<(u32, Waiting)>,
    inputs: u32,
    effects: u32,
    prompts: u32,
    balloons: u32,
}

/// What waits. Hundreds of decisions do at a time.
#[derive(Clone, Debug)]
enum Waiting {
    /// So many decisions, one at least; the input is the only cause of each.
    Decisions(u32),
    /// An output with its other causes.
    Other(Box<(Vec<Cause>, OutputBody)>),
}

impl Frame {
    pub(crate) fn new(identity: Identity, decisions: Decisions) -> Self {
        Self {
            identity: Arc::new(identity),
            now: Now { mono: SimTime::START, wall: FileTime(0) },
            timers: Timers::default(),
            pins: BTreeMap::new(),
            cache: None,
            policy: None,
            told: BTreeMap::new(),
            misnamed: Misnamed::default(),
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

    pub(crate) fn profile(&self) -> &Profile {
        &self.identity.profile
    }

    pub(crate) fn begin_input(&mut self, now: Now) {
        self.now = now;
        self.inputs += 1;
    }

    pub(crate) fn next_output(&mut self) -> Option<Output> {
        let (input, waiting) = self.outputs.front_mut()?;
        let input = Cause::Input(*input);
        if let Waiting::Decisions(count) = waiting {
            *count -= 1;
            if *count == 0 {
                self.outputs.pop_front();
            }
            let decision = self.decisions.take_next()?;
            return Some(Output { causes: input.into(), body: OutputBody::Decision(decision) });
        }
        let (_, waiting) = self.outputs.pop_front()?;
        let Waiting::Other(other) = waiting else { return None };
        let (reasons, body) = *other;
        Some(Output { causes: Causes::new(input, reasons), body })
    }

    /// Decides a rule whose condition may come out either way.
    pub(crate) fn decide(&mut self, rule: RuleRow, subject: &str, holds: bool, facts: Facts) -> Decided {
        let decided = self.decisions.decide(rule.rule(), subject, holds, facts);
        self.tell_decision();
        decided
    }

    /// Says that a rule applies here: what it asks for is done next.
    pub(crate) fn applies(&mut self, rule: RuleRow, subject: &str, facts: Facts) -> Result<Cause, Inverted> {
        let applied = self.decisions.applies(rule.rule(), subject, facts);
        self.tell_decision();
        applied
    }

    /// The decision just made is put out.
    fn tell_decision(&mut self) {
        match self.outputs.back_mut() {
            Some((input, Waiting::Decisions(count))) if *input == self.inputs => *count += 1,
            _ => self.outputs.push_back((self.inputs, Waiting::Decisions(1))),
        }
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
        let mut causes = Vec::with_capacity(if reasons.is_empty() { 0 } else { 1 + reasons.len() });
        causes.extend_from_slice(reasons);
        self.outputs.push_back((self.inputs, Waiting::Other(Box::new((causes, body)))));
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

    /// Whether that balloon is the one about certificates near their end.
    pub(crate) fn shows_notice(&self, balloon: BalloonId) -> bool {
        self.notice == Some(balloon)
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
        choices: &[Choice],
        reasons: &[Cause],
    ) -> OpenPrompt {
        self.prompts += 1;
        let id = PromptId(self.prompts);
        self.emit(OutputBody::Prompt { id, point, facts: facts.clone(), offers: choices.to_vec() }, reasons);
        OpenPrompt { id, facts, choices: choices.to_vec() }
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
        let level = self.decide(rules::EVENT_LEVEL, entry.source.as_str(), logged, facts);
        if level.holds {
            let reasons: Vec<Cause> = reasons.iter().copied().chain([level.cause]).collect();
            self.emit(OutputBody::Event(entry), &reasons);
        }
    }

    /// Forgets PINs that the profile keeps no longer than a run.
    pub(crate) fn forget_pins_of_the_run(&mut self) {
        if matches!(self.profile().pin_cache, PinCache::Run | PinCache::Item) {
            self.pins.clear();
        }
    }

    /// PINs that the profile keeps only while the card is in its reader are forgotten when anything changes in a
    /// reader: whether this card left is not known, and asking once too often spends no try.
    pub(crate) fn forget_pins_of_absent_cards(&mut self) {
        if self.profile().pin_cache == PinCache::CardPresent {
            self.pins.clear();
        }
    }
}

/// What a policy server told, and when it wants to be asked again.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) found: Arc<Found>,
    pub(crate) next_update: SimTime,
}

/// The code with which something failed, as a fact.
pub(crate) fn code_fact(code: HResult) -> Facts {
    Facts::new().with("code", code)
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
    choices: Vec<Choice>,
}

impl OpenPrompt {
    /// Takes the answer; closing the window is always one.
    ///
    /// # Errors
    /// When it is none of those offered.
    pub(crate) fn check(&self, answer: &Answer) -> Result<(), CoreError> {
        let found = answer.offer();
        if found == Choice::Close || self.choices.contains(&found) {
            return Ok(());
        }
        Err(CoreError::NotOffered { prompt: self.id, found, expected: self.choices.clone() })
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
    /// The end of the balloon about certificates near their end, which needs no click.
    NoticeEnd,
    /// The end of the time that a CA has to answer.
    CaTimeout,
    /// The end of the delay after the machine was seen to have another name than its certificate.
    Misnamed,
}

impl Timer {
    const COUNT: usize = 6;
}

impl Timers {
    pub(crate) const fn set(&mut self, timer: Timer, at: SimTime) {
        self.0[timer as usize] = Some(at);
    }

    /// Sets the timer unless it is due before that.
    pub(crate) fn set_earlier(&mut self, timer: Timer, at: SimTime) {
        let set = self.0[timer as usize];
        self.set(timer, set.map_or(at, |set| set.min(at)));
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
