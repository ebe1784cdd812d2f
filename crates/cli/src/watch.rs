//! `autoenroll run --watch`: runs again whenever a file changes.

use std::thread;
use std::time::Duration;

use crate::arguments::{Run, Selection};
use crate::console::{Colour, Console};
use crate::suite::{self, Source};
use crate::{Exit, Failure, run};

/// How often the files are read again. They are small, and reading them needs no facility of the system that may be missing.
const PACE: Duration = Duration::from_millis(300);

/// Runs until interrupted. A file that cannot be read for a moment is being saved.
pub(crate) fn watch(arguments: &Run, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let on_disk = sources(&arguments.selection)?.iter().any(|source| source.on_disk);
    if !on_disk {
        return Err(Failure::Usage("--watch needs files or directories that can change".to_owned()));
    }
    let mut known: Vec<Source> = Vec::new();
    loop {
        if let Ok(present) = sources(&arguments.selection)
            && present != known
        {
            known = present;
            // What is wrong with the arguments stays wrong and has been said before the first run.
            run::once(arguments, console)?;
            writeln!(console.out, "{}\n", console.paint(Colour::Dim, "waiting for changes; interrupt to end"))?;
            console.out.flush()?;
        }
        thread::sleep(PACE);
    }
}

fn sources(selection: &Selection) -> Result<Vec<Source>, Failure> {
    suite::select(selection)
}
