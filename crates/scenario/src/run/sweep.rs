//! Repeats a story with a fault at every moment at which it is possible. The ending is another one then; what is judged
//! is that no invariant breaks and everything comes to rest.

use std::collections::VecDeque;

use autoenroll_model::{Choice, CoreFactory, DecisionPoint, Facts, SimTime};
use autoenroll_trace::{Kind, Packed, Trace};
use autoenroll_world::action::UserAnswer;
use autoenroll_world::spec::Quantity;
use autoenroll_world::{
    ActError, Action, CaHost, CardHost, Hosts, Look, LookError, OpenPrompt, SpecErrors, Stepped, World, WorldError,
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
    /// How many moments were tried: at each of them the fault came.
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
            World::new(scenario.spec.clone(), factory, hosts).map(|world| Story::of(scenario, fault, world))
        });
        match story {
            Ok(story) => story.with_fault(end),
            Err(error) => Repetition::without(scenario, error.clone()),
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
            Err(error) => return Repetition::without(scenario, error),
        };
        let mut runner = StepRunner::new(scenario, FaultInjector::new(world, fault, Turn::After(after)));
        let ended = runner.play();
        conclude(scenario, runner, ended, end)
    })
}

/// The story once more, with the fault.
struct Repetition {
    report: RunReport,
    /// Whether the fault came: the story may do the same at that moment, or have ended before.
    struck: bool,
}

impl Repetition {
    /// There is no world to play it in.
    fn without(scenario: &Scenario, error: SpecErrors) -> Self {
        Self { report: RunReport { not_played: 0, ..impossible(scenario, error) }, struck: false }
    }
}

fn plain<F: CoreFactory, C: CardHost, A: CaHost>(
    scenario: &Scenario,
    make: &mut impl FnMut() -> (F, Hosts<C, A>),
    requirements: &dyn Requirements,
) -> RunReport {
    let (factory, hosts) = make();
    run(scenario, factory, hosts, requirements)
}

/// Has every repetition played: with the fault after so many moments, until the story would have ended.
fn repeat(
    scenario: &Scenario,
    fault: Sweep,
    plain: RunReport,
    mut with_fault: impl FnMut(usize, SimTime) -> Repetition,
) -> SweepReport {
    if plain.verdict != Verdict::Passed {
        return SweepReport { plain, moments: 0, broken: Vec::new() };
    }
    let moments = plain.trace.iter().filter(|record| is_moment(fault, record.kind)).count();
    let end = plain.trace.last().map_or(SimTime::START, |record| record.at());
    let mut broken = Vec::new();
    let (limit, mut used, mut tried) = (scenario.spec.budget.records, 0, 0);
    for after in 1..=moments {
        let Repetition { mut report, struck } = with_fault(after, end);
        tried += usize::from(struck);
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
    SweepReport { plain, moments: tried, broken }
}

/// Whether a fault is possible at a record, right after it: a card is pulled at each of its commands, a core ends at
/// the beginning and the end of all that it asks for.
const fn is_moment(fault: Sweep, kind: Kind) -> bool {
    match fault {
        Sweep::CardRemoved => matches!(kind, Kind::Apdu),
        Sweep::CoreCrash | Sweep::PowerLost => matches!(
            kind,
            Kind::Effect
                | Kind::EffectDone
                | Kind::Directory
                | Kind::Card
                | Kind::CardDone
                | Kind::Software
                | Kind::Request
                | Kind::Archived
                | Kind::Deleted
        ),
    }
}

/// The story without a fault, at one of its moments.
struct Story<'a, W> {
    scenario: &'a Scenario,
    runner: StepRunner<'a, FaultInjector<W>>,
    /// How it ended, once it has.
    ended: Option<Result<(), RunError>>,
}

impl<'a, W: Simulator + Clone> Story<'a, W> {
    fn of(scenario: &'a Scenario, fault: Sweep, world: W) -> Self {
        let injector = FaultInjector::new(world, fault, Turn::Each(VecDeque::new()));
        Self { scenario, runner: StepRunner::new(scenario, injector), ended: None }
    }

