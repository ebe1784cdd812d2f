//! A host that does everything right, wrong and at random, and an observer that watches what the card lets through.
//!
//! The host sees nothing but the card's answers. The observer keeps its own small model of PIN, counter and roles from
//! the traffic alone and compares it with the card after every command. The run is deterministic.
//!
//! In an optimised build it is a million commands;
//! `cargo test --release -p autoenroll-card --test card a_host_that_does_anything`.

mod cards;
mod dice;
mod host;
mod observer;
mod piv;

use std::collections::BTreeMap;

use autoenroll_apdu::{Response, describe, ins, redact_bytes};
use autoenroll_card::{Applet, Card, Mark, Marks};
use proptest::prelude::*;

use self::dice::Dice;
use self::host::Host;
use self::observer::Observer;

/// Commands of the whole run, and how many of each instruction must be accepted at least.
const SIZE: (usize, usize) = if cfg!(debug_assertions) { (100_000, 50) } else { (1_000_000, 1_000) };

/// Commands in one card's life, after which the host tries to terminate it.
const LIFE: usize = 300;

/// Instructions that can be accepted.
const INSTRUCTIONS: [u8; 15] = [
    ins::SELECT,
    ins::VERIFY,
    ins::CHANGE_REFERENCE_DATA,
    ins::RESET_RETRY_COUNTER,
    ins::GENERAL_AUTHENTICATE,
    ins::MANAGE_SECURITY_ENVIRONMENT,
    ins::PERFORM_SECURITY_OPERATION,
    ins::GENERATE_ASYMMETRIC_KEY_PAIR,
    ins::GET_DATA,
    ins::PUT_DATA,
    ins::CREATE_FILE,
    ins::ACTIVATE_FILE,
    ins::DELETE_FILE,
    ins::TERMINATE_DF,
    ins::GET_RESPONSE,
];

#[test]
fn a_host_that_does_anything_gets_no_further_than_it_may() {
    let (commands, each) = SIZE;
    let cards = cards::starting_cards();
    let mut dice = Dice::new(2003);
    let mut marks = Marks::default();
    let mut accepted: BTreeMap<u8, usize> = BTreeMap::new();
    let mut sent = 0;
    let mut life = 0;
    while sent < commands {
        let start = &cards[life % cards.len()];
        life += 1;
        let mut card = start.card.clone();
        card.power_on();
        let mut observer = Observer::new(start);
        let mut host = Host::new(start, &mut dice);
        for turn in 0..LIFE + 40 {
            if dice.one_in(400) {
                card.reset();
                observer.reset();
            }
            for apdu in host.next(&observer, turn >= LIFE) {
                let answer = exchange(&mut card, &apdu, &mut observer, &mut accepted);
                host.learn(&apdu, &answer);
                sent += 1;
            }
        }
        marks.merge(card.marks());
        card.power_off();
        assert_eq!(Card::from_image(&card.to_image()).as_ref(), Ok(&card), "kept and taken up again");
    }
    let missing: Vec<Mark> = marks.missing().filter(|mark| mark.belongs_to(Applet::Gids)).collect();
    assert_eq!(missing, [], "decisions that were never taken in {sent} commands");
    for instruction in INSTRUCTIONS {
        let count = accepted.get(&instruction).copied().unwrap_or_default();
        assert!(count >= each, "instruction {instruction:02X} was accepted {count} times in {sent}; {accepted:?}");
    }
}

/// Sends one command and checks everything that must hold after any command.
fn exchange(card: &mut Card, apdu: &[u8], observer: &mut Observer, accepted: &mut BTreeMap<u8, usize>) -> Response {
    let answer = Response::parse(&card.transmit(apdu)).expect("a card with power answers with a status word");
    assert!(answer.sw.is_iso(), "{:?} to {apdu:02X?}", answer.sw);
    assert!(answer.data.is_empty() || answer.sw.is_ok() || answer.sw.sw1() == 0x61, "data with {:?}", answer.sw);
    // The pieces of a chain before the last do not count as accepted commands.
    if (answer.sw.is_ok() || answer.sw.sw1() == 0x61) && apdu[0] & 0x10 == 0 {
        *accepted.entry(apdu[1]).or_default() += 1;
    }
    assert_eq!(redact_bytes(apdu).len(), apdu.len());
    observer.watch(apdu, &answer);
    observer.compare(&card.look(), apdu);
    answer
}

proptest! {
    #[test]
    fn random_bytes_never_panic_and_never_log_in(
        apdus in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..60),
    ) {
        let starts = cards::starting_cards();
        for start in &starts {
            let mut card = start.card.clone();
            card.power_on();
            let mut observer = Observer::new(start);
            for apdu in &apdus {
                let answer = Response::parse(&card.transmit(apdu)).unwrap();
                prop_assert!(answer.sw.is_iso());
                observer.watch(apdu, &answer);
                observer.compare(&card.look(), apdu);
                if let Ok(command) = autoenroll_apdu::Command::parse(apdu) {
                    prop_assert!(!describe(&command).is_empty());
                }
            }
        }
    }

    #[test]
    fn the_same_commands_give_the_same_card(seed in any::<u64>()) {
        let starts = cards::starting_cards();
        let start = &starts[usize::from(seed as u8) % starts.len()];
        let run = || {
            let mut dice = Dice::new(seed);
            let mut card = start.card.clone();
            card.power_on();
            let mut observer = Observer::new(start);
            let mut host = Host::new(start, &mut dice);
            for turn in 0..60 {
                for apdu in host.next(&observer, turn > 50) {
                    let answer = exchange(&mut card, &apdu, &mut observer, &mut BTreeMap::new());
                    host.learn(&apdu, &answer);
                }
            }
            card
        };
        prop_assert_eq!(run(), run());
    }
}
