//! CMS SignedData (RFC 5652): the envelope of requests that more than the new key signs, and of every response.

use crate::{
    Attribute, Attributes, Certificate, SignedWith, WireError,
    algorithm::{hash_of, oid_of},
    asn1::{self, Tlv, tag},
    oids,
};
use alloc::vec::Vec;
use autoenroll_model::Oid;

mod build;
mod verify;

pub use build::{MissingSignature, SignerKey, UnsignedMessage, UnsignedSigner, certs_only};
pub use verify::{SignerCheck, SignerError, ToBeVerified};

/// A signed message as it was received or finished: the bytes, and what they say (RFC 5652 3, 5.1, 5.2).
///
/// ```text
/// ContentInfo ::= SEQUENCE {
///     contentType  OBJECT IDENTIFIER, -- id-signedData
///     content      [0] EXPLICIT SignedData }
/// SignedData ::= SEQUENCE {
///     version           CMSVersion,
///     digestAlgorithms  SET OF DigestAlgorithmIdentifier,
///     encapContentInfo  EncapsulatedContentInfo,
///     certificates      [0] IMPLICIT CertificateSet OPTIONAL,
///     crls              [1] IMPLICIT RevocationInfoChoices OPTIONAL,
///     signerInfos       SET OF SignerInfo }
/// EncapsulatedContentInfo ::= SEQUENCE {
///     eContentType  OBJECT IDENTIFIER,
///     eContent      [0] EXPLICIT OCTET STRING OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedMessage {
    /// The whole ContentInfo, DER.
    pub raw: Vec<u8>,
    /// Type of the content.
    pub content_type: Oid,
    /// The content; none in a message that only carries certificates.
    pub content: Option<Vec<u8>>,
    /// DER of each certificate, in the order received.
    pub certificates: Vec<Vec<u8>>,
    /// Signers, in the order received.
    pub signers: Vec<SignerInfo>,
}

/// One signer of a message (RFC 5652 5.3).
///
/// ```text
/// SignerInfo ::= SEQUENCE {
///     version             CMSVersion,
///     sid                 SignerIdentifier,
///     digestAlgorithm     DigestAlgorithmIdentifier,
///     signedAttrs         [0] IMPLICIT SignedAttributes OPTIONAL,
///     signatureAlgorithm  SignatureAlgorithmIdentifier,
///     signature           OCTET STRING,
///     unsignedAttrs       [1] IMPLICIT UnsignedAttributes OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerInfo {
    /// Who signed.
    pub id: SignerId,
    /// The hash over the content.
    pub digest: Oid,
    /// What is signed in place of the content, when there is any.
    pub signed_attributes: Option<SignedAttributes>,
    /// How it is signed; hash and kind of key taken together.
    pub signed_with: SignedWith,
    /// Over the signed attributes where there are any, otherwise over the content; not verified.
    pub signature: Vec<u8>,
    /// What is not signed.
    pub unsigned_attributes: Attributes,
}

/// The signed attributes of one signer (RFC 5652 5.3).
///
/// ```text
/// SignedAttributes ::= SET SIZE (1..MAX) OF Attribute
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAttributes {
    /// DER of the SET OF Attribute as received: what the signature covers (RFC 5652 5.4).
    pub signed: Vec<u8>,
    /// What it says.
    pub attributes: Attributes,
}

/// How a signer is named (RFC 5652 5.3).
///
/// ```text
/// SignerIdentifier ::= CHOICE {
///     issuerAndSerialNumber  IssuerAndSerialNumber,
///     subjectKeyIdentifier   [0] IMPLICIT OCTET STRING }
/// IssuerAndSerialNumber ::= SEQUENCE {
///     issuer        Name,
///     serialNumber  INTEGER }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerId {
    /// By its certificate.
    IssuerSerial {
        /// DER of the issuer's name.
        issuer: Vec<u8>,
        /// Serial number: content octets of the INTEGER.
        serial: Vec<u8>,
    },
    /// By its subject key identifier: the only name that a new key has.
    KeyIdentifier(Vec<u8>),
}

impl SignerId {
    /// Whether this names the certificate.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            SignerId::IssuerSerial { issuer, serial } => {
                *issuer == certificate.issuer_der && *serial == certificate.serial
            }
            SignerId::KeyIdentifier(identifier) => certificate
                .subject_key_identifier()
                .or_else(|| certificate.key_identifier().ok().map(Vec::from))
                .is_some_and(|of_certificate| of_certificate == *identifier),
        }
    }
}

impl Certificate {
    /// How a CMS message names this certificate as a signer's: issuer and serial number.
    #[must_use]
    pub fn signer_id(&self) -> SignerId {
        SignerId::IssuerSerial { issuer: self.issuer_der.clone(), serial: self.serial.clone() }
    }
}

