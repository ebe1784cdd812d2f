//! A running core, and what the world keeps beside it.

use std::collections::BTreeMap;

use autoenroll_model::{Cause, Context, Effect, EffectId, Facts, PrincipalObject, ReaderState, Sid, Token};
use autoenroll_trace::RecordId;

use crate::desktop::Desktop;
use crate::policy::{AppliedPolicy, RefreshTimer};
use crate::queue::Key;

pub(crate) use crate::queue::SessionId;

/// A logged-on user, or a booted computer, with its core. It is gone with the logoff, the shutdown or the crash.
#[derive(Clone, Debug)]
pub(crate) struct CoreSession<C> {
    pub(crate) principal: String,
    pub(crate) computer: String,
    pub(crate) context: Context,
    /// Groups of the token, as they were at logon or boot.
    pub(crate) groups: Vec<Sid>,
    pub(crate) core: C,
    pub(crate) desktop: Desktop,
    pub(crate) refresh: RefreshTimer,
    /// Policy as it was last applied: what the registry says until the next time.
    pub(crate) applied: AppliedPolicy,
    /// The deadline that is in the queue.
    pub(crate) deadline: Option<Key>,
    /// The records of the input after which the deadline was set.
    pub(crate) deadline_because: Vec<RecordId>,
    /// Effects that have been asked for and not answered.
    pub(crate) effects: BTreeMap<EffectId, PendingEffect>,
    /// Change numbers of the directory behind the answers that policy servers gave this core, by address.
    pub(crate) policies_seen: BTreeMap<String, u64>,
    pub(crate) records: Records,
}

impl<C> CoreSession<C> {
    /// The session's token.
    pub(crate) fn token(&self, object: &PrincipalObject) -> Token {
        std::iter::once(&object.sid).chain(&self.groups).cloned().collect()
    }
}

/// An effect on its way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PendingEffect {
    pub(crate) effect: Effect,
    /// The record of its beginning.
    pub(crate) record: RecordId,
    /// The core no longer wants the answer; the effect is carried out all the same.
    pub(crate) abandoned: bool,
    /// The facts of its beginning.
    pub(crate) began: Facts,
    /// For [`Effect::ReadReaders`]: what each reader has been found to hold, `None` while it is being asked.
    pub(crate) readers: BTreeMap<String, Option<ReaderState>>,
}

/// Which record tells of which input, decision and output of a core: so causes become records.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Records {
    /// The n-th input, counted from 1, stands at n - 1. A tick has no record, but it has causes.
    inputs: Vec<Vec<RecordId>>,
    decisions: BTreeMap<u32, RecordId>,
    /// An output that changed nothing has no record.
    outputs: Vec<Option<RecordId>>,
}

impl Records {
    /// An input that these records tell of.
    pub(crate) fn input(&mut self, records: Vec<RecordId>) {
        self.inputs.push(records);
    }

    pub(crate) fn decision(&mut self, id: u32, record: RecordId) {
        self.decisions.insert(id, record);
    }

    pub(crate) fn output(&mut self, record: Option<RecordId>) {
        self.outputs.push(record);
    }

    /// The records behind some causes; causes that name nothing are left out.
    pub(crate) fn of(&self, causes: &[Cause]) -> Vec<RecordId> {
        let nth = |n: u32| usize::try_from(n).ok()?.checked_sub(1);
        let one = |cause: &Cause| match cause {
            Cause::Input(n) => nth(*n).and_then(|at| self.inputs.get(at)).cloned().unwrap_or_default(),
            Cause::Decision(id) => self.decisions.get(id).copied().into_iter().collect(),
            Cause::Output(n) => nth(*n).and_then(|at| *self.outputs.get(at)?).into_iter().collect(),
        };
        causes.iter().flat_map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_counted_from_one() {
        let mut records = Records::default();
        records.input(vec![RecordId(3)]);
        records.input(vec![]);
        records.decision(7, RecordId(4));
        records.output(Some(RecordId(5)));
        let check = |cause: Cause, expected: &[RecordId]| assert_eq!(records.of(&[cause]), expected, "{cause:?}");
        check(Cause::Input(1), &[RecordId(3)]);
        check(Cause::Input(2), &[]);
        check(Cause::Input(0), &[]);
        check(Cause::Input(3), &[]);
        check(Cause::Decision(7), &[RecordId(4)]);
        check(Cause::Decision(1), &[]);
        check(Cause::Output(1), &[RecordId(5)]);
    }
}
