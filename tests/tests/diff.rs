//! `autoenroll diff` as a user runs it: what two runs are, where they part, and how it ends.
#![cfg(not(feature = "planted-bugs"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::{Path, PathBuf};

use autoenroll_tests::{Autoenroll, Ran, scratch};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

const STORY: &str = "scenario = 1\ntitle = \"t\"\nprofile = \"windows-10-22h2\"\n\n[world]\nextends = \"lab\"\n\n[timeline]\nsteps = [\n  \
                     { logon = \"alice\" },\n  { within = \"50d\", expect = \"issued\", facts = { template = \"LabUser\" } },\n]\n";

/// A world with a template that lives so long.
fn world(validity: &str) -> String {
    format!(
        "scenario = 1\n\n[world]\nextends = \"contoso\"\n\n[[world.template]]\nname = \"LabUser\"\nbased-on = \"User\"\n\
         validity = \"{validity}\"\nallow = {{ alice = [\"enroll\", \"autoenroll\"] }}\n"
    )
}

fn directory(name: &str) -> PathBuf {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("diff-{name}"));
    let variants = STORY.replace(
        "[world]",
        "vary = [{ name = \"here\" }, { name = \"there\", profile = \"windows-7-sp1\" }]\n\n[world]",
    );
    let files = [
        ("before/worlds/lab.toml", world("60d")),
        ("after/worlds/lab.toml", world("45d")),
        ("both/worlds/lab.toml", world("60d")),
        ("both/worlds/other.toml", world("45d")),
        ("story.toml", STORY.to_owned()),
        ("late.toml", STORY.replace("{ logon", "{ at = \"20m\", logon")),
        ("variants.toml", variants),
        ("fails.toml", STORY.replace("50d", "1s").replace("LabUser", "SmartcardLogon")),
        ("broken.toml", "scenario = 1\n".to_owned()),
        ("empty.jsonl", String::new()),
        ("blank.jsonl", "\n \n".to_owned()),
    ];
    for (name, text) in files {
        let file = directory.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    directory
}

fn run(directory: &Path, arguments: &[&str]) -> Ran {
    let all = ["diff"].iter().chain(arguments);
    Autoenroll::new(PROGRAM, all).directory(directory).run()
}

/// The command ends with that code and says all of these words.
fn check(directory: &Path, arguments: &[&str], code: i32, words: &[&str]) -> String {
    let ran = run(directory, arguments);
    let text = format!("{}{}", ran.out, ran.err);
    assert_eq!(ran.code, Some(code), "diff {arguments:?}\n{text}");
    for word in words {
        assert!(text.contains(word), "diff {arguments:?}\n  expected: {word}\n{text}");
    }
    text
}

#[test]
fn two_runs_differ_in_what_is_named() {
    let directory = directory("named");
    let same = "both are the same";
    let validity = "not-after: 2026-05-01T08:00:00Z in 1, 2026-04-16T08:00:00Z in 2";
    let window = "R053  The renewal window";
    let schema = "by R034  The client must know the schema version";
    let rows: &[(&[&str], i32, &[&str])] = &[
        (&["story.toml", "story.toml", "--fixtures", "both"], 0, &[same, "0 differ"]),
        (&["story.toml", "--fixtures", "before", "--fixtures", "after"], 1, &[validity, "fixtures after"]),
        (&["story.toml", "--fixtures", "both", "--world", "other"], 1, &[validity, "world other"]),
        (
            &["story.toml", "--fixtures", "both", "--world", "other", "--world", "lab"],
            1,
            &["not-after: 2026-04-16T08:00:00Z in 1"],
        ),
        (&["story.toml", "--fixtures", "both", "--world", "other", "--world", "other"], 0, &[same]),
        (
            &["story.toml", "--fixtures", "both", "--profile", "windows-7-sp1"],
            1,
            &[schema, "highest: 4 in 1, 3 in 2", "windows-7-sp1"],
        ),
        (
            &["story.toml", "--fixtures", "both", "--profile", "server-2025"],
            1,
            &["os-version: 10.0.19045.2 in 1, 10.0.26100.2 in 2", "1 differ, 0 only in 1, 0 only in 2"],
        ),
        (&["variants.toml[here]", "variants.toml[there]", "--fixtures", "both"], 1, &[schema]),
        (
            &["story.toml", "late.toml", "--fixtures", "both"],
            1,
            &["then they go on at different times", "20m later in 2"],
        ),
        (&["late.toml", "story.toml", "--fixtures", "both"], 1, &["20m earlier in 2"]),
        (&["story.toml", "--fixtures", "both", "--core", &format!("{PROGRAM} core --stdio")], 0, &[same, "core "]),
        (&["story.toml", "fails.toml", "--fixtures", "both"], 0, &["it fails, and may end early: error[AE0502]", same]),
        (&["stores/minor-version", "switches/minor-version"], 2, &["there is no file `stores/minor-version`"]),
        (
            &["founding/second-provider", "--profile", "windows-10-22h2"],
            1,
            &["by P7.47", "P7.61  What tells the user", "1m earlier in 2"],
        ),
    ];
    for (arguments, code, words) in rows {
        check(&directory, arguments, *code, words);
    }
    // The renewal is not played: the story ends with the first certificate.
    let steps = STORY.strip_suffix("]\n").unwrap();
    let step = "  { within = \"60d\", expect = \"issued\", facts = { template = \"LabUser\" } },";
    let renewed = format!("{steps}{step}\n]\n");
    fs::write(directory.join("renewed.toml"), renewed).unwrap();
    let arguments = ["renewed.toml", "--fixtures", "before", "--fixtures", "after"];
    check(
        &directory,
        &arguments,
        1,
        &[validity, window, "outcome: false in 1, true in 2", "1 goes on after the end of 2"],
    );
}

