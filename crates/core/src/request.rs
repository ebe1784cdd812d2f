//! Phase H: the request. It is built in stages, each of which wants one signature from a key that only a provider can
//! use.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;

use autoenroll_model::{
    CngSettings, EnrollmentFlags, EventTable, ExtensionsAttribute, Facts, HResult, HashAlgorithm, Inverted,
    KeyAlgorithm, KeyPlace, NameFlags, RequestHash, SignatureAlgorithm, Template, UnknownHash,
};
use autoenroll_wire::cms::{UnsignedMessage, UnsignedSigner};
use autoenroll_wire::{
    Attribute, BasicConstraints, Certificate, CertificationRequest, ClientInfo, CspProvider, Extension, Extensions,
    Name, SignerId, SmimeCapability, SubjectPublicKeyInfo, UnsignedRequest, cmc, digest, flags, oids,
};

use crate::frame::Frame;
use crate::known::{Kind, NewRequest, SigningCertificate};
use crate::rules;

/// A request that wants a signature.
#[derive(Clone, Debug)]
pub(crate) struct RequestBuilder {
    stage: Stage,
    form: Form,
    algorithm: SignatureAlgorithm,
    client_info: Attribute,
    archived_key: Option<Vec<u8>>,
    /// Certificates that sign beside the new key, in the order in which they do.
    others: Vec<OtherSigner>,
}

/// What is known of a key before a request is built for it.
pub(crate) struct RequestKey<'a> {
    pub(crate) provider: &'a str,
    /// `SubjectPublicKeyInfo`, DER.
    pub(crate) public_key: &'a [u8],
    pub(crate) algorithm: KeyAlgorithm,
    /// The private key, enveloped to the CA, where it is archived.
    pub(crate) archived: Option<Vec<u8>>,
}

/// How the finished request looks ([MS-WCCE] 3.1.2.4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Pkcs10,
    /// A CMS renewal around a PKCS #10, for version 1 templates ([MS-WCCE] 2.2.2.6.2).
    RenewalOfPkcs10,
    /// A CMC full request, which a renewal signs a second time ([MS-WCCE] 2.2.2.6.3).
    Cmc,
}

/// What wants the signature.
#[derive(Clone, Debug)]
enum Stage {
    /// The PKCS #10, by the new key.
    Inner(UnsignedRequest),
    /// The message around it, by the signer whose turn it is.
    Outer(Envelope),
}

#[derive(Clone, Debug)]
struct Envelope {
    message: UnsignedMessage,
    /// The signers of the message, in its order.
    signers: Vec<Signer>,
    /// Whose turn it is.
    at: usize,
    tbs: Vec<u8>,
}

#[derive(Clone, Debug)]
struct OtherSigner {
    certificate: SigningCertificate,
    algorithm: SignatureAlgorithm,
}

/// Whose key signs, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signer {
    pub(crate) key: SignerKey,
    pub(crate) algorithm: SignatureAlgorithm,
}

/// Whose key signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignerKey {
    /// The key that is to be certified.
    New,
    /// The key of a certificate that exists already.
    Existing(KeyPlace),
}

/// What a signature makes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Built {
    /// One more signature is wanted.
    Wants(Box<RequestBuilder>),
    /// It is ready for a CA.
    Finished(FinishedRequest),
}

/// A finished request.
#[derive(Clone, Debug)]
pub(crate) struct FinishedRequest {
    /// `dwFlags`: the request type and options ([MS-WCCE] 3.2.1.4.3.1.1).
    pub(crate) flags: u32,
    pub(crate) der: Vec<u8>,
    /// It carries the private key, which only the CA can read whose exchange certificate was used.
    pub(crate) archives_key: bool,
}

/// Why a request cannot be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unbuilt {
    /// With this code.
    Failed(HResult),
    /// A planted-bugs build leaves a step out.
    Inverted(Inverted),
}

impl From<HResult> for Unbuilt {
    fn from(code: HResult) -> Self {
        Self::Failed(code)
    }
}

impl From<Inverted> for Unbuilt {
    fn from(inverted: Inverted) -> Self {
        Self::Inverted(inverted)
    }
}

