//! The change of the world for which an operation fails: a card pulled out, a CA that is stopped. The failure has its
//! record among its causes. What was so from the start has no record, and a failure of another reason no change.

use autoenroll_model::{CoreFactory, Effect, EffectResult, Fact, HResult};
use autoenroll_trace::{Kind, Record, RecordId};

use crate::action::{CardFault, LocalEffect};
use crate::hosts::{CaHost, CardHost};
use crate::transact::fault_code;
use crate::world::World;

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// The change for which an effect comes to that result.
    pub(crate) fn blame(&self, principal: &str, effect: &Effect, result: &EffectResult) -> Option<RecordId> {
        let EffectResult::Failed(code) = result else { return None };
        if let Some(failing) = LocalEffect::of(effect).filter(|_| self.failing(principal, effect).is_some()) {
            let said = |it: &Record, name: &str, value: &str| it.facts.text(name) == Some(value);
            let set = |it: &Record| said(it, "what", "effect") && said(it, "attribute", failing.as_str());
            return self.changes.last(|it| set(it) && said(it, "principal", principal));
        }
        match effect {
            Effect::Card { card, .. } => self.blame_for_card(self.names.card(&card.0)?, *code),
            Effect::Submit(submission) => self.blame_for_authority(&submission.ca),
            Effect::Retrieve { ca, .. } | Effect::ReadExchangeCertificate { ca, .. } => self.blame_for_authority(ca),
            Effect::BindDirectory
            | Effect::ReadTrust
            | Effect::ReadPrincipal
            | Effect::RemovePublished(_)
            | Effect::ReadTemplates
            | Effect::ReadEnrollmentServices => self.blame_for_directory(),
            Effect::GetPolicies(server) => {
                let service = self.policy_services.iter().find(|service| service.url == server.url)?;
                let of_it = |it: &Record| it.facts.text("url") == Some(&server.url);
                let fails = |it: &Record| it.facts.text("attribute") == Some("failure") && of_it(it);
                match service.reachable {
                    true if service.failure == Some(*code) => self.changes.last(fails),
                    true => None,
                    false => self.changes.last(|it| is_gone(it, "policy-server") && of_it(it)),
                }
            }
            _ => None,
        }
    }

    /// The change for which a CA does not answer; nothing when it does.
    pub(crate) fn blame_for_authority(&self, ca: &str) -> Option<RecordId> {
        let authority = self.authorities.get(ca)?;
        self.changes.last(|it| {
            let stopped = authority.stopped && it.facts.text("what") == Some("stop");
            let unreachable = !authority.spec.reachable && is_gone(it, "ca");
            it.facts.text("ca") == Some(ca) && (stopped || unreachable)
        })
    }

    fn blame_for_card(&self, card: &str, code: HResult) -> Option<RecordId> {
        let of_card = |it: &Record| it.facts.text("card") == Some(card);
        match code {
            HResult::SCARD_E_NO_SMARTCARD | HResult::SCARD_W_REMOVED_CARD | HResult::SCARD_W_RESET_CARD => {
                self.changes.last(|it| it.kind == Kind::Remove && of_card(it))
            }
            _ => {
                let fault = self.cards.get(card)?.fault;
                let fails = fault_code(fault) == Some(code)
                    || (fault == CardFault::ReadOnly && code == HResult::SCARD_E_READ_ONLY_CARD);
                let set = |it: &Record| it.facts.text("what") == Some("card-fault") && of_card(it);
                fails.then(|| self.changes.last(set)).flatten()
            }
        }
    }

    fn blame_for_directory(&self) -> Option<RecordId> {
        if !self.directory.reachable {
            return self.changes.last(|it| is_gone(it, "directory"));
        }
        self.directory.controller().is_err().then(|| self.changes.last(|it| is_gone(it, "controller"))).flatten()
    }
}

/// Whether a record tells that something of that kind can no longer be reached.
fn is_gone(record: &Record, what: &str) -> bool {
    record.facts.text("what") == Some(what) && record.facts.get("reachable") == Some(&Fact::Flag(false))
}
