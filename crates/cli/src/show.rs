//! `autoenroll show`: one scenario's timeline.

use std::io::Write as _;

use autoenroll_page::Lost;
use autoenroll_scenario::WallClock;
use autoenroll_trace::{Detail, Packed, TimelineOptions, render_dated, to_json_line};

use crate::arguments::{Format, Show, ShownDetail};
use crate::console::{Console, one_line, printable};
use crate::runner::{Runner, Verdict};
use crate::{Exit, Failure, explain, file, page, prose, suite};

pub(crate) fn run(arguments: &Show, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let json = arguments.json || arguments.format == Format::Json;
    let (variant, fixtures) = (arguments.variant.as_deref(), arguments.fixtures.as_deref());
    let mut story = suite::one(&arguments.scenario, variant, fixtures, arguments.how.profile.as_deref())?;
    story.scenario.spec.budget = arguments.how.budget();
    let colour = console.colour && arguments.html.is_none();
    let (played, report) = Runner::new(&arguments.how, false, colour)?.play_for_report(&story);
    let losses = if arguments.could_have { explain::outlooks(&story, fixtures)? } else { Vec::new() };
    if let Some(path) = &arguments.html {
        let unwritable = |error| Failure::Usage(format!("{} cannot be written: {error}", path.display()));
        file::put(path, page::of(&story, &played, &report, &losses).as_bytes()).map_err(unwritable)?;
        writeln!(console.out, "{}: {}", one_line(&path.display().to_string()), played.verdict.word())?;
        return Ok(played.verdict.exit());
    }
    if arguments.mermaid {
        write!(console.out, "{}", page::mermaid_of(&story, &played, &report, &losses))?;
        return Ok(played.verdict.exit());
    }
    let lost: Vec<(Lost, String)> = losses.iter().filter_map(|told| Some((told.lost(&report)?, told.what()))).collect();
    let trace = report.trace;
    if json {
        let told = |record: &Packed<'_>| arguments.detail.is_none_or(|detail| Detail::of(record.kind) <= detail.into());
        for record in trace.iter().filter(told) {
            writeln!(console.out, "{}", to_json_line(&record.unpack()))?;
        }
    } else {
        let wall = WallClock::of(story.scenario.spec.start, &trace);
        let text = match arguments.detail.unwrap_or(ShownDetail::Story) {
            ShownDetail::Story => prose::tell(&trace, &wall, &lost),
            detail => {
                let options = TimelineOptions { detail: detail.into(), colour: console.colour };
                render_dated(&trace, options, |time| wall.at(time))
            }
        };
        write!(console.out, "{text}")?;
        for told in &losses {
            writeln!(console.out, "\n{}", told.sentence)?;
        }
    }
    // The trace of JSON readers stays a trace; what went wrong is a complaint there.
    match &played.verdict {
        Verdict::Passed | Verdict::Known(_) => {}
        Verdict::Failed(reason) | Verdict::Bench(reason) if json => {
            let _ignored = writeln!(std::io::stderr(), "autoenroll: {}", printable(reason.trim_end(), false));
        }
        Verdict::Failed(reason) | Verdict::Bench(reason) => writeln!(console.out, "\n{}", reason.trim_end())?,
    }
    Ok(played.verdict.exit())
}
