//! Card readers: what is in them, and the transactions that wait for them.

use std::collections::{BTreeMap, VecDeque};

use autoenroll_csp::{CardAnswer, Operation};
use autoenroll_model::{EffectId, PinId};
use autoenroll_trace::RecordId;

use crate::error::{Thing, Unknown};
use crate::session::SessionId;
use crate::spec::ReaderName;

/// All readers of all computers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Readers(BTreeMap<ReaderName, Reader>);

/// One reader.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reader {
    pub(crate) holds: Option<CardInReader>,
    /// How many cards have been put in so far: a card that was out in between is not the one a transaction began with.
    insertions: u32,
    /// Transactions in the order in which they came; the first one has the reader.
    queue: VecDeque<CardTransaction>,
    /// Its next step is in the queue of events.
    pub(crate) scheduled: bool,
}

/// A card in a reader.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CardInReader {
    pub(crate) card: String,
    /// Its answer to reset; `None` when it is mute.
    pub(crate) atr: Option<Vec<u8>>,
}

/// One operation on a card, which has the reader to itself from its first command to its last.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CardTransaction {
    pub(crate) client: CardClient,
    /// The card it is meant for.
    pub(crate) card: String,
    pub(crate) operation: Operation,
    pub(crate) pin: Option<PinId>,
    /// What its commands were answered so far.
    pub(crate) answers: Vec<CardAnswer>,
    /// The record of its beginning.
    pub(crate) record: RecordId,
    /// The insertion it began with.
    pub(crate) began: Option<u32>,
    /// What the command that comes next has to wait for.
    pub(crate) touch: Touch,
}

/// Whether a card waits for a touch before it carries a command out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Touch {
    /// It has not been asked to.
    #[default]
    NotAsked,
    /// It waits.
    Waits,
    /// It was touched, or not in time.
    Over {
        /// Whether it was.
        touched: bool,
    },
}

/// Names an attempt to log on for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogonId(pub(crate) u32);

/// Whose operation a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardClient {
    /// A core's.
    Core { session: SessionId, effect: EffectId },
    /// A provider's own, on behalf of a core's effect.
    Provider { session: SessionId, effect: EffectId },
    /// That of a user who logs on.
    Logon(LogonId),
}

impl CardClient {
    /// Whether it does that effect, or what has to be done before.
    fn works_for(self, of: SessionId, wanted: EffectId) -> bool {
        match self {
            Self::Core { session, effect } | Self::Provider { session, effect } => session == of && effect == wanted,
            Self::Logon(_) => false,
        }
    }
}

impl Readers {
    pub(crate) fn add(&mut self, name: ReaderName) {
        self.0.insert(name, Reader::default());
    }

    pub(crate) fn get(&self, name: &ReaderName) -> Result<&Reader, Unknown> {
        self.0.get(name).ok_or_else(|| self.unknown(name))
    }

    pub(crate) fn get_mut(&mut self, name: &ReaderName) -> Option<&mut Reader> {
        self.0.get_mut(name)
    }

