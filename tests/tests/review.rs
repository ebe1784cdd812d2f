//! Snapshots as users keep them: `run --snapshots` and `review`, in directories as they are found.
#![cfg(not(feature = "planted-bugs"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use autoenroll_tests::{Autoenroll, Ran, scratch};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// A story that takes no time to play.
const STORY: &str = "scenario = 1\ntitle = \"t\"\n\n[world]\nextends = \"contoso\"\n\n[timeline]\nsteps = [\n  \
                     { logon = \"alice\" },\n  { after = \"8h\", logoff = \"alice\" },\n]\n";

/// The same at another time, with which every snapshot differs.
fn later() -> String {
    STORY.replace("8h", "9h")
}

/// A step that does not come: the story fails.
fn failing() -> String {
    STORY.replace("{ after", "{ expect = \"balloon\" },\n  { after")
}

/// A directory with files, empty before.
fn directory(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("review-{name}"));
    files.iter().for_each(|(name, text)| write(&directory, name, text));
    directory
}

fn write(directory: &Path, name: &str, text: &str) {
    let file = directory.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn command(directory: &Path, arguments: &str) -> Autoenroll {
    Autoenroll::new(PROGRAM, arguments.split_whitespace()).directory(directory)
}

/// The command ends with that code, and says these words.
fn check(directory: &Path, arguments: &str, code: i32, words: &[&str]) -> String {
    said(arguments, command(directory, arguments).run(), code, words)
}

fn said(arguments: &str, ran: Ran, code: i32, words: &[&str]) -> String {
    let text = format!("{}{}", ran.out, ran.err);
    assert_eq!(ran.code, Some(code), "autoenroll {arguments}\n{text}");
    for word in words {
        assert!(text.contains(word), "autoenroll {arguments}\n  expected: {word}\n{text}");
    }
    text
}

/// What the directory of snapshots holds: names and contents.
fn holds(directory: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(directory.join("snaps")) else { return BTreeMap::new() };
    let entries = entries.map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect()
}

fn names(directory: &Path) -> Vec<String> {
    holds(directory).into_keys().collect()
}

/// A directory with accepted snapshots of these stories.
fn accepted(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let directory = directory(name, files);
    check(&directory, "run --snapshots snaps .", 1, &["it has no snapshot"]);
    check(&directory, "review --accept snaps", 0, &[", 0 rejected, 0 left"]);
    check(&directory, "run --snapshots snaps .", 0, &[]);
    directory
}

#[test]
fn a_difference_fails_the_story_in_every_form_of_results() {
    let directory = accepted("forms", &[("a.toml", STORY), ("b.toml", STORY)]);
    write(&directory, "a.toml", &later());
    let differ = ["-    08:00:00  logoff            alice", "+    09:00:00  logoff            alice"];
    check(&directory, "run --snapshots snaps . --junit report.xml", 1, &differ);
    let report = fs::read_to_string(directory.join("report.xml")).unwrap();
    let document = roxmltree::Document::parse(&report).unwrap();
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert!(differ.iter().all(|line| failure.text().unwrap().contains(line)), "{report}");
    check(&directory, "run --snapshots snaps . --format github", 1, &["::error file=snaps/a.snap,line=1,col=1,"]);
    let lines: Vec<Value> = check(&directory, "run --snapshots snaps . --format json", 1, &[])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let pending = json!({ "file": "snaps/a.snap", "state": "differs", "pending": "snaps/a.snap.new" });
    assert_eq!((&lines[0]["snapshot"], &lines[0]["verdict"]), (&pending, &json!("failed")));
    assert!(differ.iter().all(|line| lines[0]["reason"].as_str().unwrap().contains(line)), "{}", lines[0]);
    let same = json!({ "file": "snaps/b.snap", "state": "same", "pending": null });
    assert_eq!((&lines[1]["snapshot"], &lines[1]["verdict"]), (&same, &json!("passed")));
    assert_eq!((&lines[2]["failed"], &lines[2]["unreferenced"]), (&json!(1), &json!([])));
    let without: Value =
        serde_json::from_str(check(&directory, "run b.toml --format json", 0, &[]).lines().next().unwrap()).unwrap();
    assert_eq!(without["snapshot"], json!(null));
}

#[test]
fn one_thread_and_eight_the_second_run_and_other_ways_to_name_a_file_make_the_same() {
    let files = [("stories/a.toml", STORY), ("stories/deep/b.toml", STORY), ("stories/c.json", "")];
    let directory = directory("same", &files);
    let json = r#"{"scenario":1,"title":"t","world":{"extends":"contoso"},"timeline":{"steps":[{"logon":"alice"}]}}"#;
    write(&directory, "stories/c.json", json);
    check(&directory, "run --snapshots snaps stories --jobs 1", 1, &[]);
    let one = holds(&directory);
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        ["stories__a.snap.new", "stories__c_json-072151c9.snap.new", "stories__deep__b.snap.new"]
    );
    let ways = [
        "run --snapshots snaps stories --jobs 8",
        "run --snapshots snaps stories --jobs 2 --twice",
        "run --snapshots ./snaps ./stories",
        "run --snapshots stories/../snaps stories/deep/../a.toml stories/deep stories/c.json",
    ];
    for way in ways {
        fs::remove_dir_all(directory.join("snaps")).unwrap();
        check(&directory, way, 1, &[]);
        assert_eq!(holds(&directory), one, "{way}");
    }
    fs::remove_dir_all(directory.join("snaps")).unwrap();
    let absolute = directory.join("stories").display().to_string();
    let ran = command(&directory.join("stories"), &format!("run --snapshots ../snaps {absolute}")).run();
    assert_eq!((ran.code, holds(&directory)), (Some(1), one));
}

