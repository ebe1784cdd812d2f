//! What a client has done in a story.

use std::collections::BTreeMap;

use autoenroll_model::FileTime;

use crate::process::Ended;
use crate::seen::Dealt;

/// What a client has done from one trigger to the next.
#[derive(Clone, Debug)]
pub(crate) struct Epoch {
    /// At CAs.
    pub(crate) dealings: Vec<Dealt>,
    /// How many certificates of each template are in its store afterwards.
    pub(crate) stored: BTreeMap<String, usize>,
    /// When the newest certificate of each template ends that it had when the run began, unless a request waits.
    pub(crate) ends: BTreeMap<String, FileTime>,
    /// What its wall clock showed.
    pub(crate) wall: FileTime,
    /// How its command ended.
    pub(crate) ended: Ended,
}

/// What a client has done in a story.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outside {
    /// By the numbers of the triggers that it was handed.
    pub(crate) epochs: BTreeMap<usize, Epoch>,
    /// What the story does and could not do, because the client had not done what comes before.
    pub(crate) undone: Vec<String>,
    /// What commands said that did not end well, by whose run it was. It differs from day to day, and is for people.
    pub(crate) said: Vec<String>,
}

/// The most commands whose last words are kept.
pub(crate) const MOST_SAID: usize = 3;

/// How a command ended, in words.
pub(crate) fn told(ended: &Ended) -> String {
    match ended {
        Ended::Code(code) => format!("its command ended with exit code {code}"),
        Ended::Signal(signal) => format!("its command was ended by signal {signal}"),
        Ended::Limit => "its command took longer than its limit and was ended".to_owned(),
        Ended::Interrupted => "its command was interrupted".to_owned(),
        Ended::Output => "its command wrote more than 1 MiB and was ended".to_owned(),
    }
}
