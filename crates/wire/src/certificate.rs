//! X.509 certificates: reading any, building one.

use crate::{
    Extensions, GeneralName, Name, SignedWith, TemplateReference, WireError,
    algorithm::{sha1, signature_identifier},
    asn1::{self, tag},
    public_key::key_identifier,
};
use alloc::string::String;
use alloc::vec::Vec;
use autoenroll_model::{FileTime, KeyUsage, Oid, Sid, SignatureAlgorithm, Thumbprint, hex};

/// A certificate as it was received or finished: the bytes, and what they say (RFC 5280 4.1).
///
/// ```text
/// Certificate ::= SEQUENCE {
///     tbsCertificate      TBSCertificate,
///     signatureAlgorithm  AlgorithmIdentifier,
///     signatureValue      BIT STRING }
/// TBSCertificate ::= SEQUENCE {
///     version               [0] EXPLICIT INTEGER DEFAULT v1,
///     serialNumber          INTEGER,
///     signature             AlgorithmIdentifier,
///     issuer                Name,
///     validity              SEQUENCE { notBefore Time, notAfter Time },
///     subject               Name,
///     subjectPublicKeyInfo  SubjectPublicKeyInfo,
///     issuerUniqueID        [1] IMPLICIT BIT STRING OPTIONAL,
///     subjectUniqueID       [2] IMPLICIT BIT STRING OPTIONAL,
///     extensions            [3] EXPLICIT SEQUENCE OF Extension OPTIONAL }
/// ```
///
/// The readers of single extensions are lenient, as Windows is when it lists a store: an extension that is malformed
/// counts as absent. [`extensions`](Self::extensions) has readers that tell the two apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The whole certificate, DER.
    pub raw: Vec<u8>,
    /// The bytes that are signed: DER of the TBSCertificate as received.
    pub signed: Vec<u8>,
    /// Serial number: content octets of the INTEGER.
    pub serial: Vec<u8>,
    /// `issuer`, parsed; compare [`issuer_der`](Self::issuer_der) to find the issuer's certificate.
    pub issuer: Name,
    /// DER of the issuer as received; names are compared by it.
    pub issuer_der: Vec<u8>,
    /// Valid from then on.
    pub not_before: FileTime,
    /// Valid until then.
    pub not_after: FileTime,
    /// `subject`, parsed; empty when only alternative names identify the subject.
    pub subject: Name,
    /// DER of the subject as received.
    pub subject_der: Vec<u8>,
    /// DER of the SubjectPublicKeyInfo as received.
    pub public_key: Vec<u8>,
    /// Extensions in their order.
    pub extensions: Extensions,
    /// How the issuer signed.
    pub signed_with: SignedWith,
    /// `signatureValue` over [`signed`](Self::signed), not verified.
    pub signature: Vec<u8>,
}

impl Certificate {
    /// Reads DER of a Certificate. The signature is not verified here: that takes the issuer's key.
    ///
    /// # Errors
    /// When the structure is malformed. Values of extensions are not looked into.
    pub fn parse(der: &[u8]) -> Result<Certificate, WireError> {
        let mut reader = asn1::single("certificate", der)?.expect(tag::SEQUENCE)?.reader();
        let tbs = reader.expect(tag::SEQUENCE)?;
        let signed_with = SignedWith::read(reader.read()?)?;
        let signature = reader.read()?.bits()?.0.to_vec();
        reader.finish()?;

        let mut reader = tbs.reader();
        reader.optional(tag::constructed(0))?;
        let serial = reader.expect(tag::INTEGER)?;
        reader.expect(tag::SEQUENCE)?;
        let issuer = reader.read()?;
        let mut validity = reader.sequence()?;
        let subject = reader.read()?;
        let public_key = reader.expect(tag::SEQUENCE)?;
        // Unique identifiers, which CAs of Windows do not write.
        reader.optional(tag::context(1))?;
        reader.optional(tag::context(2))?;
        let extensions = reader.optional(tag::constructed(3))?;
        reader.finish()?;
        Ok(Certificate {
            raw: der.to_vec(),
            signed: tbs.raw.to_vec(),
            serial: serial.content.to_vec(),
            issuer: Name::read(issuer)?,
            issuer_der: issuer.raw.to_vec(),
            not_before: validity.read()?.time()?,
            not_after: validity.read()?.time()?,
            subject: Name::read(subject)?,
            subject_der: subject.raw.to_vec(),
            public_key: public_key.raw.to_vec(),
            extensions: match extensions {
                Some(list) => Extensions::read(list.reader().read()?)?,
                None => Extensions::default(),
            },
            signed_with,
            signature,
        })
    }

