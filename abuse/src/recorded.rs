//! What one story of the suite says: its request and the CA that judges it, its certificate, the messages of its core,
//! and its trace. Readers begin with these.

use autoenroll_cli::story;
use autoenroll_scenario::RunReport;

use crate::bench::Bench;
use crate::parties::{Damager, Requested, Said};

/// The story whose messages are recorded.
pub const STORY: &str = "founding/second-provider";

/// What was said in a story in which a certificate is requested.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The request and its answer.
    pub requested: Requested,
    /// Everything that was said.
    pub said: Said,
    /// The report.
    pub report: RunReport,
}

/// Plays [`STORY`] and keeps what is said in it.
///
/// # Errors
/// When the suite has no such story, or nothing is requested in it.
pub fn recorded() -> Result<Recorded, String> {
    let damager = Damager::recording();
    let report = Bench::new().play_with(&story(STORY)?.scenario, damager.parties(), true)?;
    let mut said = damager.take_said();
    let requested = said.requested.take().ok_or_else(|| format!("nothing is requested in {STORY}"))?;
    Ok(Recorded { requested, said, report })
}
