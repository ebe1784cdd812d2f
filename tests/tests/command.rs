//! The command as a user runs it: exit codes, arguments, forms of output.

use std::fs;

use autoenroll_cli::Exit;
use autoenroll_tests::{Autoenroll, Ran, root, scratch};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
const FOUNDING_STORY: &str = "founding/second-provider";

fn autoenroll(arguments: &str) -> Ran {
    Autoenroll::new(PROGRAM, arguments.split_whitespace()).run()
}

/// The command ends with that exit code; with a code other than 0 its output, or else its complaint, has these words.
fn check(arguments: &str, exit: Exit, words: &[&str]) -> String {
    let ran = autoenroll(arguments);
    let text = format!("{}{}", ran.out, ran.err);
    assert_eq!(ran.code, Some(i32::from(exit.code())), "autoenroll {arguments}\n{text}");
    for word in words {
        assert!(text.contains(word), "autoenroll {arguments}\n  expected: {word}\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "autoenroll {arguments}: colours without a terminal");
    text
}

#[test]
fn exit_codes_are_documented() {
    let page = fs::read_to_string(root().join("docs/exit-codes.md")).unwrap();
    for exit in Exit::ALL {
        let row = format!("| {} | {} |", exit.code(), exit.meaning());
        assert!(page.contains(&row), "docs/exit-codes.md lacks the row {row}");
    }
}

#[test]
fn what_cannot_be_used_is_a_usage_error() {
    check("", Exit::Usage, &["Usage: autoenroll"]);
    check("dance", Exit::Usage, &["unrecognized subcommand 'dance'"]);
    check("run no-such-scenario", Exit::Usage, &["autoenroll: there is no file `no-such-scenario`"]);
    check("run --filter zzz", Exit::Usage, &["autoenroll: no scenario is selected"]);
    check("run --jobs 0", Exit::Usage, &["--jobs"]);
    check("run --shard 3/2", Exit::Usage, &["expected a part of parts"]);
    check("run --profile windows-95", Exit::Usage, &["there is no profile `windows-95`", "windows-10-22h2"]);
    check("explain AE9999", Exit::Usage, &["there is no code `AE9999`"]);
    check("completions tcsh", Exit::Usage, &["tcsh"]);
    check("core", Exit::Usage, &["--stdio"]);
}

#[test]
fn a_file_with_errors_is_a_usage_error_and_nothing_runs() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "broken-file");
    fs::write(directory.join("broken.toml"), "scenario = 1\ntitel = \"x\"\n").unwrap();
    let path = directory.join("broken.toml").display().to_string();
    check(&format!("check {path}"), Exit::Usage, &["titel", "broken.toml:2:1", "AE0201", "`title`"]);
    check(&format!("check --format json {path}"), Exit::Usage, &[r#""code":"AE0201""#, r#""line":2"#]);
    check(&format!("run {path}"), Exit::Usage, &["AE0201", "1 file has errors; nothing was run"]);
    check(&format!("list {path}"), Exit::Usage, &["AE0201"]);
}

#[test]
fn a_broken_file_hides_no_other_from_programs() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "broken-among-others");
    let path = |name: &str| directory.join(name).display().to_string();
    let good = fs::read_to_string(root().join(format!("scenarios/{FOUNDING_STORY}.toml"))).unwrap();
    fs::write(path("a.toml"), &good).unwrap();
    fs::write(path("b.toml"), "scenario = 1\ntitle = \"It is broken\"\nprofil = \"windows-7\"\n").unwrap();
    fs::write(path("c.toml"), &good).unwrap();
    let lines =
        |ran: &str| -> Vec<serde_json::Value> { ran.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let keys = |line: &serde_json::Value| line.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let whole = lines(&autoenroll(&format!("run --format json {}", path("a.toml"))).out);
    let ran = autoenroll(&format!("run {} --format json --junit {}", directory.display(), path("report.xml")));
    let broken = lines(&ran.out);
    let verdicts: Vec<&str> = broken.iter().filter_map(|line| line["verdict"].as_str()).collect();
    assert_eq!((ran.code, verdicts.as_slice()), (Some(2), ["not-run", "broken", "not-run"].as_slice()));
    for line in &broken[..3] {
        assert_eq!(keys(line), keys(&whole[0]), "every line has every field");
    }
    assert_eq!((&broken[1]["title"], &broken[1]["profile"]), (&json!("It is broken"), &json!(null)));
    let codes: Vec<&serde_json::Value> =
        broken[1]["problems"].as_array().unwrap().iter().map(|problem| &problem["code"]).collect();
    assert_eq!(codes, ["AE0202", "AE0201"]);
    assert_eq!(keys(&broken[3]), keys(&whole[1]), "the last line has the sums");
    assert_eq!(
        (&broken[3]["scenarios"], &broken[3]["broken"], &broken[3]["not-run"]),
        (&json!(3), &json!(1), &json!(2))
    );
    let report = fs::read_to_string(path("report.xml")).unwrap();
    let document = roxmltree::Document::parse(&report).unwrap();
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let told: Vec<(&str, &str)> = cases
        .map(|case| (case.attribute("name").unwrap(), case.first_element_child().unwrap().tag_name().name()))
        .collect();
    assert_eq!(told, [("a", "skipped"), ("b", "error"), ("c", "skipped")]);
    assert!(report.contains("not run: another file has errors"), "{report}");
    let annotation = format!("::error file={},line=3,col=1,title=AE0201 in {}::", path("b.toml"), path("b"));
    check(&format!("run --format github {}", directory.display()), Exit::Usage, &[&annotation]);
}

#[test]
fn a_report_names_files_with_errors_and_is_opened_before_anything_is_played() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "broken-report");
    let path = |name: &str| directory.join(name).display().to_string();
    fs::write(path("broken.toml"), "scenario = 1\ntitel = \"x\"\n").unwrap();
    fs::write(path("report.xml"), "what was here before, longer than any report ".repeat(100)).unwrap();
    check(&format!("run {} --junit {}", path("broken.toml"), path("report.xml")), Exit::Usage, &["nothing was run"]);
    let report = fs::read_to_string(path("report.xml")).unwrap();
    let document = roxmltree::Document::parse(&report).unwrap();
    assert_eq!(document.root_element().attribute("errors"), Some("1"));
    let case = document.descendants().find(|node| node.has_tag_name("testcase")).unwrap();
    assert_eq!(case.attribute("name"), Some("broken"));
    let error = case.first_element_child().unwrap();
    assert!(error.attribute("message").unwrap().starts_with("error[AE02") && error.text().unwrap().contains("AE0201"));
    let ran = autoenroll(&format!("run {FOUNDING_STORY} --junit {}", path("none/report.xml")));
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert!(ran.err.contains("none/report.xml cannot be written: No such file"), "{}", ran.err);
}

