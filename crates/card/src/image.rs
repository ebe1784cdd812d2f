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

use autoenroll_apdu::Atr;
use autoenroll_apdu::piv::Cipher;
use autoenroll_keys::{KeyAlgorithm, KeyMode, Seed, sha256};

use crate::application::Application;
use crate::chip::Chip;
use crate::form::{ImageError, Reader, VERSION, Writer, content};
use crate::{Applet, Capacity, Card, CardProfile, Dialogs, PinPolicy, PivOptions, Quirks};

/// The first line, without its version and end.
const FIRST_LINE: &[u8] = b"autoenroll card ";

/// Bytes of the checksum at the end.
const CHECKSUM: usize = 32;

impl Card {
    /// Everything that is written on the card, as bytes for [`Card::from_image`]. What its session has proved, and
    /// whether it has power, is not in it. A card gives the same bytes as long as nothing is written on it.
    #[must_use]
    pub fn to_image(&self) -> Vec<u8> {
        let chip = self.application.chip();
        let mut out = Writer::new(FIRST_LINE);
        out.raw(&[b'0' + VERSION, b'\n']);
        write_profile(&chip.profile, &mut out);
        out.raw(&chip.serial);
        out.raw(&chip.seed.to_bytes());
        out.flags(&[chip.seed.keys() == KeyMode::Symbolic]);
        self.application.write(&mut out);
        let mut image = out.into_bytes();
        let sum = sha256(&image);
        image.extend_from_slice(&sum);
        image
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
        let mut read = Reader::new(body.get(FIRST_LINE.len() + 2..).ok_or(ImageError::Checksum)?);
        let profile = read_profile(&mut read)?;
        let serial = read.array()?;
        let seed = Seed::from(read.array::<32>()?);
        let [symbolic] = read.flags()?;
        let seed = if symbolic { seed.with_keys(KeyMode::Symbolic) } else { seed };
        let application = Application::read(Arc::new(Chip::new(profile, serial, seed)), &mut read)?;
        if !read.is_at_end() {
            return Err(content("more than a card"));
        }
        Ok(Self::of(application))
    }
}

fn write_profile(profile: &CardProfile, out: &mut Writer) {
    let CardProfile { name, atr, applet, capacity, pin, algorithms, quirks, dialogs } = profile;
    out.bytes(name.as_bytes());
    out.bytes(atr.as_bytes());
    match applet {
        Applet::Gids => out.raw(&[0]),
        Applet::Piv(PivOptions { global_pin, management }) => {
            out.raw(&[1]);
            out.flags(&[*global_pin]);
            out.raw(&[*management as u8]);
        }
    }
    out.raw(&[capacity.containers]);
    out.raw(&capacity.bytes.to_be_bytes());
    out.raw(&capacity.object_bytes.to_be_bytes());
    out.raw(&[*pin.lengths().start(), *pin.lengths().end(), pin.tries()]);
    let mut has = [false; KeyAlgorithm::ALL.len()];
    has.iter_mut().zip(KeyAlgorithm::ALL).for_each(|(has, algorithm)| *has = algorithms.contains(algorithm));
    out.flags(&has);
    out.flags(&[quirks.ignores_default_flag, quirks.mute, dialogs.replace, dialogs.pin]);
}

fn read_profile(read: &mut Reader<'_>) -> Result<CardProfile, ImageError> {
    let name = String::from_utf8(read.bytes()?.to_vec()).map_err(|_| content("the name of its kind"))?;
    let atr = Atr::parse(read.bytes()?).map_err(|_| content("its answer to reset"))?;
    let applet = match read.byte()? {
        0 => Applet::Gids,
        1 => {
            let [global_pin] = read.flags()?;
            let management = Cipher::from_byte(read.byte()?).ok_or(content("the algorithm of its management key"))?;
            Applet::Piv(PivOptions { global_pin, management })
        }
        _ => return Err(content("its application")),
    };
    let containers = read.byte()?;
    let (bytes, object_bytes) = (read.count()?, read.count()?);
    let [min, max, tries] = read.array()?;
    let pin = PinPolicy::new(min, max, tries).map_err(|_| content("its rules for PINs"))?;
    let has: [bool; KeyAlgorithm::ALL.len()] = read.flags()?;
    let algorithms: BTreeSet<KeyAlgorithm> =
        KeyAlgorithm::ALL.iter().zip(has).filter_map(|(algorithm, has)| has.then_some(*algorithm)).collect();
    let [ignores_default_flag, mute, replace, asks_pin] = read.flags()?;
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