#[test]
fn traces_are_compared_as_they_are_recorded() {
    let directory = directory("traces");
    let show = |name: &str, story: &[&str]| {
        let arguments = ["show", "--format", "json"].iter().chain(story);
        let ran = Autoenroll::new(PROGRAM, arguments).directory(&directory).run();
        fs::write(directory.join(name), ran.out).unwrap();
    };
    show("one.jsonl", &["story.toml", "--fixtures", "both"]);
    show("seven.jsonl", &["story.toml", "--fixtures", "both", "--profile", "windows-7-sp1"]);
    check(&directory, &["one.jsonl", "seven.jsonl"], 1, &["1  one.jsonl", "by R034"]);
    fs::copy(directory.join("one.jsonl"), directory.join("copy.jsonl")).unwrap();
    check(&directory, &["one.jsonl", "copy.jsonl"], 0, &["both are the same"]);
    let windows = fs::read_to_string(directory.join("one.jsonl")).unwrap().replace('\n', "\r\n");
    fs::write(directory.join("windows.jsonl"), windows).unwrap();
    check(&directory, &["one.jsonl", "windows.jsonl"], 0, &["both are the same"]);
    fs::write(directory.join("cut.jsonl"), "{\"id\":0,\"at\":0,\"actor\":\"alice\",\"kind\":\"logon\"}\n{\"id\":2}\n")
        .unwrap();
    let stdin = fs::read_to_string(directory.join("one.jsonl")).unwrap();
    let ran = Autoenroll::new(PROGRAM, ["diff", "-", "seven.jsonl"]).directory(&directory).input(stdin).run();
    assert_eq!((ran.code, ran.out.contains("by R034")), (Some(1), true), "{}{}", ran.out, ran.err);
    let rows: &[(&[&str], &[&str])] = &[
        (&["one.jsonl", "story.toml"], &["are a trace and a scenario"]),
        (&["one.jsonl"], &["name the trace that one.jsonl is compared with"]),
        (&["one.jsonl", "one.jsonl"], &["one.jsonl is both traces"]),
        (&["one.jsonl", "seven.jsonl", "--profile", "server-2025"], &["without options"]),
        (&["one.jsonl", "cut.jsonl"], &["cut.jsonl: line 2"]),
    ];
    for (arguments, words) in rows {
        check(&directory, arguments, 2, words);
    }
}

#[test]
fn what_cannot_be_compared_is_told() {
    let directory = directory("unusable");
    let rows: &[(&[&str], i32, &[&str])] = &[
        (&[], 2, &["SCENARIO|TRACE"]),
        (&["story.toml"], 2, &["say what story.toml is compared with"]),
        (&["story.toml", "--fixtures", "both"], 2, &["say what story.toml is compared with"]),
        (&["a", "b", "c"], 2, &["unexpected value 'c'"]),
        (&["nowhere.toml", "--profile", "server-2025"], 2, &["there is no file `nowhere.toml`"]),
        (&["founding", "--profile", "server-2025"], 2, &["say which one"]),
        (&["story.toml", "--fixtures", "both", "--profile", "windows-95"], 2, &["there is no profile `windows-95`"]),
        (&["story.toml", "--fixtures", "both", "--world", "nowhere"], 2, &["nowhere"]),
        (&["story.toml", "--profile", "a", "--profile", "b", "--profile", "c"], 2, &["--profile is given 3 times"]),
        (&["broken.toml", "--profile", "server-2025"], 2, &["broken.toml"]),
        (&["empty.jsonl", "blank.jsonl"], 2, &["empty.jsonl: there is no record in it"]),
        (&["blank.jsonl", "empty.jsonl"], 2, &["blank.jsonl: there is no record in it"]),
        (&["story.toml", "--fixtures", "both", "--core", "/bin/false"], 3, &["core /bin/false"]),
    ];
    for (arguments, code, words) in rows {
        check(&directory, arguments, *code, words);
    }
}

#[test]
fn every_line_of_json_has_every_field() {
    let directory = directory("json");
    let ran = run(
        &directory,
        &["story.toml", "late.toml", "--fixtures", "both", "--profile", "windows-7-sp1", "--format", "json"],
    );
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (sums, lines) = lines.split_last().unwrap();
    let keys = ["what", "rule", "first", "second", "facts", "by-ns", "records"];
    for line in lines {
        assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), keys, "{line}");
    }
    let count = |what: &str| lines.iter().filter(|line| line["what"] == what).count() as u64;
    for (what, sum) in
        [("differs", "differ"), ("only-first", "only-first"), ("only-second", "only-second"), ("order", "order")]
    {
        assert_eq!(sums[sum], count(what), "{what}");
    }
    let later = lines.iter().find(|line| line["what"] == "time").unwrap();
    assert_eq!((&later["by-ns"], &later["records"]), (&Value::from(1_200_000_000_000_i64), &sums["time"]));
    assert_eq!((&sums["parts"]["what"], &sums["parts"]["common"]), (&Value::from("time"), &Value::from(0)));
    let sides: Vec<&str> =
        sums["sides"].as_array().unwrap().iter().map(|side| side["name"].as_str().unwrap()).collect();
    assert_eq!(sides, ["story, windows-10-22h2, fixtures both", "late, windows-7-sp1, fixtures both"]);
}
