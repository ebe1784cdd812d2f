//! `autoenroll run --bless`: writes what came into the scenario files, in place of what was expected.

use std::collections::BTreeMap;
use std::fs;

use autoenroll_scenario::Code;
use autoenroll_scenario::{Blessed, Diagnostic, RunReport, bless, render};

use crate::arguments::BlessWhat;
use crate::console::{Colour, Console};
use crate::play::Player;
use crate::suite::Story;
use crate::{Exit, Failure};

/// Plays the stories and blesses their files. All variants of a file are played before it is written.
pub(crate) fn run(
    stories: &[Story],
    what: BlessWhat,
    player: &Player,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let mut files: BTreeMap<&str, Vec<&Story>> = BTreeMap::new();
    for story in stories {
        if !story.source.on_disk {
            return Err(Failure::Usage(format!("{} is inside this program; name its file to bless it", story.name)));
        }
        files.entry(&story.source.path).or_default().push(story);
    }
    let mut exit = Exit::Ok;
    for (path, stories) in files {
        let reports: Vec<RunReport> = stories.iter().map(|story| player.report(story)).collect();
        let text = String::from_utf8_lossy(&stories[0].source.bytes);
        let runs: Vec<_> = stories.iter().map(|story| &story.scenario).zip(&reports).collect();
        let Blessed { text: blessed, edits, refused } = bless(&text, &runs, what == BlessWhat::Steps);
        if blessed != text {
            fs::write(path, &blessed).map_err(|error| Failure::Bench(format!("{path} cannot be written: {error}")))?;
        }
        let (word, colour) = if edits.is_empty() { ("same   ", Colour::Dim) } else { ("blessed", Colour::Green) };
        let changes = if edits.len() == 1 { "1 change".to_owned() } else { format!("{} changes", edits.len()) };
        writeln!(console.out, "{}  {path}  {changes}", console.paint(colour, word))?;
        for refusal in &refused {
            exit |= Exit::Failed;
            let problem = Diagnostic::error(Code::Differs, refusal.reason.clone(), refusal.place);
            writeln!(console.out, "\n{}\n", render(&problem, &stories[0].scenario.files, console.colour))?;
        }
    }
    Ok(exit)
}
