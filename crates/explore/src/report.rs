//! What a search found: the same for any number of threads, and for any number of parts that are put together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::breadth::{Closed, End};
use crate::drive::{Outcome, Part};
use crate::file::{Bench, found_file};
use crate::law::Broken;
use crate::shrink::shrink;
use crate::story::Story;

/// The most findings that are kept: each has a signature of its own.
const MOST_FINDINGS: usize = 200;
/// The most numbers that are kept of one signature.
const MOST_NUMBERS: usize = 1_000;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Report {
    /// How stories were made: `random`, `pairs`, or `from` and the scenario.
    pub driver: String,
    /// The program that searched, by name, version and what tells it from others of that version.
    #[serde(default)]
    pub program: String,
    /// The digest of the story whose neighbours were searched.
    #[serde(default)]
    pub story: Option<String>,
    /// The first number.
    pub first: u64,
    /// The number behind the last one that is to be played; `None` when time decides.
    pub end: Option<u64>,
    /// In how many parts the search is made.
    pub of: u64,
    /// The parts that this report is of, by their numbers from 1 on, and the first number that each has not done.
    pub parts: BTreeMap<u64, u64>,
    /// The last number that was done, with all before it; `None` when none was, or a part of the search is missing.
    pub last: Option<u64>,
    /// How many stories were played.
    pub stories: u64,
    /// How many things were done in them.
    pub moves: u64,
    /// How many records they have.
    pub records: u64,
    /// What an exhaustive search came to; such a search has no stories and no numbers.
    pub everything: Option<Everything>,
    /// How many pairs there are, where pairs were sought.
    pub pairs: u64,
    /// Pairs that have not met, in order.
    pub unmet: Vec<(String, String)>,
    /// How many stories broke something.
    pub broken: u64,
    /// One story for each signature, in the order of their numbers.
    pub findings: Vec<Finding>,
    /// Laws of order that were broken, by signature. They fail nothing.
    pub listed: BTreeMap<String, Listed>,
    /// The numbers whose stories broke something or were listed, by signature: two searches over the same numbers, with
    /// two cores, are compared by them.
    pub numbers: BTreeMap<String, BTreeSet<u64>>,
}

/// What an exhaustive search came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Everything {
    /// How many states there are, as far as it went.
    pub states: u64,
    /// How many things could be done in them.
    pub edges: u64,
    /// How many things one after the other were tried from the start.
    pub depth: usize,
    /// Why it ended.
    pub end: End,
    /// With how few faults there is nothing else, and what that comes to.
    #[serde(default)]
    pub closed: Vec<Closed>,
}

/// A law of order that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Listed {
    /// The first number that broke it.
    pub number: u64,
    /// How many stories broke it.
    pub stories: u64,
    /// The law.
    pub law: String,
    /// What happened in the first of them.
    pub reason: String,
}

/// Something that must not be, and a story in which it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Finding {
    /// The number of the first story that has it.
    pub number: u64,
    /// Law and reason without names and numbers.
    pub signature: String,
    /// What was broken in the shortest story.
    #[serde(flatten)]
    pub broken: Broken,
    /// How many steps its file has.
    pub steps: usize,
    /// Whether the law breaks in the file, too.
    pub confirmed: bool,
    /// The file.
    pub scenario: String,
}

impl Finding {
    /// The name of its file: law and number.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.broken.law, self.number)
    }
}

impl Report {
    /// Nothing is done yet of a part of a search.
    #[must_use]
    pub fn new(driver: &str, first: u64, end: Option<u64>, part: Part) -> Self {
        let parts = BTreeMap::from([(part.number, part.first(first).unwrap_or(u64::MAX))]);
        Self { driver: driver.to_owned(), first, end, of: part.of, parts, ..Self::default() }
    }

    /// The report of an exhaustive search.
    #[must_use]
    pub fn everything(
        came: Everything,
        broken: Vec<(Story, Broken)>,
        known: &BTreeSet<String>,
        bench: Bench<'_>,
    ) -> Self {
        let mut report = Self::new("everything", 0, Some(1), Part::WHOLE);
        report.add(0, Outcome { broken, ..Outcome::default() }, known, bench);
        report.everything = Some(came);
        report
    }

    /// Adds what came of a number of this part, the next one. The first story of each signature becomes a file, unless
    /// it is `known` already.
    pub fn add(&mut self, number: u64, outcome: Outcome, known: &BTreeSet<String>, bench: Bench<'_>) {
        for next in self.parts.values_mut() {
            *next = number.saturating_add(self.of);
        }
        self.find_last();
        self.stories += outcome.stories;
        self.moves += outcome.moves;
        self.records += outcome.records;
        self.pairs += outcome.pairs;
        self.unmet.extend(outcome.unmet);
        for (_, broken) in outcome.listed {
            let signature = broken.signature();
            self.note(&signature, number);
            let Broken { law, reason, .. } = broken;
            if self.listed.len() < MOST_FINDINGS || self.listed.contains_key(&signature) {
                let first = Listed { number, stories: 0, law, reason };
                self.listed.entry(signature).or_insert(first).stories += 1;
            }
        }
        for (story, broken) in outcome.broken {
            self.broken += 1;
            let signature = broken.signature();
            self.note(&signature, number);
            let found = self.findings.iter().any(|finding| finding.signature == signature);
            if !found && !known.contains(&signature) && self.findings.len() < MOST_FINDINGS {
                self.findings.push(finding(number, signature, story, broken, &self.driver, bench));
            }
        }
    }

