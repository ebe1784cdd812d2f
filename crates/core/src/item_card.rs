//! States S6 to S9: a card of the right provider, its default container, its PIN. A key that exists already and has to sign wants
//! the same of its own card, except that nothing there is replaced.

use alloc::string::ToString;
use alloc::vec::Vec;

use autoenroll_model::{
    Action, Answer, CardOperation, CardSerial, Choice, DecisionPoint, DefaultFlag, Effect, EffectResult, Fact, Facts,
    HResult, InsertPrompt, PinCache, PinId, ReaderState, ReaderView, ReplaceNo, ReplaceYes,
};

use crate::frame::Frame;
use crate::item::{Progress, State, Work, is_gone};
use crate::known::Known;
use crate::rules;

impl Work {
    // S6: is there a card?

    pub(crate) fn read_readers(&mut self, frame: &mut Frame, after_ok: bool) -> Progress {
        self.ask(frame, Effect::ReadReaders, State::Readers { after_ok })
    }

    /// The one card that will do, when only one will: the one that holds a key that exists already.
    fn needed_card(&self) -> Option<&CardSerial> {
        if let Some(key) = &self.signing {
            return key.card.as_ref();
        }
        let resumed = self.item.entry.as_ref().and_then(|entry| entry.key.card.as_ref());
        let renewed = self.item.old.as_ref().and_then(|old| old.key.card.as_ref());
        resumed.or(renewed)
    }

    fn matching(&self, readers: &[ReaderView]) -> Vec<CardSerial> {
        let wanted = self.provider().name;
        let needed = self.needed_card();
        let of = |view: &ReaderView| match &view.holds {
            ReaderState::Card { provider, serial } => {
                let right = needed.map_or(*provider == wanted, |needed| needed == serial);
                right.then(|| serial.clone())
            }
            ReaderState::Empty | ReaderState::Unusable(_) => None,
        };
        readers.iter().filter_map(of).collect()
    }

    pub(crate) fn readers_read(
        &mut self,
        frame: &mut Frame,
        known: &Known,
        result: EffectResult,
        after_ok: bool,
    ) -> Progress {
        let readers = match result {
            EffectResult::Readers(readers) => readers,
            EffectResult::Failed(code) => return self.fail(frame, code),
            _ => return self.fail(frame, HResult::E_UNEXPECTED),
        };
        let cards = self.matching(&readers);
        let provider = self.provider().name;
        let facts = Facts::new().with("matching", cards.len());
        if after_ok {
            let rule = if cards.is_empty() { rules::INSERT_OK_WRONG_CARD } else { rules::INSERT_OK };
            let taken = frame.decide(rule, &provider, true, facts.clone());
            if cards.is_empty() && !taken {
                return self.take_any_card(frame, &readers);
            }
            if !cards.is_empty() && !taken {
                return self.ask_for_card(frame, &readers);
            }
        }
        let single = cards.len() == 1 && frame.decide(rules::ONE_CARD, &provider, true, facts.clone());
        match cards.as_slice() {
            [card] if single => self.use_card(frame, card.clone()),
            [card, ..] => {
                if frame.decide(rules::SEVERAL_CARDS, &provider, true, facts) {
                    self.ask_to_select(frame, cards)
                } else {
                    self.use_card(frame, card.clone())
                }
            }
            [] => {
                if frame.decide(rules::NO_CARD, &provider, true, facts) {
                    self.ask_for_card(frame, &readers)
                } else {
                    self.card_refused(frame, known)
                }
            }
        }
    }

    fn take_any_card(&mut self, frame: &mut Frame, readers: &[ReaderView]) -> Progress {
        let any = readers.iter().find_map(|view| match &view.holds {
            ReaderState::Card { serial, .. } => Some(serial.clone()),
            _ => None,
        });
        match any {
            Some(card) => self.use_card(frame, card),
            None => self.fail(frame, HResult::SCARD_E_NO_SMARTCARD),
        }
    }

    // S6a: which of several?

    fn ask_to_select(&mut self, frame: &mut Frame, cards: Vec<CardSerial>) -> Progress {
        let facts = self.select_facts(&cards);
        let causes = self.causes(frame);
        let prompt = frame.prompt(DecisionPoint::CardSelect, facts, &[Choice::Card, Choice::Cancel], &causes);
        self.state = State::Select { prompt, cards };
        Progress::Open
    }

