//! One certificate: states S5 and S10 to S13, and the steps between them. States S6 to S9, which need a card in a reader, are in
//! [`crate::item_card`].

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autoenroll_model::{
    Action, Answer, CaReply, CardDescription, CardOperation, CardSerial, Cause, Choice, DecisionPoint, Disposition,
    Duration, Effect, EffectId, EffectResult, Facts, HResult, KeyAlgorithm, KeyPlace, Outcome, PinId, PrivateKeyFlags,
    PromptId, Provider, ProviderKind, Report, RequestEntry, RequestStage, SoftwareOperation, Submission,
};

use autoenroll_wire::{Certificate, key_identifier};

use crate::events;
use crate::frame::{Frame, OpenPrompt, Timer};
use crate::install::{self, Issued};
use crate::known::Known;
use crate::plan::{Ca, Item, Orphan, may_interact, template_of};
use crate::request::{Demand, RequestBuilder, Signer};
use crate::rules;

/// How long a CA may take to answer. No public text has a number; it is long enough for a busy CA, and it ends.
const PATIENCE: Duration = Duration::minutes(15);

/// Work on one item.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) item: Item,
    pub(crate) state: State,
    pub(crate) awaiting: Option<EffectId>,
    /// Readers are being read while a prompt is open.
    pub(crate) recheck: Option<EffectId>,
    /// Index of the provider whose turn it is.
    pub(crate) provider: usize,
    /// The card at work: the one for the new key, and while a request is signed the one with the key that signs.
    pub(crate) card: Option<CardSerial>,
    pub(crate) description: Option<CardDescription>,
    /// PINs that cards have taken for this item.
    pub(crate) pins: BTreeMap<CardSerial, PinId>,
    /// A key on a card has to sign, and its card and PIN are asked for.
    pub(crate) signing: Option<KeyPlace>,
    /// The user does not want the default container replaced, and the profile goes on beside it.
    pub(crate) keep_default: bool,
    /// The container that the new key takes over.
    pub(crate) overwrite: Option<String>,
    pub(crate) key: Option<KeyPlace>,
    pub(crate) algorithm: Option<KeyAlgorithm>,
    public_key: Vec<u8>,
    builder: Option<RequestBuilder>,
    /// Index of the CA whose turn it is.
    ca: usize,
    pub(crate) issued: Option<Issued>,
    reasons: Vec<Cause>,
}

/// Where the work stands. States with a prompt wait for the user, all others for an effect.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// S5': consent to a protected software key.
    Consent(OpenPrompt),
    /// S6: the readers are being read.
    Readers {
        after_ok: bool,
    },
    /// S6a.
    Select {
        prompt: OpenPrompt,
        cards: Vec<CardSerial>,
    },
    /// S7.
    Insert(OpenPrompt),
    /// S8: the card is asked what it holds.
    Describe,
    /// S8q.
    Replace(OpenPrompt),
    /// S9.
    Pin(OpenPrompt),
    /// S9: the card verifies.
    Verify(PinId),
    /// Containers and entries of requests that never reached a CA are removed.
    Orphans(VecDeque<Effect>),
    /// S10.
    Generate,
    /// The entry in REQUEST is written before anything is submitted.
    WriteAhead,
    /// A signature is being made.
    Sign,
    /// Key archival: the exchange certificate, then the enveloped key.
    Exchange,
    Archive,
    /// S11.
    Submit,
    Retrieve,
    /// Pending: the entry is written.
    NotePending,
    /// Issued: the entry is written.
    NoteIssued,
    /// S12.
    WriteCard,
    SetDefault,
    Install,
    RemoveEntry,
    /// Old certificates are archived or deleted.
    Retire(VecDeque<Effect>),
    /// What a failed request leaves behind is removed.
    CleanUp(VecDeque<Effect>, HResult),
}

/// What a step has come to.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// Something is awaited.
    Open,
    /// The item has ended.
    Ended(Outcome),
    /// A pending certificate has arrived and belongs on a card: this item, which needs the user, takes over.
    Arrived(alloc::boxed::Box<Item>),
}

impl Work {
    /// Begins an item.
    pub(crate) fn start(frame: &mut Frame, known: &Known, item: Item) -> (Self, Progress) {
        let started =
            Report::ItemStarted { template: item.name.clone(), action: item.action, interactive: item.interactive };
        frame.report(started, &item.reasons.clone());
        events::enrollment(frame, true, &item.name);
        let reasons = item.reasons.clone();
        let mut work = Self {
            item,
            state: State::Retrieve,
            awaiting: None,
            recheck: None,
            provider: 0,
            card: None,
            description: None,
            pins: BTreeMap::new(),
            signing: None,
            keep_default: false,
            overwrite: None,
            key: None,
            algorithm: None,
            public_key: Vec::new(),
            builder: None,
            ca: 0,
            issued: None,
            reasons,
        };
        let progress = work.first_step(frame, known);
        (work, progress)
    }

