//! The parts that can be real or simulated: cards in readers, and CAs.

use std::collections::BTreeMap;

use autoenroll_ca::Ca;
use autoenroll_card::Card;
use autoenroll_model::{CaReply, FileTime, HResult, PrincipalObject, Submission};

use crate::spec::ReaderName;

/// The cards and CAs of a world, and the way to them.
///
/// The world makes every [`Card`] and [`Ca`] and hands it over; an implementation keeps them and decides how a command or a
/// request gets there: by a function call ([`InProcess`]), through a PC/SC stack to a virtual reader, over HTTPS. Virtual time
/// stays virtual all the same, because no method takes any of it. Whoever keeps a card or CA for another thread as well lends
/// it to the closures under its lock.
pub trait Parts {
    /// Takes a card into keeping, outside of any reader.
    fn add_card(&mut self, name: &str, card: Card);

    /// Lends a card to look at; `None` when there is none of that name.
    fn card<R>(&self, name: &str, look: impl FnOnce(&Card) -> R) -> Option<R>;

    /// Lends a card to change it behind its reader's back, as an administrator's desk would.
    fn card_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Card) -> R) -> Option<R>;

    /// Puts a card into an empty reader and powers it; its answer to reset, or `None` when it is mute.
    fn insert(&mut self, reader: &ReaderName, card: &str) -> Option<Vec<u8>>;

    /// Pulls out what is in a reader.
    fn remove(&mut self, reader: &ReaderName);

    /// Resets what is in a reader: what was proved in its session is forgotten.
    fn reset(&mut self, reader: &ReaderName);

    /// Sends one command APDU and waits for the response APDU.
    ///
    /// # Errors
    /// When there is no card, or it does not answer.
    fn transmit(&mut self, reader: &ReaderName, apdu: &[u8]) -> Result<Vec<u8>, CardGone>;

    /// Takes a CA into keeping.
    fn add_authority(&mut self, ca: Ca);

    /// Lends a CA to look at; `None` when there is none of that name.
    fn authority<R>(&self, name: &str, look: impl FnOnce(&Ca) -> R) -> Option<R>;

    /// Lends a CA to its manager, or to the directory that replicates to it.
    fn authority_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Ca) -> R) -> Option<R>;

    /// Sends a request to a CA.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn submit(
        &mut self,
        ca: &str,
        now: FileTime,
        caller: &PrincipalObject,
        submission: &Submission,
    ) -> Result<CaReply, HResult> {
        let reply = self.authority_mut(ca, |ca| ca.submit(now, caller, submission));
        reply.ok_or(HResult::RPC_S_SERVER_UNAVAILABLE)
    }

    /// Asks a CA for the outcome of a request.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn retrieve(&mut self, ca: &str, request_id: u32) -> Result<CaReply, HResult> {
        let reply = self.authority_mut(ca, |ca| ca.retrieve(request_id));
        reply.ok_or(HResult::RPC_S_SERVER_UNAVAILABLE)
    }
}

/// The card is not there any more, or does not answer; with the code that a program is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardGone(pub HResult);

/// Virtual cards and CAs in this process; worlds over it can be cloned.
#[derive(Clone, Debug, Default)]
pub struct InProcess {
    cards: BTreeMap<String, Card>,
    /// Which card is in which reader.
    readers: BTreeMap<ReaderName, String>,
    authorities: BTreeMap<String, Ca>,
}

impl InProcess {
    /// Without any cards and CAs: the world makes them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn card_in(&mut self, reader: &ReaderName) -> Option<&mut Card> {
        self.cards.get_mut(self.readers.get(reader)?)
    }
}

impl Parts for InProcess {
    fn add_card(&mut self, name: &str, card: Card) {
        self.cards.insert(name.to_owned(), card);
    }

    fn card<R>(&self, name: &str, look: impl FnOnce(&Card) -> R) -> Option<R> {
        self.cards.get(name).map(look)
    }

    fn card_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Card) -> R) -> Option<R> {
        self.cards.get_mut(name).map(change)
    }

    fn insert(&mut self, reader: &ReaderName, card: &str) -> Option<Vec<u8>> {
        self.readers.insert(reader.clone(), card.to_owned());
        self.card_in(reader)?.power_on().map(|atr| atr.as_bytes().to_vec())
    }

    fn remove(&mut self, reader: &ReaderName) {
        if let Some(card) = self.card_in(reader) {
            card.power_off();
        }
        self.readers.remove(reader);
    }

    fn reset(&mut self, reader: &ReaderName) {
        if let Some(card) = self.card_in(reader) {
            card.reset();
        }
    }

    fn transmit(&mut self, reader: &ReaderName, apdu: &[u8]) -> Result<Vec<u8>, CardGone> {
        let card = self.card_in(reader).ok_or(CardGone(HResult::SCARD_W_REMOVED_CARD))?;
        let response = card.transmit(apdu);
        if response.is_empty() { Err(CardGone(HResult::SCARD_W_UNPOWERED_CARD)) } else { Ok(response) }
    }

    fn add_authority(&mut self, ca: Ca) {
        self.authorities.insert(ca.identity().name().to_owned(), ca);
    }

    fn authority<R>(&self, name: &str, look: impl FnOnce(&Ca) -> R) -> Option<R> {
        self.authorities.get(name).map(look)
    }

    fn authority_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Ca) -> R) -> Option<R> {
        self.authorities.get_mut(name).map(change)
    }
}
