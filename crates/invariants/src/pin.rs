//! The PIN of a card: who gave it, whether it was refused before, and how many tries are left.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_apdu::{Command, Response, StatusWord, ins, piv};
use autoenroll_model::{Fact, HResult, PinCache, PinId, Text, hex};
use autoenroll_trace::Kind;

use crate::beyond::{Beyond, CardView};
use crate::checker::{Checker, Moment, Violation};
use crate::open::Beginning;
use crate::session::Sessions;
use crate::table::Invariant;

/// A command with a PIN that the card refused (ISO 7816-4 5.6: 63Cx), so that one try is spent.
struct Refused {
    /// The operation that it belongs to.
    operation: Option<Beginning>,
    /// How many tries are left.
    tries_left: u8,
}

impl Refused {
    /// Whether a core has handed over the PIN.
    fn presents_pin(&self) -> bool {
        self.operation.as_ref().is_some_and(|operation| operation.facts.get("pin") == Some(&Fact::Flag(true)))
    }
}

/// The refused attempt in a record, if it is one. Without causes it is unknown whose attempt it was.
fn refused(at: Moment<'_>) -> Option<Refused> {
    if at.record.kind != Kind::Apdu || at.record.causes.is_empty() {
        return None;
    }
    // Only the few responses that count are taken apart.
    let response = at.text("response").filter(|response| response.len() == 4)?;
    let tries_left = Response::parse(&hex::decode(response)?).ok()?.sw.retries()?;
    let command = Command::parse(&hex::decode(at.text("command")?)?).ok()?;
    // A PUK has tries of its own.
    let presents = matches!(command.ins, ins::VERIFY | ins::CHANGE_REFERENCE_DATA)
        && command.p2 != piv::reference::PUK
        && !command.data.is_empty();
    let operation = at.cause(&[Kind::Card]);
    presents.then_some(Refused { operation, tries_left })
}

/// Whether a user gives a PIN: as an answer, or to log on.
fn is_pin(at: Moment<'_>) -> bool {
    at.record.kind == Kind::CardLogon || (at.record.kind == Kind::Answer && at.text("answer") == Some("pin"))
}

/// [`Invariant::PinGiven`].
#[derive(Clone, Debug, Default)]
pub(crate) struct PinGiven {
    given: Sessions<Given>,
}

/// What a user has given in this session.
#[derive(Clone, Debug, Default)]
struct Given {
    /// Any PIN.
    any: bool,
    /// Cards whose provider has asked for the PIN itself. It keeps it, and presents it with operations for which a core
    /// hands over none.
    // S9.cached
    providers: BTreeSet<String>,
}

impl Checker for PinGiven {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        self.given.observe(at.record);
        if is_pin(at) {
            let given = self.given.of(&at.record.actor);
            given.any = true;
            let asked = at.cause(&[Kind::Prompt, Kind::PromptChanged]);
            let asked = asked.filter(|prompt| prompt.facts.text("asked-by").is_some());
            given.providers.extend(asked.and_then(|prompt| prompt.facts.text("card").map(str::to_owned)));
        }
        let refused = refused(at)?;
        let allowed = refused.operation.as_ref().is_some_and(|operation| {
            let given = self.given.of(&operation.actor);
            let kept = operation.facts.text("card").is_some_and(|card| given.providers.contains(card));
            given.any && (refused.presents_pin() || kept)
        });
        let reason = "a PIN attempt was spent without a PIN from the user";
        (!allowed).then(|| at.violation(Invariant::PinGiven, reason))
    }
}

/// [`Invariant::PinSpent`].
#[derive(Clone, Debug, Default)]
pub(crate) struct PinSpent {
    pins: Sessions<Pins>,
    /// The bench shows which PIN a command presents: nothing has to be counted.
    shown: bool,
}

/// The PINs of a session.
#[derive(Clone, Debug, Default)]
struct Pins {
    /// How many were given.
    given: u32,
    /// How many attempts with them were refused.
    refused: u32,
    /// Those known to be refused.
    spent: BTreeSet<PinId>,
}

impl PinSpent {
    /// For a bench that shows which PIN a command presents.
    pub(crate) fn shown() -> Self {
        Self { shown: true, ..Self::default() }
    }
}

impl Checker for PinSpent {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        self.pins.observe(at.record);
        // Whoever logs on again types it anew, and the card may be asked before the logon is told.
        if matches!(at.record.kind, Kind::Logoff | Kind::Shutdown | Kind::LogonFailed) {
            at.users().for_each(|user| drop(self.pins.take(user)));
        }
        if is_pin(at) && !self.shown {
            self.pins.of(&at.record.actor).given += 1;
        }
        let shown = matches!(at.beyond, Beyond::Command { pin: Some(_), .. });
        if shown && !self.shown {
            self.shown = true;
            self.pins = Sessions::default();
        }
        let refused = refused(at).filter(|refused| shown || refused.presents_pin())?;
        let pins = self.pins.of(&refused.operation?.actor);
        pins.refused += u32::from(!self.shown);
        let again = match at.beyond {
            Beyond::Command { pin: Some(pin), .. } => !pins.spent.insert(*pin),
            // More refusals than PINs: one of them was presented twice. Without any PIN it is the other invariant.
            _ => pins.given > 0 && pins.refused > pins.given,
        };
        again.then(|| at.violation(Invariant::PinSpent, "a PIN that the card had refused was tried again"))
    }
}

