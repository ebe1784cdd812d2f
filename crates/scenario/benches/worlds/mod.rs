//! Worlds that benches measure.

use autoenroll_core::InProcess as OwnCores;
use autoenroll_model::SimTime;
use autoenroll_scenario::{Bundle, ByPrefix, Library, Scenario, check};
use autoenroll_trace::Kind;
use autoenroll_world::spec::Budget;
use autoenroll_world::{Action, Hosts, InProcessCards, InProcessCas, KeyMode, Stepped, World};

pub(crate) type Bench = World<OwnCores, InProcessCards, InProcessCas>;

/// A domain with the 65 published default templates, and nothing for alice to do.
pub(crate) fn idle_world() -> Bench {
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

/// Alice logs on, and the world comes to rest.
pub(crate) fn logged_on(world: &mut Bench, issued: usize) {
    world.act(&Action::Logon { user: "alice".into(), computer: "WKS01".into() }).expect("alice can log on");
    settle(world, SimTime::START);
    let found = world.trace().of(Kind::Issued).count();
    assert_eq!(found, issued, "what is measured must happen");
}

pub(crate) fn settle(world: &mut Bench, until: SimTime) {
    while world.step(until).expect("the world goes on") == Stepped::Handled {}
    world.advance(until);
}

const WIN2003: &str = include_str!("../../../../fixtures/templates/win2003.toml");
const LATER: &str = include_str!("../../../../fixtures/templates/later.toml");

/// The world of a story.
pub(crate) fn world(text: &str, keys: KeyMode) -> Bench {
    let mut spec = scenario(text).spec;
    spec.keys = keys;
    let most = u64::MAX;
    spec.budget = Budget { events: most, records: most, bytes: most };
    World::new(spec, OwnCores::new(), Hosts::in_process()).expect("the world can be built")
}

fn scenario(text: &str) -> Scenario {
    let mut fixtures = Bundle::new()
        .with("worlds/contoso.toml", include_str!("../../../../fixtures/worlds/contoso.toml"))
        .with("oids.toml", include_str!("../../../../fixtures/oids.toml"))
        .with("templates/win2003.toml", WIN2003)
        .with("templates/later.toml", LATER);
    for (name, text) in [
        ("gids", include_str!("../../../../fixtures/cards/gids.toml")),
        ("gids-full", include_str!("../../../../fixtures/cards/gids-full.toml")),
        ("gids-small", include_str!("../../../../fixtures/cards/gids-small.toml")),
        ("gids-no-default", include_str!("../../../../fixtures/cards/gids-no-default.toml")),
        ("vendor", include_str!("../../../../fixtures/cards/vendor.toml")),
        ("vendor-dialogs", include_str!("../../../../fixtures/cards/vendor-dialogs.toml")),
    ] {
        fixtures = fixtures.with(&format!("cards/{name}.toml"), text);
    }
    let checked = check("bench.toml", text.as_bytes(), &Library::read(&fixtures), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "", "what is measured must be a sound scenario");
    checked.scenarios.into_iter().next().expect("a sound file has a scenario")
}
