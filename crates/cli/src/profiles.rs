//! `autoenroll profiles`: the switches, and what each profile sets them to.

use std::io;

use autoenroll_model::{Evidence, Profile, SWITCHES, Switch, WindowsVersion};
use serde_json::json;

use crate::arguments::{Format, Profiles};
use crate::catalogue::{Catalogue, Requirement};
use crate::columns::columns;
use crate::console::{Colour, Console};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Profiles, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let catalogue = Catalogue::embedded();
    match arguments.format {
        Format::Text if arguments.differences => differences(console)?,
        Format::Text if arguments.evidence => evidence(console)?,
        Format::Text => text(catalogue, console)?,
        Format::Json => json(arguments.differences, catalogue, console)?,
    }
    Ok(Exit::Ok)
}

fn text(catalogue: &Catalogue, console: &mut Console<'_>) -> io::Result<()> {
    writeln!(console.out, "Profiles: {} (the first is the default)\n", Profile::NAMES.join(", "))?;
    for switch in SWITCHES {
        writeln!(console.out, "{}  {}", console.paint(Colour::Yellow, switch.name), switch.about.trim())?;
        of(switch, catalogue, console)?;
        writeln!(console.out)?;
    }
    Ok(())
}

/// The value of a switch in each profile, all that it may have, its sources, and what would settle what is not
/// supported.
pub(crate) fn of(switch: &Switch, catalogue: &Catalogue, console: &mut Console<'_>) -> io::Result<()> {
    let widest = Profile::NAMES.iter().map(|name| name.len()).max().unwrap_or_default();
    for version in WindowsVersion::ALL {
        let value = value(*version, switch);
        let known = known(*version, switch);
        writeln!(console.out, "    {:<widest$}  {value}; {known}", version.as_str())?;
    }
    let words = switch.values.join(", ");
    writeln!(console.out, "    {:<widest$}  {words}; {}", "values", switch.requirement)?;
    if let Some(Requirement { sources, settled_by, .. }) = catalogue.requirement(switch.requirement) {
        let texts = [("sources", sources.join("; ")), ("settled by", one_line(settled_by.as_deref()))];
        for (label, text) in texts.iter().filter(|(_, text)| !text.is_empty()) {
            writeln!(console.out, "    {label:<widest$}  {text}")?;
        }
    }
    Ok(())
}

fn one_line(text: Option<&str>) -> String {
    text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How well the value of a switch is supported for a version.
pub(crate) fn known(version: WindowsVersion, switch: &Switch) -> String {
    let step = switch.at(version);
    let of = step.known.map(|(_, releases)| format!(" for {releases}")).unwrap_or_default();
    let inherited = if step.is_inherited_by(version) { "inherited: " } else { "" };
    format!("{inherited}{}{of}", step.evidence)
}

/// A column for each profile, a row for each switch that is not the same in all.
fn differences(console: &mut Console<'_>) -> io::Result<()> {
    let rows: Vec<Vec<String>> = differing().map(|switch| row(switch, value)).collect();
    table(rows, console)
}

/// A column for each profile, a row for each switch: how well its value is supported; and how many are how.
fn evidence(console: &mut Console<'_>) -> io::Result<()> {
    let class = |version, switch: &Switch| switch.at(version).evidence.to_string();
    let mut rows: Vec<Vec<String>> = SWITCHES.iter().map(|switch| row(switch, class)).collect();
    rows.push(Vec::new());
    for evidence in Evidence::ALL {
        let count = |version: &WindowsVersion| {
            let of_class = SWITCHES.iter().filter(|switch| switch.at(*version).evidence == *evidence);
            of_class.count().to_string()
        };
        let counts = WindowsVersion::ALL.iter().map(count);
        rows.push(std::iter::once(evidence.to_string()).chain(counts).collect());
    }
    table(rows, console)
}

/// A switch, and a word for each profile.
fn row(switch: &Switch, word: impl Fn(WindowsVersion, &Switch) -> String) -> Vec<String> {
    let cells = WindowsVersion::ALL.iter().map(|version| {
        let inherited = if switch.at(*version).is_inherited_by(*version) { "*" } else { "" };
        format!("{}{inherited}", word(*version, switch))
    });
    std::iter::once(switch.name.to_owned()).chain(cells).collect()
}

fn table(rows: Vec<Vec<String>>, console: &mut Console<'_>) -> io::Result<()> {
    let head = std::iter::once("switch").chain(Profile::NAMES.iter().copied()).map(str::to_owned).collect();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    for line in columns(&rows) {
        writeln!(console.out, "{line}")?;
    }
    writeln!(console.out, "\n* inherited from an older version: no source speaks of this one")
}

/// The switches that are not the same in all profiles.
fn differing() -> impl Iterator<Item = &'static Switch> {
    SWITCHES.iter().filter(|switch| {
        let mut values = WindowsVersion::ALL.iter().map(|version| value(*version, switch));
        let first = values.next();
        values.any(|value| Some(value) != first)
    })
}

fn json(differences: bool, catalogue: &Catalogue, console: &mut Console<'_>) -> io::Result<()> {
    let all: Vec<&Switch> = if differences { differing().collect() } else { SWITCHES.iter().collect() };
    for switch in all {
        let values: serde_json::Map<String, serde_json::Value> =
            WindowsVersion::ALL.iter().map(|version| (version.to_string(), value(*version, switch).into())).collect();
        let known: serde_json::Map<String, serde_json::Value> = WindowsVersion::ALL
            .iter()
            .map(|version| {
                let step = switch.at(*version);
                let known = json!({
                    "evidence": step.evidence,
                    "releases": step.known.map(|(_, releases)| releases),
                    "inherited": step.is_inherited_by(*version),
                });
                (version.to_string(), known)
            })
            .collect();
        let settled = catalogue.requirement(switch.requirement);
        let line = json!({
            "switch": switch.name,
            "about": switch.about.trim(),
            "requirement": switch.requirement,
            "evidence": switch.at(WindowsVersion::Server2003Sp1).evidence,
            "values": switch.values,
            "profiles": values,
            "known": known,
            "sources": settled.map(|requirement| catalogue.citations(requirement)),
            "settled-by": settled.and_then(|requirement| requirement.settled_by).map(str::trim),
        });
        writeln!(console.out, "{line}")?;
    }
    Ok(())
}

fn value(version: WindowsVersion, switch: &Switch) -> String {
    let value = Profile::of(version).get(switch.name);
    value.expect("the list of switches and the switches of a profile are made from one list")
}