impl RequestBuilder {
    /// Begins a request.
    ///
    /// # Errors
    /// When a certificate that is to sign cannot be read, or the template names an unknown hash.
    pub(crate) fn new(frame: &mut Frame, request: &NewRequest, key: RequestKey<'_>) -> Result<Self, Unbuilt> {
        let template = &request.template.template;
        let old = if let Kind::Renew(old) = &request.kind { Some(old) } else { None };
        let signing = Signing::new(frame, template)?;
        let algorithm = signing.with(key.algorithm);
        let full = template.schema_version() >= 2;
        let rule = if old.is_some() { rules::RENEWAL_FORMAT } else { rules::REQUEST_FORMAT };
        let facts = Facts::new().with("schema", template.schema_version());
        let form = match (frame.decide(rule, &template.name, full, facts).holds, old) {
            (true, _) => Form::Cmc,
            (false, Some(_)) => Form::RenewalOfPkcs10,
            (false, None) => Form::Pkcs10,
        };
        let client_info = client_info(frame)?;
        let mut attributes = alloc::vec![
            Attribute::os_version(os_version(frame)),
            client_info.clone(),
            Attribute::csp_provider(&CspProvider {
                key_spec: flags::key_spec(template.key_spec),
                name: key.provider.into(),
                signature: Vec::new()
            }),
        ];
        // The CA learns from it which certificate is renewed ([MS-WCCE] 3.1.1.4.3.2).
        attributes.extend(old.map(|old| Attribute::renewal_certificate(&old.certificate)));
        let facts = Facts::new().with("attribute", frame.profile().extensions_attribute.as_str());
        let microsoft = frame.profile().extensions_attribute == ExtensionsAttribute::Microsoft;
        let place = match frame.decide(rules::EXTENSIONS_ATTRIBUTE, &template.name, microsoft, facts).holds {
            true => ExtensionsAttribute::Microsoft,
            false => ExtensionsAttribute::Pkcs9,
        };
        attributes.push(Attribute::extensions(&extensions(frame, template)?, place));
        let subject = subject(frame, template, old)?;
        let inner = UnsignedRequest { subject, public_key: key.public_key.to_vec(), attributes, algorithm };
        let mut others = Vec::new();
        for certificate in [old, request.cosigner.as_ref()].into_iter().flatten().cloned() {
            let algorithm = signing.with(key_algorithm_of(&certificate.certificate)?);
            others.push(OtherSigner { certificate, algorithm });
        }
        Ok(Self { stage: Stage::Inner(inner), form, algorithm, client_info, archived_key: key.archived, others })
    }

    /// Who has to sign next.
    pub(crate) fn signer(&self) -> Signer {
        match &self.stage {
            Stage::Inner(_) => Signer { key: SignerKey::New, algorithm: self.algorithm },
            Stage::Outer(envelope) => envelope.signers[envelope.at].clone(),
        }
    }

    /// What is to be signed.
    pub(crate) fn to_be_signed(&self) -> Vec<u8> {
        match &self.stage {
            Stage::Inner(inner) => inner.tbs(),
            Stage::Outer(envelope) => envelope.tbs.clone(),
        }
    }

    /// Takes the signature that was wanted.
    ///
    /// # Errors
    /// When a certificate or the public key cannot be read.
    pub(crate) fn signed(mut self, signature: Vec<u8>) -> Result<Built, HResult> {
        match self.stage {
            Stage::Inner(ref inner) => {
                let inner = inner.signed(&signature).map_err(|_| HResult::ERROR_INVALID_DATA)?;
                self.wrap(inner)
            }
            Stage::Outer(Envelope { ref mut message, at, .. }) => {
                message.sign(at, signature);
                self.next_signer()
            }
        }
    }

    /// The signed PKCS #10 in the form that goes to the CA.
    fn wrap(self, inner: CertificationRequest) -> Result<Built, HResult> {
        let (mut message, mut signers) = match self.form {
            Form::Pkcs10 => return Ok(Built::Finished(self.finished(inner.raw))),
            Form::RenewalOfPkcs10 => (UnsignedMessage::new(oids::DATA, inner.raw), Vec::new()),
            Form::Cmc => {
                (self.full_request(&inner)?, alloc::vec![Signer { key: SignerKey::New, algorithm: self.algorithm }])
            }
        };
        for OtherSigner { certificate, algorithm } in &self.others {
            let view = Certificate::parse(&certificate.certificate).map_err(|_| HResult::CRYPT_E_NOT_FOUND)?;
            message = message
                .with_certificate(&certificate.certificate)
                .with_signer(UnsignedSigner::new(view.signer_id(), *algorithm));
            signers.push(Signer { key: SignerKey::Existing(certificate.key.clone()), algorithm: *algorithm });
        }
        let envelope = Envelope { message, signers, at: 0, tbs: Vec::new() };
        Self { stage: Stage::Outer(envelope), ..self }.next_signer()
    }

