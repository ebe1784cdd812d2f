//! The run of our own core that a client is compared with.

use std::collections::BTreeMap;

use autoenroll_core::InProcess;
use autoenroll_model::SimTime;
use autoenroll_scenario::{Requirements, Scenario, Verdict, run_on};
use autoenroll_trace::{Kind, Record, Records};
use autoenroll_world::{Hosts, KeptCertificate, World};

use crate::adapter::{Adapter, Capability};
use crate::behaviour::{Behaviour, Past, Run};
use crate::reach::{self, OutOfReach};
use crate::script::{Done, Recorder};
use crate::seen::{Dealt, Reader};

/// Triggers that a client is handed in one story.
pub const MOST_TRIGGERS: usize = 400;

/// Something that starts a run.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// For whom.
    pub principal: String,
    /// Which run of it, from 1.
    pub run: usize,
    /// When.
    pub at: SimTime,
    /// The word of our own core.
    pub cause: String,
    /// How many records there were before.
    pub(crate) before: usize,
    /// The client is handed it.
    pub handed: bool,
    /// What our own core does from then on, until its next run.
    pub behaviours: Vec<Behaviour>,
}

/// What there is to be compared with.
#[derive(Clone, Debug)]
pub struct Reference {
    /// In the order in which they come.
    pub triggers: Vec<Trigger>,
    /// What the story does.
    pub(crate) script: Vec<Done>,
    /// When it is over.
    pub(crate) end: SimTime,
    /// What is in stores from the beginning.
    pub(crate) kept: BTreeMap<String, Vec<KeptCertificate>>,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoReference {
    /// Our own core does not pass the story; why.
    Failed(String),
    /// The story is out of reach.
    OutOfReach(OutOfReach),
}

impl Reference {
    /// Plays a story with our own core.
    ///
    /// # Errors
    /// When it does not pass, or is out of reach for the client.
    pub fn of(scenario: &Scenario, adapter: &Adapter, requirements: &dyn Requirements) -> Result<Self, NoReference> {
        let world = World::new(scenario.spec.clone(), InProcess::new(), Hosts::in_process());
        let world = world.map_err(|errors| NoReference::Failed(errors.to_string()))?;
        let kept: BTreeMap<String, Vec<KeptCertificate>> = world
            .published()
            .principals()
            .map(|account| (account.name.to_owned(), world.kept_certificates(account.name)))
            .filter(|(_, kept)| !kept.is_empty())
            .collect();
        let (recorder, done) = Recorder::new(world);
        let report = run_on(scenario, recorder, requirements);
        if report.verdict != Verdict::Passed {
            return Err(NoReference::Failed(report.render(&scenario.files, false)));
        }
        let script = done.take();
        if let Some(reason) = reach::first(&scenario.spec, &report.trace, &script, adapter) {
            return Err(NoReference::OutOfReach(reason));
        }
        let mut reader = Reader::new(&scenario.spec);
        kept.iter().for_each(|(principal, kept)| reader.seed(principal, kept));
        let mut triggers = triggers(&report.trace.unpack(), reader);
        triggers.retain(|trigger| {
            let is_user = scenario.spec.users.iter().any(|user| user.name == trigger.principal);
            adapter.has.contains(if is_user { &Capability::User } else { &Capability::Machine })
        });
        hand(&mut triggers, adapter);
        if triggers.is_empty() {
            return Err(NoReference::OutOfReach(OutOfReach::Nobody));
        }
        if triggers.iter().filter(|trigger| trigger.handed).count() > MOST_TRIGGERS {
            return Err(NoReference::OutOfReach(OutOfReach::Long));
        }
        Ok(Self { triggers, script, end: report.end, kept })
    }
}

/// Every run of the trace, with what is done in it.
fn triggers(trace: &Records, mut reader: Reader) -> Vec<Trigger> {
    // First what there is, then what it means: a run has all until the next of its principal.
    let mut triggers: Vec<Trigger> = Vec::new();
    let mut current: BTreeMap<&str, usize> = BTreeMap::new();
    let mut own: Vec<Vec<&Record>> = Vec::new();
    let mut stored: Vec<[BTreeMap<String, usize>; 2]> = Vec::new();
    for record in trace.records() {
        let actor = record.actor.as_str();
        if record.kind == Kind::RunStarted {
            let now = reader.stored(actor);
            let run = match current.get(actor) {
                Some(last) => {
                    stored[*last][1].clone_from(&now);
                    triggers[*last].run + 1
                }
                None => 1,
            };
            current.insert(actor, triggers.len());
            triggers.push(Trigger {
                principal: actor.to_owned(),
                run,
                at: record.at,
                cause: record.facts.text("trigger").unwrap_or_default().to_owned(),
                before: record.id.0 as usize,
                handed: true,
                behaviours: Vec::new(),
            });
            own.push(Vec::new());
            stored.push([now, BTreeMap::new()]);
        }
        if let Some(at) = current.get(actor) {
            own[*at].push(record);
        }
        reader.read(record);
    }
    for (actor, at) in &current {
        stored[*at][1] = reader.stored(actor);
    }
    let mut past: BTreeMap<String, Past> = BTreeMap::new();
    for (at, trigger) in triggers.iter_mut().enumerate() {
        let is_own = |dealt: &&Dealt| own[at].iter().any(|record| record.id == dealt.record);
        let dealings: Vec<&Dealt> = reader.dealings.iter().filter(is_own).collect();
        let run = Run {
            principal: &trigger.principal,
            number: trigger.run,
            at: trigger.at,
            trigger: &trigger.cause,
            records: &own[at],
            dealings: &dealings,
            stored: (&stored[at][0], &stored[at][1]),
        };
        trigger.behaviours = run.behaviours(trace, past.entry(trigger.principal.clone()).or_default());
    }
    triggers
}

/// Says which triggers a client is handed: all at which something happens, and of the others those that are far enough
/// from the last.
fn hand(triggers: &mut [Trigger], adapter: &Adapter) {
    let Some(every) = adapter.every else { return };
    let mut last: BTreeMap<String, SimTime> = BTreeMap::new();
    for trigger in triggers {
        let quiet = trigger.behaviours.iter().all(|it| it.repeated);
        let near = last.get(&trigger.principal).is_some_and(|last| trigger.at.since(*last) < every);
        trigger.handed = !(quiet && near);
        if trigger.handed {
            last.insert(trigger.principal.clone(), trigger.at);
        }
    }
}
