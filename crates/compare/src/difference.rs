//! What two traces have in common and what not.

use std::collections::BTreeMap;

use autoenroll_model::Fact;
use autoenroll_trace::RecordId;

/// What two traces have in common and what not. The first and the second are those that were handed to
/// [`compare`](crate::compare()).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How many records say the same on both sides, whenever they come.
    pub same: usize,
    /// What is different apart from times, in the order of the story, up to where one of them ends.
    pub differences: Vec<Difference>,
    /// Records that come at another time, once for each length of time, in the order in which these appear.
    pub shifts: Vec<Shift>,
    /// Records that come in another order within their instant.
    pub reordered: Vec<(RecordId, RecordId)>,
    /// How many records each has after the end of the other.
    pub beyond: [usize; 2],
    /// How many decisions of each are not compared, because the other has runs of who decides and not one decision: a
    /// core in another process need not tell them.
    pub untold: [usize; 2],
    /// By how much dates of the wall clock are later in the second, in nanoseconds, where most of them are.
    pub wall_offset: Option<i128>,
    /// Where they part.
    pub first: Option<First>,
}

/// Something that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The record of the first trace; `None` when only the second has it.
    pub first: Option<RecordId>,
    /// The record of the second trace.
    pub second: Option<RecordId>,
    /// The facts in which a pair differs. Empty when only one side has the record.
    pub facts: Vec<FactDifference>,
    /// The requirement that decides it or led to it, where a decision that differs did; of a decision its own.
    pub rule: Option<String>,
}

/// A fact of two records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactDifference {
    /// Its name.
    pub name: String,
    /// Its value in the first; `None` when it has none.
    pub first: Option<Fact>,
    /// Its value in the second.
    pub second: Option<Fact>,
}

/// Records that come later or earlier by the same length of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// By how many nanoseconds they come later in the second; negative when they come earlier.
    pub by: i128,
    /// How many.
    pub records: usize,
    /// The first of them, in both.
    pub begins: (RecordId, RecordId),
}

/// Where two traces part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct First {
    /// The record of the first trace; `None` when only the second has one.
    pub first: Option<RecordId>,
    /// The record of the second trace.
    pub second: Option<RecordId>,
    /// In what they differ.
    pub what: FirstWhat,
    /// How many records of the first trace stand before it, all of them with the same in the second.
    pub common: usize,
    /// The last records that are the same before it; `None` when they part at the beginning.
    pub last_common: Option<(RecordId, RecordId)>,
}

/// In what the first records differ that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstWhat {
    /// The [`Difference`] with which the list begins.
    Difference,
    /// The time.
    Time,
    /// The order within their instant.
    Order,
    /// One ends, and the other goes on.
    End,
}

impl Comparison {
    /// Whether nothing is different, the times included.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.first.is_none() && self.wall_offset.is_none()
    }

    /// The differences by their rule, each group in the order of the story, the groups in the order of their first.
    #[must_use]
    pub fn by_rule(&self) -> Vec<(Option<&str>, Vec<&Difference>)> {
        let mut groups: Vec<(Option<&str>, Vec<&Difference>)> = Vec::new();
        let mut known: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        for difference in &self.differences {
            let rule = difference.rule.as_deref();
            let at = *known.entry(rule).or_insert_with(|| {
                groups.push((rule, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(difference);
        }
        groups
    }
}
