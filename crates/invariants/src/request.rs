//! Requests while one is pending.

use std::collections::BTreeMap;

use autoenroll_model::Fact;
use autoenroll_trace::Kind;

use crate::checker::{Checker, Moment, Violation};
use crate::table::Invariant;

/// [`Invariant::DuplicateRequest`].
#[derive(Clone, Debug, Default)]
pub(crate) struct DuplicateRequest {
    /// Requester and template of each request under submission, by CA and number.
    pending: BTreeMap<(String, i64), (String, String)>,
}

impl DuplicateRequest {
    pub(crate) fn pending(&mut self, ca: &str, request_id: i64, requester: &str, template: &str) {
        self.pending.insert((ca.to_owned(), request_id), (requester.to_owned(), template.to_owned()));
    }
}

impl Checker for DuplicateRequest {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let request = || match (at.text("ca"), at.record.facts.get("request-id")) {
            (Some(ca), Some(Fact::Number(id))) => Some((ca.to_owned(), *id)),
            _ => None,
        };
        match at.record.kind {
            Kind::Request => {
                let template = at.text("template")?;
                let same = |(requester, of): &(String, String)| *requester == at.record.actor && of == template;
                let reason = format!("a certificate of {template} is requested while a request for it is pending");
                self.pending.values().any(same).then(|| at.violation(Invariant::DuplicateRequest, reason))
            }
            Kind::Pending => {
                let (ca, id) = request()?;
                self.pending(&ca, id, at.text("requester")?, at.text("template").unwrap_or_default());
                None
            }
            Kind::Issued | Kind::Denied => {
                let decided = self.pending.get(&request()?)?.clone();
                self.pending.retain(|_, pending| *pending != decided);
                None
            }
            _ => None,
        }
    }
}
