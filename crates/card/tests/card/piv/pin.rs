//! PIN, PUK and global PIN.

use super::host::{fresh, full, piv};
use crate::host::exchange;
use autoenroll_card::{Card, CardProfile, PinPolicy};

/// Rows on a card as it comes.
fn check(lines: &str) -> Card {
    let mut card = piv();
    exchange(&mut card, lines);
    card
}

#[test]
fn wrong_pins_count_down_to_blocked_and_the_puk_unblocks() {
    let card = check(
        "00200080 -> 63C3
         0020008000 -> 63C3 ; with Le, as yubico-piv-tool asks
         00200080 08 303030303030FFFF -> 63C2
         00200080 08 303030303030FFFF -> 63C1
         00200080 08 303030303030FFFF -> 63C0
         00200080 08 313233343536FFFF -> 6983 ; even the right one
         00200080 -> 6983
         00200080 08 31 -> 6700 ; Lc promises more
         00200080 01 31 -> 6983 ; blocked before its form is judged
         00240080 10 313233343536FFFF 363534333231FFFF -> 6983
         002C0080 10 3030303030303030 363534333231FFFF -> 63C2
         002C0080 10 3132333435363738 363534333231FFFF -> 9000
         00200080 -> 63C3 ; unblocking presents nothing
         00200080 08 313233343536FFFF -> 63C2
         00200080 08 363534333231FFFF -> 9000
         00200080 -> 9000",
    );
    let state = card.look();
    assert_eq!((state.pin.tries_left, state.puk.unwrap().tries_left, state.user), (3, 3, true));
}

#[test]
fn wrong_puks_count_down_to_the_end() {
    let card = check(
        "002C0080 10 3030303030303030 363534333231FFFF -> 63C2
         00240081 10 3030303030303030 3837363534333231 -> 63C1 ; one counter for both commands
         002C0080 10 3030303030303030 363534333231FFFF -> 63C0
         002C0080 10 3132333435363738 363534333231FFFF -> 6983
         00240081 10 3132333435363738 3837363534333231 -> 6983
         002C0080 02 3132 -> 6983
         00200080 -> 63C3 ; the PIN is what it was
         00200080 08 313233343536FFFF -> 9000",
    );
    assert_eq!(card.look().puk.unwrap().tries_left, 0);
}

#[test]
fn what_can_be_no_pin_does_not_count() {
    check(
        "00200080 05 3132333435 -> 6A80 ; eight bytes, always
         00200080 08 3132333435FFFFFF -> 6A80 ; five digits
         00200080 08 31323334353661FF -> 6A80 ; a letter
         00200080 08 3132FF343536FFFF -> 6A80 ; something behind the filling
         00200080 08 FFFFFFFFFFFFFFFF -> 6A80
         00200080 09 313233343536373839 -> 6A80
         00200080 -> 63C3
         00240080 10 3132333435FFFFFF 363534333231FFFF -> 6A80
         00240080 08 313233343536FFFF -> 6A80
         00240080 11 313233343536FFFF 363534333231FFFF FF -> 6A80
         00240080 -> 6A80
         00200080 -> 63C3
         00240080 10 303030303030FFFF 3132333435FFFFFF -> 63C2 ; the old one is judged all the same
         00240080 10 313233343536FFFF 3132333435FFFFFF -> 6A80
         00200080 -> 63C2 ; the old one was right, which changes nothing
         00240081 10 3030303030303030 3132333435FFFFFF -> 63C2
         002C0080 10 3030303030303030 3132333435FFFFFF -> 63C1
         00240081 10 3132333435FFFFFF 3837363534333231 -> 6A80 ; a PUK has six bytes
         00240081 10 3132333435363738 3837363534FFFFFF -> 6A80
         002C0080 10 3132333435FFFFFF 363534333231FFFF -> 6A80
         002C0080 10 3132333435363738 3635343332FFFFFF -> 6A80
         002C0080 08 3132333435363738 -> 6A80
         00F7008100 -> 0101FF 050101 06020301 9000",
    );
}

