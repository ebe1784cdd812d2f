//! Card transactions: one operation has a reader to itself from its first command to its last, and each command with
//! its response is one event, so that anything may happen in between.

use autoenroll_apdu::{Command, describe, ins, redact, redact_response};
use autoenroll_csp::{
    CardAnswer, CardType, DefaultContainer, FirstUse, Minidriver, MinidriverSettings, Operation, Pin, Step, Target,
    step,
};
use autoenroll_invariants::Beyond;
use autoenroll_keys::draw;
use autoenroll_model::{
    CardOperation, CardSerial, CoreFactory, EffectId, EffectResult, Facts, HResult, KeyPlace, PinId, Provider,
    ProviderKind, ReaderState, ReaderView, RuleRow, hex,
};
use autoenroll_trace::{Kind, RecordId};
use std::collections::BTreeMap;

use crate::action::CardFault;
use crate::error::WorldError;
use crate::hosts::{CaHost, CardHost};
use crate::provider::needs_pin;
use crate::queue::Event;
use crate::readers::{CardClient, CardTransaction, Reader, Touch};
use crate::rules;
use crate::session::{PendingEffect, SessionId};
use crate::spec::ReaderName;
use crate::world::{Computer, World};
use autoenroll_invariants::Invariant;

impl<F: CoreFactory, C: CardHost, A: CaHost> World<F, C, A> {
    /// Enqueues an operation for the reader that its card is in; whether it waits for one. Without a reader it fails at
    /// once.
    pub(crate) fn enqueue_card_operation(
        &mut self,
        id: SessionId,
        effect: EffectId,
        card: &CardSerial,
        pin: Option<PinId>,
        operation: &CardOperation,
        record: RecordId,
    ) -> bool {
        let Some(session) = self.sessions.get(&id) else { return false };
        let (principal, computer) = (session.principal.clone(), session.computer.clone());
        let Some(name) = self.names.card(&card.0).map(str::to_owned) else { return false };
        let Some(reader) = self.readers.place_of(&name).filter(|place| *place.computer == *computer).cloned() else {
            return false;
        };
        if self.digits(id, pin) == Some(None) {
            self.violation(&principal, Invariant::PinGiven, "a PIN is used that the user never gave", vec![record]);
            return false;
        }
        if self.provider_asks(id, effect, &name, pin, operation) {
            return true;
        }
        // What everybody may read takes no PIN, so that one which somebody has changed meanwhile is not in the way.
        let pin = pin.or_else(|| self.kept_pin(id, &name).filter(|_| needs_pin(operation)));
        let given = self.digits(id, pin);
        let provider = self.provider_of(&reader).unwrap_or_default();
        let container = match operation {
            CardOperation::Generate { overwrite: None, .. } => self.next_container(&principal, &name),
            _ => String::new(),
        };
        let place = KeyPlace { provider, container, card: Some(card.clone()) };
        let mut operation = self.performing(&name, place, operation.clone(), given.flatten());
        self.minidriver_decides(&name, &mut operation, record);
        self.enqueue(
            &reader,
            CardTransaction {
                client: CardClient::Core { session: id, effect },
                card: name,
                operation,
                pin,
                answers: Vec::new(),
                record,
                began: None,
                touch: Touch::NotAsked,
            },
        );
        true
    }

    /// An operation on a card as its provider begins it; a new key would go to that place.
    pub(crate) fn performing(
        &self,
        card: &str,
        new_key: KeyPlace,
        operation: CardOperation,
        pin: Option<Pin>,
    ) -> Operation {
        let known =
            self.hosts.cards.card(card, |card| (card.profile().capacity.containers, card.profile().pin.lengths()));
        let (max_containers, pin_lengths) = known.unwrap_or((0, 0..=0));
        let target = Target {
            new_key,
            minidriver: self.minidriver_of(card),
            max_containers,
            pin_lengths,
            entropy: draw(&self.seed, "world", "management key", card, 0),
            dialogs: self.dialogs_of(card),
        };
        Operation::Perform { operation, pin, target: Box::new(target) }
    }

