//! The runs of a trace, and what became of a template in each.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Fact, Role, SimTime};
use autoenroll_trace::{Kind, Record, RecordId, Records};
use autoenroll_world::spec::TemplateSpec;

use super::waits::waits_for;
use crate::catalogue::{self, Catalogue};
use crate::prose::{self, rest};

/// A run of one principal, from its trigger to its end.
pub(super) struct Run<'a> {
    pub(super) actor: &'a str,
    /// What started it.
    pub(super) trigger: &'a str,
    pub(super) from: SimTime,
    pub(super) end: End,
    /// Its first record.
    id: RecordId,
    /// What the principal's core recorded meanwhile.
    records: Vec<&'a Record>,
}

/// How a run ends.
pub(super) enum End {
    /// By itself.
    Ended(SimTime),
    /// The computer or the core is gone.
    CutOff(SimTime),
    /// Not in this story; what it waits for.
    Open(String),
}

/// What became of a template in a run.
pub(super) struct Fate {
    pub(super) text: String,
    /// Two runs with equal keys say the same, even where the facts of their decisions differ.
    pub(super) key: String,
    /// The template was to be enrolled.
    pub(super) wanted: bool,
}

/// All runs, in the order in which they start.
pub(super) fn runs(trace: &Records) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    let mut computers: BTreeMap<&str, &str> = BTreeMap::new();
    for record in trace.records() {
        let actor = record.actor.as_str();
        match record.kind {
            Kind::RunStarted => {
                open.insert(actor, runs.len());
                let trigger = record.facts.text("trigger").unwrap_or_default();
                let end = End::Open(String::new());
                runs.push(Run { actor, trigger, from: record.at, end, id: record.id, records: Vec::new() });
            }
            Kind::RunEnded => {
                if let Some(at) = open.remove(actor) {
                    runs[at].end = End::Ended(record.at);
                }
            }
            Kind::Crash | Kind::Shutdown => open.retain(|principal, at| {
                let hit = *principal == actor || computers.get(principal) == Some(&actor);
                if hit {
                    runs[*at].end = End::CutOff(record.at);
                }
                !hit
            }),
            _ => {
                if let (Kind::Logon, Some(computer)) = (record.kind, record.facts.text("computer")) {
                    computers.insert(actor, computer);
                }
                if let Some(at) = open.get(actor) {
                    runs[*at].records.push(record);
                }
            }
        }
    }
    for at in open.into_values() {
        runs[at].end = End::Open(waits_for(&runs[at].records));
    }
    runs
}

/// Who has a run that is still open at the end of the trace, and what it does instead of ending: it waits for
/// something.
pub(crate) fn open_at_end(trace: &Records) -> Vec<(&str, String)> {
    let open = runs(trace).into_iter().filter_map(|run| match run.end {
        End::Open(waits) => Some((run.actor, waits)),
        End::Ended(_) | End::CutOff(_) => None,
    });
    open.collect()
}

