//! What each operation does to the card, and what it reports.

use autoenroll_csp::{Minidriver, Operation, Step};
use autoenroll_keys::PublicKey;
use autoenroll_model::{
    CardOperation, CardSerial, EffectResult, HResult, KeyAlgorithm, KeySpec, SignatureAlgorithm, hex,
};

use crate::reader::{
    Fault, PIN, Reader, certificate, delete, generate, generate_default, overwrite, read_certificate, set_default,
    summary, write_certificate,
};

#[test]
fn every_key_can_be_made_and_signs() {
    let mut reader = Reader::with("gids-full");
    for algorithm in KeyAlgorithm::ALL.iter().copied() {
        let EffectResult::Generated { key, public_key } = reader.run(generate(algorithm)) else {
            panic!("{algorithm} was not generated");
        };
        assert_eq!((key.provider.as_str(), key.card), ("Base CSP", Some(CardSerial("this card".into()))));
        let public_key = PublicKey::from_spki_der(&public_key).unwrap();
        assert_eq!(public_key.algorithm(), Some(algorithm));
        for algorithm in SignatureAlgorithm::ALL.iter().copied().filter(|other| other.is_rsa() == public_key.is_rsa()) {
            let container = key.container.clone();
            let sign = CardOperation::Sign { container, algorithm, message: b"message".to_vec() };
            let EffectResult::Signature(octets) = reader.run(sign) else { panic!("{algorithm} did not sign") };
            assert_eq!(public_key.verify(algorithm, b"message", &octets), Ok(()), "{algorithm}");
        }
    }
}

#[test]
fn a_key_signs_only_with_its_own_algorithm() {
    let mut reader = Reader::with("gids-full");
    let mut check = |algorithm: KeyAlgorithm, signature: SignatureAlgorithm| {
        let EffectResult::Generated { key, .. } = reader.run(generate(algorithm)) else { panic!("not generated") };
        let sign = CardOperation::Sign { container: key.container, algorithm: signature, message: vec![] };
        assert_eq!(reader.run(sign), EffectResult::Failed(HResult::NTE_BAD_ALGID));
    };
    check(KeyAlgorithm::Rsa1024, SignatureAlgorithm::EcdsaSha256);
    check(KeyAlgorithm::P256, SignatureAlgorithm::RsaSha256);
}

#[test]
fn certificates_are_read_back() {
    let mut reader = Reader::with("gids");
    let container = reader.generate();
    let none = EffectResult::Failed(HResult::SCARD_E_NO_SUCH_CERTIFICATE);
    assert_eq!(reader.run_with(read_certificate(&container), None), none);
    for (length, salt) in [(1, 1), (255, 2), (1_500, 3), (8_000, 4), (300, 5)] {
        let certificate = certificate(length, salt);
        assert_eq!(reader.run(write_certificate(&container, &certificate)), EffectResult::Done);
        assert_eq!(
            reader.run_with(read_certificate(&container), None),
            EffectResult::Certificate(certificate),
            "{length} bytes"
        );
    }
    let too_long = write_certificate(&container, &certificate(65_536, 1));
    assert_eq!(reader.run(too_long), EffectResult::Failed(HResult::SCARD_E_WRITE_TOO_MANY));
}

#[test]
fn a_signature_key_has_its_own_certificate_file() {
    let mut reader = Reader::with("gids");
    let generate = CardOperation::Generate {
        algorithm: KeyAlgorithm::Rsa1024,
        key_spec: KeySpec::Signature,
        make_default: true,
        overwrite: None,
    };
    let EffectResult::Generated { key, .. } = reader.run(generate) else { panic!("not generated") };
    assert_eq!(reader.run(write_certificate(&key.container, b"certificate")), EffectResult::Done);
    let state = reader.card.look();
    let container = &state.containers[0];
    assert_eq!((container.exchange_bits, container.signature_bits, container.default), (0, 1024, true));
    assert_eq!(container.certificate.as_ref().and_then(|c| c.der()), Some(&b"certificate"[..]));
}

