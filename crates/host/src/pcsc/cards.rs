//! A world's cards behind a real PC/SC stack.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use autoenroll_card::Card;
use autoenroll_model::HResult;
use autoenroll_world::spec::ReaderName;
use autoenroll_world::{CardGone, CardHost};

use crate::pcsc::{Reader, Stack};
use crate::stay::lock;
use crate::{InsertedCard, SharedCard, Slot, insert, share};

/// Cards in the readers of a [`Stack`].
///
/// Each card is the very object that would be driven in process, and the commands are the same; only their way is
/// another. So the world sees the same, while virtual time stands still: inserting waits until pcscd has the card,
/// removing until it has noticed, both in real time and with a limit. The handle to a card is kept from insertion to
/// removal, so that pcscd does not take the power away between two operations.
///
/// What goes wrong on that way, and not in the story, is a [`Fault`]; see [`PcscCards::ledger`].
#[derive(Debug)]
pub struct PcscCards {
    stack: Arc<Stack>,
    ledger: Ledger,
    /// Readers that were ever used.
    readers: BTreeMap<ReaderName, Place>,
}

/// What can be seen of a world's cards from outside, and after it: the cards themselves, and the faults.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    cards: Arc<Mutex<BTreeMap<String, SharedCard>>>,
    faults: Arc<Mutex<Vec<Fault>>>,
}

/// Something went wrong with the PC/SC stack. A run with a fault says nothing about the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub reader: ReaderName,
    /// What was tried.
    pub attempt: &'static str,
    /// What PC/SC said.
    pub code: HResult,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot {}: {}", self.reader, self.attempt, self.code)
    }
}

impl std::error::Error for Fault {}

impl Ledger {
    /// A card, as it is in its reader.
    #[must_use]
    pub fn card(&self, name: &str) -> Option<SharedCard> {
        self.cards.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Everything that went wrong so far. At most 100 are kept: the first tells why.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, fault: Fault) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() < 100 {
            faults.push(fault);
        }
    }
}

/// A reader of pcscd that stands for a reader of the world.
#[derive(Debug)]
struct Place {
    slot: Slot,
    reader: Reader,
    inserted: Option<InsertedCard>,
}

/// How long pcscd may take to notice that a card came or went. It looks every 400 ms.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);

/// How long the driver may take to take a card. It listens for as long as pcscd runs.
const DRIVER_WITHIN: Duration = Duration::from_secs(1);

impl PcscCards {
    /// Without any cards: the world makes them.
    #[must_use]
    pub fn new(stack: Arc<Stack>) -> Self {
        Self { stack, ledger: Ledger::default(), readers: BTreeMap::new() }
    }

    /// What is left to see when the world is gone. Look for faults after every run.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger.clone()
    }

    /// The reader of pcscd for a reader of the world.
    fn place(&mut self, name: &ReaderName) -> Result<&mut Place, CardGone> {
        if !self.readers.contains_key(name) {
            let slot = self.stack.take().ok_or(CardGone(HResult::SCARD_E_NO_READERS_AVAILABLE))?;
            let reader = Reader::open(&slot.name)?;
            self.readers.insert(name.clone(), Place { slot, reader, inserted: None });
        }
        self.readers.get_mut(name).ok_or(CardGone(HResult::SCARD_E_NO_READERS_AVAILABLE))
    }

    /// Puts a card in; its answer to reset.
    fn put_in(&mut self, name: &ReaderName, card: SharedCard) -> Result<Vec<u8>, CardGone> {
        let place = self.place(name)?;
        let inserted = insert(card, place.slot.driver(), DRIVER_WITHIN, |_| {});
        place.inserted = Some(inserted.map_err(|_| CardGone(HResult::SCARD_E_NO_SERVICE))?);
        place.reader.connect(NOTICED_WITHIN)
    }

    fn note(&self, reader: &ReaderName, attempt: &'static str, gone: CardGone) {
        self.ledger.note(Fault { reader: reader.clone(), attempt, code: gone.0 });
    }
}

impl Drop for PcscCards {
    fn drop(&mut self) {
        let used: Vec<ReaderName> = self.readers.keys().cloned().collect();
        for reader in used {
            // The next one to take the reader expects it empty.
            self.remove(&reader);
        }
        while let Some((_, place)) = self.readers.pop_first() {
            self.stack.give_back(place.slot);
        }
    }
}

impl CardHost for PcscCards {
    fn add_card(&mut self, name: &str, card: Card) {
        self.ledger.cards.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), share(card));
    }

    fn card<R>(&self, name: &str, look: impl FnOnce(&Card) -> R) -> Option<R> {
        let card = self.ledger.card(name)?;
        Some(look(&lock(&card)))
    }

    fn card_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Card) -> R) -> Option<R> {
        let card = self.ledger.card(name)?;
        Some(change(&mut lock(&card)))
    }

    fn insert(&mut self, reader: &ReaderName, card: &str) -> Option<Vec<u8>> {
        let card = self.ledger.card(card)?;
        // pcscd takes a card that does not answer for no card at all.
        if lock(&card).profile().quirks.mute {
            return None;
        }
        match self.put_in(reader, card) {
            Ok(atr) => Some(atr),
            Err(gone) => {
                self.note(reader, "insert a card", gone);
                None
            }
        }
    }

    fn remove(&mut self, reader: &ReaderName) {
        let Some(place) = self.readers.get_mut(reader) else { return };
        let Some(inserted) = place.inserted.take() else { return };
        inserted.pull();
        if let Err(gone) = place.reader.wait_until_empty(NOTICED_WITHIN) {
            self.note(reader, "remove a card", gone);
        }
    }

    fn reset(&mut self, reader: &ReaderName) {
        let Some(place) = self.readers.get(reader).filter(|place| place.inserted.is_some()) else { return };
        if let Err(gone) = place.reader.reset() {
            self.note(reader, "reset a card", gone);
        }
    }

    fn transmit(&mut self, reader: &ReaderName, apdu: &[u8]) -> Result<Vec<u8>, CardGone> {
        let place = self.readers.get(reader).filter(|place| place.inserted.is_some());
        let place = place.ok_or(CardGone(HResult::SCARD_W_REMOVED_CARD))?;
        let response = place.reader.transmit(apdu);
        if let Err(gone) = &response {
            self.note(reader, "send a command", *gone);
        }
        response
    }
}
