//! Phase F: what MY, REQUEST and the directory object already hold, and what that means for each candidate.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use autoenroll_model::{
    CertificateCheck, Duration, EnrollmentFlags, Facts, FileTime, HResult, KeyPlace, PrincipalObject, RequestEntry,
    RequestStage, Stores, Template, Threshold, Thumbprint,
};
use autoenroll_wire::{Certificate, TemplateReference};

use crate::acquire::Gathered;
use crate::frame::Frame;
use crate::offer::PolicyTemplateEntry;
use crate::rules;

/// A certificate that carries the mark of a template of this enterprise.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) thumbprint: Thumbprint,
    /// The template's place in the offer.
    pub(crate) template: usize,
    /// The template's major version when it was issued.
    pub(crate) major: u32,
    pub(crate) not_before: FileTime,
    pub(crate) not_after: FileTime,
    /// Its key only signs, so that losing it loses no data.
    pub(crate) signature_only: bool,
    pub(crate) eku: Vec<String>,
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Option<KeyPlace>,
}

impl Held {
    pub(crate) fn has_expired(&self, now: FileTime) -> bool {
        now >= self.not_after
    }
}

/// A certificate of MY, whatever template it is of, whose end is watched.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) thumbprint: Thumbprint,
    pub(crate) not_before: FileTime,
    pub(crate) not_after: FileTime,
}

/// Everything the stores say about the templates of the offer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Examined {
    /// In MY, not archived.
    pub(crate) held: Vec<Held>,
    /// In MY, not archived, of any origin.
    pub(crate) watched: Vec<Watched>,
    /// In the principal's directory object.
    pub(crate) published: Vec<Held>,
    /// All requests.
    pub(crate) requests: Vec<RequestEntry>,
    pub(crate) checks: Vec<CertificateCheck>,
}

impl Examined {
    /// Reads both stores. Only certificates of a template that exists are managed; of everything else only the end matters.
    pub(crate) fn read(frame: &mut Frame, gathered: &Gathered, stores: Stores) -> Self {
        let templates = &gathered.offers.templates;
        let (mut held, mut watched) = (Vec::new(), Vec::new());
        for stored in stores.my.into_iter().filter(|stored| !stored.archived) {
            let view = Certificate::parse(&stored.certificate).ok();
            let template = view.as_ref().and_then(|view| template_of(view, templates));
            let managed = template.is_some();
            let facts = Facts::new().with_some("template", template.map(|at| templates[at].template.name.as_str()));
            let managed = frame.decide(rules::TEMPLATE_CERTIFICATE, &stored.thumbprint.0, managed, facts);
            if let Some(view) = &view {
                let (thumbprint, not_before, not_after) = (stored.thumbprint.clone(), view.not_before, view.not_after);
                watched.push(Watched { thumbprint, not_before, not_after });
            }
            if let (true, Some(view), Some(template)) = (managed, view, template) {
                held.push(describe(&view, template, stored.thumbprint, stored.certificate, stored.key));
            }
        }
        let published =
            gathered.principal.as_ref().map(|principal| published(principal, templates)).unwrap_or_default();
        Self { held, watched, published, requests: stores.requests, checks: Vec::new() }
    }

