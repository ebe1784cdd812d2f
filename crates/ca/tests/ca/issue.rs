//! What an issued certificate says.

use autoenroll_keys::KeyAlgorithm;
use autoenroll_model::{
    CaReply, Disposition, Duration, EnrollmentFlags, FileTime, GeneralFlags, KeyUsage, NameFlags, PrincipalObject,
    Template,
};
use autoenroll_wire::{Certificate, Extension, GeneralName, SignedMessage, TemplateReference, cmc, oids};

use crate::lab::{ALICE, Ask, alice, ca, ca_with, issuing, oid, pool_key, start, template, wks01};

/// The certificate of a reply that must be one.
fn issued(reply: &CaReply) -> Certificate {
    assert_eq!(reply.disposition, Disposition::Issued, "{}", reply.message);
    Certificate::parse(reply.certificate.as_deref().unwrap()).unwrap()
}

/// What comes of a request for that template, from that principal.
fn enroll(template: &Template, principal: &PrincipalObject) -> Certificate {
    let mut ca = ca(vec![template.clone()]);
    issued(&ca.submit(start(), principal, &Ask::for_template(template).submission()))
}

#[test]
fn a_certificate_says_what_template_and_directory_say() {
    let user = template("User");
    let certificate = enroll(&user, &alice());
    assert_eq!(certificate.subject.to_string(), "CN=Alice Adams,OU=Staff,DC=contoso,DC=com");
    assert_eq!(certificate.issuer.to_string(), "CN=Contoso CA,O=Contoso");
    assert_eq!(certificate.upn().as_deref(), Some("alice@contoso.com"));
    assert_eq!(certificate.sid().unwrap().as_str(), ALICE);
    assert_eq!(certificate.not_before, start());
    assert_eq!(certificate.not_after, start() + Duration::days(365));
    assert_eq!(certificate.key_usage(), Some(user.key_usage));
    assert_eq!(certificate.extended_key_usage(), user.eku);
    assert_eq!(certificate.application_policies(), user.application_policies);
    let reference = TemplateReference::Oid { oid: user.oid.unwrap(), major: Some(100), minor: Some(3) };
    assert_eq!(certificate.template(), Some(reference));
    assert_eq!(
        certificate.authority_key_identifier().unwrap(),
        issuing(KeyAlgorithm::P256).public_key().key_identifier()
    );
    assert_eq!(certificate.subject_key_identifier().unwrap(), certificate.key_identifier().unwrap());
    let order: Vec<_> = certificate.extensions.0.iter().filter_map(|one| oids::name(&one.oid)).collect();
    insta::assert_snapshot!(order.join("\n"));
}

#[test]
fn critical_extensions_are_those_of_the_template_and_a_lone_alternative_name() {
    let check = |template: &Template, expected: &[&str]| {
        let certificate = enroll(template, &alice());
        let critical: Vec<_> =
            certificate.extensions.0.iter().filter(|one| one.critical).map(|one| one.oid.as_str()).collect();
        assert_eq!(critical, expected);
    };
    check(&template("User"), &[oids::KEY_USAGE]);
    check(&Template { critical_extensions: Vec::new(), ..template("User") }, &[]);
    let nameless = Template { name_flags: NameFlags::SUBJECT_ALT_REQUIRE_UPN, ..template("User") };
    check(&nameless, &[oids::KEY_USAGE, oids::SUBJECT_ALT_NAME]);
}

