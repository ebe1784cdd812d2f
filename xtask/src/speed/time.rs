//! Timing a program, by the processor time that the system says it used: what else runs on the machine counts little.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use wait4::Wait4 as _;

use super::count;

/// What a process used up.
#[derive(Clone, Debug)]
pub(super) struct Used {
    /// User and system time of all its threads.
    pub(super) processor: Duration,
    /// Resident at most, in bytes.
    pub(super) peak: u64,
    /// What it printed, as far as it is asked for.
    pub(super) printed: String,
}

/// Runs it, and the output is kept if it is a work's.
///
/// # Errors
/// When it cannot be run, or fails.
pub(super) fn once(command: &count::Command) -> Result<Used, String> {
    let text = format!("{} {}", command.program.display(), command.arguments.join(" "));
    let failed = |error: std::io::Error| format!("`{text}`: {error}");
    let mut process = Command::new(&command.program);
    process.args(&command.arguments).current_dir(&command.directory).stdin(Stdio::null());
    process.stdout(if command.within { Stdio::piped() } else { Stdio::null() });
    if command.within {
        process.arg("--time");
    }
    let mut child = process.spawn().map_err(failed)?;
    let mut printed = String::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut printed).map_err(failed)?;
    }
    let used = child.wait4().map_err(failed)?;
    if !used.status.success() {
        return Err(format!("`{text}` failed ({})", used.status));
    }
    Ok(Used { processor: used.rusage.utime + used.rusage.stime, peak: used.rusage.maxrss, printed })
}

/// Runs it that often; the one of median time counts.
///
/// # Errors
/// As [`once`].
pub(super) fn median(command: &count::Command, times: usize) -> Result<Used, String> {
    let mut all = (0..times).map(|_| once(command)).collect::<Result<Vec<Used>, _>>()?;
    all.sort_by_key(|used| used.processor);
    all.into_iter().nth(times / 2).ok_or_else(|| "nothing was run".to_owned())
}
