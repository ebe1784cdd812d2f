//! `autoenroll profiles`: the switches, and what each profile sets them to.

use std::io;

use autoenroll_model::{Profile, SWITCHES, Switch, WindowsVersion};
use serde_json::json;

use crate::arguments::{Format, Profiles};
use crate::console::{Colour, Console};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Profiles, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match arguments.format {
        Format::Text if arguments.differences => differences(console)?,
        Format::Text => text(console)?,
        Format::Json => json(arguments.differences, console)?,
    }
    Ok(Exit::Ok)
}

fn text(console: &mut Console<'_>) -> io::Result<()> {
    writeln!(console.out, "Profiles: {} (the first is the default)\n", Profile::NAMES.join(", "))?;
    for switch in SWITCHES {
        writeln!(console.out, "{}  {}", console.paint(Colour::Yellow, switch.name), switch.about.trim())?;
        of(switch, console)?;
        writeln!(console.out)?;
    }
    Ok(())
}

/// The value of a switch in each profile, and all that it may have.
pub(crate) fn of(switch: &Switch, console: &mut Console<'_>) -> io::Result<()> {
    let widest = Profile::NAMES.iter().map(|name| name.len()).max().unwrap_or_default();
    for version in WindowsVersion::ALL {
        let value = value(*version, switch);
        let known = known(*version, switch);
        writeln!(console.out, "    {:<widest$}  {value}; {known}", version.as_str())?;
    }
    let words = switch.values.join(", ");
    writeln!(console.out, "    {:<widest$}  {words}; {}", "values", switch.requirement)
}

/// How well the value of a switch is supported for a version.
fn known(version: WindowsVersion, switch: &Switch) -> String {
    let step = switch.at(version);
    let of = step.known.map(|(_, releases)| format!(" for {releases}")).unwrap_or_default();
    let inherited = if step.is_inherited_by(version) { "inherited: " } else { "" };
    format!("{inherited}{}{of}", step.evidence)
}

/// A column for each profile, a row for each switch that is not the same in all.
fn differences(console: &mut Console<'_>) -> io::Result<()> {
    let cell = |version: WindowsVersion, switch: &Switch| {
        let inherited = if switch.at(version).is_inherited_by(version) { "*" } else { "" };
        format!("{}{inherited}", value(version, switch))
    };
    let mut rows = vec![std::iter::once("switch").chain(Profile::NAMES.iter().copied()).map(str::to_owned).collect()];
    for switch in differing() {
        let cells = WindowsVersion::ALL.iter().map(|version| cell(*version, switch));
        rows.push(std::iter::once(switch.name.to_owned()).chain(cells).collect::<Vec<String>>());
    }
    let widths: Vec<usize> = (0..=Profile::NAMES.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    for row in &rows {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(console.out, "{}", line.join("  ").trim_end())?;
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

fn json(differences: bool, console: &mut Console<'_>) -> io::Result<()> {
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
        let line = json!({
            "switch": switch.name,
            "about": switch.about.trim(),
            "requirement": switch.requirement,
            "evidence": switch.at(WindowsVersion::Server2003Sp1).evidence,
            "values": switch.values,
            "profiles": values,
            "known": known,
        });
        writeln!(console.out, "{line}")?;
    }
    Ok(())
}

fn value(version: WindowsVersion, switch: &Switch) -> String {
    let value = Profile::of(version).get(switch.name);
    value.expect("the list of switches and the switches of a profile are made from one list")
}
