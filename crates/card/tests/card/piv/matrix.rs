//! What opens what: states of a session crossed with keys and with objects.

use super::host::{apply, authenticate, decrypt, generate, managed, piv, prove, value, verify};
use crate::host::{exchange, ok, send};
use autoenroll_apdu::piv::{Cipher, Mechanism, Slot, tag};
use autoenroll_apdu::{Command, ins};
use autoenroll_card::Card;

/// What happened in a session before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Pin,
    /// The PIN, and then a use of 9A.
    PinAndUse,
    /// The PIN, and then a use of 9E, which asks for none.
    PinAndCardAuthentication,
    /// The PIN, and then commands that use no private key.
    PinAndReading,
    /// The PIN twice, with a use in between.
    PinUsePin,
    PinThenWrong,
    PinThenLoggedOut,
    PinChanged,
    Unblocked,
    Management,
    PinAndManagement,
    PinAndReset,
}

use Before::*;

const ALL: [Before; 13] = [
    Nothing,
    Pin,
    PinAndUse,
    PinAndCardAuthentication,
    PinAndReading,
    PinUsePin,
    PinThenWrong,
    PinThenLoggedOut,
    PinChanged,
    Unblocked,
    Management,
    PinAndManagement,
    PinAndReset,
];

impl Before {
    /// Whether the PIN counts as presented.
    const fn pin(self) -> bool {
        !matches!(self, Nothing | PinThenWrong | PinThenLoggedOut | Unblocked | Management | PinAndReset)
    }

    /// Whether it was presented and no private key used since.
    const fn fresh(self) -> bool {
        self.pin() && !matches!(self, PinAndUse | PinAndCardAuthentication)
    }

    const fn management(self) -> bool {
        matches!(self, Management | PinAndManagement)
    }

    fn play(self, card: &mut Card) {
        let sign = |card: &mut Card, slot| ok(card, &apply(Mechanism::P256, slot, &[1; 32]));
        if !matches!(self, Nothing | Management | PinChanged | Unblocked) {
            ok(card, &verify());
        }
        match self {
            Nothing | Pin => {}
            PinAndUse => drop(sign(card, Slot::AUTHENTICATION)),
            PinAndCardAuthentication => drop(sign(card, Slot::CARD_AUTHENTICATION)),
            PinAndReading => exchange(card, "00CB3FFF03 5C017E 01 -> 7E 6113\n00200080 -> 9000\n00F7009A01 -> 01 614E"),
            PinUsePin => {
                sign(card, Slot::AUTHENTICATION);
                ok(card, &verify());
            }
            PinThenWrong => exchange(card, "00200080 08 303030303030FFFF -> 63C2"),
            PinThenLoggedOut => exchange(card, "0020FF80 -> 9000"),
            PinChanged => exchange(card, "00240080 10 313233343536FFFF 363534333231FFFF -> 9000"),
            Unblocked => exchange(card, "002C0080 10 3132333435363738 363534333231FFFF -> 9000"),
            Management | PinAndManagement => prove(card),
            PinAndReset => {
                card.reset();
                exchange(card, super::host::SELECT);
            }
        }
    }
}

#[test]
fn keys_ask_for_the_pin_as_their_slots_say() {
    let mut start = managed();
    let retired = [Slot::from_byte(0x82).unwrap(), Slot::from_byte(0x95).unwrap()];
    let named = [Slot::AUTHENTICATION, Slot::SIGNATURE, Slot::KEY_MANAGEMENT, Slot::CARD_AUTHENTICATION];
    for slot in named.into_iter().chain(retired) {
        ok(&mut start, &generate(Mechanism::P256, slot));
    }
    start.reset();
    exchange(&mut start, super::host::SELECT);
    for before in ALL {
        for slot in named.into_iter().chain(retired) {
            let mut card = start.clone();
            before.play(&mut card);
            let opens = match slot {
                Slot::CARD_AUTHENTICATION => true,
                Slot::SIGNATURE => before.fresh(),
                _ => before.pin(),
            };
            let word = send(&mut card, &apply(Mechanism::P256, slot, &[1; 32])).sw.0;
            assert_eq!(word, if opens { 0x9000 } else { 0x6982 }, "{before:?}, {slot}");
            // A second use, without a new PIN.
            let again = send(&mut card, &apply(Mechanism::P256, slot, &[1; 32])).sw.0;
            let opens = opens && slot != Slot::SIGNATURE;
            assert_eq!(again, if opens { 0x9000 } else { 0x6982 }, "{before:?}, {slot}, again");
        }
    }
}