    /// PKIData with the PKCS #10, signed by its key, which is named by its identifier ([MS-WCCE] 2.2.2.6.3, RFC 5272
    /// 3.2.1).
    fn full_request(&self, inner: &CertificationRequest) -> Result<UnsignedMessage, HResult> {
        let mut attributes = alloc::vec![self.client_info.clone()];
        if let Some(blob) = &self.archived_key {
            // The hash ties the enveloped key, which the signature does not cover, to the signed request ([MS-WCCE]
            // 2.2.2.7.9).
            attributes.push(Attribute::encrypted_key_hash(HashAlgorithm::Sha1, &digest(HashAlgorithm::Sha1, blob)));
        }
        let id = inner.key_identifier().map_err(|_| HResult::ERROR_INVALID_DATA)?;
        let mut signer = UnsignedSigner::new(SignerId::KeyIdentifier(id.to_vec()), self.algorithm);
        if let Some(blob) = &self.archived_key {
            signer = signer.with_unsigned_attribute(Attribute::archived_key(blob));
        }
        Ok(cmc::full_request_unsigned(inner, attributes).with_signer(signer))
    }

    /// The message when every signature is there, otherwise the request that waits for the next.
    fn next_signer(mut self) -> Result<Built, HResult> {
        let Stage::Outer(envelope) = &mut self.stage else {
            unreachable!("only a message has signers that follow each other");
        };
        if let Some((at, tbs)) = envelope.message.next_tbs() {
            (envelope.at, envelope.tbs) = (at, tbs);
            return Ok(Built::Wants(Box::new(self)));
        }
        let message = envelope.message.finish().map_err(|_| HResult::CRYPT_E_NO_SIGNER)?;
        Ok(Built::Finished(self.finished(message.raw)))
    }

    const fn finished(&self, der: Vec<u8>) -> FinishedRequest {
        // Q3.8.request-type
        let kind = match self.form {
            Form::Pkcs10 => flags::CR_IN_PKCS10,
            Form::RenewalOfPkcs10 => flags::CR_IN_PKCS7,
            Form::Cmc => flags::CR_IN_CMC,
        };
        // Q3.8.full-response
        let archives_key = self.archived_key.is_some();
        let options = if archives_key { flags::CR_IN_FULLRESPONSE } else { 0 };
        FinishedRequest { flags: kind | options, der, archives_key }
    }
}

/// The key a template asks for ([MS-WCCE] 3.1.2.4.2.2): RSA of at least the minimal size, or what the CNG settings say.
///
/// # Errors
/// `NTE_BAD_LEN` for a longer RSA key than any provider has, `NTE_BAD_ALGID` for an algorithm or a hash that is not
/// known.
pub(crate) fn key_algorithm(frame: &mut Frame, template: &Template) -> Result<KeyAlgorithm, Unbuilt> {
    let algorithm = match template.cng_settings() {
        Some(cng) => cng.key_algorithm(template.minimal_key_size),
        None => KeyAlgorithm::rsa_at_least(template.minimal_key_size),
    };
    let facts = Facts::new()
        .with("minimal-key-size", template.minimal_key_size)
        .with_some("algorithm", algorithm.map(KeyAlgorithm::as_str));
    frame.applies(rules::KEY_ALGORITHM, &template.name, facts)?;
    let Some(algorithm) = algorithm else {
        // X6.3.0x80090004
        let too_long = KeyAlgorithm::rsa_at_least(template.minimal_key_size).is_none();
        return Err(Unbuilt::Failed(if too_long { HResult::NTE_BAD_LEN } else { HResult::NTE_BAD_ALGID }));
    };
    // The hash before the key is made, for without one nothing could be done with the key.
    named_hash(template)?;
    Ok(algorithm)
}

/// The hash under every signature of a request: the one that the template names ([MS-WCCE] 3.1.2.4.2.2.2.5), otherwise
/// `None`, and the client chooses.
///
/// # Errors
/// `NTE_BAD_ALGID` when the name is not known: what a provider says of a hash it does not have (CryptCreateHash).
fn named_hash(template: &Template) -> Result<Option<HashAlgorithm>, HResult> {
    let named = template.cng_settings().map_or(Ok(None), CngSettings::hash);
    named.map_err(|UnknownHash| HResult::NTE_BAD_ALGID)
}

/// How the keys of a request sign.
#[derive(Clone, Copy)]
struct Signing {
    /// An RSA key.
    rsa: HashAlgorithm,
    /// An elliptic curve.
    elliptic: HashAlgorithm,
}

impl Signing {
    fn new(frame: &mut Frame, template: &Template) -> Result<Self, Unbuilt> {
        if let Some(hash) = named_hash(template)? {
            frame.applies(rules::KEY_ALGORITHM, &template.name, Facts::new().with("hash", hash.as_str()))?;
            return Ok(Self { rsa: hash, elliptic: hash });
        }
        let chosen = frame.profile().request_hash;
        let facts = Facts::new().with("hash", chosen.as_str());
        let modern = frame.decide(rules::REQUEST_HASH, &template.name, chosen == RequestHash::Sha256, facts).holds;
        let rsa = if modern { HashAlgorithm::Sha256 } else { HashAlgorithm::Sha1 };
        Ok(Self { rsa, elliptic: HashAlgorithm::Sha256 })
    }