    fn note(&mut self, signature: &str, number: u64) {
        if self.numbers.len() < MOST_FINDINGS || self.numbers.contains_key(signature) {
            let numbers = self.numbers.entry(signature.to_owned()).or_default();
            numbers.insert(number);
            bound(numbers);
        }
    }

    /// Puts the report of another part of the same search to this one.
    ///
    /// # Errors
    /// When it is of another search, of another story of that name, or of another program.
    pub fn merge(&mut self, other: Self) -> Result<(), String> {
        if self.search() != other.search() {
            return Err(format!("these are parts of two searches: {} and {}", self.named(), other.named()));
        }
        self.has_to_be_of_one_program(&other)?;
        if let Some(twice) = other.parts.keys().find(|number| self.parts.contains_key(number)) {
            return Err(format!("part {twice}/{} is there twice", self.of));
        }
        self.parts.extend(other.parts);
        self.find_last();
        self.stories = self.stories.saturating_add(other.stories);
        self.moves = self.moves.saturating_add(other.moves);
        self.records = self.records.saturating_add(other.records);
        self.pairs = self.pairs.saturating_add(other.pairs);
        self.broken = self.broken.saturating_add(other.broken);
        self.unmet.extend(other.unmet);
        self.unmet.sort();
        for (signature, other) in other.listed {
            let known = self.listed.entry(signature).or_insert_with(|| Listed { stories: 0, ..other.clone() });
            let stories = known.stories.saturating_add(other.stories);
            if other.number < known.number {
                *known = other;
            }
            known.stories = stories;
        }
        for (signature, other) in other.numbers {
            let numbers = self.numbers.entry(signature).or_default();
            numbers.extend(other);
            bound(numbers);
        }
        self.findings.extend(other.findings);
        self.findings.sort_by(|one, other| (one.number, &one.signature).cmp(&(other.number, &other.signature)));
        let mut kept: Vec<Finding> = Vec::new();
        for finding in std::mem::take(&mut self.findings) {
            if !kept.iter().any(|known| known.signature == finding.signature) {
                kept.push(finding);
            }
        }
        self.findings = kept;
        self.findings.truncate(MOST_FINDINGS);
        self.make_whole();
        Ok(())
    }

    /// The first number that a part has not done, when this is the report of that part and nothing else.
    #[must_use]
    pub fn next(&self, part: Part) -> Option<u64> {
        let next = self.parts.get(&part.number).copied();
        next.filter(|_| self.of == part.of && self.parts.len() == 1)
    }

    /// Parts that are missing, by their numbers.
    pub fn missing(&self) -> impl Iterator<Item = u64> + '_ {
        (1..=self.of).filter(|number| !self.parts.contains_key(number))
    }

    /// Parts that were not played to the end of the search, where it has one, and the first number that each has not
    /// done.
    pub fn unfinished(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let end = self.end.unwrap_or(0);
        self.parts.iter().map(|(number, next)| (*number, *next)).filter(move |(_, next)| *next < end)
    }

    /// Compares what was searched, and with what: the same number is another story elsewhere.
    ///
    /// # Errors
    /// When the other report is of another program or story than this one.
    pub fn has_to_be_of_one_program(&self, other: &Self) -> Result<(), String> {
        let told = |text: &str| if text.is_empty() { "one that is not named".to_owned() } else { text.to_owned() };
        if self.program != other.program {
            let (expected, found) = (told(&self.program), told(&other.program));
            return Err(format!(
                "expected a report of the program {expected}, found one of {found}; search once more with one program"
            ));
        }
        if self.story != other.story {
            let told = |story: &Option<String>| told(story.as_deref().unwrap_or_default());
            let (expected, found) = (told(&self.story), told(&other.story));
            return Err(format!(
                "expected a report of the story with the digest {expected}, found one of {found}: it was changed in \
                 between; search once more from one of them"
            ));
        }
        Ok(())
    }

    /// What search this is.
    #[must_use]
    pub fn named(&self) -> String {
        let end = self.end.map_or_else(String::new, |end| format!(" to {}", end.saturating_sub(1)));
        let parts = if self.of == 1 { "one part".to_owned() } else { format!("{} parts", self.of) };
        format!("{} from {}{end} in {parts}", self.driver, self.first)
    }

    fn search(&self) -> (&str, u64, Option<u64>, u64) {
        (&self.driver, self.first, self.end, self.of)
    }

    /// Every number is done that is below what any part has not done.
    fn find_last(&mut self) {
        let next = self.parts.values().copied().min().filter(|_| self.missing().next().is_none());
        let next = next.map(|next| self.end.map_or(next, |end| next.min(end)));
        self.last = next.filter(|next| *next > self.first).map(|next| next - 1);
    }

    /// When all parts are there and done, it is the report of the whole search.
    fn make_whole(&mut self) {
        let Some(end) = self.end else { return };
        if self.missing().next().is_none() && self.parts.values().all(|next| *next >= end) {
            (self.of, self.parts) = (1, BTreeMap::from([(1, end)]));
        }
    }
}