#[test]
fn simulated_time_is_what_the_clock_shows() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "simulated-time");
    let path = directory.join("quiet.toml").display().to_string();
    let story = "scenario = 1\ntitle = \"Nothing\"\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [\n  \
                 { logon = \"alice\" },\n  { never = \"request\", within = \"8h10m\" },\n]\n";
    fs::write(&path, story).unwrap();
    check(&format!("run {path}"), Exit::Ok, &["  08:10:00\n", "; 08:10:00 of simulated time"]);
    check(&format!("run --format json {path}"), Exit::Ok, &[r#""simulated-ns":29400000000000"#]);
}

#[test]
fn a_core_that_does_not_run_is_a_failure_of_the_bench() {
    for core in ["./no-such-core", "false", "true", "echo hello"] {
        let ran = Autoenroll::new(PROGRAM, ["run", FOUNDING_STORY, "--core", core]).env("PATH", "/usr/bin:/bin").run();
        assert_eq!(ran.code, Some(i32::from(Exit::Bench.code())), "{core}: {}{}", ran.out, ran.err);
        assert!(ran.out.starts_with("BENCH") && ran.out.contains("the core failed"), "{core}: {}", ran.out);
    }
}

#[test]
fn a_failing_scenario_shows_its_step_and_what_came() {
    let story = fs::read_to_string(root().join(format!("scenarios/{FOUNDING_STORY}.toml"))).unwrap();
    let wrong = story.replacen("after = \"60s\", expect = \"balloon\"", "after = \"61s\", expect = \"balloon\"", 1);
    assert_ne!(story, wrong, "the founding story expects the balloon after a minute");
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "failing-scenario");
    fs::write(directory.join("late.toml"), wrong).unwrap();
    let path = directory.join("late.toml").display().to_string();
    let junit = directory.join("report.xml");
    check(
        &format!("run {path} --junit {}", junit.display()),
        Exit::Failed,
        &["FAIL", "AE05", "expect = \"balloon\"", "08:01:00", "1 scenario: 0 passed, 1 failed"],
    );
    let report = fs::read_to_string(junit).unwrap();
    let document = roxmltree::Document::parse(&report).unwrap();
    let suite = document.root_element();
    assert_eq!((suite.attribute("tests"), suite.attribute("failures")), (Some("1"), Some("1")));
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert!(failure.text().unwrap().contains("balloon"));
}