#[test]
fn names_follow_the_name_flags() {
    use NameFlags as N;
    let check = |machine: bool, flags: NameFlags, subject: &str, alternative: &[GeneralName]| {
        let general = if machine { GeneralFlags::MACHINE_TYPE } else { GeneralFlags::empty() };
        let template = Template { flags: general, name_flags: flags, ..template("Any") };
        let certificate = enroll(&template, &if machine { wks01() } else { alice() });
        assert_eq!(certificate.subject.to_string(), subject, "{flags:?}");
        assert_eq!(certificate.subject_alt_names(), alternative, "{flags:?}");
    };
    let upn = GeneralName::Upn("alice@contoso.com".into());
    let mail = GeneralName::Rfc822("alice.adams@contoso.com".into());
    let guid = GeneralName::DirectoryGuid(alice().guid);
    let dns = GeneralName::Dns("wks01.contoso.com".into());
    let domain = GeneralName::Dns("contoso.com".into());
    let path = "CN=Alice Adams,OU=Staff,DC=contoso,DC=com";
    check(false, N::SUBJECT_REQUIRE_DIRECTORY_PATH, path, &[]);
    check(
        false,
        N::SUBJECT_REQUIRE_DIRECTORY_PATH | N::SUBJECT_REQUIRE_EMAIL,
        &format!("E=alice.adams@contoso.com,{path}"),
        &[],
    );
    check(false, N::SUBJECT_REQUIRE_COMMON_NAME, "CN=Alice Adams", &[]);
    check(true, N::SUBJECT_REQUIRE_COMMON_NAME, "CN=wks01.contoso.com", &[]);
    check(
        true,
        N::SUBJECT_REQUIRE_DNS_AS_CN | N::SUBJECT_ALT_REQUIRE_DNS,
        "CN=wks01.contoso.com",
        std::slice::from_ref(&dns),
    );
    check(true, N::SUBJECT_ALT_REQUIRE_DNS | N::SUBJECT_ALT_REQUIRE_DOMAIN_DNS, "", &[dns, domain]);
    check(false, N::SUBJECT_ALT_REQUIRE_UPN, "", std::slice::from_ref(&upn));
    check(false, N::SUBJECT_ALT_REQUIRE_SPN, "", std::slice::from_ref(&upn));
    check(false, N::SUBJECT_REQUIRE_EMAIL, "E=alice.adams@contoso.com", &[]);
    let all = N::SUBJECT_ALT_REQUIRE_UPN | N::SUBJECT_ALT_REQUIRE_EMAIL | N::SUBJECT_ALT_REQUIRE_DIRECTORY_GUID;
    check(false, all, "", &[guid, upn, mail]);
}

#[test]
fn an_enrollee_supplies_subject_alternative_name_and_sid() {
    let template = Template { name_flags: NameFlags::ENROLLEE_SUPPLIES_SUBJECT, ..template("WebServer") };
    let mut ask = Ask::for_template(&template);
    ask.subject = "CN=www.contoso.com,O=Contoso".parse().unwrap();
    ask.extensions.push(Extension::subject_alt_name(&[GeneralName::Dns("www.contoso.com".into())]));
    let mut ca = ca(vec![template]);
    let certificate = issued(&ca.submit(start(), &alice(), &ask.submission()));
    assert_eq!(certificate.subject.to_string(), "CN=www.contoso.com,O=Contoso");
    assert_eq!(certificate.dns_name().as_deref(), Some("www.contoso.com"));
    assert_eq!(certificate.sid(), None, "neither side supplied one");

    let sid = "S-1-5-21-9-9-9-500".parse().unwrap();
    ask.extensions.push(Extension::sid(&sid));
    let certificate = issued(&ca.submit(start(), &alice(), &ask.submission()));
    assert_eq!(certificate.sid(), Some(sid));
}

#[test]
fn names_in_the_request_do_not_count_otherwise() {
    let user = template("User");
    let mut ask = Ask::for_template(&user);
    ask.subject = "CN=Administrator".parse().unwrap();
    ask.extensions.push(Extension::subject_alt_name(&[GeneralName::Upn("administrator@contoso.com".into())]));
    ask.extensions.push(Extension::sid(&"S-1-5-21-1-2-3-500".parse().unwrap()));
    let certificate = issued(&ca(vec![user]).submit(start(), &alice(), &ask.submission()));
    assert_eq!(certificate.subject.common_name().as_deref(), Some("Alice Adams"));
    assert_eq!(certificate.upn().as_deref(), Some("alice@contoso.com"));
    assert_eq!(certificate.sid().unwrap().as_str(), ALICE);
}

