//! What is left of a card operation: the card locked, and no answer that was meant for another card.

use std::collections::BTreeSet;

use autoenroll_apdu::{Command, Response, StatusWord, ins};
use autoenroll_model::{HResult, hex};
use autoenroll_trace::Kind;

use crate::beyond::Beyond;
use crate::checker::{Checker, Moment, Violation};
use crate::session::Sessions;
use crate::table::Invariant;

/// [`Invariant::CardLocked`].
#[derive(Clone, Debug, Default)]
pub(crate) struct CardLocked {
    /// Cards that have taken a PIN and have not dropped it.
    unlocked: BTreeSet<String>,
}

/// Whether an exchange says that the card has taken a PIN; `None` when it says nothing about that.
fn unlocks(at: Moment<'_>) -> Option<bool> {
    // Only the few commands that count are taken apart.
    let text = at.text("command").filter(|text| text.len() >= 8 && text.get(2..4) == Some("20"))?;
    let command = Command::parse(&hex::decode(text)?).ok()?;
    let response = Response::parse(&hex::decode(at.text("response")?)?).ok()?;
    let taken = response.sw == StatusWord::OK && command.ins == ins::VERIFY;
    match (command.p2, command.data.is_empty()) {
        // GIDS cards have a reference for it, PIV cards a P1.
        (0x82, true) => taken.then_some(false),
        (_, true) if command.p1 == 0xFF => taken.then_some(false),
        (_, false) => taken.then_some(true),
        _ => None,
    }
}

/// Codes with which a reader says that nothing more could be sent, so that nothing could be locked either: no answer,
/// no power, reset or removed, somebody else's or too slow, no reader or service. `NTE_FAIL` is what a provider says
/// when it can make nothing of an answer, and sends nothing more either.
const CUT_SHORT: &[HResult] = &[
    HResult::SCARD_E_TIMEOUT,
    HResult::SCARD_E_SHARING_VIOLATION,
    HResult::SCARD_E_NO_SMARTCARD,
    HResult::SCARD_E_NOT_READY,
    HResult::SCARD_E_NO_SERVICE,
    HResult::SCARD_E_SERVICE_STOPPED,
    HResult::SCARD_E_NO_READERS_AVAILABLE,
    HResult::SCARD_W_UNRESPONSIVE_CARD,
    HResult::SCARD_W_UNPOWERED_CARD,
    HResult::SCARD_W_RESET_CARD,
    HResult::SCARD_W_REMOVED_CARD,
    HResult::NTE_FAIL,
];

impl CardLocked {
    fn set(&mut self, card: &str, unlocked: bool) {
        if unlocked {
            self.unlocked.insert(card.to_owned());
        } else {
            self.unlocked.remove(card);
        }
    }
}

// IN1.card-locked
impl Checker for CardLocked {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        match at.record.kind {
            Kind::Apdu => {
                let card = at.text("card")?;
                match at.beyond {
                    Beyond::Command { card: Some(view), .. } => self.set(card, view.unlocked),
                    _ => self.set(card, unlocks(at)?),
                }
            }
            Kind::Insert | Kind::Remove => self.set(at.text("card")?, false),
            // Whose cards are reset then is not told.
            Kind::Crash | Kind::Shutdown | Kind::Logoff => self.unlocked.clear(),
            Kind::CardDone => {
                let operation = at.cause(&[Kind::Card])?;
                let card = operation.facts.text("card")?;
                let told = self.unlocked.remove(card) && !at.code().is_some_and(|code| CUT_SHORT.contains(&code));
                let open = match at.beyond {
                    Beyond::Done { unlocked } => *unlocked,
                    _ => told,
                };
                if open {
                    let found = at.violation(Invariant::CardLocked, "the operation is over and the PIN still holds");
                    return Some(Violation { actor: card.to_owned(), ..found });
                }
            }
            _ => {}
        }
        None
    }
}

/// [`Invariant::AnswerCard`].
#[derive(Clone, Debug, Default)]
pub(crate) struct AnswerCard {
    answers: Sessions<Answers>,
}

/// What a user has said in this session.
#[derive(Clone, Debug, Default)]
struct Answers {
    /// Cards that a PIN was given for.
    pins: BTreeSet<String>,
    /// A PIN was given, and the records do not tell for which card.
    any: bool,
    /// Containers that may be replaced for the item that is worked on, by card and name.
    replaceable: BTreeSet<(String, String)>,
}

// IN1.answer-card
impl Checker for AnswerCard {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        self.answers.observe(at.record);
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::ItemStarted | Kind::ItemEnded => self.answers.of(actor).replaceable.clear(),
            // A logon with a card has its PIN from the logon screen, and operations of its own before it succeeds.
            Kind::Logon | Kind::CardLogon => {
                self.answers.of(actor).pins.extend(at.text("card").map(str::to_owned));
            }
            Kind::Answer => {
                let answers = self.answers.of(actor);
                let prompt = at.cause(&[Kind::Prompt, Kind::PromptChanged]);
                let fact = |name: &str| prompt.as_ref().and_then(|prompt| prompt.facts.text(name));
                let card = fact("card");
                match (at.text("answer")?, card) {
                    ("pin", Some(card)) => {
                        answers.pins.insert(card.to_owned());
                    }
                    ("pin", None) => answers.any = true,
                    ("yes", Some(card)) => {
                        answers.replaceable.insert((card.to_owned(), fact("container")?.to_owned()));
                    }
                    _ => {}
                }
            }
            Kind::Card => {
                let answers = self.answers.of(actor);
                let card = at.text("card")?;
                let with_pin = at.record.facts.get("pin") == Some(&autoenroll_model::Fact::Flag(true));
                // Whether a PIN was given at all is another invariant's concern.
                if with_pin && !answers.any && !answers.pins.is_empty() && !answers.pins.contains(card) {
                    return Some(at.violation(Invariant::AnswerCard, format!("no PIN was given for {card}")));
                }
                let over = at.text("container").filter(|_| at.text("op") == Some("generate"))?;
                if !answers.replaceable.contains(&(card.to_owned(), over.to_owned())) {
                    let reason = format!("{over} of {card} is to be replaced, which nobody has agreed to");
                    return Some(at.violation(Invariant::AnswerCard, reason));
                }
            }
            _ => {}
        }
        None
    }
}
