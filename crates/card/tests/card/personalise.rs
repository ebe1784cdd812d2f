//! Cards laid out without commands, against the same made by commands.

use crate::host::{ADMIN_KEY, PIN, SERIAL, expect, gids_full, initialised, logged_in, make_key, name, ok};
use autoenroll_apdu::gids::{
    Algorithm, CardCacheFile, CertificateFile, ContainerFlags, ContainerMap, ContainerRecord, FileId, FileName,
    KeyKind, KeyMap, KeyMapRecord, KeyReference, MasterFile, MasterFileRecord, commands, tag,
};
use autoenroll_apdu::tlv::Tag;
use autoenroll_card::{
    Capacity, Card, CardProfile, CertificateState, ContainerSpec, KeySource, Personalisation, PersonaliseError,
};
use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed};

const READABLE: FileId = FileId::EVERYONE_READ_USER_WRITE;
const DIRECTORY: FileId = FileId::USER_CREATE_DELETE_DIR;

/// Stands for a certificate: what it says does not matter to the card.
fn certificate(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 7) as u8).collect()
}

fn slot0() -> ContainerSpec {
    ContainerSpec {
        name: name("Slot0"),
        kind: KeyKind::Exchange,
        key: KeySource::Generate(KeyAlgorithm::Rsa1024),
        certificate: Some(certificate(800)),
        default: true,
    }
}

fn personalised(profile: CardProfile, containers: Vec<ContainerSpec>) -> Card {
    let mut card = Card::new(profile, SERIAL, Seed::from(1));
    card.personalise(&Personalisation { containers, ..Personalisation::new(PIN, ADMIN_KEY) }).unwrap();
    card
}

#[test]
fn a_container_laid_out_equals_one_made_by_commands() {
    let expected = personalised(CardProfile::gids(), vec![slot0()]);

    let mut card = logged_in(CardProfile::gids());
    make_key(&mut card, KeyReference::FIRST, Algorithm::Rsa1024, KeyKind::Exchange);
    let map = ContainerMap(vec![ContainerRecord {
        name: name("Slot0"),
        flags: ContainerFlags::Default,
        signature_bits: 0,
        exchange_bits: 1024,
    }]);
    let key = KeyMapRecord::Used { algorithm: 0x06, kind: KeyKind::Exchange, file: FileId(0xB081) };
    let zlib = miniz_oxide::deflate::compress_to_vec_zlib(&certificate(800), 6);
    let mut master = MasterFile::initial();
    let object = Tag::from_number(0xDF24).unwrap();
    master.0.push(MasterFileRecord {
        directory: FileName::new("mscp").unwrap(),
        name: FileName::new("kxc00").unwrap(),
        object: Some(object),
        file: READABLE,
    });
    let cache = CardCacheFile { containers: 1, files: 2, ..CardCacheFile::default() };
    for (file, object, value) in [
        (READABLE, tag::CONTAINER_MAP, map.encode()),
        (DIRECTORY, tag::KEY_MAP, KeyMap(vec![key]).encode()),
        (READABLE, object, CertificateFile { certificate_len: 800, zlib: &zlib }.encode()),
        (DIRECTORY, tag::MASTER_FILE, master.encode()),
        (READABLE, tag::CARD_CACHE, cache.encode().to_vec()),
    ] {
        ok(&mut card, &commands::put_data(file, object, &value));
    }
    card.power_off();
    assert_eq!(card, expected);
}

#[test]
fn looking_shows_containers_keys_and_certificates() {
    let key = PrivateKey::from_pool(KeyAlgorithm::P256, &[3; 32]);
    let imported = ContainerSpec {
        name: name("Imported"),
        kind: KeyKind::Signature,
        key: KeySource::Import(key.clone()),
        certificate: None,
        default: true,
    };
    let card = personalised(gids_full(), vec![slot0(), imported]);
    let state = card.look();
    assert_eq!(state.default_container, Some(1), "the later one took the flag");
    assert_eq!(state.free_containers, 14);
    assert_eq!(state.card_id, Some(SERIAL));
    let [first, second] = state.containers.as_slice() else { panic!("{:?}", state.containers) };
    assert_eq!((first.index, first.name.as_str(), first.default, first.exchange_bits), (0, "Slot0", false, 1024));
    assert_eq!(first.certificate, Some(CertificateState::Der(certificate(800))));
    assert_eq!(first.key.as_ref().unwrap().public.as_ref().unwrap().bits(), 1024);
    assert_eq!((second.index, second.signature_bits, second.exchange_bits), (1, 256, 0));
    assert_eq!(second.certificate, None);
    let second = second.key.as_ref().unwrap();
    assert_eq!((second.reference, second.kind), (KeyReference(0x82), KeyKind::Signature));
    assert_eq!(second.public.as_ref(), Some(key.public()));
}