#[test]
fn known_failures_are_strict() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "known-failures");
    let story = fs::read_to_string(root().join(format!("scenarios/{FOUNDING_STORY}.toml"))).unwrap();
    let path = |name: &str| directory.join(name).display().to_string();
    fs::write(path("wrong.toml"), story.replacen("tries-left = 2", "tries-left = 1", 1)).unwrap();
    let list = |name: &str, scenario: &str, expires: &str| {
        let entry = format!(
            "[[known-failure]]\nscenario = {scenario:?}\nreason = \"Later\"\nissue = \"#1\"\nexpires = {expires}\n"
        );
        fs::write(path(name), entry).unwrap();
        path(name)
    };
    let wrong = path("wrong");
    let known = list("known.list", &wrong, "9000-01-01");
    let junit = path("report.xml");
    check(
        &format!("run {wrong}.toml --known-failures {known} --junit {junit}"),
        Exit::Ok,
        &["known", "1 known to fail"],
    );
    assert!(fs::read_to_string(junit).unwrap().contains("<skipped message=\"Later (#1, until 9000-01-01)\"/>"));
    let expired = list("expired.list", &wrong, "2001-01-01");
    check(&format!("run {wrong}.toml --known-failures {expired}"), Exit::Failed, &["expired on 2001-01-01"]);
    let stale = list("stale.list", FOUNDING_STORY, "9000-01-01");
    check(&format!("run {FOUNDING_STORY} --known-failures {stale}"), Exit::Failed, &["it passes, but is listed"]);
    let unmatched = list("unmatched.list", "no/such", "9000-01-01");
    check(&format!("run {FOUNDING_STORY} --known-failures {unmatched}"), Exit::Ok, &[]);
    check(&format!("run --known-failures {unmatched}"), Exit::Failed, &["`no/such` is listed as a known failure"]);
    check(&format!("run --known-failures {}", path("none")), Exit::Usage, &["none: No such file"]);
}

#[test]
fn problems_are_annotated() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "annotations");
    let story = fs::read_to_string(root().join(format!("scenarios/{FOUNDING_STORY}.toml"))).unwrap();
    let path = directory.join("wrong.toml").display().to_string();
    fs::write(&path, story.replacen("tries-left = 2", "tries-left = 1", 1)).unwrap();
    check(
        &format!("run {path} --format github"),
        Exit::Failed,
        &[&format!("\n::error file={path},line="), "title=AE05"],
    );
    check(&format!("run {path} --format json"), Exit::Failed, &[r#""problems":[{"code":"AE05"#]);
}

#[test]
fn all_scenarios_pass_and_are_reported() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "all-scenarios");
    let junit = directory.join("report.xml");
    let ran = Autoenroll::new(PROGRAM, ["run", "--junit"]).arg(&junit).run();
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let cases = ran.out.lines().filter(|line| line.starts_with("ok ")).count();
    let report = fs::read_to_string(junit).unwrap();
    let document = roxmltree::Document::parse(&report).unwrap();
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("testcase")).count(), cases);
    assert_eq!(ran.err, "", "progress without a terminal");
}

