//! Driving cores: an input is delivered, every output carried out, the deadline put into the queue.

use std::sync::Arc;

use autoenroll_model::{
    Cause, Context, CoreError, CoreFactory, EnrollmentCore, Facts, Input, OutputBody, PolicyRefresh, Report, Trigger,
    TriggerCause,
};
use autoenroll_trace::{Kind, RecordId};

use crate::desktop::Prompt;
use crate::error::WorldError;
use crate::hosts::{CaHost, CardHost};
use crate::ledger::Ledger;
use crate::policy::Subject;
use crate::queue::Event;
use crate::record;
use crate::session::SessionId;
use crate::spec::ComputerRole;
use crate::world::World;
use autoenroll_invariants::{Checkers, Invariant};

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Delivers an input to a core and carries out its outputs. The records are those that tell of the input.
    pub(crate) fn deliver(&mut self, id: SessionId, input: Input, because: Vec<RecordId>) -> Result<(), WorldError> {
        let now = self.clock.both();
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.records.input(&because);
        session.core.handle(now, input).map_err(|error| failed(&session.principal, error))?;
        let principal = session.principal.clone();
        let mut causes = Vec::new();
        while let Some(body) = self.next_output(id, &mut causes)? {
            match body {
                OutputBody::Decision(decision) => {
                    let number = decision.id;
                    let record = self.record_decision(&principal, decision, &mut causes);
                    if let Some(session) = self.sessions.get_mut(&id) {
                        session.records.decision(number, record);
                    }
                }
                body => self.apply_output(id, &principal, body, std::mem::take(&mut causes)),
            }
            self.spending.output();
            self.check_spending()?;
        }
        self.arm(id, because);
        Ok(())
    }

    /// The next output of a core, and the records that caused it. Decisions that no invariant minds are recorded on the
    /// way: most outputs are such, and nothing else comes of them.
    fn next_output(&mut self, id: SessionId, causes: &mut Vec<RecordId>) -> Result<Option<OutputBody>, WorldError> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(None) };
        let records = &mut *session.records;
        let mut ledger =
            Ledger { now: self.clock.now(), names: &self.names, spending: &mut self.spending, trace: &mut self.trace };
        let mut found = None;
        loop {
            let output = match session.core.poll() {
                Ok(Some(output)) => output,
                Ok(None) => return Ok(None),
                Err(error) => return Err(failed(&session.principal, error)),
            };
            // All decisions of an input have it as their cause, and the list is still what that came to.
            let by_input = if let [cause @ Cause::Input(_)] = *output.causes { Some(cause) } else { None };
            if by_input.is_none() || by_input != found {
                records.find(&output.causes, causes);
                found = by_input;
            }
            match output.body {
                OutputBody::Decision(decision) if !Checkers::minds(decision.rule.as_str()) => {
                    let number = decision.id;
                    let record = ledger.decision(&session.principal, decision, causes);
                    records.decision(number, record);
                    ledger.spending.output();
                    if ledger.spending.ends(&self.budget) {
                        break;
                    }
                }
                body => return Ok(Some(body)),
            }
        }
        self.check_spending()?;
        Ok(None)
    }

    /// A core's deadline has come.
    pub(crate) fn tick(&mut self, id: SessionId) -> Result<(), WorldError> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.deadline = None;
        let because = std::mem::take(&mut session.deadline_because);
        self.deliver(id, Input::Tick, because)
    }

    /// Records a trigger and hands it to a core.
    pub(crate) fn trigger(
        &mut self,
        id: SessionId,
        trigger: Trigger,
        because: Vec<RecordId>,
    ) -> Result<(), WorldError> {
        let principal = self.principal_of(id);
        let record = self.record(&principal, Kind::Trigger, record::trigger(&trigger), because);
        self.deliver(id, Input::Trigger(trigger), vec![record])
    }

    /// The background timer of a session has fired.
    pub(crate) fn background_refresh(&mut self, id: SessionId) -> Result<(), WorldError> {
        let role = self.role_of(id);
        let now = self.now();
        let Some(session) = self.sessions.get(&id) else { return Ok(()) };
        let subject = Subject { principal: &session.principal, context: session.context, role, session: id.0 };
        let (applied, again) = self.policy.fire(&mut self.decisions, session.refresh, subject, now);
        let (principal, context) = (session.principal.clone(), session.context);
        let because = self.record_decisions(&[]);
        if let Some(again) = again {
            self.queue.put(again, Event::Refresh(id));
        }
        if !applied {
            return Ok(());
        }
        self.refresh_policy(id, &principal, context, PolicyRefresh::Background, because)
    }

    /// Applies policy to a running session, which is told of it.
    pub(crate) fn refresh_policy(
        &mut self,
        id: SessionId,
        principal: &str,
        context: Context,
        refresh: PolicyRefresh,
        because: Vec<RecordId>,
    ) -> Result<(), WorldError> {
        let changed = self.apply_policy(id, context);
        let facts = Facts::new().with("refresh", refresh.as_str()).with_some("changed", changed.then_some(true));
        let record = self.record(principal, Kind::GpRefresh, facts.with("context", context.as_str()), because);
        self.trigger(id, Trigger { cause: TriggerCause::GroupPolicy, refresh: Some(refresh), changed }, vec![record])
    }

    /// Whether the values are others than at the last application. Where no domain controller answers, the old ones
    /// stay.
    fn apply_policy(&mut self, id: SessionId, context: Context) -> bool {
        let reachable = self.directory.controller().is_ok();
        let values = self.policy.applied(context);
        // T2.1.changed
        match self.sessions.get_mut(&id) {
            Some(session) if reachable && session.applied != values => {
                session.applied = values;
                true
            }
            _ => false,
        }
    }

    pub(crate) fn principal_of(&self, id: SessionId) -> Arc<str> {
        self.sessions.get(&id).map_or_else(|| Arc::from(""), |session| session.principal.clone())
    }

    pub(crate) fn role_of(&self, id: SessionId) -> ComputerRole {
        let computer = self.sessions.get(&id).and_then(|session| self.computers.get(&*session.computer));
        computer.map_or(ComputerRole::Standalone, |computer| computer.role)
    }

    /// Puts the core's deadline into the queue, in place of the one that is there.
    fn arm(&mut self, id: SessionId, because: Vec<RecordId>) {
        let now = self.now();
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let due = session.core.deadline().map(|at| at.max(now));
        if due == session.deadline.map(|key| key.at) {
            return;
        }
        if let Some(old) = session.deadline.take() {
            self.queue.cancel(old);
        }
        session.deadline = due.map(|at| self.queue.put(at, Event::Deadline(id)));
        session.deadline_because = because;
    }

    /// Carries out an output other than a decision.
    fn apply_output(&mut self, id: SessionId, principal: &str, body: OutputBody, because: Vec<RecordId>) {
        let record = match body {
            OutputBody::Effect { id: effect, effect: body } => {
                Some(self.begin_effect(id, principal, effect, body, because))
            }
            OutputBody::AbandonEffect { id: effect } => Some(self.abandon_effect(id, principal, effect, because)),
            OutputBody::Event(entry) => {
                let facts = record::event(&entry, &self.names);
                Some(self.record(principal, Kind::Event, facts, because))
            }
            OutputBody::Report(report) => {
                let (kind, facts) = record::report(&report, &self.names);
                let beyond = self.beyond_report(principal, &report);
                let record = self.record_with(principal, kind, facts, because, &beyond);
                if let Some(session) = self.sessions.get_mut(&id) {
                    match report {
                        Report::RunStarted { .. } => session.records.run(true),
                        Report::RunEnded => {
                            session.records.run(false);
                            session.desktop.end_run();
                        }
                        _ => {}
                    }
                }
                Some(record)
            }
            shown => self.show(id, principal, shown, because),
        };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.records.output(record);
        }
    }

    /// Carries out an output that the user sees; the record is `None` when nothing changed.
    fn show(&mut self, id: SessionId, principal: &str, body: OutputBody, because: Vec<RecordId>) -> Option<RecordId> {
        let desktop = &mut self.sessions.get_mut(&id)?.desktop;
        match body {
            OutputBody::Balloon(balloon) => {
                desktop.balloon = Some(balloon);
                Some(self.record(principal, Kind::Balloon, Facts::new(), because))
            }
            OutputBody::BalloonHidden(balloon) => {
                if desktop.balloon != Some(balloon) {
                    let reason = "a balloon is hidden that is not shown";
                    return Some(self.violation(principal, Invariant::Contract, reason, because));
                }
                desktop.balloon = None;
                Some(self.record(principal, Kind::BalloonHidden, Facts::new(), because))
            }
            OutputBody::Icon { shown } => {
                let kind = if shown { Kind::Icon } else { Kind::IconHidden };
                if desktop.icon == shown {
                    return None;
                }
                desktop.icon = shown;
                Some(self.record(principal, kind, Facts::new(), because))
            }
            OutputBody::Prompt { id: prompt, point, facts, offers } => {
                let mut shown = Facts::new().with("point", point.as_str());
                for (name, fact) in self.names.translate(&facts).iter() {
                    shown.set(name, fact.clone());
                }
                let words: Vec<&str> = offers.iter().map(|offer| offer.as_str()).collect();
                shown.set("offers", words);
                let record = self.record(principal, Kind::Prompt, shown, because);
                let open = Prompt { point, facts, offers, record };
                let session = self.sessions.get_mut(&id)?;
                if session.desktop.open(prompt, open).is_some() {
                    let reason = "a prompt is opened under the id of one that is open";
                    self.violation(principal, Invariant::Prompts, reason, vec![record]);
                }
                Some(record)
            }
            OutputBody::PromptChanged { id: prompt, facts } => {
                let Some(open) = desktop.prompt_mut(prompt) else {
                    let reason = "a prompt changes that is not open";
                    return Some(self.violation(principal, Invariant::Prompts, reason, because));
                };
                open.facts = facts.clone();
                let (point, opened) = (open.point, open.record);
                let mut shown = Facts::new().with("point", point.as_str());
                for (name, fact) in self.names.translate(&facts).iter() {
                    shown.set(name, fact.clone());
                }
                let because = because.into_iter().chain([opened]).collect();
                let record = self.record(principal, Kind::PromptChanged, shown, because);
                if let Some(open) = self.sessions.get_mut(&id)?.desktop.prompt_mut(prompt) {
                    open.record = record;
                }
                Some(record)
            }
            OutputBody::PromptWithdrawn { id: prompt } => {
                let Some(closed) = desktop.close(prompt) else {
                    let reason = "a prompt is withdrawn that is not open";
                    return Some(self.violation(principal, Invariant::Prompts, reason, because));
                };
                let facts = Facts::new().with("point", closed.point.as_str());
                let because = because.into_iter().chain([closed.record]).collect();
                Some(self.record(principal, Kind::PromptWithdrawn, facts, because))
            }
            OutputBody::Decision(_)
            | OutputBody::Effect { .. }
            | OutputBody::AbandonEffect { .. }
            | OutputBody::Event(_)
            | OutputBody::Report(_) => None,
        }
    }
}

fn failed(principal: &str, error: CoreError) -> WorldError {
    WorldError::Core { principal: principal.to_owned(), error }
}
