//! Lines with a limit.

use std::fmt;
use std::io::{self, BufRead, Read as _};

/// The next line without its newline; `None` at the end. Blank lines are skipped.
///
/// # Errors
/// When the line is longer than `limit` bytes, is not UTF-8, ends without a newline, or cannot be read.
pub(crate) fn read(reader: &mut impl BufRead, limit: usize) -> Result<Option<String>, LineError> {
    loop {
        let mut bytes = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        reader.by_ref().take(most).read_until(b'\n', &mut bytes).map_err(LineError::from)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.pop() != Some(b'\n') {
            return Err(if bytes.len() >= limit { LineError::TooLong { limit } } else { LineError::Cut });
        }
        let text = String::from_utf8(bytes).map_err(|_| LineError::NotUtf8)?;
        if !text.trim().is_empty() {
            return Ok(Some(text));
        }
    }
}

/// The beginning of a line, for messages.
pub(crate) fn beginning(line: &str) -> String {
    const SHOWN: usize = 80;
    match line.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

/// Why there is no line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineError {
    /// It is longer than allowed.
    TooLong {
        /// How many bytes are allowed.
        limit: usize,
    },
    /// It is not UTF-8.
    NotUtf8,
    /// The text ends in the middle of it.
    Cut,
    /// It cannot be read.
    Unreadable {
        /// What the system said.
        reason: String,
    },
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => write!(f, "a line is longer than {limit} bytes"),
            Self::NotUtf8 => f.write_str("a line is not UTF-8"),
            Self::Cut => f.write_str("the text ends in the middle of a line; every message ends with a newline"),
            Self::Unreadable { reason } => write!(f, "a line cannot be read: {reason}"),
        }
    }
}

impl std::error::Error for LineError {}

impl From<io::Error> for LineError {
    fn from(error: io::Error) -> Self {
        Self::Unreadable { reason: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_up_to_their_limit() {
        let check = |text: &[u8], expected: Result<Option<&str>, LineError>| {
            assert_eq!(read(&mut &*text, 4), expected.map(|line| line.map(str::to_owned)), "{text:?}");
        };
        check(b"", Ok(None));
        check(b"\n \n", Ok(None));
        check(b"abcd\nrest\n", Ok(Some("abcd")));
        check(b"\n\nab\n", Ok(Some("ab")));
        check(b"abcde\n", Err(LineError::TooLong { limit: 4 }));
        check(b"ab", Err(LineError::Cut));
        check(b"\xff\n", Err(LineError::NotUtf8));
    }

    #[test]
    fn a_long_line_is_shown_by_its_beginning() {
        assert_eq!(beginning("short"), "short");
        assert_eq!(beginning(&"ä".repeat(100)), format!("{}…", "ä".repeat(80)));
    }
}
