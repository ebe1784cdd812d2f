//! A memory of this process is asked about every operation, each by a question of its own, and what it answers is what
//! would have been computed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use autoenroll_keys::{
    HashAlgorithm, KeyAlgorithm, KeyError, Memory, Octets, PrivateKey, Question, Secret, SignatureAlgorithm,
    compressed, digest, remember,
};

/// How often each question came, and its first answer.
#[derive(Default)]
struct Asked {
    keys: Mutex<BTreeMap<Question, (usize, Secret)>>,
    blocks: Mutex<BTreeMap<Question, (usize, Octets)>>,
}

struct Shared(Arc<Asked>);

impl Memory for Shared {
    fn secret(&self, question: Question, make: &mut dyn FnMut() -> Secret) -> Secret {
        let mut keys = self.0.keys.lock().unwrap();
        let (times, key) = keys.entry(question).or_insert_with(|| (0, make()));
        *times += 1;
        key.clone()
    }

    fn octets(&self, question: Question, make: &mut dyn FnMut() -> Octets) -> Octets {
        let mut blocks = self.0.blocks.lock().unwrap();
        let (times, octets) = blocks.entry(question).or_insert_with(|| (0, make()));
        *times += 1;
        octets.clone()
    }
}

/// What is done with the keys of two entropies, and everything that comes of it.
fn results() -> Vec<Octets> {
    let mut results = Vec::new();
    let algorithms =
        [(KeyAlgorithm::Rsa1024, SignatureAlgorithm::RsaSha256), (KeyAlgorithm::P256, SignatureAlgorithm::EcdsaSha256)];
    for (kind, algorithm) in algorithms {
        for key in [[1; 32], [2; 32]].map(|entropy| PrivateKey::from_pool(kind, &entropy)) {
            results.push(Ok(key.public().spki_der()));
            for message in [b"one", b"two"] {
                let signature = key.sign(algorithm, message).unwrap();
                results.push(key.public().verify(algorithm, message, &signature).map(|()| vec![1]));
                results.push(key.public().verify(algorithm, b"six", &signature).map(|()| vec![1]));
                results.push(Ok(signature));
            }
        }
    }
    // What one key is refused, another may do: a refusal is no answer for both.
    let rsa = PrivateKey::from_pool(KeyAlgorithm::Rsa1024, &[1; 32]);
    let p256 = PrivateKey::from_pool(KeyAlgorithm::P256, &[1; 32]);
    let hash = digest(HashAlgorithm::Sha256, b"message");
    for (key, hash) in [(&rsa, &hash[..]), (&p256, &hash), (&p256, &hash[..19])] {
        results.push(key.sign_p256_prehash(hash).map(|signature| signature.to_vec()));
    }
    results.extend([rsa.raw_rsa(&[0xFF; 128]), rsa.raw_rsa(&[0; 128]), p256.raw_rsa(&[0; 128])]);
    // A long certificate is no question.
    let compress = |certificate: &[u8], level: u8| [certificate, &[level]].concat();
    results.extend([2_048, 2_049].map(|length| Ok(compressed(&vec![0x30; length], compress))));
    results
}

#[test]
fn each_operation_is_remembered_and_none_is_taken_for_another() {
    let computed = results();
    let refused: Vec<_> = computed.iter().filter(|result| result.is_err()).cloned().collect();
    let wrong_key = |found| Err(KeyError::WrongKey { found });
    assert_eq!(
        refused[8..],
        [
            wrong_key(KeyAlgorithm::Rsa1024),
            Err(KeyError::HashLength { found: 19 }),
            Err(KeyError::BlockOutOfRange),
            wrong_key(KeyAlgorithm::P256),
        ]
    );
    let asked = Arc::new(Asked::default());
    assert!(remember(Box::new(Shared(Arc::clone(&asked)))));
    assert_eq!(results(), computed, "asked for the first time");
    assert_eq!(results(), computed, "remembered");
    assert!(!remember(Box::new(Shared(Arc::default()))), "the first one stays");

    let times = |times: &dyn Fn(&Asked) -> Vec<usize>| times(&asked);
    let keys = times(&|asked| asked.keys.lock().unwrap().values().map(|(times, _)| *times).collect());
    assert_eq!(keys.len(), 4, "two kinds, two entropies");
    assert_eq!(keys.iter().sum::<usize>(), 2 * (4 + 2));
    let blocks = times(&|asked| asked.blocks.lock().unwrap().values().map(|(times, _)| *times).collect());
    // An RSA signature is verified by one public operation, whatever it is compared with; P-256 needs the message. The
    // P-256 signature of "message" is no other's; its refusal, two raw blocks and what is compressed are questions too.
    // Who has signed, or made a raw block, says what a verification will be answered with, once.
    assert_eq!(blocks.len(), 4 * 2 + 4 * 3 + 2 + 2 + 1 + 2);
    assert_eq!(blocks.iter().sum::<usize>(), 2 * (8 * 3 + 2 + 2 + 1) + 8 + 2);
}