    /// SHA-1 of the certificate, by which stores name it.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        thumbprint(&self.raw)
    }

    /// SHA-1 of the certificate.
    #[must_use]
    pub fn sha1(&self) -> [u8; 20] {
        sha1(&self.raw)
    }

    /// Serial number in lower-case hex.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        hex::encode(&self.serial)
    }

    /// The template it was issued from, by object identifier when it names both.
    #[must_use]
    pub fn template(&self) -> Option<TemplateReference> {
        let by_oid = self.extensions.template_oid().ok().flatten();
        by_oid.or_else(|| self.extensions.template_name().ok().flatten().map(TemplateReference::Name))
    }

    /// Key usage.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extensions.key_usage().ok().flatten()
    }

    /// Extended key usages; empty when the extension is absent, which means any.
    #[must_use]
    pub fn extended_key_usage(&self) -> Vec<Oid> {
        self.extensions.extended_key_usage().ok().flatten().unwrap_or_default()
    }

    /// Application policies; empty when the extension is absent.
    #[must_use]
    pub fn application_policies(&self) -> Vec<Oid> {
        self.extensions.application_policies().ok().flatten().unwrap_or_default()
    }

    /// Certificate policies; empty when the extension is absent.
    #[must_use]
    pub fn certificate_policies(&self) -> Vec<Oid> {
        self.extensions.certificate_policies().ok().flatten().unwrap_or_default()
    }

    /// Alternative names.
    #[must_use]
    pub fn subject_alt_names(&self) -> Vec<GeneralName> {
        self.extensions.subject_alt_names().unwrap_or_default()
    }

    /// The first user principal name among the alternative names.
    #[must_use]
    pub fn upn(&self) -> Option<String> {
        self.alternative(|name| if let GeneralName::Upn(upn) = name { Some(upn) } else { None })
    }

    /// The first DNS name among the alternative names.
    #[must_use]
    pub fn dns_name(&self) -> Option<String> {
        self.alternative(|name| if let GeneralName::Dns(dns) = name { Some(dns) } else { None })
    }

    /// The first e-mail address among the alternative names.
    #[must_use]
    pub fn mail(&self) -> Option<String> {
        self.alternative(|name| if let GeneralName::Rfc822(mail) = name { Some(mail) } else { None })
    }

    fn alternative(&self, pick: impl FnMut(GeneralName) -> Option<String>) -> Option<String> {
        self.subject_alt_names().into_iter().find_map(pick)
    }

    /// The subject's security identifier.
    #[must_use]
    pub fn sid(&self) -> Option<Sid> {
        self.extensions.sid().ok().flatten()
    }

    /// Whether basic constraints say that the subject is a CA.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.extensions.basic_constraints().ok().flatten().is_some_and(|constraints| constraints.ca)
    }

    /// Subject key identifier extension.
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<Vec<u8>> {
        self.extensions.subject_key_identifier().ok().flatten()
    }

    /// Authority key identifier extension, the key of it.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        self.extensions.authority_key_identifier().ok().flatten()
    }

    /// SHA-1 of the public key, whatever the extensions say.
    ///
    /// # Errors
    /// When the SubjectPublicKeyInfo is malformed.
    pub fn key_identifier(&self) -> Result<[u8; 20], WireError> {
        key_identifier(&self.public_key)
    }

    /// Whether it says that its subject issued it: equal names, and equal key identifiers where it has both. Only its own
    /// signature can prove it.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        let same_key = match (self.subject_key_identifier(), self.authority_key_identifier()) {
            (Some(subject), Some(authority)) => subject == authority,
            _ => true,
        };
        self.issuer_der == self.subject_der && same_key
    }
}

/// SHA-1 of a certificate, DER, by which stores name it. The certificate is not parsed.
#[must_use]
pub fn thumbprint(der: &[u8]) -> Thumbprint {
    Thumbprint(hex::encode(&sha1(der)))
}

/// A certificate that waits for its issuer's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedCertificate {
    /// Serial number, big endian and not negative.
    pub serial: Vec<u8>,
    /// DER of the issuer's name: of the subject of the issuer's certificate, byte for byte.
    pub issuer_der: Vec<u8>,
    /// Valid from then on; fractions of a second are cut off.
    pub not_before: FileTime,
    /// Valid until then; fractions of a second are cut off.
    pub not_after: FileTime,
    /// DER of the subject's name.
    pub subject_der: Vec<u8>,
    /// DER of the SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// Extensions, written in this order.
    pub extensions: Extensions,
    /// How it will be signed.
    pub algorithm: SignatureAlgorithm,
}

impl UnsignedCertificate {
    /// The bytes to sign: DER of the TBSCertificate, version 3.
    #[must_use]
    pub fn tbs(&self) -> Vec<u8> {
        asn1::sequence(&[
            &asn1::explicit(0, &asn1::integer(2)),
            &asn1::unsigned(&self.serial),
            &signature_identifier(self.algorithm),
            &self.issuer_der,
            &asn1::sequence(&[asn1::time_der(self.not_before), asn1::time_der(self.not_after)]),
            &self.subject_der,
            &self.public_key,
            &if self.extensions.0.is_empty() { Vec::new() } else { asn1::explicit(3, &self.extensions.to_der()) },
        ])
    }

    /// The certificate with the signature over [`tbs`](Self::tbs).
    ///
    /// # Errors
    /// When a name or the public key is no DER of its kind.
    pub fn signed(&self, signature: &[u8]) -> Result<Certificate, WireError> {
        let parts = [self.tbs(), signature_identifier(self.algorithm), asn1::bit_string(signature)];
        Certificate::parse(&asn1::sequence(&parts))
    }
}

#[cfg(test)]
mod tests;
