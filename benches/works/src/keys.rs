//! What keys cost.

use autoenroll_keys::{KeyAlgorithm, PrivateKey, SignatureAlgorithm};

use crate::{Done, Ready, Work};

pub(crate) const WORKS: &[Work] = &[
    Work { name: "sign-p256", size: "P-256 signatures of different messages", prepare: sign_p256 },
    Work { name: "sign-rsa", size: "RSA-2048 signatures of different messages", prepare: sign_rsa },
];

fn sign_p256(signatures: u64) -> Ready {
    sign(KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha256, signatures)
}

fn sign_rsa(signatures: u64) -> Ready {
    sign(KeyAlgorithm::Rsa2048, SignatureAlgorithm::RsaSha256, signatures)
}

/// The key has signed once: what it computes at first use is computed.
fn sign(key: KeyAlgorithm, algorithm: SignatureAlgorithm, signatures: u64) -> Ready {
    let key = PrivateKey::from_pool(key, &[7; 32]);
    let first = key.sign(algorithm, b"first").expect("the key can sign");
    Box::new(move || {
        let mut last = first;
        for number in 0..signatures {
            last = key.sign(algorithm, &number.to_be_bytes()).expect("the key can sign");
        }
        Done::with(last)
    })
}
