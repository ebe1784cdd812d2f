//! What the user is shown: prompts and summaries.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Cancelled, Fact, Facts, HResult, Text};
use autoenroll_trace::{Kind, RecordId};

use crate::checker::{Checker, Moment, Violation};
use crate::session::Sessions;
use crate::table::Invariant;

/// [`Invariant::Prompts`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Prompts {
    open: Sessions<Vec<OpenPrompt>>,
}

#[derive(Clone, Debug)]
struct OpenPrompt {
    point: String,
    /// The record of its opening or of its last change.
    record: RecordId,
}

impl Prompts {
    /// The open prompt that a record is about: it is among the causes; without such a cause the first of that decision
    /// point.
    fn find(&mut self, at: Moment<'_>, point: &str) -> Option<usize> {
        let open = self.open.of(&at.record.actor);
        let by_cause = open.iter().position(|prompt| at.record.causes.contains(&prompt.record));
        by_cause.or_else(|| open.iter().position(|prompt| prompt.point == point))
    }

    fn close(&mut self, at: Moment<'_>, point: &str) -> bool {
        let found = self.find(at, point);
        found.map(|place| self.open.of(&at.record.actor).remove(place)).is_some()
    }
}

impl Checker for Prompts {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        self.open.observe(at.record);
        let point = at.text("point").unwrap_or_default();
        let violation = |reason: &str| Some(at.violation(Invariant::Prompts, reason));
        match at.record.kind {
            Kind::Prompt => {
                let prompt = OpenPrompt { point: point.to_owned(), record: at.record.id };
                self.open.of(&at.record.actor).push(prompt);
                None
            }
            Kind::PromptChanged => match self.find(at, point) {
                Some(place) => {
                    self.open.of(&at.record.actor)[place].record = at.record.id;
                    None
                }
                None => violation("a prompt changes that is not open"),
            },
            Kind::PromptWithdrawn if !self.close(at, point) => violation("a prompt is withdrawn that is not open"),
            Kind::Answer if !self.close(at, at.text("prompt").unwrap_or_default()) => {
                violation("a prompt is answered that is not open")
            }
            Kind::RunEnded => {
                let open = self.open.of(&at.record.actor);
                if open.is_empty() {
                    return None;
                }
                let points: Vec<&str> = open.iter().map(|prompt| prompt.point.as_str()).collect();
                let reason = format!("the run ended while prompts were open: {}", points.join(", "));
                Some(at.violation(Invariant::Prompts, reason))
            }
            _ => None,
        }
    }
}

/// [`Invariant::AskedOnce`].
#[derive(Clone, Debug, Default)]
pub(crate) struct AskedOnce {
    /// Containers that may not be replaced, by principal: the card, its container and the provider that the new key was
    /// to be made with, for the item that is worked on and while no card comes or goes.
    kept: BTreeMap<Text, BTreeSet<(String, String, String)>>,
}

/// The container that a prompt is about, with its card and provider.
fn container(prompt: &Facts) -> Option<(String, String, String)> {
    let is_it = prompt.text("point") == Some("card.replace-default");
    let provider = prompt.text("provider").unwrap_or_default();
    let place = (prompt.text("card")?, prompt.text("container")?, provider);
    is_it.then(|| (place.0.to_owned(), place.1.to_owned(), place.2.to_owned()))
}

// IN1.asked-once
impl Checker for AskedOnce {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::ItemStarted | Kind::ItemEnded => {
                self.kept.remove(actor);
            }
            // Who puts another card in, or the same one again, may mean something else by it.
            Kind::Insert | Kind::Remove => self.kept.clear(),
            Kind::Answer if at.text("answer") == Some("no") => {
                let place = container(&at.cause(&[Kind::Prompt, Kind::PromptChanged])?.facts)?;
                self.kept.entry(actor.clone()).or_default().insert(place);
            }
            Kind::Prompt => {
                let place = container(&at.record.facts)?;
                let again = self.kept.get(actor).is_some_and(|kept| kept.contains(&place));
                let reason = format!("{} of {} is asked about again after a No", place.1, place.0);
                return again.then(|| at.violation(Invariant::AskedOnce, reason));
            }
            _ => {}
        }
        None
    }
}

/// How many failures the summary of a record tells; `None` for other records.
fn told(at: Moment<'_>) -> Option<usize> {
    if at.record.kind != Kind::Prompt || at.text("point") != Some("summary") {
        return None;
    }
    Some(match at.record.facts.get("failures") {
        Some(Fact::List(list)) => list.len(),
        Some(Fact::Number(number)) => usize::try_from(*number).unwrap_or(0),
        _ => 0,
    })
}

/// [`Invariant::SilentSuccess`].
#[derive(Clone, Debug, Default)]
pub(crate) struct SilentSuccess;

impl Checker for SilentSuccess {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let reason = "a summary opened although nothing failed";
        (told(at)? == 0).then(|| at.violation(Invariant::SilentSuccess, reason))
    }
}

/// [`Invariant::Summary`].
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// Whether items that the user cancelled are told; `None` when that is not known.
    cancelled: Option<Cancelled>,
    runs: Sessions<Run>,
    /// Computers: no user is told what fails for them.
    machines: BTreeSet<String>,
}

/// An open run.
#[derive(Clone, Debug, Default)]
struct Run {
    /// The item that is worked on involves the user.
    interactive: bool,
    /// Interactive items that failed and must be told.
    failed: usize,
    /// Interactive items that the user cancelled.
    cancelled: usize,
    /// Failures that summaries have told.
    told: usize,
    /// The user is leaving: no user is there to be told anything.
    leaving: bool,
}

impl Summary {
    pub(crate) fn new(cancelled: Option<Cancelled>) -> Self {
        Self { cancelled, runs: Sessions::default(), machines: BTreeSet::new() }
    }

    fn item_failed(&mut self, principal: &str, code: Option<HResult>) {
        if self.machines.contains(principal) || !self.runs.of(principal).interactive {
            return;
        }
        let run = self.runs.of(principal);
        match code == Some(HResult::SCARD_W_CANCELLED_BY_USER) {
            true => run.cancelled += 1,
            false => run.failed += 1,
        }
    }

    /// What is wrong with the summaries of a run that ends.
    fn mismatch(&self, run: &Run) -> Option<String> {
        let most = run.failed + run.cancelled;
        let (least, most) = match self.cancelled {
            Some(Cancelled::Failed) => (most, most),
            Some(Cancelled::Quiet) => (run.failed, run.failed),
            None => (run.failed, most),
        };
        let due = run.told.clamp(least, most);
        let wrong = due != run.told && !run.leaving;
        wrong.then(|| format!("{due} interactive items failed and {} failures were told", run.told))
    }
}

impl Checker for Summary {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        self.runs.observe(at.record);
        let principal = at.record.actor.as_str();
        match at.record.kind {
            Kind::Boot => {
                self.machines.insert(principal.to_owned());
            }
            Kind::Logoff => self.runs.of(principal).leaving = true,
            Kind::RunStarted => {
                let run = self.runs.of(principal);
                *run = Run { leaving: run.leaving, ..Run::default() };
            }
            Kind::ItemStarted => {
                self.runs.of(principal).interactive = at.record.facts.get("interactive") == Some(&Fact::Flag(true));
            }
            Kind::ItemEnded if at.text("outcome") == Some("failed") => self.item_failed(principal, at.code()),
            Kind::Prompt => self.runs.of(principal).told += told(at)?,
            Kind::RunEnded => {
                let run = self.runs.take(principal);
                return self.mismatch(&run).map(|reason| at.violation(Invariant::Summary, reason));
            }
            _ => {}
        }
        None
    }
}
