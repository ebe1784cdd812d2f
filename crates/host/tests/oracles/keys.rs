//! Keys and certificates, made and used by other people's programs.

use autoenroll_apdu::gids::KeyKind;

use crate::desk::{Desk, Line, run};
use crate::life::INITIALISE;

const GENERATE: Line = run(
    "pkcs15-init -r 0 --verify-pin --auth-id 80 --pin 12345678 --generate-key rsa/2048 --label Slot0 --key-usage sign,decrypt",
);
const PUBLIC_KEY: Line =
    run("pkcs15-tool -r 0 --read-public-key 00 > pub.pem && openssl pkey -pubin -in pub.pem -noout");

#[test]
fn a_key_is_generated_certified_and_used() {
    let Some(desk) = Desk::blank() else { return };
    desk.check(&[
        INITIALISE,
        run("pkcs15-init -r 0 --generate-key rsa/2048 --auth-id 80 --pin 12345678 --label Slot0")
            .fails(1)
            .says(&["Security status not satisfied"]),
        GENERATE,
        run("gids-tool -r 0").says(&[
            "bFlags:                  Valid container,Default container",
            "wKeyExchangeKeySizeBits: 2048",
            "keyref:               0xb081",
        ]),
        PUBLIC_KEY,
        run("OPENSSL_CONF=engine.cnf openssl req -new -x509 -engine pkcs11 -keyform engine -key 'pkcs11:object=Slot0;type=private;pin-value=12345678' -subj /CN=alice -sha256 -outform DER -out c.der"),
        run("openssl x509 -inform DER -in c.der -out c.pem && openssl verify -CAfile c.pem c.pem").says(&["c.pem: OK"]),
        run("openssl x509 -in c.pem -pubkey -noout | cmp - pub.pem"),
        run("pkcs15-init -r 0 --verify-pin --auth-id 80 --pin 12345678 --store-certificate c.der --format der --id 00"),
        run("pkcs15-tool -r 0 --read-certificate 00 | openssl x509 -outform DER | cmp - c.der"),
        run("pkcs11-tool --module $M --slot-index 0 --login --pin 12345678 --test").says(&[
            "    SHA256-RSA-PKCS: OK",
            "Decryption (currently only for RSA)\n  testing key 0 (Slot0)\n    RSA-PKCS: OK",
            // The only one: GIDS has no random numbers for the host.
            "1 errors",
        ]),
        run("echo hello > m && pkcs11-tool --module $M --slot-index 0 --login --pin 12345678 --sign -m SHA256-RSA-PKCS --id 00 -i m -o s"),
        run("openssl dgst -sha256 -verify pub.pem -signature s m").says(&["Verified OK"]),
        run("echo hullo > n && openssl dgst -sha256 -verify pub.pem -signature s n").fails(1),
        run("openssl pkeyutl -encrypt -pubin -inkey pub.pem -in m -out e"),
        run("pkcs11-tool --module $M --slot-index 0 --login --pin 12345678 --decrypt -m RSA-PKCS --id 00 -i e -o d && cmp d m"),
    ]);
    let state = desk.card();
    assert_eq!((state.default_container, state.faults.len(), state.user), (Some(0), 0, false));
    let [container] = state.containers.as_slice() else { panic!("{state:?}") };
    assert_eq!((container.name.as_str(), container.exchange_bits, container.signature_bits), ("Slot0", 2048, 0));
    let certificate = container.certificate.as_ref().and_then(|certificate| certificate.der());
    assert_eq!(certificate, Some(desk.file("c.der").as_slice()));
}

#[test]
fn keys_are_added_imported_and_deleted() {
    let Some(desk) = Desk::blank() else { return };
    desk.check(&[
        INITIALISE,
        GENERATE,
        run("openssl req -new -x509 -newkey rsa:2048 -nodes -keyout k.pem -subj /CN=bob -config engine.cnf -out c.pem && openssl x509 -in c.pem -outform DER -out c.der"),
        run("openssl pkcs12 -export -inkey k.pem -in c.pem -passout pass:x -out k.p12"),
        run("pkcs11-tool --module $M --slot-index 0 --login --pin 12345678 --keypairgen --key-type rsa:2048 --label X --id 02")
            .says(&["Key pair generated"]),
        run("pkcs11-tool --module $M --slot-index 0 --login --pin 12345678 --write-object c.der --type cert --id 01")
            .says(&["Created certificate"]),
        run("pkcs15-init -r 0 --verify-pin --auth-id 80 --pin 12345678 --store-private-key k.p12 --format pkcs12 --passphrase x --label imported")
            .says(&["0: /CN=bob"]),
        run("pkcs15-init -r 0 --verify-pin --auth-id 80 --pin 12345678 --generate-key rsa/1024 --key-usage sign --label sig"),
        run("gids-tool -r 0").says(&["wSigKeySizeBits:         1024", "keyref:               0xb084"]),
        // The imported key is the one that OpenSSL made.
        run("echo hello > m && pkcs11-tool --module $M --slot-index 0 --login --pin 12345678 --sign -m SHA256-RSA-PKCS --id 02 -i m -o s"),
        run("openssl x509 -in c.pem -pubkey -noout > pub.pem && openssl dgst -sha256 -verify pub.pem -signature s m")
            .says(&["Verified OK"]),
        run("pkcs15-tool -r 0 --read-certificate 02 | openssl x509 -outform DER | cmp - c.der"),
    ]);
    let state = desk.card();
    let seen: Vec<_> = state
        .containers
        .iter()
        .map(|c| (c.name.as_str(), c.default, c.key.as_ref().unwrap().kind, c.certificate.is_some()))
        .collect();
    assert_eq!(
        seen,
        [
            ("Slot0", true, KeyKind::Exchange, false),
            ("X", false, KeyKind::Exchange, true),
            ("imported", false, KeyKind::Exchange, true),
            ("sig", false, KeyKind::Signature, false),
        ]
    );
    desk.check(&[
        run("pkcs15-init -r 0 --verify-pin --auth-id 80 --pin 12345678 --delete-objects privkey,cert --id 01")
            .says(&["Deleted 2 objects"]),
        run("gids-tool -r 0").says(&["bFlags:                  Empty container"]),
    ]);
    let state = desk.card();
    let names: Vec<_> = state.containers.iter().map(|c| (c.index, c.name.as_str())).collect();
    assert_eq!(names, [(0, "Slot0"), (2, "imported"), (3, "sig")], "a deleted record stays in its place");
}
