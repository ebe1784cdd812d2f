//! What the provider of a card asks by itself, while an operation that a core wants from it waits: whether the default
//! container may be replaced, and the PIN. The core does not see these dialogs; it gets the end of its operation.

use autoenroll_csp::Pin;
use autoenroll_model::{
    Answer, CardDescription, CardOperation, CardSerial, Choice, CoreFactory, DecisionPoint, Effect, EffectId,
    EffectResult, Facts, HResult, KeyPlace, PinId, ProviderDialogs,
};
use autoenroll_trace::{Kind, RecordId};

use crate::desktop::{KeptPin, Prompt, ProviderWork};
use crate::error::WorldError;
use crate::hosts::{CaHost, CardHost};
use crate::queue::Event;
use crate::readers::{CardClient, CardTransaction, Touch};
use crate::record;
use crate::session::SessionId;
use crate::world::World;

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// What the provider of a card asks by itself.
    pub(crate) fn dialogs_of(&self, card: &str) -> ProviderDialogs {
        let dialogs = self.hosts.cards.card(card, |card| card.profile().dialogs);
        dialogs.map(|own| ProviderDialogs { replace: own.replace, pin: own.pin }).unwrap_or_default()
    }

    /// Begins the provider's part of an operation, where it has one; whether the operation waits for it.
    // U4.5.replace, U4.5.pin
    pub(crate) fn provider_asks(
        &mut self,
        id: SessionId,
        effect: EffectId,
        card: &str,
        pin: Option<PinId>,
        operation: &CardOperation,
    ) -> bool {
        let dialogs = self.dialogs_of(card);
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        let work = session.desktop.providers.entry(effect).or_default();
        if dialogs.replace && !work.may_replace && matches!(operation, CardOperation::Generate { overwrite: None, .. })
        {
            self.provider_operates(id, effect, card, None, CardOperation::Describe);
            return true;
        }
        if dialogs.pin && pin.is_none() && needs_pin(operation) && self.kept_pin(id, card).is_none() {
            self.provider_wants_pin(id, effect, card, None);
            return true;
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.desktop.providers.remove(&effect);
        }
        false
    }

    /// The PIN that the provider keeps for a card that has been in its reader ever since.
    pub(crate) fn kept_pin(&self, id: SessionId, card: &str) -> Option<PinId> {
        let kept = self.sessions.get(&id)?.desktop.kept_pins.get(card)?;
        let reader = self.readers.get(self.readers.place_of(card)?).ok()?;
        (reader.insertion() == kept.insertion).then_some(kept.pin)
    }

    /// An operation of the provider's own, recorded as a core's would be.
    fn provider_operates(
        &mut self,
        id: SessionId,
        effect: EffectId,
        card: &str,
        pin: Option<PinId>,
        operation: CardOperation,
    ) {
        let Some(session) = self.sessions.get(&id) else { return };
        let because: Vec<RecordId> = session.effects.get(&effect).map(|pending| pending.record).into_iter().collect();
        let (principal, given) = (session.principal.clone(), pin.and_then(|pin| session.desktop.pin(pin).cloned()));
        let Some(reader) = self.readers.place_of(card).cloned() else {
            return self.provider_gives_way(id, effect);
        };
        let serial = CardSerial(self.names.serial(card).unwrap_or_default().to_owned());
        let provider = self.card_provider(&reader).unwrap_or_default();
        let place = KeyPlace { provider, container: String::new(), card: Some(serial.clone()) };
        let mut perform = self.performing(card, place, operation.clone(), given);
        let own = Effect::Card { card: serial, pin, operation };
        let (kind, facts) = record::effect(&own, &self.names);
        let record = self.record(&principal, kind, facts.clone(), because);
        self.minidriver_decides(card, &mut perform, record);
        if let Some(work) = self.work_of(id, effect) {
            work.running = Some((own, facts));
        }
        self.enqueue(
            &reader,
            CardTransaction {
                client: CardClient::Provider { session: id, effect },
                card: card.to_owned(),
                operation: perform,
                pin,
                answers: Vec::new(),
                record,
                began: None,
                touch: Touch::NotAsked,
            },
        );
    }

    /// An operation of the provider's own has ended.
    pub(crate) fn provider_done(
        &mut self,
        id: SessionId,
        effect: EffectId,
        transaction: &CardTransaction,
        result: EffectResult,
    ) -> Result<(), WorldError> {
        let Some((own, began)) = self.work_of(id, effect).and_then(|work| work.running.take()) else {
            // The core has let it go meanwhile.
            return self.complete(id, effect, EffectResult::Failed(HResult::SCARD_W_CANCELLED_BY_USER));
        };
        let Some(principal) = self.sessions.get(&id).map(|session| session.principal.clone()) else { return Ok(()) };
        if result == EffectResult::Done && self.wants_the_pin_verified(id, effect) {
            // What the core wants is done with that: there is nothing more to tell than its end.
            self.keep_pin_for(id, &transaction.card, transaction.pin);
            return self.complete(id, effect, result);
        }
        let (kind, facts) = record::effect_done(&own, &began, &result, &self.names);
        let causes = std::iter::once(transaction.record).chain(self.blame(&principal, &own, &result)).collect();
        let beyond = self.beyond_done(&principal, &own, &result);
        let done = self.record_with(&principal, kind, facts, causes, &beyond);
        let card = transaction.card.as_str();
        match result {
            EffectResult::Card(description) => {
                match occupied(&description) {
                    Some(container) => self.provider_wants_to_replace(id, effect, card, container, done),
                    None => self.provider_goes_on(id, effect, true),
                }
                Ok(())
            }
            EffectResult::Done => {
                self.keep_pin_for(id, card, transaction.pin);
                self.provider_goes_on(id, effect, false);
                Ok(())
            }
            EffectResult::WrongPin { tries_left: Some(0) } => {
                self.complete(id, effect, EffectResult::Failed(HResult::SCARD_W_CHV_BLOCKED))
            }
            EffectResult::WrongPin { tries_left } => {
                self.provider_wants_pin(id, effect, card, Some((done, tries_left)));
                Ok(())
            }
            // No PIN at all, so that the card never saw it.
            EffectResult::Failed(HResult::SCARD_E_INVALID_CHV) => {
                self.provider_wants_pin(id, effect, card, Some((done, None)));
                Ok(())
            }
            other => self.complete(id, effect, other),
        }
    }

    /// The user answers a dialog of the provider.
    pub(crate) fn provider_answered(
        &mut self,
        id: SessionId,
        effect: EffectId,
        answer: &Answer,
    ) -> Result<(), WorldError> {
        let card = self.card_of(id, effect);
        match (answer, card) {
            (Answer::Yes, _) => {
                self.provider_goes_on(id, effect, true);
                Ok(())
            }
            (Answer::Pin(pin), Some(card)) => {
                self.provider_operates(id, effect, &card, Some(*pin), CardOperation::VerifyPin);
                Ok(())
            }
            _ => self.complete(id, effect, EffectResult::Failed(HResult::SCARD_W_CANCELLED_BY_USER)),
        }
    }

    /// The dialogs of an effect are gone with it: the core no longer wants it, or it has ended.
    pub(crate) fn provider_leaves(&mut self, id: SessionId, effect: EffectId, because: &[RecordId]) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let prompt = session.desktop.providers.remove(&effect).and_then(|work| work.prompt);
        let principal = session.principal.clone();
        if let Some(Prompt { point, record, .. }) = prompt {
            let causes = because.iter().copied().chain([record]).collect();
            self.record(&principal, Kind::PromptWithdrawn, Facts::new().with("point", point.as_str()), causes);
        }
    }

    fn provider_wants_to_replace(
        &mut self,
        id: SessionId,
        effect: EffectId,
        card: &str,
        container: String,
        because: RecordId,
    ) {
        let serial = self.names.serial(card).unwrap_or_default().to_owned();
        let facts = Facts::new()
            .with_some("provider", self.provider_of_card(card))
            .with("card", serial)
            .with("container", container);
        let choices = vec![Choice::Yes, Choice::No];
        self.open_dialog(id, effect, card, DecisionPoint::CardReplaceDefault, facts, choices, because);
    }

    /// Asks for the PIN, after a refusal with how many tries are left.
    fn provider_wants_pin(
        &mut self,
        id: SessionId,
        effect: EffectId,
        card: &str,
        refused: Option<(RecordId, Option<u8>)>,
    ) {
        let serial = self.names.serial(card).unwrap_or_default().to_owned();
        let stated = refused.and_then(|(_, tries)| tries);
        let tries = stated.or_else(|| self.card_view(card).map(|view| view.tries));
        let facts = Facts::new().with("card", serial).with_some("tries-left", tries);
        let pending = self.sessions.get(&id).and_then(|session| session.effects.get(&effect));
        let Some(because) = refused.map(|(record, _)| record).or(pending.map(|pending| pending.record)) else { return };
        let choices = vec![Choice::Pin, Choice::Cancel];
        self.open_dialog(id, effect, card, DecisionPoint::PinEnter, facts, choices, because);
    }

    #[expect(clippy::too_many_arguments, reason = "a dialog is its point, facts and choices, for somebody's operation")]
    fn open_dialog(
        &mut self,
        id: SessionId,
        effect: EffectId,
        card: &str,
        point: DecisionPoint,
        facts: Facts,
        offers: Vec<Choice>,
        because: RecordId,
    ) {
        let Some(principal) = self.sessions.get(&id).map(|session| session.principal.clone()) else { return };
        let facts = facts.with_some("asked-by", self.provider_of_card(card));
        let words: Vec<&str> = offers.iter().map(|offer| offer.as_str()).collect();
        let mut shown = Facts::new().with("point", point.as_str());
        for (name, fact) in self.names.translate(&facts).iter() {
            shown.set(name, fact.clone());
        }
        shown.set("offers", words);
        let record = self.record(&principal, Kind::Prompt, shown, vec![because]);
        if let Some(work) = self.work_of(id, effect) {
            work.prompt = Some(Prompt { point, facts, offers, record });
        }
    }

    /// The provider has what it wanted: the core's operation is carried out, after what else there is to ask.
    fn provider_goes_on(&mut self, id: SessionId, effect: EffectId, may_replace: bool) {
        if let Some(work) = self.work_of(id, effect) {
            work.may_replace |= may_replace;
        }
        let pending = self.sessions.get(&id).and_then(|session| session.effects.get(&effect)).cloned();
        let Some(pending) = pending else { return };
        let Effect::Card { card, pin, operation } = &*pending.effect else { return };
        if !self.enqueue_card_operation(id, effect, card, *pin, operation, pending.record) {
            self.provider_gives_way(id, effect);
        }
    }

    /// The card is gone: the operation ends as one without a card does.
    fn provider_gives_way(&mut self, id: SessionId, effect: EffectId) {
        self.queue.put(self.now(), Event::Effect(id, effect));
    }

    fn keep_pin_for(&mut self, id: SessionId, card: &str, pin: Option<PinId>) {
        let reader = self.readers.place_of(card).and_then(|place| self.readers.get(place).ok());
        let insertion = reader.map(|reader| reader.insertion());
        if let (Some(session), Some(pin), Some(insertion)) = (self.sessions.get_mut(&id), pin, insertion) {
            session.desktop.kept_pins.insert(card.to_owned(), KeptPin { pin, insertion });
        }
    }

    /// The card has refused the PIN that the provider keeps for it: the provider asks the next time.
    pub(crate) fn forget_pin_for(&mut self, id: SessionId, card: &str) {
        if let Some(session) = self.sessions.get_mut(&id)
            && session.desktop.kept_pins.contains_key(card)
        {
            session.desktop.kept_pins.remove(card);
        }
    }

    fn wants_the_pin_verified(&self, id: SessionId, effect: EffectId) -> bool {
        let pending = self.sessions.get(&id).and_then(|session| session.effects.get(&effect));
        pending
            .is_some_and(|pending| matches!(&*pending.effect, Effect::Card { operation: CardOperation::VerifyPin, .. }))
    }

    fn provider_of_card(&self, card: &str) -> Option<String> {
        self.readers.place_of(card).and_then(|reader| self.card_provider(reader).ok())
    }

    /// The name of the card of an operation.
    fn card_of(&self, id: SessionId, effect: EffectId) -> Option<String> {
        match &*self.sessions.get(&id)?.effects.get(&effect)?.effect {
            Effect::Card { card, .. } => self.names.card(&card.0).map(str::to_owned),
            _ => None,
        }
    }

    fn work_of(&mut self, id: SessionId, effect: EffectId) -> Option<&mut ProviderWork> {
        self.sessions.get_mut(&id)?.desktop.providers.get_mut(&effect)
    }

    /// The digits behind a PIN; `Some(None)` for one that nobody gave.
    pub(crate) fn digits(&self, id: SessionId, pin: Option<PinId>) -> Option<Option<Pin>> {
        let session = self.sessions.get(&id)?;
        pin.map(|pin| session.desktop.pin(pin).cloned())
    }
}

/// The default container, when it holds key and certificate.
fn occupied(card: &CardDescription) -> Option<String> {
    let default = card.default_container()?;
    (default.has_key && default.has_certificate).then(|| default.name.clone())
}

/// Whether a card does it only for who has given the PIN.
pub(crate) const fn needs_pin(operation: &CardOperation) -> bool {
    match operation {
        CardOperation::Describe | CardOperation::ReadCertificate { .. } => false,
        CardOperation::VerifyPin
        | CardOperation::Generate { .. }
        | CardOperation::Sign { .. }
        | CardOperation::WriteCertificate { .. }
        | CardOperation::SetDefault { .. }
        | CardOperation::Delete { .. } => true,
    }
}
