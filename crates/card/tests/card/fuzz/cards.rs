//! The cards a run starts from: blank, half initialised, in use, nearly full.

use autoenroll_apdu::gids::{Algorithm, KeyKind, KeyReference, commands};
use autoenroll_card::{Capacity, Card, CardProfile, ContainerSpec, KeySource, Personalisation};
use autoenroll_keys::{KeyAlgorithm, Seed};

use crate::host::{ADMIN_KEY, PIN, SERIAL, blank, gids_full, logged_in, name, ok};

/// A card, and what the observer has to know about it.
pub(super) struct Start {
    pub(super) card: Card,
    pub(super) pin: Option<Vec<u8>>,
    pub(super) admin_key: Option<[u8; 24]>,
    pub(super) operational: bool,
    /// Algorithms whose keys are cheap enough for thousands of operations.
    pub(super) algorithms: Vec<Algorithm>,
}

fn initialised(profile: CardProfile, containers: Vec<ContainerSpec>, algorithms: &[Algorithm]) -> Start {
    let mut card = Card::new(profile, SERIAL, Seed::from(5));
    card.personalise(&Personalisation { containers, ..Personalisation::new(PIN, ADMIN_KEY) })
        .expect("these containers fit this card");
    Start {
        card,
        pin: Some(PIN.to_vec()),
        admin_key: Some(ADMIN_KEY),
        operational: true,
        algorithms: algorithms.to_vec(),
    }
}

fn unset(card: Card, operational: bool) -> Start {
    Start { card, pin: None, admin_key: None, operational, algorithms: vec![Algorithm::Rsa1024] }
}

pub(super) fn starting_cards() -> Vec<Start> {
    let container = |text, algorithm, kind| ContainerSpec {
        name: name(text),
        kind,
        key: KeySource::Generate(algorithm),
        certificate: Some(vec![0x30; 500]),
        default: true,
    };
    let rsa = [Algorithm::Rsa1024];
    let both = [Algorithm::Rsa1024, Algorithm::Ecc256, Algorithm::Ecc256, Algorithm::Ecc256, Algorithm::Ecc256];
    let used = vec![
        container("Slot0", KeyAlgorithm::Rsa1024, KeyKind::Exchange),
        container("Slot1", KeyAlgorithm::Rsa1024, KeyKind::Signature),
    ];
    let mixed = vec![
        container("Slot0", KeyAlgorithm::Rsa1024, KeyKind::Exchange),
        container("Slot1", KeyAlgorithm::P256, KeyKind::Exchange),
    ];
    let no_default = CardProfile::named("gids-no-default").expect("built in");
    let small = CardProfile::named("gids-small").expect("built in");
    vec![
        initialised(CardProfile::gids(), used.clone(), &rsa),
        initialised(gids_full(), mixed, &both),
        initialised(small, used[..1].to_vec(), &rsa),
        initialised(no_default, vec![], &rsa),
        unset(blank(CardProfile::gids()), false),
        nearly_full(),
        without_pin_and_admin_key(),
    ]
}

/// Two key files without keys, and not enough memory to make one.
fn nearly_full() -> Start {
    let capacity = Capacity { containers: 4, bytes: 900, object_bytes: 300 };
    let mut card = logged_in(CardProfile { capacity, ..CardProfile::gids() });
    for key in [KeyReference(0x81), KeyReference(0x82)] {
        ok(&mut card, &commands::create_file(&commands::user_key_file(key, Algorithm::Rsa1024, KeyKind::Signature)));
        ok(&mut card, &commands::activate_file());
    }
    card.power_off();
    Start {
        card,
        pin: Some(PIN.to_vec()),
        admin_key: Some(ADMIN_KEY),
        operational: true,
        algorithms: vec![Algorithm::Rsa1024],
    }
}

/// Made operational before a PIN and an admin key were set: such a card can never be used.
fn without_pin_and_admin_key() -> Start {
    let mut card = blank(CardProfile::gids());
    ok(&mut card, &commands::select_application());
    ok(&mut card, &commands::create_file(&commands::admin_key_file()));
    ok(&mut card, &commands::activate_file());
    ok(&mut card, &commands::select_file(autoenroll_apdu::gids::FileId::APPLICATION));
    ok(&mut card, &commands::activate_file());
    card.power_off();
    unset(card, true)
}
