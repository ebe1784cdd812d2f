//! One run: the phases from the policy gate to the summary. Each phase owns what is known by then.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    Answer, BalloonId, Cancelled, Cause, CertificateCheck, Choice, CoreError, DecisionPoint, Effect, EffectId,
    EffectResult, Fact, Facts, HResult, Inverted, Outcome, PromptId, Report, RuleRow, SimTime, Stores, Thumbprint,
};

use crate::acquire::{Acquisition, Next};
use crate::desktop::{Desktop, Waiting, WizardAnswer};
use crate::events;
use crate::examine::{examine, to_inspect};
use crate::frame::{Frame, OpenPrompt};
use crate::halt::Halt;
use crate::install::{self, Housekeeping};
use crate::item::{Ended, Progress, Work};
use crate::known::{Gathered, Item, Known};
use crate::plan::{self, has_desktop};
use crate::reported::Reported;
use crate::rules;

/// A run of one principal, from its trigger to its end.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    course: Course,
    phase: Phase,
}

/// Where a run stands.
#[derive(Clone, Debug)]
enum Phase {
    /// Phases A, C and D.
    Acquire { effect: EffectId, acquisition: Box<Acquisition> },
    /// Phase F: MY and REQUEST are read.
    ReadStores { effect: EffectId, gathered: Box<Gathered> },
    /// Phase F: certificates are inspected.
    Inspect { effect: EffectId, known: Arc<Known> },
    /// Working on items that need no user; the others come later.
    Silent { known: Arc<Known>, work: Box<Work>, todo: VecDeque<Item>, later: Vec<Item> },
    /// S1 to S4: waiting for the user.
    Desktop { known: Arc<Known>, desktop: Desktop, later: Vec<Item> },
    /// Working on items with the user, the wizard open.
    Interactive { known: Arc<Known>, work: Box<Work>, todo: VecDeque<Item> },
    /// The wizard is closed, and the item that it worked on notes what it has made.
    Closing { known: Arc<Known>, work: Box<Work>, later: Vec<Item> },
    /// Stores and directory are put in order; the first is under way.
    Housekeeping { effect: EffectId, now: Housekeeping, rest: VecDeque<Housekeeping> },
    /// S14: the summary is open.
    Summary(OpenPrompt),
}

/// What goes along from phase to phase: when the run began, and the outcomes of its items so far.
#[derive(Clone, Debug)]
struct Course {
    /// When the run began; `None` once the desktop has been told.
    started: Option<SimTime>,
    /// Interactive items that failed, for the summary.
    failures: Vec<(String, HResult)>,
    successes: u32,
    /// Templates whose item did not succeed: their old certificates stay as they are.
    unfinished: Vec<String>,
    /// Certificates that items have archived or deleted.
    retired: Vec<Thumbprint>,
}

/// What handling something leaves: the run, or nothing when it has ended.
type Going = Result<Option<Run>, Halt>;

// What happens to a run.

impl Run {
    /// The first question of every run: what does policy say now?
    pub(crate) fn start(frame: &mut Frame, because: Cause) -> Self {
        let course = Course {
            started: Some(frame.now.mono),
            failures: Vec::new(),
            successes: 0,
            unfinished: Vec::new(),
            retired: Vec::new(),
        };
        let effect = frame.effect(Effect::ReadSettings, &[because]);
        Self { course, phase: Phase::Acquire { effect, acquisition: Box::new(Acquisition::Settings) } }
    }

    /// S2 or S3: balloon or icon wait to be clicked.
    pub(crate) const fn waits_for_a_click(&self) -> bool {
        matches!(&self.phase, Phase::Desktop { desktop, .. } if desktop.waits_for_a_click())
    }

