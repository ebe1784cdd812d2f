//! A card as bytes, so that it outlives a program: everything that is written on it, nothing of its session.
//!
//! The form is this crate's own. It begins with a line that says what it is and its version, `autoenroll card 1`, and
//! ends with SHA-256 of all before. Between them numbers are big endian, and what has a length has four bytes of it in
//! front. Keys are in it as they are: they are public test material.

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use autoenroll_apdu::Atr;
use autoenroll_apdu::gids::{Fcp, KeyReference};
use autoenroll_apdu::tlv::Tag;
use autoenroll_keys::{KeyAlgorithm, KeyMode, PrivateKey, RsaComponents, Seed, sha256};

use crate::gids::{AdminKey, Chip, Content, File, Gids, Pin};
use crate::personalise::gids_algorithm;
use crate::{Capacity, Card, CardProfile, Dialogs, LifeCycle, PinPolicy, Quirks};

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
        let Gids { chip, life_cycle, files, pin, generations, challenges, volatile: _ } = &self.gids;
        let mut out = Writer(FIRST_LINE.to_vec());
        out.0.extend_from_slice(&[b'0' + VERSION, b'\n']);
        out.profile(&chip.profile);
        out.0.extend_from_slice(&chip.serial);
        out.0.extend_from_slice(&chip.seed.to_bytes());
        out.flags(&[chip.seed.keys() == KeyMode::Symbolic]);
        out.0.push(match life_cycle {
            LifeCycle::Creation => 0,
            LifeCycle::Operational => 1,
            LifeCycle::Terminated => 2,
        });
        out.count(files.all().count());
        files.all().for_each(|file| out.file(file));
        out.optional(pin.value());
        out.0.push(pin.retries_left);
        out.count(generations.len());
        for (key, n) in generations {
            out.0.push(key.0);
            out.0.extend_from_slice(&n.to_be_bytes());
        }
        out.0.extend_from_slice(&challenges.to_be_bytes());
        let sum = sha256(&out.0);
        out.0.extend_from_slice(&sum);
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
        let tries = profile.pin.tries();
        let mut gids = Gids::new(Arc::new(Chip::new(profile, serial, seed)));
        gids.life_cycle = match read.byte()? {
            0 => LifeCycle::Creation,
            1 => LifeCycle::Operational,
            2 => LifeCycle::Terminated,
            _ => return Err(content("its stage of life")),
        };
        for _ in 0..read.count()? {
            gids.files.insert(read.file()?);
        }
        gids.pin = Pin::new(read.optional()?.map(<[u8]>::to_vec), read.byte()?.min(tries));
        gids.generations = read.generations()?;
        gids.challenges = u64::from_be_bytes(read.array()?);
        if !read.0.is_empty() {
            return Err(content("more than a card"));
        }
        Ok(Self::of(gids))
    }
}

const fn content(what: &'static str) -> ImageError {
    ImageError::Content { what }
}

struct Writer(Vec<u8>);

