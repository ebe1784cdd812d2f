//! What must hold in every trace, whoever made it.
//!
//! Each invariant is a checker with its own state. It reads the records of a trace in order, and with each what its bench knows beside
//! the record: [`Beyond`]. The simulator runs them while a trace grows ([`Checkers::observe`]); [`judge`] runs them over a trace that is
//! there, also one of another bench, as far as a trace alone can tell. [`INVARIANTS`] says what that is.
//!
//! It deliberately lacks anything that makes a trace, and any expectation of a single scenario.
//!
//! Reading order: [`INVARIANTS`], then the checkers by what they watch: `contract`, `pin`, `container`, `enrolled`, `request`, `desktop`.
#![forbid(unsafe_code)]

mod beyond;
mod container;
mod contract;
mod desktop;
mod enrolled;
mod judge;
mod pin;
mod request;
mod session;
mod table;

use autoenroll_model::Cancelled;
use autoenroll_trace::{Record, RecordId, Trace};

pub use crate::beyond::{Beyond, CardView, DefaultContainer};
pub use crate::judge::{INSTANCES, judge};
pub use crate::table::{Bare, INVARIANTS, Invariant, Statement};

/// An invariant does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// Whom it happened to: a principal or a card.
    pub actor: String,
    /// The record at which it no longer holds.
    pub record: RecordId,
    /// What was found in place of what the invariant states.
    pub reason: String,
}

/// A record to be checked: the last one of its trace so far, or one that later ones follow.
#[derive(Clone, Copy)]
struct Moment<'a> {
    trace: &'a Trace,
    record: &'a Record,
    beyond: &'a Beyond,
}

impl<'a> Moment<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.record.facts.text(name)
    }

    /// The records among the causes, the latest first.
    fn causes(&self) -> impl Iterator<Item = &'a Record> {
        let trace = self.trace;
        self.record.causes.iter().rev().filter_map(move |cause| trace.get(*cause))
    }

    fn violation(&self, invariant: Invariant, reason: impl Into<String>) -> Violation {
        Violation { invariant, actor: self.record.actor.clone(), record: self.record.id, reason: reason.into() }
    }
}

/// Checks one invariant, record by record.
trait Checker {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation>;
}

/// The checkers of all invariants that records can break. What breaks at one record is reported in the order of the fields.
#[derive(Clone, Debug)]
pub struct Checkers {
    contract: contract::Contract,
    pin_given: pin::PinGiven,
    pin_spent: pin::PinSpent,
    retry_counter: pin::RetryCounter,
    default_container: container::DefaultContainers,
    enrolled: enrolled::Enrolled,
    duplicate_request: request::DuplicateRequest,
    silent_success: desktop::SilentSuccess,
    summary: desktop::Summary,
    prompts: desktop::Prompts,
}

impl Checkers {
    /// Before the first record. `cancelled` is the profile's switch for items that the user cancelled; without it a summary may name them
    /// or not.
    #[must_use]
    pub fn new(cancelled: Option<Cancelled>) -> Self {
        Self {
            contract: Default::default(),
            pin_given: Default::default(),
            pin_spent: Default::default(),
            retry_counter: Default::default(),
            default_container: Default::default(),
            enrolled: Default::default(),
            duplicate_request: Default::default(),
            silent_success: Default::default(),
            summary: desktop::Summary::new(cancelled),
            prompts: Default::default(),
        }
    }

    /// States how a card is before the first record.
    pub fn card(&mut self, card: &str, view: &CardView) {
        self.retry_counter.see(card, view);
        self.default_container.see(card, view);
    }

    /// States that a CA has a request under submission before the first record.
    pub fn pending(&mut self, ca: &str, request_id: u32, requester: &str, template: &str) {
        self.duplicate_request.pending(ca, request_id.into(), requester, template);
    }

    /// Checks a record of `trace`; each record comes once, in order.
    pub fn observe(&mut self, trace: &Trace, record: &Record, beyond: &Beyond) -> Vec<Violation> {
        let at = Moment { trace, record, beyond };
        let checkers: [&mut dyn Checker; 10] = [
            &mut self.contract,
            &mut self.pin_given,
            &mut self.pin_spent,
            &mut self.retry_counter,
            &mut self.default_container,
            &mut self.enrolled,
            &mut self.duplicate_request,
            &mut self.silent_success,
            &mut self.summary,
            &mut self.prompts,
        ];
        checkers.into_iter().filter_map(|checker| checker.check(at)).collect()
    }
}

#[cfg(test)]
mod tests;
