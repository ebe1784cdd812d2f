//! What checking costs: `cargo bench -p autoenroll-scenario --bench check`.
//!
//! * A story is checked by building its world: what certificates are older than the story is issued by its CAs.
//! * A large world is bounded by reading it: parsing, lowering and checking are each linear in what it describes.

use autoenroll_scenario::{Bundle, ByPrefix, Library, check};

fn main() {
    divan::main();
}

/// The founding story, with the fixtures read already.
#[divan::bench]
fn founding_story(bencher: divan::Bencher<'_, '_>) {
    checked(bencher, include_str!("../../../scenarios/founding/second-provider.toml"));
}

/// The first story of a process, which reads the fixtures.
#[divan::bench]
fn founding_story_and_fixtures(bencher: divan::Bencher<'_, '_>) {
    let (fixtures, text) = (bundle(), include_str!("../../../scenarios/founding/second-provider.toml"));
    bencher.bench_local(|| check("story.toml", text.as_bytes(), &Library::read(&fixtures), &ByPrefix));
}

/// A world of many templates, each a copy of a default one.
#[divan::bench(args = [1_000, 2_000, 4_000])]
fn templates(bencher: divan::Bencher<'_, '_>, count: usize) {
    let world: String =
        (0..count).map(|number| format!("[[world.template]]\nname = \"T{number}\"\nbased-on = \"User\"\n")).collect();
    checked(bencher, &story(&world, ""));
}

/// A world of many users.
#[divan::bench(args = [1_000, 2_000, 4_000])]
fn users(bencher: divan::Bencher<'_, '_>, count: usize) {
    let world: String = (0..count).map(|number| format!("[[world.user]]\nname = \"u{number}\"\n")).collect();
    checked(bencher, &story(&world, ""));
}

/// A story of many steps, every second of which binds a name.
#[divan::bench(args = [1_000, 2_000, 4_000])]
fn steps(bencher: divan::Bencher<'_, '_>, count: usize) {
    let step =
        |number: usize| format!("{{ pulse = \"alice\" }},\n{{ expect = \"run-started\", as = \"r{number}\" }},\n");
    checked(bencher, &story("", &(0..count / 2).map(step).collect::<String>()));
}

fn story(world: &str, steps: &str) -> String {
    format!(
        "scenario = 1\ntitle = \"Large\"\n[world]\nextends = \"contoso\"\n{world}\n[timeline]\nsteps = [\n\
         {{ logon = \"alice\" }},\n{steps}]\n"
    )
}

fn checked(bencher: divan::Bencher<'_, '_>, text: &str) {
    let fixtures = Library::read(&bundle());
    let once = || check("story.toml", text.as_bytes(), &fixtures, &ByPrefix);
    assert!(!once().found.has_errors(), "what is measured has no errors");
    bencher.bench_local(once);
}

fn bundle() -> Bundle {
    Bundle::new()
        .with("oids.toml", include_str!("../../../fixtures/oids.toml"))
        .with("worlds/contoso.toml", include_str!("../../../fixtures/worlds/contoso.toml"))
        .with("templates/win2003.toml", include_str!("../../../fixtures/templates/win2003.toml"))
        .with("templates/later.toml", include_str!("../../../fixtures/templates/later.toml"))
        .with("cards/gids.toml", include_str!("../../../fixtures/cards/gids.toml"))
        .with("cards/gids-full.toml", include_str!("../../../fixtures/cards/gids-full.toml"))
        .with("cards/gids-small.toml", include_str!("../../../fixtures/cards/gids-small.toml"))
        .with("cards/gids-no-default.toml", include_str!("../../../fixtures/cards/gids-no-default.toml"))
        .with("cards/vendor.toml", include_str!("../../../fixtures/cards/vendor.toml"))
        .with("cards/vendor-dialogs.toml", include_str!("../../../fixtures/cards/vendor-dialogs.toml"))
}
