//! A file as it was read: what of it is about certificates, and what is lost.

use std::fmt;

use crate::event::LoggedEvent;
use crate::fields::is_told;
use crate::xml::Problem;

/// The most events that are taken from one file, of those that are told.
pub const MAX_EVENTS: usize = 100_000;
/// The most problems that are kept; all are counted.
pub const MAX_PROBLEMS: usize = 20;

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

#[cfg(test)]
mod tests {
    use super::*;

    use crate::xml;

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
