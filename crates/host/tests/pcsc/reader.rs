//! One reader and one card.

use std::sync::Arc;
use std::time::Duration;

use autoenroll_card::{Card, CardProfile, Personalisation};
use autoenroll_csp::{Operation, Step};
use autoenroll_host::pcsc::{Reader, Stack};
use autoenroll_host::{InsertedCard, SharedCard, Slot, insert, share};
use autoenroll_keys::Seed;
use autoenroll_model::{CardSerial, EffectResult, HResult};
use autoenroll_world::CardGone;

use crate::Part;

const LONG: Duration = Duration::from_secs(10);
const SELECT: &[u8] = b"\x00\xA4\x04\x00\x09\xA0\x00\x00\x03\x97\x42\x54\x46\x59\x00";
const VERIFY: &[u8] = b"\x00\x20\x00\x80\x041234";
const VERIFY_STATUS: &[u8] = b"\x00\x20\x00\x80";

pub(crate) fn card() -> SharedCard {
    let mut card = Card::new(CardProfile::gids(), [0xA1; 16], Seed::from(1));
    card.personalise(&Personalisation::new(b"1234", [1; 24])).unwrap();
    share(card)
}

fn put_in(card: &SharedCard, slot: &Slot) -> (InsertedCard, Reader) {
    let inserted = insert(Arc::clone(card), slot.driver(), LONG, |_| {}).unwrap();
    let reader = Reader::open(&slot.name).unwrap();
    assert_eq!(reader.connect(LONG).unwrap(), card.lock().unwrap().profile().atr.as_bytes());
    (inserted, reader)
}

pub(crate) fn a_reader_is_driven(stack: &Arc<Stack>, _all: Part) {
    let (slot, card) = (&stack.slots()[0], card());
    let empty = Reader::open(&slot.name).unwrap();
    assert_eq!(empty.connect(Duration::from_millis(20)), Err(CardGone(HResult::SCARD_E_NO_SMARTCARD)));
    assert_eq!(empty.transmit(SELECT), Err(CardGone(HResult::SCARD_E_NO_SMARTCARD)));
    let nowhere = Reader::open("no such reader").unwrap();
    assert_eq!(nowhere.connect(LONG), Err(CardGone(HResult::SCARD_E_NO_READERS_AVAILABLE)));

    let (inserted, reader) = put_in(&card, slot);
    assert!(reader.transmit(SELECT).unwrap().ends_with(b"\x90\x00"));
    assert_eq!(reader.transmit(VERIFY).unwrap(), b"\x90\x00");
    // Longer than the time after which pcscd powers down cards without a handle: this handle keeps the power on.
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!(reader.transmit(VERIFY_STATUS).unwrap(), b"\x90\x00");
    assert_eq!(reader.reset().unwrap(), CardProfile::gids().atr.as_bytes());
    assert!(!card.lock().unwrap().look().user);
    assert_eq!(reader.transmit(VERIFY_STATUS).unwrap(), b"\x6D\x00", "the application is no longer selected");
    // The longest command that there is, and one byte that is a control code to the driver.
    assert_eq!(reader.transmit(&vec![0; 65_535]).unwrap(), b"\x67\x00");
    inserted.pull();
    reader.wait_until_empty(LONG).unwrap();

    // What was presented is forgotten with the card's stay.
    let (_inserted, reader) = put_in(&card, slot);
    assert_eq!(reader.transmit(VERIFY_STATUS).unwrap(), b"\x6D\x00");
}

pub(crate) fn a_pulled_card_is_gone_whatever_pcscd_calls_it(stack: &Arc<Stack>, _all: Part) {
    let (slot, card) = (&stack.slots()[0], card());
    for noticed in [false, true] {
        let (inserted, reader) = put_in(&card, slot);
        inserted.pull();
        if noticed {
            std::thread::sleep(Duration::from_millis(1_000));
        }
        assert_eq!(reader.transmit(SELECT), Err(CardGone(HResult::SCARD_W_REMOVED_CARD)), "noticed: {noticed}");
        reader.wait_until_empty(LONG).unwrap();
    }
    // In the middle of a command: the card is locked, so that the command waits for it.
    let (inserted, reader) = put_in(&card, slot);
    std::thread::scope(|scope| {
        let held = card.lock().unwrap();
        let transmitted = scope.spawn(|| reader.transmit(SELECT));
        std::thread::sleep(Duration::from_millis(100));
        let pulled = scope.spawn(|| inserted.pull());
        std::thread::sleep(Duration::from_millis(100));
        drop(held);
        pulled.join().unwrap();
        assert_eq!(transmitted.join().unwrap(), Err(CardGone(HResult::SCARD_W_REMOVED_CARD)));
    });
}

pub(crate) fn another_program_resets_the_card(stack: &Arc<Stack>, _all: Part) {
    let (slot, card) = (&stack.slots()[0], card());
    let (_inserted, reader) = put_in(&card, slot);
    assert!(reader.transmit(SELECT).unwrap().ends_with(b"\x90\x00"));
    let other = Reader::open(&slot.name).unwrap();
    other.connect(LONG).unwrap();
    other.reset().unwrap();
    assert_eq!(reader.transmit(VERIFY), Err(CardGone(HResult::SCARD_W_RESET_CARD)));
    reader.connect(LONG).unwrap();
    assert_eq!(reader.transmit(VERIFY).unwrap(), b"\x6D\x00", "the application is no longer selected");
}

pub(crate) fn the_csp_works_over_a_reader(stack: &Arc<Stack>, _all: Part) {
    let (slot, card) = (&stack.slots()[0], card());
    let (inserted, reader) = put_in(&card, slot);
    let serial = CardSerial("a1".repeat(16));
    assert_eq!(reader.perform(&Operation::Identify), Ok(Step::Identified(serial)));
    inserted.pull();
    let gone = Step::Done(EffectResult::Failed(HResult::SCARD_W_REMOVED_CARD));
    let after = reader.perform(&Operation::Identify);
    assert!(after == Ok(gone) || after == Err(CardGone(HResult::SCARD_W_REMOVED_CARD)), "{after:?}");
}
