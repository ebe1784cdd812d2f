//! The table that is committed: how many mutants are noticed, and why the rest is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

use super::judge::Fate;
use super::list::Mutant;
use super::state::{Explored, State, Verdict};

/// The document with the table.
pub(super) const DOCUMENT: &str = "docs/mutants.md";
/// Why nobody notices a mutant, for those of the core.
pub(super) const REASONS: &str = "crates/mutants/survivors.toml";
/// Between these lines of the document is what is written anew.
const BEGIN: &str = "<!-- cargo xtask mutants --write: from here -->\n";
const END: &str = "<!-- to here -->\n";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasons {
    #[serde(default)]
    survivor: Vec<Survivor>,
}

/// Why nobody notices a mutant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Survivor {
    file: String,
    line: String,
    #[serde(default)]
    nth: usize,
    column: usize,
    what: String,
    reason: String,
}

impl Survivor {
    fn id(&self) -> String {
        let Self { file, line, nth, column, what, .. } = self;
        format!("{file}|{line}|{nth}|{column}|{what}")
    }
}

/// Reads the reasons.
///
/// # Errors
/// When the file is none of reasons.
pub(super) fn reasons(root: &Path) -> Result<Vec<Survivor>, String> {
    let text = crate::tidy::read(root, REASONS)?;
    let reasons: Reasons = toml::from_str(&text).map_err(|error| format!("{REASONS}: {error}"))?;
    Ok(reasons.survivor)
}

/// What is wrong with the reasons: those for a line that is no longer there, and those that say nothing.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn stale(root: &Path) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for survivor in reasons(root)? {
        let text = crate::tidy::read(root, &survivor.file)?;
        let times = text.lines().filter(|line| line.trim() == survivor.line).count();
        let place = format!("{REASONS}: `{}` in {}", survivor.what, survivor.file);
        if times <= survivor.nth {
            findings.push(format!("{place}: there is no line `{}`, number {}", survivor.line, survivor.nth + 1));
        }
        if survivor.reason.trim().is_empty() {
            findings.push(format!("{place} has no reason"));
        }
        if !seen.insert(survivor.id()) {
            findings.push(format!("{place} is there twice"));
        }
    }
    Ok(findings)
}

/// What is wrong with the reasons once the mutants are judged: survivors of the core without one, and reasons for what
/// is noticed.
pub(super) fn unexplained(mutants: &[&Mutant], state: &State, reasons: &[Survivor]) -> Vec<String> {
    let given: BTreeSet<String> = reasons.iter().map(Survivor::id).collect();
    let mut findings = Vec::new();
    for mutant in mutants.iter().filter(|mutant| mutant.package() == "core") {
        let Some(verdict) = state.verdict(mutant) else { continue };
        let said = given.contains(&mutant.id());
        let (file, what, line) = (&mutant.file, &mutant.what, &mutant.line);
        if verdict.fate == Fate::Survived && !said {
            findings.push(format!("nobody notices `{what}` in {file}, and {REASONS} has no reason: {line}"));
        } else if verdict.fate != Fate::Survived && said {
            findings.push(format!("{REASONS}: `{what}` in {file} is noticed by {}: {line}", verdict.by));
        }
    }
    findings
}

/// What a search made of some mutants.
#[derive(Default)]
pub(super) struct Searched<'a> {
    pub(super) drawn: Vec<(&'a Mutant, Explored)>,
    pub(super) seed: u64,
}

#[derive(Default)]
struct Row {
    all: usize,
    fates: BTreeMap<Fate, usize>,
}

impl Row {
    fn of(&self, fate: Fate) -> usize {
        self.fates.get(&fate).copied().unwrap_or(0)
    }

    /// How many are noticed, and of how many.
    fn caught(&self) -> (usize, usize) {
        let caught = self.fates.iter().filter(|(fate, _)| fate.is_caught()).map(|(_, number)| number).sum();
        (caught, caught + self.of(Fate::Survived))
    }
}

/// Writes the tables into the document.
///
/// # Errors
/// When the document has no place for them.
pub(super) fn write(root: &Path, mutants: &[&Mutant], state: &State, searched: &Searched<'_>) -> Result<(), String> {
    let text = crate::tidy::read(root, DOCUMENT)?;
    let begin = text.find(BEGIN).map(|at| at + BEGIN.len()).ok_or_else(|| format!("{DOCUMENT} has no line {BEGIN}"))?;
    let end = text[begin..].find(END).map(|at| begin + at).ok_or_else(|| format!("{DOCUMENT} has no line {END}"))?;
    let tables = tables(mutants, state, &reasons(root)?, searched);
    let text = format!("{}{tables}{}", &text[..begin], &text[end..]);
    std::fs::write(root.join(DOCUMENT), text).map_err(|error| format!("{DOCUMENT}: {error}"))
}