    pub(crate) fn into_item(self) -> Item {
        self.item
    }

    fn first_step(&mut self, frame: &mut Frame, known: &Known) -> Progress {
        if !may_interact(frame, &self.item) {
            return self.fail(frame, HResult::NTE_SILENT_CONTEXT);
        }
        match (self.item.action, self.item.entry.clone()) {
            (Action::Retrieve, Some(RequestEntry { stage: RequestStage::Pending { ca, host, request_id }, .. })) => {
                self.ask(frame, Effect::Retrieve { ca, host, request_id }, State::Retrieve)
            }
            (Action::Resume, Some(entry)) => match &entry.stage {
                RequestStage::Issued { ca, request_id, certificate } => {
                    self.key = Some(entry.key.clone());
                    self.issued =
                        Some(Issued { ca: ca.clone(), request_id: *request_id, certificate: certificate.clone() });
                    if entry.key.card.is_some() { self.read_readers(frame, false) } else { self.install(frame) }
                }
                _ => self.fail(frame, HResult::E_UNEXPECTED),
            },
            (Action::Retrieve | Action::Resume, _) => self.fail(frame, HResult::E_UNEXPECTED),
            _ => self.choose_provider(frame, known),
        }
    }

    /// S5: the provider whose turn it is.
    pub(crate) fn choose_provider(&mut self, frame: &mut Frame, known: &Known) -> Progress {
        let Some(provider) = self.item.providers.get(self.provider).cloned() else {
            return self.fail(frame, HResult::NTE_KEYSET_NOT_DEF);
        };
        let facts = Facts::new().with("kind", provider.kind.as_str());
        let card = match provider.kind {
            ProviderKind::Card => frame.decide(rules::CARD_PROVIDER, &provider.name, true, facts),
            ProviderKind::Software => !frame.decide(rules::SOFTWARE_PROVIDER, &provider.name, true, facts),
        };
        if card {
            return self.read_readers(frame, false);
        }
        let protected = self.is_protected(known);
        if !protected {
            return self.remove_orphans(frame, known);
        }
        let because = frame.because();
        let facts = Facts::new().with("provider", provider.name.as_str()).with("template", self.item.name.as_str());
        let prompt = frame.prompt(DecisionPoint::KeyProtect, facts, &[Choice::Ok, Choice::Cancel], &[because]);
        self.state = State::Consent(prompt);
        Progress::Open
    }

    fn is_protected(&self, known: &Known) -> bool {
        template_of(&known.gathered, &self.item).is_some_and(|template| {
            template.private_key_flags.contains(PrivateKeyFlags::STRONG_KEY_PROTECTION_REQUIRED)
        })
    }

    /// The provider at work: that of the key that signs, otherwise the one whose turn it is to make a key.
    pub(crate) fn provider(&self) -> Provider {
        if let Some(key) = &self.signing {
            return Provider { name: key.provider.clone(), kind: ProviderKind::Card };
        }
        let none = Provider { name: String::new(), kind: ProviderKind::Software };
        self.item.providers.get(self.provider).cloned().unwrap_or(none)
    }

    // Effects and answers.

    pub(crate) fn ask(&mut self, frame: &mut Frame, effect: Effect, state: State) -> Progress {
        let because = frame.because();
        let mut causes = self.reasons.clone();
        causes.push(because);
        if matches!(state, State::Submit | State::Retrieve | State::Exchange) {
            let end = frame.now.mono + PATIENCE;
            frame.timers.set(Timer::Answer, end);
        }
        self.awaiting = Some(frame.effect(effect, &causes));
        self.state = state;
        Progress::Open
    }

    /// Asks the card at work, with the PIN that it has taken already.
    pub(crate) fn ask_card(&mut self, frame: &mut Frame, operation: CardOperation, state: State) -> Progress {
        match self.card.clone() {
            Some(card) => {
                let pin = self.pins.get(&card).copied();
                self.ask(frame, Effect::Card { card, pin, operation }, state)
            }
            None => self.fail(frame, HResult::SCARD_E_NO_SMARTCARD),
        }
    }

    pub(crate) fn causes(&self, frame: &Frame) -> Vec<Cause> {
        let mut causes = self.reasons.clone();
        causes.push(frame.because());
        causes
    }

