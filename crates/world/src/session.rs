//! A running core, and what the world keeps beside it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use autoenroll_model::{Cause, Context, Effect, EffectId, Facts, ReaderState, Shared, Sid, Token};
use autoenroll_trace::RecordId;

use crate::desktop::Desktop;
use crate::policy::{AppliedPolicy, RefreshTimer};
use crate::queue::Key;

pub(crate) use crate::queue::SessionId;

/// A logged-on user, or a booted computer, with its core. It is gone with the logoff, the shutdown or the crash.
#[derive(Clone, Debug)]
pub(crate) struct CoreSession<C> {
    pub(crate) principal: Arc<str>,
    pub(crate) computer: Arc<str>,
    pub(crate) context: Context,
    /// Groups of the token, as they were at logon or boot.
    pub(crate) groups: Arc<[Sid]>,
    /// The session's token: the principal itself, and its groups.
    pub(crate) token: Arc<Token>,
    pub(crate) core: C,
    pub(crate) desktop: Shared<Desktop>,
    pub(crate) refresh: RefreshTimer,
    /// Policy as it was last applied: what the registry says until the next time.
    pub(crate) applied: AppliedPolicy,
    /// The deadline that is in the queue.
    pub(crate) deadline: Option<Key>,
    /// The records of the input after which the deadline was set.
    pub(crate) deadline_because: Vec<RecordId>,
    /// Effects that have been asked for and not answered. A node of the map has room for eleven, and mostly holds one.
    pub(crate) effects: Shared<BTreeMap<EffectId, Box<PendingEffect>>>,
    /// Change numbers of the directory behind the answers that policy servers gave this core, by address.
    pub(crate) policies_seen: Shared<BTreeMap<String, u64>>,
    pub(crate) records: Shared<Records>,
}

/// An effect on its way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PendingEffect {
    pub(crate) effect: Arc<Effect>,
    /// The record of its beginning.
    pub(crate) record: RecordId,
    /// The core no longer wants the answer; the effect is carried out all the same.
    pub(crate) abandoned: bool,
    /// The facts of its beginning.
    pub(crate) began: Facts,
    /// For [`Effect::ReadReaders`]: what each reader has been found to hold, `None` while it is being asked.
    pub(crate) readers: BTreeMap<String, Option<ReaderState>>,
}

/// Between two runs of a core a session remembers this many inputs, decisions and outputs of each kind. What a core
/// does follows from the run it is in, so none of its causes is older; a cause that is names nothing any more.
const REMEMBERED: usize = 1_024;

/// Which record tells of which input, decision and output of a core: so causes become records.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Records {
    /// A tick has no record, but it has causes.
    inputs: Numbered<Told>,
    /// By the ids that the core gives them, in the order in which they came.
    decisions: VecDeque<(u32, RecordId)>,
    /// One of these ids does not follow the one before it.
    skips: bool,
    /// An output that changed nothing has no record.
    outputs: Numbered<Option<RecordId>>,
    /// A run is open: what it has said so far may be a cause of all that follows.
    in_run: bool,
}

/// There are thousands, and only records name them.
impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("in_run", &self.in_run).finish_non_exhaustive()
    }
}

/// The records that tell of an input. Most have one.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    One(RecordId),
    Several(Arc<[RecordId]>),
}

impl Told {
    fn records(&self) -> &[RecordId] {
        match self {
            Self::One(record) => std::slice::from_ref(record),
            Self::Several(records) => records,
        }
    }
}

/// Values by number, counted from 1; the first ones are forgotten.
#[derive(Clone, Debug, PartialEq)]
struct Numbered<T> {
    forgotten: usize,
    kept: VecDeque<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { forgotten: 0, kept: VecDeque::new() }
    }
}

impl<T> Numbered<T> {
    fn get(&self, number: u32) -> Option<&T> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.kept.get(at.checked_sub(self.forgotten)?)
    }

    fn forget_all_but(&mut self, count: usize) {
        let over = self.kept.len().saturating_sub(count);
        self.kept.drain(..over);
        self.forgotten += over;
    }
}

impl Records {
    /// An input that these records tell of.
    pub(crate) fn input(&mut self, records: &[RecordId]) {
        if !self.in_run {
            self.inputs.forget_all_but(REMEMBERED);
            self.outputs.forget_all_but(REMEMBERED);
            let over = self.decisions.len().saturating_sub(REMEMBERED);
            self.decisions.drain(..over);
        }
        self.inputs.kept.push_back(match records {
            [one] => Told::One(*one),
            several => Told::Several(several.into()),
        });
    }

