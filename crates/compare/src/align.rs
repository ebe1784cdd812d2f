//! Which record of one trace goes with which of the other.
//!
//! Records that mean the same at the same moment go together first; between them those that mean the same at another
//! moment; and then, within an instant, those in another order and those that say it in other words.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::ops::Range;

use autoenroll_model::Fact;
use autoenroll_trace::{Kind, Record, RecordId, Records};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::facts::without_numbers;

/// How many pairs of records one search may have: as many as two traces of 14,000 records without a common
/// one, for which a processor needs some seconds.
pub const MOST_PAIRS: usize = 200_000_000;

/// So much differs that the traces cannot be aligned within a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDifferent {
    /// How many records of the first have to be aligned.
    pub first: usize,
    /// How many of the second.
    pub second: usize,
}

impl fmt::Display for TooDifferent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second } = self;
        write!(
            f,
            "{first} and {second} records without a common one are too many to compare; {MOST_PAIRS} pairs are the most"
        )
    }
}

impl std::error::Error for TooDifferent {}

/// A record, or two that go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aligned {
    /// Both have it.
    Both(RecordId, RecordId),
    /// Both have it, in another order within its instant.
    Moved(RecordId, RecordId),
    /// Only the first has it.
    First(RecordId),
    /// Only the second has it.
    Second(RecordId),
}

impl Aligned {
    /// The records, where both have one.
    pub(crate) const fn both(&self) -> Option<(RecordId, RecordId)> {
        match *self {
            Self::Both(a, b) | Self::Moved(a, b) => Some((a, b)),
            Self::First(_) | Self::Second(_) => None,
        }
    }

    /// The record of each side that has one.
    pub(crate) const fn either(&self) -> (Option<RecordId>, Option<RecordId>) {
        match *self {
            Self::Both(a, b) | Self::Moved(a, b) => (Some(a), Some(b)),
            Self::First(a) => (Some(a), None),
            Self::Second(b) => (None, Some(b)),
        }
    }
}

/// The records of both, in the order of the story, without those that are to be left out.
///
/// # Errors
/// When too little is common.
pub(crate) fn align(
    first: &Records,
    second: &Records,
    without: &[BTreeSet<RecordId>; 2],
) -> Result<Vec<Aligned>, TooDifferent> {
    fn compared<'a>(trace: &'a Records, without: &BTreeSet<RecordId>) -> Vec<&'a Record> {
        trace.records().iter().filter(|record| !without.contains(&record.id)).collect()
    }
    let (a, b) = (compared(first, &without[0]), compared(second, &without[1]));
    let (a, b) = (a.as_slice(), b.as_slice());
    let (mut meanings, mut moments) = (Numbers::default(), Numbers::default());
    let meanings_of = |records: &[&Record], numbers: &mut Numbers<Meaning>| -> Vec<u32> {
        records.iter().map(|record| numbers.of(meaning(record))).collect()
    };
    let (a_means, b_means) = (meanings_of(a, &mut meanings), meanings_of(b, &mut meanings));
    let mut moments_of = |records: &[&Record], means: &[u32]| -> Vec<u32> {
        records.iter().zip(means).map(|(record, means)| moments.of((record.at, *means))).collect()
    };
    let (a_moments, b_moments) = (moments_of(a, &a_means), moments_of(b, &b_means));
    let mut aligned = Vec::with_capacity(a.len().max(b.len()));
    let (a_id, b_id) = (|at: usize| a[at].id, |at: usize| b[at].id);
    let mut shift = 0;
    for at_once in runs(&a_moments, &b_moments, 0..a.len(), 0..b.len())? {
        if at_once.same {
            aligned.extend(at_once.a.zip(at_once.b).map(|(a, b)| Aligned::Both(a_id(a), b_id(b))));
            shift = 0;
            continue;
        }
        for part in runs(&a_means, &b_means, at_once.a, at_once.b)? {
            if part.same {
                let last = part.a.clone().zip(part.b.clone()).next_back();
                aligned.extend(part.a.zip(part.b).map(|(a, b)| Aligned::Both(a_id(a), b_id(b))));
                shift = last.map_or(shift, |(last_a, last_b)| later(a[last_a], b[last_b]));
            } else {
                within_instants(a, b, (part.a, part.b), shift, &mut aligned);
            }
        }
    }
    Ok(reordered(first, second, aligned))
}

