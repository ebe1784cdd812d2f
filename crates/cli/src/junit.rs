//! A report in the form that CI systems read: JUnit's XML, as described by <https://github.com/testmoapp/junitxml>.
//!
//! It holds no durations and no dates, so that the same outcome is the same file.

use std::fmt::Write as _;

use crate::play::{Played, Verdict};

/// The report.
pub(crate) fn report(played: &[Played]) -> String {
    let failures = played.iter().filter(|one| matches!(one.verdict, Verdict::Failed(_))).count();
    let errors = played.iter().filter(|one| matches!(one.verdict, Verdict::Bench(_))).count();
    let skipped = played.iter().filter(|one| matches!(one.verdict, Verdict::Known(_))).count();
    let counts =
        format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"", played.len());
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites name=\"autoenroll\" {counts}>\n  <testsuite name=\"autoenroll\" {counts}>");
    for one in played {
        let (group, name) = one.name.rsplit_once('/').unwrap_or(("scenarios", &one.name));
        let _ = write!(xml, "    <testcase classname=\"{}\" name=\"{}\"", escape(group), escape(name));
        let (tag, text) = match &one.verdict {
            Verdict::Passed => {
                xml.push_str("/>\n");
                continue;
            }
            Verdict::Known(why) => {
                let _ = writeln!(xml, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escape(why));
                continue;
            }
            Verdict::Failed(text) => ("failure", text),
            Verdict::Bench(text) => ("error", text),
        };
        let message = escape(text.lines().next().unwrap_or_default());
        let _ = writeln!(xml, ">\n      <{tag} message=\"{message}\">{}</{tag}>\n    </testcase>", escape(text));
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// Text as XML 1.0 can hold it: markup is escaped, characters that XML forbids become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_escaped() {
        assert_eq!(escape("<a b=\"c\">&\u{1b}[0m\n"), "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}[0m\n");
    }
}
