//! Event-log entries by profile: one classic source, or the several of Vista and later.

use alloc::string::ToString;

use autoenroll_model::{Action, Cause, EventEntry, EventSource, EventTable, Facts, HResult, Severity, Thumbprint};

use crate::frame::{Frame, LogKind};
use crate::rules;

/// A run starts (id 2).
pub(crate) fn run_started(frame: &mut Frame) {
    log(frame, LogKind::Progress, Source::Run, 2, Severity::Information, Facts::new());
}

/// A run is complete (id 3).
pub(crate) fn run_completed(frame: &mut Frame) {
    log(frame, LogKind::Progress, Source::Run, 3, Severity::Information, Facts::new());
}

/// The directory could not be contacted: 15 of the classic source, 6 of the modern one.
pub(crate) fn directory_unreachable(frame: &mut Frame, code: HResult) {
    let id = if frame.profile().events == EventTable::Classic { 15 } else { 6 };
    let severity = frame.profile().directory_event;
    log(frame, LogKind::Problem, Source::Run, id, severity, code_fact(code));
}

/// The run failed with a code (modern id 6; the classic source has no public number but 15).
pub(crate) fn run_failed(frame: &mut Frame, code: HResult) {
    directory_unreachable(frame, code);
}

/// One trust container could not be downloaded (id 1, modern only).
pub(crate) fn store_download_failed(frame: &mut Frame, store: &str, url: &str, code: HResult) {
    if frame.profile().events == EventTable::Modern {
        let facts = Facts::new().with("store", store).with("url", url).with("code", code.to_string());
        log(frame, LogKind::Problem, Source::Run, 1, Severity::Error, facts);
    }
}

/// A certificate was received (19) or renewed (20).
pub(crate) fn succeeded(frame: &mut Frame, action: Action, template: &str, ca: &str, certificate: &Thumbprint) {
    if frame.decide(rules::RESULT_LOGGED, template, true, Facts::new()) {
        let id = if action == Action::Renew { 20 } else { 19 };
        let facts = Facts::new().with("template", template).with("ca", ca).with("certificate", certificate.0.as_str());
        log(frame, LogKind::Result, Source::Enrollment, id, Severity::Information, facts);
    }
}

/// A certificate could not be enrolled (13) or renewed (16), because of that.
pub(crate) fn failed(frame: &mut Frame, because: Cause, action: Action, template: &str, code: HResult) {
    if frame.decide(rules::RESULT_LOGGED, template, true, code_fact(code)) {
        let id = if action == Action::Renew { 16 } else { 13 };
        let facts = Facts::new().with("template", template).with("code", code.to_string());
        log_because(frame, &[because], LogKind::Problem, Source::Enrollment, id, Severity::Error, facts);
    }
}

/// A certificate is near its end or past it (64, modern only).
pub(crate) fn near_expiry(frame: &mut Frame, certificate: &Thumbprint) {
    let facts = Facts::new().with("certificate", certificate.0.as_str());
    log(frame, LogKind::Problem, Source::Run, 64, Severity::Warning, facts);
}

/// A policy server has authenticated the client (65) and told it its policy (64). Modern only.
pub(crate) fn policy_loaded(frame: &mut Frame, templates: usize) {
    if frame.profile().events == EventTable::Modern {
        for id in [65, 64] {
            let facts = Facts::new().with("templates", templates);
            log(frame, LogKind::Progress, Source::Enrollment, id, Severity::Information, facts);
        }
    }
}

/// Enrollment of one certificate begins (4) or is over (5), whatever came of it. Modern only.
pub(crate) fn enrollment(frame: &mut Frame, begins: bool, template: &str) {
    if frame.profile().events == EventTable::Modern {
        let id = if begins { 4 } else { 5 };
        log(frame, LogKind::Progress, Source::Run, id, Severity::Information, Facts::new().with("template", template));
    }
}

/// A certificate's life cycle: 1001 replaced, 1002 expired, 1003 near its end, 1004 deleted, 1005 archived, 1006 installed, 1008
/// linked with its key, 1010 deleted from the directory. Modern only.
pub(crate) fn life_cycle(frame: &mut Frame, id: u16, certificate: &Thumbprint) {
    if frame.profile().events == EventTable::Modern {
        let facts = Facts::new().with("certificate", certificate.0.as_str());
        log(frame, LogKind::Progress, Source::Lifecycle, id, Severity::Information, facts);
    }
}

/// Who speaks, before the profile gives it a name.
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
        (EventTable::Classic, _, _) => EventSource::AutoEnrollment,
        (EventTable::Modern, Source::Run, _) => EventSource::ClientAutoEnrollment,
        (EventTable::Modern, Source::Enrollment, _) => EventSource::ClientCertEnroll,
        (EventTable::Modern, Source::Lifecycle, autoenroll_model::Context::User) => EventSource::LifecycleUser,
        (EventTable::Modern, Source::Lifecycle, autoenroll_model::Context::Machine) => EventSource::LifecycleSystem,
    };
    let mut all = Facts::new().with("context", frame.context_name());
    for (name, fact) in facts.iter() {
        all.set(name, fact.clone());
    }
    frame.log(kind, EventEntry { source, id, severity, facts: all }, reasons);
}

fn code_fact(code: HResult) -> Facts {
    Facts::new().with("code", code.to_string())
}
