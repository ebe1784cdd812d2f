//! What a step does, in the simulator's words.

use autoenroll_world::Action;
use autoenroll_world::action::{CaAction, Change, UserAnswer};
use autoenroll_world::spec::Pin;

use crate::bindings::{Bindings, EmptyBinding};
use crate::defaults::StepDefaults;
use crate::document::{ActionStep, CaOp, CardPin, PromptAnswer, reference};

/// A deed in the simulator's words.
pub(crate) fn actions(
    action: &ActionStep,
    defaults: &StepDefaults,
    bound: &Bindings,
) -> Result<Vec<Action>, EmptyBinding> {
    let who = || defaults.who.clone().unwrap_or_default();
    let (computer, reader) = defaults.reader.clone().unwrap_or_default();
    let one = |action| Ok(vec![action]);
    match action {
        ActionStep::Boot(computer) => one(Action::Boot { computer: computer.value.clone() }),
        ActionStep::Shutdown(computer) => one(Action::Shutdown { computer: computer.value.clone() }),
        ActionStep::EndCore(principal) => one(Action::EndCore { principal: principal.value.clone() }),
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
            defaults.changes.iter().map(|change| bound_change(change, bound).map(Action::Change)).collect()
        }
        ActionStep::Ca { op, request, certificate, .. } => {
            let ca = defaults.of.clone().unwrap_or_default();
            let request = request.as_ref().map(|named| bound.name(&named.value)).transpose()?;
            let certificate = certificate.as_ref().map(|named| bound.name(&named.value)).transpose()?;
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
fn bound_change(change: &Change, bound: &Bindings) -> Result<Change, EmptyBinding> {
    match change {
        Change::DeleteCertificate { principal, certificate } => Ok(Change::DeleteCertificate {
            principal: principal.clone(),
            certificate: bound.name(&reference(certificate))?,
        }),
        other => Ok(other.clone()),
    }
}

pub(crate) fn user_answer(answer: &PromptAnswer) -> UserAnswer {
    match answer {
        PromptAnswer::Word(offer) => UserAnswer::Word(*offer),
        PromptAnswer::Pin(pin) => UserAnswer::Pin(Pin::new(pin)),
        PromptAnswer::Card(card) => UserAnswer::Card(card.clone()),
    }
}
