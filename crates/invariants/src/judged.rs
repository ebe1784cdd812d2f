//! A certificate is judged by what was found out about it, and about no other.

use std::collections::BTreeMap;

use autoenroll_model::{Fact, HResult, Text};
use autoenroll_trace::Kind;

use crate::checker::{Checker, Moment, Violation, read_code};
use crate::table::Invariant;

/// [`Invariant::Judged`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    /// What each principal's run has found out about certificates.
    found: BTreeMap<Text, BTreeMap<Text, Found>>,
}

/// What was found out about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Its chain is good, it is not revoked, and its key can be used.
    Good,
    /// It is revoked, or its chain is not good.
    Bad,
    /// Only its key is in doubt, which one on a card may be.
    WithoutKey,
}

impl Found {
    /// What an inspection says, such as `0x00000000 S_OK, no key`.
    fn read(said: &str) -> Self {
        match said {
            _ if read_code(said) != Some(HResult::S_OK) || said.contains(", revoked") => Self::Bad,
            _ if said.contains(", no key") => Self::WithoutKey,
            _ => Self::Good,
        }
    }
}

/// The rule by which a certificate is not installed.
pub(crate) const REFUSED: &[&str] = &["MC1.judged"];

// IN1.judged
impl Checker for Judged {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        let found = |certificate: &str| self.found.get(actor)?.get(certificate).copied();
        match at.record.kind {
            Kind::RunStarted | Kind::RunEnded => {
                self.found.remove(actor);
            }
            Kind::EffectDone if at.text("op") == Some("inspect") => {
                let Some(Fact::List(checks)) = at.record.facts.get("checks") else { return None };
                let said = checks.iter().filter_map(|check| match check {
                    Fact::Text(check) => check.split_once(": "),
                    _ => None,
                });
                let known = self.found.entry(actor.clone()).or_default();
                known.extend(said.map(|(certificate, said)| (certificate.into(), Found::read(said))));
            }
            Kind::Store if at.text("op") == Some("add") => {
                let certificate = at.text("certificate")?;
                let reason = format!("{certificate} is installed, and was found not to be good");
                return (found(certificate)? == Found::Bad).then(|| at.violation(Invariant::Judged, reason));
            }
            Kind::Decision if at.is_met() && at.text("rule").is_some_and(|rule| REFUSED.contains(&rule)) => {
                let certificate = at.text("certificate")?;
                // By the clock it can be over, or not yet valid, whatever an inspection said.
                let by_clock = at.code() == Some(HResult::CERT_E_EXPIRED);
                let reason = format!("{certificate} is refused, and was found to be good");
                return (found(certificate)? == Found::Good && !by_clock)
                    .then(|| at.violation(Invariant::Judged, reason));
            }
            _ => {}
        }
        None
    }
}
