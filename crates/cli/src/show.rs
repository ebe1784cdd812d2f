//! `autoenroll show`: one scenario's timeline.

use std::io::Write as _;

use autoenroll_trace::{TimelineOptions, render, to_json_lines};

use crate::arguments::{Selection, Show, ShownDetail};
use crate::console::Console;
use crate::play::{Player, Verdict};
use crate::suite::{self, Story};
use crate::{Exit, Failure, story};

pub(crate) fn run(arguments: &Show, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let selection = Selection {
        scenarios: vec![arguments.scenario.clone()],
        fixtures: arguments.fixtures.clone(),
        ..Selection::default()
    };
    let stories = suite::good_stories(&selection, arguments.how.profile.as_deref())?;
    let story = one(&stories, arguments)?;
    let (played, trace) = Player::new(&arguments.how, false, console.colour)?.play_for_trace(story);
    if arguments.json {
        write!(console.out, "{}", to_json_lines(&trace))?;
    } else if arguments.detail == ShownDetail::Story {
        write!(console.out, "{}", story::tell(&trace))?;
    } else {
        let options = TimelineOptions { detail: arguments.detail.into(), colour: console.colour };
        write!(console.out, "{}", render(&trace, options))?;
    }
    // The trace of JSON readers stays a trace; what went wrong is a complaint there.
    match &played.verdict {
        Verdict::Passed | Verdict::Known(_) => {}
        Verdict::Failed(reason) | Verdict::Bench(reason) if arguments.json => {
            let _unheard = writeln!(std::io::stderr(), "autoenroll: {}", reason.trim_end());
        }
        Verdict::Failed(reason) | Verdict::Bench(reason) => writeln!(console.out, "\n{}", reason.trim_end())?,
    }
    Ok(played.verdict.exit())
}

/// The one story that is meant.
fn one<'a>(stories: &'a [Story], arguments: &Show) -> Result<&'a Story, Failure> {
    let wanted = |story: &&Story| match &arguments.variant {
        Some(variant) => story.variant.as_ref() == Some(variant),
        None => true,
    };
    let found: Vec<&Story> = stories.iter().filter(wanted).collect();
    let names = |stories: &mut dyn Iterator<Item = &Story>| {
        stories.map(|story| story.name.clone()).collect::<Vec<_>>().join(", ")
    };
    match found.as_slice() {
        [story] => Ok(story),
        [] => Err(Failure::Usage(format!("there is no such variant; there are {}", names(&mut stories.iter())))),
        several => Err(Failure::Usage(format!("say which one: {}", names(&mut several.iter().copied())))),
    }
}
