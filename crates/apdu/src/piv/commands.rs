//! The commands that a host of PIV cards sends, ready made.
//!
//! Le is present exactly where an answer with data is wanted, as OpenSC sends it.

use alloc::vec::Vec;

use super::{AID, Cipher, Mechanism, Slot, TouchRule, ins as maker, reference, tag};
use crate::Command;
use crate::command::ins;
use crate::tlv::{self, Tag};

/// P1 P2 of GET DATA and PUT DATA: the current application.
const APPLICATION: (u8, u8) = (0x3F, 0xFF);

/// Bytes of a PIN or PUK field.
const FIELD: usize = 8;

/// Fills a PIN or PUK field.
const FILL: u8 = 0xFF;

/// SELECT by the identifier without its version, asking for the property template.
#[must_use]
pub fn select_application() -> Command {
    Command::new(0x00, ins::SELECT, 0x04, 0x00).with_data(&AID[..AID.len() - 2]).with_le(256)
}

/// GET DATA of an object.
#[must_use]
pub fn get_data(object: Tag) -> Command {
    let (p1, p2) = APPLICATION;
    Command::new(0x00, ins::GET_DATA, p1, p2).with_data(tag_list(object)).with_le(256)
}

/// PUT DATA of an object, where an empty value deletes it; cut it with [`crate::pieces`] when it is long.
#[must_use]
pub fn put_data(object: Tag, value: &[u8]) -> Command {
    let (p1, p2) = APPLICATION;
    let mut data = tag_list(object);
    tlv::write(&mut data, tag::DATA, value);
    Command::new(0x00, ins::PUT_DATA, p1, p2).with_data(data)
}

fn tag_list(object: Tag) -> Vec<u8> {
    let mut list = Vec::new();
    object.write(&mut list);
    tlv::encode(tag::TAG_LIST, &list)
}

/// VERIFY of the application's PIN; `None` for a PIN of more than eight bytes.
#[must_use]
pub fn verify(pin: &[u8]) -> Option<Command> {
    Some(Command::new(0x00, ins::VERIFY, 0x00, reference::PIN).with_data(field(pin)?))
}

/// VERIFY without data: asks for the state of the PIN.
#[must_use]
pub const fn verify_status() -> Command {
    Command::new(0x00, ins::VERIFY, 0x00, reference::PIN)
}

/// VERIFY that takes back that the PIN was presented.
#[must_use]
pub const fn log_out() -> Command {
    Command::new(0x00, ins::VERIFY, 0xFF, reference::PIN)
}

/// CHANGE REFERENCE DATA of the PUK; `None` for values of more than eight bytes.
#[must_use]
pub fn change_puk(old: &[u8], new: &[u8]) -> Option<Command> {
    let data = [field(old)?, field(new)?].concat();
    Some(Command::new(0x00, ins::CHANGE_REFERENCE_DATA, 0x00, reference::PUK).with_data(data))
}

/// A value filled up to eight bytes.
fn field(value: &[u8]) -> Option<[u8; FIELD]> {
    let mut all = [FILL; FIELD];
    all.get_mut(..value.len())?.copy_from_slice(value);
    Some(all)
}

/// GENERATE ASYMMETRIC KEY PAIR in a slot, whose PIN rule is that of the slot. The rule for touching is stated only
/// where the key asks for it, for cards of the standard know none.
#[must_use]
pub fn generate(slot: Slot, mechanism: Mechanism, touch: TouchRule) -> Command {
    let mut template = tlv::encode(tag::MECHANISM, &[mechanism as u8]);
    if touch != TouchRule::Never {
        tlv::write(&mut template, tag::TOUCH_RULE, &[touch as u8]);
    }
    let data = tlv::encode(tag::GENERATE, &template);
    Command::new(0x00, ins::GENERATE_ASYMMETRIC_KEY_PAIR, 0x00, slot.byte()).with_data(data).with_le(256)
}

/// GENERAL AUTHENTICATE that signs, or deciphers, a block with the key of a slot.
#[must_use]
pub fn use_key(slot: Slot, mechanism: Mechanism, block: &[u8]) -> Command {
    let mut template = tlv::encode(tag::RESPONSE, &[]);
    tlv::write(&mut template, tag::CHALLENGE, block);
    authenticate(mechanism as u8, slot.byte(), &template).with_le(256)
}

/// GENERAL AUTHENTICATE that asks for a challenge to the management key.
#[must_use]
pub fn challenge(cipher: Cipher) -> Command {
    authenticate(cipher as u8, reference::MANAGEMENT, &tlv::encode(tag::CHALLENGE, &[])).with_le(256)
}

/// GENERAL AUTHENTICATE that answers the challenge.
#[must_use]
pub fn respond(cipher: Cipher, response: &[u8]) -> Command {
    authenticate(cipher as u8, reference::MANAGEMENT, &tlv::encode(tag::RESPONSE, response))
}

fn authenticate(algorithm: u8, key: u8, template: &[u8]) -> Command {
    let data = tlv::encode(tag::DYNAMIC_AUTHENTICATION, template);
    Command::new(0x00, ins::GENERAL_AUTHENTICATE, algorithm, key).with_data(data)
}

/// GET METADATA of a key, the PIN or the PUK, which makers have added.
#[must_use]
pub fn metadata(of: u8) -> Command {
    Command::new(0x00, maker::GET_METADATA, 0x00, of).with_le(256)
}

/// SET MANAGEMENT KEY, which makers have added.
#[must_use]
pub fn set_management_key(cipher: Cipher, key: &[u8]) -> Command {
    let mut data = Vec::from([cipher as u8]);
    // As in a template, the key is an object: its tag is the reference.
    data.push(reference::MANAGEMENT);
    data.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
    data.extend_from_slice(key);
    Command::new(0x00, maker::SET_MANAGEMENT_KEY, 0xFF, 0xFF).with_data(data)
}
