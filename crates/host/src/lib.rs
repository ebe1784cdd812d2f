//! Virtual smart cards behind a real PC/SC stack.
//!
//! [`insert`] puts a [`Card`](autoenroll_card::Card) into a reader of vpcd, the virtual reader driver of the vsmartcard
//! project, and answers what the driver sends. [`Pcscd`] is a PC/SC daemon of one's own with such readers, that no
//! other program's cards are in. [`serve`] is both for people at a terminal. With the feature `pcsc` the module `pcsc`
//! is the other side: a reader as the PC/SC library shows it, the CSP over it, and a world's cards behind it.
//!
//! What it deliberately lacks: cards (`autoenroll-card`), a driver, a daemon, and verdicts. pcscd, vpcd and OpenSC are
//! programs that it runs or talks to; their packages are named where they are missed.
#![forbid(unsafe_code)]

mod apdu_log;
mod connection;
mod ended;
mod exchange;
mod kept;
#[cfg(feature = "pcsc")]
pub mod pcsc;
mod pcscd;
mod ports;
mod serve;
mod show;
mod stay;
mod vpcd;
mod watchdog;

pub use apdu_log::{LogError, LoggedApdu, read_apdu_log};
pub use ended::Ended;
pub use exchange::Exchange;
pub use kept::{KeptError, kept};
pub use pcscd::{MOST_READERS, Pcscd, PcscdError, PcscdOptions, Slot};
pub use serve::{ServeError, ServeOptions, ServedIn, serve};
pub use stay::{Disturbance, SharedCard, share};
pub use vpcd::{EMPTY_FOR, InsertError, InsertedCard, insert};
