//! Commands that makers of cards have added and clients rely on: version, serial, metadata, management key, numbers of
//! tries, reset. Source: the public sources of yubico-piv-tool.
//!
//! The version says which of them a client may expect; this card has those of 5.4.0, without attestation.

use alloc::vec::Vec;

use autoenroll_apdu::Command;
use autoenroll_apdu::piv::{Cipher, Slot, TouchRule, reference};

use super::pin::{DEFAULT_PIN, DEFAULT_PUK, MOST_TRIES, Reference};
use super::{ManagementKey, Piv, Session};
use crate::Mark;
use crate::reply::{HandlerResult, done, reply};

/// Version of the additions.
const VERSION: [u8; 3] = [5, 4, 0];

/// Number of PINs and PUKs in metadata: an algorithm that is none.
const NO_ALGORITHM: u8 = 0xFF;

impl Piv {
    /// GET VERSION.
    pub(super) fn get_version(&self, command: &Command) -> HandlerResult {
        bare(command)?;
        reply(Mark::PivVersion, VERSION.to_vec())
    }

    /// GET SERIAL: the first four bytes of the chip's, the first bit of which is left out, for clients show it signed.
    pub(super) fn get_serial(&self, command: &Command) -> HandlerResult {
        bare(command)?;
        let mut serial = self.chip.serial[..4].to_vec();
        serial[0] &= 0x7F;
        reply(Mark::PivSerial, serial)
    }

    /// GET METADATA of the PIN, the PUK, the management key, or a key in a slot.
    pub(super) fn get_metadata(&self, command: &Command) -> HandlerResult {
        if command.p1 != 0x00 {
            return Err(Mark::PivVendorP1P2);
        }
        let default = |is_default: bool| (0x05, alloc::vec![u8::from(is_default)]);
        let counter = |held: &Reference| (0x06, alloc::vec![held.limit, held.tries_left]);
        match command.p2 {
            reference::PIN => {
                let fields =
                    [(0x01, alloc::vec![NO_ALGORITHM]), default(self.pin.is_default(DEFAULT_PIN)), counter(&self.pin)];
                reply(Mark::PivMetadataPin, metadata(&fields))
            }
            reference::PUK => {
                let fields =
                    [(0x01, alloc::vec![NO_ALGORITHM]), default(self.puk.is_default(DEFAULT_PUK)), counter(&self.puk)];
                reply(Mark::PivMetadataPin, metadata(&fields))
            }
            reference::MANAGEMENT => {
                let cipher = self.management.cipher() as u8;
                let rules = alloc::vec![0x00, TouchRule::Never as u8];
                let fields = [(0x01, alloc::vec![cipher]), (0x02, rules), default(self.management.is_default())];
                reply(Mark::PivMetadataManagement, metadata(&fields))
            }
            slot => {
                let slot = Slot::from_byte(slot).ok_or(Mark::PivVendorP1P2)?;
                let held = self.keys.get(&slot).ok_or(Mark::PivMetadataNone)?;
                let fields = [
                    (0x01, alloc::vec![held.key.mechanism() as u8]),
                    (0x02, alloc::vec![held.pin as u8, held.touch as u8]),
                    (0x03, alloc::vec![if held.imported { 2 } else { 1 }]),
                    (0x04, held.key.public_parts()),
                ];
                reply(Mark::PivMetadataKey, metadata(&fields))
            }
        }
    }

    /// SET MANAGEMENT KEY: P1 P2 FFFF; `algorithm 9B length key`.
    pub(super) fn set_management_key(&mut self, command: &Command) -> HandlerResult {
        if command.p1p2() != 0xFFFF {
            return Err(Mark::PivVendorP1P2);
        }
        if !self.session.admin {
            return Err(Mark::PivSetManagementRefused);
        }
        let key = match command.data.as_slice() {
            [algorithm, reference::MANAGEMENT, length, key @ ..] if usize::from(*length) == key.len() => {
                Cipher::from_byte(*algorithm).and_then(|cipher| ManagementKey::new(cipher, key))
            }
            _ => None,
        };
        self.management = key.ok_or(Mark::PivSetManagementSyntax)?;
        // A question that the old key had to answer is none for the new one.
        self.session.pending = None;
        done(Mark::PivSetManagementDone)
    }

    /// SET PIN RETRIES: P1 tries of the PIN, P2 of the PUK, 1 to 15. Needs the management key and the PIN, and gives
    /// both the values that a card comes with.
    pub(super) fn set_pin_retries(&mut self, command: &Command) -> HandlerResult {
        if !self.session.admin || !self.session.pin {
            return Err(Mark::PivRetriesRefused);
        }
        let tries = 1..=MOST_TRIES;
        if !tries.contains(&command.p1) || !tries.contains(&command.p2) {
            return Err(Mark::PivRetriesRange);
        }
        self.pin = Reference::new(DEFAULT_PIN, command.p1);
        self.puk = Reference::new(DEFAULT_PUK, command.p2);
        self.session.pin = false;
        self.session.fresh = false;
        done(Mark::PivRetriesDone)
    }

    /// RESET: the card as it came, once PIN and PUK are blocked. What it draws afterwards is something new.
    pub(super) fn reset_application(&mut self, command: &Command) -> HandlerResult {
        bare(command)?;
        if self.pin.tries_left > 0 || self.puk.tries_left > 0 {
            return Err(Mark::PivResetRefused);
        }
        let new = Self::new(self.chip.clone(), self.options);
        let generations = core::mem::take(&mut self.generations);
        let session = Session { selected: true, ..Session::default() };
        *self = Self { generations, drawn: self.drawn, touched: self.touched, session, ..new };
        done(Mark::PivResetDone)
    }
}

/// Refuses P1 P2 other than zero.
fn bare(command: &Command) -> Result<(), Mark> {
    if command.p1p2() == 0 { Ok(()) } else { Err(Mark::PivVendorP1P2) }
}

/// Fields one after the other, each with a tag and a length of BER.
fn metadata(fields: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut all = Vec::new();
    for (number, value) in fields {
        if let Some(tag) = autoenroll_apdu::tlv::Tag::from_number(*number) {
            autoenroll_apdu::tlv::write(&mut all, tag, value);
        }
    }
    all
}
