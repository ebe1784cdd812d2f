//! Event-log entries by profile: one classic source, or the several of Vista and later.

use alloc::string::ToString;

use autoenroll_model::{
    Action, Cause, Context, EventEntry, EventSource, EventTable, Facts, HResult, Inverted, LifecycleEvent, RuleRow,
    Severity, Thumbprint,
};

use crate::frame::{Frame, LogKind, code_fact};
use crate::known::{Asked, Item, Settled};
use crate::rules;

/// The run cannot go on: the rule by which it ends, and an entry in the event log.
pub(crate) fn run_fails(frame: &mut Frame, rule: RuleRow, subject: &str, code: HResult) -> Result<(), Inverted> {
    frame.applies(rule, subject, code_fact(code))?;
    run_failed(frame, code);
    Ok(())
}

/// A run starts (id 2).
pub(crate) fn run_started(frame: &mut Frame) {
    // E5.2.2, E5.3.2, E5.6.run
    log(frame, LogKind::Progress, Source::Run, 2, Severity::Information, Facts::new());
}

/// A run is complete (id 3).
pub(crate) fn run_completed(frame: &mut Frame) {
    // E5.2.3, E5.3.3
    log(frame, LogKind::Progress, Source::Run, 3, Severity::Information, Facts::new());
}

/// The run failed with a code: 15 of the classic source, 6 of the modern one. Both are documented for a directory that
/// could not be
/// contacted; nothing is known of another number for another cause.
pub(crate) fn run_failed(frame: &mut Frame, code: HResult) {
    // E5.2.6, E5.3.15, E5.6.directory
    let id = if frame.profile().events == EventTable::Classic { 15 } else { 6 };
    // P7.16
    let severity = frame.profile().directory_event;
    log(frame, LogKind::Problem, Source::Run, id, severity, code_fact(code));
}

/// One trust container could not be downloaded (id 1, modern only).
pub(crate) fn store_download_failed(frame: &mut Frame, store: &str, url: &str, code: HResult) {
    if frame.profile().events == EventTable::Modern {
        let facts = Facts::new().with("store", store).with("url", url).with("code", code.to_string());
        // E5.2.1, E5.6.download
        log(frame, LogKind::Problem, Source::Run, 1, Severity::Error, facts);
    }
}

/// An item's certificate was received (19) or renewed (20). Of a request that had waited at its CA the modern source
/// has a number of its own (14), for renewals too.
pub(crate) fn succeeded(
    frame: &mut Frame,
    item: &Item,
    asked: Option<&Asked>,
    ca: &str,
    certificate: &Thumbprint,
) -> Result<(), Inverted> {
    frame.applies(rules::RESULT_LOGGED, &item.name, Facts::new())?;
    // E5.3.19, E5.3.20, E5.4.19, E5.4.20, E5.6.enrolled, E5.6.renewed
    let mut id = if item.renews() { 20 } else { 19 };
    let mut facts = Facts::new().with("template", item.name.as_str()).with("ca", ca);
    if frame.profile().events == EventTable::Modern {
        // E5.4.14, E5.6.pending
        if asked.is_some_and(|asked| asked.settled == Some(Settled::Issued)) {
            id = 14;
        }
        facts = with_asked(facts, asked);
    }
    let facts = facts.with("certificate", certificate.0.as_str());
    log(frame, LogKind::Result, Source::Enrollment, id, Severity::Information, facts);
    Ok(())
}

/// An item's certificate could not be enrolled (13) or renewed (16), because of that. The modern source has numbers of
/// its own for some causes.
pub(crate) fn failed(
    frame: &mut Frame,
    because: Cause,
    item: &Item,
    asked: Option<&Asked>,
    code: HResult,
) -> Result<(), Inverted> {
    frame.applies(rules::RESULT_LOGGED, &item.name, code_fact(code))?;
    // E5.3.13, E5.3.16, E5.4.13, E5.4.16
    let mut entry = (LogKind::Problem, if item.renews() { 16 } else { 13 }, Severity::Error);
    let mut facts = Facts::new().with("template", item.name.as_str());
    if frame.profile().events == EventTable::Modern {
        facts = with_asked(facts, asked);
        let machine = frame.identity.context == Context::Machine;
        if asked.is_some_and(|asked| asked.settled == Some(Settled::Denied)) {
            // E5.4.9, E5.6.pending
            entry.1 = 9;
        } else if machine && item.interactive {
            // E5.4.38
            entry = (LogKind::Problem, 38, Severity::Warning);
        } else if code == HResult::SCARD_W_CANCELLED_BY_USER {
            // E5.4.30
            entry = (LogKind::Result, 30, Severity::Information);
        }
    }
    let (kind, id, severity) = entry;
    log_because(frame, &[because], kind, Source::Enrollment, id, severity, facts.with("code", code.to_string()));
    Ok(())
}

