//! The comparison for people.

use std::io;

use autoenroll_compare::{Comparison, Difference, FactDifference, First, FirstWhat, Shift};
use autoenroll_model::{Duration, Fact};
use autoenroll_trace::{Detail, Kind, RecordId, Records, line};

use super::sides::Side;
use crate::catalogue::Catalogue;
use crate::console::{Colour, Console, one_line};

/// How many causes lead to the first difference, at most.
const MOST_CAUSES: usize = 5;
/// How many records of each side follow it.
const MOST_FOLLOWING: usize = 4;
/// How many records stand for a rule.
const MOST_EXAMPLES: usize = 3;
/// How many rules are told.
const MOST_RULES: usize = 20;
/// How many lengths of time are told one by one.
const MOST_SHIFTS: usize = 5;
/// The longest line of a record, in characters.
const WIDTH: usize = 180;

pub(super) fn print(
    comparison: &Comparison,
    sides: [&Side; 2],
    catalogue: &Catalogue,
    console: &mut Console<'_>,
) -> io::Result<()> {
    for (number, side) in sides.iter().enumerate() {
        writeln!(console.out, "{}  {}  {} records", number + 1, side.name, side.trace.records().len())?;
        if let Some(fails) = &side.fails {
            writeln!(console.out, "   it fails, and may end early: {}", one_line(fails))?;
        }
    }
    for (side, count) in comparison.untold.iter().enumerate().filter(|(_, count)| **count > 0) {
        let silent = 2 - side;
        writeln!(
            console.out,
            "{silent} does not tell what it decides; {count} decisions of {} are not compared",
            side + 1
        )?;
    }
    let text = Text { sides, catalogue };
    match &comparison.first {
        Some(first) => text.first(first, comparison, console)?,
        None if comparison.is_same() => writeln!(console.out, "\nboth are the same")?,
        None => {}
    }
    text.rules(comparison, console)?;
    text.times(comparison, console)?;
    let only = |has: fn(&Difference) -> bool| comparison.differences.iter().filter(|one| has(one)).count();
    let (only_first, only_second) = (only(|one| one.second.is_none()), only(|one| one.first.is_none()));
    let differ = comparison.differences.len() - only_first - only_second;
    let moved: usize = comparison.shifts.iter().map(|shift| shift.records).sum();
    writeln!(
        console.out,
        "\n{} the same, {differ} differ, {only_first} only in 1, {only_second} only in 2; {moved} at another time",
        comparison.same
    )
}

/// Who, what kind and which rule on either side, and the facts that differ.
type Likeness<'a> = (Option<Who<'a>>, Option<Who<'a>>, Vec<(&'a str, Option<&'a Fact>, Option<&'a Fact>)>);
type Who<'a> = (&'a str, Kind, Option<&'a str>);

struct Text<'a> {
    sides: [&'a Side; 2],
    catalogue: &'a Catalogue,
}

