//! Event logs of real Windows machines, in the records of this bench, and compared with what a story predicts.
//!
//! [`read`] takes a file: exported event XML, or .evtx in a build with the feature `evtx`. [`Timeline`] is what is in
//! several of them, in the order of time, with the facts that the bench names. [`compare`] aligns it with the events of
//! a trace: what both say must agree, what the log lacks is unknown.
//!
//! It deliberately lacks files: the caller brings bytes. It never looks at the message of an event, which is in the
//! language of the machine: numbers, levels and fields are all that counts.
#![forbid(unsafe_code)]

mod align;
mod compare;
mod event;
#[cfg(feature = "evtx")]
mod evtx;
mod fields;
mod identities;
mod log;
mod read;
mod timeline;
mod xml;

pub use compare::{Comparison, Difference, Pair, TooManyEvents, What, compare};
pub use event::{Field, LoggedEvent};
pub use fields::rule_of;
pub use identities::Identity;
pub use log::{Format, Limit, Log, MAX_EVENTS, MAX_PROBLEMS, ReadError};
pub use read::{MAX_BYTES, read};
pub use timeline::{Origin, Seen, Timeline};
pub use xml::{MAX_EVENT, MAX_FIELDS, MAX_VALUE, Problem};
