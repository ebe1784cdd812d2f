//! What programs of others say about our messages, and what our CA says about theirs: a laboratory that makes one
//! message of every kind, and the ways to the programs.
//!
//! [`messages::write`] fills a folder with requests (`*.req.der`), responses (`*.resp.der`), certificates (`*.cer.der`)
//! and revocation lists (`*.crl.der`), [`suite::write`] with what the scenarios say; every oracle works on such a
//! folder, whoever filled it. [`tools`] says where Java, OpenSSL and Python are, and what is to be done where they are
//! not. It deliberately lacks any judgement of its own: that is in the programs, and in the tables beside the tests.
#![forbid(unsafe_code)]
#![expect(clippy::panic, reason = "everything here is part of a test")]

pub mod fuzz;
pub mod lab;
pub mod messages;
pub mod suite;
pub mod templates;
pub mod tools;
