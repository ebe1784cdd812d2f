//! Logs as Windows keeps them: the crate `evtx` reads them, record by record, as XML.

use evtx::{EvtxParser, ParserSettings};

use crate::log::{Format, Log, ReadError};
use crate::xml::{self, Problem};

/// The length of the file header and of each chunk behind it (libyal/libevtx, Windows XML Event Log).
const HEADER: usize = 0x1000;
const CHUNK: usize = 0x1_0000;

pub(crate) fn read(bytes: &[u8]) -> Result<Log, ReadError> {
    let mut whole = bytes.to_vec();
    let beyond = bytes.len().saturating_sub(HEADER) % CHUNK;
    if beyond > 0 {
        // The parser passes over a chunk that is not whole and says nothing; filled up, its first records are read.
        whole.resize(bytes.len() + CHUNK - beyond, 0);
    }
    let parser = EvtxParser::from_buffer(whole).map_err(|error| ReadError::Evtx(said(&error)))?;
    // One thread: the order of records is that of the file.
    let settings = ParserSettings::new().num_threads(1).indent(false);
    let mut parser = parser.with_configuration(settings);
    let mut log = Log::new(Format::Evtx);
    if beyond > 0 {
        log.note(Problem::CutOff);
    }
    for record in parser.records() {
        let event = match record {
            Ok(record) => one(&record.data),
            Err(error) => Err(Problem::Record(said(&error))),
        };
        if !log.add(event) {
            break;
        }
    }
    Ok(log)
}

/// The record's XML has a declaration before the event.
fn one(text: &str) -> Result<crate::LoggedEvent, Problem> {
    match xml::events(text).next() {
        Some(event) => xml::event(event?),
        None => Err(Problem::Record("there is no event in it".to_owned())),
    }
}

/// An error with everything behind it, in one line.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
