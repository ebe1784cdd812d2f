//! `autoenroll mutants`: makes things wrong one at a time, and shows which scenario notices.

use autoenroll_mutants::{Hunt, Mutant, Story, run_mutants};

use crate::arguments::{Format, Mutants, Selection};
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::suite;
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Mutants, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let stories: Vec<Story> = suite::good_stories(&Selection::default(), None)?
        .into_iter()
        .map(|story| Story { name: story.name, scenario: story.scenario })
        .collect();
    let catalogue = Catalogue::embedded();
    let (mutants, excused) = match arguments.mutants.as_slice() {
        [] => Mutant::all().into_iter().partition(|mutant| !is_excused(mutant, catalogue)),
        named => (named.to_vec(), Vec::new()),
    };
    let hunt = Hunt { jobs: crate::parallel::jobs(arguments.jobs), ..Hunt::default() };
    let report = run_mutants(&stories, &mutants, hunt, |progress| console.progress(progress.done, progress.all));
    console.clear_progress();
    match arguments.format {
        Format::Text => {
            write!(console.out, "{}", report.to_text())?;
            if !excused.is_empty() {
                let rules: Vec<String> = excused.iter().map(Mutant::to_string).collect();
                writeln!(
                    console.out,
                    "Not inverted, for the catalogue says why no scenario shows them: {}",
                    rules.join(", ")
                )?;
            }
        }
        Format::Json => {
            for row in &report.rows {
                let line = serde_json::to_string(row).map_err(|error| Failure::Bench(error.to_string()))?;
                writeln!(console.out, "{line}")?;
            }
        }
    }
    Ok(if report.all_caught() { Exit::Ok } else { Exit::Failed })
}

/// Whether it inverts a rule that no scenario can show.
fn is_excused(mutant: &Mutant, catalogue: &Catalogue) -> bool {
    match mutant {
        Mutant::Planted(_) => false,
        Mutant::Flipped(rule) => {
            catalogue.requirement(rule.as_str()).is_some_and(|requirement| requirement.exception.is_some())
        }
    }
}
