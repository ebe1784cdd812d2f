//! A request as it comes: form first ([`Envelope::open`]), then signatures ([`Envelope::verify`]).

use autoenroll_keys::{HashAlgorithm, KeyMode, PublicKey, digest};
use autoenroll_model::{Facts, FileTime};
use autoenroll_wire::asn1::{self, tag};
use autoenroll_wire::cms::SignerCheck;
use autoenroll_wire::flags::{
    CR_IN_CERTIFICATETRANSPARENCY, CR_IN_CMC, CR_IN_CRLS, CR_IN_FORMATANY, CR_IN_FORMATMASK, CR_IN_PKCS7, CR_IN_PKCS10,
    CR_IN_PRESIGN, CR_IN_ROBO,
};
use autoenroll_wire::{
    Attributes, Certificate, Extensions, Request, SignedMessage, SignedWith, SignerId, TemplateReference, WireError,
    oids,
};

use crate::database::Database;
use crate::judge::{Judge, Refusal};
use crate::request::{ArchivedKey, SignerCertificate, VerifiedRequest};
use crate::rules;
use crate::trust::Trust;

/// A request of right form, whose signatures are not verified yet.
pub(crate) struct Envelope {
    form: Request,
    key: PublicKey,
    attributes: Attributes,
    extensions: Extensions,
    name_values: Vec<(String, String)>,
    /// Those among the signed attributes, where a request on behalf of another names the requester ([MS-WCCE]
    /// 3.2.2.6.2.1.2.1.1).
    signed_name_values: Vec<(String, String)>,
    template_identifiers: Vec<TemplateReference>,
}

impl Envelope {
    /// Reads a request for a key that is real or symbolic, as the CA's own key is; `attributes` are the name and value
    /// pairs of its submission.
    pub(crate) fn open(
        judge: &mut Judge<'_>,
        keys: KeyMode,
        flags: u32,
        request: &[u8],
        attributes: &[(String, String)],
    ) -> Result<Self, Refusal> {
        let read = Self::read(keys, request, attributes);
        let facts = Facts::new().with_some("error", read.as_ref().err());
        judge.require(&rules::FORM, read.is_ok(), facts.clone())?;
        let envelope = read.map_err(|_| Refusal::by(&rules::FORM, &facts))?;
        // Q3.8.request-type
        let announced = flags & CR_IN_FORMATMASK;
        let facts = Facts::new().with("announced", announced >> 8).with("found", form_name(&envelope.form));
        judge.require(&rules::TYPE, is_of_type(&envelope.form, announced), facts)?;
        let facts = Facts::new().with("flags", format!("0x{flags:08X}"));
        judge.require(&rules::OPTIONS, flags & UNSUPPORTED_OPTIONS == 0, facts)?;
        let signed = envelope.form.messages().all(|message| !message.signers.is_empty());
        judge.require(&rules::SIGNED, signed, Facts::new())?;
        Ok(envelope)
    }

    fn read(keys: KeyMode, request: &[u8], submitted: &[(String, String)]) -> Result<Self, String> {
        let text = |error: WireError| error.to_string();
        let form = Request::parse(request).map_err(text)?;
        if let Request::Cmc { data, .. } = innermost(&form)
            && data.requests.len() != 1
        {
            return Err(format!("a CMC request holds one PKCS #10, this one {} requests", data.requests.len()));
        }
        let key = PublicKey::from_spki_der(&form.pkcs10().public_key).map_err(|error| error.to_string())?;
        // Nothing else has to look: each chain of trust begins with a CA, and no CA certifies keys of the other kind.
        if key.mode() != keys {
            return Err(format!("the key is {}, and those of the CA are {keys}", key.mode()));
        }
        let attributes = form.attributes().map_err(text)?;
        // Of these a request has one value each ([MS-WCCE] 2.2.2.7.1, 2.2.2.7.2); with several none could be believed.
        for single in [oids::OS_VERSION, oids::ENROLLMENT_CSP_PROVIDER] {
            if attributes.get(single).is_some_and(|attribute| attribute.values.len() > 1) {
                return Err(format!("attribute {single} has more than one value"));
            }
        }
        attributes.os_version().map_err(text)?;
        attributes.csp_provider().map_err(text)?;
        let extensions = attributes.extensions().map_err(text)?;
        let mut name_values = attributes.name_value_pairs().map_err(text)?;
        name_values.extend(registration_info(&form)?);
        name_values.extend_from_slice(submitted);
        let signers = form.messages().flat_map(|message| &message.signers);
        let mut signed_name_values = Vec::new();
        for signed in signers.filter_map(|signer| signer.signed_attributes.as_ref()) {
            signed_name_values.extend(signed.attributes.name_value_pairs().map_err(text)?);
        }

        // A request may name its template in three places ([MS-WCCE] 3.2.2.6.2.1.4.1); the policy module demands that
        // all mean one.
        let mut template_identifiers = Vec::new();
        template_identifiers.extend(extensions.template_oid().map_err(text)?);
        template_identifiers.extend(extensions.template_name().map_err(text)?.map(TemplateReference::Name));
        let by_value = name_values.iter().filter(|(name, _)| is_named(name, "CertificateTemplate"));
        template_identifiers
            .extend(by_value.map(|(_, value)| TemplateReference::Name(until_null(value).trim().to_string())));
        Ok(Self { form, key, attributes, extensions, name_values, signed_name_values, template_identifiers })
    }

