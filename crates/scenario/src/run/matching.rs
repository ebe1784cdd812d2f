//! Whether a record is the one that a step means.

use autoenroll_model::{Fact, Facts};
use autoenroll_trace::{Kind, Packed, Record};

use super::failure::Difference;
use crate::source::Span;

/// What a step wants of a record, with references replaced by what they stand for.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    /// Kinds that it may have: a prompt opens or changes.
    pub(super) kinds: Vec<Kind>,
    /// Its facts and where each is written.
    pub(super) facts: Vec<(String, Fact, Span)>,
    /// It has no others.
    pub(super) exact: bool,
    /// Whose it is.
    pub(super) who: Option<String>,
}

impl Matcher {
    /// Whether the record is of the kind and the principal; its facts are another matter.
    pub(super) fn is_candidate(&self, record: &Record) -> bool {
        let whose = self.who.as_ref().is_none_or(|who| {
            record.actor == *who || ["requester", "principal"].iter().any(|name| record.facts.text(name) == Some(who))
        });
        // A prompt of another decision point is another prompt, not the same one with other facts.
        let point = self.facts.iter().find(|(name, ..)| name == "point").map(|(_, fact, _)| fact);
        self.kinds.contains(&record.kind) && whose && point.is_none_or(|point| record.facts.get("point") == Some(point))
    }

    /// How the record's facts differ from those that are wanted; nothing when it is the one.
    pub(super) fn differences(&self, facts: &Facts) -> Vec<Difference> {
        differences(&self.facts, self.exact, facts)
    }

    /// Whether the record is the one.
    pub(super) fn matches(&self, record: &Record) -> bool {
        self.is_candidate(record) && self.differences(&record.facts).is_empty()
    }

    /// The same of a record as it is kept; most are of another kind and are not unpacked.
    pub(super) fn matches_packed(&self, record: &Packed<'_>) -> bool {
        self.candidate(record).is_some_and(|record| self.differences(&record.facts).is_empty())
    }

    /// The record if it is of the kind and the principal.
    pub(super) fn candidate(&self, record: &Packed<'_>) -> Option<Record> {
        if !self.kinds.contains(&record.kind) {
            return None;
        }
        Some(record.unpack()).filter(|record| self.is_candidate(record))
    }

    /// `prompt point=pin.enter_instant tries-exit=3`, for messages.
    pub(super) fn describe(&self) -> String {
        let mut shown = Facts::new();
        for (name, fact, _) in &self.facts {
            shown.set(name, fact.clone());
        }
        let kind = self.kinds.first().map_or("", |kind| kind.as_str());
        let whose = self.who.as_ref().map(|who| format!(" of {who}")).unwrap_or_default();
        if shown.is_empty() { format!("{kind}{whose}") } else { format!("{kind}{whose} {shown}") }
    }
}

/// How facts differ from those that are wanted.
pub(super) fn differences(wanted: &[(String, Fact, Span)], exact: bool, facts: &Facts) -> Vec<Difference> {
    let mut list = Vec::new();
    for (name, fact, span) in wanted {
        let found = facts.get(name);
        if found != Some(fact) {
            list.push(Difference {
                fact: name.clone(),
                expected: Some(fact.clone()),
                found: found.cloned(),
                span: Some(*span),
            });
        }
    }
    if exact {
        for (name, fact) in facts.iter().filter(|(name, _)| !wanted.iter().any(|(known, ..)| known == name)) {
            list.push(Difference { fact: name.to_owned(), expected: None, found: Some(fact.clone()), span: None });
        }
    }
    list
}

/// Prompts, balloons, summaries and error events fail a story that does not name them.
pub(super) fn must_be_named(record: &Packed<'_>) -> bool {
    match record.kind {
        Kind::Prompt | Kind::PromptChanged | Kind::Balloon | Kind::LogonFailed => true,
        Kind::Event => record.text("severity") == Some("error"),
        _ => false,
    }
}

/// Assigns records to the steps of a group, as a set: a step takes the only record that fits it and that no other step
/// needs, and as many steps take as many records that nothing tells apart. For each step the record's index, or which
/// ones fit.
pub(super) fn assign(matcher: &[Matcher], records: &[&Record]) -> Vec<Result<usize, Vec<usize>>> {
    let fits =
        |step: &Matcher| -> Vec<usize> { (0..records.len()).filter(|index| step.matches(records[*index])).collect() };
    let mut open: Vec<Result<usize, Vec<usize>>> = matcher.iter().map(|step| Err(fits(step))).collect();
    // Nothing that a step can say tells records apart that have all of this in common.
    let alike = |candidates: &[usize]| {
        let mut records = candidates.iter().map(|index| records[*index]);
        let first = records.next();
        first.is_some_and(|first| {
            records.all(|other| (other.kind, &other.actor, &other.facts) == (first.kind, &first.actor, &first.facts))
        })
    };
    // Each round settles at least one step, so there are no more rounds than steps.
    for _ in 0..matcher.len() {
        let settled = |certain: &dyn Fn(&Vec<usize>) -> bool| {
            open.iter().enumerate().find_map(|(step, state)| match state {
                Err(candidates) if certain(candidates) => Some((step, candidates[0])),
                _ => None,
            })
        };
        let only = settled(&|candidates| candidates.len() == 1);
        // One more record than steps is one too many, and stays in doubt.
        let named = |candidates: &Vec<usize>| {
            let steps = open.iter().filter(|state| state.as_ref().err() == Some(candidates)).count();
            steps >= candidates.len() && alike(candidates)
        };
        let Some((step, record)) = only.or_else(|| settled(&named)) else { break };
        open[step] = Ok(record);
        for state in &mut open {
            if let Err(candidates) = state {
                candidates.retain(|candidate| *candidate != record);
            }
        }
    }
    open
}
