//! OpenSSL verifies the signatures of every CMS message.

use crate::suite;
use autoenroll_oracles::tools;
use autoenroll_wire::cms::{SignerCheck, SignerId};
use autoenroll_wire::{Extension, Name, Request, SignedMessage, UnsignedCertificate};
use std::path::Path;

/// Whether OpenSSL verifies a message; it must find a certificate of every signer. The new key of a request has none,
/// so a made up one with the same key and identifier stands in: its signature is not looked at.
fn verifies(folder: &Path, name: &str, message: &[u8], new_key: Option<&[u8]>) -> Option<Result<(), String>> {
    let mut command = tools::openssl()?;
    let file = folder.join(name);
    std::fs::write(&file, message).expect("the folder was made for this");
    command.args(["cms", "-verify", "-noverify", "-inform", "DER", "-out", "/dev/null", "-in"]).arg(&file);
    if let Some(new_key) = new_key {
        let certificate = folder.join(format!("{name}.cer"));
        std::fs::write(&certificate, stand_in(new_key)).expect("the folder was made for this");
        command.arg("-certfile").arg(certificate);
    }
    let output = tools::run(&mut command);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() && said.contains("Verification successful") { Ok(()) } else { Err(said) })
}

/// A certificate of a key, DER.
fn stand_in(public_key: &[u8]) -> Vec<u8> {
    let identifier = autoenroll_wire::key_identifier(public_key).expect("the key of a request that was read");
    let name: Name = "CN=stand-in".parse().expect("a constant");
    let start = autoenroll_oracles::lab::start();
    let unsigned = UnsignedCertificate {
        serial: vec![1],
        issuer_der: name.to_der(),
        not_before: start,
        not_after: start,
        subject_der: name.to_der(),
        public_key: public_key.to_vec(),
        extensions: autoenroll_wire::Extensions(vec![Extension::subject_key_identifier(&identifier)]),
        algorithm: autoenroll_model::SignatureAlgorithm::RsaSha256,
    };
    unsigned.signed(&[0; 256]).expect("it can be read").raw
}

/// Whether a signer is one that has nothing to verify (RFC 5272 C.1).
fn is_signed(message: &SignedMessage) -> bool {
    message.to_be_verified().all(|check| !matches!(check, Ok(SignerCheck::NoSignature(_))))
}

#[test]
fn openssl_verifies_every_request() {
    let folder = suite::new_folder("openssl-requests");
    let mut seen = 0;
    for (name, der) in suite::files(suite::folder(), ".req.der") {
        let request = Request::parse(&der).expect("our own request");
        let Some(message) = request.messages().next() else { continue };
        let by_key = message.signers.iter().any(|signer| matches!(signer.id, SignerId::KeyIdentifier(_)));
        let new_key = by_key.then_some(request.pkcs10().public_key.as_slice());
        assert!(is_signed(message), "{name}");
        let Some(verified) = verifies(&folder, &name, &der, new_key) else { return };
        assert_eq!(verified, Ok(()), "{name}");
        seen += 1;
    }
    assert!(seen > 15, "there are CMS requests");
}

#[test]
fn openssl_verifies_every_full_response() {
    let folder = suite::new_folder("openssl-responses");
    let mut seen = 0;
    for (name, der) in suite::files(suite::folder(), ".resp.der") {
        let message = SignedMessage::parse(&der).expect("our own response");
        if message.is_certs_only() {
            continue;
        }
        let Some(verified) = verifies(&folder, &name, &der, None) else { return };
        assert_eq!(verified, Ok(()), "{name}");
        seen += 1;
    }
    assert!(seen > 15, "there are full responses");
    let over_https = suite::files(suite::folder(), "-wstep-full.resp.der");
    assert_eq!(over_https.len(), 2, "one for each algorithm came from an enrollment web service");
}

#[test]
fn openssl_would_find_damage() {
    let mut request = suite::files(suite::folder(), "rsa-cmc.req.der").remove("rsa-cmc.req.der").expect("there is one");
    let new_key = Request::parse(&request).expect("our own request").pkcs10().public_key.clone();
    *request.last_mut().expect("a signature at the end") ^= 1;
    let Some(verified) = verifies(&suite::new_folder("openssl-damage"), "damaged", &request, Some(&new_key)) else {
        return;
    };
    assert!(verified.is_err(), "a signature with one bit flipped");
}
