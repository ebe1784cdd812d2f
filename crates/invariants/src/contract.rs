//! The core's contract, as far as records show it.

use std::collections::BTreeMap;

use autoenroll_model::Text;
use autoenroll_trace::{Kind, Record, RecordId};

use crate::beyond::Beyond;
use crate::checker::{Checker, Moment, Violation};
use crate::open::MOST;
use crate::session::Sessions;
use crate::table::Invariant;

/// [`Invariant::Contract`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Contract {
    /// Effects that began and are not done, by their records.
    open: BTreeMap<RecordId, Effect>,
    balloon: Sessions<bool>,
}

#[derive(Clone, Debug)]
struct Effect {
    actor: Text,
    abandoned: bool,
}

/// Whether a record is the beginning of an effect.
const fn begins(record: &Record) -> bool {
    matches!(record.kind, Kind::Effect | Kind::Directory | Kind::Card | Kind::Software | Kind::Request)
}

impl Contract {
    /// The open effect among the causes of its end.
    fn effect(&mut self, at: Moment<'_>) -> Option<(RecordId, &mut Effect)> {
        let began = at.record.causes.iter().rev().find(|cause| self.open.contains_key(cause)).copied()?;
        Some((began, self.open.get_mut(&began)?))
    }
}

impl Checker for Contract {
    fn check(&mut self, at: Moment<'_>) -> Option<Violation> {
        self.balloon.observe(at.record);
        let violation = |reason: &str| Some(at.violation(Invariant::Contract, reason));
        match at.record.kind {
            _ if begins(at.record) => {
                self.open.insert(at.record.id, Effect { actor: at.record.actor.clone(), abandoned: false });
                if self.open.len() > MOST {
                    self.open.pop_first();
                }
                None
            }
            Kind::EffectDone | Kind::CardDone => match self.effect(at).map(|(began, _)| began) {
                Some(began) => {
                    self.open.remove(&began);
                    None
                }
                None => violation("an effect ends that is not open"),
            },
            Kind::EffectAbandoned => {
                let found =
                    self.effect(at).map(|(began, effect)| (began, std::mem::replace(&mut effect.abandoned, true)));
                if let (Beyond::NotBegun, Some((began, _))) = (at.beyond, found) {
                    self.open.remove(&began);
                }
                match found.map(|(_, twice)| twice) {
                    Some(false) => None,
                    Some(true) => violation("an effect is abandoned twice"),
                    None => violation("an effect is abandoned that is not open"),
                }
            }
            // What a core had begun that has crashed never ends, and nobody hears of what one before this has begun.
            Kind::Crash | Kind::Logon | Kind::Boot => {
                self.open.retain(|_, effect| !at.users().any(|user| *user == effect.actor));
                None
            }
            Kind::Balloon => {
                *self.balloon.of(&at.record.actor) = true;
                None
            }
            Kind::BalloonHidden if !std::mem::take(self.balloon.of(&at.record.actor)) => {
                violation("a balloon is hidden that is not shown")
            }
            _ => None,
        }
    }
}
