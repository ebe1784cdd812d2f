//! `peers-card ours|vicc TIMES [VICC ARGUMENTS ..]`: selects the master file or the application that often, through a
//! pcscd of its own, and prints the median and the 95th percentile in nanoseconds. VICC is the command that starts
//! vsmartcard's card; it gets the port of the reader.

use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use autoenroll_apdu::gids::commands;
use autoenroll_card::{Card, CardProfile, Personalisation};
use autoenroll_host::pcsc::{Entered, Reader, Stack};
use autoenroll_host::{InsertedCard, PcscdOptions, insert, share};
use autoenroll_keys::Seed;

const LONG: Duration = Duration::from_secs(20);

/// What is in the reader.
enum Inserted {
    Ours(#[expect(dead_code, reason = "a card that is dropped is pulled")] InsertedCard),
    Vicc(#[expect(dead_code, reason = "a card that is dropped is ended")] Vicc),
}

/// vsmartcard's card, which is ended when it is needed no more, also when something has failed.
struct Vicc(Child);

impl Drop for Vicc {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("vicc cannot be ended: {error}");
        }
    }
}

fn main() -> ExitCode {
    match Stack::enter(&PcscdOptions::default()) {
        Ok(Entered::Inside(stack)) => measure(&stack),
        Ok(Entered::Done(0)) => ExitCode::SUCCESS,
        Ok(Entered::Done(_)) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(stack: &Stack) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let times = arguments.get(1).and_then(|times| times.parse::<usize>().ok()).unwrap_or(200);
    let slot = &stack.slots()[0];
    let reader = Reader::open(&slot.name).expect("a name");
    let (inserted, apdu) = if arguments.first().is_some_and(|which| which == "ours") {
        let mut card = Card::new(CardProfile::gids(), [7; 16], Seed::from(1));
        card.personalise(&Personalisation::new(b"1234", [1; 24])).expect("it fits");
        let card = insert(share(card), slot.driver(), LONG, |_| {}).expect("the driver listens");
        (Inserted::Ours(card), commands::select_application().encode().expect("one APDU"))
    } else {
        let port = slot.driver().port().to_string();
        let vicc = arguments.get(2..).and_then(<[String]>::split_first).expect("a command that starts vicc");
        let vicc = Command::new(vicc.0).args(vicc.1).args(["--hostname", "127.0.0.1", "--port", &port]).spawn();
        (Inserted::Vicc(Vicc(vicc.expect("vicc can be started"))), vec![0x00, 0xA4, 0x00, 0x00, 0x02, 0x3F, 0x00])
    };
    reader.connect(LONG).expect("a card");
    let mut took: Vec<u128> = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        let answer = reader.transmit(&apdu).expect("an answer");
        took.push(start.elapsed().as_nanos());
        assert!(answer.ends_with(&[0x90, 0x00]), "{answer:02X?}");
    }
    drop(inserted);
    took.sort_unstable();
    println!("{} {}", took[took.len() / 2], took[took.len() * 95 / 100]);
    ExitCode::SUCCESS
}
