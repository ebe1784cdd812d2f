//! `autoenroll run --bless`: writes what came into the scenario files, in place of what was expected.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

use autoenroll_scenario::{Blessed, Files, RunReport, bless, render};

use crate::arguments::BlessWhat;
use crate::console::{Colour, Console};
use crate::runner::Runner;
use crate::suite::Story;
use crate::{Exit, Failure, explain, file, parallel};

/// Plays the stories and blesses their files. All variants of a file are played before it is written.
pub(crate) fn run(
    stories: &[Story],
    what: BlessWhat,
    runner: &Runner,
    jobs: NonZeroUsize,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut files: BTreeMap<&Path, Vec<&Story>> = BTreeMap::new();
    for story in stories {
        let Some(file) = &story.source.file else {
            return Err(Failure::Usage(format!("{} is inside this program; name its file to bless it", story.name)));
        };
        if story.source.variants.is_some() {
            let path = &story.source.path;
            return Err(Failure::Usage(format!("{path} is blessed for all its variants; name it without one")));
        }
        files.entry(file).or_default().push(story);
    }
    let files: Vec<(&Path, Vec<&Story>)> = files.into_iter().collect();
    let work = |(_, stories): &(&Path, Vec<&Story>)| {
        let reports: Vec<RunReport> = stories.iter().map(|story| runner.report(story)).collect();
        let runs: Vec<_> = stories.iter().map(|story| &story.scenario).zip(&reports).collect();
        let blessed = bless(&String::from_utf8_lossy(&stories[0].source.bytes), &runs, what == BlessWhat::Steps);
        let same = blessed.edits.is_empty() && blessed.is_whole();
        let goes_on = if same && what == BlessWhat::Steps { goes_on(&reports) } else { BTreeSet::new() };
        (blessed, goes_on)
    };
    let mut exit = Exit::Ok;
    parallel::in_order(&files, jobs, work, |at, done| {
        let (at_path, stories) = &files[at];
        let source = &stories[0].source;
        let path = &source.path;
        let (blessed, goes_on) =
            done.map_err(|panic| Failure::Bench(format!("{path}: the bench panicked: {panic}")))?;
        if !blessed.edits.is_empty() {
            file::replace(at_path, &source.bytes, blessed.text.as_bytes())
                .map_err(|error| Failure::Bench(format!("{path} cannot be written: {error}")))?;
        }
        exit |= show(path, &blessed, &stories[0].scenario.files, console)?;
        for note in goes_on {
            writeln!(console.out, "  {note}")?;
        }
        Ok::<(), Failure>(())
    })?;
    Ok(exit)
}

fn show(path: &str, blessed: &Blessed, files: &Files, console: &mut Console<'_>) -> io::Result<Exit> {
    let (word, colour) = if blessed.edits.is_empty() { ("same   ", Colour::Dim) } else { ("blessed", Colour::Green) };
    let changes =
        if blessed.edits.len() == 1 { "1 change".to_owned() } else { format!("{} changes", blessed.edits.len()) };
    writeln!(console.out, "{}  {path}  {changes}", console.paint(colour, word))?;
    for note in &blessed.notes {
        writeln!(console.out, "  line {}: {}", note.line, note.text)?;
        if let Some(help) = &note.help {
            writeln!(console.out, "    {help}")?;
        }
    }
    let files = files.with_text(&blessed.text);
    for problem in &blessed.refused {
        writeln!(console.out, "\n{}\n", render(problem, &files, console.colour))?;
    }
    Ok(if blessed.is_whole() { Exit::Ok } else { Exit::Failed })
}

/// What would still come: a story ends with its last step, whatever is open then.
fn goes_on(reports: &[RunReport]) -> BTreeSet<String> {
    let mut notes = BTreeSet::new();
    for report in reports {
        let Some(next) = report.next else { continue };
        for (who, waits) in explain::open_at_end(&report.trace.unpack()) {
            let (end, next) = (report.wall().moment(report.end), report.wall().moment(next));
            notes.insert(format!(
                "the story ends at {end}, but the run of {who} {waits}; the next event is due at {next}"
            ));
        }
    }
    notes
}