/// Records of both between two that go together.
struct Run {
    a: Range<usize>,
    b: Range<usize>,
    /// Whether they are the same, one by one.
    same: bool,
}

fn runs(a: &[u32], b: &[u32], of_a: Range<usize>, of_b: Range<usize>) -> Result<Vec<Run>, TooDifferent> {
    let (part_a, part_b) = (&a[of_a.clone()], &b[of_b.clone()]);
    let before = part_a.iter().zip(part_b).take_while(|(a, b)| a == b).count();
    let rest = part_a[before..].iter().rev().zip(part_b[before..].iter().rev());
    let after = rest.take_while(|(a, b)| a == b).count();
    let (first, second) = (part_a.len() - before - after, part_b.len() - before - after);
    if first.saturating_mul(second) > MOST_PAIRS {
        return Err(TooDifferent { first, second });
    }
    let mut runs: Vec<Run> = Vec::new();
    for operation in capture_diff_slices(Algorithm::Patience, part_a, part_b) {
        let (same, old, new) = match operation {
            DiffOp::Equal { .. } => (true, operation.old_range(), operation.new_range()),
            _ => (false, operation.old_range(), operation.new_range()),
        };
        let (a, b) = (of_a.start + old.start..of_a.start + old.end, of_b.start + new.start..of_b.start + new.end);
        match runs.last_mut() {
            // What is taken away and what is put there may belong together.
            Some(last) if !same && !last.same => (last.a.end, last.b.end) = (a.end, b.end),
            _ => runs.push(Run { a, b, same }),
        }
    }
    Ok(runs)
}

/// Pairs those that say the same in other words at the same moment, or later by what those before them were later.
fn within_instants(
    a: &[&Record],
    b: &[&Record],
    part: (Range<usize>, Range<usize>),
    shift: i128,
    to: &mut Vec<Aligned>,
) {
    let mut free: BTreeMap<Wording<'_>, VecDeque<usize>> = BTreeMap::new();
    for at in part.1.clone() {
        if let Some(wording) = wording(b[at]) {
            free.entry(wording).or_default().push_back(at);
        }
    }
    let (mut next, last) = (part.1.start, part.1.end);
    for at in part.0 {
        let candidates = wording(a[at]).and_then(|wording| free.get_mut(&wording));
        let goes = |other: &usize| *other >= next && [0, shift].contains(&later(a[at], b[*other]));
        let found = candidates.and_then(|candidates| {
            let place = candidates.iter().position(goes)?;
            candidates.remove(place)
        });
        match found {
            Some(other) => {
                to.extend((next..other).map(|between| Aligned::Second(b[between].id)));
                to.push(Aligned::Both(a[at].id, b[other].id));
                next = other + 1;
            }
            None => to.push(Aligned::First(a[at].id)),
        }
    }
    to.extend((next..last).map(|between| Aligned::Second(b[between].id)));
}

