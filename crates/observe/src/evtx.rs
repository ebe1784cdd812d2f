//! Logs as Windows keeps them: the crate `evtx` reads them, record by record, as XML.

use evtx::{EvtxParser, ParserSettings};

use crate::read::{Format, Log, ReadError};
use crate::xml::{self, Problem};

pub(crate) fn read(bytes: &[u8]) -> Result<Log, ReadError> {
    let parser = EvtxParser::from_buffer(bytes.to_vec()).map_err(|error| ReadError::Evtx(said(&error)))?;
    // One thread: the order of records is that of the file.
    let settings = ParserSettings::new().num_threads(1).indent(false);
    let mut parser = parser.with_configuration(settings);
    let mut log = Log::new(Format::Evtx);
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
