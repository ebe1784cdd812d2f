//! Plays stories against a core, and says how they ended.

use autoenroll_core::InProcess as OwnCore;
use autoenroll_foreign::{Command, ForeignFactory};
#[cfg(feature = "planted-bugs")]
use autoenroll_model::Rule;
use autoenroll_model::{CoreFactory, SimTime};
use autoenroll_scenario::Verdict as RunVerdict;
use autoenroll_scenario::{
    FirstDifference, Requirement, Requirements, RunError, RunReport, first_difference, run, run_for_verdict, sweep,
    sweep_replayed,
};
use autoenroll_trace::{Trace, TraceDigest};
use autoenroll_world::{Hosts, WorldError};

use crate::arguments::How;
use crate::catalogue::Catalogue;
#[cfg(feature = "serve")]
use crate::over_https;
use crate::snapshots::compared::Compared;
use crate::suite::Story;
use crate::{Exit, Failure, hint, prose};

/// Plays stories, all under the same circumstances. Shared by threads.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    core: CoreKind,
    catalogue: &'static Catalogue,
    /// The rule that is inverted, in the world and its CAs as well as in the core.
    #[cfg(feature = "planted-bugs")]
    flip: Option<Rule>,
    timelines: bool,
    colour: bool,
    /// The PC/SC stack that cards are behind, when they are not in this process.
    #[cfg(feature = "pcsc")]
    stack: Option<std::sync::Arc<autoenroll_host::pcsc::Stack>>,
    /// The server that CAs are behind, when they are not in this process.
    #[cfg(feature = "serve")]
    cas: Option<std::sync::Arc<autoenroll_net::CaServer>>,
}

/// Which cores are driven.
#[derive(Clone, Debug)]
enum CoreKind {
    /// The own core.
    Own(OwnCore),
    /// A program.
    Foreign(ForeignFactory),
}

/// How much of a trace is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    /// All of it.
    Whole,
    /// All of it where the story does not pass, and otherwise only the end.
    WhatTellsWhy,
}

/// The catalogue for cores of others: what they decide they need not tell, so `covers` demands no decisions.
struct Undemanding<'a>(&'a Catalogue);

impl Requirements for Undemanding<'_> {
    fn find(&self, id: &str) -> Requirement {
        match self.0.find(id) {
            Requirement::Decides | Requirement::Described => Requirement::Described,
            Requirement::Unknown => Requirement::Unknown,
        }
    }
}

/// How a story ended.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) profile: String,
    pub(crate) verdict: Verdict,
    /// Of the whole trace.
    pub(crate) digest: TraceDigest,
    /// How many records the trace has.
    pub(crate) records: usize,
    /// What the clock shows at the end.
    pub(crate) end: SimTime,
    /// The timeline, where it is to be shown.
    pub(crate) timeline: Option<String>,
    /// How it differs from its file, in the form of `check --format json`.
    pub(crate) problems: Vec<serde_json::Value>,
    /// What came of its snapshot, where there are snapshots.
    pub(crate) snapshot: Option<Compared>,
    /// For each certificate that was not got, until when it could have been had; `None` where that was not asked.
    pub(crate) could_have: Option<Vec<String>>,
}

/// Whether everything came as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did.
    Passed,
    /// It did not, and why.
    Failed(String),
    /// It did not, as is known, and why.
    Known(String),
    /// The bench failed, and how.
    Bench(String),
}

impl Verdict {
    /// It in words.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Known(_) => "known to fail",
            Self::Bench(_) => "not decided because the bench failed",
        }
    }

    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Passed | Self::Known(_) => Exit::Ok,
            Self::Failed(_) => Exit::Failed,
            Self::Bench(_) => Exit::Bench,
        }
    }
}

impl Runner {
    /// A runner for these circumstances.
    ///
    /// # Errors
    /// When a rule is to be inverted that does not exist.
    pub(crate) fn new(how: &How, timelines: bool, colour: bool) -> Result<Self, Failure> {
        #[cfg(feature = "planted-bugs")]
        if let Some(rule) = &how.flip {
            let flipping = Self::flipping(Rule::named(rule));
            return match flipping.catalogue.find(rule) {
                Requirement::Decides => Ok(Self { timelines, colour, ..flipping }),
                Requirement::Described | Requirement::Unknown => Err(Failure::Usage(format!(
                    "nothing is decided by a rule `{rule}`; `autoenroll mutants` lists the rules"
                ))),
            };
        }
        let runner = Self { timelines, colour, ..Self::driving(how.core.as_ref()) };
        #[cfg(feature = "pcsc")]
        let runner = Self { stack: crate::card::stack(how)?, ..runner };
        #[cfg(feature = "serve")]
        let runner = Self { cas: over_https::server(how)?, ..runner };
        Ok(runner)
    }

