//! The management key: external and mutual authentication, with each algorithm.

use super::host::{authenticate, decrypt, encrypt, fresh, full, managed, piv, status, value};
use crate::host::{exchange, ok, send};
use autoenroll_apdu::Command;
use autoenroll_apdu::piv::{self, Cipher, reference, tag};
use autoenroll_card::{Applet, Card, CardProfile, DEFAULT_MANAGEMENT_KEY, PivOptions};

fn with(management: Cipher) -> CardProfile {
    CardProfile { applet: Applet::Piv(PivOptions { management, ..PivOptions::default() }), ..CardProfile::piv() }
}

/// External authentication.
fn external(card: &mut Card, cipher: Cipher, key: &[u8]) -> u16 {
    let challenge = value(&ok(card, &authenticate(cipher, &[(tag::CHALLENGE, &[])])), tag::CHALLENGE);
    assert_eq!(challenge.len(), cipher.block_len());
    status(card, &authenticate(cipher, &[(tag::RESPONSE, &encrypt(cipher, key, &challenge))])).0
}

/// Mutual authentication; the card's own proof is checked.
fn mutual(card: &mut Card, cipher: Cipher, key: &[u8]) -> u16 {
    let witness = value(&ok(card, &authenticate(cipher, &[(tag::WITNESS, &[])])), tag::WITNESS);
    let (proof, challenge) = (decrypt(cipher, key, &witness), vec![0x5A; cipher.block_len()]);
    let response = send(card, &authenticate(cipher, &[(tag::WITNESS, &proof), (tag::CHALLENGE, &challenge)]));
    if response.sw.is_ok() {
        assert_eq!(value(&response.data, tag::RESPONSE), encrypt(cipher, key, &challenge));
    }
    response.sw.0
}

/// Proves the key of `piv-full`.
pub(super) fn prove_aes192(card: &mut Card) {
    assert_eq!(external(card, Cipher::Aes192, &DEFAULT_MANAGEMENT_KEY[..24]), 0x9000);
}

#[test]
fn both_ways_with_each_algorithm_and_no_way_with_another_key() {
    for cipher in Cipher::ALL {
        let key = &DEFAULT_MANAGEMENT_KEY[..cipher.key_len()];
        let wrong = vec![0x11; cipher.key_len()];
        let check = |proved: &dyn Fn(&mut Card, &[u8]) -> u16| {
            let mut card = fresh(with(cipher));
            assert_eq!((proved(&mut card, &wrong), card.look().admin), (0x6982, false), "{cipher:?}");
            assert_eq!((proved(&mut card, key), card.look().admin), (0x9000, true), "{cipher:?}");
            assert_eq!((proved(&mut card, &wrong), card.look().admin), (0x6982, false), "a wrong one takes it back");
        };
        check(&|card, key| external(card, cipher, key));
        check(&|card, key| mutual(card, cipher, key));
    }
}

#[test]
fn a_question_is_answered_once_and_with_what_it_asks_for() {
    let cipher = Cipher::TripleDes;
    let key = &DEFAULT_MANAGEMENT_KEY[..24];
    let mut card = piv();
    exchange(&mut card, "0087039B0C 7C0A82080000000000000000 -> 6982 ; nothing was asked");
    let challenge = value(&ok(&mut card, &authenticate(cipher, &[(tag::CHALLENGE, &[])])), tag::CHALLENGE);
    let response = encrypt(cipher, key, &challenge);
    exchange(&mut card, "0087039B0C 7C0A82080000000000000000 -> 6982");
    assert_eq!(status(&mut card, &authenticate(cipher, &[(tag::RESPONSE, &response)])).0, 0x6982, "used up");
    // The witness is no challenge, and the other way round.
    let witness = value(&ok(&mut card, &authenticate(cipher, &[(tag::WITNESS, &[])])), tag::WITNESS);
    assert_eq!(status(&mut card, &authenticate(cipher, &[(tag::RESPONSE, &encrypt(cipher, key, &witness))])).0, 0x6982);
    let challenge = value(&ok(&mut card, &authenticate(cipher, &[(tag::CHALLENGE, &[])])), tag::CHALLENGE);
    let parts = [(tag::WITNESS, &challenge[..]), (tag::CHALLENGE, &[0; 8][..])];
    assert_eq!(status(&mut card, &authenticate(cipher, &parts)).0, 0x6982);
    assert!(!card.look().admin);
}

