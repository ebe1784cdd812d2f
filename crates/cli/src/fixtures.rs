//! `autoenroll fixtures`: what a scenario can name without describing it, and what is in it.

use std::collections::BTreeMap;
use std::io;

use autoenroll_scenario::suggestion;
use serde_json::json;
use toml::Table;

use crate::arguments::{Fixtures, Format};
use crate::console::{Colour, Console};
use crate::{Exit, Failure, embedded};

/// Lists all, or prints those of one name.
pub(crate) fn run(arguments: &Fixtures, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let fixtures = read()?;
    match (&arguments.name, arguments.format) {
        (Some(name), format) => print(&named(&fixtures, name)?, format, console)?,
        (None, Format::Text) => list(&fixtures, console)?,
        (None, Format::Json) => {
            for one in &fixtures {
                writeln!(console.out, "{}", one.to_json())?;
            }
        }
    }
    Ok(Exit::Ok)
}

/// What fixtures of a kind are, in the order in which they are listed.
struct Kind {
    word: &'static str,
    heading: &'static str,
    folder: &'static str,
    /// The templates of one file; worlds and cards are a file each.
    generation: Option<&'static str>,
}

const KINDS: &[Kind] = &[
    Kind { word: "world", heading: "worlds, for extends = \"…\"", folder: "fixtures/worlds", generation: None },
    Kind { word: "card", heading: "cards, for atr = \"…\"", folder: "fixtures/cards", generation: None },
    Kind {
        word: "template",
        heading: "templates of Windows Server 2003 and XP, for based-on = \"…\"; the profile server-2003-sp1 looks here first",
        folder: "fixtures/templates",
        generation: Some("win2003"),
    },
    Kind {
        word: "template",
        heading: "templates of Windows Vista, Server 2008 and later, for based-on = \"…\"; every other profile looks here first",
        folder: "fixtures/templates",
        generation: Some("later"),
    },
];

/// A world, a card, or a default template.
struct Fixture {
    kind: &'static Kind,
    name: String,
    /// A sentence, or the display name of a template.
    about: String,
    /// The file it is in.
    path: &'static str,
    /// Its text, which the user can copy.
    text: &'static str,
}

impl Fixture {
    fn to_json(&self) -> serde_json::Value {
        let mut line = json!({ "kind": self.kind.word, "name": self.name, "about": self.about, "path": self.path });
        if let Some(generation) = self.kind.generation {
            line["generation"] = generation.into();
        }
        line
    }

    fn goes_by(&self, name: &str) -> bool {
        self.name == name || self.is_displayed_as(name)
    }

    fn is_displayed_as(&self, name: &str) -> bool {
        self.kind.generation.is_some() && self.about.eq_ignore_ascii_case(name)
    }
}

/// The names of those whose kind, `world`, `card` or `template`, is wanted, each once, with what they are.
pub(crate) fn names(wanted: fn(&str) -> bool) -> BTreeMap<String, Option<String>> {
    // What is inside the program was read by its tests; there is nobody to complain to while somebody types.
    let fixtures = read().unwrap_or_default().into_iter().filter(|one| wanted(one.kind.word));
    fixtures.map(|one| (one.name, Some(one.about).filter(|about| !about.is_empty()))).collect()
}

fn list(fixtures: &[Fixture], console: &mut Console<'_>) -> io::Result<()> {
    for kind in KINDS {
        let of_kind: Vec<&Fixture> = fixtures.iter().filter(|one| std::ptr::eq(one.kind, kind)).collect();
        writeln!(console.out, "{}", console.paint(Colour::Yellow, kind.heading))?;
        let width = of_kind.iter().map(|one| one.name.chars().count()).max().unwrap_or(0);
        for Fixture { name, about, .. } in of_kind {
            writeln!(console.out, "{}", format!("  {name:<width$}  {about}").trim_end())?;
        }
        writeln!(console.out)?;
    }
    writeln!(console.out, "`autoenroll fixtures NAME` prints one of them.")
}

/// Those of that name or, for templates, display name: there may be one in each generation.
fn named<'a>(fixtures: &'a [Fixture], name: &str) -> Result<Vec<&'a Fixture>, Failure> {
    let found: Vec<&Fixture> = fixtures.iter().filter(|one| one.goes_by(name)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let names = fixtures.iter().map(|one| one.name.as_str());
    let displayed = fixtures.iter().filter(|one| one.kind.generation.is_some()).map(|one| one.about.as_str());
    let help = match suggestion(name, names.chain(displayed)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`autoenroll fixtures` lists all".to_owned(),
    };
    Err(Failure::Usage(format!("there is no world, card or template `{name}`; {help}")))
}