#[test]
fn a_certificate_file_that_is_damaged_is_shown_as_damaged() {
    for value in ["30820000", "01000A00", "01000A00789C", "0100FFFF789C030000000001", "010000"] {
        let mut card = personalised(CardProfile::gids(), vec![slot0()]);
        card.power_on();
        expect(&mut card, "00A4040C 09 A00000039742544659", "9000");
        ok(&mut card, &commands::verify(PIN));
        ok(&mut card, &commands::put_data(READABLE, Tag::from_number(0xDF24).unwrap(), &crate::host::hex(value)));
        assert_eq!(card.look().containers[0].certificate, Some(CertificateState::Damaged), "{value}");
    }
}

#[test]
fn a_stored_certificate_replaces_the_one_before() {
    let mut card = personalised(CardProfile::gids(), vec![slot0()]);
    card.store_certificate(0, &certificate(1200)).unwrap();
    let state = card.look();
    assert_eq!(state.containers[0].certificate, Some(CertificateState::Der(certificate(1200))));
    assert_eq!(card.store_certificate(1, &[]), Err(PersonaliseError::NoContainer { index: 1 }));
    let long = vec![0; 65_536];
    assert_eq!(card.store_certificate(0, &long), Err(PersonaliseError::CertificateTooLong { found: 65_536 }));
}

#[test]
fn the_limits_of_the_card_hold_for_personalisation_too() {
    let small = CardProfile::named("gids-small").unwrap();
    let spec = || ContainerSpec::generated(name("x"), KeyAlgorithm::Rsa1024);
    let mut card = personalised(small.clone(), vec![spec(), spec()]);
    assert_eq!(card.add_container(&spec()).unwrap_err(), PersonaliseError::NoFreeContainer);
    let big = ContainerSpec::generated(name("x"), KeyAlgorithm::Rsa4096);
    let mut card = personalised(small, vec![]);
    assert_eq!(card.add_container(&big).unwrap_err(), PersonaliseError::Algorithm { found: KeyAlgorithm::Rsa4096 });

    let mut card = Card::new(CardProfile::gids(), SERIAL, Seed::from(1));
    assert_eq!(card.add_container(&spec()).unwrap_err(), PersonaliseError::NotInitialised);
    let short = Personalisation::new(b"123", ADMIN_KEY);
    assert_eq!(card.personalise(&short), Err(PersonaliseError::PinLength { found: 3 }));
    card.personalise(&Personalisation::new(PIN, ADMIN_KEY)).unwrap();
    assert_eq!(card.personalise(&Personalisation::new(PIN, ADMIN_KEY)), Err(PersonaliseError::NotBlank));

    for bytes in 0..1_000 {
        let capacity = Capacity { bytes, ..Capacity::default() };
        let mut card = Card::new(CardProfile { capacity, ..CardProfile::gids() }, SERIAL, Seed::from(1));
        let result = card.personalise(&Personalisation::new(PIN, ADMIN_KEY).with_container(slot0()));
        assert!(matches!(result, Err(PersonaliseError::NoSpace { .. })), "{bytes} bytes: {result:?}");
    }
}

#[test]
fn a_worn_pin() {
    let mut card = initialised(CardProfile::gids());
    card.set_tries_left(1);
    expect(&mut card, "00200080 04 30303030", "63C0");
    card.set_tries_left(0);
    expect(&mut card, "00200080 08 3132333435363738", "6983");
    card.set_tries_left(200);
    assert_eq!(card.look().pin.tries_left, 3);
}

#[test]
fn every_profile_has_its_own_name_and_is_found_by_it() {
    for profile in CardProfile::built_in() {
        assert_eq!(CardProfile::named(&profile.name), Some(profile.clone()));
    }
    assert_eq!(CardProfile::named("no such card"), None);
}
