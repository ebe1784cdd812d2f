//! Personal Identity Verification (PIV): identifiers and layouts that a card and its host share.
//!
//! A PIV card has a fixed set of data objects, each under a tag of its own, and keys in slots that commands name by one
//! byte. What makers of cards have added, and minidrivers live on, is here too: metadata, import, and the container
//! map.
//!
//! Sources: NIST SP 800-73-4 part 1 (objects, access rules) and part 2 (commands), SP 800-78-4 (algorithm
//! identifiers); for the additions the public sources of yubico-piv-tool and of FreeRDP.

pub mod commands;
mod containers;
mod describe;
mod objects;

use core::fmt;

use crate::tlv::Tag;

pub use containers::{PivContainer, PivContainerMap};
pub(crate) use describe::describe;
pub use objects::{CertificateObject, card_capabilities, chuid, guid_of_chuid, key_history, nameless_container};

/// The application identifier, version included. Hosts select it by this name or by its beginning, at least the first
/// five bytes.
pub const AID: [u8; 11] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];

/// Bytes of the registered provider, with which the identifier begins.
pub const RID_LEN: usize = 5;

/// Key references and parameters in P2.
pub mod reference {
    /// The global PIN.
    pub const GLOBAL_PIN: u8 = 0x00;
    /// The PIN of the application.
    pub const PIN: u8 = 0x80;
    /// The PIN unblocking key.
    pub const PUK: u8 = 0x81;
    /// The key of card management.
    pub const MANAGEMENT: u8 = 0x9B;
}

/// Instructions that makers of PIV cards have added.
#[expect(missing_docs, reason = "each constant is what yubico-piv-tool calls the instruction")]
pub mod ins {
    pub const GET_METADATA: u8 = 0xF7;
    pub const GET_SERIAL: u8 = 0xF8;
    pub const SET_PIN_RETRIES: u8 = 0xFA;
    pub const RESET: u8 = 0xFB;
    pub const GET_VERSION: u8 = 0xFD;
    pub const IMPORT_ASYMMETRIC_KEY: u8 = 0xFE;
    pub const SET_MANAGEMENT_KEY: u8 = 0xFF;
}

/// Tags of objects and of templates.
#[expect(missing_docs, reason = "each constant is the standard's own name of the object")]
pub mod tag {
    use super::Tag;

    pub const TAG_LIST: Tag = Tag::of(0x5C);
    pub const DATA: Tag = Tag::of(0x53);
    pub const DISCOVERY: Tag = Tag::of(0x7E);
    pub const BIOMETRIC_INFORMATION: Tag = Tag::of(0x7F61);
    pub const CARD_AUTHENTICATION_CERTIFICATE: Tag = Tag::of(0x5F_C101);
    pub const CHUID: Tag = Tag::of(0x5F_C102);
    pub const FINGERPRINTS: Tag = Tag::of(0x5F_C103);
    pub const AUTHENTICATION_CERTIFICATE: Tag = Tag::of(0x5F_C105);
    pub const SECURITY_OBJECT: Tag = Tag::of(0x5F_C106);
    pub const CARD_CAPABILITIES: Tag = Tag::of(0x5F_C107);
    pub const FACE: Tag = Tag::of(0x5F_C108);
    pub const PRINTED: Tag = Tag::of(0x5F_C109);
    pub const SIGNATURE_CERTIFICATE: Tag = Tag::of(0x5F_C10A);
    pub const KEY_MANAGEMENT_CERTIFICATE: Tag = Tag::of(0x5F_C10B);
    pub const KEY_HISTORY: Tag = Tag::of(0x5F_C10C);
    pub const IRIS: Tag = Tag::of(0x5F_C121);
    pub const PAIRING_CODE: Tag = Tag::of(0x5F_C123);
    /// The container map of minidrivers; no object of the standard.
    pub const CONTAINER_MAP: Tag = Tag::of(0x5F_FF10);
    /// What minidrivers and tools of one maker note about PUK and management key; no object of the standard.
    pub const ADMIN_DATA: Tag = Tag::of(0x5F_FF00);

    /// In administration data, what is noted: `80 { 81 flags }`.
    pub const ADMIN_NOTES: Tag = Tag::of(0x80);
    pub const ADMIN_FLAGS: Tag = Tag::of(0x81);
    /// In printed information, a management key that the PIN protects: `88 { 89 key }`.
    pub const PROTECTED: Tag = Tag::of(0x88);
    pub const PROTECTED_KEY: Tag = Tag::of(0x89);

    pub const METADATA_ALGORITHM: Tag = Tag::of(0x01);
    pub const METADATA_DEFAULT: Tag = Tag::of(0x05);

    pub const TEMPLATE: Tag = Tag::of(0x61);
    pub const IDENTIFIER: Tag = Tag::of(0x4F);
    pub const ALLOCATION_AUTHORITY: Tag = Tag::of(0x79);
    pub const PIN_POLICY: Tag = Tag::of(0x5F2F);

    pub const DYNAMIC_AUTHENTICATION: Tag = Tag::of(0x7C);
    pub const WITNESS: Tag = Tag::of(0x80);
    pub const CHALLENGE: Tag = Tag::of(0x81);
    pub const RESPONSE: Tag = Tag::of(0x82);
    pub const EXPONENTIATION: Tag = Tag::of(0x85);

    pub const GENERATE: Tag = Tag::of(0xAC);
    pub const MECHANISM: Tag = Tag::of(0x80);
    pub const PIN_RULE: Tag = Tag::of(0xAA);
    pub const TOUCH_RULE: Tag = Tag::of(0xAB);
    pub const PUBLIC_KEY: Tag = Tag::of(0x7F49);
    pub const MODULUS: Tag = Tag::of(0x81);
    pub const EXPONENT: Tag = Tag::of(0x82);
    pub const POINT: Tag = Tag::of(0x86);
}

