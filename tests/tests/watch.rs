//! `run --watch` as its users see it: they save files and read what it writes. Nothing here waits for a time, only for
//! lines.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use autoenroll_cli::Exit;
use autoenroll_tests::{Autoenroll, root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
/// Longer than any machine takes, however much else it has to do.
const DEADLINE: Duration = Duration::from_secs(60);
const WAITING: &str = "waiting for changes";

/// A story that passes, in a world of one's own.
const STORY: &str = "scenario = 1\ntitle = \"Alice waits\"\n[world]\nextends = \"mine\"\n[timeline]\nsteps = [\n  \
    { logon = \"alice\" },\n  { expect = \"run-started\", facts = { trigger = \"logon\" } },\n]\n";
const WORLD: &str = "scenario = 1\n[world]\nextends = \"contoso\"\n";

/// The command, watching.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn new(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["run", "--watch", "--jobs", "1"]).args(arguments).env_clear().current_dir(directory);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (send, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || out.lines().map_while(Result::ok).all(|line| send.send(line).is_ok()));
        Self { child, lines }
    }

    /// The lines from here to the end of this round.
    #[track_caller]
    fn round(&mut self) -> String {
        let (deadline, mut seen) = (Instant::now() + DEADLINE, String::new());
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    seen += &format!("{line}\n");
                    if line.contains(WAITING) {
                        return seen;
                    }
                }
                Err(error) => panic!("no line with `{WAITING}`, but {error}:\n{seen}{}", self.complaints()),
            }
        }
    }

    /// Ends it and says what it complained of.
    fn complaints(&mut self) -> String {
        self.child.kill().unwrap();
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Sends it a signal, as a terminal does, and waits for its end.
    fn interrupt(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A round comes that names the change and has these words.
#[track_caller]
fn check(watch: &mut Watch, words: &[&str]) {
    let round = watch.round();
    for word in words {
        assert!(round.contains(word), "expected: {word}\n{round}");
    }
}

/// A directory with a scenario and a world that it extends.
fn directory(name: &str) -> PathBuf {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), name);
    fs::create_dir_all(directory.join("stories/inner")).unwrap();
    fs::create_dir_all(directory.join("fixtures/worlds")).unwrap();
    fs::write(directory.join("stories/one.toml"), STORY).unwrap();
    fs::write(directory.join("fixtures/worlds/mine.toml"), WORLD).unwrap();
    directory
}