impl<'a> Run<'a> {
    /// The decision that ended the run before any template was looked at.
    pub(super) fn ended_by(&self) -> Option<&'a Record> {
        let role = |record: &Record| if decides(record) { Role::EndsRun } else { Role::EndsRunOtherwise };
        self.decisions().rfind(|record| is(record, role(record)))
    }

    /// The decisions that a source of templates and CAs has failed.
    pub(super) fn failed_sources(&self) -> impl Iterator<Item = &'a Record> {
        self.decisions().filter(|record| holds(record, Role::FailsSource))
    }

    /// The record with which it starts.
    pub(super) const fn id(&self) -> RecordId {
        self.id
    }

    /// The last record of its principal in it.
    pub(super) fn last(&self) -> RecordId {
        self.records.last().map_or(self.id, |record| record.id)
    }

    /// The end of the last work on a template.
    pub(super) fn ended(&self, template: &str) -> Option<&'a Record> {
        self.records.iter().copied().rfind(|record| record.kind == Kind::ItemEnded && is_about(record, template))
    }

    /// What everybody recorded from its start to the last record of its principal in it.
    pub(super) fn all(&self, trace: &'a Records) -> &'a [Record] {
        let (first, last) = (self.id.0 as usize, self.last().0 as usize);
        trace.records().get(first..=last).unwrap_or_default()
    }

    /// The decision that templates come from the cache of an earlier run.
    pub(super) fn cached(&self) -> Option<&'a Record> {
        self.decisions().find(|record| holds(record, Role::FromCache))
    }

    pub(super) fn decisions(&self) -> impl DoubleEndedIterator<Item = &'a Record> {
        self.records.iter().copied().filter(|record| record.kind == Kind::Decision)
    }

    /// The decisions that chose or excluded a template.
    pub(super) fn selection(&self, template: &str) -> Vec<&'a Record> {
        let certificates: BTreeSet<&str> = self
            .decisions()
            .filter(|record| is(record, Role::Managed) && record.facts.text("template") == Some(template))
            .filter_map(|record| record.facts.text("subject"))
            .collect();
        let of_certificate = |record: &Record| certificates.contains(record.facts.text("subject").unwrap_or_default());
        let before = self.decisions().take_while(|record| !is(record, Role::CompletesWorkList));
        before.filter(|record| is_about(record, template) || of_certificate(record)).collect()
    }

    /// What became of a template.
    pub(super) fn fate(&self, spec: &TemplateSpec, catalogue: &Catalogue) -> Fate {
        let name = spec.template.name.as_str();
        let outcomes: Vec<String> = self
            .records
            .iter()
            .filter(|record| record.kind == Kind::ItemEnded && is_about(record, name))
            .map(|record| prose::outcome_and_code(&record.facts))
            .collect();
        if !outcomes.is_empty() {
            let amiss: Vec<String> = self
                .selection(name)
                .into_iter()
                .filter(|record| holds(record, Role::Amiss))
                .map(|record| decided(record, catalogue, Some(name)))
                .collect();
            let text = [outcomes, amiss].concat().join("; ");
            return Fate { key: text.clone(), text, wanted: true };
        }
        let selection = self.selection(name);
        let plans = |record: &Record| is(record, Role::PlansAlways) || holds(record, Role::Plans);
        if selection.iter().any(|record| plans(record)) {
            return self.planned(&selection, catalogue);
        }
        let not_before = spec.published.map(|published| SimTime::START + published).filter(|at| *at > self.from);
        let last = settled(&selection);
        let (text, key) = match (last, not_before) {
            (Some(last), _) => {
                let text = not_due(last, &selection).unwrap_or_else(|| decided(last, catalogue, Some(name)));
                (text, format!("{} {}", rule(last), decides(last)))
            }
            (None, Some(at)) => (format!("is not published before {at}"), "unpublished".to_owned()),
            (None, None) if self.is_before_work_list() => {
                ("is not looked at yet, and waits with the run".to_owned(), "not yet".to_owned())
            }
            (None, None) => match self.decisions().find(|record| holds(record, Role::FromCache)) {
                Some(cached) => {
                    let text = format!("was not offered; {}", decided(cached, catalogue, None));
                    (text, "cached".to_owned())
                }
                None => ("was not offered to this run".to_owned(), "unknown".to_owned()),
            },
        };
        Fate { text, key, wanted: false }
    }

    /// Whether it is open, and its work list is not complete.
    fn is_before_work_list(&self) -> bool {
        matches!(self.end, End::Open(_)) && !self.decisions().any(|record| is(record, Role::CompletesWorkList))
    }

    /// The fate of a template that is on the work list, but was not worked on to its end.
    fn planned(&self, selection: &[&Record], catalogue: &Catalogue) -> Fate {
        let why = selection.iter().rfind(|record| holds(record, Role::Due));
        let due = why.map_or("is due".to_owned(), |why| format!("is due ({})", rule(why)));
        let text = match &self.end {
            End::Open(_) => format!("{due}, and waits with the run"),
            End::CutOff(_) => format!("{due}, but the run was cut off"),
            End::Ended(_) => {
                let desktop = |record: &&&Record| record.kind == Kind::Logoff || is(record, Role::Desktop);
                let last = self.records.iter().rfind(desktop).map(|record| match record.kind {
                    Kind::Logoff => format!("{} logs off", record.actor),
                    _ => decided(record, catalogue, None),
                });
                format!("{due}, and left for a later run: {}", last.unwrap_or_else(|| "the run ends".to_owned()))
            }
        };
        Fate { key: text.clone(), text, wanted: true }
    }
}

