//! The deterministic simulator.
//!
//! A [`World`] holds a domain, computers, users, readers, cards and CAs, runs one enrollment core for each logged-on user and
//! each booted computer, and carries out what the cores ask for, under a clock that is only a number. Everything that happens is
//! appended to a [`Trace`].
//!
//! It deliberately lacks expectations and verdicts (the scenario runner's), files, real clocks and threads: the same description
//! and the same actions give the same trace, byte for byte.
//!
//! Reading order: [`World`] here; [`spec`] for what exists and [`action`] for what is done; `drive` for how a core is driven;
//! `effects`, `transact` and `submit` for what cores ask for.
#![forbid(unsafe_code)]

mod act;
pub mod action;
mod blame;
mod build;
mod change;
mod clock;
mod describe;
mod desktop;
mod directory;
mod drive;
mod effects;
mod error;
mod hosts;
mod inspect;
mod issue;
mod look;
mod names;
mod observe;
mod policy;
mod queue;
mod readers;
mod record;
mod secret;
mod session;
pub mod spec;
mod stores;
mod submit;
mod transact;

use std::collections::BTreeMap;

pub use action::Action;
use autoenroll_csp::CardDatabase;
pub use autoenroll_invariants::Invariant;
use autoenroll_invariants::{Beyond, Checkers};
use autoenroll_keys::Seed;
use autoenroll_model::{CoreFactory, Decisions, Duration, Facts, FileTime, Profile, Provider, SimTime, Template};
use autoenroll_trace::{Kind, RecordId, Trace};
pub use error::{ActError, SpecError, Thing, Unknown, WorldError};
pub use hosts::{CaHost, CardGone, CardHost, Hosts, InProcessCards, InProcessCas};
pub use look::{Look, LookError, OpenPrompt};
pub use policy::RULES;
pub use spec::WorldSpec;

use crate::action::CardFault;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::names::Names;
use crate::policy::GroupPolicy;
use crate::queue::{Event, Queue};
use crate::readers::Readers;
use crate::session::{CoreSession, SessionId};
use crate::spec::{ComputerRole, PolicyServiceSpec};
use crate::stores::{PrincipalStores, TrustStores};

/// More events than this in one instant, or outputs to one input, mean a livelock.
pub const EVENTS_PER_INSTANT: u32 = 10_000;

/// A simulated domain with its cores, driven step by step.
///
/// An action is done ([`World::act`]), then the world is stepped until it is quiet ([`World::step`]), then the clock moves to the next
/// event or action. All events of one instant happen in the order: changes of the world, Group Policy, results of effects and
/// card commands, deadlines of cores; first in, first out within each.
#[derive(Clone, Debug)]
pub struct World<F: CoreFactory, C: CardHost, A: CaHost> {
    factory: F,
    hosts: Hosts<C, A>,
    seed: Seed,
    profile: Profile,
    /// NetBIOS name of the domain.
    domain: String,
    clock: Clock,
    trace: Trace,
    queue: Queue,
    decisions: Decisions,
    names: Names,
    directory: Directory,
    policy: GroupPolicy,
    computers: BTreeMap<String, Computer>,
    users: Vec<String>,
    stores: BTreeMap<String, PrincipalStores>,
    readers: Readers,
    cards: BTreeMap<String, CardState>,
    authorities: BTreeMap<String, AuthorityState>,
    policy_services: Vec<PolicyServiceSpec>,
    /// CA certificates that exist anywhere, by name: what certificates' own pointers lead to.
    roots: BTreeMap<String, Vec<u8>>,
    /// Certificates of untrusted CAs that have the subject of a trusted one.
    untrusted_cas: Vec<Vec<u8>>,
    sessions: BTreeMap<SessionId, CoreSession<F::Core>>,
    /// How many sessions ever began.
    begun: u32,
    /// How many containers each principal's providers have named, by principal and place.
    containers: BTreeMap<(String, String), u64>,
    /// Records of what fails operations: changes, and cards pulled out.
    changes: Vec<RecordId>,
    invariants: Checkers,
}

/// A computer.
#[derive(Clone, Debug)]
struct Computer {
    role: ComputerRole,
    providers: Vec<Provider>,
    card_database: CardDatabase,
    trust: TrustStores,
}

/// What the world keeps about a card beside the card itself.
#[derive(Clone, Copy, Debug, Default)]
struct CardState {
    fault: CardFault,
}

/// How a CA behaves towards its clients.
#[derive(Clone, Debug)]
struct AuthorityState {
    latency: Duration,
    reachable: bool,
    hangs: bool,
    stopped: bool,
    requires_privacy: bool,
    stale_templates: Vec<Template>,
}

impl AuthorityState {
    const fn answers(&self) -> bool {
        self.reachable && !self.stopped
    }
}

