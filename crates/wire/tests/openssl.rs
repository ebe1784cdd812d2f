//! OpenSSL reads and verifies what is built here.
#![expect(
    clippy::disallowed_methods,
    reason = "the test hands files to another program; nothing of it is in the crate"
)]

use autoenroll_keys::{KeyAlgorithm, PrivateKey, SignatureAlgorithm};
use autoenroll_model::{ExtensionsAttribute, FileTime, KeyUsage};
use autoenroll_wire::{
    Attribute, BasicConstraints, Certificate, CertificationRequest, ClientInfo, CspProvider, Extension, Extensions,
    GeneralName, Name, SignedMessage, TemplateReference, UnsignedCertificate, UnsignedRequest, cmc,
    cms::{UnsignedMessage, UnsignedSigner, certs_only},
    oids,
};
use std::fs;

#[path = "../../../tests/support/openssl.rs"]
mod openssl;

use openssl::{Files, openssl};

/// What openssl prints, on both channels.
fn printed(arguments: &[&str]) -> String {
    let output = openssl(arguments);
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Writes DER and gives back the path of the same in PEM.
fn write_certificate(files: &Files, name: &str, certificate: &Certificate) -> String {
    let (der, pem) = (files.write(&format!("{name}.der"), &certificate.raw), files.path(&format!("{name}.pem")));
    openssl(&["x509", "-inform", "DER", "-in", &der, "-out", &pem]);
    pem
}

fn key(algorithm: KeyAlgorithm, n: u8) -> PrivateKey {
    PrivateKey::from_pool(algorithm, &[n; 32])
}

fn request(key: &PrivateKey, algorithm: SignatureAlgorithm) -> CertificationRequest {
    let template =
        TemplateReference::Oid { oid: oids::known("1.3.6.1.4.1.311.21.8.1"), major: Some(100), minor: Some(4) };
    let extensions = Extensions(vec![
        Extension::template(&template),
        Extension::extended_key_usage(&[oids::known(oids::SMARTCARD_LOGON)]),
        Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT),
        Extension::subject_alt_name(&[GeneralName::Upn("alice@corp.example".into())]),
        Extension::subject_key_identifier(&key.public().key_identifier()),
    ]);
    let provider =
        CspProvider { key_spec: 1, name: "Microsoft Base Smart Card Crypto Provider".into(), signature: vec![] };
    let unsigned = UnsignedRequest {
        subject: "CN=Alice,OU=Staff,DC=corp,DC=example".parse().expect("a name"),
        public_key: key.public().spki_der(),
        attributes: vec![
            Attribute::extensions(&extensions, ExtensionsAttribute::Pkcs9),
            Attribute::os_version("5.2.3790.2"),
            Attribute::csp_provider(&provider),
            Attribute::client_info(&client()),
        ],
        algorithm,
    };
    let signature = key.sign(algorithm, &unsigned.tbs()).expect("the algorithm is one of the key");
    unsigned.signed(&signature).expect("what was built can be read")
}

fn client() -> ClientInfo {
    ClientInfo {
        client_id: 2,
        machine: "pc1.corp.example".into(),
        user: "CORP\\alice".into(),
        process: "winlogon".into(),
    }
}

fn certificate(subject: (&str, &PrivateKey), issuer: (&str, &PrivateKey), ca: bool) -> Certificate {
    let name = |text: &str| text.parse::<Name>().expect("a name").to_der();
    let unsigned = UnsignedCertificate {
        serial: vec![0x61, u8::from(ca)],
        issuer_der: name(issuer.0),
        not_before: FileTime::from_unix_seconds(1_600_000_000),
        not_after: FileTime::from_unix_seconds(4_000_000_000),
        subject_der: name(subject.0),
        public_key: subject.1.public().spki_der(),
        extensions: Extensions(vec![
            Extension::basic_constraints(BasicConstraints { ca, path_length: None }),
            Extension::key_usage(if ca { KeyUsage::CERT_SIGN } else { KeyUsage::DIGITAL_SIGNATURE }),
            Extension::subject_key_identifier(&subject.1.public().key_identifier()),
            Extension::authority_key_identifier(&issuer.1.public().key_identifier()),
            Extension::sid(&"S-1-5-21-1-2-3-1104".parse().expect("a security identifier")),
        ]),
        algorithm: SignatureAlgorithm::EcdsaSha256,
    };
    let signature = issuer.1.sign(SignatureAlgorithm::EcdsaSha256, &unsigned.tbs()).expect("a P-256 key");
    unsigned.signed(&signature).expect("what was built can be read")
}

/// Signs with the keys in the order of the signers.
fn signed(mut message: UnsignedMessage, keys: &[(&PrivateKey, SignatureAlgorithm)]) -> SignedMessage {
    while let Some((signer, tbs)) = message.next_tbs() {
        let (key, algorithm) = keys[signer];
        message.sign(signer, key.sign(algorithm, &tbs).expect("the algorithm is one of the key"));
    }
    message.finish().expect("every signer signed")
}

const EVERY_ALGORITHM: [(KeyAlgorithm, SignatureAlgorithm); 8] = [
    (KeyAlgorithm::Rsa1024, SignatureAlgorithm::RsaSha1),
    (KeyAlgorithm::Rsa2048, SignatureAlgorithm::RsaSha256),
    (KeyAlgorithm::Rsa2048, SignatureAlgorithm::RsaSha384),
    (KeyAlgorithm::Rsa1024, SignatureAlgorithm::RsaSha512),
    (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha1),
    (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha256),
    (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha384),
    (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha512),
];

