//! Limits of a core in another process.

use std::time::Duration;

/// What a core in another process may not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Real time for the whole answer to one input, or to the start.
    pub answer: Duration,
    /// Bytes in one line.
    pub line: usize,
    /// Outputs to one input.
    pub outputs: usize,
    /// How often it may let an answer time out before it is started no more.
    pub hangs: u32,
}

/// Generous: a core answers within microseconds, a debug build under a loaded machine within a second.
impl Default for Limits {
    fn default() -> Self {
        Self { answer: Duration::from_secs(30), line: 8 << 20, outputs: 100_000, hangs: 3 }
    }
}
