//! Keys: generated, imported, used.

use super::host::{agree, apply, fresh, full, generate, managed, piv, prove, status, template, value, verify};
use crate::host::{exchange, ok, send};
use autoenroll_apdu::piv::{Mechanism, Slot, tag};
use autoenroll_apdu::{Command, ins, piv, tlv};
use autoenroll_card::{Capacity, Card, CardProfile};
use autoenroll_keys::{
    HashAlgorithm, KeyAlgorithm, KeyError, P384Key, PrivateKey, PublicKey, RsaComponents, Seed, SignatureAlgorithm,
    digest_info, ecdsa_raw_from_der, sha1, sha256,
};

/// Modulus, or point, of the answer to a generation.
fn public(answer: &[u8]) -> PublicKey {
    let parts = tlv::read_only(answer, tag::PUBLIC_KEY).unwrap();
    match tlv::find(parts, tag::POINT).unwrap() {
        Some(point) => PublicKey::from_p256_point(point).unwrap(),
        None => {
            let part = |tag| tlv::find(parts, tag).unwrap().unwrap();
            PublicKey::from_rsa_parts(part(tag::MODULUS), part(tag::EXPONENT)).unwrap()
        }
    }
}

/// The block that a host pads for a signature over SHA-256.
fn padded(octets: usize) -> Vec<u8> {
    let info = digest_info(HashAlgorithm::Sha256, &sha256(b"message"));
    let mut block = vec![0x00, 0x01];
    block.resize(octets - info.len() - 1, 0xFF);
    block.push(0x00);
    block.extend(info);
    block
}

#[test]
fn an_rsa_key_signs_and_deciphers_blocks_that_the_host_padded() {
    let check = |mechanism: Mechanism, slot: Slot, profile: CardProfile| {
        let mut card = fresh(profile);
        if card.look().puk.is_some() && card.profile().name == "piv" {
            prove(&mut card);
        } else {
            super::management::prove_aes192(&mut card);
        }
        let key = public(&ok(&mut card, &generate(mechanism, slot)));
        assert_eq!(key.bits(), u32::from(mechanism.bits()));
        ok(&mut card, &verify());
        let block = padded(usize::from(mechanism.bits()) / 8);
        let signature = value(&ok(&mut card, &apply(mechanism, slot, &block)), tag::RESPONSE);
        assert_eq!(key.verify(SignatureAlgorithm::RsaSha256, b"message", &signature), Ok(()), "{mechanism:?}");
    };
    check(Mechanism::Rsa1024, Slot::AUTHENTICATION, CardProfile::piv());
    check(Mechanism::Rsa2048, Slot::KEY_MANAGEMENT, CardProfile::piv());
    check(Mechanism::Rsa3072, Slot::SIGNATURE, full());
    check(Mechanism::Rsa4096, Slot::from_byte(0x95).unwrap(), full());
}

#[test]
fn elliptic_curve_keys_sign_hashes_and_agree_on_secrets() {
    let mut card = managed();
    let own = public(&ok(&mut card, &generate(Mechanism::P256, Slot::AUTHENTICATION)));
    ok(&mut card, &verify());
    for (algorithm, hash) in [
        (SignatureAlgorithm::EcdsaSha256, sha256(b"message").to_vec()),
        (SignatureAlgorithm::EcdsaSha1, sha1(b"message").to_vec()),
    ] {
        let signature = value(&ok(&mut card, &apply(Mechanism::P256, Slot::AUTHENTICATION, &hash)), tag::RESPONSE);
        assert!(ecdsa_raw_from_der(&signature).is_ok());
        assert_eq!(own.verify(algorithm, b"message", &signature), Ok(()), "{algorithm:?}");
    }
    let other = PrivateKey::from_seed(KeyAlgorithm::P256, &Seed::from(99));
    let point = other.public().p256_point().unwrap();
    let secret = value(&ok(&mut card, &agree(Mechanism::P256, Slot::AUTHENTICATION, point)), tag::RESPONSE);
    assert_eq!(secret, other.agree_p256(own.p256_point().unwrap()).unwrap());
}

