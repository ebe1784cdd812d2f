//! Repeats a story with a fault at every moment at which it is possible. The ending is another one then; what is judged
//! is that no invariant breaks and everything comes to rest.

use autoenroll_model::{Choice, CoreFactory, Facts, SimTime};
use autoenroll_trace::{Kind, Record, Trace};
use autoenroll_world::action::UserAnswer;
use autoenroll_world::spec::Quantity;
use autoenroll_world::{
    ActError, Action, CaHost, CardHost, Hosts, Look, LookError, OpenPrompt, Stepped, World, WorldError,
};

use super::{RunError, RunReport, Simulator, Verdict, report, run};
use crate::check::{Requirements, Scenario};
use crate::document::Sweep;
use crate::run::step_runner::StepRunner;

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
    /// At which of the moments the fault came, counted from 1.
    pub after: usize,
    /// That run; its verdict is [`Verdict::Violated`] or [`Verdict::Error`].
    pub report: RunReport,
}

/// Plays a scenario once as it is, and once for every moment at which the fault is possible. All repetitions together
/// have as many records as one scenario; what needs more ends as a scenario that needs more.
#[must_use]
pub fn sweep<F: CoreFactory, C: CardHost, A: CaHost>(
    scenario: &Scenario,
    fault: Sweep,
    mut make: impl FnMut() -> (F, Hosts<C, A>),
    requirements: &dyn Requirements,
) -> SweepReport {
    let (factory, hosts) = make();
    let plain = run(scenario, factory, hosts, requirements);
    if plain.verdict != Verdict::Passed {
        return SweepReport { plain, moments: 0, broken: Vec::new() };
    }
    let moments = plain.trace.records().iter().filter(|record| is_moment(fault, record)).count();
    let end = plain.trace.records().last().map_or(SimTime::START, |record| record.at);
    let mut broken = Vec::new();
    let (limit, mut used) = (scenario.spec.budget.records, 0);
    for after in 1..=moments {
        let (factory, hosts) = make();
        let mut report = with_fault(scenario, factory, hosts, fault, after, end);
        used += u64::try_from(report.trace.records().len()).unwrap_or(u64::MAX);
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

/// Whether a fault is possible at a record, right after it: a card is pulled at each of its commands, a core ends at
/// the beginning and the end of all that it asks for.
const fn is_moment(fault: Sweep, record: &Record) -> bool {
    match fault {
        Sweep::CardRemoved => matches!(record.kind, Kind::Apdu),
        Sweep::CoreCrash | Sweep::PowerLost => matches!(
            record.kind,
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

/// The card that a command went to.
fn card_of(command: &Record) -> &str {
    command.facts.text("card").unwrap_or(&command.actor)
}

fn with_fault<F: CoreFactory, C: CardHost, A: CaHost>(
    scenario: &Scenario,
    factory: F,
    hosts: Hosts<C, A>,
    fault: Sweep,
    after: usize,
    end: SimTime,
) -> RunReport {
    let world = match World::new(scenario.spec.clone(), factory, hosts) {
        Ok(world) => world,
        Err(error) => return report(scenario, Trace::new(), Verdict::Error(RunError::Impossible(error)), 0),
    };
    let mut runner = StepRunner::new(scenario, FaultInjector { world, fault, after, seen: 0, moments: 0 });
    let ended = runner.play().and_then(|()| runner.close_prompts_and_wait(end));
    let (trace, result) = runner.finish();
    let records: Vec<_> =
        trace.records().iter().filter(|record| record.kind == Kind::Violation).map(|record| record.id).collect();
    let verdict = match ended {
        Err(error) => Verdict::Error(error),
        Ok(()) if records.is_empty() => Verdict::Passed,
        Ok(()) => Verdict::Violated { records, failures: Vec::new() },
    };
    report(scenario, trace, verdict, result.not_played)
}

impl<S: Simulator> StepRunner<'_, S> {
    /// After a story went wrong: people close what is open, and time goes by until the story would have ended.
    pub(super) fn close_prompts_and_wait(&mut self, end: SimTime) -> Result<(), RunError> {
        for _ in 0..MOST_PROMPTS {
            self.run_until_quiet()?;
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

/// A world in which the fault comes after some number of moments, before anything else happens.
struct FaultInjector<F: CoreFactory, C: CardHost, A: CaHost> {
    world: World<F, C, A>,
    fault: Sweep,
    after: usize,
    /// How many records were looked at.
    seen: usize,
    /// How many of them are moments.
    moments: usize,
}

impl<F: CoreFactory, C: CardHost, A: CaHost> FaultInjector<F, C, A> {
    /// Does what the fault does, when its moment has come.
    fn strike(&mut self) -> Result<(), WorldError> {
        let mut hit = None;
        let records = self.world.trace().records();
        for record in records.iter().skip(self.seen).filter(|record| is_moment(self.fault, record)) {
            self.moments += 1;
            if self.moments == self.after {
                hit = Some(record.id);
            }
        }
        self.seen = records.len();
        let actions = hit.and_then(|hit| self.world.trace().get(hit)).map(|record| self.actions(record));
        for action in actions.unwrap_or_default() {
            match self.world.act(&action) {
                Err(ActError::World(error)) => return Err(error),
                // The story itself did it at the same moment, or something else that leaves nothing to do.
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// The fault, and how things go on after it: whoever was logged on is so again.
    fn actions(&self, record: &Record) -> Vec<Action> {
        let principal = record.actor.clone();
        match self.fault {
            Sweep::CardRemoved => vec![Action::Remove { card: card_of(record).to_owned() }],
            Sweep::CoreCrash => vec![Action::EndCore { principal: principal.clone() }, Action::Pulse { principal }],
            Sweep::PowerLost => {
                let logon = |logon: &&Record| logon.kind == Kind::Logon && logon.actor == principal;
                let logon = self.world.trace().records().iter().rev().find(logon);
                let computer = logon.and_then(|logon| logon.facts.text("computer")).unwrap_or(&principal).to_owned();
                let mut actions =
                    vec![Action::Crash { target: computer.clone() }, Action::Boot { computer: computer.clone() }];
                actions.extend(logon.is_some().then_some(Action::Logon { user: principal, computer }));
                actions
            }
        }
    }
}

impl<F: CoreFactory, C: CardHost, A: CaHost> Simulator for FaultInjector<F, C, A> {
    fn act(&mut self, action: &Action) -> Result<(), ActError> {
        self.world.act(action)?;
        self.strike().map_err(ActError::World)
    }
    fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        let stepped = self.world.step(until)?;
        self.strike()?;
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
    fn prompts(&self) -> Vec<OpenPrompt> {
        self.world.prompts()
    }
    fn look(&self, what: &Look) -> Result<Facts, LookError> {
        self.world.look(what)
    }
}
