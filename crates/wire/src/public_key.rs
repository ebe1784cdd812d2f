//! Public keys as certificates and requests carry them (RFC 5280 4.1.2.7).

use crate::{
    WireError,
    algorithm::{oid_of, sha1},
    asn1::{self, tag},
};
use autoenroll_model::Oid;

/// What a public key is for, and its bits; the key itself is not looked into.
///
/// ```text
/// SubjectPublicKeyInfo ::= SEQUENCE {
///     algorithm         AlgorithmIdentifier,
///     subjectPublicKey  BIT STRING }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectPublicKeyInfo<'a> {
    /// The algorithm: [`oids::RSA_ENCRYPTION`](crate::oids::RSA_ENCRYPTION) (RFC 3279 2.3.1),
    /// [`oids::EC_PUBLIC_KEY`](crate::oids::EC_PUBLIC_KEY) (RFC 5480 2.1.1) or another.
    pub algorithm: Oid,
    /// The bits, without the octet that counts those left unused.
    pub subject_public_key: &'a [u8],
}

impl<'a> SubjectPublicKeyInfo<'a> {
    /// Reads DER of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn parse(der: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = asn1::single("public key", der)?.expect(tag::SEQUENCE)?.reader();
        let algorithm = oid_of(reader.read()?)?;
        let subject_public_key = reader.read()?.bits()?.0;
        reader.finish()?;
        Ok(Self { algorithm, subject_public_key })
    }

    /// SHA-1 of the bits: the key identifier of RFC 5280 4.2.1.2, method 1.
    #[must_use]
    pub fn key_identifier(&self) -> [u8; 20] {
        sha1(self.subject_public_key)
    }
}

/// The key identifier of a SubjectPublicKeyInfo; see [`SubjectPublicKeyInfo::key_identifier`].
///
/// # Errors
/// When it is malformed.
pub fn key_identifier(public_key: &[u8]) -> Result<[u8; 20], WireError> {
    Ok(SubjectPublicKeyInfo::parse(public_key)?.key_identifier())
}

#[cfg(test)]
mod tests {
    use crate::{SubjectPublicKeyInfo, oids};
    use autoenroll_keys::{KeyAlgorithm, PrivateKey};

    #[test]
    fn the_algorithm_of_a_key_is_read_from_its_structure() {
        for (key, algorithm) in
            [(KeyAlgorithm::Rsa2048, oids::RSA_ENCRYPTION), (KeyAlgorithm::P256, oids::EC_PUBLIC_KEY)]
        {
            let der = PrivateKey::from_pool(key, &[1; 32]).public().spki_der();
            assert_eq!(SubjectPublicKeyInfo::parse(&der).unwrap().algorithm.as_str(), algorithm);
        }
    }
}
