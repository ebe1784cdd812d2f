//! What a checker of one invariant is given, and what it finds.

use autoenroll_model::{Fact, HResult, Text};
use autoenroll_trace::{Kind, Record, RecordId, Trace};

use crate::beyond::Beyond;
use crate::open::{Beginning, Open};
use crate::session::users;
use crate::table::Invariant;

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
pub(crate) struct Moment<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) open: &'a Open,
    pub(crate) record: &'a Record,
    pub(crate) beyond: &'a Beyond,
}

impl<'a> Moment<'a> {
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.record.facts.text(name)
    }

    /// The latest record among the causes that is of one of these kinds.
    pub(crate) fn cause(&self, kinds: &[Kind]) -> Option<Beginning> {
        self.record.causes.iter().rev().find_map(|cause| match self.open.get(*cause) {
            Some(open) => kinds.contains(&open.kind).then(|| open.clone()),
            None => {
                let told = self.trace.get(*cause).filter(|cause| kinds.contains(&cause.kind));
                told.map(|cause| Beginning::from(&cause.unpack()))
            }
        })
    }

    /// The code that it tells, with its name or without.
    pub(crate) fn code(&self) -> Option<HResult> {
        read_code(self.text("code")?)
    }

    /// Whether an effect has ended well.
    pub(crate) fn succeeded(&self) -> bool {
        self.code() == Some(HResult::S_OK)
    }

    /// Whom an end of sessions concerns: its actor, and the users that it names.
    pub(crate) fn users(&self) -> impl Iterator<Item = &'a Text> + use<'a> {
        users(self.record)
    }

    /// Whether the decision that this is has been affirmative.
    pub(crate) fn is_met(&self) -> bool {
        self.record.facts.get("outcome") != Some(&Fact::Flag(false))
    }

    pub(crate) fn violation(&self, invariant: Invariant, reason: impl Into<String>) -> Violation {
        Violation { invariant, actor: self.record.actor.to_string(), record: self.record.id, reason: reason.into() }
    }
}

/// A code such as `0x8010006E`, whatever follows.
pub(crate) fn read_code(text: &str) -> Option<HResult> {
    u32::from_str_radix(text.strip_prefix("0x")?.get(..8)?, 16).ok().map(HResult)
}

/// Checks one invariant, record by record.
pub(crate) trait Checker {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation>;
}
