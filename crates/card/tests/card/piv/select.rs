//! SELECT, and what other commands say before and after.

use super::host::{SELECT, piv, verify};
use crate::host::{blank, exchange, ok};
use autoenroll_card::CardProfile;

#[test]
fn the_application_has_a_name_and_beginnings_of_it() {
    let mut card = blank(CardProfile::piv());
    exchange(
        &mut card,
        "00CB3FFF03 5C017E 08 -> 6D00 ; not selected by itself
         00200080 -> 6D00
         00A4040004 A0000003 -> 6A82 ; shorter than the provider's name
         00A4040009 A00000030800001001 -> 6A82
         00A404000C A00000030800001000010000 -> 6A82
         00A4040009 A00000039742544659 -> 6A82 ; GIDS is not on this card
         00A404000B A000000308000010000200 -> 6A82 ; no such version
         00A4040C05 A000000308 -> 6A86
         00A4000002 3F00 -> 6A86
         00A4040000 -> 6A82 ; the default application, for a card that has none by itself
         00200080 -> 6D00",
    );
    for (length, name) in ["05 A000000308", "09 A00000030800001000", "0B A000000308000010000100"].iter().enumerate() {
        let mut card = blank(CardProfile::piv());
        exchange(&mut card, &format!("00A40400 {name} 00 -> 61114F060000100001007907 4F05A000000308 9000"));
        assert!(length < 3);
    }
}

#[test]
fn selecting_again_and_selecting_what_is_not_there_change_nothing() {
    let mut card = piv();
    ok(&mut card, &verify());
    exchange(
        &mut card,
        "00A4040009 A00000039742544659 -> 6A82
         00200080 -> 9000 ; PIV is still selected, and the PIN presented",
    );
    exchange(&mut card, SELECT);
    exchange(&mut card, "0020008000 -> 9000");
    card.reset();
    exchange(&mut card, "00200080 -> 6D00");
    exchange(&mut card, SELECT);
    exchange(&mut card, "0020008000 -> 63C3");
}

#[test]
fn classes_and_instructions_that_the_card_does_not_have() {
    let mut card = piv();
    exchange(
        &mut card,
        "80CB3FFF03 5C017E 00 -> 6E00
         0CCB3FFF03 5C017E 00 -> 6E00 ; secure messaging
         00F99A0000 -> 6D00 ; attestation
         00B0000000 -> 6D00
         00 -> 6700
         00C0000000 -> 6985 ; nothing waits
         00C0010000 -> 6A86",
    );
}
