//! Phase H: the request. It is built in stages, each of which wants one signature from a key that only a provider can use.

use alloc::string::ToString;
use alloc::vec::Vec;

use autoenroll_model::{
    Action, CngSettings, EnrollmentFlags, EventTable, ExtensionsAttribute, Facts, GeneralFlags, HResult, HashAlgorithm,
    KeyAlgorithm, KeySpec, NameFlags, Oid, RequestHash, SignatureAlgorithm, Template, UnknownHash,
};
use autoenroll_wire::cms::{UnsignedMessage, UnsignedSigner};
use autoenroll_wire::{
    Attribute, BasicConstraints, Certificate, CertificationRequest, ClientInfo, CspProvider, Extension, Extensions,
    Name, SmimeCapability, TemplateReference, UnsignedRequest, cmc, digest, oids,
};

use crate::frame::Frame;
use crate::plan::{Item, OldCertificate};
use crate::rules;

/// A request on its way to being finished.
#[derive(Clone, Debug)]
pub(crate) struct RequestBuilder {
    stage: Stage,
    form: Form,
    algorithm: SignatureAlgorithm,
    client_info: Attribute,
    archived_key: Option<Vec<u8>>,
    old: Option<(OldCertificate, SignatureAlgorithm)>,
    cosigner: Option<(OldCertificate, SignatureAlgorithm)>,
}

/// How the finished request looks ([MS-WCCE] 3.1.2.4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Pkcs10,
    /// A CMS renewal around a PKCS #10, for version 1 templates.
    RenewalOfPkcs10,
    /// A CMC full request, which a renewal signs a second time.
    Cmc,
}

#[derive(Clone, Debug)]
enum Stage {
    Inner(UnsignedRequest),
    Outer { message: UnsignedMessage, signers: Vec<Signer>, at: usize, tbs: Vec<u8> },
    Complete(Vec<u8>),
}

/// Whose key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signer {
    /// The key that is to be certified.
    New,
    /// The key of the certificate that is renewed.
    Old,
    /// The key of the registration authority.
    Cosigner,
}

/// What the builder wants.
pub(crate) enum Demand {
    /// A signature.
    Sign { signer: Signer, algorithm: SignatureAlgorithm, message: Vec<u8> },
    /// Nothing more.
    Complete(Finished),
}

/// A finished request, ready for a CA.
pub(crate) struct Finished {
    /// `dwFlags`: the request type ([MS-WCCE] 3.2.1.4.3.1.1).
    pub(crate) flags: u32,
    pub(crate) der: Vec<u8>,
}

impl RequestBuilder {
    /// Begins the request of an item.
    ///
    /// # Errors
    /// When a certificate that is to sign cannot be read, or the template names a hash that nobody knows.
    pub(crate) fn new(
        frame: &mut Frame,
        item: &Item,
        template: &Template,
        provider: &str,
        public_key: &[u8],
        algorithm: Option<KeyAlgorithm>,
        archived_key: Option<Vec<u8>>,
    ) -> Result<Self, HResult> {
        let signing = Signing::new(frame, template)?;
        let algorithm = signing.with(algorithm.unwrap_or(KeyAlgorithm::Rsa2048));
        let full = template.schema_version() >= 2;
        let renewal = item.action == Action::Renew && item.old.is_some();
        let full = if renewal {
            frame.decide(
                rules::RENEWAL_FORMAT,
                &template.name,
                full,
                Facts::new().with("schema", template.schema_version()),
            )
        } else {
            frame.decide(
                rules::REQUEST_FORMAT,
                &template.name,
                full,
                Facts::new().with("schema", template.schema_version()),
            )
        };
        let form = match (full, renewal) {
            (true, _) => Form::Cmc,
            (false, true) => Form::RenewalOfPkcs10,
            (false, false) => Form::Pkcs10,
        };
        let client_info = client_info(frame);
        let mut attributes = alloc::vec![
            Attribute::os_version(os_version(frame)),
            client_info.clone(),
            Attribute::csp_provider(&CspProvider {
                key_spec: key_spec(template),
                name: provider.into(),
                signature: Vec::new()
            }),
        ];
        let old = item.old.clone().filter(|_| renewal);
        if let Some(old) = &old {
            attributes.push(Attribute::renewal_certificate(&old.certificate));
        }
        let facts = Facts::new().with("attribute", frame.profile().extensions_attribute.as_str());
        let microsoft = frame.profile().extensions_attribute == ExtensionsAttribute::Microsoft;
        let place = match frame.decide(rules::EXTENSIONS_ATTRIBUTE, &template.name, microsoft, facts) {
            true => ExtensionsAttribute::Microsoft,
            false => ExtensionsAttribute::Pkcs9,
        };
        attributes.push(Attribute::extensions(&extensions(frame, template), place));
        let subject = subject(frame, template, old.as_ref());
        let inner = UnsignedRequest { subject, public_key: public_key.to_vec(), attributes, algorithm };
        let with_algorithm = |signer: OldCertificate| {
            let key = key_algorithm_of(&signer.certificate).ok_or(HResult::CRYPT_E_NOT_FOUND)?;
            Ok::<_, HResult>((signer, signing.with(key)))
        };
        Ok(Self {
            stage: Stage::Inner(inner),
            form,
            algorithm,
            client_info,
            archived_key,
            old: old.map(with_algorithm).transpose()?,
            cosigner: item.cosigner.clone().map(with_algorithm).transpose()?,
        })
    }

