use super::*;
use crate::{
    ClientInfo,
    testing::{key, request, sign},
};
use alloc::vec;

fn client_info() -> Attribute {
    Attribute::client_info(&ClientInfo {
        client_id: 6,
        machine: "pc1.corp.example".into(),
        user: "CORP\\alice".into(),
        process: "taskhostw.exe".into(),
    })
}

#[test]
fn a_full_request_has_the_shape_of_windows() {
    let inner = request(&key(1), vec![Attribute::os_version("10.0.19045.2")]);
    let mut message = full_request(&inner, vec![client_info()], SignatureAlgorithm::EcdsaSha256).unwrap();
    let (signer, tbs) = message.next_tbs().unwrap();
    message.sign(signer, sign(&key(1), &tbs));
    let message = message.finish().unwrap();
    assert!(message.certificates.is_empty());
    assert_eq!(message.signers[0].id, SignerId::KeyIdentifier(key(1).public().key_identifier().to_vec()));

    let data = PkiData::from_der(message.content.as_deref().unwrap()).unwrap();
    assert_eq!(data.controls.len(), 1);
    assert_eq!((data.controls[0].body_part, data.controls[0].oid.as_str()), (2, oids::CMC_ADD_ATTRIBUTES));
    assert!(data.pkcs10().eq([(1, &inner)]));
    assert_eq!(data.added_attributes(1), Ok(Attributes(vec![client_info()])));
    assert_eq!(data.added_attributes(2), Ok(Attributes::default()));
    assert_eq!(Some(data.to_der()), message.content);
}

#[test]
fn without_attributes_there_is_no_control() {
    let message = full_request_unsigned(&request(&key(1), vec![]), vec![]).finish().unwrap();
    assert!(PkiData::from_der(message.content.as_deref().unwrap()).unwrap().controls.is_empty());
}

#[test]
fn controls_for_other_messages_do_not_count() {
    let control = AddAttributes { data_reference: 7, body_parts: vec![1], attributes: Attributes(vec![client_info()]) };
    let data = PkiData { controls: vec![control.to_control(2)], requests: vec![] };
    assert_eq!(data.added_attributes(1), Ok(Attributes::default()));
    let malformed = Control { body_part: 2, oid: oids::known(oids::CMC_ADD_ATTRIBUTES), values: vec![asn1::null()] };
    assert!(PkiData { controls: vec![malformed], requests: vec![] }.added_attributes(1).is_err());
}

#[test]
fn other_kinds_of_request_are_kept_unread() {
    let data = PkiData { controls: vec![], requests: vec![TaggedRequest::Other(b"\xA1\x02\x05\x00".to_vec())] };
    assert_eq!(PkiData::from_der(&data.to_der()), Ok(data.clone()));
    assert_eq!(data.pkcs10().count(), 0);
}

#[test]
fn a_full_response_tells_status_and_hash() {
    let check = |status, text: &str, issued: Option<&[u8]>| {
        let message = full_response(status, text, issued).finish().unwrap();
        assert_eq!(message.content_type.as_str(), oids::PKI_RESPONSE);
        let response = PkiResponse::from_der(message.content.as_deref().unwrap()).unwrap();
        let expected = StatusInfo { status, body_parts: vec![1], text: Some(text.into()) };
        assert_eq!(response.statuses(), Ok(vec![expected]));
        assert_eq!(response.issued_certificate_hash(), Ok(issued.map(|issued| sha1(issued).to_vec())));
    };
    check(Status::Success, "Issued", Some(b"certificate"));
    check(Status::Pending, "Taken Under Submission", None);
    check(Status::Failed, "Denied", None);
    check(Status::NoSupport, "", None);
    check(Status::Other(9), "?", None);
}

#[test]
fn a_status_without_text_but_with_failure_information_is_read() {
    let value = b"\x30\x0B\x02\x01\x02\x30\x03\x02\x01\x01\x02\x01\x02";
    let expected = StatusInfo { status: Status::Failed, body_parts: vec![1], text: None };
    assert_eq!(StatusInfo::from_der(value), Ok(expected));
}
