//! Runs scenarios against mutants, many at once.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use autoenroll_core::InProcess as Cores;
use autoenroll_scenario::{Failure, Requirement, Requirements, RunReport, Scenario, Verdict, run};
use autoenroll_world::{Hosts, InProcessCards, InProcessCas, Invariant};

use crate::report::{Fate, How, MutantReport, MutantRow};
use crate::{Mutant, SabotagedCards, SabotagedFactory};

/// A scenario under its name.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its name, with the variant in brackets where there are several.
    pub name: String,
    /// The scenario.
    pub scenario: Scenario,
}

/// How a hunt is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hunt {
    /// How many mutants are run at once.
    pub jobs: NonZeroUsize,
    /// Real time for one run; one that takes longer counts as one that does not come to rest.
    pub limit: Duration,
}

/// As many jobs as there are processors, and a minute for a run that takes milliseconds when nothing is wrong.
impl Default for Hunt {
    fn default() -> Self {
        let jobs = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { jobs, limit: Duration::from_secs(60) }
    }
}

/// How far a hunt has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Mutants whose fate is known.
    pub done: usize,
    /// All mutants.
    pub all: usize,
    /// The latest of them.
    pub row: &'a MutantRow,
}

/// Runs each mutant against the scenarios that have to notice it, in the order of their names, until one does: a
/// planted bug against the scenario that it names, an inverted rule against those whose `covers` names it or what it is
/// a part of.
///
/// Only steps, strictness and invariants count. That a rule which is covered must have decided does not.
pub fn run_mutants(
    stories: &[Story],
    mutants: &[Mutant],
    hunt: Hunt,
    mut progress: impl FnMut(Progress<'_>),
) -> MutantReport {
    let stories: Vec<Arc<Story>> = stories.iter().cloned().map(Arc::new).collect();
    let chosen: Vec<Vec<Arc<Story>>> = mutants.iter().map(|mutant| concerned(mutant, &stories)).collect();
    let broken = Baseline::default();
    let mut rows: BTreeMap<usize, MutantRow> = BTreeMap::new();
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..hunt.jobs.get().min(mutants.len()) {
            let (send, next, broken, chosen) = (send.clone(), &next, &broken, &chosen);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(mutant), Some(stories)) = (mutants.get(at), chosen.get(at)) else { return };
                    if send.send((at, fate(mutant, stories, broken, hunt.limit))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        for (at, row) in receive {
            progress(Progress { done: rows.len() + 1, all: mutants.len(), row: &row });
            rows.insert(at, row);
        }
    });
    let broken = broken.into_failing();
    MutantReport { rows: rows.into_values().collect(), broken }
}

/// The scenarios that have to notice a mutant, by name.
fn concerned(mutant: &Mutant, stories: &[Arc<Story>]) -> Vec<Arc<Story>> {
    let concerns = |story: &&Arc<Story>| match mutant {
        Mutant::Planted(bug) => {
            let name = bug.scenario();
            story.name == name || story.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
        }
        Mutant::Flipped(rule) => {
            let covers = &story.scenario.document.about.covers;
            covers.iter().any(|covered| NothingDecides.is_shown_by(&covered.value, rule.as_str()))
        }
    };
    let mut concerned: Vec<Arc<Story>> = stories.iter().filter(concerns).cloned().collect();
    concerned.sort_by(|one, other| one.name.cmp(&other.name));
    concerned
}

fn fate(mutant: &Mutant, stories: &[Arc<Story>], baseline: &Baseline, limit: Duration) -> MutantRow {
    let sound: Vec<&Arc<Story>> = stories.iter().filter(|story| baseline.is_sound(story, limit)).collect();
    let began = Instant::now();
    let caught = sound.iter().find_map(|story| {
        let how = bounded(story, Some(mutant), limit)?;
        Some(Fate::Caught { scenario: story.name.clone(), how })
    });
    let fate = match caught {
        Some(caught) => caught,
        None if sound.is_empty() => Fate::NoScenario,
        None => Fate::Survived { scenarios: sound.iter().map(|story| story.name.clone()).collect() },
    };
    MutantRow { mutant: mutant.clone(), fate, time: began.elapsed() }
}

