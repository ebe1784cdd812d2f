//! What keeps the cards and CAs of a world, real or simulated, and the way to them.

use std::collections::BTreeMap;

use autoenroll_ca::Ca;
use autoenroll_card::Card;
use autoenroll_model::{CaReply, FileTime, HResult, PolicyResponse, PrincipalObject, Shared, Submission};

use crate::spec::ReaderName;

/// The two hosts of a world. Each is chosen, or wrapped, without the other.
#[derive(Clone, Debug, Default)]
pub struct Hosts<C, A> {
    /// Keeps the cards.
    pub cards: C,
    /// Keeps the CAs.
    pub cas: A,
}

impl Hosts<InProcessCards, InProcessCas> {
    /// Virtual cards and CAs in this process; worlds over them can be cloned.
    #[must_use]
    pub fn in_process() -> Self {
        Self::default()
    }
}

/// The cards of a world, and the readers they are in.
///
/// The world makes every [`Card`] and hands it over; an implementation keeps it and decides how a command gets there:
/// by a function call ([`InProcessCards`]), or through a PC/SC stack to a virtual reader. Virtual time stays virtual
/// all the same, because no method takes any of it. A host that shares a card with another thread lends it to the
/// closures under its lock.
pub trait CardHost {
    /// Takes a card into keeping, outside of any reader.
    fn add_card(&mut self, name: &str, card: Card);

    /// Lends a card to read; `None` when there is none of that name.
    fn card<R>(&self, name: &str, look: impl FnOnce(&Card) -> R) -> Option<R>;

    /// Mutable access to a card for administration and tests, without a command of its reader.
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
}

/// The card is not there any more, or does not answer; with the code that a program is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardGone(pub HResult);

/// The CAs of a world, and the way to them: by a function call ([`InProcessCas`]), or over HTTPS.
pub trait CaHost {
    /// Takes a CA into keeping.
    fn add_ca(&mut self, ca: Ca);

    /// Lends a CA to read; `None` when there is none of that name.
    fn ca<R>(&self, name: &str, look: impl FnOnce(&Ca) -> R) -> Option<R>;

    /// Mutable access to a CA for its manager, and for the directory that replicates to it.
    fn ca_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Ca) -> R) -> Option<R>;

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
        let reply = self.ca_mut(ca, |ca| ca.submit(now, caller, submission));
        reply.ok_or(HResult::RPC_S_SERVER_UNAVAILABLE)
    }

    /// Asks a CA for the outcome of a request. The caller is who asks, by the name in the world.
    ///
    /// # Errors
    /// When it cannot be reached.
    fn retrieve(&mut self, ca: &str, _caller: &str, request_id: u32) -> Result<CaReply, HResult> {
        let reply = self.ca_mut(ca, |ca| ca.retrieve(request_id));
        reply.ok_or(HResult::RPC_S_SERVER_UNAVAILABLE)
    }

    /// Asks a CA that archives keys for its exchange certificate, DER. The caller is who asks, by the name in the
    /// world.
    ///
    /// # Errors
    /// When it cannot be reached, or archives none.
    fn exchange_certificate(&mut self, ca: &str, _caller: &str, now: FileTime) -> Result<Vec<u8>, HResult> {
        let certificate = self.ca_mut(ca, |ca| exchange_certificate(ca, now));
        // X6.1.0x8009400A
        certificate.flatten().ok_or(HResult::CERTSRV_E_KEY_ARCHIVAL_NOT_CONFIGURED)
    }

    /// Carries the answer of a policy server to whoever asked it: as it is, or by way of [MS-XCEP].
    ///
    /// # Errors
    /// When the server cannot be reached.
    fn policies(&mut self, _caller: &str, told: PolicyResponse) -> Result<PolicyResponse, HResult> {
        Ok(told)
    }
}

/// The certificate to which private keys are encrypted for archival; `None` when the CA archives none.
pub fn exchange_certificate(ca: &mut Ca, now: FileTime) -> Option<Vec<u8>> {
    let archives = ca.config().key_archival;
    archives.then(|| ca.exchange_certificate(now))
}

/// Virtual cards in this process.
#[derive(Clone, Debug, Default)]
pub struct InProcessCards {
    cards: Shared<BTreeMap<String, Shared<Card>>>,
    /// Which card is in which reader.
    readers: Shared<BTreeMap<ReaderName, String>>,
}

impl InProcessCards {
    fn card_in(&mut self, reader: &ReaderName) -> Option<&mut Card> {
        self.cards.get_mut(self.readers.get(reader)?).map(|card| &mut **card)
    }
}

impl CardHost for InProcessCards {
    fn add_card(&mut self, name: &str, card: Card) {
        self.cards.insert(name.to_owned(), card.into());
    }

    fn card<R>(&self, name: &str, look: impl FnOnce(&Card) -> R) -> Option<R> {
        self.cards.get(name).map(|card| look(card))
    }

    fn card_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Card) -> R) -> Option<R> {
        self.cards.get_mut(name).map(|card| change(card))
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
}

/// CAs in this process.
#[derive(Clone, Debug, Default)]
pub struct InProcessCas(Shared<BTreeMap<String, Shared<Ca>>>);

impl CaHost for InProcessCas {
    fn add_ca(&mut self, ca: Ca) {
        self.0.insert(ca.identity().name().to_owned(), ca.into());
    }

    fn ca<R>(&self, name: &str, look: impl FnOnce(&Ca) -> R) -> Option<R> {
        self.0.get(name).map(|ca| look(ca))
    }

    fn ca_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Ca) -> R) -> Option<R> {
        self.0.get_mut(name).map(|ca| change(ca))
    }
}