/// As editors save: beside the file, and then in its place. So no round sees half a file.
fn save(path: &Path, text: &str) {
    let beside = path.with_extension("saving");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

#[test]
fn a_file_that_is_saved_is_run_again() {
    let directory = directory("watch-file");
    let story = directory.join("stories/one.toml");
    let mut watch = Watch::new(&directory, &["stories/one.toml", "--fixtures", "fixtures"]);
    check(&mut watch, &["ok ", "1 passed", "passed; waiting"]);
    save(&story, &STORY.replace("\"logon\" }", "\"timer\" }"));
    check(
        &mut watch,
        &["changed stories/one.toml", "FAIL", "trigger is logon, not timer", "1 failed", "failed; waiting"],
    );
    // As they are while they are written.
    save(&story, &STORY[..STORY.len() / 2]);
    check(&mut watch, &["changed stories/one.toml", "AE01", "1 file has errors", "nothing was run; waiting"]);
    save(&story, "");
    check(&mut watch, &["changed stories/one.toml", "nothing was run; waiting"]);
    fs::remove_file(&story).unwrap();
    check(&mut watch, &["gone stories/one.toml", "nothing was run; waiting"]);
    save(&story, STORY);
    check(&mut watch, &["new stories/one.toml", "1 passed", "passed; waiting"]);
    let complaints = watch.complaints();
    assert!(complaints.contains("autoenroll: there is no file `stories/one.toml`"), "{complaints}");
}

#[test]
fn a_directory_its_fixtures_and_the_known_failures_are_followed() {
    let directory = directory("watch-directory");
    let known =
        "[[known-failure]]\nscenario = \"stories/two\"\nreason = \"later\"\nissue = \"#1\"\nexpires = 9999-12-31\n";
    save(&directory.join("known.toml"), "");
    let arguments = ["stories", "--fixtures", "fixtures", "--known-failures", "known.toml"];
    let mut watch = Watch::new(&directory, &arguments);
    check(&mut watch, &["1 scenario: 1 passed"]);
    let two = directory.join("stories/inner/two.toml");
    save(&two, STORY);
    check(&mut watch, &["new stories/inner/two.toml", "2 scenarios: 2 passed"]);
    fs::rename(&two, directory.join("stories/two.toml")).unwrap();
    check(&mut watch, &["new stories/two.toml, gone stories/inner/two.toml", "2 scenarios: 2 passed"]);
    save(&directory.join("stories/two.toml"), &STORY.replace("\"logon\" }", "\"timer\" }"));
    check(&mut watch, &["changed stories/two.toml", "FAIL", "1 passed, 1 failed"]);
    save(&directory.join("known.toml"), known);
    check(&mut watch, &["changed known.toml", "1 known to fail", "passed; waiting"]);
    save(&directory.join("known.toml"), "nonsense");
    check(&mut watch, &["changed known.toml", "nothing was run; waiting"]);
    save(&directory.join("known.toml"), known);
    check(&mut watch, &["changed known.toml", "1 known to fail"]);
    save(&directory.join("fixtures/worlds/mine.toml"), &format!("{WORLD}colour = \"red\"\n"));
    check(&mut watch, &["changed fixtures/worlds/mine.toml", "colour", "2 files have errors"]);
    save(&directory.join("fixtures/worlds/mine.toml"), &format!("{WORLD}policy = {{ ae-policy = 0 }}\n"));
    check(&mut watch, &["changed fixtures/worlds/mine.toml", "2 scenarios"]);
    save(&directory.join("fixtures/worlds/other.toml"), WORLD);
    check(&mut watch, &["new fixtures/worlds/other.toml"]);
    fs::remove_file(directory.join("stories/two.toml")).unwrap();
    check(&mut watch, &["gone stories/two.toml", "1 scenario:"]);
}

#[test]
fn nothing_is_run_when_nothing_changes() {
    let directory = directory("watch-nothing");
    let mut watch = Watch::new(&directory, &["stories", "--fixtures", "fixtures"]);
    check(&mut watch, &["1 passed"]);
    // Written, but the same; and what no run reads.
    save(&directory.join("stories/one.toml"), STORY);
    save(&directory.join("stories/notes.txt"), "x");
    save(&directory.join("stories/last.toml"), STORY);
    let round = watch.round();
    assert!(round.starts_with("\nnew stories/last.toml\n"), "{round}");
}

#[test]
fn programs_read_results_only() {
    let directory = directory("watch-json");
    let arguments = ["stories", "--fixtures", "fixtures", "--format", "json"];
    let watch = Watch::new(&directory, &arguments);
    let line = watch.lines.recv_timeout(DEADLINE).unwrap();
    assert!(line.contains("\"verdict\":\"passed\""), "{line}");
    let sum = watch.lines.recv_timeout(DEADLINE).unwrap();
    assert!(sum.contains("\"scenarios\":1"), "{sum}");
    save(&directory.join("stories/one.toml"), &format!("{STORY}# more\n"));
    let next = watch.lines.recv_timeout(DEADLINE).unwrap();
    assert_eq!(next, line);
}

#[test]
fn wrong_arguments_end_it_at_once() {
    let run = |arguments: &str| {
        let ran = Autoenroll::new(PROGRAM, format!("run --watch {arguments}").split_whitespace()).run();
        (ran.code, ran.err)
    };
    let usage = Some(i32::from(Exit::Usage.code()));
    for (arguments, complaint) in [
        ("", "--watch needs files or directories"),
        ("founding", "--watch needs files or directories"),
        ("scenarios/no-such-file.toml", "--watch needs files or directories"),
        ("scenarios/founding no-such-file", "there is no file `no-such-file`"),
        ("scenarios/founding --filter zzz", "no scenario is selected"),
        ("scenarios/founding --fixtures no-such-directory", "no directory of fixtures"),
        ("scenarios/founding --known-failures no-such-file", "no-such-file"),
        ("scenarios/founding --profile windows-95", "there is no profile `windows-95`"),
        ("scenarios/founding --bless", "cannot be used with"),
    ] {
        let (code, err) = run(arguments);
        assert_eq!(code, usage, "{arguments}: {err}");
        assert!(err.contains(complaint), "{arguments}: {err}");
    }
    assert!(root().join("scenarios/founding").is_dir());
}

#[cfg(unix)]
#[test]
fn the_interrupt_key_ends_it() {
    use std::os::unix::process::ExitStatusExt as _;

    // A shell starts what runs in the background with this signal ignored, and so does everything that runs there.
    let own = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = own.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    if ignored.is_some_and(|ignored| ignored & 0b10 != 0) {
        return;
    }
    let directory = directory("watch-interrupt");
    let mut watch = Watch::new(&directory, &["stories", "--fixtures", "fixtures"]);
    check(&mut watch, &["1 passed"]);
    let status = watch.interrupt();
    // The signal itself, which shells show as 128 and its number.
    assert_eq!((status.code(), status.signal()), (None, Some(2)));
    let page = fs::read_to_string(root().join("docs/exit-codes.md")).unwrap();
    assert!(page.contains("130") && page.contains("--watch"), "docs/exit-codes.md tells what Ctrl-C leads to");
}
