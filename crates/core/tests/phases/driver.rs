//! A driver without a world: it answers every effect from a few tables, lets a script act as the user, and writes down
//! what the core puts out, a line each. Signatures are made-up bytes: a core cannot tell.
#![expect(unreachable_pub, reason = "a module of a test crate: its items are public to that crate")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "this is test code outside of test functions")]

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use autoenroll_core::Core;
use autoenroll_model::{
    Answer, BalloonId, CaReply, CardDescription, CardOperation, CardSerial, CertificateCheck, ContainerView, Context,
    CoreError, Disposition, Duration, Effect, EffectId, EffectResult, EnrollmentCore, EnrollmentFlags,
    EnrollmentService, FileTime, GeneralFlags, Guid, HResult, Identity, Input, KeyAlgorithm, KeyPlace, KeyUsage,
    NameFlags, Now, OutputBody, PinId, PolicyResponse, PrincipalObject, Profile, PromptId, Provider, ProviderDialogs,
    ProviderKind, ProviderPreference, ReaderState, ReaderView, Report, RequestEntry, RequestStage, RootDse,
    SecurityDescriptor, Settings, SimTime, SoftwareOperation, StoredCertificate, Stores, Template, Thumbprint, Trigger,
    TriggerCause, TrustContainer, hex,
};
use autoenroll_wire::{Extension, Extensions, Name, TemplateReference, UnsignedCertificate, key_identifier};

pub const ALICE: &str = "S-1-5-21-1-2-3-1104";
pub const TEMPLATE_OID: &str = "1.3.6.1.4.1.311.21.8.1.2.3";
pub const CARD_LOGON: &str = "1.3.6.1.4.1.311.20.2.2";
pub const VENDOR: &str = "Vendor Card CSP";
pub const BASE: &str = "Microsoft Base Smart Card Crypto Provider";
pub const ENHANCED: &str = "Microsoft Enhanced Cryptographic Provider v1.0";

/// What exists around the core, all of it settable.
pub struct Driver {
    pub settings: Settings,
    pub templates: Vec<Template>,
    pub stores: Stores,
    pub cards: BTreeMap<String, Card>,
    /// Cards in readers, by serial.
    pub inserted: Vec<String>,
    /// What the CA answers, one for each submission or retrieval; when they run out it issues.
    pub replies: VecDeque<Result<Disposition, HResult>>,
    /// The template of the certificates that it issues.
    pub issues: &'static str,
    /// Effects that end otherwise, by a word of their description, once each.
    pub instead: Vec<(&'static str, EffectResult)>,
    /// The effect that ends otherwise, by its number among all effects so far.
    pub nth: Option<(usize, EffectResult)>,
    /// Descriptions of all effects so far.
    pub effects: Vec<Effect>,
    /// The results of those that are done.
    pub results: Vec<EffectResult>,
    /// What the core said when this driver broke the contract; nothing happens afterwards.
    pub broken: Option<CoreError>,
    /// Effects with this word are not answered.
    pub hangs: Option<&'static str>,
    /// Trust containers, of which a machine has some.
    pub trust: Vec<TrustContainer>,
    /// What policy servers answer, one for each question.
    pub policies: VecDeque<Result<PolicyResponse, HResult>>,
    /// Certificates in the principal's directory object.
    pub published: Vec<Vec<u8>>,
    /// What is found out about each certificate, by thumbprint; the others are good.
    pub checks: Vec<CertificateCheck>,
    /// Every decision, as rule, outcome and subject.
    pub decisions: Vec<(String, bool, String)>,
    /// The core, and what it has put out.
    pub core: Core,
    pub lines: String,
    identity: Identity,
    now: SimTime,
    start: FileTime,
    pins: BTreeMap<u32, String>,
    prompt: Option<PromptId>,
    balloon: Option<BalloonId>,
    waiting: VecDeque<(EffectId, Effect)>,
    serial: u8,
    requests: u32,
}

pub struct Card {
    pub provider: &'static str,
    pub pin: &'static str,
    pub tries: u8,
    pub containers: Vec<ContainerView>,
    pub free: u16,
}

impl Card {
    pub fn of(provider: &'static str) -> Self {
        Self { provider, pin: "1234", tries: 3, containers: Vec::new(), free: 16 }
    }

