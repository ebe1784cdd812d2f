//! What stands in the data objects.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Slot;
use crate::tlv::{self, Tag};

const FASC_N: Tag = Tag::of(0x30);
const GUID: Tag = Tag::of(0x34);
const EXPIRATION: Tag = Tag::of(0x35);
const SIGNATURE: Tag = Tag::of(0x3E);
const ERROR_DETECTION: Tag = Tag::of(0xFE);
const CERTIFICATE: Tag = Tag::of(0x70);
const CERTIFICATE_INFO: Tag = Tag::of(0x71);

/// The number of a card that no federal agency issued: agency and system 9999, credential 999999, and no person, packed
/// as the technical implementation guidance for such cards says (five bits a digit).
const NO_FASC_N: [u8; 25] = [
    0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE, 0x73, 0x9D, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10, 0x84,
    0x21, 0xC8, 0x42, 0x10, 0xC3, 0xEB,
];

fn get(value: &[u8], tag: Tag) -> Option<&[u8]> {
    tlv::find(value, tag).ok()?
}

/// The card holder unique identifier of a card with this GUID that expires on a day, `YYYYMMDD`; unsigned.
#[must_use]
pub fn chuid(guid: &[u8; 16], expires: &[u8; 8]) -> Vec<u8> {
    let mut value = Vec::new();
    tlv::write(&mut value, FASC_N, &NO_FASC_N);
    tlv::write(&mut value, GUID, guid);
    tlv::write(&mut value, EXPIRATION, expires);
    tlv::write(&mut value, SIGNATURE, &[]);
    tlv::write(&mut value, ERROR_DETECTION, &[]);
    value
}

/// The GUID in a card holder unique identifier.
#[must_use]
pub fn guid_of_chuid(value: &[u8]) -> Option<[u8; 16]> {
    get(value, GUID)?.try_into().ok()
}

/// The card capability container: identifier of the card under the common registry (GSC-IS), and nothing else of the
/// old standard.
#[must_use]
pub fn card_capabilities(card: &[u8; 14]) -> Vec<u8> {
    let mut value = Vec::new();
    // RID of GSC-IS, manufacturer FF, a file system card.
    let identifier = [&[0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02], &card[..]].concat();
    // F5: registered data model 10, which is PIV.
    let fields: [(Tag, &[u8]); 12] = [
        (Tag::of(0xF0), &identifier),
        (Tag::of(0xF1), &[0x21]),
        (Tag::of(0xF2), &[0x21]),
        (Tag::of(0xF3), &[]),
        (Tag::of(0xF4), &[0x00]),
        (Tag::of(0xF5), &[0x10]),
        (Tag::of(0xF6), &[]),
        (Tag::of(0xF7), &[]),
        (Tag::of(0xFA), &[]),
        (Tag::of(0xFB), &[]),
        (Tag::of(0xFC), &[]),
        (Tag::of(0xFD), &[]),
    ];
    fields.into_iter().for_each(|(tag, content)| tlv::write(&mut value, tag, content));
    tlv::write(&mut value, ERROR_DETECTION, &[]);
    value
}

/// The key history: retired keys whose certificates are on the card, and those whose are not.
#[must_use]
pub fn key_history(on_card: u8, off_card: u8) -> Vec<u8> {
    let mut value = Vec::new();
    tlv::write(&mut value, Tag::of(0xC1), &[on_card]);
    tlv::write(&mut value, Tag::of(0xC2), &[off_card]);
    tlv::write(&mut value, ERROR_DETECTION, &[]);
    value
}

/// A certificate object: `70 certificate, 71 information, FE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateObject<'a> {
    /// The certificate, or its gzip stream (RFC 1952).
    pub certificate: &'a [u8],
    /// Whether it is compressed.
    pub gzip: bool,
}

impl<'a> CertificateObject<'a> {
    /// Reads the value of an object. `None` when there is no certificate in it.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let certificate = get(value, CERTIFICATE)?;
        let gzip = matches!(get(value, CERTIFICATE_INFO), Some([info, ..]) if info & 0x03 == 0x01);
        Some(Self { certificate, gzip })
    }

    /// Writes the value of an object.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut value = Vec::new();
        tlv::write(&mut value, CERTIFICATE, self.certificate);
        tlv::write(&mut value, CERTIFICATE_INFO, &[u8::from(self.gzip)]);
        tlv::write(&mut value, ERROR_DETECTION, &[]);
        value
    }
}

/// The name of a container of a card without container map: the GUID of the card as Windows writes one, its last three
/// bytes replaced by the tag of the slot's certificate. So FreeRDP names them; presumably as the inbox driver does.
#[must_use]
pub fn nameless_container(guid: &[u8; 16], slot: Slot) -> String {
    let mut bytes = *guid;
    let tag = slot.certificate().number().to_be_bytes();
    bytes[13..].copy_from_slice(&tag[1..]);
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let groups = [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]];
    groups.map(hex).join("-")
}