#[test]
fn layers_keep_more_and_more_and_do_not_mix() {
    let directory = directory("layers", &[]);
    let mut lengths = Vec::new();
    for layer in ["people", "work", "everything"] {
        let run = format!("run founding/second-provider --snapshots snaps --snapshot-layer {layer}");
        let ran = check(&directory, &run, 1, &[]);
        let text = holds(&directory).remove("founding__second-provider.snap.new").unwrap();
        assert!(text.contains("\nfile: (suite)\n") && text.contains(&format!("\nlayer: {layer}\n")), "{text}");
        let digest = text.lines().find_map(|line| line.strip_prefix("digest: ")).unwrap();
        assert_eq!(ran.contains(&digest[..16]), layer == "everything", "the digest of everything is the trace's");
        lengths.push(text.lines().count());
    }
    assert!(lengths[0] < lengths[1] && lengths[1] < lengths[2], "{lengths:?}");
    check(&directory, "review --accept snaps", 0, &[]);
    let other = ["-layer: everything", "+layer: work", "`--snapshot-layer everything` makes the same layer"];
    check(&directory, "run founding/second-provider --snapshots snaps --snapshot-layer work", 1, &other);
    let profile = ["-profile: server-2003-sp1", "+profile: windows-7-sp1", "-verdict: passed", "+verdict: failed"];
    let run = "run founding/second-provider --snapshots snaps --snapshot-layer everything --profile windows-7-sp1";
    check(&directory, run, 1, &profile);
}

#[test]
fn nothing_is_written_in_ci() {
    let directory = accepted("ci", &[("a.toml", STORY), ("b.toml", STORY)]);
    write(&directory, "a.toml", &later());
    write(&directory, "c.toml", STORY);
    let before = holds(&directory);
    let ci = |arguments: &str, code, words: &[&str]| {
        said(arguments, command(&directory, arguments).env("CI", "true").run(), code, words);
        assert_eq!(holds(&directory), before, "{arguments}");
    };
    ci("run --snapshots snaps .", 1, &["a.snap differs", "it has no snapshot", "nothing is written because CI is set"]);
    ci("run --snapshots none .", 2, &["none is no directory of snapshots, and none is made because CI is set"]);
    ci("run --snapshots snaps . --unreferenced delete", 2, &["CI is set"]);
    let ran = command(&directory, "run --snapshots snaps .").env("CI", "false").run();
    assert_eq!(
        (ran.code, names(&directory)),
        (Some(1), vec!["a.snap", "a.snap.new", "b.snap", "c.snap.new"].into_iter().map(str::to_owned).collect())
    );
    let before = holds(&directory);
    for (arguments, code) in
        [("review", 1), ("review --accept", 2), ("review --reject", 2), ("review --interactive", 2)]
    {
        let ran = command(&directory, arguments).env("CI", "1").input("a\na\n").run();
        assert_eq!((ran.code, &holds(&directory)), (Some(code), &before), "{arguments}");
    }
}

