//! The enrollment core: decides which certificates a principal must have, and gets them.
//!
//! A sans-IO state machine. It is handed one [`Input`] at a time, with the time, and answers with [`Output`]s until there are none
//! ([`EnrollmentCore`]). One core is one principal on one machine; whatever must survive it - certificates, outstanding requests,
//! settings - is in stores that it reads and writes through effects, so that it may be dropped at any moment.
//!
//! It has no clock, no randomness, no cryptography, no files, no network, no threads and no async.
//!
//! Reading order: [`Core`] here; `run` for the phases of a run; `acquire`, `candidates`, `examine` and `plan` for what is
//! to be done; `desktop` and `item` for the user-interface state machine; `request` and `install` for the certificate.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod acquire;
mod candidates;
mod desktop;
mod events;
mod examine;
mod frame;
mod install;
mod item;
mod item_card;
mod known;
mod offer;
mod plan;
mod request;
mod rules;
mod run;

use alloc::string::ToString;

use autoenroll_model::{
    CoreError, CoreFactory, Decisions, DuringRun, EnrollmentCore, Facts, GpTriggers, Identity, Input, Now, Output,
    PinCache, PolicyRefresh, Report, SimTime, Trigger, TriggerCause,
};

use crate::frame::{Frame, Timer};
pub use crate::rules::RULES;
use crate::run::Run;

/// The core of one principal on one machine.
#[derive(Clone, Debug)]
pub struct Core {
    frame: Frame,
    run: Option<Run>,
    /// The trigger that starts a run when the open one ends.
    held: Option<Trigger>,
}

impl Core {
    /// A core that waits for its first trigger.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self::deciding(identity, Decisions::new())
    }

    /// A core whose decisions are counted from, or turned round by, the given ones.
    #[must_use]
    pub fn deciding(identity: Identity, decisions: Decisions) -> Self {
        Self { frame: Frame::new(identity, decisions), run: None, held: None }
    }

    /// A trigger came: it starts a run, waits for the open one, or is none.
    fn trigger(&mut self, trigger: Trigger) {
        if !self.is_trigger(trigger) {
            return;
        }
        let period = self.frame.profile().timer.0;
        let facts = Facts::new().with("timer", period.map_or_else(|| "off".to_string(), |period| period.to_string()));
        if let (true, Some(period)) = (self.frame.decide(rules::TIMER_PERIOD, "timer", period.is_some(), facts), period)
        {
            // The period counts from the last activation, whatever activated, even one that has to wait.
            self.frame.timers.set(Timer::Pulse, self.frame.now.mono + period);
        }
        match self.run.take() {
            None => self.start(trigger),
            Some(mut run) => {
                if run.waits_for_a_click() {
                    if self.frame.decide(rules::NEXT_PULSE, "run", true, trigger_facts(trigger)) {
                        run.give_way(&mut self.frame);
                        self.frame.report(Report::RunEnded, &[]);
                        self.start(trigger);
                        return;
                    }
                } else {
                    let kept = self.frame.profile().trigger_during_run == DuringRun::Coalesce;
                    let kept = self.frame.decide(rules::TRIGGER_DURING_RUN, "run", kept, trigger_facts(trigger));
                    // One run at a time: whatever is decided about keeping it, it does not interleave.
                    let waits = self.frame.decide(rules::ONE_RUN_AT_A_TIME, "run", true, Facts::new());
                    let because = self.frame.because();
                    self.frame.report(Report::TriggerHeld { trigger, kept }, &[because]);
                    if waits && kept {
                        self.held.get_or_insert(trigger);
                    } else if !waits {
                        run.give_way(&mut self.frame);
                        self.frame.report(Report::RunEnded, &[]);
                        self.start(trigger);
                        return;
                    }
                }
                self.run = Some(run);
            }
        }
    }

    /// Whether something that happened starts a run at all.
    fn is_trigger(&mut self, trigger: Trigger) -> bool {
        let facts = trigger_facts(trigger);
        let member = self.frame.identity.domain_member;
        if !self.frame.decide(rules::DOMAIN_MEMBER, "domain", member, Facts::new()) {
            return false;
        }
        match (trigger.cause, trigger.refresh) {
            (TriggerCause::Boot | TriggerCause::Logon, _) => {
                self.frame.decide(rules::BOOT_OR_LOGON, "run", true, facts)
            }
            (TriggerCause::Timer, _) => self.frame.decide(rules::TIMER_DUE, "run", true, facts),
            (TriggerCause::Manual, _) => self.frame.decide(rules::MANUAL_PULSE, "run", true, facts),
            (TriggerCause::GroupPolicy, refresh) => {
                let counts = match self.frame.profile().gp_triggers {
                    GpTriggers::EveryRefresh => true,
                    GpTriggers::Foreground => refresh != Some(PolicyRefresh::Background),
                    GpTriggers::ForcedOnly => refresh == Some(PolicyRefresh::Forced),
                };
                self.frame.decide(rules::REFRESH_STARTS_RUN, "group-policy", counts, facts.clone())
                    && self.frame.decide(rules::POLICY_APPLIED, "run", true, facts)
            }
        }
    }

    fn start(&mut self, trigger: Trigger) {
        let because = self.frame.because();
        self.frame.report(Report::RunStarted { trigger }, &[because]);
        self.run = Some(Run::start(&mut self.frame, trigger));
        self.close_if_ended();
    }

    /// Hands something to the open run.
    fn with_run(&mut self, act: impl FnOnce(&mut Run, &mut Frame)) {
        if let Some(run) = &mut self.run {
            act(run, &mut self.frame);
        }
        self.close_if_ended();
    }

    /// Ends the open run when it has nothing left to do, and starts the one that waited for it.
    fn close_if_ended(&mut self) {
        if self.run.as_ref().is_some_and(Run::has_ended) {
            self.run = None;
            if matches!(self.frame.profile().pin_cache, PinCache::Run | PinCache::Item) {
                self.frame.pins.clear();
            }
            self.frame.report(Report::RunEnded, &[]);
            if let Some(trigger) = self.held.take() {
                self.start(trigger);
            }
        }
    }

    fn tick(&mut self) {
        let now = self.frame.now.mono;
        if self.frame.timers.fired(Timer::BalloonDelay, now) {
            self.with_run(Run::balloon_is_due);
        }
        if self.frame.timers.fired(Timer::BalloonEnd, now) {
            self.with_run(Run::balloon_has_been_seen);
        }
        if self.frame.timers.fired(Timer::NoticeEnd, now) {
            self.frame.end_notice();
        }
        if self.frame.timers.fired(Timer::Answer, now) {
            self.with_run(Run::answer_is_overdue);
        }
        if self.frame.timers.fired(Timer::Pulse, now) {
            self.trigger(Trigger { cause: TriggerCause::Timer, refresh: None });
        }
    }

    fn unlock(&mut self) {
        let runs = !self.frame.decide(rules::UNLOCK_IS_NO_TRIGGER, "unlock", true, Facts::new());
        if runs {
            self.trigger(Trigger { cause: TriggerCause::Logon, refresh: None });
        }
    }
}

