//! What is on a card and what a person has to know to work with it, in words.

use autoenroll_card::{Applet, Card, CardState, ContainerState, LifeCycle, PinState};

/// Where a served card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    In,
    Out,
}

/// One line for the start: which card it is, and what opens it.
pub(crate) fn introduce(card: &Card) -> String {
    let profile = card.profile();
    let CardState { blank, pin, puk, .. } = card.look();
    let opens = match card.pin() {
        Some(value) => {
            let blank = if blank { "blank: no objects and no keys, " } else { "" };
            let puk = card.puk().map_or(String::new(), |value| format!(", PUK {}{}", readable(value), blocked(puk)));
            format!("{blank}PIN {}{}{puk}, {} {}", readable(value), blocked(Some(pin)), key_name(card), admin_key(card))
        }
        None if blank => "blank: `gids-tool --initialize` makes it ready".to_owned(),
        None => "no PIN yet".to_owned(),
    };
    let hints: String = hints(card).iter().map(|hint| format!("\n{hint}")).collect();
    format!("{}, serial {}, {opens}; type help{hints}", profile.name, hex(&card.serial()))
}

/// What programs of others make of this card that looks like a fault of it: `docs/cards.md` has the whole of it.
fn hints(card: &Card) -> Vec<String> {
    let mut hints = Vec::new();
    let CardState { containers, .. } = card.look();
    let gids = card.profile().applet == Applet::Gids;
    if gids && card.pin().is_some_and(|pin| !OPENSC_PINS.contains(&pin.len())) {
        hints.push("OpenSC takes PINs of 4 to 15 bytes, so that its programs do not even try this one".to_owned());
    }
    let named = |which: fn(&ContainerState) -> bool| {
        let names = containers.iter().filter(|container| which(container)).map(|container| container.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let foreign = named(|container| !container.name.is_ascii());
    if gids && !foreign.is_empty() {
        hints.push(format!("OpenSC cuts each character of a name to its low byte, and shows {foreign} otherwise"));
    }
    let elliptic = named(is_elliptic);
    if gids && !elliptic.is_empty() {
        hints.push(format!(
            "OpenSC knows no elliptic curves on GIDS cards: it shows {elliptic} as RSA and cannot sign with it"
        ));
    }
    if containers.iter().filter(|container| container.certificate.is_some()).count() > 1 {
        hints.push("`kinit` takes none of several certificates, unless certid= says which".to_owned());
    }
    hints
}

fn is_elliptic(container: &ContainerState) -> bool {
    container.key.as_ref().and_then(|key| key.public.as_ref()).is_some_and(|public| !public.is_rsa())
}

fn blocked(state: Option<PinState>) -> &'static str {
    if state.is_some_and(|state| state.tries_left == 0) { ", blocked" } else { "" }
}

/// What managers of the card prove, as its specification calls it.
fn key_name(card: &Card) -> &'static str {
    match card.profile().applet {
        Applet::Gids => "admin key",
        Applet::Piv(_) => "management key",
    }
}

/// Lengths that OpenSC 0.23 takes for a PIN of a GIDS card; any other it refuses without asking the card.
const OPENSC_PINS: std::ops::RangeInclusive<usize> = 4..=15;

/// Everything, for whoever asks for the state.
pub(crate) fn describe(card: &Card, place: Where) -> String {
    let state = card.look();
    let life_cycle = match (state.life_cycle, card.profile().applet) {
        (_, Applet::Piv(_)) if state.blank => "blank: no objects and no keys",
        (LifeCycle::Creation, _) if state.blank => "blank: not initialised",
        (LifeCycle::Creation, _) => "being initialised",
        (LifeCycle::Operational, _) => "operational",
        (LifeCycle::Terminated, _) => "terminated",
    };
    let place = match (place, card.is_powered()) {
        (Where::Out, _) => "out of the reader",
        (Where::In, true) => "in the reader, with power",
        (Where::In, false) => "in the reader, without power",
    };
    let id = state.card_id.map_or("none".to_owned(), |id| hex(&id));
    let mut text =
        format!("{}, serial {}, card id {id}, {life_cycle}, {place}\n", card.profile().name, hex(&card.serial()));
    text += &match card.profile().applet {
        Applet::Gids if state.blank => "no PIN and no admin key yet: `gids-tool --initialize` sets them\n".to_owned(),
        Applet::Gids => {
            let pin = describe_pin(card, &state, "use the admin key");
            format!("{pin}no PUK; the admin key {} unblocks the PIN\n", admin_key(card))
        }
        Applet::Piv(_) => describe_pin(card, &state, "use the PUK") + &describe_puk(card, &state),
    };
    text += &format!("{} bytes and {} containers free\n", state.free_bytes, state.free_containers);
    state.containers.iter().for_each(|container| text += &describe_container(container, card.profile().applet));
    text
}

