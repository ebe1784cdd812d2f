//! What can go wrong with a world itself, as opposed to in it.

use std::fmt;

use autoenroll_model::{Choice, CoreError, DecisionPoint, SimTime};

use crate::action::ClickTarget;
use crate::spec::{Quantity, ReaderName};

/// A description does not describe a world: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    /// The part of the description that is wrong.
    pub place: Place,
    /// What is wrong with it.
    pub fault: SpecFault,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place: Place { of, name, .. }, fault } = self;
        match fault {
            SpecFault::Unknown(unknown) => unknown.fmt(f),
            SpecFault::Twice => write!(f, "there is another {of} named `{name}`; names must differ"),
            _ => write!(f, "the {of} `{name}` cannot be made: {fault}"),
        }
    }
}

impl std::error::Error for SpecError {}

/// Everything that is wrong with a description, in the order in which it was built; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecErrors(pub Vec<SpecError>);

impl fmt::Display for SpecErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&all.join("; "))
    }
}

impl std::error::Error for SpecErrors {}

/// A part of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The kind of thing.
    pub of: Thing,
    /// Its name.
    pub name: String,
    /// The card that a container is on.
    pub on: Option<String>,
    /// The key of the scenario language that says it; `None` for the thing as a whole.
    pub key: Option<&'static str>,
}

impl Place {
    /// A thing as a whole.
    pub(crate) fn of(of: Thing, name: &str) -> Self {
        Self { of, name: name.to_owned(), on: None, key: None }
    }

    /// A container of a card.
    pub(crate) fn container(card: &str, name: &str) -> Self {
        Self { on: Some(card.to_owned()), ..Self::of(Thing::Container, name) }
    }

    /// What a key says of it.
    pub(crate) fn key(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }
}

/// What can be wrong with a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecFault {
    /// Something is named that does not exist.
    Unknown(Unknown),
    /// Two things of a kind have one name.
    Twice,
    /// A certificate is on a card only, and there is no user whose it could be.
    NoOwner,
    /// A request is the signature of a key, and the store knows none.
    NoKey,
    /// The key of a request is on a card that no computer has a provider for.
    NoProvider {
        /// The card.
        card: String,
    },
    /// The template asks for a longer key.
    KeyTooShort {
        /// What it is.
        bits: u32,
        /// What the template asks for.
        minimum: u32,
    },
    /// The CA of then would have refused.
    Refused {
        /// The CA.
        ca: String,
        /// Its message.
        reason: String,
    },
    /// The certificate of a CA cannot be made.
    Authority {
        /// Why.
        reason: String,
    },
    /// A container cannot have this name.
    ContainerName {
        /// Why.
        reason: String,
    },
    /// A card cannot be laid out.
    Card {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for SpecFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(unknown) => unknown.fmt(f),
            Self::Twice => f.write_str("the name is taken"),
            Self::NoOwner => f.write_str("there is no user whose it could be; say whose it is"),
            Self::NoKey => f.write_str("a request is signed by its key, which cannot be missing"),
            Self::NoProvider { card } => write!(f, "no computer has a provider for `{card}`, which has its key"),
            Self::KeyTooShort { bits, minimum } => {
                write!(f, "its key has {bits} bits, and its template asks for {minimum} at least")
            }
            Self::Refused { ca, reason } => write!(f, "{ca} would not have issued it: {reason}"),
            Self::Authority { reason } | Self::ContainerName { reason } | Self::Card { reason } => f.write_str(reason),
        }
    }
}

impl From<Unknown> for SpecFault {
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
        /// Which of [`crate::WorldSpec::changes`]; `None` for a template that appears by itself.
        number: Option<usize>,
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
            Self::Change { reason, .. } => write!(f, "a scheduled change cannot be made: {reason}"),
            Self::Core { principal, error } => write!(f, "{principal}: {error}"),
        }
    }
}

impl std::error::Error for WorldError {}