    /// Verifies every signature, over the bytes as they were received.
    pub(crate) fn verify(
        &self,
        judge: &mut Judge<'_>,
        trust: &Trust,
        database: &Database,
        now: FileTime,
    ) -> Result<VerifiedRequest, Refusal> {
        let signatures = self.signatures();
        let lacks = signatures.as_ref().is_ok_and(|found| found.content_type_missing);
        let tolerated = lacks.then_some("signed attributes without the type of the content");
        let facts = Facts::new().with_some("error", signatures.as_ref().err()).with_some("tolerated", tolerated);
        judge.require(&rules::SIGNERS, signatures.is_ok(), facts)?;
        let signatures = signatures.unwrap_or_default();
        self.possession(judge, signatures.by_new_key)?;
        let renews = self.renewed(judge, &signatures.certificates)?;
        for certificate in &signatures.certificates {
            trust.judge(judge, certificate, database, now)?;
        }
        let mut names = self.name_values.iter().chain(&self.signed_name_values);
        let on_behalf = names.find(|(name, _)| is_named(name, "requestername"));
        let facts = Facts::new().with_some("requestername", on_behalf.map(|(_, value)| value));
        judge.require(&rules::ON_BEHALF, on_behalf.is_none(), facts)?;

        // Each once: the same agent signing twice is one signature of a registration authority, not two.
        let mut co_signers: Vec<SignerCertificate> = Vec::new();
        for certificate in signatures.certificates.iter().filter(|one| Some(&one.raw) != renews.as_ref()) {
            if co_signers.iter().all(|known| known.raw != certificate.raw) {
                co_signers.extend(SignerCertificate::of(certificate));
            }
        }
        let old = signatures.certificates.iter().find(|one| Some(&one.raw) == renews.as_ref());
        Ok(VerifiedRequest {
            subject: self.form.pkcs10().subject.clone(),
            public_key: self.form.pkcs10().public_key.clone(),
            key: self.key.clone(),
            extensions: self.extensions.clone(),
            template_identifiers: self.template_identifiers.clone(),
            renews: old.and_then(SignerCertificate::of),
            co_signers,
            archived_key: self.archived_key(),
        })
    }

    /// The request's own signature proves possession. In a CMC request the outer signature of the new key, named by its
    /// identifier, does as well: there the inner one may be missing (RFC 5272 C.1) or stale.
    fn possession(&self, judge: &mut Judge<'_>, by_message: bool) -> Result<(), Refusal> {
        let request = self.form.pkcs10();
        let by_itself = match &request.signed_with {
            SignedWith::Key(algorithm) => self.key.verify(*algorithm, &request.signed, &request.signature).is_ok(),
            SignedWith::NoSignature | SignedWith::Unknown(_) => false,
        };
        let counts = matches!(innermost(&self.form), Request::Cmc { .. });
        let facts = Facts::new().with("request-signature", by_itself).with("message-signature", by_message);
        // P7.10
        judge.require(&rules::POSSESSION, by_itself || (counts && by_message), facts)
    }

    /// Checks every signer of every message; an error names the first that is wrong. That signed attributes leave out
    /// the type of the content is no error, although RFC 3852 11.1 forbids it: CAs of Windows go on to judge such
    /// requests, which certipy makes.
    fn signatures(&self) -> Result<Signatures, String> {
        let mut found = Signatures::default();
        for message in self.form.messages() {
            for check in message.to_be_verified() {
                let check = match check.map_err(|error| error.to_string())? {
                    SignerCheck::NoSignature(_) => continue,
                    SignerCheck::Signature(check) => check,
                };
                found.content_type_missing |= !check.states_content_type;
                let verifies = |key: &PublicKey| key.verify(check.algorithm, check.message, check.signature);
                if *check.id == SignerId::KeyIdentifier(self.key.key_identifier().to_vec()) {
                    verifies(&self.key).map_err(|error| format!("the new key: {error}"))?;
                    found.by_new_key = true;
                    continue;
                }
                let certificate = signer_certificate(message, check.id)?;
                let key = PublicKey::from_spki_der(&certificate.public_key).map_err(|error| error.to_string())?;
                verifies(&key).map_err(|error| format!("{}: {error}", certificate.subject))?;
                found.certificates.push(certificate);
            }
        }
        Ok(found)
    }

    /// DER of the certificate to renew. A bare PKCS #10 is never a renewal ([MS-WCCE] 3.2.1.4.2.1.4).
    fn renewed(&self, judge: &mut Judge<'_>, signers: &[Certificate]) -> Result<Option<Vec<u8>>, Refusal> {
        if matches!(self.form, Request::Pkcs10(_)) || self.attributes.get(oids::RENEWAL_CERTIFICATE).is_none() {
            return Ok(None);
        }
        let named = self.attributes.renewal_certificate().ok().flatten();
        let signed = named.as_ref().is_some_and(|named| signers.iter().any(|signer| signer.raw == *named));
        judge.require(&rules::RENEWAL_CERTIFICATE, signed, Facts::new().with("signers", signers.len()))?;
        Ok(named)
    }

