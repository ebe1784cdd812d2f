//! What a question is about.

use autoenroll_model::{HRESULT_NAMES, HResult, SWITCHES};
use autoenroll_scenario::{FileId, Requirement, Requirements as _, Step, vocabulary};

use crate::Failure;
use crate::catalogue::Catalogue;
use crate::suite::{self, Story};

/// How many ids are suggested for one that is none.
const SUGGESTIONS: usize = 12;

/// Something to be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// A code of a problem, or what looks like one.
    Code(&'a str),
    /// A requirement of the catalogue, or a rule of a CA.
    Requirement(&'a str),
    HResult(HResult),
    /// An event by its number, of any source.
    Event(u16),
    /// A word of the scenario language, or a switch.
    Word(&'a str),
    /// A story, or a moment of it.
    Scenario(&'a str, Option<Moment>),
}

/// A step of a story. A colon and a number: the step, from 1. `:L26`, or `:26:3` as messages print it: a line of the
/// file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Step(usize),
    Line(usize),
}

impl<'a> Target<'a> {
    /// What the text is about. Whether there is such a scenario is not looked up.
    pub(super) fn of(text: &'a str, catalogue: &'a Catalogue) -> Self {
        if is_code(text) {
            return Self::Code(text);
        }
        if let Some(id) = catalogue.ids().into_iter().find(|id| id.eq_ignore_ascii_case(text)) {
            return Self::Requirement(id);
        }
        if catalogue.find(text) == Requirement::Decides {
            return Self::Requirement(text);
        }
        if let Some(number) = event(text, catalogue) {
            return Self::Event(number);
        }
        match hresult(text) {
            Some(code) => Self::HResult(code),
            None if words().any(|word| word == text) => Self::Word(text),
            None => moment(text),
        }
    }
}

impl Moment {
    /// The index of the step that is meant.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn step(self, story: &Story) -> Result<usize, Failure> {
        let steps = &story.scenario.steps;
        let line_of = |byte| story.scenario.files.line_column(FileId::OWN, byte).0;
        match self {
            Self::Step(step) => step
                .checked_sub(1)
                .filter(|at| *at < steps.len())
                .ok_or_else(|| Failure::Usage(format!("{} has no step {step}; it has {}", story.name, steps.len()))),
            Self::Line(line) => {
                // The line that does a sequence is its first step.
                let lines = steps.iter().map(|step| line_of(step.line().start)..=line_of(step.line().end));
                let written = |step: &Step| {
                    let is_own = step.span.file == FileId::OWN;
                    is_own && (line_of(step.span.start)..=line_of(step.span.end)).contains(&line)
                };
                if let Some(at) = steps.iter().position(written) {
                    return Ok(at);
                }
                lines.clone().position(|lines| lines.contains(&line)).ok_or_else(|| {
                    let near = lines.enumerate().min_by_key(|(_, lines)| lines.start().abs_diff(line));
                    let near =
                        near.map(|(at, lines)| format!("; near it is step {} on line {}", at + 1, lines.start()));
                    let near = near.unwrap_or_default();
                    Failure::Usage(format!("no step of {} is on line {line}{near}", story.name))
                })
            }
        }
    }
}

/// `AE` and four digits.
fn is_code(text: &str) -> bool {
    let digits = text.get(..2).filter(|prefix| prefix.eq_ignore_ascii_case("AE")).and_then(|_| text.get(2..));
    digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit()))
}

/// The number of an event that the catalogue knows, alone or after the word: `14`, `event 14`.
fn event(text: &str, catalogue: &Catalogue) -> Option<u16> {
    let number = text.strip_prefix("event ").unwrap_or(text).parse().ok()?;
    catalogue.events(number).next().map(|_| number)
}

/// A number or a name, or both as traces print them. Windows also shows the number as eight hexadecimal digits alone,
/// and as a decimal one with or without sign.
fn hresult(text: &str) -> Option<HResult> {
    let word = text.split_whitespace().next()?;
    let hexadecimal = |digits: &str| u32::from_str_radix(digits, 16).ok();
    let number = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => return hexadecimal(digits).map(HResult),
        None if word.len() == 8 && word.bytes().all(|digit| digit.is_ascii_hexdigit()) => hexadecimal(word),
        None if word.starts_with('-') => word.parse::<i32>().ok().map(i32::cast_unsigned),
        None => word.parse::<u32>().ok().filter(|_| word.len() == 10),
    };
    number.map(HResult).or_else(|| HResult::from_name(&word.to_ascii_uppercase()))
}

/// Every word of the scenario language, and every switch.
fn words() -> impl Iterator<Item = String> {
    let switches = SWITCHES.iter().map(|switch| switch.name.to_owned());
    vocabulary().into_iter().map(|word| word.name).chain(switches)
}

