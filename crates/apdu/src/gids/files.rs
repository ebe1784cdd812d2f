//! The master file and the card cache file.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{FileId, tag};
use crate::tlv::Tag;

/// First byte of master file and key map.
pub(super) const VERSION: u8 = 0x01;

/// Why bytes are not the logical file they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutError {
    /// The length does not fit the records.
    Length {
        /// `master file`, `container map` or another logical file, for the message.
        layout: &'static str,
        /// Bytes of one record.
        record: usize,
        /// Bytes there.
        found: usize,
    },
    /// The file does not begin with version byte 01.
    Version {
        /// `master file`, `container map` or another logical file, for the message.
        layout: &'static str,
        /// The byte found, if there was one.
        found: Option<u8>,
    },
    /// A name field is not text of the kind it must be.
    Name {
        /// `master file`, `container map` or another logical file, for the message.
        layout: &'static str,
        /// Index of the record.
        record: usize,
    },
    /// The field of a master-file record that must be a tag or file identifier is not.
    Number {
        /// `master file`, `container map` or another logical file, for the message.
        layout: &'static str,
        /// Index of the record.
        record: usize,
        /// What stands in the field.
        found: u32,
    },
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { layout, record, found } => {
                write!(f, "{layout}: {found} bytes are not a whole number of {record}-byte records")
            }
            Self::Version { layout, found: Some(found) } => {
                write!(f, "{layout}: version byte {found:02X}, expected 01")
            }
            Self::Version { layout, found: None } => write!(f, "{layout}: empty, expected version byte 01"),
            Self::Name { layout, record } => write!(f, "{layout}: the name in record {record} is not text"),
            Self::Number { layout, record, found } => {
                write!(f, "{layout}: record {record} refers to {found:08X}, which is no identifier")
            }
        }
    }
}

impl core::error::Error for LayoutError {}

/// Name of a directory or logical file: at most eight printable ASCII characters; empty for the root and for the
/// record of a directory itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileName(String);

/// Why text is not a [`FileName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileNameError {
    /// More than eight characters.
    TooLong {
        /// Number of bytes.
        found: usize,
    },
    /// A character that is not printable ASCII, or a backslash.
    Character {
        /// Where it is, in bytes.
        position: usize,
    },
}

impl fmt::Display for FileNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { found } => write!(f, "a name on the card has at most 8 characters, this has {found}"),
            Self::Character { position } => {
                write!(f, "the character at {position} is not allowed; use printable ASCII without backslash")
            }
        }
    }
}

impl core::error::Error for FileNameError {}