#[test]
fn rules_of_a_key_replace_those_of_its_slot() {
    for slot in [Slot::AUTHENTICATION, Slot::SIGNATURE, Slot::CARD_AUTHENTICATION] {
        for (rule, byte) in [("never", 1), ("once", 2), ("always", 3)] {
            let mut start = managed();
            let data = [0xAC, 0x06, 0x80, 0x01, 0x11, 0xAA, 0x01, byte];
            ok(&mut start, &Command::new(0, ins::GENERATE_ASYMMETRIC_KEY_PAIR, 0, slot.byte()).with_data(data));
            start.reset();
            exchange(&mut start, super::host::SELECT);
            let use_it = apply(Mechanism::P256, slot, &[1; 32]);
            let mut check = |what, expected: bool| {
                let word = send(&mut start, &use_it).sw.0;
                assert_eq!(word, if expected { 0x9000 } else { 0x6982 }, "{slot} {rule}: {what}");
            };
            check("without PIN", byte == 1);
            ok(&mut start, &verify());
            let mut check = |what, expected: bool| {
                let word = send(&mut start, &use_it).sw.0;
                assert_eq!(word, if expected { 0x9000 } else { 0x6982 }, "{slot} {rule}: {what}");
            };
            check("with it", true);
            check("again", byte != 3);
        }
    }
}

#[test]
fn objects_open_to_the_pin_or_to_all_and_are_written_with_the_management_key() {
    let objects: [(u32, bool, bool); 9] = [
        // Tag, whether it needs the PIN, whether it is there.
        (0x5F_C102, false, true),
        (0x5F_C105, false, true),
        (0x5F_C10C, false, false),
        (0x5F_FF10, false, true),
        (0x5F_C103, true, true),
        (0x5F_C108, true, false),
        (0x5F_C109, true, true),
        (0x5F_C121, true, false),
        (0x5F_C123, true, true),
    ];
    let named = |number: u32| [&[0x5C, 0x03][..], &number.to_be_bytes()[1..]].concat();
    let write = |number: u32| [named(number), vec![0x53, 0x01, 0x07]].concat();
    let mut start = managed();
    ok(&mut start, &generate(Mechanism::P256, Slot::AUTHENTICATION));
    ok(&mut start, &generate(Mechanism::P256, Slot::CARD_AUTHENTICATION));
    for (number, _, there) in objects {
        if there {
            ok(&mut start, &Command::new(0, ins::PUT_DATA, 0x3F, 0xFF).with_data(write(number)));
        }
    }
    start.reset();
    exchange(&mut start, super::host::SELECT);
    for before in ALL {
        for (number, needs_pin, there) in objects {
            let mut card = start.clone();
            before.play(&mut card);
            let read = send(&mut card, &Command::new(0, ins::GET_DATA, 0x3F, 0xFF).with_data(named(number)));
            let expected = match (needs_pin && !before.pin(), there) {
                (true, _) => 0x6982,
                (false, true) => 0x9000,
                (false, false) => 0x6A82,
            };
            assert_eq!(read.sw.0, expected, "{before:?} reads {number:X}");
            let written = send(&mut card, &Command::new(0, ins::PUT_DATA, 0x3F, 0xFF).with_data(write(number)));
            assert_eq!(written.sw.0, if before.management() { 0x9000 } else { 0x6982 }, "{before:?} writes {number:X}");
        }
    }
}

#[test]
fn only_the_management_key_opens_management() {
    let commands: [(&str, Command); 4] = [
        ("generate", generate(Mechanism::P256, Slot::SIGNATURE)),
        ("import", Command::new(0, 0xFE, 0x11, 0x9C).with_data([&[6, 32][..], &[1; 32]].concat())),
        ("new management key", Command::new(0, 0xFF, 0xFF, 0xFF).with_data([&[3, 0x9B, 24][..], &[1; 24]].concat())),
        ("tries", Command::new(0, 0xFA, 4, 4)),
    ];
    let mut start = managed();
    ok(&mut start, &generate(Mechanism::P256, Slot::AUTHENTICATION));
    ok(&mut start, &generate(Mechanism::P256, Slot::CARD_AUTHENTICATION));
    start.reset();
    exchange(&mut start, super::host::SELECT);
    for before in ALL {
        for (what, command) in &commands {
            let mut card = start.clone();
            before.play(&mut card);
            let opens = before.management() && (*what != "tries" || before.pin());
            assert_eq!(send(&mut card, command).sw.0, if opens { 0x9000 } else { 0x6982 }, "{before:?}: {what}");
        }
    }
}

/// Bytes of yubico-piv-tool 2.2.0 and of OpenSC 0.23, as they were seen.
#[test]
fn what_clients_send() {
    let mut card = piv();
    exchange(
        &mut card,
        "0020008000 -> 63C3
         00FD000000 -> 050400 9000
         00F8000000 -> 00112233 9000
         00CB3FFF05 5C035FC102 -> 6A82
         0020008008 313233343536FFFF -> 9000
         00CB3FFF03 5C017E 08 -> 7E124F0BA0000003 610C",
    );
    let witness = value(&ok(&mut card, &authenticate(Cipher::TripleDes, &[(tag::WITNESS, &[])])), tag::WITNESS);
    let proof = decrypt(Cipher::TripleDes, &super::MANAGEMENT_KEY, &witness);
    let data = [&[0x7C, 0x14, 0x80, 0x08][..], &proof, &[0x81, 0x08], &[0xAA; 8]].concat();
    ok(&mut card, &Command::new(0, 0x87, 0x03, 0x9B).with_data(data));
    exchange(&mut card, "0047009A0B AC09800114AA0102AB0102 04 -> 7F496386 6162");
}
