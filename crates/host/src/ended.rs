//! How a card comes out of a reader.

use std::fmt;
use std::io;

/// How a card came out of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was pulled.
    Pulled,
    /// It was pulled in the middle of a command, as [`Disturbance::Pull`](crate::Disturbance::Pull) asks for.
    Torn,
    /// The driver closed the connection.
    Closed,
    /// The driver broke off in the middle of a message, or did not take an answer.
    Broken(io::ErrorKind),
    /// The card gives no answer to reset.
    Mute,
    /// A command came while the card had no power, so that it did not answer. vpcd cannot be told so; it would wait for
    /// ever.
    NoPower,
    /// The daemon takes the card for the one before, whose going it has not noticed, and does not power it.
    Mistaken,
    /// The driver is silent: it waits for the answer to a command of no byte or of one, which it cannot tell the card.
    /// Or the daemon is stopped.
    Quiet,
}

impl Ended {
    /// Whether the card is put in again by itself.
    #[must_use]
    pub const fn comes_back(self) -> bool {
        matches!(self, Self::NoPower | Self::Mistaken | Self::Quiet)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pulled => "it was pulled",
            Self::Torn => "it was pulled in the middle of a command; `insert` puts it in again",
            Self::Closed => "the driver closed the connection",
            Self::Broken(kind) => return write!(f, "the connection to the driver broke: {kind}"),
            Self::Mute => "it gives no answer to reset, so that the daemon takes it for no card at all",
            Self::NoPower => "it cannot answer a command without power; it is put in again",
            Self::Mistaken => "the daemon has not noticed that the card before went out; it is put in again",
            Self::Quiet => {
                "the driver has been silent for 3 s; a command of less than two bytes, which it cannot pass on, makes \
                 it wait for ever; the card is put in again"
            }
        })
    }
}
