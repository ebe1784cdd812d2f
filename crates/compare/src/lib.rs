//! Two traces beside each other: where they part, and by which rule.
//!
//! [`compare`] pairs the records that mean the same and says what is different in each pair and what only one side
//! has. Numbers of records, of certificates and requests, thumbprints, keys and signatures are no differences of their
//! own; a record that comes at another time is one for each length of time, not for each record.
//!
//! It deliberately lacks any judgement: which of the two is right is not asked.
#![forbid(unsafe_code)]

mod align;
mod difference;
mod facts;
mod rules;
mod untold;

use std::collections::BTreeMap;

use autoenroll_model::SimTime;
use autoenroll_trace::{Record, RecordId, Records};

use align::{Aligned, align};
pub use align::{MOST_PAIRS, TooDifferent};
pub use difference::{Comparison, Difference, FactDifference, First, FirstWhat, Shift};
use facts::{Renaming, wall_offset};
use rules::attribute;
use untold::untold;

/// Compares two traces.
///
/// # Errors
/// When they have so little in common that aligning them has no bound.
pub fn compare(first: &Records, second: &Records) -> Result<Comparison, TooDifferent> {
    let untold = untold(first, second);
    let aligned = align(first, second, &untold)?;
    let offset =
        wall_offset(aligned.iter().filter_map(|one| one.both()).map(|(a, b)| (record(first, a), record(second, b))));
    let mut comparison = Comparison {
        same: 0,
        differences: Vec::new(),
        shifts: Vec::new(),
        reordered: Vec::new(),
        beyond: [0, 0],
        untold: [untold[0].len(), untold[1].len()],
        wall_offset: Some(offset).filter(|offset| *offset != 0),
        first: None,
    };
    let (mut renaming, mut common, mut last_common) = (Renaming::default(), 0, None);
    let mut lengths = BTreeMap::new();
    // From here on one of them has nothing more.
    let tail = aligned.iter().rposition(|one| matches!(one.either(), (Some(_), Some(_)))).map_or(0, |last| last + 1);
    let is_tail = |of: &[Aligned]| {
        let only_first = of.iter().all(|one| matches!(one, Aligned::First(_)));
        only_first || of.iter().all(|one| matches!(one, Aligned::Second(_)))
    };
    let mut is_prefix = false;
    for (place, one) in aligned.iter().enumerate() {
        is_prefix |= place == tail && comparison.first.is_none() && is_tail(&aligned[tail..]);
        let begins = |a, b, what| First { first: a, second: b, what, common, last_common };
        let (a, b) = match *one {
            Aligned::Both(a, b) | Aligned::Moved(a, b) => (a, b),
            Aligned::First(_) | Aligned::Second(_) => {
                let (a, b) = one.either();
                let is_beyond = [(a, first, second), (b, second, first)]
                    .map(|(id, own, other)| id.is_some_and(|id| is_prefix || record(own, id).at > end(other)));
                let what = if is_beyond.contains(&true) { FirstWhat::End } else { FirstWhat::Difference };
                comparison.first.get_or_insert(begins(a, b, what));
                comparison.beyond.iter_mut().zip(is_beyond).for_each(|(count, is)| *count += usize::from(is));
                if what == FirstWhat::Difference {
                    comparison.differences.push(Difference { first: a, second: b, facts: Vec::new(), rule: None });
                }
                continue;
            }
        };
        let (one_record, other_record) = (record(first, a), record(second, b));
        let shift = i128::from(other_record.at.0) - i128::from(one_record.at.0);
        let facts = facts::differences(&one_record.facts, &other_record.facts, shift, offset, &mut renaming);
        let moved = matches!(one, Aligned::Moved(..));
        if !facts.is_empty() {
            comparison.first.get_or_insert(begins(Some(a), Some(b), FirstWhat::Difference));
            comparison.differences.push(Difference { first: Some(a), second: Some(b), facts, rule: None });
        } else {
            comparison.same += 1;
        }
        if moved {
            comparison.first.get_or_insert(begins(Some(a), Some(b), FirstWhat::Order));
            comparison.reordered.push((a, b));
        }
        if shift != 0 {
            comparison.first.get_or_insert(begins(Some(a), Some(b), FirstWhat::Time));
            let place = *lengths.entry(shift).or_insert(comparison.shifts.len());
            match comparison.shifts.get_mut(place) {
                Some(known) => known.records += 1,
                None => comparison.shifts.push(Shift { by: shift, records: 1, begins: (a, b) }),
            }
        }
        if comparison.first.is_none() {
            common += 1;
            last_common = Some((a, b));
        }
    }
    attribute([first, second], &untold, &mut comparison.differences);
    Ok(comparison)
}

/// A record by an id that came from its trace.
fn record(trace: &Records, id: RecordId) -> &Record {
    trace.get(id).expect("the ids of an alignment are those of the traces")
}

/// The time of the last record.
fn end(trace: &Records) -> SimTime {
    trace.records().last().map_or(SimTime::START, |record| record.at)
}
