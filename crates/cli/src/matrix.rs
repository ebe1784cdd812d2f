//! `autoenroll matrix`: which scenario shows which requirement, under which profile, and how well it is supported.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use autoenroll_model::{Evidence, Profile, WindowsVersion};
use autoenroll_page::{Coverage, Entry, Shows};
use serde_json::json;

use crate::arguments::{Format, Matrix, Selection};
use crate::catalogue::{Catalogue, Requirement};
use crate::columns::columns;
use crate::console::{Colour, Console};
use crate::suite::{self, Listed};
use crate::{Exit, Failure};

pub(crate) fn run(arguments: &Matrix, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let catalogue = Catalogue::embedded();
    let stories = suite::listed(&Selection::default())?;
    let rows: Vec<Row> = catalogue.requirements().iter().map(|requirement| Row::new(requirement, &stories)).collect();
    let shown = rows.iter().filter(|row| !arguments.uncovered || row.state() == State::Uncovered);
    match arguments.format {
        _ if arguments.sums => sums(catalogue, arguments.format, console)?,
        Format::Text if arguments.evidence => evidence(shown, catalogue, console)?,
        Format::Text => text(shown, &rows, console)?,
        Format::Json => json(shown, catalogue, console)?,
    }
    let all_covered = rows.iter().all(|row| row.state() != State::Uncovered);
    Ok(if arguments.uncovered && !all_covered { Exit::Failed } else { Exit::Ok })
}

/// Which of these stories shows which requirement.
///
/// # Errors
/// When the suite cannot be listed: a fault of this program.
pub(crate) fn coverage(entries: &[Entry]) -> Result<Vec<Coverage>, Failure> {
    let places: BTreeMap<&str, usize> =
        entries.iter().enumerate().map(|(at, entry)| (entry.name.as_str(), at)).collect();
    let stories = suite::listed(&Selection::default())?;
    let rows = Catalogue::embedded().requirements().iter().map(|requirement| Row::new(requirement, &stories));
    let covered = rows.map(|row| {
        let by: BTreeSet<usize> =
            row.shown_by.iter().flat_map(|(_, names)| names).filter_map(|name| places.get(name)).copied().collect();
        Coverage {
            id: row.requirement.id.to_owned(),
            title: row.requirement.title.to_owned(),
            state: match row.state() {
                State::Covered => Shows::Covered,
                State::Excused => Shows::Excused,
                State::Uncovered => Shows::Uncovered,
            },
            evidence: row.requirement.evidence.as_str().to_owned(),
            by: by.into_iter().collect(),
        }
    });
    Ok(covered.collect())
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
    fn new(requirement: &'a Requirement, stories: &'a [Listed]) -> Self {
        let shows = |story: &&Listed, profile: &str| {
            story.profile == profile && story.covers.iter().any(|id| id == requirement.id)
        };
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

fn evidence<'a>(
    shown: impl Iterator<Item = &'a Row<'a>>,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> io::Result<()> {
    for row in shown {
        let Requirement { id, title, sources, evidence, settled_by, .. } = row.requirement;
        let colour = match evidence {
            Evidence::Documented | Evidence::Observed => Colour::Green,
            Evidence::Inferred | Evidence::Contested => Colour::Yellow,
        };
        let word = console.paint(colour, &format!("{:<10}", evidence.as_str()));
        writeln!(console.out, "{word}  {id:<16}  {title}")?;
        for citation in *sources {
            let about = catalogue.source(citation).map_or("", |source| source.about);
            writeln!(console.out, "{:30}{citation}; about {about}", "")?;
        }
        if let Some(settled_by) = settled_by {
            let words: Vec<&str> = settled_by.split_whitespace().collect();
            writeln!(console.out, "{:30}settled by: {}", "", words.join(" "))?;
        }
    }
    let counts = Evidence::ALL.iter().map(|class| format!("{} {class}", count(catalogue.requirements(), *class)));
    let all = catalogue.requirements().len();
    writeln!(console.out, "\n{all} requirements: {}", counts.collect::<Vec<_>>().join(", "))
}

fn count<'a>(of: impl IntoIterator<Item = &'a Requirement>, class: Evidence) -> usize {
    of.into_iter().filter(|requirement| requirement.evidence == class).count()
}

/// How many requirements have which class: all of them, those of each profile, those of each subject. Of a profile,
/// also for how many of the supported ones the sources speak of other versions only.
fn sums(catalogue: &Catalogue, format: Format, console: &mut Console<'_>) -> io::Result<()> {
    let all = catalogue.requirements();
    let mut groups = vec![Group { kind: "all", name: "all requirements", of: all.iter().collect(), elsewhere: None }];
    for version in WindowsVersion::ALL {
        let name = version.as_str();
        let of: Vec<&Requirement> = all.iter().filter(|requirement| requirement.holds_for(name)).collect();
        let elsewhere = of.iter().filter(|requirement| catalogue.is_of_other_versions(requirement, *version)).count();
        groups.push(Group { kind: "profile", name, of, elsewhere: Some(elsewhere) });
    }
    let mut sections: Vec<&str> = all.iter().map(|requirement| requirement.section).collect();
    sections.sort_by_key(|section| numbers_of(section));
    sections.dedup();
    for name in sections {
        let of = all.iter().filter(|requirement| requirement.section == name).collect();
        groups.push(Group { kind: "section", name, of, elsewhere: None });
    }
    match format {
        Format::Json => {
            for group in &groups {
                writeln!(console.out, "{}", group.json())?;
            }
        }
        Format::Text => {
            let head = ["", "all"].into_iter().chain(Evidence::WORDS.iter().copied()).chain(["of other versions"]);
            let mut rows: Vec<Vec<String>> = vec![head.map(str::to_owned).collect()];
            for (at, group) in groups.iter().enumerate() {
                if at > 0 && group.kind != groups[at - 1].kind {
                    rows.push(Vec::new());
                }
                rows.push(group.row());
            }
            for line in columns(&rows) {
                writeln!(console.out, "{line}")?;
            }
        }
    }
    Ok(())
}

/// Requirements that are counted together.
struct Group<'a> {
    kind: &'static str,
    name: &'a str,
    of: Vec<&'a Requirement>,
    /// How many of the supported ones have sources about other versions only.
    elsewhere: Option<usize>,
}

