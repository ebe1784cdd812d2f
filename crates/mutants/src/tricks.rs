//! What each planted bug changes in the conversation between a core and its driver.

use std::collections::BTreeMap;
use std::sync::Arc;

use autoenroll_model::{
    Action, Answer, CardOperation, CardSerial, Choice, Context, DecisionPoint, Disposition, Duration, Effect, EffectId,
    EffectResult, EventEntry, EventLog, EventSource, EventTable, Fact, Facts, HResult, Identity, Input, KeyAlgorithm,
    Now, Outcome, OutputBody, PinId, Profile, PromptId, ReaderState, Report, RequestStage, Severity, SimTime,
    SoftwareOperation, Template, Trigger, TriggerCause,
};
use autoenroll_wire::Certificate;

use crate::PlantedBug;

/// What comes of one input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// The core is told this.
    Tell(Input),
    /// The driver sees this.
    Put(OutputBody),
}

use Move::{Put, Tell};

/// Sits between a core and its driver and makes one mistake.
#[derive(Clone, Debug)]
pub(crate) struct Saboteur {
    bug: Option<PlantedBug>,
    profile: Profile,
    /// `context` as events state it.
    context: String,
    memory: Memory,
}

/// What the saboteur has overheard, as far as some bug needs it.
#[derive(Clone, Debug, Default)]
struct Memory {
    /// Prompts and effects made up so far.
    invented: u32,
    /// When the open run began, and how many there were before.
    run: Option<SimTime>,
    runs: u32,
    /// When the balloon of the open run is due.
    balloon_due: Option<SimTime>,
    /// When the timer would fire that is not set again.
    lost_timer: Option<SimTime>,
    /// The item that is worked on.
    item: Option<Item>,
    /// The latest prompt.
    asked: Option<Asked>,
    /// The prompt made up in place of one that was answered already: its id, and the id of the other.
    again: Option<(PromptId, PromptId)>,
    /// The provider whose card was last asked for.
    wanted: Option<String>,
    /// Containers of each card, as last described.
    containers: BTreeMap<CardSerial, Vec<String>>,
    /// The card operation that is under way, and its PIN when it does nothing but verify it.
    trying: Option<(EffectId, CardSerial, Option<PinId>)>,
    /// The effect that writes a certificate to a card, or makes its container the default one.
    writing: Option<EffectId>,
    /// PINs that were right, with the run in which they were.
    right: BTreeMap<CardSerial, (PinId, u32)>,
    /// The PIN that was refused last, until it is tried again.
    refused: Option<PinId>,
    retried: Option<PinId>,
}

/// An item, and what its success will be told with.
#[derive(Clone, Debug)]
struct Item {
    template: String,
    action: Action,
    interactive: bool,
    ca: String,
    told: bool,
}

/// A prompt that the core has opened.
#[derive(Clone, Debug)]
struct Asked {
    id: PromptId,
    point: DecisionPoint,
    facts: Facts,
    offers: Vec<Choice>,
}

impl Saboteur {
    pub(crate) fn new(bug: Option<PlantedBug>, identity: &Identity) -> Self {
        let context = match identity.context {
            Context::Machine => "local system".to_owned(),
            Context::User => format!("{}\\{}", identity.domain, identity.principal),
        };
        Self { bug, profile: identity.profile.clone(), context, memory: Memory::default() }
    }

    fn has(&self, bug: PlantedBug) -> bool {
        self.bug == Some(bug)
    }

    /// What comes of an input of the driver.
    pub(crate) fn input(&mut self, mut input: Input) -> Vec<Move> {
        self.overhear(&input);
        self.distort(&mut input);
        match &input {
            Input::PromptAnswered { prompt, answer } => {
                let (prompt, answer) = (*prompt, answer.clone());
                self.answered(prompt, answer)
            }
            Input::EffectDone { effect, .. } if invented(effect.0) => vec![],
            Input::EffectDone { result: EffectResult::Reply(reply), .. }
                if self.has(PlantedBug::SuccessLoggedEarly) && reply.disposition == Disposition::Issued =>
            {
                let event = reply.certificate.as_deref().and_then(|der| self.success(der));
                event.map(OutputBody::Event).map(Put).into_iter().chain([Tell(input)]).collect()
            }
            Input::Unlock if self.has(PlantedBug::UnlockStartsRun) => {
                let trigger = Trigger::of(TriggerCause::Logon);
                vec![Tell(Input::Unlock), Tell(Input::Trigger(trigger))]
            }
            Input::Trigger(_) if self.has(PlantedBug::TriggerLost) && self.memory.run.is_some() => vec![],
            _ => vec![Tell(input)],
        }
    }