#[test]
fn p_384_is_on_every_card_that_has_p_256() {
    let mut card = managed();
    let answer = ok(&mut card, &generate(Mechanism::P384, Slot::KEY_MANAGEMENT));
    let own = tlv::find(tlv::read_only(&answer, tag::PUBLIC_KEY).unwrap(), tag::POINT).unwrap().unwrap().to_vec();
    ok(&mut card, &verify());
    let other = P384Key::from_seed(&Seed::from(99));
    let shared = ok(&mut card, &agree(Mechanism::P384, Slot::KEY_MANAGEMENT, &other.point()));
    assert_eq!(value(&shared, tag::RESPONSE), other.agree(&own).unwrap());
    let signature = ok(&mut card, &apply(Mechanism::P384, Slot::KEY_MANAGEMENT, &[9; 48]));
    assert_eq!(value(&signature, tag::RESPONSE)[0], 0x30);
    let only_rsa = CardProfile { algorithms: [KeyAlgorithm::Rsa2048].into(), ..CardProfile::piv() };
    let mut card = fresh(only_rsa);
    prove(&mut card);
    let mut check = |mechanism, word| {
        assert_eq!(status(&mut card, &generate(mechanism, Slot::AUTHENTICATION)).0, word, "{mechanism:?}");
    };
    check(Mechanism::P384, 0x6A80);
    check(Mechanism::P256, 0x6A80);
    check(Mechanism::Rsa1024, 0x6A80);
    check(Mechanism::Rsa2048, 0x9000);
}

#[test]
fn what_a_key_does_not_take() {
    let mut card = managed();
    ok(&mut card, &generate(Mechanism::Rsa1024, Slot::AUTHENTICATION));
    ok(&mut card, &generate(Mechanism::P256, Slot::KEY_MANAGEMENT));
    ok(&mut card, &verify());
    let (rsa, curve) = (Mechanism::Rsa1024, Mechanism::P256);
    let (a, d) = (Slot::AUTHENTICATION, Slot::KEY_MANAGEMENT);
    let point = PrivateKey::from_seed(KeyAlgorithm::P256, &Seed::from(9)).public().p256_point().unwrap().to_vec();
    let mut off = point.clone();
    off[64] ^= 1;
    let compressed = [&[2 + point[64] % 2][..], &point[1..33]].concat();
    let with = |mechanism: Mechanism, slot: Slot, data: Vec<u8>| {
        Command::new(0, ins::GENERAL_AUTHENTICATE, mechanism as u8, slot.byte()).with_data(data)
    };
    let rows: [(&str, Command, u16); 17] = [
        ("a short block", apply(rsa, a, &[0; 127]), 0x6A80),
        ("a long block", apply(rsa, a, &[0; 129]), 0x6A80),
        ("a block above the modulus", apply(rsa, a, &[0xFF; 128]), 0x6A80),
        ("a point for RSA", agree(rsa, a, &point), 0x6A80),
        ("no hash", apply(curve, d, &[]), 0x6A80),
        ("a short hash", apply(curve, d, &[1; 19]), 0x6A80),
        ("a long hash", apply(curve, d, &[1; 33]), 0x6A80),
        ("a point off the curve", agree(curve, d, &off), 0x6A80),
        ("a compressed point", agree(curve, d, &compressed), 0x6A80),
        ("another algorithm", apply(Mechanism::Rsa2048, a, &[0; 256]), 0x6A86),
        ("an algorithm that there is not", with(rsa, a, vec![]), 0x6A80),
        ("no key", apply(curve, Slot::SIGNATURE, &[1; 32]), 0x6A86),
        ("nothing asked", with(curve, d, template(&[(tag::CHALLENGE, &[1; 32])])), 0x6A80),
        (
            "both",
            with(
                curve,
                d,
                template(&[(tag::RESPONSE, &[]), (tag::CHALLENGE, &[1; 32]), (tag::EXPONENTIATION, &point)]),
            ),
            0x6A80,
        ),
        (
            "twice",
            with(curve, d, template(&[(tag::RESPONSE, &[]), (tag::CHALLENGE, &[1; 32]), (tag::CHALLENGE, &[1; 32])])),
            0x6A80,
        ),
        ("a witness", with(curve, d, template(&[(tag::WITNESS, &[])])), 0x6A80),
        ("no template", with(curve, d, vec![0x82, 0x00, 0x81, 0x00]), 0x6A80),
    ];
    for (what, command, word) in rows {
        assert_eq!(status(&mut card, &command).0, word, "{what}");
    }
    exchange(&mut card, "0087119B04 7C028200 -> 6A86\n0087118104 7C028200 -> 6A86\n0087FF9A04 7C028200 -> 6A86");
}

