//! What happened, with causes.
//!
//! A [`Trace`] is a list of [`Record`]s in the order in which things happened. It prints as canonical JSON lines, whose
//! SHA-256 is the [`TraceDigest`], and as a timeline for people. Scenarios match its records and nothing else.
//!
//! It deliberately lacks any judgement: what should have happened is the scenario's business.

mod json;
mod record;
mod timeline;

pub use json::{TraceDigest, digest, to_json_line, to_json_lines};
pub use record::{Kind, Record, RecordId, Trace};
pub use timeline::{Detail, TimelineOptions, render};
