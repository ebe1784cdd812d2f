//! Building signed messages: the content first, then one signature after the other.

use super::{SignedMessage, SignerId, demanded_attributes};
use crate::{
    Attribute, Attributes, WireError,
    algorithm::{digest, hash_identifier},
    asn1,
    asn1::tag,
    oids, signature_identifier,
};
use alloc::vec::Vec;
use autoenroll_model::{HashAlgorithm, Oid, SignatureAlgorithm};
use core::fmt;

/// A SignedData that waits for signatures; its ASN.1 stands at [`SignedMessage`].
///
/// ```
/// # use autoenroll_wire::cms::{SignerId, SignerKey, UnsignedMessage, UnsignedSigner};
/// # use autoenroll_wire::oids;
/// # use autoenroll_model::SignatureAlgorithm;
/// # let sign = |bytes: &[u8]| bytes.to_vec();
/// let signer = UnsignedSigner::new(SignerId::KeyIdentifier(vec![1, 2]), SignatureAlgorithm::RsaSha256);
/// let mut message = UnsignedMessage::new(oids::DATA, b"content".to_vec()).with_signer(signer);
/// while let Some((signer, tbs)) = message.next_tbs() {
///     message.sign(signer, sign(&tbs));
/// }
/// assert_eq!(message.finish()?.content.as_deref(), Some(b"content".as_slice()));
/// # Ok::<(), autoenroll_wire::cms::MissingSignature>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedMessage {
    content_type: Oid,
    content: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    signers: Vec<UnsignedSigner>,
}

/// A signer of a message to be; its ASN.1 stands at [`SignerInfo`](super::SignerInfo).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedSigner {
    /// How the message names it.
    pub id: SignerId,
    /// What it signs with.
    pub key: SignerKey,
    /// Attributes that the signature does not cover.
    pub unsigned_attributes: Vec<Attribute>,
    signature: Option<Vec<u8>>,
}

/// What a signer signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignerKey {
    /// A key.
    Key(SignatureAlgorithm),
    /// Nothing: a hash stands in place of the signature (RFC 5272 C.1).
    NoSignature(HashAlgorithm),
}

/// A message was finished before this signer, counted from 0, had signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingSignature {
    /// Index into [`UnsignedMessage::signers`].
    pub signer: usize,
}

impl fmt::Display for MissingSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signer {} of the message has not signed", self.signer)
    }
}

impl core::error::Error for MissingSignature {}

impl UnsignedSigner {
    /// A signer with a key.
    #[must_use]
    pub fn new(id: SignerId, algorithm: SignatureAlgorithm) -> UnsignedSigner {
        UnsignedSigner { id, key: SignerKey::Key(algorithm), unsigned_attributes: Vec::new(), signature: None }
    }

    /// A signer that does not sign.
    #[must_use]
    pub fn without_signature(id: SignerId, hash: HashAlgorithm) -> UnsignedSigner {
        UnsignedSigner { id, key: SignerKey::NoSignature(hash), unsigned_attributes: Vec::new(), signature: None }
    }

    /// Adds an attribute that the signature does not cover.
    #[must_use]
    pub fn with_unsigned_attribute(mut self, attribute: Attribute) -> UnsignedSigner {
        self.unsigned_attributes.push(attribute);
        self
    }

    fn hash(&self) -> HashAlgorithm {
        match self.key {
            SignerKey::Key(algorithm) => algorithm.hash(),
            SignerKey::NoSignature(hash) => hash,
        }
    }
}

impl UnsignedMessage {
    /// A message of this content, without certificates and signers.
    ///
    /// # Panics
    /// When `content_type` is no object identifier in dotted form; those of [`oids`] are.
    #[must_use]
    pub fn new(content_type: &'static str, content: Vec<u8>) -> UnsignedMessage {
        UnsignedMessage {
            content_type: oids::known(content_type),
            content,
            certificates: Vec::new(),
            signers: Vec::new(),
        }
    }

    /// Adds a certificate, DER; it is not looked into.
    #[must_use]
    pub fn with_certificate(mut self, certificate: &[u8]) -> UnsignedMessage {
        self.certificates.push(certificate.to_vec());
        self
    }

    /// Adds a signer behind the others.
    #[must_use]
    pub fn with_signer(mut self, signer: UnsignedSigner) -> UnsignedMessage {
        self.signers.push(signer);
        self
    }

    /// The signers, in their order.
    #[must_use]
    pub fn signers(&self) -> &[UnsignedSigner] {
        &self.signers
    }

    /// The first signer that has a key and has not signed, with the bytes that it has to sign.
    #[must_use]
    pub fn next_tbs(&self) -> Option<(usize, Vec<u8>)> {
        let waits = |signer: &UnsignedSigner| matches!(signer.key, SignerKey::Key(_)) && signer.signature.is_none();
        let index = self.signers.iter().position(waits)?;
        Some((index, self.signed_attributes(&self.signers[index])))
    }

