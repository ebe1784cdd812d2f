//! A trace from its canonical JSON lines, also from those of another bench.

use std::fmt;
use std::io::{self, BufRead, Read as _};

use crate::{Record, RecordId, Trace};

/// The longest line that is read, in bytes without its newline. A request of 4,096 bits with archived key has about
/// 20,000.
pub const MAX_LINE: usize = 1 << 20;

/// The most records that are read. The longest scenario of this project has some ten thousand.
pub const MAX_RECORDS: usize = 1_000_000;

/// The longest trace that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 30;

/// Text is not a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The line at fault, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It cannot be read at all, as bytes that are not UTF-8.
    Input(String),
    /// It is longer than [`MAX_LINE`].
    TooLong,
    /// There are more than [`MAX_RECORDS`].
    TooManyRecords,
    /// The trace is longer than [`MAX_BYTES`].
    TooManyBytes,
    /// It is not the JSON of a record; what the parser says.
    Json(String),
    /// Ids count from 0, one for each line.
    Id {
        /// The id that this line should have.
        expected: u32,
        /// The id that it has.
        found: u32,
    },
    /// Time goes back.
    Earlier,
    /// A cause is not an earlier record.
    Cause(u32),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            Problem::Input(reason) => write!(f, "it cannot be read: {reason}"),
            Problem::TooLong => write!(f, "longer than {MAX_LINE} bytes; a trace has one record on each line"),
            Problem::TooManyRecords => {
                write!(f, "more than {MAX_RECORDS} records; cut the trace at the start of a session")
            }
            Problem::TooManyBytes => write!(f, "the trace is longer than {MAX_BYTES} bytes"),
            Problem::Json(reason) => write!(f, "not a record in JSON: {reason}"),
            Problem::Id { expected, found } => {
                write!(f, "the id must be {expected}, and {found} came; ids count the lines from 0")
            }
            Problem::Earlier => {
                write!(f, "the time (`at`) is before that of the line above; records stand in the order of time")
            }
            Problem::Cause(id) => write!(f, "the cause {id} is not an earlier record"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Reads a trace, a record on each line; blank lines are passed over.
///
/// # Errors
/// At the first line that cannot be a record of a trace at that place.
pub fn read_json_lines(mut input: impl BufRead) -> Result<Trace, ReadError> {
    let (mut trace, mut line, mut bytes) = (Trace::new(), 0, 0);
    let mut text = Vec::new();
    loop {
        line += 1;
        let fail = |problem| ReadError { line, problem };
        text.clear();
        let read = input.by_ref().take(MAX_LINE as u64 + 2).read_until(b'\n', &mut text);
        if read.map_err(|error: io::Error| fail(Problem::Input(error.to_string())))? == 0 {
            return Ok(trace);
        }
        bytes += text.len();
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        if text.len() > MAX_LINE {
            return Err(fail(Problem::TooLong));
        }
        if bytes > MAX_BYTES {
            return Err(fail(Problem::TooManyBytes));
        }
        let text = std::str::from_utf8(text).map_err(|error| fail(Problem::Input(error.to_string())))?;
        if text.trim().is_empty() {
            continue;
        }
        if trace.len() >= MAX_RECORDS {
            return Err(fail(Problem::TooManyRecords));
        }
        let record: Record = serde_json::from_str(text).map_err(|error| fail(Problem::Json(json_reason(&error))))?;
        append(&mut trace, record).map_err(fail)?;
    }
}

/// What the parser says, with the column only: the line is always its first.
fn json_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(reason) => format!("{reason} at column {}", error.column()),
        None => text,
    }
}

fn append(trace: &mut Trace, record: Record) -> Result<(), Problem> {
    let expected = u32::try_from(trace.len()).unwrap_or(u32::MAX);
    if record.id != RecordId(expected) {
        return Err(Problem::Id { expected, found: record.id.0 });
    }
    if trace.last().is_some_and(|last| record.at < last.at()) {
        return Err(Problem::Earlier);
    }
    if let Some(cause) = record.causes.iter().find(|cause| **cause >= record.id) {
        return Err(Problem::Cause(cause.0));
    }
    trace.push(record.at, &record.actor, record.kind, record.facts, record.causes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use autoenroll_model::{Facts, SimTime};

    use super::*;
    use crate::{Kind, to_json_lines};

    fn read(text: &str) -> Result<Trace, ReadError> {
        read_json_lines(text.as_bytes())
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut trace = Trace::new();
        let logon = trace.push(SimTime(0), "alice", Kind::Logon, Facts::new().with("computer", "WKS01"), vec![]);
        let facts = Facts::new().with("offers", vec!["yes", "no"]).with("items", 2_u32).with("outcome", true);
        trace.push(SimTime(u64::MAX), "alice", Kind::Prompt, facts, vec![logon]);
        assert_eq!(read(&to_json_lines(&trace)), Ok(trace.clone()));
        assert_eq!(read(&to_json_lines(&trace).replace('\n', "\r\n\n")), Ok(trace), "blank lines and CRLF do no harm");
        assert_eq!(read(""), Ok(Trace::new()));
    }

    #[test]
    fn a_line_that_is_no_record_is_named_by_its_number() {
        let first = r#"{"id":0,"at":5,"actor":"alice","kind":"logon"}"#;
        let check = |second: &str, expected: &str| {
            let error = read(&format!("{first}\n{second}\n")).unwrap_err();
            assert_eq!(error.to_string(), format!("line 2: {expected}"));
        };
        check("{", "not a record in JSON: EOF while parsing an object at column 1");
        check(r#"{"id":1,"at":5,"kind":"logon"}"#, "not a record in JSON: missing field `actor` at column 30");
        check(
            r#"{"id":2,"at":5,"actor":"alice","kind":"logon"}"#,
            "the id must be 1, and 2 came; ids count the lines from 0",
        );
        check(
            r#"{"id":1,"at":4,"actor":"alice","kind":"logon"}"#,
            "the time (`at`) is before that of the line above; records stand in the order of time",
        );
        check(r#"{"id":1,"at":5,"actor":"alice","kind":"logon","causes":[1]}"#, "the cause 1 is not an earlier record");
        let unknown = read(r#"{"id":0,"at":0,"actor":"alice","kind":"logo"}"#).unwrap_err();
        assert!(matches!(&unknown.problem, Problem::Json(reason) if reason.contains("logo")), "{unknown}");
        let binary = read_json_lines(&b"\xFF\n"[..]).unwrap_err();
        assert!(matches!(binary.problem, Problem::Input(_)), "{binary}");
    }

    #[test]
    fn a_line_has_a_bound_whether_it_ends_or_not() {
        let long = " ".repeat(MAX_LINE);
        assert_eq!(read(&format!("{long}\n")), Ok(Trace::new()));
        assert_eq!(read(&format!("{long} \n")), Err(ReadError { line: 1, problem: Problem::TooLong }));
        assert_eq!(read(&long.repeat(3)), Err(ReadError { line: 1, problem: Problem::TooLong }));
    }
}
