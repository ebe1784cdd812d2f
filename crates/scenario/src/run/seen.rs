//! What a run takes from its records as they come: they may be forgotten before it is over.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{DecisionPoint, FileTime};
use autoenroll_trace::{Kind, RecordId, Trace};

use crate::clock::WallClock;

/// What the records so far have told.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// How many there were.
    until: usize,
    /// The wall clock, as they say that it was set.
    pub(super) wall: WallClock,
    /// The rules that decided.
    decided: BTreeSet<String>,
    /// Those of broken invariants.
    violations: Vec<RecordId>,
    /// Where each user was asked last, by user and decision point.
    prompts: BTreeMap<(String, DecisionPoint), RecordId>,
}

impl Seen {
    pub(super) fn new(start: FileTime) -> Self {
        Self {
            until: 0,
            wall: WallClock::new(start),
            decided: BTreeSet::new(),
            violations: Vec::new(),
            prompts: BTreeMap::new(),
        }
    }

    /// Looks at the records that have come since the last time.
    pub(super) fn follow(&mut self, trace: &Trace) {
        for record in trace.since(self.until) {
            match record.kind {
                Kind::Change => self.wall.follow(&record),
                Kind::Decision => {
                    if let Some(rule) = record.text("rule").filter(|rule| !self.decided.contains(*rule)) {
                        self.decided.insert(rule.to_owned());
                    }
                }
                Kind::Violation => self.violations.push(record.id),
                Kind::Prompt => {
                    if let Some(point) = record.text("point").and_then(|point| point.parse().ok()) {
                        self.prompts.insert((record.actor().to_owned(), point), record.id);
                    }
                }
                _ => {}
            }
        }
        self.until = trace.len();
    }

    /// Where that user was asked last at that decision point.
    pub(super) fn prompt(&self, trace: &Trace, user: &str, point: DecisionPoint) -> Option<RecordId> {
        let is_it = |text: &str| text.parse() == Ok(point);
        let mut since = trace.since(self.until).filter(|record| record.kind == Kind::Prompt);
        let new = since.rfind(|record| record.actor() == user && record.text("point").is_some_and(is_it));
        new.map(|record| record.id).or_else(|| self.prompts.get(&(user.to_owned(), point)).copied())
    }

    /// The rules that decided, each once, in order.
    pub(super) fn decided(&self) -> Vec<String> {
        self.decided.iter().cloned().collect()
    }

    /// The records of broken invariants, in order.
    pub(super) fn violations(&self) -> Vec<RecordId> {
        self.violations.clone()
    }
}
