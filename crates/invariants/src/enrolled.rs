//! Certificates that are reported as enrolled.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::Fact;
use autoenroll_trace::Kind;

use crate::beyond::Beyond;
use crate::checker::{Checker, Moment, Violation};
use crate::table::Invariant;

/// [`Invariant::Enrolled`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Enrolled {
    /// What the trace tells of MY: by principal and certificate whether it is archived.
    my: BTreeMap<(String, String), bool>,
    /// Card and container of every certificate that was written to a card and not deleted since.
    written: BTreeSet<(String, String)>,
    /// The bench says itself where things are: nothing has to be remembered.
    shown: bool,
}

impl Enrolled {
    /// Of a bench that says itself where things are.
    pub(crate) fn shown() -> Self {
        Self { shown: true, ..Self::default() }
    }

    /// What the trace alone tells of a certificate that is reported as enrolled.
    fn told(&self, at: Moment<'_>) -> Result<(), String> {
        let certificate = at.text("certificate").ok_or("the report names no certificate")?;
        match self.my.get(&(at.record.actor.to_string(), certificate.to_owned())) {
            None => return Err("MY does not hold it".to_owned()),
            Some(true) => return Err("MY holds it as archived".to_owned()),
            Some(false) => {}
        }
        match (at.text("card"), at.text("container")) {
            (Some(card), Some(container)) if !self.written.contains(&(card.to_owned(), container.to_owned())) => {
                Err("the card does not hold the certificate".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn card_done(&mut self, at: Moment<'_>) -> Option<()> {
        if !at.succeeded() {
            return None;
        }
        let operation = at.cause(&[Kind::Card])?;
        let (op, card) = (operation.facts.text("op")?, operation.facts.text("card")?);
        let place = (card.to_owned(), operation.facts.text("container")?.to_owned());
        match op {
            "write-certificate" => {
                self.written.insert(place);
            }
            "delete" | "generate" => {
                self.written.remove(&place);
            }
            _ => {}
        }
        Some(())
    }
}

impl Checker for Enrolled {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let of_certificate = || Some((at.record.actor.to_string(), at.text("certificate")?.to_owned()));
        match at.record.kind {
            Kind::Store | Kind::Archived | Kind::Deleted | Kind::CardDone if self.shown => {}
            Kind::Store if at.text("op") == Some("add") => {
                let archived = at.record.facts.get("archived") == Some(&Fact::Flag(true));
                self.my.insert(of_certificate()?, archived);
            }
            Kind::Archived => {
                self.my.insert(of_certificate()?, true);
            }
            Kind::Deleted => {
                self.my.remove(&of_certificate()?);
            }
            Kind::CardDone => self.card_done(at)?,
            Kind::ItemEnded if at.text("outcome") == Some("enrolled") => {
                let found = match at.beyond {
                    Beyond::Enrolled(found) => found.clone(),
                    _ => self.told(at),
                };
                return found.err().map(|reason| at.violation(Invariant::Enrolled, reason));
            }
            _ => {}
        }
        None
    }
}