    /// Looks into every reader of the session's computer, asking each card of an installed provider for its serial;
    /// whether there is any to ask.
    pub(crate) fn enqueue_identification(&mut self, id: SessionId, effect: EffectId, record: RecordId) -> bool {
        let Some(session) = self.sessions.get(&id) else { return false };
        let Some(computer) = self.computers.get(&*session.computer) else { return false };
        let mut found = BTreeMap::new();
        let mut asked = Vec::new();
        for (name, reader) in self.readers.of(&session.computer) {
            let state = match recognise(computer, reader) {
                Recognised::Empty => Some(ReaderState::Empty),
                Recognised::Unusable(code) => Some(ReaderState::Unusable(code)),
                Recognised::Card { card, driver, .. } => {
                    asked.push((name.clone(), card.to_owned(), driver));
                    None
                }
            };
            found.insert(name.reader.clone(), state);
        }
        if let Some(pending) = self.sessions.get_mut(&id).and_then(|session| session.effects.get_mut(&effect)) {
            pending.readers = found;
        }
        for (reader, card, driver) in &asked {
            let card = card.clone();
            self.enqueue(
                reader,
                CardTransaction {
                    client: CardClient::Core { session: id, effect },
                    card,
                    operation: Operation::Identify(*driver),
                    pin: None,
                    answers: Vec::new(),
                    record,
                    began: None,
                    touch: Touch::NotAsked,
                },
            );
        }
        !asked.is_empty()
    }

    /// What the readers were found to hold.
    pub(crate) fn readers_found(pending: &PendingEffect) -> EffectResult {
        let view = |(reader, state): (&String, &Option<ReaderState>)| ReaderView {
            reader: reader.clone(),
            holds: state.clone().unwrap_or(ReaderState::Empty),
        };
        EffectResult::Readers(pending.readers.iter().map(view).collect())
    }

    /// The next step of the transaction that has a reader: one command, or its end.
    pub(crate) fn step_reader(&mut self, name: &ReaderName) -> Result<(), WorldError> {
        let Some(reader) = self.readers.get_mut(name) else { return Ok(()) };
        reader.scheduled = false;
        let (holds, insertion) = (reader.holds.clone(), reader.insertion());
        let Some(transaction) = reader.current() else { return Ok(()) };
        if transaction.began.is_none() {
            if holds.as_ref().is_none_or(|held| held.card != transaction.card) {
                // X6.2.0x8010000C
                return self.end_transaction(name, Err(HResult::SCARD_E_NO_SMARTCARD));
            }
            if self.cards.get(&transaction.card).is_some_and(|state| state.fault == CardFault::ReadOnly)
                && writes(&transaction.operation)
            {
                // X6.2.0x80100034
                return self.end_transaction(name, Err(HResult::SCARD_E_READ_ONLY_CARD));
            }
            transaction.began = Some(insertion);
        }
        match step(&transaction.operation, &transaction.answers) {
            Step::Send(command) => {
                let same_card = transaction.began == Some(insertion);
                let (card, pin) = (transaction.card.clone(), transaction.pin);
                let (record, client, touch) = (transaction.record, transaction.client, transaction.touch);
                if same_card && holds.is_some() && self.waits_for_touch(name, &card, &command, (client, touch), record)
                {
                    return Ok(());
                }
                let answer = match (&holds, same_card) {
                    // X6.2.0x80100069: also of a command that the card had when it went, whatever is in the reader now.
                    (None, _) => CardAnswer::CardGone(HResult::SCARD_W_REMOVED_CARD),
                    (Some(_), false) if touch != Touch::NotAsked => CardAnswer::CardGone(HResult::SCARD_W_REMOVED_CARD),
                    // X6.2.0x80100068
                    (Some(_), false) => CardAnswer::CardGone(HResult::SCARD_W_RESET_CARD),
                    (Some(_), true) => self.transmit(name, &card, pin, &command, record),
                };
                if let Some(transaction) = self.readers.get_mut(name).and_then(Reader::current) {
                    transaction.answers.push(answer);
                    transaction.touch = Touch::NotAsked;
                }
                self.schedule_reader(name);
                Ok(())
            }
            Step::Identified(serial) => self.end_transaction(name, Ok(TransactionOutcome::Serial(serial))),
            Step::Done(result) => self.end_transaction(name, Ok(TransactionOutcome::Result(result))),
        }
    }

    /// Sends one command and records it with its response.
    fn transmit(
        &mut self,
        reader: &ReaderName,
        card: &str,
        pin: Option<PinId>,
        command: &Command,
        because: RecordId,
    ) -> CardAnswer {
        if let Some(code) = self.cards.get(card).and_then(|state| fault_code(state.fault)) {
            return CardAnswer::CardGone(code);
        }
        let Ok(bytes) = command.encode() else { return CardAnswer::CardGone(HResult::SCARD_E_UNSUPPORTED_FEATURE) };
        let response = match self.hosts.cards.transmit(reader, &bytes) {
            Ok(response) => response,
            Err(gone) => return CardAnswer::CardGone(gone.0),
        };
        let shown = redact(command).encode().unwrap_or_default();
        let facts = Facts::new()
            .with("card", card)
            .with("command", hex::encode(&shown))
            .with("response", hex::encode(&redact_response(command, &response)))
            .with("meaning", describe(command));
        let card_after = if may_change_a_card(command) { self.card_view(card) } else { None };
        self.record_with(card, Kind::Apdu, facts, vec![because], &Beyond::Command { pin, card: card_after });
        CardAnswer::Response(response)
    }

