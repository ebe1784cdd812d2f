//! OpenSSL, which knows nothing of this project, reads what the founding story leaves behind: the certificate on the
//! card, the CA's certificate, and the request that went over the wire.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use autoenroll_core::InProcess;
use autoenroll_model::{Fact, hex};
use autoenroll_tests::shared::Shared;
use autoenroll_tests::{play, scratch};
use autoenroll_trace::{Kind, Trace};
use autoenroll_world::{CaHost as _, CardHost as _, Hosts, InProcessCards, InProcessCas};

const FOUNDING_STORY: &str = "founding/second-provider";
const CARD: &str = "alice-card";
/// A moment of the story's day, in Unix time: 2026-03-02T20:00:00Z.
const EVENING: &str = "1772481600";

/// What the story leaves behind, as PEM and DER files.
struct Found {
    directory: PathBuf,
    subject: String,
}

fn founding_story(name: &str) -> Found {
    let hosts = Hosts::<Shared<InProcessCards>, Shared<InProcessCas>>::default();
    let trace = play(FOUNDING_STORY, InProcess::new(), hosts.clone()).unwrap();
    let issued = fact(&trace, Kind::Issued, "der");
    let ca = fact(&trace, Kind::Issued, "ca");

    let state = hosts.cards.card(CARD, |card| card.look()).unwrap();
    let container =
        state.containers.iter().find(|container| container.default).expect("the new container is the default");
    let on_card =
        container.certificate.as_ref().and_then(|certificate| certificate.der()).expect("it has a certificate");
    assert_eq!(hex::encode(on_card), issued, "the card holds the certificate that was issued");
    let key = container.key.as_ref().and_then(|key| key.public.as_ref()).expect("it has a key");
    let root = hosts.cas.ca(&ca, |ca| ca.identity().certificate().to_vec()).unwrap();

    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), name);
    fs::write(directory.join("card.der"), on_card).unwrap();
    fs::write(directory.join("key.der"), key.spki_der()).unwrap();
    fs::write(directory.join("root.der"), root).unwrap();
    fs::write(directory.join("request.der"), hex::decode(&fact(&trace, Kind::Request, "request")).unwrap()).unwrap();
    for name in ["card", "root"] {
        openssl(&directory, &["x509", "-inform", "DER", "-in", &format!("{name}.der"), "-out", &format!("{name}.pem")]);
    }
    Found { directory, subject: fact(&trace, Kind::Issued, "subject") }
}

/// A fact of the only record of its kind.
fn fact(trace: &Trace, kind: Kind, name: &str) -> String {
    let records: Vec<_> = trace.of(kind).collect();
    let [record] = records.as_slice() else { panic!("{} records of {kind}", records.len()) };
    match record.fact(name) {
        Some(Fact::Text(text)) => text.to_string(),
        other => panic!("{kind} has {name} = {other:?}"),
    }
}

/// Runs OpenSSL in a directory and returns what it printed; it must succeed.
fn openssl(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(directory).output();
    let output = output.unwrap_or_else(|error| panic!("OpenSSL is needed for this test (Debian: openssl): {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn the_certificate_is_one_and_its_key_is_on_the_card() {
    let found = founding_story("openssl-certificate");
    let text = openssl(&found.directory, &["x509", "-in", "card.pem", "-noout", "-text"]);
    for expected in ["1.3.6.1.4.1.311.21.7", "Microsoft Smartcard Login", "Digital Signature", "Public-Key: (2048 bit)"]
    {
        assert!(text.contains(expected), "expected {expected} in {text}");
    }
    let subject =
        openssl(&found.directory, &["x509", "-in", "card.pem", "-noout", "-subject", "-nameopt", "RFC2253,utf8"]);
    assert_eq!(subject.trim(), format!("subject={}", found.subject));
    let of_certificate = openssl(&found.directory, &["x509", "-in", "card.pem", "-noout", "-pubkey"]);
    let of_card = openssl(&found.directory, &["pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-pubout"]);
    assert_eq!(of_certificate, of_card);
}

#[test]
fn the_certificate_is_valid_at_the_storys_time() {
    let found = founding_story("openssl-verify");
    let text =
        openssl(&found.directory, &["verify", "-x509_strict", "-attime", EVENING, "-CAfile", "root.pem", "card.pem"]);
    assert_eq!(text.trim(), "card.pem: OK");
}

#[test]
fn the_requests_signature_is_by_the_key_on_the_card() {
    let found = founding_story("openssl-request");
    // The request was signed before there was a certificate, so it names its signer by key; the certificate that was
    // issued for that key has the same key identifier.
    let inside = "inside.der";
    openssl(
        &found.directory,
        &[
            "cms",
            "-verify",
            "-inform",
            "DER",
            "-in",
            "request.der",
            "-certfile",
            "card.pem",
            "-noverify",
            "-out",
            inside,
        ],
    );
    // PKIData (RFC 5272, 3.2.1) with one PKCS #10 request in it.
    let structure = openssl(&found.directory, &["asn1parse", "-inform", "DER", "-in", inside]);
    assert!(structure.contains("1.3.6.1.4.1.311.10.10.1") && structure.contains("rsaEncryption"), "{structure}");
}
