//! SELECT, and the probes of hosts that look for other cards.

use crate::host::{blank, exchange, initialised};
use autoenroll_card::CardProfile;

#[test]
fn the_application_is_selected_by_name_or_by_3fff() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "00A40400 09 A00000039742544659 00 -> 61124F0BA00000039742544659020173034001C0 9000
         00A40400 0A A0000003974254465902 00 -> 61124F0BA00000039742544659020173034001C0 9000
         00A40400 0B A000000397425446590201 00 -> 61124F0BA00000039742544659020173034001C0 9000
         00A40400 0B A000000397425446590202 00 -> 6A82
         00A40400 0A A0000003974254465901 00 -> 6A82
         00A40400 05 A000000397 00 -> 6A82
         00A4040C 09 A00000039742544659 -> 9000
         00A40404 09 A00000039742544659 -> 62088201388C03033030 9000
         00A40408 09 A00000039742544659 -> 64095F2F01607F65028000 9000
         00A40402 09 A00000039742544659 -> 6A86
         00A40000 02 3FFF 00 -> 61124F0BA00000039742544659020173034001C0 9000
         00A40004 02 3FFF 00 -> 62088201388C03033030 9000
         00A40008 02 3FFF 00 -> 64095F2F01607F65028000 9000
         00A4000C 02 3FFF -> 9000
         00A40001 02 3FFF -> 6A86",
    );
}

#[test]
fn files_are_selected_by_identifier_within_the_application() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "00A40004 02 A010 00 -> 620C8201398302A0108C03033000 9000
         00A40004 02 B080 00 -> 621A8201188302B0808C04870020FFA50BA4098001028301809501C0 9000
         00A4000C 02 A010 -> 9000
         00A40000 02 A010 -> 6A86
         00A40008 02 A010 -> 6A86
         00A4000C 02 A099 -> 6A82
         00A4000C 02 3F00 -> 6A82
         00A40000 -> 6700
         00A40000 03 A01000 -> 6700
         00A40800 02 2F00 -> 6A86
         00A40900 02 2F00 -> 6A86",
    );
    card.reset();
    exchange(&mut card, "00A4000C 02 A010 -> 6A82 ; the application is not selected");
}

/// What OpenSC and Windows send before they try GIDS.
const PROBES: &str = "
    00A40400 07 627601FF000000 -> 6A82 ; coolkey
    00A40400 06 A00000000101 -> 6A82 ; MUSCLE
    00A40400 0B E82B0601040181C31F0201 00 -> 6A82 ; SmartCard-HSM
    00CADF30 05 -> 6D00 ; setcos
    00CB3FFF 03 5C017E 08 -> 6D00 ; PIV discovery
    00A40400 09 A00000030800001000 00 -> 6A82 ; PIV
    00A40400 07 A0000001 16DB00 -> 6A82 ; CAC
    00A40400 07 A0000000791000 -> 6A82
    00A40800 04 50153F00 -> 6A86 ; PKCS#15
    00A40800 02 2F00 -> 6A86
    00A40400 0B A000000397434944 5F0100 -> 6A82 ; Windows Plug and Play
    00CA7F68 00 -> 6D00
    00A40000 02 3F00 -> 6A82
    00A40000 02 2F01 -> 6A82
    00B00000 00 -> 6D00";

#[test]
fn probes_for_other_cards_are_never_answered_9000() {
    let mut card = blank(CardProfile::gids());
    exchange(&mut card, PROBES);
    exchange(&mut card, "10DB3FFF 02 7024 -> 6D00 ; nor the piece of a chain");
    exchange(&mut card, "00A40400 09 A00000039742544659 00 -> 61124F0BA00000039742544659020173034001C0 9000");
}

#[test]
fn the_class_driver_selects_3fff_first() {
    let mut card = initialised(CardProfile::gids());
    card.reset();
    exchange(
        &mut card,
        "00A40400 09 A00000030800001000 -> 6A82
         00A4000C 02 3FFF -> 9000
         00A40400 09 A00000039742544659 00 -> 61124F0BA00000039742544659020173034001C0 9000",
    );
}

#[test]
fn selecting_the_application_logs_out_and_selecting_a_file_does_not() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "00200080 08 3132333435363738 -> 9000
         00A4000C 02 A010 -> 9000
         00200080 -> 9000
         00A40400 09 A00000030800001000 -> 6A82
         00200080 -> 9000 ; another application is not here, so nothing changed
         00A4040C 09 A00000039742544659 -> 9000
         00200080 -> 63C3",
    );
}

#[test]
fn classes_and_instructions_that_are_not_gids() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "80CB3FFF 04 5C027F71 00 -> 6E00
         0CCB3FFF 04 5C027F71 00 -> 6E00
         01200080 -> 6E00
         00840000 08 -> 6D00 ; no GET CHALLENGE
         00B00000 00 -> 6D00
         00CA7F68 00 -> 6D00
         00FFFFFF -> 6D00
         00 -> 6700
         00200080 05 31 -> 6700",
    );
}
