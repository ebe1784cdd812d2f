//! Keys and entries that a request leaves.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Facts, HResult, Text};
use autoenroll_trace::Kind;

use crate::beyond::{Beyond, KeyAt, Leftover};
use crate::checker::{Checker, Moment, Violation};
use crate::table::Invariant;

/// [`Invariant::KnownKey`].
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownKey {
    /// Containers that a principal's core has made, and of whose certificate nothing was reported yet, each with the
    /// template that it was made for.
    made: BTreeMap<Text, BTreeMap<KeyAt, Text>>,
    /// The latest of them, until an entry of REQUEST is written: a core that ends there leaves what nothing can know.
    unnoted: BTreeMap<Text, KeyAt>,
    items: BTreeMap<Text, Text>,
}

impl KnownKey {
    /// Containers of which it matters whether anything knows of them.
    pub(crate) fn waits_for(&self, principal: &str) -> impl Iterator<Item = &KeyAt> {
        self.made.get(principal).into_iter().flat_map(BTreeMap::keys)
    }

    /// What becomes of a container does not matter any more.
    fn settle(&mut self, principal: &str, key: &KeyAt) {
        self.keep(principal, |known, _| known != key);
    }

    fn keep(&mut self, principal: &str, keep: impl Fn(&KeyAt, &Text) -> bool) {
        if let Some(made) = self.made.get_mut(principal) {
            made.retain(|container, template| keep(container, template));
            if made.is_empty() {
                self.made.remove(principal);
            }
        }
    }
}

/// The container of a record with these facts, on the card that it names.
fn key_at(facts: &Facts, container: &str) -> KeyAt {
    (facts.text("card").unwrap_or_default().to_owned(), container.to_owned())
}

// IN1.known-key
impl Checker for KnownKey {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match (at.record.kind, at.beyond) {
            (Kind::ItemStarted, _) => {
                self.items.insert(actor.clone(), at.text("template")?.into());
            }
            (Kind::CardDone | Kind::EffectDone, _) if at.text("op") == Some("generate") => {
                let operation = at.cause(&[Kind::Card, Kind::Software])?;
                let container = key_at(&operation.facts, at.text("container")?);
                let template = self.items.get(&operation.actor).cloned().unwrap_or_default();
                self.made.entry(operation.actor.clone()).or_default().insert(container.clone(), template);
                self.unnoted.insert(operation.actor.clone(), container);
            }
            (Kind::CardDone | Kind::EffectDone, _) if at.text("op") == Some("delete") && at.succeeded() => {
                let operation = at.cause(&[Kind::Card, Kind::Software])?;
                self.settle(&operation.actor, &key_at(&operation.facts, operation.facts.text("container")?));
            }
            (Kind::Store, _) if at.text("op") == Some("put") => {
                self.unnoted.remove(actor);
            }
            (Kind::Logoff | Kind::Shutdown | Kind::Crash, _) => {
                for principal in at.users() {
                    if let Some(container) = self.unnoted.remove(principal) {
                        self.settle(principal, &container);
                    }
                }
            }
            // Whoever deletes an entry by hand answers for its key.
            (Kind::Change, _) if at.text("what") == Some("delete-request") => {
                let deleted = at.text("template")?;
                self.keep(at.text("principal")?, |_, template| *template != *deleted);
            }
            (Kind::ItemEnded, _) if at.text("outcome") == Some("enrolled") => {
                self.settle(actor, &key_at(&at.record.facts, at.text("container")?));
            }
            (Kind::RunEnded, Beyond::Unclaimed(containers)) => {
                let made = self.made.get(actor)?;
                let left = containers.iter().find(|container| made.contains_key(*container))?.clone();
                // It is reported once.
                self.settle(actor, &left);
                let reason = format!("the key in {} was made by this core, and nothing knows of it", left.1);
                return Some(at.violation(Invariant::KnownKey, reason));
            }
            _ => {}
        }
        None
    }
}

