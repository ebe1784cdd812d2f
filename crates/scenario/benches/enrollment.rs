//! What a run costs: `cargo bench -p autoenroll-scenario --bench enrollment`.
//!
//! * An enrollment with RSA-2048 is bounded by RSA private key operations: two signatures of the new key (PKCS #10 and
//!   CMC) and one of the CA. With P-256 keys on both sides it is the same number of much cheaper ones, and with
//!   symbolic keys, which only hash, it shows what everything else costs.
//! * An idle pulse looks at 65 version 2 duplicates of the default templates until a rule excludes each, for many of
//!   them the access check; it is bounded by making and recording about 250 decisions.

mod worlds;

use autoenroll_model::{Duration, SimTime};

use autoenroll_world::KeyMode;
use worlds::{idle_world, logged_on, settle, world};

fn main() {
    divan::main();
}

/// One silent enrollment, from logon to rest.
#[divan::bench]
fn enroll_rsa_2048(bencher: divan::Bencher<'_, '_>) {
    enroll(bencher, "rsa-2048", "", KeyMode::Real);
}

/// The same with symbolic keys.
#[divan::bench]
fn enroll_rsa_2048_symbolic(bencher: divan::Bencher<'_, '_>) {
    enroll(bencher, "rsa-2048", "", KeyMode::Symbolic);
}

/// The same with P-256 keys of client and CA.
#[divan::bench]
fn enroll_p_256(bencher: divan::Bencher<'_, '_>) {
    enroll(bencher, "p-256", ECDSA, KeyMode::Real);
}

/// The same with symbolic ones.
#[divan::bench]
fn enroll_p_256_symbolic(bencher: divan::Bencher<'_, '_>) {
    enroll(bencher, "p-256", ECDSA, KeyMode::Symbolic);
}

const ECDSA: &str = r#"cng = { asymmetric-algorithm = "ECDSA_P256" }"#;

fn enroll(bencher: divan::Bencher<'_, '_>, key: &str, cng: &str, keys: KeyMode) {
    let text = format!(
        r#"
scenario = 1
title = "One certificate"
profile = "windows-10-22h2"
[world]
extends = "contoso"
[[world.ca]]
name = "Contoso Issuing CA"
key = "{key}"
[[world.template]]
name = "Soft"
based-on = "UserSignature"
schema = 3
flags = ["auto-enrollment"]
minimal-key-size = {size}
providers = ["Microsoft Enhanced Cryptographic Provider v1.0"]
allow = {{ alice = ["read", "enroll", "autoenroll"] }}
{cng}
[timeline]
steps = [{{ wait = "1s" }}]
"#,
        size = if key == "p-256" { 256 } else { 2048 },
    );
    let mut ready = world(&text, keys);
    logged_on(&mut ready.clone(), 1);
    bencher.with_inputs(|| ready.clone()).bench_local_values(|mut world| {
        logged_on(&mut world, 1);
        world
    });
    settle(&mut ready, SimTime::START);
}

/// A pulse of a user who needs nothing, in a domain with the 65 published default templates.
#[divan::bench]
fn idle_pulse_with_65_templates(bencher: divan::Bencher<'_, '_>) {
    let mut ready = idle_world();
    logged_on(&mut ready, 0);
    let due = ready.now() + Duration::hours(8);
    let quiet = SimTime(due.0 - 1);
    settle(&mut ready, quiet);
    bencher.with_inputs(|| ready.clone()).bench_local_values(|mut world| {
        settle(&mut world, due);
        world
    });
}
