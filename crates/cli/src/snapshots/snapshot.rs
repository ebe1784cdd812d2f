//! A snapshot: the head says of what it is, and below it stands the timeline, a line a record.
//!
//! ```text
//! ---
//! autoenroll-snapshot: 1
//! made-by: autoenroll 0.1.0
//! story: stories/user
//! file: stories/user.toml
//! profile: windows-10-22h2
//! layer: people
//! verdict: passed
//! digest: 1f0c…
//! ---
//!     00:00:00  logon             alice  computer=WKS01
//! ```

use std::collections::BTreeMap;
use std::fmt;

use autoenroll_trace::{Trace, line};

use super::layer::Layer;
use super::names::StoryName;
use crate::console::one_line;

/// The version of the form. A snapshot of another one is told, and not compared.
const FORMAT: u32 = 1;
/// The key with which the head of each version begins.
const MARK: &str = "autoenroll-snapshot";
/// What stands before and after the head.
const FENCE: &str = "---";
/// The largest snapshot that is written and read, in bytes.
pub(crate) const MOST_BYTES: u64 = 64 << 20;

/// What is kept of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) name: StoryName,
    pub(crate) profile: String,
    pub(crate) layer: Layer,
    /// Whether the story passed, apart from its snapshot.
    pub(crate) passed: bool,
    /// Of the records of the layer, in hexadecimal.
    pub(crate) digest: String,
    /// A line a record.
    pub(crate) timeline: String,
}

/// Why a text is no snapshot that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is a file of something else.
    NotOne,
    /// The version of its form is this one.
    OtherFormat(String),
    /// Its head lacks this.
    Damaged(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOne => write!(f, "is no snapshot: its first lines must be `{FENCE}` and `{MARK}: {FORMAT}`"),
            Self::OtherFormat(found) => {
                write!(f, "has format {found}, and this version of autoenroll compares format {FORMAT} only")
            }
            Self::Damaged(what) => write!(f, "is damaged: {what}"),
        }
    }
}

impl Snapshot {
    /// What is kept of a trace.
    pub(crate) fn of(name: StoryName, profile: &str, passed: bool, layer: Layer, trace: &Trace) -> Self {
        let timeline = layer.records(trace).map(|record| one_line(&line(&record)) + "\n").collect();
        let digest = layer.digest(trace).to_string();
        Self { name, profile: profile.to_owned(), layer, passed, digest, timeline }
    }

    /// The text of its file.
    pub(crate) fn to_text(&self) -> String {
        let Self { name: StoryName { story, file }, profile, layer, digest, timeline, .. } = self;
        let (made_by, file) = (concat!("autoenroll ", env!("CARGO_PKG_VERSION")), file.as_deref().unwrap_or(SUITE));
        let (layer, verdict) = (layer.as_str(), self.verdict());
        format!(
            "{FENCE}\n{MARK}: {FORMAT}\nmade-by: {made_by}\nstory: {story}\nfile: {file}\nprofile: {profile}\n\
             layer: {layer}\nverdict: {verdict}\ndigest: {digest}\n{FENCE}\n{timeline}"
        )
    }