/// What scenarios come to without any mutant, as far as it was asked for.
#[derive(Default)]
struct Baseline(Mutex<BTreeMap<String, Option<How>>>);

impl Baseline {
    fn is_sound(&self, story: &Arc<Story>, limit: Duration) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = known.get(&story.name) {
            return failure.is_none();
        }
        drop(known);
        // Two threads may find out the same thing at once; they find out the same.
        let failure = bounded(story, None, limit);
        known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(story.name.clone()).or_insert(failure).is_none()
    }

    fn into_failing(self) -> Vec<(String, How)> {
        let known = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        known.into_iter().filter_map(|(name, failure)| Some((name, failure?))).collect()
    }
}

/// What fails when a scenario is run with a mutant; `None` when nothing does. A run that does not end in time, or
/// breaks the bench, does not come to rest.
fn bounded(story: &Arc<Story>, mutant: Option<&Mutant>, limit: Duration) -> Option<How> {
    let restless = |what: String| Some(How::Invariant { invariant: Invariant::Quiescence.to_string(), what });
    let (send, receive) = mpsc::channel();
    let (owned, mutant) = (Arc::clone(story), mutant.cloned());
    // Not scoped: a run that never ends is left behind and ends with the process.
    let thread = thread::Builder::new().name(story.name.clone()).spawn(move || {
        let (verdict, report) = play(&owned.scenario, mutant.as_ref());
        // The receiver is gone when the time is up.
        let _late = send.send(how(&owned.scenario, &verdict, &report));
    });
    let thread = match thread {
        Ok(thread) => thread,
        Err(error) => return restless(format!("no thread to run it in: {error}")),
    };
    match receive.recv_timeout(limit) {
        Ok(how) => how,
        Err(RecvTimeoutError::Timeout) => restless(format!("the run does not end within {} s", limit.as_secs())),
        Err(RecvTimeoutError::Disconnected) => {
            let panic = thread.join().err();
            let text = panic.as_ref().and_then(|panic| {
                panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied())
            });
            restless(format!("the bench panicked: {}", text.unwrap_or("without a message")))
        }
    }
}

fn play(scenario: &Scenario, mutant: Option<&Mutant>) -> (Verdict, RunReport) {
    let (bug, rule) = match mutant {
        None => (None, None),
        Some(Mutant::Planted(bug)) => (Some(*bug), None),
        Some(Mutant::Flipped(rule)) => (None, Some(rule.clone())),
    };
    let mut scenario = scenario.clone();
    scenario.spec.flip.clone_from(&rule);
    let cores = rule.map_or_else(Cores::new, Cores::flipping);
    let cards = SabotagedCards::new(InProcessCards::default(), bug);
    let hosts = Hosts { cards, cas: InProcessCas::default() };
    let report = run(&scenario, SabotagedFactory::new(cores, bug), hosts, &NothingDecides);
    (report.verdict.clone(), report)
}

/// The first thing that failed; an invariant goes before a step, because it says what is wrong rather than what is
/// missing.
fn how(scenario: &Scenario, verdict: &Verdict, report: &RunReport) -> Option<How> {
    match verdict {
        Verdict::Passed => None,
        Verdict::Failed(failures) => failures.first().map(|failure| of_failure(scenario, failure, report)),
        Verdict::Violated { records, .. } => {
            let record = records.first().and_then(|id| report.trace.get(*id))?;
            let fact = |name| record.text(name).unwrap_or_default().to_owned();
            Some(How::Invariant { invariant: fact("invariant"), what: fact("reason") })
        }
        Verdict::Error(error) => {
            Some(How::Invariant { invariant: Invariant::Quiescence.to_string(), what: error.to_string() })
        }
    }
}

fn of_failure(scenario: &Scenario, failure: &Failure, report: &RunReport) -> How {
    let what = failure.to_diagnostic(report).message;
    match failure.step.and_then(|at| Some((at, scenario.steps.get(at)?))) {
        Some((at, step)) => How::Step { step: at + 1, verb: step.verb.value.to_owned(), what },
        None => How::Strictness { what },
    }
}

/// No rule has to have decided: an inverted rule often keeps later ones from deciding, and that shows nothing.
struct NothingDecides;

impl Requirements for NothingDecides {
    fn find(&self, _id: &str) -> Requirement {
        Requirement::Described
    }
}