    pub(crate) fn effect_done(
        &mut self,
        frame: &mut Frame,
        known: &Known,
        effect: EffectId,
        result: EffectResult,
    ) -> Progress {
        if self.recheck == Some(effect) {
            self.recheck = None;
            return self.rechecked(frame, known, result);
        }
        if self.awaiting != Some(effect) {
            return Progress::Open;
        }
        self.awaiting = None;
        frame.timers.clear(Timer::Answer);
        let state = core::mem::replace(&mut self.state, State::Submit);
        match (state, result) {
            (State::Readers { after_ok }, result) => self.readers_read(frame, known, result, after_ok),
            (State::Describe, result) => self.described(frame, known, result),
            (State::Verify(pin), result) => self.verified(frame, known, pin, result),
            (State::Orphans(rest), result) => {
                let rest = self.after_deleting(frame, rest, &result);
                self.next_orphan(frame, known, rest)
            }
            (State::Generate, result) => self.generated(frame, known, result),
            (State::WriteAhead, EffectResult::Done) => self.begin_request(frame, known),
            (State::Sign, EffectResult::Signature(signature)) => self.signature_made(frame, known, &signature),
            (State::Exchange, EffectResult::ExchangeCertificate(certificate)) => self.exchange_read(frame, certificate),
            (State::Archive, EffectResult::ArchivedKey(blob)) => self.key_archived(frame, known, blob),
            (State::Submit, result) => self.replied(frame, known, result),
            (State::Retrieve, result) => self.retrieved(frame, result),
            (State::NotePending, EffectResult::Done) => Progress::Ended(Outcome::Pending),
            (State::NoteIssued, EffectResult::Done) => self.deliver(frame),
            (State::WriteCard, EffectResult::Done) => self.card_written(frame),
            (State::SetDefault, EffectResult::Done) => self.install(frame),
            (State::Install, EffectResult::Done) => self.installed(frame),
            (State::RemoveEntry, EffectResult::Done) => self.retire(frame, known),
            (State::Retire(rest), _) => self.next_retired(frame, rest),
            (State::CleanUp(rest, code), result) => {
                let rest = self.after_deleting(frame, rest, &result);
                self.clean_up(frame, rest, code)
            }
            (
                State::WriteCard | State::SetDefault | State::Install | State::RemoveEntry,
                EffectResult::Failed(code),
            ) => self.write_failed(frame, code),
            (State::Sign, EffectResult::Failed(code)) => self.fail(frame, code),
            (_, EffectResult::Failed(code)) => self.fail(frame, code),
            (_, EffectResult::WrongPin { tries_left }) => self.pin_no_longer_right(frame, tries_left),
            (_, _) => self.fail(frame, HResult::E_UNEXPECTED),
        }
    }

    /// A CA has not answered for so long that it counts as one that is not there.
    pub(crate) fn answer_is_overdue(&mut self, frame: &mut Frame, known: &Known) -> Progress {
        let Some(effect) = self.awaiting else { return Progress::Open };
        frame.abandon(effect);
        self.effect_done(frame, known, effect, EffectResult::Failed(HResult::RPC_S_SERVER_UNAVAILABLE))
    }

    pub(crate) fn answered(&mut self, frame: &mut Frame, known: &Known, prompt: PromptId, answer: &Answer) -> Progress {
        let takes = |open: &OpenPrompt| open.id == prompt && open.takes(answer);
        match &self.state {
            State::Consent(open) if takes(open) => self.consent_given(frame, known, answer),
            State::Select { prompt: open, .. } if takes(open) => self.card_selected(frame, known, answer),
            State::Insert(open) if takes(open) => self.insert_answered(frame, known, answer),
            State::Replace(open) if takes(open) => self.replace_answered(frame, known, answer),
            State::Pin(open) if takes(open) => self.pin_given(frame, answer),
            _ => Progress::Open,
        }
    }

    fn consent_given(&mut self, frame: &mut Frame, known: &Known, answer: &Answer) -> Progress {
        let provider = self.provider().name;
        if *answer == Answer::Ok {
            if frame.decide(rules::KEY_PROTECTION_OK, &provider, true, Facts::new()) {
                return self.remove_orphans(frame, known);
            }
        } else if !frame.decide(rules::KEY_PROTECTION_CANCELLED, &provider, true, Facts::new()) {
            return self.remove_orphans(frame, known);
        }
        self.fail(frame, HResult::SCARD_W_CANCELLED_BY_USER)
    }

    // S10: the key.

    /// Removes what earlier requests for the template left behind, then generates.
    pub(crate) fn remove_orphans(&mut self, frame: &mut Frame, known: &Known) -> Progress {
        let mut effects = VecDeque::new();
        for orphan in core::mem::take(&mut self.item.orphans) {
            let Orphan { entry, owns_key } = orphan;
            let here = entry.key.card.is_none() || entry.key.card == self.card;
            let facts = Facts::new()
                .with("stage", "prepared")
                .with("container", entry.key.container.as_str())
                .with("card-here", here);
            // While its card is away, the entry is all that knows of the key.
            if !frame.decide(rules::UNFINISHED_REQUEST, &entry.template, here || !owns_key, facts) {
                continue;
            }
            if here && owns_key {
                effects.push_back(self.delete_container(&entry.key));
            }
            effects.push_back(Effect::RemoveRequest(entry.key_id));
        }
        self.next_orphan(frame, known, effects)
    }

