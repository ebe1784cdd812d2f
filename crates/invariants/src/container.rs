//! The default container of a card.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Fact, Facts, SimTime, Text, Toggle};
use autoenroll_trace::{Kind, Record};

use crate::beyond::{Beyond, CardView};
use crate::checker::{Checker, Moment, Violation};
use crate::open::Beginning;
use crate::table::Invariant;

/// [`Invariant::DefaultContainer`].
#[derive(Clone, Debug, Default)]
pub(crate) struct DefaultContainers {
    /// Cards that the bench shows, as they were before the operation that is under way: while it is, which container is
    /// the default may be undecided.
    views: BTreeMap<String, CardView>,
    /// The same as they are now, where that is something else.
    latest: BTreeMap<String, CardView>,
    /// Cards of which only operations tell.
    told: BTreeMap<String, ToldCard>,
    /// Default containers that a user agreed to replace, by card and name.
    agreed: BTreeMap<(String, String), Agreement>,
    /// Default containers that a user wants to keep, by card and name, for the item that is worked on.
    kept: BTreeSet<(String, String)>,
    /// Containers whose certificate was on its way to them and whose work has not ended well, by card and name: they
    /// are nobody's credentials, and go when the certificate is refused after all.
    unfinished: BTreeSet<(String, String)>,
    /// Who has looked at which card in this instant, by principal and card.
    looked: BTreeSet<(Text, String)>,
    /// Those of them behind whose look another principal has moved the default in the same instant: two operations are
    /// two transactions, and nobody can look and write in one.
    overtaken: BTreeSet<(Text, String)>,
    /// The instant of these.
    instant: SimTime,
    /// Another container may become the default unasked; the key in the old one must stay all the same.
    unasked: bool,
}

/// A user's Yes.
#[derive(Clone, Debug)]
struct Agreement {
    /// Public key of what may be replaced.
    old: Option<Vec<u8>>,
    /// Another key with its certificate has taken the place. Until then the Yes holds, also in later runs: a key that
    /// becomes the default before it is certified may have to give way again.
    done: bool,
}

/// What the operations of a trace tell of a card.
#[derive(Clone, Debug, Default)]
struct ToldCard {
    default: Option<String>,
    /// Containers that hold key and certificate.
    occupied: BTreeSet<String>,
}

impl DefaultContainers {
    pub(crate) fn new(question: Option<Toggle>) -> Self {
        Self { unasked: question.is_some_and(|question| !question.is_yes()), ..Self::default() }
    }

    pub(crate) fn see(&mut self, card: &str, view: &CardView) {
        self.latest.remove(card);
        self.views.insert(card.to_owned(), containers_of(view));
    }

    /// The operation is over: what a Yes was about has given way, or not.
    fn settle(&mut self, card: &str) {
        let Some(after) = self.latest.remove(card) else { return };
        if let Some((_, key)) = after.occupied() {
            for (_, agreement) in self.agreed.iter_mut().filter(|((of, _), _)| of == card) {
                agreement.done |= agreement.old.as_deref() != Some(key);
            }
        }
        self.views.insert(card.to_owned(), after);
    }

    /// The user answers Yes: the container in the prompt may be replaced.
    fn agree(&mut self, at: Moment<'_>) {
        let prompt = at.cause(&[Kind::Prompt, Kind::PromptChanged]);
        let Some((card, container)) = prompt.as_ref().and_then(|prompt| container_of(&prompt.facts)) else { return };
        let occupied = self.views.get(card).and_then(CardView::occupied);
        let old = occupied.map(|(_, key)| key.to_vec());
        self.agreed.insert((card.to_owned(), container.to_owned()), Agreement { old, done: false });
    }

    /// The user answers No: the container in the prompt stays.
    fn keep(&mut self, at: Moment<'_>) {
        let prompt = at.cause(&[Kind::Prompt, Kind::PromptChanged]);
        let kept = prompt
            .as_ref()
            .and_then(|prompt| container_of(&prompt.facts))
            .map(|(card, container)| (card.to_owned(), container.to_owned()));
        self.kept.extend(kept);
    }

