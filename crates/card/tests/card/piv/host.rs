//! The host's half: selecting, proving the management key, keys and their use.

use aes::{Aes128, Aes192, Aes256};
use autoenroll_apdu::piv::{Cipher, Mechanism, Slot, reference, tag};
use autoenroll_apdu::tlv::{self, Tag};
use autoenroll_apdu::{Command, StatusWord, ins};
use autoenroll_card::{Card, CardProfile, DEFAULT_MANAGEMENT_KEY, DEFAULT_PIN};
use cbc::cipher::{BlockCipherEncrypt, KeyInit};
use des::TdesEde3;

use crate::host::{blank, ok, send};

pub(crate) const MANAGEMENT_KEY: [u8; 24] = *DEFAULT_MANAGEMENT_KEY.first_chunk().unwrap();

/// The SELECT of yubico-piv-tool, and its answer.
pub(super) const SELECT: &str = "00A4040005 A000000308 -> 61114F06000010000100 7907 4F05A000000308 9000";

/// A card as it comes, with power and the application selected.
pub(super) fn fresh(profile: CardProfile) -> Card {
    let mut card = blank(profile);
    crate::host::exchange(&mut card, SELECT);
    card
}

pub(super) fn piv() -> Card {
    fresh(CardProfile::piv())
}

pub(crate) fn full() -> CardProfile {
    CardProfile::named("piv-full").unwrap()
}

/// A card whose management key was proved.
pub(crate) fn managed() -> Card {
    let mut card = piv();
    prove(&mut card);
    card
}

/// External authentication with the key that a card comes with.
pub(super) fn prove(card: &mut Card) {
    let asked = authenticate(Cipher::TripleDes, &[(tag::CHALLENGE, &[])]);
    let challenge = value(&ok(card, &asked), tag::CHALLENGE);
    let response = encrypt(Cipher::TripleDes, &MANAGEMENT_KEY, &challenge);
    ok(card, &authenticate(Cipher::TripleDes, &[(tag::RESPONSE, &response)]));
    assert!(card.look().admin);
}

pub(super) fn verify() -> Command {
    let mut pin = DEFAULT_PIN.as_bytes().to_vec();
    pin.resize(8, 0xFF);
    Command::new(0, ins::VERIFY, 0x00, reference::PIN).with_data(pin)
}

/// Generates a key, the management key being proved.
pub(crate) fn generate(mechanism: Mechanism, slot: Slot) -> Command {
    let data = [0xAC, 0x03, 0x80, 0x01, mechanism as u8];
    Command::new(0, ins::GENERATE_ASYMMETRIC_KEY_PAIR, 0, slot.byte()).with_data(data).with_le(256)
}

/// The template of an authentication or of a use of a key.
pub(crate) fn template(parts: &[(Tag, &[u8])]) -> Vec<u8> {
    let mut inner = Vec::new();
    parts.iter().for_each(|(tag, value)| tlv::write(&mut inner, *tag, value));
    tlv::encode(tag::DYNAMIC_AUTHENTICATION, &inner)
}

pub(super) fn authenticate(cipher: Cipher, parts: &[(Tag, &[u8])]) -> Command {
    Command::new(0, ins::GENERAL_AUTHENTICATE, cipher as u8, reference::MANAGEMENT).with_data(template(parts))
}

/// Applies a key to a block or a hash.
pub(super) fn apply(mechanism: Mechanism, slot: Slot, input: &[u8]) -> Command {
    let data = template(&[(tag::RESPONSE, &[]), (tag::CHALLENGE, input)]);
    Command::new(0, ins::GENERAL_AUTHENTICATE, mechanism as u8, slot.byte()).with_data(data).with_le(256)
}

/// The secret that a key shares with a point.
pub(super) fn agree(mechanism: Mechanism, slot: Slot, point: &[u8]) -> Command {
    let data = template(&[(tag::RESPONSE, &[]), (tag::EXPONENTIATION, point)]);
    Command::new(0, ins::GENERAL_AUTHENTICATE, mechanism as u8, slot.byte()).with_data(data).with_le(256)
}

/// One value of the template that came.
pub(crate) fn value(answer: &[u8], object: Tag) -> Vec<u8> {
    let inner = tlv::read_only(answer, tag::DYNAMIC_AUTHENTICATION).unwrap();
    tlv::read_only(inner, object).unwrap().to_vec()
}

pub(super) fn status(card: &mut Card, command: &Command) -> StatusWord {
    send(card, command).sw
}

/// One block, as libraries of others compute it.
pub(crate) fn encrypt(cipher: Cipher, key: &[u8], block: &[u8]) -> Vec<u8> {
    fn with<C: BlockCipherEncrypt + KeyInit>(key: &[u8], block: &[u8]) -> Vec<u8> {
        let mut text = block.to_vec();
        C::new_from_slice(key).unwrap().encrypt_block(text.as_mut_slice().try_into().unwrap());
        text
    }
    match cipher {
        Cipher::TripleDes => with::<TdesEde3>(key, block),
        Cipher::Aes128 => with::<Aes128>(key, block),
        Cipher::Aes192 => with::<Aes192>(key, block),
        Cipher::Aes256 => with::<Aes256>(key, block),
    }
}

/// The other direction, for the host of a mutual authentication.
pub(crate) fn decrypt(cipher: Cipher, key: &[u8], block: &[u8]) -> Vec<u8> {
    use cbc::cipher::BlockCipherDecrypt;
    fn with<C: BlockCipherDecrypt + KeyInit>(key: &[u8], block: &[u8]) -> Vec<u8> {
        let mut text = block.to_vec();
        C::new_from_slice(key).unwrap().decrypt_block(text.as_mut_slice().try_into().unwrap());
        text
    }
    match cipher {
        Cipher::TripleDes => with::<TdesEde3>(key, block),
        Cipher::Aes128 => with::<Aes128>(key, block),
        Cipher::Aes192 => with::<Aes192>(key, block),
        Cipher::Aes256 => with::<Aes256>(key, block),
    }
}