#[test]
fn the_default_flag_moves() {
    let mut reader = Reader::with("gids");
    let first = reader.generate();
    let second = reader.generate();
    assert_eq!(summary(&reader.describe()), "[0 01010101 key, 1 02020202 key] free 14, tries 3");
    reader.run(set_default(&first));
    assert_eq!(summary(&reader.describe()), "[0 01010101 default key, 1 02020202 key] free 14, tries 3");
    reader.run(set_default(&second));
    assert_eq!(summary(&reader.describe()), "[0 01010101 key, 1 02020202 default key] free 14, tries 3");
    reader.run(generate_default());
    assert_eq!(
        summary(&reader.describe()),
        "[0 01010101 key, 1 02020202 key, 2 03030303 default key] free 13, tries 3"
    );

    let before = reader.card.clone();
    assert_eq!(reader.run(set_default(&reader_default(&reader))), EffectResult::Done);
    assert_eq!(before.look(), reader.card.look(), "nothing to move, nothing written");
}

fn reader_default(reader: &Reader) -> String {
    let state = reader.card.look();
    let index = state.default_container.unwrap();
    state.containers.iter().find(|container| container.index == index).unwrap().name.clone()
}

#[test]
fn a_card_may_ignore_the_default_flag() {
    let mut reader = Reader::with("gids-no-default");
    let container = reader.generate();
    assert_eq!(reader.run(set_default(&container)), EffectResult::Done);
    assert_eq!(summary(&reader.describe()), "[0 01010101 key] free 15, tries 3");
}

#[test]
fn overwriting_keeps_the_container_and_drops_its_certificate() {
    let mut reader = Reader::with("gids");
    let container = reader.generate();
    reader.generate();
    reader.run(write_certificate(&container, b"old"));
    reader.run(set_default(&container));
    let old = reader.card.look().containers[0].key.clone();

    let EffectResult::Generated { key, public_key } = reader.run(overwrite(&container)) else {
        panic!("not generated")
    };
    assert_eq!(key.container, container);
    assert_eq!(summary(&reader.describe()), "[0 01010101 default key, 1 02020202 key] free 14, tries 3");
    let state = reader.card.look();
    let new = state.containers[0].key.clone();
    assert_ne!(old, new);
    assert_eq!(new.and_then(|key| key.public).map(|key| key.spki_der()), Some(public_key));
    assert_eq!(state.faults, []);
}

#[test]
fn deleting_frees_everything() {
    let mut reader = Reader::with("gids");
    let first = reader.generate();
    let empty = Reader::with("gids").card.look().free_bytes;
    let second = reader.generate();
    reader.run(write_certificate(&first, &certificate(500, 1)));
    reader.run(set_default(&first));

    assert_eq!(reader.run(delete(&first)), EffectResult::Done);
    assert_eq!(
        summary(&reader.describe()),
        "[1 02020202 default key] free 15, tries 3",
        "the other is the default now"
    );
    assert_eq!(reader.run(delete(&second)), EffectResult::Done);
    let state = reader.card.look();
    assert_eq!((state.containers, state.free_containers), (vec![], 16));
    // Two zeroed records in the container map and the key map, and an empty data object, remain.
    assert!(empty - state.free_bytes < 2 * (86 + 12) + 16, "{} bytes lost", empty - state.free_bytes);
}

/// Other hosts drop what they remember of a card when these counters have moved.
#[test]
fn every_change_is_counted() {
    let mut reader = Reader::with("gids");
    let mut before = reader.cache();
    let mut check = |reader: &mut Reader, operation: CardOperation, containers: u16, files: u16| {
        assert!(!matches!(reader.run(operation.clone()), EffectResult::Failed(_)), "{operation:?}");
        let now = reader.cache();
        let moved = (now.containers - before.containers, now.files - before.files);
        assert_eq!(moved, (containers, files), "{operation:?}");
        before = now;
    };
    check(&mut reader, generate(KeyAlgorithm::Rsa1024), 1, 2);
    let container = reader.card.look().containers[0].name.clone();
    check(&mut reader, write_certificate(&container, b"certificate"), 0, 2);
    check(&mut reader, write_certificate(&container, b"another"), 0, 1);
    check(&mut reader, set_default(&container), 0, 1);
    check(&mut reader, set_default(&container), 0, 0);
    check(&mut reader, overwrite(&container), 1, 3);
    check(&mut reader, write_certificate(&container, b"certificate"), 0, 2);
    check(&mut reader, read_certificate(&container), 0, 0);
    check(&mut reader, CardOperation::Describe, 0, 0);
    check(&mut reader, CardOperation::VerifyPin, 0, 0);
    check(&mut reader, delete(&container), 1, 2);
}

