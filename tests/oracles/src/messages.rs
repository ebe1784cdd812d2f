//! One message of every kind, as files.

use std::path::Path;
use std::sync::Arc;

use autoenroll_ca::{Ca, RevocationReason};
use autoenroll_keys::{HashAlgorithm, KeyAlgorithm};
use autoenroll_model::{
    Disposition, Duration, EnrollmentFlags, ExtensionsAttribute, NameFlags, PrivateKeyFlags, Template,
};
use autoenroll_net::cas::{CaServer, HttpsCas};
use autoenroll_wire::{Certificate, Extension, GeneralName, flags};
use autoenroll_world::CaHost as _;

use crate::lab::{Ask, Form, Holder, alice, ca, key, oid, security, start, template};
use crate::templates::{Generation, defaults};

/// Fills a folder. The same files on every run.
///
/// # Panics
/// When the folder cannot be written to, or the laboratory's CA refuses what it should not.
pub fn write(folder: &Path) {
    for (prefix, algorithm) in [("rsa", KeyAlgorithm::Rsa2048), ("p256", KeyAlgorithm::P256)] {
        Set { folder, prefix, algorithm }.forms();
    }
    Set { folder, prefix: "default", algorithm: KeyAlgorithm::Rsa2048 }.default_templates();
}

/// Messages whose names begin alike.
struct Set<'a> {
    folder: &'a Path,
    prefix: &'a str,
    /// Of the CA, and of most clients.
    algorithm: KeyAlgorithm,
}