    /// A runner with that program as its core, or with the own one.
    pub(crate) fn driving(core: Option<&Command>) -> Self {
        let core = match core {
            Some(command) => CoreKind::Foreign(ForeignFactory::new(command.clone())),
            None => CoreKind::Own(OwnCore::new()),
        };
        Self { core, ..Self::plain() }
    }

    /// A runner with the own core, for verdicts only.
    pub(crate) fn plain() -> Self {
        Self {
            core: CoreKind::Own(OwnCore::new()),
            catalogue: Catalogue::embedded(),
            #[cfg(feature = "planted-bugs")]
            flip: None,
            timelines: false,
            colour: false,
            #[cfg(feature = "pcsc")]
            stack: None,
            #[cfg(feature = "serve")]
            cas: None,
        }
    }

    /// A runner in whose stories one rule is inverted.
    #[cfg(feature = "planted-bugs")]
    pub(crate) fn flipping(rule: Rule) -> Self {
        Self { core: CoreKind::Own(OwnCore::flipping(rule.clone())), flip: Some(rule), ..Self::plain() }
    }

    /// Plays a story twice, and keeps the first trace. Different traces are a failure, even where both would pass.
    pub(crate) fn play_twice(&self, story: &Story) -> (Played, Trace) {
        let (first, one) = self.play_for_trace(story);
        let (_, other) = self.play_for_trace(story);
        match first_difference(&one, &other) {
            Some(difference) => (Played { verdict: Verdict::Failed(describe(&difference)), ..first }, one),
            None => (first, one),
        }
    }

    /// Plays a story for how it ends; its trace is kept as far as it is to be shown.
    pub(crate) fn play(&self, story: &Story) -> Played {
        self.played(story, if self.timelines { Keep::Whole } else { Keep::WhatTellsWhy }).0
    }

    /// Plays a story, and keeps the trace.
    pub(crate) fn play_for_trace(&self, story: &Story) -> (Played, Trace) {
        let (played, report) = self.play_for_report(story);
        (played, report.trace)
    }

    /// Plays a story, and keeps everything that is known about the run.
    pub(crate) fn play_for_report(&self, story: &Story) -> (Played, RunReport) {
        self.played(story, Keep::Whole)
    }

    fn played(&self, story: &Story, keep: Keep) -> (Played, RunReport) {
        let (report, instead) = self.report_and_verdict(story, keep);
        let played = Played {
            name: story.name.clone(),
            title: story.title.clone(),
            profile: story.profile.clone(),
            verdict: match (instead, self.verdict(story, &report)) {
                (Some(instead), _) => instead,
                (None, Verdict::Passed) => self.swept(story).map_or(Verdict::Passed, Verdict::Failed),
                (None, verdict) => verdict,
            },
            digest: report.trace.digest(),
            records: report.trace.len(),
            end: report.end,
            timeline: self.timelines.then(|| prose::tell(&report.trace, &report.wall(), &[])),
            problems: report.diagnostics().to_json(&story.scenario.files),
            snapshot: None,
            could_have: None,
        };
        (played, report)
    }

    /// What is known about a run of a story.
    pub(crate) fn report(&self, story: &Story) -> RunReport {
        self.report_and_verdict(story, Keep::Whole).0
    }

    /// The moments at which the fault of the story's sweep breaks an invariant, or that it has no moment; nothing when
    /// it sets no sweep, or nothing breaks.
    fn swept(&self, story: &Story) -> Option<String> {
        let fault = story.scenario.document.sweep.as_ref()?.value;
        let swept = match &self.core {
            CoreKind::Own(factory) => {
                sweep(&story.scenario, fault, || (factory.clone(), Hosts::in_process()), self.catalogue)
            }
            CoreKind::Foreign(factory) => {
                let requirements = Undemanding(self.catalogue);
                sweep_replayed(&story.scenario, fault, || (factory.clone(), Hosts::in_process()), &requirements)
            }
        };
        if swept.moments == 0 {
            return Some(format!("`sweep = \"{fault}\"` tries nothing: {}\n", fault.without_moments()));
        }
        let first = swept.broken.first()?;
        let how = first.report.render(&story.scenario.files, self.colour);
        let (broken, moments) = (swept.broken.len(), swept.moments);
        Some(format!("{fault} breaks {broken} of {moments} moments, the first is number {}:\n{how}", first.after))
    }