    /// The word for whether the story passed.
    pub(crate) const fn verdict(&self) -> &'static str {
        if self.passed { PASSED } else { FAILED }
    }

    /// Reads a file. Line ends may be those of Windows, which a checkout makes of ours; keys that are not known count
    /// nothing.
    ///
    /// # Errors
    /// When it is none, of another format, or its head lacks something.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        let head = text.strip_prefix(FENCE).and_then(|text| text.strip_prefix('\n')).ok_or(Unreadable::NotOne)?;
        let format = head.strip_prefix(MARK).and_then(|rest| rest.strip_prefix(": ")).ok_or(Unreadable::NotOne)?;
        let format = format.lines().next().unwrap_or_default().trim();
        if format != FORMAT.to_string() {
            return Err(Unreadable::OtherFormat(one_line(format)));
        }
        let damaged = |what: String| Unreadable::Damaged(what);
        let (head, timeline) = head
            .split_once(&format!("\n{FENCE}\n"))
            .or_else(|| Some((head.strip_suffix(FENCE)?, "")))
            .ok_or_else(|| damaged(format!("no line `{FENCE}` ends its head")))?;
        let keys: BTreeMap<&str, &str> = head.lines().filter_map(|line| line.split_once(": ")).collect();
        let key = |name: &str| {
            keys.get(name)
                .map(|value| value.trim().to_owned())
                .ok_or_else(|| damaged(format!("its head has no `{name}`")))
        };
        let (layer, verdict, file) = (key("layer")?, key("verdict")?, key("file")?);
        let passed = match verdict.as_str() {
            PASSED => true,
            FAILED => false,
            other => return Err(damaged(format!("its verdict is `{other}`, not {PASSED} or {FAILED}"))),
        };
        Ok(Self {
            name: StoryName { story: key("story")?, file: Some(file).filter(|file| file != SUITE) },
            profile: key("profile")?,
            layer: Layer::named(&layer).ok_or_else(|| damaged(format!("`{layer}` is no layer")))?,
            passed,
            digest: key("digest")?,
            timeline: timeline.to_owned(),
        })
    }
}

/// The file of a story that is inside this program.
const SUITE: &str = "(suite)";
const PASSED: &str = "passed";
const FAILED: &str = "failed";

#[cfg(test)]
mod tests {
    use autoenroll_model::{Facts, SimTime};
    use autoenroll_trace::Kind;

    use super::*;

    fn snapshot() -> Snapshot {
        let mut trace = Trace::new();
        trace.push(SimTime(0), "alice", Kind::Logon, Facts::new().with("computer", "WKS\u{202e}01"), vec![]);
        trace.push(SimTime(0), "alice", Kind::RunStarted, Facts::new(), vec![]);
        let name = StoryName { story: "a/b[c]".to_owned(), file: Some("a/b.toml".to_owned()) };
        Snapshot::of(name, "windows-10-22h2", true, Layer::People, &trace)
    }

    #[test]
    fn what_is_written_is_read_back_whatever_its_line_ends() {
        let own = snapshot();
        let text = own.to_text();
        assert!(text.ends_with("---\n    00:00:00  logon             alice  computer=WKS\\u{202e}01\n"), "{text}");
        assert_eq!(Snapshot::parse(text.as_bytes()), Ok(own.clone()));
        assert_eq!(Snapshot::parse(text.replace('\n', "\r\n").as_bytes()), Ok(own.clone()));
        let suite = Snapshot { name: StoryName { file: None, ..own.name.clone() }, passed: false, ..own };
        assert_eq!(Snapshot::parse(suite.to_text().as_bytes()), Ok(suite));
    }

    #[test]
    fn what_is_no_snapshot_says_so() {
        let text = snapshot().to_text();
        let check = |text: &str, expected: &str| {
            assert_eq!(Snapshot::parse(text.as_bytes()).unwrap_err().to_string(), expected, "{text}");
        };
        let none = "is no snapshot: its first lines must be `---` and `autoenroll-snapshot: 1`";
        check("", none);
        check("---\nsource: src/lib.rs\n---\n", none);
        check("<<<<<<< HEAD\n---\n", none);
        let other = "has format 2, and this version of autoenroll compares format 1 only";
        check(&text.replace("snapshot: 1", "snapshot: 2"), other);
        check("---\nautoenroll-snapshot: 2", other);
        check("---\nautoenroll-snapshot: 1\nstory: x\n", "is damaged: no line `---` ends its head");
        check(&text.replace("layer: ", "laier: "), "is damaged: its head has no `layer`");
        check(&text.replace("layer: people", "layer: nobody"), "is damaged: `nobody` is no layer");
        check(&text.replace("passed", "known"), "is damaged: its verdict is `known`, not passed or failed");
    }
}