    fn delete_container(&self, key: &KeyPlace) -> Effect {
        let container = key.container.clone();
        match &key.card {
            Some(card) => {
                let pin = self.pins.get(card).copied();
                Effect::Card { card: card.clone(), pin, operation: CardOperation::Delete { container } }
            }
            None => {
                Effect::Software { provider: key.provider.clone(), operation: SoftwareOperation::Delete { container } }
            }
        }
    }

    fn next_orphan(&mut self, frame: &mut Frame, known: &Known, mut rest: VecDeque<Effect>) -> Progress {
        match rest.pop_front() {
            Some(effect) => self.ask(frame, effect, State::Orphans(rest)),
            None => self.generate(frame, known),
        }
    }

    /// What is left to do after an effect: when a key was to be deleted and its card is gone, its entry stays.
    fn after_deleting(&self, frame: &mut Frame, mut rest: VecDeque<Effect>, result: &EffectResult) -> VecDeque<Effect> {
        let gone = matches!(result, EffectResult::Failed(code) if is_gone(*code));
        let facts = Facts::new().with("stage", "prepared").with("card-here", false);
        if gone
            && matches!(rest.front(), Some(Effect::RemoveRequest(_)))
            && frame.decide(rules::UNFINISHED_REQUEST, &self.item.name, true, facts)
        {
            rest.pop_front();
        }
        rest
    }

    fn generate(&mut self, frame: &mut Frame, known: &Known) -> Progress {
        let Some(template) = template_of(&known.gathered, &self.item) else {
            return self.fail(frame, HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE);
        };
        let Some(algorithm) = crate::request::key_algorithm(frame, template) else {
            let too_long = KeyAlgorithm::rsa_at_least(template.minimal_key_size).is_none();
            let code = if too_long { HResult::NTE_BAD_LEN } else { HResult::NTE_BAD_ALGID };
            return self.unsupported(frame, code);
        };
        // Before the key is made, for nothing could be done with it.
        if let Err(code) = crate::request::named_hash(template) {
            return self.unsupported(frame, code);
        }
        self.algorithm = Some(algorithm);
        let wanted = self.item.action == Action::Renew
            && template.private_key_flags.contains(PrivateKeyFlags::REQUIRE_SAME_KEY_RENEWAL);
        let obeyed = frame.profile().same_key_renewal.is_yes();
        let same = wanted && frame.decide(rules::SAME_KEY_RENEWAL, &self.item.name, obeyed, Facts::new());
        let fresh = frame.decide(
            rules::FRESH_KEY,
            &self.item.name,
            !same,
            Facts::new().with("action", self.item.action.as_str()),
        );
        if !fresh && let Some(old) = self.item.old.clone() {
            return self.reuse_key(frame, known, old.key, &old.certificate);
        }
        let key_spec = template.key_spec;
        if self.card.is_some() {
            let make_default = !self.keep_default && self.default_moves_early(frame);
            let overwrite = self.overwrite.clone();
            let operation = CardOperation::Generate { algorithm, key_spec, make_default, overwrite };
            return self.ask_card(frame, operation, State::Generate);
        }
        let exportable = template.private_key_flags.contains(PrivateKeyFlags::EXPORTABLE_KEY);
        let exportable = frame.decide(rules::EXPORTABLE, &self.item.name, exportable, Facts::new());
        let protected = self.is_protected(known);
        let operation = SoftwareOperation::Generate { algorithm, key_spec, exportable, protected };
        let provider = self.provider().name;
        self.ask(frame, Effect::Software { provider, operation }, State::Generate)
    }

    fn generated(&mut self, frame: &mut Frame, known: &Known, result: EffectResult) -> Progress {
        match result {
            EffectResult::Generated { key, public_key } => {
                if !frame.decide(
                    rules::KEY_MADE,
                    &self.item.name,
                    true,
                    Facts::new().with("container", key.container.as_str()),
                ) {
                    return self.fail(frame, HResult::NTE_FAIL);
                }
                self.key = Some(key);
                self.public_key = public_key;
                self.write_ahead(frame)
            }
            EffectResult::Failed(code) => self.generation_failed(frame, known, code),
            EffectResult::WrongPin { tries_left } => self.pin_no_longer_right(frame, tries_left),
            _ => self.fail(frame, HResult::E_UNEXPECTED),
        }
    }

