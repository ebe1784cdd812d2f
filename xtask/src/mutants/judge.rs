//! Who notices a mutant: the suite of scenarios, tests, and the digests of what the suite records.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::program::Executable;
use super::switch::VARIABLE;
use crate::patches::within;

/// What became of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Fate {
    /// It does not compile.
    Unviable,
    /// It was not tried: no switch can express it.
    NotTried,
    /// A scenario of the suite fails.
    Suite,
    /// All scenarios pass and a test fails.
    Test,
    /// All scenarios and tests pass, but for the one that compares the digests of traces with those that are committed.
    Digest,
    /// Nobody notices.
    Survived,
}

impl Fate {
    /// Whether something fails.
    pub(super) fn is_caught(self) -> bool {
        matches!(self, Self::Suite | Self::Test | Self::Digest)
    }
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Passed,
    Failed(String),
}

/// Judges mutants with programs that are built.
pub(super) struct Judge<'a> {
    /// The directory of the copy.
    copy: &'a Path,
    /// Where output is kept.
    scratch: PathBuf,
    suite: &'a Executable,
    /// By name, the quick ones first.
    tests: Vec<(&'a str, &'a Executable)>,
    /// What the suite records when nothing is wrong.
    digests: String,
    /// How long each may take.
    limits: BTreeMap<String, Duration>,
}

/// What takes this many times as long as without a mutant does not come to an end.
const PATIENCE: u32 = 8;
/// At least.
const LEAST: Duration = Duration::from_secs(20);
/// How much memory a judge may use, in KiB: a mutant may fill memory without end.
const MEMORY: &str = "4000000";
/// The file of the digests.
const DIGESTS: &str = "tests/digests.txt";

impl<'a> Judge<'a> {
    /// Runs everything once with no mutant at all.
    ///
    /// # Errors
    /// When something fails then, or cannot be run.
    pub(super) fn open(
        copy: &'a Path,
        scratch: &Path,
        programs: &'a BTreeMap<String, Executable>,
    ) -> Result<Self, String> {
        let suite = programs.get("autoenroll").ok_or("the command is not built")?;
        let tests = programs.iter().filter(|(name, _)| name.contains("::")).map(|(name, one)| (name.as_str(), one));
        let digests = crate::tidy::read(copy, DIGESTS)?;
        let limits = BTreeMap::new();
        let mut judge = Self { copy, scratch: scratch.to_path_buf(), suite, tests: tests.collect(), digests, limits };
        let mut times = BTreeMap::new();
        let began = Instant::now();
        if let (End::Failed(reason), _) = judge.suite(0, 0)? {
            return Err(format!("the suite fails without a mutant: {reason}"));
        }
        times.insert("autoenroll".to_owned(), began.elapsed());
        for (name, test) in &judge.tests {
            let began = Instant::now();
            if let End::Failed(reason) = judge.test(name, test, 0, 0)? {
                return Err(format!("{name} fails without a mutant: {reason}"));
            }
            times.insert((*name).to_owned(), began.elapsed());
        }
        judge.tests.sort_by_key(|(name, _)| times.get(*name).copied());
        for (name, time) in &times {
            println!("{:>6.2} s  {name}", time.as_secs_f64());
        }
        judge.limits = times.into_iter().map(|(name, time)| (name, LEAST.max(time * PATIENCE))).collect();
        Ok(judge)
    }

    /// What becomes of a mutant, and by whom.
    ///
    /// # Errors
    /// When something cannot be run.
    pub(super) fn judge(&self, number: u32, worker: usize) -> Result<(Fate, String), String> {
        let (end, same) = self.suite(number, worker)?;
        if let End::Failed(by) = end {
            return Ok((Fate::Suite, by));
        }
        for (name, test) in &self.tests {
            if let End::Failed(by) = self.test(name, test, number, worker)? {
                return Ok((Fate::Test, format!("{name} {by}")));
            }
        }
        Ok(if same { (Fate::Survived, String::new()) } else { (Fate::Digest, String::new()) })
    }

    /// Plays the suite; also whether it records what is committed.
    fn suite(&self, number: u32, worker: usize) -> Result<(End, bool), String> {
        let arguments = ["run", "--format", "json", "--jobs", "1"];
        let (code, out) = self.run("autoenroll", self.suite, &arguments, self.copy, number, worker)?;
        let failed = match code {
            Some(0) => None,
            Some(1) => Some(first_failure(&out)),
            Some(code) => Some(format!("the command ends with {code}")),
            None => Some("the command does not end".to_owned()),
        };
        Ok((failed.map_or(End::Passed, End::Failed), digests(&out) == self.digests))
    }

    fn test(&self, name: &str, test: &Executable, number: u32, worker: usize) -> Result<End, String> {
        let arguments = ["--test-threads=1"];
        let (code, out) = self.run(name, test, &arguments, &test.directory, number, worker)?;
        Ok(match code {
            Some(0) => End::Passed,
            Some(_) => End::Failed(first_failed_test(&out)),
            None => End::Failed("does not end".to_owned()),
        })
    }

    /// Runs a program to its end; its exit code, `None` when it was ended, and what it printed.
    fn run(
        &self,
        name: &str,
        program: &Executable,
        arguments: &[&str],
        directory: &Path,
        number: u32,
        worker: usize,
    ) -> Result<(Option<i32>, String), String> {
        let unusable = |error: io::Error| format!("{name} cannot be run: {error}");
        let out = self.scratch.join(format!("said-{worker}.txt"));
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$@\""), "sh"]).arg(&program.path).args(arguments);
        command.env(VARIABLE, number.to_string()).current_dir(directory).stdin(Stdio::null());
        command.env("INSTA_UPDATE", "no").env("INSTA_WORKSPACE_ROOT", self.copy).env("RUST_BACKTRACE", "0");
        command.stdout(File::create(&out).map_err(unusable)?).stderr(Stdio::null());
        let limit = self.limits.get(name).copied().unwrap_or(Duration::from_secs(600));
        let status = within(&mut command, limit).map_err(unusable)?;
        let said = String::from_utf8_lossy(&fs::read(&out).map_err(unusable)?).into_owned();
        Ok((status.map(|status| status.code().unwrap_or(-1)), said))
    }
}

/// The name of the first scenario that failed; from what `run --format json` prints.
fn first_failure(lines: &str) -> String {
    let failed = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).ok()?;
        let passed = object["verdict"].as_str()? == "passed";
        (!passed).then(|| object["scenario"].as_str().unwrap_or_default().to_owned())
    };
    lines.lines().find_map(failed).unwrap_or_else(|| "no scenario in particular".to_owned())
}

/// The digests of what was played, as they are committed.
fn digests(lines: &str) -> String {
    let digest = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(format!("{}  {}\n", object["digest"].as_str()?, object["scenario"].as_str()?))
    };
    lines.lines().filter_map(digest).collect()
}

/// The first test that failed, from what libtest prints.
fn first_failed_test(lines: &str) -> String {
    let failed = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    lines.lines().find_map(failed).unwrap_or_else(|| "ends early".to_owned())
}