    fn select_facts(&self, cards: &[CardSerial]) -> Facts {
        let names: Vec<Fact> = cards.iter().map(|card| Fact::Text(card.0.clone())).collect();
        Facts::new().with("provider", self.provider().name).with("cards", Fact::List(names))
    }

    pub(crate) fn card_selected(&mut self, frame: &mut Frame, known: &Known, answer: &Answer) -> Progress {
        let State::Select { cards, .. } = &self.state else { return Progress::Open };
        match answer {
            Answer::Card(card) if cards.contains(card) => {
                if frame.decide(rules::CARD_SELECTED, &card.0, true, Facts::new()) {
                    self.use_card(frame, card.clone())
                } else {
                    self.card_refused(frame, known)
                }
            }
            Answer::Card(_) => {
                let cards = cards.clone();
                self.ask_to_select(frame, cards)
            }
            _ => {
                let provider = self.provider().name;
                if frame.decide(rules::SELECTION_CANCELLED, &provider, true, Facts::new()) {
                    self.card_refused(frame, known)
                } else {
                    self.fail(frame, HResult::SCARD_W_CANCELLED_BY_USER)
                }
            }
        }
    }

    // S7: insert a card.

    fn ask_for_card(&mut self, frame: &mut Frame, readers: &[ReaderView]) -> Progress {
        let facts = self.insert_facts(readers);
        let causes = self.causes(frame);
        self.state =
            State::Insert(frame.prompt(DecisionPoint::CardInsert, facts, &[Choice::Ok, Choice::Cancel], &causes));
        Progress::Open
    }

    fn insert_facts(&self, readers: &[ReaderView]) -> Facts {
        let reader = if readers.is_empty() {
            "none"
        } else if readers.iter().all(|view| view.holds == ReaderState::Empty) {
            "empty"
        } else if self.matching(readers).is_empty() {
            "wrong card"
        } else {
            "right card"
        };
        Facts::new()
            .with("provider", self.provider().name)
            .with("reader", reader)
            .with_some("card", self.needed_card().map(|card| card.0.as_str()))
    }

    pub(crate) fn insert_answered(&mut self, frame: &mut Frame, known: &Known, answer: &Answer) -> Progress {
        self.drop_recheck(frame);
        if *answer == Answer::Ok {
            return self.read_readers(frame, true);
        }
        let provider = self.provider().name;
        if self.needed_card().is_some() {
            let code = HResult::SCARD_W_CANCELLED_BY_USER;
            let kept = frame.decide(rules::CARD_OF_EXISTING_KEY, &provider, true, Facts::new());
            return match (kept, self.item.entry.as_ref().map(|entry| entry.key_id.clone())) {
                // No other card holds the key: there is nothing to cycle to. The request entry stays for another day.
                (true, _) => self.fail(frame, code),
                (false, Some(entry)) => self.clean_up(frame, [Effect::RemoveRequest(entry)].into(), code),
                (false, None) => self.card_refused(frame, known),
            };
        }
        if frame.decide(rules::INSERT_CANCELLED, &provider, true, Facts::new()) {
            self.card_refused(frame, known)
        } else {
            self.fail(frame, HResult::SCARD_W_CANCELLED_BY_USER)
        }
    }

    /// S7c: the user does not want this provider's card. The next provider's turn, or the end of the list. Whose key was to sign no
    /// longer matters: the next provider begins again with a key of its own.
    fn card_refused(&mut self, frame: &mut Frame, known: &Known) -> Progress {
        self.signing = None;
        let provider = self.provider().name;
        let next = self.item.providers.get(self.provider + 1).map(|next| next.name.clone());
        let facts = Facts::new().with_some("next", next.as_deref());
        if next.is_some() && frame.decide(rules::NEXT_PROVIDER, &provider, true, facts.clone()) {
            self.provider += 1;
            return self.choose_provider(frame, known);
        }
        if next.is_none() && !frame.decide(rules::PROVIDERS_EXHAUSTED, &provider, true, facts) {
            self.provider = 0;
            return self.read_readers(frame, false);
        }
        self.fail(frame, HResult::SCARD_W_CANCELLED_BY_USER)
    }

    // Cards come and go while a prompt is open.

    pub(crate) fn readers_changed(&mut self, frame: &mut Frame) {
        let prompting =
            matches!(self.state, State::Insert(_) | State::Select { .. } | State::Replace(_) | State::Pin(_));
        if prompting {
            self.drop_recheck(frame);
            self.recheck = Some(frame.effect(Effect::ReadReaders, &[]));
        }
    }

