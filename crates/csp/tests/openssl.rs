//! OpenSSL opens an archived key and finds the key in it.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "the test hands files to another program; nothing of it is in the crate"
)]

use std::path::PathBuf;
use std::process::Command;

use autoenroll_csp::{SoftwareContainer, SoftwareKeys};
use autoenroll_keys::{KeyAlgorithm, PrivateKey};
use autoenroll_model::{EffectResult, HResult, KeySpec, SoftwareOperation};

const PROVIDER: &str = "Microsoft Enhanced Cryptographic Provider v1.0";

/// A directory of the test's own, and OpenSSL running in it.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.0.join(name), content).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    /// Arguments separated by blanks.
    fn openssl(&self, arguments: &str) {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(&self.0);
        let output = command.output().expect("this test needs the program `openssl` on the PATH");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A software container with this key, archived to this exchange certificate.
fn archive(key: &PrivateKey, exchange_certificate: Vec<u8>, entropy: u8) -> EffectResult {
    let mut keys = SoftwareKeys::default();
    let key_spec = KeySpec::Exchange;
    keys.insert(PROVIDER, "c", SoftwareContainer { key: key.clone(), key_spec, exportable: false, protected: false });
    let operation = SoftwareOperation::Archive { container: "c".into(), exchange_certificate };
    keys.execute(PROVIDER, &operation, &autoenroll_keys::Seed::from([entropy; 32]))
}

/// DER of a self-signed certificate for a key.
fn exchange_certificate(files: &Files, key: &PrivateKey) -> Vec<u8> {
    files.write("exchange.key", &key.pkcs8_der());
    files.openssl("req -x509 -new -key exchange.key -keyform DER -subj /CN=Exchange -outform DER -out exchange.cer");
    files.read("exchange.cer")
}

#[test]
fn an_archived_key_opens_with_the_exchange_key() {
    let files = Files::new("archive");
    let exchange = PrivateKey::from_pool(KeyAlgorithm::Rsa2048, &[1; 32]);
    let certificate = exchange_certificate(&files, &exchange);
    for (at, algorithm) in [KeyAlgorithm::Rsa1024, KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa4096].into_iter().enumerate()
    {
        let key = PrivateKey::from_pool(algorithm, &[at as u8 + 2; 32]);
        let EffectResult::ArchivedKey(message) = archive(&key, certificate.clone(), 7) else { panic!("not archived") };
        assert_eq!(archive(&key, certificate.clone(), 7), EffectResult::ArchivedKey(message.clone()));
        assert_ne!(archive(&key, certificate.clone(), 8), EffectResult::ArchivedKey(message.clone()));

        files.write("message", &message);
        files.openssl("cms -decrypt -inform DER -in message -inkey exchange.key -keyform DER -out blob");
        files.openssl("rsa -inform MSBLOB -in blob -outform DER -out opened");
        assert!(files.read("opened") == key.pkcs8_der(), "{algorithm}: another key came out");
    }
}

#[test]
fn only_rsa_keys_are_archived_to_rsa_certificates() {
    let files = Files::new("archive-unsupported");
    let (rsa, p256) = [KeyAlgorithm::Rsa1024, KeyAlgorithm::P256].map(|a| PrivateKey::from_pool(a, &[1; 32])).into();
    let unsupported = EffectResult::Failed(HResult::NTE_NOT_SUPPORTED);
    assert_eq!(archive(&p256, exchange_certificate(&files, &rsa), 1), unsupported);
    assert_eq!(archive(&rsa, exchange_certificate(&files, &p256), 1), unsupported);
    assert_eq!(archive(&rsa, vec![], 1), EffectResult::Failed(HResult::ERROR_INVALID_DATA));
}
