//! A copy of the workspace below `target`, in which something may be made wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::switch::VARIABLE;

/// The copy, with a target directory of its own, so that only what a patch changes is built again.
pub(crate) struct Workshop {
    copy: PathBuf,
    build: PathBuf,
    search: PathBuf,
}

/// What became of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It passed.
    Passed,
    /// It failed, for this reason.
    Failed(String),
}

/// How a search is made.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// For how many seconds of processor time.
    pub(super) seconds: u64,
    /// With how many threads.
    pub(super) jobs: usize,
    /// From which number on.
    pub(super) from: u64,
}

/// What a search came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Explored {
    /// How many stories were told.
    pub(crate) stories: u64,
    /// How many things were done in them.
    pub(crate) moves: u64,
    /// How many seconds of processor time they took.
    pub(crate) seconds: f64,
    /// The signatures of what they broke.
    pub(crate) broke: BTreeSet<String>,
    /// The first thing that was broken and is not known.
    pub(crate) first: Option<Finding>,
}

/// Something that a story broke.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// The number of the story.
    pub(crate) number: u64,
    /// The law, and what happened without names and numbers.
    pub(crate) signature: String,
    /// After how many seconds of processor time it was found.
    pub(crate) seconds: f64,
    /// How many things are done in the shortest story; `None` when it did not break again.
    pub(crate) steps: Option<usize>,
    /// That story.
    pub(crate) story: String,
}

/// What is not copied: what is built or installed, and what only version control needs.
const LEFT_OUT: &[&str] = &["target", ".git", ".venv"];
/// A run takes milliseconds when nothing is wrong. One that takes longer than this does not come to rest.
const LIMIT: Duration = Duration::from_secs(60);

