//! Keys: made, imported, chosen, used, deleted.

use crate::host::{exchange, expect, gids_full, initialised, logged_in, make_key, ok, send, send_for, sign};
use autoenroll_apdu::StatusWord;
use autoenroll_apdu::gids::{Algorithm, KeyKind, KeyReference, Padding, commands};
use autoenroll_apdu::tlv;
use autoenroll_card::{Capacity, Card, CardProfile, Mark};
use autoenroll_keys::{
    HashAlgorithm, KeyAlgorithm, PrivateKey, PublicKey, RsaComponents, SignatureAlgorithm, digest, digest_info,
    ecdsa_der_from_raw,
};
use rsa::rand_core::{TryCryptoRng, TryRng};

const KEY: KeyReference = KeyReference::FIRST;

/// The public key as a host reads it.
fn public_key(card: &mut Card, key: KeyReference) -> PublicKey {
    let object = ok(card, &commands::read_public_key(key));
    let (template, rest) = tlv::read(&object).unwrap();
    assert_eq!((template.tag.number(), rest), (0x7F49, &[][..]));
    match tlv::read_all(template.value).unwrap().as_slice() {
        [n, e] => {
            assert_eq!((n.tag.number(), e.tag.number()), (0x81, 0x82));
            PublicKey::from_rsa_parts(n.value, e.value).unwrap()
        }
        [point] => {
            assert_eq!(point.tag.number(), 0x86);
            PublicKey::from_p256_point(point.value).unwrap()
        }
        other => panic!("{} objects", other.len()),
    }
}

#[test]
fn a_generated_rsa_key_signs_what_its_public_key_verifies() {
    for (algorithm, kind) in [(Algorithm::Rsa1024, KeyKind::Signature), (Algorithm::Rsa2048, KeyKind::Exchange)] {
        let mut card = logged_in(CardProfile::gids());
        make_key(&mut card, KEY, algorithm, kind);
        let public = public_key(&mut card, KEY);
        assert_eq!(public.bits(), u32::from(algorithm.bits()));
        let message = b"to be signed";
        let hash = digest(HashAlgorithm::Sha256, message);
        let input = digest_info(HashAlgorithm::Sha256, &hash);
        let signature = sign(&mut card, KEY, Padding::Pkcs1Sign, algorithm, &input);
        assert_eq!(signature.sw, StatusWord::OK);
        assert_eq!(public.verify(SignatureAlgorithm::RsaSha256, message, &signature.data), Ok(()));

        // Padded by the host, the raw operation gives the same signature.
        let bytes = signature.data.len();
        let mut block = vec![0xFF; bytes];
        block[..2].copy_from_slice(&[0, 1]);
        block[bytes - input.len() - 1] = 0;
        block[bytes - input.len()..].copy_from_slice(&input);
        assert_eq!(sign(&mut card, KEY, Padding::RawSign, algorithm, &block).data, signature.data);
    }
}

#[test]
fn a_p256_key_signs_hashes() {
    let mut card = logged_in(gids_full());
    make_key(&mut card, KEY, Algorithm::Ecc256, KeyKind::Exchange);
    let public = public_key(&mut card, KEY);
    let message = b"to be signed";
    let hash = digest(HashAlgorithm::Sha256, message);
    let signature = sign(&mut card, KEY, Padding::RawSign, Algorithm::Ecc256, &hash);
    let der = ecdsa_der_from_raw(&signature.data.try_into().unwrap());
    assert_eq!(public.verify(SignatureAlgorithm::EcdsaSha256, message, &der), Ok(()));
    send_for(&mut card, &commands::sign(&[0; 19]), StatusWord::WRONG_LENGTH);
    let pkcs1 = commands::choose_signature_key(KEY, Padding::Pkcs1Sign, Algorithm::Ecc256);
    send_for(&mut card, &pkcs1, StatusWord::REFERENCE_NOT_USABLE);
}

/// Counts instead of drawing: what is encrypted in a test need not be secret.
struct Counter(u8);

