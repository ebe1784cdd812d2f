//! Symbolic keys have the shape of real ones, and do to each other what real ones do.

use autoenroll_keys::{
    KeyAlgorithm, KeyError, KeyMode, PrivateKey, PublicKey, RsaComponents, Seed, SignatureAlgorithm, draw,
};

fn seed(n: u64) -> Seed {
    Seed::from(n).with_keys(KeyMode::Symbolic)
}

fn key(algorithm: KeyAlgorithm, n: u64) -> PrivateKey {
    PrivateKey::from_seed(algorithm, &seed(n))
}

#[test]
fn they_have_the_shape_of_real_keys() {
    for algorithm in KeyAlgorithm::ALL.iter().copied() {
        let real = PrivateKey::from_seed(algorithm, &Seed::from(1));
        for symbolic in (0..40).map(|n| key(algorithm, n)) {
            let public = symbolic.public();
            assert_eq!((real.public().mode(), public.mode()), (KeyMode::Real, KeyMode::Symbolic));
            assert_eq!((symbolic.algorithm(), public.algorithm()), (algorithm, Some(algorithm)));
            assert_eq!(public.bits(), algorithm.bits());
            assert_eq!(public.spki_der().len(), real.public().spki_der().len());
            assert_eq!(PublicKey::from_spki_der(&public.spki_der()).as_ref(), Ok(public));
            // Numbers of a real key may begin with zeros.
            assert!(symbolic.pkcs8_der().len().abs_diff(real.pkcs8_der().len()) <= 16, "{algorithm}");
            if let Some(modulus) = public.rsa_modulus() {
                assert!(modulus[0] >= 0x80 && modulus[modulus.len() - 1] % 2 == 1);
                assert_eq!(public.rsa_exponent(), real.public().rsa_exponent());
            }
        }
    }
}

#[test]
fn what_only_resembles_one_is_none() {
    let rsa = key(KeyAlgorithm::Rsa2048, 1);
    let modulus = rsa.public().rsa_modulus().unwrap();
    for at in [0, 31, 32, 63, 64, 200, 255] {
        let mut other = modulus.to_vec();
        other[at] ^= 0x10;
        let public = PublicKey::from_rsa_parts(&other, &[1, 0, 1]).unwrap();
        assert_eq!(public.mode(), KeyMode::Real, "octet {at}");
    }
    assert_eq!(PublicKey::from_rsa_parts(modulus, &[3]).unwrap().mode(), KeyMode::Real);
    let p256 = key(KeyAlgorithm::P256, 1);
    let mut point = *p256.public().p256_point().unwrap();
    point[64] ^= 1;
    assert_eq!(PublicKey::from_p256_point(&point), Err(KeyError::InvalidPublicKey));
}

#[test]
fn a_seed_decides_which_keys_there_are_and_nothing_else() {
    let (real, symbolic) = (Seed::from(7), seed(7));
    assert_eq!(draw(&real, "a", "b", "c", 0), draw(&symbolic, "a", "b", "c", 0));
    assert_eq!(real.below("a", "b", "c", 0).keys(), KeyMode::Real);
    assert_eq!(symbolic.below("a", "b", "c", 0), real.below("a", "b", "c", 0).with_keys(KeyMode::Symbolic));
    assert_eq!(key(KeyAlgorithm::P256, 1), key(KeyAlgorithm::P256, 1));
    assert_ne!(key(KeyAlgorithm::P256, 1), key(KeyAlgorithm::P256, 2));
    assert_ne!(key(KeyAlgorithm::Rsa2048, 1), key(KeyAlgorithm::Rsa2048, 2));
}

