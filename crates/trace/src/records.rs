//! Records as values of their own.

use crate::record::{Record, RecordId};

/// All records of a trace, unpacked: for what goes to and fro between them. They take some forty times as much memory
/// as the trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records(Vec<Record>);

impl Records {
    /// All records, in order; the id of each is its index.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.0
    }

    /// The record of that id.
    #[must_use]
    pub fn get(&self, id: RecordId) -> Option<&Record> {
        self.0.get(id.0 as usize)
    }
}

impl FromIterator<Record> for Records {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        Self(records.into_iter().collect())
    }
}