impl Workshop {
    /// Makes the copy like the workspace, but for these files, which have other texts there or are there alone. A file
    /// that is the same already is left alone: Cargo goes by times.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub(super) fn open(root: &Path, others: &BTreeMap<String, String>) -> Result<Self, String> {
        let is_other = |path: &Path| others.keys().any(|other| Path::new(other) == path);
        let workshop = Self::open_in(root, "target/patches", is_other)?;
        for (path, text) in others {
            workshop.write(Path::new(path), text.as_bytes())?;
        }
        Ok(workshop)
    }

    /// Makes the copy in this directory, and leaves those files of it alone, which somebody else writes.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub(crate) fn open_in(root: &Path, directory: &str, but: impl Fn(&Path) -> bool) -> Result<Self, String> {
        let directory = root.join(directory);
        let workshop = Self {
            copy: directory.join("workspace"),
            build: directory.join("build"),
            search: directory.join("search"),
        };
        let (here, there) = (list(root)?, list(&workshop.copy)?);
        for path in there.iter().filter(|path| !here.contains(path) && !but(path)) {
            fs::remove_file(workshop.copy.join(path)).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        for path in here.iter().filter(|path| !but(path)) {
            let text = fs::read(root.join(path)).map_err(|error| format!("{}: {error}", path.display()))?;
            workshop.write(path, &text)?;
        }
        Ok(workshop)
    }

    /// Where the copy is.
    pub(crate) fn directory(&self) -> &Path {
        &self.copy
    }

    /// The text of a file of the copy.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.copy.join(path)).map_err(|error| format!("{path}: {error}"))
    }

    /// Gives a file of the copy this text; one that has it already is left alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, path: &Path, text: &[u8]) -> Result<(), String> {
        let target = self.copy.join(path);
        if fs::read(&target).is_ok_and(|present| present == text) {
            return Ok(());
        }
        let directory = target.parent().unwrap_or(&self.copy);
        let written = fs::create_dir_all(directory).and_then(|()| fs::write(&target, text));
        written.map_err(|error| format!("{}: {error}", target.display()))
    }

    /// Does something while these files of the copy have these texts.
    ///
    /// # Errors
    /// What it says itself, or when the files cannot be written.
    pub(super) fn with_changes<T>(
        &self,
        changed: &BTreeMap<String, String>,
        act: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, String> {
        let put = |texts: &BTreeMap<String, String>| -> Result<(), String> {
            texts.iter().try_for_each(|(path, text)| self.write(Path::new(path), text.as_bytes()))
        };
        let before: BTreeMap<String, String> =
            changed.keys().map(|path| Ok((path.clone(), self.read(path)?))).collect::<Result<_, String>>()?;
        let done = put(changed).and_then(|()| act());
        put(&before)?;
        done
    }

    /// Builds the command.
    ///
    /// # Errors
    /// When it does not compile.
    pub(super) fn build(&self) -> Result<(), String> {
        self.cargo_build(&["--package", "autoenroll-cli"], &self.build)
    }

    fn cargo_build(&self, what: &[&str], target: &Path) -> Result<(), String> {
        let mut command = Command::new("cargo");
        command.args(["build", "--quiet"]).args(what);
        // It is not debugged, and linking is quicker.
        command.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_TARGET_DIR", target).current_dir(&self.copy);
        // Only what a patch changes is built again.
        command.env("CARGO_INCREMENTAL", "1");
        let output = command.output().map_err(|error| format!("cargo cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("does not compile:\n{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Builds the search: without what the command has beside it, in a profile of its own.
    ///
    /// # Errors
    /// When it does not compile.
    pub(super) fn build_search(&self) -> Result<(), String> {
        let example = ["--profile", "search", "--package", "autoenroll-explore", "--example", "search"];
        self.cargo_build(&example, &self.search)
    }

    /// What the search is: another program has another one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn digest(&self) -> Result<String, String> {
        let program = self.program();
        let bytes = fs::read(&program).map_err(|error| format!("{}: {error}", program.display()))?;
        Ok(Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    fn program(&self) -> PathBuf {
        self.search.join("search/examples/search")
    }

    /// Lets it search with that patch in effect, until so much processor time is spent or something is broken that is
    /// not known; until the end where nothing is.
    ///
    /// # Errors
    /// When it fails for another reason than what it finds.
    pub(super) fn explore(&self, patch: usize, ask: &Ask, known: &BTreeSet<String>) -> Result<Explored, String> {
        let mut arguments = vec![ask.seconds.to_string(), ask.jobs.to_string(), ask.from.to_string()];
        if !known.is_empty() {
            let signatures = self.search.join(format!("known-{}.txt", std::process::id()));
            let lines: Vec<&str> = known.iter().map(String::as_str).collect();
            fs::write(&signatures, lines.join("\n")).map_err(unusable)?;
            arguments.push(signatures.display().to_string());
        }
        self.searched(patch, &arguments)
    }

    /// The signatures of what a story breaks without any patch.
    ///
    /// # Errors
    /// When it cannot be played.
    pub(super) fn again(&self, story: &str) -> Result<BTreeSet<String>, String> {
        let file = self.search.join(format!("again-{}.toml", std::process::id()));
        fs::write(&file, story).map_err(unusable)?;
        self.searched(0, &["again".to_owned(), file.display().to_string()])
    }

    fn searched<T: DeserializeOwned>(&self, patch: usize, arguments: &[String]) -> Result<T, String> {
        let mut command = Command::new(self.program());
        command.args(arguments).env(VARIABLE, patch.to_string());
        let output = command.current_dir(&self.copy).stdin(Stdio::null()).output().map_err(unusable)?;
        if !output.status.success() {
            return Err(format!("{} ({})", String::from_utf8_lossy(&output.stderr).trim(), output.status));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("the search says something else: {error}"))
    }

    /// Plays a scenario file of the copy.
    ///
    /// # Errors
    /// When the command fails for another reason than that scenario.
    pub(super) fn play(&self, file: &str) -> Result<Verdict, String> {
        let (out, err) = (self.build.join("played.json"), self.build.join("played.txt"));
        let unusable = |error: std::io::Error| format!("autoenroll cannot be run: {error}");
        let mut command = Command::new(self.build.join("debug/autoenroll"));
        command.args(["run", "--format", "json", file]).current_dir(&self.copy).stdin(Stdio::null());
        command.stdout(File::create(&out).map_err(unusable)?).stderr(File::create(&err).map_err(unusable)?);
        let Some(status) = within(&mut command, LIMIT).map_err(unusable)? else {
            return Ok(Verdict::Failed(format!("the run does not end within {} s", LIMIT.as_secs())));
        };
        match status.code() {
            Some(0) => Ok(Verdict::Passed),
            Some(1) => Ok(Verdict::Failed(first_reason(&fs::read_to_string(&out).map_err(unusable)?))),
            _ => Err(format!("{file}: {} ({status})", fs::read_to_string(&err).map_err(unusable)?.trim())),
        }
    }
}

fn unusable(error: std::io::Error) -> String {
    format!("the search cannot be run: {error}")
}

/// Why the first scenario failed, in a line; from the objects that `run --format json` prints.
fn first_reason(lines: &str) -> String {
    let reason = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).ok()?;
        let message = object["problems"][0]["message"].as_str().or(object["reason"].as_str())?;
        Some(message.lines().next().unwrap_or_default().to_owned())
    };
    lines.lines().find_map(reason).unwrap_or_else(|| "failed without a reason".to_owned())
}

/// Runs a command to its end; `None` when that does not come in time.
pub(crate) fn within(command: &mut Command, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    let mut child = command.spawn()?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Every file below a directory but what is left out, as paths from there, sorted; none when there is no such
/// directory.
fn list(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(directory) = open.pop() {
        let unreadable = |error: std::io::Error| format!("{} cannot be listed: {error}", directory.display());
        if !root.join(&directory).exists() {
            continue;
        }
        for entry in fs::read_dir(root.join(&directory)).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = directory.join(entry.file_name());
            if LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if entry.file_type().map_err(unreadable)?.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_is_taken_from_the_first_problem() {
        let check = |lines: &str, expected: &str| assert_eq!(first_reason(lines), expected, "{lines}");
        check(r#"{"reason":"a\nb","problems":[{"message":"it did not come"}]}"#, "it did not come");
        check(r#"{"reason":"a\nb","problems":[]}"#, "a");
        check("{\"reason\":null,\"problems\":null}\n{\"reason\":\"c\"}", "c");
        check("", "failed without a reason");
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let mut quick = Command::new("true");
        assert!(within(&mut quick, Duration::from_secs(60)).unwrap().unwrap().success());
        let mut slow = Command::new("sleep");
        assert!(within(slow.arg("60"), Duration::ZERO).unwrap().is_none());
    }
}