impl SignedMessage {
    /// Reads DER of a ContentInfo that holds SignedData, or of its forerunner of PKCS #7 1.5.
    ///
    /// # Errors
    /// When the structure is malformed. No signature is verified here: see
    /// [`to_be_verified`](Self::to_be_verified).
    pub fn parse(der: &[u8]) -> Result<SignedMessage, WireError> {
        let mut reader = asn1::single("signed message", der)?.expect(tag::SEQUENCE)?.reader();
        let kind = reader.read()?;
        if kind.oid()?.as_str() != oids::SIGNED_DATA {
            return Err(kind.invalid("the content is not SignedData"));
        }
        let signed_data = reader.expect(tag::constructed(0))?.reader().read()?;
        reader.finish()?;

        let mut reader = signed_data.expect(tag::SEQUENCE)?.reader();
        // Version and the list of digest algorithms are redundant: each signer states its own (RFC 5652 5.1).
        reader.expect(tag::INTEGER)?;
        reader.expect(tag::SET)?;
        let mut encapsulated = reader.sequence()?;
        let content_type = encapsulated.read()?.oid()?;
        // Not only an OCTET STRING: PKCS #7 1.5 has any type here, and its octets without the header are the content
        // (RFC 5652 5.2.1).
        let content = encapsulated.optional(tag::constructed(0))?.map(|content| content.reader().read()).transpose()?;
        let certificates = reader.optional(tag::constructed(0))?;
        reader.optional(tag::constructed(1))?;
        let signers = reader.expect(tag::SET)?.reader().all()?;
        reader.finish()?;
        let certificates = certificates.map(|set| set.reader().all()).transpose()?.unwrap_or_default();
        Ok(SignedMessage {
            raw: der.to_vec(),
            content_type,
            content: content.map(|content| content.content.to_vec()),
            // Other choices are attribute certificates and formats that no CA of Windows makes.
            certificates: certificates
                .into_iter()
                .filter(|choice| choice.tag == tag::SEQUENCE)
                .map(|certificate| certificate.raw.to_vec())
                .collect(),
            signers: signers.into_iter().map(SignerInfo::read).collect::<Result<_, _>>()?,
        })
    }

    /// Whether this is a message that only carries certificates: no content, no signers.
    #[must_use]
    pub fn is_certs_only(&self) -> bool {
        self.content.is_none() && self.signers.is_empty()
    }
}

impl SignerInfo {
    fn read(signer: Tlv<'_>) -> Result<SignerInfo, WireError> {
        let mut reader = signer.expect(tag::SEQUENCE)?.reader();
        reader.expect(tag::INTEGER)?;
        let id = SignerId::read(reader.read()?)?;
        let digest = oid_of(reader.read()?)?;
        let signed_attributes = reader.optional(tag::constructed(0))?;
        let signature_oid = oid_of(reader.read()?)?;
        let signature = reader.expect(tag::OCTET_STRING)?.content.to_vec();
        let unsigned_attributes = reader.optional(tag::constructed(1))?;
        reader.finish()?;
        let read = |set: Tlv<'_>| {
            // The signature covers the attributes with the tag of a SET OF, not with the [0] of the message (RFC 5652 5.4).
            let mut signed = set.raw.to_vec();
            signed[0] = tag::SET;
            Ok(SignedAttributes { signed, attributes: Attributes::read(set)? })
        };
        Ok(SignerInfo {
            id,
            signed_attributes: signed_attributes.map(read).transpose()?,
            signed_with: SignedWith::from_oid(signature_oid, hash_of(&digest)),
            digest,
            signature,
            unsigned_attributes: unsigned_attributes.map(Attributes::read).transpose()?.unwrap_or_default(),
        })
    }
}

impl SignerId {
    const KEY_IDENTIFIER: u8 = tag::context(0);

    fn read(id: Tlv<'_>) -> Result<SignerId, WireError> {
        if id.tag == Self::KEY_IDENTIFIER {
            return Ok(SignerId::KeyIdentifier(id.content.to_vec()));
        }
        let mut reader = id.expect(tag::SEQUENCE)?.reader();
        let issuer = reader.expect(tag::SEQUENCE)?.raw.to_vec();
        let serial = reader.expect(tag::INTEGER)?.content.to_vec();
        Ok(SignerId::IssuerSerial { issuer, serial })
    }

    fn to_der(&self) -> Vec<u8> {
        match self {
            SignerId::IssuerSerial { issuer, serial } => asn1::sequence(&[issuer, &asn1::tlv(tag::INTEGER, serial)]),
            SignerId::KeyIdentifier(identifier) => asn1::tlv(Self::KEY_IDENTIFIER, identifier),
        }
    }
}

/// The attributes that RFC 5652 5.3 demands of a signer that signs attributes.
fn demanded_attributes(content_type: &Oid, digest: &[u8]) -> [Attribute; 2] {
    [
        Attribute::new(oids::CONTENT_TYPE, asn1::oid(content_type)),
        Attribute::new(oids::MESSAGE_DIGEST, asn1::octet_string(digest)),
    ]
}

#[cfg(test)]
mod tests;