/// An item's request waits at its CA: since now (21, of a renewal 22), or still (32). Modern only.
pub(crate) fn pending(frame: &mut Frame, because: Cause, item: &Item, asked: Option<&Asked>) {
    if frame.profile().events == EventTable::Modern {
        // E5.4.21, E5.4.22, E5.4.32, E5.6.pending
        let id = match item.action() {
            Action::Retrieve => 32,
            _ if item.renews() => 22,
            _ => 21,
        };
        let facts = with_asked(Facts::new().with("template", item.name.as_str()), asked);
        let severity = Severity::Information;
        log_because(frame, &[because], LogKind::Result, Source::Enrollment, id, severity, facts);
    }
}

/// A CA has not issued an item's certificate, and the next one is asked (17, for a renewal 18). Modern only.
pub(crate) fn next_ca(frame: &mut Frame, because: Cause, item: &Item, asked: &Asked, code: HResult) {
    if frame.profile().events == EventTable::Modern {
        // E5.4.17, E5.4.18
        let id = if item.renews() { 18 } else { 17 };
        // No request ID, other than in the entry of an item's end.
        let facts = Facts::new().with("template", item.name.as_str()).with("ca", asked.ca.as_str());
        let facts = facts.with("code", code.to_string());
        log_because(frame, &[because], LogKind::Problem, Source::Enrollment, id, Severity::Warning, facts);
    }
}

/// The user has closed the wizard with items left (27). Modern only.
pub(crate) fn wizard_closed(frame: &mut Frame, because: Cause) {
    if frame.profile().events == EventTable::Modern {
        // E5.4.27
        let severity = Severity::Information;
        log_because(frame, &[because], LogKind::Result, Source::Enrollment, 27, severity, Facts::new());
    }
}

/// Why a template or a certificate is passed over, or what stands behind a failed item. The discriminant is the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Detail {
    /// The machine has another DNS name than its certificate: another one is requested after a delay.
    // E5.4.35
    OtherName = 35,
    /// That has failed too often in the same way.
    // E5.4.36
    OtherNameKept = 36,
    /// The computer has no reader.
    // E5.4.43
    NoReader = 43,
    /// The request cannot be made.
    // E5.4.45
    NoRequest = 45,
    /// The principal may not enroll for the template.
    // E5.4.46
    NoRight = 46,
    /// No CA issues the template.
    // E5.4.47
    NoCa = 47,
    /// No certificate can sign as registration authority.
    // E5.4.48
    NoAuthority = 48,
    /// The CA's answer cannot be installed.
    // E5.4.50
    NotInstalled = 50,
    /// The chain of the certificate that has come is not trusted.
    // E5.4.52
    Untrusted = 52,
    /// None of the template's providers is installed.
    // E5.4.55
    NoProvider = 55,
    /// Another template supersedes it.
    // E5.4.56
    Superseded = 56,
}

/// A detail about a template, at the full level. Modern only.
pub(crate) fn detail(frame: &mut Frame, detail: Detail, template: &str, facts: Facts) {
    if frame.profile().events == EventTable::Modern {
        let mut all = Facts::new().with("template", template);
        for (name, fact) in facts.iter() {
            all.set(name, fact.clone());
        }
        log(frame, LogKind::Progress, Source::Enrollment, detail as u16, Severity::Information, all);
    }
}

/// A certificate was archived or deleted in MY (10), or taken out of the directory object (33). Modern only.
/// The entries name no certificate, those of the life cycle do.
pub(crate) fn cleaned(frame: &mut Frame, id: CleanedIn) {
    if frame.profile().events == EventTable::Modern {
        log(frame, LogKind::Progress, Source::Enrollment, id as u16, Severity::Information, Facts::new());
    }
}