#[test]
fn shards_are_the_whole_together() {
    let names = |shard: &str| -> Vec<String> {
        let ran = autoenroll(&format!("run founding --format json {shard}"));
        let lines = ran.out.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let mut names: Vec<String> =
            lines.filter_map(|line| Some(line.get("scenario")?.as_str()?.to_owned())).collect();
        names.sort();
        names
    };
    let (mut parts, second, whole) = (names("--shard 1/2"), names("--shard 2/2"), names(""));
    assert!(!parts.is_empty() && !whole.is_empty() && parts.len().abs_diff(second.len()) <= 1);
    parts.extend(second);
    parts.sort();
    assert_eq!(parts, whole);
    // Jobs of a matrix play the whole unless they are told to share it.
    let in_matrix = |arguments: &str| {
        let task = Autoenroll::new(PROGRAM, arguments.split_whitespace());
        task.env("CI_NODE_INDEX", "2").env("CI_NODE_TOTAL", "2").run().out
    };
    for (arguments, expected) in [("", ""), (" --shard array", " --shard 2/2")] {
        let played = in_matrix(&format!("run founding --format json{arguments}"));
        assert_eq!(played, autoenroll(&format!("run founding --format json{expected}")).out, "{arguments}");
    }
}

#[test]
fn what_the_bench_knows_is_printed() {
    check("explain AE0503", Exit::Ok, &["AE0503", "two candidates"]);
    check("explain", Exit::Ok, &["AE0101", "AE0515"]);
    check("profiles", Exit::Ok, &["server-2003-sp1", "balloon-delay", "P7.36"]);
    check("profiles --format json", Exit::Ok, &[r#""switch":"timer""#]);
    check("fixtures", Exit::Ok, &["contoso", "gids-small", "SmartcardLogon"]);
    check("fixtures", Exit::Ok, &["the profile server-2003-sp1 looks here first", "`autoenroll fixtures NAME`"]);
    check("fixtures --format json", Exit::Ok, &[r#""kind":"world""#, r#""generation":"later""#]);
    let template = ["templates/win2003.toml", "templates/later.toml", "[[template]]\nname = \"Machine\""];
    check("fixtures Machine", Exit::Ok, &template);
    check("fixtures Computer", Exit::Ok, &template);
    check("fixtures contoso", Exit::Ok, &["# world contoso", "netbios = \"CONTOSO\""]);
    check("fixtures gids --format json", Exit::Ok, &[r#""kind":"card""#, r#""text":"about = "#]);
    check("fixtures Machin", Exit::Usage, &["there is no world, card or template `Machin`; did you mean `Machine`?"]);
    check("list founding", Exit::Ok, &["in brackets the profile where it is not the default one, server-2003-sp1"]);
    check("matrix", Exit::Ok, &["R040", " requirements: "]);
    check("matrix --format json", Exit::Ok, &[r#""id":"R040""#]);
    check("list", Exit::Ok, &[FOUNDING_STORY]);
    check("completions bash", Exit::Ok, &["-F _clap_complete_autoenroll autoenroll"]);
    check("--version", Exit::Ok, &["autoenroll 0.1.0"]);
}

#[test]
fn show_prints_a_timeline_or_the_canonical_trace() {
    check(
        &format!("show {FOUNDING_STORY}"),
        Exit::Ok,
        &["sees a balloon", "pin.enter", "issues ContosoSmartcardLogon#2"],
    );
    check(&format!("show {FOUNDING_STORY} --detail everything"), Exit::Ok, &["decision", "apdu"]);
    let trace = autoenroll(&format!("show {FOUNDING_STORY} --format json")).out;
    for line in trace.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(record["at"].is_u64() && record["kind"].is_string(), "{line}");
    }
    // The older name of the form.
    assert_eq!(autoenroll(&format!("show {FOUNDING_STORY} --json")).out, trace);
    // A detail tells the same records in both forms.
    for (detail, has_apdu, has_card) in [("story", false, false), ("work", false, true), ("everything", true, true)] {
        let told = autoenroll(&format!("show {FOUNDING_STORY} --format json --detail {detail}")).out;
        let kind = |kind: &str| told.contains(&format!(r#""kind":"{kind}""#));
        assert_eq!((kind("apdu"), kind("card"), kind("prompt")), (has_apdu, has_card, true), "{detail}");
        assert!(told.lines().all(|line| trace.contains(line)), "{detail}");
        assert_eq!(told == trace, detail == "everything");
    }
    // The wall clock stands beside the time since the start.
    check(&format!("show {FOUNDING_STORY}"), Exit::Ok, &["    08:01:00             16:01:00  alice sees an icon"]);
    let set = "show stores/a-certificate-of-tomorrow";
    check(set, Exit::Ok, &["    08:00:00             11:00:00  a"]);
}

#[test]
fn show_is_about_one_scenario() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "several-scenarios");
    for name in ["one", "other"] {
        fs::copy(root().join(format!("scenarios/{FOUNDING_STORY}.toml")), directory.join(format!("{name}.toml")))
            .unwrap();
    }
    check(&format!("show {}", directory.display()), Exit::Usage, &["say which one", "/one, ", "/other"]);
    check(&format!("show {}/one.toml --variant x", directory.display()), Exit::Usage, &["there is no such variant"]);
}

#[test]
fn names_are_taken_as_they_are_listed() {
    let story = "founding/balloon-clicked";
    check(
        &format!("list {story}"),
        Exit::Ok,
        &["founding/balloon-clicked[on-balloon]", "founding/balloon-clicked[on-icon]"],
    );
    check(&format!("run {story}[on-icon]"), Exit::Ok, &["1 scenario: 1 passed"]);
    check(&format!("run {story}[on-icon] {story}[on-balloon]"), Exit::Ok, &["2 scenarios: 2 passed"]);
    check(&format!("run {story}[on-icon] {story}"), Exit::Ok, &["2 scenarios: 2 passed"]);
    check(&format!("run scenarios/{story}.toml[on-icon]"), Exit::Ok, &["1 scenario: 1 passed"]);
    check(&format!("run {story}[x]"), Exit::Usage, &["no variant `x`", "on-balloon, on-icon"]);
    check("run founding/b[x]", Exit::Usage, &["say which one", story]);
    check(&format!("run scenarios/{story}.toml[on-icon] --bless"), Exit::Usage, &["for all its variants"]);
    check(&format!("show {story}[on-icon]"), Exit::Ok, &["clicks the icon"]);
    check(&format!("show {story} --variant on-icon"), Exit::Ok, &["clicks the icon"]);
    check(&format!("show {story}"), Exit::Usage, &["say which one", "[on-icon]"]);
    check(&format!("run {story}[on-icon] --timeline"), Exit::Ok, &[&autoenroll(&format!("show {story}[on-icon]")).out]);
}

#[test]
fn a_name_without_its_ending_is_taken_and_a_misspelt_one_is_answered() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "names");
    let story = fs::read_to_string(root().join(format!("scenarios/{FOUNDING_STORY}.toml"))).unwrap();
    fs::write(directory.join("mine.toml"), story).unwrap();
    let path = |name: &str| directory.join(name).display().to_string();
    for command in ["check", "run", "list", "show", "run --bless"] {
        check(&format!("{command} {}", path("mine")), Exit::Ok, &[]);
    }
    check(&format!("explain {}:7", path("mine")), Exit::Ok, &["step 7"]);
    check(&format!("fmt --check {}", path("mine")), Exit::Ok, &["none would change"]);
    for (asked, meant) in [
        (path("mien"), path("mine.toml")),
        (path("mine.tom"), path("mine.toml")),
        ("founding/second-provder".to_owned(), FOUNDING_STORY.to_owned()),
        ("second-provider".to_owned(), FOUNDING_STORY.to_owned()),
        ("secnd-provider".to_owned(), FOUNDING_STORY.to_owned()),
    ] {
        check(&format!("run {asked}"), Exit::Usage, &[&format!("did you mean `{meant}`?")]);
    }
    check(&format!("run {}", path("none/at-all")), Exit::Usage, &["`autoenroll list` lists the suite"]);
    // A name of the suite stays one, whatever files there are.
    check("run founding", Exit::Ok, &["founding/second-provider"]);
}

#[test]
fn what_other_programs_call_a_command_is_answered_with_its_name() {
    let commands = [("validate", "check"), ("lint", "check"), ("test", "run"), ("format", "fmt"), ("timeline", "show")];
    for (word, meant) in commands {
        check(word, Exit::Usage, &[&format!("unrecognized subcommand '{word}'"), &format!("'{meant}'")]);
    }
}

#[cfg(not(feature = "planted-bugs"))]
#[test]
fn a_command_of_another_build_says_which() {
    check("mutants", Exit::Usage, &["`mutants` is no part of this build", "--features planted-bugs -- mutants"]);
}

#[test]
fn explain_tells_where_a_step_of_a_sequence_is_written_and_done() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "sequence");
    let story = "scenario = 1\ntitle = \"t\"\n[world]\nextends = \"smart-card\"\n[sequences.card]\nsteps = [\n  { insert = \"alice-card\" },\n  \
                 { do = \"start-wizard-with-pin\", with = { pin = \"1234\" } },\n]\n[timeline]\nsteps = [\n  { logon = \"alice\" },\n  \
                 { do = \"card\" },\n  { expect = \"denied\" },\n]\n";
    fs::write(directory.join("card.toml"), story).unwrap();
    let path = directory.join("card").display().to_string();
    let (own, world) = (format!("{path}.toml:7, done in line 13"), "fixtures/worlds/contoso.toml:");
    // Steps are counted as they are played; a line that does a sequence is its first step.
    for (moment, words) in [
        (":2", [own.as_str(), "step 2"]),
        (":L7", [own.as_str(), "step 2"]),
        (":L13", [&own, "step 2"]),
        (":5", [world, "done in line 13"]),
    ] {
        check(&format!("explain {path}{moment}"), Exit::Ok, &words);
    }
    check(&format!("explain {path}:L12"), Exit::Ok, &["step 1"]);
    check(&format!("explain {path}:9"), Exit::Usage, &["has no step 9; it has 7"]);
    check(&format!("run {path}"), Exit::Failed, &["step 7"]);
}

#[test]
fn a_new_file_runs() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "new-file");
    for story in ["silent", "smart-card", "machine"] {
        let path = directory.join(story).display().to_string();
        check(&format!("new {path} --story {story} --title Mine"), Exit::Ok, &[&format!("{story}.toml is written")]);
        check(&format!("run {path}.toml"), Exit::Ok, &["1 passed"]);
        check(&format!("new {path}"), Exit::Usage, &["exists already, and is left as it is"]);
        check(&format!("new {path}.toml"), Exit::Usage, &["exists already"]);
    }
    let path = directory.join("later.toml").display().to_string();
    check(&format!("new {path} --profile windows-95"), Exit::Usage, &["there is no profile `windows-95`"]);
    check(&format!("new {path} --profile windows-10-22h2"), Exit::Ok, &["is written"]);
    assert!(fs::read_to_string(&path).unwrap().contains("profile = \"windows-10-22h2\""));
    check(&format!("new {}", directory.join("none/story").display()), Exit::Usage, &["story.toml cannot be written"]);
}

#[test]
fn blessing_changes_the_values_that_differ_and_nothing_else() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "bless");
    let story = fs::read_to_string(root().join(format!("scenarios/{FOUNDING_STORY}.toml"))).unwrap();
    let wrong = story.replacen("tries-left = 2", "tries-left = 1", 1);
    assert_ne!(story, wrong, "the founding story counts the tries");
    fs::write(directory.join("story.toml"), &wrong).unwrap();
    let path = directory.join("story.toml").display().to_string();
    check(&format!("run {path}"), Exit::Failed, &["tries-left"]);
    check(&format!("run {path} --bless"), Exit::Ok, &["blessed", "1 change"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), story);
    check(&format!("run {path} --bless"), Exit::Ok, &["same", "0 changes"]);
    check(&format!("run {FOUNDING_STORY} --bless"), Exit::Usage, &["inside this program"]);
}

