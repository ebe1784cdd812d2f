//! `autoenroll list`: scenarios by name, with title and profile.

use autoenroll_model::Profile;
use serde_json::json;

use crate::arguments::{Format, List};
use crate::console::{Colour, Console};
use crate::suite::{self, Listed};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &List, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let stories = suite::listed(&arguments.selection)?;
    if arguments.format == Format::Text {
        let legend =
            format!("name, title, and in brackets the profile where it is not the default one, {}", Profile::NAMES[0]);
        writeln!(console.out, "{}\n", console.paint(Colour::Dim, &legend))?;
    }
    let width = stories.iter().map(|story| story.name.chars().count()).max().unwrap_or(0);
    for Listed { name, title, profile, covers } in &stories {
        match arguments.format {
            Format::Text => {
                write!(console.out, "{name:<width$}  {title}")?;
                if profile != Profile::NAMES[0] {
                    write!(console.out, "  {}", console.paint(Colour::Dim, &format!("({profile})")))?;
                }
                writeln!(console.out)?;
            }
            Format::Json => {
                let line = json!({ "scenario": name, "title": title, "profile": profile, "covers": covers });
                writeln!(console.out, "{line}")?;
            }
        }
    }
    Ok(Exit::Ok)
}
