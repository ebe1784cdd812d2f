//! The card as a reader sees it: power, answer to reset, command in, response out.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use autoenroll_apdu::piv::{Slot, TouchRule};
use autoenroll_apdu::{Atr, Chain, ChainStep, Command, Outgoing, Response, ins};
use autoenroll_keys::{PublicKey, Seed};

use crate::application::Application;
use crate::chip::Chip;
use crate::{CardProfile, CardState, ContainerSpec, Mark, Marks, Personalisation, PersonaliseError};

/// A virtual smart card.
///
/// A plain value: clone it, compare it, hash it. Two cards are equal when they answer every future command alike; the
/// coverage marks do not count.
#[derive(Clone)]
pub struct Card {
    pub(crate) application: Application,
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
    /// A blank card, without power: a GIDS card waits to be initialised, a PIV card has the PIN, PUK and management key
    /// that its makers give it.
    ///
    /// `serial` names the chip; together with the seed it decides every key and challenge the card will draw.
    #[must_use]
    pub fn new(profile: CardProfile, serial: [u8; 16], seed: Seed) -> Self {
        Self::of(Application::new(Arc::new(Chip::new(profile, serial, seed))))
    }

    /// A card with that written on it, without power.
    pub(crate) fn of(application: Application) -> Self {
        Self { application, power: Power::Off, marks: Marks::default() }
    }

    /// The same chip as it left its factory: nothing on it, without power.
    #[must_use]
    pub fn blank(&self) -> Self {
        Self::of(self.application.blank())
    }

    /// The kind of card.
    #[must_use]
    pub fn profile(&self) -> &CardProfile {
        &self.application.chip().profile
    }

    /// The serial number of the chip. Hosts identify the card by the card identifier written to it, see
    /// [`CardState::card_id`](crate::CardState::card_id).
    #[must_use]
    pub fn serial(&self) -> [u8; 16] {
        self.application.chip().serial
    }

    /// Applies power, or resets the card when it has some: the PIN has to be presented again and the application
    /// selected again. Gives the answer to reset; a mute card gives none and stays without power.
    pub fn power_on(&mut self) -> Option<&Atr> {
        self.power_off();
        if self.profile().quirks.mute {
            return None;
        }
        self.power = Power::On { chain: Chain::default(), outgoing: Outgoing::default() };
        Some(&self.profile().atr)
    }