fn print(fixtures: &[&Fixture], format: Format, console: &mut Console<'_>) -> io::Result<()> {
    for (at, one) in fixtures.iter().enumerate() {
        match format {
            Format::Text => {
                let gap = if at == 0 { "" } else { "\n" };
                let heading = format!("# {} {}, from {}", one.kind.word, one.name, one.path);
                writeln!(console.out, "{gap}{}\n\n{}", console.paint(Colour::Yellow, &heading), one.text.trim_end())?;
            }
            Format::Json => {
                let mut line = one.to_json();
                line["text"] = one.text.into();
                writeln!(console.out, "{line}")?;
            }
        }
    }
    Ok(())
}

/// All of them, by kind and then as their files have them.
fn read() -> Result<Vec<Fixture>, Failure> {
    let mut fixtures = Vec::new();
    for kind in KINDS {
        for (path, bytes) in embedded::below(kind.folder) {
            let name = path.trim_start_matches(kind.folder).trim_start_matches('/').trim_end_matches(".toml");
            if kind.generation.is_some_and(|generation| generation != name) {
                continue;
            }
            let broken = |error: String| Failure::Bench(format!("{path}: {error}"));
            let text = std::str::from_utf8(bytes).map_err(|error| broken(error.to_string()))?;
            let parse = |text: &str| text.parse::<Table>().map_err(|error| broken(error.to_string()));
            match kind.generation {
                None => {
                    let table = parse(text)?;
                    let about = table.get("about").and_then(|about| about.as_str());
                    let about = about.map_or_else(|| first_comment(text), str::to_owned);
                    fixtures.push(Fixture { kind, name: name.to_owned(), about, path, text });
                }
                Some(_) => {
                    for text in entries(text) {
                        let file = parse(text)?;
                        let template = file.get("template").and_then(|list| list.get(0));
                        let word = |key: &str| {
                            let word = template.and_then(|template| template.get(key)).and_then(|value| value.as_str());
                            word.unwrap_or_default().to_owned()
                        };
                        let (name, about) = (word("name"), word("display-name"));
                        fixtures.push(Fixture { kind, name, about, path, text });
                    }
                }
            }
        }
    }
    Ok(fixtures)
}

/// The templates of a file, each with its header and the tables that belong to it.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    const HEADER: &str = "[[template]]\n";
    let starts: Vec<usize> = text.match_indices(HEADER).map(|(at, _)| at).collect();
    let ends: Vec<usize> = starts.iter().copied().skip(1).chain([text.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| text[start..end].trim_end())
}

/// A world has no word about itself, but a comment at its beginning: the first sentence of that.
fn first_comment(text: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with("# ")).map_while(|line| line.strip_prefix("# "));
    let comment = lines.collect::<Vec<_>>().join(" ");
    comment.split_once(". ").map_or(comment.clone(), |(sentence, _)| format!("{sentence}."))
}

#[cfg(test)]
mod tests {
    use autoenroll_model::Profile;

    use super::*;

    #[test]
    fn a_world_is_described_by_its_first_sentence() {
        assert_eq!(first_comment("#:schema x\n# One thing\n# and another. More.\n[world]\n"), "One thing and another.");
        assert_eq!(first_comment("[world]\n"), "");
    }

    #[test]
    fn every_template_is_an_entry_of_its_own() {
        let fixtures = read().unwrap();
        let count = |generation| fixtures.iter().filter(|one| one.kind.generation == Some(generation)).count();
        assert_eq!((count("win2003"), count("later")), (32, 33), "fixtures/templates/README.md counts them");
        let responder = fixtures.iter().find(|one| one.name == "OCSPResponseSigning").unwrap();
        assert!(responder.text.starts_with("[[template]]\nname = \"OCSP") && responder.text.contains("[template.cng]"));
    }

    #[test]
    fn the_older_templates_name_the_profiles_that_look_there_first() {
        let heading = KINDS.iter().find(|kind| kind.generation == Some("win2003")).unwrap().heading;
        for name in Profile::NAMES {
            assert_eq!(heading.contains(name), name.starts_with("server-2003"), "{name}");
        }
    }
}
