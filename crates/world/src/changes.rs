//! The changes of the world that operations may fail for, kept apart from the trace: it may be forgotten.

use std::sync::Arc;

use autoenroll_trace::{Record, RecordId};

/// The most that are kept; of more the oldest go. A change that is made again counts once.
const MOST: usize = 4_096;

/// Records of changes and of cards pulled out, in the order in which they were made last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Arc<Vec<Record>>);

impl Changes {
    /// A change was recorded.
    pub(crate) fn note(&mut self, change: &Record) {
        let changes = Arc::make_mut(&mut self.0);
        // The last one is looked for, and only kind and facts tell them apart.
        changes.retain(|known| (known.kind, &known.facts) != (change.kind, &change.facts));
        if changes.len() >= MOST {
            changes.remove(0);
        }
        changes.push(change.clone());
    }

    /// The last one of which that is true.
    pub(crate) fn last(&self, is_it: impl Fn(&Record) -> bool) -> Option<RecordId> {
        self.0.iter().rfind(|change| is_it(change)).map(|change| change.id)
    }
}

#[cfg(test)]
mod tests {
    use autoenroll_model::{Facts, SimTime};
    use autoenroll_trace::{Kind, Trace};

    use super::*;

    #[test]
    fn a_change_that_is_made_again_counts_once() {
        let (mut trace, mut changes) = (Trace::new(), Changes::default());
        for number in 0..10_000_u32 {
            let facts = Facts::new().with("what", "ca").with("reachable", number % 2 == 0);
            changes.note(&trace.append(SimTime::START, "world", Kind::Change, facts, Vec::new()));
        }
        assert_eq!(changes.0.len(), 2);
        let is = |change: &Record, reachable: bool| change.facts.get("reachable") == Some(&reachable.into());
        assert_eq!(changes.last(|change| is(change, true)), Some(RecordId(9_998)));
        assert_eq!(changes.last(|change| is(change, false)), Some(RecordId(9_999)));
        for number in 0..10_000_u32 {
            let facts = Facts::new().with("what", "ca").with("number", number);
            changes.note(&trace.append(SimTime::START, "world", Kind::Change, facts, Vec::new()));
        }
        assert_eq!(changes.0.len(), MOST);
        assert_eq!(changes.last(|change| is(change, true)), None);
    }
}
