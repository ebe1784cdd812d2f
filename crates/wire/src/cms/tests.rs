use super::*;
use crate::testing::{certificate, key, sign};
use alloc::string::ToString;
use alloc::vec;
use autoenroll_keys::{PrivateKey, PublicKey};
use autoenroll_model::{HashAlgorithm, SignatureAlgorithm};

const ECDSA: SignatureAlgorithm = SignatureAlgorithm::EcdsaSha256;

fn by_key(key: &PrivateKey) -> UnsignedSigner {
    UnsignedSigner::new(SignerId::KeyIdentifier(key.public().key_identifier().to_vec()), ECDSA)
}

/// Verifies the signer of this index with the key.
fn verify(message: &SignedMessage, index: usize, key: &PublicKey) -> bool {
    match message.to_be_verified().nth(index) {
        Some(Ok(SignerCheck::Signature(check))) => key.verify(check.algorithm, check.message, check.signature).is_ok(),
        _ => false,
    }
}

#[test]
fn two_signers_sign_one_content() {
    let old = certificate(("CN=Alice", &key(2)), ("CN=CA1", &key(0)), b"\x07", vec![]);
    let mut message = UnsignedMessage::new(oids::DATA, b"content".to_vec())
        .with_certificate(&old.raw)
        .with_signer(by_key(&key(1)))
        .with_signer(UnsignedSigner::new(old.signer_id(), ECDSA));
    assert_eq!(message.finish(), Err(MissingSignature { signer: 0 }));
    let (first, tbs) = message.next_tbs().unwrap();
    message.sign(first, sign(&key(1), &tbs));
    assert_eq!(message.finish(), Err(MissingSignature { signer: 1 }));
    let (second, tbs) = message.next_tbs().unwrap();
    message.sign(second, sign(&key(2), &tbs));
    assert_eq!((first, second, message.next_tbs()), (0, 1, None));

    let message = message.finish().unwrap();
    assert_eq!(SignedMessage::parse(&message.raw), Ok(message.clone()));
    assert_eq!(message.content.as_deref(), Some(b"content".as_slice()));
    assert!(verify(&message, 0, key(1).public()) && verify(&message, 1, key(2).public()));
    assert!(!verify(&message, 0, key(2).public()) && !verify(&message, 1, key(1).public()));
    assert!(message.certificates_of(&message.signers[1].id).eq([&old.raw]));
    assert!(message.certificates_of(&message.signers[0].id).next().is_none());
}

#[test]
fn a_signer_without_a_signature_shows_a_hash() {
    let id = SignerId::KeyIdentifier(vec![1; 20]);
    let message = UnsignedMessage::new(oids::PKI_DATA, b"content".to_vec())
        .with_signer(UnsignedSigner::without_signature(id.clone(), HashAlgorithm::Sha1));
    assert_eq!(message.next_tbs(), None);
    let mut message = message.finish().unwrap();
    assert!(message.to_be_verified().eq([Ok(SignerCheck::NoSignature(&id))]));
    message.signers[0].signature[0] ^= 1;
    assert!(message.to_be_verified().eq([Err(SignerError::NoSignatureHash)]));
}

