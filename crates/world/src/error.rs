//! What can go wrong with a world itself, as opposed to in it.

use std::fmt;

use autoenroll_model::{Choice, CoreError, DecisionPoint, SimTime};

use crate::action::ClickTarget;
use crate::spec::{Quantity, ReaderName};

/// A description does not describe a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// Something is named that does not exist.
    Unknown(Unknown),
    /// Two things of a kind have one name.
    Twice {
        /// What kind of thing.
        what: Thing,
        /// Its name.
        name: String,
    },
    /// Something cannot be built from its description.
    Unbuildable {
        /// What kind of thing.
        what: Thing,
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(unknown) => unknown.fmt(f),
            Self::Twice { what, name } => write!(f, "there are two {what}s named `{name}`; names must differ"),
            Self::Unbuildable { what, name, reason } => write!(f, "the {what} `{name}` cannot be made: {reason}"),
        }
    }
}

impl std::error::Error for SpecError {}

impl From<Unknown> for SpecError {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(unknown)
    }
}

/// A name that nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What kind of thing was meant.
    pub what: Thing,
    /// The name that came.
    pub name: String,
    /// Every name that would have been accepted.
    pub known: Vec<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, known } = self;
        if known.is_empty() {
            write!(f, "there is no {what} `{name}`; this world has none")
        } else {
            write!(f, "there is no {what} `{name}`; this world has {}", known.join(", "))
        }
    }
}

impl std::error::Error for Unknown {}

autoenroll_model::words! {
    /// A kind of thing that has a name.
    pub enum Thing as "kind of thing" {
        /// A user.
        User = "user",
        /// A computer.
        Computer = "computer",
        /// A user or a computer.
        Principal = "principal",
        /// A group.
        Group = "group",
        /// A user, computer or group.
        Member = "user, computer or group",
        /// A reader.
        Reader = "reader",
        /// A card.
        Card = "card",
        /// A container on a card.
        Container = "container",
        /// A CA.
        Authority = "CA",
        /// A CA or an extra root.
        Root = "CA or root",
        /// A policy server.
        PolicyService = "policy server",
        /// A domain controller.
        Controller = "domain controller",
        /// A template.
        Template = "template",
        /// A certificate.
        Certificate = "certificate",
        /// A request.
        Request = "request",
    }
}

/// An action cannot be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActError {
    /// Something is named that does not exist.
    Unknown(Unknown),
    /// There is one of that name already.
    Exists {
        /// What kind of thing.
        what: Thing,
        /// Its name.
        name: String,
    },
    /// The computer already runs.
    AlreadyRunning {
        /// The computer.
        computer: String,
    },
    /// The computer does not run.
    NotRunning {
        /// The computer.
        computer: String,
    },
    /// The user is logged on already.
    AlreadyLoggedOn {
        /// The user.
        user: String,
        /// Where.
        computer: String,
    },
    /// The user is not logged on.
    NotLoggedOn {
        /// The user.
        user: String,
    },
    /// The workstation is locked: the user can neither click nor answer.
    Locked {
        /// The user.
        user: String,
    },
    /// The workstation is not locked.
    NotLocked {
        /// The user.
        user: String,
    },
    /// There is nothing to click there.
    NothingToClick {
        /// The user.
        user: String,
        /// On what.
        on: ClickTarget,
    },
    /// The reader holds another card.
    ReaderOccupied {
        /// The reader.
        reader: ReaderName,
        /// The card in it.
        card: String,
    },
    /// The card is in a reader already.
    CardInUse {
        /// The card.
        card: String,
        /// The reader it is in.
        reader: ReaderName,
    },
    /// The card is in no reader.
    NotInserted {
        /// The card.
        card: String,
    },
    /// No prompt of that decision point is open.
    NoPrompt {
        /// The user.
        user: String,
        /// The decision point.
        point: DecisionPoint,
        /// Those that are open.
        open: Vec<DecisionPoint>,
    },
    /// The prompt does not offer that answer.
    NotOffered {
        /// The decision point.
        point: DecisionPoint,
        /// The answer.
        answer: Choice,
        /// What it offers.
        offers: Vec<Choice>,
    },
    /// The CA cannot do that with the request or certificate named.
    Refused {
        /// The CA.
        ca: String,
        /// Why.
        reason: String,
    },
    /// The card cannot do that.
    Card {
        /// The card.
        card: String,
        /// Why.
        reason: String,
    },
    /// The core failed while it handled the action.
    World(WorldError),
}

