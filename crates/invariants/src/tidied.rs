//! What a run tidies away at its end.

use std::collections::{BTreeMap, BTreeSet};

use autoenroll_model::{Fact, Removal, Text};
use autoenroll_trace::Kind;

use crate::beyond::Beyond;
use crate::checker::{Checker, Moment, Violation};
use crate::table::Invariant;

/// [`Invariant::Tidied`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Tidied {
    /// Whether the profile removes certificates without a replacement; `None` when that is not known.
    removal: Option<Removal>,
    runs: BTreeMap<Text, Run>,
}

/// What is known of the open run of a principal.
#[derive(Clone, Debug, Default)]
struct Run {
    /// Policy lets it keep the store clean.
    manages: bool,
    /// Certificates of MY with the template that they are managed by.
    managed: BTreeMap<Text, Text>,
    /// Those of them that were found to be over, and are still there; `None` before any was looked at.
    over: Option<BTreeSet<Text>>,
    /// Templates whose item has ended without a certificate.
    unfinished: BTreeSet<Text>,
    /// Items were put off, and which is not told.
    put_off: bool,
}

/// The rules that say what a run may do and what is managed, those by which items are put off, and those behind which
/// everything is tidied.
pub(crate) const TIDIES: &[&str] =
    &["R004", "R049", "P7.48", "P7.29", "S4.remind", "S4.close", "MC1.closed", "S14.silent", "S14.summary"];

impl Tidied {
    pub(crate) fn new(removal: Option<Removal>) -> Self {
        Self { removal, ..Self::default() }
    }

    fn decided(&mut self, at: Moment<'_>) -> Option<Violation> {
        let run = self.runs.get_mut(&at.record.actor)?;
        match at.text("rule")? {
            "R004" if at.text("subject") == Some("manage") => run.manages = at.is_met(),
            "R049" if at.is_met() && run.over.is_none() => {
                run.managed.insert(at.text("subject")?.into(), at.text("template")?.into());
            }
            "P7.48" if self.removal.is_none() => {
                self.removal = at.is_met().then_some(Removal::Always);
            }
            "P7.29" | "S4.remind" | "S4.close" | "MC1.closed" if at.is_met() => run.put_off = true,
            "S14.silent" | "S14.summary" if self.removal == Some(Removal::Always) => {
                if !run.manages || run.put_off {
                    return None;
                }
                let template = |certificate: &Text| run.managed.get(certificate);
                let is_left =
                    |certificate: &&Text| template(certificate).is_some_and(|of| !run.unfinished.contains(of));
                let left = run.over.iter().flatten().find(is_left)?;
                let reason = format!("{left} is over, its template has nothing unfinished, and it stays");
                return Some(at.violation(Invariant::Tidied, reason));
            }
            _ => {}
        }
        None
    }
}

// IN1.tidied
impl Checker for Tidied {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            Kind::RunStarted => {
                self.runs.insert(actor.clone(), Run::default());
            }
            Kind::RunEnded | Kind::Logoff | Kind::Shutdown | Kind::Crash => {
                at.users().for_each(|user| drop(self.runs.remove(user)));
            }
            Kind::EffectDone if at.text("op") == Some("inspect") => {
                let run = self.runs.get_mut(actor).filter(|run| run.over.is_none())?;
                let Some(Fact::List(checks)) = at.record.facts.get("checks") else { return None };
                let revoked = checks.iter().filter_map(|check| match check {
                    Fact::Text(check) if check.contains(", revoked") => check.split_once(": "),
                    _ => None,
                });
                let mut over: BTreeSet<Text> = revoked.map(|(certificate, _)| certificate.into()).collect();
                if let Beyond::Inspected { expired } = at.beyond {
                    over.extend(expired.iter().map(|certificate| certificate.as_str().into()));
                }
                run.over = Some(over);
            }
            // It was tried; where that fails, the next run tries again.
            Kind::Effect if matches!(at.text("op"), Some("archive-certificate" | "delete-certificate")) => {
                let over = self.runs.get_mut(actor).and_then(|run| run.over.as_mut())?;
                over.remove(at.text("certificate")?);
            }
            Kind::ItemEnded if at.text("outcome") != Some("enrolled") => {
                self.runs.get_mut(actor)?.unfinished.insert(at.text("template")?.into());
            }
            // Somebody else does the tidying, or what was over is not any more.
            Kind::Change if matches!(at.text("what"), Some("delete-certificate" | "wall-clock")) => {
                self.runs.values_mut().for_each(|run| run.over = Some(BTreeSet::new()));
            }
            Kind::Decision => return self.decided(at),
            _ => {}
        }
        None
    }
}
