//! `autoenroll matrix`: which scenario shows which requirement, under which profile.

use std::io;

use autoenroll_model::Profile;
use serde_json::json;

use crate::arguments::{Format, Matrix, Selection};
use crate::catalogue::{Catalogue, Requirement};
use crate::console::{Colour, Console};
use crate::suite::{self, Story};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Matrix, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let catalogue = Catalogue::read().map_err(Failure::Bench)?;
    let stories = suite::good_stories(&Selection::default(), None)?;
    let rows: Vec<Row> = catalogue.requirements().iter().map(|requirement| Row::new(requirement, &stories)).collect();
    let shown = rows.iter().filter(|row| !arguments.uncovered || row.state() == State::Uncovered);
    match arguments.format {
        Format::Text => text(shown, &rows, console)?,
        Format::Json => json(shown, console)?,
    }
    let all_covered = rows.iter().all(|row| row.state() != State::Uncovered);
    Ok(if arguments.uncovered && !all_covered { Exit::Failed } else { Exit::Ok })
}

/// A requirement and the scenarios that show it.
struct Row<'a> {
    requirement: &'a Requirement,
    /// For each profile that the requirement holds for, the names of the scenarios, sorted.
    shown_by: Vec<(&'static str, Vec<&'a str>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Covered,
    Excused,
    Uncovered,
}

impl<'a> Row<'a> {
    fn new(requirement: &'a Requirement, stories: &'a [Story]) -> Self {
        let shows = |story: &&Story, profile: &str| story.profile == profile && story.covers.contains(&requirement.id);
        let profiles = Profile::NAMES.iter().filter(|profile| requirement.holds_for(profile));
        let shown_by = profiles.map(|profile| {
            let mut names: Vec<&str> =
                stories.iter().filter(|story| shows(story, profile)).map(|story| story.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            (*profile, names)
        });
        Self { requirement, shown_by: shown_by.collect() }
    }

    fn state(&self) -> State {
        if self.shown_by.iter().any(|(_, names)| !names.is_empty()) {
            State::Covered
        } else if self.requirement.exception.is_some() {
            State::Excused
        } else {
            State::Uncovered
        }
    }
}

fn text<'a>(shown: impl Iterator<Item = &'a Row<'a>>, all: &[Row<'_>], console: &mut Console<'_>) -> io::Result<()> {
    for row in shown {
        let (word, colour) = match row.state() {
            State::Covered => ("covered", Colour::Green),
            State::Excused => ("excused", Colour::Dim),
            State::Uncovered => ("UNCOVERED", Colour::Red),
        };
        let word = console.paint(colour, &format!("{word:<9}"));
        writeln!(console.out, "{word}  {:<16}  {}", row.requirement.id, row.requirement.title)?;
        for (profile, names) in row.shown_by.iter().filter(|(_, names)| !names.is_empty()) {
            writeln!(console.out, "{:29}{profile}: {}", "", names.join(", "))?;
        }
        if let (State::Excused, Some(why)) = (row.state(), &row.requirement.exception) {
            writeln!(console.out, "{:29}{}", "", why.split_whitespace().collect::<Vec<_>>().join(" "))?;
        }
    }
    let count = |state| all.iter().filter(|row| row.state() == state).count();
    writeln!(
        console.out,
        "\n{} requirements: {} covered, {} excused, {} uncovered",
        all.len(),
        count(State::Covered),
        count(State::Excused),
        count(State::Uncovered)
    )
}

fn json<'a>(shown: impl Iterator<Item = &'a Row<'a>>, console: &mut Console<'_>) -> io::Result<()> {
    for row in shown {
        let shown_by: serde_json::Map<String, serde_json::Value> =
            row.shown_by.iter().map(|(profile, names)| ((*profile).to_owned(), json!(names))).collect();
        let state = match row.state() {
            State::Covered => "covered",
            State::Excused => "excused",
            State::Uncovered => "uncovered",
        };
        let Requirement { id, title, evidence, section, seed, exception, .. } = row.requirement;
        let line = json!({
            "id": id, "title": title, "evidence": evidence, "section": section, "seed": seed, "state": state,
            "scenarios": shown_by, "exception": exception,
        });
        writeln!(console.out, "{line}")?;
    }
    Ok(())
}
