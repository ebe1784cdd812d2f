//! What a reader driver and a card say to each other, as it may be shown.

use std::fmt;

use autoenroll_apdu::{Command, describe, redact_bytes, redact_response};

use crate::ended::Ended;

/// One thing that a reader driver wanted of a card, with the card's answer. PINs and keys are blanked, see
/// [`redact_bytes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Power was taken away.
    PowerOff,
    /// Power was applied.
    PowerOn,
    /// The card was reset.
    Reset,
    /// The answer to reset was asked for.
    AnswerToReset(Vec<u8>),
    /// A command was answered.
    Apdu {
        /// The command APDU, redacted; also what is not one.
        command: Vec<u8>,
        /// Data and status word, the data blanked where it may be a key; nothing when it had no power.
        response: Vec<u8>,
    },
    /// The card came out of the reader: for good, unless [`Ended::comes_back`].
    Out(Ended),
}

impl Exchange {
    /// A command and its response, with the secrets of both blanked.
    pub(crate) fn apdu(command: &[u8], response: &[u8]) -> Self {
        let shown = Command::parse(command).map(|command| redact_response(&command, response));
        Self::Apdu { command: redact_bytes(command), response: shown.unwrap_or_else(|_| response.to_vec()) }
    }
}

/// Two lines for a command, `> 00A4... SELECT GIDS` and `< ...9000`; one line for anything else.
impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PowerOff => f.write_str("- power off"),
            Self::PowerOn => f.write_str("- power on"),
            Self::Reset => f.write_str("- reset"),
            Self::AnswerToReset(atr) => write!(f, "- answer to reset {}", Hex(atr)),
            Self::Out(ended) => write!(f, "- out of the reader: {ended}"),
            Self::Apdu { command, response } => {
                let meaning = Command::parse(command).map(|command| describe(&command));
                writeln!(f, "> {}  {}", Hex(command), meaning.as_deref().unwrap_or("not a command"))?;
                match response.as_slice() {
                    [] => f.write_str("< nothing"),
                    response => write!(f, "< {}", Hex(response)),
                }
            }
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_shown_decoded_and_without_secrets() {
        let check = |command: &[u8], response: &[u8], expected: &str| {
            assert_eq!(Exchange::apdu(command, response).to_string(), expected);
        };
        check(b"\x00\x20\x00\x80\x041234", b"\x90\x00", "> 0020008004FFFFFFFF  VERIFY PIN\n< 9000");
        check(b"\x00", b"\x67\x00", "> 00  not a command\n< 6700");
        check(b"\x00", b"", "> 00  not a command\n< nothing");
        assert_eq!(Exchange::Out(Ended::Closed).to_string(), "- out of the reader: the driver closed the connection");
        assert_eq!(Exchange::AnswerToReset(vec![0x3B, 0x00]).to_string(), "- answer to reset 3B00");
    }
}
