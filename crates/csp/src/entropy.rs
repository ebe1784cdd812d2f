//! The entropy of one operation, drawn apart for each thing that needs some.

use autoenroll_keys::{Seed, draw};

/// Entropy for one of several purposes.
pub(crate) fn purpose(entropy: &[u8; 32], purpose: &str) -> [u8; 32] {
    draw(&Seed(*entropy), "software provider", purpose, "", 0)
}
