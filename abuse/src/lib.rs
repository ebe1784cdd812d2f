//! Damaged inputs by the million, each judged and attributed: scenarios, messages of cores, CAs and cards, files of
//! other programs, file systems and channels that fail.
//!
//! A case follows from a seed and its number alone. A worker plays many cases in one process; whoever watches it knows
//! which case it is at, and attributes a panic, a hang or memory that grows.
//!
//! It deliberately lacks coverage guidance, which `fuzz` has with the same readers ([`readers`]).
#![forbid(unsafe_code)]

pub mod bench;
pub mod case;
pub mod command;
pub mod der;
pub mod dice;
pub mod enroll;
pub mod files;
pub mod json;
pub mod kind;
pub mod page;
pub mod parties;
mod play;
pub mod readers;
pub mod recorded;
pub mod seeds;
pub mod served;
pub mod story;
pub mod totals;
pub mod watch;
pub mod worker;

/// The first argument of this program where it is to be the command itself.
pub const AS_COMMAND: &str = "as-autoenroll";
