//! Certificates of a machine that name it as it is no longer called.

use alloc::collections::BTreeMap;
use alloc::string::ToString;

use autoenroll_model::{
    Context, DnsMismatch, Duration, Facts, HResult, NameFlags, PrincipalObject, SimTime, Thumbprint,
};
use autoenroll_wire::{Certificate, GeneralName};

use crate::frame::{Frame, Timer};
use crate::known::ManagedCertificate;
use crate::rules;

/// Those that were seen since the machine started. Nothing else remembers them, so that a restart counts anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Misnamed(BTreeMap<Thumbprint, Seen>);

/// What became of one so far.
#[derive(Clone, Copy, Debug)]
struct Seen {
    since: SimTime,
    /// The latest failure to replace it, and how often it came in a row.
    failed: Option<(HResult, u8)>,
}

/// How often the same failure is tried again. No public text has the number; three is arbitrary.
const MOST_FAILURES: u8 = 3;

impl Misnamed {
    /// A certificate in its place could not be had.
    pub(crate) fn failed(&mut self, certificate: &Thumbprint, code: HResult) {
        if let Some(seen) = self.0.get_mut(certificate) {
            let before = seen.failed.filter(|(known, _)| *known == code).map_or(0, |(_, times)| times);
            seen.failed = Some((code, before.saturating_add(1)));
        }
    }
}

/// Whether a certificate that is good otherwise is to be replaced, because the machine has another DNS name now. When
/// that is seen first, the delay begins, at whose end the core starts a run.
pub(crate) fn is_misnamed(frame: &mut Frame, principal: &PrincipalObject, certificate: &ManagedCertificate) -> bool {
    let subject = certificate.thumbprint.0.as_str();
    let Some(now) = dns_name(frame, principal, certificate) else {
        frame.misnamed.0.remove(&certificate.thumbprint);
        return false;
    };
    let enrolls = frame.profile().dns_mismatch == DnsMismatch::Enroll;
    if !frame.decide(rules::DNS_MISMATCH, subject, enrolls, Facts::new().with("computer", now)).holds {
        return false;
    }
    let mono = frame.now.mono;
    let seen = *frame.misnamed.0.entry(certificate.thumbprint.clone()).or_insert(Seen { since: mono, failed: None });
    let delay: Duration = frame.profile().dns_mismatch_delay.0;
    let facts = Facts::new().with("delay", delay.to_string());
    if !frame.decide(rules::DNS_MISMATCH_DELAY, subject, mono >= seen.since + delay, facts).holds {
        frame.timers.set_earlier(Timer::Misnamed, seen.since + delay);
        return false;
    }
    let given_up = seen.failed.is_some_and(|(_, times)| times >= MOST_FAILURES);
    let facts = Facts::new().with_some("code", seen.failed.map(|(code, _)| code.to_string()));
    !frame.decide(rules::DNS_MISMATCH_GIVEN_UP, subject, given_up, facts).holds
}

/// The machine's DNS name, when the template wants it in the certificate and others are there instead.
fn dns_name<'a>(frame: &Frame, principal: &'a PrincipalObject, certificate: &ManagedCertificate) -> Option<&'a str> {
    let wanted = certificate.template.template.name_flags.contains(NameFlags::SUBJECT_ALT_REQUIRE_DNS);
    if frame.identity.context != Context::Machine || !wanted {
        return None;
    }
    let name = principal.dns.as_deref()?;
    let view = Certificate::parse(&certificate.certificate).ok()?;
    let mut others = false;
    for known in view.subject_alt_names() {
        if let GeneralName::Dns(known) = known {
            if known.eq_ignore_ascii_case(name) {
                return None;
            }
            others = true;
        }
    }
    others.then_some(name)
}
