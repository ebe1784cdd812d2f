use super::*;
use crate::{
    BasicConstraints, Extension, oids,
    testing::{certificate, key},
};
use alloc::string::ToString;
use alloc::vec;
use autoenroll_keys::SignatureAlgorithm;
use proptest::prelude::*;

fn leaf() -> Certificate {
    let template =
        TemplateReference::Oid { oid: "1.3.6.1.4.1.311.21.8.7".parse().unwrap(), major: Some(100), minor: Some(4) };
    certificate(
        ("CN=Alice,OU=Staff,DC=corp,DC=example", &key(1)),
        ("CN=CA1,DC=corp,DC=example", &key(0)),
        b"\x80\x01",
        vec![
            Extension::template(&template),
            Extension::extended_key_usage(&[oids::known(oids::SMARTCARD_LOGON)]),
            Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
            Extension::application_policies(&[oids::known(oids::SMARTCARD_LOGON)]),
            Extension::subject_alt_name(&[
                GeneralName::Dns("pc1.corp.example".into()),
                GeneralName::Upn("alice@corp.example".into()),
                GeneralName::Rfc822("alice@mail.example".into()),
            ]),
            Extension::sid(&"S-1-5-21-1-2-3-1104".parse().unwrap()),
            Extension::subject_key_identifier(&key(1).public().key_identifier()),
            Extension::authority_key_identifier(&key(0).public().key_identifier()),
        ],
    )
}

#[test]
fn a_certificate_says_what_was_put_into_it() {
    let leaf = leaf();
    assert_eq!(leaf.subject.to_string(), "CN=Alice,OU=Staff,DC=corp,DC=example");
    assert_eq!(leaf.issuer.common_name().as_deref(), Some("CA1"));
    assert_eq!(leaf.not_before.to_string(), "2026-03-02T08:00:00Z");
    assert_eq!(leaf.not_after.to_string(), "2027-03-02T08:00:00Z");
    assert_eq!(leaf.serial_hex(), "008001");
    assert_eq!(leaf.template().unwrap().to_string(), "1.3.6.1.4.1.311.21.8.7 100.4");
    assert_eq!(leaf.extended_key_usage(), [oids::known(oids::SMARTCARD_LOGON)]);
    assert_eq!(leaf.application_policies(), [oids::known(oids::SMARTCARD_LOGON)]);
    assert!(leaf.certificate_policies().is_empty());
    assert_eq!(leaf.key_usage(), Some(KeyUsage::DIGITAL_SIGNATURE));
    assert_eq!(leaf.upn().as_deref(), Some("alice@corp.example"));
    assert_eq!(leaf.dns_name().as_deref(), Some("pc1.corp.example"));
    assert_eq!(leaf.mail().as_deref(), Some("alice@mail.example"));
    assert_eq!(leaf.sid().unwrap().as_str(), "S-1-5-21-1-2-3-1104");
    assert_eq!(leaf.subject_key_identifier().as_deref(), Some(key(1).public().key_identifier().as_slice()));
    assert_eq!(leaf.authority_key_identifier().as_deref(), Some(key(0).public().key_identifier().as_slice()));
    assert_eq!(leaf.key_identifier(), Ok(key(1).public().key_identifier()));
    assert_eq!(leaf.thumbprint().0, hex::encode(&autoenroll_keys::sha1(&leaf.raw)));
    assert_eq!(leaf.signed_with, SignedWith::Key(SignatureAlgorithm::EcdsaSha256));
    assert!(!leaf.is_ca() && !leaf.is_self_issued());
    assert_eq!(key(0).public().verify(SignatureAlgorithm::EcdsaSha256, &leaf.signed, &leaf.signature), Ok(()));
    assert_eq!(Certificate::parse(&leaf.raw), Ok(leaf));
}

#[test]
fn a_root_is_self_issued_and_a_renewed_one_with_another_key_is_not() {
    let constraints = Extension::basic_constraints(BasicConstraints { ca: true, path_length: None });
    let identifier = |n| key(n).public().key_identifier();
    let check = |authority: u8, expected: bool| {
        let extensions = vec![
            constraints.clone(),
            Extension::subject_key_identifier(&identifier(0)),
            Extension::authority_key_identifier(&identifier(authority)),
        ];
        let root = certificate(("CN=CA1", &key(0)), ("CN=CA1", &key(0)), b"\x01", extensions);
        assert!(root.is_ca());
        assert_eq!(root.is_self_issued(), expected);
    };
    check(0, true);
    check(1, false);
    assert!(certificate(("CN=CA1", &key(0)), ("CN=CA1", &key(0)), b"\x01", vec![]).is_self_issued());
}

#[test]
fn a_malformed_extension_counts_as_absent() {
    let wrong =
        |oid: &'static str| Extension { oid: oids::known(oid), critical: false, value: b"\x30\x05\x01".to_vec() };
    let all = [
        oids::CERTIFICATE_TEMPLATE,
        oids::ENROLL_CERTTYPE,
        oids::KEY_USAGE,
        oids::EXTENDED_KEY_USAGE,
        oids::APPLICATION_CERT_POLICIES,
        oids::CERTIFICATE_POLICIES,
        oids::SUBJECT_ALT_NAME,
        oids::NTDS_CA_SECURITY_EXT,
        oids::BASIC_CONSTRAINTS,
        oids::SUBJECT_KEY_IDENTIFIER,
        oids::AUTHORITY_KEY_IDENTIFIER,
    ];
    let odd = certificate(("CN=a", &key(1)), ("CN=b", &key(0)), b"\x01", all.map(wrong).to_vec());
    assert_eq!((odd.template(), odd.key_usage(), odd.upn(), odd.sid()), (None, None, None, None));
    assert_eq!((odd.subject_key_identifier(), odd.authority_key_identifier()), (None, None));
    assert!(odd.extended_key_usage().is_empty() && odd.application_policies().is_empty());
    assert!(odd.certificate_policies().is_empty() && !odd.is_ca());
    assert!(odd.extensions.sid().is_err());
}

#[test]
fn a_malformed_template_identifier_does_not_hide_the_name() {
    let name = TemplateReference::Name("User".into());
    let wrong = Extension { oid: oids::known(oids::CERTIFICATE_TEMPLATE), critical: false, value: vec![5, 0] };
    let odd = certificate(("CN=a", &key(1)), ("CN=b", &key(0)), b"\x01", vec![wrong, Extension::template(&name)]);
    assert_eq!(odd.template(), Some(name));
}

proptest! {
    #[test]
    fn a_damaged_certificate_never_panics(position in 0..600_usize, octet: u8) {
        let mut der = leaf().raw;
        let position = position % der.len();
        der[position] = octet;
        if let Ok(certificate) = Certificate::parse(&der) {
            let _ = (certificate.template(), certificate.upn(), certificate.sid(), certificate.key_identifier());
            let _ = (certificate.subject.to_string(), certificate.is_self_issued(), certificate.key_usage());
            prop_assert_eq!(certificate.raw, der);
        }
    }
}
