//! The PIV application (NIST SP 800-73-4): what the card keeps, what a session has proved, and which instruction does
//! what.
//!
//! One file per group of instructions; each handler returns the [`Mark`] of its decision. Where the standard leaves a
//! status word open, the text of the handler says which one this card chose.

mod authenticate;
mod image;
mod key;
mod keys;
mod look;
mod management;
mod objects;
mod personalise;
mod pin;
mod select;
mod vendor;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_apdu::piv::{self, AID, Slot};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_apdu::{Command, ins};

use crate::Mark;
use crate::chip::Chip;
use crate::profile::PivOptions;
use crate::reply::HandlerResult;

use authenticate::Pending;
use key::SlotKey;
use management::ManagementKey;
use pin::Reference;

pub use management::DEFAULT_MANAGEMENT_KEY;
pub use pin::{DEFAULT_GLOBAL_PIN, DEFAULT_PIN, DEFAULT_PUK};

/// The application: what is written, and the session.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Piv {
    pub(crate) chip: Arc<Chip>,
    options: PivOptions,
    pin: Reference,
    puk: Reference,
    global: Option<Reference>,
    management: ManagementKey,
    /// Values of data objects, by tag.
    objects: BTreeMap<Tag, Vec<u8>>,
    keys: BTreeMap<Slot, SlotKey>,
    /// How often a key was generated in each slot, so that the next one is another.
    generations: BTreeMap<Slot, u64>,
    /// How many challenges and witnesses were drawn.
    drawn: u64,
    /// Whether somebody touches the card when it asks.
    pub(crate) touched: bool,
    pub(crate) session: Session,
}

/// What is forgotten when power goes and on reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    selected: bool,
    /// The PIN of the application was presented.
    pin: bool,
    /// The global PIN was presented.
    global: bool,
    /// A PIN was presented and no private key was asked for since.
    fresh: bool,
    /// The management key was proved.
    admin: bool,
    /// An authentication that was begun.
    pending: Option<Pending>,
}

impl Session {
    /// Whether a PIN that satisfies access rules was presented. The global PIN exists only where it does.
    pub(crate) const fn user(&self) -> bool {
        self.pin || self.global
    }
}

impl Piv {
    pub(crate) fn new(chip: Arc<Chip>, options: PivOptions) -> Self {
        let tries = chip.profile.pin.tries();
        Self {
            options,
            pin: Reference::new(DEFAULT_PIN, tries),
            puk: Reference::new(DEFAULT_PUK, tries),
            global: options.global_pin.then(|| Reference::new(DEFAULT_GLOBAL_PIN, tries)),
            management: ManagementKey::default_of(options.management),
            objects: BTreeMap::new(),
            keys: BTreeMap::new(),
            generations: BTreeMap::new(),
            drawn: 0,
            touched: true,
            session: Session::default(),
            chip,
        }
    }

    pub(crate) fn forget_session(&mut self) {
        self.session = Session::default();
    }

    /// Whether the command, or piece of one, may come now.
    pub(crate) const fn admit(&self, command: &Command) -> Result<(), Mark> {
        if command.cla & !0x10 != 0 {
            return Err(Mark::Class);
        }
        if command.ins == ins::SELECT {
            return Ok(());
        }
        if !self.session.selected {
            return Err(Mark::NotSelected);
        }
        match command.ins {
            ins::VERIFY
            | ins::CHANGE_REFERENCE_DATA
            | ins::RESET_RETRY_COUNTER
            | ins::GENERATE_ASYMMETRIC_KEY_PAIR
            | ins::GENERAL_AUTHENTICATE
            | ins::GET_RESPONSE
            | ins::GET_DATA
            | ins::PUT_DATA
            | piv::ins::GET_METADATA
            | piv::ins::GET_SERIAL
            | piv::ins::SET_PIN_RETRIES
            | piv::ins::RESET
            | piv::ins::GET_VERSION
            | piv::ins::IMPORT_ASYMMETRIC_KEY
            | piv::ins::SET_MANAGEMENT_KEY => Ok(()),
            _ => Err(Mark::Instruction),
        }
    }

    /// Carries out a command that [`Piv::admit`] let through.
    pub(crate) fn execute(&mut self, command: &Command) -> HandlerResult {
        match command.ins {
            ins::SELECT => self.select(command),
            ins::VERIFY => self.verify(command),
            ins::CHANGE_REFERENCE_DATA => self.change_reference_data(command),
            ins::RESET_RETRY_COUNTER => self.reset_retry_counter(command),
            ins::GENERATE_ASYMMETRIC_KEY_PAIR => self.generate(command),
            ins::GENERAL_AUTHENTICATE => self.general_authenticate(command),
            ins::GET_DATA => self.get_data(command),
            ins::PUT_DATA => self.put_data(command),
            piv::ins::GET_METADATA => self.get_metadata(command),
            piv::ins::GET_SERIAL => self.get_serial(command),
            piv::ins::SET_PIN_RETRIES => self.set_pin_retries(command),
            piv::ins::RESET => self.reset_application(command),
            piv::ins::GET_VERSION => self.get_version(command),
            piv::ins::IMPORT_ASYMMETRIC_KEY => self.import(command),
            piv::ins::SET_MANAGEMENT_KEY => self.set_management_key(command),
            _ => Err(Mark::Instruction),
        }
    }

    /// Bytes still free.
    fn free_bytes(&self) -> usize {
        let all = usize::try_from(self.chip.profile.capacity.bytes).unwrap_or(usize::MAX);
        let objects: usize = self.objects.iter().map(|(tag, value)| tlv::encoded_len(*tag, value.len())).sum();
        let keys: usize = self.keys.values().map(|slot| slot.key.cost()).sum();
        all.saturating_sub(objects + keys)
    }

    /// The next bytes that this card draws for a purpose.
    fn draw(&mut self, purpose: &str, length: usize) -> Vec<u8> {
        let drawn = self.chip.draw("piv", purpose, self.drawn);
        self.drawn += 1;
        drawn[..length.min(drawn.len())].to_vec()
    }

    /// Under which name a slot's keys are drawn.
    fn subject(slot: Slot) -> alloc::string::String {
        format!("piv {slot}")
    }

    /// Whether these bytes are the identifier of the application, or its beginning.
    fn is_named(identifier: &[u8]) -> bool {
        identifier.len() >= piv::RID_LEN && AID.starts_with(identifier)
    }
}
