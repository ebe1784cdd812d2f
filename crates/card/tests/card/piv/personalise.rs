//! Cards laid out without APDUs.

use crate::host::{SERIAL, blank, exchange, name, ok};
use crate::piv::host::{SELECT, full, prove};
use autoenroll_apdu::gids::KeyKind;
use autoenroll_apdu::piv::{PivContainerMap, tag};
use autoenroll_apdu::{Command, ins, tlv};
use autoenroll_card::{
    Capacity, Card, CardProfile, CertificateState, ContainerSpec, KeySource, LifeCycle, Personalisation,
    PersonaliseError,
};
use autoenroll_keys::{KeyAlgorithm, sha1};

use super::MANAGEMENT_KEY;

fn container(text: &str, kind: KeyKind, certificate: Option<Vec<u8>>, default: bool) -> ContainerSpec {
    ContainerSpec { name: name(text), kind, key: KeySource::Generate(KeyAlgorithm::P256), certificate, default }
}

fn laid_out(containers: Vec<ContainerSpec>) -> Card {
    let mut card = blank(CardProfile::piv());
    let with = Personalisation { containers, ..Personalisation::new(b"654321", MANAGEMENT_KEY) };
    card.personalise(&with).unwrap();
    card
}

#[test]
fn a_personalised_card_says_who_it_is() {
    let mut card = laid_out(vec![]);
    exchange(&mut card, SELECT);
    exchange(
        &mut card,
        "00CB3FFF05 5C035FC102 -> 533B 3019D4E739DA739CED39CE739D836858210842108421C84210C3EB
            341000112233445566778899AABBCCDDEEFF 35083230393931323331 3E00 FE00 9000"
            .replace('\n', " ")
            .as_str(),
    );
    exchange(
        &mut card,
        "00CB3FFF05 5C035FC10C -> 5308 C10100C20100FE00 9000
         00200080 08 363534333231FFFF -> 9000",
    );
    prove(&mut card);
    let state = card.look();
    assert_eq!((state.card_id, state.life_cycle), (Some(SERIAL), LifeCycle::Operational));
    assert_eq!((state.containers.len(), state.free_containers), (0, 24));
}

#[test]
fn containers_take_the_slots_of_their_kind() {
    let der = vec![0x30, 0x03, 0x02, 0x01, 0x05];
    let (exchange_key, signature) = (KeyKind::Exchange, KeyKind::Signature);
    let mut card = laid_out(vec![
        container("first", exchange_key, Some(der.clone()), true),
        container("second", exchange_key, None, false),
        container("third", exchange_key, Some(der.clone()), true),
        container("sign", signature, None, false),
        container("sign too", signature, None, false),
    ]);
    let state = card.look();
    let seen: Vec<_> = state
        .containers
        .iter()
        .map(|c| (c.index, c.name.as_str(), c.key.as_ref().unwrap().reference.0, c.default, c.exchange_bits))
        .collect();
    assert_eq!(
        seen,
        [
            (0, "first", 0x9A, false, 256),
            (1, "sign", 0x9C, false, 0),
            (2, "second", 0x9D, false, 256),
            (4, "third", 0x82, true, 256),
            (5, "sign too", 0x83, false, 0),
        ]
    );
    assert_eq!(state.default_container, Some(4));
    assert_eq!(state.containers[0].certificate, Some(CertificateState::Der(der.clone())));
    // What hosts read.
    exchange(&mut card, SELECT);
    exchange(
        &mut card,
        "00CB3FFF05 5C035FC105 -> 530C 70053003020105 710100 FE00 9000
         00CB3FFF05 5C035FC10D -> 530C 70053003020105 710100 FE00 9000
         00CB3FFF05 5C035FC10C -> 5308 C10101C20100FE00 9000",
    );
    let read = Command::new(0, ins::GET_DATA, 0x3F, 0xFF).with_data([0x5C, 0x03, 0x5F, 0xFF, 0x10]);
    let answer = ok(&mut card, &read);
    let value = tlv::read_only(&answer, tag::DATA).unwrap();
    let map = PivContainerMap::parse(value).unwrap();
    assert_eq!(map.encode(), value);
    let rows: Vec<_> = map.0.iter().map(|row| (row.name.as_str(), row.slot.byte(), row.flags, row.bits)).collect();
    assert_eq!(
        rows,
        [
            ("first", 0x9A, 1, 256),
            ("second", 0x9D, 1, 256),
            ("third", 0x82, 3, 256),
            ("sign", 0x9C, 1, 256),
            ("sign too", 0x83, 1, 256)
        ]
    );
    assert_eq!(map.0[0].thumbprint, sha1(&der));
}