#[test]
fn blessing_with_steps_says_what_is_new_and_what_is_left() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "bless-steps");
    let path = directory.join("story.toml");
    let story = |steps: &str| {
        format!(
            "scenario = 1\ntitle = \"t\"\n[world]\nextends = \"contoso\"\n[[world.template]]\nname = \"ContosoLogon\"\n\
             based-on = \"SmartcardLogon\"\nflags = [\"auto-enrollment\"]\nproviders = [\"Vendor Card CSP\"]\n\
             allow = {{ alice = [\"enroll\", \"autoenroll\"] }}\n[timeline]\nsteps = [\n  {{ logon = \"alice\" }},\n{steps}]\n"
        )
    };
    let bless = |exit: Exit, expected: &[&str]| check(&format!("run {} --bless=steps", path.display()), exit, expected);
    let changed = |from: &str, to: &str| {
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{text}");
        fs::write(&path, text.replace(from, to)).unwrap();
    };
    let put = |text: String| fs::write(&path, text).unwrap();
    // A story that ends too early says so and is left as it is.
    put(story(""));
    bless(
        Exit::Ok,
        &[
            "same",
            "0 changes",
            "ends at 00:00:00 (2026-03-02 08:00:00), but the run of alice waits for the balloon's delay",
            "due at 00:01:00",
        ],
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), story(""));
    // Each round shows its steps; one that waits for its author is no error, but not done either.
    put(story("  { after = \"1m\", expect = \"balloon\" },\n  { click = \"balloon\" },\n"));
    let round = bless(
        Exit::Failed,
        &[
            "1 change\n",
            "line 16: added: { prompt = \"wizard.start\"",
            "put \"start\", \"remind\" or \"details\" in place of \"hold\"",
        ],
    );
    assert!(!round.contains("error"), "{}", round);
    // Blessed without an answer it has the error of the run, at the answer.
    let again = bless(
        Exit::Failed,
        &["0 changes", "error[AE0506]", "story.toml:16:", "help: put \"start\", \"remind\" or \"details\""],
    );
    assert!(!again.contains("AE0502"), "{}", again);
    changed("\"hold\"", "\"start\"");
    bless(Exit::Failed, &["line 17: added: { prompt = \"card.insert\"", "put \"ok\" or \"cancel\" in place"]);
    changed("\"hold\"", "\"cancel\"");
    bless(Exit::Failed, &["added: { prompt = \"summary\"", "put \"close\" in place"]);
    changed("\"hold\"", "\"close\"");
    bless(Exit::Ok, &["same", "0 changes"]);
    // A `never` that new steps interrupt guards less.
    changed("\"close\" },", "\"close\" },\n  { never = \"request\", until = \"2h\" },");
    let round = bless(
        Exit::Ok,
        &[
            "added: { at = \"1h31m\", expect = \"balloon\" }",
            "`never` guards from 01:31:00 (2026-03-02 09:31:00) on only, no longer from 00:01:00",
        ],
    );
    assert!(!round.contains("hold"), "{}", round);
    bless(Exit::Ok, &["same", "the run of alice waits for a click"]);
}

