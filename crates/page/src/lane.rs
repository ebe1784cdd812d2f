//! Which lane a record belongs to.

use autoenroll_trace::{Kind, Record};

/// A lane of the chart, in the order from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    Policy,
    Core,
    Desktop,
    Card,
    Store,
    Ca,
    Directory,
    Log,
}

impl Lane {
    pub(crate) const ALL: [Self; 8] =
        [Self::Policy, Self::Core, Self::Desktop, Self::Card, Self::Store, Self::Ca, Self::Directory, Self::Log];

    /// Its heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Policy => "Group Policy",
            Self::Core => "Core",
            Self::Desktop => "Desktop",
            Self::Card => "Card",
            Self::Store => "Stores",
            Self::Ca => "CA",
            Self::Directory => "Directory",
            Self::Log => "Event log",
        }
    }

    /// Its name in the style sheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Policy => "l-policy",
            Self::Core => "l-core",
            Self::Desktop => "l-desktop",
            Self::Card => "l-card",
            Self::Store => "l-store",
            Self::Ca => "l-ca",
            Self::Directory => "l-directory",
            Self::Log => "l-log",
        }
    }

    /// That of a record.
    pub(crate) fn of(record: &Record) -> Self {
        match record.kind {
            Kind::GpRefresh => Self::Policy,
            Kind::Change => Self::of_change(record),
            Kind::CardLogon
            | Kind::Logon
            | Kind::LogonFailed
            | Kind::Logoff
            | Kind::Lock
            | Kind::Unlock
            | Kind::Click
            | Kind::Answer
            | Kind::Balloon
            | Kind::BalloonHidden
            | Kind::Icon
            | Kind::IconHidden
            | Kind::Prompt
            | Kind::PromptChanged
            | Kind::PromptWithdrawn => Self::Desktop,
            Kind::Insert | Kind::Remove | Kind::Card | Kind::CardDone | Kind::Apdu => Self::Card,
            Kind::Request | Kind::Issued | Kind::Pending | Kind::Denied | Kind::CaFailed => Self::Ca,
            Kind::Store | Kind::Archived | Kind::Deleted => Self::Store,
            Kind::Directory => Self::Directory,
            Kind::Event => Self::Log,
            Kind::Boot
            | Kind::Shutdown
            | Kind::Crash
            | Kind::Pulse
            | Kind::Trigger
            | Kind::TriggerHeld
            | Kind::RunStarted
            | Kind::RunEnded
            | Kind::ItemStarted
            | Kind::ItemEnded
            | Kind::Decision
            | Kind::Effect
            | Kind::EffectDone
            | Kind::EffectAbandoned
            | Kind::Software
            | Kind::Violation => Self::Core,
        }
    }

    fn of_change(record: &Record) -> Self {
        let facts = &record.facts;
        match facts.text("what").unwrap_or_default() {
            "policy" => Self::Policy,
            "wall-clock" | "keys" | "settings" | "effect" => Self::Core,
            "delete-certificate" | "delete-request" => Self::Store,
            _ if facts.get("card").is_some() => Self::Card,
            "publish-ca" => Self::Directory,
            _ if facts.get("ca").is_some() => Self::Ca,
            _ => Self::Directory,
        }
    }
}
