//! `autoenroll import`: a directory's own templates, CAs and policies as a world that scenarios extend.

use std::io::{self, Write as _};

use autoenroll_import::{Base, Finding, Half, Import, OidNames, Written, read};
use autoenroll_scenario::{ByPrefix, Library, LoadError, Loader, MAX_BYTES, Scenario, Severity, check};
use serde_json::json;

use crate::arguments::{self, ImportedAs, PolicyHalf};
use crate::console::{Console, one_line};
use crate::suite::Fixtures;
use crate::{Exit, Failure, embedded, file, policies};

/// The largest file that is read: a forest's whole configuration partition as LDIF is a tenth of it.
const MOST_BYTES: u64 = 64 << 20;

pub(crate) fn run(arguments: &arguments::Import, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let half = arguments.half.map(|half| match half {
        PolicyHalf::Machine => Half::Machine,
        PolicyHalf::User => Half::User,
    });
    let fixtures = Fixtures::below(arguments.fixtures.as_deref())?;
    let base = arguments.extends.as_deref().map(|name| base(name, &fixtures)).transpose()?;
    let mut import = Import::default();
    for path in &arguments.files {
        if path.is_dir() {
            import.add(policies::of_folder(path, half)?);
            continue;
        }
        let of = |what: &dyn std::fmt::Display| Failure::Usage(one_line(&format!("{}: {what}", path.display())));
        let unreadable = |error: io::Error| Failure::Usage(format!("{} cannot be read: {error}", path.display()));
        let bytes = file::read(path, MOST_BYTES).map_err(unreadable)?;
        if let Some(found) = policies::of_file(path, &bytes, half)? {
            import.add(found);
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        import.add(read(&name, &bytes, Half::User).map_err(|nothing| of(&nothing))?);
    }
    let names = embedded::file("fixtures/oids.toml").and_then(|bytes| std::str::from_utf8(bytes).ok());
    let names = OidNames::read(names.unwrap_or_default());
    let written = match arguments.to {
        ImportedAs::World => import.to_world(base.as_ref(), &names),
        ImportedAs::Templates => import.to_templates(&names),
    };
    if arguments.to == ImportedAs::Templates && written.templates.is_empty() {
        return Err(Failure::Usage("no template was read, so there is nothing to write; write a world".to_owned()));
    }
    loads(arguments.to, &written, &fixtures)?;
    write!(console.out, "{}", written.text)?;
    complain(&import.findings);
    complain(&written.findings);
    Ok(Exit::Ok)
}

/// What was not taken over is no failure, but must be seen.
fn complain(findings: &[Finding]) {
    for finding in findings {
        let _ignored = writeln!(io::stderr(), "{}", one_line(&finding.to_string()));
    }
}

/// What the world to be extended has.
fn base(name: &str, fixtures: &Fixtures) -> Result<Base, Failure> {
    let story = json!({ "scenario": 1, "title": "base", "world": { "extends": name }, "timeline": { "steps": [] } });
    let scenario = checked("base.json", story.to_string().as_bytes(), fixtures)
        .map_err(|problem| Failure::Usage(one_line(&format!("--extends {name}: {problem}"))))?;
    let authorities = scenario.spec.authorities.into_iter().map(|ca| (ca.name, ca.templates));
    let templates = scenario.spec.templates.into_iter().map(|template| template.template.name);
    Ok(Base { name: name.to_owned(), authorities: authorities.collect(), templates: templates.collect() })
}

/// What is written can be read: as a world of a story in which nothing happens, or as templates that one is based on.
fn loads(to: ImportedAs, written: &Written, fixtures: &Fixtures) -> Result<(), Failure> {
    let length = written.text.len();
    if length > MAX_BYTES {
        return Err(Failure::Usage(format!(
            "what was read makes a {to} of {} KiB, and a file of this language has {} KiB at most; name fewer files, or \
             export fewer templates",
            length.div_ceil(1 << 10),
            MAX_BYTES >> 10
        )));
    }
    let outcome = match to {
        ImportedAs::World => {
            let world = written.text.replacen("scenario = 1\n", "scenario = 1\ntitle = \"import\"\n", 1);
            checked("import.toml", format!("{world}\n[timeline]\nsteps = []\n").as_bytes(), fixtures)
        }
        ImportedAs::Templates => {
            let based = |name| json!({ "name": name, "based-on": name, "supersedes": [] });
            let templates: Vec<_> = written.templates.iter().map(based).collect();
            let world = json!({ "template": templates });
            let story = json!({ "scenario": 1, "title": "import", "world": world, "timeline": { "steps": [] } });
            let fixtures = WithTemplates { fixtures, templates: &written.text };
            checked("import.json", story.to_string().as_bytes(), &fixtures)
        }
    };
    let refused = |problem: String| {
        Failure::Bench(one_line(&format!("what was read makes no {to} that loads, and is not written: {problem}")))
    };
    outcome.map(drop).map_err(refused)
}

/// The scenario, or the first error in it.
fn checked(name: &str, story: &[u8], fixtures: &dyn Loader) -> Result<Scenario, String> {
    let checked = check(name, story, &Library::read(fixtures), &ByPrefix);
    let error = checked.found.list().iter().find(|problem| problem.severity == Severity::Error);
    match (error, checked.scenarios.into_iter().next()) {
        (Some(error), _) => Err(format!("{}: {}", error.code, error.message)),
        (None, Some(scenario)) => Ok(scenario),
        (None, None) => Err("no scenario came of it".to_owned()),
    }
}

/// Fixtures with another file of default templates.
struct WithTemplates<'a> {
    fixtures: &'a Fixtures,
    templates: &'a str,
}

impl Loader for WithTemplates<'_> {
    fn load(&self, path: &str) -> Result<String, LoadError> {
        if path == "templates/later.toml" { Ok(self.templates.to_owned()) } else { self.fixtures.load(path) }
    }

    fn list(&self, folder: &str) -> Vec<String> {
        // Those of the user are found first, and would hide the new ones.
        if folder == "templates" { Vec::new() } else { self.fixtures.list(folder) }
    }
}
