//! The canonical form: one JSON object a line, fields in a fixed order, facts in the order in which they were stated.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Record, Trace};

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

/// The digest of a trace.
#[must_use]
pub fn digest(trace: &Trace) -> TraceDigest {
    let mut hash = Sha256::new();
    for record in trace.records() {
        hash.update(to_json_line(record).as_bytes());
        hash.update(b"\n");
    }
    TraceDigest(hash.finalize().into())
}

/// One record, without a newline.
#[must_use]
pub fn to_json_line(record: &Record) -> String {
    serde_json::to_string(record)
        .expect("records hold only strings, numbers, flags and lists, all of which JSON can say")
}

/// All records, a line each.
#[must_use]
pub fn to_json_lines(trace: &Trace) -> String {
    trace.records().iter().map(|record| to_json_line(record) + "\n").collect()
}