    pub fn with_default(mut self, name: &str) -> Self {
        let index = u8::try_from(self.containers.len()).unwrap();
        self.containers.push(ContainerView {
            index,
            name: name.into(),
            default: true,
            has_key: true,
            has_certificate: true,
        });
        self
    }
}

pub fn template(name: &str, providers: &[&str], flags: EnrollmentFlags) -> Template {
    Template {
        oid: Some(TEMPLATE_OID.parse().unwrap()),
        flags: GeneralFlags::empty(),
        enrollment_flags: Some(flags | EnrollmentFlags::AUTO_ENROLLMENT),
        name_flags: NameFlags::SUBJECT_ALT_REQUIRE_UPN,
        minimal_key_size: 2048,
        providers: (1..)
            .zip(providers)
            .map(|(order, name)| ProviderPreference { order, name: (*name).into() })
            .collect(),
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        eku: vec![CARD_LOGON.parse().unwrap()],
        application_policies: vec![],
        critical_extensions: vec![],
        security: SecurityDescriptor::full_control(&ALICE.parse().unwrap()),
        ..Template::permissive(name)
    }
}

impl Driver {
    pub fn new(profile: Profile, templates: Vec<Template>) -> Self {
        Self::of(Context::User, profile, templates)
    }

    pub fn of(context: Context, profile: Profile, templates: Vec<Template>) -> Self {
        let identity = Identity {
            principal: "alice".into(),
            computer: "WKS01".into(),
            domain: "CONTOSO".into(),
            context,
            domain_member: true,
            domain_controller: false,
            profile,
        };
        let provider = |name: &str, kind| Provider { name: name.into(), kind };
        Self {
            settings: Settings {
                policy: Some(7),
                providers: vec![
                    provider(BASE, ProviderKind::Card),
                    provider(VENDOR, ProviderKind::Card),
                    provider(ENHANCED, ProviderKind::Software),
                ],
                ..Settings::default()
            },
            templates,
            stores: Stores::default(),
            cards: BTreeMap::new(),
            inserted: vec![],
            replies: VecDeque::new(),
            instead: vec![],
            nth: None,
            effects: vec![],
            results: vec![],
            broken: None,
            hangs: None,
            issues: TEMPLATE_OID,
            trust: vec![],
            policies: VecDeque::new(),
            published: vec![],
            checks: vec![],
            decisions: vec![],
            core: Core::new(identity.clone()),
            identity,
            lines: String::new(),
            now: SimTime::START,
            start: FileTime::from_unix_seconds(1_772_438_400),
            pins: BTreeMap::new(),
            prompt: None,
            balloon: None,
            waiting: VecDeque::new(),
            serial: 0,
            requests: 0,
        }
    }

    // What people do.

    /// The summary is closed, and the next run is worked on with the right PIN.
    pub fn again_after_the_summary(&mut self) {
        self.answer(Answer::Close);
        self.trigger(TriggerCause::Manual);
        self.wait(Duration::minutes(1));
        self.click_icon();
        self.answer(Answer::Start);
        self.pin("1234");
    }

    pub fn trigger(&mut self, cause: TriggerCause) {
        self.give(Input::Trigger(Trigger::of(cause)), &format!("trigger {cause}"));
    }

    pub fn wait(&mut self, span: Duration) {
        let until = self.now + span;
        while let Some(at) = self.core.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.give(Input::Tick, "tick");
        }
        self.now = until;
    }

    pub fn click_icon(&mut self) {
        self.give(Input::IconClicked, "click icon");
    }

    pub fn click_balloon(&mut self) {
        let balloon = self.balloon.expect("a balloon is shown");
        self.give(Input::BalloonClicked(balloon), "click balloon");
    }

