//! What a step means: what it seeks, what it does, with bindings replaced by what they stand for.

use autoenroll_model::Fact;
use autoenroll_trace::Kind;
use autoenroll_world::action::{CaAction, Change, UserAnswer};
use autoenroll_world::spec::Pin;
use autoenroll_world::{Action, Look};

use super::StepRunner;
use crate::check::StepDefaults;
use crate::document::{ActionStep, CaOp, CardPin, ExpectedFact, On, Pattern, PromptAnswer, StepKind, reference};
use crate::run::bindings::EmptyBinding;
use crate::run::matching::Matcher;
use crate::run::simulator::Simulator;
use crate::shape::LookAt;
use crate::source::Span;

impl<'a, S: Simulator> StepRunner<'a, S> {
    pub(super) fn defaults(&self, at: usize) -> &'a StepDefaults {
        &self.scenario.defaults[at]
    }

    pub(super) fn matcher(&self, at: usize) -> Result<Matcher, EmptyBinding> {
        let step = &self.scenario.steps[at];
        match &step.kind {
            StepKind::Prompt { point, pattern, .. } => {
                let mut matcher = self.pattern_matcher(at, pattern, vec![Kind::Prompt, Kind::PromptChanged])?;
                matcher.facts.insert(0, ("point".to_owned(), Fact::Text(point.value.to_string()), point.span));
                Ok(matcher)
            }
            StepKind::Expect(pattern) | StepKind::Never(pattern) => {
                self.pattern_matcher(at, pattern, vec![pattern.kind.value])
            }
            _ => Ok(Matcher { kinds: Vec::new(), facts: Vec::new(), exact: false, who: None }),
        }
    }

    pub(super) fn pattern_matcher(
        &self,
        at: usize,
        pattern: &Pattern,
        kinds: Vec<Kind>,
    ) -> Result<Matcher, EmptyBinding> {
        let step = &self.scenario.steps[at];
        let explicit = step.who.as_ref().map(|who| who.value.clone());
        let who = explicit.or_else(|| self.defaults(at).who.clone());
        Ok(Matcher { kinds, facts: self.wanted(&pattern.facts)?, exact: pattern.exact, who })
    }

    pub(super) fn on_matcher(&self, at: usize, on: &On) -> Result<Matcher, EmptyBinding> {
        let step = &self.scenario.steps[at];
        let who = step.who.as_ref().map(|who| who.value.clone());
        Ok(Matcher { kinds: vec![on.kind.value], facts: self.wanted(&on.facts)?, exact: false, who })
    }

    pub(super) fn wanted(&self, facts: &[ExpectedFact]) -> Result<Vec<(String, Fact, Span)>, EmptyBinding> {
        let one = |fact: &ExpectedFact| {
            let value = self.bound.value(&fact.value.value)?;
            Ok((fact.name.value.clone(), value, fact.value.span))
        };
        facts.iter().map(one).collect()
    }

    /// A deed in the simulator's words.
    pub(super) fn actions(&self, at: usize, action: &ActionStep) -> Result<Vec<Action>, EmptyBinding> {
        let defaults = self.defaults(at);
        let who = || defaults.who.clone().unwrap_or_default();
        let (computer, reader) = defaults.reader.clone().unwrap_or_default();
        let one = |action| Ok(vec![action]);
        match action {
            ActionStep::Boot(computer) => one(Action::Boot { computer: computer.value.clone() }),
            ActionStep::Shutdown(computer) => one(Action::Shutdown { computer: computer.value.clone() }),
            ActionStep::Crash(target) => one(Action::Crash { target: target.value.clone() }),
            ActionStep::Logon { user, with, .. } => {
                let (user, computer) = (user.value.clone(), defaults.computer.clone().unwrap_or_default());
                one(match with {
                    Some(CardPin { card, pin }) => {
                        Action::CardLogon { user, computer, card: card.value.clone(), pin: Pin::new(pin) }
                    }
                    None => Action::Logon { user, computer },
                })
            }
            ActionStep::Logoff(user) => one(Action::Logoff { user: user.value.clone() }),
            ActionStep::Lock(user) => one(Action::Lock { user: user.value.clone() }),
            ActionStep::Unlock(user) => one(Action::Unlock { user: user.value.clone() }),
            ActionStep::Pulse(principal) => one(Action::Pulse { principal: principal.value.clone() }),
            ActionStep::GpRefresh { principal, forced } => {
                one(Action::GpRefresh { principal: principal.value.clone(), forced: *forced })
            }
            ActionStep::Click(on) => one(Action::Click { user: who(), on: on.value }),
            ActionStep::Insert { card, .. } => one(Action::Insert { card: card.value.clone(), computer, reader }),
            ActionStep::Remove(card) => one(Action::Remove { card: card.value.clone() }),
            ActionStep::Swap { card, to, .. } => Ok(vec![
                Action::Remove { card: card.value.clone() },
                Action::Insert { card: to.value.clone(), computer, reader },
            ]),
            ActionStep::Reply { point, with } => {
                one(Action::Reply { user: who(), point: point.value, answer: user_answer(&with.value) })
            }
            ActionStep::Change { .. } => {
                defaults.changes.iter().map(|change| self.bound_change(change).map(Action::Change)).collect()
            }
            ActionStep::Ca { op, request, certificate, .. } => {
                let ca = defaults.of.clone().unwrap_or_default();
                let request = request.as_ref().map(|named| self.bound.name(&named.value)).transpose()?;
                let certificate = certificate.as_ref().map(|named| self.bound.name(&named.value)).transpose()?;
                let op = match op.value {
                    CaOp::Approve => CaAction::Approve { request },
                    CaOp::Deny => CaAction::Deny { request },
                    CaOp::Revoke => CaAction::Revoke { certificate: certificate.unwrap_or_default() },
                    CaOp::Stop => CaAction::Stop,
                    CaOp::Start => CaAction::Start,
                };
                one(Action::Ca { ca, op })
            }
        }
    }

    /// A change with its reference replaced, when it has one.
    pub(super) fn bound_change(&self, change: &Change) -> Result<Change, EmptyBinding> {
        match change {
            Change::DeleteCertificate { principal, certificate } => Ok(Change::DeleteCertificate {
                principal: principal.clone(),
                certificate: self.bound.name(&reference(certificate))?,
            }),
            other => Ok(other.clone()),
        }
    }
}

pub(super) fn user_answer(answer: &PromptAnswer) -> UserAnswer {
    match answer {
        PromptAnswer::Word(offer) => UserAnswer::Word(*offer),
        PromptAnswer::Pin(pin) => UserAnswer::Pin(Pin::new(pin)),
        PromptAnswer::Card(card) => UserAnswer::Card(card.clone()),
    }
}

pub(super) const fn look_at(look: LookAt, of: String) -> Look {
    match look {
        LookAt::Card => Look::Card(of),
        LookAt::Store => Look::Store(of),
        LookAt::Requests => Look::Requests(of),
        LookAt::Ca => Look::Ca(of),
        LookAt::Directory => Look::Directory(of),
        LookAt::Desktop => Look::Desktop(of),
        LookAt::Trust => Look::Trust(of),
    }
}
