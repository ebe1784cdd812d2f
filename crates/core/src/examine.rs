//! Phase F: what MY, REQUEST and the directory object already hold, and what that means for each candidate.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use autoenroll_model::{
    Duration, EnrollmentFlags, Facts, Inverted, KeyPlace, KeyUsage, Oid, RequestStage, Stores, Template, Threshold,
    Thumbprint,
};
use autoenroll_wire::{Certificate, TemplateReference};

use crate::frame::Frame;
use crate::judge::Subject;
use crate::known::{
    EnrollmentPolicy, Gathered, Inventory, Known, ManagedCertificate, TemplateEntry, WatchedCertificate,
};
use crate::names::is_misnamed;
use crate::rules;

/// Reads both stores. Only certificates of a template that exists are managed; of everything else only the end matters.
pub(crate) fn examine(frame: &mut Frame, gathered: &Gathered, stores: &Arc<Stores>) -> Inventory {
    let policy = &gathered.policy;
    let (mut managed, mut watched) = (Vec::new(), Vec::new());
    for stored in stores.my.iter().filter(|stored| !stored.archived) {
        let view = Certificate::parse(&stored.certificate).ok();
        let entry = view.as_ref().and_then(|view| template_of(view, policy));
        let facts = Facts::new().with_some("template", entry.map(|entry| entry.template.name.as_str()));
        let is_managed = frame.decide(rules::TEMPLATE_CERTIFICATE, &stored.thumbprint.0, entry.is_some(), facts).holds;
        let Some(view) = view else { continue };
        let (thumbprint, not_before, not_after) = (stored.thumbprint.clone(), view.not_before, view.not_after);
        watched.push(WatchedCertificate { thumbprint, not_before, not_after });
        if let Some(entry) = entry.filter(|_| is_managed) {
            managed.push(describe(&view, entry, &stored.thumbprint, &stored.certificate, stored.key.clone()));
        }
    }
    Inventory::new(managed, watched, published(&gathered.principal.certificates, policy), stores.clone())
}

/// What the driver inspects, which has cryptography and a network.
pub(crate) fn to_inspect(held: &Inventory) -> Vec<Thumbprint> {
    let issued = held.requests().iter().filter_map(|entry| match &entry.stage {
        RequestStage::Issued { certificate, .. } => Some(Certificate::parse(certificate).ok()?.thumbprint()),
        RequestStage::Prepared | RequestStage::Pending { .. } => None,
    });
    let mut all: Vec<Thumbprint> =
        held.managed.iter().chain(&held.published).map(|certificate| certificate.thumbprint.clone()).collect();
    all.extend(issued);
    all.sort_unstable();
    all.dedup();
    all
}

/// What the certificates of one template amount to.
#[derive(Clone, Debug)]
pub(crate) enum CertificateStatus {
    /// There is none that is valid.
    None,
    /// One is valid, and nothing is due or allowed.
    Good,
    /// One is valid, but of an older major version of the template.
    Outdated(ManagedCertificate),
    /// One is valid and its renewal is due.
    Due(ManagedCertificate),
    /// One is valid, but names the machine as it is no longer called.
    Misnamed(ManagedCertificate),
}

/// Judges the certificates of a template in MY; the valid one that lasts longest speaks for them all. Where it may not
/// be updated to
/// the template's version, its renewal falls due all the same.
pub(crate) fn status(
    frame: &mut Frame,
    known: &Known,
    entry: &Arc<TemplateEntry>,
    may_update: bool,
) -> Result<CertificateStatus, Inverted> {
    let Known { held, gathered } = known;
    let counted = counted_for(frame, &gathered.policy, entry);
    let mut valid: Vec<&ManagedCertificate> = Vec::new();
    for certificate in held.managed.iter().filter(|certificate| certificate.is_of(&counted)) {
        if is_valid(frame, held, certificate) {
            valid.push(certificate);
        }
    }
    let Some(best) = valid.into_iter().max_by_key(|certificate| certificate.not_after).cloned() else {
        return Ok(CertificateStatus::None);
    };
    let template = &entry.template;
    let subject = best.thumbprint.0.as_str();
    let facts = Facts::new().with("certificate", best.major).with("template", template.revision);
    // A certificate of a version 1 template does not say of which version it is ([MS-WCCE] 2.2.2.7.7.1).
    let older = template.schema_version() >= 2 && template.revision > best.major;
    // P7.25
    let outdated = frame.decide(rules::HIGHER_MAJOR_VERSION, subject, older, facts).holds;
    if outdated && may_update {
        return Ok(CertificateStatus::Outdated(best));
    }
    if is_due(frame, &best, template) {
        // F3.2.2.0x40000
        let skipped = template.enrollment(EnrollmentFlags::SKIP_AUTO_RENEWAL);
        if !frame.decide(rules::RENEWAL_SKIPPED, subject, skipped, Facts::new()).holds {
            return Ok(CertificateStatus::Due(best));
        }
    }
    if may_update && is_misnamed(frame, &gathered.principal, &best) {
        return Ok(CertificateStatus::Misnamed(best));
    }
    if !outdated {
        frame.applies(rules::NOTHING_NEEDED, subject, Facts::new())?;
    }
    Ok(CertificateStatus::Good)
}