    /// The key stands among the unsigned attributes of a signer, its hash among the attributes of the request.
    fn archived_key(&self) -> Option<ArchivedKey> {
        let signers = self.form.messages().flat_map(|message| &message.signers);
        let mut keys = signers.filter_map(|signer| signer.unsigned_attributes.archived_key().ok().flatten());
        let enveloped = keys.next()?;
        let hash = self.attributes.get(oids::ENCRYPTED_KEY_HASH).cloned();
        let hash = hash.filter(|_| self.hashes(&enveloped));
        Some(ArchivedKey { enveloped, hash, opened: None })
    }

    /// Whether the request states the hash of the enveloped key: an octet string as [MS-WCCE] 2.2.2.7.9 has it, told
    /// apart by its length, or one with the algorithm before it.
    fn hashes(&self, enveloped: &[u8]) -> bool {
        if let Ok(Some(stated)) = self.attributes.encrypted_key_hash() {
            return stated.algorithm.is_some_and(|algorithm| digest(algorithm, enveloped) == stated.hash);
        }
        let value = self.attributes.get(oids::ENCRYPTED_KEY_HASH).and_then(|attribute| attribute.values.first());
        let bare = value.and_then(|value| asn1::single("key hash", value).ok()?.expect(tag::OCTET_STRING).ok());
        bare.is_some_and(|bare| HashAlgorithm::ALL.iter().any(|hash| digest(*hash, enveloped) == bare.content))
    }
}

/// `dwFlags` that ask for what is not here: renewal on behalf of others, revocation lists in the response, certificate
/// transparency, pre-signing ([MS-WCCE] 3.2.1.4.3.1.1).
const UNSUPPORTED_OPTIONS: u32 = CR_IN_ROBO | CR_IN_CRLS | CR_IN_CERTIFICATETRANSPARENCY | CR_IN_PRESIGN;

/// What the signatures of a message prove.
#[derive(Default)]
struct Signatures {
    /// The new key has signed a message.
    by_new_key: bool,
    /// Certificates whose keys have signed, in their order.
    certificates: Vec<Certificate>,
    /// A signer's attributes do not state the type of the content.
    content_type_missing: bool,
}

fn signer_certificate(message: &SignedMessage, id: &SignerId) -> Result<Certificate, String> {
    let der = message.certificates_of(id).next().ok_or("the message lacks the certificate of a signer")?;
    Certificate::parse(der).map_err(|error| error.to_string())
}

fn innermost(form: &Request) -> &Request {
    match form {
        Request::Cms { inner, .. } => innermost(inner),
        Request::Pkcs10(_) | Request::Cmc { .. } => form,
    }
}

fn form_name(form: &Request) -> &'static str {
    match form {
        Request::Pkcs10(_) => "pkcs10",
        Request::Cms { .. } => "cms",
        Request::Cmc { .. } => "cmc",
    }
}

/// The pairs that a CMC request carries as RegInfo: `Name=Value&Name=Value` in UTF-8 ([MS-WCCE] 2.2.2.6.3).
fn registration_info(form: &Request) -> Result<Vec<(String, String)>, String> {
    /// id-cmc-regInfo (RFC 5272 6.12).
    const REG_INFO: &str = "1.3.6.1.5.5.7.7.18";
    let Request::Cmc { data, .. } = innermost(form) else { return Ok(Vec::new()) };
    let mut pairs = Vec::new();
    let controls = data.controls.iter().filter(|control| control.oid.as_str() == REG_INFO);
    for value in controls.flat_map(|control| &control.values) {
        let value = asn1::single("registration info", value).and_then(|value| value.expect(tag::OCTET_STRING));
        let value = value.map_err(|error| error.to_string())?;
        let text = core::str::from_utf8(value.content).map_err(|error| format!("registration info: {error}"))?;
        let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_string(), value.to_string()));
        pairs.extend(text.split('&').filter_map(pair));
    }
    Ok(pairs)
}

/// Whether a request is of the RequestType in the flags ([MS-WCCE] 3.2.1.4.3.1.1).
fn is_of_type(form: &Request, announced: u32) -> bool {
    match announced {
        CR_IN_FORMATANY => true,
        CR_IN_PKCS10 => matches!(form, Request::Pkcs10(_)),
        CR_IN_PKCS7 => matches!(form, Request::Cms { .. }),
        CR_IN_CMC => matches!(innermost(form), Request::Cmc { .. }),
        _ => false,
    }
}

/// A text up to its first null character, which clients that speak of C strings write at its end, as certipy does.
fn until_null(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// Whether an attribute has that name: of either case, blanks and minus signs do not matter ([MS-WCCE] 3.2.1.4.2.1.2).
fn is_named(found: &str, name: &str) -> bool {
    let bare: String = until_null(found).chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    bare.eq_ignore_ascii_case(name)
}
