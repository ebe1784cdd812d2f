//! Identifiers of signature and hash algorithms on the wire.

use crate::{
    WireError,
    asn1::{self, Tlv},
    oids,
};
use alloc::vec::Vec;
use autoenroll_model::{HashAlgorithm, Oid, SignatureAlgorithm};
use sha2::Digest;

/// How a signature says it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedWith {
    /// A signature by a key.
    Key(SignatureAlgorithm),
    /// No signature at all, only a hash in its place (RFC 5272 C.1).
    NoSignature,
    /// An algorithm that the bench does not know.
    Unknown(Oid),
}

impl SignedWith {
    /// Reads the AlgorithmIdentifier of a certificate or request, which names key and hash together.
    pub(crate) fn read(identifier: Tlv<'_>) -> Result<SignedWith, WireError> {
        Ok(SignedWith::from_oid(oid_of(identifier)?, None))
    }

    /// What two object identifiers say: a CMS signer names the hash apart, and then often only the kind of key.
    pub(crate) fn from_oid(signature: Oid, digest: Option<HashAlgorithm>) -> SignedWith {
        let known = |algorithm: &&SignatureAlgorithm| {
            let kind = if algorithm.is_rsa() { oids::RSA_ENCRYPTION } else { oids::EC_PUBLIC_KEY };
            match digest {
                Some(digest) => {
                    algorithm.hash() == digest && [signature_oid(**algorithm), kind].contains(&signature.as_str())
                }
                None => signature_oid(**algorithm) == signature.as_str(),
            }
        };
        match SignatureAlgorithm::ALL.iter().find(known) {
            Some(algorithm) => SignedWith::Key(*algorithm),
            None if signature.as_str() == oids::NO_SIGNATURE => SignedWith::NoSignature,
            None => SignedWith::Unknown(signature),
        }
    }
}

/// The hash of some bytes.
#[must_use]
pub fn digest(algorithm: HashAlgorithm, bytes: &[u8]) -> Vec<u8> {
    match algorithm {
        HashAlgorithm::Sha1 => sha1(bytes).to_vec(),
        HashAlgorithm::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
        HashAlgorithm::Sha384 => sha2::Sha384::digest(bytes).to_vec(),
        HashAlgorithm::Sha512 => sha2::Sha512::digest(bytes).to_vec(),
    }
}

/// The hash that an object identifier names.
pub(crate) fn hash_of(oid: &Oid) -> Option<HashAlgorithm> {
    HashAlgorithm::ALL.iter().copied().find(|hash| hash_oid(*hash) == oid.as_str())
}

/// DER of the AlgorithmIdentifier of a hash, with NULL parameters as Windows writes them.
pub(crate) fn hash_identifier(hash: HashAlgorithm) -> Vec<u8> {
    asn1::sequence(&[asn1::oid_dotted(hash_oid(hash)), asn1::null()])
}

const fn hash_oid(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha1 => oids::SHA1,
        HashAlgorithm::Sha256 => oids::SHA256,
        HashAlgorithm::Sha384 => oids::SHA384,
        HashAlgorithm::Sha512 => oids::SHA512,
    }
}

/// DER of the AlgorithmIdentifier of a signature in a certificate or a request: NULL parameters for RSA (RFC 4055 5),
/// none for ECDSA (RFC 5758 3.2).
#[must_use]
pub fn signature_identifier(algorithm: SignatureAlgorithm) -> Vec<u8> {
    let oid = asn1::oid_dotted(signature_oid(algorithm));
    if algorithm.is_rsa() { asn1::sequence(&[oid, asn1::null()]) } else { asn1::sequence(&[oid]) }
}

const fn signature_oid(algorithm: SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::RsaSha1 => oids::SHA1_WITH_RSA,
        SignatureAlgorithm::RsaSha256 => oids::SHA256_WITH_RSA,
        SignatureAlgorithm::RsaSha384 => oids::SHA384_WITH_RSA,
        SignatureAlgorithm::RsaSha512 => oids::SHA512_WITH_RSA,
        SignatureAlgorithm::EcdsaSha1 => oids::ECDSA_WITH_SHA1,
        SignatureAlgorithm::EcdsaSha256 => oids::ECDSA_WITH_SHA256,
        SignatureAlgorithm::EcdsaSha384 => oids::ECDSA_WITH_SHA384,
        SignatureAlgorithm::EcdsaSha512 => oids::ECDSA_WITH_SHA512,
    }
}

/// The object identifier of an AlgorithmIdentifier.
pub(crate) fn oid_of(identifier: Tlv<'_>) -> Result<Oid, WireError> {
    identifier.expect(asn1::tag::SEQUENCE)?.reader().read()?.oid()
}

/// SHA-1: thumbprints and key identifiers.
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    sha1::Sha1::digest(bytes).into()
}
