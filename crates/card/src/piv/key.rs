//! A key in a slot, and what it computes.

use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use autoenroll_apdu::piv::{Mechanism, PinRule, Slot, TouchRule, tag};
use autoenroll_apdu::tlv;
use autoenroll_keys::{KeyAlgorithm, KeyError, P384Key, PrivateKey, PublicKey, Seed, ecdsa_der_from_raw};

use crate::Mark;
use crate::profile::CardProfile;

/// A private key of either kind that the bench has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Pooled(PrivateKey),
    P384(P384Key),
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // A private key is known by its public half.
        match self {
            Self::Pooled(key) => key.public().hash(state),
            Self::P384(key) => key.hash(state),
        }
    }
}

/// A key, and under which rules it serves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SlotKey {
    pub(super) key: Key,
    pub(super) pin: PinRule,
    pub(super) touch: TouchRule,
    /// Whether it came from outside.
    pub(super) imported: bool,
}

impl SlotKey {
    /// A key under the rules of its slot.
    pub(super) const fn of(slot: Slot, key: Key, imported: bool) -> Self {
        Self { key, pin: PinRule::of(slot), touch: TouchRule::Never, imported }
    }
}

/// What a key is applied to.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// A block, padded by the host, or a hash.
    Block(&'a [u8]),
    /// The public point of another key.
    Point(&'a [u8]),
}

/// Shortest hash that is signed: SHA-1.
const SHORTEST_HASH: usize = 20;

impl Key {
    pub(super) fn from_seed(mechanism: Mechanism, seed: &Seed) -> Self {
        match pooled(mechanism) {
            Some(algorithm) => Self::Pooled(PrivateKey::from_seed(algorithm, seed)),
            None => Self::P384(P384Key::from_seed(seed)),
        }
    }

    pub(super) fn mechanism(&self) -> Mechanism {
        match self {
            Self::Pooled(key) => mechanism(key.algorithm()),
            Self::P384(_) => Mechanism::P384,
        }
    }

    /// Its public half, of a kind that CAs of the bench certify.
    pub(super) fn public(&self) -> Option<&PublicKey> {
        match self {
            Self::Pooled(key) => Some(key.public()),
            Self::P384(_) => None,
        }
    }

    /// `81 modulus, 82 exponent`, or `86 point`.
    pub(super) fn public_parts(&self) -> Vec<u8> {
        let mut value = Vec::new();
        match self {
            Self::Pooled(key) => {
                let key = key.public();
                let parts = [
                    (tag::MODULUS, key.rsa_modulus()),
                    (tag::EXPONENT, key.rsa_exponent()),
                    (tag::POINT, key.p256_point().map(|point| &point[..])),
                ];
                for (tag, part) in parts {
                    part.into_iter().for_each(|part| tlv::write(&mut value, tag, part));
                }
            }
            Self::P384(key) => tlv::write(&mut value, tag::POINT, &key.point()),
        }
        value
    }

    /// Bytes of card memory that it takes.
    pub(super) fn cost(&self) -> usize {
        cost(self.mechanism())
    }

    /// One operation. A signature by an elliptic-curve key is `SEQUENCE { r, s }`.
    pub(super) fn apply(&self, input: Input<'_>) -> Result<(Mark, Vec<u8>), Mark> {
        let octets = usize::from(self.mechanism().bits()) / 8;
        match (self, input) {
            (Self::Pooled(key), Input::Block(block)) if key.public().is_rsa() => {
                if block.len() != octets {
                    return Err(Mark::PivUseLength);
                }
                key.raw_rsa(block).map(|result| (Mark::PivAppliedRsa, result)).map_err(|_| Mark::PivUseBlock)
            }
            (_, Input::Block(hash)) => {
                if !(SHORTEST_HASH..=octets).contains(&hash.len()) {
                    return Err(Mark::PivUseLength);
                }
                let signature = match self {
                    Self::Pooled(key) => key.sign_p256_prehash(hash).map(|raw| ecdsa_der_from_raw(&raw)),
                    Self::P384(key) => key.sign_prehash(hash),
                };
                signature.map(|signature| (Mark::PivSigned, signature)).map_err(|_| Mark::PivUseLength)
            }
            (_, Input::Point(point)) => {
                let secret: Result<Vec<u8>, KeyError> = match self {
                    // Compressed points are no points of this standard.
                    _ if point.len() != 2 * octets + 1 => Err(KeyError::InvalidPublicKey),
                    Self::Pooled(key) => key.agree_p256(point).map(|secret| secret.to_vec()),
                    Self::P384(key) => key.agree(point).map(|secret| secret.to_vec()),
                };
                secret.map(|secret| (Mark::PivAgreed, secret)).map_err(|_| Mark::PivUsePoint)
            }
        }
    }
}

/// Bytes of card memory that a key takes: for RSA the modulus and the five half-length numbers of the Chinese remainder
/// form, on a curve scalar and point.
pub(super) const fn cost(mechanism: Mechanism) -> usize {
    let octets = mechanism.bits() as usize / 8;
    match mechanism {
        Mechanism::P256 | Mechanism::P384 => 3 * octets + 1,
        _ => octets * 7 / 2,
    }
}

/// The algorithm of keys that other parts of the bench know, too.
pub(super) const fn pooled(mechanism: Mechanism) -> Option<KeyAlgorithm> {
    match mechanism {
        Mechanism::Rsa1024 => Some(KeyAlgorithm::Rsa1024),
        Mechanism::Rsa2048 => Some(KeyAlgorithm::Rsa2048),
        Mechanism::Rsa3072 => Some(KeyAlgorithm::Rsa3072),
        Mechanism::Rsa4096 => Some(KeyAlgorithm::Rsa4096),
        Mechanism::P256 => Some(KeyAlgorithm::P256),
        Mechanism::P384 => None,
    }
}

/// How PIV calls an algorithm.
pub(super) const fn mechanism(algorithm: KeyAlgorithm) -> Mechanism {
    match algorithm {
        KeyAlgorithm::Rsa1024 => Mechanism::Rsa1024,
        KeyAlgorithm::Rsa2048 => Mechanism::Rsa2048,
        KeyAlgorithm::Rsa3072 => Mechanism::Rsa3072,
        KeyAlgorithm::Rsa4096 => Mechanism::Rsa4096,
        KeyAlgorithm::P256 => Mechanism::P256,
    }
}

/// Whether cards of a kind have an algorithm: P-384 where they have P-256.
pub(super) fn is_supported(profile: &CardProfile, mechanism: Mechanism) -> bool {
    profile.algorithms.contains(&pooled(mechanism).unwrap_or(KeyAlgorithm::P256))
}
