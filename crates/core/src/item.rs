//! One certificate: states S5 to S13. Each state is a file's concern and says what comes next; this one leads from
//! state to state.

mod card;
mod deliver;
mod key;
mod refuse;
mod state;
mod submit;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;

use autoenroll_model::{
    Answer, Cause, CoreError, Effect, EffectId, EffectResult, Facts, HResult, Outcome, PromptId, Report,
};

use self::state::{Job, Next, Question, State, Step};
use crate::events;
use crate::frame::{Frame, Timer};
use crate::halt::Halt;
use crate::known::{Asked, Item, Known, Task};
use crate::plan::has_desktop;
use crate::reported::Reported;
use crate::rules;

/// Work on one item that waits for the user or for an effect.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    job: Job,
    state: State,
}

/// What a step has led to.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// The work waits.
    Open(Box<Work>),
    /// The item has ended.
    Ended(Box<Ended>),
}

/// The end of an item.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) item: Item,
    pub(crate) outcome: Outcome,
    /// The decision that it ended with.
    pub(crate) because: Cause,
    /// The CA that was asked last.
    pub(crate) asked: Option<Asked>,
    /// An item that takes over, and needs the user.
    pub(crate) arrived: Option<Item>,
}

impl Work {
    /// Begins an item.
    pub(crate) fn start(frame: &mut Frame, known: &Known, item: Item) -> Result<Progress, CoreError> {
        let started =
            Report::ItemStarted { template: item.name.clone(), action: item.action(), interactive: item.interactive };
        frame.report(started, &item.reasons);
        events::enrollment(frame, true, &item.name);
        let because = item.because;
        let mut job = Job {
            item,
            provider: 0,
            pins: BTreeMap::new(),
            seen: None,
            removes: None,
            answers: 0,
            inspected: false,
            losses: 0,
            asked: None,
            closed: false,
            because,
        };
        let first = first_step(&mut job, frame, known);
        go_on(job, frame, first)
    }

    /// An effect is done.
    pub(crate) fn effect_done(
        self,
        frame: &mut Frame,
        known: &Known,
        effect: EffectId,
        result: EffectResult,
    ) -> Result<Progress, CoreError> {
        let Self { mut job, state } = self;
        let next = match state {
            State::Leaves { effect: open, step, because } if open == effect => {
                frame.timers.clear(Timer::CaTimeout);
                return leave(job, frame, known, step, because, Reported::new(effect, result));
            }
            State::Does { effect: open, step } if open == effect => {
                frame.timers.clear(Timer::CaTimeout);
                step_done(&mut job, frame, known, step, Reported::new(effect, result))
            }
            State::Asks { question, prompt, recheck: Some(open) } if open == effect => {
                let readers = Reported::new(effect, result).readers()?;
                card::rechecked(&mut job, frame, question, prompt, readers)
            }
            State::Does { .. } | State::Asks { .. } | State::Leaves { .. } => {
                return Err(CoreError::UnknownEffect { effect });
            }
        };
        go_on(job, frame, next)
    }

    /// The user has answered.
    pub(crate) fn answered(self, frame: &mut Frame, prompt: PromptId, answer: &Answer) -> Result<Progress, CoreError> {
        let Self { mut job, state } = self;
        let (question, recheck) = match state {
            State::Asks { question, prompt: open, recheck } if open.id == prompt => {
                open.check(answer)?;
                (question, recheck)
            }
            State::Asks { .. } | State::Does { .. } | State::Leaves { .. } => {
                return Err(CoreError::UnknownPrompt { prompt });
            }
        };
        job.answers = job.answers.saturating_add(1);
        if let Some(effect) = recheck {
            frame.abandon(effect);
        }
        job.losses = 0;
        let next = match question {
            Question::Consent => key::consented(&mut job, frame, *answer == Answer::Ok),
            Question::Select { purpose, cards } => card::selected(&mut job, frame, purpose, cards, answer),
            Question::Insert { purpose } => card::insert_answered(&mut job, frame, purpose, answer),
            Question::Replace { purpose, card } => card::replace_answered(&mut job, frame, purpose, card, answer),
            Question::Pin { purpose, card } => card::pin_given(&mut job, frame, purpose, card, answer),
        };
        go_on(job, frame, next)
    }

