//! Cards kept as bytes, whole and damaged.

use autoenroll_apdu::piv::{Mechanism, Slot};
use autoenroll_card::{Capacity, Card, CardProfile, ContainerSpec, ImageError, KeySource, Personalisation};
use autoenroll_keys::{KeyAlgorithm, KeyMode, PrivateKey, Seed, sha256};

use crate::host::{ADMIN_KEY, PIN, SERIAL, blank, gids_full, logged_in, name, ok};
use crate::piv::{full as piv_full, generate, managed};

/// SELECT of the applications.
const GIDS: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 9, 0xA0, 0, 0, 3, 0x97, 0x42, 0x54, 0x46, 0x59, 0];
const PIV: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 5, 0xA0, 0, 0, 3, 0x08, 0];

/// One of each kind of content: objects, an admin key, RSA and P-256 keys, a file without a key.
fn full(seed: Seed) -> Card {
    let mut card = Card::new(gids_full(), SERIAL, seed);
    let container = |text, algorithm| ContainerSpec::generated(name(text), algorithm);
    let mut with = Personalisation::new(PIN, ADMIN_KEY).with_container(container("Ключ", KeyAlgorithm::Rsa1024));
    if seed.keys() == KeyMode::Real {
        with = with.with_container(container("Slot1", KeyAlgorithm::P256));
    }
    card.personalise(&with).unwrap();
    card.store_certificate(0, &[0x30; 700]).unwrap();
    card.set_tries_left(1);
    card
}

/// One of each kind of content: objects, keys of each kind, made and imported, what is not as it came.
fn full_piv(seed: Seed) -> Card {
    let mut card = Card::new(piv_full(), SERIAL, seed);
    let container = |text, algorithm| ContainerSpec::generated(name(text), algorithm);
    let mut with = Personalisation::new(b"654321", ADMIN_KEY).with_container(container("Ключ", KeyAlgorithm::Rsa1024));
    if seed.keys() == KeyMode::Real {
        with = with.with_container(container("Slot1", KeyAlgorithm::P256));
        let key = KeySource::Import(PrivateKey::from_seed(KeyAlgorithm::Rsa1024, &Seed::from(7)));
        with = with.with_container(ContainerSpec { key, ..container("Slot2", KeyAlgorithm::Rsa1024) });
    }
    card.personalise(&with).unwrap();
    card.store_certificate(0, &[0x30; 700]).unwrap();
    card.set_tries_left(1);
    card
}

fn cards() -> Vec<Card> {
    let small = Capacity { containers: 2, bytes: 6_000, object_bytes: 300 };
    let mut cards = vec![
        full(Seed::from(1)),
        full(Seed::from(1).with_keys(KeyMode::Symbolic)),
        full_piv(Seed::from(1)),
        full_piv(Seed::from(1).with_keys(KeyMode::Symbolic)),
        blank(CardProfile { capacity: small, ..CardProfile::gids() }),
        logged_in(CardProfile::gids()),
        with_p384(),
    ];
    cards.extend(CardProfile::built_in().into_iter().map(|profile| Card::new(profile, SERIAL, Seed::from(2))));
    cards
}

#[test]
fn a_card_is_the_same_after_it_was_kept() {
    for mut card in cards() {
        let image = card.to_image();
        let mut again = Card::from_image(&image).unwrap();
        assert_eq!(again.to_image(), image);
        assert_ne!(again, card.clone_with_power(), "what is kept has no power");
        card.power_off();
        assert_eq!(again, card);
        // It answers, and draws, as the other one does.
        for card in [&mut card, &mut again] {
            card.power_on();
        }
        for select in [GIDS, PIV] {
            assert_eq!(card.transmit(select), again.transmit(select));
        }
        assert_eq!(card, again);
    }
}

/// A curve that PIV cards alone have, made by command.
fn with_p384() -> Card {
    let mut card = managed();
    ok(&mut card, &generate(Mechanism::P384, Slot::SIGNATURE));
    card
}

/// What opens a card is looked up, and a blank one is the chip without what was written on it.
#[test]
fn a_card_tells_benches_what_opens_it_and_what_it_was() {
    for (card, pin, puk) in
        [(full(Seed::from(1)), PIN, None), (full_piv(Seed::from(1)), b"654321", Some(&b"12345678"[..]))]
    {
        assert_eq!((card.pin(), card.puk(), card.admin_key()), (Some(pin), puk, Some(&ADMIN_KEY[..])));
        assert!(!card.look().blank);
        let blank = card.blank();
        assert_eq!(blank, Card::new(card.profile().clone(), SERIAL, Seed::from(1)));
        assert!(blank.look().blank);
    }
    let mut card = Card::new(CardProfile::piv(), SERIAL, Seed::from(1));
    card.set_tries_left(2);
    assert!(!card.look().blank, "a try that was used up is written on the card");
}

trait WithPower {
    fn clone_with_power(&self) -> Card;
}

impl WithPower for Card {
    /// A mute card has none; it differs from nothing then, so another one stands in.
    fn clone_with_power(&self) -> Card {
        let mut card = if self.profile().quirks.mute { blank(CardProfile::gids()) } else { self.clone() };
        card.power_on();
        card
    }
}

#[test]
fn what_is_not_a_card_is_said_to_be_none() {
    let image = full(Seed::from(1)).to_image();
    let check = |bytes: &[u8], expected: ImageError| assert_eq!(Card::from_image(bytes), Err(expected));
    check(b"", ImageError::NotACard);
    check(b"scenario = 1\n", ImageError::NotACard);
    check(&[b"autoenroll card 2\n", &image[18..]].concat(), ImageError::Version);
    check(&image[..17], ImageError::Version);
    check(&image[..18], ImageError::Checksum);
    for length in 19..image.len() {
        check(&image[..length], ImageError::Checksum);
    }
    for at in 18..image.len() {
        let mut damaged = image.clone();
        damaged[at] ^= 0x10;
        check(&damaged, ImageError::Checksum);
    }
}

/// Whoever changes a card by hand can make the checksum right again. What comes is a card, or an error that says what
/// is wrong, and never more memory than the file has.
#[test]
fn a_forged_card_is_a_card_or_an_error() {
    for card in [full(Seed::from(1)), full_piv(Seed::from(1))] {
        forge(&card);
    }
}

fn forge(card: &Card) {
    let image = card.to_image();
    let body = &image[..image.len() - 32];
    let (mut cards, mut errors) = (0, 0);
    let mut check = |body: &[u8]| match Card::from_image(&[body, &sha256(body)].concat()) {
        Ok(mut card) => {
            card.power_on();
            let _state = card.look();
            card.transmit(GIDS);
            card.transmit(PIV);
            cards += 1;
        }
        Err(error) => {
            assert!(matches!(error, ImageError::Content { .. }), "{error}");
            errors += 1;
        }
    };
    for at in 18..body.len() {
        for value in [0x00, 0x01, 0xFF] {
            let mut forged = body.to_vec();
            forged[at] = value;
            check(&forged);
        }
        check(&body[..at]);
    }
    assert!(cards > 100 && errors > 1_000, "{cards} cards, {errors} errors");
}
