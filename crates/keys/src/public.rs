//! Public keys: read from certificates and requests, to verify and to encrypt.

use crate::memory::{self, Operation, Question};
use crate::{KeyAlgorithm, KeyError, KeyMode, SignatureAlgorithm, digest, p256_key, pkcs1, rsa_key, sha1, symbolic};
use alloc::vec::Vec;
use core::fmt;
use der::{
    Decode, Encode, Sequence,
    asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef},
};
use p256::ecdsa::SigningKey;
use rsa::{PrivateKey as RsaPrivateKey, pkcs8::PrivateKeyInfoRef};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfo};

/// An RSA key, or a point on P-256. Ordered and comparable, so that it can be the key of a map.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(Material);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Material {
    /// Big endian, without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// Uncompressed: `04 x y`; known to lie on the curve, or to be a symbolic key's.
    P256([u8; 65]),
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME256V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// RFC 8017 A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl PublicKey {
    /// Reads DER of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyError::MalformedKey`], [`KeyError::UnsupportedAlgorithm`] for anything but RSA and P-256,
    /// [`KeyError::InvalidPublicKey`] for numbers out of bounds.
    pub fn from_spki_der(der: &[u8]) -> Result<PublicKey, KeyError> {
        let spki =
            SubjectPublicKeyInfo::<AnyRef<'_>, BitStringRef<'_>>::from_der(der).map_err(|_| KeyError::MalformedKey)?;
        let bits = spki.subject_public_key.as_bytes().ok_or(KeyError::MalformedKey)?;
        match spki.algorithm.oid {
            RSA_ENCRYPTION => {
                let key = RsaPublicKey::from_der(bits).map_err(|_| KeyError::MalformedKey)?;
                PublicKey::from_rsa_parts(key.modulus.as_bytes(), key.public_exponent.as_bytes())
            }
            EC_PUBLIC_KEY => {
                let curve = spki.algorithm.parameters_oid().map_err(|_| KeyError::MalformedKey)?;
                if curve != PRIME256V1 {
                    return Err(KeyError::UnsupportedAlgorithm { found: curve });
                }
                PublicKey::from_p256_point(bits)
            }
            found => Err(KeyError::UnsupportedAlgorithm { found }),
        }
    }

    /// An RSA key from modulus and exponent, big endian; leading zeros do not matter.
    ///
    /// # Errors
    /// [`KeyError::InvalidPublicKey`] for numbers out of bounds.
    pub fn from_rsa_parts(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, KeyError> {
        let (modulus, exponent) = (trimmed(modulus), trimmed(exponent));
        rsa_key::check_public(modulus, exponent)?;
        Ok(PublicKey(Material::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() }))
    }

    /// A P-256 key from its point, compressed or not.
    ///
    /// # Errors
    /// [`KeyError::InvalidPublicKey`] when the point is not on the curve, nor a symbolic key's.
    pub fn from_p256_point(point: &[u8]) -> Result<PublicKey, KeyError> {
        let symbolic = || point.try_into().ok().filter(|point: &[u8; 65]| symbolic::is_point(point));
        let point = p256_key::uncompressed(point).or_else(|error| symbolic().ok_or(error))?;
        Ok(PublicKey(Material::P256(point)))
    }

    pub(crate) fn symbolic(algorithm: KeyAlgorithm, seed: &[u8; 32]) -> PublicKey {
        PublicKey(match algorithm {
            KeyAlgorithm::P256 => Material::P256(symbolic::point(seed)),
            rsa => Material::Rsa { modulus: symbolic::modulus(rsa, seed), exponent: symbolic::EXPONENT.to_vec() },
        })
    }

    /// Whether it is a real key or a symbolic one, which its numbers show.
    #[must_use]
    pub fn mode(&self) -> KeyMode {
        let symbolic = match &self.0 {
            Material::Rsa { modulus, exponent } => *exponent == symbolic::EXPONENT && symbolic::is_modulus(modulus),
            Material::P256(point) => symbolic::is_point(point),
        };
        if symbolic { KeyMode::Symbolic } else { KeyMode::Real }
    }

    pub(crate) fn from_rsa_private(key: &RsaPrivateKey) -> PublicKey {
        let (modulus, exponent) = rsa_key::public_parts(key);
        PublicKey(Material::Rsa { modulus, exponent })
    }

    pub(crate) fn from_p256_private(key: &SigningKey) -> PublicKey {
        PublicKey(Material::P256(p256_key::public_point(key)))
    }

    /// The kind of key; none for an RSA key of a size that the bench does not make.
    #[must_use]
    pub fn algorithm(&self) -> Option<KeyAlgorithm> {
        match &self.0 {
            Material::Rsa { .. } => rsa_key::algorithm(self.bits()),
            Material::P256(_) => Some(KeyAlgorithm::P256),
        }
    }

    /// Whether this is an RSA key.
    #[must_use]
    pub fn is_rsa(&self) -> bool {
        matches!(self.0, Material::Rsa { .. })
    }

    /// Size in bits, as compared with msPKI-Minimal-Key-Size: the modulus, or the field of the curve.
    #[must_use]
    pub fn bits(&self) -> u32 {
        match &self.0 {
            Material::Rsa { modulus, .. } => rsa_key::bits(modulus),
            Material::P256(_) => 256,
        }
    }

    /// DER of the SubjectPublicKeyInfo: RSA with NULL parameters, P-256 with the named curve and the uncompressed
    /// point.
    #[must_use]
    pub fn spki_der(&self) -> Vec<u8> {
        let bits = self.subject_public_key();
        let algorithm = self.algorithm_identifier();
        BitStringRef::from_bytes(&bits)
            .and_then(|subject_public_key| SubjectPublicKeyInfo { algorithm, subject_public_key }.to_der())
            .expect("a key of bounded size encodes")
    }

    fn algorithm_identifier(&self) -> AlgorithmIdentifierRef<'static> {
        match &self.0 {
            Material::Rsa { .. } => AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) },
            Material::P256(_) => {
                AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some(AnyRef::from(&PRIME256V1)) }
            }
        }
    }

    /// DER of the PKCS #8 PrivateKeyInfo, when this is a symbolic key.
    pub(crate) fn symbolic_pkcs8(&self) -> der::Result<Vec<u8>> {
        let key = match &self.0 {
            Material::Rsa { modulus, .. } => symbolic::rsa_private_key(modulus)?,
            Material::P256(point) => symbolic::ec_private_key(point)?,
        };
        PrivateKeyInfoRef::new(self.algorithm_identifier(), OctetStringRef::new(&key)?).to_der()
    }

    /// The content of the subjectPublicKey BIT STRING: an RSAPublicKey, or the uncompressed point.
    #[must_use]
    pub fn subject_public_key(&self) -> Vec<u8> {
        match &self.0 {
            Material::Rsa { modulus, exponent } => UintRef::new(modulus)
                .and_then(|modulus| RsaPublicKey { modulus, public_exponent: UintRef::new(exponent)? }.to_der())
                .expect("two bounded numbers encode"),
            Material::P256(point) => point.to_vec(),
        }
    }

    /// SHA-1 of the subjectPublicKey bits (RFC 5280 4.2.1.2, method 1): the subject key identifier as Windows computes
    /// it.
    #[must_use]
    pub fn key_identifier(&self) -> [u8; 20] {
        sha1(&self.subject_public_key())
    }

    /// Modulus of an RSA key, big endian, without leading zeros.
    #[must_use]
    pub fn rsa_modulus(&self) -> Option<&[u8]> {
        match &self.0 {
            Material::Rsa { modulus, .. } => Some(modulus),
            Material::P256(_) => None,
        }
    }

    /// Public exponent of an RSA key, big endian, without leading zeros.
    #[must_use]
    pub fn rsa_exponent(&self) -> Option<&[u8]> {
        match &self.0 {
            Material::Rsa { exponent, .. } => Some(exponent),
            Material::P256(_) => None,
        }
    }

    /// Uncompressed point of a P-256 key: `04 x y`.
    #[must_use]
    pub fn p256_point(&self) -> Option<&[u8; 65]> {
        match &self.0 {
            Material::P256(point) => Some(point),
            Material::Rsa { .. } => None,
        }
    }

    /// Verifies a signature over a message; an ECDSA signature is DER.
    ///
    /// # Errors
    /// [`KeyError::BadSignature`], also when the algorithm is not one of this key.
    pub fn verify(&self, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        self.verify_digest(algorithm, &digest(algorithm.hash(), message), signature)
    }

    /// Verifies a signature over a message of which only the digest is known.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_digest(
        &self,
        algorithm: SignatureAlgorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), KeyError> {
        match (&self.0, algorithm.is_rsa()) {
            (Material::P256(point), false) if self.mode() == KeyMode::Symbolic => {
                p256_key::check_hash_length(digest)?;
                let expected = p256_key::ecdsa_der_from_raw(&symbolic::sign_prehash(point, digest));
                if signature == expected { Ok(()) } else { Err(KeyError::BadSignature) }
            }
            (Material::P256(point), false) => {
                let question = || Question::new(Operation::P256Verification, &[point, digest, signature]);
                let verify = || p256_key::verify_prehash(point, digest, signature).map(|()| Vec::new());
                memory::octets(question, verify).map(drop)
            }
            (Material::Rsa { modulus, exponent }, true) => {
                let content = pkcs1::digest_info(algorithm.hash(), digest);
                let expected = pkcs1::signature_block(&content, modulus.len()).map_err(|_| KeyError::BadSignature)?;
                let found = match self.mode() {
                    KeyMode::Symbolic => symbolic::apply_public(modulus, signature),
                    KeyMode::Real => {
                        let question = || Question::new(Operation::RsaPublic, &[modulus, exponent, signature]);
                        memory::octets(question, || rsa_key::apply_public(modulus, exponent, signature))
                    }
                };
                let found = found.map_err(|_| KeyError::BadSignature)?;
                if found == expected { Ok(()) } else { Err(KeyError::BadSignature) }
            }
            _ => Err(KeyError::BadSignature),
        }
    }

    /// Encrypts with PKCS #1 v1.5 padding that `entropy` decides.
    ///
    /// # Errors
    /// [`KeyError::TooLong`]; [`KeyError::WrongKey`] on a P-256 key.
    pub fn encrypt_pkcs1(&self, message: &[u8], entropy: &[u8; 32]) -> Result<Vec<u8>, KeyError> {
        match &self.0 {
            Material::Rsa { modulus, exponent } => {
                let block = pkcs1::encryption_block(message, modulus.len(), entropy)?;
                match self.mode() {
                    KeyMode::Symbolic => symbolic::apply_public(modulus, &block),
                    KeyMode::Real => rsa_key::apply_public(modulus, exponent, &block),
                }
            }
            Material::P256(_) => Err(KeyError::WrongKey { found: KeyAlgorithm::P256 }),
        }
    }
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    &number[zeros..]
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Material::Rsa { .. } => write!(f, "rsa-{} ", self.bits())?,
            Material::P256(_) => f.write_str("p-256 ")?,
        }
        for octet in &self.key_identifier()[..8] {
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrivateKey;

    #[test]
    fn a_key_reads_back_from_its_own_der() {
        for algorithm in KeyAlgorithm::ALL.iter().copied() {
            let key = PrivateKey::from_pool(algorithm, &[1; 32]).public().clone();
            let der = key.spki_der();
            assert_eq!(PublicKey::from_spki_der(&der), Ok(key.clone()));
            assert_eq!(key.bits(), algorithm.bits());
            assert_eq!(PublicKey::from_spki_der(&der[..der.len() - 1]), Err(KeyError::MalformedKey));
        }
    }

    #[test]
    fn a_compressed_point_is_the_same_key() {
        let key = PrivateKey::from_pool(KeyAlgorithm::P256, &[1; 32]).public().clone();
        let point = key.p256_point().unwrap();
        let mut compressed = point[..33].to_vec();
        compressed[0] = 2 + point[64] % 2;
        assert_eq!(PublicKey::from_p256_point(&compressed), Ok(key));
    }

    #[test]
    fn keys_out_of_bounds_are_refused() {
        let check = |modulus: &[u8], exponent: &[u8]| {
            assert_eq!(PublicKey::from_rsa_parts(modulus, exponent), Err(KeyError::InvalidPublicKey));
        };
        let odd = [0xFF; 128];
        assert!(PublicKey::from_rsa_parts(&odd, &[1, 0, 1]).is_ok());
        check(&[], &[3]);
        check(&odd[..63], &[3]);
        check(&[0xFF; 2049], &[3]);
        check(&[0xFE; 128], &[3]);
        check(&odd, &[]);
        check(&odd, &[1]);
        check(&odd, &[2]);
        check(&odd, &[0xFF; 9]);
        let mut point = [1; 65];
        point[0] = 4;
        assert_eq!(PublicKey::from_p256_point(&point), Err(KeyError::InvalidPublicKey));
    }

    #[test]
    fn other_algorithms_and_curves_are_named() {
        // AlgorithmIdentifier of Ed25519, and of secp384r1.
        let check = |der: &[u8], found: &str| {
            assert_eq!(
                PublicKey::from_spki_der(der),
                Err(KeyError::UnsupportedAlgorithm { found: ObjectIdentifier::new_unwrap(found) })
            );
        };
        check(b"\x30\x0B\x30\x05\x06\x03\x2B\x65\x70\x03\x02\x00\x01", "1.3.101.112");
        check(
            b"\x30\x16\x30\x10\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x05\x2B\x81\x04\x00\x22\x03\x02\x00\x04",
            "1.3.132.0.34",
        );
    }
}