    /// What is wanted next.
    pub(crate) fn next(&self) -> Demand {
        let signature = |signer: Signer| match signer {
            Signer::New => self.algorithm,
            Signer::Old => self.old.as_ref().map_or(self.algorithm, |(_, algorithm)| *algorithm),
            Signer::Cosigner => self.cosigner.as_ref().map_or(self.algorithm, |(_, algorithm)| *algorithm),
        };
        match &self.stage {
            Stage::Inner(inner) => {
                Demand::Sign { signer: Signer::New, algorithm: self.algorithm, message: inner.tbs() }
            }
            Stage::Outer { signers, at, tbs, .. } => {
                let signer = signers.get(*at).copied().unwrap_or(Signer::New);
                Demand::Sign { signer, algorithm: signature(signer), message: tbs.clone() }
            }
            Stage::Complete(der) => Demand::Complete(Finished { flags: self.flags(), der: der.clone() }),
        }
    }

    const fn flags(&self) -> u32 {
        let kind = match self.form {
            Form::Pkcs10 => 0x100,
            Form::RenewalOfPkcs10 => 0x300,
            Form::Cmc => 0x400,
        };
        if self.archived_key.is_some() { kind | FULL_RESPONSE } else { kind }
    }

    /// Takes the signature that was wanted.
    ///
    /// # Errors
    /// When the message cannot be put together, which a signature of the right key never causes.
    pub(crate) fn signed(&mut self, signature: &[u8]) -> Result<(), HResult> {
        let stage = core::mem::replace(&mut self.stage, Stage::Complete(Vec::new()));
        self.stage = match stage {
            Stage::Inner(inner) => self.wrap(inner.signed(signature).map_err(|_| HResult::ERROR_INVALID_DATA)?)?,
            Stage::Outer { mut message, signers, at, .. } => {
                message.sign(at, signature.to_vec());
                finish(message, signers)?
            }
            Stage::Complete(der) => Stage::Complete(der),
        };
        Ok(())
    }

    /// The signed PKCS #10 in the form that goes to the CA.
    fn wrap(&self, inner: CertificationRequest) -> Result<Stage, HResult> {
        let (mut message, mut signers) = match self.form {
            Form::Pkcs10 => return Ok(Stage::Complete(inner.raw)),
            Form::RenewalOfPkcs10 => (UnsignedMessage::new(oids::DATA, inner.raw), Vec::new()),
            Form::Cmc => {
                let mut attributes = alloc::vec![self.client_info.clone()];
                if let Some(blob) = &self.archived_key {
                    let hash = digest(HashAlgorithm::Sha1, blob);
                    attributes.push(Attribute::encrypted_key_hash(HashAlgorithm::Sha1, &hash));
                }
                let message = cmc::full_request_unsigned(&inner, attributes);
                let id = inner.key_identifier().map_err(|_| HResult::ERROR_INVALID_DATA)?;
                let mut signer =
                    UnsignedSigner::new(autoenroll_wire::SignerId::KeyIdentifier(id.to_vec()), self.algorithm);
                if let Some(blob) = &self.archived_key {
                    signer = signer.with_unsigned_attribute(Attribute::archived_key(blob));
                }
                (message.with_signer(signer), alloc::vec![Signer::New])
            }
        };
        for (other, kind) in [(&self.old, Signer::Old), (&self.cosigner, Signer::Cosigner)] {
            if let Some((other, algorithm)) = other {
                let certificate = Certificate::parse(&other.certificate).map_err(|_| HResult::CRYPT_E_NOT_FOUND)?;
                message = message
                    .with_certificate(&other.certificate)
                    .with_signer(UnsignedSigner::new(certificate.signer_id(), *algorithm));
                signers.push(kind);
            }
        }
        finish(message, signers)
    }
}