    /// An effect is done.
    pub(crate) fn effect_done(self, frame: &mut Frame, effect: EffectId, result: EffectResult) -> Going {
        let Self { course, phase } = self;
        let reported = |open: EffectId, result| {
            if open == effect { Ok(Reported::new(effect, result)) } else { Err(CoreError::UnknownEffect { effect }) }
        };
        match phase {
            Phase::Acquire { effect: open, acquisition } => {
                let next = acquisition.step(frame, reported(open, result)?)?;
                course.acquired(frame, next)
            }
            Phase::ReadStores { effect: open, gathered } => {
                let stores = reported(open, result)?.stores()?;
                course.stores_read(frame, *gathered, stores)
            }
            Phase::Inspect { effect: open, known } => {
                let checks = reported(open, result)?.checks()?;
                course.inspected(frame, known, checks)
            }
            Phase::Silent { known, work, todo, later } => {
                let progress = work.effect_done(frame, &known, effect, result)?;
                course.silent(frame, known, progress, todo, later)
            }
            Phase::Interactive { known, work, todo } => {
                let progress = work.effect_done(frame, &known, effect, result)?;
                course.interactive(frame, known, progress, todo)
            }
            Phase::Closing { known, work, later } => {
                let progress = work.effect_done(frame, &known, effect, result)?;
                course.closing(frame, known, progress, later)
            }
            Phase::Housekeeping { effect: open, now, rest } => {
                now.done(frame, reported(open, result)?.done()?)?;
                course.keep_house(frame, rest)
            }
            Phase::Desktop { .. } | Phase::Summary(_) => Err(CoreError::UnknownEffect { effect }.into()),
        }
    }

    /// The user answers a prompt.
    pub(crate) fn answered(self, frame: &mut Frame, prompt: PromptId, answer: &Answer) -> Going {
        let Self { course, phase } = self;
        match phase {
            Phase::Desktop { known, desktop, later } => match desktop.answered(frame, prompt, answer)? {
                WizardAnswer::Start => course.next_interactive(frame, known, later.into()),
                WizardAnswer::Postpone => course.postpone(frame, &known, later),
                WizardAnswer::Stay(desktop) => course.at(Phase::Desktop { known, desktop, later }),
            },
            Phase::Interactive { known, work, todo } => {
                let progress = work.answered(frame, prompt, answer)?;
                course.interactive(frame, known, progress, todo)
            }
            Phase::Summary(open) if open.id == prompt => {
                open.check(answer)?;
                Ok(None)
            }
            // Silent items ask for nothing.
            Phase::Acquire { .. }
            | Phase::ReadStores { .. }
            | Phase::Inspect { .. }
            | Phase::Silent { .. }
            | Phase::Closing { .. }
            | Phase::Housekeeping { .. }
            | Phase::Summary(_) => Err(CoreError::UnknownPrompt { prompt }.into()),
        }
    }

    /// The CA that was asked has not answered for too long.
    pub(crate) fn ca_timed_out(self, frame: &mut Frame) -> Going {
        let Self { course, phase } = self;
        match phase {
            Phase::Silent { known, work, todo, later } => {
                let progress = work.ca_timed_out(frame, &known)?;
                course.silent(frame, known, progress, todo, later)
            }
            Phase::Interactive { known, work, todo } => {
                let progress = work.ca_timed_out(frame, &known)?;
                course.interactive(frame, known, progress, todo)
            }
            Phase::Closing { known, work, later } => {
                let progress = work.ca_timed_out(frame, &known)?;
                course.closing(frame, known, progress, later)
            }
            phase => course.at(phase),
        }
    }

    /// Something changed in a reader.
    pub(crate) fn readers_changed(mut self, frame: &mut Frame) -> Going {
        if let Phase::Silent { work, .. } | Phase::Interactive { work, .. } = &mut self.phase {
            work.readers_changed(frame);
        }
        Ok(Some(self))
    }

    /// Something happened to what is on the desktop, if anything is.
    fn on_desktop(self, act: impl FnOnce(Desktop) -> Result<Desktop, Inverted>) -> Going {
        let Self { course, phase } = self;
        match phase {
            Phase::Desktop { known, desktop, later } => {
                let desktop = act(desktop)?;
                course.at(Phase::Desktop { known, desktop, later })
            }
            phase => course.at(phase),
        }
    }

    pub(crate) fn balloon_is_due(self, frame: &mut Frame) -> Going {
        self.on_desktop(|desktop| desktop.delay_is_over(frame))
    }

    pub(crate) fn balloon_has_been_seen(self, frame: &mut Frame) -> Going {
        self.on_desktop(|desktop| desktop.balloon_times_out(frame))
    }

    pub(crate) fn balloon_clicked(self, frame: &mut Frame, balloon: BalloonId) -> Going {
        self.on_desktop(|desktop| desktop.balloon_clicked(frame, balloon))
    }