    pub fn answer(&mut self, answer: Answer) {
        let prompt = self.prompt.take().expect("a prompt is open");
        let said = format!("answer {}", answer.offer());
        self.give(Input::PromptAnswered { prompt, answer }, &said);
    }

    pub fn pin(&mut self, pin: &str) {
        let id = u32::try_from(self.pins.len()).unwrap();
        self.pins.insert(id, pin.into());
        self.answer(Answer::Pin(PinId(id)));
    }

    pub fn insert(&mut self, card: &str) {
        self.inserted.push(card.into());
        self.give(Input::ReadersChanged, &format!("insert {card}"));
    }

    pub fn remove(&mut self, card: &str) {
        self.inserted.retain(|other| other != card);
        self.give(Input::ReadersChanged, &format!("remove {card}"));
    }

    /// The core is gone; the next one has nothing but the stores.
    pub fn crash(&mut self) {
        self.core = Core::new(self.identity.clone());
        (self.prompt, self.balloon) = (None, None);
        self.waiting.clear();
    }

    /// The same principal under another value of a switch, with a new core.
    pub fn change_profile(&mut self, switch: &str, value: &str) {
        self.identity.profile.set(switch, value).unwrap();
        self.crash();
    }

    /// An effect fails, once, whose description has this word.
    pub fn fail(&mut self, word: &'static str, code: HResult) {
        self.instead.push((word, EffectResult::Failed(code)));
    }

    /// What the core has put out since, and forgets it.
    pub fn take(&mut self) -> String {
        core::mem::take(&mut self.lines)
    }

    pub const fn open_prompt(&self) -> Option<PromptId> {
        self.prompt
    }

    pub const fn open_balloon(&self) -> Option<BalloonId> {
        self.balloon
    }

    /// The last decision by a rule, if there was one.
    pub fn decided(&self, rule: &str) -> Option<bool> {
        self.decisions.iter().rev().find(|(id, ..)| id == rule).map(|(_, outcome, _)| *outcome)
    }

    pub fn input(&mut self, input: Input, said: &str) {
        self.give(input, said);
    }

    /// Hands over one input and carries out effects until the core rests.
    fn give(&mut self, input: Input, said: &str) {
        let _ = writeln!(self.lines, "{} > {said}", self.now);
        self.hand(input);
        for _ in 0..1000 {
            let hangs =
                |(_, effect): &(EffectId, Effect)| self.hangs.is_some_and(|word| describe(effect).contains(word));
            let Some(at) = self.waiting.iter().position(|effect| !hangs(effect)) else { return };
            let Some((id, effect)) = self.waiting.remove(at) else { return };
            let result = self.carry_out(&effect);
            self.results.push(result.clone());
            self.hand(Input::EffectDone { effect: id, result });
        }
        panic!("the core does not come to rest");
    }

    fn hand(&mut self, input: Input) {
        let now = Now { mono: self.now, wall: self.start + Duration(self.now.0) };
        if self.broken.is_some() {
            return;
        }
        if let Err(error) = self.core.handle(now, input) {
            self.broken = Some(error);
            self.waiting.clear();
            return;
        }
        while let Some(output) = self.core.poll().unwrap() {
            self.put_out(output.body);
        }
    }

