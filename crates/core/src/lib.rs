//! The enrollment core: decides which certificates a principal must have, and gets them.
//!
//! A sans-IO state machine. It is handed one [`Input`] at a time, with the time, and answers with [`Output`]s until
//! there are none ([`EnrollmentCore`]). One core is one principal on one machine; whatever must survive it -
//! certificates, outstanding requests, settings - is in stores that it reads and writes through effects, so that it may
//! be dropped at any moment.
//!
//! It has no clock, no randomness, no cryptography, no files, no network, no threads and no async.
//!
//! Reading order: [`Core`] here; `run` for the phases of a run; `acquire`, `candidates`, `examine` and `plan` for what
//! is to be done, with `known` for what they hand to each other; `desktop` and `item` for the user-interface state
//! machine; `request` and `install` for the certificate; `rules` for every rule by name.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod acquire;
mod candidates;
mod desktop;
mod events;
mod examine;
mod frame;
mod halt;
mod install;
mod item;
mod judge;
mod known;
mod names;
mod plan;
mod reported;
mod request;
mod rules;
mod run;

use autoenroll_model::{
    Cause, CoreError, CoreFactory, Decisions, Duration, DuringRun, EnrollmentCore, Fact, Facts, GpTriggers, Identity,
    Input, Now, Output, PolicyRefresh, Report, Shared, SimTime, TimerCadence, Trigger, TriggerCause,
};

use crate::frame::{Frame, Timer};
use crate::halt::Halt;
pub use crate::rules::RULES;
use crate::run::Run;

/// The core of one principal on one machine. Clones share what they hold until one of them takes an input.
#[derive(Clone, Debug)]
pub struct Core(Shared<State>);

#[derive(Clone, Debug)]
struct State {
    frame: Frame,
    run: Option<Run>,
    /// The trigger that starts a run when the open one ends, and why it waits.
    held: Option<(Trigger, Cause)>,
    /// From when the timer's period counts.
    timer_from: SimTime,
}

impl Core {
    /// A core that waits for its first trigger.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self::deciding(identity, Decisions::new())
    }

    /// A core whose decisions are counted from the given ones. A planted-bugs build can invert a rule with them.
    #[must_use]
    pub fn deciding(identity: Identity, decisions: Decisions) -> Self {
        let frame = Frame::new(identity, decisions);
        Self(State { frame, run: None, held: None, timer_from: SimTime::START }.into())
    }
}