    fn generation_failed(&mut self, frame: &mut Frame, known: &Known, code: HResult) -> Progress {
        let facts = Facts::new().with("code", code.to_string());
        let name = self.item.name.clone();
        match code {
            HResult::NTE_TOKEN_KEYSET_STORAGE_FULL => {
                let flag = autoenroll_model::EnrollmentFlags::ENABLE_KEY_REUSE_ON_NT_TOKEN_KEYSET_STORAGE_FULL;
                let reuses = self.item.action == Action::Renew
                    && frame.profile().key_reuse.is_yes()
                    && template_of(&known.gathered, &self.item).is_some_and(|template| template.enrollment(flag));
                if frame.decide(rules::CARD_FULL_REUSE, &name, reuses, facts.clone())
                    && let Some(old) = self.item.old.clone()
                {
                    return self.reuse_key(frame, known, old.key, &old.certificate);
                }
                let full = frame.decide(rules::CARD_FULL, &name, true, facts);
                self.fail(frame, if full { code } else { HResult::NTE_FAIL })
            }
            HResult::NTE_BAD_LEN | HResult::NTE_BAD_ALGID | HResult::SCARD_E_UNSUPPORTED_FEATURE => {
                self.unsupported(frame, code)
            }
            code if is_gone(code) => {
                if frame.decide(rules::CARD_REMOVED_AT_KEY, &name, true, facts) {
                    self.fail(frame, code)
                } else {
                    self.read_readers(frame, false)
                }
            }
            code => self.fail(frame, code),
        }
    }

    /// A length, algorithm or feature that the provider does not have.
    fn unsupported(&mut self, frame: &mut Frame, code: HResult) -> Progress {
        let facts = Facts::new().with("code", code.to_string());
        let unsupported = frame.decide(rules::KEY_UNSUPPORTED, &self.item.name, true, facts);
        self.fail(frame, if unsupported { code } else { HResult::NTE_FAIL })
    }

    /// The new certificate gets the key of the old one.
    fn reuse_key(&mut self, frame: &mut Frame, _known: &Known, key: KeyPlace, certificate: &[u8]) -> Progress {
        let Ok(view) = Certificate::parse(certificate) else {
            return self.fail(frame, HResult::CRYPT_E_NOT_FOUND);
        };
        self.key = Some(key);
        self.public_key = view.public_key;
        self.write_ahead(frame)
    }

    // S11: the request.

    /// The entry that survives a crash, before anything can have been submitted.
    fn write_ahead(&mut self, frame: &mut Frame) -> Progress {
        match self.entry(frame, RequestStage::Prepared) {
            Some(entry) => self.ask(frame, Effect::PutRequest(entry), State::WriteAhead),
            None => self.fail(frame, HResult::E_UNEXPECTED),
        }
    }

    fn entry(&self, frame: &Frame, stage: RequestStage) -> Option<RequestEntry> {
        if let Some(entry) = &self.item.entry {
            return Some(RequestEntry { stage, ..entry.clone() });
        }
        let key_id = key_identifier(&self.public_key).ok()?;
        Some(RequestEntry {
            key_id: autoenroll_model::hex::encode(&key_id),
            template: self.item.name.clone(),
            key: self.key.clone()?,
            algorithm: self.algorithm?,
            created: frame.now.wall,
            stage,
            replaces: self.item.retires.first().cloned(),
            renewal: self.item.action == Action::Renew,
        })
    }

    fn begin_request(&mut self, frame: &mut Frame, known: &Known) -> Progress {
        let archival = template_of(&known.gathered, &self.item)
            .is_some_and(|template| template.private_key_flags.contains(PrivateKeyFlags::REQUIRE_PRIVATE_KEY_ARCHIVAL));
        if archival && frame.decide(rules::KEY_ARCHIVAL, &self.item.name, archival, Facts::new()) {
            // A key on a card cannot leave it, so it cannot be archived.
            return match (self.card.is_some(), self.item.authorities.get(self.ca).cloned()) {
                (false, Some(Ca { name, host })) => {
                    self.ask(frame, Effect::ReadExchangeCertificate { ca: name, host }, State::Exchange)
                }
                _ => self.fail(frame, HResult::NTE_NOT_SUPPORTED),
            };
        }
        self.build_request(frame, known, None)
    }

    fn exchange_read(&mut self, frame: &mut Frame, exchange_certificate: Vec<u8>) -> Progress {
        let Some(key) = self.key.clone() else { return self.fail(frame, HResult::E_UNEXPECTED) };
        let operation = SoftwareOperation::Archive { container: key.container, exchange_certificate };
        self.ask(frame, Effect::Software { provider: key.provider, operation }, State::Archive)
    }

    fn key_archived(&mut self, frame: &mut Frame, known: &Known, blob: Vec<u8>) -> Progress {
        self.build_request(frame, known, Some(blob))
    }

    fn build_request(&mut self, frame: &mut Frame, known: &Known, archived_key: Option<Vec<u8>>) -> Progress {
        let Some(template) = template_of(&known.gathered, &self.item) else {
            return self.fail(frame, HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE);
        };
        let Some(provider) = self.key.as_ref().map(|key| key.provider.clone()) else {
            return self.fail(frame, HResult::NTE_NO_KEY);
        };
        match RequestBuilder::new(
            frame,
            &self.item,
            template,
            &provider,
            &self.public_key,
            self.algorithm,
            archived_key,
        ) {
            Ok(builder) => {
                self.builder = Some(builder);
                self.next_signature(frame)
            }
            Err(code) => self.fail(frame, code),
        }
    }

