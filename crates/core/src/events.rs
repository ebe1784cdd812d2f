//! Event-log entries by profile: one classic source, or the several of Vista and later.

use alloc::string::ToString;

use autoenroll_model::{
    Cause, Context, EventEntry, EventSource, EventTable, Facts, HResult, Inverted, LifecycleEvent, RuleRow, Severity,
    Thumbprint,
};

use crate::frame::{Frame, LogKind, code_fact};
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

/// A certificate was received (19) or renewed (20).
pub(crate) fn succeeded(
    frame: &mut Frame,
    renewal: bool,
    template: &str,
    ca: &str,
    certificate: &Thumbprint,
) -> Result<(), Inverted> {
    frame.applies(rules::RESULT_LOGGED, template, Facts::new())?;
    // E5.3.19, E5.3.20, E5.4.19, E5.4.20, E5.6.enrolled, E5.6.renewed
    let id = if renewal { 20 } else { 19 };
    let facts = Facts::new().with("template", template).with("ca", ca).with("certificate", certificate.0.as_str());
    log(frame, LogKind::Result, Source::Enrollment, id, Severity::Information, facts);
    Ok(())
}

/// A certificate could not be enrolled (13) or renewed (16), because of that.
pub(crate) fn failed(
    frame: &mut Frame,
    because: Cause,
    renewal: bool,
    template: &str,
    code: HResult,
) -> Result<(), Inverted> {
    frame.applies(rules::RESULT_LOGGED, template, code_fact(code))?;
    // E5.3.13, E5.3.16, E5.4.13, E5.4.16
    let id = if renewal { 16 } else { 13 };
    let facts = Facts::new().with("template", template).with("code", code.to_string());
    log_because(frame, &[because], LogKind::Problem, Source::Enrollment, id, Severity::Error, facts);
    Ok(())
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
    // E5.1.lifecycle
    if frame.profile().events == EventTable::Modern && frame.profile().lifecycle_events.is_yes() {
        let facts = Facts::new().with("certificate", certificate.0.as_str());
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
