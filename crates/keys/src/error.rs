//! What can be wrong with a key or a signature.

use crate::KeyAlgorithm;
use core::fmt;
use der::asn1::ObjectIdentifier;

/// Why a key could not be read, or could not do what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The bytes are no DER SubjectPublicKeyInfo.
    MalformedKey,
    /// The key is neither RSA nor on P-256.
    UnsupportedAlgorithm {
        /// Its algorithm, or the curve of an elliptic-curve key.
        found: ObjectIdentifier,
    },
    /// A private RSA key of a size that the bench does not use.
    UnsupportedSize {
        /// Bits of its modulus.
        bits: u32,
    },
    /// A public key out of bounds: a modulus that is even, below 512 or above 16,384 bits, an exponent that is even,
    /// below 3 or above 64 bits, or a point that is not on the curve.
    InvalidPublicKey,
    /// The parts of a private key do not belong together.
    InconsistentPrivateKey,
    /// An RSA operation was asked of a P-256 key, or the other way round.
    WrongKey {
        /// The key that was asked.
        found: KeyAlgorithm,
    },
    /// The data to sign or encrypt is longer than the padding leaves room for.
    TooLong {
        /// Octets given.
        found: usize,
        /// Octets that fit.
        limit: usize,
    },
    /// The block is not as long as the modulus, or not below it.
    BlockOutOfRange,
    /// A hash of a length that ECDSA on P-256 does not take (20 to 64 octets).
    HashLength {
        /// Octets given.
        found: usize,
    },
    /// The padding of a decrypted block is wrong: another key, or another scheme, encrypted it.
    Padding,
    /// The signature does not verify under this key.
    BadSignature,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::MalformedKey => f.write_str("the public key is not a DER SubjectPublicKeyInfo"),
            KeyError::UnsupportedAlgorithm { found } => {
                write!(f, "key algorithm or curve {found} is neither RSA nor P-256")
            }
            KeyError::UnsupportedSize { bits } => {
                write!(f, "an RSA private key of {bits} bits; the bench uses 1024, 2048, 3072 and 4096")
            }
            KeyError::InvalidPublicKey => f.write_str("the public key is out of bounds or not on its curve"),
            KeyError::InconsistentPrivateKey => f.write_str("the parts of the private key do not belong together"),
            KeyError::WrongKey { found } => write!(f, "a key of kind {found} cannot do this"),
            KeyError::TooLong { found, limit } => {
                write!(f, "{found} octets given, at most {limit} fit")
            }
            KeyError::BlockOutOfRange => {
                f.write_str("the block must be as long as the modulus and, as a number, below it")
            }
            KeyError::HashLength { found } => {
                write!(f, "a hash of {found} octets; ECDSA takes 20 to 64")
            }
            KeyError::Padding => f.write_str("wrong padding: encrypted for another key or under another scheme"),
            KeyError::BadSignature => f.write_str("the signature does not verify under this key"),
        }
    }
}

impl core::error::Error for KeyError {}