    /// Signs what the builder wants signed next; when nothing is left, submits. A key on a card that has not taken its PIN yet
    /// makes its provider ask for both, at the moment when it is to sign: in its only reader, one card may follow another.
    pub(crate) fn next_signature(&mut self, frame: &mut Frame) -> Progress {
        self.card = self.key.as_ref().and_then(|key| key.card.clone());
        let Some(builder) = &self.builder else { return self.fail(frame, HResult::E_UNEXPECTED) };
        let (signer, algorithm, message) = match builder.next() {
            Demand::Sign { signer, algorithm, message } => (signer, algorithm, message),
            Demand::Complete(_) => return self.submit(frame),
        };
        let key = match signer {
            Signer::New => self.key.clone(),
            Signer::Old => self.item.old.as_ref().map(|old| old.key.clone()),
            Signer::Cosigner => self.item.cosigner.as_ref().map(|cosigner| cosigner.key.clone()),
        };
        let Some(key) = key else { return self.fail(frame, HResult::NTE_NO_KEY) };
        if key.card.as_ref().is_some_and(|card| !self.pins.contains_key(card)) {
            self.signing = Some(key);
            return self.read_readers(frame, false);
        }
        let container = key.container;
        if key.card.is_some() {
            self.card = key.card;
            return self.ask_card(frame, CardOperation::Sign { container, algorithm, message }, State::Sign);
        }
        let operation = SoftwareOperation::Sign { container, algorithm, message };
        self.ask(frame, Effect::Software { provider: key.provider, operation }, State::Sign)
    }

    fn signature_made(&mut self, frame: &mut Frame, _known: &Known, signature: &[u8]) -> Progress {
        let Some(builder) = &mut self.builder else { return self.fail(frame, HResult::E_UNEXPECTED) };
        match builder.signed(signature) {
            Ok(()) => self.next_signature(frame),
            Err(code) => self.fail(frame, code),
        }
    }

    fn submit(&mut self, frame: &mut Frame) -> Progress {
        let Some(Demand::Complete(finished)) = self.builder.as_ref().map(RequestBuilder::next) else {
            return self.fail(frame, HResult::E_UNEXPECTED);
        };
        let Some(Ca { name, host }) = self.item.authorities.get(self.ca).cloned() else {
            return self.fail(frame, HResult::CERTSRV_E_UNSUPPORTED_CERT_TYPE);
        };
        let submission =
            Submission { ca: name, host, flags: finished.flags, attributes: Vec::new(), request: finished.der };
        self.ask(frame, Effect::Submit(submission), State::Submit)
    }

    fn replied(&mut self, frame: &mut Frame, known: &Known, result: EffectResult) -> Progress {
        let ca = self.item.authorities.get(self.ca).cloned();
        let (Some(ca), EffectResult::Reply(reply)) = (ca, &result) else {
            let code = if let EffectResult::Failed(code) = result { code } else { HResult::E_UNEXPECTED };
            return self.refused(frame, known, code);
        };
        let facts = Facts::new().with("ca", ca.name.as_str()).with("request-id", reply.request_id);
        // The number alone counts, never the message beside it.
        let (answered, code) = match reply.disposition {
            Disposition::Issued | Disposition::Pending => (true, HResult::E_UNEXPECTED),
            Disposition::Denied(code) | Disposition::Failed(code) => (false, code),
        };
        if !frame.decide(rules::DISPOSITION, &self.item.name, answered, facts.clone()) {
            return self.refused(frame, known, code);
        }
        match reply.disposition {
            Disposition::Issued if frame.decide(rules::ISSUED, &self.item.name, true, facts.clone()) => {
                self.take_certificate(frame, ca.name, reply)
            }
            Disposition::Pending if frame.decide(rules::PENDING, &self.item.name, true, facts) => {
                let keeps = frame.decide(
                    rules::PENDING_REMEMBERED,
                    &self.item.name,
                    true,
                    Facts::new().with("request-id", reply.request_id),
                );
                let stage = RequestStage::Pending { ca: ca.name, host: ca.host, request_id: reply.request_id };
                match self.entry(frame, stage) {
                    Some(entry) if keeps => self.ask(frame, Effect::PutRequest(entry), State::NotePending),
                    _ => Progress::Ended(Outcome::Pending),
                }
            }
            Disposition::Issued | Disposition::Pending => self.refused(frame, known, HResult::E_UNEXPECTED),
            Disposition::Denied(code) | Disposition::Failed(code) => self.refused(frame, known, code),
        }
    }

