//! Programs that do not keep the protocol: each gives a clear error, soon, and never a hang.

use std::time::Duration;

use autoenroll_foreign::{Command, ForeignCore, ForeignFactory, Limits};
use autoenroll_model::{
    CoreError, CoreFactory, EffectId, EffectResult, EnrollmentCore, FileTime, Identity, Input, Now, Profile, SimTime,
};

const READY: &str = r#"{"ready":{"protocol":2,"core":"sketch 0.1"}}"#;
const IDLE: &str = r#"{"idle":{"number":1,"deadline":7}}"#;
const OUTPUT: &str = r#"{"output":{"number":1,"causes":[],"body":{"icon":{"shown":true}}}}"#;

fn start(script: &str, answer: Duration) -> Result<ForeignCore, CoreError> {
    let command = Command { program: "sh".into(), arguments: vec!["-c".into(), script.into()] };
    ForeignFactory::with_limits(command, Limits { answer, line: 20_000, outputs: 50, hangs: 3 })
        .start(&Identity::for_tests(Profile::server_2003_sp1()))
}

fn tick(core: &mut ForeignCore) -> Result<(), CoreError> {
    core.handle(Now { mono: SimTime(1), wall: FileTime(1) }, Input::Tick)
}

/// Runs a shell script as a core and hands it one input.
fn one_tick(script: &str, answer: Duration) -> Result<(), CoreError> {
    let mut core = start(script, answer)?;
    let outcome = tick(&mut core);
    if let Err(error) = &outcome {
        assert_eq!(tick(&mut core).as_ref(), Err(error), "a failed core stays failed");
        assert_eq!(core.poll().as_ref(), Err(error), "a failed core has no outputs");
        assert_eq!(core.deadline(), None, "a failed core has no deadline");
    }
    outcome
}

/// The error must hold these words.
fn fails(script: &str, words: &[&str]) {
    let error = one_tick(script, Duration::from_secs(20)).expect_err(script);
    for word in words {
        assert!(error.to_string().contains(word), "{script}\n  expected: {word}\n  found: {error}");
    }
}

/// As [`fails`], with a limit short enough to wait for.
fn times_out(script: &str) {
    let error = one_tick(script, Duration::from_millis(300)).expect_err(script);
    assert!(error.to_string().contains("no complete answer within 300ms"), "{script}: {error}");
}

#[test]
fn a_core_that_keeps_the_protocol_is_driven() {
    let mut core =
        start(&format!("read a; echo '{READY}'; read b; echo '{OUTPUT}'; echo '{IDLE}'"), Duration::from_secs(20))
            .unwrap();
    assert_eq!(core.name(), "sketch 0.1");
    tick(&mut core).unwrap();
    assert!(core.poll().unwrap().is_some());
    assert_eq!(core.poll(), Ok(None));
    assert_eq!(core.deadline(), Some(SimTime(7)));
}

#[test]
fn a_program_that_does_not_exist() {
    let command = Command { program: "./no-such-core".into(), arguments: vec![] };
    let error = ForeignFactory::new(command)
        .start(&Identity::for_tests(Profile::server_2003_sp1()))
        .expect_err("there is no such program");
    assert!(error.to_string().contains("`./no-such-core` cannot be started"), "{}", error.to_string());
}

#[test]
fn a_core_that_goes_away() {
    fails("exit 3", &["closed its output", "exit status: 3"]);
    fails("echo 'out of cards' >&2; exit 101", &["exit status: 101", "it wrote: out of cards"]);
    fails(&format!("read a; echo '{READY}'; read b; exit 0"), &["closed its output", "exit status: 0"]);
    fails(&format!("read a; echo '{READY}'; read b; kill -9 $$"), &["closed its output", "signal: 9"]);
    fails(&format!("read a; echo '{READY}'; read b; echo '{OUTPUT}'; exit 0"), &["closed its output"]);
}

