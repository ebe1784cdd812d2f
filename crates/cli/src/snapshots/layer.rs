//! How much of a trace a snapshot keeps.

use autoenroll_trace::{Detail, Kind, Record, Trace, TraceDigest};
use clap::ValueEnum;

/// A part of a trace. `work` and `everything` are those of `show --detail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layer {
    /// What people do and see: dialogs, balloon, icon, event log.
    People,
    /// Also requests, certificates, cards, stores, and what the core asks for.
    Work,
    /// Also decisions and APDUs: the whole trace.
    #[value(alias = "all")]
    Everything,
}

impl Layer {
    /// The word that names it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Work => "work",
            Self::Everything => "everything",
        }
    }

    /// The layer of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::People, Self::Work, Self::Everything].into_iter().find(|layer| layer.as_str() == name)
    }

    fn has(self, kind: Kind) -> bool {
        match self {
            Self::People => is_of_people(kind),
            Self::Work => Detail::of(kind) <= Detail::Work,
            Self::Everything => true,
        }
    }

    /// Its records, in order.
    pub(crate) fn records(self, trace: &Trace) -> impl Iterator<Item = Record> {
        trace.iter().filter(move |record| self.has(record.kind)).map(|record| record.unpack())
    }

    /// The digest of its records alone, which what is outside of the layer does not change. That of the whole trace is
    /// the trace's own.
    pub(crate) fn digest(self, trace: &Trace) -> TraceDigest {
        if self == Self::Everything {
            return trace.digest();
        }
        let mut part = Trace::new();
        for record in self.records(trace) {
            part.push(record.at, &record.actor, record.kind, record.facts, Vec::new());
        }
        part.digest()
    }
}

/// What people do and see, administrators and readers of event logs among them.
const fn is_of_people(kind: Kind) -> bool {
    match kind {
        Kind::Boot
        | Kind::Shutdown
        | Kind::Crash
        | Kind::CardLogon
        | Kind::Logon
        | Kind::LogonFailed
        | Kind::Logoff
        | Kind::Lock
        | Kind::Unlock
        | Kind::Pulse
        | Kind::Click
        | Kind::Insert
        | Kind::Remove
        | Kind::Answer
        | Kind::Change
        | Kind::Balloon
        | Kind::BalloonHidden
        | Kind::Icon
        | Kind::IconHidden
        | Kind::Prompt
        | Kind::PromptChanged
        | Kind::PromptWithdrawn
        | Kind::Event
        | Kind::Violation => true,
        Kind::GpRefresh
        | Kind::Trigger
        | Kind::TriggerHeld
        | Kind::RunStarted
        | Kind::RunEnded
        | Kind::ItemStarted
        | Kind::ItemEnded
        | Kind::Decision
        | Kind::Directory
        | Kind::Store
        | Kind::Archived
        | Kind::Deleted
        | Kind::Effect
        | Kind::EffectDone
        | Kind::EffectAbandoned
        | Kind::Card
        | Kind::CardDone
        | Kind::Apdu
        | Kind::Software
        | Kind::Request
        | Kind::Issued
        | Kind::Pending
        | Kind::Denied
        | Kind::CaFailed => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_holds_the_one_before() {
        let count = |layer: Layer| Kind::ALL.iter().filter(|kind| layer.has(**kind)).count();
        for kind in Kind::ALL {
            assert!(!Layer::People.has(*kind) || Layer::Work.has(*kind), "{kind}");
        }
        let (people, work, everything) = (count(Layer::People), count(Layer::Work), count(Layer::Everything));
        assert!(people < work && work < everything && everything == Kind::ALL.len());
    }
}
