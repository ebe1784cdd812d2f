//! What must hold whatever happens. A statement that does not hold leaves a violation in the trace, at the event that broke it.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_apdu::{Command, Response, StatusWord, ins};
use autoenroll_model::{
    Answer, Cancelled, Context, CoreFactory, DecisionPoint, Fact, Facts, HResult, KeyPlace, Outcome, PinId, Report,
    Thumbprint,
};
use autoenroll_trace::{Kind, RecordId};
use autoenroll_wire::Certificate;

use crate::desktop::Prompt;
use crate::session::SessionId;
use crate::spec::RequestDecision;
use crate::{Parts, World};

autoenroll_model::words! {
    /// A statement that must always hold.
    pub enum Invariant as "invariant" {
        /// A core names prompts, balloons and effects as its contract says.
        Contract = "contract",
        /// A PIN attempt is spent only on a PIN that the user gave.
        PinGiven = "pin-given",
        /// A PIN that a card has refused is not tried again by itself.
        PinSpent = "pin-spent",
        /// A retry counter rises only with a right PIN, or when somebody unblocks the card.
        RetryCounter = "retry-counter",
        /// An occupied default container is replaced only after a Yes.
        DefaultContainer = "default-container",
        /// A certificate reported as enrolled is in MY, its key is where MY says, and both belong together; on a card its
        /// container holds it too.
        Enrolled = "enrolled",
        /// Nobody requests a certificate of a template while an earlier request for it is pending.
        DuplicateRequest = "duplicate-request",
        /// Every prompt is answered or withdrawn before its run ends.
        Prompts = "prompts",
        /// Nobody is told about success.
        SilentSuccess = "silent-success",
        /// Each failure of an interactive item is told once.
        Summary = "summary",
        /// The world comes to rest in every instant.
        Rest = "rest",
    }
}

/// What is remembered to judge by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    cards: BTreeMap<String, SeenCard>,
    /// Default containers that a user agreed to replace, by card and name.
    agreed: BTreeMap<(String, String), Agreement>,
    /// Principal and template of requests under submission.
    pending: BTreeSet<(String, String)>,
    runs: BTreeMap<SessionId, SeenRun>,
}

/// A user's Yes.
#[derive(Clone, Debug)]
struct Agreement {
    /// Public key of what may be replaced.
    old: Option<Vec<u8>>,
    /// Another key with its certificate has taken the place. Until then the Yes holds, also in later runs: a key that becomes the
    /// default before it is certified may have to give way again.
    done: bool,
}

/// A card as it was last seen.
#[derive(Clone, Debug, PartialEq)]
struct SeenCard {
    tries: u8,
    /// Name and public key of the default container, when it holds key and certificate.
    occupied: Option<(String, Vec<u8>)>,
    /// Name and public key of the default container, whatever it holds.
    default: Option<(String, Option<Vec<u8>>)>,
}

/// An open run.
#[derive(Clone, Debug, Default)]
struct SeenRun {
    /// The item that is worked on involves the user.
    interactive: bool,
    /// Interactive items that failed and must be told.
    failed: usize,
    /// Failures that summaries have told.
    told: usize,
    /// The user is leaving: nobody is there to be told anything.
    leaving: bool,
}

impl<F: CoreFactory, P: Parts> World<F, P> {
    /// Records that something which must hold does not.
    pub(crate) fn violation(
        &mut self,
        who: &str,
        invariant: Invariant,
        reason: &str,
        because: Vec<RecordId>,
    ) -> RecordId {
        let facts = Facts::new().with("invariant", invariant.as_str()).with("reason", reason);
        self.record(who, Kind::Violation, facts, because)
    }

