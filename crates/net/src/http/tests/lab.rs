//! A world with a CA behind web services, and those who ask.

use std::sync::Arc;

use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed, SignatureAlgorithm};
use autoenroll_model::{EnrollmentFlags, NameFlags, Profile, SecurityDescriptor, Template};
use autoenroll_wire::cms::{UnsignedMessage, UnsignedSigner};
use autoenroll_wire::{Attribute, Certificate, Extension, Name, TemplateReference, UnsignedRequest, cmc, oids};
use autoenroll_world::Action;
use autoenroll_world::action::CaAction;
use autoenroll_world::spec::{CaSpec, ComputerSpec, TemplateSpec, UserSpec, WorldSpec};

use super::super::{Answer, Ask, Connection, Web};
use crate::accounts::{Accounts, Passwords};
use crate::live::{Live, Pace};
use crate::soap::{self, Writer};
use crate::wstep;

pub(super) const CA: &str = "Contoso CA";
pub(super) const PASSWORD: &str = "Passw0rd & more";
pub(super) const POLICY: &str = "/ADPolicyProvider_CEP_UsernamePassword/service.svc/CEP";

/// `Users` is for everybody who logs on, `Approved` waits for the manager, `Bobs` is bob's.
pub(super) struct Lab {
    pub(super) web: Web,
    pub(super) connection: Connection,
}

impl Lab {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut WorldSpec)) -> Self {
        let mut spec = WorldSpec::contoso(Profile::server_2003_sp1());
        let domain = spec.domain.clone();
        spec.users = vec![UserSpec::named("alice", 1104, &domain), UserSpec::named("bob", 1105, &domain)];
        spec.computers = vec![ComputerSpec::named("WKS01", 1201, &domain)];
        let users = Template::permissive("Users");
        let approved = Template {
            enrollment_flags: Some(
                EnrollmentFlags::PEND_ALL_REQUESTS | EnrollmentFlags::PREVIOUS_APPROVAL_VALIDATE_REENROLLMENT,
            ),
            ..Template::permissive("Approved")
        };
        let machines = Template {
            name_flags: NameFlags::SUBJECT_ALT_REQUIRE_DNS | NameFlags::SUBJECT_REQUIRE_DNS_AS_CN,
            ..Template::permissive("Machines")
        };
        let security = SecurityDescriptor::full_control(&domain.account(1105));
        let bobs = Template { security, ..Template::permissive("Bobs") };
        let templates = [users, approved, machines, bobs];
        let offered: Vec<&str> = templates.iter().map(|template| template.name.as_str()).collect();
        spec.authorities = vec![CaSpec::named(CA, "ca01.contoso.com", &offered)];
        spec.templates = templates.into_iter().map(|template| TemplateSpec { template, published: None }).collect();
        change(&mut spec);
        let live = Arc::new(Live::new(spec, Pace::Frozen).unwrap());
        let passwords = Passwords { common: Some(PASSWORD.to_owned()), ..Passwords::default() };
        let web = Web::new(live, Accounts { passwords });
        Self { web, connection: Connection::with_peer("test") }
    }

    /// A message to a service, as that user; nobody when the name is empty.
    pub(super) fn post(&mut self, path: &str, user: &str, action: &str, body: impl FnOnce(&mut Writer)) -> Answer {
        let credentials = Some((user, PASSWORD)).filter(|(user, _)| !user.is_empty());
        let message = soap::request(action, &format!("https://ca01.contoso.com{path}"), credentials, body);
        self.ask(&Ask { body: message.into_bytes(), ..soap_ask(path) })
    }

    pub(super) fn ask(&mut self, ask: &Ask) -> Answer {
        self.web.answer(&mut self.connection, ask)
    }

    /// A request to the CA's service for that authentication.
    pub(super) fn issue(&mut self, authentication: &str, user: &str, request: &[u8]) -> Answer {
        self.post(&service(authentication), user, wstep::RST, |writer| wstep::write_issue(writer, request, &[]))
    }

    pub(super) fn manage(&self, op: CaAction) {
        self.web.live().act(&Action::Ca { ca: CA.to_owned(), op }).unwrap();
    }
}

pub(super) fn service(authentication: &str) -> String {
    format!("/Contoso%20CA_CES_{authentication}/service.svc/CES")
}

