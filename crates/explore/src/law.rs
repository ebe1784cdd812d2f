//! What can be wrong with a story.

use autoenroll_invariants::{LawKind, Statement};
use autoenroll_model::SimTime;
use autoenroll_trace::Record;
use autoenroll_world::{Invariant, WorldError};
use serde::{Deserialize, Serialize};

/// A story that must not be: a law is broken, or the world does not go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The law: an invariant by its word, or `core-error`, `budget`, `change`, `panic`, `world`.
    pub law: String,
    /// What happened, in the words of whoever noticed.
    pub reason: String,
    /// When, in nanoseconds since the start of the story.
    pub at: u64,
}

impl Broken {
    /// What a record of a violation says.
    pub(crate) fn law(record: &Record) -> Self {
        let fact = |name| record.facts.text(name).unwrap_or_default().to_owned();
        Self { law: fact("invariant"), reason: fact("reason"), at: record.at.0 }
    }

    /// A world that does not go on.
    pub(crate) fn stopped(error: &WorldError, at: SimTime) -> Self {
        let law = match error {
            WorldError::NotQuiescent { .. } => "rest",
            WorldError::Budget { .. } => "budget",
            WorldError::Core { .. } => "core-error",
            _ => "change",
        };
        Self { law: law.to_owned(), reason: error.to_string(), at: at.0 }
    }

    /// A world that this crate made up and that cannot be built: a fault of this crate.
    pub(crate) fn world(reason: &str) -> Self {
        Self { law: "world".to_owned(), reason: reason.to_owned(), at: 0 }
    }

    /// A panic with that message.
    pub(crate) fn panic(message: &str) -> Self {
        Self { law: "panic".to_owned(), reason: message.to_owned(), at: 0 }
    }

    /// Whether the law is one of order alone, of which no public source speaks: that it is broken is listed, and fails
    /// nothing.
    #[must_use]
    pub fn is_hygiene(&self) -> bool {
        is_hygiene(&self.law)
    }

    /// Two stories with the same signature are taken for the same finding: the law, and the reason without names and
    /// numbers.
    #[must_use]
    pub fn signature(&self) -> String {
        let words = self.reason.split_whitespace().filter(|word| {
            let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
            !plain.is_empty() && plain.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '\'')
        });
        let names = ["alice", "bob", "badge", "spare"];
        let words: Vec<&str> = words.filter(|word| !names.iter().any(|name| word.contains(name))).collect();
        format!("{}: {}", self.law, words.join(" "))
    }
}

/// Whether the law of that word is one of order alone.
pub(crate) fn is_hygiene(law: &str) -> bool {
    law.parse::<Invariant>().is_ok_and(|invariant| Statement::of(invariant).kind == LawKind::Hygiene)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_order_asks_for_is_told_apart() {
        let words = Invariant::ALL.iter().map(|invariant| invariant.as_str());
        let listed: Vec<&str> = words.chain(["panic", "budget", "world"]).filter(|law| is_hygiene(law)).collect();
        assert_eq!(listed, ["known-key"]);
    }

    #[test]
    fn a_signature_has_no_names_and_numbers() {
        let broken = |reason: &str| Broken { law: "pin-given".to_owned(), reason: reason.to_owned(), at: 7 };
        let one = broken("3 attempts on alice-card, of template Main, not one PIN");
        assert_eq!(one.signature(), "pin-given: attempts on of template not one");
        assert_eq!(one.signature(), broken("4 attempts on badge, of template Second, not one PIN").signature());
    }
}