impl Set<'_> {
    /// Every form of a request, its responses, and what the CA publishes.
    fn forms(&self) {
        let user = template("User");
        let archiving =
            Template { private_key_flags: PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL, ..template("Encryption") };
        let co_signed = Template { ra_signatures: 1, ..template("CoSigned") };
        let version_1 = Template { schema: None, oid: None, ..template("Version1") };
        let supplied = Template { name_flags: NameFlags::ENROLLEE_SUPPLIES_SUBJECT, ..template("WebServer") };
        let pending = Template {
            enrollment_flags: Some(EnrollmentFlags::PEND_ALL_REQUESTS | EnrollmentFlags::INCLUDE_SYMMETRIC_ALGORITHMS),
            certificate_policies: vec![oid("1.3.6.1.4.1.311.21.8.1.400")],
            ..template("Pending")
        };
        let closed = Template { security: security(false), ..template("Closed") };
        let all = [&user, &archiving, &co_signed, &version_1, &supplied, &pending, &closed].map(Clone::clone);
        let mut ca = ca(self.algorithm, all.to_vec());
        let new = |template: &Template, name: &str| Ask::for_template(template, key(name, self.algorithm));

        let first = new(&user, "alice");
        let old = Holder { key: first.key.clone(), certificate: self.issued(&mut ca, "cmc", first) };
        self.issued(&mut ca, "pkcs10-version-1", new(&version_1, "bob"));
        self.issued(
            &mut ca,
            "pkcs10",
            Ask { form: Form::Pkcs10, under: ExtensionsAttribute::Pkcs9, ..new(&user, "bob") },
        );
        for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            self.issued(&mut ca, &format!("cmc-{hash}"), Ask { hash, ..new(&user, "carol") });
            self.issued(&mut ca, &format!("pkcs10-{hash}"), Ask { hash, form: Form::Pkcs10, ..new(&user, "carol") });
        }
        self.issued(&mut ca, "cmc-null-signature", Ask { null_signature: true, ..new(&user, "dave") });
        let mut server = new(&supplied, "server");
        server.subject = "CN=www.contoso.test,O=Contoso,C=DE".parse().expect("a constant");
        server.extensions.push(Extension::subject_alt_name(&[GeneralName::Dns("www.contoso.test".into())]));
        self.issued(&mut ca, "cmc-supplied-names", server);
        self.issued(&mut ca, "cms-renewal", Ask { form: Form::Cms, renews: Some(old.clone()), ..new(&user, "erin") });
        self.issued(&mut ca, "cmc-renewal", Ask { renews: Some(old.clone()), ..new(&user, "frank") });
        self.issued(&mut ca, "cmc-renewal-same-key", Ask { renews: Some(old.clone()), ..new(&user, "alice") });
        self.issued(&mut ca, "cmc-co-signed", Ask { co_signers: vec![old.clone()], ..new(&co_signed, "grace") });
        if self.algorithm == KeyAlgorithm::Rsa2048 {
            let exchange = ca.exchange_certificate(start());
            self.file("exchange.cer", &exchange);
            self.issued(&mut ca, "cmc-archival", Ask { archive_to: Some(exchange), ..new(&archiving, "heidi") });
        }
        self.over_https(&ca, "cmc-wstep", &new(&user, "karl"));
        let waiting = new(&pending, "ivan");
        self.answered(&mut ca, "cmc-pending", waiting, |disposition| disposition == Disposition::Pending);
        let refused = new(&closed, "judy");
        self.answered(&mut ca, "cmc-denied", refused, |disposition| matches!(disposition, Disposition::Denied(_)));

        let revoked = Certificate::parse(&old.certificate).expect("issued here").serial;
        ca.revoke(start(), &revoked, RevocationReason::KeyCompromise).expect("issued here");
        self.file("list.crl", &ca.publish_crl(start() + Duration::HOUR));
        for (number, certificate) in ca.identity().chain().iter().enumerate() {
            self.file(&format!("ca-{number}.cer"), certificate);
        }
    }

    /// A certificate of each default template of Windows.
    fn default_templates(&self) {
        let open = |template: Template| Template { security: security(true), ..template };
        let templates: Vec<Template> = defaults(Generation::Later).into_iter().map(open).collect();
        let mut ca = ca(self.algorithm, templates.clone());
        let exchange = ca.exchange_certificate(start());
        let agent = template("Agent");
        for template in templates {
            let mut ask = Ask::for_template(
                &template,
                key(
                    &template.name,
                    KeyAlgorithm::rsa_at_least(template.minimal_key_size.max(1025)).expect("at most 4096"),
                ),
            );
            if template.name_flags.contains(NameFlags::ENROLLEE_SUPPLIES_SUBJECT) {
                ask.subject = format!("CN={},O=Contoso", template.name).parse().expect("a simple name");
            }
            if template.private_key_flags.contains(PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL) {
                ask.archive_to = Some(exchange.clone());
            }
            if template.ra_signatures > 0 {
                ask.co_signers = vec![self.agent(&mut ca, &agent, &template)];
            }
            let reply = ca.submit(start(), &alice(), &ask.submission());
            if reply.disposition == Disposition::Pending {
                ca.approve(start(), "manager", reply.request_id).expect("it is pending");
            }
            let reply = ca.retrieve(reply.request_id);
            let certificate = reply.certificate.unwrap_or_else(|| panic!("{}: {}", template.name, reply.message));
            self.file(&format!("{}.cer", template.name), &certificate);
        }
    }

    /// A registration authority that may sign for a template.
    fn agent(&self, ca: &mut Ca, agent: &Template, signs_for: &Template) -> Holder {
        let agent = Template { eku: signs_for.ra_application_policies.clone(), ..agent.clone() };
        let before = ca.templates().to_vec();
        ca.set_templates([before.clone(), vec![Arc::new(agent.clone())]].concat());
        ca.config_mut().templates.push(agent.name.clone());
        let ask = Ask::for_template(&agent, key("agent", self.algorithm));
        let reply = ca.submit(start(), &alice(), &ask.submission());
        ca.set_templates(before);
        Holder { key: ask.key, certificate: reply.certificate.unwrap_or_else(|| panic!("{}", reply.message)) }
    }

    /// Submits, and keeps request, response and certificate.
    fn issued(&self, ca: &mut Ca, name: &str, ask: Ask) -> Vec<u8> {
        let certificate = self.answered(ca, name, ask, |disposition| disposition == Disposition::Issued);
        let certificate = certificate.unwrap_or_else(|| panic!("{name}: issued without a certificate"));
        self.file(&format!("{name}.cer"), &certificate);
        certificate
    }

    /// Submits once for each kind of response.
    fn answered(&self, ca: &mut Ca, name: &str, ask: Ask, expected: fn(Disposition) -> bool) -> Option<Vec<u8>> {
        let submission = ask.submission();
        self.file(&format!("{name}.req"), &submission.request);
        let full = ca.submit(
            start(),
            &alice(),
            &autoenroll_model::Submission { flags: flags::CR_IN_FULLRESPONSE, ..submission.clone() },
        );
        assert!(expected(full.disposition), "{}-{name}: {}", self.prefix, full.message);
        if let Some(response) = full.response {
            self.file(&format!("{name}-full.resp"), &response);
        }
        let reply = ca.submit(start(), &alice(), &submission);
        if let Some(response) = reply.response {
            self.file(&format!("{name}.resp"), &response);
        }
        reply.certificate
    }

    /// Keeps the full response that an enrollment web service sends.
    fn over_https(&self, ca: &Ca, name: &str, ask: &Ask) {
        let server = CaServer::start().unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut cas = HttpsCas::new(&server);
        cas.add_ca(ca.clone());
        let reply = cas.submit(ca.identity().name(), start(), &alice(), &ask.submission());
        let reply = reply.unwrap_or_else(|code| panic!("{name}: {code}, {:?}", cas.ledger().fault()));
        let response = reply.response.unwrap_or_else(|| panic!("{name}: {}", reply.message));
        self.file(&format!("{name}-full.resp"), &response);
    }

    fn file(&self, name: &str, content: &[u8]) {
        let path = self.folder.join(format!("{}-{name}.der", self.prefix));
        std::fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
