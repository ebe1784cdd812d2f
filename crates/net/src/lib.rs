//! A world on the wire, for programs that nobody here wrote: the directory over LDAP, policy and enrollment over HTTPS,
//! and a port at which the world itself is moved.
//!
//! One [`Live`] world stands behind all of it: the directory that LDAP shows is the one that its cores read, and the CA
//! is the one that they ask. What goes over a socket leaves lines in a log of its own ([`log`]), beside the trace, so
//! that digests know nothing of it.
//!
//! It deliberately lacks Kerberos, SMB and DCE/RPC, and everything that decides: that is the business of the crates
//! below.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod bounds;
pub mod cas;
pub mod client;
pub mod control;
pub mod cores;
pub mod http;
pub mod ldap;
pub mod live;
pub mod log;
mod ntlm;
pub mod processor;
pub mod service;
mod soap;
pub mod tls;
mod wstep;
mod xcep;

pub use accounts::{Accounts, Passwords};
pub use cas::{CaServer, HttpsCas};
pub use cores::Cores;
pub use live::{Live, LiveError, LiveWorld, Pace};
