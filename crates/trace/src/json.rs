//! The canonical form: one JSON object a line, fields in a fixed order, facts in the order in which they were stated.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::chunk::Packed;
use crate::line::Lines;
use crate::record::Record;

/// SHA-256 over the canonical JSON lines, each with its newline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceDigest(pub [u8; 32]);

impl fmt::Display for TraceDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&autoenroll_model::hex::encode(&self.0))
    }
}

impl fmt::Debug for TraceDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceDigest({self})")
    }
}

impl Serialize for TraceDigest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceDigest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = autoenroll_model::hex::decode(&text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("expected 64 hex digits"))
    }
}

/// Bytes of lines that are hashed at a time.
const SOME: usize = 8_192;

/// SHA-256 over the lines of some records, as they come.
#[derive(Clone, Debug, Default)]
pub(crate) struct DigestedLines(Sha256);

impl DigestedLines {
    pub(crate) fn add<'a>(&mut self, records: impl Iterator<Item = Packed<'a>>) {
        let mut lines = Lines::with_room_for(SOME);
        for record in records {
            lines.push(&record);
            // A hash takes a little with each call.
            if lines.bytes.len() >= SOME {
                self.0.update(&lines.bytes);
                lines.bytes.clear();
            }
        }
        self.0.update(&lines.bytes);
    }

    /// Says that the records before that index are missing. No line of a record begins so.
    pub(crate) fn leave_out(&mut self, index: usize) {
        self.0.update(format!("left out before {index}\n"));
    }

    pub(crate) fn finish(self) -> TraceDigest {
        TraceDigest(self.0.finalize().into())
    }
}

/// One record, without a newline.
#[must_use]
pub fn to_json_line(record: &Record) -> String {
    serde_json::to_string(record)
        .expect("records hold only strings, numbers, flags and lists, all of which JSON can say")
}