#[test]
fn a_key_without_record_is_named_after_card_and_slot() {
    let mut card = laid_out(vec![container("first", KeyKind::Exchange, None, false)]);
    exchange(&mut card, SELECT);
    prove(&mut card);
    exchange(&mut card, "00DB3FFF07 5C035FFF10 5300 -> 9000");
    assert_eq!(card.look().containers[0].name, "33221100-5544-7766-8899-aabbcc5fc105");
    exchange(&mut card, "00DB3FFF08 5C035FFF10 530181 -> 9000");
    assert_eq!(card.look().faults.len(), 1, "a map that is none is told of");
}

#[test]
fn a_gzip_certificate_is_inflated_for_who_looks() {
    let mut card = laid_out(vec![container("first", KeyKind::Exchange, None, false)]);
    exchange(&mut card, SELECT);
    prove(&mut card);
    let der = [0x30; 300];
    let deflated = miniz_oxide::deflate::compress_to_vec(&der, 6);
    let header = [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 3];
    let file = [&header[..], &deflated, &[0; 4], &300_u32.to_le_bytes()].concat();
    let mut store = |file: &[u8], info: u8, expected: CertificateState| {
        let mut value = tlv::encode(tlv::Tag::from_number(0x70).unwrap(), file);
        value.extend([0x71, 0x01, info, 0xFE, 0x00]);
        let data = [&[0x5C, 0x03, 0x5F, 0xC1, 0x05][..], &tlv::encode(tag::DATA, &value)].concat();
        ok(&mut card, &Command::new(0, ins::PUT_DATA, 0x3F, 0xFF).with_data(data));
        assert_eq!(card.look().containers[0].certificate, Some(expected));
    };
    store(&file, 1, CertificateState::Der(der.to_vec()));
    store(&file, 0, CertificateState::Der(file.clone()));
    store(&file[..20], 1, CertificateState::Damaged);
    store(&[], 1, CertificateState::Damaged);
}

#[test]
fn what_cannot_be_laid_out() {
    let check = |profile: CardProfile, with: Personalisation, expected: PersonaliseError| {
        assert_eq!(blank(profile).personalise(&with), Err(expected));
    };
    let good = || Personalisation::new(b"123456", MANAGEMENT_KEY);
    check(CardProfile::piv(), Personalisation::new(b"12345", MANAGEMENT_KEY), PersonaliseError::PinLength { found: 5 });
    check(CardProfile::piv(), Personalisation::new(b"12345x", MANAGEMENT_KEY), PersonaliseError::PinDigits);
    let capacity = Capacity { containers: 1, bytes: 100, object_bytes: 100 };
    let needed = PersonaliseError::NoSpace { needed: 55, free: 37 };
    check(CardProfile { capacity, ..CardProfile::piv() }, good(), needed);
    let two = vec![container("a", KeyKind::Exchange, None, false), container("b", KeyKind::Exchange, None, false)];
    let capacity = Capacity { containers: 1, ..Capacity::default() };
    let with = Personalisation { containers: two, ..good() };
    check(CardProfile { capacity, ..CardProfile::piv() }, with, PersonaliseError::NoFreeContainer);
    let rsa = ContainerSpec::generated(name("a"), KeyAlgorithm::Rsa4096);
    let with = good().with_container(rsa);
    check(CardProfile::piv(), with, PersonaliseError::Algorithm { found: KeyAlgorithm::Rsa4096 });

    let mut card = laid_out(vec![]);
    assert_eq!(card.personalise(&good()), Err(PersonaliseError::NotBlank));
    assert_eq!(card.store_certificate(0, &[0x30]), Err(PersonaliseError::NoContainer { index: 0 }));
    card.set_tries_left(9);
    assert_eq!(card.look().pin.tries_left, 3);
    card.set_tries_left(0);
    assert_eq!(card.reset_pin(b"11223344").map(|()| card.look().pin.tries_left), Ok(3));
}

#[test]
fn the_management_key_is_as_long_as_its_algorithm_takes() {
    let mut card = blank(full());
    let key = core::array::from_fn(|i| i as u8);
    card.personalise(&Personalisation::new(b"123456", key)).unwrap();
    exchange(&mut card, SELECT);
    exchange(&mut card, "00F7009B00 -> 01010A 02020001 050100 9000");
}
