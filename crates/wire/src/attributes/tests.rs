use super::*;
use crate::{Extension, TemplateReference};
use alloc::vec;

fn one(attribute: Attribute) -> Attributes {
    let der = asn1::tlv(tag::SET, &attribute.to_der());
    let attributes = Attributes(vec![attribute]);
    assert_eq!(Attributes::read(asn1::single("test", &der).unwrap()), Ok(attributes.clone()));
    attributes
}

#[test]
fn what_the_client_says_about_itself_reads_back() {
    let version = one(Attribute::os_version("5.2.3790.2"));
    assert_eq!(version.os_version(), Ok(Some("5.2.3790.2".into())));
    assert_eq!(version.0[0].values[0], b"\x16\x0A5.2.3790.2");

    let client = ClientInfo {
        client_id: 2,
        machine: "pc1.corp.example".into(),
        user: "CORP\\alice".into(),
        process: "winlogon".into(),
    };
    assert_eq!(one(Attribute::client_info(&client)).client_info(), Ok(Some(client)));

    let provider = CspProvider { key_spec: 1, name: "Card".into(), signature: vec![] };
    let attribute = Attribute::csp_provider(&provider);
    assert_eq!(attribute.values[0], b"\x30\x10\x02\x01\x01\x1E\x08\x00C\x00a\x00r\x00d\x03\x01\x00");
    assert_eq!(one(attribute).csp_provider(), Ok(Some(provider)));
}

#[test]
fn pairs_come_in_order() {
    let attributes = Attributes(vec![
        Attribute::name_value_pair("CertificateTemplate", "User"),
        Attribute::os_version("6.1.7600.2"),
        Attribute::name_value_pair("a", ""),
    ]);
    let expected = vec![("CertificateTemplate".into(), "User".into()), ("a".into(), String::new())];
    assert_eq!(attributes.name_value_pairs(), Ok(expected));
}

#[test]
fn extensions_are_read_under_both_identifiers() {
    let name = Extensions(vec![Extension::template(&TemplateReference::Name("User".into()))]);
    for under in [ExtensionsAttribute::Microsoft, ExtensionsAttribute::Pkcs9] {
        assert_eq!(one(Attribute::extensions(&name, under)).extensions(), Ok(name.clone()));
    }
    let usage = Extensions(vec![Extension::subject_key_identifier(&[1])]);
    let both = Attributes(vec![
        Attribute::extensions(&usage, ExtensionsAttribute::Pkcs9),
        Attribute::extensions(&name, ExtensionsAttribute::Microsoft),
    ]);
    assert_eq!(both.extensions().unwrap().0, [name.0, usage.0].concat());
    assert_eq!(Attributes::default().extensions(), Ok(Extensions::default()));
}

#[test]
fn archival_attributes_read_back() {
    let hash = Attribute::encrypted_key_hash(HashAlgorithm::Sha1, &[9; 20]);
    let expected = EncryptedKeyHash { algorithm: Some(HashAlgorithm::Sha1), hash: vec![9; 20] };
    assert_eq!(one(hash).encrypted_key_hash(), Ok(Some(expected)));
    let enveloped = asn1::sequence(&[asn1::oid_dotted(oids::ENVELOPED_DATA)]);
    assert_eq!(one(Attribute::archived_key(&enveloped)).archived_key(), Ok(Some(enveloped.clone())));
    assert_eq!(one(Attribute::renewal_certificate(&enveloped)).renewal_certificate(), Ok(Some(enveloped)));
}

#[test]
fn malformed_attributes_are_errors_not_absences() {
    let empty = Attributes(vec![Attribute { oid: oids::known(oids::OS_VERSION), values: vec![] }]);
    assert_eq!(empty.os_version(), Err(WireError::value("OS version", "an attribute has at least one value")));
    let wrong = Attributes(vec![Attribute::new(oids::REQUEST_CLIENT_INFO, asn1::null())]);
    assert!(wrong.client_info().is_err());
    assert_eq!(wrong.csp_provider(), Ok(None));
}
