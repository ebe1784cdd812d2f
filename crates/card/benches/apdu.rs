//! Cost of one APDU without cryptography. `cargo bench -p autoenroll-card`; each row must stay below two microseconds.

use autoenroll_apdu::gids::{ContainerName, FileId, KeyKind, KeyReference, commands, tag};
use autoenroll_apdu::{Command, ins};
use autoenroll_card::{Card, CardProfile, ContainerSpec, KeySource, Personalisation};
use autoenroll_keys::{KeyAlgorithm, Seed};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const PIN: &[u8] = b"12345678";

/// A card with a container and a certificate, the user logged in.
fn card() -> Card {
    let mut card = Card::new(CardProfile::gids(), [7; 16], Seed::from(1));
    let container = ContainerSpec {
        name: ContainerName::new("Slot0").expect("a name"),
        kind: KeyKind::Exchange,
        key: KeySource::Generate(KeyAlgorithm::Rsa2048),
        certificate: Some(vec![0x30; 1_200]),
        default: true,
    };
    card.personalise(&Personalisation::new(PIN, [1; 24]).with_container(container)).expect("it fits");
    card.power_on();
    for command in [commands::select_application(), commands::verify(PIN)] {
        let answer = card.transmit(&command.encode().expect("short"));
        assert_eq!(answer[answer.len() - 2..], [0x90, 0x00]);
    }
    card
}

fn run(bencher: Bencher<'_, '_>, command: &Command) {
    let apdu = command.encode().expect("one APDU");
    bencher.with_inputs(card).bench_local_refs(|card| card.transmit(black_box(&apdu)));
}

#[divan::bench]
fn select_application(bencher: Bencher<'_, '_>) {
    run(bencher, &commands::select_application());
}

#[divan::bench]
fn verify(bencher: Bencher<'_, '_>) {
    run(bencher, &commands::verify(PIN));
}

#[divan::bench]
fn read_the_container_map(bencher: Bencher<'_, '_>) {
    run(bencher, &commands::get_data(FileId::EVERYONE_READ_USER_WRITE, tag::CONTAINER_MAP));
}

#[divan::bench]
fn read_the_public_key(bencher: Bencher<'_, '_>) {
    run(bencher, &commands::read_public_key(KeyReference::FIRST));
}

#[divan::bench]
fn write_the_card_cache_file(bencher: Bencher<'_, '_>) {
    run(bencher, &commands::put_data(FileId::EVERYONE_READ_USER_WRITE, tag::CARD_CACHE, &[0, 0, 1, 0, 2, 0]));
}

#[divan::bench]
fn a_command_the_card_does_not_have(bencher: Bencher<'_, '_>) {
    run(bencher, &Command::new(0x00, ins::READ_BINARY, 0, 0).with_le(256));
}
