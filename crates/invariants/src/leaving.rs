//! What may no longer happen once somebody has logged off.

use std::collections::BTreeSet;

use autoenroll_model::Text;
use autoenroll_trace::{Kind, Record};

use crate::checker::{Checker, Moment, Violation};
use crate::table::Invariant;

/// [`Invariant::LoggedOff`].
#[derive(Clone, Debug, Default)]
pub(crate) struct LoggedOff {
    /// Those whose session has ended, and who have not logged on or booted since.
    gone: BTreeSet<Text>,
}

/// Whether a record tells that something begins for its actor. What ends, or is taken from the desktop, may come late,
/// and so may what a CA does.
fn begins(record: &Record) -> bool {
    match record.kind {
        Kind::Trigger
        | Kind::RunStarted
        | Kind::ItemStarted
        | Kind::Balloon
        | Kind::Icon
        | Kind::Prompt
        | Kind::PromptChanged
        | Kind::Effect
        | Kind::Card
        | Kind::Software
        | Kind::Request => true,
        Kind::Directory => record.facts.text("op") != Some("publish-certificate"),
        _ => false,
    }
}

// IN1.logged-off
impl Checker for LoggedOff {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        let actor = &at.record.actor;
        match at.record.kind {
            // Whoever logs on with a card works with it before the logon.
            Kind::Logon | Kind::Boot | Kind::CardLogon => {
                self.gone.remove(actor);
            }
            // The core alone is gone.
            Kind::Crash if at.text("session").is_some() => {}
            Kind::Logoff | Kind::Shutdown | Kind::Crash | Kind::LogonFailed => {
                self.gone.extend(at.users().cloned());
            }
            _ if begins(at.record) && self.gone.contains(actor) => {
                let reason = format!("{} begins for {actor}, whose session has ended", at.record.kind);
                return Some(at.violation(Invariant::LoggedOff, reason));
            }
            _ => {}
        }
        None
    }
}
