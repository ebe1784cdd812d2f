//! The requirement catalogue and its sources as constants of Rust, so that the command begins without reading them.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// The form of a file below `fixtures/requirements`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirements {
    requirement: Vec<Requirement>,
}

/// As `Requirement` of the command, which says what each field is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Requirement {
    id: String,
    title: String,
    text: String,
    #[serde(default)]
    sources: Vec<String>,
    evidence: String,
    settled_by: Option<String>,
    #[serde(default)]
    profiles: Vec<String>,
    section: String,
    #[serde(default)]
    seed: bool,
    exception: Option<String>,
}

/// The form of `fixtures/sources.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sources {
    source: Vec<Source>,
}

/// As `Source` of the command.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: String,
    kind: String,
    about: String,
    since: Option<String>,
    until: Option<String>,
}

/// Every requirement, in the order of the files' names and then as they stand there.
///
/// # Errors
/// When a file cannot be read or does not have its form.
pub(crate) fn requirements(root: &Path, named: &[(String, String)]) -> Result<String, Box<dyn Error>> {
    let mut list = String::from("&[\n");
    for (name, _) in named.iter().filter(|(name, _)| name.starts_with("fixtures/requirements/")) {
        let file: Requirements = read(root, name)?;
        for requirement in file.requirement {
            let Requirement { id, title, text, sources, settled_by, profiles, section, seed, exception, .. } =
                &requirement;
            let evidence = variant(&requirement.evidence);
            writeln!(
                list,
                "    Requirement {{ id: {id:?}, title: {title:?}, text: {text:?}, sources: &{sources:?}, \
                 evidence: Evidence::{evidence}, settled_by: {settled_by:?}, profiles: &{profiles:?}, \
                 section: {section:?}, seed: {seed}, exception: {exception:?} }},"
            )?;
        }
    }
    list.push(']');
    Ok(list)
}

/// Every source, as they stand in their file.
///
/// # Errors
/// As [`requirements`].
pub(crate) fn sources(root: &Path) -> Result<String, Box<dyn Error>> {
    let file: Sources = read(root, "fixtures/sources.toml")?;
    let version = |word: &Option<String>| match word {
        Some(word) => format!("Some(WindowsVersion::{})", variant(word)),
        None => "None".to_owned(),
    };
    let mut list = String::from("&[\n");
    for Source { name, kind, about, since, until } in &file.source {
        let (kind, since, until) = (variant(kind), version(since), version(until));
        writeln!(
            list,
            "    Source {{ name: {name:?}, kind: Kind::{kind}, about: {about:?}, since: {since}, until: {until} }},"
        )?;
    }
    list.push(']');
    Ok(list)
}

fn read<T: for<'a> Deserialize<'a>>(root: &Path, name: &str) -> Result<T, Box<dyn Error>> {
    let text = fs::read_to_string(root.join(name))?;
    Ok(toml::from_str(&text).map_err(|error| format!("{name}: {error}"))?)
}

/// The variant of an enumeration that a word names: `Windows10_22h2` for `windows-10-22h2`. The compiler refuses those
/// that do not exist.
fn variant(word: &str) -> String {
    let mut name = String::new();
    for part in word.split('-') {
        let digits = |c: char| c.is_ascii_digit();
        if name.ends_with(digits) && part.starts_with(digits) {
            name.push('_');
        }
        name.extend(part.chars().take(1).map(|c| c.to_ascii_uppercase()));
        name.extend(part.chars().skip(1));
    }
    name
}
