//! pcscd's own account of what went through it.

use std::fmt;

/// Reads the lines that `pcscd -a` writes, `00000042 APDU: 00 A4 ...` and `00000026 SW: 90 00`, and skips every other
/// line.
///
/// pcscd cuts a line after 276 bytes, which is longer than any short APDU; an extended one is not whole here. Commands
/// to several readers are told apart by nothing: let clients take turns.
///
/// # Errors
/// When such a line does not hold bytes.
pub fn read_apdu_log(log: &str) -> Result<Vec<LoggedApdu>, LogError> {
    let mut apdus: Vec<LoggedApdu> = Vec::new();
    for (line, text) in (1..).zip(log.lines()) {
        let Some((_, entry)) = text.split_once(' ').filter(|(time, _)| is_time(time)) else { continue };
        if let Some(bytes) = entry.strip_prefix("APDU: ") {
            apdus.push(LoggedApdu { command: hex(bytes).ok_or(LogError::NotHex { line })?, response: Vec::new() });
        } else if let Some(bytes) = entry.strip_prefix("SW:") {
            let response = hex(bytes).ok_or(LogError::NotHex { line })?;
            let last = apdus.last_mut().filter(|apdu| apdu.response.is_empty());
            last.ok_or(LogError::NoCommand { line })?.response = response;
        }
    }
    Ok(apdus)
}

/// A command and its response, as pcscd logged them.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedApdu {
    /// The command APDU. Secrets are in it: redact before showing.
    pub command: Vec<u8>,
    /// The response APDU; empty when the card went away in the middle.
    pub response: Vec<u8>,
}

/// Shows no more than lengths, because the command may hold a PIN.
impl fmt::Debug for LoggedApdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoggedApdu({} -> {} bytes)", self.command.len(), self.response.len())
    }
}

/// Why a log cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogError {
    /// A line holds something other than bytes in hexadecimal.
    NotHex {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A response without a command.
    NoCommand {
        /// Number of the line, from 1.
        line: usize,
    },
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHex { line } => write!(f, "line {line} of pcscd's log should be bytes in hexadecimal"),
            Self::NoCommand { line } => write!(f, "line {line} of pcscd's log is a response to no command"),
        }
    }
}

impl std::error::Error for LogError {}

/// Whether this is what pcscd begins a line with: microseconds since the line before.
fn is_time(text: &str) -> bool {
    text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_responses_are_read() {
        let check = |log: &str, expected: &[(&[u8], &[u8])]| {
            let read = read_apdu_log(log).unwrap();
            let pairs: Vec<(&[u8], &[u8])> = read.iter().map(|apdu| (&apdu.command[..], &apdu.response[..])).collect();
            assert_eq!(pairs, expected);
        };
        check("", &[]);
        check(
            "00000000 ifdwrapper.c:477:IFDControl() Card not transacted: 606\n\
             00000128 APDU: 00 44 00 00 \n00000031 SW: 90 00 \n",
            &[(&[0x00, 0x44, 0x00, 0x00], &[0x90, 0x00])],
        );
        check("99999999 APDU: 04 \n00000001 APDU: 05 \n", &[(&[4], &[]), (&[5], &[])]);
    }

    #[test]
    fn what_pcscd_never_writes_is_refused() {
        let check = |log: &str, error: LogError| assert_eq!(read_apdu_log(log), Err(error));
        check("00000001 APDU: 4G", LogError::NotHex { line: 1 });
        check("\n00000001 SW: 90 00", LogError::NoCommand { line: 2 });
    }
}
