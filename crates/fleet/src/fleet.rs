//! What a fleet is: a world, how many of its members there are, and when they do what.

use std::fmt;
use std::str::FromStr;

use autoenroll_model::Duration;
use autoenroll_world::{SpecErrors, WorldError, WorldSpec};
use serde::{Deserialize, Serialize};

/// The most members that are played, computers and users together.
pub const MOST_MEMBERS: u32 = 1_000_000;
/// The most days.
pub const MOST_DAYS: u32 = 400;
/// The most hundredths by which lives are shorter.
pub const MOST_JITTER: u8 = 90;
/// The longest time over which starts and logons are spread: whoever comes last is off before the next day begins.
pub const MOST_WINDOW: Duration = Duration::hours(15);
/// How long users stay.
pub(crate) const WORKDAY: Duration = Duration::hours(9);

/// Copies of the computers and users of a world, for some days. A copy differs from its original in its seed, and so in
/// keys, offsets and moments; the originals are copied in turn.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// The world. Standalone computers are not copied.
    pub world: WorldSpec,
    /// How many computers there are. They start on the first day, within the window, and stay on.
    pub computers: u32,
    /// How many users there are. They log on every working day, within the window, and off nine hours later; nobody
    /// answers a prompt.
    pub users: u32,
    /// How many days are played, from the start of the world.
    pub days: u32,
    /// What certificates they have at the start.
    pub enrolled: Enrolled,
    /// Bound of the random offset of Group Policy, in place of the world's.
    pub gp_offset: Duration,
    /// By how many hundredths at most a certificate's life is shorter than its template says, drawn for each member:
    /// what keeps renewals from coming together. [`MOST_JITTER`] at most.
    pub validity_jitter: u8,
    /// Starts and logons are spread over so long a time; [`MOST_WINDOW`] at most.
    pub window: Duration,
}

/// What certificates the members have at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// None: the first day is a mass enrollment.
    Never,
    /// All of them, issued within eight hours of one day that lies so far back that the first renewals come on the
    /// second day of what is played.
    SameDay,
    /// All of them, issued on days that are spread over a certificate's life up to its renewal.
    Spread,
}

impl Enrolled {
    /// The words, in the order of the variants.
    pub const WORDS: [&'static str; 3] = ["never", "same-day", "spread"];
}

impl FromStr for Enrolled {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "never" => Ok(Self::Never),
            "same-day" => Ok(Self::SameDay),
            "spread" => Ok(Self::Spread),
            _ => Err(format!("expected one of {}", Self::WORDS.join(", "))),
        }
    }
}

impl fmt::Display for Enrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Never => "never",
            Self::SameDay => "same-day",
            Self::Spread => "spread",
        })
    }
}

/// A part of a fleet: every `of`th member, from the `index`th on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which part, from 1.
    pub index: u32,
    /// Of how many parts.
    pub of: u32,
}

impl Shard {
    /// All members.
    pub const WHOLE: Self = Self { index: 1, of: 1 };

    /// The part of that number, counted from 1, of so many; `None` when there is none, or there are more parts than
    /// members can be.
    #[must_use]
    pub fn of(index: u64, of: u64) -> Option<Self> {
        let (index, of) = (u32::try_from(index).ok()?, u32::try_from(of).ok()?);
        (1 <= index && index <= of && of <= MOST_MEMBERS).then_some(Self { index, of })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// Why a fleet cannot be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FleetError {
    /// There are more members or days than [`MOST_MEMBERS`] and [`MOST_DAYS`], or none.
    Size,
    /// The validity jitter is above [`MOST_JITTER`], or the window longer than [`MOST_WINDOW`].
    Lever,
    /// Computers are asked for, and the world has none in a domain.
    NoComputer,
    /// Users are asked for, and the world has none, or no computer in a domain for them.
    NoUser,
    /// The world of a member cannot be built.
    Spec(SpecErrors),
    /// A member could not be played to the end.
    World {
        /// Its number, computers first, from 0.
        member: u32,
        /// Why.
        error: String,
    },
    /// Whoever is told of each member wants no more.
    Stopped,
}

impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size => write!(
                f,
                "a fleet has 1 to {MOST_MEMBERS} computers and users together, and is played for 1 to {MOST_DAYS} days"
            ),
            Self::Lever => write!(
                f,
                "the validity jitter is at most {MOST_JITTER}, and the logon window at most {MOST_WINDOW}: users stay \
                 {WORKDAY}, and are off before the next day begins"
            ),
            Self::NoComputer => f.write_str("the world has no computer in the domain that could be copied"),
            Self::NoUser => f.write_str("the world has no user, or no computer in the domain, that could be copied"),
            Self::Spec(errors) => write!(f, "the world cannot be built: {errors}"),
            Self::World { member, error } => write!(f, "member {member} cannot be played to the end: {error}"),
            Self::Stopped => f.write_str("the fleet was stopped"),
        }
    }
}

impl std::error::Error for FleetError {}

impl From<SpecErrors> for FleetError {
    fn from(errors: SpecErrors) -> Self {
        Self::Spec(errors)
    }
}

impl FleetError {
    pub(crate) fn world(member: u32, error: &WorldError) -> Self {
        Self::World { member, error: error.to_string() }
    }
}
