//! Certificates and requests that are older than the world: the simulated CA takes the request and issues for real, as
//! it would have done then.

use autoenroll_ca::{Approval, Ca, CaConfig, CaFaults, RevocationReason};
use autoenroll_keys::PrivateKey;
use autoenroll_model::{
    CaReply, Duration, EnrollmentFlags, ExtensionsAttribute, FileTime, GeneralFlags, KeyAlgorithm, NameFlags,
    PrincipalObject, PrivateKeyFlags, SecurityDescriptor, SignatureAlgorithm, Submission, Template,
};
use autoenroll_wire::{Attribute, Certificate, Extension, Extensions, Name, TemplateReference, UnsignedRequest, oids};

use crate::spec::{CertificateSpec, Issued};

/// What is to be issued.
pub(crate) struct Order<'a> {
    pub(crate) template: Template,
    pub(crate) owner: &'a PrincipalObject,
    pub(crate) key: &'a PrivateKey,
    pub(crate) at: FileTime,
    /// The request names its template; otherwise the certificate will not.
    pub(crate) names_template: bool,
    /// A manager has to approve it.
    pub(crate) pends: bool,
}

/// The template as it was when a certificate was issued from it: its own versions and lifetime, and nothing that could
/// make the CA refuse what has happened already.
pub(crate) fn template_then(current: &Template, spec: &CertificateSpec) -> Template {
    let mut template = permissive(current);
    template.revision = spec.revision.unwrap_or(template.revision);
    template.minor = spec.minor.unwrap_or(template.minor);
    template.validity = spec.lifetime.unwrap_or(template.validity);
    if spec.foreign {
        template.schema = None;
        template.flags.remove(GeneralFlags::ADD_TEMPLATE_NAME);
    }
    template
}

/// A template that lets everybody have it at once.
pub(crate) fn permissive(current: &Template) -> Template {
    let mut template = current.clone();
    template.security = SecurityDescriptor { owner: None, dacl: None };
    template.ra_signatures = 0;
    // Its key has been compared with it, where the place of a key that is too short is known.
    template.minimal_key_size = 0;
    template.flags.remove(GeneralFlags::DO_NOT_PERSIST_IN_DB);
    template.private_key_flags.remove(PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL | PrivateKeyFlags::ATTEST_REQUIRED);
    if let Some(flags) = &mut template.enrollment_flags {
        flags.remove(EnrollmentFlags::PEND_ALL_REQUESTS | EnrollmentFlags::PUBLISH_TO_DS);
    }
    template
}

/// Has a CA take a request at some time in the past; the CA is afterwards configured as before.
///
/// # Errors
/// When the request cannot be built.
pub(crate) fn submit(ca: &mut Ca, order: &Order<'_>) -> Result<CaReply, String> {
    let configured = ca.config().clone();
    *ca.config_mut() = CaConfig {
        templates: vec![order.template.name.clone()],
        rights: SecurityDescriptor { owner: None, dacl: None },
        max_validity: Duration::days(36_500),
        approval: if order.pends { Approval::Manager } else { Approval::Automatic },
        enforce_name_lengths: false,
        faults: CaFaults::default(),
        ..configured.clone()
    };
    let templates = ca.templates().to_vec();
    ca.set_templates(vec![order.template.clone()]);
    let host = configured.host.clone();
    let reply = submission(ca.identity().name(), &host, order).map(|sent| ca.submit(order.at, order.owner, &sent));
    *ca.config_mut() = configured;
    ca.set_templates(templates);
    ca.take_decisions();
    reply
}

/// A bare PKCS #10 request, signed by the key that is to be certified.
fn submission(ca: &str, host: &str, order: &Order<'_>) -> Result<Submission, String> {
    let template = &order.template;
    // A version 1 template is named beside the request only, so that its certificates name it where it asks for that.
    let reference = match (&template.oid, template.schema_version()) {
        (Some(oid), 2..) => Some(TemplateReference::Oid {
            oid: oid.clone(),
            major: Some(template.revision),
            minor: Some(template.minor),
        }),
        _ => None,
    };
    let algorithm = signature_of(order.key.algorithm());
    let reference = reference.filter(|_| order.names_template);
    let extensions = reference.map(|reference| Extensions(vec![Extension::template(&reference)]));
    let supplied = template.name_flags.contains(NameFlags::ENROLLEE_SUPPLIES_SUBJECT);
    let name = order.owner.dn.parse::<Name>().unwrap_or_default().common_name().unwrap_or_default();
    let unsigned = UnsignedRequest {
        subject: if supplied { Name::default().with(oids::COMMON_NAME, &name) } else { Name::default() },
        public_key: order.key.public().spki_der(),
        attributes: extensions
            .map(|list| Attribute::extensions(&list, ExtensionsAttribute::Microsoft))
            .into_iter()
            .collect(),
        algorithm,
    };
    let signature = order.key.sign(algorithm, &unsigned.tbs()).map_err(|error| error.to_string())?;
    let request = unsigned.signed(&signature).map_err(|error| error.to_string())?;
    let attributes = vec![("CertificateTemplate".to_owned(), template.name.clone())];
    Ok(Submission { ca: ca.to_owned(), host: host.to_owned(), flags: 0, attributes, request: request.raw })
}

const fn signature_of(algorithm: KeyAlgorithm) -> SignatureAlgorithm {
    match algorithm {
        KeyAlgorithm::P256 => SignatureAlgorithm::EcdsaSha256,
        _ => SignatureAlgorithm::RsaSha256,
    }
}

/// Issues a certificate; its number at the CA comes along.
///
/// # Errors
/// When the CA refuses, with its message.
pub(crate) fn issue(ca: &mut Ca, order: &Order<'_>, revoked: Option<FileTime>) -> Result<(u32, Certificate), String> {
    let reply = submit(ca, order)?;
    let der = reply.certificate.ok_or(reply.message)?;
    let certificate = Certificate::parse(&der).map_err(|error| error.to_string())?;
    if let Some(at) = revoked {
        ca.revoke(at, &certificate.serial, RevocationReason::Unspecified).map_err(|error| error.to_string())?;
    }
    Ok((reply.request_id, certificate))
}

/// When something was issued or made.
pub(crate) fn instant(issued: Issued, start: FileTime) -> FileTime {
    match issued {
        Issued::Age(age) => start - age,
        Issued::At(at) => at,
    }
}
