//! Who notices a mutant: the suite of scenarios, tests, and the digests of what the suite records.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::program::Executable;
use super::switch::{REACHED, VARIABLE};
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
    /// The digest of what each story records when nothing is wrong, by its name.
    digests: BTreeMap<String, String>,
    /// Which mutants each story reaches, and each program with tests.
    reached: BTreeMap<String, BTreeSet<u32>>,
    /// How many mutants each story has noticed: those that notice much are played first.
    noticed: Mutex<BTreeMap<String, usize>>,
    /// How long each may take.
    limits: BTreeMap<String, Duration>,
}

/// What takes this many times as long as without a mutant does not come to an end.
const PATIENCE: u32 = 8;
/// At least.
const LEAST: Duration = Duration::from_secs(20);
/// How much memory a judge may use, in KiB: a mutant may fill memory without end.
const MEMORY: &str = "4000000";
/// By what the limit of the suite is known.
const SUITE: &str = "autoenroll";
/// How many stories are played first, and how many then: most mutants are noticed by many.
const FEW: usize = 6;
const MORE: usize = 60;
/// The file of the digests.
const DIGESTS: &str = "tests/digests.txt";

impl<'a> Judge<'a> {
    /// Who judges with these programs.
    ///
    /// # Errors
    /// When the command is not among them.
    pub(super) fn new(
        copy: &'a Path,
        scratch: &Path,
        programs: &'a BTreeMap<String, Executable>,
    ) -> Result<Self, String> {
        let suite = programs.get(SUITE).ok_or("the command is not built")?;
        let tests = programs.iter().filter(|(name, _)| name.contains("::")).map(|(name, one)| (name.as_str(), one));
        let digests = crate::tidy::read(copy, DIGESTS)?;
        let digests: BTreeMap<String, String> = digests
            .lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(digest, name)| (name.to_owned(), digest.to_owned()))
            .collect();
        Ok(Self {
            copy,
            scratch: scratch.to_path_buf(),
            suite,
            tests: tests.collect(),
            digests,
            limits: BTreeMap::new(),
            reached: BTreeMap::new(),
            noticed: Mutex::new(BTreeMap::new()),
        })
    }

    /// Runs everything once with no mutant at all.
    ///
    /// # Errors
    /// When something fails then, or cannot be run.
    pub(super) fn prepare(&mut self) -> Result<(), String> {
        let began = Instant::now();
        let all: Vec<&str> = self.digests.keys().map(String::as_str).collect();
        match self.play(&all, 0, 0)? {
            (End::Passed, true) => {}
            (End::Passed, false) => {
                return Err(format!("without a mutant the suite records other things than {DIGESTS}"));
            }
            (End::Failed(reason), _) => return Err(format!("the suite fails without a mutant: {reason}")),
        }
        let mut times = BTreeMap::from([(SUITE.to_owned(), began.elapsed())]);
        for (name, test) in &self.tests {
            let began = Instant::now();
            if let End::Failed(reason) = self.test(name, test, 0, 0)? {
                return Err(format!("{name} fails without a mutant: {reason}"));
            }
            times.insert((*name).to_owned(), began.elapsed());
        }
        self.tests.sort_by_key(|(name, _)| times.get(*name).copied());
        for (name, time) in &times {
            println!("{:>6.2} s  {name}", time.as_secs_f64());
        }
        self.limits = times.into_iter().map(|(name, time)| (name, LEAST.max(time * PATIENCE))).collect();
        let began = Instant::now();
        self.reached = self.reach()?;
        println!("After {:.0} s it is known which mutants each story reaches.", began.elapsed().as_secs_f64());
        Ok(())
    }

    /// Whether a story fails.
    ///
    /// # Errors
    /// When it cannot be run.
    pub(super) fn fails(&self, story: &str, number: u32) -> Result<bool, String> {
        Ok(self.play(&[story], number, 0)?.0 != End::Passed)
    }

    /// Which mutants each story and each program with tests reaches. What was found out with the same program is kept.
    fn reach(&self) -> Result<BTreeMap<String, BTreeSet<u32>>, String> {
        let kept = self.scratch.join("reached.json");
        let unusable = |error: io::Error| format!("{}: {error}", kept.display());
        let built = |executable: &Executable| fs::metadata(&executable.path).and_then(|file| file.modified()).ok();
        let newest = self.tests.iter().map(|(_, test)| *test).chain([self.suite]).filter_map(built).max();
        if fs::metadata(&kept).and_then(|file| file.modified()).ok() > newest
            && let Ok(reached) = serde_json::from_slice(&fs::read(&kept).map_err(unusable)?)
        {
            return Ok(reached);
        }
        let numbers = self.scratch.join("reached.txt");
        let mut reached = BTreeMap::new();
        let stories =
            self.digests.keys().map(|name| (name.as_str(), self.suite, vec!["run", "--jobs", "1", name], self.copy));
        let tests =
            self.tests.iter().map(|(name, test)| (*name, *test, vec!["--test-threads=1"], test.directory.as_path()));
        for (name, program, arguments, directory) in stories.chain(tests) {
            fs::write(&numbers, "").map_err(unusable)?;
            let path = numbers.display().to_string();
            let (code, _) = self.run(SUITE, program, &arguments, directory, (REACHED, &path), 0)?;
            if code != Some(0) {
                return Err(format!("{name} fails while it is found out what it reaches"));
            }
            let text = fs::read_to_string(&numbers).map_err(unusable)?;
            reached.insert(name.to_owned(), text.lines().filter_map(|line| line.parse().ok()).collect());
        }
        let text = serde_json::to_string(&reached).map_err(|error| error.to_string())?;
        fs::write(&kept, text).map_err(unusable)?;
        Ok(reached)
    }

    /// What becomes of a mutant, and by whom: first by the suite, then by the tests.
    ///
    /// # Errors
    /// When something cannot be run.
    pub(super) fn judge(&self, number: u32, worker: usize) -> Result<(Fate, String), String> {
        match self.by_suite(number, worker)? {
            (Fate::Suite, by) => Ok((Fate::Suite, by)),
            (fate, _) => self.by_tests(number, worker, fate),
        }
    }

    /// What the suite makes of a mutant. A story that does not reach its place does what it always does.
    fn by_suite(&self, number: u32, worker: usize) -> Result<(Fate, String), String> {
        let mut stories: Vec<&str> =
            self.digests.keys().map(String::as_str).filter(|name| self.reaches(name, number)).collect();
        if let Ok(noticed) = self.noticed.lock() {
            stories.sort_by_key(|name| Reverse(noticed.get(*name).copied()));
        }
        let mut same = true;
        let (few, rest) = stories.split_at(stories.len().min(FEW));
        let (more, rest) = rest.split_at(rest.len().min(MORE));
        for part in [few, more, rest] {
            let (end, same_here) = self.play(part, number, worker)?;
            if let End::Failed(by) = end {
                if let Ok(mut noticed) = self.noticed.lock() {
                    *noticed.entry(by.clone()).or_default() += 1;
                }
                return Ok((Fate::Suite, by));
            }
            same &= same_here;
        }
        Ok((if same { Fate::Survived } else { Fate::Digest }, String::new()))
    }

    /// What the tests make of a mutant of which the suite made this.
    ///
    /// # Errors
    /// When something cannot be run.
    pub(super) fn by_tests(&self, number: u32, worker: usize, fate: Fate) -> Result<(Fate, String), String> {
        for (name, test) in self.tests.iter().filter(|(name, _)| self.reaches(name, number)) {
            if let End::Failed(by) = self.test(name, test, number, worker)? {
                return Ok((Fate::Test, format!("{name} {by}")));
            }
        }
        Ok((fate, String::new()))
    }

    fn reaches(&self, name: &str, number: u32) -> bool {
        self.reached.get(name).is_some_and(|numbers| numbers.contains(&number))
    }

    /// Plays some stories; also whether they record what is committed.
    fn play(&self, stories: &[&str], number: u32, worker: usize) -> Result<(End, bool), String> {
        if stories.is_empty() {
            return Ok((End::Passed, true));
        }
        let mut arguments = vec!["run", "--format", "json", "--jobs", "1"];
        arguments.extend(stories);
        let (code, out) =
            self.run(SUITE, self.suite, &arguments, self.copy, (VARIABLE, &number.to_string()), worker)?;
        let failed = match code {
            Some(0) => None,
            Some(1) => Some(first_failure(&out)),
            Some(code) => Some(format!("the command ends with {code}")),
            None => Some("the command does not end".to_owned()),
        };
        let same = digests(&out).iter().all(|(name, digest)| self.digests.get(name) == Some(digest));
        Ok((failed.map_or(End::Passed, End::Failed), same))
    }

    fn test(&self, name: &str, test: &Executable, number: u32, worker: usize) -> Result<End, String> {
        let variable = (VARIABLE, &*number.to_string());
        let (code, out) = self.run(name, test, &["--test-threads=1"], &test.directory, variable, worker)?;
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
        variable: (&str, &str),
        worker: usize,
    ) -> Result<(Option<i32>, String), String> {
        let unusable = |error: io::Error| format!("{name} cannot be run: {error}");
        let out = self.scratch.join(format!("said-{worker}.txt"));
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$@\""), "sh"]).arg(&program.path).args(arguments);
        command.env(variable.0, variable.1).current_dir(directory).stdin(Stdio::null());
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

