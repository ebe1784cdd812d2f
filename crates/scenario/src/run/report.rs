//! A report for people: what went otherwise, under the words of the file, and the story around it.

use autoenroll_model::SimTime;
use autoenroll_trace::{Detail, RecordId, TimelineOptions, Trace, render_dated};
use autoenroll_world::WorldError;

use super::{Failure, RunError, RunReport, StepExit, Verdict};
use crate::Code;
use crate::clock::WallClock;
use crate::diagnostic::{Diagnostic, Diagnostics, render};
use crate::document::Step;
use crate::source::{Files, Span};

/// How many lines of the story stand before and after a failure.
const LINES_AROUND: usize = 24;

/// Longest line of the story around a failure, in characters. `autoenroll show` tells everything.
const WIDTH: usize = 180;

impl RunReport {
    /// How many records there were when a step had been done, and what the clock showed; nothing when it was not
    /// played.
    #[must_use]
    pub fn done(&self, step: usize) -> Option<(usize, SimTime)> {
        let exit = self.exits.get(step)?.as_ref()?;
        Some((exit.seen, exit.clock))
    }

    /// The failures as problems with the file.
    #[must_use]
    pub fn diagnostics(&self) -> Diagnostics {
        let own = |failures: &[Failure]| -> Vec<Diagnostic> {
            failures.iter().map(|failure| numbered(failure, failure.to_diagnostic(self))).collect()
        };
        match &self.verdict {
            Verdict::Passed => Diagnostics::new(),
            Verdict::Failed(failures) => own(failures).into_iter().collect(),
            Verdict::Violated { records, failures } => {
                let violations = records.iter().filter_map(|id| self.trace.get(*id)).map(|record| {
                    let record = record.unpack();
                    let message = format!("at {}: {}", self.wall().moment(record.at), record.facts);
                    Diagnostic::error(Code::Invariant, message, self.step_of(record.id))
                });
                violations.chain(own(failures)).collect()
            }
            Verdict::Error(error) => {
                let code = match error {
                    RunError::Impossible(_) => Code::Impossible,
                    RunError::World(WorldError::NotQuiescent { .. }) => Code::Restless,
                    RunError::World(WorldError::Budget { .. }) => Code::BudgetSpent,
                    RunError::World(WorldError::Core { error, .. }) if error.is_of_driver() => Code::ContractBroken,
                    RunError::World(WorldError::Change { .. }) => Code::NotDone,
                    RunError::World(WorldError::Core { .. }) => Code::CoreFailed,
                };
                [Diagnostic::error(code, error.to_string(), self.stopped)].into_iter().collect()
            }
        }
    }

    /// Whether the trace holds everything that happened.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.trace.kept_from() == 0
    }

    /// The wall clock of the story.
    #[must_use]
    pub fn wall(&self) -> WallClock {
        self.wall.clone()
    }

    /// The whole report; empty when the run passed.
    #[must_use]
    pub fn render(&self, files: &Files, colour: bool) -> String {
        let problems = self.diagnostics();
        if problems.is_empty() {
            return String::new();
        }
        let mut text = String::new();
        for problem in problems.list() {
            text += &render(problem, files, colour);
            text += "\n\n";
        }
        text += &self.surroundings(colour);
        if self.not_played > 0 {
            text += &format!("\nsteps that were not played: {}\n", self.not_played);
        }
        text
    }

    /// The step during which a record came; the one at which the story stopped when no step ended after it.
    fn step_of(&self, record: RecordId) -> Span {
        let seen = |exit: &Option<StepExit>| exit.is_some_and(|exit| exit.seen > record.0 as usize);
        self.exits.iter().position(seen).and_then(|step| self.steps.get(step)).map_or(self.stopped, Step::line)
    }

    /// The story around the first failure, with a mark where it was noticed.
    fn surroundings(&self, colour: bool) -> String {
        let failures = match &self.verdict {
            Verdict::Failed(failures) | Verdict::Violated { failures, .. } => failures.as_slice(),
            Verdict::Passed | Verdict::Error(_) => &[],
        };
        let last = self.trace.last().map_or(SimTime::START, |record| record.at());
        let (at, mark) = match failures.first() {
            Some(failure) => (failure.at, mark(failure)),
            None => (last, "the story ends here".to_owned()),
        };
        let cut = self.trace.before(SimTime(at.0.saturating_add(1)));
        let before = self.timeline(0, cut, colour);
        let after = self.timeline(cut, self.trace.len(), colour);
        let hidden = before.lines().count().saturating_sub(LINES_AROUND);
        let mut text = String::new();
        if hidden > 0 {
            text += &format!("{:>18}  … {hidden} earlier lines\n", "");
        }
        for line in before.lines().skip(hidden) {
            text += &shortened(line);
        }
        text += &format!("{:>18}  <-- {mark}\n", "");
        for line in after.lines().take(LINES_AROUND / 4) {
            text += &shortened(line);
        }
        text
    }

    /// A part of the trace as a timeline.
    fn timeline(&self, from: usize, to: usize, colour: bool) -> String {
        let mut part = Trace::new();
        for record in self.trace.range(from..to) {
            let record = record.unpack();
            part.push(record.at, &record.actor, record.kind, record.facts, Vec::new());
        }
        let wall = self.wall();
        render_dated(&part, TimelineOptions { detail: Detail::Story, colour }, |time| wall.at(time))
    }
}

/// The problem with the number of its step under it, which `autoenroll explain` takes.
fn numbered(failure: &Failure, problem: Diagnostic) -> Diagnostic {
    match (failure.step, &problem.label) {
        (Some(step), None) => problem.here(format!("step {}", step + 1)),
        _ => problem,
    }
}

/// A line that fits. Colours stand near its beginning, so that none is cut in two.
fn shortened(line: &str) -> String {
    let colours: usize = line.split('\u{1b}').skip(1).filter_map(|rest| Some(rest.find('m')? + 2)).sum();
    match line.char_indices().nth(WIDTH + colours) {
        Some((end, _)) => format!("{}…\n", line[..end].trim_end()),
        None => format!("{line}\n"),
    }
}

fn mark(failure: &Failure) -> String {
    match failure.step {
        Some(step) => format!("step {} goes otherwise here", step + 1),
        None => "noticed here".to_owned(),
    }
}
