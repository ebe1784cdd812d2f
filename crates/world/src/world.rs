//! The world: its state, its clock, and its trace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use autoenroll_csp::{CardDatabase, container_name};
use autoenroll_invariants::{Beyond, Checkers, Invariant};
use autoenroll_keys::{Seed, draw};
use autoenroll_model::{
    CoreFactory, Decision, Decisions, Facts, FileTime, HResult, Profile, Provider, Shared, SimTime,
};
use autoenroll_trace::{Kind, RecordId, Trace};

use crate::action::{Action, CardFault, LocalEffect};
use crate::attempt::CardLogon;
use crate::changes::Changes;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::error::{ActError, WorldError};
use crate::hosts::{CaHost, CardHost, Hosts};
use crate::ledger::{self, Ledger};
use crate::names::Names;
use crate::policy::GroupPolicy;
use crate::queue::{Event, Queue};
use crate::readers::{LogonId, Readers};
use crate::session::{CoreSession, SessionId};
use crate::spec::{Budget, CaSpec, ComputerRole, PolicyServiceSpec};
use crate::spending::{Source, Spending};
use crate::stores::{PrincipalStores, TrustStores};

/// A simulated domain with its cores, driven step by step.
///
/// An action is done ([`World::act`]), then the world is stepped until it is quiet ([`World::step`]), then the clock
/// moves to the next event or action. All events of one instant happen in the order: changes of the world, Group
/// Policy, results of effects and card commands, deadlines of cores; first in, first out within each.
#[derive(Clone, Debug)]
pub struct World<F: CoreFactory, C: CardHost, A: CaHost> {
    pub(crate) factory: F,
    pub(crate) hosts: Hosts<C, A>,
    pub(crate) seed: Seed,
    pub(crate) profile: Arc<Profile>,
    /// NetBIOS name of the domain.
    pub(crate) domain: Arc<str>,
    pub(crate) clock: Clock,
    pub(crate) trace: Trace,
    pub(crate) budget: Budget,
    pub(crate) spending: Spending,
    pub(crate) queue: Queue,
    pub(crate) decisions: Decisions,
    pub(crate) names: Shared<Names>,
    pub(crate) directory: Shared<Directory>,
    pub(crate) policy: GroupPolicy,
    pub(crate) computers: Shared<BTreeMap<String, Computer>>,
    pub(crate) users: Arc<[String]>,
    pub(crate) stores: Shared<BTreeMap<String, Shared<PrincipalStores>>>,
    pub(crate) readers: Shared<Readers>,
    pub(crate) cards: Shared<BTreeMap<String, CardState>>,
    pub(crate) authorities: Shared<BTreeMap<String, CaState>>,
    pub(crate) policy_services: Shared<Vec<PolicyServiceSpec>>,
    /// What fails on the machine, and for whom with which code.
    pub(crate) failing: Shared<BTreeMap<LocalEffect, BTreeMap<String, HResult>>>,
    /// CA certificates that exist anywhere, by name: what certificates' own pointers lead to.
    pub(crate) roots: Shared<BTreeMap<String, Vec<u8>>>,
    /// Certificates of untrusted CAs that have the subject of a trusted one.
    pub(crate) untrusted_cas: Shared<Vec<Vec<u8>>>,
    pub(crate) sessions: BTreeMap<SessionId, CoreSession<F::Core>>,
    /// The session of each principal that has one.
    pub(crate) session_of: Shared<BTreeMap<Arc<str>, SessionId>>,
    /// Those who are about to log on with a card.
    pub(crate) logons: BTreeMap<LogonId, CardLogon>,
    /// How many ever tried to.
    pub(crate) begun_logons: u32,
    /// How many sessions ever began.
    pub(crate) begun: u32,
    /// The computer on which each user is or was last.
    pub(crate) profiles: Shared<BTreeMap<String, String>>,
    /// What users have on the computers where they were before, by user and computer.
    pub(crate) set_aside: Shared<BTreeMap<(String, String), Shared<PrincipalStores>>>,
    /// Users whose stores and software keys follow them.
    pub(crate) roaming: Shared<BTreeSet<String>>,
    /// How many containers each principal's providers have named, by principal and place.
    pub(crate) containers: Shared<BTreeMap<(String, String), u64>>,
    /// What fails operations: changes, and cards pulled out.
    pub(crate) changes: Changes,
    pub(crate) invariants: Shared<Checkers>,
}