/// The entry whose certificates satisfy a template: its own. Of two with one object identifier, [`template_of`] finds
/// the first, so that the other never has any.
fn counted_for(frame: &mut Frame, policy: &EnrollmentPolicy, entry: &Arc<TemplateEntry>) -> Arc<TemplateEntry> {
    let oid = entry.template.oid.as_ref();
    let first = oid.and_then(|oid| policy.of_oid(oid));
    match first.filter(|first| !Arc::ptr_eq(first, entry)) {
        Some(first) => {
            let facts = Facts::new().with("with", first.template.name.as_str()).with_some("oid", oid.map(Oid::as_str));
            let holds = frame.decide(rules::SHARED_OID, &entry.template.name, true, facts).holds;
            if holds { entry.clone() } else { first.clone() }
        }
        None => entry.clone(),
    }
}

/// Whether a certificate satisfies its template at all. Of a key on a card the store's word counts; the card need not
/// be there.
fn is_valid(frame: &mut Frame, held: &Inventory, certificate: &ManagedCertificate) -> bool {
    Subject::from(certificate).judge(frame, held.check(&certificate.thumbprint)).is_ok()
}

/// Whether renewal is due: the template's period before the end ([MS-CRTD] 2.15), but not before four fifths of the
/// certificate's own life are over (TechNet cc784923).
fn is_due(frame: &mut Frame, certificate: &ManagedCertificate, template: &Template) -> bool {
    let subject = certificate.thumbprint.0.as_str();
    // T2.4.own-span, T2.4.missed
    let life = certificate.not_before.until(certificate.not_after);
    let window = template.renewal_period.min(Duration(life.0 / 5));
    let threshold = certificate.not_after - window;
    let now = frame.now.wall;
    let facts = Facts::new().with("threshold", threshold.to_string()).with("now", now.to_string());
    let inclusive = frame.profile().threshold == Threshold::Inclusive;
    // T2.3.boundary
    let due = if now == threshold {
        frame.decide(rules::RENEWAL_THRESHOLD, subject, inclusive, facts.clone()).holds
    } else {
        now > threshold
    };
    frame.decide(rules::RENEWAL_WINDOW, subject, due, facts).holds
}

/// The certificates of the principal's directory object that are of a template.
fn published(certificates: &[Vec<u8>], policy: &EnrollmentPolicy) -> Vec<ManagedCertificate> {
    let one = |certificate: &Vec<u8>| {
        let view = Certificate::parse(certificate).ok()?;
        let entry = template_of(&view, policy)?;
        Some(describe(&view, entry, &view.thumbprint(), certificate, None))
    };
    certificates.iter().filter_map(one).collect()
}

fn describe(
    view: &Certificate,
    entry: &Arc<TemplateEntry>,
    thumbprint: &Thumbprint,
    certificate: &[u8],
    key: Option<KeyPlace>,
) -> ManagedCertificate {
    // Version 1 templates have a name extension without a version ([MS-WCCE] 2.2.2.7.7.1): it counts as 0.
    let major = match view.template() {
        Some(TemplateReference::Oid { major: Some(major), .. }) => major,
        _ => 0,
    };
    ManagedCertificate {
        thumbprint: thumbprint.clone(),
        template: entry.clone(),
        major,
        not_before: view.not_before,
        not_after: view.not_after,
        signature_only: view.key_usage().is_some_and(KeyUsage::signature_only),
        eku: view.extended_key_usage().iter().map(ToString::to_string).collect(),
        certificate: certificate.to_vec(),
        key,
    }
}

/// The template that a certificate's extension names: by object identifier from version 2 on, by name before
/// ([MS-WCCE] 2.2.2.7.7.1, 2.2.2.7.7.2).
fn template_of<'a>(view: &Certificate, policy: &'a EnrollmentPolicy) -> Option<&'a Arc<TemplateEntry>> {
    match view.template()? {
        TemplateReference::Oid { oid, .. } => policy.of_oid(&oid),
        TemplateReference::Name(name) => policy.named(&name),
    }
}
