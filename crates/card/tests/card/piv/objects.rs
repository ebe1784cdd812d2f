//! GET DATA and PUT DATA.

use super::host::{SELECT, fresh, managed, piv, prove, verify};
use crate::host::{exchange, ok};
use autoenroll_apdu::{Command, ins};
use autoenroll_card::{Capacity, CardProfile};

#[test]
fn objects_are_written_with_the_management_key_and_read_by_all() {
    let mut card = piv();
    exchange(
        &mut card,
        "00CB3FFF05 5C035FC102 -> 6A82
         00DB3FFF09 5C035FC102 530201 02 -> 6982
         00DB3FFF03 5C017E -> 6982",
    );
    prove(&mut card);
    exchange(
        &mut card,
        "00DB3FFF09 5C035FC102 53020102 -> 9000
         00CB3FFF05 5C035FC102 -> 53020102 9000
         00CB3FFF05 5C035FC102 00 -> 53020102 9000
         00CB3FFF05 5C035FC102 03 -> 530201 6101 ; a short Le
         00C0000001 -> 02 9000
         00DB3FFF08 5C035FC102 530103 -> 9000
         00CB3FFF05 5C035FC102 -> 530103 9000
         00DB3FFF07 5C035FC102 5300 -> 9000
         00CB3FFF05 5C035FC102 -> 6A82
         00DB3FFF07 5C035FC102 5300 -> 9000 ; deleting what is not there",
    );
    card.reset();
    exchange(&mut card, SELECT);
    exchange(&mut card, "00DB3FFF08 5C035FC102 530103 -> 6982 ; no longer proved");
}

#[test]
fn templates_that_are_none() {
    let mut card = managed();
    exchange(
        &mut card,
        "00CB3FFF -> 6A80
         00CB3FFF02 5C00 -> 6A80
         00CB3FFF04 5C035FC1 -> 6A80
         00CB3FFF08 5C065FC1025FC105 -> 6A80
         00CB3FFE05 5C035FC102 -> 6A86
         00CB000005 5C035FC102 -> 6A86
         00CB3FFF04 5C027F61 -> 6A82 ; no biometric information
         00CB3FFF03 5C0153 -> 6A82
         00DB3FFE08 5C035FC102 530103 -> 6A86
         00DB3FFF05 5C035FC102 -> 6A80
         00DB3FFF09 5C035FC102 53030102 -> 6A80
         00DB3FFF0A 5C035FC102 530103 5300 -> 6A80
         00DB3FFF03 530103 -> 6A80
         00DB3FFF06 5C017E 530103 -> 6A81
         00DB3FFF14 7E124F0BA0000003080000100001005F2F024010 -> 6A81 ; what the card has, it says itself
         00DB3FFF07 5C027F61 530103 -> 6A81
         00DB3FFF08 5C035FFF10 530103 -> 9000 ; an object of a maker
         00CB3FFF03 5C017E 08 -> 7E124F0BA0000003 610C
         00C000000C -> 08000010000100 5F2F024000 9000",
    );
}

#[test]
fn long_values_go_in_and_come_out_in_pieces() {
    let mut card = managed();
    let value: Vec<u8> = (0..3_000).map(|i| i as u8).collect();
    let mut data = vec![0x5C, 0x03, 0x5F, 0xC1, 0x05];
    data.extend([&[0x53, 0x82, 0x0B, 0xB8][..], &value].concat());
    ok(&mut card, &Command::new(0, ins::PUT_DATA, 0x3F, 0xFF).with_data(data));
    let read = Command::new(0, ins::GET_DATA, 0x3F, 0xFF).with_data([0x5C, 0x03, 0x5F, 0xC1, 0x05]);
    assert_eq!(ok(&mut card, &read.clone())[4..], value);
    // Extended lengths, both ways: all at once.
    let whole = card.transmit(&read.with_le(65_536).encode().unwrap());
    assert_eq!((whole.len(), &whole[3_004..]), (3_006, &[0x90, 0x00][..]));
    exchange(&mut card, "10CB3FFF02 5C03 -> 9000\n00CB3FFF03 5FC105 08 -> 53820BB800010203 6100");
    exchange(&mut card, "10DB3FFF02 5C03 -> 9000\n00CB3FFF03 5C017E -> 6883 ; the rest was expected");
}

#[test]
fn what_does_not_fit() {
    let capacity = Capacity { containers: 4, bytes: 40, object_bytes: 30 };
    let mut card = fresh(CardProfile { capacity, ..CardProfile::piv() });
    prove(&mut card);
    let put = |tag: u8, length: usize| {
        let data = [&[0x5C, 0x03, 0x5F, 0xC1, tag, 0x53, length as u8][..], &vec![1; length]].concat();
        Command::new(0, ins::PUT_DATA, 0x3F, 0xFF).with_data(data)
    };
    let mut check = |tag, length, word| {
        assert_eq!(crate::host::send(&mut card, &put(tag, length)).sw.0, word, "{tag:02X} {length}");
    };
    check(2, 31, 0x6A84);
    check(2, 30, 0x9000);
    check(5, 3, 0x6A84); // 34 of 40 bytes are taken
    check(5, 2, 0x9000);
    check(2, 29, 0x9000);
    check(2, 30, 0x9000); // the room of the old one counts as free
    assert_eq!(card.look().free_bytes, 0);
}

#[test]
fn the_pin_opens_what_is_about_the_person() {
    let mut card = piv();
    ok(&mut card, &verify());
    prove(&mut card);
    exchange(&mut card, "00DB3FFF08 5C035FC109 530107 -> 9000\n00CB3FFF05 5C035FC109 -> 530107 9000");
}