impl EnrollmentCore for Core {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.frame.begin_input(now);
        match input {
            Input::Trigger(trigger) => self.trigger(trigger),
            Input::Tick => self.tick(),
            Input::Unlock => self.unlock(),
            Input::LogOff => {
                self.held = None;
                self.with_run(Run::log_off);
            }
            Input::BalloonClicked(balloon) => self.with_run(|run, frame| run.balloon_clicked(frame, balloon)),
            Input::BalloonClosed(balloon) => self.with_run(|run, frame| run.balloon_closed(frame, balloon)),
            Input::IconClicked => self.with_run(Run::icon_clicked),
            Input::PromptAnswered { prompt, answer } => self.with_run(|run, frame| run.answered(frame, prompt, answer)),
            Input::WizardClosed => self.with_run(Run::wizard_closed),
            Input::ReadersChanged => self.with_run(Run::readers_changed),
            Input::EffectDone { effect, result } => self.with_run(|run, frame| run.effect_done(frame, effect, result)),
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        Ok(self.frame.next_output())
    }

    fn deadline(&self) -> Option<SimTime> {
        self.frame.timers.next()
    }
}

fn trigger_facts(trigger: Trigger) -> Facts {
    Facts::new()
        .with("trigger", trigger.cause.as_str())
        .with_some("refresh", trigger.refresh.map(PolicyRefresh::as_str))
}

/// Starts cores in this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InProcess {
    #[cfg(feature = "planted-bugs")]
    flip: Option<autoenroll_model::Rule>,
}

impl InProcess {
    /// Cores as they should be.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cores in which one rule always decides the other way round.
    #[cfg(feature = "planted-bugs")]
    #[must_use]
    pub const fn flipping(rule: autoenroll_model::Rule) -> Self {
        Self { flip: Some(rule) }
    }
}

impl CoreFactory for InProcess {
    type Core = Core;

    fn start(&mut self, identity: &Identity) -> Result<Core, CoreError> {
        #[cfg(feature = "planted-bugs")]
        let decisions = Decisions::flipping(self.flip.clone());
        #[cfg(not(feature = "planted-bugs"))]
        let decisions = Decisions::new();
        Ok(Core::deciding(identity.clone(), decisions))
    }
}
