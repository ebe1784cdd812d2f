//! The one function through which every rule decides.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::Facts;

/// The id of a rule in the requirement catalogue, such as `R040` or `S8q.yes`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rule(Cow<'static, str>);

impl Rule {
    /// A rule known when the program was written.
    #[must_use]
    pub const fn new(id: &'static str) -> Self {
        Self(Cow::Borrowed(id))
    }

    /// A rule named by a file or on the command line.
    #[must_use]
    pub fn named(id: &str) -> Self {
        Self(Cow::Owned(id.to_string()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a rule decided, about what, and on which facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Numbered from 1 within its maker.
    pub id: u32,
    /// The rule.
    pub rule: Rule,
    /// What it was decided about: a template, a certificate, a card, a request.
    pub subject: String,
    /// Whether the rule's statement holds for the subject. What follows from it is the rule's own text.
    pub outcome: bool,
    /// The facts it was decided on.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
}

/// The decisions a party has made and not yet handed out.
///
/// Core, CA and world each own one. Nothing that a requirement names may be decided outside [`Decisions::decide`]: a trace
/// shows it, `explain` cites it, and a planted-bugs build turns it round to see whether a scenario notices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    made: u32,
    waiting: Vec<Decision>,
    #[cfg(feature = "planted-bugs")]
    #[serde(default)]
    flipped: Option<Rule>,
}

impl Decisions {
    /// None made yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same decisions, but that rule always comes out the other way round.
    #[cfg(feature = "planted-bugs")]
    #[must_use]
    pub fn flipping(rule: Option<Rule>) -> Self {
        Self { flipped: rule, ..Self::default() }
    }

    /// Records what `rule` says about `subject` and returns it.
    #[must_use]
    pub fn decide(&mut self, rule: Rule, subject: &str, outcome: bool, facts: Facts) -> bool {
        #[cfg(feature = "planted-bugs")]
        let outcome = outcome ^ (self.flipped.as_ref() == Some(&rule));
        self.made += 1;
        self.waiting.push(Decision { id: self.made, rule, subject: subject.to_string(), outcome, facts });
        outcome
    }

    /// The id of the latest decision; 0 before the first.
    #[must_use]
    pub const fn latest(&self) -> u32 {
        self.made
    }

    /// Hands out what was decided since the last call.
    #[must_use]
    pub fn take(&mut self) -> Vec<Decision> {
        core::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_numbered_and_handed_out_once() {
        let mut decisions = Decisions::new();
        assert!(decisions.decide(Rule::new("R040"), "User", true, Facts::new()));
        assert!(!decisions.decide(Rule::new("R042"), "User", false, Facts::new().with("cas", 0_u32)));
        let taken = decisions.take();
        assert_eq!(
            taken.iter().map(|d| (d.id, d.rule.as_str(), d.outcome)).collect::<Vec<_>>(),
            [(1, "R040", true), (2, "R042", false)]
        );
        assert!(decisions.take().is_empty());
        assert_eq!(decisions.latest(), 2);
    }

    #[cfg(feature = "planted-bugs")]
    #[test]
    fn one_rule_can_be_turned_round() {
        let mut decisions = Decisions::flipping(Some(Rule::new("R040")));
        assert!(!decisions.decide(Rule::new("R040"), "User", true, Facts::new()));
        assert!(decisions.decide(Rule::new("R041"), "User", true, Facts::new()));
    }
}
