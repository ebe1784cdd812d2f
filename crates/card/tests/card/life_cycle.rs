//! CREATE, ACTIVATE, DELETE, TERMINATE.

use crate::host::{ADMIN_KEY, authenticate, blank, exchange, expect, initialised, logged_in};
use autoenroll_apdu::StatusWord;
use autoenroll_card::{CardProfile, LifeCycle, Mark};

#[test]
fn create_file_row_by_row() {
    let mut card = logged_in(CardProfile::gids());
    exchange(
        &mut card,
        "00E00001 0E 620C8201398302A0208C03033000 -> 6A86
         00E00000 -> 6A80
         00E00000 0E 620C8201388302A0208C03033000 -> 6A80 ; not an elementary file
         00E00000 0E 620C82013983023FFF8C03033000 -> 6A80 ; reserved
         00E00000 0E 620C82013983022F018C03033000 -> 6A80
         00E00000 0E 620C8201398302B0818C03033000 -> 6A80 ; a key's identifier, but no key
         00E00000 1C 621A8201188302A0208C04870020FFA50BA4098001028301809501C0 -> 6A80 ; a key, but no key's identifier
         00E00000 1C 621A8201188302B0908C04870020FFA50BA4098001028301909501C0 -> 6A80 ; a second admin key
         00E00000 1D 621B8201188302B0818C058F10101000A50BB609800152830181950140 -> 6A80 ; unknown algorithm
         00E00000 28 6226820118 8302B081 8C058F10101000 A516 B609800117830181950140 B609800156830181950140 -> 6A80
         00E00000 0E 620C8201398302A0208C03033000 -> 9000
         00440000 -> 9000
         00E00000 0E 620C8201398302A0208C03033000 -> 6A89
         00A40004 02 A020 00 -> 620C8201398302A0208C03033000 9000
         00200082 -> 9000
         00E00000 0E 620C8201398302A0218C03033000 -> 6982",
    );
}

#[test]
fn activate_file_row_by_row() {
    let mut card = blank(CardProfile::gids());
    exchange(
        &mut card,
        "00A4040C 09 A00000039742544659 -> 9000
         00E00000 0E 620C8201398302A0208C03033000 -> 9000
         00440001 -> 6A86
         00440000 01 00 -> 6700
         00440000 -> 9000
         00440000 -> 9000 ; again
         00A4000C 02 3FFF -> 9000
         00440000 -> 9000",
    );
    assert_eq!(card.look().life_cycle, LifeCycle::Operational);
    expect(&mut card, "00440000", "6982");
    let mut card = logged_in(CardProfile::gids());
    exchange(&mut card, "00440000 -> 9000 ; the application is operational already");
}

#[test]
fn a_file_created_before_a_reset_is_activated_after_it() {
    let mut card = logged_in(CardProfile::gids());
    expect(&mut card, "00E00000 0E 620C8201398302A0208C03033000", "9000");
    card.reset();
    exchange(
        &mut card,
        "00A4040C 09 A00000039742544659 -> 9000
         00A4000C 02 A020 -> 9000
         00440000 -> 6982
         00200080 08 3132333435363738 -> 9000
         00440000 -> 9000
         00CBA020 02 5C00 00 -> 9000",
    );
}

#[test]
fn delete_file_row_by_row() {
    let mut card = logged_in(CardProfile::gids());
    exchange(
        &mut card,
        "00E40000 -> 6985 ; the application
         00E40001 -> 6A86
         00E40000 02 A010 -> 6700
         00E00000 0E 620C8201398302A0208C03033000 -> 9000
         00440000 -> 9000
         00200082 -> 9000
         00E40000 -> 6982 ; no condition of its own: the application's
         00200080 08 3132333435363738 -> 9000
         00E40000 -> 9000
         00E40000 -> 6985 ; the application is selected again
         00A4000C 02 A020 -> 6A82
         00E00000 0E 620C8201398302A0208C03432030 -> 6A80 ; three modes, two conditions
         00E00000 0F 620D8201398302A0208C0443203000 -> 9000
         00440000 -> 9000
         00E40000 -> 6982 ; its own condition: the admin",
    );
    assert_eq!(authenticate(&mut card, &ADMIN_KEY), StatusWord::OK);
    expect(&mut card, "00E40000", "9000");
}

#[test]
fn terminate_is_for_good() {
    let mut card = logged_in(CardProfile::gids());
    exchange(
        &mut card,
        "00E60001 -> 6A86
         00E60000 01 00 -> 6700
         00E60000 -> 6982",
    );
    assert_eq!(authenticate(&mut card, &ADMIN_KEY), StatusWord::OK);
    expect(&mut card, "00E60000", "9000");
    exchange(&mut card, "00A40400 09 A00000039742544659 00 -> 6285\n00200080 -> 6285\n00FF0000 -> 6285");
    card.reset();
    exchange(&mut card, "00A40400 09 A00000039742544659 00 -> 6285");
    assert_eq!(card.look().life_cycle, LifeCycle::Terminated);
    assert!(card.marks().contains(Mark::Terminated));
}

#[test]
fn anyone_may_terminate_a_card_that_is_being_initialised() {
    let mut card = blank(CardProfile::gids());
    exchange(&mut card, "00A4040C 09 A00000039742544659 -> 9000\n00E60000 -> 9000\n00A4000C 02 3FFF -> 6285");
}

#[test]
fn the_number_of_user_keys_is_limited() {
    let mut card = logged_in(CardProfile::named("gids-small").unwrap());
    let create = |kid: u8| format!("00E00000 1D 621B8201188302B0{kid:02X}8C058F10101000A50BB609800156830181950140");
    for (kid, answer) in [(0x81, "9000"), (0x82, "9000"), (0x83, "6A84")] {
        expect(&mut card, &create(kid), answer);
        if answer == "9000" {
            expect(&mut card, "00440000", "9000");
        }
    }
    assert!(card.marks().contains(Mark::CreateContainers));
    assert_eq!(card.look().free_containers, 0);
    exchange(&mut card, "00A4000C 02 B081 -> 9000\n00E40000 -> 9000");
    expect(&mut card, &create(0x83), "9000");
    assert_eq!(initialised(CardProfile::gids()).look().free_containers, 16);
}