#[test]
fn answers_decide_one_by_one() {
    /// What is left of four new snapshots after these answers: accepted and pending ones.
    fn check_answers(name: &str, answers: &str, code: i32, left: &[&str], sum: &str) {
        let stories = ["a", "b", "c", "d"].map(|story| (format!("{story}.toml"), STORY));
        let directory = directory(name, &stories.each_ref().map(|(name, text)| (name.as_str(), *text)));
        check(&directory, "run --snapshots snaps .", 1, &[]);
        let ran = command(&directory, "review --interactive snaps").input(answers).run();
        said(answers, ran, code, &[sum]);
        assert_eq!(names(&directory), left, "{answers:?}");
    }
    let all = ["a.snap", "b.snap", "c.snap", "d.snap"];
    check_answers("all", "a\naccept\n a \na\n", 0, &all, "4 accepted, 0 rejected, 0 left");
    check_answers("mixed", "a\nr\ns\na\n", 1, &["a.snap", "c.snap.new", "d.snap"], "2 accepted, 1 rejected, 1 left");
    check_answers("nonsense", "x\n\nA\na\nr\nr\nr\n", 0, &["a.snap"], "1 accepted, 3 rejected, 0 left");
    check_answers(
        "quit",
        "r\nq\na\n",
        1,
        &["b.snap.new", "c.snap.new", "d.snap.new"],
        "0 accepted, 1 rejected, 3 left",
    );
    check_answers(
        "end",
        "a\n",
        1,
        &["a.snap", "b.snap.new", "c.snap.new", "d.snap.new"],
        "1 accepted, 0 rejected, 3 left",
    );
    check_answers(
        "half",
        "a\na",
        1,
        &["a.snap", "b.snap", "c.snap.new", "d.snap.new"],
        "2 accepted, 0 rejected, 2 left",
    );
}

#[test]
fn what_waits_is_listed_where_nobody_can_answer() {
    let directory = accepted("listed", &[("a.toml", STORY)]);
    check(&directory, "review", 0, &["no snapshot waits below ."]);
    write(&directory, "a.toml", &later());
    write(&directory, "b.toml", &failing());
    check(&directory, "run --snapshots snaps .", 1, &["did not come"]);
    // Files of others: they are neither listed nor taken.
    write(&directory, "snaps/insta.snap.new", "---\nsource: src/lib.rs\n---\nx\n");
    write(&directory, ".hidden/x.snap.new", &holds(&directory)["a.snap.new"]);
    let before = holds(&directory);
    let listed = ["a.snap.new  changed: a\n", "b.snap.new  new: b, which FAILS\n", "2 snapshots wait"];
    check(&directory, "review", 1, &listed);
    assert_eq!(holds(&directory), before);
    check(&directory, "review --accept", 1, &["left      ./snaps/b.snap.new", "1 accepted, 0 rejected, 1 left"]);
    check(&directory, "review --reject", 0, &["0 accepted, 1 rejected, 0 left"]);
    assert_eq!(names(&directory), ["a.snap", "insta.snap.new"]);
    check(&directory, "review nowhere", 2, &["nowhere is no directory of snapshots"]);
}