    /// Gives the reader to the next transaction, and the outcome to the core.
    fn end_transaction(
        &mut self,
        name: &ReaderName,
        outcome: Result<TransactionOutcome, HResult>,
    ) -> Result<(), WorldError> {
        let Some(reader) = self.readers.get_mut(name) else { return Ok(()) };
        let Some(transaction) = reader.finish() else { return Ok(()) };
        let empty = reader.holds.is_none();
        let here = reader.holds.as_ref().is_some_and(|held| held.card == transaction.card);
        if here && transaction.began.is_some() && self.is_unlocked(&transaction.card) {
            // Its provider could not lock it, so it has the card reset.
            self.hosts.cards.reset(name);
        }
        let Some(reader) = self.readers.get(name).ok() else { return Ok(()) };
        if reader.is_busy() {
            self.schedule_reader(name);
        }
        let (session, effect) = match transaction.client {
            CardClient::Logon(id) => return self.logon_card_done(id, transaction.record, performed(outcome)),
            CardClient::Provider { session, effect } => {
                return self.provider_done(session, effect, &transaction, performed(outcome));
            }
            CardClient::Core { session, effect } => (session, effect),
        };
        if !matches!(transaction.operation, Operation::Identify(_)) {
            let result = performed(outcome);
            if matches!(result, EffectResult::WrongPin { .. }) {
                self.forget_pin_for(session, &transaction.card);
            }
            return self.complete(session, effect, result);
        }
        let state = match outcome {
            _ if empty => ReaderState::Empty,
            Ok(TransactionOutcome::Serial(serial)) => {
                ReaderState::Card { provider: self.provider_of(name).unwrap_or_default(), serial }
            }
            Ok(TransactionOutcome::Result(EffectResult::Failed(code))) | Err(code) => ReaderState::Unusable(code),
            Ok(TransactionOutcome::Result(_)) => ReaderState::Unusable(HResult::E_UNEXPECTED),
        };
        let found = self.sessions.get_mut(&session).and_then(|session| session.effects.get_mut(&effect));
        let Some(pending) = found else { return Ok(()) };
        pending.readers.insert(name.reader.clone(), Some(state));
        if pending.readers.values().any(Option::is_none) {
            return Ok(());
        }
        let pending = pending.clone();
        let result = Self::readers_found(&pending);
        self.complete(session, effect, result)
    }

    /// Some clients are gone, and their transactions with them: a card that one of them had begun to work with is
    /// reset.
    pub(crate) fn abort_transactions(&mut self, of: impl Fn(CardClient) -> bool) {
        for name in self.readers.forget(of) {
            self.hosts.cards.reset(&name);
            if self.readers.get(&name).is_ok_and(Reader::is_busy) {
                self.schedule_reader(&name);
            }
        }
    }

    pub(crate) fn enqueue(&mut self, name: &ReaderName, transaction: CardTransaction) {
        if let Some(reader) = self.readers.get_mut(name) {
            reader.enqueue(transaction);
        }
        self.schedule_reader(name);
    }

    pub(crate) fn schedule_reader(&mut self, name: &ReaderName) {
        let now = self.now();
        if let Some(reader) = self.readers.get_mut(name)
            && !reader.scheduled
        {
            reader.scheduled = true;
            self.queue.put(now, Event::Reader(name.clone()));
        }
    }

    /// What a minidriver of PIV cards decides before it writes, or lists containers.
    pub(crate) fn minidriver_decides(&mut self, card: &str, operation: &mut Operation, because: RecordId) {
        let writing = writes(operation);
        let Operation::Perform { operation, target, .. } = operation else { return };
        let settings = &mut target.minidriver;
        let mut decide = |rule: RuleRow, holds| self.decisions.decide(rule.rule(), card, holds, Facts::new()).holds;
        match settings.driver {
            Minidriver::Gids => return,
            Minidriver::PivInbox if writing => {
                if !decide(rules::PIV_READ_ONLY, true) {
                    settings.driver = Minidriver::PivVendor;
                }
            }
            Minidriver::PivVendor if matches!(operation, CardOperation::Generate { .. }) => {
                let blocks = settings.first_use.contains(&FirstUse::BlockPuk);
                if blocks && !decide(rules::PIV_FIRST_USE, blocks) {
                    settings.first_use.remove(&FirstUse::BlockPuk);
                }
            }
            Minidriver::PivVendor if *operation == CardOperation::Describe => {
                let flagged = decide(rules::PIV_DEFAULT, settings.default_container == DefaultContainer::Flagged);
                settings.default_container = if flagged { DefaultContainer::Flagged } else { DefaultContainer::First };
            }
            Minidriver::PivInbox | Minidriver::PivVendor => return,
        }
        self.record_decisions(&[because]);
    }