#[test]
fn a_key_is_generated_anew_and_the_old_one_is_gone() {
    let mut card = managed();
    let first = ok(&mut card, &generate(Mechanism::P256, Slot::AUTHENTICATION));
    let second = ok(&mut card, &generate(Mechanism::P256, Slot::AUTHENTICATION));
    assert_ne!(first, second);
    ok(&mut card, &verify());
    let signature = value(&ok(&mut card, &apply(Mechanism::P256, Slot::AUTHENTICATION, &sha256(b"m"))), tag::RESPONSE);
    let verify = |answer: &[u8]| public(answer).verify(SignatureAlgorithm::EcdsaSha256, b"m", &signature);
    assert_eq!((verify(&second), verify(&first)), (Ok(()), Err(KeyError::BadSignature)));
    let mut again = managed();
    assert_eq!(ok(&mut again, &generate(Mechanism::P256, Slot::AUTHENTICATION)), first, "the same card draws the same");
    assert_ne!(ok(&mut again, &generate(Mechanism::P256, Slot::SIGNATURE)), second);
}

#[test]
fn templates_of_generation() {
    let mut card = piv();
    exchange(&mut card, "0047009A05 AC03800111 00 -> 6982\n0047009B05 AC03800111 00 -> 6A86");
    prove(&mut card);
    exchange(
        &mut card,
        "0047019A05 AC03800111 00 -> 6A86
         0047009B05 AC03800111 00 -> 6A86
         0047008105 AC03800111 00 -> 6A86
         0047009605 AC03800111 00 -> 6A86
         0047009A -> 6A80
         0047009A02 AC00 -> 6A80
         0047009A06 AC0480021100 -> 6A80
         0047009A05 AC03800103 -> 6A80 ; a cipher is no algorithm for a key
         0047009A05 AC03800105 -> 6A80 ; RSA-3072, which this card does not have
         0047009A08 AC06800111AA0104 -> 6A80
         0047009A08 AC06800111AB0104 -> 6A80
         0047009A09 AC07800111AA020101 -> 6A80",
    );
}

#[test]
fn no_room_for_a_key() {
    let capacity = Capacity { containers: 24, bytes: 500, object_bytes: 100 };
    let mut card = fresh(CardProfile { capacity, ..CardProfile::piv() });
    prove(&mut card);
    let mut check = |mechanism, slot, word| {
        assert_eq!(status(&mut card, &generate(mechanism, slot)).0, word, "{mechanism:?}");
    };
    check(Mechanism::Rsa2048, Slot::AUTHENTICATION, 0x6A84);
    check(Mechanism::Rsa1024, Slot::AUTHENTICATION, 0x9000);
    check(Mechanism::P256, Slot::SIGNATURE, 0x6A84);
    check(Mechanism::Rsa1024, Slot::AUTHENTICATION, 0x9000);
}

fn import(mechanism: Mechanism, slot: Slot, parts: &[(u32, &[u8])]) -> Command {
    let mut data = Vec::new();
    for (number, value) in parts {
        tlv::write(&mut data, tlv::Tag::from_number(*number).unwrap(), value);
    }
    Command::new(0, piv::ins::IMPORT_ASYMMETRIC_KEY, mechanism as u8, slot.byte()).with_data(data)
}

