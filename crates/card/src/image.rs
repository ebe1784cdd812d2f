//! A card as bytes, so that it outlives a program: everything that is written on it, nothing of its session.
//!
//! The form is this crate's own. It begins with a line that says what it is and its version, `autoenroll card 1`, and
//! ends with SHA-256 of all before. Between them numbers are big endian, and what has a length has four bytes of it in
//! front. Keys are in it as they are: they are public test material.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use autoenroll_apdu::Atr;
use autoenroll_apdu::piv::Cipher;
use autoenroll_keys::{KeyAlgorithm, KeyMode, PrivateKey, RsaComponents, Seed, sha256};

use crate::application::Application;
use crate::chip::Chip;
use crate::{Applet, Capacity, Card, CardProfile, Dialogs, PinPolicy, PivOptions, Quirks};

/// The first line, without its version and end.
const FIRST_LINE: &[u8] = b"autoenroll card ";

/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;

/// Bytes of the checksum at the end.
const CHECKSUM: usize = 32;

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

impl Card {
    /// Everything that is written on the card, as bytes for [`Card::from_image`]. What its session has proved, and
    /// whether it has power, is not in it. A card gives the same bytes as long as nothing is written on it.
    #[must_use]
    pub fn to_image(&self) -> Vec<u8> {
        let chip = self.application.chip();
        let mut out = Writer(FIRST_LINE.to_vec());
        out.raw(&[b'0' + VERSION, b'\n']);
        out.profile(&chip.profile);
        out.raw(&chip.serial);
        out.raw(&chip.seed.to_bytes());
        out.flags(&[chip.seed.keys() == KeyMode::Symbolic]);
        self.application.write(&mut out);
        let sum = sha256(&out.0);
        out.raw(&sum);
        out.0
    }

    /// The card that [`Card::to_image`] wrote, without power.
    ///
    /// # Errors
    /// When the bytes are none, or damaged.
    pub fn from_image(bytes: &[u8]) -> Result<Self, ImageError> {
        let rest = bytes.strip_prefix(FIRST_LINE).ok_or(ImageError::NotACard)?;
        if !rest.starts_with(&[b'0' + VERSION, b'\n']) {
            return Err(ImageError::Version);
        }
        let (body, sum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(ImageError::Checksum)?;
        if sha256(body) != *sum {
            return Err(ImageError::Checksum);
        }
        let mut read = Reader(body.get(FIRST_LINE.len() + 2..).ok_or(ImageError::Checksum)?);
        let profile = read.profile()?;
        let serial = read.array()?;
        let seed = Seed::from(read.array::<32>()?);
        let [symbolic] = read.flags()?;
        let seed = if symbolic { seed.with_keys(KeyMode::Symbolic) } else { seed };
        let application = Application::read(Arc::new(Chip::new(profile, serial, seed)), &mut read)?;
        if !read.0.is_empty() {
            return Err(content("more than a card"));
        }
        Ok(Self::of(application))
    }
}

pub(crate) const fn content(what: &'static str) -> ImageError {
    ImageError::Content { what }
}

/// What is written so far.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
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

    fn profile(&mut self, profile: &CardProfile) {
        let CardProfile { name, atr, applet, capacity, pin, algorithms, quirks, dialogs } = profile;
        self.bytes(name.as_bytes());
        self.bytes(atr.as_bytes());
        match applet {
            Applet::Gids => self.raw(&[0]),
            Applet::Piv(PivOptions { global_pin, management }) => {
                self.raw(&[1]);
                self.flags(&[*global_pin]);
                self.raw(&[*management as u8]);
            }
        }
        self.raw(&[capacity.containers]);
        self.raw(&capacity.bytes.to_be_bytes());
        self.raw(&capacity.object_bytes.to_be_bytes());
        self.raw(&[*pin.lengths().start(), *pin.lengths().end(), pin.tries()]);
        let mut has = [false; KeyAlgorithm::ALL.len()];
        has.iter_mut().zip(KeyAlgorithm::ALL).for_each(|(has, algorithm)| *has = algorithms.contains(algorithm));
        self.flags(&has);
        self.flags(&[quirks.ignores_default_flag, quirks.mute, dialogs.replace, dialogs.pin]);
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

    fn profile(&mut self) -> Result<CardProfile, ImageError> {
        let name = String::from_utf8(self.bytes()?.to_vec()).map_err(|_| content("the name of its kind"))?;
        let atr = Atr::parse(self.bytes()?).map_err(|_| content("its answer to reset"))?;
        let applet = match self.byte()? {
            0 => Applet::Gids,
            1 => {
                let [global_pin] = self.flags()?;
                let management =
                    Cipher::from_byte(self.byte()?).ok_or(content("the algorithm of its management key"))?;
                Applet::Piv(PivOptions { global_pin, management })
            }
            _ => return Err(content("its application")),
        };
        let containers = self.byte()?;
        let (bytes, object_bytes) = (self.count()?, self.count()?);
        let [min, max, tries] = self.array()?;
        let pin = PinPolicy::new(min, max, tries).map_err(|_| content("its rules for PINs"))?;
        let has: [bool; KeyAlgorithm::ALL.len()] = self.flags()?;
        let algorithms: BTreeSet<KeyAlgorithm> =
            KeyAlgorithm::ALL.iter().zip(has).filter_map(|(algorithm, has)| has.then_some(*algorithm)).collect();
        let [ignores_default_flag, mute, replace, asks_pin] = self.flags()?;
        Ok(CardProfile {
            name: Cow::Owned(name),
            atr,
            applet,
            capacity: Capacity { containers, bytes, object_bytes },
            pin,
            algorithms,
            quirks: Quirks { ignores_default_flag, mute },
            dialogs: Dialogs { replace, pin: asks_pin },
        })
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