    /// The CA did not issue: the next CA, or failure.
    fn refused(&mut self, frame: &mut Frame, _known: &Known, code: HResult) -> Progress {
        let facts = Facts::new().with("code", code.to_string());
        let failed = frame.decide(rules::REQUEST_DENIED, &self.item.name, true, facts.clone());
        let another = self.ca + 1 < self.item.authorities.len();
        if another && frame.decide(rules::NEXT_CA, &self.item.name, another, facts) {
            self.ca += 1;
            return self.submit(frame);
        }
        if !failed {
            return Progress::Ended(Outcome::Postponed);
        }
        let mut effects = VecDeque::new();
        if let Some(key) = self.key.clone().filter(|key| self.item.old.as_ref().is_none_or(|old| old.key != *key)) {
            effects.push_back(self.delete_container(&key));
        }
        if let Some(entry) = self.entry(frame, RequestStage::Prepared) {
            effects.push_back(Effect::RemoveRequest(entry.key_id));
        }
        self.clean_up(frame, effects, code)
    }

    pub(crate) fn clean_up(&mut self, frame: &mut Frame, mut rest: VecDeque<Effect>, code: HResult) -> Progress {
        match rest.pop_front() {
            Some(effect) => self.ask(frame, effect, State::CleanUp(rest, code)),
            None => self.fail(frame, code),
        }
    }

    /// The answer to the question about a pending request.
    fn retrieved(&mut self, frame: &mut Frame, result: EffectResult) -> Progress {
        let Some(entry) = self.item.entry.clone() else { return self.fail(frame, HResult::E_UNEXPECTED) };
        let RequestStage::Pending { ca, .. } = &entry.stage else { return self.fail(frame, HResult::E_UNEXPECTED) };
        let reply = match result {
            EffectResult::Reply(reply) => reply,
            EffectResult::Failed(code) => return self.fail(frame, code),
            _ => return self.fail(frame, HResult::E_UNEXPECTED),
        };
        let facts = Facts::new().with("ca", ca.as_str()).with("request-id", reply.request_id);
        match reply.disposition {
            Disposition::Issued
                if frame.decide(
                    rules::PENDING_OUTCOME,
                    &self.item.name,
                    true,
                    facts.clone().with("outcome", "issued"),
                ) =>
            {
                self.key = Some(entry.key.clone());
                self.take_certificate(frame, ca.clone(), &reply)
            }
            Disposition::Issued | Disposition::Pending => Progress::Ended(Outcome::Pending),
            Disposition::Denied(code) | Disposition::Failed(code) => {
                let removed =
                    frame.decide(rules::PENDING_OUTCOME, &self.item.name, true, facts.with("outcome", "denied"));
                let mut effects = VecDeque::new();
                if removed {
                    if entry.key.card.is_none() {
                        effects.push_back(self.delete_container(&entry.key));
                    }
                    effects.push_back(Effect::RemoveRequest(entry.key_id));
                }
                self.clean_up(frame, effects, code)
            }
        }
    }

    /// Issued: the certificate must be for the key that asked, and the entry must say that it exists before it is put anywhere.
    fn take_certificate(&mut self, frame: &mut Frame, ca: String, reply: &CaReply) -> Progress {
        let Some(certificate) = reply.certificate.clone() else { return self.fail(frame, HResult::CRYPT_E_NOT_FOUND) };
        let Ok(view) = Certificate::parse(&certificate) else {
            return self.fail(frame, HResult::ERROR_INVALID_DATA);
        };
        let key_id = key_identifier(&view.public_key).unwrap_or_default();
        let stage =
            RequestStage::Issued { ca: ca.clone(), request_id: reply.request_id, certificate: certificate.clone() };
        let Some(entry) = self.entry(frame, stage) else { return self.fail(frame, HResult::E_UNEXPECTED) };
        let ours = autoenroll_model::hex::encode(&key_id) == entry.key_id;
        if !ours {
            return self.fail(frame, HResult::CERTSRV_E_RENEWAL_BAD_PUBLIC_KEY);
        }
        self.issued = Some(Issued { ca, request_id: reply.request_id, certificate });
        self.ask(frame, Effect::PutRequest(entry), State::NoteIssued)
    }

    /// S12: to the card first, then to MY. What arrives from a pending request and belongs on a card needs the user again.
    fn deliver(&mut self, frame: &mut Frame) -> Progress {
        let on_card = self.key.as_ref().is_some_and(|key| key.card.is_some());
        if self.item.action == Action::Retrieve && on_card {
            let interactive = frame.decide(rules::PENDING_FOR_CARD, &self.item.name, on_card, Facts::new());
            if let (true, Some(issued), Some(entry)) = (interactive, &self.issued, self.item.entry.clone()) {
                let stage = RequestStage::Issued {
                    ca: issued.ca.clone(),
                    request_id: issued.request_id,
                    certificate: issued.certificate.clone(),
                };
                let entry = RequestEntry { stage, ..entry };
                let arrived = frame.decide(rules::PENDING_CARD_ARRIVES, &self.item.name, true, Facts::new());
                if !arrived {
                    return Progress::Ended(Outcome::Postponed);
                }
                let item = Item {
                    action: Action::Resume,
                    interactive: true,
                    entry: Some(entry),
                    reasons: alloc::vec![frame.because()],
                    ..self.item.clone()
                };
                return Progress::Arrived(alloc::boxed::Box::new(item));
            }
        }
        if on_card { self.write_card(frame) } else { self.install(frame) }
    }