/// The PIN, its tries, and what unblocks it.
fn describe_pin(card: &Card, state: &CardState, mended: &str) -> String {
    let CardState { pin, user, .. } = state;
    let told = match () {
        () if pin.tries_left == 0 => format!(", blocked: type unblock, or {mended}"),
        () if *user => ", presented".to_owned(),
        () => String::new(),
    };
    let value = card.pin().map_or("none".to_owned(), readable);
    format!("PIN {value}: {} of {} tries left{told}\n", pin.tries_left, pin.limit)
}

/// The PUK, its tries, and the management key.
fn describe_puk(card: &Card, state: &CardState) -> String {
    let (Some(value), Some(puk)) = (card.puk(), state.puk) else { return String::new() };
    let blocked = blocked(Some(puk));
    let tries = format!("{} of {} tries left{blocked}", puk.tries_left, puk.limit);
    format!("PUK {}: {tries}\n{} {}\n", readable(value), key_name(card), admin_key(card))
}

fn describe_container(container: &ContainerState, applet: Applet) -> String {
    let key = match container.key.as_ref().and_then(|key| key.public.as_ref()) {
        Some(public) => match public.algorithm() {
            Some(algorithm) => algorithm.to_string(),
            None => format!("{} bits", public.bits()),
        },
        // A slot of a PIV card has its key; it is on a curve that no CA of the bench certifies.
        None if applet != Applet::Gids => format!("{} bits", container.exchange_bits.max(container.signature_bits)),
        // The map is what a host has written; the key may never have been made.
        None => format!("no key, of {} bits by the map", container.exchange_bits.max(container.signature_bits)),
    };
    let certificate = match container.certificate.as_ref().map(|certificate| certificate.der()) {
        None => "no certificate".to_owned(),
        Some(None) => "a damaged certificate".to_owned(),
        Some(Some(der)) => format!("a certificate of {} bytes", der.len()),
    };
    let default = if container.default { ", default" } else { "" };
    format!("container {} {:?}: {key}, {certificate}{default}\n", container.index, container.name)
}

/// A PIN to type: text, or its bytes where they are none. This is a bench, and its secrets are there to be used.
fn readable(pin: &[u8]) -> String {
    std::str::from_utf8(pin).map_or_else(|_| format!("of the bytes {}", hex(pin)), |text| format!("{text:?}"))
}