/// Keeps the lowest numbers, whatever the order in which they came.
fn bound(numbers: &mut BTreeSet<u64>) {
    while numbers.len() > MOST_NUMBERS {
        numbers.pop_last();
    }
}

fn finding(number: u64, signature: String, story: Story, broken: Broken, driver: &str, bench: Bench<'_>) -> Finding {
    let (story, broken) = match shrink(&story, &broken, bench.library) {
        Some(shrunk) => (shrunk.story, shrunk.broken),
        None => (story, broken),
    };
    let origin = format!("Found by explore ({driver}, {number})");
    let file = found_file(&story, &broken, &origin, bench);
    Finding { number, signature, broken, steps: file.steps, confirmed: file.confirmed, scenario: file.text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(number: u64, of: u64, next: u64) -> Report {
        let mut report = Report::new("random", 3, Some(13), Part { number, of });
        report.parts.insert(number, next);
        report.find_last();
        report
    }

    #[test]
    fn parts_know_what_they_are_and_make_the_whole() {
        let mut merged = part(2, 3, 13);
        assert_eq!((merged.last, merged.missing().collect::<Vec<_>>()), (None, vec![1, 3]));
        assert_eq!(merged.merge(part(2, 3, 13)).unwrap_err(), "part 2/3 is there twice");
        assert!(merged.merge(part(1, 2, 13)).is_err(), "of other parts");
        merged.merge(part(1, 3, 9)).unwrap();
        merged.merge(part(3, 3, 14)).unwrap();
        // The first part has done 3 and 6; 9 is next.
        assert_eq!((merged.last, merged.of), (Some(8), 3));
        assert_eq!(merged.unfinished().collect::<Vec<_>>(), [(1, 9)]);
        let mut whole = part(1, 2, 14);
        whole.merge(part(2, 2, 13)).unwrap();
        assert_eq!((whole.unfinished().count(), whole.missing().count()), (0, 0));
        assert_eq!(whole, part(1, 1, 13));
    }

    #[test]
    fn parts_are_of_one_program_and_one_story() {
        let of = |number: u64, program: &str, story: Option<&str>| Report {
            program: program.to_owned(),
            story: story.map(str::to_owned),
            ..part(number, 2, 13)
        };
        let check = |one: Report, other: Report, words: &[&str]| {
            for (mut one, other) in [(one.clone(), other.clone()), (other, one)] {
                let before = one.clone();
                let why = one.merge(other).unwrap_err();
                assert!(words.iter().all(|word| why.contains(word)), "{why}");
                assert_eq!(one, before);
            }
        };
        check(of(1, "a 1", None), of(2, "a 2", None), &["expected a report of the program a ", "found one of a "]);
        check(of(1, "a 1", None), of(2, "", None), &["one that is not named", "once more"]);
        check(of(1, "a 1", Some("ab")), of(2, "a 1", Some("cd")), &["digest", "ab", "cd", "once more"]);
        check(of(1, "a 1", Some("ab")), of(2, "a 1", None), &["digest", "ab", "not named"]);
        let mut merged = of(1, "a 1", Some("ab"));
        merged.merge(of(2, "a 1", Some("ab"))).unwrap();
        assert_eq!((merged.program.as_str(), merged.story.as_deref()), ("a 1", Some("ab")));
    }

    #[test]
    fn numbers_that_no_search_reaches_do_not_overflow() {
        let most = Listed { number: 3, stories: u64::MAX, law: String::new(), reason: String::new() };
        let full = |number| {
            let mut report = part(number, 2, 13);
            (report.stories, report.moves, report.records) = (u64::MAX, u64::MAX, u64::MAX);
            (report.pairs, report.broken) = (u64::MAX, u64::MAX);
            report.listed.insert("law".to_owned(), most.clone());
            report
        };
        let mut merged = full(1);
        merged.merge(full(2)).unwrap();
        assert_eq!((merged.stories, merged.broken, merged.listed["law"].stories), (u64::MAX, u64::MAX, u64::MAX));
    }

    #[test]
    fn only_its_own_part_goes_on() {
        let report = part(2, 3, 7);
        assert_eq!(report.next(Part { number: 2, of: 3 }), Some(7));
        assert_eq!(report.next(Part { number: 1, of: 3 }), None);
        assert_eq!(report.next(Part { number: 2, of: 4 }), None);
        assert_eq!(report.next(Part::WHOLE), None);
    }
}