    fn drop_recheck(&mut self, frame: &mut Frame) {
        if let Some(effect) = self.recheck.take() {
            frame.abandon(effect);
        }
    }

    pub(crate) fn rechecked(&mut self, frame: &mut Frame, _known: &Known, result: EffectResult) -> Progress {
        let EffectResult::Readers(readers) = result else { return Progress::Open };
        let cards = self.matching(&readers);
        let insert_facts = self.insert_facts(&readers);
        let select_facts = self.select_facts(&cards);
        let causes = self.causes(frame);
        match core::mem::replace(&mut self.state, State::Submit) {
            State::Insert(mut prompt) => {
                let closes = frame.profile().insert_prompt == InsertPrompt::ClosesItself;
                let provider = self.provider().name;
                if !cards.is_empty()
                    && frame.decide(
                        rules::INSERT_PROMPT_CLOSES,
                        &provider,
                        closes,
                        Facts::new().with("matching", cards.len()),
                    )
                {
                    frame.withdraw(&prompt, &causes);
                    return self.read_readers(frame, false);
                }
                frame.change_prompt(&mut prompt, insert_facts, &causes);
                self.state = State::Insert(prompt);
                Progress::Open
            }
            State::Select { prompt, .. } if cards.is_empty() => {
                frame.withdraw(&prompt, &causes);
                self.ask_for_card(frame, &readers)
            }
            State::Select { mut prompt, .. } => {
                frame.change_prompt(&mut prompt, select_facts, &causes);
                self.state = State::Select { prompt, cards };
                Progress::Open
            }
            State::Replace(prompt) => self.still_there(frame, &readers, prompt, State::Replace),
            State::Pin(prompt) => self.still_there(frame, &readers, prompt, State::Pin),
            other => {
                self.state = other;
                Progress::Open
            }
        }
    }

    /// The card whose prompt is open has been pulled: the prompt is withdrawn and the card asked for again. No try is spent.
    fn still_there(
        &mut self,
        frame: &mut Frame,
        readers: &[ReaderView],
        prompt: crate::frame::OpenPrompt,
        state: fn(crate::frame::OpenPrompt) -> State,
    ) -> Progress {
        let here = readers
            .iter()
            .any(|view| matches!(&view.holds, ReaderState::Card { serial, .. } if Some(serial) == self.card.as_ref()));
        let card = self.card.clone().map(|card| card.0).unwrap_or_default();
        if !here && frame.decide(rules::CARD_PULLED, &card, true, Facts::new()) {
            frame.withdraw(&prompt, &[frame.because()]);
            self.card = None;
            return self.ask_for_card(frame, readers);
        }
        self.state = state(prompt);
        Progress::Open
    }

    // S8: the default container.

    fn use_card(&mut self, frame: &mut Frame, card: CardSerial) -> Progress {
        if self.signing.is_none() {
            self.overwrite = None;
            self.keep_default = false;
        }
        self.card = Some(card.clone());
        self.ask(frame, Effect::Card { card, pin: None, operation: CardOperation::Describe }, State::Describe)
    }

    pub(crate) fn described(&mut self, frame: &mut Frame, _known: &Known, result: EffectResult) -> Progress {
        let description = match result {
            EffectResult::Card(description) => description,
            EffectResult::Failed(code) => return self.card_failed(frame, code),
            _ => return self.fail(frame, HResult::E_UNEXPECTED),
        };
        let default = description.default_container().cloned();
        self.description = Some(description);
        if self.item.action == Action::Resume || self.signing.is_some() {
            return self.ask_for_pin(frame);
        }
        let occupied = default.as_ref().is_some_and(|container| container.has_key && container.has_certificate);
        let card = self.card.clone().map(|card| card.0).unwrap_or_default();
        let name = default.map(|container| container.name);
        let facts = Facts::new().with_some("container", name.as_deref());
        let asks = if occupied {
            frame.decide(rules::DEFAULT_OCCUPIED, &card, true, facts)
        } else {
            !frame.decide(rules::DEFAULT_EMPTY, &card, true, facts)
        };
        if !asks {
            return self.ask_for_pin(frame);
        }
        let facts = Facts::new().with("provider", self.provider().name).with("card", card).with_some("container", name);
        let causes = self.causes(frame);
        let prompt = frame.prompt(DecisionPoint::CardReplaceDefault, facts, &[Choice::Yes, Choice::No], &causes);
        self.state = State::Replace(prompt);
        Progress::Open
    }