    /// The minidriver that the computer whose reader a card is in has registered for it.
    fn minidriver_of(&self, card: &str) -> MinidriverSettings {
        let place = self.readers.place_of(card);
        let atr = place.and_then(|place| self.readers.get(place).ok()?.holds.as_ref()?.atr.as_deref());
        let computer = place.and_then(|place| self.computers.get(&place.computer));
        let known = computer.zip(atr).and_then(|(computer, atr)| computer.card_database.find(atr));
        known.map(|known| known.minidriver().clone()).unwrap_or_default()
    }

    /// The installed provider of the card in a reader.
    fn provider_of(&self, name: &ReaderName) -> Option<String> {
        self.card_provider(name).ok()
    }

    /// The installed provider of the card in a reader, or why there is none.
    pub(crate) fn card_provider(&self, name: &ReaderName) -> Result<String, HResult> {
        let (computer, reader) = (self.computers.get(&name.computer), self.readers.get(name));
        let (Some(computer), Ok(reader)) = (computer, reader) else { return Err(HResult::SCARD_E_NO_SMARTCARD) };
        match recognise(computer, reader) {
            Recognised::Card { provider, .. } => Ok(provider.to_owned()),
            Recognised::Empty => Err(HResult::SCARD_E_NO_SMARTCARD),
            Recognised::Unusable(code) => Err(code),
        }
    }
}

/// Whether a command can change what is on a card. Others are not looked into, because looking costs more than they do.
const fn may_change_a_card(command: &Command) -> bool {
    matches!(
        command.ins,
        ins::VERIFY
            | ins::CHANGE_REFERENCE_DATA
            | ins::RESET_RETRY_COUNTER
            | ins::PUT_DATA
            | ins::GENERATE_ASYMMETRIC_KEY_PAIR
            | ins::CREATE_FILE
            | ins::DELETE_FILE
            | ins::TERMINATE_DF
    )
}

/// Whether an operation changes what is on the card.
const fn writes(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::Perform {
            operation: CardOperation::Generate { .. }
                | CardOperation::WriteCertificate { .. }
                | CardOperation::SetDefault { .. }
                | CardOperation::Delete { .. },
            ..
        }
    )
}

/// What every command to a card with that fault comes to, if it comes to nothing.
pub(crate) const fn fault_code(fault: CardFault) -> Option<HResult> {
    match fault {
        // X6.2.0x80100066
        CardFault::Mute => Some(HResult::SCARD_W_UNRESPONSIVE_CARD),
        // X6.2.0x8010000B
        CardFault::Busy => Some(HResult::SCARD_E_SHARING_VIOLATION),
        // X6.2.0x8010000A
        CardFault::Slow => Some(HResult::SCARD_E_TIMEOUT),
        // X6.3.0x80090020
        CardFault::Failing => Some(HResult::NTE_FAIL),
        CardFault::ReadOnly | CardFault::None => None,
    }
}

/// How a transaction ended.
enum TransactionOutcome {
    Serial(CardSerial),
    Result(EffectResult),
}

/// What an operation other than reading a serial came to.
fn performed(outcome: Result<TransactionOutcome, HResult>) -> EffectResult {
    match outcome {
        Ok(TransactionOutcome::Result(result)) => result,
        Ok(TransactionOutcome::Serial(_)) => EffectResult::Failed(HResult::E_UNEXPECTED),
        Err(code) => EffectResult::Failed(code),
    }
}

/// What a computer makes of a reader without asking the card.
enum Recognised<'a> {
    Empty,
    /// A card of an installed provider.
    Card {
        card: &'a str,
        provider: &'a str,
        driver: Minidriver,
    },
    Unusable(HResult),
}

fn recognise<'a>(computer: &'a Computer, reader: &'a Reader) -> Recognised<'a> {
    let Some(held) = &reader.holds else { return Recognised::Empty };
    let Some(atr) = &held.atr else { return Recognised::Unusable(HResult::SCARD_W_UNRESPONSIVE_CARD) };
    // K8.1.provider
    let known = computer.card_database.find(atr);
    let installed = |known: &&CardType| {
        let is_it = |it: &Provider| it.kind == ProviderKind::Card && it.name.eq_ignore_ascii_case(known.provider());
        computer.providers.iter().any(is_it)
    };
    match known.filter(installed) {
        Some(known) => {
            Recognised::Card { card: &held.card, provider: known.provider(), driver: known.minidriver().driver }
        }
        None => Recognised::Unusable(HResult::SCARD_E_UNKNOWN_CARD),
    }
}
