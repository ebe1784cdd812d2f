//! The worlds that works begin with: a small one, built through the scenario language as people build theirs, and added
//! to where it must be large.

use autoenroll_core::InProcess as OwnCores;
use autoenroll_model::SimTime;
use autoenroll_scenario::{Bundle, ByPrefix, Library, Scenario, check};
use autoenroll_trace::{Kind, Trace};
use autoenroll_world::spec::{Budget, ComputerSpec, UserSpec};
use autoenroll_world::{Action, Hosts, InProcessCards, InProcessCas, Stepped, World, WorldSpec};

use crate::Done;

pub(crate) type Bench = World<OwnCores, InProcessCards, InProcessCas>;

const WIN2003: &str = include_str!("../../../fixtures/templates/win2003.toml");
const LATER: &str = include_str!("../../../fixtures/templates/later.toml");

/// As much as a work needs: what it costs is what is looked at, not what a scenario may use up.
pub(crate) const NO_BUDGET: Budget = Budget { events: u64::MAX, records: u64::MAX, bytes: u64::MAX };

/// The world of most stories, in which nobody may enroll for the only template.
pub(crate) fn small() -> WorldSpec {
    spec("", "")
}

/// The same with 65 templates: version 2 duplicates of all default ones.
pub(crate) fn with_65_templates() -> WorldSpec {
    let mut templates = String::new();
    for (set, text) in [("win2003", WIN2003), ("later", LATER)] {
        for name in text.lines().filter_map(|line| line.strip_prefix("name = ")) {
            let name = name.trim().trim_matches('"');
            templates += &format!("[[world.template]]\nname = \"{name}-{set}\"\nbased-on = \"{name}\"\n");
        }
    }
    spec("policy = { ae-policy = 7, gp-interval = \"8h\" }", &templates)
}

/// The world of most stories with keys of `[world]` and tables below it.
pub(crate) fn spec(keys: &str, tables: &str) -> WorldSpec {
    let text = format!(
        "scenario = 1\ntitle = \"A work\"\nprofile = \"windows-10-22h2\"\n[world]\nextends = \"contoso\"\n{keys}\n{tables}\n\
         [timeline]\nsteps = [{{ wait = \"1s\" }}]\n"
    );
    WorldSpec { budget: NO_BUDGET, ..scenario(&text).spec }
}

/// That many more users, each with a computer, as `user1` on `PC1`.
pub(crate) fn crowd(mut spec: WorldSpec, users: u64) -> WorldSpec {
    for (user, number) in (1..=users).map(|number| (format!("user{number}"), relative(number))) {
        spec.users.push(UserSpec::named(&user, number, &spec.domain));
        for group in spec.groups.iter_mut().filter(|group| group.name == "Domain Users") {
            group.members.push(user.clone());
        }
    }
    computers(spec, users)
}

/// That many more computers.
pub(crate) fn computers(mut spec: WorldSpec, computers: u64) -> WorldSpec {
    let like = spec.computers.first().cloned();
    for number in 1..=computers {
        let named = ComputerSpec::named(&format!("PC{number}"), relative(number) + 0x0100_0000, &spec.domain);
        for group in spec.groups.iter_mut().filter(|group| group.name == "Domain Computers") {
            group.members.push(named.name.clone());
        }
        let providers = like.iter().flat_map(|like| like.providers.clone()).collect();
        spec.computers.push(ComputerSpec { providers, ..named });
    }
    spec
}

fn relative(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX / 2) + 10_000
}

/// The world, built.
pub(crate) fn world(spec: WorldSpec) -> Bench {
    World::new(spec, OwnCores::new(), Hosts::in_process()).expect("the world can be built")
}

/// How many records a trace has.
pub(crate) fn length(trace: &Trace) -> usize {
    trace.len()
}

/// Whether something of that kind happened.
pub(crate) fn has(trace: &Trace, kind: Kind) -> bool {
    trace.of(kind).next().is_some()
}

/// A world that a work leaves.
pub(crate) fn done(world: Bench) -> Done {
    Done { records: length(world.trace()), left: Box::new(world) }
}

/// A user logs on.
pub(crate) fn log_on(world: &mut Bench, user: &str, computer: &str) {
    world.act(&Action::Logon { user: user.into(), computer: computer.into() }).expect("the user can log on");
}

/// Time goes by, with all that happens meanwhile.
pub(crate) fn until(world: &mut Bench, until: SimTime) {
    while world.step(until).expect("the world goes on") == Stepped::Handled {}
    world.advance(until);
}

/// A story, checked.
pub(crate) fn scenario(text: &str) -> Scenario {
    let checked = check("work.toml", text.as_bytes(), &library(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "", "what is measured must be a sound scenario");
    checked.scenarios.into_iter().next().expect("a sound file has a scenario")
}

pub(crate) fn library() -> Library {
    let mut fixtures = Bundle::new()
        .with("worlds/contoso.toml", include_str!("../../../fixtures/worlds/contoso.toml"))
        .with("worlds/smart-card.toml", include_str!("../../../fixtures/worlds/smart-card.toml"))
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
    Library::read(&fixtures)
}
