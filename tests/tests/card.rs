//! `autoenroll card` behind a pcscd of its own, ended in every way: nothing is left running or lying about.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use autoenroll_tests::{root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// A card with a pcscd of its own, whose directory is below `temporary`.
fn serving(temporary: &Path) -> Command {
    // What runs the tests may ignore signals, as `nohup` and the background of a shell do, and so would the command.
    let mut command = Command::new("/usr/bin/env");
    command.args(["--default-signal=INT,TERM,HUP", PROGRAM]);
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
    let check = |arguments: &[&str], typed: &str, expected: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(["card", "piv", "--own-pcscd", "--quiet"]).args(arguments);
        command.env_clear().env("TMPDIR", &temporary).current_dir(root());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && expected.iter().all(|part| shown.contains(part)), "{shown}");
    };
    let counters = "PIN \"123456\": 3 of 3 tries left\nPUK \"12345678\": 3 of 3 tries left\n";
    check(&["--blank"], "state\nquit\n", &["card id none, blank: no objects and no keys, in the reader", counters]);
    check(&[], "state\nquit\n", &["card id 6e10182f03f81891a43bef4fb8def308, operational, in the reader", counters]);
    let kept = temporary.join("my.card").display().to_string();
    check(&["--persist", &kept], "unblock 654321\nquit\n", &["PIN \"123456\", PUK", "unblocked\n"]);
    check(&["--persist", &kept], "quit\n", &["PIN \"654321\", PUK \"12345678\", management key 0102"]);
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

/// A card as it is shipped is made ready by OpenSC, outlives the program that served it, and is blocked and unblocked
/// with the admin key that the help names.
#[test]
fn a_blank_card_is_made_ready_kept_and_unblocked() {
    if !is_complete() {
        return;
    }
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "kept");
    let kept = folder.join("my.card").display().to_string();
    let mut served = Served::start(&folder, &["gids", "--blank", "--persist", &kept]);
    assert!(served.introduced.contains(", blank: "), "{}", served.introduced);
    served.run("gids-tool --initialize --admin-key $A --pin 1234 --serial-number 00112233445566778899aabbccddeeff");
    served.run("for n in 1 2 3; do pkcs15-tool --verify-pin --auth-id 80 --pin 9999; done; true");
    served.child.kill().unwrap();
    drop(served);

    let mut served = Served::start(&folder, &["gids", "--persist", &kept]);
    assert!(served.introduced.contains("PIN \"1234\", blocked, admin key 0102"), "{}", served.introduced);
    assert!(served.run("pkcs15-tool --list-pins").contains("Tries left     : 0"));
    assert!(served.run("gids-tool --unblock --admin-key $A --pin 4321").contains("Unblock PIN done successfully"));
    served.run("pkcs15-tool --verify-pin --auth-id 80 --pin 4321");
    drop(served);

    let output = Command::new(PROGRAM).args(["card", "gids-full", "--persist", &kept]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("has a card of the kind `gids`"), "{said}");
    fs::write(&kept, b"autoenroll card 1\nnothing").unwrap();
    let output = Command::new(PROGRAM).args(["card", "gids", "--persist", &kept]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("it is damaged"), "{said}");
}

/// The card of a story has what the story put on it, at its start and at its end.
#[test]
fn a_card_is_served_as_its_story_has_it() {
    if !is_complete() {
        return;
    }
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "after");
    let trust = folder.join("trust.pem").display().to_string();
    let mut served = Served::start(&folder, &["alice-card", "--after", "founding/second-provider", "--trust", &trust]);
    served.run("pkcs15-tool --read-certificate 01 > new.pem");
    let verified = "openssl verify -CAfile trust.pem -CRLfile trust.pem -crl_check -attime 1772499668 new.pem";
    assert!(served.run(verified).contains("new.pem: OK"));
    drop(served);
    let story = "cards/the-old-key-signs-before-it-goes[overwrite]";
    let mut served = Served::start(&folder, &["alice-card", "--of", story, "--trust", &trust]);
    served.run("pkcs15-tool --read-certificate 00 > old.pem");
    let verified = "openssl verify -CAfile trust.pem -CRLfile trust.pem -crl_check -attime 1772438400 old.pem";
    assert!(served.run(verified).contains("old.pem: OK"));
    drop(served);
    let output = Command::new(PROGRAM).args(["card", "mine", "--after", "founding/second-provider"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the scenario has no card `mine`; it has payroll-card, alice-card"), "{said}");
}

/// A card that is in the reader of a pcscd of its own.
struct Served {
    child: Child,
    /// The first lines but one.
    introduced: String,
    /// The way to its socket, as the first line says it.
    export: String,
    folder: PathBuf,
}

impl Served {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["card"]).args(arguments).args(["--own-pcscd", "--quiet"]).env_clear().env("TMPDIR", folder);
        command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let export = lines.next().unwrap();
        let introduced = lines.take_while(|line| line != "inserted").collect();
        Self { child, introduced, export, folder: folder.to_owned() }
    }

    /// Runs a line of shell, which must end with 0; what it says.
    fn run(&mut self, line: &str) -> String {
        let line = format!("{}; export OPENSC_DRIVER=gids A={ADMIN_KEY}; {line}", self.export);
        let output = Command::new("/usr/bin/timeout")
            .args(["60", "/bin/sh", "-c", &line])
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", &self.folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "$ {line}\n{said}");
        said.into_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The watchdog of its pcscd sees to the rest.
        let _already_ended = self.child.kill();
        let _already_waited = self.child.wait();
    }
}

/// As the help says it.
const ADMIN_KEY: &str = "010203040506070801020304050607080102030405060708";

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
    let needed = [
        ("/usr/sbin/pcscd", "pcscd"),
        ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "vsmartcard-vpcd"),
        ("/usr/bin/gids-tool", "opensc"),
        ("/usr/bin/openssl", "openssl"),
    ];
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
