//! File control parameters: what CREATE FILE says about a new file, and what SELECT gives back.

use alloc::vec::Vec;
use core::fmt;

use super::{FileId, KeyReference};
use crate::tlv::{self, Tag, TlvError};

const FCP: Tag = Tag::of(0x62);
const DESCRIPTOR: Tag = Tag::of(0x82);
const IDENTIFIER: Tag = Tag::of(0x83);
const SECURITY: Tag = Tag::of(0x8C);
const TEMPLATES: Tag = Tag::of(0xA5);
const ALGORITHM: Tag = super::tag::ALGORITHM;
const REFERENCE: Tag = super::tag::SECRET_REFERENCE;
const USAGE: Tag = super::tag::USAGE;

/// Control parameters of one elementary file, template 62.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fcp {
    /// The file's identifier.
    pub id: FileId,
    /// Who may do what with it.
    pub security: SecurityAttribute,
    /// What it holds.
    pub kind: FileKind,
}

/// What an elementary file holds, with what only that kind has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Descriptor 39: data objects.
    Objects,
    /// Descriptor 18: one key, with the uses it is permitted (A5).
    Key(Vec<Crt>),
}

/// One control reference template of a key file: a use that the key is permitted.
///
/// Hosts in the field write a constant key reference into the templates of signature keys, so a card must not rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Crt {
    /// What the key may be used for.
    pub template: CrtTemplate,
    /// Padding in the high nibble, algorithm in the low one.
    pub algorithm: u8,
    /// Key reference as the host wrote it.
    pub reference: KeyReference,
    /// Usage qualifier: 40 private operation, C0 both directions of an authentication.
    pub usage: u8,
}

/// Kind of a control reference template, ISO 7816-4 table 54.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CrtTemplate {
    /// A4: authentication.
    Authentication = 0xA4,
    /// B6: digital signature.
    Signature = 0xB6,
    /// B8: confidentiality, that is deciphering.
    Confidentiality = 0xB8,
}

impl CrtTemplate {
    /// The template this byte names.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0xA4 => Some(Self::Authentication),
            0xB6 => Some(Self::Signature),
            0xB8 => Some(Self::Confidentiality),
            _ => None,
        }
    }
}

/// What an access condition guards: one bit of the access-mode byte in a compact security attribute.
///
/// The four low bits mean one thing for files of data objects, another for key files and a third for the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessMode {
    /// 40: DELETE FILE.
    Delete = 0x40,
    /// 20: TERMINATE.
    Terminate = 0x20,
    /// 10: ACTIVATE FILE.
    Activate = 0x10,
    /// 08: key files: generate the key.
    Generate = 0x08,
    /// 04: key files: use the key.
    Use = 0x04,
    /// 02: data objects: PUT DATA; key files: import the key; application: create a file.
    Write = 0x02,
    /// 01: data objects: GET DATA; key files: read the public key; application: delete a file.
    Read = 0x01,
}

/// A compact security attribute (tag 8C): a byte of access modes, then one [`Condition`] per bit set in it, from bit 40
/// down to bit 01. Bit 80 is set on key files and carries no condition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecurityAttribute {
    modes: u8,
    conditions: Vec<Condition>,
}

/// One access condition byte.
///
/// | byte | satisfied by |
/// | --- | --- |
/// | 00 | anyone |
/// | 1x | the user PIN |
/// | 2x | admin authentication |
/// | 3x | either |
/// | 9x, Ax, Bx | the PIN; admin; both: all that are named |
/// | FF | no one |
///
/// The low nibble restricts the interface: 0 any, 1 contact, 2 contactless. Other values are never satisfied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Condition(pub u8);

impl Condition {
    /// 00: anyone may.
    pub const ALWAYS: Self = Self(0x00);
    /// FF: no one may.
    pub const NEVER: Self = Self(0xFF);
    /// 10: after the user PIN.
    pub const USER: Self = Self(0x10);
    /// 20: after admin authentication.
    pub const ADMIN: Self = Self(0x20);
    /// 30: after either.
    pub const USER_OR_ADMIN: Self = Self(0x30);

    /// Whether the condition is satisfied over the contact interface.
    #[must_use]
    pub const fn admits(self, user: bool, admin: bool) -> bool {
        let contact = matches!(self.0 & 0x0F, 0 | 1);
        contact
            && match self.0 >> 4 {
                0x0 => true,
                0x1 => user,
                0x2 => admin,
                0x3 => user || admin,
                0x9 => user,
                0xA => admin,
                0xB => user && admin,
                _ => false,
            }
    }
}

/// Why bytes are not file control parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FcpError {
    /// Not BER-TLV.
    Tlv(TlvError),
    /// A data object that must be there is not.
    Missing {
        /// BER-TLV tag of the object (ISO 7816-4 7.4.3).
        tag: Tag,
    },
    /// A data object has a value it must not have.
    Value {
        /// BER-TLV tag of the object (ISO 7816-4 7.4.3).
        tag: Tag,
    },
    /// The number of condition bytes is not the number of access-mode bits.
    Conditions {
        /// Bits set in the access-mode byte.
        expected: usize,
        /// Condition bytes there.
        found: usize,
    },
}

