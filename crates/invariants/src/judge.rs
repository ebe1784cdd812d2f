//! A whole trace, judged by what it says.

use autoenroll_trace::{Kind, Record, Trace};

use crate::Checkers;
use crate::beyond::Beyond;
use crate::checker::Violation;
use crate::table::Invariant;

/// At most so many violations of one invariant are reported: the first tells why, and the rest mostly follow from it.
pub const INSTANCES: usize = 100;

/// Everything in a trace that breaks an invariant, in its order: what the records show, and what the bench that made
/// the trace has stated as violations itself.
#[must_use]
pub fn judge(trace: &Trace) -> Vec<Violation> {
    let mut checkers = Checkers::new(None, None);
    let mut found: Vec<Violation> = Vec::new();
    for record in trace.iter().map(|record| record.unpack()) {
        let stated = stated(&record).filter(|stated| {
            !found.iter().any(|known| known.invariant == stated.invariant && record.causes.contains(&known.record))
        });
        for violation in checkers.observe(trace, &record, &Beyond::Nothing).into_iter().chain(stated) {
            if found.iter().filter(|known| known.invariant == violation.invariant).count() < INSTANCES {
                found.push(violation);
            }
        }
    }
    found
}

/// The violation that a record states.
fn stated(record: &Record) -> Option<Violation> {
    if record.kind != Kind::Violation {
        return None;
    }
    let invariant: Invariant = record.facts.text("invariant")?.parse().ok()?;
    let reason = record.facts.text("reason").unwrap_or("the bench that made the trace gives no reason").to_owned();
    let at = record.causes.last().copied().unwrap_or(record.id);
    Some(Violation { invariant, actor: record.actor.to_string(), record: at, reason })
}
