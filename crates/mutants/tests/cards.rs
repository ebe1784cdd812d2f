//! Each bug of a card, told by what the card holds afterwards.
#![expect(clippy::unwrap_used, reason = "this is test code outside of test functions")]

use autoenroll_apdu::gids::{ContainerFlags, ContainerMap, ContainerName, ContainerRecord, FileId, commands, tag};
use autoenroll_apdu::tlv::Tag;
use autoenroll_apdu::{Command, encode_chain};
use autoenroll_card::{Card, CardProfile, CardState, ContainerSpec, Personalisation};
use autoenroll_keys::{KeyAlgorithm, Seed};
use autoenroll_mutants::{PlantedBug, SabotagedCards};
use autoenroll_world::spec::ReaderName;
use autoenroll_world::{CardHost, InProcessCards};

const CARD: &str = "alice-card";
const PIN: &[u8] = b"1234";
const WRONG: &[u8] = b"0000";
const READABLE: FileId = FileId::EVERYONE_READ_USER_WRITE;

/// A card with three containers, the first of them the default one, in a reader, with a bug between them.
struct Bench {
    cards: SabotagedCards<InProcessCards>,
    reader: ReaderName,
}

impl Bench {
    fn new(bug: Option<PlantedBug>) -> Self {
        let mut card = Card::new(CardProfile::gids(), [7; 16], Seed::from(1));
        let container = |name: &str, default| ContainerSpec {
            default,
            ..ContainerSpec::generated(ContainerName::new(name).unwrap(), KeyAlgorithm::Rsa1024)
        };
        let personalisation = Personalisation::new(PIN, [1; 24])
            .with_container(container("old", true))
            .with_container(container("new", false))
            .with_container(container("other", false));
        card.personalise(&personalisation).unwrap();
        let mut cards = SabotagedCards::new(InProcessCards::default(), bug);
        cards.add_card(CARD, card);
        let mut bench = Self { cards, reader: ReaderName { computer: "WKS01".into(), reader: "Reader 0".into() } };
        bench.insert();
        bench
    }

    fn insert(&mut self) {
        assert!(self.cards.insert(&self.reader, CARD).is_some());
        assert_eq!(self.send(&commands::select_application()), 0x9000);
    }

    fn pull(&mut self) {
        self.cards.remove(&self.reader);
    }

    /// Sends a command, in pieces when it is long; the last status word.
    fn send(&mut self, command: &Command) -> u16 {
        let mut sw = 0;
        for piece in encode_chain(command, 0xF0) {
            let response = self.cards.transmit(&self.reader, &piece).unwrap();
            sw = u16::from_be_bytes(*response.last_chunk().unwrap());
        }
        sw
    }

    fn look(&self) -> CardState {
        self.cards.card(CARD, Card::look).unwrap()
    }

    fn tries(&self) -> u8 {
        self.look().pin.tries_left
    }

    /// Names of the containers with the default flag.
    fn defaults(&self) -> Vec<String> {
        let containers = self.look().containers;
        containers.into_iter().filter(|container| container.default).map(|container| container.name).collect()
    }
}

/// A container map with the three containers, of which one is the default one.
fn map(default: &str) -> ContainerMap {
    let record = |name: &str| ContainerRecord {
        name: ContainerName::new(name).unwrap(),
        flags: if name == default { ContainerFlags::Default } else { ContainerFlags::Valid },
        signature_bits: 0,
        exchange_bits: 1024,
    };
    ContainerMap(["old", "new", "other"].map(record).into())
}

fn put(object: Tag, value: &[u8]) -> Command {
    commands::put_data(READABLE, object, value)
}

#[test]
fn a_wrong_pin_is_not_counted() {
    let check = |bug, sw, left| {
        let mut bench = Bench::new(bug);
        assert_eq!(bench.send(&commands::verify(WRONG)), sw, "{bug:?}");
        assert_eq!(bench.tries(), left, "{bug:?}");
        assert_eq!(bench.send(&commands::verify(PIN)), 0x9000);
        assert_eq!(bench.tries(), 3);
    };
    check(None, 0x63C2, 2);
    check(Some(PlantedBug::TriesNotCounted), 0x63C3, 3);
    check(Some(PlantedBug::TriesRestoredByPower), 0x63C2, 2);
    check(Some(PlantedBug::DefaultFlagLeft), 0x63C2, 2);
}

#[test]
fn wrong_pins_are_forgotten_without_power() {
    let check = |bug, left| {
        let mut bench = Bench::new(bug);
        bench.send(&commands::verify(WRONG));
        bench.send(&commands::verify(WRONG));
        bench.pull();
        assert_eq!(bench.tries(), 1, "{bug:?}");
        bench.insert();
        assert_eq!(bench.tries(), left, "{bug:?}");
    };
    check(None, 1);
    check(Some(PlantedBug::TriesRestoredByPower), 3);
}

#[test]
fn what_was_written_after_a_wrong_pin_stays_when_power_goes() {
    let mut bench = Bench::new(Some(PlantedBug::TriesRestoredByPower));
    bench.send(&commands::verify(WRONG));
    bench.send(&commands::verify(PIN));
    assert_eq!(bench.send(&put(tag::CONTAINER_MAP, &map("new").encode())), 0x9000);
    bench.pull();
    bench.insert();
    assert_eq!(bench.defaults(), ["new"]);
}

#[test]
fn the_old_default_container_keeps_its_flag() {
    let check = |bug, expected: &[&str]| {
        let mut bench = Bench::new(bug);
        bench.send(&commands::verify(PIN));
        // Three records are longer than one piece of a chain.
        assert_eq!(bench.send(&put(tag::CONTAINER_MAP, &map("new").encode())), 0x9000);
        assert_eq!(bench.defaults(), expected, "{bug:?}");
        assert!(bench.look().faults.is_empty());
    };
    check(None, &["new"]);
    check(Some(PlantedBug::CertificateLostByCard), &["new"]);
    check(Some(PlantedBug::DefaultFlagLeft), &["old", "new"]);
}

#[test]
fn a_certificate_is_confirmed_and_not_stored() {
    let certificate = Tag::from_number(0xDF24).unwrap();
    let check = |bug, expected| {
        let mut bench = Bench::new(bug);
        bench.send(&commands::verify(PIN));
        let free = bench.look().free_bytes;
        assert_eq!(bench.send(&put(certificate, &[1; 700])), 0x9000, "{bug:?}");
        assert_eq!(bench.look().free_bytes < free, expected, "{bug:?}");
    };
    check(None, true);
    check(Some(PlantedBug::DefaultFlagLeft), true);
    check(Some(PlantedBug::CertificateLostByCard), false);
}

#[test]
fn a_chain_that_is_cut_short_by_a_pull_writes_nothing() {
    let mut bench = Bench::new(Some(PlantedBug::DefaultFlagLeft));
    bench.send(&commands::verify(PIN));
    let pieces = encode_chain(&put(tag::CONTAINER_MAP, &map("new").encode()), 0xF0);
    let [first, second] = pieces.as_slice() else { panic!("three records take two pieces") };
    assert_eq!(bench.cards.transmit(&bench.reader, first).unwrap(), [0x90, 0x00]);
    bench.pull();
    bench.insert();
    bench.send(&commands::verify(PIN));
    let answer = bench.cards.transmit(&bench.reader, second).unwrap();
    assert_ne!(answer, [0x90, 0x00], "the rest of a chain is no command");
    assert_eq!(bench.defaults(), ["old"]);
}
