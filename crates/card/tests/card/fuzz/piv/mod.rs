//! The same for PIV cards: a host of their commands, and an observer of PINs, PUK, management key and rules of keys.

mod host;
mod observer;

use std::collections::BTreeMap;

use autoenroll_apdu::gids::KeyKind;
use autoenroll_apdu::piv::reference;
use autoenroll_apdu::{Response, describe, ins, piv, redact_bytes};
use autoenroll_card::{Applet, Capacity, Card, CardProfile, ContainerSpec, KeySource, Mark, Marks, Personalisation};
use autoenroll_card::{DEFAULT_MANAGEMENT_KEY, PivOptions};
use autoenroll_keys::{KeyAlgorithm, Seed};
use proptest::prelude::*;

use self::host::Host;
use self::observer::Observer;
use super::dice::Dice;
use crate::host::{SERIAL, name};

/// Commands of the whole run, and how many of each instruction must be accepted at least.
const SIZE: (usize, usize) = if cfg!(debug_assertions) { (30_000, 10) } else { (1_000_000, 500) };

/// Commands in one card's life.
const LIFE: usize = 400;

/// Instructions that can be accepted.
const INSTRUCTIONS: [u8; 16] = [
    ins::SELECT,
    ins::VERIFY,
    ins::CHANGE_REFERENCE_DATA,
    ins::RESET_RETRY_COUNTER,
    ins::GENERAL_AUTHENTICATE,
    ins::GENERATE_ASYMMETRIC_KEY_PAIR,
    ins::GET_DATA,
    ins::PUT_DATA,
    ins::GET_RESPONSE,
    piv::ins::GET_METADATA,
    piv::ins::GET_SERIAL,
    piv::ins::SET_PIN_RETRIES,
    piv::ins::RESET,
    piv::ins::GET_VERSION,
    piv::ins::IMPORT_ASYMMETRIC_KEY,
    piv::ins::SET_MANAGEMENT_KEY,
];

/// As they come, in use, with a global PIN, and with little room.
fn starting_cards() -> Vec<Card> {
    let new = |profile: CardProfile| Card::new(profile, SERIAL, Seed::from(5));
    let options = PivOptions { global_pin: true, ..PivOptions::default() };
    let global = CardProfile { applet: Applet::Piv(options), ..CardProfile::piv() };
    let capacity = Capacity { containers: 24, bytes: 900, object_bytes: 200 };
    let mut used = new(CardProfile::piv());
    let container = |kind, algorithm| ContainerSpec {
        name: name("Slot0"),
        kind,
        key: KeySource::Generate(algorithm),
        certificate: Some(vec![0x30; 500]),
        default: true,
    };
    let containers =
        vec![container(KeyKind::Exchange, KeyAlgorithm::Rsa1024), container(KeyKind::Signature, KeyAlgorithm::P256)];
    let key = *DEFAULT_MANAGEMENT_KEY.first_chunk().expect("32 bytes begin with 24");
    used.personalise(&Personalisation { containers, ..Personalisation::new(b"123456", key) }).unwrap();
    vec![
        new(CardProfile::piv()),
        used,
        new(global),
        new(CardProfile { capacity, ..CardProfile::piv() }),
        new(CardProfile::named("piv-full").unwrap()),
    ]
}

#[test]
fn a_host_that_does_anything_gets_no_further_than_it_may() {
    let (commands, each) = SIZE;
    let cards = starting_cards();
    let mut dice = Dice::new(73);
    let mut marks = Marks::default();
    let mut accepted: BTreeMap<u8, usize> = BTreeMap::new();
    let mut sent = 0;
    let mut life = 0;
    while sent < commands {
        let mut card = cards[life % cards.len()].clone();
        life += 1;
        sent += play(&mut card, &mut dice, LIFE, &mut accepted);
        marks.merge(card.marks());
        card.power_off();
        card.set_touched(true);
        assert_eq!(Card::from_image(&card.to_image()).as_ref(), Ok(&card), "kept and taken up again");
    }
    let applet = CardProfile::piv().applet;
    let missing: Vec<Mark> = marks.missing().filter(|mark| mark.belongs_to(applet)).collect();
    assert_eq!(missing, [], "decisions that were never taken in {sent} commands");
    for instruction in INSTRUCTIONS {
        let count = accepted.get(&instruction).copied().unwrap_or_default();
        assert!(count >= each, "instruction {instruction:02X} was accepted {count} times in {sent}; {accepted:?}");
    }
}

/// One life of a card; gives the number of commands.
fn play(card: &mut Card, dice: &mut Dice, turns: usize, accepted: &mut BTreeMap<u8, usize>) -> usize {
    let mut sent = 0;
    card.power_on();
    let mut observer = Observer::new(card);
    let mut host = Host::new(dice);
    for _ in 0..turns {
        if dice.one_in(300) {
            card.reset();
            observer.reset();
        }
        if dice.one_in(30) {
            observer.touched = !dice.one_in(3);
            card.set_touched(observer.touched);
        }
        for apdu in host.next(&observer) {
            let answer = Response::parse(&card.transmit(&apdu)).expect("a card with power answers with a status word");
            assert!(answer.sw.is_iso(), "{:?} to {apdu:02X?}", answer.sw);
            let served = answer.sw.is_ok() || answer.sw.sw1() == 0x61;
            assert!(answer.data.is_empty() || served, "data with {:?}", answer.sw);
            if served && apdu[0] & 0x10 == 0 {
                *accepted.entry(apdu[1]).or_default() += 1;
            }
            assert_eq!(redact_bytes(&apdu).len(), apdu.len());
            observer.watch(&apdu, &answer);
            observer.compare(&card.look(), &apdu);
            host.learn(&answer);
            sent += 1;
        }
    }
    sent
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_bytes_never_panic_and_never_log_in(
        apdus in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..60),
    ) {
        for start in starting_cards() {
            let mut card = start;
            card.power_on();
            card.transmit(&[0x00, 0xA4, 0x04, 0x00, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08]);
            for apdu in &apdus {
                prop_assert!(Response::parse(&card.transmit(apdu)).unwrap().sw.is_iso());
                prop_assert!(!card.look().user && !card.look().admin);
                if let Ok(command) = autoenroll_apdu::Command::parse(apdu) {
                    prop_assert!(!describe(&command).is_empty());
                }
            }
        }
    }

    #[test]
    fn the_same_commands_give_the_same_card(seed in any::<u64>()) {
        let starts = starting_cards();
        let run = || {
            let mut card = starts[usize::from(seed as u8) % starts.len()].clone();
            play(&mut card, &mut Dice::new(seed), 40, &mut BTreeMap::new());
            card
        };
        prop_assert_eq!(run(), run());
    }
}

/// Whether a PIN of this reference is one that the observer models.
const fn is_pin(byte: u8) -> bool {
    matches!(byte, reference::PIN | reference::GLOBAL_PIN)
}