    fn with(self, key: KeyAlgorithm) -> SignatureAlgorithm {
        let hash = if key == KeyAlgorithm::P256 { self.elliptic } else { self.rsa };
        SignatureAlgorithm::of(key, hash)
    }
}

/// The algorithm of a key that is used again: what the template wants now, unless the old certificate has a key of
/// another kind.
///
/// # Errors
/// When the certificate cannot be read.
pub(crate) fn algorithm_of_reused(certificate: &[u8], wanted: KeyAlgorithm) -> Result<KeyAlgorithm, HResult> {
    let kind = key_algorithm_of(certificate)?;
    let same = (kind == KeyAlgorithm::P256) == (wanted == KeyAlgorithm::P256);
    Ok(if same { wanted } else { kind })
}

/// What kind of key a certificate is for; its size does not matter for signing.
fn key_algorithm_of(certificate: &[u8]) -> Result<KeyAlgorithm, HResult> {
    let view = Certificate::parse(certificate).map_err(|_| HResult::CRYPT_E_NOT_FOUND)?;
    let key = SubjectPublicKeyInfo::parse(&view.public_key).map_err(|_| HResult::CRYPT_E_NOT_FOUND)?;
    let elliptic = key.algorithm.as_str() == oids::EC_PUBLIC_KEY;
    Ok(if elliptic { KeyAlgorithm::P256 } else { KeyAlgorithm::Rsa2048 })
}

/// `major.minor.build.platform` ([MS-WCCE] 2.2.2.7.1).
fn os_version(frame: &Frame) -> &'static str {
    frame.profile().version().os_version()
}

/// Who asks ([MS-WCCE] 2.2.2.7.4): client id 2 is the autoenrollment of Server 2003, 6 that of Vista and later.
fn client_info(frame: &mut Frame) -> Result<Attribute, Inverted> {
    let client_id = match frame.profile().events {
        EventTable::Classic => 2,
        EventTable::Modern => 6,
    };
    let subject = frame.identity.principal.clone();
    frame.applies(rules::CLIENT_INFO, &subject, Facts::new().with("client-id", client_id))?;
    let identity = &frame.identity;
    Ok(Attribute::client_info(&ClientInfo {
        client_id,
        machine: identity.computer.clone(),
        user: alloc::format!("{}\\{}", identity.domain, identity.principal),
        process: "autoenroll".to_string(),
    }))
}

/// Empty unless the renewal repeats the old names: the CA knows the subject better ([MS-WCCE] 3.1.2.4.2.2.2.10).
fn subject(frame: &mut Frame, template: &Template, old: Option<&SigningCertificate>) -> Result<Name, Inverted> {
    let repeats = frame.profile().renewal_subject.is_yes()
        && template.name_flags.contains(NameFlags::OLD_CERT_SUPPLIES_SUBJECT_AND_ALT_NAME);
    if let Some(old) = old
        && frame.decide(rules::RENEWAL_SUBJECT, &template.name, repeats, Facts::new()).holds
        && let Ok(view) = Certificate::parse(&old.certificate)
    {
        return Ok(view.subject);
    }
    frame.applies(rules::EMPTY_SUBJECT, &template.name, Facts::new())?;
    Ok(Name::default())
}

/// The extensions asked for ([MS-WCCE] 3.1.2.4.2.2).
fn extensions(frame: &mut Frame, template: &Template) -> Result<Extensions, Inverted> {
    let facts = Facts::new().with("schema", template.schema_version());
    frame.applies(rules::REQUEST_EXTENSIONS, &template.name, facts)?;
    let mut list = Extension::of_template(template);
    if template.enrollment(EnrollmentFlags::INCLUDE_SYMMETRIC_ALGORITHMS) {
        list.push(Extension::smime_capabilities(&SmimeCapability::windows_2003()));
    }
    // A template for CAs, whose constraints would say so, is never a candidate.
    if template.enrollment(EnrollmentFlags::INCLUDE_BASIC_CONSTRAINTS_FOR_EE_CERTS) {
        list.push(Extension::basic_constraints(BasicConstraints { ca: false, path_length: None }));
    }
    let marked = |extension: Extension| {
        let critical = template.critical_extensions.contains(&extension.oid);
        if critical { extension.critical(true) } else { extension }
    };
    Ok(Extensions(list.into_iter().map(marked).collect()))
}