    /// Goes on to the next moment, and plays the story from there with the fault.
    fn with_fault(&mut self, end: SimTime) -> Repetition {
        // Each pause has one moment at least.
        while self.runner.simulator.next_actions().is_none() && self.ended.is_none() {
            self.ended = match self.runner.go_on() {
                Ok(()) => Some(Ok(())),
                Err(Halt::Error(error)) => Some(Err(error)),
                Err(Halt::Pause) => None,
            };
        }
        let actions = self.runner.simulator.next_actions();
        let mut fork = self.runner.clone();
        let ended = match actions {
            Some(actions) => fork.simulator.strike(actions).map_err(RunError::from).and_then(|()| fork.play()),
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
) -> Repetition {
    let struck = runner.simulator.struck;
    let ended = ended.and_then(|()| runner.close_prompts_and_wait(end));
    let (trace, seen, result) = runner.finish();
    let records = seen.violations();
    let verdict = match ended {
        Err(error) => Verdict::Error(error),
        Ok(()) if records.is_empty() => Verdict::Passed,
        Ok(()) => Verdict::Violated { records, failures: Vec::new() },
    };
    Repetition { report: report(scenario, trace, &seen, verdict, result.not_played), struck }
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
            let ends = if prompt.point == DecisionPoint::CardTouch { Choice::Touch } else { Choice::Close };
            let answer = UserAnswer::Word(ends);
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

/// A world in which the fault comes after some number of moments, before anything else happens.
#[derive(Clone)]
struct FaultInjector<W> {
    world: W,
    fault: Sweep,
    turn: Turn,
    /// How many records were looked at.
    seen: usize,
    /// How many of them are moments.
    moments: usize,
    /// The fault came, and did something.
    struck: bool,
}

/// When the fault comes.
#[derive(Clone)]
enum Turn {
    /// After so many moments.
    After(usize),
    /// In a copy, after each moment; what is done at those that led to no copy yet.
    Each(VecDeque<Vec<Action>>),
    /// It came.
    Past,
}

impl<W: Simulator> FaultInjector<W> {
    const fn new(world: W, fault: Sweep, turn: Turn) -> Self {
        Self { world, fault, turn, seen: 0, moments: 0, struck: false }
    }

    /// Looks for moments among the records that are new, and does what the fault does when its own has come.
    fn look(&mut self) -> Result<(), WorldError> {
        let mut hit = None;
        let trace = self.world.trace();
        for record in trace.since(self.seen).filter(|record| is_moment(self.fault, record.kind)) {
            self.moments += 1;
            match &mut self.turn {
                Turn::After(after) if self.moments == *after => hit = Some(actions(self.fault, trace, &record)),
                Turn::Each(turns) => turns.push_back(actions(self.fault, trace, &record)),
                Turn::After(_) | Turn::Past => {}
            }
        }
        self.seen = trace.len();
        hit.map_or(Ok(()), |actions| self.strike(actions))
    }

    /// Does what the fault does, once.
    fn strike(&mut self, actions: Vec<Action>) -> Result<(), WorldError> {
        self.turn = Turn::Past;
        for action in actions {
            match self.world.act(&action) {
                Ok(()) => self.struck = true,
                Err(ActError::World(error)) => {
                    self.struck = true;
                    return Err(error);
                }
                // The story itself did it at the same moment, or something else that leaves nothing to do.
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// What is done at the first moment that led to no copy yet, when it has come.
    fn next_actions(&self) -> Option<Vec<Action>> {
        match &self.turn {
            Turn::Each(turns) => turns.front().cloned(),
            Turn::After(_) | Turn::Past => None,
        }
    }

    /// A copy was made after that moment.
    fn pass(&mut self) {
        if let Turn::Each(turns) = &mut self.turn {
            turns.pop_front();
        }
    }
}

/// The fault, and how things go on after it: whoever was logged on is so again.
fn actions(fault: Sweep, trace: &Trace, record: &Packed<'_>) -> Vec<Action> {
    let principal = record.actor().to_owned();
    match fault {
        Sweep::CardRemoved => vec![Action::Remove { card: card_of(record).to_owned() }],
        Sweep::CoreCrash => vec![Action::EndCore { principal: principal.clone() }, Action::Pulse { principal }],
        Sweep::PowerLost => {
            let logon = trace.of(Kind::Logon).rev().find(|logon| logon.actor() == principal);
            let computer = logon.as_ref().and_then(|logon| logon.text("computer")).unwrap_or(&principal).to_owned();
            let mut actions =
                vec![Action::Crash { target: computer.clone() }, Action::Boot { computer: computer.clone() }];
            actions.extend(logon.is_some().then_some(Action::Logon { user: principal, computer }));
            actions
        }
    }
}

impl<W: Simulator> Simulator for FaultInjector<W> {
    fn act(&mut self, action: &Action) -> Result<(), ActError> {
        self.world.act(action)?;
        self.look().map_err(ActError::World)
    }
    fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        let stepped = self.world.step(until)?;
        self.look()?;
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
        matches!(&self.turn, Turn::Each(turns) if !turns.is_empty())
    }
}
