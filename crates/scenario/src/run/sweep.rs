//! Repeats a story with a fault at every moment at which it is possible. The ending is another one then; what is judged
//! is that no invariant breaks and everything comes to rest.

use std::collections::VecDeque;

use autoenroll_model::{Choice, CoreFactory, Facts, SimTime};
use autoenroll_trace::{Kind, Packed, Trace};
use autoenroll_world::action::UserAnswer;
use autoenroll_world::spec::Quantity;
use autoenroll_world::{
    ActError, Action, CaHost, CardHost, Hosts, Look, LookError, OpenPrompt, Stepped, World, WorldError,
};

use super::{RunError, RunReport, Simulator, Verdict, impossible, report, run};
use crate::check::{Requirements, Scenario};
use crate::document::Sweep;
use crate::run::step_runner::{Halt, StepRunner};

/// Rounds in which open prompts are closed after a story went wrong; each closes at least one.
const MOST_PROMPTS: usize = 64;

/// What a sweep found.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepReport {
    /// The story without a fault; when it does not pass, nothing was tried.
    pub plain: RunReport,
    /// How many moments were tried.
    pub moments: usize,
    /// Moments at which an invariant broke or the world did not go on.
    pub broken: Vec<SweepFailure>,
}

/// A moment at which the fault broke something.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepFailure {
    /// The fault came after this many card commands.
    pub after: usize,
    /// That run; its verdict is [`Verdict::Violated`] or [`Verdict::Error`].
    pub report: RunReport,
}

/// Plays a scenario once as it is, and once for every moment at which the fault is possible. All repetitions together
/// have as many records as one scenario; what needs more ends as a scenario that needs more.
///
/// A repetition is a copy of the story as it goes on, made at its moment. What cannot be copied, because it is another
/// process or a real reader, is for [`sweep_replayed`].
#[must_use]
pub fn sweep<F, C, A>(
    scenario: &Scenario,
    fault: Sweep,
    mut make: impl FnMut() -> (F, Hosts<C, A>),
    requirements: &dyn Requirements,
) -> SweepReport
where
    F: CoreFactory<Core: Clone> + Clone,
    C: CardHost + Clone,
    A: CaHost + Clone,
{
    let plain = plain(scenario, &mut make, requirements);
    let mut story = None;
    repeat(scenario, fault, plain, |_, end| {
        let story = story.get_or_insert_with(|| {
            let (factory, hosts) = make();
            World::new(scenario.spec.clone(), factory, hosts).map(|world| Story::of(scenario, world))
        });
        match story {
            Ok(story) => story.with_fault(end),
            Err(error) => RunReport { not_played: 0, ..impossible(scenario, error.clone()) },
        }
    })
}

/// As [`sweep`], for cores and hosts that cannot be copied: each repetition begins anew.
#[must_use]
pub fn sweep_replayed<F: CoreFactory, C: CardHost, A: CaHost>(
    scenario: &Scenario,
    fault: Sweep,
    mut make: impl FnMut() -> (F, Hosts<C, A>),
    requirements: &dyn Requirements,
) -> SweepReport {
    let plain = plain(scenario, &mut make, requirements);
    repeat(scenario, fault, plain, |after, end| {
        let (factory, hosts) = make();
        let world = match World::new(scenario.spec.clone(), factory, hosts) {
            Ok(world) => world,
            Err(error) => return RunReport { not_played: 0, ..impossible(scenario, error) },
        };
        let mut runner = StepRunner::new(scenario, FaultInjector::new(world, Fault::After(after)));
        let ended = runner.play();
        conclude(scenario, runner, ended, end)
    })
}

fn plain<F: CoreFactory, C: CardHost, A: CaHost>(
    scenario: &Scenario,
    make: &mut impl FnMut() -> (F, Hosts<C, A>),
    requirements: &dyn Requirements,
) -> RunReport {
    let (factory, hosts) = make();
    run(scenario, factory, hosts, requirements)
}

