//! `autoenroll mutants`: makes things wrong one at a time, and shows which scenario notices.

use autoenroll_mutants::{Hunt, Mutant, Story, run_mutants};

use crate::arguments::{Format, Mutants, Selection};
use crate::console::Console;
use crate::suite;
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Mutants, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let stories: Vec<Story> = suite::good_stories(&Selection::default(), None)?
        .into_iter()
        .map(|story| Story { name: story.name, scenario: story.scenario })
        .collect();
    let mutants = match arguments.mutants.as_slice() {
        [] => Mutant::all(),
        named => named.to_vec(),
    };
    let hunt = Hunt { jobs: crate::parallel::jobs(arguments.jobs), ..Hunt::default() };
    let report = run_mutants(&stories, &mutants, hunt, |progress| console.progress(progress.done, progress.all));
    console.clear_progress();
    match arguments.format {
        Format::Text => write!(console.out, "{}", report.to_text())?,
        Format::Json => {
            for row in &report.rows {
                let line = serde_json::to_string(row).map_err(|error| Failure::Bench(error.to_string()))?;
                writeln!(console.out, "{line}")?;
            }
        }
    }
    Ok(if report.all_caught() { Exit::Ok } else { Exit::Failed })
}
