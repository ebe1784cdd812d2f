//! `autoenroll observe`: logs as public pages show them are those of the stories, one changed field is named with the
//! entry it contradicts, and a log of some other machine says so.

use std::fs;

use autoenroll_cli::Exit;
use autoenroll_tests::{Autoenroll, Ran, root, scratch};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");
const LIFE: (&str, &str) = ("life-of-a-certificate.xml", "events/life-of-a-certificate");
const FAILED: (&str, &str) = ("renewed-and-failed.xml", "events/renewed-and-failed[windows-10-22h2]");
const CLASSIC: (&str, &str) = ("classic-utf-16.xml", "events/renewed-and-failed[server-2003-sp1]");
const DENIED: (&str, &str) = ("denied.xml", "events/a-request-that-waits-and-is-denied[new]");
const RUN: (&str, &str) = ("run-failed.xml", "events/run-failed");
const PASSED_OVER: (&str, &str) = ("templates-passed-over.xml", "events/templates-that-are-passed-over[full]");
const MACHINE: (&str, &str) = ("machine.xml", "events/modern-sources");

fn observe(arguments: &[&str]) -> Ran {
    let ran = Autoenroll::new(PROGRAM, ["observe"].iter().chain(arguments)).run();
    assert!(!format!("{}{}", ran.out, ran.err).contains('\u{1b}'), "colours without a terminal: {arguments:?}");
    ran
}

fn path(log: &str) -> String {
    format!("tests/logs/{log}")
}

