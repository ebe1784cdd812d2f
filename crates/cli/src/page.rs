//! Pages of runs: `autoenroll show --html` and `autoenroll run --report`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use autoenroll_model::{FileTime, SimTime};
use autoenroll_page::{Entry, Index, Loss, Problem, Rule, Run, Step, Words};
use autoenroll_scenario::{FailureKind, FileId, Files, RunReport, Span, WallClock};
use autoenroll_trace::{Record, RecordId};

use crate::catalogue::{self, Catalogue};
use crate::hint::failures;
use crate::runner::{Played, Verdict};
use crate::suite::Story;
use crate::{Failure, explain, file, matrix, prose};

/// The name of the index in a directory of pages.
const INDEX: &str = "index.html";
/// Characters of the name of a page, without its ending.
const MOST_NAME: usize = 120;

/// The page of a story that was played, as HTML, with marks where something was lost.
pub(crate) fn of(story: &Story, played: &Played, report: &RunReport, losses: &[explain::Told]) -> String {
    autoenroll_page::page(&run(story, played, report, losses), &Told::of(report))
}

/// The same as a diagram.
pub(crate) fn mermaid_of(story: &Story, played: &Played, report: &RunReport, losses: &[explain::Told]) -> String {
    autoenroll_page::mermaid(&run(story, played, report, losses), &Told::of(report))
}

fn run<'a>(story: &'a Story, played: &Played, report: &'a RunReport, losses: &[explain::Told]) -> Run<'a> {
    let losses = losses.iter().map(|told| Loss {
        what: told.what(),
        told: told.sentence.clone(),
        way: told.way().to_vec(),
        at: told.lost(report),
    });
    let files = &story.scenario.files;
    let told = match &played.verdict {
        Verdict::Passed => String::new(),
        Verdict::Failed(why) | Verdict::Known(why) | Verdict::Bench(why) => why.trim_end().to_owned(),
    };
    let steps = story.scenario.steps.iter().zip(&report.matched).map(|(step, record)| {
        let place = step.used.as_ref().map_or(step.span, |used| used.span);
        Step { line: line(files, place).unwrap_or_default(), record: *record }
    });
    Run {
        name: story.name.clone(),
        title: story.title.clone(),
        profile: story.profile.clone(),
        verdict: verdict(&played.verdict),
        text: files.text(FileId::OWN),
        trace: &report.trace,
        digest: played.digest.to_string(),
        end: played.end,
        steps: steps.collect(),
        problems: problems(story, report),
        losses: losses.collect(),
        told,
    }
}

/// What the command knows about records.
pub(crate) struct Told {
    pub(crate) wall: WallClock,
    pub(crate) catalogue: &'static Catalogue,
}

impl Told {
    fn of(report: &RunReport) -> Self {
        Self { wall: report.wall(), catalogue: Catalogue::embedded() }
    }
}

impl Words for Told {
    fn sentence(&self, record: &Record) -> Option<String> {
        prose::sentence(record)
    }

    fn rule(&self, id: &str) -> Option<Rule> {
        // A check of the CA may continue the id of an entry.
        let whole = || id.rsplit_once('.').and_then(|(whole, _)| self.catalogue.requirement(whole));
        let statement = catalogue::rule(id).map(|rule| rule.statement);
        let entry = self.catalogue.requirement(id).or_else(whole);
        let text = self.catalogue.requirement(id).map(|own| own.text).or(statement)?;
        Some(Rule {
            title: self.catalogue.title(id).to_owned(),
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            evidence: entry.map(|entry| entry.evidence.as_str().to_owned()).unwrap_or_default(),
            sources: entry.into_iter().flat_map(|entry| entry.sources).map(|source| (*source).to_owned()).collect(),
        })
    }

    fn wall(&self, time: SimTime) -> String {
        date_and_time(self.wall.at(time))
    }
}

/// `2026-03-02 08:00:00`.
fn date_and_time(time: FileTime) -> String {
    time.to_string().replace('T', " ").trim_end_matches('Z').to_owned()
}

fn verdict(verdict: &Verdict) -> autoenroll_page::Verdict {
    match verdict {
        Verdict::Passed => autoenroll_page::Verdict::Passed,
        Verdict::Failed(_) => autoenroll_page::Verdict::Failed,
        Verdict::Known(_) => autoenroll_page::Verdict::Known,
        Verdict::Bench(_) => autoenroll_page::Verdict::Bench,
    }
}

/// The line of a place, when it is in the scenario itself.
fn line(files: &Files, span: Span) -> Option<usize> {
    (span.file == FileId::OWN).then(|| files.line_column(span.file, span.start).0)
}

