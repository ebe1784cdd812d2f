//! From a blank card to an initialised one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Command;

use autoenroll_card::{Card, CardProfile, LifeCycle};
use autoenroll_host::{PcscdOptions, ServeOptions, ServedIn, serve, share};
use autoenroll_keys::Seed;

use crate::desk::{Desk, Line, SERIAL, run};

pub(crate) const INITIALISE: Line = run(
    "gids-tool -r 0 --initialize --admin-key $A --pin 12345678 --serial-number 00112233445566778899aabbccddeeff 2>&1",
);

#[test]
fn a_blank_card_is_recognised_and_initialised_once() {
    let Some(desk) = Desk::blank() else { return };
    desk.check(&[
        run("opensc-tool -r 0 -a").says(&["3b:88:80:01:41:55:54:4f:45:4e:52:4c:13"]),
        run("opensc-tool -r 0 -n").says(&["GIDS Smart Card"]),
        run("gids-tool -r 0").says(&["unable to retrieve the master file"]),
        INITIALISE,
    ]);
    let initialised = desk.card();
    assert_eq!(initialised.life_cycle, LifeCycle::Operational);
    assert_eq!(initialised.card_id, Some(SERIAL));
    assert_eq!(initialised.faults, []);
    desk.check(&[
        // The exit code says nothing: gids-tool ends with 0 all the same.
        INITIALISE.says(&["failed with Card is invalid or cannot be handled"]),
        run("gids-tool -r 0").says(&[
            "Found 5 entries in the masterfile",
            "File: \\cardid\n      FileIdentifier: 0xa012\n      DataObjectIdentifier: 0xdf20\n      Size: 16",
            "File: \\cardapps\n      FileIdentifier: 0xa010\n      DataObjectIdentifier: 0xdf21\n      Size: 8",
            "File: \\cardcf\n      FileIdentifier: 0xa010\n      DataObjectIdentifier: 0xdf22\n      Size: 6",
            "File: mscp\\cmapfile\n      FileIdentifier: 0xa010\n      DataObjectIdentifier: 0xdf23\n      Size: 0",
            "no container found",
        ]),
        run("pkcs15-tool -r 0 -D").says(&[
            "Serial number  : 00112233445566778899aabbccddeeff",
            "Reference      : 128 (0x80)",
            "Tries left     : 3",
        ]),
    ]);
    assert_eq!(desk.card(), initialised, "a second initialisation changes nothing");
}

#[test]
fn every_driver_of_opensc_may_try_the_card_first() {
    let Some(desk) = Desk::blank() else { return };
    desk.check(&[
        run("OPENSC_CONF=/dev/null opensc-tool -r 0 -n").says(&["GIDS Smart Card"]),
        INITIALISE,
        run("OPENSC_CONF=/dev/null pkcs15-tool -r 0 -D").says(&["PKCS#15 Card [GIDS card]", "Tries left     : 3"]),
    ]);
}

#[test]
fn a_card_survives_being_pulled() {
    let Some(desk) = Desk::blank() else { return };
    desk.check(&[INITIALISE, run("pkcs15-tool -r 0 --verify-pin --auth-id 80 --pin 00000000").fails(255)]);
    let before = desk.card();
    assert_eq!(before.pin.tries_left, 2);
    desk.pull();
    desk.insert();
    assert_eq!(desk.card(), before);
    desk.check(&[run("pkcs15-tool -r 0 --list-pins").says(&["Tries left     : 2"])]);
}

#[test]
fn a_card_is_served_with_a_pcscd_of_its_own() {
    if !crate::desk::is_complete() {
        return;
    }
    let card = share(Card::new(CardProfile::gids(), SERIAL, Seed::from(1)));
    let reader = ServedIn::OwnPcscd(PcscdOptions::default());
    let options = ServeOptions { reader, inserted: true, trace: true, keep: None };
    let (commands, mut typed) = std::io::pipe().unwrap();
    let (mut shown, out) = std::io::pipe().unwrap();
    std::thread::scope(|scope| {
        let served = scope.spawn(|| serve(&card, &options, BufReader::new(commands), out));
        let mut lines = BufReader::new(&mut shown).lines();
        let announced = lines.next().unwrap().unwrap();
        assert!(lines.any(|line| line.unwrap() == "- power on"));
        let again = "for n in $(seq 200); do opensc-tool --name 2>/dev/null && break; sleep 0.01; done";
        let line = format!("{announced} OPENSC_DRIVER=gids; {again}");
        let output = Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "GIDS Smart Card\n", "{output:?}");
        typed.write_all(b"quit\n").unwrap();
        assert_eq!(served.join().unwrap(), Ok(()));
    });
}
