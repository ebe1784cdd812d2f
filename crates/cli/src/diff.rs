//! `autoenroll diff`: where two runs part, and by which rule.

mod lines;
mod sides;
mod text;

use autoenroll_compare::compare;

use crate::arguments::{Diff, Format};
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::{Exit, Failure};
use sides::Side;

pub(crate) fn run(arguments: &Diff, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let [first, second] = Side::both(arguments)?;
    let comparison = compare(&first.trace, &second.trace).map_err(|error| Failure::Usage(error.to_string()))?;
    match arguments.format {
        Format::Text => {
            let catalogue = Catalogue::embedded();
            text::print(&comparison, [&first, &second], catalogue, console)?;
        }
        Format::Json => lines::print(&comparison, [&first, &second], console)?,
    }
    Ok(if comparison.is_same() { Exit::Ok } else { Exit::Failed })
}