#[test]
fn the_card_enciphers_nothing_for_who_has_not_proved_the_key() {
    let cipher = Cipher::TripleDes;
    let mut card = piv();
    let block: &[u8] = &[1; 8];
    let rows: [&[(autoenroll_apdu::tlv::Tag, &[u8])]; 6] = [
        &[(tag::CHALLENGE, block)],
        &[(tag::CHALLENGE, block), (tag::RESPONSE, &[])],
        &[(tag::WITNESS, &[]), (tag::CHALLENGE, block)],
        &[(tag::WITNESS, block)],
        &[(tag::EXPONENTIATION, block)],
        &[],
    ];
    for parts in rows {
        let response = send(&mut card, &authenticate(cipher, parts));
        assert!(matches!(response.sw.0, 0x6A80 | 0x6982), "{parts:?}");
        assert!(response.data.is_empty());
    }
    exchange(
        &mut card,
        "0087039B -> 6A80
         0087039B02 7C00 -> 6A80
         0087039B05 7C03810100 -> 6A80
         0087039B04 7C029000 -> 6A80
         0087089B04 7C028100 -> 6A86 ; the key is triple DES
         0087079B04 7C028100 -> 6A86",
    );
    // 00 names triple DES as well.
    let asked = Command::new(0, 0x87, 0x00, reference::MANAGEMENT).with_data([0x7C, 0x02, 0x81, 0x00]);
    assert_eq!(ok(&mut card, &asked).len(), 12);
    // A challenge of the wrong length.
    ok(&mut card, &authenticate(cipher, &[(tag::WITNESS, &[])]));
    assert_eq!(status(&mut card, &authenticate(cipher, &[(tag::WITNESS, block), (tag::CHALLENGE, &[1; 7])])).0, 0x6A80);
}

fn set(cipher: u8, key: &[u8]) -> Command {
    let data = [&[cipher, reference::MANAGEMENT, key.len() as u8], key].concat();
    Command::new(0, piv::ins::SET_MANAGEMENT_KEY, 0xFF, 0xFF).with_data(data)
}

#[test]
fn another_key_and_another_algorithm() {
    let mut card = piv();
    assert_eq!(status(&mut card, &set(0x03, &[7; 24])).0, 0x6982);
    let mut card = managed();
    let rows: [(Command, u16); 8] = [
        (set(0x03, &[7; 23]), 0x6A80),
        (set(0x0C, &[7; 24]), 0x6A80),
        (set(0x07, &[7; 24]), 0x6A80),
        (Command::new(0, 0xFF, 0xFF, 0xFF).with_data([0x03, 0x9A, 0x01, 0x00]), 0x6A80),
        (Command::new(0, 0xFF, 0xFF, 0xFF), 0x6A80),
        (Command::new(0, 0xFF, 0xFF, 0xFE).with_data([0x03]), 0x6A86),
        (Command::new(0, 0xFF, 0x00, 0xFF).with_data([0x03]), 0x6A86),
        (set(0x0C, &[7; 32]), 0x9000),
    ];
    for (command, word) in rows {
        assert_eq!(status(&mut card, &command).0, word, "{command:02X?}");
    }
    assert!(card.look().admin, "who set it need not prove it");
    card.reset();
    exchange(&mut card, super::host::SELECT);
    exchange(&mut card, "0087039B04 7C028100 -> 6A86\n00F7009B00 -> 01010C 02020001 050100 9000");
    assert_eq!(external(&mut card, Cipher::Aes256, &[7; 32]), 0x9000);
}

#[test]
fn a_new_key_answers_no_question_put_to_the_old_one() {
    let mut card = managed();
    let challenge = value(&ok(&mut card, &authenticate(Cipher::TripleDes, &[(tag::CHALLENGE, &[])])), tag::CHALLENGE);
    ok(&mut card, &set(0x08, &[7; 16]));
    for response in [&challenge[..], &[]] {
        assert_eq!(status(&mut card, &authenticate(Cipher::Aes128, &[(tag::RESPONSE, response)])).0, 0x6982);
    }
    assert!(!card.look().admin);
}

#[test]
fn the_full_card_comes_with_aes() {
    let mut card = fresh(full());
    assert_eq!(mutual(&mut card, Cipher::Aes192, &DEFAULT_MANAGEMENT_KEY[..24]), 0x9000);
    exchange(&mut card, "00F7009B00 -> 01010A 02020001 050101 9000");
}
