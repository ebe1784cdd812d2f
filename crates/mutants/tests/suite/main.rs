//! Scenarios against mutants.
#![cfg(feature = "planted-bugs")]
#![expect(clippy::unwrap_used, reason = "this is test code outside of test functions")]

mod planted;
mod stories;
mod verdicts;