/// [`Invariant::EntryEnds`].
#[derive(Clone, Debug, Default)]
pub(crate) struct EntryEnds {
    /// Principals whose open item has come to an end by which entries may go.
    ended: BTreeSet<Text>,
}

/// Rules by which an entry is over: refused for good, never sent or given up, not what was asked for.
pub(crate) const ENDS: &[&str] = &["MC1.lasting", "MC1.ours", "P7.39"];

/// Whether a record says what became of a request: the certificate is in MY, the CA has not issued, or a rule gives it
/// up.
fn ends(at: Moment<'_>) -> bool {
    match at.record.kind {
        Kind::Store => at.text("op") == Some("add"),
        // A CA that has not answered in time counts as one that is not there.
        Kind::EffectAbandoned | Kind::EffectDone => {
            let sent = at.record.kind == Kind::EffectAbandoned && at.cause(&[Kind::Request]).is_some();
            let asked = sent || matches!(at.text("op"), Some("submit" | "retrieve"));
            asked && !at.succeeded()
        }
        Kind::Decision => at.is_met() && at.text("rule").is_some_and(|rule| ENDS.contains(&rule)),
        _ => false,
    }
}

// IN1.entry-ends
impl Checker for EntryEnds {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::ItemStarted | Kind::ItemEnded | Kind::RunStarted | Kind::Logon | Kind::Boot => {
                self.ended.remove(actor);
            }
            Kind::Store if at.text("op") == Some("remove") && at.text("store") == Some("request") => {
                let reason = "an entry of REQUEST goes, and nothing says what became of its request";
                return (!self.ended.contains(actor)).then(|| at.violation(Invariant::EntryEnds, reason));
            }
            _ if ends(at) => {
                self.ended.insert(actor.clone());
            }
            _ => {}
        }
        None
    }
}

/// [`Invariant::LeftoverGoes`].
#[derive(Clone, Debug, Default)]
pub(crate) struct LeftoverGoes {
    items: BTreeMap<Text, Item>,
}

/// The item that a principal works on.
#[derive(Clone, Debug, Default)]
struct Item {
    template: Text,
    /// Keys that could not be deleted, though they may be there.
    kept: BTreeSet<String>,
    /// An entry could not be removed.
    kept_entry: bool,
}

// IN1.leftover-goes
impl Checker for LeftoverGoes {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::ItemStarted => {
                let item = Item { template: at.text("template")?.into(), ..Item::default() };
                self.items.insert(actor.clone(), item);
            }
            Kind::ItemEnded | Kind::RunStarted => {
                self.items.remove(actor);
            }
            Kind::CardDone | Kind::EffectDone => {
                let item = self.items.get_mut(actor)?;
                if at.succeeded() {
                    return None;
                }
                match at.text("op")? {
                    // There is none.
                    "delete" if at.code() == Some(HResult::NTE_BAD_KEYSET) => {}
                    "delete" => {
                        let operation = at.cause(&[Kind::Card, Kind::Software])?;
                        item.kept.insert(operation.facts.text("container")?.to_owned());
                    }
                    "remove-request" => item.kept_entry = true,
                    _ => {}
                }
            }
            Kind::Store if *at.beyond == Beyond::GivenUp { certified: true } => {
                let reason = "an entry waits for its card to lose a key that a certificate has";
                return Some(at.violation(Invariant::LeftoverGoes, reason));
            }
            Kind::Card | Kind::Software if at.text("op") == Some("generate") => {
                let Beyond::Leftovers(left) = at.beyond else { return None };
                let item = self.items.get(actor)?;
                let excused = |one: &Leftover| item.kept.contains(&one.container) || item.kept_entry;
                let left = left.iter().find(|one| one.template == *item.template && !excused(one))?;
                let reason = format!("a new key is made where {} is left of an earlier request", left.container);
                return Some(at.violation(Invariant::LeftoverGoes, reason));
            }
            _ => {}
        }
        None
    }
}