/// Pairs what is left over on both sides, means the same, and comes in the same instant.
fn reordered(first: &Records, second: &Records, mut aligned: Vec<Aligned>) -> Vec<Aligned> {
    let mut free: BTreeMap<(u64, Meaning), VecDeque<usize>> = BTreeMap::new();
    for (place, one) in aligned.iter().enumerate() {
        if let Aligned::Second(b) = one
            && let Some(record) = second.get(*b)
        {
            free.entry((record.at.0, meaning(record))).or_default().push_back(place);
        }
    }
    let mut taken = BTreeSet::new();
    for place in 0..aligned.len() {
        let Aligned::First(a) = aligned[place] else { continue };
        let Some(record) = first.get(a) else { continue };
        let other = free.get_mut(&(record.at.0, meaning(record))).and_then(VecDeque::pop_front);
        if let Some(other) = other
            && let Aligned::Second(b) = aligned[other]
        {
            aligned[place] = Aligned::Moved(a, b);
            taken.insert(other);
        }
    }
    let mut place = 0..;
    aligned.retain(|_| place.next().is_none_or(|place| !taken.contains(&place)));
    aligned
}

/// What a record is about, whatever came of it: who, what kind, and the facts that name its subject.
type Meaning = (String, Kind, Vec<String>);

fn meaning(record: &Record) -> Meaning {
    let subject = subject(record.kind).iter().map(|name| {
        let text = record.facts.get(name).map(Fact::to_string).unwrap_or_default();
        // Of a command class, instruction and parameters; its data are keys and signatures.
        if *name == "command" { text.chars().take(8).collect() } else { without_numbers(&text) }
    });
    (record.actor.to_string(), record.kind, subject.collect())
}

/// The facts that say what a record is about.
const fn subject(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Decision => &["rule", "subject"],
        Kind::Effect | Kind::EffectDone | Kind::EffectAbandoned | Kind::Directory | Kind::Software => &["op"],
        Kind::Card | Kind::CardDone => &["op", "card"],
        Kind::Apdu => &["card", "command"],
        Kind::Store => &["op", "store"],
        Kind::Prompt | Kind::PromptChanged | Kind::PromptWithdrawn => &["point"],
        Kind::Answer => &["prompt"],
        Kind::Event => &["source", "id"],
        Kind::Trigger | Kind::TriggerHeld | Kind::RunStarted => &["trigger"],
        Kind::ItemStarted | Kind::ItemEnded | Kind::Archived | Kind::Deleted => &["template"],
        Kind::Request | Kind::Issued | Kind::Pending | Kind::Denied => &["ca", "template"],
        Kind::CaFailed => &["ca"],
        Kind::Click => &["on"],
        Kind::Insert | Kind::Remove | Kind::CardLogon => &["card"],
        Kind::Change => &["what"],
        Kind::Violation => &["invariant"],
        Kind::Boot
        | Kind::Shutdown
        | Kind::Crash
        | Kind::Logon
        | Kind::LogonFailed
        | Kind::Logoff
        | Kind::Lock
        | Kind::Unlock
        | Kind::Pulse
        | Kind::GpRefresh
        | Kind::RunEnded
        | Kind::Balloon
        | Kind::BalloonHidden
        | Kind::Icon
        | Kind::IconHidden => &[],
    }
}

/// Who, what kind, and of a decision its rule.
type Wording<'a> = (&'a str, Kind, &'a str);

/// What two records have in common that say the same in other words, as an event does under another version of Windows;
/// nothing for kinds whose records say what they are about.
fn wording(record: &Record) -> Option<Wording<'_>> {
    let rule = match record.kind {
        Kind::Decision => record.facts.text("rule")?,
        Kind::Event
        | Kind::Trigger
        | Kind::RunStarted
        | Kind::Prompt
        | Kind::Answer
        | Kind::Change
        | Kind::Request
        | Kind::Issued
        | Kind::Pending
        | Kind::Denied
        | Kind::ItemStarted
        | Kind::ItemEnded => "",
        _ => return None,
    };
    Some((&record.actor, record.kind, rule))
}

/// By how many nanoseconds the second comes later.
fn later(a: &Record, b: &Record) -> i128 {
    i128::from(b.at.0) - i128::from(a.at.0)
}

/// Numbers in place of values, so that they are compared quickly.
#[derive(Debug)]
struct Numbers<T>(BTreeMap<T, u32>);

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Numbers<T> {
    fn of(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(value).or_insert(next)
    }
}