    /// What must be inspected by whoever has cryptography and a network.
    pub(crate) fn to_inspect(&self) -> Vec<Thumbprint> {
        let mut all: Vec<Thumbprint> =
            self.held.iter().chain(&self.published).map(|held| held.thumbprint.clone()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    pub(crate) fn check(&self, thumbprint: &Thumbprint) -> Option<&CertificateCheck> {
        self.checks.iter().find(|check| check.thumbprint == *thumbprint)
    }

    pub(crate) fn is_revoked(&self, held: &Held) -> bool {
        self.check(&held.thumbprint).is_some_and(|check| check.revoked)
    }

    /// A request for the template that is not finished.
    pub(crate) fn outstanding(&self, template: &str) -> Option<&RequestEntry> {
        self.requests.iter().find(|entry| entry.template == template && entry.stage != RequestStage::Prepared)
    }
}

/// What the certificates of one template amount to.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// There is none that counts.
    None,
    /// One is valid and needs nothing.
    Good,
    /// One is valid, but of an older major version of the template.
    Outdated(Held),
    /// One is valid and near its end.
    Due(Held),
}

/// Judges the certificates of a template in MY; the valid one that lasts longest speaks for them all.
pub(crate) fn standing(frame: &mut Frame, examined: &Examined, template: usize, facts: &Template) -> Standing {
    let mut valid: Vec<&Held> = Vec::new();
    for held in examined.held.iter().filter(|held| held.template == template) {
        if counts(frame, examined, held) {
            valid.push(held);
        }
    }
    let Some(best) = valid.into_iter().max_by_key(|held| held.not_after).cloned() else {
        return Standing::None;
    };
    let subject = best.thumbprint.0.as_str();
    let versions = Facts::new().with("certificate", best.major).with("template", facts.revision);
    if frame.decide(rules::HIGHER_MAJOR_VERSION, subject, facts.revision > best.major, versions) {
        return Standing::Outdated(best);
    }
    if is_due(frame, &best, facts.renewal_period) {
        let skipped = facts.enrollment(EnrollmentFlags::SKIP_AUTO_RENEWAL);
        if !frame.decide(rules::RENEWAL_SKIPPED, subject, skipped, Facts::new()) {
            return Standing::Due(best);
        }
    }
    if frame.decide(rules::NOTHING_NEEDED, subject, true, Facts::new()) { Standing::Good } else { Standing::None }
}

/// Whether a certificate satisfies its template at all.
fn counts(frame: &mut Frame, examined: &Examined, held: &Held) -> bool {
    let subject = held.thumbprint.0.as_str();
    let now = frame.now.wall;
    let revoked = examined.is_revoked(held);
    let over = held.has_expired(now) || now < held.not_before || revoked;
    let facts = Facts::new().with("not-after", held.not_after.to_string()).with("revoked", revoked);
    if frame.decide(rules::EXPIRED_OR_REVOKED, subject, over, facts) {
        return false;
    }
    let check = examined.check(&held.thumbprint);
    let chain = check.map_or(HResult::CERT_E_CHAINING, |check| check.chain);
    let usable = check.is_some_and(|check| check.key_usable);
    let on_card = held.key.as_ref().is_some_and(|key| key.card.is_some());
    let usable = if on_card { frame.decide(rules::KEY_ON_ABSENT_CARD, subject, usable, Facts::new()) } else { usable };
    let facts = Facts::new().with("chain", chain.to_string()).with("key-usable", usable);
    !frame.decide(rules::UNUSABLE_CERTIFICATE, subject, chain != HResult::S_OK || !usable, facts)
}

/// Whether renewal is due: the template's period before the end, but not before four fifths of the life are over
/// (TechNet cc784923). Life is the certificate's own span.
fn is_due(frame: &mut Frame, held: &Held, renewal_period: Duration) -> bool {
    let life = held.not_before.until(held.not_after);
    let window = renewal_period.min(Duration(life.0 / 5));
    let threshold = held.not_after - window;
    let now = frame.now.wall;
    let facts = Facts::new().with("threshold", threshold.to_string()).with("now", now.to_string());
    let inclusive = frame.profile().threshold == Threshold::Inclusive;
    let due = if now == threshold {
        frame.decide(rules::RENEWAL_THRESHOLD, &held.thumbprint.0, inclusive, facts.clone())
    } else {
        now > threshold
    };
    frame.decide(rules::RENEWAL_WINDOW, &held.thumbprint.0, due, facts)
}

/// The certificates of the principal's directory object that carry the mark of a template.
fn published(principal: &PrincipalObject, templates: &[PolicyTemplateEntry]) -> Vec<Held> {
    let one = |certificate: &Vec<u8>| {
        let view = Certificate::parse(certificate).ok()?;
        let template = template_of(&view, templates)?;
        let thumbprint = view.thumbprint();
        Some(describe(&view, template, thumbprint, certificate.clone(), None))
    };
    principal.certificates.iter().filter_map(one).collect()
}

fn describe(
    view: &Certificate,
    template: usize,
    thumbprint: Thumbprint,
    certificate: Vec<u8>,
    key: Option<KeyPlace>,
) -> Held {
    let major = match view.template() {
        Some(TemplateReference::Oid { major: Some(major), .. }) => major,
        _ => 0,
    };
    Held {
        thumbprint,
        template,
        major,
        not_before: view.not_before,
        not_after: view.not_after,
        signature_only: view.key_usage().is_some_and(autoenroll_model::KeyUsage::signature_only),
        eku: view.extended_key_usage().iter().map(ToString::to_string).collect(),
        certificate,
        key,
    }
}

/// The template whose mark a certificate carries: the object identifier from version 2 on, the name before.
fn template_of(view: &Certificate, templates: &[PolicyTemplateEntry]) -> Option<usize> {
    let reference = view.template()?;
    templates.iter().position(|offered| match &reference {
        TemplateReference::Oid { oid, .. } => offered.template.oid.as_ref() == Some(oid),
        TemplateReference::Name(name) => offered.template.name == *name,
    })
}
