//! Where work on an item stands. Each state owns what is known by then, and nothing else.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use autoenroll_model::{
    CardDescription, CardOperation, CardSerial, Cause, Choice, DecisionPoint, Duration, Effect, EffectId, Facts,
    HResult, Inverted, KeyAlgorithm, KeyPlace, Outcome, PinId, Provider, RequestEntry, RuleRow, SimTime,
    SoftwareOperation,
};

use crate::frame::{Frame, OpenPrompt, Timer, code_fact};
use crate::halt::Halt;
use crate::install::Housekeeping;
use crate::known::{Asked, BestFirst, Ca, Issued, IssuedRequest, Item, NewRequest, PendingRequest, Task};
use crate::request::{FinishedRequest, RequestBuilder};

/// What stays the same from step to step.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) item: Item,
    /// Index of the provider whose turn it is.
    pub(super) provider: usize,
    /// PINs that cards have taken for this item.
    pub(super) pins: BTreeMap<CardSerial, Option<PinId>>,
    /// The default container that gives way, as the card last described itself for this item.
    pub(super) seen: Option<Seen>,
    /// The container of that card that is removed when the certificate is in MY.
    pub(super) removes: Option<(CardSerial, String)>,
    /// How often the user has answered for this item.
    pub(super) answers: u32,
    /// The certificate that has come was inspected, and nobody has been asked anything since.
    pub(super) inspected: bool,
    /// How often a card was gone in the middle of an operation since the user last had a say.
    pub(super) losses: u8,
    /// The CA that was asked last.
    pub(super) asked: Option<Asked>,
    /// The wizard is closed: what is under way is noted, and nothing new begins.
    pub(super) closed: bool,
    /// The latest decision about the item, the cause of what follows.
    pub(super) because: Cause,
}

/// What a card said of its default container. Others work with the card too, so this holds for the instant in which the
/// card said it, and until the user answers something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) card: CardSerial,
    pub(super) at: SimTime,
    /// How often the user had answered by then.
    pub(super) answers: u32,
    pub(super) container: Option<String>,
    /// The certificate in it, or why it could not be read, where a Yes is the end of it.
    pub(super) holds: Option<Result<Vec<u8>, HResult>>,
    /// The user has agreed that what is in it gives way.
    pub(super) agreed: bool,
    /// It was removed since, so that another container may be the default now; or nobody has agreed after all.
    pub(super) unsettled: bool,
    /// It is looked at again in the middle of the item, after the card has taken its PIN.
    pub(super) again: bool,
}

/// Where the work stands: it waits for the user or for an effect.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// A prompt is open. While a card is asked about, the readers may be read again, to keep the prompt's facts right.
    Asks { question: Question, prompt: OpenPrompt, recheck: Option<EffectId> },
    /// An effect is under way.
    Does { effect: EffectId, step: Step },
    /// The wizard is closed: a key that is being made is noted, or removed, and so is what a CA answers; nothing else
    /// begins.
    Leaves { effect: EffectId, step: Step, because: Cause },
}

/// What the user is asked.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// S5': consent to a protected software key.
    Consent,
    /// S6a: which of these cards?
    Select { purpose: Purpose, cards: Vec<CardSerial> },
    /// S7: insert a card.
    Insert { purpose: Purpose },
    /// S8q: may the new key, or the key of a certificate that has come, take the default container's place?
    Replace { purpose: Purpose, card: Card },
    /// S9: the PIN.
    Pin { purpose: Purpose, card: Card },
}

/// Which effect is under way.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// S6: the readers are being read.
    ReadReaders {
        purpose: Purpose,
        after_ok: bool,
    },
    /// S8: the card is asked what it holds.
    Describe {
        purpose: Purpose,
        card: CardSerial,
    },
    /// S8: the certificate in its default container is read.
    ReadDefault {
        purpose: Purpose,
        card: Card,
    },
    /// S9: the card verifies.
    Verify {
        purpose: Purpose,
        card: Card,
        pin: Option<PinId>,
    },
    /// Containers and entries of requests that never reached a CA are removed; the first effect of the list is under
    /// way.
    RemoveOrphans {
        card: Option<Card>,
        leftovers: Leftovers,
    },
    /// S10: a key is made.
    Generate {
        card: Option<CardSerial>,
        algorithm: KeyAlgorithm,
        keep_default: bool,
    },
    /// The entry in REQUEST is written before anything is submitted.
    WriteAhead(NewKey),
    /// Key archival: the CA tells its exchange certificate.
    ReadExchange(NewKey, BestFirst<Ca>),
    /// Key archival: the key is enveloped to the CA.
    Archive(NewKey, BestFirst<Ca>),
    /// A signature is being made, on a card or in software.
    Sign(Option<CardSerial>, Unsigned),
    /// S11.
    Submit(Submitting),
    /// The entry says that the request is pending.
    NotePending,
    /// A CA is asked for what is pending there.
    Retrieve(PendingRequest),
    /// The entry says that the certificate is issued.
    NoteIssued(Certified),
    /// A certificate that has just come is inspected before it is put anywhere.
    Inspect(Certified),
    /// S12.
    WriteCard(CardSerial, Certified),
    SetDefault(CardSerial, Certified),
    Install(Certified),
    /// The container of what the new certificate replaces on its card is removed.
    RemoveReplaced {
        card: CardSerial,
        container: String,
        certified: Certified,
    },
    RemoveEntry(Certified),
    /// Old certificates are archived or deleted; the first of the list is under way.
    Retire {
        certified: Certified,
        now: Housekeeping,
        rest: VecDeque<Housekeeping>,
    },
    /// What a failed request leaves behind is removed; then the item fails with the code.
    CleanUp {
        leftovers: Leftovers,
        code: HResult,
    },
}

