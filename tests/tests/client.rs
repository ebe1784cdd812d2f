//! `run --client`: the client of sixty lines shows what our own core does, spoiled it does not, and what is told of it
//! is the same each time. certmonger, where it is installed, keeps to what its report says.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use autoenroll_tests::{Autoenroll, Ran, root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
/// Stories in which the client of sixty lines shows everything that it has.
const STORIES: &[&str] = &["outside/approved[machine]", "outside/ninety-days[user]", "outside/policy-comes[user]"];

/// Whether a program is there; in CI it has to be.
fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "{program} is missing, and in CI nothing is skipped");
    if !there {
        eprintln!("skipped, because {program} is missing");
    }
    there
}

fn run(client: &Path, arguments: &[&str]) -> Ran {
    let ran = Autoenroll::new(PROGRAM, ["run", "--client"]).arg(client).env("PATH", &std::env::var("PATH").unwrap());
    arguments.iter().fold(ran, |ran, argument| ran.arg(argument)).run()
}

/// A copy of the client of sixty lines in a folder of the test, with one text of its script replaced by another, and
/// with what its description has instead of the line that begins so.
fn copy(name: &str, script: (&str, &str), description: (&str, &str)) -> PathBuf {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), name);
    let own = root().join("clients/shell");
    let text = fs::read_to_string(own.join("run")).unwrap();
    fs::copy(own.join("run"), folder.join("run")).unwrap();
    if !script.0.is_empty() {
        assert_eq!(text.matches(script.0).count(), 1, "{name}: {}", script.0);
        fs::write(folder.join("run"), text.replace(script.0, script.1)).unwrap();
    }
    let told = fs::read_to_string(own.join("client.toml")).unwrap();
    let instead = |line: &str| match line.starts_with(description.0) && !description.0.is_empty() {
        true => description.1.to_owned(),
        false => line.to_owned(),
    };
    let told: Vec<String> = told.lines().map(instead).collect();
    fs::write(folder.join("client.toml"), told.join("\n")).unwrap();
    folder
}

#[test]
fn the_client_of_sixty_lines_passes_and_its_report_is_the_same_each_time() {
    if !is_there("curl") || !is_there("openssl") {
        return;
    }
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "client-twice");
    let written = ["UTC", "Pacific/Auckland"].map(|zone| {
        let path = folder.join(zone.replace('/', "-"));
        let ran = Autoenroll::new(PROGRAM, ["run", "--client", "clients/shell", "--report"]).arg(&path);
        let ran = ran.env("PATH", &std::env::var("PATH").unwrap()).env("TZ", zone);
        let ran = STORIES.iter().fold(ran, |ran, story| ran.arg(story)).run();
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        (ran.out, fs::read_to_string(path).unwrap())
    });
    assert_eq!(written[0], written[1]);
    let [(told, report), _] = &written;
    assert!(told.contains("3 stories played: 3 passed, 0 failed"), "{told}");
    for part in ["R053", "[MS-CRTD] 2.15", "| outside/approved[machine] | passed |", "OpenSSL 3"] {
        assert!(report.contains(part), "{part}: {report}");
    }
}

/// The clock of the whole machine is a week ahead: that of the bench by libfaketime, that of the client's programs,
/// whose environment is its own, by what is added to their offset.
#[test]
fn on_another_day_the_report_is_the_same() {
    if !is_there("curl") || !is_there("openssl") || !is_there("faketime") {
        return;
    }
    let week =
        "AUTOENROLL_OFFSET=$((AUTOENROLL_OFFSET + 604800)) AUTOENROLL_FAKETIME=$(printf %+ds $AUTOENROLL_OFFSET)";
    let today = copy("client-today", ("", ""), ("", ""));
    let ahead = copy("client-ahead", ("set -eu\n", &format!("set -eu\n{week}\n")), ("", ""));
    let written = [(&today, ""), (&ahead, "+7d")].map(|(client, clock)| {
        let path = client.join("report.md");
        let ran = Autoenroll::new(PROGRAM, ["run", "--client"]).arg(client).arg("--report").arg(&path);
        let ran = ran.env("PATH", &std::env::var("PATH").unwrap());
        let ran = if clock.is_empty() { ran } else { ran.env("LD_PRELOAD", FAKETIME).env("FAKETIME", clock) };
        let ran = STORIES.iter().fold(ran, |ran, story| ran.arg(story)).run();
        assert_eq!(ran.code, Some(0), "{clock}: {}{}", ran.out, ran.err);
        (ran.out, fs::read_to_string(path).unwrap())
    });
    assert_eq!(written[0], written[1]);
}

