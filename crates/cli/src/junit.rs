//! A report in the form that CI systems read: JUnit's XML, as described by <https://github.com/testmoapp/junitxml>.
//!
//! It holds no durations and no dates, so that the same outcome is the same file.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use crate::play::{Played, Verdict};

/// The report.
///
/// # Errors
/// When it cannot be written as XML.
pub(crate) fn report(played: &[Played]) -> Result<String, SerializeError> {
    of(played.iter().map(case))
}

fn of(cases: impl IntoIterator<Item = TestCase>) -> Result<String, SerializeError> {
    let mut suite = TestSuite::new("autoenroll");
    suite.add_test_cases(cases);
    Report::new("autoenroll").add_test_suite(suite).to_string()
}

/// A scenario in a group, which is named after its directory.
fn case(one: &Played) -> TestCase {
    let (group, name) = one.name.rsplit_once('/').unwrap_or(("scenarios", &one.name));
    let mut case = TestCase::new(name, status(&one.verdict));
    case.set_classname(group);
    case
}

fn status(verdict: &Verdict) -> TestCaseStatus {
    let told = |kind, text: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(text.lines().next().unwrap_or_default()).set_description(text);
        status
    };
    match verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Known(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.as_str());
            status
        }
        Verdict::Failed(text) => told(NonSuccessKind::Failure, text),
        Verdict::Bench(text) => told(NonSuccessKind::Error, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_escaped_or_left_out() {
        let verdict = Verdict::Failed("<a b=\"c\">&\u{1b}[0m\n".to_owned());
        let text = of([TestCase::new("name", status(&verdict))]).unwrap();
        assert!(text.contains("&lt;a b=&quot;c&quot;&gt;&amp;"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