#[test]
fn flags_of_the_template_add_and_leave_out_extensions() {
    type Case<'a> = (&'a str, Template, &'a [&'a str], &'a [&'a str]);
    let enrollment = |flags| Template { enrollment_flags: Some(flags), ..template("Any") };
    let ocsp = Template {
        application_policies: vec![oid(oids::OCSP_SIGNING)],
        ..enrollment(EnrollmentFlags::ADD_OCSP_NOCHECK)
    };
    let cases: [Case<'_>; 8] = [
        (
            "plain",
            template("Any"),
            &[oids::NTDS_CA_SECURITY_EXT, oids::CRL_DISTRIBUTION_POINTS],
            &[oids::BASIC_CONSTRAINTS],
        ),
        ("no SID", enrollment(EnrollmentFlags::NO_SECURITY_EXTENSION), &[], &[oids::NTDS_CA_SECURITY_EXT]),
        (
            "no revocation",
            enrollment(EnrollmentFlags::NO_REVOCATION_INFO_IN_ISSUED_CERTS),
            &[oids::AUTHORITY_INFO_ACCESS],
            &[oids::CRL_DISTRIBUTION_POINTS],
        ),
        (
            "basic constraints",
            enrollment(EnrollmentFlags::INCLUDE_BASIC_CONSTRAINTS_FOR_EE_CERTS),
            &[oids::BASIC_CONSTRAINTS],
            &[],
        ),
        ("S/MIME", enrollment(EnrollmentFlags::INCLUDE_SYMMETRIC_ALGORITHMS), &[oids::SMIME_CAPABILITIES], &[]),
        ("OCSP", ocsp, &[oids::OCSP_NOCHECK], &[oids::CRL_DISTRIBUTION_POINTS, oids::AUTHORITY_INFO_ACCESS]),
        (
            "issuance policy",
            Template { certificate_policies: vec![oid("1.2.3.4")], ..template("Any") },
            &[oids::CERTIFICATE_POLICIES],
            &[],
        ),
        (
            "no usages",
            Template { eku: Vec::new(), key_usage: KeyUsage::empty(), ..template("Any") },
            &[],
            &[oids::EXTENDED_KEY_USAGE, oids::KEY_USAGE],
        ),
    ];
    for (case, template, present, absent) in cases {
        let certificate = enroll(&template, &alice());
        for oid in present {
            assert!(certificate.extensions.get(oid).is_some(), "{case}: {oid} is absent");
        }
        for oid in absent {
            assert!(certificate.extensions.get(oid).is_none(), "{case}: {oid} is there");
        }
    }
}

#[test]
fn a_ca_template_makes_a_ca() {
    let check = |depth: i32, expected: Option<u32>| {
        let template = Template { flags: GeneralFlags::IS_CA, max_issuing_depth: depth, ..template("SubCA") };
        let constraints = enroll(&template, &alice()).extensions.basic_constraints().unwrap().unwrap();
        assert_eq!((constraints.ca, constraints.path_length), (true, expected));
    };
    check(0, Some(0));
    check(3, Some(3));
    check(-1, None);
}

#[test]
fn a_version_1_template_is_named_in_the_certificate() {
    let check = |flags: GeneralFlags, by_extension: bool, expected: Option<&str>| {
        let template = Template { schema: None, oid: None, flags, ..template("User") };
        let mut ask = Ask::bare();
        if by_extension {
            ask.extensions.push(Extension::template(&TemplateReference::Name("user".into())));
        } else {
            ask.submitted.push(("Certificate-Template ".into(), " User".into()));
        }
        let certificate = issued(&ca(vec![template]).submit(start(), &alice(), &ask.submission()));
        assert_eq!(certificate.template(), expected.map(|name| TemplateReference::Name(name.into())));
        assert_eq!(certificate.application_policies(), [], "version 1 has no application policies");
    };
    check(GeneralFlags::ADD_TEMPLATE_NAME, true, Some("User"));
    check(GeneralFlags::ADD_TEMPLATE_NAME, false, Some("User"));
    check(GeneralFlags::empty(), true, Some("User"));
    check(GeneralFlags::empty(), false, None);
}

#[test]
fn validity_ends_with_template_maximum_or_ca() {
    let check = |template: Duration, maximum: Duration, skew: Duration, expected: FileTime| {
        let template = Template { validity: template, ..self::template("User") };
        let mut ca = ca(vec![template.clone()]);
        ca.config_mut().max_validity = maximum;
        ca.config_mut().clock_skew = skew;
        let certificate = issued(&ca.submit(start(), &alice(), &Ask::for_template(&template).submission()));
        assert_eq!(certificate.not_before, start() - skew);
        assert_eq!(certificate.not_after, expected);
    };
    let year = Duration::days(365);
    check(year, Duration::days(730), Duration::ZERO, start() + year);
    check(year, Duration::days(30), Duration::ZERO, start() + Duration::days(30));
    check(year, Duration::days(730), Duration::minutes(10), start() - Duration::minutes(10) + year);
    check(Duration::days(3650), Duration::days(3650), Duration::ZERO, issuing(KeyAlgorithm::P256).not_after());
}

