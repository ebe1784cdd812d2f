//! What makers have added.

use super::host::{apply, generate, managed, piv, prove, status, verify};
use crate::host::{exchange, ok};
use autoenroll_apdu::piv::{Mechanism, Slot};

#[test]
fn version_and_serial() {
    let mut card = piv();
    exchange(
        &mut card,
        "00FD000000 -> 050400 9000
         00F8000000 -> 00112233 9000
         00FD000100 -> 6A86
         00F8010000 -> 6A86",
    );
}

#[test]
fn metadata_of_pins_and_keys() {
    let mut card = piv();
    exchange(
        &mut card,
        "00F7008000 -> 0101FF 050101 06020303 9000
         00F7008100 -> 0101FF 050101 06020303 9000
         00F7009B00 -> 010103 02020001 050101 9000
         00F7009A00 -> 6A88
         00F7008200 -> 6A88
         00F7009600 -> 6A86
         00F7018000 -> 6A86
         00200080 08 303030303030FFFF -> 63C2
         00240081 10 3132333435363738 3837363534333231 -> 9000
         00F7008000 -> 0101FF 050101 06020302 9000
         00F7008100 -> 0101FF 050100 06020303 9000",
    );
    prove(&mut card);
    let answer = ok(&mut card, &generate(Mechanism::P256, Slot::SIGNATURE));
    let metadata = card.transmit(&[0x00, 0xF7, 0x00, 0x9C, 0x00]);
    let expected =
        [&[0x01, 0x01, 0x11, 0x02, 0x02, 0x03, 0x01, 0x03, 0x01, 0x01, 0x04, 0x43][..], &answer[3..], &[0x90, 0x00]];
    assert_eq!(metadata, expected.concat());
}

#[test]
fn other_numbers_of_tries() {
    let mut card = piv();
    exchange(&mut card, "00FA0508 -> 6982");
    ok(&mut card, &verify());
    exchange(&mut card, "00FA0508 -> 6982 ; the PIN alone does not do");
    prove(&mut card);
    exchange(
        &mut card,
        "00FA0008 -> 6A80
         00FA0500 -> 6A80
         00FA1008 -> 6A80
         00FA0510 -> 6A80
         00240080 10 313233343536FFFF 363534333231FFFF -> 9000
         00FA0508 -> 9000
         00200080 -> 63C5
         00F7008100 -> 0101FF 050101 06020808 9000
         00200080 08 363534333231FFFF -> 63C4 ; the PIN is what the card came with
         00200080 08 313233343536FFFF -> 9000",
    );
    assert_eq!(card.look().pin.limit, 5);
}

#[test]
fn a_card_with_all_blocked_is_reset_to_what_it_was() {
    let mut card = managed();
    let first = ok(&mut card, &generate(Mechanism::P256, Slot::AUTHENTICATION));
    exchange(&mut card, "00DB3FFF08 5C035FC102 530103 -> 9000\n00FB0000 -> 6985\n00FB0001 -> 6A86");
    for _ in 0..3 {
        card.transmit(&crate::host::hex("0020008008303030303030FFFF"));
    }
    exchange(&mut card, "00200080 -> 6983\n00FB0000 -> 6985 ; the PUK still helps");
    for _ in 0..3 {
        card.transmit(&crate::host::hex("002C0080103030303030303030363534333231FFFF"));
    }
    exchange(
        &mut card,
        "00FB0000 -> 9000
         00CB3FFF05 5C035FC102 -> 6A82
         00F7009A00 -> 6A88
         00200080 -> 63C3
         00200080 08 313233343536FFFF -> 9000",
    );
    assert!(!card.look().admin);
    assert_eq!(status(&mut card, &apply(Mechanism::P256, Slot::AUTHENTICATION, &[1; 32])).0, 0x6A86);
    prove(&mut card);
    assert_ne!(ok(&mut card, &generate(Mechanism::P256, Slot::AUTHENTICATION)), first, "another key");
}
