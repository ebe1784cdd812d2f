use super::*;
use crate::{Seed, draw, ecdsa_raw_from_der, sha256};
use alloc::{format, string::String};

fn entropy(n: u64) -> [u8; 32] {
    draw(&Seed::from(2026), "test", "key", "alice", n)
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A change here moves every certificate of every scenario.
#[test]
fn the_pool_gives_the_keys_it_always_gave() {
    let fingerprints: String = KeyAlgorithm::ALL
        .iter()
        .copied()
        .map(|algorithm| {
            let key = PrivateKey::from_pool(algorithm, &entropy(0));
            assert_eq!(key.algorithm(), algorithm);
            assert_eq!(key.public().algorithm(), Some(algorithm));
            format!("{algorithm} {}\n", hexadecimal(&sha256(&key.public().spki_der())))
        })
        .collect();
    assert_eq!(
        fingerprints,
        "\
rsa-1024 19d35ac794d0d77ac7aed6699b1a508a6509cc0fdf9ef56888f4388927e00054\n\
rsa-2048 0bf9cd88a742b56ee3a19aa2e35150787ec9b9a225c0b6c5c5eec85440b238c5\n\
rsa-3072 7ff62f8fe359c91329e5b89b21806efca442c9c55ed6d2583eddc9b7fcf42576\n\
rsa-4096 b1f7d1222131aa5d02722ace8c2bc8394620ebe1f71e070b79f8b50fbe15412e\n\
p-256 72b33e1c626137511377581f6b2b9df8f93072d5ef1d292c5868b79ff2f32212\n\
"
    );
}

#[test]
fn other_entropy_gives_another_key() {
    for algorithm in KeyAlgorithm::ALL.iter().copied() {
        let (one, other) =
            (PrivateKey::from_pool(algorithm, &entropy(0)), PrivateKey::from_pool(algorithm, &entropy(1)));
        assert_ne!(one, other, "{algorithm}");
    }
}

#[test]
fn signatures_repeat_and_verify_and_nothing_else_does() {
    for key in [KeyAlgorithm::Rsa1024, KeyAlgorithm::Rsa2048, KeyAlgorithm::P256] {
        let key = PrivateKey::from_pool(key, &entropy(0));
        let stranger = PrivateKey::from_pool(key.algorithm(), &entropy(1));
        for algorithm in SignatureAlgorithm::ALL.iter().copied() {
            if algorithm.is_rsa() != key.public().is_rsa() {
                assert_eq!(key.sign(algorithm, b"message"), Err(KeyError::WrongKey { found: key.algorithm() }));
                continue;
            }
            let signature = key.sign(algorithm, b"message").unwrap();
            assert_eq!(key.sign(algorithm, b"message").unwrap(), signature);
            assert_eq!(key.public().verify(algorithm, b"message", &signature), Ok(()));

            let mut flipped = signature.clone();
            *flipped.last_mut().unwrap() ^= 1;
            for (public, message, signature) in [
                (key.public(), b"massage".as_slice(), signature.as_slice()),
                (stranger.public(), b"message", &signature),
                (key.public(), b"message", &flipped),
                (key.public(), b"message", &signature[1..]),
                (key.public(), b"message", b""),
            ] {
                assert_eq!(public.verify(algorithm, message, signature), Err(KeyError::BadSignature), "{algorithm:?}");
            }
        }
    }
}

/// RFC 6979 A.2.5, SHA-256, "sample".
#[test]
fn ecdsa_is_that_of_rfc_6979() {
    let scalar = b"\xC9\xAF\xA9\xD8\x45\xBA\x75\x16\x6B\x5C\x21\x57\x67\xB1\xD6\x93\
        \x4E\x50\xC3\xDB\x36\xE8\x9B\x12\x7B\x8A\x62\x2B\x12\x0F\x67\x21";
    let key = PrivateKey::from_p256_scalar(scalar).unwrap();
    let raw = key.sign_p256_prehash(&sha256(b"sample")).unwrap();
    assert_eq!(
        hexadecimal(&raw),
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
         f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    );
    assert_eq!(key.p256_scalar().as_ref(), Some(scalar));
    let der = key.sign(SignatureAlgorithm::EcdsaSha256, b"sample").unwrap();
    assert_eq!(der, ecdsa_der_from_raw(&raw));
    assert_eq!(ecdsa_raw_from_der(&der), Ok(raw));
    assert_eq!(key.sign_p256_prehash(&[0; 19]), Err(KeyError::HashLength { found: 19 }));
    assert_eq!(PrivateKey::from_p256_scalar(&[0xFF; 32]), Err(KeyError::InconsistentPrivateKey));
}

#[test]
fn raw_ecdsa_numbers_are_minimal_integers() {
    let mut raw = [0; 64];
    raw[31] = 0x80;
    raw[63] = 0x7F;
    assert_eq!(ecdsa_der_from_raw(&raw), b"\x30\x07\x02\x02\x00\x80\x02\x01\x7F");
    assert_eq!(ecdsa_raw_from_der(b"\x30\x07\x02\x02\x00\x80\x02\x01\x7F"), Ok(raw));
    assert_eq!(ecdsa_der_from_raw(&[0; 64]), b"\x30\x06\x02\x01\x00\x02\x01\x00");
    assert_eq!(ecdsa_raw_from_der(b"junk"), Err(KeyError::BadSignature));
}

#[test]
fn what_is_encrypted_is_decrypted() {
    let key = PrivateKey::from_pool(KeyAlgorithm::Rsa1024, &entropy(0));
    let ciphertext = key.public().encrypt_pkcs1(b"session key", &[7; 32]).unwrap();
    assert_eq!(key.public().encrypt_pkcs1(b"session key", &[7; 32]).unwrap(), ciphertext);
    assert_eq!(key.decrypt_pkcs1(&ciphertext), Ok(b"session key".to_vec()));
    assert_eq!(key.decrypt_oaep_sha1(&ciphertext), Err(KeyError::Padding));
    assert_eq!(
        PrivateKey::from_pool(KeyAlgorithm::Rsa1024, &entropy(5)).decrypt_pkcs1(&ciphertext),
        Err(KeyError::Padding)
    );
    assert_eq!(key.public().encrypt_pkcs1(&[0; 118], &[7; 32]), Err(KeyError::TooLong { found: 118, limit: 117 }));
}

#[test]
fn raw_blocks_are_checked_against_the_modulus() {
    let key = PrivateKey::from_pool(KeyAlgorithm::Rsa1024, &entropy(0));
    let modulus = key.public().rsa_modulus().unwrap().to_vec();
    let mut below = modulus.clone();
    below[0] -= 1;
    assert_eq!(key.raw_rsa(&below).map(|block| block.len()), Ok(128));
    assert_eq!(key.raw_rsa(&modulus), Err(KeyError::BlockOutOfRange));
    assert_eq!(key.raw_rsa(&below[1..]), Err(KeyError::BlockOutOfRange));
    assert_eq!(key.raw_rsa(&[0; 129]), Err(KeyError::BlockOutOfRange));
    assert_eq!(key.decrypt_oaep_sha1(&modulus), Err(KeyError::BlockOutOfRange));
    assert_eq!(
        PrivateKey::from_pool(KeyAlgorithm::P256, &entropy(0)).raw_rsa(&below),
        Err(KeyError::WrongKey { found: KeyAlgorithm::P256 })
    );
}

#[test]
fn components_make_the_same_key_again() {
    let key = PrivateKey::from_pool(KeyAlgorithm::Rsa2048, &entropy(0));
    let mut components = key.rsa_components().unwrap();
    let again = PrivateKey::from_rsa_components(&components).unwrap();
    assert_eq!(again, key);
    assert_eq!(again.sign(SignatureAlgorithm::RsaSha1, b"x"), key.sign(SignatureAlgorithm::RsaSha1, b"x"));
    components.d[5] ^= 4;
    assert_eq!(PrivateKey::from_rsa_components(&components), Err(KeyError::InconsistentPrivateKey));
    components.n.clear();
    assert_eq!(PrivateKey::from_rsa_components(&components), Err(KeyError::InconsistentPrivateKey));
}

#[test]
fn debug_shows_no_secret() {
    let key = PrivateKey::from_pool(KeyAlgorithm::P256, &entropy(0));
    let identifier = hexadecimal(&key.public().key_identifier()[..8]);
    assert_eq!(format!("{key:?}"), format!("PrivateKey(p-256 {identifier})"));
}
