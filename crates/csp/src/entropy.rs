//! The entropy of one operation, drawn apart for each thing that needs some.

use autoenroll_keys::{Seed, draw};

/// Entropy for one of several purposes.
pub(crate) fn purpose(seed: &Seed, purpose: &str) -> [u8; 32] {
    draw(seed, PROVIDER, purpose, "", 0)
}

/// The seed of a key.
pub(crate) fn key(seed: &Seed) -> Seed {
    seed.below(PROVIDER, "key", "", 0)
}

const PROVIDER: &str = "software provider";