/// A computer.
#[derive(Clone, Debug)]
pub(crate) struct Computer {
    pub(crate) role: ComputerRole,
    pub(crate) providers: Vec<Provider>,
    pub(crate) card_database: CardDatabase,
    /// The site of the directory that it is in.
    pub(crate) site: Option<String>,
    pub(crate) trust: TrustStores,
}

/// What the world keeps about a card beside the card itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CardState {
    pub(crate) fault: CardFault,
    /// When it was last touched while it waited for that, since it went into its reader.
    pub(crate) touched: Option<SimTime>,
}

/// A CA as it is now.
#[derive(Clone, Debug)]
pub(crate) struct CaState {
    /// Its description, with the changes since the start.
    pub(crate) spec: CaSpec,
    pub(crate) stopped: bool,
}

impl CaState {
    pub(crate) const fn answers(&self) -> bool {
        self.spec.reachable && !self.stopped
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
    /// Does something at once, at the time the world shows.
    ///
    /// # Errors
    /// When it cannot be done now; nothing has happened then, unless it is [`ActError::World`].
    pub fn act(&mut self, action: &Action) -> Result<(), ActError> {
        self.spending.act();
        self.check_spending()?;
        self.do_action(action)
    }

    /// Handles exactly one event, the next one at or before `until`, and moves the clock to it.
    ///
    /// # Errors
    /// When an instant does not end, the budget is used up, or a core fails.
    pub fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        let Some((at, event)) = self.queue.take(until) else { return Ok(Stepped::Quiet) };
        if at > self.clock.now() {
            self.spending.next_instant();
        }
        self.clock.advance(at);
        self.spending.begin(Source::from(&event));
        self.check_spending()?;
        match event {
            Event::Change(change, number) => {
                let failed = |error: ActError| WorldError::Change { number, reason: error.to_string() };
                self.change(&change).map_err(failed)?;
            }
            Event::PublishAuthority(ca) => self.publish_authority(&ca),
            Event::Refresh(session) => self.background_refresh(session)?,
            Event::Effect(session, effect) => self.finish_effect(session, effect)?,
            Event::Reader(reader) => self.step_reader(&reader)?,
            Event::Touch(reader, began) => self.touch_is_late(&reader, began),
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
        if limit > self.clock.now() {
            self.spending.next_instant();
        }
        self.clock.advance(limit);
    }

    /// Everything that has happened.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// States that nobody is going to ask for records before that index ([`Trace::forget_before`]). The world itself
    /// keeps what it needs of them, so the story goes on as it would have.
    pub fn forget_before(&mut self, index: usize) {
        self.trace.forget_before(index);
    }

    /// The same where nobody is going to ask for the digest either ([`Trace::drop_before`]).
    pub fn drop_before(&mut self, index: usize) {
        self.trace.drop_before(index);
    }

    /// What keeps the cards and CAs.
    #[must_use]
    pub const fn hosts(&self) -> &Hosts<C, A> {
        &self.hosts
    }

    /// Appends a record at the present time.
    pub(crate) fn record(&mut self, actor: &str, kind: Kind, facts: Facts, causes: Vec<RecordId>) -> RecordId {
        self.record_with(actor, kind, facts, causes, &Beyond::Nothing)
    }

    /// Appends a record at the present time, and behind it a violation for each invariant that it breaks. This is the
    /// one place at which the world checks invariants.
    pub(crate) fn record_with(
        &mut self,
        actor: &str,
        kind: Kind,
        facts: Facts,
        causes: Vec<RecordId>,
        beyond: &Beyond,
    ) -> RecordId {
        self.spending.record(actor, kind, facts.iter());
        let record = self.trace.append(self.clock.now(), actor, kind, facts, causes);
        if matches!(kind, Kind::Change | Kind::Remove) {
            self.changes.note(&record);
        }
        if kind != Kind::Violation {
            for found in self.invariants.observe(&self.trace, &record, beyond) {
                self.violation(&found.actor, found.invariant, &found.reason, vec![found.record]);
            }
        }
        record.id
    }

    /// Records that something which must hold does not. Called directly for what has no record of its own to be
    /// checked: an output that the world cannot carry out, and an instant that does not end.
    pub(crate) fn violation(
        &mut self,
        actor: &str,
        invariant: Invariant,
        reason: &str,
        causes: Vec<RecordId>,
    ) -> RecordId {
        let facts = Facts::new().with("invariant", invariant.as_str()).with("reason", reason);
        self.record(actor, Kind::Violation, facts, causes)
    }

    /// Records what the world has decided since the last call; the records, for those that follow from them.
    pub(crate) fn record_decisions(&mut self, causes: &[RecordId]) -> Vec<RecordId> {
        let (mut records, mut because) = (Vec::new(), Vec::new());
        while let Some(decision) = self.decisions.take_next() {
            because.clear();
            because.extend_from_slice(causes);
            records.push(self.record_decision("world", decision, &mut because));
        }
        records
    }

    /// Records a decision.
    pub(crate) fn record_decision(&mut self, actor: &str, decision: Decision, causes: &mut Vec<RecordId>) -> RecordId {
        if !Checkers::minds(decision.rule.as_str()) {
            return self.ledger().decision(actor, decision, causes);
        }
        let Decision { rule, subject, outcome, facts, .. } = ledger::told(&self.names, decision);
        let mut all = Facts::new().with("rule", rule.as_str()).with("subject", subject).with("outcome", outcome);
        facts.iter().for_each(|(name, fact)| all.set(name, fact.clone()));
        self.record(actor, Kind::Decision, all, std::mem::take(causes))
    }

    fn ledger(&mut self) -> Ledger<'_> {
        let Self { clock, names, spending, trace, .. } = self;
        Ledger { now: clock.now(), names, spending, trace }
    }