    /// Takes the signature of a signer over the bytes of [`next_tbs`](Self::next_tbs). A signer that does not exist is
    /// passed over.
    pub fn sign(&mut self, signer: usize, signature: Vec<u8>) {
        if let Some(signer) = self.signers.get_mut(signer) {
            signer.signature = Some(signature);
        }
    }

    /// The finished message.
    ///
    /// # Errors
    /// [`MissingSignature`] of the first signer that has not signed.
    ///
    /// # Panics
    /// Never: what is built here can be read.
    pub fn finish(&self) -> Result<SignedMessage, MissingSignature> {
        let mut signers = Vec::new();
        for (index, signer) in self.signers.iter().enumerate() {
            signers.push(self.signer_info(signer).ok_or(MissingSignature { signer: index })?);
        }
        let digests: Vec<_> = {
            let mut digests: Vec<_> = self.signers.iter().map(UnsignedSigner::hash).collect();
            digests.sort();
            digests.dedup();
            digests.into_iter().map(hash_identifier).collect()
        };
        // RFC 5652 5.1: version 3 as soon as a signer is named by its key, or the content is not plain data.
        let plain = self.content_type.as_str() == oids::DATA;
        let by_key = |signer: &UnsignedSigner| matches!(signer.id, SignerId::KeyIdentifier(_));
        let version = if plain && !self.signers.iter().any(by_key) { 1 } else { 3 };
        let content = asn1::explicit(0, &asn1::octet_string(&self.content));
        let der = signed_data(
            version,
            digests,
            asn1::sequence(&[asn1::oid(&self.content_type), content]),
            &self.certificates,
            signers,
        );
        Ok(SignedMessage::parse(&der).expect("a message that was just built can be read"))
    }

    fn signer_info(&self, signer: &UnsignedSigner) -> Option<Vec<u8>> {
        let mut attributes = self.signed_attributes(signer);
        let (identifier, signature) = match signer.key {
            SignerKey::Key(algorithm) => (signer_algorithm(algorithm), signer.signature.clone()?),
            SignerKey::NoSignature(hash) => {
                let identifier = asn1::sequence(&[asn1::oid_dotted(oids::NO_SIGNATURE), asn1::null()]);
                (identifier, digest(hash, &attributes))
            }
        };
        // Signed with the tag of a SET OF, sent with [0] (RFC 5652 5.4). The version follows the identifier (5.3).
        attributes[0] = tag::constructed(0);
        let version = if matches!(signer.id, SignerId::KeyIdentifier(_)) { 3 } else { 1 };
        let unsigned = match signer.unsigned_attributes.as_slice() {
            [] => Vec::new(),
            list => asn1::tlv(tag::constructed(1), &Attributes(list.to_vec()).content()),
        };
        Some(asn1::sequence(&[
            asn1::integer(version),
            signer.id.to_der(),
            hash_identifier(signer.hash()),
            attributes,
            identifier,
            asn1::octet_string(&signature),
            unsigned,
        ]))
    }

    /// DER of the SET OF Attribute that the signer signs.
    fn signed_attributes(&self, signer: &UnsignedSigner) -> Vec<u8> {
        let attributes = demanded_attributes(&self.content_type, &digest(signer.hash(), &self.content));
        asn1::set_of(attributes.iter().map(Attribute::to_der).collect())
    }
}

/// The AlgorithmIdentifier of a signer: the kind of key alone for RSA, as Windows writes it.
fn signer_algorithm(algorithm: SignatureAlgorithm) -> Vec<u8> {
    if algorithm.is_rsa() {
        asn1::sequence(&[asn1::oid_dotted(oids::RSA_ENCRYPTION), asn1::null()])
    } else {
        signature_identifier(algorithm)
    }
}

/// A message that only carries certificates, in the order given: what a CA answers beside the certificate itself.
///
/// # Errors
/// When a certificate is no DER value.
pub fn certs_only(certificates: &[Vec<u8>]) -> Result<SignedMessage, WireError> {
    let encapsulated = asn1::sequence(&[asn1::oid_dotted(oids::DATA)]);
    SignedMessage::parse(&signed_data(1, Vec::new(), encapsulated, certificates, Vec::new()))
}

fn signed_data(
    version: u64,
    digests: Vec<Vec<u8>>,
    encapsulated: Vec<u8>,
    certificates: &[Vec<u8>],
    signers: Vec<Vec<u8>>,
) -> Vec<u8> {
    let certificates = match certificates {
        [] => Vec::new(),
        list => asn1::tlv(tag::constructed(0), &list.concat()),
    };
    let content = asn1::sequence(&[
        asn1::integer(version),
        asn1::set_of(digests),
        encapsulated,
        certificates,
        // In the order of signing, which tells the new key's signature from those added to it.
        asn1::tlv(tag::SET, &signers.concat()),
    ]);
    asn1::sequence(&[asn1::oid_dotted(oids::SIGNED_DATA), asn1::explicit(0, &content)])
}