/// What [`World::step`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// It handled one event.
    Handled,
    /// Nothing is due until then; the clock did not move.
    Quiet,
}

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Builds a world; nobody is logged on and no computer runs.
    ///
    /// # Errors
    /// When the description names what does not exist, or something in it cannot be made.
    pub fn new(spec: WorldSpec, factory: F, hosts: Hosts<C, A>) -> Result<Self, SpecError> {
        build::build(spec, factory, hosts)
    }

    /// Does something at once, at the time the world shows.
    ///
    /// # Errors
    /// When it cannot be done now; nothing has happened then, unless it is [`ActError::World`].
    pub fn act(&mut self, action: &Action) -> Result<(), ActError> {
        self.do_action(action)
    }

    /// Handles exactly one event, the next one at or before `until`, and moves the clock to it.
    ///
    /// # Errors
    /// When an instant does not end, or a core fails.
    pub fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        let Some((at, event)) = self.queue.take(until) else { return Ok(Stepped::Quiet) };
        self.clock.advance(at);
        if self.clock.count() > EVENTS_PER_INSTANT {
            return Err(self.no_quiescence("world"));
        }
        match event {
            Event::Change(change) => {
                self.change(&change).map_err(|error| WorldError::Change { reason: error.to_string() })?;
            }
            Event::PublishAuthority(ca) => self.publish_authority(&ca),
            Event::Refresh(session) => self.background_refresh(session)?,
            Event::Effect(session, effect) => self.finish_effect(session, effect)?,
            Event::Reader(reader) => self.step_reader(&reader)?,
            Event::Deadline(session) => self.tick(session)?,
        }
        Ok(Stepped::Handled)
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        self.queue.next_at()
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.clock.now()
    }

    /// What the wall clock shows.
    #[must_use]
    pub fn wall(&self) -> FileTime {
        self.clock.wall()
    }

    /// Moves the clock, as far as the next event at most. Never backwards.
    pub fn advance(&mut self, to: SimTime) {
        let limit = self.next_at().map_or(to, |next| next.min(to));
        self.clock.advance(limit);
    }

    /// Everything that has happened.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What keeps the cards and CAs.
    #[must_use]
    pub const fn hosts(&self) -> &Hosts<C, A> {
        &self.hosts
    }

    /// Appends a record at the present time.
    fn record(&mut self, actor: &str, kind: Kind, facts: Facts, causes: Vec<RecordId>) -> RecordId {
        self.record_with(actor, kind, facts, causes, &Beyond::Nothing)
    }

    /// Appends a record at the present time, and behind it a violation for each invariant that it breaks. This is the one place at
    /// which the world checks invariants.
    fn record_with(
        &mut self,
        actor: &str,
        kind: Kind,
        facts: Facts,
        causes: Vec<RecordId>,
        beyond: &Beyond,
    ) -> RecordId {
        let id = self.trace.push(self.clock.now(), actor, kind, facts, causes);
        if matches!(kind, Kind::Change | Kind::Remove) {
            self.changes.push(id);
        }
        let record = self.trace.get(id).filter(|record| record.kind != Kind::Violation);
        let broken = record.map(|record| self.invariants.observe(&self.trace, record, beyond)).unwrap_or_default();
        for found in broken {
            self.violation(&found.actor, found.invariant, &found.reason, vec![found.record]);
        }
        id
    }

    /// Records that something which must hold does not. Called directly for what has no record of its own to be checked: an output
    /// that the world cannot carry out, and an instant that does not end.
    fn violation(&mut self, actor: &str, invariant: Invariant, reason: &str, causes: Vec<RecordId>) -> RecordId {
        let facts = Facts::new().with("invariant", invariant.as_str()).with("reason", reason);
        self.record(actor, Kind::Violation, facts, causes)
    }

    /// Records what the world has decided since the last call; the records, for those that follow from them.
    fn record_decisions(&mut self, causes: &[RecordId]) -> Vec<RecordId> {
        let decisions = self.decisions.take();
        decisions.iter().map(|decision| self.record_decision("world", decision, causes.to_vec())).collect()
    }

    fn record_decision(
        &mut self,
        actor: &str,
        decision: &autoenroll_model::Decision,
        causes: Vec<RecordId>,
    ) -> RecordId {
        let mut facts = Facts::new()
            .with("rule", decision.rule.as_str())
            .with("subject", self.names.text(&decision.subject))
            .with("outcome", decision.outcome);
        for (name, fact) in self.names.translate(&decision.facts).iter() {
            if facts.get(name).is_none() {
                facts.set(name, fact.clone());
            }
        }
        self.record(actor, Kind::Decision, facts, causes)
    }

    /// The session of a logged-on user or running computer.
    fn session_of(&self, principal: &str) -> Option<SessionId> {
        self.sessions.iter().find(|(_, session)| session.principal == principal).map(|(id, _)| *id)
    }

    /// The name for the next container that a principal's provider makes at some place.
    fn next_container(&mut self, principal: &str, place: &str) -> String {
        let n = self.containers.entry((principal.to_owned(), place.to_owned())).or_default();
        let entropy = autoenroll_keys::draw(&self.seed, principal, "container", place, *n);
        *n += 1;
        let name = autoenroll_csp::container_name(&entropy);
        self.names.add_container(&name, place);
        name
    }

    /// Records that an instant does not end: its events or outputs make each other without bound.
    fn no_quiescence(&mut self, who: &str) -> WorldError {
        let at = self.now();
        let reason = format!("more than {EVENTS_PER_INSTANT} events in one instant");
        self.violation(who, Invariant::Quiescence, &reason, Vec::new());
        WorldError::NotQuiescent { at }
    }
}