    /// The CA has not answered for so long that it counts as one that is not there.
    pub(crate) fn ca_timed_out(self, frame: &mut Frame, known: &Known) -> Result<Progress, CoreError> {
        let Self { mut job, state } = self;
        let (effect, step, leaves) = match state {
            State::Does { effect, step } => (effect, step, None),
            State::Leaves { effect, step, because } => (effect, step, Some(because)),
            State::Asks { .. } => unreachable!("the timer runs only while a CA is asked"),
        };
        frame.abandon(effect);
        let reported = Reported::failed(effect, HResult::RPC_S_SERVER_UNAVAILABLE);
        if let Some(because) = leaves {
            return leave(job, frame, known, step, because, reported);
        }
        let next = step_done(&mut job, frame, known, step, reported);
        go_on(job, frame, next)
    }

    /// Something changed in a reader: what an open prompt says about it may have to change.
    pub(crate) fn readers_changed(&mut self, frame: &mut Frame) {
        if let State::Asks { question, recheck, .. } = &mut self.state
            && card::watches_readers(question)
        {
            if let Some(effect) = recheck.take() {
                frame.abandon(effect);
            }
            *recheck = Some(frame.effect(Effect::ReadReaders, &[]));
        }
    }

    /// The user closes the wizard: nothing of this item stays open, and it waits for the next run. A key that is being
    /// made is waited for, and its entry, and so is the CA that has the request: given up, the key would be made all
    /// the same, and the request would be taken, and nothing would know of either.
    // MC1.closed
    pub(crate) fn close(self, frame: &mut Frame, because: Cause) -> Progress {
        match self.state {
            State::Does { effect, step } if step.has_to_be_noted() => {
                let state = State::Leaves { effect, step, because };
                Progress::Open(Box::new(Self { job: Job { closed: true, ..self.job }, state }))
            }
            _ => Progress::postponed(self.stop(frame), because),
        }
    }

    /// Nothing of this item stays open.
    pub(crate) fn stop(self, frame: &mut Frame) -> Item {
        frame.timers.clear(Timer::CaTimeout);
        let open = match self.state {
            State::Asks { prompt, recheck, .. } => {
                frame.withdraw(&prompt, &[]);
                recheck
            }
            State::Does { effect, .. } | State::Leaves { effect, .. } => Some(effect),
        };
        if let Some(effect) = open {
            frame.abandon(effect);
        }
        self.job.item
    }
}

/// A machine has no desktop, so what needs a user fails there; everything else begins.
fn first_step(job: &mut Job, frame: &mut Frame, known: &Known) -> Result<Next, Halt> {
    if job.item.interactive {
        let name = job.item.name.clone();
        // X6.3.0x80090022, K8.3.silent
        let machine = !has_desktop(frame);
        if job.decide(frame, rules::MACHINE_HAS_NO_DESKTOP, &name, machine, Facts::new()) {
            return Ok(Next::fail(HResult::NTE_SILENT_CONTEXT));
        }
    }
    match job.item.task.clone() {
        Task::Request(_) => Ok(Next::ChooseProvider),
        Task::Retrieve(pending) => Ok(submit::retrieve(job, frame, pending)),
        Task::Resume(issued) => deliver::resume(job, frame, &known.held, issued),
    }
}

/// Goes on until the work waits or ends. Each turn leads to a later state or to the next provider, so there is an end.
fn go_on(mut job: Job, frame: &mut Frame, mut next: Result<Next, Halt>) -> Result<Progress, CoreError> {
    loop {
        next = match next {
            Ok(Next::Wait(state)) => {
                job.inspected &= !matches!(state, State::Asks { .. });
                return Ok(Progress::Open(Box::new(Work { job, state })));
            }
            Ok(Next::End(outcome)) => return Ok(Progress::ended(job, outcome, None)),
            Ok(Next::Arrived(item)) => return Ok(Progress::ended(job, Outcome::Postponed, Some(item))),
            Ok(Next::ChooseProvider) => key::choose_provider(&mut job, frame),
            Ok(Next::FindCard(purpose)) => Ok(card::find(&job, frame, purpose)),
            Ok(Next::MakeKey(card)) => key::make(&mut job, frame, card),
            Ok(Next::BeginRequest(key)) => submit::begin(&mut job, frame, key),
            Ok(Next::Sign(unsigned)) => Ok(submit::sign(&job, frame, unsigned)),
            Ok(Next::Inspect(certified)) => Ok(deliver::inspect(&job, frame, certified)),
            Ok(Next::WriteCard(card, certified)) => deliver::write_card(&mut job, frame, card, certified),
            Err(Halt::Broken(error)) => return Err(error),
            // The step that the rule asks for is not taken, so the item cannot go on.
            Err(Halt::Inverted(_)) => return Ok(Progress::ended(job, Outcome::Failed(HResult::NTE_FAIL), None)),
        };
    }
}