/// Has every repetition played: with the fault after so many card commands, until the story would have ended.
fn repeat(
    scenario: &Scenario,
    fault: Sweep,
    plain: RunReport,
    mut with_fault: impl FnMut(usize, SimTime) -> RunReport,
) -> SweepReport {
    if plain.verdict != Verdict::Passed {
        return SweepReport { plain, moments: 0, broken: Vec::new() };
    }
    let moments = match fault {
        Sweep::CardRemoved => plain.trace.of(Kind::Apdu).count(),
    };
    let end = plain.trace.last().map_or(SimTime::START, |record| record.at());
    let mut broken = Vec::new();
    let (limit, mut used) = (scenario.spec.budget.records, 0);
    for after in 1..=moments {
        let mut report = with_fault(after, end);
        used += u64::try_from(report.trace.len()).unwrap_or(u64::MAX);
        let spent = used > limit && after < moments;
        if spent {
            let by = vec![(format!("{after} of {moments} repetitions with {fault}"), used)];
            let at = report.end;
            let error = WorldError::Budget { at, quantity: Quantity::Records, limit, by };
            report.verdict = Verdict::Error(RunError::World(error));
        }
        if report.verdict != Verdict::Passed {
            broken.push(SweepFailure { after, report });
        }
        if spent {
            break;
        }
    }
    SweepReport { plain, moments, broken }
}

/// The story without a fault, at one of its moments.
struct Story<'a, W> {
    scenario: &'a Scenario,
    runner: StepRunner<'a, FaultInjector<W>>,
    /// How it ended, once it has.
    ended: Option<Result<(), RunError>>,
}

impl<'a, W: Simulator + Clone> Story<'a, W> {
    fn of(scenario: &'a Scenario, world: W) -> Self {
        let injector = FaultInjector::new(world, Fault::Each(VecDeque::new()));
        Self { scenario, runner: StepRunner::new(scenario, injector), ended: None }
    }

    /// Goes on to the next moment, and plays the story from there with the fault.
    fn with_fault(&mut self, end: SimTime) -> RunReport {
        // Each command is a moment, and each pause has one at least.
        while self.runner.simulator.next_card().is_none() && self.ended.is_none() {
            self.ended = match self.runner.go_on() {
                Ok(()) => Some(Ok(())),
                Err(Halt::Error(error)) => Some(Err(error)),
                Err(Halt::Pause) => None,
            };
        }
        let card = self.runner.simulator.next_card();
        let mut fork = self.runner.clone();
        let ended = match card {
            Some(card) => fork.simulator.remove(card).map_err(RunError::from).and_then(|()| fork.play()),
            // It went otherwise than the first time, and ended sooner.
            None => self.ended.clone().unwrap_or(Ok(())),
        };
        self.runner.simulator.pass();
        conclude(self.scenario, fork, ended, end)
    }
}

/// What becomes of a repetition whose steps are over.
fn conclude<W: Simulator>(
    scenario: &Scenario,
    mut runner: StepRunner<'_, FaultInjector<W>>,
    ended: Result<(), RunError>,
    end: SimTime,
) -> RunReport {
    let ended = ended.and_then(|()| runner.close_prompts_and_wait(end));
    let (trace, seen, result) = runner.finish();
    let records = seen.violations();
    let verdict = match ended {
        Err(error) => Verdict::Error(error),
        Ok(()) if records.is_empty() => Verdict::Passed,
        Ok(()) => Verdict::Violated { records, failures: Vec::new() },
    };
    report(scenario, trace, &seen, verdict, result.not_played)
}

/// The card that a command went to.
fn card_of<'a>(command: &Packed<'a>) -> &'a str {
    command.text("card").unwrap_or(command.actor())
}

