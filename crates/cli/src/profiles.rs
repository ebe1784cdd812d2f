//! `autoenroll profiles`: the switches, and what each profile sets them to.

use std::io;

use autoenroll_model::{Profile, SWITCHES};
use serde_json::json;

use crate::arguments::{Format, Profiles};
use crate::console::{Colour, Console};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Profiles, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let profiles: Vec<Profile> = Profile::NAMES.iter().filter_map(|name| Profile::named(name)).collect();
    match arguments.format {
        Format::Text => text(&profiles, console)?,
        Format::Json => json(&profiles, console)?,
    }
    Ok(Exit::Ok)
}

fn text(profiles: &[Profile], console: &mut Console<'_>) -> io::Result<()> {
    let names: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
    writeln!(console.out, "Profiles: {} (the first is the default)\n", names.join(", "))?;
    for switch in SWITCHES {
        writeln!(console.out, "{}  {}", console.paint(Colour::Yellow, switch.name), switch.about.trim())?;
        let values: Vec<String> = profiles.iter().map(|profile| value(profile, switch.name)).collect();
        let shown = match values.as_slice() {
            [first, rest @ ..] if rest.iter().all(|value| value == first) => first.clone(),
            _ => names
                .iter()
                .zip(&values)
                .map(|(name, value)| format!("{value} in {name}"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let words = switch.values.join(", ");
        writeln!(console.out, "    {shown}; {words}; {}, {}\n", switch.requirement, switch.evidence)?;
    }
    Ok(())
}

fn json(profiles: &[Profile], console: &mut Console<'_>) -> io::Result<()> {
    for switch in SWITCHES {
        let values: serde_json::Map<String, serde_json::Value> =
            profiles.iter().map(|profile| (profile.name.clone(), value(profile, switch.name).into())).collect();
        let line = json!({
            "switch": switch.name,
            "about": switch.about.trim(),
            "requirement": switch.requirement,
            "evidence": switch.evidence,
            "values": switch.values,
            "profiles": values,
        });
        writeln!(console.out, "{line}")?;
    }
    Ok(())
}

fn value(profile: &Profile, switch: &str) -> String {
    profile.get(switch).expect("the list of switches and the switches of a profile are made from one list")
}
