//! Why something was not done.

use std::fmt;

use autoenroll_explore::law::Broken;
use autoenroll_model::SimTime;
use autoenroll_world::ActError;

/// Why something was not done. The story is as it was before.
#[derive(Clone, Debug, PartialEq)]
pub enum PlayError {
    /// The world refuses it now.
    Refused(ActError),
    /// An invariant breaks, or the world does not go on: the bench's own fault, or a budget that is used up.
    Broken(Broken),
    /// A line is none of the scenario language, or none that can be played: what is said about it.
    Line(String),
    /// What is no time.
    NoTime(String),
    /// A time that is over.
    Over {
        /// The time.
        at: SimTime,
        /// What the clock shows.
        now: SimTime,
    },
    /// Nothing is going to happen any more.
    Quiet,
    /// The file says nothing more to be done.
    Followed,
    /// A record that the file waits for does not come.
    DoesNotCome,
    /// There is nothing to take back.
    Beginning,
    /// What came before is no longer kept.
    NoFurther {
        /// How many steps are.
        most: usize,
    },
    /// A PIN is missing.
    NoPin,
    /// A scenario lasts five years at most, and this would come later.
    Late {
        /// When it has to be over.
        end: SimTime,
    },
    /// The story has as many steps as one may have.
    Long {
        /// How many.
        most: usize,
    },
}

impl fmt::Display for PlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Broken(broken) => write!(f, "the world does not go on: {} ({})", broken.reason, broken.law),
            Self::Line(why) => f.write_str(why.trim_end()),
            Self::NoTime(text) => {
                write!(f, "`{text}` is no time: say `16:00`, `8h` since the start, or `2026-03-02T16:00:00Z`")
            }
            Self::Over { at, now } => write!(f, "{at} is over: the clock shows {now}"),
            Self::Quiet => f.write_str("nothing is going to happen any more by itself"),
            Self::Followed => f.write_str("the file says nothing more to be done"),
            Self::DoesNotCome => f.write_str("what the file waits for does not come in this story"),
            Self::Beginning => f.write_str("this is the beginning of the story"),
            Self::NoFurther { most } => write!(f, "the last {most} steps can be taken back, and these are"),
            Self::NoPin => f.write_str("say the PIN behind it, such as `pin 1234`"),
            Self::Late { end } => {
                write!(
                    f,
                    "a story lasts five years at most, until {end}: begin another one, in which certificates are older"
                )
            }
            Self::Long { most } => write!(f, "a story that is played has at most {most} steps"),
        }
    }
}

impl std::error::Error for PlayError {}

impl From<Broken> for PlayError {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}
