//! Cards with a planted bug: commands are changed on their way to a card, or the card itself.

use std::collections::BTreeMap;

use autoenroll_apdu::gids::{ContainerFlags, ContainerMap, FileId, commands, tag};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_apdu::{Chain, ChainStep, Command, Response, StatusWord, encode_chain, ins};
use autoenroll_card::Card;
use autoenroll_world::spec::ReaderName;
use autoenroll_world::{CardGone, CardHost};

use crate::PlantedBug;

/// The cards of a world with a planted bug. Bugs of cores leave them as they are.
#[derive(Clone, Debug)]
pub struct SabotagedCards<C> {
    inner: C,
    bug: Option<PlantedBug>,
    /// Which card is in which reader.
    cards: BTreeMap<ReaderName, String>,
    /// PUT DATA commands that are not complete yet.
    chains: BTreeMap<ReaderName, Chain>,
    /// Cards as they were before the first wrong PIN since anything else changed on them.
    before: BTreeMap<String, Card>,
}

impl<C: CardHost> SabotagedCards<C> {
    /// Those cards with that bug; without one they behave as they are.
    #[must_use]
    pub const fn new(inner: C, bug: Option<PlantedBug>) -> Self {
        Self { inner, bug, cards: BTreeMap::new(), chains: BTreeMap::new(), before: BTreeMap::new() }
    }

    fn has(&self, bug: PlantedBug) -> bool {
        self.bug == Some(bug)
    }

    /// VERIFY with a PIN: what it takes off the counter may be given back, at once or later.
    fn verify(&mut self, reader: &ReaderName, card: &str, apdu: &[u8]) -> Result<Vec<u8>, CardGone> {
        let Some(before) = self.inner.card(card, Card::clone) else { return self.inner.transmit(reader, apdu) };
        let response = self.inner.transmit(reader, apdu)?;
        let wrong = Response::parse(&response).ok().and_then(|response| response.sw.retries()).is_some();
        if !wrong {
            self.before.remove(card);
            return Ok(response);
        }
        if self.has(PlantedBug::TriesNotCounted) {
            let tries = before.look().pin.tries_left;
            self.inner.card_mut(card, |card| *card = before);
            return Ok(Response::status(StatusWord::retries_left(tries)).encode());
        }
        self.before.entry(card.to_owned()).or_insert(before);
        Ok(response)
    }

    /// PUT DATA, piece by piece: the card gets the whole command when its last piece is there.
    fn put_data(&mut self, reader: &ReaderName, card: &str, piece: Command) -> Result<Vec<u8>, CardGone> {
        let command = match self.chains.entry(reader.clone()).or_default().push(piece) {
            ChainStep::More => return Ok(Response::ok([]).encode()),
            ChainStep::Whole(command) => command,
            ChainStep::Broken => return Ok(Response::status(StatusWord::CHAIN_NOT_ENDED).encode()),
            ChainStep::TooLong => return Ok(Response::status(StatusWord::WRONG_LENGTH).encode()),
        };
        let Some(written) = self.written(card, &command) else { return Ok(Response::ok([]).encode()) };
        let mut response = Response::ok([]).encode();
        for piece in encode_chain(&written, CHUNK) {
            response = self.inner.transmit(reader, &piece)?;
        }
        Ok(response)
    }

    /// What a PUT DATA writes; `None` when the card only says that it does.
    fn written(&self, card: &str, command: &Command) -> Option<Command> {
        let file = FileId(command.p1p2());
        let object = tlv::read(&command.data).ok().map(|(object, _)| (object.tag, object.value));
        let (FileId::EVERYONE_READ_USER_WRITE, Some((object, value))) = (file, object) else {
            return Some(command.clone());
        };
        match self.bug {
            Some(PlantedBug::DefaultFlagLeft) if object == tag::CONTAINER_MAP => {
                let map = self.with_old_default(card, value).unwrap_or_else(|| value.to_vec());
                Some(commands::put_data(file, object, &map))
            }
            Some(PlantedBug::CertificateLostByCard) if is_certificate(object) && !value.is_empty() => None,
            _ => Some(command.clone()),
        }
    }

    /// A container map in which the container that is the default one now stays one.
    fn with_old_default(&self, card: &str, map: &[u8]) -> Option<Vec<u8>> {
        let old = self.inner.card(card, |card| card.look().default_container).flatten()?;
        let mut map = ContainerMap::parse(map).ok()?;
        let record = map.0.get_mut(usize::from(old)).filter(|record| record.flags.is_valid())?;
        record.flags = ContainerFlags::Default;
        Some(map.encode())
    }
}

/// Data bytes of one piece of a chain, as the providers of this project cut them.
const CHUNK: u8 = 0xF0;

/// Whether a data object beside the files that every card has is a certificate: there is nothing else.
fn is_certificate(object: Tag) -> bool {
    ![tag::CARD_APPS, tag::CARD_CACHE, tag::CONTAINER_MAP].contains(&object)
}

impl<C: CardHost> CardHost for SabotagedCards<C> {
    fn add_card(&mut self, name: &str, card: Card) {
        self.inner.add_card(name, card);
    }

    fn card<R>(&self, name: &str, look: impl FnOnce(&Card) -> R) -> Option<R> {
        self.inner.card(name, look)
    }

    fn card_mut<R>(&mut self, name: &str, change: impl FnOnce(&mut Card) -> R) -> Option<R> {
        self.before.remove(name);
        self.inner.card_mut(name, change)
    }

    fn insert(&mut self, reader: &ReaderName, card: &str) -> Option<Vec<u8>> {
        self.cards.insert(reader.clone(), card.to_owned());
        if let Some(before) = self.before.remove(card)
            && self.has(PlantedBug::TriesRestoredByPower)
        {
            self.inner.card_mut(card, |card| *card = before);
        }
        self.inner.insert(reader, card)
    }

    fn remove(&mut self, reader: &ReaderName) {
        self.cards.remove(reader);
        self.chains.remove(reader);
        self.inner.remove(reader);
    }

    fn reset(&mut self, reader: &ReaderName) {
        self.chains.remove(reader);
        self.inner.reset(reader);
    }

    fn transmit(&mut self, reader: &ReaderName, apdu: &[u8]) -> Result<Vec<u8>, CardGone> {
        let (Some(card), Ok(command)) = (self.cards.get(reader).cloned(), Command::parse(apdu)) else {
            return self.inner.transmit(reader, apdu);
        };
        let counts = matches!(self.bug, Some(PlantedBug::TriesNotCounted | PlantedBug::TriesRestoredByPower));
        let writes = matches!(self.bug, Some(PlantedBug::DefaultFlagLeft | PlantedBug::CertificateLostByCard));
        match command.ins {
            ins::VERIFY if counts && !command.data.is_empty() => self.verify(reader, &card, apdu),
            ins::PUT_DATA if writes => self.put_data(reader, &card, command),
            _ => self.inner.transmit(reader, apdu),
        }
    }
}
