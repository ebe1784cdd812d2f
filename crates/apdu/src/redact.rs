//! Blanks PINs and keys in commands, so that traces can be shown.

use alloc::vec::Vec;

use crate::gids::{FileId, tag};
use crate::tlv::Tag;
use crate::{Command, ins, piv};

/// The byte that stands for every blanked byte. Lengths stay, so a trace still shows how long a PIN was.
const BLANK: u8 = 0xFF;

/// The same command with every byte of a PIN or key replaced by FF:
///
/// * VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER: the whole data field;
/// * PUT DATA to 3FFF: on GIDS (PUT KEY) everything from the key value (87) on, on PIV what is written to the object
///   that the tag list names. The later pieces of a chain show no template and are blanked wholly;
/// * import of a key and new management key of PIV: the whole data field.
#[must_use]
pub fn redact(command: &Command) -> Command {
    let mut shown = command.clone();
    let secret = secret_from(command.ins, command.p1p2(), &command.data);
    shown.data[secret..].fill(BLANK);
    shown
}

/// What a card answered, data and status word, with the data blanked where it may be a key: minidrivers of PIV cards
/// keep the management key in the printed information (5FC109), which is read with the PIN.
#[must_use]
pub fn redact_response(command: &Command, response: &[u8]) -> Vec<u8> {
    /// A tag list that names that object.
    const PRINTED: [u8; 5] = [0x5C, 0x03, 0x5F, 0xC1, 0x09];
    let mut shown = response.to_vec();
    if command.ins == ins::GET_DATA && command.data == PRINTED {
        let data = shown.len().saturating_sub(2);
        shown[..data].fill(BLANK);
    }
    shown
}

/// [`redact`] for bytes that need not be a command: when the length fields cannot be trusted, all after the header of a
/// secret instruction is blanked.
#[must_use]
pub fn redact_bytes(apdu: &[u8]) -> Vec<u8> {
    if let Ok(command) = Command::parse(apdu) {
        // The data stands where it stood: only its bytes are replaced, so that the encoding chosen by the host is kept.
        let secret = secret_from(command.ins, command.p1p2(), &command.data);
        let le = le_len(apdu, command.data.len());
        let end = apdu.len() - le;
        let mut shown = apdu.to_vec();
        shown[end - (command.data.len() - secret)..end].fill(BLANK);
        return shown;
    }
    let mut shown = apdu.to_vec();
    if let &[_, ins, p1, p2, ..] = apdu
        && secret_from(ins, u16::from_be_bytes([p1, p2]), &[BLANK]) == 0
    {
        shown[4..].fill(BLANK);
    }
    shown
}

/// Number of bytes of the Le field at the end of a well-formed APDU with `data` bytes of data.
fn le_len(apdu: &[u8], data: usize) -> usize {
    match (apdu.len() - 4, data) {
        (body, 0) => body,
        (body, _) if apdu.get(4) == Some(&0) => body - 3 - data,
        (body, _) => body - 1 - data,
    }
}

/// Index of the first secret byte of the data field; its length when nothing is secret.
fn secret_from(instruction: u8, p1p2: u16, data: &[u8]) -> usize {
    match instruction {
        ins::VERIFY | ins::CHANGE_REFERENCE_DATA | ins::RESET_RETRY_COUNTER => 0,
        piv::ins::IMPORT_ASYMMETRIC_KEY | piv::ins::SET_MANAGEMENT_KEY => 0,
        ins::PUT_DATA if FileId(p1p2) == FileId::APPLICATION => match data {
            [0x5C, 0x03, 0x5F, _, _, ..] => 5,
            _ => key_value(data).unwrap_or(0),
        },
        _ => data.len(),
    }
}

/// Where the value of the key begins in a PUT KEY template: after `70 L 84 01 kid A5 L [83 01 xx] [84 01 xx] 87 L`.
fn key_value(data: &[u8]) -> Option<usize> {
    let mut rest = enter(data, tag::KEY_TEMPLATE)?;
    rest = skip_short(rest, tag::KEY_REFERENCE);
    rest = enter(rest, tag::KEY_CONTENT)?;
    rest = skip_short(rest, tag::SECRET_REFERENCE);
    rest = skip_short(rest, tag::PRIVATE_REFERENCE);
    rest = enter(rest, tag::KEY_VALUE)?;
    Some(data.len() - rest.len())
}

/// What follows the tag and length of an object that may be cut off by chaining.
fn enter(bytes: &[u8], expected: Tag) -> Option<&[u8]> {
    let (tag, rest) = Tag::read(bytes).ok()?;
    let length_field = match *rest.first()? {
        0x00..=0x7F => 1,
        0x81 => 2,
        0x82 => 3,
        _ => return None,
    };
    rest.get(length_field..).filter(|_| tag == expected)
}

/// Steps over a one-byte object, when it is there.
fn skip_short(bytes: &[u8], expected: Tag) -> &[u8] {
    match *bytes {
        [tag, 0x01, _, ref rest @ ..] if u32::from(tag) == expected.number() => rest,
        _ => bytes,
    }
}