impl Group<'_> {
    fn counts(&self) -> impl Iterator<Item = (Evidence, usize)> {
        Evidence::ALL.iter().map(|class| (*class, count(self.of.iter().copied(), *class)))
    }

    fn row(&self) -> Vec<String> {
        let numbers =
            std::iter::once(self.of.len()).chain(self.counts().map(|(_, number)| number)).chain(self.elsewhere);
        std::iter::once(self.name.to_owned()).chain(numbers.map(|number| number.to_string())).collect()
    }

    fn json(&self) -> serde_json::Value {
        let mut line = json!({ (self.kind): self.name, "requirements": self.of.len() });
        for (class, number) in self.counts() {
            line[class.as_str()] = number.into();
        }
        if let Some(elsewhere) = self.elsewhere {
            line["of-other-versions"] = elsewhere.into();
        }
        line
    }
}

/// The numbers with which the heading of a section begins, so that 10 follows 9.
fn numbers_of(section: &str) -> (Vec<u32>, &str) {
    let number = section.split(' ').next().unwrap_or_default();
    (number.split('.').map_while(|part| part.parse().ok()).collect(), section)
}

fn json<'a>(
    shown: impl Iterator<Item = &'a Row<'a>>,
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> io::Result<()> {
    for row in shown {
        let shown_by: serde_json::Map<String, serde_json::Value> =
            row.shown_by.iter().map(|(profile, names)| ((*profile).to_owned(), json!(names))).collect();
        let state = match row.state() {
            State::Covered => "covered",
            State::Excused => "excused",
            State::Uncovered => "uncovered",
        };
        let Requirement { id, title, evidence, settled_by, section, seed, exception, .. } = row.requirement;
        let line = json!({
            "id": id, "title": title, "evidence": evidence, "section": section, "seed": seed, "state": state,
            "scenarios": shown_by, "exception": exception, "sources": catalogue.citations(row.requirement),
            "settled-by": settled_by.as_deref().map(str::trim),
        });
        writeln!(console.out, "{line}")?;
    }
    Ok(())
}
