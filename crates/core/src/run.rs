//! One run: the phases from the policy gate to the summary.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autoenroll_model::{
    Answer, Cancelled, Cause, Choice, DecisionPoint, Effect, EffectId, EffectResult, Fact, Facts, HResult, Outcome,
    PromptId, Report, Trigger,
};

use crate::acquire::{self, Acquisition, Next};
use crate::desktop::{Desktop, Waiting};
use crate::events;
use crate::examine::Examined;
use crate::frame::{Frame, OpenPrompt};
use crate::install;
use crate::item::{Progress, Work};
use crate::known::Known;
use crate::plan::{self, Item};
use crate::rules;

/// A run of one principal, from trigger to rest.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    phase: Phase,
    awaiting: Option<EffectId>,
    known: Known,
    /// Items of the present phase that are still to be worked on.
    todo: VecDeque<Item>,
    /// Interactive items, which wait for the user.
    later: Vec<Item>,
    work: Option<Work>,
    told: Told,
    pub(crate) started: autoenroll_model::SimTime,
}

/// What the user may have to be told at the end.
#[derive(Clone, Debug, Default)]
struct Told {
    failures: Vec<(String, HResult)>,
    successes: u32,
    /// Templates whose item did not succeed: their old certificates stay as they are.
    unfinished: Vec<String>,
    /// Certificates that items have archived or deleted.
    retired: Vec<autoenroll_model::Thumbprint>,
}

/// Where a run stands.
#[derive(Clone, Debug)]
enum Phase {
    Acquire(Acquisition),
    Stores,
    Inspect,
    /// Working on silent items.
    Silent,
    /// S1 to S4: waiting for the user.
    Desktop(Desktop),
    /// Working on interactive items, the wizard open.
    Interactive,
    Housekeeping(VecDeque<Effect>),
    /// S14: the summary is open.
    Summary(OpenPrompt),
    Ended,
}

impl Run {
    /// The first question of every run: what does policy say now?
    pub(crate) fn start(frame: &mut Frame, _trigger: Trigger) -> Self {
        let because = frame.because();
        let awaiting = frame.effect(Effect::ReadSettings, &[because]);
        Self {
            phase: Phase::Acquire(Acquisition::Settings),
            awaiting: Some(awaiting),
            known: Known::default(),
            todo: VecDeque::new(),
            later: Vec::new(),
            work: None,
            told: Told::default(),
            started: frame.now.mono,
        }
    }

