//! The committed primes of `fixtures/keys`, and the RSA key that some entropy picks among them.

use crate::entropy;
use crate::memory::{Operation, Question};
use rsa::{BoxedUint, PrivateKey as RsaPrivateKey};

/// One of the files that `cargo xtask keys` makes: primes of one size, big endian, one after the other.
pub(crate) struct Pool {
    primes: &'static [u8],
    /// Octets of one prime.
    octets: usize,
}

/// Primes for RSA-1024.
pub(crate) static PRIMES_512: Pool =
    Pool { primes: include_bytes!("../../../fixtures/keys/primes-512.bin"), octets: 64 };
/// Primes for RSA-2048.
pub(crate) static PRIMES_1024: Pool =
    Pool { primes: include_bytes!("../../../fixtures/keys/primes-1024.bin"), octets: 128 };
/// Primes for RSA-3072.
pub(crate) static PRIMES_1536: Pool =
    Pool { primes: include_bytes!("../../../fixtures/keys/primes-1536.bin"), octets: 192 };
/// Primes for RSA-4096.
pub(crate) static PRIMES_2048: Pool =
    Pool { primes: include_bytes!("../../../fixtures/keys/primes-2048.bin"), octets: 256 };

impl Pool {
    /// The RSA key of two different primes.
    pub(crate) fn key(&self, (p, q): (u64, u64)) -> RsaPrivateKey {
        RsaPrivateKey::from_p_q(self.prime(p), self.prime(q), BoxedUint::from(65_537_u64))
            .expect("two different primes of the pool make a key: `every_prime_is_fit_for_a_key` looks at each")
    }

    /// What a pair of primes is asked for.
    pub(crate) fn question(&self, (p, q): (u64, u64)) -> Question {
        Question::new(Operation::RsaKey, &[&(self.octets as u64).to_be_bytes(), &p.to_be_bytes(), &q.to_be_bytes()])
    }

    fn len(&self) -> u64 {
        (self.primes.len() / self.octets) as u64
    }

    fn prime(&self, index: u64) -> BoxedUint {
        let start = index as usize * self.octets;
        BoxedUint::from_be_slice_vartime(&self.primes[start..start + self.octets])
    }

    /// Indices of two different primes, picked by the entropy, uniform but for a part in 2^54.
    pub(crate) fn pair(&self, entropy: &[u8; 32]) -> (u64, u64) {
        let bytes = entropy::derive("rsa pool", &[&(self.octets as u64).to_be_bytes(), entropy]);
        let number = |at: usize| bytes[at..at + 8].iter().fold(0, |sum, octet| (sum << 8) | u64::from(*octet));
        let p = number(0) % self.len();
        let q = number(8) % (self.len() - 1);
        (p, if q < p { q } else { q + 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_prime_is_fit_for_a_key() {
        for (pool, count) in [(&PRIMES_512, 1024), (&PRIMES_1024, 1024), (&PRIMES_1536, 64), (&PRIMES_2048, 64)] {
            let primes: BTreeSet<_> = pool.primes.chunks(pool.octets).collect();
            assert_eq!(primes.len(), count, "primes of {} octets, all different", pool.octets);
            for prime in primes {
                assert_eq!(prime.len(), pool.octets);
                assert!(prime[0] >= 0xC0, "a product of two must fill twice the bits");
                assert!(prime[pool.octets - 1] % 2 == 1);
                let rest = prime.iter().fold(0_u64, |rest, octet| ((rest << 8) | u64::from(*octet)) % 65_537);
                assert_ne!(rest, 1, "65537 must not divide p - 1");
            }
        }
    }

    #[test]
    fn a_pair_never_is_one_prime_twice() {
        for n in 0..2_000_u16 {
            let mut entropy = [0; 32];
            entropy[..2].copy_from_slice(&n.to_be_bytes());
            let (p, q) = PRIMES_2048.pair(&entropy);
            assert!(p != q && p < 64 && q < 64, "{p} {q}");
        }
    }
}
