//! What a search found: the same for any number of threads, and for any number of parts that are put together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

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
    /// The first number.
    pub first: u64,
    /// The last number that was done, with all before it; `None` when none was.
    pub last: Option<u64>,
    /// How many stories were played.
    pub stories: u64,
    /// How many things were done in them.
    pub moves: u64,
    /// How many records they have.
    pub records: u64,
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
    /// Nothing is done yet.
    #[must_use]
    pub fn new(driver: &str, first: u64) -> Self {
        Self { driver: driver.to_owned(), first, ..Self::default() }
    }

    /// Adds what came of a number. The first story of each signature becomes a file, unless it is `known` already.
    pub fn add(&mut self, number: u64, outcome: Outcome, known: &BTreeSet<String>, bench: Bench<'_>) {
        self.last = Some(number);
        self.stories += outcome.stories;
        self.moves += outcome.moves;
        self.records += outcome.records;
        self.pairs += outcome.pairs;
        self.unmet.extend(outcome.unmet);
        for broken in outcome.listed {
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
    /// When it is of another search.
    pub fn merge(&mut self, other: Self) -> Result<(), String> {
        if (&self.driver, self.first) != (&other.driver, other.first) {
            let of = |report: &Self| format!("{} from {}", report.driver, report.first);
            return Err(format!("these are parts of two searches: {} and {}", of(self), of(&other)));
        }
        self.last = self.last.max(other.last);
        self.stories += other.stories;
        self.moves += other.moves;
        self.records += other.records;
        self.pairs += other.pairs;
        self.broken += other.broken;
        self.unmet.extend(other.unmet);
        self.unmet.sort();
        for (signature, other) in other.listed {
            let known = self.listed.entry(signature).or_insert_with(|| Listed { stories: 0, ..other.clone() });
            let stories = known.stories + other.stories;
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
        Ok(())
    }

    /// The number that a search goes on from.
    #[must_use]
    pub fn next(&self, part: Part) -> u64 {
        self.last.map_or(self.first, |last| last + part.of)
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