    /// What is in a container belongs to an entry of REQUEST that is over, and goes with it: it is nobody's credential,
    /// unless the user has just said that it stays.
    fn is_leftover(&mut self, container: &str) {
        for (card, view) in &self.views {
            let Some((_, key)) = view.occupied().filter(|(name, _)| *name == container) else { continue };
            let place = (card.clone(), container.to_owned());
            if !self.kept.contains(&place) {
                self.agreed.insert(place, Agreement { old: Some(key.to_vec()), done: false });
            }
        }
    }

    /// A command may have changed the card: the container that is replaced without a Yes.
    fn replaced(&mut self, card: &str, after: &CardView) -> Option<String> {
        let Some(before) = self.views.get(card) else {
            self.see(card, after);
            return None;
        };
        let replaced = before.occupied().filter(|(container, key)| {
            let now = after.default.as_ref();
            let still = now.is_some_and(|now| now.name == *container && now.key.as_deref() == Some(*key));
            // Which of several containers is the default is all that has changed.
            let moved = self.unasked && now.is_some_and(|now| now.name != *container);
            let place = (card.to_owned(), (*container).to_owned());
            !still && !moved && !self.agreed.contains_key(&place) && !self.unfinished.contains(&place)
        });
        let replaced = replaced.map(|(container, _)| container.to_owned());
        self.latest.insert(card.to_owned(), containers_of(after));
        if replaced.is_some() {
            // It is reported once.
            self.settle(card);
        }
        replaced
    }

    /// An operation has succeeded on a card that is in no reader: the container that is replaced without a Yes.
    fn replaced_by(&mut self, operation: &Beginning, done: &Record) -> Option<String> {
        let card = operation.facts.text("card").filter(|card| !self.views.contains_key(*card))?;
        let told = self.told.entry(card.to_owned()).or_default();
        let container = operation.facts.text("container");
        let old = told.default.clone().filter(|default| told.occupied.contains(default));
        let gone = match (operation.facts.text("op")?, container) {
            ("describe", _) => {
                told.default = done.facts.text("default-container").map(str::to_owned);
                return None;
            }
            ("write-certificate", Some(container)) => {
                told.occupied.insert(container.to_owned());
                return None;
            }
            // With a container it makes the new key in place of the old one.
            ("generate" | "delete", Some(container)) => {
                told.occupied.remove(container);
                old.filter(|old| old == container)
            }
            ("set-default", Some(container)) => {
                told.default = Some(container.to_owned());
                old.filter(|old| old != container && !self.unasked)
            }
            _ => None,
        }?;
        let place = (card.to_owned(), gone.clone());
        match self.agreed.get_mut(&place) {
            Some(agreement) => {
                agreement.done = true;
                None
            }
            None => {
                let overtaken = self.overtaken.contains(&(operation.actor.clone(), card.to_owned()));
                (!overtaken && !self.unfinished.contains(&place)).then_some(gone)
            }
        }
    }

    /// An operation has succeeded: who knows what is on the card, and what is not there any more.
    fn done(&mut self, operation: &Beginning) {
        let op = operation.facts.text("op");
        if let Some(card) = operation.facts.text("card") {
            let looks = |by: &Text| (by.clone(), card.to_owned());
            if op == Some("describe") {
                self.looked.insert(looks(&operation.actor));
                self.overtaken.remove(&looks(&operation.actor));
            } else if op == Some("set-default") {
                let others = self.looked.iter().filter(|(by, of)| of == card && *by != operation.actor);
                self.overtaken.extend(others.cloned());
            }
        }
        let Some((card, container)) = container_of(&operation.facts) else { return };
        if op == Some("delete") {
            self.unfinished.remove(&(card.to_owned(), container.to_owned()));
        }
    }
}

