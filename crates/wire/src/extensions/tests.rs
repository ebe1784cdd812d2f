use super::*;
use alloc::vec;

fn oid(text: &str) -> Oid {
    text.parse().unwrap()
}

/// Reads the extension back from a list that holds it alone.
fn list(extension: &Extension) -> Extensions {
    let list = Extensions(vec![extension.clone()]);
    assert_eq!(Extensions::from_der(&list.to_der()), Ok(list.clone()));
    list
}

#[test]
fn templates_are_named_as_windows_names_them() {
    let name = TemplateReference::Name("User".into());
    let extension = Extension::template(&name);
    assert_eq!(extension.value, b"\x1E\x08\x00U\x00s\x00e\x00r");
    assert_eq!(list(&extension).template(), Ok(Some(name)));

    let check = |major, minor, wire: &[u8]| {
        let template = TemplateReference::Oid { oid: oid("1.3.6.1.4.1.311.21.8.1"), major, minor };
        let extension = Extension::template(&template);
        assert_eq!(extension.value, wire);
        assert_eq!(list(&extension).template(), Ok(Some(template)));
    };
    check(
        Some(100),
        Some(4),
        b"\x30\x12\x06\x0A\x2B\x06\x01\x04\x01\x82\x37\x15\x08\x01\x02\x01\x64\x02\x01\x04".as_slice(),
    );
    check(Some(100), None, b"\x30\x0F\x06\x0A\x2B\x06\x01\x04\x01\x82\x37\x15\x08\x01\x02\x01\x64");
    check(None, None, b"\x30\x0C\x06\x0A\x2B\x06\x01\x04\x01\x82\x37\x15\x08\x01");
}

#[test]
fn a_template_name_is_read_in_every_form_that_exists() {
    let check = |value: &[u8], expected: Option<&str>| {
        let extensions = Extensions(vec![Extension::new(oids::ENROLL_CERTTYPE, false, value.to_vec())]);
        assert_eq!(extensions.template_name().ok().flatten().as_deref(), expected);
    };
    check(b"\x1E\x04\x00U\x00s", Some("Us"));
    check(b"\x0C\x02Us", Some("Us"));
    check(b"\x30\x04\x0C\x02Us", Some("Us"));
    check(b"\x02\x01\x01", None);
    check(b"", None);
}

#[test]
fn a_template_by_identifier_counts_more_than_one_by_name() {
    let by_oid = TemplateReference::Oid { oid: oid("1.2.3"), major: Some(1), minor: Some(0) };
    let both =
        Extensions(vec![Extension::template(&TemplateReference::Name("User".into())), Extension::template(&by_oid)]);
    assert_eq!(both.template(), Ok(Some(by_oid.clone())));
    assert_eq!(by_oid.to_string(), "1.2.3 1.0");
    assert_eq!(Extensions::default().template(), Ok(None));
}

#[test]
fn key_usage_bits_stand_as_in_the_template_attribute() {
    let check = |usage: KeyUsage, wire: &[u8]| {
        let extension = Extension::key_usage(usage);
        assert_eq!((extension.value.as_slice(), extension.critical), (wire, true));
        assert_eq!(list(&extension).key_usage(), Ok(Some(usage)));
    };
    check(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT, b"\x03\x02\x05\xA0");
    check(KeyUsage::DIGITAL_SIGNATURE, b"\x03\x02\x07\x80");
    check(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN, b"\x03\x02\x01\x86");
    check(KeyUsage::KEY_AGREEMENT | KeyUsage::DECIPHER_ONLY, b"\x03\x03\x07\x08\x80");
    check(KeyUsage::empty(), b"\x03\x01\x00");
}

#[test]
fn policies_and_usages_are_lists_of_identifiers() {
    let usages = vec![oids::known(oids::SMARTCARD_LOGON), oids::known(oids::CLIENT_AUTH)];
    assert_eq!(list(&Extension::extended_key_usage(&usages)).extended_key_usage(), Ok(Some(usages.clone())));
    assert_eq!(list(&Extension::application_policies(&usages)).application_policies(), Ok(Some(usages.clone())));
    assert_eq!(list(&Extension::certificate_policies(&usages)).certificate_policies(), Ok(Some(usages.clone())));
    assert_eq!(
        Extension::application_policies(&usages[1..]).value,
        b"\x30\x0C\x30\x0A\x06\x08\x2B\x06\x01\x05\x05\x07\x03\x02"
    );
    // A qualifier behind the policy does not matter.
    let qualified =
        Extension::new(oids::CERTIFICATE_POLICIES, false, b"\x30\x08\x30\x06\x06\x02\x2A\x03\x30\x00".to_vec());
    assert_eq!(list(&qualified).certificate_policies(), Ok(Some(vec![oid("1.2.3")])));
}

#[test]
fn basic_constraints_are_critical_for_a_ca_only() {
    let check = |ca, path_length, wire: &[u8]| {
        let constraints = BasicConstraints { ca, path_length };
        let extension = Extension::basic_constraints(constraints);
        assert_eq!((extension.value.as_slice(), extension.critical), (wire, ca));
        assert_eq!(list(&extension).basic_constraints(), Ok(Some(constraints)));
    };
    check(true, None, b"\x30\x03\x01\x01\xFF");
    check(true, Some(0), b"\x30\x06\x01\x01\xFF\x02\x01\x00");
    check(false, None, b"\x30\x00");
}

#[test]
fn the_security_identifier_is_ascii_in_an_other_name() {
    let sid: Sid = "S-1-5-21-1-2-3-1104".parse().unwrap();
    let extension = Extension::sid(&sid);
    assert_eq!(
        extension.value,
        b"\x30\x25\xA0\x23\x06\x0A\x2B\x06\x01\x04\x01\x82\x37\x19\x02\x01\xA0\x15\x04\x13S-1-5-21-1-2-3-1104"
    );
    assert_eq!(list(&extension).sid(), Ok(Some(sid)));
    let other = Extension { value: general_name::to_der(&[GeneralName::Upn("a@b".into())]), ..extension };
    assert!(list(&other).sid().is_err());
}

#[test]
fn smime_capabilities_are_those_of_server_2003() {
    let capabilities = SmimeCapability::windows_2003();
    let extension = Extension::smime_capabilities(&capabilities);
    assert_eq!(
        extension.value,
        b"\x30\x35\x30\x0E\x06\x08\x2A\x86\x48\x86\xF7\x0D\x03\x02\x02\x02\x00\x80\
          \x30\x0E\x06\x08\x2A\x86\x48\x86\xF7\x0D\x03\x04\x02\x02\x00\x80\
          \x30\x07\x06\x05\x2B\x0E\x03\x02\x07\
          \x30\x0A\x06\x08\x2A\x86\x48\x86\xF7\x0D\x03\x07"
    );
    assert_eq!(list(&extension).smime_capabilities(), Ok(Some(capabilities)));
}

#[test]
fn key_identifiers_read_back() {
    let subject = Extension::subject_key_identifier(&[7; 20]);
    assert_eq!(list(&subject).subject_key_identifier(), Ok(Some(vec![7; 20])));
    let authority = Extension::authority_key_identifier(&[7; 20]);
    assert_eq!(list(&authority).authority_key_identifier(), Ok(Some(vec![7; 20])));
    let by_name = Extension::new(oids::AUTHORITY_KEY_IDENTIFIER, false, b"\x30\x03\x82\x01\x05".to_vec());
    assert_eq!(list(&by_name).authority_key_identifier(), Ok(None));
}
