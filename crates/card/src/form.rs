//! What a card in a file is made of: numbers, texts and keys as bytes, and what can be wrong with them.
//!
//! Numbers are big endian, and what has a length has four bytes of it in front.

use alloc::vec::Vec;
use core::fmt;

use autoenroll_keys::{PrivateKey, RsaComponents};

/// The version that is written, and the only one that is read.
pub(crate) const VERSION: u8 = 1;

/// Why bytes are not a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// They do not begin as a card does.
    NotACard,
    /// They are a card as another version of this program writes it.
    Version,
    /// The checksum at the end is not that of what is before it: bytes are missing or were changed.
    Checksum,
    /// They are whole, and say what no card can be.
    Content {
        /// What cannot be.
        what: &'static str,
    },
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACard => f.write_str("it is not a card: it does not begin with `autoenroll card`"),
            Self::Version => {
                write!(f, "it is a card of another version of this program, which reads `autoenroll card {VERSION}`")
            }
            Self::Checksum => f.write_str("it is damaged: bytes are missing, or were changed"),
            Self::Content { what } => write!(f, "it is no card that can be: {what}"),
        }
    }
}

impl core::error::Error for ImageError {}

pub(crate) const fn content(what: &'static str) -> ImageError {
    ImageError::Content { what }
}

/// What is written so far.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Goes on from there.
    pub(crate) fn new(start: &[u8]) -> Self {
        Self(start.to_vec())
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Bytes whose number needs no saying.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn count(&mut self, count: usize) {
        // A card has less than 4 GiB.
        self.raw(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    pub(crate) fn flags<const N: usize>(&mut self, flags: &[bool; N]) {
        self.0.extend(flags.iter().map(|flag| u8::from(*flag)));
    }

    pub(crate) fn optional(&mut self, bytes: Option<&[u8]>) {
        self.flags(&[bytes.is_some()]);
        bytes.into_iter().for_each(|bytes| self.bytes(bytes));
    }

    /// A private key, and none where there is none.
    pub(crate) fn key(&mut self, key: Option<&PrivateKey>) {
        match key.map(|key| (key.rsa_components(), key.p256_scalar())) {
            Some((Some(RsaComponents { n, e, d, p, q }), _)) => {
                self.raw(&[1]);
                [n, e, d, p, q].iter().for_each(|number| self.bytes(number));
            }
            Some((None, Some(scalar))) => {
                self.raw(&[2]);
                self.raw(&scalar);
            }
            // A symbolic P-256 key has no numbers; such keys are in no card that is kept.
            Some((None, None)) | None => self.raw(&[0]),
        }
    }
}

/// What is left to read. Nothing is taken into memory that is not there.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ImageError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(content("less than a card"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ImageError> {
        self.take(N)?.try_into().map_err(|_| content("less than a card"))
    }

    pub(crate) fn byte(&mut self) -> Result<u8, ImageError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn count(&mut self) -> Result<u32, ImageError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], ImageError> {
        let length = self.count()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// How often something was drawn. No card comes near the end of the numbers.
    pub(crate) fn drawn(&mut self) -> Result<u64, ImageError> {
        let drawn = u64::from_be_bytes(self.array()?);
        if drawn > u64::MAX / 2 { Err(content("how much was drawn")) } else { Ok(drawn) }
    }

    pub(crate) fn flags<const N: usize>(&mut self) -> Result<[bool; N], ImageError> {
        let bytes = self.array::<N>()?;
        if bytes.iter().any(|byte| *byte > 1) {
            return Err(content("neither yes nor no"));
        }
        Ok(bytes.map(|byte| byte == 1))
    }

    pub(crate) fn optional(&mut self) -> Result<Option<&'a [u8]>, ImageError> {
        let [there] = self.flags()?;
        if there { self.bytes().map(Some) } else { Ok(None) }
    }

    /// A private key, or none.
    pub(crate) fn key(&mut self) -> Result<Option<PrivateKey>, ImageError> {
        let key = match self.byte()? {
            0 => return Ok(None),
            1 => {
                let mut number = || self.bytes().map(<[u8]>::to_vec);
                let (n, e, d, p, q) = (number()?, number()?, number()?, number()?, number()?);
                PrivateKey::from_rsa_components(&RsaComponents { n, e, d, p, q })
            }
            2 => PrivateKey::from_p256_scalar(&self.array()?),
            _ => return Err(content("the kind of a key")),
        };
        key.map(Some).map_err(|_| content("the numbers of a key"))
    }
}