    /// Takes the power away. What is written stays, what was proved is forgotten.
    pub fn power_off(&mut self) {
        self.power = Power::Off;
        self.application.forget_session();
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

    /// What is on the card and what its session has proved. Leaves no trace on the card.
    #[must_use]
    pub fn look(&self) -> CardState {
        self.application.look()
    }

    /// Whether the PIN was presented in this session, as [`CardState::user`] says it too.
    #[must_use]
    pub const fn is_unlocked(&self) -> bool {
        self.application.is_unlocked()
    }

    /// The PIN itself, and `None` as long as none was set. For test benches: no command tells it.
    #[must_use]
    pub fn pin(&self) -> Option<&[u8]> {
        self.application.pin()
    }

    /// The PUK itself, which PIV cards have and GIDS cards have not. For test benches: no command tells it.
    #[must_use]
    pub fn puk(&self) -> Option<&[u8]> {
        self.application.puk()
    }

    /// The admin key of a GIDS card, three DES keys, `None` as long as none was set; the management key of a PIV card,
    /// as long as its algorithm takes. For test benches: no command tells it.
    #[must_use]
    pub fn admin_key(&self) -> Option<&[u8]> {
        self.application.admin_key()
    }

    /// Whether from now on somebody touches the card whenever a key asks for it, as somebody does at first. Only keys
    /// of a PIV card with a touch policy ask, and only this applet has them.
    pub fn set_touched(&mut self, touched: bool) {
        self.application.set_touched(touched);
    }

    /// When the key in a slot of a PIV card asks to be touched; `None` where there is no key, and on a GIDS card.
    #[must_use]
    pub fn touch_rule(&self, slot: Slot) -> Option<TouchRule> {
        self.application.touch_rule(slot)
    }

    /// Gives the key of a container another rule for touching, as if it had been made under it. Only the keys of PIV
    /// cards have one; on a GIDS card nothing changes.
    ///
    /// # Errors
    /// When there is no such container.
    pub fn set_touch_rule(&mut self, container: u8, rule: TouchRule) -> Result<(), PersonaliseError> {
        self.application.set_touch_rule(container, rule)
    }

    /// Sets another PUK with all its tries, and how many of them are left: a card whose issuer has changed it. 0 blocks
    /// it. Only PIV cards have one; on a GIDS card nothing changes.
    ///
    /// # Errors
    /// When the card takes no such PUK; nothing is changed then.
    pub fn set_puk(&mut self, puk: &[u8], tries: u8) -> Result<(), PersonaliseError> {
        self.application.set_puk(puk, tries)
    }

    /// Initialises a blank card and makes it operational: what a host's initialisation leaves behind.
    ///
    /// # Errors
    /// When the card is not blank, or does not take what it is given.
    pub fn personalise(&mut self, with: &Personalisation) -> Result<(), PersonaliseError> {
        self.application.personalise(with)
    }

    /// Adds a container in the first free record of the container map; gives its index and public key. The card cache
    /// file of a GIDS card counts one change of a container and one of a file. On a PIV card an exchange container is
    /// the first free slot of 9A, 9D, 82 to 95, and a signature container that of 9C, 82 to 95.
    ///
    /// # Errors
    /// When the card has no file system, no free container, no room, or not the algorithm.
    pub fn add_container(&mut self, spec: &ContainerSpec) -> Result<(u8, PublicKey), PersonaliseError> {
        self.application.add_container(spec)
    }

    /// Stores the certificate of a container; replaces the one it has. On a GIDS card it is compressed, under the first
    /// free tag, and the card cache file counts one change of a file.
    ///
    /// # Errors
    /// When there is no such container, or no room.
    pub fn store_certificate(&mut self, container: u8, der: &[u8]) -> Result<(), PersonaliseError> {
        self.application.store_certificate(container, der)
    }

    /// Sets another PIN, as RESET RETRY COUNTER does after admin authentication, and on a PIV card with the PUK, whose
    /// attempts are back as well unless it is blocked: all attempts are back.
    ///
    /// # Errors
    /// When the card takes no such PIN; nothing is changed then.
    pub fn reset_pin(&mut self, pin: &[u8]) -> Result<(), PersonaliseError> {
        self.application.reset_pin(pin)
    }

    /// Sets the retry counter, at most to its limit: a card whose PIN was tried before. 0 blocks it.
    pub fn set_tries_left(&mut self, tries: u8) {
        self.application.set_tries_left(tries);
    }

    fn answer(&mut self, command: Command) -> (Mark, Response) {
        let Power::On { chain, outgoing } = &mut self.power else { return self.refuse(Mark::NotSelected) };
        // Checked before a chain is begun: answering 9000 to a piece of an unknown command would make hosts take this
        // card for another one.
        if let Err(mark) = self.application.admit(&command) {
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
        match self.application.execute(&command) {
            Ok(reply) => (reply.mark, outgoing.begin(Response::ok(reply.data), command.le)),
            Err(mark) => self.refuse(mark),
        }
    }

    fn refuse(&self, mark: Mark) -> (Mark, Response) {
        (mark, Response::status(mark.status(self.application.retries(mark))))
    }
}

impl PartialEq for Card {
    // Marks are what tests have seen, not what the card is.
    fn eq(&self, other: &Self) -> bool {
        let Self { application, power, marks: _ } = self;
        *application == other.application && *power == other.power
    }
}

impl Eq for Card {}

impl Hash for Card {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.application.hash(state);
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