#[test]
fn causes_are_explained() {
    check(
        &format!("explain {FOUNDING_STORY}:10"),
        Exit::Ok,
        &["because", "Group Policy is applied", "R050 yes for Contoso", "S8.occupied yes for alice-card"],
    );
    check(&format!("explain {FOUNDING_STORY}"), Exit::Ok, &["run of alice", "is enrolled: "]);
    check(&format!("explain {FOUNDING_STORY}:1"), Exit::Ok, &["is an action"]);
    check(&format!("explain {FOUNDING_STORY}:99"), Exit::Usage, &["has no step 99"]);
}

#[test]
fn fixtures_of_ones_own_come_first_and_are_read_by_each_run() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "own-fixtures");
    fs::create_dir_all(directory.join("worlds/lab")).unwrap();
    let put = |path: &str, text: &str| fs::write(directory.join(path), text).unwrap();
    put(
        "story.toml",
        "scenario = 1\ntitle = \"A world of a lab\"\n[world]\nextends = \"lab/mine\"\n\
         [timeline]\nsteps = [{ logon = \"carol\" }]\n",
    );
    put("worlds/lab/mine.toml", "scenario = 1\n[world]\nextends = \"contoso\"\n");
    let run = format!("run {} --fixtures {}", directory.join("story.toml").display(), directory.display());
    check(&run, Exit::Usage, &["AE0303", "`carol`"]);
    // This one comes before the one of that name inside the program.
    put("worlds/contoso.toml", "scenario = 1\n[world]\ncolour = \"red\"\n");
    check(&run, Exit::Usage, &["AE0307", "no key `colour`"]);
    put(
        "worlds/contoso.toml",
        "scenario = 1\n[[world.user]]\nname = \"carol\"\n[[world.computer]]\nname = \"LAB01\"\n",
    );
    check(&run, Exit::Ok, &["1 passed"]);
}

