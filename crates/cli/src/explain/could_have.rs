//! Until when a certificate that somebody did not get could have been had.

use std::path::Path;

use autoenroll_explore::could_have::{self, Outlook, Until};
use autoenroll_explore::file::Bench;
use autoenroll_model::SimTime;
use autoenroll_page::Lost;
use autoenroll_scenario::{Library, RunReport};

use crate::arguments::Selection;
use crate::catalogue::Catalogue;
use crate::console::Console;
use crate::suite::{Fixtures, Story};
use crate::{Exit, Failure};

/// So many states are looked at for each moment before it counts as not decided.
const STATES: u64 = 2_000;

/// Says for each certificate that was not got until when it could have been.
pub(super) fn tell(story: &Story, fixtures: Option<&Path>, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let outlooks = outlooks(story, fixtures)?;
    if outlooks.is_empty() {
        writeln!(
            console.out,
            "{}: no work on a certificate came to nothing; of what no run has begun is said nothing",
            story.name
        )?;
    }
    for told in &outlooks {
        writeln!(console.out, "{}", told.sentence)?;
        for (number, done) in told.outlook.way.iter().enumerate() {
            let before = if number == 0 { "what would have led to it: " } else { "                           " };
            writeln!(console.out, "    {before}{done}")?;
        }
    }
    Ok(Exit::Ok)
}

/// A certificate that somebody did not get.
pub(crate) struct Told {
    /// Until when it could have been had.
    pub(crate) sentence: String,
    outlook: Outlook,
}

impl Told {
    /// Which certificate, and whose.
    pub(crate) fn what(&self) -> String {
        format!("{} for {}", self.outlook.template, self.outlook.who)
    }

    /// What would have led to it before it was lost.
    pub(crate) fn way(&self) -> &[String] {
        &self.outlook.way
    }

    /// Where in the story it was lost; nowhere when it never was, or nobody knows.
    pub(crate) fn lost(&self, report: &RunReport) -> Option<Lost> {
        let trace = &report.trace;
        match self.outlook.until {
            Until::Never => Some(Lost { behind: None, time: SimTime::START }),
            Until::Step(step) => {
                let (records, time) = report.done(step)?;
                let before = trace.iter().take_while(|record| (record.id.0 as usize) < records).last();
                Some(Lost { behind: before.map(|record| record.id), time })
            }
            Until::Waiting { at, .. } => {
                let before = trace.iter().take_while(|record| record.at() < at).last();
                Some(Lost { behind: before.map(|record| record.id), time: at })
            }
            Until::Always | Until::NotDecided { .. } => None,
        }
    }
}

/// Each certificate of a story that somebody did not get, and until when it could have been had.
///
/// # Errors
/// When the story cannot be played.
pub(crate) fn outlooks(story: &Story, fixtures: Option<&Path>) -> Result<Vec<Told>, Failure> {
    let selection = Selection { fixtures: fixtures.map(Path::to_owned), ..Selection::default() };
    let library = Library::read(&Fixtures::of(&selection)?);
    let bench = Bench { library: &library, requirements: Catalogue::embedded() };
    let found = could_have::outlooks(&story.scenario, STATES, bench);
    let found = found.map_err(|error| Failure::Bench(error.to_string()))?;
    Ok(found.into_iter().map(|outlook| Told { sentence: sentence(story, &outlook), outlook }).collect())
}

fn sentence(story: &Story, outlook: &Outlook) -> String {
    let Outlook { who, template, until, .. } = outlook;
    let step = |at: usize| {
        let text = story.scenario.steps.get(at).map(|step| story.scenario.files.slice(step.span));
        format!("step {} ({})", at + 1, text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let behind = |after: Option<usize>| after.map_or_else(|| "the start".to_owned(), step);
    match until {
        Until::Never => format!("{template} for {who}: nothing that people can do would have led to it"),
        Until::Step(at) => format!("{template} for {who}: lost with {}", step(*at)),
        Until::Waiting { after, at } => {
            format!("{template} for {who}: lost while time went by behind {}, at {at}", behind(*after))
        }
        Until::Always => format!("{template} for {who}: never lost, it can still be had when the story is over"),
        Until::NotDecided { after } => format!(
            "{template} for {who}: not decided behind {}; there are more than {STATES} states to look at",
            behind(*after)
        ),
    }
}
