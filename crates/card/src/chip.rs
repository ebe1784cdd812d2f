//! The chip: what never changes about one card, and where what it draws comes from.

use alloc::format;
use alloc::string::String;

use autoenroll_keys::{Seed, draw};

use crate::CardProfile;

/// What never changes about one card.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Chip {
    pub(crate) profile: CardProfile,
    pub(crate) serial: [u8; 16],
    /// The serial in hexadecimal: the name under which the card draws.
    actor: String,
    pub(crate) seed: Seed,
}

impl Chip {
    pub(crate) fn new(profile: CardProfile, serial: [u8; 16], seed: Seed) -> Self {
        let actor = serial.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Self { profile, serial, actor, seed }
    }

    /// Keyed entropy: the n-th draw of this card for this purpose and subject.
    pub(crate) fn draw(&self, purpose: &str, subject: &str, n: u64) -> [u8; 32] {
        draw(&self.seed, &self.actor, purpose, subject, n)
    }

    /// The same as the seed of a key.
    pub(crate) fn seed(&self, purpose: &str, subject: &str, n: u64) -> Seed {
        self.seed.below(&self.actor, purpose, subject, n)
    }
}
