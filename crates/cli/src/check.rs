//! `autoenroll check`: everything that is wrong with scenario files, and with worlds.

use autoenroll_scenario::{Checked, Library, check_parsed, check_world, parse};

use crate::arguments::{Check, Format};
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::suite::{self, Fixtures, Source};
use crate::{Exit, Failure, parallel};

pub(crate) fn run(arguments: &Check, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let sources = suite::select(&arguments.selection)?;
    let catalogue = Catalogue::embedded();
    let library = Library::read(&Fixtures::of(&arguments.selection)?);
    let mut wrong = 0;
    // The scenarios themselves are not kept: results may wait for their turn.
    let work = |source: &Source| {
        let parsed = parse(&source.path, &source.bytes);
        // A world is checked as what it is: a scenario that extends it can be played.
        let Checked { found, files, .. } = if parsed.is_world() {
            check_world(None, &source.path, &source.bytes, &library, catalogue)
        } else {
            check_parsed(parsed, &library, catalogue)
        };
        (found, files)
    };
    parallel::in_order(&sources, parallel::jobs(None), work, |at, checked| {
        let (found, files) =
            checked.map_err(|panic| Failure::Bench(format!("{}: the bench panicked: {panic}", sources[at].path)))?;
        wrong += usize::from(found.has_errors());
        match arguments.format {
            Format::Text => write!(console.out, "{}", found.render(&files, console.colour))?,
            Format::Json => {
                for problem in found.to_json(&files) {
                    writeln!(console.out, "{problem}")?;
                }
            }
        }
        Ok::<(), Failure>(())
    })?;
    if arguments.format == Format::Text {
        let files = if sources.len() == 1 { "1 file".to_owned() } else { format!("{} files", sources.len()) };
        let verdict = if wrong == 0 { "all good".to_owned() } else { format!("{wrong} with errors") };
        writeln!(console.out, "{files}: {verdict}")?;
    }
    Ok(if wrong == 0 { Exit::Ok } else { Exit::Usage })
}
