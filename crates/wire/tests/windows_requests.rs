//! Requests that real Windows clients made, where a copy of them lies beside the project.
#![expect(clippy::disallowed_methods, reason = "the test reads files that are not part of the project")]

use autoenroll_keys::{KeyError, PublicKey, SignatureAlgorithm};
use autoenroll_wire::{
    CertificationRequest, Request, SignedWith, UnsignedRequest, cmc,
    cms::{SignerCheck, SignerId},
    oids,
};
use std::{collections::BTreeMap, fs, path::Path};

/// Each request by its file name; empty, with a word to the reader of the test's output, where there is no copy.
fn requests() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tamemycerts/requests");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("no real requests beside the project: nothing is checked here");
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.expect("the folder can be listed"))
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "der"))
        .map(|entry| {
            let content = fs::read(entry.path()).expect("a listed file can be read");
            (entry.file_name().to_string_lossy().into_owned(), content)
        })
        .collect()
}

/// Verifies the request under the key that it asks a certificate for.
fn verify(request: &CertificationRequest, algorithm: SignatureAlgorithm) -> Result<(), KeyError> {
    PublicKey::from_spki_der(&request.public_key)?.verify(algorithm, &request.signed, &request.signature)
}

#[test]
fn every_request_is_read_verified_and_written_again() {
    for (name, der) in requests() {
        let request = Request::parse(&der).unwrap_or_else(|error| panic!("{name}: {error}"));
        let pkcs10 = request.pkcs10();
        let SignedWith::Key(algorithm) = pkcs10.signed_with else {
            panic!("{name} is signed with {:?}", pkcs10.signed_with);
        };
        assert_eq!(verify(pkcs10, algorithm), Ok(()), "{name}");
        assert!(pkcs10.attributes.os_version().is_ok_and(|version| version.is_some()), "{name}");
        assert!(pkcs10.attributes.client_info().is_ok_and(|client| client.is_some()), "{name}");
        assert!(pkcs10.attributes.csp_provider().is_ok_and(|provider| provider.is_some()), "{name}");
        let extensions = pkcs10.extensions().unwrap_or_else(|error| panic!("{name}: {error}"));
        let identifier = pkcs10.key_identifier().expect("the key was verified with").to_vec();
        assert_eq!(extensions.subject_key_identifier(), Ok(Some(identifier)), "{name}");

        let again = UnsignedRequest {
            subject: pkcs10.subject.clone(),
            public_key: pkcs10.public_key.clone(),
            attributes: pkcs10.attributes.0.clone(),
            algorithm,
        };
        assert_eq!(again.signed(&pkcs10.signature).as_ref(), Ok(pkcs10), "{name}");
    }
}

#[test]
fn the_full_request_is_built_again_to_the_byte() {
    let Some(der) = requests().remove("36_cmc_windows.der") else { return };
    let request = Request::parse(&der).expect("it is a CMC request");
    let Request::Cmc { message, data, body_part, request: inner } = &request else {
        panic!("a CMC request is expected");
    };
    let checks: Vec<_> = message.to_be_verified().collect();
    let [Ok(SignerCheck::Signature(check))] = checks.as_slice() else { panic!("one signer: {checks:?}") };
    let key = PublicKey::from_spki_der(&inner.public_key).expect("an RSA key");
    assert_eq!(key.verify(check.algorithm, check.message, check.signature), Ok(()));
    assert_eq!(check.id, &SignerId::KeyIdentifier(key.key_identifier().to_vec()));

    let added = data.added_attributes(*body_part).expect("client information");
    assert_eq!(data.to_der(), message.content.clone().expect("content"));
    let mut again = cmc::full_request(inner, added.0, check.algorithm).expect("the key was read above");
    let (signer, tbs) = again.next_tbs().expect("one signer");
    assert_eq!(tbs, check.message);
    again.sign(signer, check.signature.to_vec());
    assert_eq!(again.finish().expect("signed").raw, der);
}

#[test]
fn a_request_for_a_template_says_so() {
    let Some(der) = requests().remove("36_cmc_windows.der") else { return };
    let request = Request::parse(&der).expect("it is a CMC request");
    let extensions = request.pkcs10().extensions().expect("extensions");
    let template = extensions.template().expect("well-formed").expect("present").to_string();
    assert!(template.starts_with("1.3.6.1.4.1.311.21.8.") && template.ends_with(" 100.16"), "{template}");
    let server = oids::known(oids::SERVER_AUTH);
    assert_eq!(extensions.application_policies(), Ok(Some(vec![server])));
}
