//! Command and response APDUs, command chaining, GET RESPONSE, BER-TLV, and the GIDS and PIV layouts that the
//! card and its host share.
//!
//! Everything here is a pure function of bytes. What this crate deliberately lacks: a card (`autoenroll-card`), a
//! reader, any cryptography, and compression - the zlib stream inside a certificate file is opaque to it.
//!
//! Sources: ISO/IEC 7816-3 and 7816-4 for APDUs, status words and chaining; ISO/IEC 8825-1 for BER-TLV; Microsoft's
//! "Windows Inbox Smart Card Minidriver" page and the GIDS specification for [`gids`]; NIST SP 800-73-4 for [`piv`].

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod atr;
mod chaining;
mod command;
mod describe;
pub mod gids;
pub mod piv;
mod redact;
mod response;
pub mod tlv;

pub use atr::{Atr, AtrError};
pub use chaining::{Chain, ChainStep, Collected, Collector, Outgoing, encode_chain, get_response, pieces};
pub use command::{Command, CommandError, EncodeError, ins};
pub use describe::describe;
pub use redact::{redact, redact_bytes, redact_response};
pub use response::{Response, ResponseTooShort, StatusWord};