/// What `--format json` prints, line by line.
fn lines(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

#[test]
fn each_published_event_is_attributed_to_its_entry() {
    let check = |log: &str, entries: &[&str]| {
        let ran = observe(&["--format", "json", &path(log)]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{log}");
        let lines = lines(&ran);
        for entry in entries {
            let number: u64 = entry.rsplit('.').next().unwrap_or_default().parse().expect("a number");
            let found = lines.iter().any(|line| line["entry"] == *entry && line["facts"]["id"] == number);
            assert!(found, "{log}: {entry}\n{}", ran.out);
        }
        assert!(lines.iter().all(|line| line["entry"].is_string()), "{log}: {}", ran.out);
        let text = observe(&[&path(log)]);
        assert_eq!(text.out.lines().filter(|line| line.contains("event log of")).count(), lines.len(), "{log}");
    };
    check(LIFE.0, &["E5.2.64", "E5.4.19", "E5.4.20", "E5.5.1001", "E5.5.1003", "E5.5.1006"]);
    check(FAILED.0, &["E5.4.13", "E5.4.16", "E5.4.20", "E5.2.64"]);
    check(CLASSIC.0, &["E5.3.13", "E5.3.16", "E5.3.20"]);
    check(DENIED.0, &["E5.4.21", "E5.4.32", "E5.4.9"]);
    check(RUN.0, &["E5.2.6"]);
    check(PASSED_OVER.0, &["E5.4.46", "E5.4.47", "E5.4.48", "E5.4.56"]);
    check(MACHINE.0, &["E5.2.2", "E5.2.3", "E5.4.19", "E5.5.1006", "E5.5.1008"]);
    let roaming = observe(&["--format", "json", &path("credential-roaming.xml")]);
    assert_eq!(lines(&roaming)[0]["entry"], "E5.1.other");
}

#[test]
fn a_log_of_the_story_agrees_in_everything() {
    for (log, story) in [LIFE, FAILED, CLASSIC, DENIED, RUN, PASSED_OVER, MACHINE] {
        let ran = observe(&["--against", story, "--format", "json", &path(log)]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{log}: {}", ran.out);
        let lines = lines(&ran);
        let sums = lines.last().expect("a last line");
        let whole = [&sums["differ"], &sums["unknown"], &sums["outside"]].iter().all(|sum| **sum == 0);
        assert!(whole && sums["agree"] == lines.len() - 1, "{log}: {sums}");
    }
}

#[test]
fn one_changed_field_is_named_with_what_it_contradicts() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "observe-changed");
    let check = |(log, story): (&str, &str), old: &str, new: &str, what: &str, rules: &[&str]| {
        let text = fs::read_to_string(root().join(path(log))).expect("the log");
        assert!(text.contains(old), "{log}: {old}");
        let changed = directory.join(log);
        fs::write(&changed, text.replacen(old, new, 1)).expect("a file");
        let changed = changed.display().to_string();
        let ran = observe(&["--against", story, "--format", "json", &changed]);
        assert_eq!(ran.code, Some(i32::from(Exit::Failed.code())), "{log}: {new}\n{}{}", ran.out, ran.err);
        let lines = lines(&ran);
        let differences: Vec<&Value> =
            lines.iter().filter_map(|line| line["differences"].as_array()).flatten().collect();
        let [difference] = differences.as_slice() else { unreachable!("one difference: {}", ran.out) };
        assert_eq!(
            (&difference["what"], &difference["rules"]),
            (&what.into(), &serde_json::json!(rules)),
            "{log}: {new}"
        );
        let text = observe(&["--against", story, &changed]).out;
        assert!(rules.iter().all(|rule| text.contains(&format!("  {rule}  "))), "{text}");
    };
    check(FAILED, "0x800706ba", "0x80070005", "code", &["E5.4.13", "S11.denied"]);
    check(FAILED, ">16<", ">13<", "id", &["E5.4.16", "S11.denied"]);
    check(FAILED, ">20<", ">19<", "id", &["E5.4.20"]);
    check(FAILED, "<Level>3", "<Level>2", "severity", &["E5.2.64"]);
    check(RUN, "0x8007054b", "0x8007203a", "code", &["E5.2.6", "R020"]);
    check(DENIED, ">9<", ">13<", "id", &["E5.4.9", "R061"]);
    check(DENIED, r"example\Contoso Issuing CA", r"example\Corp CA", "ca", &["E5.4.21", "R086"]);
    check(PASSED_OVER, ">NotOffered<", ">Offered<", "template", &["E5.4.47", "R042"]);
    check(
        LIFE,
        "NewCertificateDetails Thumbprint='e",
        "NewCertificateDetails Thumbprint='f",
        "new-certificate",
        &["E5.5.1001"],
    );
    check(LIFE, ">1003<", ">1002<", "unpredicted", &["E5.5.1002"]);
    check(MACHINE, "Lifecycle-System'", "Lifecycle-User'", "unpredicted", &["E5.5.1006"]);
    check(MACHINE, ">Local system<", ">CORP\\bob<", "context", &["E5.4.19"]);
}

#[test]
fn a_log_of_another_profile_differs_in_its_sources() {
    let ran = observe(&["--against", FAILED.1, &path(CLASSIC.0)]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let source = "source: predicted CertificateServicesClient-CertEnroll, found AutoEnrollment";
    assert_eq!(ran.out.matches(source).count(), 3, "{}", ran.out);
    let ran = observe(&["--against", FAILED.1, "--profile", "server-2003-sp1", &path(CLASSIC.0)]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.err.starts_with(&format!("{}: it does not pass here", FAILED.1)), "{}", ran.err);
}

#[test]
fn a_log_of_another_machine_says_that_nothing_is_in_it() {
    for against in [&[][..], &["--against", RUN.1], &["--format", "json"]] {
        let ran = observe(&[&[path("other-machine.xml").as_str()][..], against].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(i32::from(Exit::Usage.code())), ""), "{against:?}");
        let words = "tests/logs/other-machine.xml: nothing of autoenrollment is in it: of 3 events none are of";
        assert!(ran.err.starts_with(&format!("autoenroll: {words}")), "{}", ran.err);
    }
    let ran = observe(&["--against", RUN.1, &path("credential-roaming.xml")]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.ends_with("1 outside the story\nnothing in the log goes with the story\n"), "{}", ran.out);
}

#[test]
fn several_logs_are_one_story_and_a_trace() {
    let ran = observe(&[&path("system.xml"), &path(RUN.0)]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    for line in [
        "from 2026-03-02T07:58:02.1Z",
        "00:00:00  PC042 starts",
        "00:00:18.4  Group Policy is applied for PC042, with other values",
        "00:00:28.9  event log of PC042: CertificateServicesClient-AutoEnrollment 6, error (0x8007054B ERROR_NO_SUCH_DOMAIN)  E5.2.6",
        "00:01:07.9  S-1-5-21-1004336348-1177238915-682003330-1104 logs on at PC042",
        "08:32:57.9  PC042 is shut down",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.out);
    }
    let both = observe(&["--against", RUN.1, &path("system.xml"), &path(RUN.0), &path(RUN.0)]);
    assert!(both.out.ends_with("1 agree, 0 differ, 0 unknown, 0 outside the story\n"), "{}", both.out);
    let trace = observe(&["--format", "json", &path("system.xml"), &path(LIFE.0)]).out;
    let judged = Autoenroll::new(PROGRAM, ["check-trace", "-"]).input(trace).run();
    assert_eq!((judged.code, judged.err.as_str()), (Some(0), ""), "{}", judged.out);
}

#[test]
fn what_a_terminal_obeys_is_shown_instead() {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), "observe-terminal");
    let text = fs::read_to_string(root().join(path(DENIED.0))).expect("the log");
    let log = directory.join("log.xml");
    fs::write(&log, text.replace("bob", "b\u{9b}2J\u{202e}b").replace("ContosoUser", "a&#13;b")).expect("a file");
    let ran = observe(&[&log.display().to_string()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains(r"event log of b\u{9b}2J\u{202e}b: "), "{}", ran.out);
    let unseen = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!ran.out.contains(unseen), "{:?}", ran.out);
    fs::write(&log, "<Event><a\u{9b}\u{202e}/></Event>").expect("a file");
    let ran = observe(&[&log.display().to_string(), &path(RUN.0)]);
    assert!(ran.err.contains("log.xml: an event") && !ran.err.contains(unseen), "{:?}", ran.err);
}

#[test]
fn what_cannot_be_read_is_a_usage_error() {
    let check = |arguments: &[&str], words: &str| {
        let ran = observe(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?} {}", ran.err);
        assert!(ran.err.contains(words), "{arguments:?} {}", ran.err);
    };
    let log = path(RUN.0);
    check(&[], "<FILE>...");
    check(&["no-such.xml"], "no-such.xml cannot be read");
    check(&["README.md"], "README.md: there is no event in it; expected .evtx, or XML with `Event` elements");
    check(&["/dev/zero"], "/dev/zero cannot be read: it is no regular file");
    check(&["--profile", "server-2025", &log], "--against <SCENARIO>");
    check(&["--against", "no-such-story", &log], "there is no file `no-such-story`");
    check(&["--against", "events/renewed-and-failed", &log], "say which one");
    check(&["--against", RUN.1, "--profile", "windows-95", &log], "there is no profile `windows-95`");
}