/// `dwFlags`: ask for a full CMC response.
const FULL_RESPONSE: u32 = 0x0004_0000;

/// The message when every signature is there, otherwise the message that waits for the next.
fn finish(message: UnsignedMessage, signers: Vec<Signer>) -> Result<Stage, HResult> {
    if let Some((at, tbs)) = message.next_tbs() {
        return Ok(Stage::Outer { message, signers, at, tbs });
    }
    let finished = message.finish().map_err(|_| HResult::CRYPT_E_NO_SIGNER)?;
    Ok(Stage::Complete(finished.raw))
}

/// The key a template asks for ([MS-WCCE] 3.1.2.4.2.2): RSA of at least the minimal size, or what the CNG settings say.
pub(crate) fn key_algorithm(frame: &mut Frame, template: &Template) -> Option<KeyAlgorithm> {
    let algorithm = match template.cng_settings() {
        Some(cng) => cng.key_algorithm(template.minimal_key_size),
        None => KeyAlgorithm::rsa_at_least(template.minimal_key_size),
    };
    let facts = Facts::new()
        .with("minimal-key-size", template.minimal_key_size)
        .with_some("algorithm", algorithm.map(KeyAlgorithm::as_str));
    if frame.decide(rules::KEY_ALGORITHM, &template.name, true, facts) {
        algorithm
    } else {
        KeyAlgorithm::rsa_at_least(1024)
    }
}

/// The hash under every signature of a request: the one that the template names ([MS-WCCE] 3.1.2.4.2.2.2.5), otherwise `None`,
/// and the client chooses.
///
/// # Errors
/// `NTE_BAD_ALGID` when nobody knows the name: what a provider says of a hash it does not have (CryptCreateHash).
pub(crate) fn named_hash(template: &Template) -> Result<Option<HashAlgorithm>, HResult> {
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
    fn new(frame: &mut Frame, template: &Template) -> Result<Self, HResult> {
        if let Some(hash) = named_hash(template)?
            && frame.decide(rules::KEY_ALGORITHM, &template.name, true, Facts::new().with("hash", hash.as_str()))
        {
            return Ok(Self { rsa: hash, elliptic: hash });
        }
        let chosen = frame.profile().request_hash;
        let facts = Facts::new().with("hash", chosen.as_str());
        let modern = frame.decide(rules::REQUEST_HASH, &template.name, chosen == RequestHash::Sha256, facts);
        let rsa = if modern { HashAlgorithm::Sha256 } else { HashAlgorithm::Sha1 };
        Ok(Self { rsa, elliptic: HashAlgorithm::Sha256 })
    }

    fn with(self, key: KeyAlgorithm) -> SignatureAlgorithm {
        let hash = if key == KeyAlgorithm::P256 { self.elliptic } else { self.rsa };
        SignatureAlgorithm::of(key, hash)
    }
}

/// What kind of key a certificate is for; its size does not matter for signing.
fn key_algorithm_of(certificate: &[u8]) -> Option<KeyAlgorithm> {
    let view = Certificate::parse(certificate).ok()?;
    let elliptic = view.public_key.windows(EC_PUBLIC_KEY.len()).any(|window| window == EC_PUBLIC_KEY);
    Some(if elliptic { KeyAlgorithm::P256 } else { KeyAlgorithm::Rsa2048 })
}

/// DER of the object identifier id-ecPublicKey (RFC 5480 2.1.1).
const EC_PUBLIC_KEY: &[u8] = &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];