impl FileName {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is too long or has a character that is not allowed.
    pub fn new(name: &str) -> Result<Self, FileNameError> {
        if let Some(position) = name.bytes().position(|c| !c.is_ascii_graphic() || c == b'\\') {
            return Err(FileNameError::Character { position });
        }
        if name.len() > 8 {
            return Err(FileNameError::TooLong { found: name.len() });
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn read(field: &[u8]) -> Option<Self> {
        let end = field.iter().position(|&c| c == 0).unwrap_or(field.len());
        Self::new(core::str::from_utf8(&field[..end]).ok()?).ok()
    }

    fn write(&self, field: &mut [u8]) {
        field[..self.0.len()].copy_from_slice(self.0.as_bytes());
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The master file: the directory of the logical file system (A000 / DF1F).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MasterFile(pub Vec<MasterFileRecord>);

/// One record of the [`MasterFile`], 28 bytes: directory (9), name (9), two zero bytes, tag and file identifier (LE32).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MasterFileRecord {
    /// The directory; empty for the root.
    pub directory: FileName,
    /// The logical file; empty when the record stands for the directory itself.
    pub name: FileName,
    /// The data object that holds the file; `None` for a directory.
    pub object: Option<Tag>,
    /// The elementary file that holds the data object; for a directory, whose access condition governs it.
    pub file: FileId,
}

impl MasterFile {
    const LAYOUT: &'static str = "master file";
    const RECORD: usize = 28;

    /// The five records of a card whose file system was just created, as Microsoft's page prints them.
    #[must_use]
    pub fn initial() -> Self {
        let row = |directory: &str, name: &str, object, file| MasterFileRecord {
            directory: FileName(directory.into()),
            name: FileName(name.into()),
            object,
            file,
        };
        Self(alloc::vec![
            row("mscp", "", None, FileId::USER_CREATE_DELETE_DIR),
            row("", "cardid", Some(tag::CARD_ID), FileId::EVERYONE_READ_ADMIN_WRITE),
            row("", "cardapps", Some(tag::CARD_APPS), FileId::EVERYONE_READ_USER_WRITE),
            row("", "cardcf", Some(tag::CARD_CACHE), FileId::EVERYONE_READ_USER_WRITE),
            row("mscp", "cmapfile", Some(tag::CONTAINER_MAP), FileId::EVERYONE_READ_USER_WRITE),
        ])
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When version, length, a name or a number do not fit.
    pub fn parse(bytes: &[u8]) -> Result<Self, LayoutError> {
        let (layout, record) = (Self::LAYOUT, Self::RECORD);
        let rows = versioned(bytes, layout, record)?;
        let parse = |(index, row): (usize, &[u8])| {
            let name = |field| FileName::read(field).ok_or(LayoutError::Name { layout, record: index });
            let number = |found| LayoutError::Number { layout, record: index, found };
            let object = little_endian(&row[20..24]);
            let file = little_endian(&row[24..28]);
            Ok(MasterFileRecord {
                directory: name(&row[..9])?,
                name: name(&row[9..18])?,
                object: match object {
                    0 => None,
                    _ => Some(Tag::from_number(object).ok_or(number(object))?),
                },
                file: FileId(u16::try_from(file).map_err(|_| number(file))?),
            })
        };
        rows.chunks_exact(record).enumerate().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Writes the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 + self.0.len() * Self::RECORD);
        out.push(VERSION);
        for record in &self.0 {
            let mut row = [0; Self::RECORD];
            record.directory.write(&mut row[..9]);
            record.name.write(&mut row[9..18]);
            row[20..24].copy_from_slice(&record.object.map_or(0, Tag::number).to_le_bytes());
            row[24..28].copy_from_slice(&u32::from(record.file.0).to_le_bytes());
            out.extend_from_slice(&row);
        }
        out
    }

    /// Where a logical file is kept: `directory` is empty for the root.
    #[must_use]
    pub fn find(&self, directory: &str, name: &str) -> Option<(FileId, Tag)> {
        let record = self.0.iter().find(|r| r.directory.as_str() == directory && r.name.as_str() == name)?;
        Some((record.file, record.object?))
    }

    /// The first tag, from DF21 up, that no record uses in this elementary file: where hosts put the next certificate.
    #[must_use]
    pub fn free_object(&self, file: FileId) -> Option<Tag> {
        object_tags().find(|&tag| !self.0.iter().any(|r| r.file == file && r.object == Some(tag)))
    }
}

/// The tags that logical files may have: DF21 to DF7F.
pub fn object_tags() -> impl Iterator<Item = Tag> {
    (tag::CARD_APPS.number()..=0xDF7F).filter_map(Tag::from_number)
}

/// The card cache file `\cardcf` (A010 / DF22), 6 bytes: the host increments the counters when it changes the card, and
/// every host drops what it remembers when they moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CardCacheFile {
    /// Version of the layout, 0.
    pub version: u8,
    /// Counts changes of PINs.
    pub pins: u8,
    /// Counts changes of the containers.
    pub containers: u16,
    /// Counts changes of other files.
    pub files: u16,
}

impl CardCacheFile {
    /// Reads the file.
    ///
    /// # Errors
    /// When there are not exactly six bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, LayoutError> {
        let &[version, pins, c0, c1, f0, f1] = bytes else {
            return Err(LayoutError::Length { layout: "card cache file", record: 6, found: bytes.len() });
        };
        Ok(Self { version, pins, containers: u16::from_le_bytes([c0, c1]), files: u16::from_le_bytes([f0, f1]) })
    }

    /// Writes the file.
    #[must_use]
    pub const fn encode(self) -> [u8; 6] {
        let [c0, c1] = self.containers.to_le_bytes();
        let [f0, f1] = self.files.to_le_bytes();
        [self.version, self.pins, c0, c1, f0, f1]
    }

    /// After a PIN was changed or unblocked.
    #[must_use]
    pub const fn pin_changed(mut self) -> Self {
        self.pins = self.pins.wrapping_add(1);
        self
    }

    /// After a container was made, changed or deleted.
    #[must_use]
    pub const fn container_changed(mut self) -> Self {
        self.containers = self.containers.wrapping_add(1);
        self
    }

    /// After another file was written.
    #[must_use]
    pub const fn file_changed(mut self) -> Self {
        self.files = self.files.wrapping_add(1);
        self
    }
}

/// The records of a file that begins with the version byte.
pub(super) fn versioned<'a>(bytes: &'a [u8], layout: &'static str, record: usize) -> Result<&'a [u8], LayoutError> {
    let Some((&VERSION, rows)) = bytes.split_first() else {
        return Err(LayoutError::Version { layout, found: bytes.first().copied() });
    };
    if rows.len() % record != 0 {
        return Err(LayoutError::Length { layout, record, found: rows.len() });
    }
    Ok(rows)
}

fn little_endian(field: &[u8]) -> u32 {
    field.iter().rev().fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}