pub(super) fn soap_ask(path: &str) -> Ask {
    Ask {
        method: "POST".to_owned(),
        path: path.to_owned(),
        host: "ca01.contoso.com".to_owned(),
        content_type: Some("application/soap+xml; charset=utf-8".to_owned()),
        encrypted: true,
        ..Ask::default()
    }
}

pub(super) fn get(target: &str) -> Ask {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (method, content_type) = ("GET".to_owned(), None);
    Ask { query: query.to_owned(), method, content_type, ..soap_ask(path) }
}

pub(super) fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

pub(super) fn key(name: &str) -> PrivateKey {
    PrivateKey::from_seed(KeyAlgorithm::P256, &Seed::from(7).below("test", "key", name, 0))
}

const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::EcdsaSha256;

/// A PKCS #10 for a template.
pub(super) fn pkcs10(template: &str, key: &PrivateKey, more: Vec<Attribute>) -> Vec<u8> {
    let template = Template::permissive(template);
    let (major, minor) = (Some(template.revision), Some(template.minor));
    let reference = TemplateReference::Oid { oid: template.oid.unwrap(), major, minor };
    let extensions = autoenroll_wire::Extensions(vec![Extension::template(&reference)]);
    let microsoft = autoenroll_model::ExtensionsAttribute::Microsoft;
    let mut attributes = vec![Attribute::extensions(&extensions, microsoft)];
    attributes.extend(more);
    let public_key = key.public().spki_der();
    let unsigned = UnsignedRequest { subject: Name::default(), public_key, attributes, algorithm: ALGORITHM };
    unsigned.signed(&key.sign(ALGORITHM, &unsigned.tbs()).unwrap()).unwrap().raw
}

/// A CMC full request for a template, with the new key as its signer.
pub(super) fn full(template: &str, key: &PrivateKey) -> Vec<u8> {
    let request = autoenroll_wire::CertificationRequest::parse(&pkcs10(template, key, Vec::new())).unwrap();
    let mut message = cmc::full_request(&request, Vec::new(), ALGORITHM).unwrap();
    while let Some((signer, tbs)) = message.next_tbs() {
        message.sign(signer, key.sign(ALGORITHM, &tbs).unwrap());
    }
    message.finish().unwrap().raw
}

/// A renewal: a PKCS #10 that names the old certificate, signed with its key.
pub(super) fn renewal(template: &str, key: &PrivateKey, old: &[u8], signer: &PrivateKey) -> Vec<u8> {
    let request = pkcs10(template, key, vec![Attribute::renewal_certificate(old)]);
    let id = Certificate::parse(old).unwrap().signer_id();
    let mut message =
        UnsignedMessage::new(oids::DATA, request).with_certificate(old).with_signer(UnsignedSigner::new(id, ALGORITHM));
    while let Some((at, tbs)) = message.next_tbs() {
        message.sign(at, signer.sign(ALGORITHM, &tbs).unwrap());
    }
    message.finish().unwrap().raw
}

/// What a client reads in an answer.
pub(super) fn answered(answer: &Answer) -> wstep::Answered {
    let text = text(answer);
    let document = soap::xml::parse(&text).unwrap();
    match wstep::read_fault(&document) {
        Some(fault) => fault,
        None => wstep::read_answer(soap::body(&document).unwrap()).unwrap(),
    }
}

/// The certificate in an answer.
pub(super) fn certificate(answer: &Answer) -> Vec<u8> {
    match answered(answer) {
        wstep::Answered::Issued { certificate, .. } => certificate,
        other => panic!("{other:?}"),
    }
}

/// Code and subcode of a fault.
pub(super) fn fault(answer: &Answer) -> (String, String) {
    let text = text(answer);
    let between = |from: &str| -> String {
        let rest = text.split_once(from).map_or("", |(_, rest)| rest);
        rest.split_once("</s:Value>").map_or("", |(found, _)| found).to_owned()
    };
    let code = between("<s:Code><s:Value>");
    let subcode = text.split_once("<s:Subcode").map_or("", |(_, rest)| rest);
    let subcode = subcode.split_once("<s:Value>").map_or("", |(_, rest)| rest);
    (code, subcode.split_once("</s:Value>").map_or("", |(found, _)| found).to_owned())
}