    fn put_out(&mut self, body: OutputBody) {
        let line = match body {
            OutputBody::Decision(decision) => {
                self.decisions.push((decision.rule.to_string(), decision.outcome, decision.subject.to_string()));
                return;
            }
            OutputBody::Effect { id, effect } => {
                let line = describe(&effect);
                self.effects.push(effect.clone());
                self.waiting.push_back((id, effect));
                line
            }
            OutputBody::AbandonEffect { id } => {
                self.waiting.retain(|(waiting, _)| *waiting != id);
                "abandon effect".into()
            }
            OutputBody::Balloon(id) => {
                self.balloon = Some(id);
                "BALLOON".into()
            }
            OutputBody::BalloonHidden(_) => "balloon hidden".into(),
            OutputBody::Icon { shown } => format!("icon {}", if shown { "shown" } else { "gone" }),
            OutputBody::Prompt { id, point, facts, .. } => {
                assert_eq!(self.prompt, None, "one prompt at a time");
                self.prompt = Some(id);
                format!("PROMPT {point} {facts}")
            }
            OutputBody::PromptChanged { facts, .. } => format!("prompt changed {facts}"),
            OutputBody::PromptWithdrawn { id } => {
                assert_eq!(self.prompt.take(), Some(id));
                "prompt withdrawn".into()
            }
            OutputBody::Event(entry) => format!("event {} {} {}", entry.id, entry.severity, entry.facts),
            OutputBody::Report(report) => tell(&report),
        };
        let _ = writeln!(self.lines, "    {line}");
    }

    fn carry_out(&mut self, effect: &Effect) -> EffectResult {
        let described = describe(effect);
        if let Some(at) = self.instead.iter().position(|(word, _)| described.contains(word)) {
            return self.instead.remove(at).1;
        }
        if let Some((_, result)) = self.nth.take_if(|(nth, _)| self.effects.get(*nth) == Some(effect)) {
            return result;
        }
        match effect {
            Effect::ReadSettings => EffectResult::Settings(self.settings.clone().into()),
            Effect::BindDirectory => EffectResult::Directory(RootDse {
                dc: "DC1".into(),
                usn: 1,
                signs_ldap: true,
                forest: Guid([1; 16]),
                site: None,
            }),
            Effect::ReadTemplates => EffectResult::Templates(self.templates.iter().cloned().map(Into::into).collect()),
            Effect::ReadEnrollmentServices => EffectResult::EnrollmentServices(self.authorities()),
            Effect::ReadPrincipal => {
                EffectResult::Principal(PrincipalObject { certificates: self.published.clone(), ..alice() }.into())
            }
            Effect::ReadTrust => EffectResult::Trust(self.trust.clone()),
            Effect::WriteDirectoryCache(cache) => {
                self.settings.directory_cache = Some(cache.clone());
                EffectResult::Done
            }
            Effect::GetPolicies(_) => match self.policies.pop_front().unwrap() {
                Ok(response) => EffectResult::Policy(response),
                Err(code) => EffectResult::Failed(code),
            },
            Effect::ReadExchangeCertificate { .. } => EffectResult::ExchangeCertificate(vec![0x30, 0]),
            Effect::ReadStores => EffectResult::Stores(self.stores.clone().into()),
            Effect::AddCertificate(stored) => {
                self.stores.my.retain(|other| other.thumbprint != stored.thumbprint);
                self.stores.my.push(stored.clone());
                EffectResult::Done
            }
            Effect::ArchiveCertificate(thumbprint) => {
                self.stores.my.iter_mut().filter(|s| s.thumbprint == *thumbprint).for_each(|s| s.archived = true);
                EffectResult::Done
            }
            Effect::DeleteCertificate(thumbprint) => {
                self.stores.my.retain(|stored| stored.thumbprint != *thumbprint);
                EffectResult::Done
            }
            Effect::PutRequest(entry) => {
                self.stores.requests.retain(|other| other.key_id != entry.key_id);
                self.stores.requests.push(entry.clone());
                EffectResult::Done
            }
            Effect::RemoveRequest(key_id) => {
                self.stores.requests.retain(|other| other.key_id != *key_id);
                EffectResult::Done
            }
            Effect::Inspect(asked) => EffectResult::Checks(
                asked
                    .iter()
                    .map(|thumbprint| {
                        self.checks.iter().find(|check| check.thumbprint == *thumbprint).map_or_else(
                            || CertificateCheck {
                                thumbprint: thumbprint.clone(),
                                chain: HResult::S_OK,
                                revoked: false,
                                key_usable: true,
                            },
                            Clone::clone,
                        )
                    })
                    .collect(),
            ),
            Effect::ReadReaders => EffectResult::Readers(self.readers()),
            Effect::Card { card, pin, operation } => self.card(card, *pin, operation),
            Effect::Software { provider, operation } => self.software(provider, operation),
            Effect::Submit(_) | Effect::Retrieve { .. } => self.reply(),
            _ => EffectResult::Done,
        }
    }

