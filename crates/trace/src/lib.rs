//! What happened, with causes.
//!
//! A [`Trace`] is a list of [`Record`]s in the order in which things happened, kept packed. It prints as canonical JSON
//! lines, whose SHA-256 is the [`TraceDigest`], and as a timeline for people; canonical JSON lines are read back as
//! well. Scenarios match its records and nothing else.
//!
//! It deliberately lacks any judgement: what should have happened is the scenario's business.

mod chunk;
mod json;
mod line;
mod read;
mod record;
mod records;
mod timeline;
mod trace;

pub use chunk::Packed;
pub use json::{TraceDigest, to_json_line};
pub use read::{MAX_BYTES, MAX_LINE, MAX_RECORDS, Problem, ReadError, read_json_lines};
pub use record::{Kind, Record, RecordId, Ruling};
pub use records::Records;
pub use timeline::{Dates, Detail, TimelineOptions, WALL_WIDTH, line, render, render_dated};
pub use trace::{Iter, Trace, to_json_lines};