    /// The report, and a verdict that counts in place of its own: about the machine rather than the story.
    fn report_and_verdict(&self, story: &Story, keep: Keep) -> (RunReport, Option<Verdict>) {
        match &self.core {
            CoreKind::Own(factory) => self.run(story, factory, keep, self.catalogue),
            // Another program may need its time, and is not asked twice.
            CoreKind::Foreign(factory) => self.run(story, factory, Keep::Whole, &Undemanding(self.catalogue)),
        }
    }

    fn run<F: CoreFactory + Clone>(
        &self,
        story: &Story,
        factory: &F,
        keep: Keep,
        requirements: &dyn Requirements,
    ) -> (RunReport, Option<Verdict>) {
        #[cfg(feature = "planted-bugs")]
        if self.flip.is_some() {
            let mut scenario = story.scenario.clone();
            scenario.spec.flip.clone_from(&self.flip);
            return (run(&scenario, factory.clone(), Hosts::in_process(), requirements), None);
        }
        #[cfg(feature = "pcsc")]
        if let Some(stack) = &self.stack {
            let cards = autoenroll_host::pcsc::PcscCards::new(stack.clone());
            let ledger = cards.ledger();
            let hosts = Hosts { cards, cas: Hosts::in_process().cas };
            let report = run(&story.scenario, factory.clone(), hosts, requirements);
            let fault = ledger.faults().first().map(|fault| format!("the PC/SC stack failed: {fault}"));
            return (report, fault.map(Verdict::Bench));
        }
        #[cfg(feature = "serve")]
        if let Some(server) = &self.cas {
            let (report, instead) = over_https::play(&story.scenario, factory, server, requirements);
            let verdict = instead.map(|instead| match instead {
                over_https::Instead::Uncarried(what) => Verdict::Known(format!("not over HTTPS: {what}")),
                over_https::Instead::Bench(how) => Verdict::Bench(how),
            });
            return (report, verdict);
        }
        let make = || (factory.clone(), Hosts::in_process());
        let report = match keep {
            Keep::Whole => run(&story.scenario, factory.clone(), Hosts::in_process(), requirements),
            Keep::WhatTellsWhy => run_for_verdict(&story.scenario, make, requirements),
        };
        (report, None)
    }

    fn verdict(&self, story: &Story, report: &RunReport) -> Verdict {
        let text = || report.render(&story.scenario.files, self.colour) + &hint::of(story, report);
        match &report.verdict {
            RunVerdict::Passed => Verdict::Passed,
            RunVerdict::Failed(_) | RunVerdict::Violated { .. } => Verdict::Failed(text()),
            RunVerdict::Error(RunError::World(WorldError::Core { .. })) => Verdict::Bench(text()),
            RunVerdict::Error(_) => Verdict::Failed(text()),
        }
    }
}

impl Played {
    /// What a story comes to when the program itself breaks while it is played.
    pub(crate) fn panicked(story: &Story, message: &str) -> Self {
        Self {
            name: story.name.clone(),
            title: story.title.clone(),
            profile: story.profile.clone(),
            verdict: Verdict::Bench(format!("the bench panicked: {message}; please report this")),
            digest: Trace::new().digest(),
            records: 0,
            end: SimTime::START,
            timeline: None,
            problems: Vec::new(),
            snapshot: None,
            could_have: None,
        }
    }
}

/// The first record in which two runs differ.
fn describe(difference: &FirstDifference) -> String {
    let line = |line: &Option<String>| line.clone().unwrap_or_else(|| "nothing: the run was over".to_owned());
    let FirstDifference { index, first, second } = difference;
    format!("two runs differ at record {index}:\n  first:  {}\n  second: {}", line(first), line(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_shown() {
        let difference = FirstDifference { index: 7, first: Some("{}".to_owned()), second: None };
        assert_eq!(
            describe(&difference),
            "two runs differ at record 7:\n  first:  {}\n  second: nothing: the run was over"
        );
    }
}