    pub fn authorities(&self) -> Vec<EnrollmentService> {
        vec![self.authority("CA1"), self.authority("CA2")]
    }

    fn authority(&self, name: &str) -> EnrollmentService {
        EnrollmentService {
            name: name.into(),
            host: Some(format!("{}.contoso.test", name.to_lowercase())),
            certificate: vec![],
            templates: self.templates.iter().map(|template| template.name.clone()).collect(),
            enroll_permission: None,
            priority: None,
            site: None,
            uris: Vec::new(),
        }
    }

    fn readers(&self) -> Vec<ReaderView> {
        let holds = |card: &String| ReaderState::Card {
            provider: self.cards[card].provider.into(),
            serial: CardSerial(card.clone()),
        };
        if self.inserted.is_empty() {
            return vec![ReaderView { reader: "Reader 0".into(), holds: ReaderState::Empty }];
        }
        (0..)
            .zip(&self.inserted)
            .map(|(n, card)| ReaderView { reader: format!("Reader {n}"), holds: holds(card) })
            .collect()
    }

    fn card(&mut self, serial: &CardSerial, pin: Option<PinId>, operation: &CardOperation) -> EffectResult {
        if !self.inserted.contains(&serial.0) {
            return EffectResult::Failed(HResult::SCARD_W_REMOVED_CARD);
        }
        let card = self.cards.get_mut(&serial.0).unwrap();
        if let Some(pin) = pin {
            if card.tries == 0 {
                return EffectResult::Failed(HResult::SCARD_W_CHV_BLOCKED);
            }
            if self.pins[&pin.0] != card.pin {
                card.tries -= 1;
                return EffectResult::WrongPin { tries_left: Some(card.tries) };
            }
            card.tries = 3;
        }
        match operation {
            CardOperation::Describe => EffectResult::Card(CardDescription {
                containers: card.containers.clone(),
                free_containers: card.free,
                tries_left: Some(card.tries),
                dialogs: ProviderDialogs::default(),
            }),
            CardOperation::Generate { .. } if card.free == 0 => {
                EffectResult::Failed(HResult::NTE_TOKEN_KEYSET_STORAGE_FULL)
            }
            CardOperation::Generate { make_default, overwrite, .. } => {
                let index = u8::try_from(card.containers.len()).unwrap();
                let name = overwrite.clone().unwrap_or_else(|| format!("container-{index}"));
                card.containers.retain(|container| container.name != name);
                card.containers.push(ContainerView {
                    index,
                    name: name.clone(),
                    default: *make_default,
                    has_key: true,
                    has_certificate: false,
                });
                card.free -= 1;
                let key = KeyPlace { provider: card.provider.into(), container: name, card: Some(serial.clone()) };
                self.serial += 1;
                EffectResult::Generated { key, public_key: public_key(self.serial) }
            }
            CardOperation::Sign { .. } => EffectResult::Signature(vec![7; 256]),
            CardOperation::WriteCertificate { container, .. } => {
                card.containers.iter_mut().filter(|c| c.name == *container).for_each(|c| c.has_certificate = true);
                EffectResult::Done
            }
            CardOperation::SetDefault { container } => {
                card.containers.iter_mut().for_each(|c| c.default = c.name == *container);
                EffectResult::Done
            }
            CardOperation::Delete { container } => {
                card.containers.retain(|c| c.name != *container);
                EffectResult::Done
            }
            _ => EffectResult::Done,
        }
    }