/// A scenario with or without a moment.
fn moment(text: &str) -> Target<'_> {
    let number = |text: &str| text.parse::<usize>().ok();
    let (before, last) = text.rsplit_once(':').unwrap_or((text, ""));
    let line = last.strip_prefix(['L', 'l']).and_then(number);
    let pair = before.rsplit_once(':').and_then(|(scenario, line)| Some((scenario, number(line)?, number(last)?)));
    match (pair, line, number(last)) {
        (Some((scenario, line, _column)), ..) => Target::Scenario(scenario, Some(Moment::Line(line))),
        (None, Some(line), _) => Target::Scenario(before, Some(Moment::Line(line))),
        (None, None, Some(step)) => Target::Scenario(before, Some(Moment::Step(step))),
        (None, None, None) => Target::Scenario(text, None),
    }
}

/// What to say about a word that names no scenario, but nearly an id, the name of an HRESULT, a word of the language or
/// a switch.
pub(super) fn suggestion(text: &str, catalogue: &Catalogue) -> Option<String> {
    if text.contains('/') || suite::named(text).is_ok() {
        return None;
    }
    if let Some(number) = text.strip_prefix("event ") {
        return Some(format!("the catalogue knows no event `{number}`; `autoenroll matrix` lists all, E5.*"));
    }
    let ids = catalogue.ids();
    let lower = text.to_ascii_lowercase();
    let mut near: Vec<&str> =
        ids.iter().copied().filter(|id| !text.is_empty() && id.to_ascii_lowercase().starts_with(&lower)).collect();
    near.sort_unstable();
    let more = near.len().saturating_sub(SUGGESTIONS);
    near.truncate(SUGGESTIONS);
    if near.is_empty() {
        near.extend(autoenroll_scenario::suggestion(text, ids.iter().copied()));
    }
    if near.is_empty() {
        near.extend(autoenroll_scenario::suggestion(
            &text.to_ascii_uppercase(),
            HRESULT_NAMES.iter().map(|(_, name)| *name),
        ));
    }
    let words: Vec<String> = words().collect();
    if near.is_empty() {
        near.extend(autoenroll_scenario::suggestion(text, words.iter().map(String::as_str)));
    }
    if near.is_empty() {
        return None;
    }
    let more = if more > 0 { format!(", and {more} more; `autoenroll matrix` lists all") } else { String::new() };
    Some(format!("nothing is called `{text}`; near it are {}{more}", near.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_apart() {
        let catalogue = Catalogue::embedded();
        let check = |text: &str, expected: Target<'_>| assert_eq!(Target::of(text, catalogue), expected, "{text}");
        check("AE0101", Target::Code("AE0101"));
        check("ae9999", Target::Code("ae9999"));
        check("R036", Target::Requirement("R036"));
        check("s8.EMPTY", Target::Requirement("S8.empty"));
        check("0x8010006C", Target::HResult(HResult::SCARD_W_CHV_BLOCKED));
        check("0x8010006c SCARD_W_CHV_BLOCKED", Target::HResult(HResult::SCARD_W_CHV_BLOCKED));
        check("scard_w_chv_blocked", Target::HResult(HResult::SCARD_W_CHV_BLOCKED));
        for number in ["8010006C", "8010006c", "2148532332", "-2146434964"] {
            check(number, Target::HResult(HResult::SCARD_W_CHV_BLOCKED));
        }
        for word in ["expect", "within", "run-started", "wizard.start", "enforce-name-lengths", "gp-triggers"] {
            check(word, Target::Word(word));
        }
        check("12", Target::Scenario("12", None));
        check("0xno", Target::Scenario("0xno", None));
        check("founding/x", Target::Scenario("founding/x", None));
        check("founding/x[on-icon]:3", Target::Scenario("founding/x[on-icon]", Some(Moment::Step(3))));
        check("my.toml:L26", Target::Scenario("my.toml", Some(Moment::Line(26))));
        check("my.toml:26:3", Target::Scenario("my.toml", Some(Moment::Line(26))));
        check("C:\\my.toml", Target::Scenario("C:\\my.toml", None));
        for other in ["", "A", "AE", "AE01", "AE010x", "äe0101"] {
            check(other, Target::Scenario(other, None));
        }
    }

    #[test]
    fn near_ids_are_suggested() {
        let catalogue = Catalogue::embedded();
        let check = |text: &str, words: &[&str]| {
            let help = suggestion(text, catalogue);
            let found = help.as_deref().unwrap_or_default();
            assert!(
                words.iter().all(|word| found.contains(word)) && words.is_empty() == help.is_none(),
                "{text}: {help:?}"
            );
        };
        check("S8", &["S8.empty", "S8.occupied"]);
        check("R0", &["R001", "more"]);
        check("P75", &["P7.5"]);
        check("SCARD_W_CHV_BLOCK", &["SCARD_W_CHV_BLOCKED"]);
        check("gp-trigger", &["gp-triggers"]);
        check("expekt", &["expect"]);
        check("run-startd", &["run-started"]);
        check("wizard.stat", &["wizard.start"]);
        check("founding/second-provider", &[]);
        check("founding", &[]);
        check("event 9999", &["9999", "matrix"]);
        check("enormous", &[]);
    }
}