impl State {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.frame.begin_input(now);
        match self.take(input) {
            Ok(()) => Ok(()),
            Err(Halt::Broken(error)) => Err(error),
            // The step that the rule asks for is not taken; what was under way stops there.
            Err(Halt::Inverted(_)) => Ok(()),
        }
    }

    fn take(&mut self, input: Input) -> Result<(), Halt> {
        match input {
            Input::Trigger(trigger) => self.trigger(trigger),
            Input::Tick => self.tick(),
            Input::Unlock => {
                self.frame.applies(rules::UNLOCK_IS_NO_TRIGGER, "unlock", Facts::new())?;
                Ok(())
            }
            Input::LogOff => {
                self.held = None;
                self.frame.pins.clear();
                self.with_run(|run, frame| Ok(run.leave(frame).map(|()| None)?))
            }
            Input::BalloonClicked(balloon) => self.with_run(|run, frame| run.balloon_clicked(frame, balloon)),
            Input::BalloonClosed(balloon) if self.frame.shows_notice(balloon) => {
                self.frame.end_notice();
                Ok(())
            }
            Input::BalloonClosed(balloon) => self.with_run(|run, frame| run.balloon_closed(frame, balloon)),
            Input::IconClicked => self.with_run(Run::icon_clicked),
            Input::PromptAnswered { prompt, answer } => {
                if self.run.is_none() {
                    return Err(CoreError::UnknownPrompt { prompt }.into());
                }
                self.with_run(|run, frame| run.answered(frame, prompt, &answer))
            }
            Input::WizardClosed => self.with_run(Run::wizard_closed),
            Input::ReadersChanged => {
                self.frame.forget_pins_of_absent_cards();
                self.with_run(Run::readers_changed)
            }
            Input::EffectDone { effect, result } => {
                if self.run.is_none() {
                    return Err(CoreError::UnknownEffect { effect }.into());
                }
                self.with_run(|run, frame| run.effect_done(frame, effect, result))
            }
        }
    }

    /// A trigger came: it starts a run, waits for the open one, or is none.
    fn trigger(&mut self, trigger: Trigger) -> Result<(), Halt> {
        let Some(because) = self.trigger_rule(trigger)? else { return Ok(()) };
        // T2.2.no-timer, T2.2.tasks, T2.2.twice-a-day
        let period = self.frame.profile().timer.0;
        let facts = Facts::new().with("timer", period.map_or_else(|| "off".into(), Fact::from));
        let ticks = self.frame.decide(rules::TIMER_PERIOD, "timer", period.is_some(), facts).holds;
        if let Some(period) = period.filter(|_| ticks) {
            self.set_timer(trigger, period);
        }
        match &self.run {
            None => self.start(trigger, because),
            Some(run) if run.waits_for_a_click() => {
                self.frame.applies(rules::NEXT_PULSE, "run", trigger_facts(trigger))?;
                if let Some(run) = self.run.take() {
                    run.leave(&mut self.frame)?;
                }
                // A trigger that waits since the silent items is one with this: the new run is younger than both.
                self.held = None;
                self.frame.report(Report::RunEnded, &[]);
                self.start(trigger, because)
            }
            Some(_) => {
                let kept = self.frame.profile().trigger_during_run == DuringRun::Coalesce;
                let kept = self.frame.decide(rules::TRIGGER_DURING_RUN, "run", kept, trigger_facts(trigger)).holds;
                // One run at a time: whatever is decided about keeping it, it does not interleave.
                // R013
                let because = self.frame.applies(rules::ONE_RUN_AT_A_TIME, "run", Facts::new())?;
                self.frame.report(Report::TriggerHeld { trigger, kept }, &[because]);
                if kept {
                    self.held.get_or_insert((trigger, because));
                }
                Ok(())
            }
        }
    }

    /// The period counts from the last activation, whatever activated, even one that has to wait; or the timer repeats
    /// from boot or logon, as a scheduled task does.
    fn set_timer(&mut self, trigger: Trigger, period: Duration) {
        let now = self.frame.now.mono;
        let cadence = self.frame.profile().timer_cadence;
        // T2.2.timer, T2.3.rearm, T2.3.cadence
        let sets = match cadence {
            TimerCadence::LastActivation => true,
            TimerCadence::Fixed => matches!(trigger.cause, TriggerCause::Boot | TriggerCause::Logon),
        };
        let facts = trigger_facts(trigger).with("cadence", cadence.as_str());
        if self.frame.decide(rules::TIMER_CADENCE, "timer", sets, facts).holds {
            self.timer_from = now;
        }
        let over = now.since(self.timer_from).0 / period.0;
        self.frame.timers.set(Timer::Pulse, self.timer_from + Duration(period.0.saturating_mul(over + 1)));
    }

    /// The decision by which something that happened starts a run; `None` when it does not.
    fn trigger_rule(&mut self, trigger: Trigger) -> Result<Option<Cause>, Halt> {
        let facts = trigger_facts(trigger);
        let member = self.frame.identity.domain_member;
        // P7.28
        if !self.frame.decide(rules::DOMAIN_MEMBER, "domain", member, Facts::new()).holds {
            return Ok(None);
        }
        let rule = match (trigger.cause, trigger.refresh) {
            (TriggerCause::Boot | TriggerCause::Logon, _) => rules::BOOT_OR_LOGON,
            (TriggerCause::Timer, _) => rules::TIMER_DUE,
            (TriggerCause::Manual, _) => rules::MANUAL_PULSE,
            (TriggerCause::GroupPolicy, refresh) => {
                let counts = match self.frame.profile().gp_triggers {
                    GpTriggers::EveryRefresh => true,
                    GpTriggers::Foreground => {
                        matches!(refresh, Some(PolicyRefresh::Foreground | PolicyRefresh::Forced))
                    }
                    GpTriggers::Changed => refresh != Some(PolicyRefresh::Background) || trigger.changed,
                    GpTriggers::ForcedOnly => refresh == Some(PolicyRefresh::Forced),
                };
                if !self.frame.decide(rules::REFRESH_STARTS_RUN, "group-policy", counts, facts.clone()).holds {
                    return Ok(None);
                }
                rules::POLICY_APPLIED
            }
        };
        Ok(Some(self.frame.applies(rule, "run", facts)?))
    }

    fn start(&mut self, trigger: Trigger, because: Cause) -> Result<(), Halt> {
        self.frame.report(Report::RunStarted { trigger }, &[because]);
        self.run = Some(Run::start(&mut self.frame, because));
        Ok(())
    }

    /// Hands something to the open run. When nothing is left of it, the one that waited for it starts.
    fn with_run(&mut self, act: impl FnOnce(Run, &mut Frame) -> Result<Option<Run>, Halt>) -> Result<(), Halt> {
        let Some(run) = self.run.take() else { return Ok(()) };
        self.run = act(run, &mut self.frame)?;
        if self.run.is_some() {
            return Ok(());
        }
        self.frame.forget_pins_of_the_run();
        self.frame.report(Report::RunEnded, &[]);
        match self.held.take() {
            Some((trigger, because)) => self.start(trigger, because),
            None => Ok(()),
        }
    }

    fn tick(&mut self) -> Result<(), Halt> {
        let now = self.frame.now.mono;
        if self.frame.timers.fired(Timer::BalloonDelay, now) {
            self.with_run(Run::balloon_is_due)?;
        }
        if self.frame.timers.fired(Timer::BalloonEnd, now) {
            self.with_run(Run::balloon_has_been_seen)?;
        }
        if self.frame.timers.fired(Timer::NoticeEnd, now) {
            self.frame.end_notice();
        }
        if self.frame.timers.fired(Timer::CaTimeout, now) {
            self.with_run(Run::ca_timed_out)?;
        }
        let pulse = self.frame.timers.fired(Timer::Pulse, now);
        // MC3.delay
        if self.frame.timers.fired(Timer::Misnamed, now) || pulse {
            self.trigger(Trigger::of(TriggerCause::Timer))?;
        }
        Ok(())
    }
}

impl EnrollmentCore for Core {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.0.handle(now, input)
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        Ok(self.0.frame.next_output())
    }

    fn deadline(&self) -> Option<SimTime> {
        self.0.frame.timers.next()
    }
}

fn trigger_facts(trigger: Trigger) -> Facts {
    Facts::new()
        .with("trigger", trigger.cause.as_str())
        .with_some("refresh", trigger.refresh.map(PolicyRefresh::as_str))
        .with_some("changed", trigger.changed.then_some(true))
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

    /// Cores in which one rule is inverted.
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
        let core = Core::deciding(identity.clone(), Decisions::flipping(self.flip.clone()));
        #[cfg(not(feature = "planted-bugs"))]
        let core = Core::new(identity.clone());
        Ok(core)
    }
}