    /// The readers of a computer, by name.
    pub(crate) fn of<'a>(&'a self, computer: &'a str) -> impl Iterator<Item = (&'a ReaderName, &'a Reader)> {
        let first = ReaderName { computer: computer.to_owned(), reader: String::new() };
        self.0.range(first..).take_while(move |(name, _)| name.computer == computer)
    }

    /// Whether no transaction waits for any of them.
    pub(crate) fn are_idle(&self) -> bool {
        self.0.values().all(|reader| reader.queue.is_empty())
    }

    /// The reader a card is in.
    pub(crate) fn place_of(&self, card: &str) -> Option<&ReaderName> {
        self.0
            .iter()
            .find(|(_, reader)| reader.holds.as_ref().is_some_and(|held| held.card == card))
            .map(|(name, _)| name)
    }

    /// Takes every transaction of some clients out; the readers in which one of them had begun.
    pub(crate) fn forget(&mut self, of: impl Fn(CardClient) -> bool) -> Vec<ReaderName> {
        let mut begun = Vec::new();
        for (name, reader) in &mut self.0 {
            let before = reader.queue.front().is_some_and(|first| of(first.client) && first.began.is_some());
            reader.queue.retain(|transaction| !of(transaction.client));
            if before {
                begun.push(name.clone());
            }
        }
        begun
    }

    /// Whether any reader has or will have a transaction of an effect.
    pub(crate) fn work_for(&self, session: SessionId, effect: EffectId) -> bool {
        let mut queued = self.0.values().flat_map(|reader| &reader.queue);
        queued.any(|transaction| transaction.client.works_for(session, effect))
    }

    /// The reader in which a transaction of an effect has begun.
    pub(crate) fn at_work_for(&self, session: SessionId, effect: EffectId) -> Option<&ReaderName> {
        let begun = |reader: &Reader| reader.queue.front().is_some_and(|it| it.client.works_for(session, effect));
        self.0.iter().find(|(_, reader)| reader.is_at_work() && begun(reader)).map(|(name, _)| name)
    }

    /// Takes the transactions of an effect out that have not begun.
    pub(crate) fn cancel(&mut self, session: SessionId, effect: EffectId) {
        for reader in self.0.values_mut() {
            let of_it = |transaction: &CardTransaction| transaction.client.works_for(session, effect);
            reader.queue.retain(|transaction| !of_it(transaction) || transaction.began.is_some());
        }
    }

    fn unknown(&self, name: &ReaderName) -> Unknown {
        let known = self.of(&name.computer).map(|(name, _)| name.reader.clone()).collect();
        Unknown { what: Thing::Reader, name: name.reader.clone(), known }
    }
}

impl Reader {
    pub(crate) fn insert(&mut self, card: CardInReader) {
        self.insertions += 1;
        self.holds = Some(card);
    }

    /// Puts a transaction behind those that wait.
    pub(crate) fn enqueue(&mut self, transaction: CardTransaction) {
        self.queue.push_back(transaction);
    }

    /// The transaction that has the reader.
    pub(crate) fn current(&mut self) -> Option<&mut CardTransaction> {
        self.queue.front_mut()
    }

    /// Ends the transaction that has the reader.
    pub(crate) fn finish(&mut self) -> Option<CardTransaction> {
        self.queue.pop_front()
    }

    /// Whether a transaction has it or waits for it.
    pub(crate) fn is_busy(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether a transaction has begun to work with the card in it.
    pub(crate) fn is_at_work(&self) -> bool {
        self.queue.front().is_some_and(|first| first.began.is_some())
    }

    /// Which card this is, counted by insertions.
    pub(crate) const fn insertion(&self) -> u32 {
        self.insertions
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_csp::Minidriver;

    use super::*;

    fn transaction(session: u32, effect: u32, began: Option<u32>) -> CardTransaction {
        CardTransaction {
            client: CardClient::Core { session: SessionId(session), effect: EffectId(effect) },
            card: "card".to_owned(),
            operation: Operation::Identify(Minidriver::Gids),
            pin: None,
            answers: Vec::new(),
            record: RecordId(0),
            began,
            touch: Touch::NotAsked,
        }
    }

    #[test]
    fn transactions_wait_in_order_and_leave_with_their_session() {
        let name = ReaderName { computer: "WKS01".to_owned(), reader: "Reader 0".to_owned() };
        let mut readers = Readers::default();
        readers.add(name.clone());
        let reader = readers.get_mut(&name).unwrap();
        reader.enqueue(transaction(1, 1, Some(1)));
        reader.enqueue(transaction(2, 1, None));
        reader.enqueue(transaction(1, 2, None));
        readers.cancel(SessionId(1), EffectId(1));
        readers.cancel(SessionId(1), EffectId(2));
        let reader = readers.get_mut(&name).unwrap();
        assert_eq!(reader.queue.len(), 2, "the one that has begun stays");
        let of = |id: u32| move |client| matches!(client, CardClient::Core { session, .. } if session == SessionId(id));
        assert_eq!(readers.forget(of(2)), []);
        assert_eq!(readers.forget(of(1)), std::slice::from_ref(&name));
        assert!(!readers.get(&name).unwrap().is_busy());
    }
}