impl TryRng for Counter {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.0 = self.0.wrapping_add(1);
        Ok(u32::from_le_bytes([self.0; 4]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(1);
        Ok(u64::from_le_bytes([self.0; 8]))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

impl TryCryptoRng for Counter {}

#[test]
fn an_exchange_key_deciphers_under_every_padding() {
    let mut card = logged_in(CardProfile::gids());
    make_key(&mut card, KEY, Algorithm::Rsa2048, KeyKind::Exchange);
    let public = public_key(&mut card, KEY);
    let modulus = rsa::BoxedUint::from_be_slice_vartime(public.rsa_modulus().unwrap());
    let independent = rsa::PublicKey::new(modulus, rsa::BoxedUint::from(65_537_u64)).unwrap();
    let choose = |padding| commands::choose_decipher_key(KEY, padding, Algorithm::Rsa2048);

    let pkcs1 = independent.encrypt(&mut Counter(0), rsa::Pkcs1v15Encrypt, b"hello").unwrap();
    ok(&mut card, &choose(Padding::Pkcs1Decipher));
    assert_eq!(ok(&mut card, &commands::decipher(&pkcs1)), b"hello");

    let oaep = independent.encrypt(&mut Counter(0), rsa::Oaep::<sha1::Sha1>::new(), b"hello").unwrap();
    ok(&mut card, &choose(Padding::OaepDecipher));
    assert_eq!(ok(&mut card, &commands::decipher(&oaep)), b"hello");
    send_for(&mut card, &commands::decipher(&pkcs1), StatusWord::WRONG_DATA);
    assert!(card.marks().contains(Mark::PsoPadding));

    ok(&mut card, &choose(Padding::RawDecipher));
    let block = ok(&mut card, &commands::decipher(&pkcs1));
    assert_eq!((&block[..2], &block[250..]), (&[0, 2][..], &b"\0hello"[..]));
    send_for(&mut card, &commands::decipher(&[0xFF; 256]), StatusWord::WRONG_DATA);
    assert!(card.marks().contains(Mark::PsoBlock));
    send_for(&mut card, &commands::decipher(&pkcs1[1..]), StatusWord::WRONG_LENGTH);
}

#[test]
fn create_row_by_row_as_opensc_sends_it() {
    let mut card = logged_in(CardProfile::gids());
    // An exchange key and a signature key of 2048 bits; the signature templates carry a constant key reference.
    exchange(
        &mut card,
        "00E00000 49 6247 820118 8302B081 8C058F10101000 A537 B809800107830181950140 B809800187830181950140
         B809800147830181950140 B609800117830183950140 B609800157830183950140 -> 9000"
            .replace('\n', " ")
            .as_str(),
    );
    exchange(
        &mut card,
        "00440000 -> 9000
         00E00000 28 6226 820118 8302B082 8C058F10101000 A516 B609800117830183950140 B609800157830183950140 -> 9000
         00440000 -> 9000",
    );
    let generated = card.transmit(&crate::host::hex("00470000 08 AC06800107830181"));
    assert_eq!(generated[generated.len() - 2..], [0x61, 0x0E], "the public key, sent although Le is absent");
    exchange(
        &mut card,
        "002241B6 06 800157840181 -> 9000
         002241B8 06 800147840181 -> 9000
         002241B8 06 800147840182 -> 6984 ; a signature key deciphers nothing
         002241B6 06 800156840181 -> 6984 ; another algorithm
         002241B6 06 800147840181 -> 6984 ; not a signature",
    );
}

#[test]
fn generate_row_by_row() {
    let mut card = logged_in(CardProfile::gids());
    ok(&mut card, &commands::create_file(&commands::user_key_file(KEY, Algorithm::Rsa1024, KeyKind::Exchange)));
    exchange(
        &mut card,
        "00470000 08 AC06800106830181 -> 6985 ; not active yet
         00CB3FFF 0A 7008840181A5037F4980 00 -> 6985
         002241B6 06 800116840181 -> 6985
         00440000 -> 9000
         00CB3FFF 0A 7008840181A5037F4980 00 -> 6A88 ; no key in it
         00470001 08 AC06800106830181 -> 6A86
         00470000 08 AD06800106830181 -> 6A80
         00470000 05 AC03800106 -> 6A80
         00470000 08 AC06800106830182 -> 6984 ; no such key
         00470000 08 AC06800106830180 -> 6984 ; the admin key
         00470000 08 AC06800107830181 -> 6A80 ; the file was made for RSA-1024
         00470000 08 AC06800108830181 -> 6A81 ; the profile has no RSA-3072
         00470000 08 AC0680010A830181 -> 6A81
         00470000 08 AC06800116830181 -> 6A81 ; padding makes no sense here
         002241B6 06 800116840181 -> 9000
         002A9E9A 01 00 00 -> 6A88 ; no key in it
         00200082 -> 9000
         00470000 08 AC06800106830181 -> 6982
         00200080 08 3132333435363738 -> 9000",
    );
    ok(&mut card, &commands::generate_key(KEY, Algorithm::Rsa1024));
}

#[test]
fn what_a_card_generates_is_decided_by_seed_serial_reference_and_count() {
    let mut card = logged_in(CardProfile::gids());
    make_key(&mut card, KEY, Algorithm::Rsa1024, KeyKind::Exchange);
    let first = public_key(&mut card, KEY);
    ok(&mut card, &commands::generate_key(KEY, Algorithm::Rsa1024));
    let second = public_key(&mut card, KEY);
    assert_ne!(first, second);
    ok(&mut card, &commands::select_file(KEY.file()));
    ok(&mut card, &commands::delete_file());
    make_key(&mut card, KEY, Algorithm::Rsa1024, KeyKind::Exchange);
    let third = public_key(&mut card, KEY);
    assert!(third != first && third != second, "deleting the file does not bring an old key back");

    let mut twin = logged_in(CardProfile::gids());
    make_key(&mut twin, KeyReference(0x82), Algorithm::Rsa1024, KeyKind::Exchange);
    make_key(&mut twin, KEY, Algorithm::Rsa1024, KeyKind::Exchange);
    assert_eq!(public_key(&mut twin, KEY), first, "other keys do not matter");
    assert_ne!(public_key(&mut twin, KeyReference(0x82)), first);
}

#[test]
fn choosing_and_using_row_by_row() {
    let mut card = logged_in(CardProfile::gids());
    make_key(&mut card, KEY, Algorithm::Rsa1024, KeyKind::Exchange);
    exchange(
        &mut card,
        "002A9E9A 01 00 00 -> 6985 ; nothing chosen
         002A8086 01 00 00 -> 6985
         002A9E9B 01 00 00 -> 6A86
         002241B6 03 840181 -> 6A80
         002241B6 03 800156 -> 6A80
         002241B6 06 800156840199 -> 6A88
         002241B6 06 800156840180 -> 6984 ; the admin key signs nothing
         0022C1A4 03 830181 -> 6984 ; and a user key is no admin key
         002241A6 06 800156840181 -> 6A86
         002242B6 06 800156840181 -> 6A86
         002241B6 06 800156840181 -> 9000
         002A8086 01 00 00 -> 6985 ; chosen for signing only
         002A9E9A 00 -> 6700
         002241B6 06 800157840181 -> 6984
         002A9E9A 01 00 00 -> 6985 ; a refused choice leaves none
         002241B6 06 800156840181 -> 9000
         00200082 -> 9000
         002A9E9A 01 00 00 -> 6982
         002241B6 06 800156840181 -> 6982",
    );
    exchange(&mut card, "00200080 08 3132333435363738 -> 9000");
    ok(&mut card, &commands::choose_signature_key(KEY, Padding::Pkcs1Sign, Algorithm::Rsa1024));
    send_for(&mut card, &commands::sign(&[7; 118]), StatusWord::WRONG_LENGTH);
    assert_eq!(ok(&mut card, &commands::sign(&[7; 117])).len(), 128);
    assert_eq!(ok(&mut card, &commands::sign(&[7; 36])).len(), 128, "MD5 and SHA-1 without DigestInfo");
    ok(&mut card, &commands::select_file(KEY.file()));
    ok(&mut card, &commands::delete_file());
    expect(&mut card, "002A9E9A 01 00 00", "6985");
}

/// `RSAPrivateKey` as OpenSC writes it: the numbers as they are, without the zero byte that keeps them positive.
fn pkcs1_as_opensc_writes_it(parts: &RsaComponents) -> Vec<u8> {
    let integer = tlv::Tag::from_number(0x02).unwrap();
    let mut body = Vec::new();
    let numbers = [&[0][..], &parts.n, &parts.e, &parts.d, &parts.p, &parts.q, &[1], &[1], &[1]];
    numbers.iter().for_each(|number| tlv::write(&mut body, integer, number));
    tlv::encode(tlv::Tag::from_number(0x30).unwrap(), &body)
}

fn imported_key(algorithm: KeyAlgorithm) -> PrivateKey {
    PrivateKey::from_pool(algorithm, &[9; 32])
}

#[test]
fn a_private_key_is_imported_by_a_chained_put_key() {
    let mut card = logged_in(CardProfile::gids());
    ok(&mut card, &commands::create_file(&commands::user_key_file(KEY, Algorithm::Rsa2048, KeyKind::Exchange)));
    let key = imported_key(KeyAlgorithm::Rsa2048);
    let pkcs1 = pkcs1_as_opensc_writes_it(&key.rsa_components().unwrap());
    let import = commands::import_key(KEY, &pkcs1);
    send_for(&mut card, &import, StatusWord::CONDITIONS_OF_USE);
    ok(&mut card, &commands::activate_file());
    ok(&mut card, &import);
    assert_eq!(&public_key(&mut card, KEY), key.public());
    let signature = sign(&mut card, KEY, Padding::Pkcs1Sign, Algorithm::Rsa2048, b"x").data;
    assert_eq!(signature, key.sign_digest_info(b"x").unwrap());
    exchange(&mut card, "00200082 -> 9000");
    send_for(&mut card, &import, StatusWord::SECURITY_STATUS);
    send_for(&mut card, &commands::import_key(KeyReference(0x90), &pkcs1), StatusWord::REFERENCE_NOT_FOUND);
}

#[test]
fn what_cannot_be_imported() {
    let mut card = logged_in(gids_full());
    for (key, algorithm) in [(0x81, Algorithm::Rsa1024), (0x82, Algorithm::Ecc256), (0x83, Algorithm::Ecc192)] {
        let file = commands::user_key_file(KeyReference(key), algorithm, KeyKind::Exchange);
        ok(&mut card, &commands::create_file(&file));
        ok(&mut card, &commands::activate_file());
    }
    let good = imported_key(KeyAlgorithm::Rsa1024).rsa_components().unwrap();
    let check = |card: &mut Card, key: u8, parts: &RsaComponents, sw, mark| {
        send_for(card, &commands::import_key(KeyReference(key), &pkcs1_as_opensc_writes_it(parts)), sw);
        assert!(card.marks().contains(mark), "{mark:?}");
    };
    let wrong = StatusWord::WRONG_DATA;
    check(&mut card, 0x82, &good, StatusWord::NOT_SUPPORTED, Mark::PutKeyAlgorithm);
    check(&mut card, 0x83, &good, StatusWord::NOT_SUPPORTED, Mark::PutKeyAlgorithm);
    let other_size = imported_key(KeyAlgorithm::Rsa2048).rsa_components().unwrap();
    check(&mut card, 0x81, &other_size, wrong, Mark::PutKeySyntax);
    let mut broken = good.clone();
    broken.d[100] ^= 1;
    check(&mut card, 0x81, &broken, wrong, Mark::PutKeyParts);
    for number in 0..5 {
        for value in [&[][..], &[0], &[1], &[2], &[0xFF; 128]] {
            let mut broken = good.clone();
            let field = [&mut broken.n, &mut broken.e, &mut broken.d, &mut broken.p, &mut broken.q];
            *field.into_iter().nth(number).unwrap() = value.to_vec();
            send_for(
                &mut card,
                &commands::import_key(KEY, &pkcs1_as_opensc_writes_it(&broken)),
                StatusWord::WRONG_DATA,
            );
        }
    }
    exchange(
        &mut card,
        "00DB3FFF 0D 700B 840181 A506 8704 3002 0200 -> 6A80 ; one number
         00DB3FFF 0D 700B 840181 A506 8704 3002 0300 -> 6A80 ; not a number
         00DB3FFF 05 7003 840181 -> 6A80
         00DB3FFF 07 7005 A503 870100 -> 6A80
         00DB3FFF 04 7F710100 -> 6A80 ; not a key at all",
    );
    let none = public_key_status(&mut card, KEY);
    assert_eq!(none, StatusWord::REFERENCE_NOT_FOUND, "nothing was imported on the way");
}

fn public_key_status(card: &mut Card, key: KeyReference) -> StatusWord {
    send(card, &commands::read_public_key(key)).sw
}

#[test]
fn keys_need_memory() {
    let capacity = Capacity { containers: 16, bytes: 840, object_bytes: 300 };
    let mut card = logged_in(CardProfile { capacity, ..CardProfile::gids() });
    for key in [0x81, 0x82] {
        let file = commands::user_key_file(KeyReference(key), Algorithm::Rsa1024, KeyKind::Signature);
        ok(&mut card, &commands::create_file(&file));
        ok(&mut card, &commands::activate_file());
    }
    let free = card.look().free_bytes;
    assert!(free < 448, "{free}");
    let generate = commands::generate_key(KEY, Algorithm::Rsa1024);
    send_for(&mut card, &generate, StatusWord::NO_SPACE);
    let pkcs1 = pkcs1_as_opensc_writes_it(&imported_key(KeyAlgorithm::Rsa1024).rsa_components().unwrap());
    send_for(&mut card, &commands::import_key(KEY, &pkcs1), StatusWord::NO_SPACE);
    assert!(card.marks().contains(Mark::GenerateMemory) && card.marks().contains(Mark::PutKeyMemory));
}

#[test]
fn a_key_is_deleted_by_the_user_only() {
    let mut card = initialised(CardProfile::gids());
    exchange(&mut card, "00200080 08 3132333435363738 -> 9000");
    make_key(&mut card, KEY, Algorithm::Rsa1024, KeyKind::Exchange);
    exchange(
        &mut card,
        "00200082 -> 9000
         00A4000C 02 B081 -> 9000
         00E40000 -> 6982
         00200080 08 3132333435363738 -> 9000
         00E40000 -> 9000
         00A4000C 02 B081 -> 6A82",
    );
}
