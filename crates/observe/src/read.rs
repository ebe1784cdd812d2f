//! A file as a log: what kind of file it is, and in which encoding.

use std::borrow::Cow;

use crate::log::{Format, Log, ReadError};
use crate::xml::{self, Problem};

/// The largest file that should be read, in bytes. A log is 20 MiB by default; as XML in UTF-16 it is ten times that.
pub const MAX_BYTES: u64 = 256 << 20;
/// The first bytes of an .evtx file.
const EVTX: &[u8] = b"ElfFile\0";

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
