//! Any commands to a card in use: it answers each with a status word of ISO 7816-4, and lets nobody in who does not
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

static CARD: LazyLock<Card> = LazyLock::new(|| {
    let mut card = Card::new(CardProfile::gids(), [7; 16], Seed::from(1));
    let name = ContainerName::new("Slot0").expect("a name");
    let container = ContainerSpec::generated(name, KeyAlgorithm::Rsa1024);
    card.personalise(&Personalisation::new(&[SECRET; 8], [SECRET; 24]).with_container(container)).expect("it fits");
    card.power_on();
    card
});

fuzz_target!(|input: &[u8]| {
    let mut card = CARD.clone();
    let mut state = card.look();
    for apdu in Apdus(input) {
        let answer = Response::parse(&card.transmit(apdu)).expect("a card with power answers with a status word");
        assert!(answer.sw.is_iso(), "{:?} to {apdu:02X?}", answer.sw);
        assert_eq!(redact_bytes(apdu).len(), apdu.len());
        if let Ok(command) = Command::parse(apdu) {
            assert!(!describe(&command).is_empty());
        }
        let after = card.look();
        if !input.contains(&SECRET) {
            assert!(!after.user && !after.admin, "somebody is logged in after {apdu:02X?}");
            assert!(after.pin.tries_left <= state.pin.tries_left, "the counter rose at {apdu:02X?}");
            assert_eq!(after.containers, state.containers, "a container was changed by {apdu:02X?}");
        }
        state = after;
    }
});

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
