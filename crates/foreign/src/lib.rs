//! Enrollment cores in other processes.
//!
//! [`ForeignFactory`] starts a program and drives it as an [`EnrollmentCore`](autoenroll_model::EnrollmentCore);
//! [`serve`] is the other side, which turns any core of this project into such a program. Both speak JSON lines,
//! described in `docs/core-protocol.md` and defined in [`protocol`].
//!
//! It deliberately lacks verdicts and expectations: a core in another process sees what one in this process sees, and
//! no more.
#![forbid(unsafe_code)]

mod breach;
mod conformance;
mod core;
mod guard;
mod limits;
mod line;
mod process;
pub mod protocol;
#[cfg(feature = "schema")]
mod schema;
mod server;
mod wire;

pub use crate::breach::Breach;
pub use crate::conformance::{CheckedRule, check_core};
pub use crate::core::{ForeignCore, ForeignFactory};
pub use crate::limits::Limits;
pub use crate::line::LineError;
pub use crate::process::{Command, CommandError};
#[cfg(feature = "schema")]
pub use crate::schema::json_schema;
pub use crate::server::{ServeError, serve};