    pub(crate) fn balloon_closed(self, frame: &mut Frame, balloon: BalloonId) -> Going {
        self.on_desktop(|desktop| desktop.balloon_closed(frame, balloon))
    }

    pub(crate) fn icon_clicked(self, frame: &mut Frame) -> Going {
        self.on_desktop(|desktop| desktop.icon_clicked(frame))
    }

    /// The wizard is closed in the middle of an item: that one and the remaining ones wait for the next run.
    pub(crate) fn wizard_closed(self, frame: &mut Frame) -> Going {
        let Self { course, phase } = self;
        match phase {
            Phase::Interactive { known, work, todo } => {
                let facts = Facts::new().with("remaining", todo.len());
                let because = frame.applies(rules::WIZARD_CANCELLED, "wizard", facts)?;
                events::wizard_closed(frame, because);
                let progress = work.close(frame, because);
                course.closing(frame, known, progress, todo.into())
            }
            phase => course.at(phase),
        }
    }

    /// The user logs off, or a new run takes the place of this one: nothing stays open, nothing is remembered but what
    /// the stores hold.
    pub(crate) fn leave(self, frame: &mut Frame) -> Result<(), Inverted> {
        match self.phase {
            Phase::Desktop { desktop, .. } => desktop.leave(frame)?,
            Phase::Summary(open) => frame.withdraw(&open, &[]),
            Phase::Silent { work, .. } | Phase::Interactive { work, .. } | Phase::Closing { work, .. } => {
                work.stop(frame);
            }
            Phase::Acquire { effect, .. }
            | Phase::ReadStores { effect, .. }
            | Phase::Inspect { effect, .. }
            | Phase::Housekeeping { effect, .. } => frame.abandon(effect),
        }
        Ok(())
    }
}

// What follows what.

impl Course {
    fn at(self, phase: Phase) -> Going {
        Ok(Some(Run { course: self, phase }))
    }

    fn acquired(self, frame: &mut Frame, next: Next) -> Going {
        match next {
            Next::Ask(effect, acquisition) => {
                let effect = frame.effect(effect, &[]);
                self.at(Phase::Acquire { effect, acquisition: Box::new(acquisition) })
            }
            Next::Complete(gathered) => {
                let effect = frame.effect(Effect::ReadStores, &[]);
                self.at(Phase::ReadStores { effect, gathered: Box::new(gathered) })
            }
            Next::Nothing => self.tell(frame),
        }
    }

    /// The stores are read. When they cannot be, nothing is known to be missing, so nothing is enrolled.
    fn stores_read(self, frame: &mut Frame, gathered: Gathered, stores: Result<Arc<Stores>, HResult>) -> Going {
        let stores = match stores {
            Ok(stores) => stores,
            Err(code) => return self.fail(frame, rules::STORES_UNREADABLE, code),
        };
        let held = examine(frame, &gathered, &stores);
        let asked = to_inspect(&held);
        let known = Arc::new(Known { gathered, held });
        if asked.is_empty() {
            return self.work_list(frame, known);
        }
        let effect = frame.effect(Effect::Inspect(asked), &[]);
        self.at(Phase::Inspect { effect, known })
    }

    /// The certificates are inspected. When they cannot be, none is known to be unusable, so nothing is enrolled in its
    /// place.
    fn inspected(
        self,
        frame: &mut Frame,
        mut known: Arc<Known>,
        checks: Result<Vec<CertificateCheck>, HResult>,
    ) -> Going {
        match checks {
            Ok(checks) => {
                Arc::make_mut(&mut known).held.inspected(checks);
                self.work_list(frame, known)
            }
            Err(code) => self.fail(frame, rules::CERTIFICATES_NOT_INSPECTED, code),
        }
    }

    /// What is in the stores is not known well enough to enroll anything.
    fn fail(self, frame: &mut Frame, rule: RuleRow, code: HResult) -> Going {
        events::run_fails(frame, rule, "stores", code)?;
        self.tell(frame)
    }

    /// Phase G: silent items come first, so that nothing waits for a user without need.
    fn work_list(self, frame: &mut Frame, known: Arc<Known>) -> Going {
        let items = plan::plan(frame, &known)?;
        let waits = |item: &Item| item.interactive && has_desktop(frame);
        let waiting = items.iter().filter(|item| waits(item)).count();
        let (later, todo): (Vec<Item>, Vec<Item>) = items.into_iter().partition(waits);
        let facts = Facts::new().with("items", later.len() + todo.len()).with("interactive", waiting);
        frame.applies(rules::SILENT_FIRST, "order", facts)?;
        self.next_silent(frame, known, todo.into(), later)
    }

