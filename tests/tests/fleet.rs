//! `autoenroll fleet` as people use it: the same report from any number of processes, here or elsewhere, a chart, and
//! complaints.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::{Path, PathBuf};

use autoenroll_tests::{Autoenroll, Ran, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

fn fleet(more: &[&str]) -> Ran {
    Autoenroll::new(PROGRAM, [&["fleet", "enrolling"], more].concat()).run()
}

#[test]
fn any_number_of_processes_gives_the_same_report() {
    let report = |jobs: &str| {
        let ran = fleet(&["--computers", "5", "--users", "2", "--days", "2", "--format", "json", "--jobs", jobs]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        ran.out
    };
    let one = report("1");
    let told: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!((&told["servers"]["ca"]["total"], &told["enrolled"][0]["count"]), (&7.into(), &7.into()));
    for jobs in ["1", "2", "3", "20"] {
        assert_eq!(report(jobs), one, "{jobs} processes");
    }
}

/// Plays that part of the fleet of [`PLAYED`] into a file.
fn part(folder: &Path, shard: &str) -> String {
    let ran = fleet(&[PLAYED, &["--shard", shard]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let file: PathBuf = folder.join(shard.replace('/', "-of-"));
    fs::write(&file, ran.out).unwrap();
    file.to_str().unwrap().to_owned()
}

const PLAYED: &[&str] = &["--computers", "4", "--users", "1", "--days", "1"];

#[test]
fn parts_that_were_played_elsewhere_are_merged() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "fleet-parts");
    let [first, second, of_three] = ["1/2", "2/2", "1/3"].map(|shard| part(&folder, shard));
    let merged = fleet(&[PLAYED, &["--merge", &second, &first]].concat());
    assert_eq!((merged.code, merged.err.as_str()), (Some(0), ""));
    assert_eq!(merged.out, fleet(&[PLAYED, &["--jobs", "1"]].concat()).out);
    assert!(merged.out.contains("4 computers and 1 user for 1 day\n"), "{}", merged.out);

    // A part is taken from an array of jobs where that is asked for, and only there.
    let task = |shard: &[&str]| {
        let arguments = [&["fleet", "enrolling"], PLAYED, shard].concat();
        Autoenroll::new(PROGRAM, arguments).env("JOB_COMPLETION_INDEX", "1").env("JOB_COMPLETIONS", "2").run().out
    };
    assert_eq!(task(&["--shard", "array"]), fs::read_to_string(&second).unwrap());
    assert_eq!(task(&[]), merged.out);

    let unfinished = folder.join("unfinished").to_str().unwrap().to_owned();
    fs::write(&unfinished, "\"done\"\n\"done\"\n").unwrap();
    let no_part = folder.join("no-part").to_str().unwrap().to_owned();
    fs::write(&no_part, "done\n").unwrap();
    let more = ["--days", "2"];
    for (files, more, complaint) in [
        (&[&first][..], &[][..], "part 2/2 is missing"),
        (&[&first, &second, &first], &[], "is part 1/2, and so is"),
        (&[&first, &of_three], &[], "is part 1/3: the parts before it are of 2"),
        (&[&first, &second], &more, "is a part of another fleet"),
        (&[&unfinished], &[], "was not played to its end"),
        (&[&no_part], &[], "expected what `fleet --shard` writes"),
        (&[&"nowhere".to_owned()], &[], "nowhere: "),
    ] {
        let played = if more.is_empty() { PLAYED } else { &PLAYED[..4] };
        let files: Vec<&str> = files.iter().map(|file| file.as_str()).collect();
        let ran = fleet(&[played, more, &["--merge"], &files].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{complaint}: {}", ran.err);
        assert!(ran.err.contains(complaint), "{complaint}: {}", ran.err);
    }
}

#[cfg(target_os = "linux")]
mod ended {
    use std::io::Read as _;
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use super::*;

    /// A fleet that takes hours, in two processes of its own; and those.
    fn begun() -> (Child, [String; 2]) {
        let mut command = Command::new(PROGRAM);
        command.args(["fleet", "enrolling", "--computers", "1000000", "--days", "2", "--jobs", "2"]);
        let fleet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let listed = format!("/proc/{0}/task/{0}/children", fleet.id());
        let players = || {
            let listed = fs::read_to_string(&listed).unwrap_or_default();
            <[String; 2]>::try_from(listed.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).ok()
        };
        let players = soon(players).expect("the fleet has begun");
        (fleet, players)
    }

    fn soon<T>(what: impl Fn() -> Option<T>) -> Option<T> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            match what() {
                None if Instant::now() < end => sleep(Duration::from_millis(20)),
                found => return found,
            }
        }
    }

    fn kill(signal: &str, process: &str) {
        assert!(Command::new("kill").args([signal, process]).status().unwrap().success());
    }

    /// One that is over is not waited for where its parent is gone and nobody else does it.
    fn is_over(process: &String) -> Option<()> {
        let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let state = state.rsplit(')').next().and_then(|rest| rest.trim().chars().next());
        matches!(state, None | Some('Z')).then_some(())
    }

    #[test]
    fn when_one_fails_the_others_are_ended() {
        let (mut fleet, players) = begun();
        kill("-KILL", &players[0]);
        assert_eq!(fleet.wait().unwrap().code(), Some(3));
        let mut complaint = String::new();
        fleet.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert!(complaint.contains("a process that played a part has failed"), "{complaint}");
        assert_eq!(players.each_ref().map(is_over), [Some(()); 2]);
    }

    #[test]
    fn when_it_is_interrupted_its_processes_end() {
        let (mut fleet, players) = begun();
        kill("-INT", &fleet.id().to_string());
        assert_eq!(fleet.wait().unwrap().code(), None);
        assert_eq!(players.each_ref().map(|process| soon(|| is_over(process))), [Some(()); 2]);
    }
}

#[test]
fn the_chart_is_a_picture() {
    let folder = scratch(env!("CARGO_TARGET_TMPDIR"), "fleet-chart");
    let file = folder.join("load.svg");
    let ran = fleet(&["--computers", "2", "--days", "1", "--svg", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let text = fs::read_to_string(file).unwrap();
    let picture = roxmltree::Document::parse(&text).unwrap();
    assert_eq!(picture.root_element().tag_name().name(), "svg");
    assert!(picture.descendants().any(|node| node.tag_name().name() == "polyline"));
}

#[test]
fn what_cannot_be_played_is_said() {
    for (arguments, complaint) in [
        (&["--days", "1"][..], "a fleet has 1 to"),
        (&["--computers", "1", "--days", "0"], "a fleet has 1 to"),
        (&["--computers", "1", "--validity-jitter", "91"], "at most 90"),
        (&["--users", "1", "--logon-window", "16h"], "the logon window at most 15h"),
        (&["--computers", "1", "--ca-per-second", "0"], "0 is not in 1..=1000000"),
        (&["--computers", "1", "--policy-per-second", "2000000000"], "2000000000 is not in 1..=1000000"),
        (&["--computers", "1", "--shard", "3/2"], "expected a part of parts, such as 1/3"),
        (&["--computers", "1", "--jobs", "2", "--profile", "windows-1"], "there is no profile"),
    ] {
        let ran = fleet(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(complaint), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
}
