//! The certificates that a new one takes the place of.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::Text;
use autoenroll_trace::Kind;

use crate::beyond::Beyond;
use crate::checker::{Checker, Moment, Violation};
use crate::table::Invariant;

/// [`Invariant::ReplacedFirst`].
#[derive(Clone, Debug, Default)]
pub(crate) struct ReplacedFirst {
    /// The template that each principal works on.
    items: BTreeMap<Text, Text>,
    /// Certificates that have come into MY, by principal, with the template that they were enrolled for.
    added: BTreeMap<(Text, Text), Text>,
    /// Card and container of every certificate that was written to a card.
    written: BTreeSet<(String, String)>,
    /// Containers that a user has agreed to replace for the item that is worked on, by principal.
    agreed: BTreeMap<Text, BTreeSet<(String, String)>>,
    /// Principals for whom the certificate of the item that is worked on was found to be over: its container goes,
    /// certificate and all.
    over: BTreeSet<Text>,
    /// Containers that go as what an earlier request has left, by principal, for the item that is worked on.
    left: BTreeMap<Text, BTreeSet<String>>,
}

impl ReplacedFirst {
    /// Another item: what was said about the one before does not count for it.
    fn begin_anew(&mut self, actor: &Text) {
        self.items.remove(actor);
        self.agreed.remove(actor);
        self.over.remove(actor);
        self.left.remove(actor);
    }

    /// A certificate leaves MY, or is archived there.
    fn leaves(&mut self, at: Moment<'_>) -> Option<Violation> {
        let (actor, certificate) = (at.record.actor.clone(), at.text("certificate")?);
        self.added.remove(&(actor.clone(), certificate.into()));
        if *at.beyond != (Beyond::Retired { valid: true }) {
            return None;
        }
        let item = self.items.get(&actor);
        let replaced = item.is_some_and(|item| self.added.iter().any(|((of, _), by)| *of == actor && by == item));
        let reason = format!("{certificate} is valid, and nothing has taken its place");
        (!replaced).then(|| at.violation(Invariant::ReplacedFirst, reason))
    }

    /// A card operation has succeeded.
    fn card_done(&mut self, at: Moment<'_>) -> Option<Violation> {
        if !at.succeeded() {
            return None;
        }
        let operation = at.cause(&[Kind::Card])?;
        let place = (operation.facts.text("card")?.to_owned(), operation.facts.text("container")?.to_owned());
        match operation.facts.text("op")? {
            "write-certificate" => {
                self.written.insert(place);
                None
            }
            "delete" | "generate" => {
                let held = self.written.remove(&place);
                let agreed = self.agreed.get(&operation.actor).is_some_and(|agreed| agreed.contains(&place));
                let left = self.left.get(&operation.actor).is_some_and(|left| left.contains(&place.1));
                let allowed = agreed || left || self.over.contains(&operation.actor);
                let reason = format!("the certificate in {} goes before there is another", place.1);
                let found = at.violation(Invariant::ReplacedFirst, reason);
                (held && !allowed).then_some(Violation { actor: place.0, ..found })
            }
            _ => None,
        }
    }
}

// IN1.replaced-first
impl Checker for ReplacedFirst {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::ItemStarted => {
                self.begin_anew(actor);
                self.items.insert(actor.clone(), at.text("template")?.into());
                None
            }
            Kind::ItemEnded | Kind::RunStarted => {
                self.begin_anew(actor);
                None
            }
            Kind::Store if at.text("op") == Some("add") => {
                let template = at.text("auto-enroll").or_else(|| at.text("template")).unwrap_or_default();
                self.added.insert((actor.clone(), at.text("certificate")?.into()), template.into());
                None
            }
            Kind::Answer if at.text("answer") == Some("yes") => {
                let prompt = at.cause(&[Kind::Prompt, Kind::PromptChanged])?;
                let place = (prompt.facts.text("card")?.to_owned(), prompt.facts.text("container")?.to_owned());
                self.agreed.entry(actor.clone()).or_default().insert(place);
                None
            }
            Kind::Decision if is_by(at, IS_OVER) && at.is_met() => {
                self.over.insert(actor.clone());
                None
            }
            Kind::Decision if is_by(at, IS_LEFT) && at.is_met() => {
                self.left.entry(actor.clone()).or_default().insert(at.text("container")?.to_owned());
                None
            }
            Kind::Archived | Kind::Deleted => self.leaves(at),
            Kind::CardDone => self.card_done(at),
            _ => None,
        }
    }
}

