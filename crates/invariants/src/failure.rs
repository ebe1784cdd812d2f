//! What is made of failures: how many count, and which reason is told.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{HResult, Text};
use autoenroll_trace::Kind;

use crate::checker::{Checker, Moment, Violation};
use crate::open::Beginning;
use crate::table::Invariant;

/// [`Invariant::Counted`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    /// How often the card of each principal's item was gone while it was spoken to, since the user last said something.
    losses: BTreeMap<Text, u8>,
    /// The code with which items of a computer and template fail, and how often it came in a row.
    failures: BTreeMap<(Text, Text), (HResult, u8)>,
    /// Computers: no user has another name.
    machines: BTreeSet<Text>,
}

/// So many times in a row count, here and there: a card that is gone whenever it is spoken to, and what keeps a renamed
/// machine from its certificate.
const MOST: u8 = 3;

/// The rules by which a card was pulled and by which it counts as one that fails, and the one by which a certificate is
/// left alone.
pub(crate) const COUNTED: &[&str] = &["P7.41", "F.card", "MC3.repetition"];

/// The codes that say that a card is gone.
const GONE: &[HResult] = &[
    HResult::SCARD_W_REMOVED_CARD,
    HResult::SCARD_W_RESET_CARD,
    HResult::SCARD_W_UNPOWERED_CARD,
    HResult::SCARD_W_UNRESPONSIVE_CARD,
    HResult::SCARD_E_NO_SMARTCARD,
];

impl Counted {
    fn decided(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        let code = at.code()?;
        match at.text("rule")? {
            "P7.41" => {
                let losses = self.losses.entry(actor.clone()).or_default();
                *losses = losses.saturating_add(1);
                None
            }
            "F.card" if GONE.contains(&code) => {
                let losses = self.losses.get(actor).copied().unwrap_or_default();
                let reason = format!("{} counts as a card that fails after it was gone {losses} times", subject(at));
                (losses < MOST).then(|| at.violation(Invariant::Counted, reason))
            }
            "MC3.repetition" => {
                let mut failures = self.failures.iter().filter(|((of, _), _)| of == actor).map(|(_, failed)| failed);
                let often = failures.any(|(failed, times)| *failed == code && *times >= MOST);
                let reason = format!("{} is left alone for a failure that has not come so often", subject(at));
                (!often).then(|| at.violation(Invariant::Counted, reason))
            }
            _ => None,
        }
    }
}

fn subject(at: Moment<'_>) -> &str {
    at.text("subject").unwrap_or_default()
}

// IN1.counted
impl Checker for Counted {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::Boot => {
                self.machines.insert(actor.clone());
            }
            Kind::ItemStarted => {
                self.losses.remove(actor);
            }
            Kind::Logoff | Kind::Shutdown | Kind::Crash => {
                let left: Vec<&Text> = at.users().collect();
                self.losses.retain(|of, _| !left.contains(&of));
            }
            // What a provider asks by itself, the core does not hear.
            Kind::Answer if !at.cause(&[Kind::Prompt, Kind::PromptChanged]).is_some_and(|prompt| is_own(&prompt)) => {
                self.losses.remove(actor);
            }
            Kind::ItemEnded => {
                self.losses.remove(actor);
                if !self.machines.contains(actor) {
                    return None;
                }
                let key = (actor.clone(), at.text("template")?.into());
                let Some(code) = at.code().filter(|_| at.text("outcome") == Some("failed")) else {
                    if at.text("outcome") == Some("enrolled") {
                        self.failures.remove(&key);
                    }
                    return None;
                };
                let failed = self.failures.entry(key).or_insert((code, 0));
                if failed.0 != code {
                    *failed = (code, 0);
                }
                failed.1 = failed.1.saturating_add(1).min(MOST);
            }
            Kind::Decision if at.is_met() => return self.decided(at),
            _ => {}
        }
        None
    }
}

/// Whether a provider shows a prompt.
fn is_own(prompt: &Beginning) -> bool {
    prompt.facts.text("asked-by").is_some()
}

/// [`Invariant::OwnReason`].
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnReason {
    /// What CAs have failed with in each principal's item, but for those that failed only because nobody may be asked.
    reasons: BTreeMap<Text, String>,
}

// IN1.own-reason
impl Checker for OwnReason {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::ItemStarted => {
                self.reasons.remove(actor);
            }
            Kind::EffectDone
                if at.text("op") == Some("submit")
                    && !at.succeeded()
                    && at.code() != Some(HResult::NTE_SILENT_CONTEXT) =>
            {
                self.reasons.insert(actor.clone(), at.text("code")?.to_owned());
            }
            Kind::ItemEnded => {
                let reason = self.reasons.remove(actor)?;
                let silent = at.code() == Some(HResult::NTE_SILENT_CONTEXT);
                let reason = format!("the item fails because nobody may be asked, and a CA has said {reason}");
                return silent.then(|| at.violation(Invariant::OwnReason, reason));
            }
            _ => {}
        }
        None
    }
}
