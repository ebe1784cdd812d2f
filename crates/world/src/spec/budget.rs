//! How much a scenario may use up.

/// How much a scenario may use up. Where the trace is over the budget, the world does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Events of the whole scenario.
    pub events: u64,
    /// Records of its trace.
    pub records: u64,
    /// Bytes of text in them; memory is a small multiple.
    pub bytes: u64,
}

impl Default for Budget {
    /// The largest scenario of the suite needs a fifteenth of it; memory stays below 256 MiB.
    fn default() -> Self {
        Self { events: 150_000, records: 150_000, bytes: 16 << 20 }
    }
}

/// Which part of a budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// [`Budget::events`].
    Events,
    /// [`Budget::records`].
    Records,
    /// [`Budget::bytes`].
    Bytes,
}

impl Quantity {
    /// Its name, in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Records => "records",
            Self::Bytes => "bytes of trace",
        }
    }
}
