//! What went over sockets: a layer of its own beside the trace, which digests leave out.

use std::collections::VecDeque;

use autoenroll_model::SimTime;
use serde::Serialize;

use crate::bounds;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its number, from 0.
    pub number: u64,
    /// When, in the time of the world.
    pub at: SimTime,
    /// `ldap`, `http`, `control`.
    pub protocol: &'static str,
    /// The address of the peer.
    pub peer: String,
    /// As whom it speaks; empty when nobody has said who it is.
    pub who: String,
    /// What it asked for, in a few words.
    pub asked: String,
    /// What it was answered, in a few words.
    pub answered: String,
}

/// The last lines.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: VecDeque<Line>,
    written: u64,
}

impl Log {
    /// Adds a line; its number is set here.
    pub fn push(&mut self, line: Line) {
        if self.lines.len() == bounds::KEPT_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { number: self.written, ..line });
        self.written += 1;
    }

    /// How many lines were ever written.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// The lines from that number on, as far as they are kept.
    pub fn since(&self, number: u64) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.number >= number)
    }
}