/// [`Invariant::ReplacedAll`].
#[derive(Clone, Debug, Default)]
pub(crate) struct ReplacedAll {
    /// What each template of a run supersedes, as it was decided, by principal and template.
    superseded: BTreeMap<(Text, Text), BTreeSet<Text>>,
    /// What the certificate that was requested last will replace, by principal and template.
    expected: BTreeMap<(Text, Text), BTreeSet<Text>>,
    items: BTreeMap<Text, Text>,
    /// Certificates that have left MY or are archived there, or could not be; as long as something is expected to take
    /// their principal's certificates away.
    gone: BTreeSet<(Text, Text)>,
    /// Certificates whose template the policy no longer knows: nothing is done with them.
    unmanaged: BTreeSet<(Text, Text)>,
}

impl ReplacedAll {
    /// Whether a valid certificate of another template goes that the request of the item was not to replace.
    fn is_not_meant(&self, at: Moment<'_>, certificate: &Text) -> bool {
        let Some(item) = self.items.get(&at.record.actor) else { return false };
        let expected = self.expected.get(&(at.record.actor.clone(), item.clone()));
        *at.beyond == (Beyond::Retired { valid: true })
            && at.text("template").is_some_and(|template| *template != **item)
            && expected.is_some_and(|expected| !expected.contains(certificate))
    }
}

// IN1.replaced-all
impl Checker for ReplacedAll {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::RunStarted => {
                self.superseded.retain(|(of, _), _| of != actor);
                self.items.remove(actor);
            }
            Kind::RunEnded if !self.expected.keys().any(|(of, _)| of == actor) => {
                self.gone.retain(|(of, _)| of != actor);
            }
            Kind::Decision if is_by(at, SUPERSEDES) && at.is_met() => {
                let (by, old) = (at.text("by")?.into(), at.text("subject")?.into());
                self.superseded.entry((actor.clone(), by)).or_default().insert(old);
            }
            Kind::Decision if is_by(at, MANAGED) => {
                let certificate = (actor.clone(), at.text("subject")?.into());
                if at.is_met() {
                    self.unmanaged.remove(&certificate);
                } else {
                    self.unmanaged.insert(certificate);
                }
            }
            Kind::ItemStarted => {
                self.items.insert(actor.clone(), at.text("template")?.into());
            }
            Kind::Request => {
                let key = (actor.clone(), self.items.get(actor)?.clone());
                let mut old = self.superseded.get(&key).cloned().unwrap_or_default();
                old.extend(at.text("renews").map(Text::from));
                self.expected.insert(key, old);
            }
            Kind::Archived | Kind::Deleted => {
                let certificate: Text = at.text("certificate")?.into();
                self.gone.insert((actor.clone(), certificate.clone()));
                return self.is_not_meant(at, &certificate).then(|| {
                    let reason = format!("{certificate} is valid, and nothing says that it is replaced");
                    at.violation(Invariant::ReplacedAll, reason)
                });
            }
            // Asked for and not done, or done by somebody else: that is not forgotten.
            Kind::Effect if matches!(at.text("op"), Some("archive-certificate" | "delete-certificate")) => {
                self.gone.insert((actor.clone(), at.text("certificate")?.into()));
            }
            Kind::Change if at.text("what") == Some("delete-certificate") => {
                let certificate = at.text("certificate").or_else(|| at.text("subject"))?;
                self.gone.insert((at.text("principal")?.into(), certificate.into()));
            }
            Kind::ItemEnded if at.text("outcome") == Some("enrolled") => {
                self.items.remove(actor);
                let expected = self.expected.remove(&(actor.clone(), at.text("template")?.into()))?;
                let settled = |old: &Text| {
                    let certificate = (actor.clone(), old.clone());
                    self.gone.contains(&certificate) || self.unmanaged.contains(&certificate)
                };
                let left = expected.into_iter().find(|old| !settled(old))?;
                let reason = format!("{left} was to be replaced, and is still there");
                return Some(at.violation(Invariant::ReplacedAll, reason));
            }
            _ => {}
        }
        None
    }
}

/// The rule by which a request is refused for good.
pub(crate) const IS_OVER: &[&str] = &["MC1.lasting"];

/// The rule by which goes what an earlier request has left.
pub(crate) const IS_LEFT: &[&str] = &["P7.39"];

/// The rule by which a certificate is of a template that the policy knows.
pub(crate) const MANAGED: &[&str] = &["R049"];

/// The rule by which a template supersedes another.
pub(crate) const SUPERSEDES: &[&str] = &["R056"];

fn is_by(at: Moment<'_>, rules: &[&str]) -> bool {
    at.text("rule").is_some_and(|rule| rules.contains(&rule))
}