/// The digest of each story that was played.
fn digests(lines: &str) -> Vec<(String, String)> {
    let digest = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).ok()?;
        Some((object["scenario"].as_str()?.to_owned(), object["digest"].as_str()?.to_owned()))
    };
    lines.lines().filter_map(digest).collect()
}

/// The first test that failed, from what libtest prints.
fn first_failed_test(lines: &str) -> String {
    let failed = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    lines.lines().find_map(failed).unwrap_or_else(|| "ends early".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_tells_who_noticed() {
        let passed = r#"{"scenario":"a/b","verdict":"passed","digest":"12"}"#;
        let failed = r#"{"scenario":"a/c[x]","verdict":"failed","digest":"34"}"#;
        assert_eq!(first_failure(&format!("{passed}\n{failed}\n")), "a/c[x]");
        assert_eq!(first_failure(passed), "no scenario in particular");
        let expected = [("a/b", "12"), ("a/c[x]", "34")].map(|(name, digest)| (name.to_owned(), digest.to_owned()));
        assert_eq!(digests(&format!("{passed}\n{failed}\n{{\"scenarios\":2}}\n")), expected);
        let tests = "test a ... ok\ntest b::c ... FAILED\ntest d ... FAILED\n";
        assert_eq!(first_failed_test(tests), "b::c");
        assert_eq!(first_failed_test("test a ... ok\n"), "ends early");
    }
}