#[test]
fn signatures_verify_under_their_own_key_alone() {
    for kind in KeyAlgorithm::ALL.iter().copied() {
        let (own, stranger) = (key(kind, 1), key(kind, 2));
        let real = PrivateKey::from_seed(kind, &Seed::from(1));
        for algorithm in SignatureAlgorithm::ALL.iter().copied() {
            if algorithm.is_rsa() != own.public().is_rsa() {
                assert_eq!(own.sign(algorithm, b"message"), Err(KeyError::WrongKey { found: kind }));
                continue;
            }
            let signature = own.sign(algorithm, b"message").unwrap();
            assert_eq!(own.sign(algorithm, b"message").unwrap(), signature);
            match kind {
                KeyAlgorithm::P256 => assert!((68..=72).contains(&signature.len())),
                _ => assert_eq!(signature.len(), kind.bits() as usize / 8),
            }
            let mut flipped = signature.clone();
            *flipped.last_mut().unwrap() ^= 1;
            let bad = Err(KeyError::BadSignature);
            assert_eq!(own.public().verify(algorithm, b"message", &signature), Ok(()), "{algorithm:?}");
            for (public, message, signature) in [
                (own.public(), b"massage".as_slice(), signature.as_slice()),
                (stranger.public(), b"message", &signature),
                (real.public(), b"message", &signature),
                (own.public(), b"message", &real.sign(algorithm, b"message").unwrap()),
                (own.public(), b"message", &flipped),
                (own.public(), b"message", &signature[1..]),
                (own.public(), b"message", b""),
            ] {
                assert_eq!(public.verify(algorithm, message, signature), bad, "{kind} {algorithm:?}");
            }
        }
    }
}

#[test]
fn hashes_that_p_256_does_not_take_are_refused() {
    let refused = Err(KeyError::HashLength { found: 19 });
    assert_eq!(key(KeyAlgorithm::P256, 1).sign_p256_prehash(&[0; 19]), refused);
    let wrong = Err(KeyError::WrongKey { found: KeyAlgorithm::Rsa1024 });
    assert_eq!(key(KeyAlgorithm::Rsa1024, 1).sign_p256_prehash(&[0; 20]), wrong);
}

#[test]
fn what_is_encrypted_is_decrypted() {
    let (own, stranger) = (key(KeyAlgorithm::Rsa1024, 1), key(KeyAlgorithm::Rsa1024, 2));
    let ciphertext = own.public().encrypt_pkcs1(b"session key", &[7; 32]).unwrap();
    assert_eq!(ciphertext.len(), 128);
    assert_eq!(own.decrypt_pkcs1(&ciphertext), Ok(b"session key".to_vec()));
    assert_eq!(stranger.decrypt_pkcs1(&ciphertext), Err(KeyError::Padding));
    assert_eq!(own.decrypt_oaep_sha1(&ciphertext), Err(KeyError::Padding));
}

#[test]
fn blocks_are_those_below_the_modulus() {
    let own = key(KeyAlgorithm::Rsa1024, 1);
    let modulus = own.public().rsa_modulus().unwrap().to_vec();
    let mut below = modulus.clone();
    below[0] -= 1;
    for block in [below.as_slice(), &[0x55; 128], &[0; 128]] {
        let image = own.raw_rsa(block).unwrap();
        assert!(image < modulus);
    }
    assert_eq!(own.raw_rsa(&modulus), Err(KeyError::BlockOutOfRange));
    assert_eq!(own.raw_rsa(&below[1..]), Err(KeyError::BlockOutOfRange));
    assert_eq!(own.raw_rsa(&[0; 129]), Err(KeyError::BlockOutOfRange));
    let wrong = Err(KeyError::WrongKey { found: KeyAlgorithm::P256 });
    assert_eq!(key(KeyAlgorithm::P256, 1).raw_rsa(&below), wrong);
}

#[test]
fn components_make_the_same_key_again() {
    let own = key(KeyAlgorithm::Rsa2048, 1);
    let components = own.rsa_components().unwrap();
    let again = PrivateKey::from_rsa_components(&components).unwrap();
    assert_eq!(again, own);
    assert_eq!(again.sign(SignatureAlgorithm::RsaSha1, b"x"), own.sign(SignatureAlgorithm::RsaSha1, b"x"));
    let broken: [&dyn Fn(&mut RsaComponents); 4] = [
        &|components| components.d[5] ^= 4,
        &|components| components.p[0] ^= 4,
        &|components| components.e = vec![3],
        &|components| components.n[40] ^= 4,
    ];
    for change in broken {
        let mut components = components.clone();
        change(&mut components);
        assert_eq!(PrivateKey::from_rsa_components(&components), Err(KeyError::InconsistentPrivateKey));
    }
    assert!(key(KeyAlgorithm::P256, 1).rsa_components().is_none());
    assert_eq!(key(KeyAlgorithm::P256, 1).p256_scalar(), None);
}