    /// Starts silent items until one has to wait for something, then what follows the last.
    fn next_silent(
        mut self,
        frame: &mut Frame,
        known: Arc<Known>,
        mut todo: VecDeque<Item>,
        mut later: Vec<Item>,
    ) -> Going {
        while let Some(item) = todo.pop_front() {
            match Work::start(frame, &known, item)? {
                Progress::Open(work) => return self.at(Phase::Silent { known, work, todo, later }),
                Progress::Ended(ended) => {
                    let arrived = self.item_ended(frame, *ended)?;
                    queue(frame, arrived, &mut todo, &mut later);
                }
            }
        }
        self.after_silent_items(frame, known, later)
    }

    fn silent(
        mut self,
        frame: &mut Frame,
        known: Arc<Known>,
        progress: Progress,
        mut todo: VecDeque<Item>,
        mut later: Vec<Item>,
    ) -> Going {
        match progress {
            Progress::Open(work) => self.at(Phase::Silent { known, work, todo, later }),
            Progress::Ended(ended) => {
                let arrived = self.item_ended(frame, *ended)?;
                queue(frame, arrived, &mut todo, &mut later);
                self.next_silent(frame, known, todo, later)
            }
        }
    }

    /// S0: is a user needed?
    fn after_silent_items(mut self, frame: &mut Frame, known: Arc<Known>, later: Vec<Item>) -> Going {
        let facts = Facts::new().with("items", later.len());
        if later.is_empty() {
            frame.applies(rules::NO_INTERACTIVE_ITEMS, "run", facts)?;
            return self.finish(frame, &known);
        }
        frame.applies(rules::INTERACTIVE_ITEMS, "run", facts)?;
        let waiting = Waiting {
            names: later.iter().map(|item| item.name.clone()).collect(),
            reasons: later.iter().flat_map(|item| item.reasons.iter().copied()).collect(),
        };
        let started = self.started.take().unwrap_or(frame.now.mono);
        let desktop = Desktop::delay(frame, started, known.gathered.settings.express, waiting)?;
        self.at(Phase::Desktop { known, desktop, later })
    }

    /// Starts interactive items until one has to wait for something.
    fn next_interactive(mut self, frame: &mut Frame, known: Arc<Known>, mut todo: VecDeque<Item>) -> Going {
        while let Some(item) = todo.pop_front() {
            match Work::start(frame, &known, item)? {
                Progress::Open(work) => return self.at(Phase::Interactive { known, work, todo }),
                Progress::Ended(ended) => self.interactive_ended(frame, *ended, &todo)?,
            }
        }
        self.finish(frame, &known)
    }

    fn interactive(mut self, frame: &mut Frame, known: Arc<Known>, progress: Progress, todo: VecDeque<Item>) -> Going {
        match progress {
            Progress::Open(work) => self.at(Phase::Interactive { known, work, todo }),
            Progress::Ended(ended) => {
                self.interactive_ended(frame, *ended, &todo)?;
                self.next_interactive(frame, known, todo)
            }
        }
    }

    /// The wizard is closed: when its item has come to an end, it and the remaining ones wait for the next run.
    fn closing(mut self, frame: &mut Frame, known: Arc<Known>, progress: Progress, later: Vec<Item>) -> Going {
        match progress {
            Progress::Open(work) => self.at(Phase::Closing { known, work, later }),
            Progress::Ended(ended) => {
                self.item_ended(frame, *ended)?;
                self.postpone(frame, &known, later)
            }
        }
    }

    /// S13: the next item follows.
    fn interactive_ended(&mut self, frame: &mut Frame, ended: Ended, todo: &VecDeque<Item>) -> Result<(), Inverted> {
        let arrived = self.item_ended(frame, ended)?;
        debug_assert!(arrived.is_none(), "only a silent item, which fetches what is pending, hands over to another");
        if !todo.is_empty() {
            frame.applies(rules::NEXT_ITEM, "wizard", Facts::new())?;
        }
        Ok(())
    }

