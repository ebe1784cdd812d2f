//! The initialisation that OpenSC and Microsoft's page write, byte for byte.

use crate::host::{ADMIN_KEY, PIN, SERIAL, blank, exchange, expect, hex, to_hex};
use autoenroll_card::{Card, CardProfile, LifeCycle, Mark, Personalisation, PinState};
use autoenroll_keys::Seed;

/// PIN, files with their access conditions, admin key.
const FILES: &str = "
    00240180 08 3132333435363738 -> 9000
    00E00000 0E 620C8201398302A0008C03033000 -> 9000
    00440000 -> 9000
    00E00000 0E 620C8201398302A0108C03033000 -> 9000
    00440000 -> 9000
    00E00000 0E 620C8201398302A0118C030330FF -> 9000
    00440000 -> 9000
    00E00000 0E 620C8201398302A0128C03032000 -> 9000
    00440000 -> 9000
    00E00000 0E 620C8201398302A0138C03033030 -> 9000
    00440000 -> 9000
    00E00000 0E 620C8201398302A0148C03032020 -> 9000
    00440000 00 -> 9000 ; Microsoft's page sends an Le
    00E00000 1C 621A8201188302B0808C04870020FFA50BA4098001028301809501C0 -> 9000
    00440000 -> 9000
    00DB3FFF 26 7024840180A51F871801020304050607080102030405060708010203040506070888 03B073DC -> 9000";

/// The logical file system.
const FILE_SYSTEM: &str = "
    00DBA000 91 DF1F818D
        01 6D73637000000000000000000000000000000000 00000000 00A00000
           000000000000000000 6361726469640000000000 20DF0000 12A00000
           000000000000000000 6361726461707073000000 21DF0000 10A00000
           000000000000000000 6361726463660000000000 22DF0000 10A00000
           6D7363700000000000 636D617066696C65000000 23DF0000 10A00000 -> 9000
    00DBA010 0B DF21086D73637000000000 -> 9000
    00DBA010 09 DF2206000000000000 -> 9000
    00DBA010 03 DF2300 -> 9000
    00DBA012 13 DF201000112233445566778899AABBCCDDEEFF -> 9000";

const OPERATIONAL: &str = "
    00A4000C 02 3FFF -> 9000
    00440000 -> 9000";

/// One command per line: a line that is indented further belongs to the one before.
fn joined(script: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in script.lines().filter(|line| !line.trim().is_empty()) {
        match lines.last_mut().filter(|_| line.starts_with("        ")) {
            Some(last) => last.push_str(line),
            None => lines.push(line.into()),
        }
    }
    lines.join("\n")
}

fn run(card: &mut Card, scripts: &[&str]) {
    scripts.iter().for_each(|script| exchange(card, &joined(script)));
}

fn initialised_by_commands() -> Card {
    let mut card = blank(CardProfile::gids());
    run(&mut card, &["00A4040C 09 A00000039742544659 -> 9000", "00CBA000 04 5C02DF1F 00 -> 6A82"]);
    run(&mut card, &[FILES, FILE_SYSTEM, OPERATIONAL]);
    card
}

#[test]
fn a_card_initialised_by_commands_is_operational_and_shows_its_file_system() {
    let mut card = initialised_by_commands();
    let state = card.look();
    assert_eq!(state.life_cycle, LifeCycle::Operational);
    assert_eq!(state.card_id, Some(SERIAL));
    assert_eq!(state.pin, PinState { set: true, tries_left: 3, limit: 3 });
    assert_eq!((state.user, state.admin, state.free_containers), (false, false, 16));
    assert_eq!((state.containers, state.faults), (vec![], vec![]));
    exchange(
        &mut card,
        "00CBA010 04 5C02DF23 00 -> DF2300 9000
         00CBA010 04 5C02DF22 00 -> DF2206000000000000 9000
         00CBA010 04 5C02DF21 00 -> DF21086D73637000000000 9000
         00CBA012 04 5C02DF20 00 -> DF201000112233445566778899AABBCCDDEEFF 9000
         00CB3FFF 04 5C027F71 00 -> 7F71069701039301039000
         00CB3FFF 04 5C027F73 00 -> 6A88
         00CBA000 04 5C02DF20 00 -> 6A88 ; no key map before the first key",
    );
    let master = card.transmit(&hex("00CBA000 04 5C02DF1F 00"));
    assert_eq!(master.len(), 4 + 141 + 2);
    assert_eq!(to_hex(&master[..5]), "DF1F818D01");
}

#[test]
fn a_personalised_card_equals_one_initialised_by_commands() {
    let mut by_commands = initialised_by_commands();
    by_commands.power_off();
    let mut personalised = Card::new(CardProfile::gids(), SERIAL, Seed::from(1));
    personalised.personalise(&Personalisation::new(PIN, ADMIN_KEY)).unwrap();
    assert_eq!(personalised, by_commands);
}

#[test]
fn the_file_system_may_also_be_written_after_activation_by_pin_or_admin() {
    let mut card = blank(CardProfile::gids());
    exchange(&mut card, "00A4040C 09 A00000039742544659 -> 9000");
    run(&mut card, &[FILES, OPERATIONAL]);
    expect(&mut card, "00DBA010 03 DF2300", "6982");
    expect(&mut card, "00200080 08 3132333435363738", "9000");
    let (admins, users): (Vec<_>, Vec<_>) =
        joined(FILE_SYSTEM).lines().map(String::from).partition(|line| line.contains("00DBA012"));
    exchange(&mut card, &users.join("\n"));
    // The card identifier is the admin's to write.
    expect(&mut card, admins[0].split("->").next().unwrap(), "6982");
    assert_eq!(crate::host::authenticate(&mut card, &ADMIN_KEY), autoenroll_apdu::StatusWord::OK);
    exchange(&mut card, &admins.join("\n"));
    let mut expected = initialised_by_commands();
    expected.power_off();
    card.power_off();
    assert_eq!(card.look(), expected.look());
}

#[test]
fn a_second_initialisation_fails_at_its_first_probe() {
    let mut card = initialised_by_commands();
    expect(&mut card, "00A4040C 09 A00000039742544659", "9000");
    let answer = card.transmit(&hex("00CBA000 04 5C02DF1F 00"));
    assert_eq!(to_hex(&answer[answer.len() - 2..]), "9000");
    exchange(
        &mut card,
        "00240180 08 3132333435363738 -> 6982
         00E00000 0E 620C8201398302A0008C03033000 -> 6982",
    );
    assert!(card.marks().contains(Mark::SetPinRefused) && card.marks().contains(Mark::CreateRefused));
}