fn problems(story: &Story, report: &RunReport) -> Vec<Problem> {
    let files = &story.scenario.files;
    let one = |failure: &autoenroll_scenario::Failure| {
        let told = failure.to_diagnostic(report);
        Problem {
            code: told.code.to_string(),
            message: told.message,
            line: line(files, told.span),
            help: told.help,
            records: came(&failure.kind),
        }
    };
    failures(report).iter().map(one).collect()
}

/// The records that came instead of what was expected.
fn came(kind: &FailureKind) -> Vec<RecordId> {
    match kind {
        FailureKind::DidNotCome { near_matches, .. } => near_matches.iter().map(|near| near.record).collect(),
        FailureKind::AskedInstead { record, .. }
        | FailureKind::Differs { record, .. }
        | FailureKind::Unexpected { record }
        | FailureKind::CameAnyway { record } => vec![*record],
        FailureKind::Ambiguous { candidates, .. } => candidates.clone(),
        _ => Vec::new(),
    }
}

/// A directory in which each story gets its page, and all of them an index. Shared by threads.
pub(crate) struct Pages {
    directory: PathBuf,
    /// The names of pages, by the names of stories.
    names: BTreeMap<String, String>,
    /// Why a page could not be written, the first time.
    unwritten: Mutex<Option<String>>,
}

impl Pages {
    /// Makes the directory, before anything is played.
    ///
    /// # Errors
    /// When there is something else of that name, or it cannot be made.
    pub(crate) fn open(directory: &Path, stories: &[Story]) -> Result<Self, Failure> {
        let unusable = |error| Failure::Usage(format!("{} cannot be written: {error}", directory.display()));
        fs::create_dir_all(directory).map_err(unusable)?;
        let mut taken: BTreeSet<String> = BTreeSet::from(["index".to_owned()]);
        let mut names = BTreeMap::new();
        for story in stories {
            let plain = file_name(&story.name);
            let numbered = (2_u32..).map(|number| format!("{plain}-{number}"));
            let name = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken.contains(name));
            let name = name.unwrap_or(plain);
            names.insert(story.name.clone(), format!("{name}.html"));
            taken.insert(name);
        }
        Ok(Self { directory: directory.to_owned(), names, unwritten: Mutex::new(None) })
    }

    /// Writes the page of a story, with marks where something was lost.
    pub(crate) fn write(&self, story: &Story, played: &Played, report: &RunReport, losses: &[explain::Told]) {
        let Some(name) = self.names.get(&story.name) else { return };
        self.put(name, &of(story, played, report, losses));
    }

    /// Writes the index; with the coverage of the requirements when the stories are the whole suite.
    ///
    /// # Errors
    /// When it, or one of the pages, could not be written.
    pub(crate) fn finish(self, played: &[Played], is_suite: bool) -> Result<(), Failure> {
        let entries = played.iter().map(|one| Entry {
            name: one.name.clone(),
            title: one.title.clone(),
            profile: one.profile.clone(),
            verdict: verdict(&one.verdict),
            end: one.end.to_string(),
            why: match &one.verdict {
                Verdict::Passed => String::new(),
                Verdict::Failed(why) | Verdict::Known(why) | Verdict::Bench(why) => {
                    why.lines().next().unwrap_or_default().to_owned()
                }
            },
            page: self.names.get(&one.name).cloned(),
        });
        let entries: Vec<Entry> = entries.collect();
        let coverage = if is_suite { matrix::coverage(&entries)? } else { Vec::new() };
        self.put(INDEX, &autoenroll_page::index(&Index { entries, coverage }));
        let unwritten = self.unwritten.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        unwritten.map_or(Ok(()), |why| Err(Failure::Bench(why)))
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.directory.join(name);
        if let Err(error) = file::put(&path, text.as_bytes()) {
            let mut unwritten = self.unwritten.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            unwritten.get_or_insert_with(|| format!("{} cannot be written: {error}", path.display()));
        }
    }
}

/// A name of a file that every system takes, and that needs no escapes in a link.
fn file_name(story: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' };
    let name: String = story.chars().take(MOST_NAME).map(kept).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "story".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pages_need_no_escapes() {
        for (story, expected) in [
            ("founding/second-provider", "founding-second-provider"),
            ("founding/balloon-clicked[on-icon]", "founding-balloon-clicked-on-icon"),
            ("../../etc/passwd", "etc-passwd"),
            ("\u{202e}\"><script>", "script"),
            ("///", "story"),
        ] {
            assert_eq!(file_name(story), expected, "{story}");
        }
    }
}