impl Text<'_> {
    /// Where they part: the last that both have, the first in which they differ, what led to it, what follows.
    fn first(&self, first: &First, comparison: &Comparison, console: &mut Console<'_>) -> io::Result<()> {
        let ids = [first.first, first.second];
        match first.last_common {
            Some((a, _)) => {
                let records =
                    if first.common == 1 { "1 record is".to_owned() } else { format!("{} records are", first.common) };
                writeln!(console.out, "\nthe first {records} the same; the last of them is\n")?;
                writeln!(console.out, "   {}", self.line(0, a))?;
            }
            None => writeln!(console.out, "\nthey part at the beginning")?,
        }
        let what = match first.what {
            FirstWhat::Difference => "then they differ",
            FirstWhat::Time => "then they go on at different times",
            FirstWhat::Order => "then they go on in another order",
            FirstWhat::End => "then one ends, and the other goes on",
        };
        writeln!(console.out, "\n{what}\n")?;
        for (side, id) in ids.into_iter().enumerate() {
            let line = id.map_or_else(|| "     (nothing like it)".to_owned(), |id| self.line(side, id));
            writeln!(console.out, "{}  {}", side + 1, self.paint(side, &line, console))?;
        }
        if let (FirstWhat::Difference, Some(difference)) = (first.what, comparison.differences.first()) {
            for fact in &difference.facts {
                writeln!(console.out, "       {}", in_words(fact))?;
            }
            if let Some(rule) = &difference.rule {
                writeln!(console.out, "       by {}", self.rule(rule))?;
            }
        }
        let led = [0, 1].map(|side: usize| {
            let trace = &self.sides[side].trace;
            ids[side].map(|id| causes(trace, id)).unwrap_or_default()
        });
        self.either("led to it in", "", &led, console)?;
        let follow = [0, 1].map(|side: usize| {
            let common = first.last_common.map(|(a, b)| [a, b][side]);
            let last = ids[side].or(common).map_or(0, |id| id.0 as usize + 1);
            let rest = self.sides[side].trace.records().get(last..).unwrap_or_default();
            let told = rest.iter().filter(|record| Detail::of(record.kind) == Detail::Story);
            told.take(MOST_FOLLOWING).map(|record| record.id).collect::<Vec<_>>()
        });
        self.either("goes on in", "nothing follows in", &follow, console)
    }

    /// Records of each side, once where they are the same.
    fn either(&self, some: &str, none: &str, of: &[Vec<RecordId>; 2], console: &mut Console<'_>) -> io::Result<()> {
        let lines = [0, 1].map(|side: usize| of[side].iter().map(|id| self.line(side, *id)).collect::<Vec<_>>());
        if lines[0] == lines[1] && !lines[0].is_empty() {
            writeln!(console.out, "\n{some} both\n")?;
            return lines[0].iter().try_for_each(|line| writeln!(console.out, "   {line}"));
        }
        for (side, lines) in lines.iter().enumerate() {
            match (lines.is_empty(), none) {
                (true, "") => {}
                (true, none) => writeln!(console.out, "\n{none} {}", side + 1)?,
                (false, _) => writeln!(console.out, "\n{some} {}\n", side + 1)?,
            }
            lines.iter().try_for_each(|line| writeln!(console.out, "   {line}"))?;
        }
        Ok(())
    }

    /// What differs, by rule.
    fn rules(&self, comparison: &Comparison, console: &mut Console<'_>) -> io::Result<()> {
        let groups = comparison.by_rule();
        if !groups.is_empty() {
            writeln!(console.out, "\nwhat differs, by rule")?;
        }
        let more = groups.len().saturating_sub(MOST_RULES);
        for (rule, mut differences) in groups.into_iter().take(MOST_RULES) {
            let named = rule.map_or_else(|| "no decision that differs led to".to_owned(), |rule| self.rule(rule));
            writeln!(console.out, "\n  {named}")?;
            let count = |has: fn(&Difference) -> bool| differences.iter().filter(|one| has(one)).count();
            let (only_first, only_second) = (count(|one| one.second.is_none()), count(|one| one.first.is_none()));
            let counts = [
                (differences.len() - only_first - only_second, "differ"),
                (only_first, "only in 1"),
                (only_second, "only in 2"),
            ];
            let counts: Vec<String> =
                counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
            writeln!(console.out, "      {}", counts.join(", "))?;
            // The decision itself first, then what people see.
            differences.sort_by_key(|one| self.rank(one));
            // What repeats itself says nothing new.
            let mut told: Vec<Likeness<'_>> = Vec::new();
            for one in differences {
                let likeness = self.likeness(one);
                if told.len() < MOST_EXAMPLES && !told.contains(&likeness) {
                    told.push(likeness);
                    self.example(one, console)?;
                }
            }
        }
        if more > 0 {
            writeln!(console.out, "\n  … {more} more rules; --format json has all")?;
        }
        Ok(())
    }

    /// In what differences are alike, whenever they come.
    fn likeness<'b>(&'b self, one: &'b Difference) -> Likeness<'b> {
        let record = |side: usize, id: Option<RecordId>| {
            let record = self.sides[side].trace.get(id?)?;
            Some((record.actor.as_str(), record.kind, record.facts.text("rule").or(record.facts.text("op"))))
        };
        let values = |fact: &'b FactDifference| (fact.name.as_str(), fact.first.as_ref(), fact.second.as_ref());
        (record(0, one.first), record(1, one.second), one.facts.iter().map(values).collect())
    }

    fn rank(&self, one: &Difference) -> u8 {
        let kind = match (one.first, one.second) {
            (Some(id), _) => self.sides[0].trace.get(id),
            (None, Some(id)) => self.sides[1].trace.get(id),
            (None, None) => None,
        };
        match kind.map(|record| record.kind) {
            Some(Kind::Decision) => 0,
            Some(kind) if Detail::of(kind) == Detail::Story => 1,
            _ => 2,
        }
    }

    fn example(&self, one: &Difference, console: &mut Console<'_>) -> io::Result<()> {
        let (side, id) = match (one.first, one.second) {
            (Some(id), _) => (0, id),
            (None, Some(id)) => (1, id),
            (None, None) => return Ok(()),
        };
        let mark = if one.facts.is_empty() { (side + 1).to_string() } else { "~".to_owned() };
        let line = self.line(side, id);
        let line = if one.facts.is_empty() { self.paint(side, &line, console) } else { line };
        writeln!(console.out, "      {mark}  {line}")?;
        for fact in &one.facts {
            writeln!(console.out, "           {}", in_words(fact))?;
        }
        Ok(())
    }

    /// What comes at another time, or in another order.
    fn times(&self, comparison: &Comparison, console: &mut Console<'_>) -> io::Result<()> {
        if let Some(offset) = comparison.wall_offset {
            writeln!(console.out, "\ndates of the wall clock are {}", length(offset))?;
        }
        for Shift { by, records, begins } in comparison.shifts.iter().take(MOST_SHIFTS) {
            let records = if *records == 1 { "1 record comes".to_owned() } else { format!("{records} records come") };
            writeln!(console.out, "\n{records} {}; the first is\n", length(*by))?;
            writeln!(console.out, "1  {}\n2  {}", self.line(0, begins.0), self.line(1, begins.1))?;
        }
        if let Some(rest) = comparison.shifts.get(MOST_SHIFTS..).filter(|rest| !rest.is_empty()) {
            let records: usize = rest.iter().map(|shift| shift.records).sum();
            writeln!(console.out, "\n{records} more come at {} other distances", rest.len())?;
        }
        for (side, count) in comparison.beyond.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (goes_on, ends) = (side + 1, 2 - side);
            writeln!(console.out, "\n{goes_on} goes on after the end of {ends}, with {count} records")?;
        }
        if let Some((a, _)) = comparison.reordered.first() {
            let count = comparison.reordered.len();
            let records = if count == 1 { "1 record comes".to_owned() } else { format!("{count} records come") };
            writeln!(
                console.out,
                "\n{records} in another order within an instant; the first is\n\n   {}",
                self.line(0, *a)
            )?;
        }
        Ok(())
    }

    /// A rule with the title of its requirement; a check of the CA may be a part of one.
    fn rule(&self, id: &str) -> String {
        let parts = std::iter::successors(Some(id), |id| id.rsplit_once('.').map(|(whole, _)| whole));
        match parts.filter_map(|id| self.catalogue.requirement(id)).next() {
            Some(requirement) => format!("{id}  {} ({})", requirement.title, requirement.evidence),
            None => id.to_owned(),
        }
    }

    fn line(&self, side: usize, id: RecordId) -> String {
        let text = self.sides[side].trace.get(id).map(line).unwrap_or_default();
        let text = one_line(&text);
        match text.char_indices().nth(WIDTH) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    fn paint(&self, side: usize, text: &str, console: &Console<'_>) -> String {
        console.paint(if side == 0 { Colour::Red } else { Colour::Green }, text)
    }
}

/// The way that led to a record, the earliest first: of several causes the last.
fn causes(trace: &Records, of: RecordId) -> Vec<RecordId> {
    let mut way = Vec::new();
    let mut next = of;
    while let Some(cause) =
        trace.get(next).and_then(|record| record.causes.iter().max()).filter(|_| way.len() < MOST_CAUSES)
    {
        way.push(*cause);
        next = *cause;
    }
    way.reverse();
    way
}

fn in_words(fact: &FactDifference) -> String {
    let value =
        |fact: &Option<Fact>| fact.as_ref().map_or_else(|| "nothing".to_owned(), |fact| one_line(&fact.to_string()));
    format!("{}: {} in 1, {} in 2", fact.name, value(&fact.first), value(&fact.second))
}

/// A length of time, later or earlier in the second.
fn length(by: i128) -> String {
    let length = Duration(u64::try_from(by.unsigned_abs()).unwrap_or(u64::MAX));
    format!("{length} {} in 2", if by > 0 { "later" } else { "earlier" })
}
