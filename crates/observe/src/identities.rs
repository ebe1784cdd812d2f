//! Who in the log is who in the story. Names that a forest gives at random, or a machine by its owner, need not be
//! equal; they must be so consistently.

use std::collections::BTreeMap;
use std::fmt;

/// Something with a name of its own in each of the two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// A user or a computer.
    Principal(String),
    /// A certificate: in the log by its thumbprint, in the story by its name.
    Certificate(String),
    /// A request, by the name of its CA and its number there.
    Request(String, i64),
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(name) | Self::Certificate(name) => f.write_str(name),
            Self::Request(_, number) => write!(f, "request {number}"),
        }
    }
}

/// Two do not go together, because one of them goes with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// What the story's one is in the log.
    pub(crate) in_log: Option<Identity>,
    /// What the log's one is in the story.
    pub(crate) in_story: Option<Identity>,
}

/// Pairs of one name of the story and one of the log, each in one pair only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identities {
    by_story: BTreeMap<Identity, Identity>,
    by_log: BTreeMap<Identity, Identity>,
}

impl Identities {
    /// Takes a pair that contradicts none before it.
    ///
    /// # Errors
    /// What the two went with so far, where it was something else.
    pub(crate) fn pair(&mut self, story: &Identity, log: &Identity) -> Result<(), Conflict> {
        let (in_log, in_story) = (self.by_story.get(story), self.by_log.get(log));
        if in_log.is_none() && in_story.is_none() {
            self.by_log.insert(log.clone(), story.clone());
            self.by_story.insert(story.clone(), log.clone());
            return Ok(());
        }
        if in_log == Some(log) {
            return Ok(());
        }
        Err(Conflict { in_log: in_log.cloned(), in_story: in_story.cloned() })
    }

    /// Every pair: the name in the log, the name in the story.
    pub(crate) fn into_pairs(self) -> Vec<(Identity, Identity)> {
        self.by_story.into_iter().map(|(story, log)| (log, story)).collect()
    }
}
