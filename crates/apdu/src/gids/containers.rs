//! The container map `mscp\cmapfile` and the key map beside it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::files::{LayoutError, VERSION, versioned};
use super::{FileId, KeyKind};

/// The container map (A010 / DF23): the index of a record is the number of its container.
///
/// A record is never moved: deleting a container zeroes its record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContainerMap(pub Vec<ContainerRecord>);

/// One record of the [`ContainerMap`], 86 bytes: name in UTF-16LE (80), flags, reserved, signature key bits (LE16),
/// exchange key bits (LE16). Source: minidriver specification, "File System Requirements", Container Map File.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContainerRecord {
    /// Name of the container.
    pub name: ContainerName,
    /// Whether the record is in use, and whether it is the default container.
    pub flags: ContainerFlags,
    /// Size of the signature key in bits; 0 when there is none.
    pub signature_bits: u16,
    /// Size of the key-exchange key in bits; 0 when there is none.
    pub exchange_bits: u16,
}

/// State of a container record. The default flag counts only together with the valid flag, so the byte 02 reads as
/// [`ContainerFlags::Free`]; bits beyond these two are not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContainerFlags {
    /// 00: never used, or deleted.
    #[default]
    Free = 0x00,
    /// 01: a container.
    Valid = 0x01,
    /// 03: the default container.
    Default = 0x03,
}

impl ContainerFlags {
    /// Reads the flag byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        match byte & 0x03 {
            0x01 => Self::Valid,
            0x03 => Self::Default,
            _ => Self::Free,
        }
    }

    /// Whether the record is a container, default or not.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        !matches!(self, Self::Free)
    }
}

/// Name of a container: at most 39 UTF-16 units, no backslash, no NUL. Usually a GUID; any text will do (`Slot0`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContainerName(String);

/// Why text is not a [`ContainerName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerNameError {
    /// More than 39 UTF-16 units.
    TooLong {
        /// Number of units.
        found: usize,
    },
    /// A backslash or NUL.
    Character {
        /// The character.
        found: char,
    },
}

impl fmt::Display for ContainerNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { found } => {
                write!(f, "a container name has at most 39 UTF-16 units, this has {found}; shorten it")
            }
            Self::Character { found } => write!(f, "a container name must not contain {found:?}"),
        }
    }
}

impl core::error::Error for ContainerNameError {}

impl ContainerName {
    /// Bytes of the name field, terminating NUL included.
    pub const FIELD: usize = 80;

    /// Reads a name field, UTF-16LE; `None` when it is not UTF-16, has no end, or has a backslash. What follows its end
    /// is not looked at.
    #[must_use]
    pub fn from_field(field: &[u8; Self::FIELD]) -> Option<Self> {
        let units = field.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        let name: String = char::decode_utf16(units.take_while(|&unit| unit != 0)).collect::<Result<_, _>>().ok()?;
        Self::new(&name).ok()
    }

    /// Writes a name field.
    #[must_use]
    pub fn to_field(&self) -> [u8; Self::FIELD] {
        let mut field = [0; Self::FIELD];
        for (place, unit) in field.chunks_exact_mut(2).zip(self.0.encode_utf16()) {
            place.copy_from_slice(&unit.to_le_bytes());
        }
        field
    }

