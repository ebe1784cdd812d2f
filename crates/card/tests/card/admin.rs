//! Admin authentication, mutual and external.

use crate::host::{
    ADMIN_KEY, authenticate, blank, encrypt, exchange, initialised, logged_in, ok, send, send_for,
    unwrap_authentication,
};
use autoenroll_apdu::StatusWord;
use autoenroll_apdu::gids::{commands, tag};
use autoenroll_card::{Card, CardProfile};

const OTHER_KEY: [u8; 24] = [0x42; 24];

#[test]
fn mutual_authentication_needs_the_key() {
    let mut card = initialised(CardProfile::gids());
    assert_eq!(authenticate(&mut card, &OTHER_KEY), StatusWord::SECURITY_STATUS);
    assert!(!card.look().admin);
    assert_eq!(authenticate(&mut card, &ADMIN_KEY), StatusWord::OK);
    assert!(card.look().admin);
    assert_eq!(authenticate(&mut card, &OTHER_KEY), StatusWord::SECURITY_STATUS);
    assert!(!card.look().admin, "a failed proof takes the earlier one away");
}

#[test]
fn the_shape_of_the_mutual_exchange() {
    let mut card = initialised(CardProfile::gids());
    exchange(&mut card, "0022C1A4 03 830180 -> 9000");
    let answer = card.transmit(&crate::host::hex("00870000 14 7C128110 11111111111111111111111111111111 00"));
    assert_eq!((&answer[..4], answer.len()), (&[0x7C, 0x12, 0x81, 0x10][..], 4 + 16 + 2));
}

fn external(card: &mut Card, key: &[u8; 24]) -> StatusWord {
    exchange(card, "002281A4 03 830180 -> 9000");
    let answer = ok(card, &commands::authenticate(tag::CHALLENGE, &[]));
    let challenge = unwrap_authentication(&answer, tag::CHALLENGE);
    assert_eq!(challenge.len(), 8);
    send(card, &commands::authenticate(tag::RESPONSE, &encrypt(key, challenge))).sw
}

#[test]
fn external_authentication_needs_the_key() {
    let mut card = initialised(CardProfile::gids());
    assert_eq!(external(&mut card, &OTHER_KEY), StatusWord::SECURITY_STATUS);
    assert_eq!(external(&mut card, &ADMIN_KEY), StatusWord::OK);
    assert!(card.look().admin);
    exchange(&mut card, "002C0280 04 31323334 -> 9000\n00200080 04 31323334 -> 9000");
}

#[test]
fn a_challenge_serves_once_and_never_twice_the_same() {
    let mut card = initialised(CardProfile::gids());
    exchange(&mut card, "002281A4 03 830180 -> 9000");
    let challenge = commands::authenticate(tag::CHALLENGE, &[]);
    let first = ok(&mut card, &challenge);
    let second = ok(&mut card, &challenge);
    assert_ne!(first, second);
    let old = encrypt(&ADMIN_KEY, unwrap_authentication(&first, tag::CHALLENGE));
    let response = commands::authenticate(tag::RESPONSE, &old);
    send_for(&mut card, &response, StatusWord::SECURITY_STATUS);
    send_for(&mut card, &response, StatusWord::CONDITIONS_OF_USE);
    let third = ok(&mut card, &challenge);
    exchange(&mut card, "002281A4 03 830180 -> 9000 ; choosing the key again forgets the challenge");
    let right = encrypt(&ADMIN_KEY, unwrap_authentication(&third, tag::CHALLENGE));
    send_for(&mut card, &commands::authenticate(tag::RESPONSE, &right), StatusWord::CONDITIONS_OF_USE);
}

#[test]
fn what_is_not_part_of_the_exchange() {
    let mut card = initialised(CardProfile::gids());
    exchange(
        &mut card,
        "00870000 04 7C028100 00 -> 6985 ; no key chosen
         0022C1A4 03 840180 -> 6A80
         0022C1A4 03 830190 -> 6A88
         002241A4 03 830180 -> 6A86
         0022C1A4 03 830180 -> 9000
         00870001 04 7C028100 00 -> 6A86
         00870000 04 7C028200 00 -> 6985
         00870000 04 7D028100 00 -> 6A80
         00870000 04 7C028300 00 -> 6A80
         00870000 06 7C0481000000 00 -> 6A80
         00870000 05 7C03810100 00 -> 6A80 ; a challenge of one byte
         00870000 00 -> 6A80",
    );
}

#[test]
fn a_card_being_initialised_authenticates_no_one() {
    let mut card = blank(CardProfile::gids());
    exchange(
        &mut card,
        "00A4040C 09 A00000039742544659 -> 9000
         00870000 04 7C028100 00 -> 6986
         00E00000 1C 621A8201188302B0808C04870020FFA50BA4098001028301809501C0 -> 9000
         0022C1A4 03 830180 -> 6985 ; the key file is not active yet
         00440000 -> 9000
         0022C1A4 03 830180 -> 9000
         00A4000C 02 3FFF -> 9000
         00440000 -> 9000
         00870000 04 7C028100 00 -> 6A88 ; no key in it",
    );
}

#[test]
fn the_admin_key_is_replaced_by_the_admin_only() {
    let mut card = logged_in(CardProfile::gids());
    let replace = commands::set_admin_key(&OTHER_KEY);
    send_for(&mut card, &replace, StatusWord::SECURITY_STATUS);
    assert_eq!(authenticate(&mut card, &ADMIN_KEY), StatusWord::OK);
    exchange(&mut card, "00DB3FFF 0B 7009 840180 A504 87023132 -> 6A80 ; not a triple DES key");
    ok(&mut card, &replace);
    exchange(&mut card, "00200082 -> 9000");
    assert_eq!(authenticate(&mut card, &ADMIN_KEY), StatusWord::SECURITY_STATUS);
    assert_eq!(authenticate(&mut card, &OTHER_KEY), StatusWord::OK);
}

#[test]
fn the_admin_writes_what_is_his_and_uses_no_key() {
    let mut card = initialised(CardProfile::gids());
    assert_eq!(authenticate(&mut card, &ADMIN_KEY), StatusWord::OK);
    exchange(
        &mut card,
        "00DBA014 04 DF210101 -> 9000
         00CBA014 04 5C02DF21 00 -> DF210101 9000
         00E00000 28 6226820118 8302B081 8C058F10101000 A516 B609800117830183950140 B609800157830183950140 -> 9000
         00440000 -> 9000
         00470000 08 AC06800107830181 -> 6982
         002241B6 06 800157840181 -> 6982
         00CB3FFF 0A 7008840180A5037F4980 00 -> 6982 ; the admin key is never read",
    );
}