#[test]
fn a_story_that_fails_is_accepted_only_when_it_was_seen() {
    let directory = accepted("failing", &[("a.toml", STORY)]);
    write(&directory, "a.toml", &failing());
    check(&directory, "run --snapshots snaps .", 1, &["did not come", "-verdict: passed", "+verdict: failed"]);
    check(&directory, "review --accept snaps", 1, &["which FAILS", "0 accepted, 0 rejected, 1 left"]);
    said("a", command(&directory, "review --interactive snaps").input("a\n").run(), 0, &["which FAILS", "1 accepted"]);
    let ran = check(&directory, "run --snapshots snaps .", 1, &["did not come"]);
    assert!(!ran.contains("differs"), "{ran}");
    let known = "[[known-failure]]\nscenario = \"./a\"\nreason = \"later\"\nissue = \"#1\"\nexpires = 9000-01-01\n";
    write(&directory, "known.list", known);
    let run = "run --snapshots snaps . --known-failures known.list";
    check(&directory, run, 0, &["1 known to fail"]);
    // It fails in another way now, which its snapshot sees; it is known to fail all the same.
    write(&directory, "a.toml", &failing().replace("8h", "9h").replace("\"balloon\"", "\"icon\""));
    check(&directory, run, 0, &["1 known to fail"]);
    write(&directory, "a.toml", STORY);
    check(&directory, "run --snapshots snaps .", 1, &["-verdict: failed", "+verdict: passed"]);
}

#[test]
fn what_is_as_before_takes_away_what_waits() {
    let directory = accepted("back", &[("a.toml", STORY)]);
    write(&directory, "a.toml", &later());
    check(&directory, "run --snapshots snaps .", 1, &[]);
    assert_eq!(names(&directory), ["a.snap", "a.snap.new"]);
    write(&directory, "a.toml", STORY);
    check(&directory, "run --snapshots snaps .", 0, &[]);
    assert_eq!(names(&directory), ["a.snap"]);
}

#[test]
fn files_are_told_as_they_are_found() {
    let directory = accepted("found", &[("a.toml", STORY)]);
    let good = holds(&directory).remove("a.snap").unwrap();
    let found = |text: &str, code: i32, words: &[&str]| {
        write(&directory, "snaps/a.snap", text);
        check(&directory, "run --snapshots snaps .", code, words);
        assert_eq!(holds(&directory)["a.snap"], text, "a run changes no accepted snapshot");
    };
    found(&good.replace('\n', "\r\n"), 0, &[]);
    found(good.trim_end(), 0, &[]);
    found(&good.replace("autoenroll 0", "autoenroll 9"), 0, &[]);
    found(&good.replace("made-by", "key: of a later version\nmade-by"), 0, &[]);
    found(
        &good.replace("logoff  ", "logon   "),
        1,
        &["-    08:00:00  logon             alice", "+    08:00:00  logoff "],
    );
    found(&good.replace("digest: ", "digest: 0"), 1, &["-digest: 0", "the timelines are the same"]);
    found(&good.replace("story: a", "story: b"), 1, &["-story: b", "+story: a"]);
    found(
        &good.replace("snapshot: 1", "snapshot: 2"),
        1,
        &["has format 2, and this version of autoenroll compares format 1"],
    );
    found(&format!("<<<<<<< HEAD\n{good}"), 1, &["a.snap is no snapshot"]);
    found("", 1, &["a.snap is no snapshot"]);
    found(&good.replace("layer: people\n", ""), 1, &["is damaged: its head has no `layer`"]);
    said(
        "r",
        command(&directory, "review --interactive snaps").input("a\n").run(),
        0,
        &["the accepted one is damaged"],
    );
    assert_eq!(holds(&directory), BTreeMap::from([("a.snap".to_owned(), good)]));
}

#[test]
fn a_pending_one_that_cannot_be_read_can_only_be_rejected() {
    let directory = directory("pending", &[("a.toml", STORY)]);
    check(&directory, "run --snapshots snaps .", 1, &[]);
    let text = holds(&directory).remove("a.snap.new").unwrap().replace("snapshot: 1", "snapshot: 7");
    write(&directory, "snaps/a.snap.new", &text);
    check(&directory, "review --accept", 1, &["has format 7", "1 left"]);
    said("a r", command(&directory, "review --interactive").input("a\nr\n").run(), 0, &["0 accepted, 1 rejected"]);
    assert_eq!(names(&directory), Vec::<String>::new());
}