    /// Reads a name.
    ///
    /// # Errors
    /// When it is too long, or contains a backslash or NUL.
    pub fn new(name: &str) -> Result<Self, ContainerNameError> {
        if let Some(found) = name.chars().find(|&c| c == '\\' || c == '\0') {
            return Err(ContainerNameError::Character { found });
        }
        match name.encode_utf16().count() {
            0..=39 => Ok(Self(name.into())),
            found => Err(ContainerNameError::TooLong { found }),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContainerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ContainerRecord {
    /// Bytes of one record.
    pub const LEN: usize = 86;

    /// Reads one record; `None` when the name is not UTF-16, has no end, or has a backslash. What follows the name's
    /// end and the reserved byte are not looked at.
    #[must_use]
    pub fn parse(row: &[u8; Self::LEN]) -> Option<Self> {
        let name = row.first_chunk().and_then(ContainerName::from_field)?;
        let [flags, _, s0, s1, x0, x1] = *row.last_chunk::<6>()?;
        Some(Self {
            name,
            flags: ContainerFlags::from_byte(flags),
            signature_bits: u16::from_le_bytes([s0, s1]),
            exchange_bits: u16::from_le_bytes([x0, x1]),
        })
    }

    /// Writes the record.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut row = [0; Self::LEN];
        row[..ContainerName::FIELD].copy_from_slice(&self.name.to_field());
        row[80] = self.flags as u8;
        row[82..84].copy_from_slice(&self.signature_bits.to_le_bytes());
        row[84..86].copy_from_slice(&self.exchange_bits.to_le_bytes());
        row
    }
}

impl ContainerMap {
    const LAYOUT: &'static str = "container map";

    /// Reads the file; empty bytes are a map without records.
    ///
    /// # Errors
    /// When the length is not a multiple of 86, or a name is not text.
    pub fn parse(bytes: &[u8]) -> Result<Self, LayoutError> {
        let (rows, rest) = bytes.as_chunks::<{ ContainerRecord::LEN }>();
        if !rest.is_empty() {
            return Err(LayoutError::Length { layout: Self::LAYOUT, record: ContainerRecord::LEN, found: bytes.len() });
        }
        let parse =
            |(record, row)| ContainerRecord::parse(row).ok_or(LayoutError::Name { layout: Self::LAYOUT, record });
        rows.iter().enumerate().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Writes the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.0.iter().flat_map(ContainerRecord::encode).collect()
    }

    /// Index of the record flagged as default container: the first, should a card have several.
    #[must_use]
    pub fn default_index(&self) -> Option<usize> {
        self.0.iter().position(|record| record.flags == ContainerFlags::Default)
    }

    /// Index of the valid container with this name. Case counts.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|record| record.flags.is_valid() && record.name.as_str() == name)
    }

    /// Makes the container at `index` the default one and takes the flag from every other. Does nothing unless the
    /// record is valid.
    pub fn set_default(&mut self, index: usize) {
        if !self.0.get(index).is_some_and(|record| record.flags.is_valid()) {
            return;
        }
        for (i, record) in self.0.iter_mut().enumerate().filter(|(_, record)| record.flags.is_valid()) {
            record.flags = if i == index { ContainerFlags::Default } else { ContainerFlags::Valid };
        }
    }
}

/// The key map (A000 / DF20): one record per record of the container map; absent until the first key is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyMap(pub Vec<KeyMapRecord>);

/// One record of the [`KeyMap`], 12 bytes: state (LE32), algorithm, kind, key file (LE16), FF FF, 00 00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyMapRecord {
    /// No key.
    Free,
    /// A key.
    Used {
        /// Algorithm byte, see [`super::Algorithm`].
        algorithm: u8,
        /// What the key is for.
        kind: KeyKind,
        /// The key's file, B081 and up.
        file: FileId,
    },
}

impl KeyMapRecord {
    /// Bytes of one record.
    pub const LEN: usize = 12;

    /// Reads one record. A state other than 1 and a kind other than 9A or 9C both mean that there is no key.
    #[must_use]
    pub const fn parse(row: &[u8; Self::LEN]) -> Self {
        let &[1, 0, 0, 0, algorithm, kind, f0, f1, ..] = row else { return Self::Free };
        match KeyKind::from_byte(kind) {
            Some(kind) => Self::Used { algorithm, kind, file: FileId(u16::from_le_bytes([f0, f1])) },
            None => Self::Free,
        }
    }

    /// Writes the record; a free one is all zero.
    #[must_use]
    pub const fn encode(self) -> [u8; Self::LEN] {
        match self {
            Self::Free => [0; Self::LEN],
            Self::Used { algorithm, kind, file } => {
                let [f0, f1] = file.0.to_le_bytes();
                [1, 0, 0, 0, algorithm, kind as u8, f0, f1, 0xFF, 0xFF, 0, 0]
            }
        }
    }
}

impl KeyMap {
    /// Reads the file.
    ///
    /// # Errors
    /// When the version byte or the length does not fit.
    pub fn parse(bytes: &[u8]) -> Result<Self, LayoutError> {
        let (rows, _) = versioned(bytes, "key map", KeyMapRecord::LEN)?.as_chunks::<{ KeyMapRecord::LEN }>();
        Ok(Self(rows.iter().map(KeyMapRecord::parse).collect()))
    }

    /// Writes the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        core::iter::once(VERSION).chain(self.0.iter().flat_map(|record| record.encode())).collect()
    }
}