#[test]
fn keys_are_imported() {
    let mut card = managed();
    let rsa = PrivateKey::from_seed(KeyAlgorithm::Rsa1024, &Seed::from(5));
    let RsaComponents { p, q, .. } = rsa.rsa_components().unwrap();
    let curve = PrivateKey::from_seed(KeyAlgorithm::P256, &Seed::from(5));
    let scalar = curve.p256_scalar().unwrap();
    ok(&mut card, &import(Mechanism::Rsa1024, Slot::AUTHENTICATION, &[(1, &p), (2, &q), (3, &[1; 64])]));
    ok(&mut card, &import(Mechanism::P256, Slot::KEY_MANAGEMENT, &[(6, &scalar), (0xAA, &[1]), (0xAB, &[3])]));
    ok(&mut card, &import(Mechanism::P384, Slot::SIGNATURE, &[(6, &[3; 48])]));
    let state = card.look();
    let publics: Vec<_> = state.containers.iter().map(|c| c.key.as_ref().unwrap().public.clone()).collect();
    assert_eq!(publics, [Some(rsa.public().clone()), None, Some(curve.public().clone())]);
    // Its rule says that no PIN is asked for.
    ok(&mut card, &apply(Mechanism::P256, Slot::KEY_MANAGEMENT, &[1; 32]));
    exchange(&mut card, "00F7009D0E -> 010111 02020103 030102 04438641 6141 ; imported, no PIN, a touch now and then");
}

#[test]
fn imports_that_are_refused() {
    let mut card = piv();
    let p256 = Mechanism::P256;
    let a = Slot::AUTHENTICATION;
    assert_eq!(status(&mut card, &import(p256, a, &[(6, &[1; 32])])).0, 0x6982);
    prove(&mut card);
    let rsa = PrivateKey::from_seed(KeyAlgorithm::Rsa1024, &Seed::from(5));
    let RsaComponents { p, q, .. } = rsa.rsa_components().unwrap();
    let rows: [(&str, Command, u16); 14] = [
        ("no parts", import(p256, a, &[]), 0x6A80),
        ("a short scalar", import(p256, a, &[(6, &[1; 31])]), 0x6A80),
        ("a long one", import(Mechanism::P384, a, &[(6, &[1; 49])]), 0x6A80),
        ("a scalar out of range", import(p256, a, &[(6, &[0xFF; 32])]), 0x6A80),
        ("zero", import(Mechanism::P384, a, &[(6, &[0; 48])]), 0x6A80),
        ("one prime", import(Mechanism::Rsa1024, a, &[(1, &p)]), 0x6A80),
        ("primes of another size", import(Mechanism::Rsa2048, a, &[(1, &p), (2, &q)]), 0x6A80),
        ("the same prime twice", import(Mechanism::Rsa1024, a, &[(1, &p), (2, &p)]), 0x6A80),
        ("even numbers", import(Mechanism::Rsa1024, a, &[(1, &[0xC0; 64]), (2, &q)]), 0x6A80),
        ("too small a product", import(Mechanism::Rsa1024, a, &[(1, &[1; 64]), (2, &[3; 64])]), 0x6A80),
        ("a rule that there is not", import(p256, a, &[(6, &[1; 32]), (0xAA, &[9])]), 0x6A80),
        ("RSA-4096", import(Mechanism::Rsa4096, a, &[(1, &p), (2, &q)]), 0x6A86),
        ("no slot", Command::new(0, 0xFE, 0x11, 0x9B).with_data([6, 1, 1]), 0x6A86),
        ("no algorithm", Command::new(0, 0xFE, 0x03, 0x9A).with_data([6, 1, 1]), 0x6A86),
    ];
    for (what, command, word) in rows {
        assert_eq!(status(&mut card, &command).0, word, "{what}");
    }
    assert!(card.look().containers.is_empty());
    let capacity = Capacity { containers: 24, bytes: 90, object_bytes: 100 };
    let mut small = fresh(CardProfile { capacity, ..CardProfile::piv() });
    prove(&mut small);
    assert_eq!(status(&mut small, &import(p256, a, &[(6, &[1; 32])])).0, 0x6A84);
}

#[test]
fn a_key_with_a_touch_rule_waits_for_a_finger() {
    let mut card: Card = managed();
    exchange(&mut card, "0047009E0B AC09800111AA0101AB0102 01 -> 7F 6145");
    card.set_touched(false);
    let sign = apply(Mechanism::P256, Slot::CARD_AUTHENTICATION, &[1; 32]);
    assert_eq!(status(&mut card, &sign).0, 0x6982);
    card.set_touched(true);
    assert_eq!(send(&mut card, &sign).sw.0, 0x9000);
}
