//! What came of all cases so far, kept in a file so that they can go on later.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Sums over cases of one seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The number of the next case.
    pub next: u64,
    /// How many cases of a kind came to what.
    pub came: BTreeMap<(String, String), u64>,
    /// The rules that decided something in a damaged scenario.
    pub rules: BTreeSet<String>,
    /// What did not hold, each with the number of its case.
    pub broken: Vec<(u64, String)>,
    /// How many cases did not hold; only the first are kept.
    pub broken_in_all: u64,
}

/// So many that do not hold are kept with what did not.
const MOST_KEPT: usize = 200;

impl Totals {
    /// Those in a file; none yet where there is no such file.
    ///
    /// # Errors
    /// When the file is another one.
    pub fn read(path: &Path) -> Result<Self, String> {
        let Ok(text) = fs::read_to_string(path) else { return Ok(Self::default()) };
        let strange = || format!("{} is no file of sums; remove it to begin anew", path.display());
        let value: Value = serde_json::from_str(&text).map_err(|_| strange())?;
        let came = value["came"].as_object().ok_or_else(strange)?.iter().flat_map(|(kind, outcomes)| {
            let outcomes = outcomes.as_object().into_iter().flatten();
            outcomes.map(|(outcome, count)| ((kind.clone(), outcome.clone()), count.as_u64().unwrap_or_default()))
        });
        let texts = |value: &Value| value.as_str().map(str::to_owned);
        Ok(Self {
            next: value["next"].as_u64().ok_or_else(strange)?,
            came: came.collect(),
            rules: value["rules"].as_array().into_iter().flatten().filter_map(texts).collect(),
            broken: value["broken"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| Some((one["case"].as_u64()?, texts(&one["what"])?)))
                .collect(),
            broken_in_all: value["broken-in-all"].as_u64().unwrap_or_default(),
        })
    }

    /// Writes them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let mut came: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for ((kind, outcome), count) in &self.came {
            came.entry(kind).or_default().insert(outcome, *count);
        }
        let broken: Vec<Value> = self.broken.iter().map(|(case, what)| json!({ "case": case, "what": what })).collect();
        let text = json!({
            "next": self.next,
            "came": came,
            "rules": self.rules,
            "broken": broken,
            "broken-in-all": self.broken_in_all,
        });
        let unwritable = |error: std::io::Error| format!("{} cannot be written: {error}", path.display());
        let draft = path.with_extension("part");
        fs::write(&draft, format!("{text:#}\n")).map_err(unwritable)?;
        fs::rename(&draft, path).map_err(unwritable)
    }

    /// Adds a case in which everything held.
    pub fn add(&mut self, kind: &str, outcome: &str) {
        *self.came.entry((kind.to_owned(), outcome.to_owned())).or_default() += 1;
    }

    /// Adds a case in which something did not hold.
    pub fn add_broken(&mut self, case: u64, kind: &str, what: &str) {
        self.add(kind, "broken");
        self.broken_in_all += 1;
        if self.broken.len() < MOST_KEPT {
            self.broken.push((case, what.to_owned()));
        }
    }

    /// How many cases of a kind there were.
    #[must_use]
    pub fn of(&self, kind: &str) -> u64 {
        self.came.iter().filter(|((of, _), _)| of == kind).map(|(_, count)| count).sum()
    }

    /// How many cases there were.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.came.values().sum()
    }

    /// The share of damaged scenarios that were checked without an error and played, in percent.
    #[must_use]
    pub fn played(&self) -> u64 {
        const PLAYED: [&str; 4] = ["passed", "failed", "violated", "spent"];
        let played: u64 = self
            .came
            .iter()
            .filter(|((kind, outcome), _)| kind == "scenario" && PLAYED.contains(&outcome.as_str()))
            .map(|(_, count)| count)
            .sum();
        (played * 100).checked_div(self.of("scenario")).unwrap_or_default()
    }

    /// The share of these rules that were reached, in percent.
    #[must_use]
    pub fn reached(&self, of: &BTreeSet<String>) -> u64 {
        let reached = of.intersection(&self.rules).count() as u64;
        (reached * 100).checked_div(of.len() as u64).unwrap_or_default()
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} cases", self.all())?;
        let kinds: BTreeSet<&str> = self.came.keys().map(|(kind, _)| kind.as_str()).collect();
        for kind in kinds {
            let outcomes: Vec<String> = self
                .came
                .iter()
                .filter(|((of, _), _)| of == kind)
                .map(|((_, outcome), count)| format!("{count} {outcome}"))
                .collect();
            writeln!(f, "{:>9}  {kind:<9} {}", self.of(kind), outcomes.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_kept_and_gone_on_with() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("1.json");
        assert_eq!(Totals::read(&path), Ok(Totals::default()));
        let mut totals = Totals { next: 5, ..Totals::default() };
        totals.add("scenario", "refused");
        totals.add("scenario", "passed");
        totals.add("scenario", "failed");
        totals.add_broken(3, "scenario", "a panic");
        totals.rules.insert("R008".to_owned());
        totals.write(&path).unwrap();
        let read = Totals::read(&path).unwrap();
        assert_eq!(read, totals);
        assert_eq!((read.all(), read.played()), (4, 50));
        assert_eq!(read.reached(&BTreeSet::from(["R008".to_owned(), "R009".to_owned()])), 50);
        fs::write(&path, "[]").unwrap();
        assert!(Totals::read(&path).is_err());
    }
}
