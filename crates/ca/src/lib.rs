//! The enterprise CA: takes requests, judges them by the policy of their template, issues, pends, denies and revokes,
//! and remembers everything.
//!
//! [`Ca::submit`] has the shape of ICertRequestD::Request ([MS-WCCE] 3.2.1.4.2.1) and answers with real certificates,
//! byte for byte the same for the same seed, requests and times. Every check is a rule of [`RULES`] and leaves a
//! decision. [`CaIdentity`] makes the CA certificates above.
//!
//! It deliberately lacks transport, clock, files and a directory: the caller brings the time, the requester's directory
//! object and the CA's copy of the templates. There are no enrollment agents, no key attestation, no certificate
//! transparency, and no standalone CA.
#![forbid(unsafe_code)]

mod archive;
mod authority;
mod config;
mod content;
mod database;
mod encode;
mod envelope;
mod hierarchy;
mod judge;
mod names;
mod policy;
mod request;
mod response;
mod revocation;
mod rules;
mod trust;

pub use authority::{Ca, GARBAGE, ManagerError, Publication};
pub use config::{Approval, CaConfig, CaFaults};
pub use database::{Database, RequestState, Row, Shelf};
pub use hierarchy::{CaDescription, CaIdentity, HierarchyError};
pub use revocation::RevocationReason;
pub use rules::{PolicyRule, RULES};
