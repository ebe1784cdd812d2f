//! Any commands to a card in use, a GIDS card and a PIV card: it answers each with a status word of ISO 7816-4, and lets nobody in who does not
//! know the PIN.
//!
//! The deterministic fuzzer in `crates/card/tests` goes deeper, because it knows the PIN; this one is guided by
//! coverage.
#![no_main]

use std::sync::LazyLock;

use autoenroll_apdu::gids::ContainerName;
use autoenroll_apdu::{Command, Response, describe, redact_bytes};
use autoenroll_card::{Card, CardProfile, ContainerSpec, Personalisation};
use autoenroll_keys::{KeyAlgorithm, Seed};
use libfuzzer_sys::fuzz_target;

/// Every byte of the PIN and of the admin key. Commands without this byte cannot have them in any encoding.
const SECRET: u8 = 0xA7;

/// The same of the PIV card, whose PIN is digits. The PUK that it comes with has the byte as well.
const PIV_SECRET: u8 = b'7';

static GIDS: LazyLock<Card> = LazyLock::new(|| in_use(CardProfile::gids(), SECRET));

static PIV: LazyLock<Card> = LazyLock::new(|| in_use(CardProfile::piv(), PIV_SECRET));

fn in_use(profile: CardProfile, secret: u8) -> Card {
    let mut card = Card::new(profile, [9; 16], Seed::from(1));
    let name = ContainerName::new("Slot0").expect("a name");
    let container = ContainerSpec::generated(name, KeyAlgorithm::Rsa1024);
    card.personalise(&Personalisation::new(&[secret; 8], [secret; 24]).with_container(container)).expect("it fits");
    card.power_on();
    card
}

fuzz_target!(|input: &[u8]| {
    play(&GIDS, SECRET, input);
    play(&PIV, PIV_SECRET, input);
});

fn play(start: &Card, secret: u8, input: &[u8]) {
    let mut card = start.clone();
    let mut state = card.look();
    for apdu in Apdus(input) {
        let answer = Response::parse(&card.transmit(apdu)).expect("a card with power answers with a status word");
        assert!(answer.sw.is_iso(), "{:?} to {apdu:02X?}", answer.sw);
        assert_eq!(redact_bytes(apdu).len(), apdu.len());
        if let Ok(command) = Command::parse(apdu) {
            assert!(!describe(&command).is_empty());
        }
        let after = card.look();
        if !input.contains(&secret) {
            assert!(!after.user && !after.admin, "somebody is logged in after {apdu:02X?}");
            assert!(after.pin.tries_left <= state.pin.tries_left, "the counter rose at {apdu:02X?}");
            assert_eq!(after.containers, state.containers, "a container was changed by {apdu:02X?}");
        }
        if after.pin.tries_left == 0 && after.puk.is_some_and(|puk| puk.tries_left == 0) {
            // Anybody may reset such a card.
            return;
        }
        state = after;
    }
}

/// Commands one after the other, each behind a byte with its length; the last one may be cut off.
struct Apdus<'a>(&'a [u8]);

impl<'a> Iterator for Apdus<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first()?;
        let (apdu, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        self.0 = rest;
        Some(apdu)
    }
}