impl<S: Simulator> StepRunner<'_, S> {
    /// After a story went wrong: people close what is open, and time goes by until the story would have ended.
    pub(super) fn close_prompts_and_wait(&mut self, end: SimTime) -> Result<(), RunError> {
        for _ in 0..MOST_PROMPTS {
            while self.simulator.step(self.simulator.now())? == Stepped::Handled {}
            let Some(prompt) = self.simulator.prompts().into_iter().next() else { break };
            let answer = UserAnswer::Word(Choice::Close);
            match self.simulator.act(&Action::Reply { user: prompt.user, point: prompt.point, answer }) {
                Ok(()) => {}
                Err(ActError::World(error)) => return Err(error.into()),
                // A locked desktop, for one: no user is there to close anything.
                Err(_) => break,
            }
        }
        while self.simulator.step(end)? == Stepped::Handled {}
        Ok(())
    }
}

/// A world in which a card is pulled after some number of commands, before anything else happens.
#[derive(Clone)]
struct FaultInjector<W> {
    world: W,
    fault: Fault,
    /// How many records were looked at.
    seen: usize,
    /// How many of them are card commands.
    commands: usize,
}

/// When the card is pulled.
#[derive(Clone)]
enum Fault {
    /// After so many commands.
    After(usize),
    /// In a copy, after each command; the cards of those commands that led to no copy yet.
    Each(VecDeque<String>),
    /// It was.
    Past,
}

impl<W: Simulator> FaultInjector<W> {
    fn new(world: W, fault: Fault) -> Self {
        Self { world, fault, seen: 0, commands: 0 }
    }

    fn pull(&mut self) -> Result<(), WorldError> {
        let mut card = None;
        let trace = self.world.trace();
        for record in trace.since(self.seen).filter(|record| record.kind == Kind::Apdu) {
            self.commands += 1;
            match &mut self.fault {
                Fault::After(after) if self.commands == *after => card = Some(card_of(&record).to_owned()),
                Fault::Each(cards) => cards.push_back(card_of(&record).to_owned()),
                Fault::After(_) | Fault::Past => {}
            }
        }
        self.seen = trace.len();
        card.map_or(Ok(()), |card| self.remove(card))
    }

    /// Pulls a card out, and no other one later.
    fn remove(&mut self, card: String) -> Result<(), WorldError> {
        self.fault = Fault::Past;
        match self.world.act(&Action::Remove { card }) {
            Err(ActError::World(error)) => Err(error),
            // The story itself pulled it at the same moment.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The card of the first command that led to no copy yet, when it has come.
    fn next_card(&self) -> Option<String> {
        match &self.fault {
            Fault::Each(cards) => cards.front().cloned(),
            Fault::After(_) | Fault::Past => None,
        }
    }

    /// A copy was made after that command.
    fn pass(&mut self) {
        if let Fault::Each(cards) = &mut self.fault {
            cards.pop_front();
        }
    }
}

impl<W: Simulator> Simulator for FaultInjector<W> {
    fn act(&mut self, action: &Action) -> Result<(), ActError> {
        self.world.act(action)?;
        self.pull().map_err(ActError::World)
    }
    fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        let stepped = self.world.step(until)?;
        self.pull()?;
        Ok(stepped)
    }
    fn next_at(&self) -> Option<SimTime> {
        self.world.next_at()
    }
    fn now(&self) -> SimTime {
        self.world.now()
    }
    fn advance(&mut self, to: SimTime) {
        self.world.advance(to);
    }
    fn trace(&self) -> &Trace {
        self.world.trace()
    }
    fn forget_before(&mut self, index: usize) {
        self.world.forget_before(index);
    }
    fn prompts(&self) -> Vec<OpenPrompt> {
        self.world.prompts()
    }
    fn look(&self, what: &Look) -> Result<Facts, LookError> {
        self.world.look(what)
    }
    fn pauses(&self) -> bool {
        matches!(&self.fault, Fault::Each(cards) if !cards.is_empty())
    }
}
