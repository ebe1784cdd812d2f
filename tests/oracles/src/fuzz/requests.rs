//! Requests, and a CA that must not be talked into anything.

use autoenroll_ca::Ca;
use autoenroll_keys::{KeyAlgorithm, PrivateKey, PublicKey, SignatureAlgorithm};
use autoenroll_model::{
    CaReply, Disposition, EnrollmentFlags, PrincipalObject, PrivateKeyFlags, Right, SecurityDescriptor, Submission,
    Template, Token, access_check,
};
use autoenroll_wire::cms::{SignerCheck, SignerId};
use autoenroll_wire::{
    Certificate, CertificationRequest, Request, SignedWith, TemplateReference, asn1, cmc, signature_identifier,
};

use super::mutate::{Dice, damage, damage_lightly};
use crate::lab::{self, Ask, CA, Form, Holder, alice, ca, key, security, start, template};

/// Whole requests, and the CA.
pub(super) struct Requests {
    whole: Vec<Vec<u8>>,
    /// A key for requests that are signed after the damage.
    key: PrivateKey,
    pristine: Ca,
    current: Ca,
}

/// How many requests one CA takes: it remembers them all.
const PER_CA: u64 = 500;

impl Requests {
    pub(super) fn new() -> Self {
        let template = |name: &str| Template { security: only_alice(), ..template(name) };
        let user = template("User");
        let closed = Template { security: security(false), ..template("Closed") };
        let pending = Template { enrollment_flags: Some(EnrollmentFlags::PEND_ALL_REQUESTS), ..template("Pending") };
        let co_signed = Template { ra_signatures: 1, ..template("CoSigned") };
        let long = Template { minimal_key_size: 4096, ..template("LongKeys") };
        let archiving =
            Template { private_key_flags: PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL, ..template("Encryption") };
        let all = [&user, &closed, &pending, &co_signed, &long, &archiving].map(Clone::clone);
        let mut ca = ca(KeyAlgorithm::P256, all.to_vec());
        let new = key("mallory", KeyAlgorithm::P256);
        let first = Ask::for_template(&user, key("alice", KeyAlgorithm::P256));
        let reply = ca.submit(start(), &alice(), &first.submission());
        let old = Holder { key: first.key.clone(), certificate: reply.certificate.expect("nothing forbids it") };
        let exchange = ca.exchange_certificate(start());
        let ask = |template: &Template| Ask::for_template(template, new.clone());
        let rsa = key("mallory", KeyAlgorithm::Rsa2048);
        let asks = [
            vec![first],
            all.iter().map(ask).collect(),
            vec![
                Ask { form: Form::Pkcs10, ..ask(&user) },
                Ask { null_signature: true, ..ask(&user) },
                Ask { form: Form::Cms, renews: Some(old.clone()), ..ask(&user) },
                Ask { renews: Some(old.clone()), ..ask(&user) },
                Ask { co_signers: vec![old], ..ask(&co_signed) },
                Ask { archive_to: Some(exchange), ..Ask::for_template(&archiving, rsa) },
            ],
        ];
        let whole = asks.iter().flatten().map(Ask::request).collect();
        Self { whole, key: new, current: ca.clone(), pristine: ca }
    }

    /// Most are damaged after they were signed; every eighth before, and little, so that it gets further.
    pub(super) fn input(&self, dice: &mut Dice) -> Vec<u8> {
        let mut octets = dice.one_of(&self.whole).clone();
        if dice.below(8) > 0 {
            damage(dice, &mut octets, &self.whole);
            return octets;
        }
        let mut info = Request::parse(&octets).expect("a whole request").pkcs10().signed.clone();
        damage_lightly(dice, &mut info);
        self.signed_anew(&info, dice.below(2) == 0)
    }

    /// A request with that content, signed by our key; in a CMC message where it can be.
    fn signed_anew(&self, info: &[u8], as_cmc: bool) -> Vec<u8> {
        let sign = |message: &[u8]| self.key.sign(SignatureAlgorithm::EcdsaSha256, message).expect("a P-256 key");
        let identifier = signature_identifier(SignatureAlgorithm::EcdsaSha256);
        let request = asn1::sequence(&[info, &identifier, &asn1::bit_string(&sign(info))]);
        let Ok(read) = CertificationRequest::parse(&request) else { return request };
        let Ok(mut message) = cmc::full_request(&read, Vec::new(), SignatureAlgorithm::EcdsaSha256) else {
            return request;
        };
        if !as_cmc {
            return request;
        }
        while let Some((signer, tbs)) = message.next_tbs() {
            message.sign(signer, sign(&tbs));
        }
        message.finish().map_or(request, |message| message.raw)
    }