    /// A card has answered a command.
    pub(crate) fn watch_card(
        &mut self,
        card: &str,
        pin: Option<PinId>,
        session: SessionId,
        command: &Command,
        response: &[u8],
        record: RecordId,
    ) {
        if !may_change_a_card(command) {
            return;
        }
        let Some(after) = self.see_card(card) else { return };
        let Some(before) = self.watch.cards.insert(card.to_owned(), after.clone()) else { return };
        let because = vec![record];
        if after.tries < before.tries {
            let refused = |pin| self.sessions.get_mut(&session).is_some_and(|session| session.desktop.refuse_pin(pin));
            match pin.map(refused) {
                None => {
                    let reason = "a PIN attempt was spent without a PIN from the user";
                    self.violation(card, Invariant::PinGiven, reason, because.clone());
                }
                Some(true) => {
                    let reason = "a PIN that the card had refused was tried again";
                    self.violation(card, Invariant::PinSpent, reason, because.clone());
                }
                Some(false) => {}
            }
        }
        let accepted = Response::parse(response).is_ok_and(|response| response.sw == StatusWord::OK);
        if after.tries > before.tries && !(command.ins == ins::VERIFY && accepted && pin.is_some()) {
            let reason = format!("the retry counter rose from {} to {} without a right PIN", before.tries, after.tries);
            self.violation(card, Invariant::RetryCounter, &reason, because.clone());
        }
        if let Some((container, key)) = before.occupied
            && after.default != Some((container.clone(), Some(key)))
            && !self.watch.agreed.contains_key(&(card.to_owned(), container.clone()))
        {
            let reason =
                format!("the default container {} was replaced without a Yes", self.names.container(&container));
            self.violation(card, Invariant::DefaultContainer, &reason, because);
        }
        if let Some((_, key)) = after.occupied {
            let of_card = self.watch.agreed.iter_mut().filter(|((of, _), _)| of == card);
            for (_, agreement) in of_card {
                agreement.done |= agreement.old.as_ref() != Some(&key);
            }
        }
    }

    /// Remembers how a card is, when it was made or changed by an administrator.
    pub(crate) fn watch_card_anew(&mut self, card: &str) {
        if let Some(seen) = self.see_card(card) {
            self.watch.cards.insert(card.to_owned(), seen);
        }
    }

    fn see_card(&self, card: &str) -> Option<SeenCard> {
        let state = self.parts.card(card, autoenroll_card::Card::look)?;
        let flagged = state.containers.iter().find(|container| container.default);
        let default = flagged.or_else(|| state.containers.first());
        let key_of = |container: &autoenroll_card::ContainerState| {
            container.key.as_ref().and_then(|key| key.public.as_ref()).map(|public| public.spki_der())
        };
        let occupied = default.filter(|container| container.certificate.is_some());
        Some(SeenCard {
            tries: state.pin.tries_left,
            occupied: occupied.and_then(|container| Some((container.name.clone(), key_of(container)?))),
            default: default.map(|container| (container.name.clone(), key_of(container))),
        })
    }

    /// A prompt opens.
    pub(crate) fn watch_prompt(&mut self, id: SessionId, principal: &str, prompt: &Prompt) {
        if prompt.point != DecisionPoint::Summary {
            return;
        }
        let told = match prompt.facts.get("failures") {
            Some(Fact::List(list)) => list.len(),
            Some(Fact::Number(number)) => usize::try_from(*number).unwrap_or(0),
            _ => 0,
        };
        self.watch.runs.entry(id).or_default().told += told;
        if told == 0 {
            let reason = "a summary opened although nothing failed";
            self.violation(principal, Invariant::SilentSuccess, reason, vec![prompt.record]);
        }
    }

    /// The user answers a prompt.
    pub(crate) fn watch_answer(&mut self, prompt: &Prompt, answer: &Answer) {
        if prompt.point != DecisionPoint::CardReplaceDefault || *answer != Answer::Yes {
            return;
        }
        if let (Some(card), Some(container)) = (prompt.facts.text("card"), prompt.facts.text("container")) {
            let card = self.names.text(card);
            let old = self.see_card(&card).and_then(|seen| seen.occupied).map(|(_, key)| key);
            self.watch.agreed.insert((card, container.to_owned()), Agreement { old, done: false });
        }
    }

    /// A user logs off: failures of the open run need not be told any more.
    pub(crate) fn watch_leaving(&mut self, id: SessionId) {
        self.watch.runs.entry(id).or_default().leaving = true;
    }

    /// A session is gone.
    pub(crate) fn watch_end(&mut self, id: SessionId) {
        self.watch.runs.remove(&id);
    }

