//! The PIV card, as yubico-piv-tool and OpenSC use it.

use autoenroll_card::{Card, CardProfile};
use autoenroll_keys::Seed;

use crate::desk::{Desk, Line, SERIAL, run};

/// A card as it comes: PIN 123456, PUK 12345678, the management key that the tool knows.
fn desk() -> Option<Desk> {
    Desk::with_piv(Card::new(CardProfile::piv(), SERIAL, Seed::from(1)))
}

const STATUS: Line = run("yubico-piv-tool -r Autoenroll -a status");

/// A key in a slot, and a certificate for it from a CA of the moment.
const GENERATE: Line = run(
    "yubico-piv-tool -r Autoenroll -a generate -s 9a -A RSA2048 -o 9a.pub && openssl pkey -pubin -in 9a.pub -noout",
);
const CA: Line = run(
    "openssl req -new -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=CA -config engine.cnf -days 30 -out ca.pem",
);
const CERTIFY: Line =
    run("openssl x509 -new -force_pubkey 9a.pub -subj /CN=alice -CA ca.pem -CAkey ca.key -days 10 -out 9a.pem");
const IMPORT: Line = run("yubico-piv-tool -r Autoenroll -a import-certificate -s 9a -i 9a.pem")
    .says(&["Successfully imported a new certificate."]);

#[test]
fn keys_are_generated_certified_and_used() {
    let Some(desk) = desk() else { return };
    desk.check(&[
        STATUS.says(&[
            "Serial Number:\t1122867",
            "CHUID:\tNo data available",
            "CCC:\tNo data available",
            "PIN tries left:\t3",
        ]),
        run("yubico-piv-tool -r Autoenroll -a version").says(&["Application version 5.4.0 found."]),
        run("yubico-piv-tool -r Autoenroll -a set-chuid -a set-ccc"),
        GENERATE,
        CA,
        CERTIFY,
        IMPORT,
        run("yubico-piv-tool -r Autoenroll -a read-certificate -s 9a | cmp - 9a.pem"),
        STATUS.says(&["Slot 9a:\t\n\tAlgorithm:\tRSA2048\n\tSubject DN:\tCN=alice\n\tIssuer DN:\tCN=CA"]),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 123456 -a test-signature -s 9a -i 9a.pem")
            .says(&["Successful RSA verification."]),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 123456 -a test-decipher -s 9a -i 9a.pem")
            .says(&["Successfully performed RSA decryption!"]),
        run("yubico-piv-tool -r Autoenroll -a test-signature -s 9a -i 9a.pem")
            .fails(1)
            .says(&["Failed signing test data."]),
    ]);
}

/// Where PIN state of one program must not reach the next: pcscd keeps a card powered for a moment.
const SETTLE: Line = run("sleep 1");

#[test]
fn elliptic_curves_sign_agree_and_ask_as_their_slots_say() {
    let Some(desk) = desk() else { return };
    desk.check(&[
        CA,
        run("for s in 9c 9e; do yubico-piv-tool -r Autoenroll -a generate -s $s -A ECCP256 -o $s.pub || exit 1; done"),
        run("yubico-piv-tool -r Autoenroll -a generate -s 9d -A ECCP384 -o 9d.pub"),
        run("for s in 9c 9d 9e; do openssl x509 -new -force_pubkey $s.pub -subj /CN=$s -CA ca.pem -CAkey ca.key -days 10 -out $s.pem || exit 1; done"),
        run("for s in 9c 9d 9e; do yubico-piv-tool -r Autoenroll -a import-certificate -s $s -i $s.pem || exit 1; done"),
        SETTLE,
        run("yubico-piv-tool -r Autoenroll -a test-signature -s 9e -i 9e.pem").says(&["Successful ECDSA verification."]),
        run("yubico-piv-tool -r Autoenroll -a test-signature -s 9c -i 9c.pem").fails(1),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 123456 -a test-signature -s 9c -i 9c.pem")
            .says(&["Successful ECDSA verification."]),
        // The PIN counts for one signature, even in a session that goes on.
        run("yubico-piv-tool -r Autoenroll -a test-signature -s 9c -i 9c.pem").fails(1).says(&["Failed signing test data."]),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 123456 -a test-decipher -s 9d -i 9d.pem")
            .says(&["Successfully performed ECDH exchange with card."]),
    ]);
}