impl Step {
    /// Whether something comes of it that has to be noted, or removed, before the item may be left: a key that is made,
    /// or the answer of a CA that has the request.
    pub(super) const fn has_to_be_noted(&self) -> bool {
        matches!(
            self,
            Self::Generate { .. }
                | Self::WriteAhead(_)
                | Self::CleanUp { .. }
                | Self::Submit(_)
                | Self::NotePending
                | Self::NoteIssued(_)
        )
    }
}

/// What a card is wanted for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// A new key.
    NewKey,
    /// A key that exists already has to sign.
    Sign { request: Unsigned, key: KeyPlace },
    /// A certificate has been issued for a key on it.
    Write(Certified),
}

/// The card at work, as it has described itself.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) serial: CardSerial,
    pub(super) description: CardDescription,
    /// The user does not want the default container replaced, and the profile goes on beside it.
    pub(super) keep_default: bool,
    /// The container that the new key takes over.
    pub(super) overwrite: Option<String>,
}

/// Effects that remove what a request has left behind. The first is under way.
#[derive(Clone, Debug)]
pub(super) struct Leftovers(pub(super) VecDeque<Effect>);

/// A key that a certificate is requested for.
#[derive(Clone, Debug)]
pub(super) struct NewKey {
    /// The entry in REQUEST, as it is before anything is submitted.
    pub(super) entry: RequestEntry,
    /// `SubjectPublicKeyInfo`, DER.
    pub(super) public_key: Vec<u8>,
    pub(super) keep_default: bool,
}

/// A request that wants a signature.
#[derive(Clone, Debug)]
pub(super) struct Unsigned {
    pub(super) key: NewKey,
    pub(super) builder: Box<RequestBuilder>,
    /// The CAs that it is for; only the first can read a key that is to be archived.
    pub(super) cas: BestFirst<Ca>,
}

/// A request at the first of these CAs; the others come after it.
#[derive(Clone, Debug)]
pub(super) struct Submitting {
    pub(super) key: NewKey,
    pub(super) request: FinishedRequest,
    pub(super) cas: BestFirst<Ca>,
    /// With which code the CA before has failed.
    pub(super) earlier: Option<HResult>,
}

/// A certificate on its way to where it belongs.
#[derive(Clone, Debug)]
pub(super) struct Certified {
    pub(super) entry: RequestEntry,
    pub(super) issued: Issued,
    pub(super) keep_default: bool,
}

impl Certified {
    pub(super) const fn key(&self) -> &KeyPlace {
        &self.entry.key
    }
}

impl From<IssuedRequest> for Certified {
    fn from(request: IssuedRequest) -> Self {
        Self { entry: request.entry, issued: request.issued, keep_default: false }
    }
}

/// What follows a step.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, on its way to who asked")]
pub(super) enum Next {
    /// Wait for the user or an effect.
    Wait(State),
    /// S5: the provider whose turn it is.
    ChooseProvider,
    /// S6: look for a card.
    FindCard(Purpose),
    /// S10: make a key, on this card or in software.
    MakeKey(Option<Card>),
    /// S11: the entry is written, the request can be built.
    BeginRequest(NewKey),
    /// S11: the next signature.
    Sign(Unsigned),
    /// The certificate exists, and the entry says so: is it good?
    Inspect(Certified),
    /// S12: the card of the key is there and has taken its PIN.
    WriteCard(CardSerial, Certified),
    /// The item has ended.
    End(Outcome),
    /// A pending certificate has arrived and belongs on a card: this item, which needs the user, takes over.
    Arrived(Item),
}

impl Next {
    pub(super) const fn fail(code: HResult) -> Self {
        Self::End(Outcome::Failed(code))
    }
}

