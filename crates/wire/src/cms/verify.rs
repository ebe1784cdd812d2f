//! What has to be true of each signer. Hashes are compared here; the signature itself takes the signer's key, so it is
//! handed to the caller.

use super::{SignedMessage, SignerId, SignerInfo};
use crate::{
    SignedWith,
    algorithm::{digest, hash_of},
    asn1::{self, tag},
    oids,
};
use alloc::vec::Vec;
use autoenroll_model::{Oid, SignatureAlgorithm};
use core::fmt;

/// What is left to verify of one signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerCheck<'a> {
    /// A signature.
    Signature(ToBeVerified<'a>),
    /// Nothing: a hash stands in place of the signature (RFC 5272 C.1), and it is right. It proves nothing about a key.
    NoSignature(&'a SignerId),
}

/// A signature to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToBeVerified<'a> {
    /// Whose signature it is.
    pub id: &'a SignerId,
    /// How it was made.
    pub algorithm: SignatureAlgorithm,
    /// The bytes that it covers, as received.
    pub message: &'a [u8],
    /// PKCS #1 octets, or an ECDSA-Sig-Value in DER.
    pub signature: &'a [u8],
    /// False when attributes are signed and the type of the content is not among them, as RFC 5652 11.1 demands. Whether to take such
    /// a signature is for the caller to say.
    pub states_content_type: bool,
}

/// Why a signer cannot be verified, whatever its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerError {
    /// A hash that is unknown here.
    UnknownDigest(Oid),
    /// A signature algorithm that is unknown here.
    UnknownSignature(Oid),
    /// The message has no content to sign.
    NoContent,
    /// The signed content type is not that of the content.
    ContentType,
    /// The signed digest is absent or not that of the content.
    MessageDigest,
    /// The hash that stands in place of a signature is wrong.
    NoSignatureHash,
}

impl fmt::Display for SignerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignerError::UnknownDigest(oid) => write!(f, "hash {oid} is neither SHA-1 nor SHA-256"),
            SignerError::UnknownSignature(oid) => write!(f, "signature algorithm {oid} is unknown"),
            SignerError::NoContent => f.write_str("there is no content that could be signed"),
            SignerError::ContentType => f.write_str("the signed content type is not that of the content"),
            SignerError::MessageDigest => f.write_str("the signed digest is not that of the content"),
            SignerError::NoSignatureHash => f.write_str("the hash in place of a signature is wrong"),
        }
    }
}

impl core::error::Error for SignerError {}

impl SignedMessage {
    /// What is left to verify of each signer, in their order; an error where no key could make it right.
    pub fn to_be_verified(&self) -> impl Iterator<Item = Result<SignerCheck<'_>, SignerError>> {
        self.signers.iter().map(|signer| self.check(signer))
    }

    fn check<'a>(&'a self, signer: &'a SignerInfo) -> Result<SignerCheck<'a>, SignerError> {
        let content = self.content.as_deref().ok_or(SignerError::NoContent)?;
        let hash = hash_of(&signer.digest).ok_or_else(|| SignerError::UnknownDigest(signer.digest.clone()))?;
        let mut states_content_type = true;
        let message = match &signer.signed_attributes {
            None => content,
            Some(signed) => {
                let only_value = |oid| match signed.attributes.get(oid)?.values.as_slice() {
                    [value] => asn1::single("signed attribute", value).ok(),
                    _ => None,
                };
                states_content_type = signed.attributes.get(oids::CONTENT_TYPE).is_some();
                let content_type = only_value(oids::CONTENT_TYPE).and_then(|value| value.oid().ok());
                if states_content_type && content_type.as_ref() != Some(&self.content_type) {
                    return Err(SignerError::ContentType);
                }
                let stated = only_value(oids::MESSAGE_DIGEST).filter(|value| value.tag == tag::OCTET_STRING);
                if stated.map(|value| value.content) != Some(&digest(hash, content)) {
                    return Err(SignerError::MessageDigest);
                }
                &signed.signed
            }
        };
        match &signer.signed_with {
            SignedWith::Key(algorithm) => Ok(SignerCheck::Signature(ToBeVerified {
                id: &signer.id,
                algorithm: *algorithm,
                message,
                signature: &signer.signature,
                states_content_type,
            })),
            SignedWith::NoSignature if signer.signature == digest(hash, message) => {
                Ok(SignerCheck::NoSignature(&signer.id))
            }
            SignedWith::NoSignature => Err(SignerError::NoSignatureHash),
            SignedWith::Unknown(oid) => Err(SignerError::UnknownSignature(oid.clone())),
        }
    }
}

impl SignedMessage {
    /// The certificates that a signer's identifier names, DER, among those of the message.
    pub fn certificates_of<'a>(&'a self, id: &'a SignerId) -> impl Iterator<Item = &'a Vec<u8>> + 'a {
        self.certificates
            .iter()
            .filter(move |der| crate::Certificate::parse(der).is_ok_and(|certificate| id.names(&certificate)))
    }
}