#[test]
fn fractions_of_a_second_are_cut_off() {
    let user = template("User");
    let now = start() + Duration::MILLISECOND;
    let certificate = issued(&ca(vec![user.clone()]).submit(now, &alice(), &Ask::for_template(&user).submission()));
    assert_eq!((certificate.not_before, certificate.not_after), (start(), start() + Duration::days(365)));
}

#[test]
fn serial_numbers_hold_the_number_of_the_request() {
    let user = template("User");
    let mut ca = ca(vec![user.clone()]);
    let submission = Ask::for_template(&user).submission();
    let serials: Vec<_> = (0..40).map(|_| issued(&ca.submit(start(), &alice(), &submission)).serial).collect();
    for (serial, number) in serials.iter().zip(1_u32..) {
        assert_eq!(serial.len(), 10);
        assert!((0x10..0x80).contains(&serial[0]), "{serial:02x?}");
        assert_eq!(serial[4..], [[0, 0].as_slice(), &number.to_be_bytes()].concat());
    }
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::Rsa2048] {
        let user = template("User");
        let mut ask = Ask::for_template(&user);
        ask.key = pool_key("alice", algorithm);
        let reply = || ca_with(algorithm, vec![user.clone()]).submit(start(), &alice(), &ask.submission());
        assert_eq!(reply(), reply());
    }
}

#[test]
fn the_response_carries_the_chain_and_is_full_when_asked() {
    let user = template("User");
    let mut ca = ca(vec![user.clone()]);
    let mut ask = Ask::for_template(&user);
    let reply = ca.submit(start(), &alice(), &ask.submission());
    let message = SignedMessage::parse(reply.response.as_deref().unwrap()).unwrap();
    assert!(message.is_certs_only());
    let mut chain = vec![reply.certificate.clone().unwrap()];
    chain.extend(issuing(KeyAlgorithm::P256).chain());
    assert_eq!(message.certificates, chain);

    ask.flags = autoenroll_wire::flags::CR_IN_FULLRESPONSE;
    let reply = ca.submit(start(), &alice(), &ask.submission());
    let message = SignedMessage::parse(reply.response.as_deref().unwrap()).unwrap();
    assert_eq!(message.content_type.as_str(), oids::PKI_RESPONSE);
    let content = cmc::PkiResponse::from_der(message.content.as_deref().unwrap()).unwrap();
    let statuses = content.statuses().unwrap();
    assert_eq!((statuses[0].status, statuses[0].text.as_deref()), (cmc::Status::Success, Some("Issued")));
    let hash = Certificate::parse(reply.certificate.as_deref().unwrap()).unwrap().sha1();
    assert_eq!(content.issued_certificate_hash().unwrap().unwrap(), hash);
    assert_eq!(message.signers.len(), 1);
}

#[test]
fn a_full_response_tells_what_became_of_the_request() {
    let check = |template: &Template, key_size: u32, expected: cmc::Status| {
        let template = Template { minimal_key_size: key_size, ..template.clone() };
        let mut ask = Ask::for_template(&template);
        ask.flags = autoenroll_wire::flags::CR_IN_FULLRESPONSE;
        let mut ca = ca(vec![template]);
        let reply = ca.submit(start(), &alice(), &ask.submission());
        let message = SignedMessage::parse(reply.response.as_deref().unwrap()).unwrap();
        let content = cmc::PkiResponse::from_der(message.content.as_deref().unwrap()).unwrap();
        assert_eq!(content.statuses().unwrap()[0].status, expected);
        content.controls[0].values[0].clone()
    };
    let pend_all = Template { enrollment_flags: Some(EnrollmentFlags::PEND_ALL_REQUESTS), ..template("User") };
    check(&template("User"), 256, cmc::Status::Success);
    check(&template("User"), 4096, cmc::Status::Failed);
    let pending = check(&pend_all, 256, cmc::Status::Pending);
    let pend_info = b"\x30\x17\x04\x04\x01\x00\x00\x00\x18\x0F20260302080000Z";
    assert!(pending.ends_with(pend_info), "{pending:02x?}");
}
