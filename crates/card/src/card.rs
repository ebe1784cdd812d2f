//! The card as a reader sees it: power, answer to reset, command in, response out.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use autoenroll_apdu::{Atr, Chain, ChainStep, Command, Outgoing, Response, ins};
use autoenroll_keys::Seed;

use crate::gids::{Chip, Gids};
use crate::{CardProfile, Mark, Marks};

/// A virtual smart card.
///
/// A plain value: clone it, compare it, hash it. Two cards are equal when they answer every future command alike; the
/// coverage marks do not count.
#[derive(Clone)]
pub struct Card {
    pub(crate) gids: Gids,
    power: Power,
    marks: Marks,
}

/// Without power there is no session and no exchange of APDUs.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Power {
    Off,
    On { chain: Chain, outgoing: Outgoing },
}

impl Card {
    /// A blank card, without power: nothing on it, waiting to be initialised.
    ///
    /// `serial` names the chip; together with the seed it decides every key and challenge the card will draw.
    #[must_use]
    pub fn new(profile: CardProfile, serial: [u8; 16], seed: Seed) -> Self {
        Self::of(Gids::new(Arc::new(Chip::new(profile, serial, seed))))
    }

    /// A card with that written on it, without power.
    pub(crate) fn of(gids: Gids) -> Self {
        Self { gids, power: Power::Off, marks: Marks::default() }
    }

    /// The same chip as it left its factory: nothing on it, without power.
    #[must_use]
    pub fn blank(&self) -> Self {
        Self::of(Gids::new(Arc::clone(&self.gids.chip)))
    }

    /// The kind of card.
    #[must_use]
    pub fn profile(&self) -> &CardProfile {
        &self.gids.chip.profile
    }

    /// The serial number of the chip. Hosts identify the card by the card identifier written to it, see
    /// [`CardState::card_id`](crate::CardState::card_id).
    #[must_use]
    pub fn serial(&self) -> [u8; 16] {
        self.gids.chip.serial
    }

    /// Applies power, or resets the card when it has some: the PIN has to be presented again and the application
    /// selected again. Gives the answer to reset; a mute card gives none and stays without power.
    pub fn power_on(&mut self) -> Option<&Atr> {
        self.power_off();
        if self.gids.chip.profile.quirks.mute {
            return None;
        }
        self.power = Power::On { chain: Chain::default(), outgoing: Outgoing::default() };
        Some(&self.gids.chip.profile.atr)
    }

    /// Takes the power away. What is written stays, what was proved is forgotten.
    pub fn power_off(&mut self) {
        self.power = Power::Off;
        self.gids.forget_session();
    }

    /// Resets the card; the same as [`Card::power_on`], for the warm reset has no effect of its own.
    pub fn reset(&mut self) -> Option<&Atr> {
        self.power_on()
    }

    /// Whether the card has power.
    #[must_use]
    pub fn is_powered(&self) -> bool {
        matches!(self.power, Power::On { .. })
    }

    /// Answers one command APDU; any bytes are accepted. The answer ends with the status word. A card without power
    /// answers nothing at all: no bytes.
    pub fn transmit(&mut self, apdu: &[u8]) -> Vec<u8> {
        let (mark, response) = match Command::parse(apdu) {
            _ if !self.is_powered() => return Vec::new(),
            Ok(command) => self.answer(command),
            Err(_) => self.refuse(Mark::Malformed),
        };
        self.marks.set(mark);
        response.encode()
    }

    /// The marks that this card, and those it was cloned from, have left.
    #[must_use]
    pub const fn marks(&self) -> &Marks {
        &self.marks
    }

    fn answer(&mut self, command: Command) -> (Mark, Response) {
        let Power::On { chain, outgoing } = &mut self.power else { return self.refuse(Mark::NotSelected) };
        // Checked before a chain is begun: answering 9000 to a piece of an unknown command would make hosts take this
        // card for another one.
        if let Err(mark) = self.gids.admit(&command) {
            return self.refuse(mark);
        }
        let command = match chain.push(command) {
            ChainStep::Whole(command) => command,
            ChainStep::More => return (Mark::ChainMore, Response::ok([])),
            ChainStep::Broken => return self.refuse(Mark::ChainBroken),
            ChainStep::TooLong => return self.refuse(Mark::ChainTooLong),
        };
        if command.ins == ins::GET_RESPONSE {
            if command.p1p2() != 0 {
                return self.refuse(Mark::ResponseP1P2);
            }
            return match outgoing.next(command.le) {
                Some(response) => (Mark::ResponseNext, response),
                None => self.refuse(Mark::ResponseNone),
            };
        }
        // Any other command gives up the rest of the last answer.
        outgoing.clear();
        match self.gids.execute(&command) {
            Ok(reply) => (reply.mark, outgoing.begin(Response::ok(reply.data), command.le)),
            Err(mark) => self.refuse(mark),
        }
    }

    fn refuse(&self, mark: Mark) -> (Mark, Response) {
        (mark, Response::status(mark.status(self.gids.pin.retries_left)))
    }
}

impl PartialEq for Card {
    // Marks are what tests have seen, not what the card is.
    fn eq(&self, other: &Self) -> bool {
        let Self { gids, power, marks: _ } = self;
        *gids == other.gids && *power == other.power
    }
}

impl Eq for Card {}

impl Hash for Card {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.gids.hash(state);
        self.power.hash(state);
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card")
            .field("profile", &self.profile().name)
            .field("powered", &self.is_powered())
            .field("state", &self.look())
            .finish()
    }
}