/// Where a certificate was put away. The discriminant is the number of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum CleanedIn {
    /// MY.
    // E5.4.10
    Store = 10,
    /// The directory object.
    // E5.4.33
    Directory = 33,
}

/// The CA that was asked, and the number that it gave the request.
fn with_asked(mut facts: Facts, asked: Option<&Asked>) -> Facts {
    if let Some(Asked { ca, request_id, .. }) = asked {
        facts.set("ca", ca.as_str());
        // A CA that refuses a request before it has a row in its database has no number for it, and says 0.
        if let Some(request_id) = request_id.filter(|id| *id != 0) {
            facts.set("request-id", request_id);
        }
    }
    facts
}

/// A certificate is near its end or past it (64, modern only).
pub(crate) fn near_expiry(frame: &mut Frame, certificate: &Thumbprint) {
    let facts = Facts::new().with("certificate", certificate.0.as_str());
    // E5.2.64, E5.6.expiry
    log(frame, LogKind::Problem, Source::Run, 64, Severity::Warning, facts);
}

/// A policy server has authenticated the client (65) and told it its policy (64). Modern only.
pub(crate) fn policy_loaded(frame: &mut Frame, templates: usize) {
    if frame.profile().events == EventTable::Modern {
        // E5.4.64, E5.4.65
        for id in [65, 64] {
            let facts = Facts::new().with("templates", templates);
            log(frame, LogKind::Progress, Source::Enrollment, id, Severity::Information, facts);
        }
    }
}

/// Enrollment of one certificate begins (4) or is over (5), whatever its outcome. Modern only.
pub(crate) fn enrollment(frame: &mut Frame, begins: bool, template: &str) {
    if frame.profile().events == EventTable::Modern {
        // E5.2.4, E5.2.5
        let id = if begins { 4 } else { 5 };
        log(frame, LogKind::Progress, Source::Run, id, Severity::Information, Facts::new().with("template", template));
    }
}

/// Something has happened in a certificate's life: entries of Windows 8 and later.
pub(crate) fn life_cycle(frame: &mut Frame, event: LifecycleEvent, certificate: &Thumbprint) {
    life_cycle_with(frame, event, Facts::new().with("certificate", certificate.0.as_str()));
}

/// A certificate was replaced: the entry names both.
pub(crate) fn replaced(frame: &mut Frame, old: &Thumbprint, new: &Thumbprint) {
    let facts = Facts::new().with("certificate", old.0.as_str()).with("new-certificate", new.0.as_str());
    life_cycle_with(frame, LifecycleEvent::Replaced, facts);
}

fn life_cycle_with(frame: &mut Frame, event: LifecycleEvent, facts: Facts) {
    // E5.1.lifecycle
    if frame.profile().events == EventTable::Modern && frame.profile().lifecycle_events.is_yes() {
        log(frame, LogKind::Progress, Source::Lifecycle, event.id(), Severity::Information, facts);
    }
}

/// The source of an entry, before the profile gives it a name.
enum Source {
    Run,
    Enrollment,
    Lifecycle,
}

fn log(frame: &mut Frame, kind: LogKind, source: Source, id: u16, severity: Severity, facts: Facts) {
    log_because(frame, &[], kind, source, id, severity, facts);
}

fn log_because(
    frame: &mut Frame,
    reasons: &[Cause],
    kind: LogKind,
    source: Source,
    id: u16,
    severity: Severity,
    facts: Facts,
) {
    let source = match (frame.profile().events, source, frame.identity.context) {
        // E5.1.autoenrollment, P7.15
        (EventTable::Classic, _, _) => EventSource::AutoEnrollment,
        // E5.1.client-autoenrollment
        (EventTable::Modern, Source::Run, _) => EventSource::ClientAutoEnrollment,
        // E5.1.cert-enroll
        (EventTable::Modern, Source::Enrollment, _) => EventSource::ClientCertEnroll,
        // E5.1.lifecycle
        (EventTable::Modern, Source::Lifecycle, Context::User) => EventSource::LifecycleUser,
        (EventTable::Modern, Source::Lifecycle, Context::Machine) => EventSource::LifecycleSystem,
    };
    let mut all = Facts::new().with("context", frame.context_name());
    for (name, fact) in facts.iter() {
        all.set(name, fact.clone());
    }
    frame.log(kind, EventEntry { source, id, severity, facts: all }, reasons);
}