#[test]
fn a_core_that_talks_nonsense() {
    fails("read a; echo 'Hello!'", &["`Hello!` is not a message of the core protocol"]);
    fails("read a; echo '[1,2'", &["`[1,2` is not a message"]);
    fails(r#"read a; echo '{"greeting":{}}'"#, &["unknown variant `greeting`"]);
    fails(r"read a; printf '\377\n'", &["not UTF-8"]);
    fails("read a; printf 'half a line'", &["ends in the middle of a line"]);
    fails("read a; head -c 30000 /dev/zero | tr '\\0' x", &["longer than 20000 bytes"]);
    fails(&format!("read a; echo '{IDLE}'"), &["expected `ready`, found `idle`"]);
    fails(
        r#"read a; echo '{"ready":{"protocol":9,"core":"later 2.0"}}'"#,
        &["later 2.0 speaks protocol 9", "protocol 2"],
    );
    fails(&format!("read a; echo '{READY}'; read b; echo '{READY}'"), &["expected `output` or `idle`, found `ready`"]);
    fails(
        &format!(r#"read a; echo '{READY}'; read b; echo '{{"output":{{"body":{{"icon":{{"shown":true}}}}}}}}'"#),
        &["missing field `number`"],
    );
}

#[test]
fn a_core_that_never_rests() {
    fails(&format!("read a; echo '{READY}'; read b; yes '{OUTPUT}'"), &["more than 50 outputs for input 1"]);
    times_out("sleep 600");
    times_out(&format!("read a; echo '{READY}'; read b; sleep 600"));
    times_out(&format!("read a; echo '{READY}'; read b; while :; do echo '{OUTPUT}'; sleep 0.05; done"));
}

#[test]
fn a_core_that_does_not_listen() {
    // Nothing reads the input: the pipe fills, and the bench must not block on it.
    let mut core = start(&format!("echo '{READY}'; sleep 600"), Duration::from_millis(300)).unwrap();
    let large = EffectResult::Certificate(vec![0; 200_000]);
    let input = Input::EffectDone { effect: EffectId(1), result: large };
    let error = core.handle(Now { mono: SimTime(1), wall: FileTime(1) }, input).expect_err("no answer");
    assert!(error.to_string().contains("no complete answer"), "{}", error.to_string());
}

/// What is said in answer to two inputs, and the error that it gives, as the core says it: at once, and again with
/// every line late.
fn breaks(lines: &[&str], expected: &str) {
    for pause in ["", "sleep 0.1;"] {
        let said: String = lines.iter().map(|line| format!("{pause} echo '{line}';")).collect();
        let script = format!("read a; echo '{READY}'; read b; {said} read c; read d");
        let mut core = start(&script, Duration::from_secs(20)).expect("the core starts");
        let outcome = tick(&mut core).and_then(|()| tick(&mut core));
        assert_eq!(outcome, Err(CoreError::failed(expected)), "{script}");
    }
}

#[test]
fn a_core_that_answers_another_input_fails_in_the_same_way_at_every_pace() {
    breaks(
        &[IDLE, OUTPUT],
        "expected the answer to input 2, found `output` for input 1, whose answer `idle` has ended",
    );
    breaks(&[IDLE, IDLE], "expected the answer to input 2, found `idle` for input 1, whose answer `idle` has ended");
    breaks(
        &[IDLE, r#"{"idle":{"number":3,"deadline":null}}"#],
        "expected the answer to input 2, found `idle` for input 3",
    );
    breaks(&[r#"{"idle":{"number":0,"deadline":null}}"#], "expected the answer to input 1, found `idle` for input 0");
}

#[test]
fn a_broken_contract_is_the_value_that_the_core_said() {
    let error = r#"{"error":{"wrong-result":{"effect":5,"expected":"stores","found":"reply"}}}"#;
    let script = format!("read a; echo '{READY}'; read b; echo '{error}'");
    assert_eq!(
        one_tick(&script, Duration::from_secs(20)),
        Err(CoreError::WrongResult { effect: EffectId(5), expected: "stores".into(), found: "reply".into() })
    );
    let error = r#"{"error":{"failed":{"reason":"no memory"}}}"#;
    let script = format!("read a; echo '{error}'");
    assert_eq!(start(&script, Duration::from_secs(20)).err(), Some(CoreError::failed("no memory")));
}

/// Whether a process is there and does something. A zombie does nothing.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

fn ends_soon(pid: &str) -> bool {
    (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        !runs(pid)
    })
}

#[test]
fn what_a_core_leaves_running_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let noted = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; read a; echo '{READY}'; read b", noted.display());
    let core = start(&script, Duration::from_secs(20)).unwrap();
    let pid = std::fs::read_to_string(&noted).unwrap().trim().to_owned();
    assert!(runs(&pid));
    drop(core);
    assert!(ends_soon(&pid), "{pid} still runs");
}

#[test]
fn a_program_that_hangs_again_and_again_is_started_no_more() {
    let command = Command { program: "sh".into(), arguments: vec!["-c".into(), "read a; sleep 600".into()] };
    let limits = Limits { answer: Duration::from_millis(100), hangs: 2, ..Limits::default() };
    let mut factory = ForeignFactory::with_limits(command, limits);
    let mut clone = factory.clone();
    let identity = Identity::for_tests(Profile::server_2003_sp1());
    let once = |factory: &mut ForeignFactory| factory.start(&identity).map(drop).unwrap_err().to_string();
    assert!(once(&mut factory).contains("no complete answer"));
    assert!(once(&mut clone).contains("no complete answer"));
    assert!(once(&mut factory).contains("started no more: 2 answers"));
}

/// Run again by the test below, as a bench that is killed.
#[test]
#[expect(clippy::disallowed_methods, reason = "tells the bench that is killed from the test that kills it")]
fn everything_ends_with_a_bench_that_is_killed() {
    const FOLDER: &str = "AUTOENROLL_TEST_KILLED_BENCH";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let noted = std::path::PathBuf::from(folder).join("pid");
        let script = format!("sleep 600 & echo $! $$ > {}; read a; echo '{READY}'; sleep 600", noted.display());
        let _core = start(&script, Duration::from_secs(20)).unwrap();
        std::thread::sleep(Duration::from_secs(600));
    }
    let folder = tempfile::tempdir().unwrap();
    let noted = folder.path().join("pid");
    let mut bench = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "everything_ends_with_a_bench_that_is_killed", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let pids = || std::fs::read_to_string(&noted).unwrap_or_default();
    let started = (0..800).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        pids().ends_with('\n')
    });
    assert!(started, "the core has not begun");
    // The group is told to the watcher after it has begun.
    std::thread::sleep(Duration::from_millis(500));
    bench.kill().unwrap();
    bench.wait().unwrap();
    for pid in pids().split_whitespace() {
        assert!(ends_soon(pid), "{pid} still runs");
    }
}
