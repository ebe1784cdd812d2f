//! How a core in another process can break the protocol.

use std::fmt;
use std::time::Duration;

use autoenroll_model::CoreError;

use crate::line::LineError;
use crate::protocol::VERSION;

/// What a core did that the protocol does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// The program does not start.
    NotStarted {
        /// The command.
        command: String,
        /// What the system said.
        reason: String,
    },
    /// It speaks another version.
    Version {
        /// What the core calls itself.
        core: String,
        /// Its version.
        found: u32,
    },
    /// It said something that has no place there.
    Unexpected {
        /// The messages that have.
        expected: &'static str,
        /// The word of the message that came.
        found: &'static str,
    },
    /// It answered another input than the one that was handed over.
    OtherInput {
        /// The number of the input that was handed over.
        expected: u32,
        /// The word of the message that came.
        message: &'static str,
        /// The number in it.
        found: u32,
    },
    /// It put out more than it may for one input.
    TooManyOutputs {
        /// The number of the input.
        number: u32,
        /// How many are allowed.
        most: usize,
    },
    /// It took too long.
    TimedOut {
        /// How long it may take.
        limit: Duration,
    },
    /// It has let so many answers time out that it is started no more.
    GivenUp {
        /// How many.
        times: u32,
    },
    /// It closed its output.
    Closed {
        /// How it ended and what it wrote to standard error.
        end: String,
    },
    /// It wrote something that is not a line.
    NotALine(LineError),
    /// It wrote a line that is not a message.
    NotAMessage {
        /// The beginning of the line.
        found: String,
        /// Why not.
        reason: String,
    },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted { command, reason } => write!(f, "`{command}` cannot be started: {reason}"),
            Self::Version { core, found } => {
                write!(f, "{core} speaks protocol {found}, this bench speaks protocol {VERSION}")
            }
            Self::Unexpected { expected, found } => write!(f, "expected {expected}, found `{found}`"),
            Self::OtherInput { expected, message, found } if (1..*expected).contains(found) => write!(
                f,
                "expected the answer to input {expected}, found `{message}` for input {found}, whose answer `idle` has ended"
            ),
            Self::OtherInput { expected, message, found } => {
                write!(f, "expected the answer to input {expected}, found `{message}` for input {found}")
            }
            Self::TooManyOutputs { number, most } => {
                write!(f, "it put out more than {most} outputs for input {number}")
            }
            Self::TimedOut { limit } => {
                write!(f, "no complete answer within {limit:?}; every answer ends with `idle`")
            }
            Self::GivenUp { times } => {
                write!(f, "it is started no more: {times} answers of it did not come in time")
            }
            Self::Closed { end } => write!(f, "it closed its output: {end}"),
            Self::NotALine(error) => error.fmt(f),
            Self::NotAMessage { found, reason } => {
                write!(f, "`{found}` is not a message of the core protocol: {reason}")
            }
        }
    }
}

impl std::error::Error for Breach {}

impl From<Breach> for CoreError {
    fn from(breach: Breach) -> Self {
        Self::failed(breach.to_string())
    }
}