#[test]
fn a_gap_is_filled_first() {
    let mut reader = Reader::with("gids");
    let names: Vec<String> = (0..3).map(|_| reader.generate()).collect();
    reader.run(delete(&names[1]));
    assert_eq!(summary(&reader.describe()), "[0 01010101 key, 2 03030303 key] free 14, tries 3");
    reader.generate();
    assert_eq!(summary(&reader.describe()), "[0 01010101 key, 1 04040404 key, 2 03030303 key] free 13, tries 3");
}

#[test]
fn names_that_do_not_fit_are_refused() {
    let mut reader = Reader::with("gids");
    let container = reader.generate();
    let no_container = EffectResult::Failed(HResult::SCARD_E_NO_KEY_CONTAINER);
    let sign =
        CardOperation::Sign { container: "none".into(), algorithm: SignatureAlgorithm::RsaSha256, message: vec![] };
    for operation in [
        sign,
        overwrite("none"),
        read_certificate("none"),
        write_certificate("none", b"certificate"),
        set_default("none"),
        delete("none"),
    ] {
        assert_eq!(reader.run(operation.clone()), no_container, "{operation:?}");
    }

    let mut check = |name: &str, code: HResult| {
        let mut operation = reader.perform(generate(KeyAlgorithm::Rsa1024), Some(PIN));
        if let Operation::Perform { target, .. } = &mut operation {
            target.new_key.container = name.into();
        }
        assert_eq!(reader.run_into(Fault::None, &operation).0, Step::Done(EffectResult::Failed(code)), "{name}");
    };
    check(&container, HResult::NTE_EXISTS);
    check("back\\slash", HResult::E_INVALIDARG);
    check("forty characters are one more than there may be", HResult::E_INVALIDARG);
}

#[test]
fn a_failed_generation_leaves_nothing_behind() {
    let check = |reader: &mut Reader, operation: CardOperation, pin: Option<&str>, code: HResult| {
        let before = reader.card.look();
        assert_eq!(reader.run_with(operation, pin), EffectResult::Failed(code));
        let after = reader.card.look();
        assert_eq!((&before.containers, before.free_containers), (&after.containers, after.free_containers));
        assert_eq!(after.default_container, before.default_container);
        assert!(!after.user, "logged out");
    };
    let rsa_1024 = generate(KeyAlgorithm::Rsa1024);
    let mut reader = Reader::with("gids");
    check(&mut reader, rsa_1024.clone(), None, HResult::SCARD_W_CARD_NOT_AUTHENTICATED);
    check(&mut reader, generate(KeyAlgorithm::Rsa4096), Some(PIN), HResult::SCARD_E_UNSUPPORTED_FEATURE);
    check(&mut reader, generate(KeyAlgorithm::P256), Some(PIN), HResult::SCARD_E_UNSUPPORTED_FEATURE);

    let mut small = Reader::with("gids-small");
    small.generate();
    small.generate();
    assert_eq!(small.describe().free_containers, 0);
    check(&mut small, rsa_1024.clone(), Some(PIN), HResult::NTE_TOKEN_KEYSET_STORAGE_FULL);
    check(&mut small, rsa_1024, Some(PIN), HResult::NTE_TOKEN_KEYSET_STORAGE_FULL);
}

#[test]
fn a_certificate_that_does_not_fit_is_refused_whole() {
    let mut reader = Reader::with("gids-small");
    let container = reader.generate();
    let check = |reader: &mut Reader, length: usize| {
        let before = reader.card.look();
        let result = reader.run(write_certificate(&container, &certificate(length, 9)));
        assert!(matches!(result, EffectResult::Failed(_)), "{length} bytes: {result:?}");
        assert_eq!(before.containers, reader.card.look().containers);
        assert_eq!(before.free_bytes, reader.card.look().free_bytes);
    };
    check(&mut reader, 2_100);
    reader.run(write_certificate(&container, b"the old one"));
    check(&mut reader, 2_100);
}

#[test]
fn cards_that_are_not_ready_are_told_apart() {
    let check = |reader: &mut Reader, expected: Step| {
        assert_eq!(reader.run_into(Fault::None, &Operation::Identify(Minidriver::Gids)).0, expected);
    };
    let serial = CardSerial(hex::encode(b"alice's new card"));
    check(&mut Reader::with("gids"), Step::Identified(serial));
    let failed = |code: HResult| Step::Done(EffectResult::Failed(code));
    check(&mut Reader::with_blank("gids"), failed(HResult::SCARD_E_FILE_NOT_FOUND));
    check(&mut Reader::with_blank("mute"), failed(HResult::SCARD_W_REMOVED_CARD));
}
