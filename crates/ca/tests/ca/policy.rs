//! Every rule that refuses: one request that is right in everything else.

use std::collections::BTreeSet;

use autoenroll_ca::{Ca, CaDescription, CaIdentity, RULES, RequestState, RevocationReason};
use autoenroll_keys::{KeyAlgorithm, Seed};
use autoenroll_model::{
    Disposition, Duration, EnrollmentFlags, FileTime, GeneralFlags, Guid, HResult, NameFlags, PrincipalObject,
    PrivateKeyFlags, SecurityDescriptor, Template,
};
use autoenroll_wire::{Attribute, CertificationRequest, Extension, TemplateReference, cmc, flags, oids};

use crate::lab::{Ask, Form, Holder, alice, ca, issuing, key, oid, start, template, wks01};

/// A CA, a template, and a request that would be granted.
struct Bench {
    ca: Ca,
    template: Template,
    others: Vec<Template>,
    caller: PrincipalObject,
    ask: Ask,
    /// In place of what `ask` builds.
    request: Option<Vec<u8>>,
    now: FileTime,
}

impl Bench {
    fn new() -> Self {
        let user = template("User");
        Self {
            ca: ca(vec![user.clone(), agent()]),
            ask: Ask::for_template(&user),
            template: user,
            others: vec![agent()],
            caller: alice(),
            request: None,
            now: start(),
        }
    }

    /// A holder of a certificate of that template from this CA.
    fn holder(&mut self, name: &str, template: &Template) -> Holder {
        let ask = Ask { key: key(name), ..Ask::for_template(template) };
        let reply = self.ca.submit(start(), &alice(), &ask.submission());
        assert_eq!(reply.disposition, Disposition::Issued, "{}", reply.message);
        Holder { key: ask.key, certificate: reply.certificate.unwrap() }
    }

    /// Makes the request a renewal of a certificate of that template.
    fn renew(&mut self, template: &Template) {
        self.ask.renews = Some(self.holder("old", template));
    }

    fn supply_names(&mut self) {
        self.template.name_flags = NameFlags::ENROLLEE_SUPPLIES_SUBJECT;
        self.ask.subject = "CN=www".parse().unwrap();
    }
}

/// A version 2 template for registration authorities, with an issuance policy.
fn agent() -> Template {
    Template { eku: vec![oid(oids::ENROLLMENT_AGENT)], certificate_policies: vec![oid("1.2.3.4")], ..template("Agent") }
}