/// A line for each package, from which what was not judged can be told.
pub(super) fn summary(mutants: &[&Mutant], state: &State) -> String {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for mutant in mutants {
        let row = rows.entry(mutant.package()).or_default();
        row.all += 1;
        if let Some(Verdict { fate, .. }) = state.verdict(mutant) {
            *row.fates.entry(fate).or_default() += 1;
        }
    }
    let mut text = String::from(
        "| Package | Mutants | Do not compile | Not tried | Judged | The suite fails | A test fails | Only a digest differs | \
         Nobody notices | Noticed | Without digests |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for (package, row) in &rows {
        let known: usize = row.fates.values().sum();
        let (caught, judged) = row.caught();
        let not_tried = row.of(Fate::NotTried) + row.all - known;
        let counts = [row.all, row.of(Fate::Unviable), not_tried, judged];
        let fates = [Fate::Suite, Fate::Test, Fate::Digest, Fate::Survived].map(|fate| row.of(fate));
        let numbers: String = counts.iter().chain(&fates).map(|number| format!(" {number} |")).collect();
        let shares = [caught, caught - row.of(Fate::Digest)].map(|part| share(part, judged));
        writeln!(text, "| {package} |{numbers} {} |", shares.join(" | ")).unwrap_or_default();
    }
    text
}

fn tables(mutants: &[&Mutant], state: &State, reasons: &[Survivor], searched: &Searched<'_>) -> String {
    let mut text = format!("\n{}\n", summary(mutants, state));
    let of: BTreeMap<String, &str> = reasons.iter().map(|one| (one.id(), one.reason.as_str())).collect();
    text.push_str(
        "### Nobody notices these in the core\n\n| Where | What is changed | Why nobody notices |\n|---|---|---|\n",
    );
    for mutant in mutants.iter().filter(|mutant| mutant.package() == "core") {
        if state.verdict(mutant).is_some_and(|verdict| verdict.fate == Fate::Survived) {
            let reason = of.get(&mutant.id()).copied().unwrap_or("not yet known");
            text += &format!("| {} | {} | {reason} |\n", place(mutant), mutant.what.replace('|', "\\|"));
        }
    }
    if !searched.drawn.is_empty() {
        let found = searched.drawn.iter().filter(|(_, explored)| explored.broke.is_some()).count();
        let all = searched.drawn.len();
        let times = searched.drawn.iter().map(|(_, explored)| explored.seconds).sum::<f64>();
        text += &format!(
            "\n### What a search finds of what the suite does not\n\nOf the mutants of the core that compile and that no scenario \
             notices, {all} drawn with seed {}. The search knows nothing of them. It finds **{found} of {all}, {}**, in \
             {:.0} s of a processor for each on average.\n\n| Where | What is changed | Noticed otherwise by | The search finds |\n\
             |---|---|---|---|\n",
            searched.seed,
            share(found, all),
            times / f64::from(u32::try_from(all).unwrap_or(u32::MAX)),
        );
        for (mutant, explored) in &searched.drawn {
            let by = match state.verdict(mutant) {
                Some(Verdict { fate: Fate::Test, by, .. }) => by,
                Some(Verdict { fate: Fate::Digest, .. }) => "a digest".to_owned(),
                _ => "nobody".to_owned(),
            };
            let broke = explored.broke.as_deref().unwrap_or("nothing").replace('|', "\\|");
            text += &format!("| {} | {} | {by} | {broke} |\n", place(mutant), mutant.what.replace('|', "\\|"));
        }
    }
    text.push('\n');
    text
}

/// The file of a mutant without what all have, and its line.
fn place(mutant: &Mutant) -> String {
    let file = mutant.file.split("/src/").nth(1).unwrap_or(&mutant.file);
    let line: String = mutant.line.chars().take(80).collect();
    format!("`{file}`: `{}`", line.replace('|', "\\|"))
}

/// A share in per cent; none of nothing.
fn share(part: usize, all: usize) -> String {
    let Some(tenths) = (part * 1_000).checked_div(all) else { return "-".to_owned() };
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_one_decimal_and_is_never_rounded_up() {
        let check = |part, all, expected: &str| assert_eq!(share(part, all), expected);
        check(714, 730, "97.8 %");
        check(9_999, 10_000, "99.9 %");
        check(5, 5, "100.0 %");
        check(0, 3, "0.0 %");
        check(0, 0, "-");
    }

    #[test]
    fn what_is_noticed_is_counted_among_what_was_judged() {
        let fates =
            [(Fate::Unviable, 7), (Fate::NotTried, 2), (Fate::Suite, 5), (Fate::Digest, 1), (Fate::Survived, 2)];
        let row = Row { all: 20, fates: fates.into() };
        assert_eq!(row.caught(), (6, 8));
    }
}