#[test]
fn a_pin_is_counted_down_blocked_and_unblocked_by_the_puk_until_that_is_blocked() {
    let Some(desk) = desk() else { return };
    desk.check(&[
        run("yubico-piv-tool -r Autoenroll -a set-chuid"),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 000000")
            .fails(1)
            .says(&["Pin verification failed, 2 tries left before pin is blocked."]),
        run("pkcs15-tool -r 0 --verify-pin --auth-id 01 --pin 000000").fails(255).says(&["PIN code or key incorrect"]),
        // OpenSC tells no counter of a PIV card that it does not know by its answer to reset.
        STATUS.says(&["PIN tries left:\t1"]),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 000000")
            .fails(1)
            .says(&["Pin code blocked, use unblock-pin action to unblock."]),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 123456").fails(1).says(&["Pin code blocked"]),
        STATUS.says(&["PIN tries left:\t0"]),
        run("pkcs15-tool -r 0 --verify-pin --auth-id 01 --pin 123456")
            .fails(255)
            .says(&["Authentication method blocked"]),
        run("pkcs11-tool --module $M --slot-index 0 --login --pin 123456 -O").fails(1).says(&["CKR_PIN_LOCKED (0xa4)"]),
        run("yubico-piv-tool -r Autoenroll -a unblock-pin -P 00000000 -N 654321")
            .fails(1)
            .says(&["Failed verifying puk code, now 2 tries left before blocked."]),
        run("yubico-piv-tool -r Autoenroll -a unblock-pin -P 12345678 -N 654321")
            .says(&["Successfully unblocked the pin code."]),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 654321").says(&["Successfully verified PIN."]),
        run("pkcs15-tool -r 0 --change-pin --auth-id 01 --pin 654321 --new-pin 123456"),
        run("yubico-piv-tool -r Autoenroll -a change-pin -P 123456 -N 11223344")
            .says(&["Successfully changed the pin code."]),
        run("yubico-piv-tool -r Autoenroll -a change-puk -P 12345678 -N 87654321")
            .says(&["Successfully changed the puk code."]),
        run("yubico-piv-tool -r Autoenroll -a reset").fails(1).says(&["Reset failed, are pincodes blocked?"]),
        run("for n in 1 2 3; do yubico-piv-tool -r Autoenroll -a unblock-pin -P 12345678 -N 654321; done; true")
            .says(&["now 2 tries left", "now 1 tries left", "now 0 tries left"]),
        run("yubico-piv-tool -r Autoenroll -a unblock-pin -P 87654321 -N 654321")
            .fails(1)
            .says(&["The puk code is blocked"]),
        run("for n in 1 2 3; do yubico-piv-tool -r Autoenroll -a verify-pin -P 000000; done; true"),
    ]);
    let state = desk.card();
    assert_eq!((state.pin.tries_left, state.puk.map(|puk| puk.tries_left)), (0, Some(0)));
    desk.check(&[
        run("yubico-piv-tool -r Autoenroll -a reset").says(&["Successfully reset the application."]),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 123456").says(&["Successfully verified PIN."]),
        STATUS.says(&["CHUID:\tNo data available", "PIN tries left:\t3"]),
    ]);
}

#[test]
fn the_management_key_opens_the_card_and_is_changed() {
    let Some(desk) = desk() else { return };
    desk.check(&[
        run("echo 01:02:03:04:05:06:07:08:01:02:03:04:05:06:07:08:01:02:03:04:05:06:07:08 > key"),
        run("PIV_EXT_AUTH_KEY=key piv-tool -r 0 -A M:9B:03"),
        run("yubico-piv-tool -r Autoenroll -a set-mgm-key -n $B").says(&["Successfully set new management key."]),
        run("yubico-piv-tool -r Autoenroll -a set-chuid")
            .fails(1)
            .says(&["Failed authentication with the application."]),
        run("PIV_EXT_AUTH_KEY=key piv-tool -r 0 -A M:9B:03").fails(69),
        run("yubico-piv-tool -r Autoenroll -k$B -a set-chuid").says(&["Successfully set new CHUID."]),
        run(
            "yubico-piv-tool -r Autoenroll -k$B -a verify-pin -P 123456 -a pin-retries --pin-retries 5 --puk-retries 6",
        )
        .says(&["Successfully changed pin retries to 5 and puk retries to 6"]),
        STATUS.says(&["PIN tries left:\t5"]),
        run("yubico-piv-tool -r Autoenroll -a attest -s 9a").fails(1),
    ]);
}

