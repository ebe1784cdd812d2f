//! BER-TLV (ISO/IEC 8825-1) as cards use it: tags of one to three bytes, definite lengths of one to four bytes.
//!
//! Reading accepts lengths that are longer than need be, as real cards and hosts write them; writing is always minimal.

use alloc::vec::Vec;
use core::fmt;

/// A tag of one to three bytes, kept as the number its bytes spell: `0x5F2F` is the two bytes 5F 2F.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(u32);

/// One data object: a tag and the bytes of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// One to three bytes (ISO 7816-4 6.3).
    pub tag: Tag,
    /// The bytes that the length field counts.
    pub value: &'a [u8],
}

/// Why bytes are not a sequence of data objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlvError {
    /// The bytes end inside a tag, or the tag is 00.
    BadTag,
    /// A tag of more than three bytes.
    TagTooLong,
    /// The bytes end inside the length field.
    LengthMissing {
        /// Tag of the object.
        tag: Tag,
    },
    /// The indefinite form (80) or a length field of more than three further bytes.
    LengthForm {
        /// Tag of the object.
        tag: Tag,
        /// First byte of the length field.
        found: u8,
    },
    /// The value is shorter than its length field says.
    ValueTooShort {
        /// Tag of the object.
        tag: Tag,
        /// Bytes announced.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
}

impl fmt::Display for TlvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadTag => f.write_str("no BER-TLV tag here"),
            Self::TagTooLong => f.write_str("a tag of more than three bytes"),
            Self::LengthMissing { tag } => write!(f, "the length of {tag} is cut off"),
            Self::LengthForm { tag, found } => {
                write!(f, "length byte {found:02X} of {tag}: only definite lengths of up to 3 bytes are read")
            }
            Self::ValueTooShort { tag, expected, found } => {
                write!(f, "{tag} announces {expected} bytes, only {found} are there")
            }
        }
    }
}

impl core::error::Error for TlvError {}

impl Tag {
    /// A tag known when this crate is written; a wrong one does not compile.
    pub(crate) const fn of(value: u32) -> Self {
        Self::from_number(value).expect("not a BER-TLV tag of one to three bytes")
    }

    /// The tag whose bytes spell this number: 0x5F2F is 5F 2F. `None` when those bytes are not exactly one tag.
    #[must_use]
    pub const fn from_number(value: u32) -> Option<Self> {
        let [_, a, b, c] = value.to_be_bytes();
        let valid = match value {
            0x01..=0xFF => c & 0x1F != 0x1F,
            0x100..=0xFFFF => b & 0x1F == 0x1F && c & 0x80 == 0,
            0x1_0000..=0xFF_FFFF => a & 0x1F == 0x1F && b & 0x80 != 0 && c & 0x80 == 0,
            _ => false,
        };
        if valid { Some(Self(value)) } else { None }
    }

    /// The number the tag's bytes spell.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Number of bytes the tag takes: 1 to 3.
    #[must_use]
    pub const fn width(self) -> usize {
        match self.0 {
            0..=0xFF => 1,
            0x100..=0xFFFF => 2,
            _ => 3,
        }
    }

    /// Reads the tag at the start of `bytes`; the second value is what follows it.
    ///
    /// # Errors
    /// When the bytes end inside the tag, or it has more than three bytes.
    pub fn read(bytes: &[u8]) -> Result<(Self, &[u8]), TlvError> {
        let (&first, mut rest) = bytes.split_first().ok_or(TlvError::BadTag)?;
        if first == 0 {
            return Err(TlvError::BadTag);
        }
        let mut number = u32::from(first);
        if first & 0x1F != 0x1F {
            return Ok((Self(number), rest));
        }
        for _ in 0..2 {
            let (&next, after) = rest.split_first().ok_or(TlvError::BadTag)?;
            number = number << 8 | u32::from(next);
            rest = after;
            if next & 0x80 == 0 {
                return Ok((Self(number), rest));
            }
        }
        Err(TlvError::TagTooLong)
    }

    /// Appends the tag's bytes.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes()[4 - self.width()..]);
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$X}", self.0, width = self.width() * 2)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// Reads the data object at the start of `bytes`; the second value is what follows it.
///
/// # Errors
/// The first violation of the encoding.
pub fn read(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), TlvError> {
    let (tag, rest) = Tag::read(bytes)?;
    let (&first, rest) = rest.split_first().ok_or(TlvError::LengthMissing { tag })?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x83 => {
            let (field, rest) =
                rest.split_at_checked(usize::from(first & 0x0F)).ok_or(TlvError::LengthMissing { tag })?;
            (field.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte)), rest)
        }
        found => return Err(TlvError::LengthForm { tag, found }),
    };
    let short = TlvError::ValueTooShort { tag, expected: length, found: rest.len() };
    let (value, rest) = rest.split_at_checked(length).ok_or(short)?;
    Ok((Tlv { tag, value }, rest))
}

/// Reads `bytes` as exactly one data object with this tag.
///
/// # Errors
/// A violation of the encoding; another tag or trailing bytes are [`TlvError::BadTag`].
pub fn read_only(bytes: &[u8], tag: Tag) -> Result<&[u8], TlvError> {
    match read(bytes)? {
        (found, []) if found.tag == tag => Ok(found.value),
        _ => Err(TlvError::BadTag),
    }
}

/// Reads all data objects of `bytes`, in order.
///
/// # Errors
/// The first violation of the encoding; nothing is skipped.
pub fn read_all(mut bytes: &[u8]) -> Result<Vec<Tlv<'_>>, TlvError> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (object, rest) = read(bytes)?;
        all.push(object);
        bytes = rest;
    }
    Ok(all)
}

/// The value of the first object with this tag, looking at the top level only.
///
/// # Errors
/// The first violation of the encoding before that object.
pub fn find(mut bytes: &[u8], tag: Tag) -> Result<Option<&[u8]>, TlvError> {
    while !bytes.is_empty() {
        let (object, rest) = read(bytes)?;
        if object.tag == tag {
            return Ok(Some(object.value));
        }
        bytes = rest;
    }
    Ok(None)
}

/// Appends one data object. Values beyond 16,777,215 bytes cannot be said and are cut there; no APDU carries so many.
pub fn write(out: &mut Vec<u8>, tag: Tag, value: &[u8]) {
    let value = &value[..value.len().min(0xFF_FFFF)];
    tag.write(out);
    write_length(out, value.len());
    out.extend_from_slice(value);
}

/// One data object as bytes.
#[must_use]
pub fn encode(tag: Tag, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(encoded_len(tag, value.len()));
    write(&mut out, tag, value);
    out
}

/// Number of bytes that a data object with a value of `length` bytes takes.
#[must_use]
pub const fn encoded_len(tag: Tag, length: usize) -> usize {
    let field = match length {
        0..=0x7F => 1,
        0x80..=0xFF => 2,
        0x100..=0xFFFF => 3,
        _ => 4,
    };
    tag.width() + field + length
}

fn write_length(out: &mut Vec<u8>, length: usize) {
    let [.., a, b, c] = length.to_be_bytes();
    match length {
        0..=0x7F => out.push(c),
        0x80..=0xFF => out.extend_from_slice(&[0x81, c]),
        0x100..=0xFFFF => out.extend_from_slice(&[0x82, b, c]),
        _ => out.extend_from_slice(&[0x83, a, b, c]),
    }
}
