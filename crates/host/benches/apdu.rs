//! Round trip of one APDU through the PC/SC library, pcscd, vpcd and back: `cargo bench -p autoenroll-host --features pcsc`.
//! The median must stay below one millisecond; without `TCP_QUICKACK` it is 44.

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use autoenroll_apdu::Command;
use autoenroll_apdu::gids::{FileId, commands, tag};
use autoenroll_card::{Card, CardProfile, Personalisation};
use autoenroll_host::pcsc::{Entered, Reader, Stack};
use autoenroll_host::{InsertedCard, PcscdOptions, insert, share};
use autoenroll_keys::Seed;
use divan::{Bencher, black_box};

static STACK: OnceLock<Arc<Stack>> = OnceLock::new();

fn main() -> ExitCode {
    match Stack::enter(&PcscdOptions::default()) {
        Ok(Entered::Inside(stack)) => {
            STACK.get_or_init(|| stack);
            divan::main();
            ExitCode::SUCCESS
        }
        Ok(Entered::Done(0)) => ExitCode::SUCCESS,
        Ok(Entered::Done(_)) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

const LONG: Duration = Duration::from_secs(10);

/// A card in the first reader, with its application selected.
fn reader() -> (InsertedCard, Reader) {
    let stack = STACK.get().expect("main has entered the stack");
    let mut card = Card::new(CardProfile::gids(), [7; 16], Seed::from(1));
    card.personalise(&Personalisation::new(b"1234", [1; 24])).expect("it fits");
    let slot = &stack.slots()[0];
    let reader = Reader::open(&slot.name).expect("a name");
    reader.wait_until_empty(LONG).expect("the card of the last benchmark is out");
    let inserted = insert(share(card), slot.driver(), LONG, |_| {}).expect("the driver listens");
    reader.connect(LONG).expect("a card");
    let select = commands::select_application().encode().expect("one APDU");
    assert!(reader.transmit(&select).expect("an answer").ends_with(&[0x90, 0x00]));
    (inserted, reader)
}

fn run(bencher: Bencher<'_, '_>, command: &Command) {
    let (_inserted, reader) = reader();
    let apdu = command.encode().expect("one APDU");
    bencher.bench_local(|| reader.transmit(black_box(&apdu)).expect("an answer"));
}

#[divan::bench]
fn select_application(bencher: Bencher<'_, '_>) {
    run(bencher, &commands::select_application());
}

#[divan::bench]
fn read_the_master_file(bencher: Bencher<'_, '_>) {
    run(bencher, &commands::get_data(FileId::USER_CREATE_DELETE_DIR, tag::MASTER_FILE));
}

#[divan::bench]
fn reset(bencher: Bencher<'_, '_>) {
    let (_inserted, reader) = reader();
    bencher.bench_local(|| reader.reset().expect("an answer"));
}
