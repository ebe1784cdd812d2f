//! A story played by hand.
//!
//! A [`Session`] is a world in the middle of a story: it says what can be done next ([`Session::offers`]), does it,
//! lets time go by, goes back, and writes what was done as a scenario file that runs ([`Session::save`]). A
//! [`Command`] is what somebody types to have it done.
//!
//! It deliberately lacks terminals, sockets and files, which are the command's, and any meaning of steps of its own:
//! what can be done is `explore`'s menu and lines of the scenario language, and a file is written as `explore` writes
//! its findings.
#![forbid(unsafe_code)]

mod command;
mod error;
mod label;
mod offers;
mod session;

pub use command::{Command, Unclear, find};
pub use error::PlayError;
pub use offers::{Group, Offer, Wants};
pub use session::{Saved, Session};
