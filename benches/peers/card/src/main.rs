//! `peers-card ours|vicc TIMES [VICC ARGUMENTS ..]`: selects the master file or the application that often, through a
//! pcscd of its own, and prints the median and the 95th percentile in nanoseconds. VICC is the command that starts
//! vsmartcard's card; it gets the port of the reader.
//!
//! `peers-card rsa-2048|p-256 TIMES`: our card signs, as a minidriver has it sign, with two commands. Prints the same of
//! that, of one such command that chooses the key and signs nothing, and of the signature alone, without a card. Each
//! signs something else each time, because a signature that was made before is remembered.

use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use autoenroll_apdu::Command as Apdu;
use autoenroll_apdu::gids::{Algorithm, ContainerName, KeyReference, Padding, commands};
use autoenroll_card::{Card, CardProfile, ContainerSpec, KeySource, Personalisation};
use autoenroll_host::pcsc::{Entered, Reader, Stack};
use autoenroll_host::{InsertedCard, PcscdOptions, insert, share};
use autoenroll_keys::{KeyAlgorithm, PrivateKey, Seed, digest, digest_info};
use autoenroll_model::HashAlgorithm;

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
    match arguments.first().map(String::as_str) {
        Some("rsa-2048") => signs(stack, times, KeyAlgorithm::Rsa2048),
        Some("p-256") => signs(stack, times, KeyAlgorithm::P256),
        _ => selects(stack, times, &arguments),
    }
    ExitCode::SUCCESS
}

fn signs(stack: &Stack, times: usize, algorithm: KeyAlgorithm) {
    let key = PrivateKey::from_seed(algorithm, &Seed::from(2));
    let mut container = ContainerSpec::generated(ContainerName::new("Slot0").expect("a name"), algorithm);
    container.key = KeySource::Import(key.clone());
    let mut profile = CardProfile::gids();
    profile.algorithms.insert(algorithm);
    let mut card = Card::new(profile, [7; 16], Seed::from(1));
    card.personalise(&Personalisation::new(b"1234", [1; 24]).with_container(container)).expect("it fits");
    let slot = &stack.slots()[0];
    let reader = Reader::open(&slot.name).expect("a name");
    let _inserted = insert(share(card), slot.driver(), LONG, |_| {}).expect("the driver listens");
    reader.connect(LONG).expect("a card");
    let ask = |command: &Apdu| {
        let answer = reader.transmit(&command.encode().expect("one APDU")).expect("an answer");
        assert!(answer.ends_with(&[0x90, 0x00]), "{answer:02X?}");
    };
    ask(&commands::select_application());
    ask(&commands::verify(b"1234"));
    let rsa = algorithm != KeyAlgorithm::P256;
    let (padding, kind) =
        if rsa { (Padding::Pkcs1Sign, Algorithm::Rsa2048) } else { (Padding::RawSign, Algorithm::Ecc256) };
    let choose = commands::choose_signature_key(KeyReference::FIRST, padding, kind);
    let input = |what: &str, number: usize| {
        let hash = digest(HashAlgorithm::Sha256, format!("{what} {number}").as_bytes());
        if rsa { digest_info(HashAlgorithm::Sha256, &hash) } else { hash }
    };
    print(took(times, |_| ask(&choose)));
    print(took(times, |number| {
        ask(&choose);
        ask(&commands::sign(&input("card", number)));
    }));
    print(took(times, |number| {
        let input = input("alone", number);
        if rsa {
            key.sign_digest_info(&input).expect("it fits");
        } else {
            key.sign_p256_prehash(&input).expect("a hash");
        }
    }));
}

/// How long each took, in nanoseconds.
fn took(times: usize, mut work: impl FnMut(usize)) -> Vec<u128> {
    let each = |number| {
        let start = Instant::now();
        work(number);
        start.elapsed().as_nanos()
    };
    (0..times).map(each).collect()
}

fn print(mut took: Vec<u128>) {
    took.sort_unstable();
    println!("{} {}", took[took.len() / 2], took[took.len() * 95 / 100]);
}

fn selects(stack: &Stack, times: usize, arguments: &[String]) {
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
        // Without an answer: to describe a file, Debian 12's vicc ends with a TypeError.
        (Inserted::Vicc(Vicc(vicc.expect("vicc can be started"))), vec![0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00])
    };
    reader.connect(LONG).expect("a card");
    print(took(times, |_| {
        let answer = reader.transmit(&apdu).expect("an answer");
        assert!(answer.ends_with(&[0x90, 0x00]), "{answer:02X?}");
    }));
    drop(inserted);
}
