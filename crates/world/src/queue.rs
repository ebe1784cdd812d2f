//! What is due, and in which order.

use std::collections::BTreeMap;

use autoenroll_model::{EffectId, SimTime};
use autoenroll_trace::RecordId;

use crate::action::Change;
use crate::spec::ReaderName;

/// Everything that is due, ordered by time, then class, then first in, first out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Queue {
    events: BTreeMap<Key, Event>,
    /// How many events were ever put in.
    made: u64,
}

/// The place of an event in the order of things; also the handle to take it out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) at: SimTime,
    class: Class,
    made: u64,
}

/// What comes first at equal time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// The world changes.
    World,
    /// Group Policy is applied.
    Policy,
    /// An effect has come to its end, or to its next command.
    Effect,
    /// A core's own deadline.
    Deadline,
}

/// Names a session for good: a logon or a boot, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionId(pub(crate) u32);

/// Something that is due.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    /// A change that was scheduled, and its number among the described ones.
    Change(Box<Change>, Option<usize>),
    /// The enrollment service of a CA appears in the directory.
    PublishAuthority(String),
    /// The background refresh of a session's policy.
    Refresh(SessionId),
    /// An effect is carried out and its result handed over.
    Effect(SessionId, EffectId),
    /// The next command of the transaction that has this reader.
    Reader(ReaderName),
    /// A card in this reader waits no longer for the touch that its transaction of that record needs.
    Touch(ReaderName, RecordId),
    /// A core wants its tick.
    Deadline(SessionId),
}

impl Event {
    const fn class(&self) -> Class {
        match self {
            Self::Change(..) | Self::PublishAuthority(_) => Class::World,
            Self::Refresh(_) => Class::Policy,
            Self::Effect(..) | Self::Reader(_) | Self::Touch(..) => Class::Effect,
            Self::Deadline(_) => Class::Deadline,
        }
    }
}

impl Queue {
    /// Puts an event in, behind all that are due at the same time in the same class.
    pub(crate) fn put(&mut self, at: SimTime, event: Event) -> Key {
        let key = Key { at, class: event.class(), made: self.made };
        self.made += 1;
        self.events.insert(key, event);
        key
    }

    /// Takes out the first event, when it is due by then.
    pub(crate) fn take(&mut self, until: SimTime) -> Option<(SimTime, Event)> {
        let first = self.events.first_entry().filter(|first| first.key().at <= until)?;
        let (key, event) = first.remove_entry();
        Some((key.at, event))
    }

    /// When the first event is due.
    pub(crate) fn next_at(&self) -> Option<SimTime> {
        self.events.keys().next().map(|key| key.at)
    }

    /// Takes an event out before it is due.
    pub(crate) fn cancel(&mut self, key: Key) {
        self.events.remove(&key);
    }

    /// Drops what is due for the core of a session; its refreshes of Group Policy stay.
    pub(crate) fn forget_core(&mut self, session: SessionId) {
        self.events.retain(|_, event| match event {
            Event::Effect(of, _) | Event::Deadline(of) => *of != session,
            Event::Refresh(_)
            | Event::Change(..)
            | Event::PublishAuthority(_)
            | Event::Reader(_)
            | Event::Touch(..) => true,
        });
    }

    /// Takes out everything that concerns a session.
    pub(crate) fn forget(&mut self, session: SessionId) {
        self.events.retain(|_, event| match event {
            Event::Refresh(of) | Event::Effect(of, _) | Event::Deadline(of) => *of != session,
            Event::Change(..) | Event::PublishAuthority(_) | Event::Reader(_) | Event::Touch(..) => true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_equal_time_the_class_decides_and_then_who_came_first() {
        let reader = ReaderName { computer: "WKS01".to_owned(), reader: "Reader 0".to_owned() };
        let late = Event::Change(Box::new(Change::DirectoryReachable(false)), None);
        let order = [
            Event::Change(Box::new(Change::DirectoryReachable(true)), Some(0)),
            Event::PublishAuthority("CA".to_owned()),
            Event::Refresh(SessionId(2)),
            Event::Refresh(SessionId(1)),
            Event::Effect(SessionId(1), EffectId(9)),
            Event::Reader(reader),
            Event::Effect(SessionId(1), EffectId(3)),
            Event::Deadline(SessionId(1)),
        ];
        // Put in with the classes mixed, but in the order above within each class.
        let mut queue = Queue::default();
        queue.put(SimTime(6), late.clone());
        for put in [7, 2, 4, 0, 3, 5, 1, 6] {
            queue.put(SimTime(5), order[put].clone());
        }
        let mut found = Vec::new();
        while let Some((at, event)) = queue.take(SimTime(5)) {
            assert_eq!(at, SimTime(5));
            found.push(event);
        }
        assert_eq!(found, order);
        assert_eq!((queue.next_at(), queue.take(SimTime(6))), (Some(SimTime(6)), Some((SimTime(6), late))));
    }

    #[test]
    fn what_is_cancelled_or_forgotten_does_not_come() {
        let mut queue = Queue::default();
        let cancelled = queue.put(SimTime(1), Event::Deadline(SessionId(1)));
        queue.put(SimTime(2), Event::Effect(SessionId(1), EffectId(1)));
        queue.put(SimTime(3), Event::Refresh(SessionId(2)));
        queue.cancel(cancelled);
        queue.forget(SessionId(1));
        assert_eq!(queue.take(SimTime(9)), Some((SimTime(3), Event::Refresh(SessionId(2)))));
        assert_eq!(queue.take(SimTime(9)), None);
    }
}
