//! Counting the instructions of a program.

use std::path::PathBuf;
use std::process::Stdio;

/// Something to be counted.
pub(super) struct Command {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) directory: PathBuf,
    /// Only within the function that measures; otherwise from start to end.
    pub(super) within: bool,
}

/// The function of `autoenroll-works` within which is counted.
const MEASURED: &str = "--toggle-collect=*measured*";
/// What the C library chooses its routines by: as for a processor that has none of these.
const PLAIN: &str = "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-BMI2,-LZCNT,-MOVBE,-RTM";

/// Runs it under callgrind.
///
/// # Errors
/// When valgrind is not there, or the program fails.
pub(super) fn instructions(command: &Command) -> Result<u64, String> {
    let mut valgrind = std::process::Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.args(command.within.then_some(MEASURED)).arg(&command.program).args(&command.arguments);
    valgrind.current_dir(&command.directory).stdin(Stdio::null()).stdout(Stdio::null());
    // Nothing of the machine's own: the environment is copied to the stack of the program.
    let path = std::env::var_os("PATH").unwrap_or_default();
    valgrind.env_clear().env("PATH", path).env("LC_ALL", "C").env("TZ", "UTC").env("GLIBC_TUNABLES", PLAIN);
    let output = valgrind.output();
    let output = output.map_err(|error| format!("valgrind cannot be run ({error}): apt-get install valgrind"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    let text = format!("{} {}", command.program.display(), command.arguments.join(" "));
    if !output.status.success() {
        return Err(format!("`{text}` failed under valgrind ({}):\n{told}", output.status));
    }
    let count = collected(&told).filter(|count| *count > 0);
    count.ok_or_else(|| format!("valgrind counts nothing in `{text}`:\n{told}"))
}

/// From `==1== Collected : 123`.
fn collected(told: &str) -> Option<u64> {
    told.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found() {
        assert_eq!(collected("==12== \n==12== Events    : Ir\n==12== Collected : 2508\n==12== \n"), Some(2_508));
        assert_eq!(collected("==12== Events    : Ir\n"), None);
    }
}
