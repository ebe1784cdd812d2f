//! The other side of the reader: commands as text, answers checked as text, and the host's half of admin authentication.

use autoenroll_apdu::gids::{Algorithm, ContainerName, KeyKind, KeyReference, Padding, commands, tag};
use autoenroll_apdu::{Collected, Collector, Command, Response, StatusWord, encode_chain, tlv};
use autoenroll_card::{Card, CardProfile, Personalisation};
use autoenroll_keys::Seed;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use des::TdesEde3;

pub(crate) const PIN: &[u8] = b"12345678";
pub(crate) const ADMIN_KEY: [u8; 24] =
    *b"\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08";
pub(crate) const SERIAL: [u8; 16] = *b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF";

/// Reads hexadecimal; blanks do not matter.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    assert!(digits.len().is_multiple_of(2), "{text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

pub(crate) fn name(text: &str) -> ContainerName {
    ContainerName::new(text).unwrap()
}

/// A blank card with power.
pub(crate) fn blank(profile: CardProfile) -> Card {
    let mut card = Card::new(profile, SERIAL, Seed::from(1));
    assert!(card.power_on().is_some());
    card
}

/// A card that was initialised, with power, the application selected and no one authenticated.
pub(crate) fn initialised(profile: CardProfile) -> Card {
    let mut card = blank(profile);
    card.personalise(&Personalisation::new(PIN, ADMIN_KEY)).unwrap();
    expect(&mut card, "00A4040009A00000039742544659 00", "61124F0BA00000039742544659020173034001C0 9000");
    card
}

/// The same with the user logged in.
pub(crate) fn logged_in(profile: CardProfile) -> Card {
    let mut card = initialised(profile);
    expect(&mut card, "0020008008 3132333435363738", "9000");
    card
}

pub(crate) fn gids_full() -> CardProfile {
    CardProfile::named("gids-full").unwrap()
}

/// Sends bytes and compares the whole answer.
pub(crate) fn expect(card: &mut Card, command: &str, answer: &str) {
    assert_eq!(to_hex(&card.transmit(&hex(command))), to_hex(&hex(answer)), "answer to {command}");
}

/// Sends lines of `command -> answer`; empty lines are skipped, what follows `;` is a remark.
pub(crate) fn exchange(card: &mut Card, lines: &str) {
    for line in lines.lines() {
        let line = line.split(';').next().unwrap().trim();
        if let Some((command, answer)) = line.split_once("->") {
            expect(card, command, answer);
        } else {
            assert!(line.is_empty(), "not an exchange: {line}");
        }
    }
}

/// Sends a command as a host does: chained when long, answers fetched to the end.
pub(crate) fn send(card: &mut Card, command: &Command) -> Response {
    let mut collector = Collector::new(command.clone());
    let mut last = None;
    for piece in encode_chain(command, 255) {
        last = Some(Response::parse(&card.transmit(&piece)).unwrap());
    }
    let mut response = last.unwrap();
    loop {
        match collector.feed(response) {
            Collected::Ask(next) => response = Response::parse(&card.transmit(&next.encode().unwrap())).unwrap(),
            Collected::Done(done) => return done,
            Collected::Endless { found } => panic!("the card sends without end: {found} bytes"),
        }
    }
}

/// [`send`], where the status word must be this one.
pub(crate) fn send_for(card: &mut Card, command: &Command, sw: StatusWord) -> Vec<u8> {
    let response = send(card, command);
    assert_eq!(response.sw, sw, "{}", autoenroll_apdu::describe(command));
    response.data
}

/// Sends what must succeed.
pub(crate) fn ok(card: &mut Card, command: &Command) -> Vec<u8> {
    send_for(card, command, StatusWord::OK)
}

/// Makes a key file, active, and generates the key in it.
pub(crate) fn make_key(card: &mut Card, key: KeyReference, algorithm: Algorithm, kind: KeyKind) {
    ok(card, &commands::create_file(&commands::user_key_file(key, algorithm, kind)));
    ok(card, &commands::activate_file());
    ok(card, &commands::generate_key(key, algorithm));
}

/// Chooses a key for signing and signs.
pub(crate) fn sign(
    card: &mut Card,
    key: KeyReference,
    padding: Padding,
    algorithm: Algorithm,
    input: &[u8],
) -> Response {
    ok(card, &commands::choose_signature_key(key, padding, algorithm));
    send(card, &commands::sign(input))
}

/// Triple DES in CBC mode with a zero vector, for whole blocks.
pub(crate) fn encrypt(key: &[u8; 24], text: &[u8]) -> Vec<u8> {
    let mut cipher = cbc::Encryptor::<TdesEde3>::new(key.into(), &[0; 8].into());
    let mut text = text.to_vec();
    text.as_chunks_mut::<8>().0.iter_mut().for_each(|block| cipher.encrypt_block(block.into()));
    text
}

pub(crate) fn decrypt(key: &[u8; 24], text: &[u8]) -> Vec<u8> {
    let mut cipher = cbc::Decryptor::<TdesEde3>::new(key.into(), &[0; 8].into());
    let mut text = text.to_vec();
    text.as_chunks_mut::<8>().0.iter_mut().for_each(|block| cipher.decrypt_block(block.into()));
    text
}

/// Mutual authentication as OpenSC does it; gives the last status word, having checked the card's own proof.
pub(crate) fn authenticate(card: &mut Card, key: &[u8; 24]) -> StatusWord {
    let r1 = [0x11; 16];
    ok(card, &commands::choose_admin_key());
    let answer = ok(card, &commands::authenticate(tag::CHALLENGE, &r1));
    let r2 = unwrap_authentication(&answer, tag::CHALLENGE);
    let proof = encrypt(key, &[r2, &r1, &[0x5A; 7], &[0x80]].concat());
    let response = send(card, &commands::authenticate(tag::RESPONSE, &proof));
    if response.sw == StatusWord::OK {
        let text = decrypt(key, unwrap_authentication(&response.data, tag::RESPONSE));
        assert_eq!((&text[..16], &text[16..32], text[39]), (&r1[..], r2, 0x80), "the card's own proof");
    }
    response.sw
}

/// The value inside `7C { object }`.
pub(crate) fn unwrap_authentication(answer: &[u8], object: tlv::Tag) -> &[u8] {
    tlv::read_only(tlv::read_only(answer, tag::AUTHENTICATION).unwrap(), object).unwrap()
}
