//! What a scenario has used up, and whether it gets anywhere: every source of events can go on for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use autoenroll_model::{Fact, Facts};
use autoenroll_trace::Kind;

use crate::queue::{Event, SessionId};
use crate::spec::{Budget, Quantity};

/// An instant with fewer events and outputs is not looked at: hashing every record of every instant would cost more
/// than recording it.
const STEPS_NOT_WATCHED: u32 = 1_000;

/// This many events and outputs of one instant, without a record that says something new, mean that it does not end.
pub const STEPS_WITHOUT_PROGRESS: u32 = 10_000;

/// What has been used up, and by whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spending {
    events: u64,
    records: u64,
    bytes: u64,
    /// Records by what led to them.
    by: BTreeMap<Source, u64>,
    source: Source,
    /// What the records of this instant have said, as hashes.
    said: BTreeSet<u64>,
    /// Events and outputs of this instant.
    steps: u32,
    /// Those since something was said for the first time.
    idle: u32,
}

/// What leads to records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// What the steps of the scenario do.
    #[default]
    Steps,
    /// Changes that were scheduled.
    Changes,
    /// Refreshes of policy.
    Refreshes(SessionId),
    /// Effects that a core asks for.
    Effects(SessionId),
    /// Commands of cards.
    Cards,
    /// Ticks that a core asks for.
    Deadlines(SessionId),
}

impl From<&Event> for Source {
    fn from(event: &Event) -> Self {
        match event {
            Event::Change(..) | Event::PublishAuthority(_) => Self::Changes,
            Event::Refresh(session) => Self::Refreshes(*session),
            Event::Effect(session, _) => Self::Effects(*session),
            Event::Reader(_) => Self::Cards,
            Event::Deadline(session) => Self::Deadlines(*session),
        }
    }
}

impl Spending {
    /// An event, or a step of the scenario, begins.
    pub(crate) const fn begin(&mut self, source: Source) {
        self.events += 1;
        self.steps += 1;
        self.idle += 1;
        self.source = source;
    }

    /// A core has put something out.
    pub(crate) const fn output(&mut self) {
        self.steps += 1;
        self.idle += 1;
    }

    /// The clock has moved: what was said before may be said again.
    pub(crate) fn next_instant(&mut self) {
        self.said.clear();
        self.steps = 0;
        self.idle = 0;
    }

    /// A record is written.
    pub(crate) fn record(&mut self, actor: &str, kind: Kind, facts: &Facts) {
        self.records += 1;
        self.bytes += size(actor, facts);
        *self.by.entry(self.source).or_default() += 1;
        if self.steps < STEPS_NOT_WATCHED || self.is_new(actor, kind, facts) {
            self.idle = 0;
        }
    }

    fn is_new(&mut self, actor: &str, kind: Kind, facts: &Facts) -> bool {
        let mut hasher = DefaultHasher::new();
        (actor, kind, facts).hash(&mut hasher);
        self.said.insert(hasher.finish())
    }

    /// Whether this instant only repeats itself.
    pub(crate) const fn goes_in_circles(&self) -> bool {
        self.idle > STEPS_WITHOUT_PROGRESS
    }

    /// What is used up, if anything.
    pub(crate) const fn exceeds(&self, budget: &Budget) -> Option<(Quantity, u64)> {
        if self.records > budget.records {
            Some((Quantity::Records, budget.records))
        } else if self.events > budget.events {
            Some((Quantity::Events, budget.events))
        } else if self.bytes > budget.bytes {
            Some((Quantity::Bytes, budget.bytes))
        } else {
            None
        }
    }

    /// The sources of most records, the largest first.
    pub(crate) fn largest(&self) -> Vec<(Source, u64)> {
        let mut all: Vec<(Source, u64)> = self.by.iter().map(|(source, records)| (*source, *records)).collect();
        all.sort_by_key(|(source, records)| (std::cmp::Reverse(*records), *source));
        all.truncate(3);
        all
    }
}

/// The text of a record, and a little for what is around it.
fn size(actor: &str, facts: &Facts) -> u64 {
    let text: usize = facts.iter().map(|(name, fact)| name.len() + size_of_fact(fact) + 6).sum();
    u64::try_from(actor.len() + text + 40).unwrap_or(u64::MAX)
}

fn size_of_fact(fact: &Fact) -> usize {
    match fact {
        Fact::Flag(_) | Fact::Number(_) => 8,
        Fact::Text(text) => text.len(),
        Fact::List(list) => list.iter().map(|fact| size_of_fact(fact) + 3).sum(),
    }
}
