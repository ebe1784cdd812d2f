//! What a page is made of.

use autoenroll_model::SimTime;
use autoenroll_trace::{Record, RecordId, Trace};

/// A story that was played, and what came of it.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// The scenario's name, with the variant where there are several.
    pub name: String,
    /// What it shows, in one line.
    pub title: String,
    /// The profile that it was played under.
    pub profile: String,
    /// How it ended.
    pub verdict: Verdict,
    /// The text of its file.
    pub text: &'a str,
    /// Everything that happened. Of a trace that forgot its beginning the page shows the rest.
    pub trace: &'a Trace,
    /// The digest of the whole trace.
    pub digest: String,
    /// What the clock showed at the end.
    pub end: SimTime,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// How it went otherwise than its file says.
    pub problems: Vec<Problem>,
    /// Until when certificates could have been had that somebody did not get, where that was asked.
    pub losses: Vec<Loss>,
    /// The same as text, as a terminal shows it; empty when it passed.
    pub told: String,
}

/// A step of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its line in the file, from 1.
    pub line: usize,
    /// The record that it matched.
    pub record: Option<RecordId>,
}

/// One way in which a story went otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// Its code, such as `AE0503`.
    pub code: String,
    /// What is wrong, in one line.
    pub message: String,
    /// The line in the file that it is about, from 1; none when it is about no line of it.
    pub line: Option<usize>,
    /// What to do or to look at, in lines.
    pub help: Option<String>,
    /// The records that came instead.
    pub records: Vec<RecordId>,
}

/// Until when a certificate could have been had that somebody did not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Which certificate, and whose.
    pub what: String,
    /// The same and until when, as a sentence.
    pub told: String,
    /// What would have led to it before; empty when nothing would.
    pub way: Vec<String>,
    /// Where it was lost; nowhere when it never was, or nobody knows.
    pub at: Option<Lost>,
}

/// When something was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The last record before; none when it was before anything happened.
    pub behind: Option<RecordId>,
    /// What the clock showed.
    pub time: SimTime,
}

/// How a story ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything came as it should.
    Passed,
    /// It did not.
    Failed,
    /// It did not, as is known.
    Known,
    /// The bench failed, so that nothing is known.
    Bench,
}

/// A rule that decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// A few words.
    pub title: String,
    /// What must be so.
    pub text: String,
    /// How well that is supported: a word.
    pub evidence: String,
    /// Where it is written or was seen.
    pub sources: Vec<String>,
}

/// What the caller knows about records.
pub trait Words {
    /// What a record tells in a story; nothing when the story does without it.
    fn sentence(&self, record: &Record) -> Option<String>;

    /// The rule of that id; nothing when there is none.
    fn rule(&self, id: &str) -> Option<Rule>;

    /// What the wall clock of the story shows: `2026-03-02 08:00:00`.
    fn wall(&self, time: SimTime) -> String;
}
