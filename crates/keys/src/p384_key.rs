//! P-384, the second curve of PIV cards: ECDSA with the nonce of RFC 6979, and Diffie-Hellman.

use crate::{KeyError, Seed, entropy};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use p384::{
    PublicKey,
    ecdh::diffie_hellman,
    ecdsa::{DerSignature, Signature, SigningKey, signature::hazmat::PrehashSigner},
};

/// A private key on P-384; cheap to clone. Two are equal when their public points are. `Debug` shows the point only.
///
/// It is real whatever keys its seed is for: a symbolic key exists for what CAs certify, and none certifies these.
#[derive(Clone)]
pub struct P384Key(Arc<SigningKey>);

impl P384Key {
    /// Octets of a scalar, and of a coordinate.
    pub const LEN: usize = 48;

    /// The key of a seed: the first pair of hashes of (seed, attempt) that is a scalar in range.
    ///
    /// # Panics
    /// Never: all but one in 2^190 first attempts are in range.
    #[must_use]
    pub fn from_seed(seed: &Seed) -> Self {
        let attempt = |attempt: u8| {
            let half = |half: u8| entropy::derive("p-384 scalar", &[seed.bytes(), &[attempt, half]]);
            let scalar = [half(0), half(1)].concat();
            Self::from_scalar(&scalar[..Self::LEN]).ok()
        };
        (0..=u8::MAX).find_map(attempt).expect("256 hashes in a row out of range would break SHA-256")
    }

    /// A key from its scalar, 48 octets big endian.
    ///
    /// # Errors
    /// [`KeyError::InconsistentPrivateKey`] when the scalar has another length, is zero or not below the order of the
    /// curve.
    pub fn from_scalar(scalar: &[u8]) -> Result<Self, KeyError> {
        let key = SigningKey::from_slice(scalar).ok().filter(|_| scalar.len() == Self::LEN);
        key.map(|key| Self(Arc::new(key))).ok_or(KeyError::InconsistentPrivateKey)
    }

    /// The scalar, 48 octets big endian.
    #[must_use]
    pub fn scalar(&self) -> [u8; Self::LEN] {
        self.0.to_bytes().into()
    }

    /// The public point, `04 x y`: 97 octets.
    #[must_use]
    pub fn point(&self) -> Vec<u8> {
        self.0.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }

    /// ECDSA over a hash that the caller made: DER, the nonce of RFC 6979 with SHA-384.
    ///
    /// # Errors
    /// [`KeyError::HashLength`] unless the hash has 20 to 64 octets.
    pub fn sign_prehash(&self, hash: &[u8]) -> Result<Vec<u8>, KeyError> {
        let wrong = KeyError::HashLength { found: hash.len() };
        if !(20..=64).contains(&hash.len()) {
            return Err(wrong);
        }
        // The library takes no hash shorter than half a coordinate; as numbers, which the scheme works with, the two
        // are the same.
        let mut padded = alloc::vec![0; Self::LEN.saturating_sub(hash.len())];
        padded.extend_from_slice(hash);
        let signature: Signature = self.0.sign_prehash(&padded).map_err(|_| wrong)?;
        Ok(DerSignature::from(signature).as_bytes().to_vec())
    }

    /// Elliptic-curve Diffie-Hellman: the abscissa of the point that this key and another's public point agree on.
    ///
    /// # Errors
    /// [`KeyError::InvalidPublicKey`] when the point is not on the curve.
    pub fn agree(&self, point: &[u8]) -> Result<[u8; 48], KeyError> {
        let other = PublicKey::from_sec1_bytes(point).map_err(|_| KeyError::InvalidPublicKey)?;
        Ok((*diffie_hellman(self.0.as_nonzero_scalar(), other.as_affine()).raw_secret_bytes()).into())
    }
}

impl PartialEq for P384Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.verifying_key() == other.0.verifying_key()
    }
}

impl Eq for P384Key {}

impl Hash for P384Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.point().hash(state);
    }
}

impl fmt::Debug for P384Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P384Key(")?;
        self.point().iter().try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p384::ecdsa::{VerifyingKey, signature::hazmat::PrehashVerifier};

    #[test]
    fn a_signature_over_a_hash_of_any_length_verifies() {
        let key = P384Key::from_seed(&Seed::from(7));
        let point = VerifyingKey::from_sec1_bytes(&key.point()).unwrap();
        for length in [20, 28, 32, 48] {
            let hash: Vec<u8> = (1..=length).collect();
            let signature = Signature::from_der(&key.sign_prehash(&hash).unwrap()).unwrap();
            let mut padded = alloc::vec![0; 48 - hash.len()];
            padded.extend_from_slice(&hash);
            assert_eq!(point.verify_prehash(&padded, &signature).ok(), Some(()), "{length}");
        }
        assert_eq!(key.sign_prehash(&[0; 19]), Err(KeyError::HashLength { found: 19 }));
    }

    #[test]
    fn both_sides_agree_and_a_point_off_the_curve_is_refused() {
        let (a, b) = (P384Key::from_seed(&Seed::from(1)), P384Key::from_seed(&Seed::from(2)));
        assert_ne!(a, b);
        assert_eq!(a.agree(&b.point()), b.agree(&a.point()));
        let mut off = b.point();
        off[96] ^= 1;
        assert_eq!(a.agree(&off), Err(KeyError::InvalidPublicKey));
    }

    #[test]
    fn a_scalar_has_48_octets_and_is_in_range() {
        let check = |scalar: &[u8]| {
            assert_eq!(P384Key::from_scalar(scalar).map(drop), Err(KeyError::InconsistentPrivateKey));
        };
        check(&[0; 48]);
        check(&[0xFF; 48]);
        check(&[1; 47]);
        assert!(P384Key::from_scalar(&[1; 48]).is_ok());
    }
}
