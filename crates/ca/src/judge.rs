//! The one way in which the CA decides: a rule, whether it holds, and on which facts.

use core::fmt;

use autoenroll_model::{Decisions, Facts, HResult};

use crate::rules::PolicyRule;

/// Records the decisions about one request.
pub(crate) struct Judge<'a> {
    decisions: &'a mut Decisions,
    /// What is decided about: `request 5`.
    subject: String,
}

/// A rule that did not hold, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: HResult,
    /// Rule, statement and facts, for the row and the disposition message.
    pub(crate) reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.reason)
    }
}

impl<'a> Judge<'a> {
    pub(crate) const fn new(decisions: &'a mut Decisions, subject: String) -> Self {
        Self { decisions, subject }
    }

    /// Decides a rule that chooses between two ways.
    pub(crate) fn holds(&mut self, rule: &PolicyRule, outcome: bool, facts: Facts) -> bool {
        self.decisions.decide(rule.row.rule(), &self.subject, outcome, facts).holds
    }

    /// Decides a rule that refuses when it does not hold.
    pub(crate) fn require(&mut self, rule: &PolicyRule, outcome: bool, facts: Facts) -> Result<(), Refusal> {
        if self.holds(rule, outcome, facts.clone()) { Ok(()) } else { Err(Refusal::by(rule, &facts)) }
    }
}

impl Refusal {
    /// By a rule. One without a code of its own refuses with E_UNEXPECTED.
    pub(crate) fn by(rule: &PolicyRule, facts: &Facts) -> Self {
        let facts = if facts.is_empty() { String::new() } else { format!(" [{facts}]") };
        Self {
            code: rule.refusal.unwrap_or(HResult::E_UNEXPECTED),
            reason: format!("{} does not hold: {}{facts}", rule.row.id, rule.row.statement),
        }
    }

    /// Something decided could not be put into DER, such as an address in the configuration that is not ASCII.
    pub(crate) fn unencodable(error: &impl fmt::Display) -> Self {
        Self { code: HResult::ERROR_INVALID_DATA, reason: error.to_string() }
    }
}