    /// The session of a logged-on user or running computer.
    pub(crate) fn session_of(&self, principal: &str) -> Option<SessionId> {
        self.session_of.get(principal).copied()
    }

    /// The name for the next container that a principal's provider makes at some place.
    pub(crate) fn next_container(&mut self, principal: &str, place: &str) -> String {
        let count = self.containers.entry((principal.to_owned(), place.to_owned())).or_default();
        let entropy = draw(&self.seed, principal, "container", place, *count);
        *count += 1;
        let name = container_name(&entropy);
        self.names.add_container(&name, place);
        name
    }

    /// Whether the world can go on: its instant must get somewhere, and the budget last.
    ///
    /// # Errors
    /// When its events or outputs make each other and say nothing new, or the budget is used up.
    pub(crate) fn check_spending(&mut self) -> Result<(), WorldError> {
        let at = self.now();
        if let Some(steps) = self.spending.goes_in_circles() {
            let reason = format!("{steps} events and outputs of one instant say nothing new");
            self.violation("world", Invariant::Quiescence, &reason, Vec::new());
            return Err(WorldError::NotQuiescent { at });
        }
        let Some((quantity, limit)) = self.spending.exceeds(&self.budget) else { return Ok(()) };
        let by = self.spending.largest().into_iter().map(|(source, records)| (self.name_of(source), records)).collect();
        Err(WorldError::Budget { at, quantity, limit, by })
    }

    fn name_of(&self, source: Source) -> String {
        match source {
            Source::Steps => "steps of the scenario".to_owned(),
            Source::Changes => "scheduled changes".to_owned(),
            Source::Refreshes(session) => format!("policy refreshes of {}", self.principal_of(session)),
            Source::Effects(session) => format!("effects of {}", self.principal_of(session)),
            Source::Cards => "commands of cards".to_owned(),
            Source::Deadlines(session) => format!("deadlines of {}", self.principal_of(session)),
        }
    }
}