const fn key_spec(template: &Template) -> u32 {
    match template.key_spec {
        KeySpec::Exchange => 1,
        KeySpec::Signature => 2,
    }
}

/// `major.minor.build.platform` ([MS-WCCE] 2.2.2.7.1).
fn os_version(frame: &Frame) -> &'static str {
    match frame.profile().events {
        EventTable::Classic => "5.2.3790.2",
        EventTable::Modern => "10.0.19045.2",
    }
}

/// Who asks ([MS-WCCE] 2.2.2.7.4): client id 2 is the autoenrollment of Server 2003, 6 that of Vista and later.
fn client_info(frame: &mut Frame) -> Attribute {
    let client_id = match frame.profile().events {
        EventTable::Classic => 2,
        EventTable::Modern => 6,
    };
    let identity = &frame.identity;
    let info = ClientInfo {
        client_id,
        machine: identity.computer.clone(),
        user: alloc::format!("{}\\{}", identity.domain, identity.principal),
        process: "autoenroll".to_string(),
    };
    let subject = identity.principal.clone();
    let kept = frame.decide(rules::CLIENT_INFO, &subject, true, Facts::new().with("client-id", client_id));
    Attribute::client_info(&if kept { info } else { ClientInfo { client_id: 9, ..info } })
}

/// Empty unless the renewal repeats the old names: the CA knows the subject better.
fn subject(frame: &mut Frame, template: &Template, old: Option<&OldCertificate>) -> Name {
    let repeats = frame.profile().renewal_subject.is_yes()
        && template.name_flags.contains(NameFlags::OLD_CERT_SUPPLIES_SUBJECT_AND_ALT_NAME);
    if let Some(old) = old
        && frame.decide(rules::RENEWAL_SUBJECT, &template.name, repeats, Facts::new())
        && let Ok(view) = Certificate::parse(&old.certificate)
    {
        return view.subject;
    }
    if frame.decide(rules::EMPTY_SUBJECT, &template.name, true, Facts::new()) {
        Name::default()
    } else {
        Name::default().with(oids::COMMON_NAME, &frame.identity.principal)
    }
}

/// The extensions asked for ([MS-WCCE] 3.1.2.4.2.2).
fn extensions(frame: &mut Frame, template: &Template) -> Extensions {
    let all = frame.decide(
        rules::REQUEST_EXTENSIONS,
        &template.name,
        true,
        Facts::new().with("schema", template.schema_version()),
    );
    let mut list = Vec::new();
    let identity = match &template.oid {
        Some(oid) if template.schema_version() >= 2 => {
            TemplateReference::Oid { oid: oid.clone(), major: Some(template.revision), minor: Some(template.minor) }
        }
        _ => TemplateReference::Name(template.name.clone()),
    };
    list.push(Extension::template(&identity));
    if !all {
        return Extensions(list);
    }
    if !template.eku.is_empty() {
        list.push(Extension::extended_key_usage(&template.eku));
    }
    if !template.key_usage.is_empty() {
        list.push(Extension::key_usage(template.key_usage));
    }
    if !template.application_policies.is_empty() {
        list.push(Extension::application_policies(&template.application_policies));
    }
    if !template.certificate_policies.is_empty() {
        list.push(Extension::certificate_policies(&template.certificate_policies));
    }
    if template.enrollment(EnrollmentFlags::INCLUDE_SYMMETRIC_ALGORITHMS) {
        list.push(Extension::smime_capabilities(&SmimeCapability::windows_2003()));
    }
    let for_ca = template.flags.intersects(GeneralFlags::IS_CA.union(GeneralFlags::IS_CROSS_CA));
    if for_ca {
        let path_length = u32::try_from(template.max_issuing_depth).ok();
        list.push(Extension::basic_constraints(BasicConstraints { ca: true, path_length }));
    } else if template.enrollment(EnrollmentFlags::INCLUDE_BASIC_CONSTRAINTS_FOR_EE_CERTS) {
        list.push(Extension::basic_constraints(BasicConstraints { ca: false, path_length: None }));
    }
    let critical = |oid: &Oid| template.critical_extensions.contains(oid);
    Extensions(
        list.into_iter()
            .map(|extension| {
                let marked = critical(&extension.oid);
                if marked { extension.critical(true) } else { extension }
            })
            .collect(),
    )
}