/// A slot for an asymmetric key: 9A, 9C, 9D, 9E, or 82 to 95 for retired ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(u8);

impl Slot {
    /// 9A: PIV authentication, for logons.
    pub const AUTHENTICATION: Self = Self(0x9A);
    /// 9C: digital signature, the PIN before each.
    pub const SIGNATURE: Self = Self(0x9C);
    /// 9D: key management, for encryption.
    pub const KEY_MANAGEMENT: Self = Self(0x9D);
    /// 9E: card authentication, without PIN.
    pub const CARD_AUTHENTICATION: Self = Self(0x9E);
    /// The first retired key.
    const RETIRED: u8 = 0x82;
    /// The last retired key.
    const LAST_RETIRED: u8 = 0x95;

    /// All slots: those with a purpose, then the retired ones.
    pub fn all() -> impl Iterator<Item = Self> {
        let named = [Self::AUTHENTICATION, Self::SIGNATURE, Self::KEY_MANAGEMENT, Self::CARD_AUTHENTICATION];
        named.into_iter().chain(Self::retired())
    }

    /// Slots 82 to 95.
    pub fn retired() -> impl Iterator<Item = Self> {
        (Self::RETIRED..=Self::LAST_RETIRED).map(Self)
    }

    /// The slot of a key reference.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x9A | 0x9C | 0x9D | 0x9E | Self::RETIRED..=Self::LAST_RETIRED => Some(Self(byte)),
            _ => None,
        }
    }

    /// The key reference.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// The object that holds the slot's certificate.
    #[must_use]
    pub const fn certificate(self) -> Tag {
        match self.0 {
            0x9A => tag::AUTHENTICATION_CERTIFICATE,
            0x9C => tag::SIGNATURE_CERTIFICATE,
            0x9D => tag::KEY_MANAGEMENT_CERTIFICATE,
            0x9E => tag::CARD_AUTHENTICATION_CERTIFICATE,
            retired => Tag::of(0x5F_C10D + (retired - Self::RETIRED) as u32),
        }
    }

    /// The slot whose certificate is under this tag.
    #[must_use]
    pub fn of_certificate(tag: Tag) -> Option<Self> {
        Self::all().find(|slot| slot.certificate() == tag)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slot({self})")
    }
}

/// Algorithm of a key in a slot, with its identifier in P1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say all")]
pub enum Mechanism {
    Rsa1024 = 0x06,
    Rsa2048 = 0x07,
    Rsa3072 = 0x05,
    /// No algorithm of SP 800-78; cards of one maker have it.
    Rsa4096 = 0x16,
    P256 = 0x11,
    P384 = 0x14,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Rsa1024, Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::P256, Self::P384];

    /// The algorithm with this identifier.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| *mechanism as u8 == byte)
    }

    /// Bits of the modulus, or of a coordinate.
    #[must_use]
    pub const fn bits(self) -> u16 {
        match self {
            Self::Rsa1024 => 1024,
            Self::Rsa2048 => 2048,
            Self::Rsa3072 => 3072,
            Self::Rsa4096 => 4096,
            Self::P256 => 256,
            Self::P384 => 384,
        }
    }

    /// As traces say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa1024 => "rsa-1024",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::P256 => "p-256",
            Self::P384 => "p-384",
        }
    }
}

/// Algorithm of the management key, with its identifier in P1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say all")]
pub enum Cipher {
    TripleDes = 0x03,
    Aes128 = 0x08,
    Aes192 = 0x0A,
    Aes256 = 0x0C,
}

impl Cipher {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::TripleDes, Self::Aes128, Self::Aes192, Self::Aes256];

    /// The algorithm with this identifier; 00 is triple DES, too (SP 800-78-4 table 6-2).
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        let byte = if byte == 0x00 { Self::TripleDes as u8 } else { byte };
        Self::ALL.into_iter().find(|cipher| *cipher as u8 == byte)
    }

    /// Bytes of a key.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }

    /// Bytes of a block, and so of a challenge.
    #[must_use]
    pub const fn block_len(self) -> usize {
        match self {
            Self::TripleDes => 8,
            _ => 16,
        }
    }
}

/// When a key asks for the PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PinRule {
    /// Never.
    Never = 0x01,
    /// Once in a session.
    Once = 0x02,
    /// Before each use.
    Always = 0x03,
}

impl PinRule {
    /// The rule with this number; 0 is the slot's own, and anything else none.
    #[must_use]
    pub const fn from_byte(byte: u8, slot: Slot) -> Option<Self> {
        match byte {
            0x00 => Some(Self::of(slot)),
            0x01 => Some(Self::Never),
            0x02 => Some(Self::Once),
            0x03 => Some(Self::Always),
            _ => None,
        }
    }

    /// The rule of a slot (SP 800-73-4 part 1, table 4b).
    #[must_use]
    pub const fn of(slot: Slot) -> Self {
        match slot {
            Slot::SIGNATURE => Self::Always,
            Slot::CARD_AUTHENTICATION => Self::Never,
            _ => Self::Once,
        }
    }
}

/// When a key asks to be touched; no matter of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TouchRule {
    /// Never.
    Never = 0x01,
    /// Before each use.
    Always = 0x02,
    /// Unless it was touched in the last 15 seconds. A card of this project has no clock and asks each time.
    Cached = 0x03,
}

impl TouchRule {
    /// The rule with this number; 0 is never.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x00 | 0x01 => Some(Self::Never),
            0x02 => Some(Self::Always),
            0x03 => Some(Self::Cached),
            _ => None,
        }
    }
}