#[test]
fn what_was_written_anew_since_it_was_shown_is_not_taken() {
    let directory = directory("meanwhile", &[("a.toml", STORY)]);
    check(&directory, "run --snapshots snaps .", 1, &[]);
    for answer in ["a", "r"] {
        let mut review = Command::new(PROGRAM);
        review.args(["review", "--interactive", "snaps"]).current_dir(&directory).env_clear();
        let mut child = review.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut shown, mut byte) = (Vec::new(), [0]);
        while !shown.ends_with(b"q quit > ") {
            child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
            shown.extend(byte);
        }
        let text = holds(&directory).remove("a.snap.new").unwrap() + "   later\n";
        write(&directory, "snaps/a.snap.new", &text);
        child.stdin.take().unwrap().write_all(format!("{answer}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains("a.snap.new has been changed meanwhile; review it again"), "{complaint}");
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(holds(&directory), BTreeMap::from([("a.snap.new".to_owned(), text)]));
    }
}

#[test]
fn snapshots_without_a_story_are_told_and_removed_when_that_is_asked_for() {
    let vary = "vary = [{ name = \"x\" }, { name = \"y\" }]\n\n[world]";
    let several = STORY.replace("[world]", vary);
    let directory = accepted("unreferenced", &[("a.toml", STORY), ("b.toml", &several), ("c.toml", STORY)]);
    assert_eq!(names(&directory), ["a.snap", "b@x.snap", "b@y.snap", "c.snap"]);
    fs::remove_file(directory.join("a.toml")).unwrap();
    write(&directory, "b.toml", &several.replace("{ name = \"y\" }", "{ name = \"z\" }"));
    check(&directory, "run b.toml --snapshots snaps", 1, &[]);
    check(&directory, "review --accept", 0, &[]);
    fs::rename(directory.join("snaps/c.snap"), directory.join("snaps/renamed.snap")).unwrap();
    fs::copy(directory.join("snaps/renamed.snap"), directory.join("snaps/c.snap")).unwrap();
    let suite = holds(&directory)["c.snap"].replace("story: c\nfile: c.toml", "story: founding/gone\nfile: (suite)");
    write(&directory, "snaps/founding__gone.snap", &suite);
    write(&directory, "snaps/of-others.snap", "---\nsource: src/lib.rs\n---\nx\n");
    let all = names(&directory);
    let told = [
        "obsolete  snaps/a.snap: the file a.toml is gone",
        "obsolete  snaps/b@y.snap: the file b.toml has no such story any more",
        "obsolete  snaps/founding__gone.snap: the suite has no founding/gone",
        "unreferenced  snaps/renamed.snap: the snapshot of c has another name, c.snap",
    ];
    check(&directory, "run --snapshots snaps .", 0, &told);
    check(&directory, "run --snapshots snaps . --unreferenced reject", 1, &told);
    let json = check(&directory, "run --snapshots snaps . --format json", 0, &[]);
    let sums: Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!(sums["unreferenced"].as_array().unwrap().len(), 4);
    // A part of the stories says nothing about those that it leaves out.
    let parts = [". --filter c", ". --shard 1/2", "b.toml[x] c.toml"];
    for part in parts {
        let ran = check(&directory, &format!("run --snapshots snaps --unreferenced delete {part}"), 0, &[]);
        assert!(!ran.contains("obsolete") && !ran.contains("unreferenced"), "{part}: {ran}");
    }
    assert_eq!(names(&directory), all);
    // What belongs to a file that is there and was not played is left.
    let ran = check(&directory, "run --snapshots snaps c.toml", 0, &[told[0], told[2], told[3]]);
    assert!(!ran.contains("b@"), "{ran}");
    check(&directory, "run --snapshots snaps . --unreferenced delete", 0, &["gone; it is deleted"]);
    assert_eq!(names(&directory), ["b@x.snap", "b@z.snap", "c.snap", "of-others.snap"]);
}

#[test]
fn snapshots_may_lie_among_the_stories() {
    let directory = directory("inside", &[("a.toml", STORY), ("deep/b.toml", STORY)]);
    check(&directory, "run --snapshots snaps .", 1, &["2 scenarios"]);
    check(&directory, "review --accept", 0, &[]);
    check(&directory, "run --snapshots snaps .", 0, &["2 scenarios: 2 passed"]);
    assert_eq!(names(&directory), ["a.snap", "deep__b.snap"]);
    let inner = command(&directory.join("snaps"), "run --snapshots . ..").run();
    assert_eq!((inner.code, names(&directory)), (Some(0), vec!["a.snap".to_owned(), "deep__b.snap".to_owned()]));
}

#[test]
fn odd_names_have_portable_files_and_remain_two() {
    let odd =
        ["A.toml", "größe.toml", "a b.toml", "v1.2.toml", "con.toml", "x__y.toml", "x/y.toml", "q'[z].toml", "-.toml"];
    let files: Vec<(&str, &str)> = odd.iter().map(|name| (*name, STORY)).collect();
    let directory = accepted("odd", &files);
    let names = names(&directory);
    assert_eq!(names.len(), odd.len(), "{names:?}");
    let portable = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_@.".contains(c);
    assert!(names.iter().all(|name| name.ends_with(".snap") && name.chars().all(portable)), "{names:?}");
    let whole = check(&directory, "run --snapshots snaps .", 0, &["9 passed"]);
    assert!(!whole.contains("obsolete"), "{whole}");
}

#[cfg(unix)]
#[test]
fn two_stories_with_one_name_are_not_run() {
    use std::os::unix::ffi::OsStringExt as _;
    let directory = directory("one-name", &[]);
    for name in [b"\xFF.toml".to_vec(), b"\xFE.toml".to_vec()] {
        fs::write(directory.join(std::ffi::OsString::from_vec(name)), STORY).unwrap();
    }
    let words = ["would both have the snapshot _", ".snap; run them with directories of their own"];
    check(&directory, "run --snapshots snaps .", 2, &words);
    assert_eq!(names(&directory), Vec::<String>::new());
    let ran = command(&directory, "run --snapshots snaps /dev/stdin").input(STORY).run();
    said("a pipe", ran, 2, &["/dev/stdin is no file, so its snapshot would have no lasting name"]);
}

#[test]
fn a_directory_that_cannot_be_written_is_told() {
    let directory = accepted("unwritable", &[("a.toml", STORY)]);
    write(&directory, "file", "not a directory");
    check(&directory, "run --snapshots file .", 2, &["file cannot be a directory of snapshots"]);
    check(&directory, "run --snapshots file/below .", 2, &["file/below cannot be a directory of snapshots"]);
    // A directory of that name stands in the way of what has to be written, also for an administrator.
    write(&directory, "snaps/a.snap.new/inside", "");
    check(&directory, "run --snapshots snaps .", 0, &["1 passed"]);
    write(&directory, "a.toml", &later());
    check(&directory, "run --snapshots snaps .", 3, &["a.snap differs", "a.snap.new cannot be written"]);
    fs::remove_dir_all(directory.join("snaps/a.snap.new")).unwrap();
    check(&directory, "run --snapshots snaps .", 1, &[]);
    fs::remove_file(directory.join("snaps/a.snap")).unwrap();
    write(&directory, "snaps/a.snap/inside", "");
    check(&directory, "run --snapshots snaps .", 1, &["its snapshot snaps/a.snap cannot be read"]);
    check(&directory, "review --accept", 3, &["a.snap cannot be written"]);
    assert!(directory.join("snaps/a.snap.new").exists());
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let directory = directory("options", &[("a.toml", STORY)]);
    check(&directory, "run --snapshot-layer work a.toml", 2, &["--snapshots"]);
    check(&directory, "run --unreferenced delete a.toml", 2, &["--snapshots"]);
    check(&directory, "run --bless --snapshots snaps a.toml", 2, &["cannot be used with"]);
    check(&directory, "review --accept --reject", 2, &["cannot be used with"]);
    assert_eq!(names(&directory), Vec::<String>::new());
}
