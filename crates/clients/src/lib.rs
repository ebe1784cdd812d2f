//! Conformance of enrollment clients that nobody here wrote: a story is played for a program, which meets its world on
//! the wire, and what the program did there is compared with what our own core does in the same story.
//!
//! The core plays first ([`mod@reference`]): its run says what happens to the world besides, when a client is
//! triggered, and what it then does, by which rules. Then the same world is served with cores that do nothing
//! (`stage`); the clock stands still while the client's command runs. What came to the CAs and is in the client's store
//! is read ([`seen`]) in the same way for both, and judged for what the client has ([`judge`]).
//!
//! It deliberately lacks everything that a client shows its user, its event log, and when within a run something
//! happens.
#![forbid(unsafe_code)]

pub mod adapter;
pub mod behaviour;
pub mod judge;
pub mod known;
mod outside;
pub mod play;
pub mod process;
pub mod reach;
pub mod reference;
pub mod report;
mod script;
pub mod seen;
mod stage;
mod store;

pub use adapter::{Adapter, AdapterError, Capability};
pub use judge::{Judged, Judgement, StoryVerdict};
pub use play::{PlayError, Player};
