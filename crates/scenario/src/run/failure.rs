//! How a story went otherwise than its file says.

use autoenroll_model::{DecisionPoint, Fact, SimTime};
use autoenroll_trace::{Record, RecordId, Trace};

use crate::Code;
use crate::clock::WallClock;
use crate::diagnostic::Diagnostic;
use crate::document::Reference;
use crate::run::RunReport;
use crate::shape::{choices_of, example_answer};
use crate::source::Span;

/// One thing that went otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The step, counted from 0; `None` when it concerns none of them.
    pub step: Option<usize>,
    /// The step, or what else in the file it concerns.
    pub span: Span,
    /// When it was noticed.
    pub at: SimTime,
    /// What to write, where only the whole story tells.
    pub help: Option<String>,
    /// What.
    pub kind: FailureKind,
}

/// What went otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum FailureKind {
    /// Nothing fits the step.
    DidNotCome {
        /// What was expected.
        wanted: String,
        /// The first instant in which it could have come.
        from: SimTime,
        /// The instant before which it could have come; `None` for the first one only.
        until: Option<SimTime>,
        /// Records that nearly fit, the nearest first.
        near_matches: Vec<NearMatch>,
    },
    /// A prompt does not come, because another one is open.
    AskedInstead {
        /// What was expected.
        wanted: String,
        /// Where the other one opened.
        record: RecordId,
        /// The step that holds it open; `None` when no step names it.
        held: Option<usize>,
    },
    /// It came, but other facts.
    Differs {
        /// The record.
        record: RecordId,
        /// How.
        differences: Vec<Difference>,
    },
    /// More than one record fits.
    Ambiguous {
        /// What was expected.
        wanted: String,
        /// The records.
        candidates: Vec<RecordId>,
        /// Facts that tell them apart.
        distinguishing: Vec<String>,
    },
    /// A prompt, balloon, summary or error event that no step names.
    Unexpected {
        /// The record.
        record: RecordId,
    },
    /// What must never come.
    CameAnyway {
        /// The record.
        record: RecordId,
    },
    /// A prompt is open at the end.
    PromptLeftOpen {
        /// Who is asked.
        who: String,
        /// What.
        point: DecisionPoint,
    },
    /// What is there differs.
    StateDiffers {
        /// How.
        differences: Vec<Difference>,
    },
    /// There is nothing to look at.
    NothingToLookAt {
        /// Why.
        reason: String,
    },
    /// The action is not possible now.
    ActionImpossible {
        /// Why.
        reason: String,
    },
    /// A rule that is covered never decided.
    NotCovered {
        /// The requirement.
        id: String,
        /// The variant of the story, where there are several.
        variant: Option<String>,
    },
    /// A reference to something that the bound record does not have.
    EmptyBinding {
        /// The reference.
        reference: Reference,
        /// The facts that it has.
        known: Vec<String>,
    },
    /// The time of the step has passed.
    TooLate {
        /// When it should have begun.
        begin: SimTime,
    },
}

/// A record that nearly fits a step.
#[derive(Clone, Debug, PartialEq)]
pub struct NearMatch {
    /// The record.
    pub record: RecordId,
    /// Why it does not fit.
    pub mismatch: Mismatch,
}

/// Why a record does not fit.
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// It fits but for its time.
    Time,
    /// It fits, but came before the step's turn within the instant.
    Order,
    /// It fits, but another step took it.
    Matched {
        /// That step.
        step: usize,
    },
    /// Some facts differ.
    Facts(Vec<Difference>),
}

/// A fact that is not as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Its name.
    pub fact: String,
    /// What was expected; `None` when nothing was.
    pub expected: Option<Fact>,
    /// What is there; `None` when nothing is.
    pub found: Option<Fact>,
    /// Where the expectation is written.
    pub span: Option<Span>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => write!(f, "{} is {found}, not {expected}", self.fact),
            (Some(expected), None) => write!(f, "there is no {}, expected {expected}", self.fact),
            (None, Some(found)) => write!(f, "{} is {found}, and no such fact is expected", self.fact),
            (None, None) => write!(f, "{}", self.fact),
        }
    }
}

impl Failure {
    /// As a problem with the file, which the same renderer shows.
    #[must_use]
    pub fn to_diagnostic(&self, report: &RunReport) -> Diagnostic {
        let mut problem = self.problem(&report.trace, &report.wall()).help_some(self.help.clone());
        if let Some(step) = self.step.and_then(|at| report.steps.get(at)) {
            step.place(&mut problem);
        }
        problem
    }

    /// Whether it says that no step names this record.
    pub(super) fn names(&self, record: &Record) -> bool {
        match self.kind {
            FailureKind::Unexpected { record: unnamed }
            | FailureKind::AskedInstead { record: unnamed, held: None, .. } => unnamed == record.id,
            _ => false,
        }
    }