impl fmt::Display for FcpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tlv(error) => write!(f, "file control parameters: {error}"),
            Self::Missing { tag } => write!(f, "file control parameters: {tag} is missing"),
            Self::Value { tag } => write!(f, "file control parameters: {tag} has a value that is not allowed"),
            Self::Conditions { expected, found } => {
                write!(f, "the access-mode byte calls for {expected} condition bytes, {found} are there")
            }
        }
    }
}

impl core::error::Error for FcpError {}

impl From<TlvError> for FcpError {
    fn from(error: TlvError) -> Self {
        Self::Tlv(error)
    }
}

impl SecurityAttribute {
    /// Most condition bytes there can be: one per bit below 80.
    const MOST: usize = 7;

    /// From an access-mode byte and its conditions.
    ///
    /// # Errors
    /// When their numbers differ.
    pub fn new(modes: u8, conditions: &[Condition]) -> Result<Self, FcpError> {
        let expected = (modes & 0x7F).count_ones() as usize;
        if expected != conditions.len() {
            return Err(FcpError::Conditions { expected, found: conditions.len().min(Self::MOST + 1) });
        }
        Ok(Self { modes, conditions: conditions.to_vec() })
    }

    /// The condition on this mode; `None` when the attribute does not speak of it.
    #[must_use]
    pub fn condition(&self, mode: AccessMode) -> Option<Condition> {
        let bit = mode as u8;
        if self.modes & bit == 0 {
            return None;
        }
        let before = (self.modes & 0x7F & !(bit | (bit - 1))).count_ones() as usize;
        self.conditions.get(before).copied()
    }

    /// The bytes of the value of tag 8C.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        core::iter::once(self.modes).chain(self.conditions.iter().map(|condition| condition.0)).collect()
    }

    fn parse(value: &[u8]) -> Result<Self, FcpError> {
        let (&modes, conditions) = value.split_first().ok_or(FcpError::Value { tag: SECURITY })?;
        let conditions: Vec<Condition> = conditions.iter().copied().map(Condition).collect();
        Self::new(modes, &conditions)
    }
}

impl Crt {
    /// Reads one template: its tag and value.
    fn parse(object: tlv::Tlv<'_>) -> Result<Self, FcpError> {
        let template = u8::try_from(object.tag.number()).ok().and_then(CrtTemplate::from_byte);
        let template = template.ok_or(FcpError::Value { tag: TEMPLATES })?;
        let byte = |tag| match tlv::find(object.value, tag)? {
            Some(&[byte]) => Ok(byte),
            Some(_) => Err(FcpError::Value { tag }),
            None => Err(FcpError::Missing { tag }),
        };
        Ok(Self {
            template,
            algorithm: byte(ALGORITHM)?,
            reference: KeyReference(byte(REFERENCE)?),
            usage: byte(USAGE)?,
        })
    }

    fn write(self, out: &mut Vec<u8>) {
        let value = [0x80, 0x01, self.algorithm, 0x83, 0x01, self.reference.0, 0x95, 0x01, self.usage];
        out.extend_from_slice(&[self.template as u8, value.len() as u8]);
        out.extend_from_slice(&value);
    }
}

impl Fcp {
    /// Most templates a key file may have; real ones have one, two or five.
    const MOST_TEMPLATES: usize = 16;

    /// Reads the data field of CREATE FILE.
    ///
    /// # Errors
    /// When a part is missing, has a value that GIDS does not know, or the encoding is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, FcpError> {
        let value = tlv::read_only(bytes, FCP)?;
        let need = |tag| tlv::find(value, tag)?.ok_or(FcpError::Missing { tag });
        let &[high, low] = need(IDENTIFIER)? else { return Err(FcpError::Value { tag: IDENTIFIER }) };
        let kind = match *need(DESCRIPTOR)? {
            [0x39] => FileKind::Objects,
            [0x18] => {
                let templates = tlv::read_all(need(TEMPLATES)?)?;
                if templates.is_empty() || templates.len() > Self::MOST_TEMPLATES {
                    return Err(FcpError::Value { tag: TEMPLATES });
                }
                FileKind::Key(templates.into_iter().map(Crt::parse).collect::<Result<_, _>>()?)
            }
            _ => return Err(FcpError::Value { tag: DESCRIPTOR }),
        };
        let security = SecurityAttribute::parse(need(SECURITY)?)?;
        Ok(Self { id: FileId(u16::from_be_bytes([high, low])), security, kind })
    }

    /// Writes the template, in the order 82, 83, 8C, A5.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut value = Vec::new();
        let descriptor = match self.kind {
            FileKind::Objects => 0x39,
            FileKind::Key(_) => 0x18,
        };
        tlv::write(&mut value, DESCRIPTOR, &[descriptor]);
        tlv::write(&mut value, IDENTIFIER, &self.id.to_bytes());
        tlv::write(&mut value, SECURITY, &self.security.encode());
        if let FileKind::Key(templates) = &self.kind {
            let mut inner = Vec::new();
            templates.iter().for_each(|template| template.write(&mut inner));
            tlv::write(&mut value, TEMPLATES, &inner);
        }
        tlv::encode(FCP, &value)
    }
}
