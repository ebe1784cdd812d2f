//! `autoenroll check`: everything that is wrong with scenario files.

use autoenroll_scenario::check;

use crate::arguments::{Check, Format};
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::suite::{self, Fixtures};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Check, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let sources = suite::select(&arguments.selection)?;
    let catalogue = Catalogue::read().map_err(Failure::Bench)?;
    let fixtures = Fixtures::of(&arguments.selection)?;
    let mut wrong = 0;
    for source in &sources {
        let checked = check(&source.path, &source.bytes, &fixtures, &catalogue);
        wrong += usize::from(checked.found.has_errors());
        match arguments.format {
            Format::Text => write!(console.out, "{}", checked.found.render(&checked.files, console.colour))?,
            Format::Json => {
                for problem in checked.found.to_json(&checked.files) {
                    writeln!(console.out, "{problem}")?;
                }
            }
        }
    }
    if arguments.format == Format::Text {
        let files = if sources.len() == 1 { "1 file".to_owned() } else { format!("{} files", sources.len()) };
        let verdict = if wrong == 0 { "all good".to_owned() } else { format!("{wrong} with errors") };
        writeln!(console.out, "{files}: {verdict}")?;
    }
    Ok(if wrong == 0 { Exit::Ok } else { Exit::Usage })
}
