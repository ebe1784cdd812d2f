//! Certificates of a machine that name it as it is no longer called.

use alloc::string::ToString;

use autoenroll_model::{Context, DnsMismatch, Duration, Facts, NameFlags, PrincipalObject};
use autoenroll_wire::{Certificate, GeneralName};

use crate::events::{self, Detail};
use crate::frame::{Frame, Timer};
use crate::known::ManagedCertificate;
use crate::rules;

/// How often the same failure is tried again. No public text has the number; three is arbitrary.
const MOST_FAILURES: u8 = 3;

/// Whether a certificate that is good otherwise is to be replaced, because the machine has another DNS name now. When
/// that is seen first, the delay begins, at whose end the core starts a run.
pub(crate) fn is_misnamed(frame: &mut Frame, principal: &PrincipalObject, certificate: &ManagedCertificate) -> bool {
    let subject = certificate.thumbprint.0.as_str();
    let Some(now) = dns_name(frame, principal, certificate) else {
        frame.misnamed.forget(&certificate.thumbprint);
        return false;
    };
    let enrolls = frame.profile().dns_mismatch == DnsMismatch::Enroll;
    if !frame.decide(rules::DNS_MISMATCH, subject, enrolls, Facts::new().with("computer", now)).holds {
        return false;
    }
    let mono = frame.now.mono;
    let template = certificate.template.template.name.as_str();
    let seen = frame.misnamed.see(&certificate.thumbprint, mono);
    let delay: Duration = frame.profile().dns_mismatch_delay.0;
    let facts = Facts::new().with("delay", delay.to_string());
    if !frame.decide(rules::DNS_MISMATCH_DELAY, subject, mono >= seen.since + delay, facts).holds {
        events::detail(frame, Detail::OtherName, template, Facts::new().with("certificate", subject));
        frame.timers.set_earlier(Timer::Misnamed, seen.since + delay);
        return false;
    }
    let given_up = seen.failed.is_some_and(|(_, times)| times >= MOST_FAILURES);
    let facts = Facts::new().with_some("code", seen.failed.map(|(code, _)| code.to_string()));
    if !frame.decide(rules::DNS_MISMATCH_GIVEN_UP, subject, given_up, facts).holds {
        return true;
    }
    let facts = Facts::new().with("certificate", subject);
    let facts = facts.with_some("code", seen.failed.map(|(code, _)| code.to_string()));
    events::detail(frame, Detail::OtherNameKept, template, facts);
    false
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
