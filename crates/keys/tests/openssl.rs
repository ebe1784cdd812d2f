//! OpenSSL reads our keys and agrees with our signatures.
#![expect(
    clippy::disallowed_methods,
    reason = "the test hands files to another program; nothing of it is in the crate"
)]

use autoenroll_keys::{KeyAlgorithm, PrivateKey, SignatureAlgorithm};

#[path = "../../../tests/support/openssl.rs"]
mod openssl;

use openssl::{Files, openssl};

#[test]
fn openssl_verifies_our_signatures_and_we_verify_its() {
    for (algorithm, signature, digest) in [
        (KeyAlgorithm::Rsa1024, SignatureAlgorithm::RsaSha1, "-sha1"),
        (KeyAlgorithm::Rsa2048, SignatureAlgorithm::RsaSha256, "-sha256"),
        (KeyAlgorithm::Rsa3072, SignatureAlgorithm::RsaSha256, "-sha256"),
        (KeyAlgorithm::Rsa4096, SignatureAlgorithm::RsaSha1, "-sha1"),
        (KeyAlgorithm::Rsa1024, SignatureAlgorithm::RsaSha512, "-sha512"),
        (KeyAlgorithm::Rsa2048, SignatureAlgorithm::RsaSha384, "-sha384"),
        (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha1, "-sha1"),
        (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha256, "-sha256"),
        (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha384, "-sha384"),
        (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha512, "-sha512"),
    ] {
        let files = Files::new(&format!("sign-{algorithm}-{signature}"));
        let key = PrivateKey::from_pool(algorithm, &[42; 32]);
        let private = files.write("private.der", &key.pkcs8_der());
        let public = files.write("public.der", &key.public().spki_der());
        let message = files.write("message", b"to be signed");

        openssl(&["pkey", "-inform", "DER", "-in", &private, "-check", "-noout"]);
        assert_eq!(
            openssl(&["pkey", "-inform", "DER", "-in", &private, "-pubout", "-outform", "DER"]).stdout,
            key.public().spki_der()
        );

        let ours = key.sign(signature, b"to be signed").unwrap();
        let ours_file = files.write("signature", &ours);
        openssl(&["dgst", digest, "-verify", &public, "-keyform", "DER", "-signature", &ours_file, &message]);

        let theirs = openssl(&["dgst", digest, "-sign", &private, "-keyform", "DER", &message]).stdout;
        assert_eq!(key.public().verify(signature, b"to be signed", &theirs), Ok(()));
        if algorithm != KeyAlgorithm::P256 {
            assert_eq!(ours, theirs, "RSASSA-PKCS1-v1_5 has one signature per message");
        }
    }
}

#[test]
fn what_openssl_encrypts_we_decrypt() {
    let files = Files::new("encrypt");
    let key = PrivateKey::from_pool(KeyAlgorithm::Rsa2048, &[42; 32]);
    let public = files.write("public.der", &key.public().spki_der());
    let private = files.write("private.der", &key.pkcs8_der());
    let message = files.write("message", b"session key");
    let encrypt = |padding: &str| {
        openssl(&[
            "pkeyutl", "-encrypt", "-pubin", "-inkey", &public, "-keyform", "DER", "-in", &message, "-pkeyopt", padding,
        ])
        .stdout
    };
    assert_eq!(key.decrypt_pkcs1(&encrypt("rsa_padding_mode:pkcs1")), Ok(b"session key".to_vec()));
    assert_eq!(key.decrypt_oaep_sha1(&encrypt("rsa_padding_mode:oaep")), Ok(b"session key".to_vec()));
    let ours = files.write("ciphertext", &key.public().encrypt_pkcs1(b"session key", &[1; 32]).unwrap());
    assert_eq!(
        openssl(&["pkeyutl", "-decrypt", "-inkey", &private, "-keyform", "DER", "-in", &ours]).stdout,
        b"session key"
    );
}
