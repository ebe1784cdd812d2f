//! The Generic Identity Device Specification (GIDS): identifiers and layouts that a card and its host share.
//!
//! A GIDS card is a flat set of elementary files, each holding BER-TLV data objects under one access condition, and of
//! key files. A host lays a small logical file system over the data objects: the master file names each logical file
//! (`mscp\cmapfile`) and says in which elementary file and under which tag it is kept.
//!
//! Integers inside tags are big-endian; integers inside the logical files are little-endian.
//!
//! Sources: Microsoft, "Windows Inbox Smart Card Minidriver" (identifiers, access conditions, initialisation, master
//! file); Microsoft, "File System Requirements" of the minidriver specification (container map, card cache file); the
//! key map is not documented and follows what GIDS hosts write.

mod certificate;
pub mod commands;
mod containers;
mod fcp;
mod files;
mod keys;

use core::fmt;

use crate::tlv::Tag;

pub use certificate::{CertificateFile, CertificateFileError, certificate_file_name};
pub use containers::{
    ContainerFlags, ContainerMap, ContainerName, ContainerNameError, ContainerRecord, KeyMap, KeyMapRecord,
};
pub use fcp::{AccessMode, Condition, Crt, CrtTemplate, Fcp, FcpError, FileKind, SecurityAttribute};
pub use files::{CardCacheFile, FileName, FileNameError, LayoutError, MasterFile, MasterFileRecord, object_tags};
pub use keys::{Algorithm, KeyKind, KeyReference, Padding};

/// The application identifier as hosts select it, without the version bytes.
pub const AID: [u8; 9] = [0xA0, 0x00, 0x00, 0x03, 0x97, 0x42, 0x54, 0x46, 0x59];

/// A two-byte file identifier.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u16);

impl FileId {
    /// 3FFF: the application itself.
    pub const APPLICATION: Self = Self(0x3FFF);
    /// 2F01: EF.ATR, read with GET DATA only.
    pub const EF_ATR: Self = Self(0x2F01);
    /// A000, `UserCreateDeleteDirAc`: master file and key map.
    pub const USER_CREATE_DELETE_DIR: Self = Self(0xA000);
    /// A010, `EveryoneReadUserWriteAc`: container map, card cache file, certificates.
    pub const EVERYONE_READ_USER_WRITE: Self = Self(0xA010);
    /// A011, `UserWriteExecuteAc`.
    pub const USER_WRITE_EXECUTE: Self = Self(0xA011);
    /// A012, `EveryoneReadAdminWriteAc`: the card identifier.
    pub const EVERYONE_READ_ADMIN_WRITE: Self = Self(0xA012);
    /// A013, `UserReadWriteAc`.
    pub const USER_READ_WRITE: Self = Self(0xA013);
    /// A014, `AdminReadWriteAc`.
    pub const ADMIN_READ_WRITE: Self = Self(0xA014);
    /// B080: the admin key.
    pub const ADMIN_KEY: Self = Self(0xB080);

    /// The two bytes, as they stand in a command.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// The key reference, when this is the identifier of a key file (B0xx).
    #[must_use]
    pub const fn key_reference(self) -> Option<KeyReference> {
        match self.to_bytes() {
            [0xB0, reference] => Some(KeyReference(reference)),
            _ => None,
        }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({self})")
    }
}

/// Tags of the logical files.
pub mod tag {
    use super::Tag;

    /// A000: the master file.
    pub const MASTER_FILE: Tag = Tag::of(0xDF1F);
    /// A000: the key map.
    pub const KEY_MAP: Tag = Tag::of(0xDF20);
    /// A012: the card identifier. The same tag as the key map, in another elementary file.
    pub const CARD_ID: Tag = Tag::of(0xDF20);
    /// A010: `\cardapps`.
    pub const CARD_APPS: Tag = Tag::of(0xDF21);
    /// A010: `\cardcf`.
    pub const CARD_CACHE: Tag = Tag::of(0xDF22);
    /// A010: `mscp\cmapfile`.
    pub const CONTAINER_MAP: Tag = Tag::of(0xDF23);

    /// 3FFF: state of the PIN.
    pub const PIN_STATUS: Tag = Tag::of(0x7F71);
    /// 3FFF: state of the PIN, second name.
    pub const PIN_STATUS_ALTERNATE: Tag = Tag::of(0x7F72);
    /// 3FFF: state of the unblocking code (PUK).
    pub const PUK_STATUS: Tag = Tag::of(0x7F73);
    /// Inside a PIN status: retries left.
    pub const RETRIES_LEFT: Tag = Tag::of(0x97);
    /// Inside a PIN status: retries after a right PIN.
    pub const RETRY_LIMIT: Tag = Tag::of(0x93);

    /// A tag list, the data field of GET DATA.
    pub const TAG_LIST: Tag = Tag::of(0x5C);
    /// The template that addresses a key in GET DATA and PUT DATA.
    pub const KEY_TEMPLATE: Tag = Tag::of(0x70);
    /// Inside it: the key reference.
    pub const KEY_REFERENCE: Tag = Tag::of(0x84);
    /// Inside it: what is asked or given.
    pub const KEY_CONTENT: Tag = Tag::of(0xA5);
    /// Inside [`KEY_CONTENT`]: the key itself.
    pub const KEY_VALUE: Tag = Tag::of(0x87);
    /// Inside [`KEY_CONTENT`]: the key check value.
    pub const KEY_CHECK_VALUE: Tag = Tag::of(0x88);
    /// A public key.
    pub const PUBLIC_KEY: Tag = Tag::of(0x7F49);
    /// Inside it: RSA modulus.
    pub const MODULUS: Tag = Tag::of(0x81);
    /// Inside it: RSA public exponent.
    pub const EXPONENT: Tag = Tag::of(0x82);
    /// Inside it: uncompressed point of an elliptic-curve key.
    pub const POINT: Tag = Tag::of(0x86);
    /// Key generation: the template with algorithm and key reference.
    pub const GENERATE: Tag = Tag::of(0xAC);
    /// Inside control reference templates: algorithm.
    pub const ALGORITHM: Tag = Tag::of(0x80);
    /// Inside control reference templates: reference of a secret key or of a key to generate.
    pub const SECRET_REFERENCE: Tag = Tag::of(0x83);
    /// Inside control reference templates: reference of a private key.
    pub const PRIVATE_REFERENCE: Tag = Tag::of(0x84);
    /// Inside control reference templates: usage qualifier.
    pub const USAGE: Tag = Tag::of(0x95);
    /// GENERAL AUTHENTICATE: dynamic authentication template.
    pub const AUTHENTICATION: Tag = Tag::of(0x7C);
    /// Inside it: a challenge.
    pub const CHALLENGE: Tag = Tag::of(0x81);
    /// Inside it: a response.
    pub const RESPONSE: Tag = Tag::of(0x82);
}
