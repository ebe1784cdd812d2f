//! Nothing is between pcscd and the card: its log has the bytes that the card saw.

use autoenroll_apdu::redact_bytes;
use autoenroll_host::Exchange;

use crate::desk::{Desk, run};
use crate::life::INITIALISE;

#[test]
fn pcscd_logs_the_apdus_that_the_card_answered() {
    let Some(desk) = Desk::blank() else { return };
    desk.check(&[
        INITIALISE,
        run("pkcs15-init -r 0 --verify-pin --auth-id 80 --pin 12345678 --generate-key rsa/2048 --label Slot0"),
        run("pkcs11-tool --module $M --slot-index 0 --login --pin 12345678 --test"),
    ]);
    let logged: Vec<(Vec<u8>, Vec<u8>)> =
        desk.pcscd().apdus().unwrap().into_iter().map(|apdu| (redact_bytes(&apdu.command), apdu.response)).collect();
    let heard: Vec<(Vec<u8>, Vec<u8>)> = desk
        .heard()
        .into_iter()
        .filter_map(|exchange| match exchange {
            Exchange::Apdu { command, response } => Some((command, response)),
            _ => None,
        })
        .collect();
    assert!(logged.len() > 100, "{}", logged.len());
    assert_eq!(logged, heard);
    let pin = b"12345678";
    assert!(!heard.iter().any(|(command, _)| command.windows(pin.len()).any(|bytes| bytes == pin)));
}
