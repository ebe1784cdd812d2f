//! Entropy that is keyed, not streamed: what one subject draws does not depend on who drew before.

use core::fmt;
use sha2::{Digest, Sha256};

/// The seed of a world: with the scenario, the only source of everything that looks random in it. It also says which
/// keys the world has, so that one world has keys of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed {
    bytes: [u8; 32],
    keys: KeyMode,
}

/// Which keys a world has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyMode {
    /// RSA and P-256, which any program verifies.
    #[default]
    Real,
    /// Their shapes, without the arithmetic: whoever has the public half can sign, at the cost of a few hashes, and no
    /// other program accepts it.
    Symbolic,
}

impl KeyMode {
    /// `real` or `symbolic`, as traces say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            KeyMode::Real => "real",
            KeyMode::Symbolic => "symbolic",
        }
    }
}

impl fmt::Display for KeyMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Seed {
    /// The same seed for a world with such keys. Nothing else that is drawn depends on it.
    #[must_use]
    pub const fn with_keys(self, keys: KeyMode) -> Self {
        Self { keys, ..self }
    }

    /// Which keys are drawn from it.
    #[must_use]
    pub const fn keys(&self) -> KeyMode {
        self.keys
    }

    /// What [`draw`] gives, as the seed of something that has keys of the same kind.
    #[must_use]
    pub fn below(&self, actor: &str, purpose: &str, subject: &str, n: u64) -> Self {
        Self { bytes: draw(self, actor, purpose, subject, n), keys: self.keys }
    }

    /// Its bytes, of which `Seed::from` makes it again, with real keys.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 32] {
        self.bytes
    }

    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl From<u64> for Seed {
    /// The number in the last eight bytes, big endian; the others are zero. Real keys.
    fn from(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&number.to_be_bytes());
        Self::from(bytes)
    }
}

impl From<[u8; 32]> for Seed {
    /// Real keys.
    fn from(bytes: [u8; 32]) -> Self {
        Self { bytes, keys: KeyMode::Real }
    }
}

/// The `n`th 32 bytes that `actor` draws for `purpose` about `subject`.
///
/// SHA-256 over the parts, each preceded by its length, so that no two different lists of parts meet. Taking one
/// subject's draws away changes no other subject's draw.
///
/// ```
/// use autoenroll_keys::{Seed, draw};
/// let seed = Seed::from(7);
/// let alice = draw(&seed, "card", "generate", "alice", 0);
/// assert_eq!(alice, draw(&seed, "card", "generate", "alice", 0));
/// assert_ne!(alice, draw(&seed, "card", "generate", "alice", 1));
/// ```
#[must_use]
pub fn draw(seed: &Seed, actor: &str, purpose: &str, subject: &str, n: u64) -> [u8; 32] {
    derive("draw", &[&seed.bytes, actor.as_bytes(), purpose.as_bytes(), subject.as_bytes(), &n.to_be_bytes()])
}

/// SHA-256 over the crate's name, a domain and parts, each with its length before it.
pub(crate) fn derive(domain: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [b"autoenroll-keys".as_slice(), domain.as_bytes()].iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_part_matters_and_parts_do_not_run_together() {
        let one = Seed::from(1);
        let draws = [
            draw(&one, "a", "b", "c", 0),
            draw(&Seed::from(2), "a", "b", "c", 0),
            draw(&one, "ab", "", "c", 0),
            draw(&one, "", "ab", "c", 0),
            draw(&one, "a", "bc", "", 0),
            draw(&one, "a", "b", "c", 1),
        ];
        assert_eq!(draws.iter().collect::<BTreeSet<_>>().len(), draws.len());
    }

    #[test]
    fn a_draw_never_changes() {
        let bytes = draw(&Seed::from(1), "card", "generate", "alice", 0);
        // SHA-256 of the seven length-prefixed parts, computed by another program.
        let hexadecimal: alloc::string::String = bytes.iter().map(|byte| alloc::format!("{byte:02x}")).collect();
        assert_eq!(hexadecimal, "efbda98d2fc788b1533cccf45abbb148ee4c336c24fbdcb33d92dfaaab8199a2");
    }
}
