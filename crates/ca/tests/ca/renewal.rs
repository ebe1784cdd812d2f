//! Renewals: signed by the old key, for the same template, and sometimes without asking again.

use autoenroll_ca::{Ca, CaConfig, CaDescription};
use autoenroll_keys::{HashAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use autoenroll_model::{
    Disposition, Duration, EnrollmentFlags, HResult, NameFlags, PrincipalObject, PrivateKeyFlags, SecurityDescriptor,
    Template,
};
use autoenroll_wire::flags::CR_IN_ROBO;
use autoenroll_wire::{Attribute, Certificate, Extension, GeneralName, SignedWith, UnsignedCertificate};

use crate::lab::{Ask, Form, Holder, algorithm, alice, ca, key, root, seed, start, template};

/// Enrols with `old`, then renews it two months later with `new`.
struct Renewal {
    old: Template,
    new: Template,
    first: Ask,
    caller: PrincipalObject,
    second: Ask,
}

impl Renewal {
    fn of(template: Template) -> Self {
        let first = Ask { key: key("old"), ..Ask::for_template(&template) };
        Self { second: Ask::for_template(&template), first, old: template.clone(), new: template, caller: alice() }
    }

    fn run(mut self) -> (Disposition, Option<Certificate>) {
        let mut ca: Ca = ca(vec![self.old]);
        let reply = ca.submit(start(), &alice(), &self.first.submission());
        assert_eq!(reply.disposition, Disposition::Issued, "{}", reply.message);
        self.second.renews = Some(Holder { key: self.first.key, certificate: reply.certificate.unwrap() });
        ca.set_templates(vec![self.new]);
        let reply = ca.submit(start() + Duration::days(60), &self.caller, &self.second.submission());
        (reply.disposition, reply.certificate.map(|der| Certificate::parse(&der).unwrap()))
    }
}

#[test]
fn both_forms_of_renewal_are_taken() {
    for form in [Form::Cms, Form::Cmc] {
        let mut renewal = Renewal::of(template("User"));
        renewal.second.form = form;
        let (disposition, certificate) = renewal.run();
        assert_eq!(disposition, Disposition::Issued, "{form:?}");
        assert_eq!(certificate.unwrap().public_key, key("alice").public().spki_der());
    }
}

#[test]
fn a_renewal_may_keep_its_key() {
    let mut renewal = Renewal::of(template("User"));
    renewal.new.private_key_flags = PrivateKeyFlags::REQUIRE_SAME_KEY_RENEWAL;
    renewal.second.key = key("old");
    let (disposition, certificate) = renewal.run();
    assert_eq!(disposition, Disposition::Issued);
    assert_eq!(certificate.unwrap().public_key, key("old").public().spki_der());
}

#[test]
fn a_previous_approval_waives_manager_and_registration_authority() {
    let granted = EnrollmentFlags::PREVIOUS_APPROVAL_VALIDATE_REENROLLMENT | EnrollmentFlags::PEND_ALL_REQUESTS;
    let check = |case: &str, expected: Disposition, change: fn(&mut Renewal)| {
        let mut renewal = Renewal::of(template("User"));
        renewal.new.enrollment_flags = Some(granted);
        renewal.new.ra_signatures = 1;
        change(&mut renewal);
        assert_eq!(renewal.run().0, expected, "{case}");
    };
    let asks_again = Disposition::Denied(HResult::CERTSRV_E_SIGNATURE_POLICY_REQUIRED);
    check("the UPN is the caller's", Disposition::Issued, |_| {});
    check("in another case", Disposition::Issued, |renewal| renewal.caller.upn = Some("ALICE@Contoso.com".into()));
    check("the flag is not set", asks_again, |renewal| {
        renewal.new.enrollment_flags = Some(EnrollmentFlags::PEND_ALL_REQUESTS);
    });
    check("only the manager is asked", Disposition::Pending, |renewal| {
        renewal.new.enrollment_flags = Some(EnrollmentFlags::PEND_ALL_REQUESTS);
        renewal.new.ra_signatures = 0;
    });
    check("the UPN is another's", asks_again, |renewal| renewal.caller.upn = Some("bob@contoso.com".into()));
    check("the old certificate has neither UPN nor mail", asks_again, |renewal| {
        renewal.old.name_flags = NameFlags::SUBJECT_REQUIRE_DIRECTORY_PATH;
    });
    check("the mail is the caller's", Disposition::Issued, |renewal| {
        renewal.old.name_flags = NameFlags::SUBJECT_ALT_REQUIRE_EMAIL;
    });
    check("the mail is another's", asks_again, |renewal| {
        renewal.old.name_flags |= NameFlags::SUBJECT_ALT_REQUIRE_EMAIL;
        renewal.caller.mail = Some("bob@contoso.com".into());
    });
    check("the old certificate names the template by name", asks_again, |renewal| {
        renewal.old.schema = Some(1);
    });
}

#[test]
fn a_supplied_subject_must_be_the_old_one_and_the_old_alternative_name_stays() {
    let supplied = || {
        let mut template = template("WebServer");
        template.name_flags = NameFlags::ENROLLEE_SUPPLIES_SUBJECT;
        template.enrollment_flags = Some(EnrollmentFlags::PREVIOUS_APPROVAL_VALIDATE_REENROLLMENT);
        let mut renewal = Renewal::of(template);
        renewal.new.ra_signatures = 1;
        renewal.first.subject = "CN=www.contoso.com".parse().unwrap();
        renewal.first.extensions.push(Extension::subject_alt_name(&[GeneralName::Dns("www.contoso.com".into())]));
        renewal.second.subject = "CN=www.contoso.com".parse().unwrap();
        renewal.second.extensions.push(Extension::subject_alt_name(&[GeneralName::Dns("evil.contoso.com".into())]));
        renewal
    };
    let (disposition, certificate) = supplied().run();
    assert_eq!(disposition, Disposition::Issued);
    assert_eq!(certificate.unwrap().dns_name().as_deref(), Some("www.contoso.com"));

    let mut renewal = supplied();
    renewal.second.subject = "CN=evil.contoso.com".parse().unwrap();
    assert_eq!(renewal.run().0, Disposition::Denied(HResult::CERTSRV_E_SIGNATURE_POLICY_REQUIRED));
}

#[test]
fn a_key_based_renewal_needs_no_right_on_the_template() {
    let check = |key_based: bool, expected: Disposition| {
        let mut flags = EnrollmentFlags::PREVIOUS_APPROVAL_VALIDATE_REENROLLMENT;
        if key_based {
            flags |= EnrollmentFlags::ALLOW_PREVIOUS_APPROVAL_KEYBASEDRENEWAL_VALIDATE_REENROLLMENT;
        }
        let name_flags = NameFlags::ENROLLEE_SUPPLIES_SUBJECT;
        let mut renewal = Renewal::of(Template { name_flags, enrollment_flags: Some(flags), ..template("WebServer") });
        renewal.new.security = SecurityDescriptor { owner: None, dacl: Some(Vec::new()) };
        renewal.first.subject = "CN=www.contoso.com".parse().unwrap();
        renewal.second.subject = "CN=www.contoso.com".parse().unwrap();
        assert_eq!(renewal.run().0, expected);
    };
    check(true, Disposition::Issued);
    check(false, Disposition::Denied(HResult::CERTSRV_E_TEMPLATE_DENIED));
}

/// The documents compare the caller with the old certificate where that stands for an approval ([MS-WCCE]
/// 3.2.2.6.2.1.4.8), and nowhere else: any other renewal by somebody else is judged as a new request of the caller's,
/// so that it brings nothing but the caller's own name. A renewal on behalf of the owner is another kind of request
/// ([MS-WCCE] 3.2.2.6.2.1.2.4), which this CA does not take.
#[test]
fn whoever_renews_the_certificate_of_somebody_else_gets_one_of_their_own() {
    let bob = || PrincipalObject {
        dn: "CN=bob,CN=Users,DC=contoso,DC=com".into(),
        sid: "S-1-5-21-1004336348-1177238915-682003330-1105".parse().unwrap(),
        upn: Some("bob@contoso.com".into()),
        mail: Some("bob@contoso.com".into()),
        ..alice()
    };
    let named = || Template { name_flags: NameFlags::SUBJECT_ALT_REQUIRE_UPN, ..template("User") };
    let mut renewal = Renewal::of(named());
    renewal.caller = bob();
    let (disposition, certificate) = renewal.run();
    assert_eq!(disposition, Disposition::Issued);
    assert_eq!(certificate.unwrap().upn().as_deref(), Some("bob@contoso.com"));

    let mut renewal = Renewal::of(named());
    renewal.caller = bob();
    renewal.new.security = SecurityDescriptor::full_control(&alice().sid);
    assert_eq!(renewal.run().0, Disposition::Denied(HResult::CERTSRV_E_TEMPLATE_DENIED), "the right is the caller's");

    let mut renewal = Renewal::of(named());
    renewal.caller = bob();
    renewal.second.flags |= CR_IN_ROBO;
    assert_eq!(renewal.run().0, Disposition::Failed(HResult::E_INVALIDARG));
}

#[test]
fn a_bare_request_is_never_a_renewal() {
    let mut renewal = Renewal::of(template("User"));
    renewal.second.form = Form::Pkcs10;
    renewal.new.private_key_flags = PrivateKeyFlags::REQUIRE_SAME_KEY_RENEWAL;
    assert_eq!(renewal.run().0, Disposition::Issued, "a new key would not do in a renewal");
}

#[test]
fn a_certificate_of_another_ca_can_be_renewed_once_it_is_trusted() {
    let user = template("User");
    let algorithm = KeyAlgorithm::Rsa2048;
    let description = CaDescription { algorithm, ..CaDescription::new("Old CA", start() - Duration::days(30)) };
    let old = root(algorithm).subordinate(&seed(), description).unwrap();
    let config = CaConfig { hash: HashAlgorithm::Sha1, ..CaConfig::new("ca00.contoso.com", &["User"]) };
    let mut old = Ca::new(seed(), old, config, vec![user.clone()]);
    let first = Ask { ca: "Old CA".into(), key: key("old"), ..Ask::for_template(&user) };
    let certificate = old.submit(start(), &alice(), &first.submission()).certificate.unwrap();
    assert_eq!(
        Certificate::parse(&certificate).unwrap().signed_with,
        SignedWith::Key(SignatureAlgorithm::RsaSha1),
        "the old CA signs with the hash it is configured for"
    );

    let mut new = ca(vec![user.clone()]);
    let second = Ask { renews: Some(Holder { key: first.key, certificate }), ..Ask::for_template(&user) };
    let unknown = new.submit(start(), &alice(), &second.submission());
    assert_eq!(unknown.disposition, Disposition::Failed(HResult::CERT_E_UNTRUSTEDROOT));
    new.trust(old.identity());
    assert_eq!(new.submit(start(), &alice(), &second.submission()).disposition, Disposition::Issued);
}

/// Issuer's name and serial number are all that a signer's identifier says of a certificate: a CA of one's own makes
/// another one that it names as well, with the same content and a key of one's own.
#[test]
fn a_forged_certificate_with_the_serial_number_of_a_real_one_renews_nothing() {
    let user = template("User");
    let mut ca = ca(vec![user.clone()]);
    let first = Ask { key: key("old"), ..Ask::for_template(&user) };
    let real = ca.submit(start(), &alice(), &first.submission()).certificate.unwrap();
    let forged = Holder { key: key("mallory"), certificate: forged(&real) };
    let renewal = |holder: &Holder, named: &[u8], beside: &[&Vec<u8>]| {
        let mut ask = Ask::for_template(&user);
        ask.attributes.push(Attribute::renewal_certificate(named));
        ask.certificates = beside.iter().map(|certificate| (*certificate).clone()).collect();
        ask.co_signers = vec![holder.clone()];
        ask
    };
    let owner = Holder { key: key("old"), certificate: real.clone() };
    let mut check = |case: &str, ask: Ask, expected: Disposition| {
        let reply = ca.submit(start() + Duration::days(60), &alice(), &ask.submission());
        assert_eq!(
            (reply.disposition, reply.certificate.is_some()),
            (expected, expected == Disposition::Issued),
            "{case}"
        );
    };
    let refused = Disposition::Failed;
    check("the real one renews itself", renewal(&owner, &real, &[]), Disposition::Issued);
    check(
        "the forged one is named and signs",
        renewal(&forged, &forged.certificate, &[]),
        refused(HResult::CERT_E_UNTRUSTEDROOT),
    );
    check(
        "the real one is named, the forged one signs",
        renewal(&forged, &real, &[]),
        refused(HResult::CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE),
    );
    check(
        "the real one is named and comes along behind the forged one",
        renewal(&forged, &real, &[&forged.certificate, &real]),
        refused(HResult::CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE),
    );
    check(
        "the real one is named and comes along before the forged one",
        renewal(&forged, &real, &[&real]),
        refused(HResult(0x8009_0006)),
    );
    check(
        "the forged one is named, the real one signs",
        renewal(&owner, &forged.certificate, &[]),
        refused(HResult::CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE),
    );
}

/// What a CA of that name, but not of that key, makes of a certificate: it holds mallory's key.
fn forged(real: &[u8]) -> Vec<u8> {
    let real = Certificate::parse(real).unwrap();
    let rogue = key("rogue CA");
    let unsigned = UnsignedCertificate {
        serial: real.serial.clone(),
        issuer_der: real.issuer_der.clone(),
        not_before: real.not_before,
        not_after: real.not_after,
        subject_der: real.subject_der.clone(),
        public_key: key("mallory").public().spki_der(),
        extensions: real.extensions.clone(),
        algorithm: algorithm(&rogue),
    };
    let signature = rogue.sign(algorithm(&rogue), &unsigned.tbs()).unwrap();
    let forged = unsigned.signed(&signature).unwrap();
    assert_eq!(forged.signer_id(), real.signer_id());
    forged.raw
}
