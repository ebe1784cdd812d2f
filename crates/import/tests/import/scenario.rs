//! The reader of the scenario language, for what the import writes.

use autoenroll_import::{Import, OidNames, Written};
use autoenroll_model::Template;
use autoenroll_scenario::{Bundle, ByPrefix, Library, Scenario, check};

pub(crate) const OIDS: &str = include_str!("../../../../fixtures/oids.toml");

pub(crate) fn oids() -> OidNames {
    OidNames::read(OIDS)
}

/// A story in that world, in which a minute goes by.
///
/// # Panics
/// When the world has an error.
pub(crate) fn story(world: &str) -> Scenario {
    let bundle = Bundle::new().with("oids.toml", OIDS).with("worlds/imported.toml", world);
    let story = "scenario = 1\ntitle = \"imported\"\n[world]\nextends = \"imported\"\n[timeline]\nsteps = [{ wait = \"1m\" }]\n";
    let checked = check("story.toml", story.as_bytes(), &Library::read(&bundle), &ByPrefix);
    let found: Vec<String> = checked.found.list().iter().map(|one| format!("{one:?}")).collect();
    let Some(scenario) = checked.scenarios.into_iter().next() else { panic!("{found:#?}\n{world}") };
    assert!(found.is_empty(), "{found:#?}\n{world}");
    scenario
}

/// A template of a world.
///
/// # Panics
/// When there is none of that name.
pub(crate) fn template_of(world: &str, name: &str) -> Template {
    let templates = story(world).spec.templates;
    let found = templates.into_iter().find(|spec| spec.template.name == name);
    found.unwrap_or_else(|| panic!("there is no {name} in\n{world}")).template
}

/// What was written and what was found, for people.
pub(crate) fn told(import: &Import, world: &Written) -> String {
    let findings = import.findings.iter().chain(&world.findings).map(|finding| format!("{finding}\n"));
    format!("{}\n--- not taken over\n{}", world.text, findings.collect::<String>())
}
