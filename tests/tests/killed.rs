//! What writes files, killed at any moment: each file is the old one or the new one, whole, and what lies beside it is
//! gone when the next one has written.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use autoenroll_tests::scratch;

/// How often each command is killed; `AUTOENROLL_KILLS` says otherwise.
const KILLS: u32 = 12;
/// How many files there are to write.
const FILES: usize = 12;

/// A command that writes files, and what it makes of each.
struct Writer {
    name: &'static str,
    arguments: &'static [&'static str],
    /// What each file holds before; `None` where there is none.
    before: Option<&'static str>,
    /// How many of the files it is told.
    files: usize,
}

const UNTIDY: &str =
    "scenario=1\ntitle   = \"t\"\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [\n{wait='1h'} ]";
const UNBLESSED: &str = "scenario = 1\ntitle = \"t\"\n\n[world]\nextends = \"contoso\"\n\n[timeline]\nsteps = [\n  \
                         { logon = \"alice\" },\n  { expect = \"run-started\", facts = { trigger = \"manual\" } },\n]\n";

const WRITERS: &[Writer] = &[
    Writer { name: "fmt", arguments: &["fmt"], before: Some(UNTIDY), files: FILES },
    Writer { name: "bless", arguments: &["run", "--bless"], before: Some(UNBLESSED), files: FILES },
    Writer { name: "new", arguments: &["new"], before: None, files: 1 },
];

fn file(number: usize) -> String {
    format!("{number:02}.toml")
}

impl Writer {
    /// An empty directory with the files as they are before.
    fn directory(&self) -> PathBuf {
        let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("killed-{}", self.name));
        for text in self.before.iter() {
            (0..self.files).for_each(|number| fs::write(directory.join(file(number)), text).unwrap());
        }
        directory
    }

    fn command(&self, directory: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_autoenroll-under-test"));
        command.args(self.arguments).args((0..self.files).map(file)).current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// What a directory holds: names and contents.
fn holds(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect()
}

#[test]
fn a_command_that_is_killed_leaves_old_files_or_new_ones() {
    let kills = std::env::var("AUTOENROLL_KILLS").map_or(KILLS, |number| number.parse().unwrap());
    for writer in WRITERS {
        let directory = writer.directory();
        let start = Instant::now();
        let ended = writer.command(&directory).status().unwrap();
        let whole = start.elapsed();
        let (new, mut abandoned, mut partly) = (holds(&directory), 0, 0);
        assert!(ended.code().is_some_and(|code| code <= 1), "{}: {ended}", writer.name);
        assert!(new.len() == writer.files && new.values().all(|text| Some(text.as_str()) != writer.before));
        for kill in 0..kills {
            let directory = writer.directory();
            let before = holds(&directory);
            let mut child = writer.command(&directory).spawn().unwrap();
            std::thread::sleep(moment(kill, whole));
            child.kill().unwrap();
            child.wait().unwrap();
            let mut found = holds(&directory);
            let drafts: Vec<String> = found.keys().filter(|name| !new.contains_key(*name)).cloned().collect();
            abandoned += drafts.len();
            for draft in &drafts {
                assert!(draft.ends_with(&format!(".autoenroll-{}", child.id())), "{}: {draft}", writer.name);
                found.remove(draft);
            }
            let written = found.iter().filter(|(name, text)| new.get(*name) == Some(text)).count();
            let kept = found.iter().filter(|(name, text)| before.get(*name) == Some(text)).count();
            assert_eq!(written + kept, found.len(), "{}: neither old nor new: {found:?}", writer.name);
            assert!(found.len() == writer.files || writer.before.is_none(), "{}: {found:?}", writer.name);
            partly += u32::from(written > 0 && kept > 0);
            // The next one that writes there leaves nothing of it. `new` does not write where there is a file.
            let writes = writer.before.is_some() || found.is_empty();
            if writes && (!drafts.is_empty() || kill % 4 == 0) {
                writer.command(&directory).status().unwrap();
                assert_eq!(holds(&directory), new, "{}", writer.name);
            }
        }
        println!("{}: {kills} kills within {whole:?}, {partly} amid the files, {abandoned} drafts left", writer.name);
    }
}

/// What writes snapshots: a run, and a review that accepts them.
const SNAPSHOTS: [&[&str]; 2] =
    [&["run", "--snapshots", "snaps", "--jobs", "1", "stories"], &["review", "--accept", "snaps"]];
const STORY: &str =
    "scenario = 1\ntitle = \"t\"\n\n[world]\nextends = \"contoso\"\n\n[timeline]\nsteps = [{ logon = \"alice\" }]\n";

#[test]
fn a_snapshot_is_whole_or_not_there_and_what_is_accepted_is_never_lost() {
    let kills = std::env::var("AUTOENROLL_KILLS").map_or(KILLS, |number| number.parse().unwrap());
    let command = |directory: &Path, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_autoenroll-under-test"));
        command.args(arguments).current_dir(directory).env_remove("CI");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let fresh = || {
        let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "killed-snapshots");
        for part in ["stories", "snaps"] {
            fs::create_dir(directory.join(part)).unwrap();
        }
        (0..FILES).for_each(|number| fs::write(directory.join("stories").join(file(number)), STORY).unwrap());
        directory
    };
    let directory = fresh();
    let mut whole = Vec::new();
    for arguments in SNAPSHOTS {
        let start = Instant::now();
        command(&directory, arguments).status().unwrap();
        whole.push(start.elapsed());
    }
    let accepted = holds(&directory.join("snaps"));
    assert!(accepted.len() == FILES && accepted.keys().all(|name| name.ends_with(".snap")), "{accepted:?}");
    let pending: BTreeMap<String, String> =
        accepted.iter().map(|(name, text)| (format!("{name}.new"), text.clone())).collect();
    for kill in 0..kills {
        for (step, arguments) in SNAPSHOTS.into_iter().enumerate() {
            let directory = fresh();
            let snaps = directory.join("snaps");
            if step == 1 {
                pending.iter().for_each(|(name, text)| fs::write(snaps.join(name), text).unwrap());
            }
            let mut child = command(&directory, arguments).spawn().unwrap();
            std::thread::sleep(moment(kill, whole[step]));
            child.kill().unwrap();
            child.wait().unwrap();
            let mut found = holds(&snaps);
            found.retain(|name, _| !name.ends_with(&format!(".autoenroll-{}", child.id())));
            let is_known =
                |(name, text): (&String, &String)| accepted.get(name) == Some(text) || pending.get(name) == Some(text);
            assert!(found.iter().all(is_known), "{arguments:?}: {found:?}");
            let is_kept = |name: &String| found.contains_key(name) || found.contains_key(&format!("{name}.new"));
            assert!(step == 0 || accepted.keys().all(is_kept), "{arguments:?}: {found:?}");
            command(&directory, arguments).status().unwrap();
            assert_eq!(holds(&snaps), if step == 0 { pending.clone() } else { accepted.clone() }, "{arguments:?}");
        }
    }
}

