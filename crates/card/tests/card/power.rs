//! Power, reset and what survives them; long answers and long commands.

use crate::host::{exchange, expect, hex, initialised, logged_in};
use autoenroll_apdu::Command;
use autoenroll_card::{Card, CardProfile, Mark};
use autoenroll_keys::Seed;

#[test]
fn a_card_without_power_answers_nothing() {
    let mut card = Card::new(CardProfile::gids(), [0; 16], Seed::from(1));
    assert!(!card.is_powered());
    assert_eq!(card.transmit(&hex("00A4000C 02 3FFF")), [0_u8; 0]);
    let atr = card.power_on().unwrap().to_string();
    assert_eq!(atr, "3B 88 80 01 41 55 54 4F 45 4E 52 4C 13");
    expect(&mut card, "00A4000C 02 3FFF", "9000");
    card.power_off();
    assert_eq!(card.transmit(&hex("00A4000C 02 3FFF")), [0_u8; 0]);
}

#[test]
fn a_mute_card_does_not_answer_to_reset() {
    let mut card = Card::new(CardProfile::named("mute").unwrap(), [0; 16], Seed::from(1));
    assert_eq!(card.power_on(), None);
    assert_eq!(card.reset(), None);
    assert!(!card.is_powered());
    assert_eq!(card.transmit(&hex("00A4000C 02 3FFF")), [0_u8; 0]);
}

#[test]
fn reset_and_power_off_forget_the_session_and_keep_what_is_written() {
    let actions: [fn(&mut Card); 2] = [
        |card| {
            card.reset();
        },
        |card| {
            card.power_off();
            card.power_on();
        },
    ];
    for action in actions {
        let mut card = logged_in(CardProfile::gids());
        exchange(&mut card, "00DBA010 04 DF300107 -> 9000");
        action(&mut card);
        exchange(
            &mut card,
            "00CBA010 04 5C02DF30 00 -> 6D00
             00A4040C 09 A00000039742544659 -> 9000
             00200080 -> 63C3
             00CBA010 04 5C02DF30 00 -> DF300107 9000",
        );
    }
}

#[test]
fn a_long_answer_is_fetched_with_get_response() {
    let mut card = logged_in(CardProfile::gids());
    let value = vec![0x5A; 600];
    let put = Command::new(0, 0xDB, 0xA0, 0x10).with_data([&hex("DF30820258")[..], &value].concat());
    assert_eq!(card.transmit(&put.encode().unwrap()), [0x90, 0x00], "an extended command");
    let part = |n: usize| "5A".repeat(n);
    exchange(
        &mut card,
        &format!(
            "00CBA010 04 5C02DF30 00 -> DF30820258 {} 6100
             00C00000 00 -> {} 615D
             00C00000 10 -> {} 614D
             00C00000 00 -> {} 9000
             00C00000 00 -> 6985
             00CBA010 04 5C02DF30 00 -> DF30820258 {} 6100
             00C00001 00 -> 6A86
             00CBA010 04 5C02DF22 00 -> DF2206000000000000 9000
             00C00000 00 -> 6985 ; another command came between
             00CBA010 04 5C02DF30 -> DF30820258 {} 6100 ; a missing Le counts as 256
             00CBA010 04 5C02DF22 04 -> DF220600 6105
             00CBA010 000004 5C02DF30 0000 -> DF30820258 {} 9000",
            part(251),
            part(256),
            part(16),
            part(77),
            part(251),
            part(251),
            part(600),
        ),
    );
}

#[test]
fn a_chain_must_go_on_as_it_began() {
    let mut card = logged_in(CardProfile::gids());
    exchange(
        &mut card,
        "10DBA010 04 DF300302 -> 9000
         00DBA010 02 0304 -> 9000
         00CBA010 04 5C02DF30 00 -> DF3003020304 9000
         10DBA010 04 DF300302 -> 9000
         00CBA010 04 5C02DF30 00 -> 6883
         00CBA010 04 5C02DF30 00 -> DF3003020304 9000
         10200080 04 31323334 -> 9000 ; every instruction can be chained
         00200080 04 35363738 -> 9000",
    );
}

#[test]
fn a_chain_has_an_end() {
    let mut card = logged_in(CardProfile::gids());
    let piece = Command::new(0x10, 0xDB, 0xA0, 0x10).with_data(vec![0; 40_000]).encode().unwrap();
    assert_eq!(card.transmit(&piece), [0x90, 0x00]);
    assert_eq!(card.transmit(&piece), [0x67, 0x00]);
    assert!(card.marks().contains(Mark::ChainTooLong));
}

#[test]
fn equal_cards_answer_alike_and_marks_do_not_count() {
    let mut card = initialised(CardProfile::gids());
    let mut twin = card.clone();
    expect(&mut card, "00CBA099 04 5C02DF30 00", "6A82");
    assert_eq!(card, twin, "a refused reading changes nothing but the marks");
    assert_ne!(card.marks(), twin.marks());
    expect(&mut card, "00200080 04 30303030", "63C2");
    assert_ne!(card, twin);
    expect(&mut twin, "00200080 04 30303030", "63C2");
    assert_eq!(card, twin);
}

#[test]
fn the_debug_text_shows_neither_pin_nor_admin_key() {
    let card = initialised(CardProfile::gids());
    let text = format!("{card:?}");
    assert!(text.contains("tries_left: 3"), "{text}");
    assert!(!text.contains("49, 50, 51"), "{text}");
}
