//! What a request asks for, once its form and signatures are right.

use autoenroll_keys::{PrivateKey, PublicKey};
use autoenroll_model::Oid;
use autoenroll_wire::{Attribute, Certificate, Extension, Extensions, GeneralName, Name, TemplateReference, oids};

use crate::archive::ArchiveError;

/// A request whose form and signatures are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VerifiedRequest {
    /// The subject it asks for; mostly empty.
    pub(crate) subject: Name,
    /// DER of the SubjectPublicKeyInfo as received.
    pub(crate) public_key: Vec<u8>,
    pub(crate) key: PublicKey,
    pub(crate) extensions: Extensions,
    /// Every way in which the request names its template.
    pub(crate) template_identifiers: Vec<TemplateReference>,
    /// The certificate that it renews, which has signed it.
    pub(crate) renews: Option<SignerCertificate>,
    /// Other certificates that have signed it, each once.
    pub(crate) co_signers: Vec<SignerCertificate>,
    /// The enveloped private key, when it brings one.
    pub(crate) archived_key: Option<ArchivedKey>,
}

/// A certificate whose key has signed a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignerCertificate {
    /// DER.
    pub(crate) raw: Vec<u8>,
    pub(crate) key: PublicKey,
    pub(crate) subject: Name,
    pub(crate) template: Option<TemplateReference>,
    pub(crate) alternative_names: Vec<GeneralName>,
    pub(crate) alternative_name_extension: Option<Extension>,
    /// Certificate policies.
    pub(crate) policies: Vec<Oid>,
    /// Extended key usages.
    pub(crate) usages: Vec<Oid>,
}

/// A private key on its way into the archive ([MS-WCCE] 3.2.2.6.2.1.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArchivedKey {
    /// EnvelopedData in a ContentInfo, DER.
    pub(crate) enveloped: Vec<u8>,
    /// The attribute that states its hash, when that is right.
    pub(crate) hash: Option<Attribute>,
    /// The key within; `None` when the CA does not archive.
    pub(crate) opened: Option<Result<PrivateKey, ArchiveError>>,
}

impl SignerCertificate {
    /// What a CA looks at in it; `None` when its key is of no kind that is known.
    pub(crate) fn of(certificate: &Certificate) -> Option<Self> {
        Some(Self {
            raw: certificate.raw.clone(),
            key: PublicKey::from_spki_der(&certificate.public_key).ok()?,
            subject: certificate.subject.clone(),
            template: certificate.template(),
            alternative_names: certificate.subject_alt_names(),
            alternative_name_extension: certificate.extensions.get(oids::SUBJECT_ALT_NAME).cloned(),
            policies: certificate.certificate_policies(),
            usages: certificate.extended_key_usage(),
        })
    }
}
