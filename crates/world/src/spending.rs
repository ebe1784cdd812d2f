//! What a scenario has used up, and whether it gets anywhere: every source of events can go on for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use autoenroll_model::Fact;
use autoenroll_trace::{Kind, Ruling};

use crate::queue::{Event, SessionId};
use crate::spec::{Budget, Quantity};

/// An instant with fewer events and outputs is not looked at: hashing every record of every instant would cost more
/// than recording it.
const STEPS_NOT_WATCHED: u32 = 1_000;

/// This many events and outputs of one instant, without a record that says something new, mean that it does not end;
/// more where the instant has said more, because a second run says again what the first one did.
pub const STEPS_WITHOUT_PROGRESS: u32 = 10_000;

/// So many sessions may be over before what they have used up is looked through.
const SESSIONS_OVER: usize = 1_024;

/// Whoever says the same again so often goes in circles, however much it is.
const ROUNDS: u32 = 8;

/// What has been used up, and by whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spending {
    events: u64,
    records: u64,
    bytes: u64,
    /// Records by what led to them.
    by: BTreeMap<Source, u64>,
    source: Source,
    /// Records of the present source that are not in `by` yet.
    of_source: u64,
    /// Sessions that are over, and whose records are still told apart.
    over: BTreeSet<SessionId>,
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

impl Source {
    const fn session(self) -> Option<SessionId> {
        match self {
            Self::Refreshes(session) | Self::Effects(session) | Self::Deadlines(session) => Some(session),
            Self::Steps | Self::Changes | Self::Cards => None,
        }
    }
}

impl From<&Event> for Source {
    fn from(event: &Event) -> Self {
        match event {
            Event::Change(..) | Event::PublishAuthority(_) => Self::Changes,
            Event::Refresh(session) => Self::Refreshes(*session),
            Event::Effect(session, _) => Self::Effects(*session),
            Event::Reader(_) | Event::Touch(..) => Self::Cards,
            Event::Deadline(session) => Self::Deadlines(*session),
        }
    }
}

impl Spending {
    /// An event, or a step of the scenario, begins.
    pub(crate) fn begin(&mut self, source: Source) {
        self.events += 1;
        self.steps += 1;
        self.idle += 1;
        if source != self.source {
            self.count();
            self.source = source;
        }
    }

    /// A step of the scenario, of which there are only so many, begins.
    pub(crate) fn act(&mut self) {
        self.begin(Source::Steps);
        self.idle = 0;
    }

    /// Counts the records of the present source.
    fn count(&mut self) {
        if self.of_source > 0 {
            *self.by.entry(self.source).or_default() += std::mem::take(&mut self.of_source);
        }
    }

    /// A session is over: no more records come of it. Now and then those are forgotten that are not among the largest
    /// and so never will be.
    pub(crate) fn end(&mut self, session: SessionId) {
        self.over.insert(session);
        if self.over.len() <= SESSIONS_OVER {
            return;
        }
        self.count();
        let largest: Vec<Source> = self.largest().into_iter().map(|(source, _)| source).collect();
        self.by.retain(|source, _| {
            largest.contains(source) || !source.session().is_some_and(|session| self.over.contains(&session))
        });
        self.over.clear();
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
    pub(crate) fn record<'f>(
        &mut self,
        actor: &str,
        kind: Kind,
        facts: impl Iterator<Item = (&'f str, &'f Fact)> + Clone,
    ) {
        let size = size(actor, facts.clone());
        self.said(size, |hasher| {
            (actor, kind).hash(hasher);
            facts.for_each(|fact| fact.hash(hasher));
        });
    }

    /// The record of a decision is written.
    pub(crate) fn decision<'f>(
        &mut self,
        actor: &str,
        ruling: Ruling<'_>,
        facts: impl Iterator<Item = (&'f str, &'f Fact)> + Clone,
    ) {
        let Ruling { rule, subject, outcome } = ruling;
        let own = "rule".len() + rule.len() + "subject".len() + subject.len() + "outcome".len() + FLAG + 3 * AROUND;
        self.said(size(actor, facts.clone()) + own as u64, |hasher| {
            (actor, rule, subject, outcome).hash(hasher);
            facts.for_each(|fact| fact.hash(hasher));
        });
    }

    /// A record of that size is written; what it says, as far as that is looked at.
    fn said(&mut self, size: u64, says: impl FnOnce(&mut DefaultHasher)) {
        self.records += 1;
        self.bytes += size;
        self.of_source += 1;
        let is_new = self.steps < STEPS_NOT_WATCHED || {
            let mut hasher = DefaultHasher::new();
            says(&mut hasher);
            self.said.insert(hasher.finish())
        };
        if is_new {
            self.idle = 0;
        }
    }

    /// How many events and outputs of this instant say nothing new, when it only repeats itself: more than
    /// [`STEPS_WITHOUT_PROGRESS`], and more than a few rounds of all that was said.
    pub(crate) fn goes_in_circles(&self) -> Option<u32> {
        let rounds = u32::try_from(self.said.len()).unwrap_or(u32::MAX).saturating_mul(ROUNDS);
        let most = STEPS_WITHOUT_PROGRESS.max(rounds);
        (self.idle > most).then_some(most)
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

    /// Whether the story ends here, for one reason or the other.
    pub(crate) fn ends(&self, budget: &Budget) -> bool {
        self.goes_in_circles().is_some() || self.exceeds(budget).is_some()
    }

    /// The sources of most records, the largest first.
    pub(crate) fn largest(&self) -> Vec<(Source, u64)> {
        let mut by = self.by.clone();
        if self.of_source > 0 {
            *by.entry(self.source).or_default() += self.of_source;
        }
        let mut all: Vec<(Source, u64)> = by.into_iter().collect();
        all.sort_by_key(|(source, records)| (std::cmp::Reverse(*records), *source));
        all.truncate(3);
        all
    }
}

/// What is around a fact.
const AROUND: usize = 6;
/// The size of a flag or a number.
const FLAG: usize = 8;

/// The text of a record, and a little for what is around it.
fn size<'f>(actor: &str, facts: impl Iterator<Item = (&'f str, &'f Fact)>) -> u64 {
    let text: usize = facts.map(|(name, fact)| name.len() + size_of_fact(fact) + AROUND).sum();
    u64::try_from(actor.len() + text + 40).unwrap_or(u64::MAX)
}

fn size_of_fact(fact: &Fact) -> usize {
    match fact {
        Fact::Flag(_) | Fact::Number(_) => FLAG,
        Fact::Text(text) => text.len(),
        Fact::List(list) => list.iter().map(|fact| size_of_fact(fact) + 3).sum(),
    }
}