    fn software(&mut self, provider: &str, operation: &SoftwareOperation) -> EffectResult {
        match operation {
            SoftwareOperation::Generate { .. } => {
                self.serial += 1;
                let container = format!("soft-{}", self.serial);
                let key = KeyPlace { provider: provider.into(), container, card: None };
                EffectResult::Generated { key, public_key: public_key(self.serial) }
            }
            SoftwareOperation::Sign { .. } => EffectResult::Signature(vec![7; 256]),
            SoftwareOperation::Archive { .. } => EffectResult::ArchivedKey(vec![0x30, 0]),
            _ => EffectResult::Done,
        }
    }

    fn reply(&mut self) -> EffectResult {
        let disposition = self.replies.pop_front().unwrap_or(Ok(Disposition::Issued));
        self.requests += 1;
        match disposition {
            Err(code) => EffectResult::Failed(code),
            Ok(disposition) => {
                let issued = disposition == Disposition::Issued;
                let now = self.start + Duration(self.now.0);
                let (key, until) = (public_key(self.serial), now + Duration::days(365));
                EffectResult::Reply(CaReply {
                    request_id: self.requests,
                    disposition,
                    certificate: issued.then(|| certificate_of(self.issues, key, self.serial, 100, now, until)),
                    response: None,
                    message: String::new(),
                })
            }
        }
    }

    /// Puts a certificate of the test template into MY, with a key in software.
    pub fn hold(&mut self, serial: u8, major: u32, from: FileTime, until: FileTime) -> Thumbprint {
        self.hold_certificate(certificate(serial, major, from, until), Some(software_key(serial)))
    }

    /// Puts a certificate into MY.
    pub fn hold_certificate(&mut self, certificate: Vec<u8>, key: Option<KeyPlace>) -> Thumbprint {
        let thumbprint = autoenroll_wire::Certificate::parse(&certificate).unwrap().thumbprint();
        self.stores.my.push(StoredCertificate {
            thumbprint: thumbprint.clone(),
            certificate,
            key,
            archived: false,
            auto_enroll: None,
        });
        thumbprint
    }

    /// An entry of REQUEST for the template, with the key of that serial number.
    pub fn request(&mut self, template: &str, serial: u8, key: KeyPlace, stage: RequestStage) {
        self.stores.requests.push(RequestEntry {
            key_id: hex::encode(&key_identifier(&public_key(serial)).unwrap()),
            template: template.into(),
            key,
            algorithm: KeyAlgorithm::Rsa2048,
            created: self.start,
            stage,
            replaces: None,
            renewal: false,
            also_replaces: Vec::new(),
            given_up: false,
        });
        self.serial = self.serial.max(serial);
    }

    pub const fn start(&self) -> FileTime {
        self.start
    }

    pub fn requests(&self) -> &[RequestEntry] {
        &self.stores.requests
    }
}

