//! Plays a scenario and says whether everything came as it should.

mod failure;
mod matching;
mod report;
mod seen;
mod simulator;
mod step_runner;
mod sweep;
pub(crate) mod unnamed;

use autoenroll_model::{CoreFactory, FileTime, SimTime};
use autoenroll_trace::{Record, RecordId, Trace, to_json_line};
use autoenroll_world::{CaHost, CardHost, Hosts, SpecErrors, World, WorldError};

pub use failure::{Difference, Failure, FailureKind, Mismatch, NearMatch};
pub use simulator::Simulator;
pub use sweep::{SweepFailure, SweepReport, sweep, sweep_replayed};

use crate::check::{Requirement, Requirements, Scenario};
use crate::clock::WallClock;
use crate::document::Step;
use crate::source::Span;
use seen::Seen;
pub(crate) use step_runner::StepExit;
use step_runner::StepRunner;

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// The verdict.
    pub verdict: Verdict,
    /// What the wall clock shows at the start.
    pub start: FileTime,
    /// Everything that happened; only the last of it when the run was told to forget ([`RunReport::is_whole`]).
    pub trace: Trace,
    /// What the clock shows when the story is over. It may be later than the last record.
    pub end: SimTime,
    /// When something would happen next, if the story went on; `None` when nothing would.
    pub next: Option<SimTime>,
    /// The requirements that decided something in this run, each once, in order.
    pub decided: Vec<String>,
    /// How many steps were not played, because an earlier one made it pointless.
    pub not_played: usize,
    /// For each step the record it matched, when it did.
    pub matched: Vec<Option<RecordId>>,
    /// For each step that was played where it left the story: what finds the place of a step that is missing.
    pub(crate) exits: Vec<Option<StepExit>>,
    /// The records of the prompts that are open at the end.
    pub(crate) open: Vec<RecordId>,
    /// The wall clock of the story.
    pub(crate) wall: WallClock,
    /// The steps that were to be played.
    pub(crate) steps: Vec<Step>,
    /// What could not be done when the story could not be played to its end: a step, or a change that was due.
    pub(crate) stopped: Span,
    /// Facts and their present values where an expectation differs; what `--bless` writes.
    pub(crate) differences: Vec<(usize, Vec<Difference>)>,
}

/// The verdict of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Everything came exactly when and as it should, and nothing else that matters.
    Passed,
    /// The story went otherwise.
    Failed(Vec<Failure>),
    /// Something happened that must not happen in any story.
    Violated {
        /// The records that say so.
        records: Vec<RecordId>,
        /// How the story went otherwise.
        failures: Vec<Failure>,
    },
    /// The story could not be played to its end.
    Error(RunError),
}

