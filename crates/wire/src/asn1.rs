//! DER (X.690) as far as the protocol needs it: a reader that gives back the very bytes it read, and functions that
//! write.
//!
//! Signatures are verified over bytes received, so nothing here re-encodes what it reads; and real messages hold object
//! identifiers with arcs beyond 32 bits and sets that are not sorted, which typed DER libraries refuse or silently
//! repair.

use crate::{Problem, WireError, text, time};
use alloc::string::String;
use alloc::vec::Vec;
use autoenroll_model::{FileTime, Oid};

mod oid;
pub mod tag;
mod write;

pub(crate) use oid::from_dotted as oid_dotted;
pub use oid::{oid, oid_content};
pub use write::{
    bit_string, bmp_string, boolean, explicit, ia5_string, integer, null, octet_string, printable_string, sequence,
    set_of, time_der, tlv, unsigned, utf8_string,
};

/// Reads one value after the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    what: &'static str,
    rest: &'a [u8],
    /// Where `rest` begins within the structure named `what`.
    offset: usize,
}

/// One tagged value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The tag, one octet.
    pub tag: u8,
    /// The content octets (X.690 8.1.4).
    pub content: &'a [u8],
    /// Tag, length and content as they were read.
    pub raw: &'a [u8],
    what: &'static str,
    offset: usize,
}