impl Progress {
    fn postponed(item: Item, because: Cause) -> Self {
        Self::Ended(Box::new(Ended { item, outcome: Outcome::Postponed, because, asked: None, arrived: None }))
    }

    fn ended(job: Job, outcome: Outcome, arrived: Option<Item>) -> Self {
        Self::Ended(Box::new(Ended { because: job.because, item: job.item, outcome, asked: job.asked, arrived }))
    }
}

/// The wizard is closed, and an effect is done that something comes of: what is still to be noted, or the end.
fn leave(
    mut job: Job,
    frame: &mut Frame,
    known: &Known,
    step: Step,
    because: Cause,
    reported: Reported,
) -> Result<Progress, CoreError> {
    match step_done(&mut job, frame, known, step, reported) {
        Ok(Next::Wait(State::Does { effect, step })) if step.has_to_be_noted() => {
            Ok(Progress::Open(Box::new(Work { job, state: State::Leaves { effect, step, because } })))
        }
        // It has begun already, and nobody waits for it.
        Ok(Next::Wait(state)) => Ok(Progress::postponed(Work { job, state }.stop(frame), because)),
        Err(Halt::Broken(error)) => Err(error),
        // Everything is noted, or there is nothing to note.
        Ok(
            Next::ChooseProvider
            | Next::FindCard(_)
            | Next::MakeKey(_)
            | Next::BeginRequest(_)
            | Next::Sign(_)
            | Next::Inspect(_)
            | Next::WriteCard(..)
            | Next::End(_)
            | Next::Arrived(_),
        )
        | Err(Halt::Inverted(_)) => Ok(Progress::postponed(job.item, because)),
    }
}

/// Takes the result of the effect that was under way.
fn step_done(job: &mut Job, frame: &mut Frame, known: &Known, step: Step, reported: Reported) -> Result<Next, Halt> {
    match step {
        Step::ReadReaders { purpose, after_ok } => {
            card::readers_read(job, frame, purpose, after_ok, reported.readers()?)
        }
        Step::Describe { purpose, card } => card::described(job, frame, purpose, card, reported.card()?),
        Step::ReadDefault { purpose, card } => card::default_read(job, frame, purpose, card, reported.certificate()?),
        Step::Verify { purpose, card, pin } => card::verified(job, frame, purpose, card, pin, reported.verified()?),
        Step::RemoveOrphans { card, leftovers } => key::orphan_removed(job, frame, card, leftovers, reported),
        Step::Generate { card, algorithm, keep_default } => {
            key::generated(job, frame, &known.held, algorithm, keep_default, reported.generated(card.as_ref())?)
        }
        Step::WriteAhead(key) => key::noted(job, frame, key, reported.done()?),
        Step::ReadExchange(key, cas) => submit::exchange_read(job, frame, key, cas, reported.exchange_certificate()?),
        Step::Archive(key, cas) => submit::key_archived(job, frame, key, cas, reported.archived_key()?),
        Step::Sign(card, unsigned) => submit::signed(job, frame, unsigned, reported.signature(card.as_ref())?),
        Step::Submit(submitting) => submit::replied(job, frame, known, submitting, reported.reply()?),
        Step::NotePending => submit::pending_noted(job, frame, reported.done()?),
        Step::Retrieve(pending) => submit::retrieved(job, frame, known, pending, reported.reply()?),
        Step::NoteIssued(certified) => submit::issue_noted(job, frame, certified, reported.done()?),
        Step::Inspect(certified) => deliver::inspected(job, frame, &known.held, certified, reported.checks()?),
        Step::WriteCard(card, certified) => {
            let result = reported.done_by_card(&card)?;
            deliver::card_written(job, frame, card, certified, result)
        }
        Step::SetDefault(card, certified) => deliver::default_set(job, frame, certified, reported.done_by_card(&card)?),
        Step::Install(certified) => deliver::installed(job, frame, &known.held, certified, reported.done()?),
        Step::RemoveReplaced { card, container, certified } => {
            let result = reported.done_by_card(&card)?;
            deliver::replaced_removed(job, frame, &known.held, container, certified, result)
        }
        Step::RemoveEntry(certified) => deliver::entry_removed(job, frame, certified, reported.done()?),
        Step::Retire { certified, now, rest } => deliver::retired(job, frame, certified, now, rest, reported.done()?),
        Step::CleanUp { leftovers, code } => match leftovers.removed(job, frame, reported)? {
            Ok(rest) => Ok(key::clean_up(job, frame, rest, code)),
            Err(card) => card::pin_no_longer_right(job, frame, &card),
        },
    }
}
