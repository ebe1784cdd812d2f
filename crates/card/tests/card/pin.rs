//! Every row of the PIN commands.

use crate::host::{ADMIN_KEY, authenticate, blank, exchange, expect, initialised, logged_in};
use autoenroll_apdu::StatusWord;
use autoenroll_card::{Capacity, Card, CardProfile, PinPolicy, PinPolicyError};

fn tries(card: &Card) -> u8 {
    card.look().pin.tries_left
}

#[test]
fn wrong_pins_count_down_to_blocked_and_the_admin_unblocks() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "00200080 -> 63C3
         00200080 08 3030303030303030 -> 63C2
         00200080 08 3030303030303030 -> 63C1
         00CB3FFF 04 5C027F71 00 -> 7F7106970101930103 9000
         00200080 08 3030303030303030 -> 63C0
         00200080 08 3132333435363738 -> 6983 ; even the right one
         00200080 -> 6983
         00240080 10 31323334353637383837363534333231 -> 6983
         00240180 08 3837363534333231 -> 6982
         002C0280 08 3837363534333231 -> 6982",
    );
    assert_eq!(authenticate(&mut card, &ADMIN_KEY), StatusWord::OK);
    exchange(
        &mut card,
        "002C0280 03 313233 -> 6700
         002C0280 08 3837363534333231 -> 9000
         002C0280 08 3837363534333231 -> 6982 ; unblocking logs everyone out
         00200080 -> 63C3
         00200080 08 3132333435363738 -> 63C2
         00200080 08 3837363534333231 -> 9000
         00CB3FFF 04 5C027F71 00 -> 7F7106970103930103 9000",
    );
}

#[test]
fn the_right_pin_restores_the_counter_and_nothing_else_does() {
    let mut card = initialised(CardProfile::gids());
    expect(&mut card, "00200080 08 3030303030303030", "63C2");
    exchange(&mut card, "00200080 -> 63C2\n00200082 -> 9000\n00A4040C 09 A00000039742544659 -> 9000");
    card.reset();
    exchange(&mut card, "00A4040C 09 A00000039742544659 -> 9000\n00200080 -> 63C2");
    expect(&mut card, "00200080 08 3132333435363738", "9000");
    assert_eq!(tries(&card), 3);
    exchange(&mut card, "00200080 -> 9000\n00200000 08 3132333435363738 -> 9000 ; 00 is another name of the PIN");
}

#[test]
fn a_pin_of_impossible_length_does_not_count() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "00200080 03 313233 -> 63C3
         00200080 11 3132333435363738313233343536373839 -> 63C3",
    );
    assert_eq!(tries(&card), 3);
}

#[test]
fn a_wrong_pin_logs_the_user_out() {
    let mut card = logged_in(CardProfile::gids());
    exchange(
        &mut card,
        "00200080 08 3030303030303030 -> 63C2
         00DBA010 03 DF3000 -> 6982",
    );
    assert!(!card.look().user);
}

#[test]
fn the_user_changes_the_pin() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "00240080 -> 6700
         00240080 10 3030303030303030 3837363534333231 -> 63C2
         00240080 04 31323334 -> 63C1 ; shorter than the old PIN: wrong, and counted
         00240080 10 3132333435363738 3837363534333231 -> 9000
         00200080 -> 9000 ; stays logged in
         00200082 -> 9000
         00200080 08 3132333435363738 -> 63C2
         00200080 08 3837363534333231 -> 9000
         00240080 0B 3837363534333231 313233 -> 6700 ; right PIN, but the new one is too short
         00240180 04 31323334 -> 9000 ; logged in: without the old one
         00200080 04 31323334 -> 9000
         00240180 03 313233 -> 6700",
    );
    exchange(&mut card, "00200082 -> 9000\n00240180 04 31323334 -> 6982");
}

#[test]
fn references_and_parameters_that_are_no_pin() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "00200081 04 31323334 -> 6A88
         00200083 -> 6A88
         002000FF -> 6A88
         00200180 04 31323334 -> 6A86
         0020FF80 -> 6A86
         00200082 01 31 -> 6700
         00240181 08 3132333435363738 -> 6A88 ; no PUK
         00240081 08 3132333435363738 -> 6A88
         00240280 08 3132333435363738 -> 6A86
         002C0281 08 3132333435363738 -> 6A88
         002C0080 10 31323334353637383837363534333231 -> 6A86",
    );
}

#[test]
fn before_the_card_is_operational() {
    let mut card = blank(CardProfile::gids());
    exchange(
        &mut card,
        "00A4040C 09 A00000039742544659 -> 9000
         00200080 -> 9000 ; no PIN is needed
         00200080 04 31323334 -> 6A88 ; there is none
         00240080 08 3132333435363738 -> 6A88
         002C0280 04 31323334 -> 6986
         00240180 03 313233 -> 6700
         00240180 04 31323334 -> 9000
         00200080 04 31323334 -> 9000
         00200080 04 31323335 -> 63C2
         00240180 04 31323335 -> 9000
         00200080 04 31323335 -> 9000",
    );
}

#[test]
fn an_operational_card_without_pin() {
    let mut card = blank(CardProfile::gids());
    exchange(
        &mut card,
        "00A4040C 09 A00000039742544659 -> 9000
         00440000 -> 9000
         00200080 -> 6A88
         00200080 04 31323334 -> 6A88
         00240180 04 31323334 -> 6982",
    );
}

#[test]
fn the_profile_decides_lengths_and_tries() {
    let profile = CardProfile { pin: PinPolicy::new(6, 8, 1).unwrap(), ..CardProfile::gids() };
    let mut card = initialised(profile);
    exchange(
        &mut card,
        "00200080 05 3132333435 -> 63C1
         00200080 09 313233343536373839 -> 63C1
         00200080 06 313233343536 -> 63C0
         00200080 08 3132333435363738 -> 6983",
    );
    assert_eq!(PinPolicy::new(0, 8, 3), Err(PinPolicyError::Lengths { min: 0, max: 8 }));
    assert_eq!(PinPolicy::new(9, 8, 3), Err(PinPolicyError::Lengths { min: 9, max: 8 }));
    assert_eq!(PinPolicy::new(4, 128, 3), Err(PinPolicyError::Lengths { min: 4, max: 128 }));
    assert_eq!(PinPolicy::new(4, 8, 0), Err(PinPolicyError::Tries { found: 0 }));
    assert_eq!(PinPolicy::new(4, 8, 16), Err(PinPolicyError::Tries { found: 16 }));
    assert_eq!(Capacity::default().containers, 16);
}
