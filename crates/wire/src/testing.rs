//! Keys, requests and certificates for tests.

use crate::{
    Attribute, Certificate, CertificationRequest, Extension, Extensions, UnsignedCertificate, UnsignedRequest,
};
use alloc::vec::Vec;
use autoenroll_keys::{KeyAlgorithm, PrivateKey, SignatureAlgorithm};
use autoenroll_model::FileTime;

pub(crate) fn key(n: u8) -> PrivateKey {
    PrivateKey::from_pool(KeyAlgorithm::P256, &[n; 32])
}

pub(crate) fn sign(key: &PrivateKey, message: &[u8]) -> Vec<u8> {
    key.sign(SignatureAlgorithm::EcdsaSha256, message).unwrap()
}

/// A request with an empty subject.
pub(crate) fn unsigned_request(key: &PrivateKey, attributes: Vec<Attribute>) -> UnsignedRequest {
    UnsignedRequest {
        subject: crate::Name::default(),
        public_key: key.public().spki_der(),
        attributes,
        algorithm: SignatureAlgorithm::EcdsaSha256,
    }
}

pub(crate) fn request(key: &PrivateKey, attributes: Vec<Attribute>) -> CertificationRequest {
    let unsigned = unsigned_request(key, attributes);
    unsigned.signed(&sign(key, &unsigned.tbs())).unwrap()
}

/// A certificate from 2026-03-02 to 2027-03-02, of the subject's key, signed by the issuer's.
pub(crate) fn certificate(
    subject: (&str, &PrivateKey),
    issuer: (&str, &PrivateKey),
    serial: &[u8],
    extensions: Vec<Extension>,
) -> Certificate {
    let name = |name: &str| name.parse::<crate::Name>().unwrap().to_der();
    let unsigned = UnsignedCertificate {
        serial: serial.to_vec(),
        issuer_der: name(issuer.0),
        not_before: FileTime::from_unix_seconds(1_772_438_400),
        not_after: FileTime::from_unix_seconds(1_772_438_400 + 365 * 86_400),
        subject_der: name(subject.0),
        public_key: subject.1.public().spki_der(),
        extensions: Extensions(extensions),
        algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    unsigned.signed(&sign(issuer.1, &unsigned.tbs())).unwrap()
}
