//! Decisions that the other trace could not have: a core in another process need not tell what it decides.

use std::collections::BTreeSet;

use autoenroll_trace::{Kind, RecordId, Records};

/// The decisions of each trace by those of whom the other has runs and not one decision: a run that starts without any
/// is one of a core that does not tell them.
pub(crate) fn untold(first: &Records, second: &Records) -> [BTreeSet<RecordId>; 2] {
    [silent(first, second), silent(second, first)]
}

fn silent(own: &Records, other: &Records) -> BTreeSet<RecordId> {
    let (mut tell, mut act) = (BTreeSet::new(), BTreeSet::new());
    for record in other.records() {
        match record.kind {
            Kind::Decision => tell.insert(record.actor.as_str()),
            Kind::RunStarted => act.insert(record.actor.as_str()),
            _ => false,
        };
    }
    let is_silent = |actor: &str| act.contains(actor) && !tell.contains(actor);
    let decisions = own.records().iter().filter(|record| record.kind == Kind::Decision);
    decisions.filter(|record| is_silent(&record.actor)).map(|record| record.id).collect()
}
