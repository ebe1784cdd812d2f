//! Entropy that is keyed, not streamed: what one subject draws does not depend on who drew before.

use sha2::{Digest, Sha256};

/// The seed of a world: with the scenario, the only source of everything that looks random in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub [u8; 32]);

impl From<u64> for Seed {
    /// The number in the last eight bytes, big endian; the others are zero.
    fn from(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&number.to_be_bytes());
        Seed(bytes)
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
    derive("draw", &[&seed.0, actor.as_bytes(), purpose.as_bytes(), subject.as_bytes(), &n.to_be_bytes()])
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