#[test]
fn an_imported_directory_is_a_world_to_extend() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "imported");
    fs::create_dir_all(directory.join("worlds")).unwrap();
    let ldif = "dn: CN=MineUser,CN=Certificate Templates,CN=Public Key Services,CN=Services,CN=Configuration,DC=mine,DC=test\n\
        objectClass: top\nobjectClass: pKICertificateTemplate\ncn: MineUser\nrevision: 100\nmsPKI-Template-Schema-Version: 2\n\
        msPKI-Template-Minor-Revision: 1\nmsPKI-Minimal-Key-Size: 2048\n";
    fs::write(directory.join("pki.ldif"), ldif).unwrap();
    let path = |name: &str| directory.join(name).display().to_string();
    let imported = autoenroll(&format!("import --extends contoso {}", path("pki.ldif")));
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    fs::write(directory.join("worlds/mine.toml"), &imported.out).unwrap();
    let story = "scenario = 1\ntitle = \"A world of one's own\"\n[world]\nextends = \"mine\"\n[[world.template]]\n\
        name = \"Copy\"\nbased-on = \"User\"\n[timeline]\nsteps = [{ logon = \"alice\" }]\n";
    fs::write(directory.join("story.toml"), story).unwrap();
    check(&format!("run {} --fixtures {}", path("story.toml"), directory.display()), Exit::Ok, &["1 passed"]);
    check(&format!("check {}", path("story.toml")), Exit::Usage, &["AE0301", "`mine`"]);
    check(
        &format!("check {} --fixtures {}", path("story.toml"), path("none")),
        Exit::Usage,
        &["no directory of fixtures"],
    );
    check(&format!("import {}", path("none.ldif")), Exit::Usage, &["cannot be read"]);
}

#[test]
fn pins_stay_in_the_scenario() {
    let trace = autoenroll(&format!("show {FOUNDING_STORY} --format json")).out;
    // The digits as a text, and as the VERIFY command carries them.
    for pin in ["\"1234\"", "31323334", "\"0000\""] {
        assert!(!trace.contains(pin), "the trace shows the PIN as {pin}");
    }
}
