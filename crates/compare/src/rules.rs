//! Which rule a difference comes from.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::SimTime;
use autoenroll_trace::{Kind, Record, RecordId, Records};

use crate::difference::Difference;

/// How many causes of a record are looked at.
const MOST_CAUSES: usize = 500;

/// States of each difference the rule from which it comes.
///
/// That is a decision which comes out otherwise, or which only one side has while nothing that led to it differs: the
/// last one among the causes of a record; without one, the last before it in the same instant about the same subject.
/// Of several decisions of one side in one instant that have no such cause, the first counts. A decision that comes out
/// the same from other facts stands for itself, for what both sides have after it in other words, and for what only one
/// has when there is nothing else. A decision that no other leads to stands for itself. Where the other side tells no
/// decisions, the last one that led to a record counts.
pub(crate) fn attribute(traces: [&Records; 2], untold: &[BTreeSet<RecordId>; 2], differences: &mut [Difference]) {
    let mut sides = [
        Side::new(traces[0], &untold[0], differences.iter().filter_map(|one| one.first)),
        Side::new(traces[1], &untold[1], differences.iter().filter_map(|one| one.second)),
    ];
    for difference in differences.iter() {
        let same_outcome = !difference.facts.iter().any(|fact| fact.name == "outcome");
        let is_pair = difference.first.is_some() && difference.second.is_some();
        for (side, id) in sides.iter_mut().zip([difference.first, difference.second]) {
            if let Some(id) = id {
                side.take(id, is_pair, same_outcome);
            }
        }
    }
    for difference in differences {
        let is_pair = difference.first.is_some() && difference.second.is_some();
        let of = |side: &Side<'_>, id: Option<RecordId>| id.and_then(|id| side.rule(id, is_pair));
        difference.rule = of(&sides[0], difference.first).or_else(|| of(&sides[1], difference.second));
    }
}

struct Side<'a> {
    trace: &'a Records,
    /// The decisions that are not compared.
    untold: &'a BTreeSet<RecordId>,
    /// The records that differ.
    differ: BTreeSet<RecordId>,
    /// The decisions from which others come.
    roots: BTreeSet<RecordId>,
    /// The decisions that come out the same from other facts.
    restated: BTreeSet<RecordId>,
    /// The roots of each instant, for who decides.
    leading: BTreeMap<(SimTime, &'a str), Vec<RecordId>>,
}

impl<'a> Side<'a> {
    fn new(trace: &'a Records, untold: &'a BTreeSet<RecordId>, differ: impl Iterator<Item = RecordId>) -> Self {
        let differ = differ.collect();
        Self { trace, untold, differ, roots: BTreeSet::new(), restated: BTreeSet::new(), leading: BTreeMap::new() }
    }

    /// Takes a record that differs, in the order of the trace.
    fn take(&mut self, id: RecordId, is_pair: bool, same_outcome: bool) {
        let Some(record) = self.trace.get(id).filter(|record| record.kind == Kind::Decision) else { return };
        if is_pair && same_outcome {
            self.restated.insert(id);
            return;
        }
        let moment = (record.at, record.actor.as_str());
        let follows =
            || self.leading.contains_key(&moment) || self.causes(id).iter().any(|cause| self.differ.contains(cause));
        if is_pair || !follows() {
            self.roots.insert(id);
            self.leading.entry(moment).or_default().push(id);
        }
    }

    fn rule(&self, id: RecordId, is_pair: bool) -> Option<String> {
        let record = self.trace.get(id)?;
        let own = self.roots.contains(&id) || self.restated.contains(&id);
        let found = if own {
            Some(id)
        } else {
            let latest = |of: &BTreeSet<RecordId>| self.causes(id).into_iter().filter(|cause| of.contains(cause)).max();
            // What came last is nearest. What only one side has comes of another outcome, not of other facts.
            let (root, restated) = (latest(&self.roots), latest(&self.restated));
            let cause = if is_pair { root.max(restated) } else { root };
            let found = cause.or_else(|| self.leading(record)).or(restated).or_else(|| latest(self.untold));
            found.or_else(|| (record.kind == Kind::Decision).then_some(id))
        };
        let rule = |record: &Record| record.facts.text("rule").map(str::to_owned);
        found.and_then(|id| self.trace.get(id)).and_then(rule)
    }

    /// The last root before a record in its instant that is about the same.
    fn leading(&self, record: &Record) -> Option<RecordId> {
        let roots = self.leading.get(&(record.at, record.actor.as_str()))?;
        let same = |root: &RecordId| self.trace.get(*root).is_some_and(|root| subject(root) == subject(record));
        roots.iter().rfind(|root| **root < record.id && same(root)).copied()
    }

    /// The records that led to one, the nearest first.
    fn causes(&self, of: RecordId) -> Vec<RecordId> {
        let (mut causes, mut seen, mut next) = (vec![of], BTreeSet::from([of]), 0);
        while let Some(record) = causes.get(next).and_then(|id| self.trace.get(*id)) {
            next += 1;
            let new = record.causes.iter().filter(|cause| seen.insert(**cause));
            causes.extend(new.copied().take(MOST_CAUSES.saturating_sub(next)));
            causes.truncate(MOST_CAUSES);
        }
        causes.remove(0);
        causes
    }
}

/// What a record is about: the subject of a decision, or the template; nothing for one that names neither. A
/// certificate is named by its template and a number, and is of that template.
fn subject(record: &Record) -> Option<&str> {
    let decided = record.facts.text("subject").filter(|_| record.kind == Kind::Decision);
    let subject = decided.or_else(|| record.facts.text("template"))?;
    match subject.rsplit_once('#') {
        Some((template, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(template)
        }
        _ => Some(subject),
    }
}