fn admin_key(card: &Card) -> String {
    card.admin_key().map_or("none".to_owned(), hex)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use autoenroll_apdu::gids::{Algorithm, ContainerName, KeyKind, KeyReference, commands};
    use autoenroll_card::{CardProfile, ContainerSpec, Personalisation};
    use autoenroll_keys::{KeyAlgorithm, Seed};

    use super::*;

    const ADMIN_KEY: [u8; 24] = [0x0A; 24];

    fn card() -> Card {
        Card::new(CardProfile::gids(), [0x11; 16], Seed::from(1))
    }

    /// What a card is like, and what its introduction says of other programs.
    #[test]
    fn what_other_programs_make_of_a_card_is_told_before_they_are_blamed_on_it() {
        let lines = |pin: &[u8], containers: &[(&str, KeyAlgorithm)], certificates: bool| {
            let mut with = Personalisation::new(pin, ADMIN_KEY);
            for (name, algorithm) in containers {
                let mut container = ContainerSpec::generated(ContainerName::new(name).unwrap(), *algorithm);
                container.certificate = certificates.then(|| vec![0x30, 0x00]);
                with = with.with_container(container);
            }
            let mut profile = CardProfile::gids();
            profile.algorithms.insert(KeyAlgorithm::P256);
            let mut card = Card::new(profile, [0x11; 16], Seed::from(1));
            card.personalise(&with).unwrap();
            introduce(&card).lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let rsa = KeyAlgorithm::Rsa1024;
        let nothing: [&str; 0] = [];
        assert_eq!(lines(b"123456789012345", &[("Slot0", rsa)], true), nothing);
        assert_eq!(
            lines(b"1234567890123456", &[("Slot0", rsa), ("Slot1", rsa)], false),
            ["OpenSC takes PINs of 4 to 15 bytes, so that its programs do not even try this one"]
        );
        assert_eq!(
            lines(b"1234", &[("ec", KeyAlgorithm::P256), ("Ключ", rsa), ("é", rsa)], true),
            [
                "OpenSC cuts each character of a name to its low byte, and shows Ключ, é otherwise",
                "OpenSC knows no elliptic curves on GIDS cards: it shows ec as RSA and cannot sign with it",
                "`kinit` takes none of several certificates, unless certid= says which",
            ]
        );
    }

    #[test]
    fn a_card_is_told_at_each_stage_of_its_life() {
        let mut card = card();
        let serial = "11".repeat(16);
        assert_eq!(
            introduce(&card),
            format!("gids, serial {serial}, blank: `gids-tool --initialize` makes it ready; type help")
        );
        assert_eq!(
            describe(&card, Where::In),
            format!(
                "gids, serial {serial}, card id none, blank: not initialised, in the reader, without power\n\
                 no PIN and no admin key yet: `gids-tool --initialize` sets them\n\
                 65536 bytes and 16 containers free\n"
            )
        );
        let name = ContainerName::new("Ключ").unwrap();
        let with = Personalisation::new(b"1234", ADMIN_KEY)
            .with_container(ContainerSpec::generated(name, KeyAlgorithm::Rsa1024));
        card.personalise(&with).unwrap();
        let admin_key = "0a".repeat(24);
        assert_eq!(
            introduce(&card),
            format!(
                "gids, serial {serial}, PIN \"1234\", admin key {admin_key}; type help\n\
                 OpenSC cuts each character of a name to its low byte, and shows Ключ otherwise"
            )
        );
        card.power_on();
        card.set_tries_left(0);
        let free = card.look().free_bytes;
        assert_eq!(
            describe(&card, Where::In),
            format!(
                "gids, serial {serial}, card id {serial}, operational, in the reader, with power\n\
                 PIN \"1234\": 0 of 3 tries left, blocked: type unblock, or use the admin key\n\
                 no PUK; the admin key {admin_key} unblocks the PIN\n\
                 {free} bytes and 15 containers free\n\
                 container 0 \"Ключ\": rsa-1024, no certificate\n"
            )
        );
        card.power_off();
        assert!(describe(&card, Where::Out).contains(", operational, out of the reader\n"));
    }

    #[test]
    fn a_piv_card_is_told_with_its_puk() {
        let mut card = Card::new(CardProfile::piv(), [0x11; 16], Seed::from(1));
        let serial = "11".repeat(16);
        let opened = format!("PUK \"12345678\", management key {}", "0102030405060708".repeat(3));
        assert_eq!(
            introduce(&card),
            format!("piv, serial {serial}, blank: no objects and no keys, PIN \"123456\", {opened}; type help")
        );
        assert!(
            describe(&card, Where::Out).contains(", card id none, blank: no objects and no keys, out of the reader\n")
        );
        let name = ContainerName::new("Slot0").unwrap();
        let with = Personalisation::new(b"654321", ADMIN_KEY)
            .with_container(ContainerSpec::generated(name, KeyAlgorithm::P256));
        card.personalise(&with).unwrap();
        card.set_tries_left(0);
        let admin_key = "0a".repeat(24);
        assert_eq!(
            introduce(&card),
            format!(
                "piv, serial {serial}, PIN \"654321\", blocked, PUK \"12345678\", management key {admin_key}; type help"
            )
        );
        let CardState { free_bytes, free_containers, .. } = card.look();
        assert_eq!(
            describe(&card, Where::In),
            format!(
                "piv, serial {serial}, card id {serial}, operational, in the reader, without power\n\
                 PIN \"654321\": 0 of 3 tries left, blocked: type unblock, or use the PUK\n\
                 PUK \"12345678\": 3 of 3 tries left\nmanagement key {admin_key}\n\
                 {free_bytes} bytes and {free_containers} containers free\n\
                 container 0 \"Slot0\": p-256, no certificate\n"
            )
        );
    }

    /// A host writes the map first. When the card then refuses to make the key, the map still names its size.
    #[test]
    fn a_container_whose_key_was_never_made_is_said_to_have_none() {
        let mut card = card();
        let name = ContainerName::new("gone").unwrap();
        let with = Personalisation::new(b"1234", ADMIN_KEY)
            .with_container(ContainerSpec::generated(name, KeyAlgorithm::Rsa2048));
        card.personalise(&with).unwrap();
        card.power_on();
        let file = commands::user_key_file(KeyReference::FIRST, Algorithm::Rsa2048, KeyKind::Exchange);
        for command in [
            commands::select_application(),
            commands::verify(b"1234"),
            commands::select_file(file.id),
            commands::delete_file(),
            commands::create_file(&file),
        ] {
            let answer = card.transmit(&command.encode().unwrap());
            assert!(answer.ends_with(&[0x90, 0x00]), "{answer:02X?}");
        }
        let told = describe(&card, Where::In);
        assert!(told.ends_with("container 0 \"gone\": no key, of 2048 bits by the map, no certificate\n"), "{told}");
    }
}