impl Job {
    /// Notes that an effect has removed something: what a card said of it does not hold any more.
    pub(super) fn has_removed(&mut self, effect: &Effect) {
        let Effect::Card { card: on, operation: CardOperation::Delete { container: gone }, .. } = effect else {
            return;
        };
        let default = |seen: &&mut Seen| seen.card == *on && seen.container.as_ref() == Some(gone);
        if let Some(seen) = self.seen.as_mut().filter(default) {
            seen.unsettled = true;
        }
    }

    /// The key that is there already serves again. A provider that asks by itself does so when it makes one, so it has
    /// not been asked whether what is in the default container gives way.
    // U4.5.replace
    pub(super) fn was_not_asked_by_provider(&mut self) {
        if let Some(seen) = self.seen.as_mut().filter(|seen| seen.agreed) {
            seen.agreed = false;
            seen.unsettled = true;
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.item.name
    }

    /// The request that the item is about.
    pub(super) fn request(&self) -> &NewRequest {
        let Task::Request(request) = &self.item.task else { unreachable!("only a new request wants a key") };
        request
    }

    /// Decides a rule about the item.
    pub(super) fn decide(
        &mut self,
        frame: &mut Frame,
        rule: RuleRow,
        subject: &str,
        holds: bool,
        facts: Facts,
    ) -> bool {
        let decided = frame.decide(rule, subject, holds, facts);
        self.because = decided.cause;
        decided.holds
    }

    /// Says that a rule applies to the item.
    pub(super) fn applies(
        &mut self,
        frame: &mut Frame,
        rule: RuleRow,
        subject: &str,
        facts: Facts,
    ) -> Result<(), Inverted> {
        self.because = frame.applies(rule, subject, facts)?;
        Ok(())
    }

    /// The item fails with the code, by the rule that says so.
    pub(super) fn fails(&mut self, frame: &mut Frame, rule: RuleRow, code: HResult) -> Result<Next, Halt> {
        let name = self.item.name.clone();
        self.fails_by(frame, rule, &name, code)
    }

    /// The same by a rule about something else than the item itself, such as a card.
    pub(super) fn fails_by(
        &mut self,
        frame: &mut Frame,
        rule: RuleRow,
        subject: &str,
        code: HResult,
    ) -> Result<Next, Halt> {
        self.applies(frame, rule, subject, code_fact(code))?;
        Ok(Next::fail(code))
    }

    /// Why the item is worked on, and its latest decision.
    pub(super) fn causes(&self) -> Vec<Cause> {
        let mut causes = self.item.reasons.clone();
        causes.push(self.because);
        causes
    }

    pub(super) fn ask(&self, frame: &mut Frame, effect: Effect, step: Step) -> Next {
        if matches!(step, Step::Submit(_) | Step::Retrieve(_) | Step::ReadExchange(..)) {
            let end = frame.now.mono + CA_TIMEOUT;
            frame.timers.set(Timer::CaTimeout, end);
        }
        let effect = frame.effect(effect, &self.causes());
        Next::Wait(State::Does { effect, step })
    }

    /// Asks a card, with the PIN that it has taken already.
    pub(super) fn ask_card(&self, frame: &mut Frame, card: CardSerial, operation: CardOperation, step: Step) -> Next {
        let pin = self.pins.get(&card).copied().flatten();
        self.ask(frame, Effect::Card { card, pin, operation }, step)
    }

    pub(super) fn prompt(
        &self,
        frame: &mut Frame,
        point: DecisionPoint,
        facts: Facts,
        choices: &[Choice],
        question: Question,
    ) -> Next {
        let prompt = frame.prompt(point, facts, choices, &self.causes());
        Next::Wait(State::Asks { question, prompt, recheck: None })
    }

    /// The name of the provider at work: that of the key that signs, otherwise the one whose turn it is to make a key.
    pub(super) fn provider_name(&self, purpose: &Purpose) -> String {
        match purpose {
            Purpose::Sign { key, .. } => key.provider.clone(),
            Purpose::NewKey | Purpose::Write(_) => self.provider().name.clone(),
        }
    }

    /// The provider whose turn it is.
    ///
    /// # Panics
    /// When there is none: S5 has failed the item then.
    pub(super) fn provider(&self) -> &Provider {
        self.item.providers.get(self.provider).expect("a provider's turn has come, so there is one")
    }

    /// Deletes the container of a key.
    pub(super) fn delete_container(&self, key: &KeyPlace) -> Effect {
        let container = key.container.clone();
        match &key.card {
            Some(card) => {
                let pin = self.pins.get(card).copied().flatten();
                Effect::Card { card: card.clone(), pin, operation: CardOperation::Delete { container } }
            }
            None => {
                Effect::Software { provider: key.provider.clone(), operation: SoftwareOperation::Delete { container } }
            }
        }
    }
}

/// How long a CA may take to answer. No public text has a number; it is long enough for a busy CA, and it ends.
const CA_TIMEOUT: Duration = Duration::minutes(15);