    fn write_failed(&mut self, frame: &mut Frame, code: HResult) -> Progress {
        let facts = Facts::new().with("code", code.to_string());
        if frame.decide(rules::CERTIFICATE_NOT_WRITTEN, &self.item.name, true, facts) {
            self.fail(frame, code)
        } else {
            self.succeed(frame)
        }
    }

    pub(crate) fn install(&mut self, frame: &mut Frame) -> Progress {
        match install::stored(frame, &self.item, self.key.as_ref(), self.issued.as_ref()) {
            Some(stored) => self.ask(frame, Effect::AddCertificate(stored), State::Install),
            None => self.fail(frame, HResult::E_UNEXPECTED),
        }
    }

    fn installed(&mut self, frame: &mut Frame) -> Progress {
        match self.entry(frame, RequestStage::Prepared) {
            Some(entry) => self.ask(frame, Effect::RemoveRequest(entry.key_id), State::RemoveEntry),
            None => self.fail(frame, HResult::E_UNEXPECTED),
        }
    }

    fn retire(&mut self, frame: &mut Frame, known: &Known) -> Progress {
        let rest = install::retirements(frame, known, &self.item);
        self.next_retired(frame, rest.into())
    }

    fn next_retired(&mut self, frame: &mut Frame, mut rest: VecDeque<Effect>) -> Progress {
        match rest.pop_front() {
            Some(effect) => self.ask(frame, effect, State::Retire(rest)),
            None => self.succeed(frame),
        }
    }

    /// Everything is where it belongs: only now is success logged.
    fn succeed(&mut self, frame: &mut Frame) -> Progress {
        let (Some(issued), Some(key)) = (&self.issued, self.key.clone()) else {
            return self.fail(frame, HResult::E_UNEXPECTED);
        };
        let Ok(view) = Certificate::parse(&issued.certificate) else {
            return self.fail(frame, HResult::ERROR_INVALID_DATA);
        };
        let thumbprint = view.thumbprint();
        let done = frame.decide(
            rules::CERTIFICATE_WRITTEN,
            &self.item.name,
            true,
            Facts::new().with("certificate", thumbprint.0.as_str()),
        );
        if !done {
            return self.fail(frame, HResult::E_UNEXPECTED);
        }
        events::succeeded(frame, self.item.action, &self.item.name, &issued.ca, &thumbprint);
        events::life_cycle(frame, 1006, &thumbprint);
        events::life_cycle(frame, 1008, &thumbprint);
        if let Some(old) = self.item.old.as_ref().filter(|_| self.item.action == Action::Renew) {
            events::life_cycle(frame, 1001, &old.thumbprint);
        }
        Progress::Ended(Outcome::Enrolled { thumbprint, key })
    }

    pub(crate) fn fail(&mut self, _frame: &mut Frame, code: HResult) -> Progress {
        Progress::Ended(Outcome::Failed(code))
    }

    /// The user closes the wizard or logs off: nothing of this item stays open.
    pub(crate) fn stop(&mut self, frame: &mut Frame) {
        match &self.state {
            State::Consent(open) | State::Insert(open) | State::Replace(open) | State::Pin(open) => {
                frame.withdraw(open, &[])
            }
            State::Select { prompt, .. } => frame.withdraw(prompt, &[]),
            _ => {}
        }
        frame.timers.clear(Timer::Answer);
        for effect in [self.awaiting.take(), self.recheck.take()].into_iter().flatten() {
            frame.abandon(effect);
        }
    }
}

/// PINs that the profile keeps only while the card is in its reader are forgotten when anything changes in a reader: whether this
/// card left is not known, and asking once too often spends no try.
pub(crate) fn forget_pins_of_absent_cards(frame: &mut Frame) {
    if frame.profile().pin_cache == autoenroll_model::PinCache::CardPresent {
        frame.pins.clear();
    }
}

/// Whether a code says that the card is not there any more, in one of its several ways.
pub(crate) const fn is_gone(code: HResult) -> bool {
    matches!(
        code,
        HResult::SCARD_W_REMOVED_CARD
            | HResult::SCARD_W_RESET_CARD
            | HResult::SCARD_W_UNPOWERED_CARD
            | HResult::SCARD_W_UNRESPONSIVE_CARD
            | HResult::SCARD_E_NO_SMARTCARD
    )
}
