//! A file as a log: what kind of file it is, in which encoding, and what of it is about certificates.

use std::borrow::Cow;
use std::fmt;

use crate::event::LoggedEvent;
use crate::fields::is_told;
use crate::xml::{self, Problem};

/// The largest file that should be read, in bytes. A log is 20 MiB by default; as XML in UTF-16 it is ten times that.
pub const MAX_BYTES: u64 = 256 << 20;
/// The most events that are taken from one file, of those that are told.
pub const MAX_EVENTS: usize = 100_000;
/// The most problems that are kept; all are counted.
pub const MAX_PROBLEMS: usize = 20;

/// The first bytes of an .evtx file.
const EVTX: &[u8] = b"ElfFile\0";

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Events as XML.
    Xml,
    /// A log as Windows keeps it.
    Evtx,
}

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// What kind of file it is.
    pub format: Format,
    /// The events that are told, in the order of the file.
    pub events: Vec<LoggedEvent>,
    /// How many events there are, told or not.
    pub all: usize,
    /// What could not be read, [`MAX_PROBLEMS`] at most.
    pub problems: Vec<Problem>,
    /// How often something could not be read.
    pub lost: usize,
    /// What was left out because it is too much.
    pub limit: Option<Limit>,
}

/// What a file has too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// More than [`MAX_EVENTS`] that are told; the rest of the file was not read.
    Events,
}

/// Bytes are no log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is an .evtx file, and this build does not read them.
    NoEvtx,
    /// It begins as an .evtx file, and what follows is none; what the reader says.
    Evtx(String),
    /// There is no event in it.
    NoEvents,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEvtx => f.write_str(
                "it is an .evtx file, which only a build with `--features evtx` reads; on Windows, `wevtutil qe \
                 /lf:true FILE /f:xml` prints it as XML",
            ),
            Self::Evtx(reason) => write!(f, "it begins as an .evtx file and is none: {reason}"),
            Self::NoEvents => f.write_str(
                "there is no event in it; expected .evtx, or XML with `Event` elements, as `wevtutil qe /f:xml` prints \
                 them",
            ),
        }
    }
}

impl std::error::Error for ReadError {}

impl Log {
    pub(crate) const fn new(format: Format) -> Self {
        Self { format, events: Vec::new(), all: 0, problems: Vec::new(), lost: 0, limit: None }
    }

    /// Takes an event, or notes why there is none; whether more is wanted.
    pub(crate) fn add(&mut self, event: Result<LoggedEvent, Problem>) -> bool {
        match event {
            Ok(event) => {
                self.all += 1;
                if is_told(&event) {
                    self.events.push(event);
                }
            }
            Err(problem) => self.note(problem),
        }
        if self.events.len() > MAX_EVENTS {
            self.events.truncate(MAX_EVENTS);
            self.limit = Some(Limit::Events);
        }
        self.limit.is_none()
    }

    /// Notes a problem.
    pub(crate) fn note(&mut self, problem: Problem) {
        self.lost += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// Reads a file, told apart by its first bytes. What is damaged is a problem of the log and hides nothing else.
///
/// # Errors
/// When it is no log at all.
pub fn read(bytes: &[u8]) -> Result<Log, ReadError> {
    if bytes.starts_with(EVTX) {
        return evtx(bytes);
    }
    let mut log = Log::new(Format::Xml);
    let text = decode(bytes);
    if text.contains(char::REPLACEMENT_CHARACTER) {
        log.note(Problem::Encoding);
    }
    for event in xml::events(&text) {
        if !log.add(event.and_then(xml::event)) {
            break;
        }
    }
    let found = log.all > 0 || log.problems.iter().any(|problem| *problem != Problem::Encoding);
    if found { Ok(log) } else { Err(ReadError::NoEvents) }
}

#[cfg(feature = "evtx")]
fn evtx(bytes: &[u8]) -> Result<Log, ReadError> {
    crate::evtx::read(bytes)
}

#[cfg(not(feature = "evtx"))]
fn evtx(_: &[u8]) -> Result<Log, ReadError> {
    Err(ReadError::NoEvtx)
}

/// The text of a file: UTF-16 as PowerShell and Event Viewer write it, otherwise UTF-8. What is no character of it, and
/// control characters, which XML does not allow, become U+FFFD.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let pairs = |bytes: &[u8], unit: fn([u8; 2]) -> u16| -> String {
        let units = bytes.chunks(2).map(|pair| match pair {
            [first, second] => unit([*first, *second]),
            _ => REPLACEMENT,
        });
        char::decode_utf16(units).map(|unit| unit.map_or(char::REPLACEMENT_CHARACTER, allowed)).collect()
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => pairs(rest, u16::from_le_bytes).into(),
        [0xFE, 0xFF, rest @ ..] => pairs(rest, u16::from_be_bytes).into(),
        [b'<', 0, ..] => pairs(bytes, u16::from_le_bytes).into(),
        [0, b'<', ..] => pairs(bytes, u16::from_be_bytes).into(),
        _ => {
            let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes));
            if text.chars().all(|c| allowed(c) == c) { text } else { text.chars().map(allowed).collect() }
        }
    }
}

const REPLACEMENT: u16 = 0xFFFD;

fn allowed(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => c,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_takes_so_many_events_and_no_more() {
        let event = "<Event><System><Provider Name='AutoEnrollment'/><EventID>19</EventID>\
                     <TimeCreated SystemTime='2026-03-02T08:00:00Z'/></System></Event>";
        let event = xml::event(event).unwrap();
        let mut log = Log::new(Format::Xml);
        assert!((0..MAX_EVENTS).all(|_| log.add(Ok(event.clone()))));
        assert!(!log.add(Ok(event)));
        assert_eq!((log.events.len(), log.limit), (MAX_EVENTS, Some(Limit::Events)));
    }
}
