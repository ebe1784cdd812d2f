//! Identifiers of signature and hash algorithms on the wire.

use crate::{
    WireError,
    asn1::{self, Tlv},
    oids,
};
use alloc::vec::Vec;
use autoenroll_model::{Oid, SignatureAlgorithm};
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
    pub(crate) fn from_oid(signature: Oid, digest: Option<DigestAlgorithm>) -> SignedWith {
        use SignatureAlgorithm::{EcdsaSha256, RsaSha1, RsaSha256};
        let algorithm = match (signature.as_str(), digest) {
            (oids::SHA1_WITH_RSA, None | Some(DigestAlgorithm::Sha1)) => RsaSha1,
            (oids::SHA256_WITH_RSA, None | Some(DigestAlgorithm::Sha256)) => RsaSha256,
            (oids::ECDSA_WITH_SHA256, None | Some(DigestAlgorithm::Sha256)) => EcdsaSha256,
            (oids::RSA_ENCRYPTION, Some(DigestAlgorithm::Sha1)) => RsaSha1,
            (oids::RSA_ENCRYPTION, Some(DigestAlgorithm::Sha256)) => RsaSha256,
            (oids::EC_PUBLIC_KEY, Some(DigestAlgorithm::Sha256)) => EcdsaSha256,
            (oids::NO_SIGNATURE, _) => return SignedWith::NoSignature,
            _ => return SignedWith::Unknown(signature),
        };
        SignedWith::Key(algorithm)
    }
}

/// A hash, as messages name it beside a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DigestAlgorithm {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl DigestAlgorithm {
    /// The hash of a signature algorithm.
    #[must_use]
    pub fn of(algorithm: SignatureAlgorithm) -> DigestAlgorithm {
        match algorithm {
            SignatureAlgorithm::RsaSha1 => DigestAlgorithm::Sha1,
            SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::EcdsaSha256 => DigestAlgorithm::Sha256,
        }
    }

    /// The digest of some bytes.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            DigestAlgorithm::Sha1 => sha1(bytes).to_vec(),
            DigestAlgorithm::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
        }
    }

    pub(crate) fn from_oid(oid: &Oid) -> Option<DigestAlgorithm> {
        match oid.as_str() {
            oids::SHA1 => Some(DigestAlgorithm::Sha1),
            oids::SHA256 => Some(DigestAlgorithm::Sha256),
            _ => None,
        }
    }

    /// DER of its AlgorithmIdentifier, with NULL parameters as Windows writes them.
    pub(crate) fn identifier(self) -> Vec<u8> {
        let dotted = match self {
            DigestAlgorithm::Sha1 => oids::SHA1,
            DigestAlgorithm::Sha256 => oids::SHA256,
        };
        asn1::sequence(&[asn1::oid_dotted(dotted), asn1::null()])
    }
}

/// DER of the AlgorithmIdentifier of a signature in a certificate or a request: NULL parameters for RSA (RFC 4055 5), none
/// for ECDSA (RFC 5758 3.2).
#[must_use]
pub fn signature_identifier(algorithm: SignatureAlgorithm) -> Vec<u8> {
    let rsa = |dotted| asn1::sequence(&[asn1::oid_dotted(dotted), asn1::null()]);
    match algorithm {
        SignatureAlgorithm::RsaSha1 => rsa(oids::SHA1_WITH_RSA),
        SignatureAlgorithm::RsaSha256 => rsa(oids::SHA256_WITH_RSA),
        SignatureAlgorithm::EcdsaSha256 => asn1::sequence(&[asn1::oid_dotted(oids::ECDSA_WITH_SHA256)]),
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