    /// What comes of an answer: prompts that were made up swallow it, or pass it on for another.
    fn answered(&mut self, prompt: PromptId, answer: Answer) -> Vec<Move> {
        if let Some((_, original)) = self.memory.again.take_if(|(again, _)| *again == prompt) {
            return vec![Tell(Input::PromptAnswered { prompt: original, answer })];
        }
        if invented(prompt.0) {
            return vec![];
        }
        let point = self.memory.asked.as_ref().filter(|asked| asked.id == prompt).map(|asked| asked.point);
        let asks_again = match (point, &answer) {
            (Some(DecisionPoint::PinEnter), Answer::Pin(_)) => self.has(PlantedBug::PinAskedTwice),
            (Some(DecisionPoint::Summary), _) => self.has(PlantedBug::SummaryTwice),
            _ => false,
        };
        if let (true, Some(asked)) = (asks_again, self.memory.asked.clone()) {
            let again = PromptId(self.invent());
            self.memory.again = Some((again, prompt));
            return vec![Put(OutputBody::Prompt {
                id: again,
                point: asked.point,
                facts: asked.facts,
                offers: asked.offers,
            })];
        }
        let told = Tell(Input::PromptAnswered { prompt, answer: answer.clone() });
        if self.has(PlantedBug::SummaryAfterRemind) && answer == Answer::Remind {
            let code = HResult::SCARD_W_CANCELLED_BY_USER;
            return vec![self.summary(vec![format!("everything: {code}").into()]), told];
        }
        vec![told]
    }

    /// What comes of an output of the core.
    pub(crate) fn output(&mut self, now: Now, mut body: OutputBody) -> Vec<Move> {
        self.overhear_output(now, &body);
        if self.is_left_out(&body) {
            return vec![];
        }
        self.divert(&mut body);
        match body {
            OutputBody::Prompt { id: prompt, point, ref facts, .. } => match self.own_answer(point, facts) {
                Some(answer) => vec![Tell(Input::PromptAnswered { prompt, answer })],
                None => vec![Put(body)],
            },
            OutputBody::PromptWithdrawn { id } => match self.memory.again.take_if(|(_, original)| *original == id) {
                Some((again, _)) => vec![Put(OutputBody::PromptWithdrawn { id: again })],
                None => vec![Put(body)],
            },
            OutputBody::Effect { id: effect, effect: ref work } if self.is_only_claimed(work) => {
                vec![Tell(Input::EffectDone { effect, result: EffectResult::Done })]
            }
            OutputBody::Effect { effect: Effect::Submit(ref submission), .. }
                if self.has(PlantedBug::RequestSentTwice) =>
            {
                let effect = Effect::Submit(submission.clone());
                let id = EffectId(self.invent());
                vec![Put(body), Put(OutputBody::Effect { id, effect })]
            }
            OutputBody::Balloon(balloon) if self.has(PlantedBug::WizardByItself) => {
                vec![Put(body), Tell(Input::BalloonClicked(balloon))]
            }
            OutputBody::Report(Report::RunEnded) if self.has(PlantedBug::NeverRests) => {
                let trigger = Trigger::of(TriggerCause::Manual);
                vec![Put(body), Tell(Input::Trigger(trigger))]
            }
            OutputBody::Report(Report::ItemEnded { outcome: Outcome::Enrolled { .. }, .. })
                if self.has(PlantedBug::DialogOnSuccess)
                    && self.memory.item.as_ref().is_some_and(|item| item.interactive) =>
            {
                vec![Put(body), self.summary(vec![])]
            }
            body => vec![Put(body)],
        }
    }