/// [`Invariant::PinKept`].
#[derive(Clone, Debug, Default)]
pub(crate) struct PinKept {
    /// How long the profile keeps PINs; `None` when that is not known.
    kept: Option<PinCache>,
    /// Whether each PIN that was given last is kept no longer, by principal and card.
    given: BTreeMap<(Text, String), bool>,
}

impl PinKept {
    pub(crate) fn new(kept: Option<PinCache>) -> Self {
        Self { kept, ..Self::default() }
    }

    /// PINs of these are kept no longer.
    fn end(&mut self, of: impl Fn(&Text, &str) -> bool) {
        self.given.iter_mut().filter(|((actor, card), _)| of(actor, card)).for_each(|(_, late)| *late = true);
    }
}

// IN1.pin-kept
impl Checker for PinKept {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::RunStarted if self.kept == Some(PinCache::Run) => {
                self.end(|of, _| of == actor);
            }
            Kind::ItemStarted if self.kept == Some(PinCache::Item) => {
                self.end(|of, _| of == actor);
            }
            Kind::Remove if self.kept == Some(PinCache::CardPresent) => {
                let card = at.text("card")?;
                self.end(|_, of| of == card);
            }
            Kind::Answer if is_pin(at) && self.kept.is_some_and(|kept| kept != PinCache::Logon) => {
                let prompt = at.cause(&[Kind::Prompt, Kind::PromptChanged])?;
                let card = prompt.facts.text("card")?.to_owned();
                self.given.insert((actor.clone(), card), false);
            }
            // Whoever logs on with a card types its PIN for that.
            Kind::CardLogon => {
                self.given.retain(|(of, _), _| of != actor);
            }
            Kind::Card if at.text("op") == Some("verify-pin") => {
                let card = at.text("card")?;
                let late = *self.given.get(&(actor.clone(), card.to_owned()))?;
                let late = late && at.record.facts.get("pin") == Some(&Fact::Flag(true));
                let reason = format!("a PIN is presented to {card} that is kept no longer");
                return late.then(|| at.violation(Invariant::PinKept, reason));
            }
            Kind::CardDone => {
                let wanting = at.code() == Some(HResult::SCARD_W_CARD_NOT_AUTHENTICATED);
                let reason = "a card is asked for what wants its PIN, without it";
                return wanting.then(|| at.violation(Invariant::PinKept, reason));
            }
            _ => {}
        }
        None
    }
}

/// [`Invariant::RetryCounter`].
#[derive(Clone, Debug, Default)]
pub(crate) struct RetryCounter {
    cards: BTreeMap<String, Counter>,
}

/// What is known of a retry counter.
#[derive(Clone, Copy, Debug)]
enum Counter {
    /// The counter itself.
    Seen(u8),
    /// What the card said when it last refused a PIN.
    Stated(u8),
}

impl RetryCounter {
    pub(crate) fn see(&mut self, card: &str, view: &CardView) {
        self.cards.insert(card.to_owned(), Counter::Seen(view.tries));
    }

    /// The rise of a counter in an exchange of APDUs: from, to.
    fn rise(&mut self, at: Moment<'_>, card: &str) -> Option<(u8, u8)> {
        if let Beyond::Command { pin, card: view } = at.beyond {
            let after = view.as_ref()?.tries;
            let known = self.cards.insert(card.to_owned(), Counter::Seen(after));
            let Some(Counter::Seen(before)) = known else { return None };
            return (after > before && !(pin.is_some() && is_accepted_verify(at))).then_some((before, after));
        }
        match (self.cards.get(card), refused(at)) {
            (Some(Counter::Seen(_)), _) => None,
            (known, Some(refused)) => {
                let known = known.copied();
                self.cards.insert(card.to_owned(), Counter::Stated(refused.tries_left));
                // The attempt itself has cost one.
                let before = refused.tries_left.saturating_add(1);
                match known {
                    Some(Counter::Stated(stated)) if before > stated => Some((stated, before)),
                    _ => None,
                }
            }
            (_, None) => {
                if is_accepted_verify(at) {
                    self.cards.remove(card);
                }
                None
            }
        }
    }
}

/// Whether a record is a VERIFY that the card accepted.
fn is_accepted_verify(at: Moment<'_>) -> bool {
    let bytes = |name| at.text(name).and_then(hex::decode);
    at.text("response").is_some_and(|response| response.len() == 4)
        && bytes("command").is_some_and(|command| command.get(1) == Some(&ins::VERIFY))
        && bytes("response").is_some_and(|bytes| Response::parse(&bytes).is_ok_and(|it| it.sw == StatusWord::OK))
}

impl Checker for RetryCounter {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        if !matches!(at.record.kind, Kind::Apdu | Kind::Change) {
            return None;
        }
        let card = at.text("card")?;
        match (at.record.kind, at.beyond) {
            (Kind::Apdu, _) => {
                let (before, after) = self.rise(at, card)?;
                let reason = format!("the retry counter rose from {before} to {after} without a right PIN");
                Some(at.violation(Invariant::RetryCounter, reason))
            }
            (Kind::Change, Beyond::Card(view)) => {
                self.see(card, view);
                None
            }
            (Kind::Change, _) if at.text("what") == Some("unblock-card") => {
                self.cards.remove(card);
                None
            }
            _ => None,
        }
    }
}
