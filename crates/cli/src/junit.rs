//! A report in the form that CI systems read: JUnit's XML, as described by <https://github.com/testmoapp/junitxml>.
//!
//! It holds no durations and no dates, so that the same outcome is the same file.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::Failure;
use crate::file::Draft;
use crate::runner::{Played, Verdict};
use crate::suite::{Broken, NOT_RUN, Unplayed};

/// The report about scenarios that were played.
pub(crate) fn report(played: &[Played]) -> Report {
    of(played.iter().map(|one| {
        let mut case = case(&one.name, status(&one.verdict));
        // What CI systems show beside the reason of a failure.
        if let Some(told) = one.could_have.as_ref().filter(|told| !told.is_empty()) {
            case.set_system_out(told.join("\n"));
        }
        case
    }))
}

/// The report about stories that were played for a client outside, or why they were not.
#[cfg(feature = "serve")]
pub(crate) fn report_of_client<'a>(played: impl IntoIterator<Item = (&'a str, Result<Verdict, String>)>) -> Report {
    of(played.into_iter().map(|(name, verdict)| match verdict {
        Ok(verdict) => case(name, status(&verdict)),
        Err(why) => case(name, skipped(&why)),
    }))
}

/// The report when nothing was played because files have errors.
pub(crate) fn report_broken(broken: &Broken) -> Report {
    of(broken.in_order().into_iter().map(|one| match one {
        Unplayed::Broken(name, checked) => {
            let reason = checked.found.render(&checked.files, false);
            case(name, told(NonSuccessKind::Error, &reason))
        }
        Unplayed::Fine(story) => case(&story.name, skipped(NOT_RUN)),
    }))
}

/// The file of a report, which is begun before anything is played: a report that cannot be written costs no time.
pub(crate) struct ReportFile {
    path: PathBuf,
    to: Target,
}

enum Target {
    /// A file, which takes its place when it is whole.
    Draft(Draft),
    /// A pipe or a device.
    Stream(fs::File),
}

impl ReportFile {
    /// Begins the file. What is in its place stays until there is a report.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let unusable = |error| Failure::Usage(format!("{} cannot be written: {error}", path.display()));
        let (path, to) = match fs::metadata(path) {
            Ok(found) if found.is_file() => {
                // A link stays a link, and a read-only file is not replaced.
                drop(fs::OpenOptions::new().append(true).open(path).map_err(unusable)?);
                let path = fs::canonicalize(path).map_err(unusable)?;
                let draft = Draft::beside(&path).map_err(unusable)?;
                (path, Target::Draft(draft))
            }
            Ok(_) => {
                let stream = fs::OpenOptions::new().write(true).open(path).map_err(unusable)?;
                (path.to_owned(), Target::Stream(stream))
            }
            Err(_) => (path.to_owned(), Target::Draft(Draft::beside(path).map_err(unusable)?)),
        };
        Ok(Self { path, to })
    }

    /// Writes the report, in place of what was there.
    ///
    /// # Errors
    /// When it cannot be written after all.
    pub(crate) fn write(self, report: &Report) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::Bench(format!("{} cannot be written: {error}", self.path.display()))
        };
        let text = report.to_string().map_err(|error| failed(&error))?;
        let written = match self.to {
            Target::Draft(mut draft) => draft.write(text.as_bytes()).and_then(|()| draft.replace(&self.path)),
            Target::Stream(mut stream) => stream.write_all(text.as_bytes()),
        };
        written.map_err(|error| failed(&error))
    }
}

fn of(cases: impl IntoIterator<Item = TestCase>) -> Report {
    let mut suite = TestSuite::new("autoenroll");
    suite.add_test_cases(cases);
    let mut report = Report::new("autoenroll");
    report.add_test_suite(suite);
    report
}

/// A scenario in a group, which is named after its directory.
fn case(scenario: &str, status: TestCaseStatus) -> TestCase {
    let (group, name) = scenario.rsplit_once('/').unwrap_or(("scenarios", scenario));
    let mut case = TestCase::new(name, status);
    case.set_classname(group);
    case
}

/// A status that shows a text, and its first line where there is room for one line only.
fn told(kind: NonSuccessKind, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(text.lines().next().unwrap_or_default()).set_description(text);
    status
}

/// A status of what does not count, and why.
fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn status(verdict: &Verdict) -> TestCaseStatus {
    match verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Known(why) => skipped(why),
        Verdict::Failed(text) => told(NonSuccessKind::Failure, text),
        Verdict::Bench(text) => told(NonSuccessKind::Error, text),
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_model::SimTime;
    use autoenroll_trace::Trace;

    use super::*;

    #[test]
    fn until_when_it_could_have_been_had_stands_beside_the_failure() {
        let of = |could_have: Option<&[&str]>| {
            let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
            let one = Played {
                name: "cards/one".to_owned(),
                title: String::new(),
                profile: String::new(),
                verdict: Verdict::Failed("error[AE0501]".to_owned()),
                digest: Trace::new().digest(),
                records: 0,
                end: SimTime::START,
                timeline: None,
                problems: Vec::new(),
                snapshot: None,
                could_have: could_have.map(lines),
            };
            (report(std::slice::from_ref(&one)).to_string().unwrap(), crate::lines::of_played(&one).to_string())
        };
        let (xml, line) = of(Some(&["Main for alice: lost with step 3", "Second for alice: never lost"]));
        let told = "<system-out>Main for alice: lost with step 3\nSecond for alice: never lost</system-out>";
        assert!(xml.contains(told), "{xml}");
        assert!(line.contains(r#""could-have":["Main for alice: lost with step 3","Second"#), "{line}");
        let (xml, line) = of(None);
        assert!(!xml.contains("system-out") && !line.contains("could-have"), "{xml}{line}");
    }

    #[test]
    fn what_xml_forbids_is_escaped_or_left_out() {
        let verdict = Verdict::Failed("<a b=\"c\">&\u{1b}[0m\n".to_owned());
        let text = of([TestCase::new("name", status(&verdict))]).to_string().unwrap();
        assert!(text.contains("&lt;a b=&quot;c&quot;&gt;&amp;"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