    pub(crate) const fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended)
    }

    /// S2 or S3: balloon or icon wait to be clicked.
    pub(crate) const fn waits_for_a_click(&self) -> bool {
        matches!(&self.phase, Phase::Desktop(desktop) if desktop.waits_for_a_click())
    }

    /// An effect is done. Answers to effects that nobody waits for any more are dropped.
    pub(crate) fn effect_done(&mut self, frame: &mut Frame, effect: EffectId, result: EffectResult) {
        if self.awaiting == Some(effect) {
            self.awaiting = None;
            match core::mem::replace(&mut self.phase, Phase::Ended) {
                Phase::Acquire(state) => {
                    let next = acquire::step(frame, &mut self.known.gathered, state, result);
                    self.acquired(frame, next);
                }
                Phase::Stores => self.stores_read(frame, result),
                Phase::Inspect => self.inspected(frame, result),
                Phase::Housekeeping(rest) => self.keep_house(frame, rest),
                other => self.phase = other,
            }
        } else if let Some(work) = &mut self.work {
            let progress = work.effect_done(frame, &self.known, effect, result);
            self.worked(frame, progress);
        }
    }

    fn acquired(&mut self, frame: &mut Frame, next: Next) {
        match next {
            Next::Ask(effect, state) => {
                self.phase = Phase::Acquire(state);
                self.awaiting = Some(frame.effect(effect, &[]));
            }
            Next::Complete => {
                if let Some(cache) = &frame.cache {
                    self.known.gathered.offers = cache.offer.clone();
                }
                self.phase = Phase::Stores;
                self.awaiting = Some(frame.effect(Effect::ReadStores, &[]));
            }
            Next::Nothing => self.finish(frame),
        }
    }

    fn stores_read(&mut self, frame: &mut Frame, result: EffectResult) {
        let EffectResult::Stores(stores) = result else {
            let code = if let EffectResult::Failed(code) = result { code } else { HResult::E_UNEXPECTED };
            events::run_failed(frame, code);
            return self.finish(frame);
        };
        self.known.examined = Examined::read(frame, &self.known.gathered, stores);
        let asked = self.known.examined.to_inspect();
        if asked.is_empty() {
            return self.work_list(frame);
        }
        self.phase = Phase::Inspect;
        self.awaiting = Some(frame.effect(Effect::Inspect(asked), &[]));
    }

    fn inspected(&mut self, frame: &mut Frame, result: EffectResult) {
        if let EffectResult::Checks(checks) = result {
            self.known.examined.checks = checks;
        }
        self.work_list(frame);
    }

    fn work_list(&mut self, frame: &mut Frame) {
        let items = plan::plan(frame, &self.known.gathered, &self.known.examined);
        let user = frame.identity.context == autoenroll_model::Context::User;
        let waiting = items.iter().filter(|item| item.interactive && user).count();
        let facts = Facts::new().with("items", items.len()).with("interactive", waiting);
        let silent_first = frame.decide(rules::SILENT_FIRST, "order", true, facts) || waiting == 0;
        for item in items {
            if (item.interactive && user) || !silent_first {
                self.later.push(item);
            } else {
                self.todo.push_back(item);
            }
        }
        self.phase = Phase::Silent;
        self.next_item(frame);
    }

    /// Starts items until one has to wait for something, then what follows the last.
    fn next_item(&mut self, frame: &mut Frame) {
        while let Some(item) = self.todo.pop_front() {
            let (work, progress) = Work::start(frame, &self.known, item);
            self.work = Some(work);
            if matches!(progress, Progress::Open) {
                return;
            }
            self.item_ended(frame, progress);
        }
        match self.phase {
            Phase::Silent => self.after_silent_items(frame),
            _ => self.finish(frame),
        }
    }

    fn worked(&mut self, frame: &mut Frame, progress: Progress) {
        if !matches!(progress, Progress::Open) {
            self.item_ended(frame, progress);
            self.next_item(frame);
        }
    }

    fn item_ended(&mut self, frame: &mut Frame, progress: Progress) {
        let Some(work) = self.work.take() else { return };
        let item = work.into_item();
        let because = frame.because();
        events::enrollment(frame, false, &item.name);
        let outcome = match progress {
            Progress::Open => return,
            Progress::Arrived(resumed) => {
                self.later.push(*resumed);
                Outcome::Postponed
            }
            Progress::Ended(outcome) => outcome,
        };
        match &outcome {
            Outcome::Failed(code) => {
                events::failed(frame, because, item.action, &item.name, *code);
                self.told.unfinished.push(item.name.clone());
                if item.interactive && frame.identity.context == autoenroll_model::Context::User {
                    let cancelled = *code == HResult::SCARD_W_CANCELLED_BY_USER;
                    let counts = !cancelled || frame.profile().cancelled == Cancelled::Failed;
                    let facts = Facts::new().with("code", code.to_string());
                    let counts = if cancelled {
                        frame.decide(rules::CANCELLED_IS_FAILED, &item.name, counts, facts)
                    } else {
                        counts
                    };
                    if counts {
                        self.told.failures.push((item.name.clone(), *code));
                    }
                }
            }
            Outcome::Enrolled { .. } => {
                self.told.successes += 1;
                self.told.retired.extend(item.retires.iter().cloned());
            }
            Outcome::Pending | Outcome::Postponed => self.told.unfinished.push(item.name.clone()),
        }
        let causes: Vec<Cause> = item.reasons.into_iter().chain([because]).collect();
        frame.report(Report::ItemEnded { template: item.name, action: item.action, outcome }, &causes);
        if !self.todo.is_empty()
            && matches!(self.phase, Phase::Interactive)
            && !frame.decide(rules::NEXT_ITEM, "wizard", true, Facts::new())
        {
            self.todo.clear();
        }
    }

    /// S0: is a user needed?
    fn after_silent_items(&mut self, frame: &mut Frame) {
        let facts = Facts::new().with("items", self.later.len());
        if self.later.is_empty() {
            let silent = frame.decide(rules::NO_INTERACTIVE_ITEMS, "run", true, facts);
            if silent {
                return self.finish(frame);
            }
        } else if !frame.decide(rules::INTERACTIVE_ITEMS, "run", true, facts) {
            return self.finish(frame);
        }
        let express = self.known.gathered.settings.express;
        let desktop = Desktop::delay(frame, self.started, express, &self.waiting());
        self.phase = Phase::Desktop(desktop);
    }

    /// The user has said Start: the wizard works through the interactive items.
    fn begin_interactive(&mut self, frame: &mut Frame) {
        self.phase = Phase::Interactive;
        self.todo = core::mem::take(&mut self.later).into();
        self.next_item(frame);
    }

    /// The last item is done: put the stores in order.
    fn finish(&mut self, frame: &mut Frame) {
        let chores = install::chores(frame, &self.known, &self.told.unfinished, &self.told.retired);
        self.keep_house(frame, chores.into());
    }

    fn keep_house(&mut self, frame: &mut Frame, mut rest: VecDeque<Effect>) {
        match rest.pop_front() {
            Some(effect) => {
                self.awaiting = Some(frame.effect(effect, &[]));
                self.phase = Phase::Housekeeping(rest);
            }
            None => self.tell(frame),
        }
    }

    /// S14: failures of interactive items are told, success never is.
    fn tell(&mut self, frame: &mut Frame) {
        let failed = !self.told.failures.is_empty();
        let facts = Facts::new().with("failures", self.told.failures.len()).with("successes", self.told.successes);
        let mut shown = frame.decide(rules::SUMMARY_FOR_FAILURES, "summary", failed, facts);
        if failed {
            shown = frame.decide(rules::SUMMARY, "summary", shown, Facts::new());
        } else {
            shown = !frame.decide(rules::NO_SUMMARY, "summary", !shown, Facts::new());
        }
        if self.told.successes > 0 {
            let quiet = frame.decide(rules::SUCCESS_SILENT, "success", true, Facts::new());
            shown = shown || !quiet;
        }
        events::run_completed(frame);
        if !shown {
            self.phase = Phase::Ended;
            return;
        }
        let failures: Vec<Fact> =
            self.told.failures.iter().map(|(name, code)| Fact::Text(alloc::format!("{name}: {code}"))).collect();
        let because = frame.because();
        let facts = Facts::new().with("failures", Fact::List(failures));
        self.phase = Phase::Summary(frame.prompt(DecisionPoint::Summary, facts, &[Choice::Close], &[because]));
    }

    // What the user and time do.

    pub(crate) fn balloon_is_due(&mut self, frame: &mut Frame) {
        let waiting = self.waiting();
        if let Phase::Desktop(desktop) = &mut self.phase {
            desktop.delay_is_over(frame, &waiting);
        }
    }

    pub(crate) fn balloon_has_been_seen(&mut self, frame: &mut Frame) {
        if let Phase::Desktop(desktop) = &mut self.phase {
            desktop.balloon_times_out(frame);
        }
    }

    pub(crate) fn balloon_clicked(&mut self, frame: &mut Frame, balloon: autoenroll_model::BalloonId) {
        let waiting = self.waiting();
        if let Phase::Desktop(desktop) = &mut self.phase {
            desktop.balloon_clicked(frame, balloon, &waiting);
        }
    }

    pub(crate) fn balloon_closed(&mut self, frame: &mut Frame, balloon: autoenroll_model::BalloonId) {
        let waiting = self.waiting();
        if let Phase::Desktop(desktop) = &mut self.phase {
            desktop.balloon_closed(frame, balloon, &waiting);
        }
    }

    pub(crate) fn icon_clicked(&mut self, frame: &mut Frame) {
        let waiting = self.waiting();
        if let Phase::Desktop(desktop) = &mut self.phase {
            desktop.icon_clicked(frame, &waiting);
        }
    }

    fn waiting(&self) -> Waiting {
        Waiting {
            names: self.later.iter().map(|item| item.name.clone()).collect(),
            reasons: self.later.iter().flat_map(|item| item.reasons.iter().copied()).collect(),
        }
    }

    pub(crate) fn answered(&mut self, frame: &mut Frame, prompt: PromptId, answer: Answer) {
        let waiting = self.waiting();
        match &mut self.phase {
            Phase::Desktop(desktop) if desktop.asks(prompt, &answer) => {
                match desktop.wizard_answered(frame, &answer, &waiting) {
                    Some(true) => self.begin_interactive(frame),
                    Some(false) => self.postpone(frame),
                    None => {}
                }
            }
            Phase::Summary(open) if open.id == prompt && open.takes(&answer) => self.phase = Phase::Ended,
            _ => {
                if let Some(work) = &mut self.work {
                    let progress = work.answered(frame, &self.known, prompt, &answer);
                    self.worked(frame, progress);
                }
            }
        }
    }

    /// Everything interactive waits for the next run; that is neither failure nor success.
    fn postpone(&mut self, frame: &mut Frame) {
        self.told.unfinished.extend(self.later.drain(..).map(|item| item.name));
        self.finish(frame);
    }

    /// The wizard is closed in the middle of an item: that one and the remaining ones wait for the next run.
    pub(crate) fn wizard_closed(&mut self, frame: &mut Frame) {
        if !matches!(self.phase, Phase::Interactive) {
            return;
        }
        let facts = Facts::new().with("remaining", self.todo.len());
        if !frame.decide(rules::WIZARD_CANCELLED, "wizard", true, facts) {
            return;
        }
        if let Some(work) = &mut self.work {
            work.stop(frame);
            self.item_ended(frame, Progress::Ended(Outcome::Postponed));
        }
        let rest: Vec<String> = self.todo.drain(..).map(|item| item.name).collect();
        self.told.unfinished.extend(rest);
        self.finish(frame);
    }

    pub(crate) fn answer_is_overdue(&mut self, frame: &mut Frame) {
        if let Some(work) = &mut self.work {
            let progress = work.answer_is_overdue(frame, &self.known);
            self.worked(frame, progress);
        }
    }

    pub(crate) fn readers_changed(&mut self, frame: &mut Frame) {
        crate::item::forget_pins_of_absent_cards(frame);
        if let Some(work) = &mut self.work {
            work.readers_changed(frame);
        }
    }

    /// Log off: nothing stays open, nothing is remembered but what the stores hold.
    pub(crate) fn log_off(&mut self, frame: &mut Frame) {
        let leaves = match &mut self.phase {
            Phase::Desktop(desktop) => desktop.leave(frame),
            Phase::Summary(open) => {
                frame.withdraw(open, &[]);
                true
            }
            _ => true,
        };
        if !leaves {
            return;
        }
        if let Some(work) = &mut self.work {
            work.stop(frame);
        }
        if let Some(effect) = self.awaiting.take() {
            frame.abandon(effect);
        }
        self.work = None;
        self.phase = Phase::Ended;
    }

    /// A new run takes the place of this one, whose balloon nobody clicked.
    pub(crate) fn give_way(&mut self, frame: &mut Frame) {
        self.log_off(frame);
    }
}