    /// Whether a certificate was issued; an error when it should not have been.
    pub(super) fn check(&mut self, input: &[u8], index: u64) -> Result<bool, String> {
        if index.is_multiple_of(PER_CA) {
            self.current = self.pristine.clone();
        }
        let caller = if index.is_multiple_of(3) { mallory() } else { alice() };
        let named = index.is_multiple_of(2);
        let submission = Submission {
            ca: CA.into(),
            host: "ca1.contoso.test".into(),
            flags: 0,
            attributes: named.then(|| ("CertificateTemplate".to_owned(), "User".to_owned())).into_iter().collect(),
            request: input.to_vec(),
        };
        let reply = self.current.submit(start(), &caller, &submission);
        let _ = self.current.take_decisions();
        let _ = self.current.take_publications();
        if reply.disposition != Disposition::Issued {
            let silent =
                reply.certificate.is_some() || (reply.message.is_empty() && reply.disposition != Disposition::Pending);
            return if silent {
                Err(format!("{:?} without a reason, or with a certificate", reply.disposition))
            } else {
                Ok(false)
            };
        }
        self.justified(&caller, input, &reply).map(|()| true)
    }

    /// Looks at what was issued without the CA's own judgement.
    fn justified(&self, caller: &PrincipalObject, input: &[u8], reply: &CaReply) -> Result<(), String> {
        let certificate = reply.certificate.as_deref().ok_or("issued without a certificate")?;
        let certificate = Certificate::parse(certificate).map_err(|error| format!("the certificate: {error}"))?;
        let request = Request::parse(input).map_err(|error| format!("issued for what is no request: {error}"))?;
        let pkcs10 = request.pkcs10();
        if certificate.public_key != pkcs10.public_key {
            return Err("the certificate has another key than the request".to_owned());
        }
        if !proves_possession(&request) {
            return Err("issued for a key that has not signed".to_owned());
        }
        let reference = certificate.template().ok_or("the certificate names no template")?;
        let template = self.current.templates().iter().find(|template| match &reference {
            TemplateReference::Oid { oid, .. } => template.oid.as_ref() == Some(oid),
            TemplateReference::Name(name) => template.name == *name,
        });
        let template = template.ok_or("the certificate names a template that the CA does not have")?;
        if !access_check(&template.security, &Token::of(caller), Right::Enroll) {
            return Err(format!("{} may not enroll for {}", caller.dn, template.name));
        }
        if template.enrollment(EnrollmentFlags::PEND_ALL_REQUESTS) {
            return Err("issued without the manager".to_owned());
        }
        let bits = PublicKey::from_spki_der(&certificate.public_key).map_or(0, |key| key.bits());
        if bits < template.minimal_key_size {
            return Err(format!("a key of {bits} bits for {}", template.name));
        }
        if template.ra_signatures > 0 && request.messages().all(|message| message.certificates.is_empty()) {
            return Err("issued without the registration authority".to_owned());
        }
        if template.private_key_flags.contains(PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL) {
            let row = self.current.database().row(reply.request_id);
            if row.is_none_or(|row| row.archived_key.is_none()) {
                return Err("issued without the key that is to be archived".to_owned());
            }
        }
        if certificate.upn() != caller.upn || certificate.sid().as_ref() != Some(&caller.sid) {
            return Err("the certificate names another subject".to_owned());
        }
        Ok(())
    }
}

/// A list that lets Alice alone enroll.
fn only_alice() -> SecurityDescriptor {
    let mut list = security(true);
    for entry in list.dacl.iter_mut().flatten() {
        entry.trustee = alice().sid;
    }
    list
}

/// A principal whom no template lets enroll.
fn mallory() -> PrincipalObject {
    PrincipalObject {
        dn: "CN=Mallory,CN=Users,DC=contoso,DC=test".into(),
        sid: "S-1-5-21-1004336348-1177238915-682003330-1666".parse().expect("a constant"),
        // She may ask the CA, and that is all.
        groups: vec!["S-1-5-11".parse().expect("a constant")],
        upn: Some("mallory@contoso.test".into()),
        ..lab::alice()
    }
}

/// Whether the key to be certified has signed: the PKCS #10, or the message around it in its name.
fn proves_possession(request: &Request) -> bool {
    let pkcs10 = request.pkcs10();
    let Ok(key) = PublicKey::from_spki_der(&pkcs10.public_key) else { return false };
    if let SignedWith::Key(algorithm) = pkcs10.signed_with
        && key.verify(algorithm, &pkcs10.signed, &pkcs10.signature).is_ok()
    {
        return true;
    }
    let id = SignerId::KeyIdentifier(key.key_identifier().to_vec());
    let cmc = matches!(request, Request::Cmc { .. });
    let signed = |check: &SignerCheck<'_>| match check {
        SignerCheck::Signature(check) => {
            *check.id == id && key.verify(check.algorithm, check.message, check.signature).is_ok()
        }
        SignerCheck::NoSignature(_) => false,
    };
    cmc && request.messages().any(|message| message.to_be_verified().filter_map(Result::ok).any(|check| signed(&check)))
}