impl Writer {
    fn count(&mut self, count: usize) {
        // A card has less than 4 GiB.
        self.0.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn flags<const N: usize>(&mut self, flags: &[bool; N]) {
        self.0.extend(flags.iter().map(|flag| u8::from(*flag)));
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        self.flags(&[bytes.is_some()]);
        bytes.into_iter().for_each(|bytes| self.bytes(bytes));
    }

    fn profile(&mut self, profile: &CardProfile) {
        let CardProfile { name, atr, capacity, pin, algorithms, quirks, dialogs } = profile;
        self.bytes(name.as_bytes());
        self.bytes(atr.as_bytes());
        self.0.push(capacity.containers);
        self.0.extend_from_slice(&capacity.bytes.to_be_bytes());
        self.0.extend_from_slice(&capacity.object_bytes.to_be_bytes());
        self.0.extend_from_slice(&[*pin.lengths().start(), *pin.lengths().end(), pin.tries()]);
        let mut has = [false; KeyAlgorithm::ALL.len()];
        has.iter_mut().zip(KeyAlgorithm::ALL).for_each(|(has, algorithm)| *has = algorithms.contains(algorithm));
        self.flags(&has);
        self.flags(&[quirks.ignores_default_flag, quirks.mute, dialogs.replace, dialogs.pin]);
    }

    fn file(&mut self, file: &File) {
        self.bytes(&file.fcp.encode());
        self.flags(&[file.active]);
        match &file.content {
            Content::Objects(objects) => {
                self.count(objects.len());
                for (tag, value) in objects {
                    self.0.extend_from_slice(&tag.number().to_be_bytes());
                    self.bytes(value);
                }
            }
            Content::AdminKey(key) => self.optional(key.as_ref().map(|key| &key.bytes()[..])),
            Content::UserKey { key, .. } => match key.as_ref().map(|key| (key.rsa_components(), key.p256_scalar())) {
                Some((Some(RsaComponents { n, e, d, p, q }), _)) => {
                    self.0.push(1);
                    [n, e, d, p, q].iter().for_each(|number| self.bytes(number));
                }
                Some((None, Some(scalar))) => {
                    self.0.push(2);
                    self.0.extend_from_slice(&scalar);
                }
                // A symbolic P-256 key has no numbers; such keys are in no card that is kept.
                Some((None, None)) | None => self.0.push(0),
            },
        }
    }
}

/// What is left to read. Nothing is taken into memory that is not there.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ImageError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(content("less than a card"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ImageError> {
        self.take(N)?.try_into().map_err(|_| content("less than a card"))
    }

    fn byte(&mut self) -> Result<u8, ImageError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn count(&mut self) -> Result<u32, ImageError> {
        self.array().map(u32::from_be_bytes)
    }

    fn bytes(&mut self) -> Result<&'a [u8], ImageError> {
        let length = self.count()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn flags<const N: usize>(&mut self) -> Result<[bool; N], ImageError> {
        let bytes = self.array::<N>()?;
        if bytes.iter().any(|byte| *byte > 1) {
            return Err(content("neither yes nor no"));
        }
        Ok(bytes.map(|byte| byte == 1))
    }

    fn optional(&mut self) -> Result<Option<&'a [u8]>, ImageError> {
        let [there] = self.flags()?;
        if there { self.bytes().map(Some) } else { Ok(None) }
    }

    fn profile(&mut self) -> Result<CardProfile, ImageError> {
        let name = String::from_utf8(self.bytes()?.to_vec()).map_err(|_| content("the name of its kind"))?;
        let atr = Atr::parse(self.bytes()?).map_err(|_| content("its answer to reset"))?;
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
            capacity: Capacity { containers, bytes, object_bytes },
            pin,
            algorithms,
            quirks: Quirks { ignores_default_flag, mute },
            dialogs: Dialogs { replace, pin: asks_pin },
        })
    }

    fn file(&mut self) -> Result<File, ImageError> {
        let fcp = Fcp::parse(self.bytes()?).map_err(|_| content("the parameters of a file"))?;
        let mut file = File::new(fcp).ok_or(content("the parameters of a file"))?;
        [file.active] = self.flags()?;
        match &mut file.content {
            Content::Objects(objects) => {
                for _ in 0..self.count()? {
                    let tag = Tag::from_number(self.count()?).ok_or(content("the tag of an object"))?;
                    objects.insert(tag, self.bytes()?.to_vec());
                }
            }
            Content::AdminKey(key) => {
                let bytes = self.optional()?.map(<[u8; AdminKey::LEN]>::try_from).transpose();
                *key = bytes.map_err(|_| content("its admin key"))?.map(AdminKey::new);
            }
            Content::UserKey { algorithm, key } => {
                *key = self.key()?;
                if key.as_ref().is_some_and(|key| gids_algorithm(key.algorithm()) != *algorithm) {
                    return Err(content("a key in the file of another kind"));
                }
            }
        }
        Ok(file)
    }

    fn key(&mut self) -> Result<Option<PrivateKey>, ImageError> {
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

    fn generations(&mut self) -> Result<BTreeMap<KeyReference, u64>, ImageError> {
        let mut all = BTreeMap::new();
        for _ in 0..self.count()? {
            all.insert(KeyReference(self.byte()?), u64::from_be_bytes(self.array()?));
        }
        Ok(all)
    }
}