#[test]
fn pin_and_puk_are_changed() {
    let card = check(
        "00240080 10 303030303030FFFF 363534333231FFFF -> 63C2
         00240080 10 313233343536FFFF 363534333231FFFF -> 9000
         00200080 -> 9000 ; who knows the old one has presented it
         0020FF80 -> 9000
         00200080 -> 63C3
         00200080 08 313233343536FFFF -> 63C2
         00200080 08 363534333231FFFF -> 9000
         00240081 10 3132333435363738 008090A0B0C0D0E0 -> 9000 ; a PUK need not be digits
         002C0080 10 3132333435363738 313233343536FFFF -> 63C2
         002C0080 10 008090A0B0C0D0E0 313233343536FFFF -> 9000
         00200080 08 363534333231FFFF -> 63C2",
    );
    assert!(!card.look().user);
}

#[test]
fn a_wrong_puk_takes_back_that_the_pin_was_presented_and_a_right_one_does_not() {
    check(
        "00200080 08 313233343536FFFF -> 9000
         002C0080 10 3132333435363738 363534333231FFFF -> 9000
         00200080 -> 9000
         002C0080 10 3030303030303030 363534333231FFFF -> 63C2
         00200080 -> 63C3",
    );
}

#[test]
fn a_wrong_pin_logs_out() {
    check(
        "00200080 08 313233343536FFFF -> 9000
         00200080 08 303030303030FFFF -> 63C2
         00CB3FFF05 5C035FC109 -> 6982",
    );
}

#[test]
fn parameters_and_references_that_there_are_not() {
    check(
        "00200180 08 313233343536FFFF -> 6A86
         0020FF80 08 313233343536FFFF -> 6A86
         00200000 -> 6A88 ; no global PIN
         00200081 -> 6A88 ; the PUK is not verified
         00200096 -> 6A88 ; no fingers
         00240180 10 313233343536FFFF 363534333231FFFF -> 6A86
         00240000 10 313233343536FFFF 363534333231FFFF -> 6A88
         0024009B 10 313233343536FFFF 363534333231FFFF -> 6A88
         002C0180 10 3132333435363738 363534333231FFFF -> 6A86
         002C0081 10 3132333435363738 363534333231FFFF -> 6A88
         002C0000 10 3132333435363738 363534333231FFFF -> 6A88",
    );
}

#[test]
fn a_global_pin_satisfies_what_the_pin_does_and_has_its_own_counter() {
    let mut card = fresh(full());
    exchange(
        &mut card,
        "00CB3FFF03 5C017E 00 -> 7E12 4F0BA000000308000010000100 5F2F026010 9000
         00200000 -> 63C3
         00200000 08 3030303030303030 -> 63C2
         00200000 08 3030303030303030 -> 63C1
         00200080 -> 63C3
         00240000 10 3030303030303030 3838383838383838 -> 63C0
         00240000 10 3131323233333434 3838383838383838 -> 6983
         00200000 -> 6983
         00200080 08 313233343536FFFF -> 9000",
    );
    let mut card = fresh(full());
    exchange(
        &mut card,
        "00CB3FFF05 5C035FC109 -> 6982
         00200000 08 3131323233333434 -> 9000
         00200000 -> 9000
         00200080 -> 63C3 ; the other one was not presented
         00CB3FFF05 5C035FC109 -> 6A82 ; but may be spared
         00240000 10 3131323233333434 3838383838383838 -> 9000
         00200000 08 3838383838383838 -> 9000
         0020FF00 -> 9000
         00CB3FFF05 5C035FC109 -> 6982",
    );
    assert!(!card.look().user);
}

#[test]
fn the_profile_says_how_many_tries_and_how_long() {
    let pin = PinPolicy::new(7, 8, 10).unwrap();
    let mut card = fresh(CardProfile { pin, ..CardProfile::piv() });
    exchange(
        &mut card,
        "00200080 -> 63CA
         00200080 08 313233343536FFFF -> 6A80
         00200080 08 31323334353637FF -> 63C9",
    );
}
