//! Repeats a story with a fault at every moment at which it is possible. The ending is another one then; what is judged
//! is that no invariant breaks and everything comes to rest.

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
    /// The fault came after this many card commands.
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
    let moments = match fault {
        Sweep::CardRemoved => plain.trace.of(Kind::Apdu).count(),
    };
    let end = plain.trace.last().map_or(SimTime::START, |record| record.at());
    let mut broken = Vec::new();
    let (limit, mut used) = (scenario.spec.budget.records, 0);
    for after in 1..=moments {
        let (factory, hosts) = make();
        let mut report = with_fault(scenario, factory, hosts, after, end);
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

/// The card that a command went to.
fn card_of<'a>(command: &Packed<'a>) -> &'a str {
    command.text("card").unwrap_or(command.actor())
}

fn with_fault<F: CoreFactory, C: CardHost, A: CaHost>(
    scenario: &Scenario,
    factory: F,
    hosts: Hosts<C, A>,
    after: usize,
    end: SimTime,
) -> RunReport {
    let world = match World::new(scenario.spec.clone(), factory, hosts) {
        Ok(world) => world,
        Err(error) => return RunReport { not_played: 0, ..impossible(scenario, error) },
    };
    let mut runner = StepRunner::new(scenario, FaultInjector { world, after, seen: 0, commands: 0 });
    let ended = runner.play().and_then(|()| runner.close_prompts_and_wait(end));
    let (trace, seen, result) = runner.finish();
    let records = seen.violations();
    let verdict = match ended {
        Err(error) => Verdict::Error(error),
        Ok(()) if records.is_empty() => Verdict::Passed,
        Ok(()) => Verdict::Violated { records, failures: Vec::new() },
    };
    report(scenario, trace, &seen, verdict, result.not_played)
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

/// A world in which a card is pulled after some number of commands, before anything else happens.
struct FaultInjector<F: CoreFactory, C: CardHost, A: CaHost> {
    world: World<F, C, A>,
    after: usize,
    /// How many records were looked at.
    seen: usize,
    /// How many of them are card commands.
    commands: usize,
}

impl<F: CoreFactory, C: CardHost, A: CaHost> FaultInjector<F, C, A> {
    fn pull(&mut self) -> Result<(), WorldError> {
        let mut card = None;
        let trace = self.world.trace();
        for record in trace.since(self.seen).filter(|record| record.kind == Kind::Apdu) {
            self.commands += 1;
            if self.commands == self.after {
                card = Some(card_of(&record).to_owned());
            }
        }
        self.seen = trace.len();
        let Some(card) = card else { return Ok(()) };
        match self.world.act(&Action::Remove { card }) {
            Err(ActError::World(error)) => Err(error),
            // The story itself pulled it at the same moment.
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl<F: CoreFactory, C: CardHost, A: CaHost> Simulator for FaultInjector<F, C, A> {
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
}
