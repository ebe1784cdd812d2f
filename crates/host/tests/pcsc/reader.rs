//! One reader and one card.

use std::ffi::{CStr, CString};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use autoenroll_card::{Card, CardProfile, Personalisation};
use autoenroll_csp::{Minidriver, Operation, Step};
use autoenroll_host::pcsc::{Reader, Stack};
use autoenroll_host::{Ended, Exchange, InsertedCard, SharedCard, Slot, insert, share};
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
    let (inserted, reader) = put_in(&card, slot);
    assert_eq!(pull_amid_a_command(&card, inserted, &reader), Err(CardGone(HResult::SCARD_W_REMOVED_CARD)));
}

/// What a command says whose card is pulled before it answers: the card is locked, so that the command waits for it.
fn pull_amid_a_command(card: &SharedCard, inserted: InsertedCard, reader: &Reader) -> Result<Vec<u8>, CardGone> {
    std::thread::scope(|scope| {
        let held = card.lock().unwrap();
        let transmitted = scope.spawn(|| reader.transmit(SELECT));
        std::thread::sleep(Duration::from_millis(100));
        let pulled = scope.spawn(|| inserted.pull());
        std::thread::sleep(Duration::from_millis(100));
        drop(held);
        pulled.join().unwrap();
        transmitted.join().unwrap()
    })
}

/// pcscd does not see that a card pulled amid a command was out, when another one is in before it looks.
pub(crate) fn a_card_put_in_right_after_a_pull_amid_a_command_is_seen(stack: &Arc<Stack>, _all: Part) {
    let (slot, card) = (&stack.slots()[0], card());
    let (inserted, reader) = put_in(&card, slot);
    assert!(pull_amid_a_command(&card, inserted, &reader).is_err());
    let inserted = insert(Arc::clone(&card), slot.driver(), LONG, |_| {}).unwrap();
    assert!(inserted.wait_until_taken(LONG), "pcscd has not noticed that the card was out");
    let reader = Reader::open(&slot.name).unwrap();
    reader.connect(LONG).unwrap();
    assert!(reader.transmit(SELECT).unwrap().ends_with(b"\x90\x00"));
}

/// A program's own handle. pcscd asks a card for its ATR a moment before it tells programs that there is one.
fn connected(context: &pcsc::Context, reader: &CStr) -> pcsc::Card {
    let start = Instant::now();
    loop {
        match context.connect(reader, pcsc::ShareMode::Shared, pcsc::Protocols::ANY) {
            Err(pcsc::Error::NoSmartcard) if start.elapsed() < LONG => std::thread::sleep(Duration::from_millis(20)),
            other => return other.unwrap(),
        }
    }
}

/// A program sends what the driver cannot pass on: it is not kept waiting, and the card is there again.
pub(crate) fn a_command_that_the_driver_cannot_pass_on_ends(stack: &Arc<Stack>, _all: Part) {
    let (slot, card) = (&stack.slots()[0], card());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let observe = move |exchange: &Exchange| {
        if let Exchange::Out(ended) = exchange {
            hears.lock().unwrap().push(*ended);
        }
    };
    let inserted = insert(Arc::clone(&card), slot.driver(), LONG, observe).unwrap();
    let name = CString::new(slot.name.as_str()).unwrap();
    let context = pcsc::Context::establish(pcsc::Scope::User).unwrap();
    for command in [&[0][..], &[1], &[2], &[]] {
        assert!(inserted.wait_until_taken(LONG));
        let program = connected(&context, &name);
        let start = Instant::now();
        let mut response = [0; 16];
        let response = program.transmit(command, &mut response);
        assert!(response.is_err() || response == Ok(&[]), "{command:02x?}: {response:02x?}");
        assert!(start.elapsed() < LONG, "{command:02x?}: {:?}", start.elapsed());
        // Our own reader does not send it.
        let reader = Reader::open(&slot.name).unwrap();
        reader.wait_until_empty(LONG).unwrap();
        reader.connect(LONG).unwrap();
        assert_eq!(reader.transmit(command).unwrap(), b"\x67\x00");
        assert!(reader.transmit(SELECT).unwrap().ends_with(b"\x90\x00"));
    }
    assert_eq!(*heard.lock().unwrap(), [Ended::Quiet; 4]);
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
    assert_eq!(reader.perform(&Operation::Identify(Minidriver::Gids)), Ok(Step::Identified(serial)));
    inserted.pull();
    let gone = Step::Done(EffectResult::Failed(HResult::SCARD_W_REMOVED_CARD));
    let after = reader.perform(&Operation::Identify(Minidriver::Gids));
    assert!(after == Ok(gone) || after == Err(CardGone(HResult::SCARD_W_REMOVED_CARD)), "{after:?}");
}