/// Why a story could not be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// The world cannot be built. Not of a scenario that was checked: checking builds the same world.
    Impossible(SpecErrors),
    /// The world cannot go on.
    World(WorldError),
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Impossible(errors) => errors.fmt(f),
            Self::World(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RunError {}

impl From<WorldError> for RunError {
    fn from(error: WorldError) -> Self {
        Self::World(error)
    }
}

/// Plays a scenario against cores that `factory` starts and cards and CAs that `hosts` keep.
#[must_use]
pub fn run<F: CoreFactory, C: CardHost, A: CaHost>(
    scenario: &Scenario,
    factory: F,
    hosts: Hosts<C, A>,
    requirements: &dyn Requirements,
) -> RunReport {
    match World::new(scenario.spec.clone(), factory, hosts) {
        Ok(world) => run_on(scenario, world, requirements),
        Err(error) => impossible(scenario, error),
    }
}

/// Plays a scenario whose trace nobody is going to look at when it passes. The trace keeps no more than the run needs
/// ([`Trace::forget_before`]), with the digest of all of it. What does not pass and has forgotten records is played
/// again with a whole trace, from which its report is rendered.
#[must_use]
pub fn run_for_verdict<F: CoreFactory, C: CardHost, A: CaHost>(
    scenario: &Scenario,
    mut make: impl FnMut() -> (F, Hosts<C, A>),
    requirements: &dyn Requirements,
) -> RunReport {
    let (factory, hosts) = make();
    let report = match World::new(scenario.spec.clone(), factory, hosts) {
        Ok(world) => play(scenario, StepRunner::forgetting(scenario, world), requirements),
        Err(error) => impossible(scenario, error),
    };
    if report.verdict == Verdict::Passed || report.is_whole() {
        return report;
    }
    let (factory, hosts) = make();
    let whole = run(scenario, factory, hosts, requirements);
    // What fails only where records are forgotten fails all the same, and says so with the records that it has.
    if whole.verdict == Verdict::Passed { report } else { whole }
}

fn impossible(scenario: &Scenario, error: SpecErrors) -> RunReport {
    let (seen, verdict) = (Seen::new(scenario.spec.start), Verdict::Error(RunError::Impossible(error)));
    report(scenario, Trace::new(), &seen, verdict, scenario.steps.len())
}

/// Plays a scenario on a stage that is built already.
#[must_use]
pub fn run_on<S: Simulator>(scenario: &Scenario, simulator: S, requirements: &dyn Requirements) -> RunReport {
    play(scenario, StepRunner::new(scenario, simulator), requirements)
}

fn play<S: Simulator>(
    scenario: &Scenario,
    mut runner: StepRunner<'_, S>,
    requirements: &dyn Requirements,
) -> RunReport {
    let ended = runner.play();
    let (trace, seen, result) = runner.finish();
    let mut failures = result.failures;
    let mut report = report(scenario, trace, &seen, Verdict::Passed, result.not_played);
    report.end = result.end;
    report.next = result.next;
    report.matched = result.matched;
    report.exits = result.exits;
    report.open = result.open;
    report.differences = result.differences;
    report.stopped = scenario.steps.get(result.playing).map(Step::line).unwrap_or_default();
    if let Err(error) = ended {
        if let RunError::World(WorldError::Change { number: Some(number), .. }) = error {
            report.stopped = scenario.changes.get(number).copied().unwrap_or(report.stopped);
        }
        report.verdict = Verdict::Error(error);
        return report;
    }
    if result.not_played == 0 {
        failures.extend(not_covered(scenario, &report, requirements));
    }
    let records = seen.violations();
    report.verdict = match (records.is_empty(), failures.is_empty()) {
        (true, true) => Verdict::Passed,
        (true, false) => Verdict::Failed(failures),
        (false, _) => Verdict::Violated { records, failures },
    };
    unnamed::advise(scenario, &mut report);
    report
}

fn report(scenario: &Scenario, trace: Trace, seen: &Seen, verdict: Verdict, not_played: usize) -> RunReport {
    let (matched, exits) = (vec![None; scenario.steps.len()], vec![None; scenario.steps.len()]);
    let (end, next, open, differences) = (SimTime::START, None, Vec::new(), Vec::new());
    RunReport {
        verdict,
        start: scenario.spec.start,
        end,
        next,
        trace,
        decided: seen.decided(),
        wall: seen.wall.clone(),
        not_played,
        matched,
        exits,
        open,
        steps: scenario.steps.clone(),
        stopped: Span::default(),
        differences,
    }
}

/// A rule that the scenario claims to cover must have decided something.
fn not_covered(scenario: &Scenario, report: &RunReport, requirements: &dyn Requirements) -> Vec<Failure> {
    let end = report.trace.last().map_or(SimTime::START, |record| record.at());
    let covers = scenario.document.about.covers.iter();
    let decided = |id: &str| report.decided.iter().any(|rule| requirements.is_shown_by(id, rule));
    let missing = covers.filter(|id| requirements.find(&id.value) == Requirement::Decides && !decided(&id.value));
    let failure = |id: &crate::Spanned<String>| Failure {
        step: None,
        span: id.span,
        at: end,
        help: None,
        kind: FailureKind::NotCovered { id: id.value.clone(), variant: scenario.variant.clone() },
    };
    missing.map(failure).collect()
}

/// Two runs of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct RepeatedRun {
    /// The first run.
    pub report: RunReport,
    /// Where the second run differs first; `None` when it is the same, byte for byte.
    pub difference: Option<FirstDifference>,
}

/// The first record in which two runs of one scenario differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstDifference {
    /// Its index.
    pub index: usize,
    /// Its canonical line in the first run; `None` when that run was over.
    pub first: Option<String>,
    /// Its canonical line in the second run.
    pub second: Option<String>,
}

/// Plays a scenario twice and compares the traces byte for byte.
#[must_use]
pub fn run_twice<F: CoreFactory, C: CardHost, A: CaHost>(
    scenario: &Scenario,
    mut make: impl FnMut() -> (F, Hosts<C, A>),
    requirements: &dyn Requirements,
) -> RepeatedRun {
    let mut once = || {
        let (factory, hosts) = make();
        run(scenario, factory, hosts, requirements)
    };
    let (report, second) = (once(), once());
    let difference = first_difference(&report.trace, &second.trace);
    RepeatedRun { report, difference }
}

/// Where two traces differ first.
#[must_use]
pub fn first_difference(first: &Trace, second: &Trace) -> Option<FirstDifference> {
    let record = |trace: &Trace, index: usize| trace.since(index).next().map(|record| record.unpack());
    let line = |record: &Option<Record>| record.as_ref().map(to_json_line);
    (0..first.len().max(second.len())).find_map(|index| {
        let (one, other) = (record(first, index), record(second, index));
        (one != other).then(|| FirstDifference { index, first: line(&one), second: line(&other) })
    })
}