/// A SubjectPublicKeyInfo whose key is one repeated byte: enough to tell keys apart.
pub fn public_key(serial: u8) -> Vec<u8> {
    let mut key =
        vec![0x30, 0x19, 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
    key.extend([0x03, 0x08, 0x00]);
    key.extend([serial; 7]);
    key
}

/// The place of a key in software that the driver has not made itself.
pub fn software_key(serial: u8) -> KeyPlace {
    KeyPlace { provider: ENHANCED.into(), container: format!("old-{serial}"), card: None }
}

/// One that a card keeps.
pub fn card_key(card: &str) -> KeyPlace {
    KeyPlace { provider: BASE.into(), container: "Slot0".into(), card: Some(CardSerial(card.into())) }
}

pub fn certificate(serial: u8, major: u32, not_before: FileTime, not_after: FileTime) -> Vec<u8> {
    let key = public_key(serial);
    certificate_of(TEMPLATE_OID, key, serial, major, not_before, not_after)
}

/// A certificate of a template, for that public key.
pub fn certificate_of(
    template: &str,
    public_key: Vec<u8>,
    serial: u8,
    major: u32,
    not_before: FileTime,
    not_after: FileTime,
) -> Vec<u8> {
    let reference = TemplateReference::Oid { oid: template.parse().unwrap(), major: Some(major), minor: Some(3) };
    let unsigned = UnsignedCertificate {
        serial: vec![serial],
        issuer_der: Name::default().with("2.5.4.3", "CA1").to_der(),
        not_before,
        not_after,
        subject_der: Name::default().to_der(),
        public_key,
        extensions: Extensions(vec![
            Extension::template(&reference),
            Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
            Extension::extended_key_usage(&[CARD_LOGON.parse().unwrap()]),
        ]),
        algorithm: autoenroll_model::SignatureAlgorithm::RsaSha256,
    };
    unsigned.signed(&[7; 16]).unwrap().raw
}

fn alice() -> PrincipalObject {
    PrincipalObject {
        dn: "CN=alice,CN=Users,DC=contoso,DC=test".into(),
        sid: ALICE.parse().unwrap(),
        groups: vec![],
        guid: Guid([2; 16]),
        upn: Some("alice@contoso.test".into()),
        mail: None,
        dns: None,
        certificates: vec![],
    }
}

pub fn describe(effect: &Effect) -> String {
    match effect {
        Effect::Card { card, operation, .. } => {
            let operation = match operation {
                CardOperation::Describe => "describe".into(),
                CardOperation::VerifyPin => "verify".into(),
                CardOperation::Generate { algorithm, make_default, overwrite, .. } => {
                    format!("generate {algorithm} default={make_default} overwrite={overwrite:?}")
                }
                CardOperation::Sign { algorithm, .. } => format!("sign {algorithm}"),
                CardOperation::WriteCertificate { container, .. } => format!("write certificate {container}"),
                CardOperation::SetDefault { container } => format!("set default {container}"),
                CardOperation::Delete { container } => format!("delete {container}"),
                CardOperation::ReadCertificate { container } => format!("read {container}"),
            };
            format!("card {card}: {operation}")
        }
        Effect::Software { operation, .. } => match operation {
            SoftwareOperation::Generate { algorithm, protected, .. } => {
                format!("software: generate {algorithm} protected={protected}")
            }
            SoftwareOperation::Sign { algorithm, .. } => format!("software: sign {algorithm}"),
            SoftwareOperation::Delete { container } => format!("software: delete {container}"),
            SoftwareOperation::Archive { .. } => "software: archive".into(),
        },
        Effect::Submit(submission) => format!("submit to {} flags {:#x}", submission.ca, submission.flags),
        Effect::Retrieve { ca, request_id, .. } => format!("retrieve {request_id} from {ca}"),
        Effect::PutRequest(entry) => {
            let stage = format!("{:?}", entry.stage);
            format!("put request {}", stage.split([' ', '{']).next().unwrap_or_default())
        }
        Effect::RemoveRequest(_) => "remove request".into(),
        Effect::AddCertificate(_) => "add certificate".into(),
        Effect::ArchiveCertificate(_) => "archive certificate".into(),
        Effect::DeleteCertificate(_) => "delete certificate".into(),
        Effect::Inspect(all) => format!("inspect {}", all.len()),
        other => format!("{other:?}").split(['(', ' ', '{']).next().unwrap_or_default().to_lowercase(),
    }
}

fn tell(report: &Report) -> String {
    match report {
        Report::RunStarted { trigger } => format!("run started: {}", trigger.cause),
        Report::TriggerHeld { trigger, kept } => format!("trigger held: {} kept={kept}", trigger.cause),
        Report::RunEnded => "run ended".into(),
        Report::ItemStarted { template, action, interactive } => {
            format!("item {template} {action} interactive={interactive}")
        }
        Report::ItemEnded { template, outcome, .. } => {
            let outcome = match outcome {
                autoenroll_model::Outcome::Enrolled { key, .. } => format!("enrolled in {}", key.container),
                autoenroll_model::Outcome::Failed(code) => format!("failed {code}"),
                other => format!("{other:?}").to_lowercase(),
            };
            format!("item {template}: {outcome}")
        }
    }
}