impl<'a> Reader<'a> {
    /// A reader over bytes; `what` names the structure in errors.
    #[must_use]
    pub fn new(what: &'static str, bytes: &'a [u8]) -> Reader<'a> {
        Reader { what, rest: bytes, offset: 0 }
    }

    /// Whether everything has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next value.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, whatever its tag.
    ///
    /// # Errors
    /// When the bytes end too early, or tag or length are of a form that DER messages do not have.
    pub fn read(&mut self) -> Result<Tlv<'a>, WireError> {
        let (header, length) = self.header()?;
        let end = header.checked_add(length).filter(|end| *end <= self.rest.len()).ok_or(self.error(Problem::End))?;
        let (raw, rest) = self.rest.split_at(end);
        let value = Tlv { tag: raw[0], content: &raw[header..], raw, what: self.what, offset: self.offset };
        self.rest = rest;
        self.offset += end;
        Ok(value)
    }

    /// Octets of tag and length together, and the length they state.
    fn header(&self) -> Result<(usize, usize), WireError> {
        let [tag, first, more @ ..] = self.rest else {
            return Err(self.error(Problem::End));
        };
        if tag & 0x1F == 0x1F {
            return Err(self.error(Problem::Value("tags above 30 have no place in these messages")));
        }
        if *first < 0x80 {
            return Ok((2, usize::from(*first)));
        }
        let octets = usize::from(first & 0x7F);
        if octets == 0 || octets > 4 {
            return Err(self.error(Problem::Length));
        }
        let digits = more.get(..octets).ok_or(self.error(Problem::End))?;
        let length = digits.iter().fold(0_u64, |length, digit| (length << 8) | u64::from(*digit));
        Ok((2 + octets, usize::try_from(length).map_err(|_| self.error(Problem::Length))?))
    }

    /// The next value, which must have this tag.
    ///
    /// # Errors
    /// [`Problem::Tag`], and those of [`read`](Self::read).
    pub fn expect(&mut self, expected: u8) -> Result<Tlv<'a>, WireError> {
        match self.peek() {
            Some(found) if found != expected => Err(self.error(Problem::Tag { expected, found })),
            _ => self.read(),
        }
    }

    /// The next value if it has this tag.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, WireError> {
        if self.peek() == Some(tag) { self.read().map(Some) } else { Ok(None) }
    }

    /// A reader over the content of the next value, which must be a SEQUENCE.
    ///
    /// # Errors
    /// Those of [`expect`](Self::expect).
    pub fn sequence(&mut self) -> Result<Reader<'a>, WireError> {
        Ok(self.expect(tag::SEQUENCE)?.reader())
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Problem::Trailing`] when something is left.
    pub fn finish(&self) -> Result<(), WireError> {
        if self.is_empty() { Ok(()) } else { Err(self.error(Problem::Trailing)) }
    }

    /// Every value that is left.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn all(mut self) -> Result<Vec<Tlv<'a>>, WireError> {
        let mut values = Vec::new();
        while !self.is_empty() {
            values.push(self.read()?);
        }
        Ok(values)
    }

    fn error(&self, problem: Problem) -> WireError {
        WireError { what: self.what, offset: self.offset, problem }
    }
}

/// The one value that `bytes` are.
///
/// # Errors
/// [`Problem::Trailing`], and those of [`Reader::read`].
pub fn single<'a>(what: &'static str, bytes: &'a [u8]) -> Result<Tlv<'a>, WireError> {
    let mut reader = Reader::new(what, bytes);
    let value = reader.read()?;
    reader.finish()?;
    Ok(value)
}

impl<'a> Tlv<'a> {
    /// A reader over the content.
    #[must_use]
    pub fn reader(&self) -> Reader<'a> {
        Reader { what: self.what, rest: self.content, offset: self.offset + self.raw.len() - self.content.len() }
    }

    /// This value if it has the tag.
    ///
    /// # Errors
    /// [`Problem::Tag`].
    pub fn expect(self, expected: u8) -> Result<Tlv<'a>, WireError> {
        if self.tag == expected { Ok(self) } else { Err(self.error(Problem::Tag { expected, found: self.tag })) }
    }

    /// The object identifier.
    ///
    /// # Errors
    /// When it is none.
    pub fn oid(self) -> Result<Oid, WireError> {
        let value = self.expect(tag::OBJECT_IDENTIFIER)?;
        oid::decode(value.content).ok_or(self.invalid("an object identifier with complete arcs, of 256 digits at most"))
    }

    /// A number from 0 to 2^64 - 1.
    ///
    /// # Errors
    /// When it is no INTEGER, negative, or larger.
    pub fn number(self) -> Result<u64, WireError> {
        let content = self.expect(tag::INTEGER)?.content;
        let digits = match content {
            [0, rest @ ..] => rest,
            [first, ..] if *first >= 0x80 => return Err(self.invalid("a number must not be negative here")),
            _ => content,
        };
        if content.is_empty() || digits.len() > 8 {
            return Err(self.invalid("a number of 1 to 64 bits is expected"));
        }
        Ok(digits.iter().fold(0, |number, digit| (number << 8) | u64::from(*digit)))
    }

    /// A number below 2^32.
    ///
    /// # Errors
    /// As [`number`](Self::number).
    pub fn number32(self) -> Result<u32, WireError> {
        u32::try_from(self.number()?).map_err(|_| self.invalid("a number below 2^32 is expected"))
    }

    /// The octets of a BIT STRING and how many of its last bits are unused.
    ///
    /// # Errors
    /// When it is none.
    pub fn bits(self) -> Result<(&'a [u8], u8), WireError> {
        match self.expect(tag::BIT_STRING)?.content {
            [0] => Ok((&[], 0)),
            [unused, octets @ ..] if *unused < 8 && !octets.is_empty() => Ok((octets, *unused)),
            // Windows writes an empty signature as a BIT STRING without even the count of unused bits.
            [] => Ok((&[], 0)),
            _ => Err(self.invalid("a BIT STRING begins with its number of unused bits, 0 to 7")),
        }
    }

    /// The text of a character string of any of the types that occur in names.
    ///
    /// # Errors
    /// When it is no character string, or not well-formed in its type.
    pub fn text(self) -> Result<String, WireError> {
        text::decode(self.tag, self.content).ok_or(self.invalid("a well-formed character string is expected"))
    }

    /// A UTCTime or GeneralizedTime; one before 1601 counts as the start of 1601.
    ///
    /// # Errors
    /// When it is neither.
    pub fn time(self) -> Result<FileTime, WireError> {
        let parsed = match self.tag {
            tag::UTC_TIME => time::parse_utc(self.content),
            tag::GENERALIZED_TIME => time::parse_generalized(self.content),
            _ => None,
        };
        parsed.ok_or(self.invalid("a UTCTime or GeneralizedTime in UTC is expected"))
    }

    /// A value that breaks the rule.
    #[must_use]
    pub fn invalid(&self, rule: &'static str) -> WireError {
        self.error(Problem::Value(rule))
    }

    fn error(&self, problem: Problem) -> WireError {
        WireError { what: self.what, offset: self.offset, problem }
    }
}

#[cfg(test)]
mod tests;