    /// What the driver says, in the wrong words.
    fn distort(&mut self, input: &mut Input) {
        let Input::EffectDone { effect, result } = input else { return };
        let written = self.memory.writing.take_if(|writing| writing == effect).is_some();
        match (self.bug, result) {
            (Some(PlantedBug::CardFailureIgnored), result @ EffectResult::Failed(_)) if written => {
                *result = EffectResult::Done;
            }
            (Some(PlantedBug::BlockedPinAskedAgain), EffectResult::WrongPin { tries_left: Some(tries @ 0) }) => {
                *tries = 1;
            }
            (Some(PlantedBug::ProvidersReversed), EffectResult::Templates(templates)) => {
                templates.iter_mut().for_each(|template| reverse_providers(Arc::make_mut(template)));
            }
            (Some(PlantedBug::ProvidersReversed), EffectResult::Policy(policy)) => {
                policy.templates.iter_mut().for_each(|one| reverse_providers(&mut one.template));
            }
            (Some(PlantedBug::RightsIgnored), EffectResult::Templates(templates)) => {
                templates.iter_mut().for_each(|template| Arc::make_mut(template).security.dacl = None);
            }
            (Some(PlantedBug::RequestRepeatedAfterPull), EffectResult::Stores(stores)) => {
                Arc::make_mut(stores).requests.retain(|entry| !matches!(entry.stage, RequestStage::Issued { .. }));
            }
            (Some(PlantedBug::RequestRepeatedWhilePending), EffectResult::Stores(stores)) => {
                Arc::make_mut(stores).requests.retain(|entry| !matches!(entry.stage, RequestStage::Pending { .. }));
            }
            (Some(PlantedBug::PendingTakenForDenied), EffectResult::Reply(reply))
                if reply.disposition == Disposition::Pending =>
            {
                reply.disposition = Disposition::Denied(HResult::CERTSRV_E_ENROLL_DENIED);
            }
            (Some(PlantedBug::WrongCardAccepted), EffectResult::Readers(readers)) => {
                let Some(wanted) = &self.memory.wanted else { return };
                for view in readers {
                    if let ReaderState::Card { provider, .. } = &mut view.holds {
                        provider.clone_from(wanted);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether the driver does not get to see an output, and nothing answers in its place.
    fn is_left_out(&self, body: &OutputBody) -> bool {
        let Some(bug) = self.bug else { return false };
        match (bug, body) {
            (PlantedBug::BalloonNeverFades, OutputBody::BalloonHidden(_))
            | (PlantedBug::IconLeftBehind, OutputBody::Icon { shown: false })
            | (PlantedBug::PromptNeverWithdrawn, OutputBody::PromptWithdrawn { .. })
            | (PlantedBug::EffectNeverAbandoned, OutputBody::AbandonEffect { .. }) => true,
            (PlantedBug::SuccessNotLogged, OutputBody::Event(entry)) => is_success(entry),
            (PlantedBug::FailureNotLogged, OutputBody::Event(entry)) => entry.severity == Severity::Error,
            (PlantedBug::SuccessLoggedEarly, OutputBody::Event(entry)) => {
                is_success(entry) && self.memory.item.as_ref().is_some_and(|item| item.told)
            }
            _ => false,
        }
    }

    /// Whether an effect is not carried out although the core believes so.
    fn is_only_claimed(&self, effect: &Effect) -> bool {
        let Some(bug) = self.bug else { return false };
        match (bug, effect) {
            (PlantedBug::EntryLeftInRequest, Effect::RemoveRequest(_))
            | (PlantedBug::NotInstalled, Effect::AddCertificate(_))
            | (PlantedBug::OldNotArchived, Effect::ArchiveCertificate(_))
            | (PlantedBug::DefaultNotMoved, Effect::Card { operation: CardOperation::SetDefault { .. }, .. }) => true,
            (PlantedBug::NoWriteAhead, Effect::PutRequest(entry)) => entry.stage == RequestStage::Prepared,
            _ => false,
        }
    }

    /// The answer that is given in the user's place, when the user is not asked.
    fn own_answer(&mut self, point: DecisionPoint, facts: &Facts) -> Option<Answer> {
        match (self.bug?, point) {
            (PlantedBug::ReplaceUnasked, DecisionPoint::CardReplaceDefault) => Some(Answer::Yes),
            (PlantedBug::ProtectionUnasked, DecisionPoint::KeyProtect) => Some(Answer::Ok),
            (PlantedBug::SummarySkipped, DecisionPoint::Summary) => Some(Answer::Close),
            (PlantedBug::SelectionUnasked, DecisionPoint::CardSelect) => match facts.get("cards") {
                Some(Fact::List(cards)) => match cards.first() {
                    Some(Fact::Text(card)) => Some(Answer::Card(CardSerial(card.to_string()))),
                    _ => None,
                },
                _ => None,
            },
            (PlantedBug::PinOutlivesRun, DecisionPoint::PinEnter) => {
                let card = CardSerial(facts.text("card")?.to_owned());
                let (pin, run) = *self.memory.right.get(&card)?;
                (run < self.memory.runs).then_some(Answer::Pin(pin))
            }
            (PlantedBug::WrongPinRetried, DecisionPoint::PinEnter) => {
                let pin = self.memory.refused.take().filter(|pin| self.memory.retried != Some(*pin))?;
                self.memory.retried = Some(pin);
                Some(Answer::Pin(pin))
            }
            _ => None,
        }
    }

    /// Changes what a card or a software provider is asked for.
    fn divert(&self, body: &mut OutputBody) {
        let OutputBody::Effect { effect, .. } = body else { return };
        if let (
            Some(PlantedBug::KeyTooShort),
            Effect::Card { operation: CardOperation::Generate { algorithm, .. }, .. }
            | Effect::Software { operation: SoftwareOperation::Generate { algorithm, .. }, .. },
        ) = (self.bug, &mut *effect)
            && *algorithm != KeyAlgorithm::P256
        {
            *algorithm = KeyAlgorithm::Rsa1024;
        }
        let Effect::Card { card, operation, .. } = effect else { return };
        match (self.bug, operation) {
            (Some(PlantedBug::WrongContainer), CardOperation::WriteCertificate { container, .. }) => {
                let known = self.memory.containers.get(card);
                if let Some(other) = known.and_then(|known| known.iter().find(|name| *name != container)) {
                    container.clone_from(other);
                }
            }
            (Some(PlantedBug::DefaultNotMoved), CardOperation::Generate { make_default, .. }) => *make_default = false,
            _ => {}
        }
    }

    // Time.

    /// The time that the core is told.
    pub(crate) fn time(&self, now: Now, input: &Input) -> Now {
        match self.memory.balloon_due {
            Some(due) if self.has(PlantedBug::BalloonEarly) && *input == Input::Tick && now.mono < due => {
                let early = due.since(now.mono);
                if early <= Duration::SECOND { Now { mono: due, wall: now.wall + early } } else { now }
            }
            _ => now,
        }
    }

    /// When the core wants to be woken, as the driver is told.
    pub(crate) fn deadline(&self, deadline: Option<SimTime>) -> Option<SimTime> {
        match self.bug {
            Some(PlantedBug::BalloonEarly) if deadline.is_some() && deadline == self.memory.balloon_due => {
                deadline.map(|at| SimTime(at.0.saturating_sub(Duration::SECOND.0)))
            }
            // No other timer is set that long: whatever starts a run sets this one anew.
            Some(PlantedBug::TimerNotRearmed) => deadline.filter(|at| Some(*at) != self.memory.lost_timer),
            _ => deadline,
        }
    }

    // Listening.

    fn overhear(&mut self, input: &Input) {
        let Input::EffectDone { effect, result } = input else { return };
        let Some((_, card, pin)) = self.memory.trying.take_if(|(trying, _, _)| trying == effect) else { return };
        match (result, pin) {
            (EffectResult::Done, Some(pin)) => drop(self.memory.right.insert(card, (pin, self.memory.runs))),
            (EffectResult::WrongPin { .. }, Some(pin)) => self.memory.refused = Some(pin),
            (EffectResult::Card(description), None) => {
                let names = description.containers.iter().map(|container| container.name.clone()).collect();
                self.memory.containers.insert(card, names);
            }
            _ => {}
        }
    }

    fn overhear_output(&mut self, now: Now, body: &OutputBody) {
        let memory = &mut self.memory;
        match body {
            OutputBody::Report(Report::RunStarted { trigger }) => {
                memory.run = Some(now.mono);
                memory.runs += 1;
                memory.wanted = None;
                memory.balloon_due = Some(now.mono + self.profile.balloon_delay.0);
                if trigger.cause == TriggerCause::Timer {
                    memory.lost_timer = self.profile.timer.0.map(|period| now.mono + period);
                }
            }
            OutputBody::Report(Report::RunEnded) => {
                memory.run = None;
                memory.balloon_due = None;
            }
            OutputBody::Balloon(_) => memory.balloon_due = None,
            OutputBody::Report(Report::ItemStarted { template, action, interactive }) => {
                memory.item = Some(Item {
                    template: template.clone(),
                    action: *action,
                    interactive: *interactive,
                    ca: String::new(),
                    told: false,
                });
            }
            OutputBody::Prompt { id, point, facts, offers } => {
                if *point == DecisionPoint::CardInsert {
                    memory.wanted = facts.text("provider").map(str::to_owned);
                }
                memory.asked = Some(Asked { id: *id, point: *point, facts: facts.clone(), offers: offers.clone() });
            }
            OutputBody::Effect { effect: Effect::Submit(submission), .. } => {
                memory.ca_of_item(&submission.ca);
            }
            OutputBody::Effect { effect: Effect::Retrieve { ca, .. }, .. } => memory.ca_of_item(ca),
            OutputBody::Effect { id, effect: Effect::Card { card, pin, operation } } => {
                memory.trying = Some((*id, card.clone(), pin.filter(|_| *operation == CardOperation::VerifyPin)));
                let writes =
                    matches!(operation, CardOperation::WriteCertificate { .. } | CardOperation::SetDefault { .. });
                memory.writing = Some(*id).filter(|_| writes);
            }
            _ => {}
        }
    }

    // Making things up.

    fn summary(&mut self, failures: Vec<Fact>) -> Move {
        let facts = Facts::new().with("failures", Fact::List(failures));
        let id = PromptId(self.invent());
        Put(OutputBody::Prompt { id, point: DecisionPoint::Summary, facts, offers: vec![Choice::Close] })
    }

    /// The event that a core logs when it is done.
    fn success(&mut self, der: &[u8]) -> Option<EventEntry> {
        if self.profile.event_log == EventLog::Problems {
            return None;
        }
        let thumbprint = Certificate::parse(der).ok()?.thumbprint();
        let item = self.memory.item.as_mut()?;
        item.told = true;
        let source = match self.profile.events {
            EventTable::Classic => EventSource::AutoEnrollment,
            EventTable::Modern => EventSource::ClientCertEnroll,
        };
        let facts = Facts::new()
            .with("context", self.context.as_str())
            .with("template", item.template.as_str())
            .with("ca", item.ca.as_str())
            .with("certificate", thumbprint.0);
        let id = if item.action == Action::Renew { RENEWED } else { RECEIVED };
        Some(EventEntry { source, id, severity: Severity::Information, facts })
    }

    /// A number for a prompt or effect that no core has given: cores count from 1.
    fn invent(&mut self) -> u32 {
        self.memory.invented += 1;
        u32::MAX - self.memory.invented
    }
}

impl Memory {
    fn ca_of_item(&mut self, ca: &str) {
        if let Some(item) = &mut self.item {
            ca.clone_into(&mut item.ca);
        }
    }
}

/// Whether a prompt or effect of that number was made up.
const fn invented(number: u32) -> bool {
    number > u32::MAX / 2
}

/// Event: a certificate was received.
const RECEIVED: u16 = 19;
/// Event: a certificate was renewed.
const RENEWED: u16 = 20;
/// Event: a request that had waited was issued. Later clients only.
const ARRIVED: u16 = 14;

fn is_success(entry: &EventEntry) -> bool {
    matches!(entry.id, RECEIVED | RENEWED | ARRIVED) && entry.severity == Severity::Information
}

fn reverse_providers(template: &mut Template) {
    for provider in &mut template.providers {
        provider.order = u32::MAX - provider.order;
    }
}