impl fmt::Display for ActError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |offers: &[Choice]| offers.iter().map(|o| o.as_str()).collect::<Vec<_>>().join(", ");
        match self {
            Self::Unknown(unknown) => unknown.fmt(f),
            Self::Exists { what, name } => write!(f, "there is a {what} `{name}` already; change it instead"),
            Self::AlreadyRunning { computer } => write!(f, "{computer} already runs; shut it down or crash it first"),
            Self::NotRunning { computer } => write!(f, "{computer} does not run; boot it first"),
            Self::AlreadyLoggedOn { user, computer } => {
                write!(f, "{user} is logged on at {computer}; log {user} off first")
            }
            Self::NotLoggedOn { user } => write!(f, "{user} is not logged on; log {user} on first"),
            Self::Locked { user } => write!(f, "{user}'s workstation is locked; unlock it first"),
            Self::NotLocked { user } => write!(f, "{user}'s workstation is not locked"),
            Self::NothingToClick { user, on } => write!(f, "{user} sees no {on} to click"),
            Self::ReaderOccupied { reader, card } => write!(f, "{reader} holds {card}; remove that first"),
            Self::CardInUse { card, reader } => write!(f, "{card} is in {reader} already; remove it first"),
            Self::NotInserted { card } => write!(f, "{card} is in no reader"),
            Self::NoPrompt { user, point, open } if open.is_empty() => {
                write!(f, "{user} sees no prompt, and so not {point}")
            }
            Self::NoPrompt { user, point, open } => {
                let open = open.iter().map(|p| p.as_str()).collect::<Vec<_>>().join(", ");
                write!(f, "{user} sees no prompt {point}; open: {open}")
            }
            Self::NotOffered { point, answer, offers } => {
                write!(f, "{point} does not offer `{answer}`; it offers {}", words(offers))
            }
            Self::Refused { ca, reason } => write!(f, "{ca} cannot do that: {reason}"),
            Self::Card { card, reason } => write!(f, "{card} cannot do that: {reason}"),
            Self::World(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ActError {}

impl From<Unknown> for ActError {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(unknown)
    }
}

impl From<WorldError> for ActError {
    fn from(error: WorldError) -> Self {
        Self::World(error)
    }
}

/// The world cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorldError {
    /// [`crate::STEPS_WITHOUT_PROGRESS`] events and outputs of one instant said nothing new: a livelock.
    NotQuiescent {
        /// The instant.
        at: SimTime,
    },
    /// The scenario uses up more than it may.
    Budget {
        /// When.
        at: SimTime,
        /// Of what.
        quantity: Quantity,
        /// How much there was of it.
        limit: u64,
        /// Where most of the records came from, and how many, the largest first.
        by: Vec<(String, u64)>,
    },
    /// A change that was scheduled cannot be made.
    Change {
        /// Why.
        reason: String,
    },
    /// A core is gone, does not keep its contract, or was handed what that contract rules out. The error says whose
    /// fault it is: [`CoreError::is_of_driver`] is a fault of this world, everything else one of the core.
    Core {
        /// Whose core.
        principal: String,
        /// What happened.
        error: CoreError,
    },
}

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotQuiescent { at } => write!(f, "the world does not come to rest at {at}"),
            Self::Budget { at, quantity, limit, by } => {
                let by: Vec<String> = by.iter().map(|(source, records)| format!("{source} {records}")).collect();
                let what = quantity.as_str();
                write!(f, "at {at} the scenario has used up its {limit} {what}")?;
                if by.is_empty() {
                    return f.write_str(", before the first record");
                }
                write!(f, "; records by source: {}", by.join(", "))
            }
            Self::Change { reason } => write!(f, "a scheduled change cannot be made: {reason}"),
            Self::Core { principal, error } => write!(f, "{principal}: {error}"),
        }
    }
}

impl std::error::Error for WorldError {}
