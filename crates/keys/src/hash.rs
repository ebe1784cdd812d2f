//! The two hashes of the protocol.

use crate::SignatureAlgorithm;
use alloc::vec::Vec;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// SHA-1: thumbprints, key identifiers, and signatures of older clients.
#[must_use]
pub fn sha1(message: &[u8]) -> [u8; 20] {
    Sha1::digest(message).into()
}

/// SHA-256.
#[must_use]
pub fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// The hash of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashAlgorithm {
    /// SHA-1, 20 octets.
    Sha1,
    /// SHA-256, 32 octets.
    Sha256,
}

impl HashAlgorithm {
    /// The hash that a signature algorithm applies to the message.
    #[must_use]
    pub fn of(algorithm: SignatureAlgorithm) -> HashAlgorithm {
        match algorithm {
            SignatureAlgorithm::RsaSha1 => HashAlgorithm::Sha1,
            SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::EcdsaSha256 => HashAlgorithm::Sha256,
        }
    }

    /// The hash of a message.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            HashAlgorithm::Sha1 => sha1(message).to_vec(),
            HashAlgorithm::Sha256 => sha256(message).to_vec(),
        }
    }
}