    /// A card operation failed before anything was written: when the card is gone it is asked for again.
    fn card_failed(&mut self, frame: &mut Frame, code: HResult) -> Progress {
        let card = self.card.clone().map(|card| card.0).unwrap_or_default();
        if is_gone(code) && frame.decide(rules::CARD_PULLED, &card, true, Facts::new().with("code", code.to_string())) {
            self.card = None;
            return self.read_readers(frame, false);
        }
        self.fail(frame, code)
    }

    pub(crate) fn replace_answered(&mut self, frame: &mut Frame, known: &Known, answer: &Answer) -> Progress {
        self.drop_recheck(frame);
        let card = self.card.clone().map(|card| card.0).unwrap_or_default();
        if *answer == Answer::Yes {
            if !frame.decide(rules::REPLACE_YES, &card, true, Facts::new()) {
                return self.fail(frame, HResult::SCARD_W_CANCELLED_BY_USER);
            }
            let over = frame.profile().replace_yes == ReplaceYes::Overwrite;
            if frame.decide(rules::REPLACE_OVERWRITES, &card, over, Facts::new()) {
                let default = self.description.as_ref().and_then(|description| description.default_container());
                self.overwrite = default.map(|container| container.name.clone());
            }
            return self.ask_for_pin(frame);
        }
        if !frame.decide(rules::REPLACE_NO, &card, true, Facts::new()) {
            return self.ask_for_pin(frame);
        }
        let choice = frame.profile().replace_no;
        let facts = Facts::new().with("replace-no", choice.as_str());
        let as_profile = frame.decide(rules::REPLACE_NO_MEANS, &card, true, facts);
        match (choice, as_profile) {
            (ReplaceNo::NextProvider, true) => self.card_refused(frame, known),
            (ReplaceNo::Beside, true) => {
                self.keep_default = true;
                self.ask_for_pin(frame)
            }
            (ReplaceNo::Fail, true) | (_, false) => self.fail(frame, HResult::SCARD_W_CANCELLED_BY_USER),
        }
    }

    // S9: the PIN.

    pub(crate) fn ask_for_pin(&mut self, frame: &mut Frame) -> Progress {
        let Some(card) = self.card.clone() else { return self.fail(frame, HResult::SCARD_E_NO_SMARTCARD) };
        let tries_left = self.description.as_ref().and_then(|description| description.tries_left);
        if tries_left == Some(0)
            && frame.decide(rules::PIN_BLOCKED, &card.0, true, Facts::new().with("tries-left", 0_u8))
        {
            return self.fail(frame, HResult::SCARD_W_CHV_BLOCKED);
        }
        if let Some(pin) = frame.pins.get(&card).copied() {
            let cached = frame.profile().pin_cache != PinCache::Item;
            let cached = frame.decide(rules::PIN_CACHE_LIFE, &card.0, cached, Facts::new());
            if cached && frame.decide(rules::PIN_CACHED, &card.0, true, Facts::new()) {
                return self.verify(frame, card, pin);
            }
        }
        self.open_pin_prompt(frame, tries_left)
    }

    fn open_pin_prompt(&mut self, frame: &mut Frame, tries_left: Option<u8>) -> Progress {
        let card = self.card.clone().map(|card| card.0).unwrap_or_default();
        let facts = Facts::new().with("card", card).with_some("tries-left", tries_left);
        let causes = self.causes(frame);
        self.state = State::Pin(frame.prompt(DecisionPoint::PinEnter, facts, &[Choice::Pin, Choice::Cancel], &causes));
        Progress::Open
    }

    pub(crate) fn pin_given(&mut self, frame: &mut Frame, answer: &Answer) -> Progress {
        self.drop_recheck(frame);
        let Some(card) = self.card.clone() else { return self.fail(frame, HResult::SCARD_E_NO_SMARTCARD) };
        match answer {
            Answer::Pin(pin) => self.verify(frame, card, *pin),
            _ if frame.decide(rules::PIN_CANCELLED, &card.0, true, Facts::new()) => {
                self.fail(frame, HResult::SCARD_W_CANCELLED_BY_USER)
            }
            _ => {
                let tries_left = self.description.as_ref().and_then(|description| description.tries_left);
                self.open_pin_prompt(frame, tries_left)
            }
        }
    }