#[test]
fn what_no_key_could_make_right_is_an_error() {
    let mut message = UnsignedMessage::new(oids::DATA, b"content".to_vec()).with_signer(by_key(&key(1)));
    let (signer, tbs) = message.next_tbs().unwrap();
    message.sign(signer, sign(&key(1), &tbs));
    let message = message.finish().unwrap();
    let check = |change: fn(&mut SignedMessage), expected: &str| {
        let mut message = message.clone();
        change(&mut message);
        let error = message.to_be_verified().next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(|message| message.content = None, "there is no content that could be signed");
    check(|message| message.content = Some(b"Content".to_vec()), "the signed digest is not that of the content");
    check(
        |message| message.content_type = oids::known(oids::PKI_DATA),
        "the signed content type is not that of the content",
    );
    check(
        |message| message.signers[0].digest = oids::known("1.2.840.113549.2.5"),
        "hash 1.2.840.113549.2.5 is neither SHA-1 nor SHA-256",
    );
    check(
        |message| message.signers[0].signed_with = SignedWith::Unknown(oids::known("1.2.3")),
        "signature algorithm 1.2.3 is unknown",
    );
    check(
        |message| {
            let signed = message.signers[0].signed_attributes.as_mut().unwrap();
            signed.attributes.0[1].values.push(asn1::octet_string(&[0; 32]));
        },
        "the signed digest is not that of the content",
    );
}

#[test]
fn it_is_told_when_signed_attributes_leave_out_the_content_type() {
    let mut message = UnsignedMessage::new(oids::DATA, b"content".to_vec()).with_signer(by_key(&key(1)));
    let (signer, tbs) = message.next_tbs().unwrap();
    message.sign(signer, sign(&key(1), &tbs));
    let mut message = message.finish().unwrap();
    let states = |message: &SignedMessage| match message.to_be_verified().next() {
        Some(Ok(SignerCheck::Signature(check))) => check.states_content_type,
        other => panic!("one signature: {other:?}"),
    };
    assert!(states(&message));
    let signed = &mut message.signers[0].signed_attributes.as_mut().unwrap().attributes.0;
    signed.retain(|attribute| attribute.oid.as_str() != oids::CONTENT_TYPE);
    assert!(!states(&message));
    message.signers[0].signed_attributes = None;
    assert!(states(&message), "nothing but the content is signed");
}

#[test]
fn without_signed_attributes_the_content_itself_is_signed() {
    let mut message = UnsignedMessage::new(oids::DATA, b"content".to_vec()).with_signer(by_key(&key(1)));
    message.sign(0, sign(&key(1), b"content"));
    let mut message = message.finish().unwrap();
    message.signers[0].signed_attributes = None;
    assert!(verify(&message, 0, key(1).public()));
}

#[test]
fn unsigned_attributes_come_along() {
    let archived = Attribute::archived_key(&asn1::sequence(&[asn1::oid_dotted(oids::ENVELOPED_DATA)]));
    let mut message = UnsignedMessage::new(oids::PKI_DATA, b"content".to_vec())
        .with_signer(by_key(&key(1)).with_unsigned_attribute(archived.clone()));
    let (signer, tbs) = message.next_tbs().unwrap();
    message.sign(signer, sign(&key(1), &tbs));
    let message = message.finish().unwrap();
    assert_eq!(message.signers[0].unsigned_attributes, Attributes(vec![archived]));
    assert!(verify(&message, 0, key(1).public()));
}

#[test]
fn versions_follow_content_and_signers() {
    let version = |message: &SignedMessage| {
        let mut reader = asn1::single("test", &message.raw).unwrap().reader();
        reader.read().unwrap();
        let signed_data = reader.read().unwrap().reader().read().unwrap();
        signed_data.reader().read().unwrap().number().unwrap()
    };
    let check = |content_type, id, expected| {
        let mut message = UnsignedMessage::new(content_type, vec![]).with_signer(UnsignedSigner::new(id, ECDSA));
        message.sign(0, vec![]);
        assert_eq!(version(&message.finish().unwrap()), expected);
    };
    let by_certificate = SignerId::IssuerSerial { issuer: asn1::sequence::<Vec<u8>>(&[]), serial: vec![1] };
    check(oids::DATA, by_certificate.clone(), 1);
    check(oids::DATA, SignerId::KeyIdentifier(vec![1]), 3);
    check(oids::PKI_DATA, by_certificate, 3);
}

#[test]
fn a_message_of_certificates_keeps_their_order() {
    let (ca, leaf) = (
        certificate(("CN=CA1", &key(0)), ("CN=CA1", &key(0)), b"\x01", vec![]),
        certificate(("CN=Alice", &key(1)), ("CN=CA1", &key(0)), b"\x02", vec![]),
    );
    let message = certs_only(&[leaf.raw.clone(), ca.raw.clone()]).unwrap();
    assert!(message.is_certs_only());
    assert_eq!(message.certificates, [leaf.raw, ca.raw]);
    assert_eq!(message.to_be_verified().count(), 0);
    assert!(certs_only(&[vec![0x30]]).is_err());
}

#[test]
fn only_signed_data_is_read() {
    let enveloped = asn1::sequence(&[asn1::oid_dotted(oids::ENVELOPED_DATA), asn1::explicit(0, &asn1::null())]);
    let error = SignedMessage::parse(&enveloped).unwrap_err();
    assert_eq!(error.to_string(), "signed message at octet 2: the content is not SignedData");
}
