//! `autoenroll card` behind a pcscd of its own, ended in every way: nothing is left running or lying about.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use autoenroll_tests::{root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// A card with a pcscd of its own, whose directory is below `temporary`.
fn serving(temporary: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["card", "gids", "--own-pcscd"]).env_clear().env("TMPDIR", temporary);
    command.current_dir(root()).stdin(Stdio::piped());
    command
}

#[test]
fn a_pcscd_of_its_own_leaves_nothing_however_the_command_ends() {
    if !is_complete() {
        return;
    }
    // The way to a socket is 108 bytes at most.
    let temporary = scratch(env!("CARGO_TARGET_TMPDIR"), "card");
    for (signal, waits) in [("INT", true), ("TERM", true), ("HUP", true), ("KILL", true), ("KILL", false)] {
        let mut child = serving(&temporary).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut shown = BufReader::new(child.stdout.take().unwrap()).lines();
        // The first line says where the socket is; later the card is in.
        let line = if waits { shown.find(|line| line.as_ref().unwrap() == "inserted") } else { shown.next() };
        line.unwrap().unwrap();
        assert!(!running(&temporary).is_empty());
        let sent = Command::new("/bin/sh").args(["-c", &format!("kill -s {signal} {}", child.id())]).status();
        assert!(sent.unwrap().success());
        let mut told = String::new();
        // To the end: the watchdog has it, too.
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "SIG{signal} ends it");
        assert_eq!(
            told, "autoenroll: ended from outside; its pcscd is stopped, and their directory removed\n",
            "SIG{signal}"
        );
        let start = Instant::now();
        while !running(&temporary).is_empty() {
            assert!(start.elapsed() < Duration::from_secs(5), "SIG{signal}: {:?}", running(&temporary));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "SIG{signal}");
    }
}

#[test]
fn a_piv_card_is_served_laid_out_and_as_its_makers_give_it() {
    if !is_complete() {
        return;
    }
    let temporary = scratch(env!("CARGO_TARGET_TMPDIR"), "piv");
    let check = |blank: &[&str], id: &str, counters: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(["card", "piv", "--own-pcscd", "--quiet"]).args(blank);
        command.env_clear().env("TMPDIR", &temporary).current_dir(root());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"state\nquit\n").unwrap();
        let output = child.wait_with_output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && shown.contains(id) && shown.contains(counters), "{shown}");
    };
    let counters = "PIN: 3 of 3 tries left\nPUK: 3 of 3 tries left\n";
    check(&["--blank"], "card id none, operational\n", counters);
    check(&[], "card id 6e10182f03f81891a43bef4fb8def308, operational\n", counters);
}

/// As it is being started, at many moments.
#[test]
fn a_pcscd_of_its_own_leaves_nothing_when_the_command_is_killed_while_it_starts() {
    if !is_complete() {
        return;
    }
    let temporary = scratch(env!("CARGO_TARGET_TMPDIR"), "cards");
    for n in 0..40 {
        let mut child = serving(&temporary).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        // From the moment at which there is anything.
        while fs::read_dir(&temporary).unwrap().count() == 0 {
            assert!(start.elapsed() < Duration::from_secs(10));
        }
        std::thread::sleep(Duration::from_micros(n * 700));
        child.kill().unwrap();
        child.wait().unwrap();
        let start = Instant::now();
        while !running(&temporary).is_empty() || fs::read_dir(&temporary).unwrap().count() > 0 {
            assert!(start.elapsed() < Duration::from_secs(5), "after {n}: {:?}", running(&temporary));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The programs that name that directory.
fn running(directory: &Path) -> Vec<String> {
    let command = |path: std::path::PathBuf| {
        let command = fs::read(path.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command).replace('\0', " ")
    };
    let all = fs::read_dir("/proc").unwrap().map(|entry| command(entry.unwrap().path()));
    // Watchdogs end with the folder, what they guard is below it.
    let (above, itself) = (format!("{}/", directory.display()), format!("{} ", directory.display()));
    all.filter(|command| command.contains(&above) || command.contains(&itself)).collect()
}

/// Whether the programs are there; if not, the test is skipped, which is an error in CI.
fn is_complete() -> bool {
    let needed = [("/usr/sbin/pcscd", "pcscd"), ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "vsmartcard-vpcd")];
    let missing: Vec<&str> =
        needed.into_iter().filter(|(path, _)| !Path::new(path).exists()).map(|(_, package)| package).collect();
    if missing.is_empty() {
        return true;
    }
    let ci = std::env::var_os("CI").is_some();
    let why = format!("not installed: {}", missing.join(" "));
    assert!(!ci, "in CI nothing is skipped; {why}");
    eprintln!("skipped; {why}");
    false
}
