//! Which world is meant, and what it is like.

use std::path::Path;

use autoenroll_model::WindowsVersion;
use autoenroll_scenario::{Checked, Document, Library, Scenario, check_world, parse};
use autoenroll_world::WorldSpec;
use autoenroll_world::spec::Budget;

use crate::arguments::{self, Plan, Selection};
use crate::catalogue::Catalogue;
use crate::suite::{self, Fixtures, Source};
use crate::{Failure, embedded};

/// A world, and what it is called.
pub(crate) struct Meant {
    pub(crate) name: String,
    pub(crate) spec: WorldSpec,
    /// The file that describes it.
    pub(crate) document: Document,
    /// The scenario, when a scenario is meant.
    pub(crate) scenario: Option<Box<Scenario>>,
}

/// What the arguments of a command say about a world.
pub(crate) struct Wanted<'a> {
    pub(crate) world: &'a str,
    pub(crate) variant: Option<&'a str>,
    pub(crate) profile: Option<&'a str>,
    pub(crate) fixtures: Option<&'a Path>,
}

impl<'a> From<&'a Plan> for Wanted<'a> {
    fn from(plan: &'a Plan) -> Self {
        Self {
            world: &plan.world,
            variant: plan.variant.as_deref(),
            profile: plan.profile.as_deref(),
            fixtures: plan.fixtures.as_deref(),
        }
    }
}

pub(super) fn budget(arguments: &Plan) -> Budget {
    arguments::budget(&arguments.budget)
}

/// A world of the fixtures by its name; a file with a world; or the world of a scenario, a file or a name of the suite.
pub(crate) fn meant(wanted: &Wanted<'_>, catalogue: &Catalogue) -> Result<Meant, Failure> {
    let name = wanted.world;
    let selection = Selection { fixtures: wanted.fixtures.map(Path::to_owned), ..Selection::default() };
    let fixtures = Fixtures::of(&selection)?;
    let profile = wanted.profile.map(suite::named_profile).transpose()?;
    if Path::new(name).is_file() {
        let source = suite::from_disk(Path::new(name))?;
        if parse(&source.path, &source.bytes).is_world() {
            return of_world(name, &source, &fixtures, profile, catalogue);
        }
    } else if fixtures.has_world(name) {
        let text = format!("scenario = 1\n[world]\nextends = {}\n", serde_json::Value::from(name));
        let source = Source::of_text(name, text);
        return of_world(name, &source, &fixtures, profile, catalogue);
    }
    let story = suite::one(name, wanted.variant, wanted.fixtures, wanted.profile);
    match story {
        Ok(story) => Ok(Meant {
            name: story.name,
            spec: story.scenario.spec.clone(),
            document: story.scenario.document.clone(),
            scenario: Some(Box::new(story.scenario)),
        }),
        Err(Failure::Usage(_)) if !Path::new(name).exists() && suite::named(name).is_err() => {
            let worlds = embedded::below("fixtures/worlds")
                .filter_map(|(path, _)| path.strip_prefix("fixtures/worlds/")?.strip_suffix(".toml"));
            let worlds: Vec<&str> = worlds.collect();
            Err(Failure::Usage(format!(
                "there is no file, no world and no scenario `{name}`; worlds inside this program are {}, \
                 --fixtures DIR adds those of DIR/worlds, and `autoenroll list` lists the scenarios",
                worlds.join(", ")
            )))
        }
        Err(other) => Err(other),
    }
}

fn of_world(
    name: &str,
    source: &Source,
    fixtures: &Fixtures,
    profile: Option<WindowsVersion>,
    catalogue: &Catalogue,
) -> Result<Meant, Failure> {
    let library = Library::read(fixtures);
    let Checked { scenarios, files, found, .. } =
        check_world(profile, &source.path, &source.bytes, &library, catalogue);
    match scenarios.into_iter().next() {
        Some(Scenario { spec, document, .. }) => Ok(Meant { name: name.to_owned(), spec, document, scenario: None }),
        None => Err(Failure::Usage(format!("{name} has errors\n\n{}", found.render(&files, false).trim_end()))),
    }
}