    /// A core reports.
    pub(crate) fn watch_report(&mut self, id: SessionId, principal: &str, report: &Report, record: RecordId) {
        let context = self.sessions.get(&id).map(|session| session.context);
        let run = self.watch.runs.entry(id).or_default();
        match report {
            Report::RunStarted { .. } => *run = SeenRun { leaving: run.leaving, ..SeenRun::default() },
            Report::TriggerHeld { .. } => {}
            Report::ItemStarted { interactive, .. } => run.interactive = *interactive,
            Report::ItemEnded { outcome: Outcome::Failed(code), .. } => {
                let cancelled = *code == HResult::SCARD_W_CANCELLED_BY_USER;
                let counts = !cancelled || self.profile.cancelled == Cancelled::Failed;
                if run.interactive && counts && context == Some(Context::User) {
                    run.failed += 1;
                }
            }
            Report::ItemEnded { outcome: Outcome::Enrolled { thumbprint, key }, .. } => {
                if let Err(reason) = self.is_enrolled(principal, thumbprint, key) {
                    self.violation(principal, Invariant::Enrolled, &reason, vec![record]);
                }
            }
            Report::ItemEnded { .. } => {}
            Report::RunEnded => {
                let run = self.watch.runs.remove(&id).unwrap_or_default();
                self.watch.agreed.retain(|_, agreement| !agreement.done);
                self.watch_run_end(id, principal, &run, record);
            }
        }
    }

    fn watch_run_end(&mut self, id: SessionId, principal: &str, run: &SeenRun, record: RecordId) {
        if run.failed != run.told && !run.leaving {
            let reason = format!("{} interactive items failed and {} failures were told", run.failed, run.told);
            self.violation(principal, Invariant::Summary, &reason, vec![record]);
        }
        let open = self.sessions.get(&id).map(|session| session.desktop.prompts().map(|(_, prompt)| prompt.point));
        let open: Vec<&str> = open.into_iter().flatten().map(|point| point.as_str()).collect();
        if !open.is_empty() {
            let reason = format!("the run ended while prompts were open: {}", open.join(", "));
            self.violation(principal, Invariant::Prompts, &reason, vec![record]);
        }
    }

    /// Whether a certificate is where a core says it is.
    fn is_enrolled(&self, principal: &str, thumbprint: &Thumbprint, key: &KeyPlace) -> Result<(), String> {
        let stores = self.stores.get(principal);
        let stored = stores.and_then(|stores| stores.certificate(thumbprint)).ok_or("MY does not hold it")?;
        if stored.archived {
            return Err("MY holds it as archived".to_owned());
        }
        if stored.key.as_ref() != Some(key) {
            return Err("MY names another key".to_owned());
        }
        let certificate = Certificate::parse(&stored.certificate).map_err(|error| error.to_string())?;
        let Some(serial) = &key.card else {
            let kept = stores.and_then(|stores| stores.keys.get(&key.provider, &key.container));
            let public = kept.ok_or("its key does not exist")?.key.public().spki_der();
            return if public == certificate.public_key { Ok(()) } else { Err("its key is another one".to_owned()) };
        };
        let card = self.names.card(&serial.0).ok_or("its card does not exist")?;
        let state = self.parts.card(card, autoenroll_card::Card::look).ok_or("its card does not exist")?;
        let container = state.containers.iter().find(|container| container.name == key.container);
        let container = container.ok_or("its container does not exist")?;
        let public = container.key.as_ref().and_then(|key| key.public.as_ref()).ok_or("its container has no key")?;
        if public.spki_der() != certificate.public_key {
            return Err("the key on the card is another one".to_owned());
        }
        match container.certificate.as_ref().and_then(|certificate| certificate.der()) {
            Some(der) if der == stored.certificate => Ok(()),
            _ => Err("the card does not hold the certificate".to_owned()),
        }
    }

    /// A request is on its way.
    pub(crate) fn watch_request(&mut self, principal: &str, facts: &Facts, record: RecordId) {
        let Some(template) = facts.text("template") else { return };
        if self.watch.pending.contains(&(principal.to_owned(), template.to_owned())) {
            let reason = format!("a certificate of {template} is requested while a request for it is pending");
            self.violation(principal, Invariant::DuplicateRequest, &reason, vec![record]);
        }
    }

    /// A CA has taken a request under submission.
    pub(crate) fn watch_pending(&mut self, principal: &str, template: &str) {
        self.watch.pending.insert((principal.to_owned(), template.to_owned()));
    }

    /// The manager has decided about a pending request.
    pub(crate) fn watch_decided(&mut self, principal: &str, template: &str) {
        self.watch.pending.remove(&(principal.to_owned(), template.to_owned()));
    }

    /// A request that is older than the world.
    pub(crate) fn watch_old_request(&mut self, principal: &str, template: &str, decided: RequestDecision) {
        if decided == RequestDecision::Pending {
            self.watch_pending(principal, template);
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