#[test]
fn requests_verify() {
    for (algorithm, signature) in EVERY_ALGORITHM {
        let files = Files::new(&format!("request-{algorithm}-{signature}"));
        let path = files.write("request.der", &request(&key(algorithm, 1), signature).raw);
        let text = printed(&["req", "-inform", "DER", "-in", &path, "-verify", "-text", "-noout"]);
        for expected in [
            "verify OK",
            "Subject: DC = example, DC = corp, OU = Staff, CN = Alice",
            "Microsoft Smartcard Login",
            "Digital Signature, Key Encipherment",
            "othername: UPN::alice@corp.example",
        ] {
            assert!(text.contains(expected), "{expected:?} in {text}");
        }
    }
}

#[test]
fn certificates_verify() {
    let files = Files::new("certificates");
    let (ca_key, leaf_key) = (key(KeyAlgorithm::P256, 0), key(KeyAlgorithm::Rsa2048, 1));
    let ca = certificate(("CN=CA1,DC=corp", &ca_key), ("CN=CA1,DC=corp", &ca_key), true);
    let leaf = certificate(("CN=Alice,DC=corp", &leaf_key), ("CN=CA1,DC=corp", &ca_key), false);
    let (ca_pem, leaf_pem) = (write_certificate(&files, "ca", &ca), write_certificate(&files, "leaf", &leaf));
    assert!(printed(&["verify", "-x509_strict", "-CAfile", &ca_pem, &leaf_pem]).contains("OK"));

    let list = files.write("list.p7b", &certs_only(&[leaf.raw, ca.raw]).expect("two certificates").raw);
    let text = printed(&["pkcs7", "-inform", "DER", "-in", &list, "-print_certs", "-noout"]);
    assert!(text.contains("subject=DC = corp, CN = Alice") && text.contains("subject=DC = corp, CN = CA1"), "{text}");
}

#[test]
fn full_requests_verify() {
    for (algorithm, signature) in EVERY_ALGORITHM {
        let files = Files::new(&format!("cmc-{algorithm}-{signature}"));
        let new = key(algorithm, 1);
        let request = request(&new, signature);
        let message = cmc::full_request(&request, vec![Attribute::client_info(&client())], signature);
        let message = signed(message.expect("the key is well-formed"), &[(&new, signature)]);
        // OpenSSL wants a certificate to find the key by its identifier, which a new key does not have yet.
        let pem = write_certificate(
            &files,
            "stand-in",
            &certificate(("CN=x", &new), ("CN=y", &key(KeyAlgorithm::P256, 0)), false),
        );
        let path = files.write("request.der", &message.raw);
        let content = files.path("content.der");
        openssl(&[
            "cms",
            "-verify",
            "-inform",
            "DER",
            "-in",
            &path,
            "-certfile",
            &pem,
            "-noverify",
            "-binary",
            "-out",
            &content,
        ]);
        assert_eq!(fs::read(content).ok(), message.content);
    }
}

#[test]
fn renewals_verify_with_both_keys() {
    let files = Files::new("renewal");
    let (ca_key, old_key, new_key) =
        (key(KeyAlgorithm::P256, 0), key(KeyAlgorithm::Rsa2048, 1), key(KeyAlgorithm::Rsa2048, 2));
    let (rsa, old) = (SignatureAlgorithm::RsaSha256, certificate(("CN=Alice", &old_key), ("CN=CA1", &ca_key), false));
    let request = request(&new_key, rsa);
    let renewal = cmc::full_request(&request, vec![], rsa)
        .expect("the key is well-formed")
        .with_certificate(&old.raw)
        .with_signer(UnsignedSigner::new(old.signer_id(), rsa));
    let renewal = signed(renewal, &[(&new_key, rsa), (&old_key, rsa)]);
    let pem = write_certificate(&files, "stand-in", &certificate(("CN=x", &new_key), ("CN=y", &ca_key), false));
    let path = files.write("renewal.der", &renewal.raw);
    openssl(&[
        "cms",
        "-verify",
        "-inform",
        "DER",
        "-in",
        &path,
        "-certfile",
        &pem,
        "-noverify",
        "-out",
        &files.path("out"),
    ]);

    let pkcs7 = UnsignedMessage::new(oids::DATA, request.raw)
        .with_certificate(&old.raw)
        .with_signer(UnsignedSigner::new(old.signer_id(), SignatureAlgorithm::RsaSha1));
    let pkcs7 = signed(pkcs7, &[(&old_key, SignatureAlgorithm::RsaSha1)]);
    let path = files.write("pkcs7.der", &pkcs7.raw);
    openssl(&["smime", "-verify", "-inform", "DER", "-in", &path, "-noverify", "-out", &files.path("out")]);
}

#[test]
fn full_responses_verify() {
    let files = Files::new("response");
    let ca_key = key(KeyAlgorithm::P256, 0);
    let ca = certificate(("CN=CA1", &ca_key), ("CN=CA1", &ca_key), true);
    let response = cmc::full_response(cmc::Status::Success, "Issued", Some(&ca.raw))
        .with_certificate(&ca.raw)
        .with_signer(UnsignedSigner::new(ca.signer_id(), SignatureAlgorithm::EcdsaSha256));
    let response = signed(response, &[(&ca_key, SignatureAlgorithm::EcdsaSha256)]);
    let path = files.write("response.der", &response.raw);
    let pem = write_certificate(&files, "ca", &ca);
    openssl(&[
        "cms",
        "-verify",
        "-inform",
        "DER",
        "-in",
        &path,
        "-CAfile",
        &pem,
        "-purpose",
        "any",
        "-out",
        &files.path("out"),
    ]);
    let text = printed(&["cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", &path]);
    assert!(text.contains("id-cct-PKIResponse"), "{text}");
}
