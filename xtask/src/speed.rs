//! `cargo xtask speed`: what people wait for takes no longer than it should, with a release build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command that people wait for, and how long it may take on a machine with two cores and nothing else to do.
struct Wait {
    what: &'static str,
    arguments: Vec<String>,
    goal: Duration,
}

/// The check fails above this many times the goal: a machine that is busy, or slower, must not make it fail.
const TOLERANCE: u32 = 2;
/// How often a command is tried until it meets its goal; the best time counts.
const ATTEMPTS: usize = 5;
/// How many files are checked.
const FILES: usize = 1_000;

/// Runs the chore.
///
/// # Errors
/// When a command takes too long, or fails.
pub(crate) fn run() -> Result<(), String> {
    let program = build()?;
    let folder = program.with_file_name("speed");
    write_files(&folder)?;
    let waits = [
        Wait {
            what: "checking 1,000 scenario files",
            arguments: vec!["check".to_owned(), folder.display().to_string()],
            goal: Duration::from_secs(1),
        },
        Wait {
            what: "running all scenarios",
            arguments: vec!["run".to_owned(), "--timeline".to_owned()],
            goal: Duration::from_secs(8),
        },
    ];
    let too_long: Vec<&str> = waits
        .iter()
        .map(|wait| is_too_long(&program, wait))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    if too_long.is_empty() { Ok(()) } else { Err(format!("too slow: {}", too_long.join(", "))) }
}

/// Measures, says how long it took, and names what took too long.
fn is_too_long(program: &Path, wait: &Wait) -> Result<Option<&'static str>, String> {
    let Wait { what, arguments, goal } = wait;
    let mut best = Duration::MAX;
    for _ in 0..ATTEMPTS {
        best = best.min(time(program, arguments)?);
        if best <= *goal {
            break;
        }
    }
    let most = *goal * TOLERANCE;
    println!("{what}: {:.2} s; goal {} s, at most {} s", best.as_secs_f64(), goal.as_secs(), most.as_secs());
    Ok((best > most).then_some(what))
}

fn time(program: &Path, arguments: &[String]) -> Result<Duration, String> {
    let start = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let status = status.map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
    let took = start.elapsed();
    if status.success() { Ok(took) } else { Err(format!("`{} {}` failed", program.display(), arguments.join(" "))) }
}

/// Builds the command and says where it is.
fn build() -> Result<PathBuf, String> {
    let command = ["build", "--release", "--package", "autoenroll-cli", "--message-format", "json-render-diagnostics"];
    let output = Command::new("cargo").args(command).current_dir(crate::root()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err("the command does not build".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let programs: Vec<PathBuf> =
        messages.filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?))).collect();
    programs.into_iter().next().ok_or_else(|| "cargo says of no program where it is".to_owned())
}

/// Fills a folder with scenario files: those of the suite, again and again.
fn write_files(folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)?;
    let scenarios = crate::tidy::files(&crate::root(), "scenarios", ".toml")?;
    for (number, path) in scenarios.iter().cycle().take(FILES).enumerate() {
        fs::copy(crate::root().join(path), folder.join(format!("{number:04}.toml"))).map_err(failed)?;
    }
    Ok(())
}
