//! Why bytes could not be read.

use core::fmt;

/// A structure that could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    /// The structure that was being read, e.g. `PKCS #10 request`.
    pub what: &'static str,
    /// Octets from the start of that structure to the place.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with the bytes at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// They end too early.
    End,
    /// A length that is indefinite, or longer than four octets.
    Length,
    /// Another tag than expected.
    Tag {
        /// What the structure demands here.
        expected: u8,
        /// The one that stands there.
        found: u8,
    },
    /// Something follows where the structure should end.
    Trailing,
    /// A value that breaks the rule named here.
    Value(&'static str),
}

impl WireError {
    pub(crate) fn value(what: &'static str, rule: &'static str) -> WireError {
        WireError { what, offset: 0, problem: Problem::Value(rule) }
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}: ", self.what, self.offset)?;
        match &self.problem {
            Problem::End => f.write_str("ends too early"),
            Problem::Length => f.write_str("the length is indefinite or longer than four octets; DER is needed"),
            Problem::Tag { expected, found } => write!(f, "expected tag {expected:02X}, found {found:02X}"),
            Problem::Trailing => f.write_str("more follows where it should end"),
            Problem::Value(rule) => f.write_str(rule),
        }
    }
}

impl core::error::Error for WireError {}
