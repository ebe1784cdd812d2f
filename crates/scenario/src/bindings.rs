//! `as = "new"` and `"$new"`.

use std::collections::BTreeMap;

use autoenroll_model::{Fact, Facts};
use autoenroll_trace::{Kind, Record};

use crate::document::{ExpectedValue, NameOrReference, Reference};

/// The records that steps have bound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings(BTreeMap<String, (Kind, Facts)>);

/// A reference to something that the bound record does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EmptyBinding {
    pub(super) reference: Reference,
    /// The facts that the record has; `None` when nothing was bound because the step that binds it did not match.
    pub(super) known: Option<Vec<String>>,
}

impl Bindings {
    pub(super) fn bind(&mut self, name: &str, record: &Record) {
        self.0.insert(name.to_owned(), (record.kind, record.facts.clone()));
    }

    /// The value of a reference: the fact it names, or what the record is about.
    pub(super) fn find(&self, reference: &Reference) -> Result<Fact, EmptyBinding> {
        let bound = self.0.get(&reference.name);
        let fact = bound.and_then(|(kind, facts)| match &reference.fact {
            Some(name) => facts.get(name),
            None => subject(*kind).iter().find_map(|name| facts.get(name)),
        });
        fact.cloned().ok_or_else(|| EmptyBinding {
            reference: reference.clone(),
            known: bound.map(|(_, facts)| facts.iter().map(|(name, _)| name.to_owned()).collect()),
        })
    }

    pub(super) fn value(&self, wanted: &ExpectedValue) -> Result<Fact, EmptyBinding> {
        match wanted {
            ExpectedValue::Literal(fact) => Ok(fact.clone()),
            ExpectedValue::Instant(instant) => Ok(instant.to_string().into()),
            ExpectedValue::Reference(reference) => self.find(reference),
            ExpectedValue::List(elements) => {
                elements.iter().map(|element| self.value(element)).collect::<Result<_, _>>().map(Fact::List)
            }
        }
    }

    pub(super) fn name(&self, named: &NameOrReference) -> Result<String, EmptyBinding> {
        match named {
            NameOrReference::Name(text) => Ok(text.clone()),
            NameOrReference::Reference(reference) => match self.find(reference)? {
                Fact::Text(text) => Ok(text.into()),
                other => Ok(other.to_string()),
            },
        }
    }
}

/// The facts that say what a record is about, the best one first.
const fn subject(kind: Kind) -> &'static [&'static str] {
    match kind {
        // Its fact `request` is the request itself, in bytes.
        Kind::Request => &["template"],
        Kind::Pending | Kind::Denied => &["request", "template"],
        Kind::Prompt | Kind::PromptChanged | Kind::Card | Kind::CardDone | Kind::Apdu => &["card", "provider"],
        _ => &["certificate", "request", "card", "template"],
    }
}
