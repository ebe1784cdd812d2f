//! PKCS #10 certification requests (RFC 2986).

use crate::{
    Attribute, Attributes, Extensions, Name, SignedWith, WireError,
    algorithm::{digest, signature_identifier},
    asn1::{self, tag},
    oids,
    public_key::key_identifier,
};
use alloc::vec::Vec;
use autoenroll_model::{HashAlgorithm, SignatureAlgorithm};

/// A request as it was received or finished: the bytes, and what they say (RFC 2986 4).
///
/// ```text
/// CertificationRequest ::= SEQUENCE {
///     certificationRequestInfo  CertificationRequestInfo,
///     signatureAlgorithm        AlgorithmIdentifier,
///     signature                 BIT STRING }
/// CertificationRequestInfo ::= SEQUENCE {
///     version        INTEGER { v1(0) },
///     subject        Name,
///     subjectPKInfo  SubjectPublicKeyInfo,
///     attributes     [0] IMPLICIT SET OF Attribute }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificationRequest {
    /// The whole request, DER.
    pub raw: Vec<u8>,
    /// The bytes that are signed: DER of the CertificationRequestInfo as received.
    pub signed: Vec<u8>,
    /// The subject; empty when the CA is to fill it in.
    pub subject: Name,
    /// DER of the subject as received.
    pub subject_der: Vec<u8>,
    /// DER of the SubjectPublicKeyInfo as received.
    pub public_key: Vec<u8>,
    /// Attributes in the order received.
    pub attributes: Attributes,
    /// How the request is signed.
    pub signed_with: SignedWith,
    /// Over [`signed`](Self::signed), not verified.
    pub signature: Vec<u8>,
}

impl CertificationRequest {
    /// Reads DER of a CertificationRequest. The signature is not verified here: that takes a key.
    ///
    /// # Errors
    /// When the structure is malformed. Values of attributes are not looked into.
    pub fn parse(der: &[u8]) -> Result<CertificationRequest, WireError> {
        let request = asn1::single("PKCS #10 request", der)?.expect(tag::SEQUENCE)?;
        let mut reader = request.reader();
        let info = reader.expect(tag::SEQUENCE)?;
        let signed_with = SignedWith::read(reader.read()?)?;
        let signature = reader.read()?.bits()?.0.to_vec();
        reader.finish()?;

        let mut reader = info.reader();
        let version = reader.read()?;
        if version.number()? != 0 {
            return Err(version.invalid("the version of a PKCS #10 request is 0"));
        }
        let subject = reader.read()?;
        let public_key = reader.expect(tag::SEQUENCE)?;
        // The attributes may be left out altogether: RFC 2986 demands them, but some clients send none.
        let attributes = reader.optional(tag::constructed(0))?.map(Attributes::read).transpose()?.unwrap_or_default();
        reader.finish()?;
        Ok(CertificationRequest {
            raw: der.to_vec(),
            signed: info.raw.to_vec(),
            subject: Name::read(subject)?,
            subject_der: subject.raw.to_vec(),
            public_key: public_key.raw.to_vec(),
            attributes,
            signed_with,
            signature,
        })
    }

    /// The extensions asked for.
    ///
    /// # Errors
    /// When a list of extensions is malformed.
    pub fn extensions(&self) -> Result<Extensions, WireError> {
        self.attributes.extensions()
    }

    /// SHA-1 of the public key (RFC 5280 4.2.1.2, method 1): the subject key identifier that the certificate will have.
    ///
    /// # Errors
    /// When the SubjectPublicKeyInfo is malformed.
    pub fn key_identifier(&self) -> Result<[u8; 20], WireError> {
        key_identifier(&self.public_key)
    }

    /// Whether the hash that stands in place of a signature is right (RFC 5272 C.1); false for a request that is signed.
    /// It proves nothing about the key.
    #[must_use]
    pub fn has_valid_no_signature(&self) -> bool {
        self.signed_with == SignedWith::NoSignature
            && HashAlgorithm::ALL.iter().any(|hash| digest(*hash, &self.signed) == self.signature)
    }
}

/// A request that waits for its signature; its ASN.1 stands at [`CertificationRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedRequest {
    /// The subject; empty when the CA is to fill it in ([MS-WCCE] 3.1.2.4.2.2.2.10).
    pub subject: Name,
    /// DER of the SubjectPublicKeyInfo of the new key.
    pub public_key: Vec<u8>,
    /// Attributes; the encoding sorts them.
    pub attributes: Vec<Attribute>,
    /// How it will be signed.
    pub algorithm: SignatureAlgorithm,
}

impl UnsignedRequest {
    /// The bytes to sign: DER of the CertificationRequestInfo.
    #[must_use]
    pub fn tbs(&self) -> Vec<u8> {
        asn1::sequence(&[
            &asn1::integer(0),
            &self.subject.to_der(),
            &self.public_key,
            &asn1::tlv(tag::constructed(0), &Attributes(self.attributes.clone()).content()),
        ])
    }

    /// The request with the signature over [`tbs`](Self::tbs).
    ///
    /// # Errors
    /// When the public key is no DER value.
    pub fn signed(&self, signature: &[u8]) -> Result<CertificationRequest, WireError> {
        self.finished(&signature_identifier(self.algorithm), signature)
    }

    /// The request with a hash in place of the signature (RFC 5272 C.1), for a CMC message that is signed with another key
    /// ([MS-WCCE] 2.2.2.6.5).
    ///
    /// # Errors
    /// As [`signed`](Self::signed).
    pub fn without_signature(&self) -> Result<CertificationRequest, WireError> {
        let hash = digest(self.algorithm.hash(), &self.tbs());
        let identifier = asn1::sequence(&[asn1::oid_dotted(oids::NO_SIGNATURE), asn1::null()]);
        self.finished(&identifier, &hash)
    }

    fn finished(&self, identifier: &[u8], signature: &[u8]) -> Result<CertificationRequest, WireError> {
        let der = asn1::sequence(&[&self.tbs(), identifier, &asn1::bit_string(signature)]);
        CertificationRequest::parse(&der)
    }
}
