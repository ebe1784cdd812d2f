//! `autoenroll check-trace`: good traces pass, one edit breaks one invariant, and what is no trace is refused at its
//! line.
#![expect(clippy::panic, reason = "a test that cannot go on ends")]

use autoenroll_tests::{Autoenroll, Ran};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

fn trace_of(story: &str) -> String {
    let shown = Autoenroll::new(PROGRAM, ["show", "--format", "json", story]).run();
    assert_eq!((shown.code, shown.err.as_str()), (Some(0), ""), "{story}");
    shown.out
}

fn check(trace: impl Into<String>, more: &[&str]) -> Ran {
    Autoenroll::new(PROGRAM, ["check-trace", "-"].iter().chain(more)).input(trace).run()
}

/// The trace with one line changed: the first that has all of `marks` in it.
fn edited(trace: &str, marks: &[&str], old: &str, new: &str) -> String {
    let mut lines: Vec<String> = trace.lines().map(str::to_owned).collect();
    let line = lines.iter_mut().find(|line| marks.iter().all(|mark| line.contains(mark)) && line.contains(old));
    let line = line.unwrap_or_else(|| panic!("no line has {marks:?} and {old}"));
    *line = line.replacen(old, new, 1);
    lines.join("\n") + "\n"
}

/// The invariants that the JSON form calls broken.
fn broken(trace: &str) -> Vec<String> {
    let ran = check(trace, &["--format", "json"]);
    let lines = ran.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a JSON line"));
    let broken = lines.filter(|line| line["verdict"] == "broken");
    broken.map(|line| line["invariant"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn the_trace_of_every_founding_story_keeps_every_invariant() {
    let listed = Autoenroll::new(PROGRAM, ["list", "--format", "json", "founding"]).run().out;
    let mut stories = 0;
    for line in listed.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
        let story = line["scenario"].as_str().expect("a name");
        let ran = check(trace_of(story), &[]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{story}: {}", ran.out);
        assert!(ran.out.ends_with(" 0 broken, 27 hold, 3 not judged\n"), "{story}: {}", ran.out);
        stories += 1;
    }
    assert!(stories > 30, "only {stories} stories");
}

/// An edit of one line: marks of the line, what stands there, what comes in its place.
type Edit = (&'static [&'static str], &'static str, &'static str);

#[test]
fn an_edited_trace_breaks_the_invariant_that_the_edit_is_about() {
    let check = |invariant: &str, story: &str, edits: &[Edit]| {
        let trace = edits.iter().fold(trace_of(story), |trace, (marks, old, new)| edited(&trace, marks, old, new));
        assert_eq!(broken(&trace), [invariant], "{story}");
    };
    let founding = "founding/second-provider";
    check("contract", founding, &[(&[], r#""kind":"icon-hidden""#, r#""kind":"balloon-hidden""#)]);
    check("pin-given", founding, &[(&[r#""op":"verify-pin""#], r#""pin":true"#, r#""pin":false"#)]);
    let accepted: Edit = (&[r#""command":"0020008004ffffffff""#], r#""response":"9000""#, r#""response":"63c1""#);
    let [pin, first, cancel] = [r#""answer":"pin""#, r#""answer":"1""#, r#""answer":"cancel""#];
    check("pin-spent", founding, &[accepted, (&[], pin, first), (&[], pin, cancel), (&[], first, pin)]);
    check("retry-counter", founding, &[(accepted.0, accepted.1, r#""response":"63c2""#)]);
    check("default-container", founding, &[(&["card.replace-default"], r#""answer":"yes""#, r#""answer":"no""#)]);
    let archived = [r#""archived":false"#, r#""archived":true"#];
    check("enrolled", founding, &[(&[r#""kind":"store""#, r#""store":"my""#], archived[0], archived[1])]);
    check(
        "duplicate-request",
        "founding/two-items-one-run",
        &[
            (&[r#""kind":"issued""#], r#""kind":"issued""#, r#""kind":"pending""#),
            (&[r#""kind":"item-ended""#, FIRST], r#""outcome":"enrolled""#, r#""outcome":"pending""#),
            (&[r#""kind":"item-started""#, SECOND], SECOND, FIRST),
            (&[r#""kind":"request""#, SECOND], SECOND, FIRST),
        ],
    );
    check("prompts", founding, &[(&[r#""prompt":"card.insert""#], r#""kind":"answer""#, r#""kind":"click""#)]);
    check(
        "silent-success",
        "founding/all-providers-cancelled",
        &[(&[r#""point":"summary""#], FAILURES, r#""failures":[],"first":["#)],
    );
    let twice = r#""failures":["another","#;
    check("summary", "founding/pin-wrong-to-the-limit", &[(&[r#""point":"summary""#], FAILURES, twice)]);
    check("logged-off", founding, &[(&[r#""on":"icon""#], r#""kind":"click""#, r#""kind":"logoff""#)]);
    let log_out = r#""command":"00200082""#;
    check("card-locked", founding, &[(&[], log_out, r#""command":"00200083""#)]);
    check("answer-card", founding, &[(&[r#""point":"pin.enter""#], r#""card":"alice-card""#, r#""card":"another""#)]);
    let closed = "wizard/closed-while-a-key-is-made[card]";
    let generate = r#""op":"generate","card":"alice-card""#;
    let written = r#""op":"write-certificate","card":"alice-card","container":"alice-card/1""#;
    let default: Edit = (&[], r#""default-container":"alice-card/1""#, r#""other-container":"alice-card/1""#);
    // What an earlier request has left may go: here it is said of something else.
    let left: Edit = (&[r#""rule":"P7.39""#], r#""container":"alice-card/1""#, r#""container":"alice-card/9""#);
    check("replaced-first", closed, &[(&[r#""kind":"card""#], generate, written), default, left]);
    let kept: Edit = (&[], r#""op":"archive-certificate""#, r#""op":"look""#);
    let renewed = "cards/one-card-is-asked-once[renewal]";
    check("replaced-all", renewed, &[kept, (&[], r#""kind":"archived""#, r#""kind":"click""#)]);
    let given_up: Edit = (&[], r#""rule":"P7.39""#, r#""rule":"R011""#);
    check("entry-ends", "failures/a-core-that-ends-alone[before-it-is-sent]", &[given_up]);
    let checked: Edit = (&[r#""op":"inspect""#], r#": 0x00000000 S_OK"]"#, r#": 0x80092010 CRYPT_E_REVOKED"]"#);
    check("judged", founding, &[checked]);
    let once: Edit = (&[r#""kind":"item-ended""#], "0x80094011 CERTSRV_E_ENROLL_DENIED", "0x800706BA");
    check("counted", "machines/a-renamed-computer-gives-up", &[once]);
    let stated = r#""kind":"violation","facts":{"invariant":"rest","reason":"it goes on and on"}"#;
    check("rest", founding, &[(&[r#""at":57600000000000"#], r#""kind":"run-ended""#, stated)]);
}

const FIRST: &str = r#""template":"CorpCard""#;
const SECOND: &str = r#""template":"CorpSign""#;
const FAILURES: &str = r#""failures":["#;

#[test]
fn what_is_broken_is_told_with_its_record() {
    let trace = trace_of("founding/second-provider");
    let ran = check(edited(&trace, &["card.replace-default"], r#""answer":"yes""#, r#""answer":"no""#), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    let told: Vec<&str> =
        ran.out.lines().skip_while(|line| !line.starts_with("broken")).take(4).map(str::trim).collect();
    let [title, record, expected, found] = told[..] else { panic!("{}", ran.out) };
    assert_eq!(title, "broken      default-container");
    assert!(record.starts_with("record ") && record.ends_with(": 08:01:08 alice card-done"), "{record}");
    let rule =
        "A default container that holds key and certificate is replaced only after a Yes to `card.replace-default`,";
    assert!(expected.starts_with(&format!("expected: {rule}")), "{expected}");
    assert_eq!(found, "found: the default container Slot0 was replaced without a Yes");
    assert!(ran.out.ends_with("372 records: 1 broken, 26 hold, 3 not judged\n"), "{}", ran.out);
}

#[test]
fn what_is_no_trace_is_refused_at_its_line() {
    let good = r#"{"id":0,"at":0,"actor":"alice","kind":"logon"}"#;
    let check = |second: &str, expected: &str| {
        let ran = check(format!("{good}\n{second}\n"), &[]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", &second[..second.len().min(80)]);
        assert!(ran.err.starts_with(&format!("autoenroll: standard input: line 2: {expected}")), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    };
    check("no JSON", "not a record in JSON: ");
    check("[]", "not a record in JSON: ");
    check(r#"{"id":1,"at":0,"actor":"alice","kind":"of-tomorrow"}"#, "not a record in JSON: ");
    check(r#"{"id":1,"at":-1,"actor":"alice","kind":"logon"}"#, "not a record in JSON: ");
    check(r#"{"id":1,"at":0,"actor":"alice","kind":"logon","facts":{"a":{"b":1}}}"#, "not a record in JSON: ");
    check(r#"{"id":7,"at":0,"actor":"alice","kind":"logon"}"#, "the id must be 1, and 7 came");
    check(r#"{"id":1,"at":0,"actor":"alice","kind":"logon","causes":[4]}"#, "the cause 4 is not an earlier record");
    let deep = "[".repeat(200_000);
    let record = r#"{"id":1,"at":0,"actor":"alice","kind":"logon","facts":{"a":"#;
    check(&format!("{record}{deep}"), "not a record in JSON: recursion limit exceeded");
    check(&"x".repeat(2 << 20), "longer than 1048576 bytes");
    for format in ["text", "json"] {
        for nothing in ["", "\n", "\n  \n\t\r\n\n"] {
            let ran = self::check(nothing, &["--format", format]);
            assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{nothing:?}");
            assert!(ran.err.starts_with("autoenroll: standard input: there is no record in it; "), "{}", ran.err);
            assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        }
    }
    let missing = Autoenroll::new(PROGRAM, ["check-trace", "no/such/trace.jsonl"]).run();
    assert_eq!(missing.code, Some(2));
    assert!(missing.err.starts_with("autoenroll: no/such/trace.jsonl: cannot be read: "), "{}", missing.err);
}

#[test]
fn json_says_of_each_invariant_what_it_took_and_what_came() {
    let ran = check(r#"{"id":0,"at":5,"actor":"alice","kind":"balloon-hidden"}"#, &["--format", "json"]);
    assert_eq!(ran.code, Some(1));
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 31, "{}", ran.out);
    let contract = &lines[0];
    assert_eq!(contract["verdict"], "broken");
    assert_eq!(
        contract["violations"],
        serde_json::json!([{
            "record": 0, "at": 5, "actor": "alice", "kind": "balloon-hidden",
            "found": "a balloon is hidden that is not shown"
        }])
    );
    assert_eq!((&lines[1]["verdict"], &lines[1]["beyond"]), (&"holds".into(), &serde_json::Value::Null));
    assert_eq!((&lines[16]["kind"], &lines[16]["switch"]), (&"hygiene".into(), &"known-keys".into()));
    assert_eq!(lines[30], serde_json::json!({ "records": 1, "holds": 26, "broken": 1, "not-judged": 3 }));
}