/// A card without what changes and is nothing to this invariant.
fn containers_of(view: &CardView) -> CardView {
    CardView { tries: 0, unlocked: false, default: view.default.clone() }
}

/// Card and container of a prompt.
fn container_of(prompt: &Facts) -> Option<(&str, &str)> {
    Some((prompt.text("card")?, prompt.text("container")?))
}

/// The rule by which the question is asked or not, and the one by which what an earlier request has left goes.
pub(crate) const DECISIONS: &[&str] = &["P7.62", "P7.39"];

impl Checker for DefaultContainers {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        if self.instant != at.record.at {
            self.instant = at.record.at;
            self.looked.clear();
            self.overtaken.clear();
        }
        let replaced = match (at.record.kind, at.beyond) {
            (Kind::Apdu, Beyond::Command { card: Some(view), .. }) => {
                let card = at.text("card")?;
                self.replaced(card, view).filter(|_| {
                    let by = at.cause(&[Kind::Card]).map(|operation| (operation.actor, card.to_owned()));
                    !by.is_some_and(|by| self.overtaken.contains(&by))
                })
            }
            (Kind::Change, Beyond::Card(view)) => {
                self.see(at.text("card")?, view);
                None
            }
            (Kind::Prompt, _) if at.text("point") == Some("card.replace-default") => {
                // The question comes only when there is something to replace.
                let (card, container) = container_of(&at.record.facts)?;
                if !self.views.contains_key(card) {
                    self.told.entry(card.to_owned()).or_default().occupied.insert(container.to_owned());
                }
                None
            }
            (Kind::Answer, _) => {
                if at.text("prompt") == Some("card.replace-default") {
                    match at.text("answer") {
                        Some("yes") => self.agree(at),
                        Some("no") => self.keep(at),
                        _ => {}
                    }
                }
                None
            }
            (Kind::ItemStarted | Kind::ItemEnded, _) => {
                self.kept.clear();
                if let Some((card, container)) = container_of(&at.record.facts) {
                    self.unfinished.remove(&(card.to_owned(), container.to_owned()));
                }
                None
            }
            // The operation goes with its core.
            (Kind::Crash, _) => {
                let cards: Vec<String> = self.latest.keys().cloned().collect();
                cards.iter().for_each(|card| self.settle(card));
                None
            }
            (Kind::Insert | Kind::Remove, _) => {
                self.settle(at.text("card")?);
                None
            }
            // Whether it has ended or not: its core may end before.
            (Kind::Card, _) if at.text("op") == Some("write-certificate") => {
                let (card, container) = container_of(&at.record.facts)?;
                self.unfinished.insert((card.to_owned(), container.to_owned()));
                None
            }
            (Kind::CardDone, _) if !at.succeeded() => {
                self.settle(at.cause(&[Kind::Card])?.facts.text("card")?);
                None
            }
            (Kind::CardDone, _) => {
                let operation = at.cause(&[Kind::Card])?;
                self.settle(operation.facts.text("card")?);
                // A card reports its failure on itself, a driver on the principal; what was replaced is the card's.
                let card = operation.facts.text("card")?;
                let container = self.replaced_by(&operation, at.record);
                self.done(&operation);
                let container = container?;
                return Some(Violation { actor: card.to_owned(), ..violation(at, &container) });
            }
            (Kind::Decision, _) if at.text("rule") == Some("P7.62") => {
                self.unasked = at.record.facts.get("outcome") == Some(&Fact::Flag(false));
                None
            }
            (Kind::Decision, _) if at.text("rule") == Some("P7.39") && at.is_met() => {
                self.is_leftover(at.text("container")?);
                None
            }
            (Kind::RunEnded, _) => {
                self.agreed.retain(|_, agreement| !agreement.done);
                None
            }
            _ => None,
        };
        Some(violation(at, &replaced?))
    }
}

fn violation(at: Moment<'_>, container: &str) -> Violation {
    at.violation(Invariant::DefaultContainer, format!("the default container {container} was replaced without a Yes"))
}