/// A rule, the code it refuses with, and what is wrong.
type Case = (&'static str, HResult, fn(&mut Bench));

const CASES: &[Case] = &[
    ("CA3.8.authority", HResult::E_INVALIDARG, |bench| bench.ask.ca = "Fabrikam CA".into()),
    ("CA6.1.running", HResult::CERTSRV_E_SERVER_SUSPENDED, |bench| bench.ca.suspend(true)),
    ("CA3.7.3.ca", HResult::CERTSRV_E_ENROLL_DENIED, |bench| bench.ca.config_mut().rights = empty_list()),
    ("CA6.1.form", HResult::ERROR_INVALID_DATA, |bench| bench.request = Some(b"\x30\x03\x02\x01\x00".to_vec())),
    ("CA6.1.form", HResult::ERROR_INVALID_DATA, |bench| bench.request = Some(Vec::new())),
    ("CA6.1.form", HResult::ERROR_INVALID_DATA, |bench| {
        let mut version = Attribute::os_version("5.1.2600.2");
        version.values.push(version.values[0].clone());
        bench.ask.attributes = vec![version];
    }),
    ("CA3.8.type", HResult::CRYPT_E_INVALID_MSG_TYPE, |bench| bench.ask.flags = flags::CR_IN_PKCS10),
    ("CA3.8.type", HResult::CRYPT_E_INVALID_MSG_TYPE, |bench| bench.ask.flags = flags::CR_IN_KEYGEN),
    ("CA3.8.type", HResult::CRYPT_E_INVALID_MSG_TYPE, |bench| {
        bench.ask.form = Form::Pkcs10;
        bench.ask.flags = flags::CR_IN_CMC;
    }),
    ("CA3.8.options", HResult::E_INVALIDARG, |bench| bench.ask.flags = flags::CR_IN_CRLS),
    ("CA3.8.options", HResult::E_INVALIDARG, |bench| bench.ask.flags = flags::CR_IN_ROBO),
    ("CA6.1.signed", HResult::CRYPT_E_NO_SIGNER, |bench| {
        bench.ask.form = Form::Pkcs10;
        let inner = CertificationRequest::parse(&bench.ask.request()).unwrap();
        bench.request = Some(cmc::full_request_unsigned(&inner, Vec::new()).finish().unwrap().raw);
    }),
    ("CA6.1.signers", HResult(0x8009_0006), |bench| bench.ask.message_forger = Some(key("mallory"))),
    ("CA6.1.signers", HResult(0x8009_0006), |bench| {
        let agent = bench.holder("agent", &agent());
        bench.ask.co_signers = vec![Holder { key: key("mallory"), ..agent }];
    }),
    ("CA6.1.possession", HResult(0x8009_0006), |bench| {
        bench.ask.form = Form::Pkcs10;
        bench.ask.forger = Some(key("mallory"));
    }),
    ("CA6.1.possession", HResult(0x8009_0006), |bench| {
        bench.ask.form = Form::Pkcs10;
        bench.ask.null_signature = true;
    }),
    ("CA3.7.8.certificate", HResult::CERTSRV_E_BAD_RENEWAL_CERT_ATTRIBUTE, |bench| {
        let old = bench.holder("old", &template("User"));
        bench.ask.attributes.push(Attribute::renewal_certificate(&old.certificate));
    }),
    ("CA6.1.signer-issuer", HResult::CERT_E_UNTRUSTEDROOT, |bench| {
        let description = CaDescription::new("Contoso CA", start() - Duration::days(30));
        let rogue = CaIdentity::root(&Seed::from(2), description).unwrap();
        let config = bench.ca.config().clone();
        let mut rogue = Ca::new(Seed::from(2), rogue, config, vec![agent()]);
        let ask = Ask { key: key("mallory"), ..Ask::for_template(&agent()) };
        let certificate = rogue.submit(start(), &alice(), &ask.submission()).certificate.unwrap();
        bench.ask.co_signers = vec![Holder { key: ask.key, certificate }];
    }),
    ("CA6.1.signer-time", HResult::CERT_E_EXPIRED, |bench| {
        bench.renew(&template("User"));
        bench.now = start() + Duration::days(366);
    }),
    ("CA6.1.signer-revoked", HResult::CRYPT_E_REVOKED, |bench| {
        bench.renew(&template("User"));
        let serial = bench.ca.database().row(1).unwrap().serial.clone().unwrap();
        bench.ca.revoke(start(), &serial, RevocationReason::Superseded).unwrap();
    }),
    ("CA6.1.on-behalf", HResult::CERTSRV_E_RESTRICTEDOFFICER, |bench| {
        bench.ask.attributes.push(Attribute::name_value_pair("RequesterName", "CONTOSO\\bob"));
    }),
    ("CA3.7.1.none", HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE, |bench| bench.ask = Ask::bare()),
    ("CA3.7.1.none", HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE, |bench| {
        bench.ask.submitted = vec![("CertificateTemplate".into(), "Unheard-of".into())];
    }),
    ("CA3.7.1.several", HResult::CERTSRV_E_TEMPLATE_CONFLICT, |bench| {
        bench.ask.submitted = vec![("CertificateTemplate".into(), "Agent".into())];
    }),
    ("CA3.7.1.several", HResult::CERTSRV_E_TEMPLATE_CONFLICT, |bench| {
        bench.ask.registration_info = Some("cdc=dc1.contoso.com&CertificateTemplate=Agent".into());
    }),
    ("CA3.7.1.several", HResult::CERTSRV_E_TEMPLATE_CONFLICT, |bench| {
        bench.ask.attributes.push(Attribute::name_value_pair("CertificateTemplate", "Agent"));
    }),
    ("CA3.7.1.several", HResult::CERTSRV_E_TEMPLATE_CONFLICT, |bench| {
        bench.ask.extensions.push(Extension::template(&TemplateReference::Name("Agent".into())));
    }),
    ("CA3.7.1.not-offered", HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE, |bench| {
        bench.ca.config_mut().templates = vec!["Agent".into()];
    }),
    ("CA3.7.2.major", HResult::CERTSRV_E_BAD_TEMPLATE_VERSION, |bench| bench.template.revision = 99),
    ("CA3.7.2.minor", HResult::CERTSRV_E_BAD_TEMPLATE_VERSION, |bench| {
        // The copy is newer in its major version, and still refused: the numbers are compared one by one.
        bench.template.revision = 101;
        bench.template.minor = 2;
    }),
    ("CA3.7.8.template", HResult::CERTSRV_E_TEMPLATE_CONFLICT, |bench| bench.renew(&agent())),
    ("CA3.7.3.template", HResult::CERTSRV_E_TEMPLATE_DENIED, |bench| bench.template.security = empty_list()),
    ("CA3.2.3.ca-version", HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE, |bench| {
        bench.template.private_key_flags = PrivateKeyFlags::from_bits_retain(0x0007_0000);
    }),
    ("CA6.1.overlap", HResult::CERTSRV_E_CERT_TYPE_OVERLAP, |bench| {
        bench.renew(&template("User"));
        bench.template.renewal_period = bench.template.validity + Duration::DAY;
    }),
    ("CA3.7.4.none", HResult::CERTSRV_E_SIGNATURE_POLICY_REQUIRED, |bench| bench.template.ra_signatures = 1),
    ("CA3.7.4.count", HResult::CERTSRV_E_SIGNATURE_COUNT, |bench| {
        bench.template.ra_signatures = 2;
        let agent = bench.holder("agent", &agent());
        // The same certificate twice counts once.
        bench.ask.co_signers = vec![agent.clone(), agent];
    }),
    ("CA3.7.4.policy", HResult::CERTSRV_E_SIGNATURE_REJECTED, |bench| {
        bench.template.ra_signatures = 1;
        bench.template.ra_policies = vec![oid("1.2.3.4"), oid("1.2.3.5")];
        bench.ask.co_signers = vec![bench.holder("agent", &agent())];
    }),
    ("CA3.7.4.usage", HResult::CERTSRV_E_SIGNATURE_REJECTED, |bench| {
        bench.template.ra_signatures = 1;
        bench.template.ra_application_policies = vec![oid(oids::ENROLLMENT_AGENT)];
        bench.ask.co_signers = vec![bench.holder("agent", &template("User"))];
    }),
    ("CA3.7.5", HResult::CERTSRV_E_KEY_LENGTH, |bench| bench.template.minimal_key_size = 257),
    ("CA3.7.7", HResult::CERTSRV_E_RENEWAL_BAD_PUBLIC_KEY, |bench| {
        bench.renew(&template("User"));
        bench.template.private_key_flags = PrivateKeyFlags::REQUIRE_SAME_KEY_RENEWAL;
    }),
    ("CA3.2.3.attestation", HResult::CERTSRV_E_KEY_ATTESTATION, |bench| {
        bench.template.private_key_flags = PrivateKeyFlags::ATTEST_REQUIRED;
    }),
    ("CA3.7.6.missing", HResult::CERTSRV_E_ARCHIVED_KEY_REQUIRED, |bench| {
        bench.template.private_key_flags = PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL;
    }),
    ("CA3.2.2.issuance-policies", HResult::CERTSRV_E_TEMPLATE_CONFLICT, |bench| {
        bench.template.enrollment_flags = Some(EnrollmentFlags::ISSUANCE_POLICIES_FROM_REQUEST);
        bench.ask.extensions.push(Extension::certificate_policies(&[oid("1.2.3.4")]));
    }),
    ("CA3.2.4.supplied", HResult::CERTSRV_E_BAD_REQUESTSUBJECT, |bench| {
        bench.supply_names();
        bench.ask.subject = Default::default();
    }),
    ("CA3.2.4.dns", HResult::CERTSRV_E_SUBJECT_DNS_REQUIRED, |bench| {
        bench.template.name_flags = NameFlags::SUBJECT_ALT_REQUIRE_DNS;
    }),
    ("CA3.2.4.dns", HResult::CERTSRV_E_SUBJECT_DNS_REQUIRED, |bench| {
        bench.template.flags = GeneralFlags::MACHINE_TYPE;
        bench.template.name_flags = NameFlags::SUBJECT_REQUIRE_COMMON_NAME;
        bench.caller = PrincipalObject { dns: Some(String::new()), ..wks01() };
    }),
    ("CA3.2.4.mail", HResult::CERTSRV_E_SUBJECT_EMAIL_REQUIRED, |bench| {
        bench.template.name_flags |= NameFlags::SUBJECT_ALT_REQUIRE_EMAIL;
        bench.caller.mail = None;
    }),
    ("CA3.2.4.mail", HResult::CERTSRV_E_SUBJECT_EMAIL_REQUIRED, |bench| {
        bench.template.name_flags |= NameFlags::SUBJECT_REQUIRE_EMAIL;
        bench.caller.mail = None;
    }),
    ("CA3.2.4.upn", HResult::CERTSRV_E_SUBJECT_UPN_REQUIRED, |bench| bench.caller.upn = None),
    ("CA3.2.4.guid", HResult::CERTSRV_E_SUBJECT_DIRECTORY_GUID_REQUIRED, |bench| {
        bench.template.name_flags = NameFlags::SUBJECT_ALT_REQUIRE_DIRECTORY_GUID;
        bench.caller.guid = Guid([0; 16]);
    }),
    ("CA3.2.4.path", HResult::CERTSRV_E_BAD_REQUESTSUBJECT, |bench| bench.caller.dn = "alice".into()),
    ("CA3.2.4.domain", HResult::CERTSRV_E_SUBJECT_DNS_REQUIRED, |bench| {
        bench.template.name_flags = NameFlags::SUBJECT_ALT_REQUIRE_DOMAIN_DNS;
        bench.caller.dn = "CN=Alice,O=Contoso".into();
    }),
    ("CA3.2.4.lengths", HResult::CERTSRV_E_BAD_REQUESTSUBJECT, |bench| {
        bench.caller.dn = format!("CN={},DC=contoso,DC=com", "a".repeat(65));
    }),
    ("CA3.2.4.lengths", HResult::CERTSRV_E_BAD_REQUESTSUBJECT, |bench| {
        bench.caller.dn = format!("CN=alice,L={},C=DE,DC=contoso,DC=com", "a".repeat(129));
    }),
    ("CA3.2.4.any", HResult::CERTSRV_E_BAD_REQUESTSUBJECT, |bench| {
        bench.template.name_flags = NameFlags::empty();
    }),
    ("CA6.1.ca-certificate", HResult::CERTSRV_E_INVALID_CA_CERTIFICATE, |bench| {
        bench.now = issuing(KeyAlgorithm::P256).not_after();
    }),
];

fn empty_list() -> SecurityDescriptor {
    SecurityDescriptor { owner: None, dacl: Some(Vec::new()) }
}

/// The rule must refuse, as the last decision, with its code, and leave the reason in the row.
fn check((rule, code, spoil): &Case) {
    let mut bench = Bench::new();
    spoil(&mut bench);
    bench.ca.take_decisions();
    bench.ca.set_templates([vec![bench.template.clone()], bench.others.clone()].concat());
    let mut submission = bench.ask.submission();
    submission.request = bench.request.unwrap_or(submission.request);
    let reply = bench.ca.submit(bench.now, &bench.caller, &submission);

    let decisions = bench.ca.take_decisions();
    let last = decisions.iter().rfind(|decision| decision.rule.as_str() != "CA3.7.12").unwrap();
    assert_eq!((last.rule.as_str(), last.outcome), (*rule, false), "{}", reply.message);
    let refused =
        matches!(reply.disposition, Disposition::Denied(found) | Disposition::Failed(found) if found == *code);
    assert!(refused, "{rule}: expected {code}, found {:?}", reply.disposition);
    assert_eq!((reply.certificate, reply.response), (None, None), "{rule}");
    assert!(reply.message.contains(rule), "{rule}: {}", reply.message);
    if reply.request_id == 0 {
        return;
    }
    let row = bench.ca.database().row(reply.request_id).unwrap();
    assert_eq!(row.message, reply.message);
    assert!(matches!(row.state, RequestState::Denied(found) | RequestState::Failed(found) if found == *code));
    assert_eq!(row.resolved, Some(bench.now));
}

#[test]
fn every_refusal_has_its_code_and_its_reason() {
    for case in CASES {
        check(case);
    }
}

#[test]
fn every_rule_that_refuses_has_a_case() {
    let tried: BTreeSet<_> = CASES.iter().map(|(rule, ..)| *rule).collect();
    let elsewhere = ["CA3.7.6.unexpected", "CA3.7.6.configured", "CA3.7.6.key", "CA3.7.11.known"];
    let refusing = RULES.iter().filter(|rule| rule.refusal.is_some()).map(|rule| rule.row.id);
    let missing: Vec<_> = refusing.filter(|rule| !tried.contains(rule) && !elsewhere.contains(rule)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_code_is_the_one_of_its_rule() {
    for (id, code, _) in CASES {
        let rule = RULES.iter().find(|rule| rule.row.id == *id);
        assert_eq!(rule.and_then(|rule| rule.refusal), Some(*code), "{id}");
    }
    let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.row.id).collect();
    assert_eq!(ids.len(), RULES.len(), "two rules of one name");
}

#[test]
fn rules_are_decided_in_the_order_of_the_table() {
    let mut bench = Bench::new();
    bench.ca.submit(start(), &bench.caller, &bench.ask.submission());
    let decided: Vec<_> = bench.ca.take_decisions().iter().map(|one| one.rule.as_str().to_string()).collect();
    let place = |id: &String| RULES.iter().position(|rule| rule.row.id == id).unwrap();
    assert!(decided.iter().map(place).is_sorted(), "{decided:?}");
    insta::assert_snapshot!(decided.join("\n"));
}

/// Requests that look odd and are granted all the same.
#[test]
fn what_is_granted() {
    let check = |case: &str, change: fn(&mut Bench)| {
        let mut bench = Bench::new();
        change(&mut bench);
        bench.ca.set_templates([vec![bench.template.clone()], bench.others.clone()].concat());
        let reply = bench.ca.submit(bench.now, &bench.caller, &bench.ask.submission());
        assert_eq!(reply.disposition, Disposition::Issued, "{case}: {}", reply.message);
    };
    check("nothing is wrong", |_| {});
    check("the CA's name in another case", |bench| bench.ask.ca = "CONTOSO ca".into());
    check("announced as CMC", |bench| bench.ask.flags = flags::CR_IN_CMC);
    check("announced as PKCS #10", |bench| {
        bench.ask.form = Form::Pkcs10;
        bench.ask.flags = flags::CR_IN_PKCS10;
    });
    check("the copy is newer", |bench| bench.template.revision = 200);
    check("no version in the request", |bench| {
        let reference = TemplateReference::Oid { oid: bench.template.oid.clone().unwrap(), major: None, minor: None };
        bench.ask.extensions = vec![Extension::template(&reference)];
    });
    check("by name alone", |bench| {
        bench.ask = Ask::bare();
        bench.ask.attributes.push(Attribute::name_value_pair("CertificateTemplate", "USER"));
    });
    check("by name and identifier", |bench| {
        bench.ask.submitted = vec![("CertificateTemplate".into(), "User".into())];
    });
    check("a hash in place of the inner signature", |bench| bench.ask.null_signature = true);
    check("a stale inner signature", |bench| bench.ask.forger = Some(key("mallory")));
    check("co-signed by two agents", |bench| {
        bench.template.ra_signatures = 2;
        bench.template.ra_policies = vec![oid("1.2.3.4")];
        bench.template.ra_application_policies = vec![oid(oids::ENROLLMENT_AGENT)];
        bench.ask.co_signers = vec![bench.holder("one", &agent()), bench.holder("two", &agent())];
    });
    check("the newest CA version", |bench| {
        bench.template.private_key_flags = PrivateKeyFlags::from_bits_retain(0x0006_0000);
    });
    check("a version 1 template has no demands", |bench| {
        bench.template.schema = None;
        bench.template.minimal_key_size = 4096;
        bench.template.ra_signatures = 1;
    });
    check("issuance policies that the template has", |bench| {
        bench.template.enrollment_flags = Some(EnrollmentFlags::ISSUANCE_POLICIES_FROM_REQUEST);
        bench.template.certificate_policies = vec![oid("1.2.3.4"), oid("1.2.3.5")];
        bench.ask.extensions.push(Extension::certificate_policies(&[oid("1.2.3.5"), oid("1.2.3.6")]));
    });
    check("archival for a renewal that keeps its key", |bench| {
        bench.renew(&template("User"));
        bench.ask.key = key("old");
        bench.template.private_key_flags =
            PrivateKeyFlags::REQUIRE_SAME_KEY_RENEWAL | PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL;
    });
}

/// With a rule inverted, what it refused passes it, and what passed gets another reply: no rule is without effect.
#[cfg(feature = "planted-bugs")]
#[test]
fn every_rule_matters() {
    use autoenroll_model::Rule;

    let run = |spoil: fn(&mut Bench), rule: &str| {
        let mut bench = Bench::new();
        spoil(&mut bench);
        bench.ca.set_templates([vec![bench.template.clone()], bench.others.clone()].concat());
        let mut submission = bench.ask.submission();
        submission.request = bench.request.unwrap_or(submission.request);
        let mut ca = bench.ca.flipping(Some(Rule::named(rule)));
        let reply = ca.submit(bench.now, &bench.caller, &submission);
        (reply, ca.take_decisions())
    };
    for (rule, _, spoil) in CASES {
        let (_, decisions) = run(*spoil, rule);
        let decided = decisions.iter().find(|decision| decision.rule.as_str() == *rule);
        assert!(decided.is_some_and(|decision| decision.outcome), "{rule}");
    }
    let (granted, decisions) = run(|_| {}, "");
    assert_eq!(granted.disposition, Disposition::Issued);
    for decision in decisions {
        let (reply, _) = run(|_| {}, decision.rule.as_str());
        assert_ne!(reply, granted, "{}", decision.rule);
    }
}
