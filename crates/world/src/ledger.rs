//! Decisions become records. Most records are decisions, and most of these concern no invariant.

use autoenroll_model::{Decision, Fact, SimTime};
use autoenroll_trace::{RecordId, Ruling, Trace};

use crate::names::Names;
use crate::spending::Spending;

/// What recording a decision needs of a world.
pub(crate) struct Ledger<'w> {
    pub(crate) now: SimTime,
    pub(crate) names: &'w Names,
    pub(crate) spending: &'w mut Spending,
    pub(crate) trace: &'w mut Trace,
}

impl Ledger<'_> {
    /// Records a decision that no invariant minds.
    pub(crate) fn decision(&mut self, actor: &str, decision: Decision, causes: &mut Vec<RecordId>) -> RecordId {
        let decision = told(self.names, decision);
        let Decision { rule, subject, outcome, facts, .. } = &decision;
        let ruling = Ruling { rule: rule.as_str(), subject, outcome: *outcome };
        self.spending.decision(actor, ruling, facts.iter());
        self.trace.note_decision(self.now, actor, ruling, facts.iter(), causes)
    }
}

/// A decision by the names that records use, without facts that are called as the ruling's are.
pub(crate) fn told(names: &Names, mut decision: Decision) -> Decision {
    if let Some(name) = names.name(&decision.subject) {
        decision.subject = name.into();
    }
    decision.facts.retain(|name, _| !matches!(name, "rule" | "subject" | "outcome"));
    for (name, fact) in decision.facts.iter_mut() {
        names.translate_fact(fact);
        if let Fact::Text(text) = fact
            && name == "message"
        {
            *text = names.sentence(text).into();
        }
    }
    decision
}
