//! Which mutant was caught by which scenario, and how.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::Serialize;

use crate::Mutant;

/// What became of each mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MutantReport {
    /// A row for each mutant, in the order in which they were asked for.
    pub rows: Vec<MutantRow>,
    /// Scenarios that fail without any mutant, with what fails. They catch nothing.
    pub broken: Vec<(String, How)>,
}

/// What became of one mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MutantRow {
    /// The mutant.
    pub mutant: Mutant,
    /// Whether it was caught.
    #[serde(flatten)]
    pub fate: Fate,
    /// How long its runs took in real time, in milliseconds.
    #[serde(rename = "milliseconds", serialize_with = "milliseconds")]
    pub time: Duration,
}

/// Whether a mutant was caught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
    /// A scenario failed.
    Caught {
        /// Its name.
        scenario: String,
        /// What failed.
        how: How,
    },
    /// Every scenario that should have noticed it passed.
    Survived {
        /// Their names.
        scenarios: Vec<String>,
    },
    /// There is no scenario that should notice it.
    NoScenario,
}

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum How {
    /// A step of the timeline.
    Step {
        /// The step, counted from 1.
        step: usize,
        /// Its verb.
        verb: String,
        /// What went otherwise.
        what: String,
    },
    /// Something came that no step names, or was left open.
    Strictness {
        /// What.
        what: String,
    },
    /// A statement that must hold in every story.
    Invariant {
        /// Its name.
        invariant: String,
        /// Why it does not hold.
        what: String,
    },
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { step, verb, what } => write!(f, "step {step} ({verb}): {what}"),
            Self::Strictness { what } => write!(f, "strictness: {what}"),
            Self::Invariant { invariant, what } => write!(f, "invariant {invariant}: {what}"),
        }
    }
}

impl MutantReport {
    /// Whether every mutant was caught.
    #[must_use]
    pub fn all_caught(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.fate, Fate::Caught { .. }))
    }

    /// The table for people: a line a mutant, then those that were not caught once more, then the sums.
    #[must_use]
    pub fn to_text(&self) -> String {
        let width = self.rows.iter().map(|row| row.mutant.to_string().chars().count()).max().unwrap_or(0);
        let mut text: String = self.rows.iter().map(|row| row.to_line(width) + "\n").collect();
        for (scenario, how) in &self.broken {
            let _ = writeln!(text, "BROKEN      {scenario} fails without any mutant: {how}");
        }
        let count = |is: fn(&Fate) -> bool| self.rows.iter().filter(|row| is(&row.fate)).count();
        let _ = write!(
            text,
            "\n{} mutants: {} caught, {} survived, {} without a scenario",
            self.rows.len(),
            count(|fate| matches!(fate, Fate::Caught { .. })),
            count(|fate| matches!(fate, Fate::Survived { .. })),
            count(|fate| matches!(fate, Fate::NoScenario)),
        );
        if !self.broken.is_empty() {
            let _ = write!(text, "; {} scenarios fail without any", self.broken.len());
        }
        text.push('\n');
        text
    }
}

impl MutantRow {
    /// The row as a line without its end; the mutant takes `width` columns.
    #[must_use]
    pub fn to_line(&self, width: usize) -> String {
        let mutant = self.mutant.to_string();
        let time = format!("{:>6} ms", self.time.as_millis());
        match &self.fate {
            Fate::Caught { scenario, how } => {
                format!("caught      {mutant:<width$} {time}  {scenario}  {how}")
            }
            Fate::Survived { scenarios } => {
                format!("SURVIVED    {mutant:<width$} {time}  {}", scenarios.join(", "))
            }
            Fate::NoScenario => format!("no scenario {mutant:<width$} {time}").trim_end().to_owned(),
        }
    }
}

fn milliseconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