#[test]
fn opensc_reads_signs_and_deciphers() {
    let Some(desk) = desk() else { return };
    desk.check(&[
        run("opensc-tool -r 0 -n").says(&["Personal Identity Verification Card"]),
        run("yubico-piv-tool -r Autoenroll -a set-chuid -a set-ccc"),
        GENERATE,
        CA,
        CERTIFY,
        IMPORT,
        run("pkcs15-tool -r 0 -D").says(&["X.509 Certificate [Certificate for PIV Authentication]"]),
        run("pkcs15-tool -r 0 --read-certificate 01 | openssl x509 -outform DER > a.der && openssl x509 -in 9a.pem -outform DER | cmp - a.der"),
        run("pkcs15-tool -r 0 --verify-pin --auth-id 01 --pin 123456"),
        run("pkcs11-tool --module $M --slot-index 0 --login --pin 123456 --test").says(&["SHA256-RSA-PKCS: OK", "RSA-PKCS: OK"]),
        run("echo hello > m && pkcs11-tool --module $M --slot-index 0 --login --pin 123456 --sign -m SHA256-RSA-PKCS --id 01 -i m -o s"),
        run("openssl dgst -sha256 -verify 9a.pub -signature s m").says(&["Verified OK"]),
        run("openssl pkeyutl -encrypt -pubin -inkey 9a.pub -in m -out e"),
        run("pkcs11-tool --module $M --slot-index 0 --login --pin 123456 --decrypt -m RSA-PKCS --id 01 -i e -o d && cmp d m"),
        // A request signed by the card, by way of OpenSSL.
        run("OPENSSL_CONF=engine.cnf openssl req -new -engine pkcs11 -keyform engine -key 'pkcs11:id=%01;type=private;pin-value=123456' -subj /CN=alice -sha256 -out r.pem"),
        run("openssl req -in r.pem -verify -noout").says(&["verify OK"]),
        run("openssl req -in r.pem -pubkey -noout | cmp - 9a.pub"),
    ]);
}

#[test]
fn keys_and_compressed_certificates_are_imported() {
    let Some(desk) = desk() else { return };
    desk.check(&[
        run("openssl req -new -x509 -newkey rsa:2048 -nodes -keyout bob.key -subj /CN=bob -config engine.cnf -out bob.pem"),
        run("yubico-piv-tool -r Autoenroll -a import-key -s 9d -i bob.key").says(&["Successfully imported a new private key."]),
        run("openssl x509 -in bob.pem -outform DER | gzip -9 > bob.gz"),
        run("yubico-piv-tool -r Autoenroll -a import-certificate -s 9d -K GZIP -i bob.gz"),
        run("pkcs15-tool -r 0 --read-certificate 03 | openssl x509 -noout -subject").says(&["subject=CN = bob"]),
        run("yubico-piv-tool -r Autoenroll -a verify-pin -P 123456 -a test-decipher -s 9d -i bob.pem")
            .says(&["Successfully performed RSA decryption!"]),
        run("openssl ecparam -name prime256v1 -genkey -noout -out eve.key && openssl req -new -x509 -key eve.key -subj /CN=eve -config engine.cnf -out eve.pem"),
        run("yubico-piv-tool -r Autoenroll -a import-key -s 9a -i eve.key --pin-policy never").says(&["Successfully imported"]),
        SETTLE,
        run("yubico-piv-tool -r Autoenroll -a test-signature -s 9a -i eve.pem").says(&["Successful ECDSA verification."]),
    ]);
    // The card keeps the stream as it came; who looks into it sees the certificate.
    desk.check(&[run("openssl x509 -in bob.pem -outform DER -out bob.der")]);
    let state = desk.card();
    let certificate = state.containers.iter().find_map(|container| container.certificate.as_ref());
    assert_eq!(certificate.and_then(|certificate| certificate.der()), Some(desk.file("bob.der").as_slice()));
}
