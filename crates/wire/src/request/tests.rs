use super::*;
use crate::{
    Attribute, SignedWith, cmc,
    cms::{SignerId, UnsignedMessage, UnsignedSigner},
    testing::{key, request, sign, unsigned_request},
};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use autoenroll_model::SignatureAlgorithm;
use proptest::prelude::*;

fn message(content_type: &'static str, content: Vec<u8>) -> Vec<u8> {
    let id = SignerId::KeyIdentifier(key(1).public().key_identifier().to_vec());
    let signer = UnsignedSigner::new(id, SignatureAlgorithm::EcdsaSha256);
    let mut message = UnsignedMessage::new(content_type, content).with_signer(signer);
    let (signer, tbs) = message.next_tbs().unwrap();
    message.sign(signer, sign(&key(1), &tbs));
    message.finish().unwrap().raw
}

fn cmc_request() -> Vec<u8> {
    let inner = request(&key(1), vec![Attribute::os_version("6.1.7600.2")]);
    let added = vec![Attribute::name_value_pair("a", "b")];
    let mut message = cmc::full_request(&inner, added, SignatureAlgorithm::EcdsaSha256).unwrap();
    let (signer, tbs) = message.next_tbs().unwrap();
    message.sign(signer, sign(&key(1), &tbs));
    message.finish().unwrap().raw
}

#[test]
fn the_form_shows_in_the_structure() {
    let bare = request(&key(1), vec![]);
    let check = |der: &[u8], form: &str| {
        let request = Request::parse(der).unwrap();
        let found = match &request {
            Request::Pkcs10(_) => "pkcs10",
            Request::Cms { inner, .. } if matches!(**inner, Request::Cmc { .. }) => "cms around cmc",
            Request::Cms { .. } => "cms",
            Request::Cmc { .. } => "cmc",
        };
        assert_eq!(found, form);
        assert_eq!(request.pkcs10().public_key, key(1).public().spki_der());
        request.messages().count()
    };
    assert_eq!(check(&bare.raw, "pkcs10"), 0);
    assert_eq!(check(&message(oids::DATA, bare.raw.clone()), "cms"), 1);
    assert_eq!(check(&cmc_request(), "cmc"), 1);
    assert_eq!(check(&message(oids::DATA, cmc_request()), "cms around cmc"), 2);
}

#[test]
fn what_is_no_request_is_refused() {
    let check = |der: &[u8], expected: &str| assert_eq!(Request::parse(der).unwrap_err().to_string(), expected);
    check(b"", "certificate request at octet 0: ends too early");
    check(b"\x05\x00", "certificate request at octet 0: expected tag 30, found 05");
    check(b"\x30\x00", "PKCS #10 request at octet 2: ends too early");
    let no_content = crate::cms::certs_only(&[]).unwrap().raw;
    check(&no_content, "certificate request at octet 0: the message holds no request");
    let empty = message(oids::PKI_DATA, b"\x30\x08\x30\x00\x30\x00\x30\x00\x30\x00".to_vec());
    check(&empty, "certificate request at octet 0: the CMC request holds no PKCS #10");
    let deep = (0..4).fold(request(&key(1), vec![]).raw, |inner, _| message(oids::DATA, inner));
    check(&deep, "certificate request at octet 0: messages are nested too deep");
}

#[test]
fn attributes_of_controls_follow_those_of_the_request() {
    let request = Request::parse(&message(oids::DATA, cmc_request())).unwrap();
    let attributes = request.attributes().unwrap();
    assert_eq!(attributes.os_version(), Ok(Some("6.1.7600.2".into())));
    assert_eq!(attributes.name_value_pairs(), Ok(vec![("a".into(), "b".into())]));
}

#[test]
fn a_request_repeats_what_went_into_it() {
    let mut unsigned =
        unsigned_request(&key(1), vec![Attribute::os_version("6.1.7600.2"), Attribute::name_value_pair("a", "b")]);
    unsigned.subject = "CN=Alice,DC=corp".parse().unwrap();
    let signature = sign(&key(1), &unsigned.tbs());
    let request = unsigned.signed(&signature).unwrap();
    assert_eq!(request.signed, unsigned.tbs());
    assert_eq!(request.subject, unsigned.subject);
    assert_eq!(request.signature, signature);
    assert_eq!(request.signed_with, SignedWith::Key(SignatureAlgorithm::EcdsaSha256));
    assert_eq!(request.key_identifier(), Ok(key(1).public().key_identifier()));
    assert!(!request.has_valid_no_signature());
    assert_eq!(CertificationRequest::parse(&request.raw), Ok(request));
}

#[test]
fn an_unsorted_set_of_attributes_is_kept_as_it_came() {
    let unsigned =
        unsigned_request(&key(1), vec![Attribute::os_version("6.1.7600.2"), Attribute::name_value_pair("a", "b")]);
    let sorted = unsigned.tbs();
    let info = asn1::single("test", &sorted).unwrap();
    let fields = info.reader().all().unwrap();
    let [_, _, _, attributes] = fields.as_slice() else { panic!("four fields") };
    let mut unsorted: Vec<_> = attributes.reader().all().unwrap().iter().map(|attribute| attribute.raw).collect();
    unsorted.reverse();
    let fields = [fields[0].raw, fields[1].raw, fields[2].raw, &asn1::tlv(tag::constructed(0), &unsorted.concat())];
    let tbs = asn1::sequence(&fields);
    assert_ne!(tbs, sorted);
    let algorithm = crate::signature_identifier(SignatureAlgorithm::EcdsaSha256);
    let signature = sign(&key(1), &tbs);
    let der = asn1::sequence(&[tbs, algorithm, asn1::bit_string(&signature)]);
    let request = CertificationRequest::parse(&der).unwrap();
    assert_eq!(request.raw, der);
    let verified = key(1).public().verify(SignatureAlgorithm::EcdsaSha256, &request.signed, &request.signature);
    assert_eq!(verified, Ok(()));
}

#[test]
fn a_request_without_a_signature_carries_its_hash() {
    let request = unsigned_request(&key(1), vec![]).without_signature().unwrap();
    assert_eq!(request.signed_with, SignedWith::NoSignature);
    assert!(request.has_valid_no_signature());
    let damaged = CertificationRequest { signature: vec![0; 32], ..request };
    assert!(!damaged.has_valid_no_signature());
}

proptest! {
    #[test]
    fn damaged_requests_never_panic(position: usize, octet: u8, cut: usize) {
        let mut der = message(oids::DATA, cmc_request());
        let position = position % der.len();
        der[position] = octet;
        let read = |der: &[u8]| {
            if let Ok(request) = Request::parse(der) {
                let _ = request.attributes().map(|attributes| (attributes.extensions(), attributes.client_info()));
                request.messages().for_each(|message| message.to_be_verified().for_each(drop));
            }
        };
        read(&der);
        read(&der[..cut % der.len()]);
    }
}
