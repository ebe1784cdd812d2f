//! The deterministic simulator.
//!
//! A [`World`] holds a domain, computers, users, readers, cards and CAs, runs one enrollment core for each logged-on
//! user and each booted computer, and carries out what the cores ask for, under a clock that is only a number.
//! Everything that happens is appended to a [`Trace`](autoenroll_trace::Trace), and checked there against the
//! invariants.
//!
//! It deliberately lacks expectations and verdicts (the scenario runner's), files, real clocks and threads: the same
//! description and the same actions give the same trace, byte for byte.
//!
//! Reading order: `world` for [`World`]; [`spec`] for what exists and [`action`] for what is done; `drive` for how a
//! core is driven; `effects`, `transact` and `submit` for what cores ask for. `World` has methods in each of these
//! files: `build` makes one, `act`, `change` and `submit` carry out actions, `look` and `rights` read it, `outside` is
//! for programs that ask from without, `observe` tells invariants what records do not.
#![forbid(unsafe_code)]

mod act;
pub mod action;
mod attempt;
mod blame;
mod build;
mod change;
mod changes;
mod clock;
mod describe;
mod desktop;
mod directory;
mod drive;
mod effects;
mod error;
mod hosts;
mod inspect;
mod issue;
mod ledger;
mod logon;
mod look;
mod names;
mod observe;
mod outside;
mod policy;
mod provider;
pub mod published;
mod queue;
mod readers;
mod record;
mod rights;
mod rules;
mod session;
pub mod spec;
mod spending;
mod state_key;
mod stores;
mod submit;
mod touch;
mod transact;
mod world;

pub use action::Action;
pub use autoenroll_invariants::Invariant;
pub use autoenroll_keys::KeyMode;
pub use error::{ActError, Place, SpecError, SpecErrors, SpecFault, Thing, Unknown, WorldError};
pub use hosts::{CaHost, CardGone, CardHost, Hosts, InProcessCards, InProcessCas, exchange_certificate};
pub use look::{Look, LookError, OpenPrompt};
pub use outside::{Caller, KeptCertificate};
pub use rights::{DecidingEntry, Entitlement, Through};
pub use rules::RULES;
pub use spec::WorldSpec;
pub use spending::STEPS_WITHOUT_PROGRESS;
pub use state_key::{StateKey, StatePart, Times};
pub use world::{Stepped, World};
