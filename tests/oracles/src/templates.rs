//! The default templates of Windows, read by the scenario language from the fixtures.

use autoenroll_import::{Import, ImportedAuthority, ImportedTemplate};
use autoenroll_keys::KeyAlgorithm;
use autoenroll_model::Template;
use autoenroll_scenario::{Bundle, ByPrefix, Library, check};
use autoenroll_wire::template;

use crate::lab;

const OIDS: &str = include_str!("../../../fixtures/oids.toml");
const WIN2003: &str = include_str!("../../../fixtures/templates/win2003.toml");
const LATER: &str = include_str!("../../../fixtures/templates/later.toml");

/// A set of default templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Windows Server 2003.
    Win2003,
    /// Windows Vista, Windows Server 2008 and later.
    Later,
}

/// Every template of a generation, in the order of its file.
///
/// # Panics
/// When the fixtures have an error.
#[must_use]
pub fn defaults(generation: Generation) -> Vec<Template> {
    let (profile, file) = match generation {
        Generation::Win2003 => ("server-2003-sp1", WIN2003),
        Generation::Later => ("windows-10-22h2", LATER),
    };
    let root: toml::Table = file.parse().expect("the fixture is TOML");
    let names = root["template"].as_array().expect("a list of templates").iter().map(|template| &template["name"]);
    let mut story =
        format!("scenario = 1\ntitle = \"every template\"\nprofile = \"{profile}\"\n[timeline]\nsteps = []\n");
    for name in names {
        story += &format!("[[world.template]]\nname = {name}\nbased-on = {name}\nsupersedes = []\n");
    }
    let bundle = Bundle::new()
        .with("oids.toml", OIDS)
        .with("templates/win2003.toml", WIN2003)
        .with("templates/later.toml", LATER);
    let checked = check("templates.toml", story.as_bytes(), &Library::read(&bundle), &ByPrefix);
    assert!(!checked.found.has_errors(), "{:#?}", checked.found.list());
    let spec = checked.scenarios.into_iter().next().expect("a scenario without errors").spec;
    spec.templates.into_iter().map(|template| template.template).collect()
}

/// The templates as a directory publishes them, and a CA that issues them all. The lists let every authenticated user
/// enroll.
///
/// # Panics
/// When the fixtures have an error.
#[must_use]
pub fn directory(generation: Generation) -> Import {
    let templates: Vec<Template> = defaults(generation)
        .into_iter()
        .map(|template| Template { security: lab::security(true), ..template })
        .collect();
    let authority = lab::ca(KeyAlgorithm::P256, templates.clone()).authority();
    let attributes =
        |template: &Template| template::to_entry(template).0.into_iter().map(|(name, _)| name.to_ascii_lowercase());
    let templates =
        templates.into_iter().map(|template| ImportedTemplate::new(template.clone(), attributes(&template).collect()));
    let security = Some(lab::security(true));
    let authorities = vec![ImportedAuthority { security, ..ImportedAuthority::new(authority) }];
    Import { templates: templates.collect(), authorities, ..Import::default() }
}