/// The decision that settled what becomes of a template: that another one takes its place, or else the last one.
pub(super) fn settled<'a>(selection: &[&'a Record]) -> Option<&'a Record> {
    let superseded = selection.iter().rfind(|record| rule(record) == SUPERSEDED && decides(record));
    superseded.or_else(|| selection.iter().rfind(|record| may_settle(record))).copied()
}

/// Whether a decision may be the one that settles it: neither that nothing is needed, for which the one before is the
/// reason, nor that renewal is not switched off.
pub(crate) fn may_settle(record: &Record) -> bool {
    let is_on = rule(record) == RENEWAL_SKIPPED && !decides(record);
    !is(record, Role::NeedsNothing) && !is_on
}

/// The rule that a template switches renewal off.
const RENEWAL_SKIPPED: &str = "R054";

/// The rule that another template takes the place of one.
const SUPERSEDED: &str = "R044";

/// That a template has a certificate which is good for a while, in words; nothing when another decision came last.
fn not_due(last: &Record, selection: &[&Record]) -> Option<String> {
    let subject = last.facts.text("subject").filter(|_| !decides(last))?;
    let threshold = last.facts.text("threshold")?;
    let about = |record: &&&Record| record.facts.text("subject") == Some(subject);
    let end = selection.iter().filter(about).rev().find_map(|record| record.facts.text("not-after"))?;
    Some(format!("is not due: {subject} is good until {end}, and is renewed from {threshold} ({})", rule(last)))
}

/// The rule of a decision; nothing for another record.
pub(super) fn rule(record: &Record) -> &str {
    record.facts.text("rule").filter(|_| record.kind == Kind::Decision).unwrap_or_default()
}

/// Whether a record is about a template, and names it.
fn is_about(record: &Record, template: &str) -> bool {
    let subject = record.facts.text("subject").filter(|_| record.kind == Kind::Decision);
    record.facts.text("template") == Some(template) || subject == Some(template)
}

/// A decision in words. Its subject is left out where it is clear.
pub(crate) fn decided(record: &Record, catalogue: &Catalogue, clear: Option<&str>) -> String {
    let rule = record.facts.text("rule").unwrap_or_default();
    let (outcome, preposition) = match decides(record) {
        true => ("yes", "for"),
        false if is_idle(record) => ("does not apply", "to"),
        false => ("no", "for"),
    };
    let subject = record.facts.text("subject").filter(|subject| Some(*subject) != clear);
    let subject = subject.map(|subject| format!(" {preposition} {subject}")).unwrap_or_default();
    let about = rest(&record.facts, &["rule", "outcome", "subject"]);
    let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
    format!("{rule} {outcome}{subject}: {}{about}", catalogue.title(rule))
}

/// What a decision says about its rule's statement.
pub(super) fn decides(record: &Record) -> bool {
    record.facts.get("outcome") == Some(&Fact::Flag(true))
}

/// Whether a decision only says that nothing special is the case: its rule is about an exception, and there is none.
pub(crate) fn is_idle(record: &Record) -> bool {
    !decides(record) && is(record, Role::Exception)
}

/// Whether it is a decision by a rule of that role.
pub(super) fn is(record: &Record, role: Role) -> bool {
    catalogue::rule(rule(record)).is_some_and(|row| row.is(role))
}

/// Whether it is an affirmative decision by a rule of that role.
fn holds(record: &Record, role: Role) -> bool {
    decides(record) && is(record, role)
}
