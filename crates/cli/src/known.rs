//! Known failures: scenarios that a core is known to fail, each with a reason and an end.
//!
//! The list is strict, so that it shrinks by itself: an entry whose scenario passes, that names no scenario, or whose
//! end has come fails the run.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use toml::value::Date;

use crate::runner::{Played, Verdict};
use crate::{Failure, file};

/// The largest list that is read.
pub(crate) const MOST_BYTES: u64 = 1 << 20;

/// What is known to fail.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KnownFailures {
    entries: Vec<Entry>,
    today: Option<Date>,
}

/// One known failure.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Name of the scenario, with the variant in brackets where there are several.
    scenario: String,
    /// Why it fails.
    reason: String,
    /// Where it is followed up.
    issue: String,
    /// The last day on which it may fail.
    expires: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "known-failure")]
    entries: Vec<Entry>,
}

impl KnownFailures {
    /// The list in a file, as it holds on a day.
    ///
    /// # Errors
    /// When the file cannot be read or does not have its form.
    pub(crate) fn read(path: &Path, today: Date) -> Result<Self, Failure> {
        let wrong = |error: String| Failure::Usage(format!("{}: {error}", path.display()));
        let bytes = file::read(path, MOST_BYTES).map_err(|error| wrong(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        Self::parse(&text, today).map_err(wrong)
    }

    fn parse(text: &str, today: Date) -> Result<Self, String> {
        let File { entries } = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut names = BTreeSet::new();
        for entry in &entries {
            if entry.reason.trim().is_empty() || entry.issue.trim().is_empty() {
                return Err(format!("{}: reason and issue must not be empty", entry.scenario));
            }
            if !names.insert(&entry.scenario) {
                return Err(format!("{} is listed twice", entry.scenario));
            }
        }
        Ok(Self { entries, today: Some(today) })
    }

    /// The verdict with the list taken into account.
    pub(crate) fn judge(&self, mut played: Played) -> Played {
        let Some(entry) = self.entries.iter().find(|entry| entry.scenario == played.name) else { return played };
        played.verdict = match played.verdict {
            Verdict::Failed(reason) if self.today.is_some_and(|today| today > entry.expires) => Verdict::Failed(
                format!("known since {} and expired on {}: {}\n\n{reason}", entry.issue, entry.expires, entry.reason),
            ),
            Verdict::Failed(_) => {
                Verdict::Known(format!("{} ({}, until {})", entry.reason, entry.issue, entry.expires))
            }
            Verdict::Passed => Verdict::Failed(format!(
                "it passes, but is listed as a known failure ({}); take it off the list",
                entry.issue
            )),
            other => other,
        };
        played
    }

    /// Entries that name none of these scenarios.
    pub(crate) fn unmatched<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|entry| entry.scenario.as_str()).filter(|name| !names.iter().any(|known| known == name))
    }
}

/// The date of today, by the clock of this machine: the only question for which it is asked. It changes no trace.
pub(crate) fn today() -> Result<Date, Failure> {
    #[expect(
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "a list of known failures ends on days of the real calendar"
    )]
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    let days = since.map_err(|_| Failure::Bench("the machine's clock is before 1970".to_owned()))?.as_secs() / 86_400;
    Ok(date_of(days))
}

/// The date that many days after 1970-01-01 in the Gregorian calendar.
fn date_of(days: u64) -> Date {
    // Counted from 0000-03-01 in eras of 400 years, so that the leap day is the last day of a year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let small = |number: u64| u8::try_from(number).unwrap_or(u8::MAX);
    Date { year: u16::try_from(year).unwrap_or(u16::MAX), month: small(month), day: small(day) }
}

#[cfg(test)]
mod tests {
    use autoenroll_model::SimTime;
    use autoenroll_trace::Trace;

    use super::*;

    const LIST: &str =
        "[[known-failure]]\nscenario = \"a/b\"\nreason = \"No cards yet\"\nissue = \"#7\"\nexpires = 2027-01-31\n";

    fn date(text: &str) -> Date {
        text.parse::<toml::value::Datetime>().unwrap().date.unwrap()
    }

    fn played(name: &str, verdict: Verdict) -> Played {
        let end = SimTime::START;
        let (name, digest) = (name.to_owned(), Trace::new().digest());
        let (title, profile) = (String::new(), String::new());
        Played {
            name,
            title,
            profile,
            verdict,
            digest,
            records: 0,
            end,
            timeline: None,
            problems: vec![],
            snapshot: None,
            could_have: None,
        }
    }

    #[test]
    fn a_listed_failure_is_known_until_its_last_day() {
        let check = |today: &str, name: &str, verdict: Verdict, expected: fn(&Verdict) -> bool| {
            let list = KnownFailures::parse(LIST, date(today)).unwrap();
            let judged = list.judge(played(name, verdict)).verdict;
            assert!(expected(&judged), "{today} {name}: {judged:?}");
        };
        let failed = || Verdict::Failed("error".to_owned());
        check("2027-01-31", "a/b", failed(), |v| matches!(v, Verdict::Known(text) if text.contains("No cards yet")));
        check(
            "2027-02-01",
            "a/b",
            failed(),
            |v| matches!(v, Verdict::Failed(text) if text.contains("expired on 2027-01-31")),
        );
        check(
            "2027-01-31",
            "a/b",
            Verdict::Passed,
            |v| matches!(v, Verdict::Failed(text) if text.contains("take it off")),
        );
        check("2027-01-31", "a/c", failed(), |v| *v == Verdict::Failed("error".to_owned()));
        check("2027-01-31", "a/c", Verdict::Passed, |v| *v == Verdict::Passed);
        check("2027-01-31", "a/b", Verdict::Bench("gone".into()), |v| matches!(v, Verdict::Bench(_)));
    }

    #[test]
    fn entries_that_match_nothing_are_found_and_lists_are_read_strictly() {
        let list = KnownFailures::parse(LIST, date("2027-01-01")).unwrap();
        assert_eq!(list.unmatched(&["a/c".to_owned()]).collect::<Vec<_>>(), ["a/b"]);
        assert_eq!(list.unmatched(&["a/b".to_owned()]).count(), 0);
        let wrong = |text: &str| KnownFailures::parse(text, date("2027-01-01")).unwrap_err();
        assert!(wrong(&LIST.replace("#7", "")).contains("must not be empty"));
        assert!(wrong(&LIST.replace("issue", "isue")).contains("isue"));
        assert!(wrong(&format!("{LIST}{LIST}")).contains("listed twice"));
    }

    #[test]
    fn days_are_dates() {
        for (days, text) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_514, "2026-03-02"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date_of(days), date(text), "{days}");
        }
    }
}
