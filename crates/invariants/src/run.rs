//! What a run begins, takes up, and leaves alone.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Fact, Text};
use autoenroll_trace::{Kind, RecordId};

use crate::checker::{Checker, Moment, Violation};
use crate::table::Invariant;

/// [`Invariant::OneRun`].
#[derive(Clone, Debug, Default)]
pub(crate) struct OneRun {
    /// The beginning of each principal's latest run.
    begun: BTreeMap<Text, RecordId>,
}

// IN1.one-run
impl Checker for OneRun {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        if at.record.kind != Kind::RunStarted {
            return None;
        }
        let before = self.begun.insert(at.record.actor.clone(), at.record.id)?;
        // The decision by which it starts. What happened just then is a cause as well, of one that had to wait the
        // end of the run before; and so is what set a timer, long ago.
        let causes = &at.record.causes;
        let is_decision = |cause: &&RecordId| at.trace.get(**cause).is_some_and(|cause| cause.kind == Kind::Decision);
        let decision = causes.iter().rev().find(is_decision).or(causes.last());
        let late = decision.is_some_and(|decision| *decision < before);
        let reason = "a run starts for a trigger that came before the run that has just been";
        late.then(|| at.violation(Invariant::OneRun, reason))
    }
}

/// [`Invariant::OverEntry`].
#[derive(Clone, Debug, Default)]
pub(crate) struct OverEntry {
    runs: BTreeMap<Text, Entries>,
}

/// The entries of REQUEST that a run has found, by template.
#[derive(Clone, Debug, Default)]
struct Entries {
    /// Those whose request waits at its CA.
    pending: BTreeMap<Text, usize>,
    /// Those whose certificate has been issued.
    issued: BTreeMap<Text, usize>,
    /// Those of them that the run has found to be over.
    over: BTreeMap<Text, usize>,
    /// Those that it has taken up again.
    resumed: BTreeMap<Text, usize>,
    /// The list of work is complete: what is decided of a certificate from then on is about one that has come.
    planned: bool,
}

impl Entries {
    fn read(at: Moment<'_>) -> Self {
        let mut entries = Self::default();
        let Some(Fact::List(list)) = at.record.facts.get("requests") else { return entries };
        for entry in list {
            let Fact::Text(entry) = entry else { continue };
            let Some((template, stage)) = entry.rsplit_once(": ") else { continue };
            let of = match stage {
                "pending" => &mut entries.pending,
                "issued" => &mut entries.issued,
                _ => continue,
            };
            *of.entry(template.into()).or_default() += 1;
        }
        entries
    }

    /// How many issued entries of a template wait for something.
    fn waiting(&self, template: &str) -> usize {
        let of = |entries: &BTreeMap<Text, usize>| entries.get(template).copied().unwrap_or_default();
        of(&self.issued).saturating_sub(of(&self.over))
    }
}

/// The rule by which the certificate of an entry can never be good, and the one by which an unfinished request stands
/// in the way of another.
pub(crate) const OVER: &[&str] = &["MC1.lasting", "R060"];

// IN1.over-entry
impl Checker for OverEntry {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::RunStarted | Kind::RunEnded => {
                self.runs.remove(actor);
            }
            Kind::EffectDone if at.text("op") == Some("read-stores") => {
                self.runs.insert(actor.clone(), Entries::read(at));
            }
            Kind::Decision if at.is_met() => {
                let run = self.runs.get_mut(actor)?;
                let template = at.text("subject")?;
                match at.text("rule")? {
                    "MC1.lasting" if !run.planned && at.text("stage") == Some("issued") => {
                        *run.over.entry(template.into()).or_default() += 1;
                    }
                    "R060" if run.waiting(template) == 0 && !run.pending.contains_key(template) => {
                        let reason = format!("no request for {template} is made, and the entry in its way is over");
                        return Some(at.violation(Invariant::OverEntry, reason));
                    }
                    _ => {}
                }
            }
            Kind::ItemStarted => {
                let run = self.runs.get_mut(actor)?;
                run.planned = true;
                let template = at.text("template").filter(|_| at.text("action") == Some("resume"))?;
                let resumed = run.resumed.entry(template.into()).or_default();
                *resumed += 1;
                // What was pending may have been issued in this run.
                let most = run.pending.get(template).copied().unwrap_or_default();
                if *resumed > run.waiting(template) + most {
                    let reason = format!("an entry of {template} is taken up again that is over");
                    return Some(at.violation(Invariant::OverEntry, reason));
                }
            }
            _ => {}
        }
        None
    }
}

/// [`Invariant::UnfinishedStays`].
#[derive(Clone, Debug, Default)]
pub(crate) struct UnfinishedStays {
    /// Templates of each principal's run whose item has ended without a certificate.
    unfinished: BTreeMap<Text, BTreeSet<Text>>,
    /// Who works on an item.
    at_work: BTreeSet<Text>,
}

// IN1.unfinished-stays
impl Checker for UnfinishedStays {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::RunStarted | Kind::RunEnded => {
                self.unfinished.remove(actor);
                self.at_work.remove(actor);
            }
            Kind::ItemStarted => {
                self.at_work.insert(actor.clone());
            }
            Kind::ItemEnded => {
                self.at_work.remove(actor);
                if at.text("outcome") != Some("enrolled") {
                    self.unfinished.entry(actor.clone()).or_default().insert(at.text("template")?.into());
                }
            }
            Kind::Archived | Kind::Deleted if !self.at_work.contains(actor) => {
                let template = at.text("template")?;
                let certificate = at.text("certificate")?;
                let waits = self.unfinished.get(actor).is_some_and(|unfinished| unfinished.contains(template));
                let reason = format!("{certificate} goes, and nothing of {template} has taken its place");
                return waits.then(|| at.violation(Invariant::UnfinishedStays, reason));
            }
            _ => {}
        }
        None
    }
}

/// [`Invariant::RenewalTold`].
#[derive(Clone, Debug, Default)]
pub(crate) struct RenewalTold {
    items: BTreeMap<Text, Text>,
    /// Templates of each principal whose latest request was a renewal.
    renewals: BTreeSet<(Text, Text)>,
}

// IN1.renewal-told
impl Checker for RenewalTold {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::ItemStarted => {
                self.items.insert(actor.clone(), at.text("template")?.into());
            }
            Kind::Request => {
                let key = (actor.clone(), self.items.get(actor)?.clone());
                if at.text("renews").is_some() {
                    self.renewals.insert(key);
                } else {
                    self.renewals.remove(&key);
                }
            }
            Kind::Event if at.record.facts.get("id") == Some(&Fact::Number(19)) => {
                let template = at.text("template")?;
                let renewed = self.renewals.contains(&(actor.clone(), template.into()));
                let reason = format!("a renewal of {template} is told as a new certificate");
                return renewed.then(|| at.violation(Invariant::RenewalTold, reason));
            }
            _ => {}
        }
        None
    }
}