/// A moment within the command's time, spread by the golden ratio, so that any number of them covers all of it.
fn moment(kill: u32, whole: Duration) -> Duration {
    const PART: u64 = 2_654_435_769;
    let part = (u64::from(kill) * PART) & 0xFFFF_FFFF;
    whole.mul_f64(part as f64 / f64::from(u32::MAX))
}

/// In a chroot or container without `/proc`, through which a file without a name gets one.
#[test]
#[cfg(target_os = "linux")]
fn without_proc_files_are_written_all_the_same() {
    let program = env!("CARGO_BIN_EXE_autoenroll-under-test");
    let within = |directory: &Path, arguments: &str| {
        let script = format!("mount -t tmpfs none /proc && {program} {arguments}");
        let mut shell = Command::new("unshare");
        shell.args(["--mount", "--map-root-user", "sh", "-c", &script]).current_dir(directory).output()
    };
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "killed-without-proc");
    if !within(&directory, "--version").is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "no mount can be made here");
        println!("skipped: no mount can be made here");
        return;
    }
    fs::write(directory.join("untidy.toml"), UNTIDY).unwrap();
    for (arguments, written) in [
        ("new new.toml", "new.toml"),
        ("fmt untidy.toml", "untidy.toml"),
        ("show new.toml --html page.html", "page.html"),
        ("run new.toml --junit report.xml --report pages", "report.xml"),
    ] {
        let output = within(&directory, arguments).unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        assert_ne!(fs::read(directory.join(written)).unwrap(), UNTIDY.as_bytes(), "{arguments}");
    }
    let left: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 5, "{left:?}");
}
