//! A log beside what a story predicts.

use autoenroll_model::SimTime;
use autoenroll_observe::{Comparison, Difference, Pair, Timeline, What, compare};
use autoenroll_trace::{Kind, Record, Trace};

use super::{complain, lines, told};
use crate::arguments::{Format, Observe};
use crate::catalogue::Catalogue;
use crate::console::{Colour, Console};
use crate::runner::{Runner, Verdict};
use crate::{Exit, Failure, prose, suite};

pub(super) fn run(
    scenario: &str,
    arguments: &Observe,
    timeline: &Timeline,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let Observe { variant, fixtures, profile, .. } = arguments;
    let story = suite::one(scenario, variant.as_deref(), fixtures.as_deref(), profile.as_deref())?;
    let (played, trace) = Runner::plain().play_for_trace(&story);
    let trace = trace.unpack();
    if let Verdict::Failed(reason) | Verdict::Bench(reason) = &played.verdict {
        let why = reason.lines().next().unwrap_or_default();
        let name = &story.name;
        complain(&format!("{name}: it does not pass here, and the prediction may lack what comes after that: {why}"));
    }
    let comparison = compare(timeline, &trace).map_err(|error| Failure::Usage(error.to_string()))?;
    match arguments.format {
        Format::Json => {
            for pair in &comparison.pairs {
                writeln!(console.out, "{}", lines::of_pair(pair, &comparison))?;
            }
            for record in &comparison.unknown {
                writeln!(console.out, "{}", lines::of_unknown(record))?;
            }
            writeln!(console.out, "{}", lines::sums(&comparison))?;
        }
        Format::Text => {
            writeln!(console.out, "the log beside {} under {}\n", story.name, story.profile)?;
            print(&comparison, catalogue, console)?;
        }
    }
    let agrees = comparison.pairs.iter().all(|pair| pair.differences.is_empty());
    Ok(if agrees && comparison.start.is_some() { Exit::Ok } else { Exit::Failed })
}

fn print(comparison: &Comparison<'_>, catalogue: &Catalogue, console: &mut Console<'_>) -> Result<(), Failure> {
    let mut last = None;
    for pair in &comparison.pairs {
        print_pair(pair, comparison.at(pair.seen), &mut last, catalogue, console)?;
    }
    if !comparison.unknown.is_empty() {
        writeln!(console.out, "\npredicted and not in the log, which may not show it:\n")?;
        let mut last: Option<SimTime> = None;
        for record in &comparison.unknown {
            writeln!(console.out, "         {}", told(record, &mut last))?;
        }
    }
    let renamed: Vec<String> = comparison
        .identities
        .iter()
        .filter(|(log, story)| log != story)
        .map(|(log, story)| format!("{log} is {story}"))
        .collect();
    if !renamed.is_empty() {
        writeln!(console.out, "\nin the story\n\n    {}", renamed.join("\n    "))?;
    }
    let differ = comparison.pairs.iter().filter(|pair| !pair.differences.is_empty()).count();
    let (agree, unknown, outside) = (comparison.pairs.len() - differ, comparison.unknown.len(), comparison.outside);
    writeln!(console.out, "\n{agree} agree, {differ} differ, {unknown} unknown, {outside} outside the story")?;
    if comparison.start.is_none() {
        writeln!(console.out, "nothing in the log goes with the story")?;
    }
    Ok(())
}

fn print_pair(
    pair: &Pair<'_>,
    at: SimTime,
    last: &mut Option<SimTime>,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let mut alone = Trace::new();
    alone.push(at, &pair.seen.actor, Kind::Event, pair.seen.facts.clone(), Vec::new());
    let (word, colour) = match pair.differences.is_empty() {
        true => ("agrees", Colour::Green),
        false => ("differs", Colour::Red),
    };
    let line = alone.last().map(|record| told(&record.unpack(), last)).unwrap_or_default();
    writeln!(console.out, "{}{line}", console.paint(colour, &format!("{word:<9}")))?;
    for difference in &pair.differences {
        print_difference(difference, pair.predicted, catalogue, console)?;
    }
    Ok(())
}

/// Where the particulars of an event stand: below its sentence.
const INDENT: &str = "                           ";

fn print_difference(
    difference: &Difference,
    predicted: Option<&Record>,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> Result<(), Failure> {
    let Difference { what, predicted: expected, found, rules } = difference;
    match what {
        What::Unpredicted => writeln!(console.out, "{INDENT}nothing like it is predicted")?,
        what => writeln!(console.out, "{INDENT}{}: predicted {expected}, found {found}", what.as_str())?,
    }
    for id in rules {
        let named = match catalogue.requirement(id) {
            Some(requirement) => format!("{id}  {} ({})", requirement.title, requirement.evidence),
            None => format!("{id}, which the catalogue does not have"),
        };
        writeln!(console.out, "{INDENT}  {named}")?;
    }
    if let Some(sentence) = predicted.and_then(prose::sentence) {
        writeln!(console.out, "{INDENT}  {}", console.paint(Colour::Dim, &format!("predicted: {sentence}")))?;
    }
    Ok(())
}