    /// A run begins or ends.
    pub(crate) const fn run(&mut self, open: bool) {
        self.in_run = open;
    }

    /// Whether a run is open.
    pub(crate) const fn in_run(&self) -> bool {
        self.in_run
    }

    /// An output that is a decision.
    pub(crate) fn decision(&mut self, id: u32, record: RecordId) {
        self.skips |= self.decisions.back().is_some_and(|(last, _)| last.checked_add(1) != Some(id));
        self.decisions.push_back((id, record));
        self.output(Some(record));
    }

    pub(crate) fn output(&mut self, record: Option<RecordId>) {
        self.outputs.kept.push_back(record);
    }

    /// Puts the records behind some causes in place of what is in a list; causes that name nothing are left out.
    pub(crate) fn find(&self, causes: &[Cause], found: &mut Vec<RecordId>) {
        found.clear();
        found.reserve(causes.len());
        for cause in causes {
            match cause {
                Cause::Input(n) => found.extend_from_slice(self.inputs.get(*n).map(Told::records).unwrap_or_default()),
                Cause::Decision(id) => found.extend(self.of_decision(*id)),
                Cause::Output(n) => found.extend(self.outputs.get(*n).copied().flatten()),
            }
        }
    }

    /// The record of a decision, the last of that id; of a core that counts them it is found without a search.
    fn of_decision(&self, id: u32) -> Option<RecordId> {
        let found = if self.skips {
            self.decisions.iter().rev().find(|(known, _)| *known == id)
        } else {
            let (first, _) = self.decisions.front()?;
            self.decisions.get(usize::try_from(id.checked_sub(*first)?).ok()?)
        };
        found.map(|(_, record)| *record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(records: &Records, causes: &[Cause]) -> Vec<RecordId> {
        let mut found = Vec::new();
        records.find(causes, &mut found);
        found
    }

    #[test]
    fn causes_are_counted_from_one() {
        let mut records = Records::default();
        records.input(&[RecordId(3)]);
        records.input(&[]);
        records.decision(7, RecordId(4));
        records.output(Some(RecordId(5)));
        let check = |cause: Cause, expected: &[RecordId]| assert_eq!(of(&records, &[cause]), expected, "{cause:?}");
        check(Cause::Input(1), &[RecordId(3)]);
        check(Cause::Input(2), &[]);
        check(Cause::Input(0), &[]);
        check(Cause::Input(3), &[]);
        check(Cause::Decision(7), &[RecordId(4)]);
        check(Cause::Decision(1), &[]);
        check(Cause::Output(1), &[RecordId(4)]);
        check(Cause::Output(2), &[RecordId(5)]);
    }

    #[test]
    fn what_is_long_over_is_forgotten_when_no_run_is_open() {
        let mut records = Records::default();
        let number = |n: usize| u32::try_from(n).unwrap();
        let most = number(REMEMBERED);
        let say = |records: &mut Records, n: u32| {
            records.input(&[RecordId(n)]);
            records.decision(n, RecordId(n));
        };
        records.run(true);
        (1..=2 * most).for_each(|n| say(&mut records, n));
        let all = |n: u32| [Cause::Input(n), Cause::Decision(n), Cause::Output(n)];
        assert_eq!(of(&records, &all(1)), [RecordId(1); 3]);
        records.run(false);
        say(&mut records, 2 * most + 1);
        assert_eq!(of(&records, &all(most)), []);
        assert_eq!(of(&records, &all(most + 1)), [RecordId(most + 1); 3]);
        assert_eq!(of(&records, &all(2 * most + 1)), [RecordId(2 * most + 1); 3]);
        assert_eq!(of(&records, &all(2 * most + 2)), []);
    }

    #[test]
    fn a_core_may_give_its_decisions_any_ids() {
        let mut records = Records::default();
        for (id, record) in [(5, 1), (2, 2), (7, 3), (2, 4)] {
            records.decision(id, RecordId(record));
        }
        let check = |id: u32, expected: &[RecordId]| assert_eq!(of(&records, &[Cause::Decision(id)]), expected, "{id}");
        check(5, &[RecordId(1)]);
        check(2, &[RecordId(4)]);
        check(6, &[]);
    }
}