    fn problem(&self, trace: &Trace, wall: &WallClock) -> Diagnostic {
        let error = |code, message: String| Diagnostic::error(code, message, self.span);
        let shown =
            |id: &RecordId| trace.record(*id).map_or_else(|| "a record".to_owned(), |record| describe(&record, wall));
        match &self.kind {
            FailureKind::DidNotCome { wanted, from, until, near_matches } => {
                let when = match until {
                    Some(until) => format!("from {} until before {}", wall.moment(*from), wall.moment(*until)),
                    None => format!("at {}", wall.moment(*from)),
                };
                let problem = error(Code::DidNotCome, format!("`{wanted}` did not come {when}"));
                let lines: Vec<String> = near_matches.iter().map(|mismatch| mismatch.describe(trace, wall)).collect();
                problem.help_some((!lines.is_empty()).then(|| lines.join("\n")))
            }
            FailureKind::AskedInstead { wanted, record, held } => {
                let record = trace.record(*record);
                let (who, point) = match &record {
                    Some(record) => (record.actor.as_str(), record.facts.text("point").unwrap_or_default()),
                    None => ("the user", "something else"),
                };
                let message =
                    format!("`{wanted}` did not come at {}: {who} is asked `{point}` instead", wall.moment(self.at));
                let with =
                    point.parse().map_or_else(|_| "...".to_owned(), |point| example_answer(choices_of(point)[0]));
                let answer = held.map(|step| {
                    let step = step + 1;
                    format!("step {step} holds it open; answer it first: {{ reply = \"{point}\", with = {with} }}")
                });
                error(Code::DidNotCome, message).help_some(answer)
            }
            FailureKind::Differs { record, differences } => {
                differing(error(Code::Differs, "it came, but differs".to_owned()), differences)
                    .help(format!("what came: {}", shown(record)))
            }
            FailureKind::StateDiffers { differences } => {
                differing(error(Code::StateDiffers, "the state differs".to_owned()), differences)
            }
            FailureKind::Ambiguous { wanted, candidates, distinguishing } => {
                let list: Vec<String> = candidates.iter().map(shown).collect();
                let problem = error(Code::AddFacts, format!("`{wanted}` fits {} records", candidates.len()));
                let tell = match distinguishing.is_empty() {
                    true => "they do not differ in any fact".to_owned(),
                    false => format!("add facts; these tell them apart: {}", distinguishing.join(", ")),
                };
                problem.help(format!("{tell}\n{}", list.join("\n")))
            }
            FailureKind::Unexpected { record } => {
                error(Code::Unexpected, format!("no step names this: {}", shown(record)))
            }
            FailureKind::CameAnyway { record } => error(Code::CameAnyway, format!("it came: {}", shown(record))),
            FailureKind::PromptLeftOpen { who, point } => {
                error(Code::LeftOpen, format!("at the end of the story {who} still sees the prompt `{point}`"))
            }
            FailureKind::NothingToLookAt { reason } => error(Code::StrangeLook, reason.clone()),
            FailureKind::ActionImpossible { reason } => error(Code::NotDone, reason.clone()),
            FailureKind::NotCovered { id, variant: None } => {
                error(Code::NotCovered, format!("no decision of `{id}` was recorded"))
            }
            FailureKind::NotCovered { id, variant: Some(variant) } => {
                let message = format!("no decision of `{id}` was recorded in the variant `{variant}`");
                let help = "what `covers` names must decide in every variant; give the others a file of their own";
                error(Code::NotCovered, message).help(help)
            }
            FailureKind::EmptyBinding { reference, known } => {
                let what =
                    reference.fact.as_ref().map_or("nothing to be named by".to_owned(), |f| format!("no fact `{f}`"));
                let problem = error(Code::EmptyBinding, format!("what `{}` is bound to has {what}", reference.name));
                problem.help(match known.is_empty() {
                    true => "it has none".to_owned(),
                    false => format!("it has {}", known.join(", ")),
                })
            }
            FailureKind::TooLate { begin } => error(
                Code::EmptyInterval,
                format!(
                    "the step begins at {}, but the story is at {} already",
                    wall.moment(*begin),
                    wall.moment(self.at)
                ),
            ),
        }
    }
}

/// The differences, each under its own value where that is written.
fn differing(mut problem: Diagnostic, differences: &[Difference]) -> Diagnostic {
    let mut first = true;
    let mut unwritten = Vec::new();
    for difference in differences {
        match difference.span {
            Some(span) if first => {
                problem.span = span;
                problem.message = difference.to_string();
                first = false;
            }
            Some(span) => problem = problem.label(span, difference.to_string()),
            None => unwritten.push(difference.to_string()),
        }
    }
    if first && !unwritten.is_empty() {
        problem.message = unwritten.join("; ");
    } else if !unwritten.is_empty() {
        problem = problem.here(unwritten.join("; "));
    }
    problem
}

impl NearMatch {
    fn describe(&self, trace: &Trace, wall: &WallClock) -> String {
        let shown = trace.record(self.record).map_or_else(|| "a record".to_owned(), |record| describe(&record, wall));
        match &self.mismatch {
            Mismatch::Time => format!("it came at another time: {shown}"),
            Mismatch::Order => format!("it came before this step's turn: {shown}"),
            Mismatch::Matched { step } => format!("step {} took it: {shown}", step + 1),
            Mismatch::Facts(differences) => {
                let list: Vec<String> = differences.iter().map(ToString::to_string).collect();
                format!("near: {shown} ({})", list.join("; "))
            }
        }
    }
}

/// A record in one line.
fn describe(record: &Record, wall: &WallClock) -> String {
    let facts = record.facts.to_string();
    // Requests and certificates in bytes say nothing here.
    let facts: String = facts.chars().take(160).collect();
    format!("{} {} {} {facts}", wall.moment(record.at), record.actor, record.kind).trim_end().to_owned()
}