    fn verify(&mut self, frame: &mut Frame, card: CardSerial, pin: PinId) -> Progress {
        let effect = Effect::Card { card, pin: Some(pin), operation: CardOperation::VerifyPin };
        self.ask(frame, effect, State::Verify(pin))
    }

    pub(crate) fn verified(&mut self, frame: &mut Frame, known: &Known, pin: PinId, result: EffectResult) -> Progress {
        let Some(card) = self.card.clone() else { return self.fail(frame, HResult::E_UNEXPECTED) };
        match result {
            EffectResult::Done => {
                if !frame.decide(rules::PIN_RIGHT, &card.0, true, Facts::new()) {
                    return self.fail(frame, HResult::SCARD_W_WRONG_CHV);
                }
                self.pins.insert(card.clone(), pin);
                frame.pins.insert(card, pin);
                if self.signing.take().is_some() {
                    self.next_signature(frame)
                } else if self.item.action == Action::Resume {
                    self.write_card(frame)
                } else {
                    self.remove_orphans(frame, known)
                }
            }
            EffectResult::WrongPin { tries_left } => self.pin_refused(frame, tries_left),
            EffectResult::Failed(HResult::SCARD_W_CHV_BLOCKED) => self.pin_refused(frame, Some(0)),
            // Too short or too long to be a PIN: the card never saw it, so no try is spent.
            EffectResult::Failed(HResult::SCARD_E_INVALID_CHV) => {
                let tries_left = self.description.as_ref().and_then(|description| description.tries_left);
                self.pin_refused(frame, tries_left)
            }
            EffectResult::Failed(code) => self.card_failed(frame, code),
            _ => self.fail(frame, HResult::E_UNEXPECTED),
        }
    }

    fn pin_refused(&mut self, frame: &mut Frame, tries_left: Option<u8>) -> Progress {
        let Some(card) = self.card.clone() else { return self.fail(frame, HResult::E_UNEXPECTED) };
        frame.pins.remove(&card);
        if let Some(description) = &mut self.description {
            description.tries_left = tries_left;
        }
        let facts = Facts::new().with_some("tries-left", tries_left);
        if tries_left == Some(0) {
            return if frame.decide(rules::PIN_BLOCKED, &card.0, true, facts) {
                self.fail(frame, HResult::SCARD_W_CHV_BLOCKED)
            } else {
                self.open_pin_prompt(frame, tries_left)
            };
        }
        if frame.decide(rules::PIN_WRONG, &card.0, true, facts) {
            self.open_pin_prompt(frame, tries_left)
        } else {
            self.fail(frame, HResult::SCARD_W_WRONG_CHV)
        }
    }

    /// A PIN that was right a moment ago is not any more: somebody changed it meanwhile.
    pub(crate) fn pin_no_longer_right(&mut self, frame: &mut Frame, _tries_left: Option<u8>) -> Progress {
        if let Some(card) = &self.card {
            frame.pins.remove(card);
        }
        self.fail(frame, HResult::SCARD_W_WRONG_CHV)
    }

    // S10 and S12, as far as they are about the card.

    pub(crate) fn default_moves_early(&mut self, frame: &mut Frame) -> bool {
        let early = frame.profile().default_flag == DefaultFlag::AtGenerate;
        let card = self.card.clone().map(|card| card.0).unwrap_or_default();
        frame.decide(rules::DEFAULT_AT_GENERATE, &card, early, Facts::new())
    }

    pub(crate) fn write_card(&mut self, frame: &mut Frame) -> Progress {
        let (Some(key), Some(issued)) = (&self.key, &self.issued) else {
            return self.fail(frame, HResult::E_UNEXPECTED);
        };
        if self.card.is_none() {
            self.card = key.card.clone();
        }
        let operation = CardOperation::WriteCertificate {
            container: key.container.clone(),
            certificate: issued.certificate.clone(),
        };
        self.ask_card(frame, operation, State::WriteCard)
    }

    pub(crate) fn card_written(&mut self, frame: &mut Frame) -> Progress {
        let Some(container) = self.key.as_ref().map(|key| key.container.clone()) else {
            return self.fail(frame, HResult::E_UNEXPECTED);
        };
        let facts = Facts::new().with("container", container.as_str());
        if frame.decide(rules::DEFAULT_CONTAINER, &self.item.name, !self.keep_default, facts) {
            self.ask_card(frame, CardOperation::SetDefault { container }, State::SetDefault)
        } else {
            self.install(frame)
        }
    }
}
