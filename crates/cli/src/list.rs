//! `autoenroll list`: scenarios by name, with title and profile.

use serde_json::json;

use crate::arguments::{Format, List};
use crate::console::{Colour, Console};
use crate::suite::{self, Story};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &List, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let stories = suite::good_stories(&arguments.selection, None)?;
    let width = stories.iter().map(|story| story.name.chars().count()).max().unwrap_or(0);
    for Story { name, title, profile, covers, .. } in &stories {
        match arguments.format {
            Format::Text => {
                let profile = console.paint(Colour::Dim, &format!("({profile})"));
                writeln!(console.out, "{name:<width$}  {title}  {profile}")?;
            }
            Format::Json => {
                let line = json!({ "scenario": name, "title": title, "profile": profile, "covers": covers });
                writeln!(console.out, "{line}")?;
            }
        }
    }
    Ok(Exit::Ok)
}
