//! What a run costs: `cargo bench -p autoenroll-scenario --bench enrollment`.
//!
//! * An enrollment with RSA-2048 is bounded by RSA private key operations: two signatures of the new key (PKCS #10 and
//!   CMC) and one of the CA. With P-256 keys on both sides it is the same number of much cheaper ones, and with
//!   symbolic keys, which only hash, it shows what everything else costs.
//! * An idle pulse looks at 65 version 2 duplicates of the default templates until a rule excludes each, for many of
//!   them the access check; it is bounded by making and recording about 250 decisions.

use autoenroll_core::InProcess as OwnCores;
use autoenroll_model::{Duration, SimTime};
use autoenroll_scenario::{Bundle, ByPrefix, Library, Scenario, check};
use autoenroll_trace::Kind;
use autoenroll_world::{Action, Hosts, InProcessCards, InProcessCas, KeyMode, Stepped, World, WorldSpec};

type Bench = World<OwnCores, InProcessCards, InProcessCas>;

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

fn idle_world() -> Bench {
    let mut templates = String::new();
    for (set, text) in [("win2003", WIN2003), ("later", LATER)] {
        for name in text.lines().filter_map(|line| line.strip_prefix("name = ")) {
            let name = name.trim().trim_matches('"');
            templates += &format!("[[world.template]]\nname = \"{name}-{set}\"\nbased-on = \"{name}\"\n");
        }
    }
    let text = format!(
        "scenario = 1\ntitle = \"Nothing to do\"\n[world]\nextends = \"contoso\"\npolicy = {{ ae-policy = 7, gp-interval = \"8h\" }}\n{templates}\n[timeline]\nsteps = [{{ wait = \"1s\" }}]\n"
    );
    world(&text, KeyMode::Real)
}

fn logged_on(world: &mut Bench, issued: usize) {
    world.act(&Action::Logon { user: "alice".into(), computer: "WKS01".into() }).expect("alice can log on");
    settle(world, SimTime::START);
    let found = world.trace().records().iter().filter(|record| record.kind == Kind::Issued).count();
    assert_eq!(found, issued, "what is measured must happen");
}

fn settle(world: &mut Bench, until: SimTime) {
    while world.step(until).expect("the world goes on") == Stepped::Handled {}
    world.advance(until);
}

const WIN2003: &str = include_str!("../../../fixtures/templates/win2003.toml");
const LATER: &str = include_str!("../../../fixtures/templates/later.toml");

fn world(text: &str, keys: KeyMode) -> Bench {
    let spec = WorldSpec { keys, ..scenario(text).spec };
    World::new(spec, OwnCores::new(), Hosts::in_process()).expect("the world can be built")
}

fn scenario(text: &str) -> Scenario {
    let mut fixtures = Bundle::new()
        .with("worlds/contoso.toml", include_str!("../../../fixtures/worlds/contoso.toml"))
        .with("oids.toml", include_str!("../../../fixtures/oids.toml"))
        .with("templates/win2003.toml", WIN2003)
        .with("templates/later.toml", LATER);
    for (name, text) in [
        ("gids", include_str!("../../../fixtures/cards/gids.toml")),
        ("gids-full", include_str!("../../../fixtures/cards/gids-full.toml")),
        ("gids-small", include_str!("../../../fixtures/cards/gids-small.toml")),
        ("gids-no-default", include_str!("../../../fixtures/cards/gids-no-default.toml")),
        ("vendor", include_str!("../../../fixtures/cards/vendor.toml")),
        ("vendor-dialogs", include_str!("../../../fixtures/cards/vendor-dialogs.toml")),
    ] {
        fixtures = fixtures.with(&format!("cards/{name}.toml"), text);
    }
    let checked = check("bench.toml", text.as_bytes(), &Library::read(&fixtures), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "", "what is measured must be a sound scenario");
    checked.scenarios.into_iter().next().expect("a sound file has a scenario")
}