    /// An item has ended: what the log and the summary say of it. Hands back the item that takes over, if one does.
    fn item_ended(&mut self, frame: &mut Frame, ended: Ended) -> Result<Option<Item>, Inverted> {
        let Ended { item, outcome, because, asked, arrived } = ended;
        events::enrollment(frame, false, &item.name);
        match &outcome {
            // The certificates that the new one was to replace stay: without a successor they are all that the
            // principal has.
            // R088
            Outcome::Failed(code) => {
                events::failed(frame, because, &item, asked.as_ref(), *code)?;
                self.unfinished.push(item.name.clone());
                if let Some(old) = &item.misnamed {
                    frame.misnamed.failed(old, *code);
                }
                if item.interactive && has_desktop(frame) && is_told(frame, &item.name, *code) {
                    self.failures.push((item.name.clone(), *code));
                }
            }
            Outcome::Enrolled { .. } => {
                self.successes += 1;
                if let Some(old) = &item.misnamed {
                    frame.misnamed.forget(old);
                }
                self.retired.extend(item.retires.iter().cloned());
            }
            Outcome::Pending => {
                events::pending(frame, because, &item, asked.as_ref());
                self.unfinished.push(item.name.clone());
            }
            Outcome::Postponed => self.unfinished.push(item.name.clone()),
        }
        let action = item.action();
        let causes: Vec<Cause> = item.reasons.into_iter().chain([because]).collect();
        frame.report(Report::ItemEnded { template: item.name, action, outcome }, &causes);
        Ok(arrived)
    }

    /// Everything interactive waits for the next run; that is neither failure nor success.
    fn postpone(mut self, frame: &mut Frame, known: &Known, items: Vec<Item>) -> Going {
        self.unfinished.extend(items.into_iter().map(|item| item.name));
        self.finish(frame, known)
    }

    /// The last item is done: put the stores in order.
    fn finish(self, frame: &mut Frame, known: &Known) -> Going {
        let rest = install::housekeeping(frame, known, &self.unfinished, &self.retired)?;
        self.keep_house(frame, rest.into())
    }

    fn keep_house(self, frame: &mut Frame, mut rest: VecDeque<Housekeeping>) -> Going {
        let Some(now) = rest.pop_front() else { return self.tell(frame) };
        let effect = frame.effect(now.effect(), &[]);
        self.at(Phase::Housekeeping { effect, now, rest })
    }

    /// S14: a summary shows failures of interactive items, and never success.
    fn tell(self, frame: &mut Frame) -> Going {
        let facts = Facts::new().with("failures", self.failures.len()).with("successes", self.successes);
        let failed = !self.failures.is_empty();
        let shown = frame.decide(rules::SUMMARY_FOR_FAILURES, "summary", failed, facts).holds;
        let rule = if shown { rules::SUMMARY } else { rules::NO_SUMMARY };
        let mut because = frame.applies(rule, "summary", Facts::new())?;
        if self.successes > 0 {
            because = frame.applies(rules::SUCCESS_SILENT, "success", Facts::new())?;
        }
        events::run_completed(frame);
        if !shown {
            return Ok(None);
        }
        let failure = |(name, code): &(String, HResult)| Fact::from(alloc::format!("{name}: {code}"));
        let facts = Facts::new().with("failures", Fact::List(self.failures.iter().map(failure).collect()));
        let prompt = frame.prompt(DecisionPoint::Summary, facts, &[Choice::Close], &[because]);
        self.at(Phase::Summary(prompt))
    }
}

/// The item that takes over waits for the user; where there is none it is begun at once, and fails as one that needs a
/// user.
fn queue(frame: &Frame, arrived: Option<Item>, todo: &mut VecDeque<Item>, later: &mut Vec<Item>) {
    if has_desktop(frame) {
        later.extend(arrived);
    } else {
        todo.extend(arrived);
    }
}

/// Whether the summary shows a failure. One that the user brought about by cancelling counts by the profile.
fn is_told(frame: &mut Frame, template: &str, code: HResult) -> bool {
    if code != HResult::SCARD_W_CANCELLED_BY_USER {
        return true;
    }
    let counts = frame.profile().cancelled == Cancelled::Failed;
    frame.decide(rules::CANCELLED_IS_FAILED, template, counts, Facts::new().with("code", code.to_string())).holds
}