#[test]
fn a_spoiled_client_fails_a_story_that_names_the_rule() {
    if !is_there("curl") || !is_there("openssl") {
        return;
    }
    let check = |name: &str, story: &str, script: (&str, &str), told: &[&str]| {
        let own = run(&root().join("clients/shell"), &[story]);
        assert_eq!(own.code, Some(0), "{name}: {}{}", own.out, own.err);
        let ran = run(&copy(&format!("client-{name}"), script, ("", "")), &[story]);
        assert_eq!(ran.code, Some(1), "{name}: {}{}", ran.out, ran.err);
        for part in told {
            assert!(ran.out.contains(part), "{name}: no `{part}` in\n{}", ran.out);
        }
    };
    let skips = ("! may 2 || enroll", ":");
    check("lazy", "outside/ninety-days[user]", skips, &["asks ContosoUser", "rule      R053", "it asks for nothing"]);
    let other = ("CERTMONGER_CA_PROFILE=$template submit", "CERTMONGER_CA_PROFILE=SmartcardLogon submit");
    let told = ["asks ContosoUser", "rule      R050", "asks-nothing SmartcardLogon"];
    check("astray", "outside/published-later[user]", other, &told);
    let keeps = ("case $(($(field privateKeyFlags) & 128)) in", "case 128 in");
    check("thrifty", "outside/a-year[machine]", keeps, &["key ContosoMachine", "rule      R073", "keeps the old key"]);
    let again = ("! may 1 || enroll", "! may 1 || { enroll; enroll; enroll; }");
    let told = ["asks ContosoUser", "rule      CA3.2.4.mail", "(denied), then"];
    check("stubborn", "outside/refused", again, &told);
}

#[test]
fn what_is_known_is_known_both_ways() {
    if !is_there("curl") || !is_there("openssl") {
        return;
    }
    let story = "outside/ninety-days[machine]";
    let folder = copy("client-known", ("! may 2 || enroll", ":"), ("", ""));
    let known = folder.join("known-failures.txt");
    let check = |arguments: &[&str], code: i32, part: &str| {
        let ran = run(&folder, arguments);
        assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
        assert!(ran.out.contains(part), "{}", ran.out);
    };
    fs::write(&known, "# It never renews.\n").unwrap();
    check(&[story], 1, "WKS01 4 asks ContosoMachine");
    check(&[story, "--update-known"], 0, "0 passed");
    let written = fs::read_to_string(&known).unwrap();
    assert!(
        written.starts_with("# It never renews.\noutside/ninety-days[machine] | WKS01 4 asks ContosoMachine\n"),
        "{written}"
    );
    check(&[story], 0, "1 known to fail");
    fs::write(&known, format!("{written}{story} | WKS01 1 asks ContosoMachine\n")).unwrap();
    check(&[story], 1, "known, and shown now: outside/ninety-days[machine] | WKS01 1 asks ContosoMachine");
}

#[test]
fn a_run_that_judges_nothing_is_an_error() {
    let folder = copy("client-nothing", ("", ""), ("has =", "has = [\"user\"]"));
    let ran = run(&folder, &["outside/approved[user]"]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("nothing in these stories can be judged"), "{}", ran.err);
}

#[test]
fn a_client_that_hangs_is_ended_with_what_it_has_started() {
    let folder = copy(
        "client-hangs",
        ("set -eu\n", "set -eu\nsleep 300 & echo $! >>\"$0.pids\"; sleep 300\n"),
        ("limit", "limit = \"1s\""),
    );
    let ran = run(&folder, &["outside/rights-come[user]"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("its command took longer than its limit and was ended"), "{}", ran.out);
    let pids = fs::read_to_string(folder.join("run.pids")).unwrap();
    assert_eq!(pids.lines().count(), 2, "{pids}");
    for pid in pids.lines() {
        let state = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // A process that nobody waits for yet is gone all the same; one that was ended goes when the system gets to it.
        let is_gone = || matches!(state().as_str(), state if state.is_empty() || state.contains(") Z "));
        let until = Instant::now() + Duration::from_secs(10);
        while !is_gone() && Instant::now() < until {
            sleep(Duration::from_millis(20));
        }
        assert!(is_gone(), "{pid} lives on: {}", state());
    }
}

#[test]
fn a_client_that_fails_says_why_and_its_report_does_not() {
    let complains = ("set -eu\n", "set -eu\necho the wheel is loose >&2; exit 7\n");
    let folder = copy("client-fails", complains, ("", ""));
    let report = folder.join("report.md");
    let ran = run(&folder, &["outside/rights-come[user]", "--report", &report.display().to_string()]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let told = "alice, run 2: its command ended with exit code 7\n    the wheel is loose\n";
    assert!(ran.out.contains(told), "{}", ran.out);
    assert!(!fs::read_to_string(report).unwrap().contains("the wheel is loose"));
}

#[test]
fn what_cannot_be_used_is_said() {
    let check = |client: &str, arguments: &[&str], part: &str| {
        let ran = run(Path::new(client), arguments);
        assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
        assert!(ran.err.contains(part), "{}", ran.err);
    };
    check("clients/nobody", &["outside"], "client.toml");
    check("clients/shell", &["outside", "--core", "x"], "cannot be used with");
}

/// All of its stories: `autoenroll run --client clients/certmonger outside --report docs/clients/certmonger.md`.
#[test]
fn certmonger_keeps_to_its_report() {
    if !is_there("certmonger") || !is_there("faketime") || !is_there("curl") {
        return;
    }
    let ran = run(&root().join("clients/certmonger"), &["outside/approved[machine]", "outside/ninety-days[machine]"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("2 stories played: 2 passed, 0 failed"), "{}", ran.out);
}
