//! What a log and a prediction have in common, and in what they differ.

use autoenroll_model::{Duration, Facts, SimTime};
use autoenroll_observe::{Log, Timeline, TooManyEvents, compare, read};
use autoenroll_trace::{Kind, Records, Trace};

const ENROLL: &str = "CertificateServicesClient-CertEnroll";
const RUN: &str = "CertificateServicesClient-AutoEnrollment";
const LIFE: &str = "CertificateServicesClient-Lifecycle-User";

/// An event in short: when, in seconds; of whom; from which source; its number, and its facts.
type Short = (u64, &'static str, &'static str, u16, &'static [(&'static str, &'static str)]);

fn trace(events: &[Short]) -> Records {
    let mut trace = Trace::new();
    for (at, who, source, id, more) in events {
        let mut facts = Facts::new().with("source", *source).with("id", *id).with("severity", severity(*id));
        facts.set("context", context(who).as_str());
        for (name, value) in *more {
            match value.parse::<u32>() {
                Ok(number) => facts.set(name, number),
                Err(_) => facts.set(name, *value),
            }
        }
        trace.push(SimTime::START + Duration::seconds(*at), who, Kind::Event, facts, vec![]);
    }
    trace.unpack()
}

fn severity(id: u16) -> &'static str {
    if matches!(id, 6 | 9 | 13 | 16) { "error" } else { "information" }
}

fn context(who: &str) -> String {
    if who.starts_with("PC") { "local system".to_owned() } else { format!("CORP\\{who}") }
}

fn log(events: &[Short]) -> Timeline {
    let text: String = events.iter().map(xml).collect();
    Timeline::new(&[read(text.as_bytes()).unwrap_or_else(|_| nothing())])
}

fn nothing() -> Log {
    read(xml(&(0, "PC1", "Application Error", 1, &[])).as_bytes()).expect("a log")
}

fn xml((at, who, source, id, more): &Short) -> String {
    let field = |name: &str, value: &str| match name {
        "template" => format!("<Data Name='TemplateName'>{value}</Data>"),
        "ca" => format!("<Data Name='CA'>ca01\\{value}</Data>"),
        "request-id" => format!("<Data Name='RequestId'>{value}</Data>"),
        "code" => format!("<Data Name='ErrorCode'>{value}</Data>"),
        _ => String::new(),
    };
    let fields: String = more.iter().map(|(name, value)| field(name, value)).collect();
    let thumbprints: String = more
        .iter()
        .filter_map(|(name, value)| match *name {
            "certificate" => Some(format!("<OldCertificateDetails Thumbprint='{value:0>40}'/>")),
            "new-certificate" => Some(format!("<NewCertificateDetails Thumbprint='{value:0>40}'/>")),
            _ => None,
        })
        .collect();
    let (account, level) = (context(who), if severity(*id) == "error" { 2 } else { 4 });
    let data = if *source == LIFE {
        format!("<UserData><D AccountName='{account}' Context='User'>{thumbprints}</D></UserData>")
    } else {
        format!("<EventData><Data Name='Context'>{account}</Data>{fields}</EventData>")
    };
    let (hours, minutes, seconds) = (8 + at / 3600, at / 60 % 60, at % 60);
    let prefix = if source.starts_with("Certificate") { "Microsoft-Windows-" } else { "" };
    format!(
        "<Event><System><Provider Name='{prefix}{source}'/><EventID>{id}</EventID><Level>{level}</Level>\
         <TimeCreated SystemTime='2026-03-02T{hours:02}:{minutes:02}:{seconds:02}Z'/><Channel>{source}</Channel>\
         <Computer>PC9.corp.example</Computer></System>{data}</Event>"
    )
}

/// What is said: each difference, then how many agree, how many are unknown and how many outside.
fn check(predicted: &[Short], logged: &[Short], differences: &[&str], sums: (usize, usize, usize)) {
    let (trace, timeline) = (trace(predicted), log(logged));
    let comparison = compare(&timeline, &trace).expect("few events");
    let found: Vec<String> = comparison
        .pairs
        .iter()
        .flat_map(|pair| &pair.differences)
        .map(|it| format!("{}: {} / {} {}", it.what.as_str(), it.predicted, it.found, it.rules.join(" ")))
        .collect();
    assert_eq!(found, differences);
    let agree = comparison.pairs.iter().filter(|pair| pair.differences.is_empty()).count();
    assert_eq!((agree, comparison.unknown.len(), comparison.outside), sums);
}

const DENIED: &[(&str, &str)] = &[("template", "Logon"), ("ca", "CA 1"), ("code", "0x80094012")];
const GOT: &[(&str, &str)] = &[("template", "Logon"), ("ca", "CA 1"), ("request-id", "2")];
const GOT_45: &[(&str, &str)] = &[("template", "Logon"), ("ca", "CA 1"), ("request-id", "45")];

#[test]
fn what_both_say_agrees_and_times_count_from_the_first_pair() {
    check(&[(28_800, "alice", ENROLL, 19, GOT)], &[(5, "alice", ENROLL, 19, GOT)], &[], (1, 0, 0));
    let timeline = log(&[(7, "bob", ENROLL, 19, GOT_45)]);
    let trace = trace(&[(2, "alice", RUN, 2, &[]), (5, "alice", ENROLL, 19, GOT)]);
    let comparison = compare(&timeline, &trace).expect("few events");
    assert_eq!(comparison.start.map(|start| start.to_string()).as_deref(), Some("2026-03-02T08:00:02Z"));
    assert_eq!(comparison.at(comparison.pairs[0].seen), SimTime::START + Duration::seconds(5));
    let pairs: Vec<String> = comparison.identities.iter().map(|(log, story)| format!("{log} is {story}")).collect();
    assert_eq!(pairs, ["bob is alice", "request 45 is request 2"]);
}

#[test]
fn what_a_log_lacks_is_unknown() {
    check(
        &[(0, "alice", RUN, 2, &[]), (0, "alice", ENROLL, 19, GOT), (0, "alice", RUN, 3, &[])],
        &[(0, "alice", ENROLL, 19, &[("template", "Logon")])],
        &[],
        (1, 2, 0),
    );
    check(&[(0, "alice", ENROLL, 19, GOT)], &[], &[], (0, 1, 0));
}

#[test]
fn what_the_story_lacks_is_a_difference_within_it_and_none_outside() {
    let run: Short = (30, "alice", RUN, 6, &[("code", "0x8007054B")]);
    check(
        &[(0, "alice", ENROLL, 13, DENIED)],
        &[(20, "alice", ENROLL, 13, DENIED), run, (3600, "alice", RUN, 6, &[])],
        &["unpredicted: nothing like it / CertificateServicesClient-AutoEnrollment 6 E5.2.6"],
        (1, 0, 1),
    );
    check(
        &[(0, "alice", ENROLL, 13, DENIED)],
        &[run],
        &["unpredicted: nothing like it / CertificateServicesClient-AutoEnrollment 6 E5.2.6"],
        (0, 1, 0),
    );
}

#[test]
fn each_field_is_compared() {
    let predicted: &[Short] = &[(0, "alice", ENROLL, 13, DENIED), (9, "alice", ENROLL, 19, GOT)];
    let good: Short = (9, "alice", ENROLL, 19, GOT);
    let changed = |event: Short, difference: &str| check(predicted, &[event, good], &[difference], (1, 0, 0));
    changed((0, "alice", ENROLL, 16, DENIED), "id: 13 / 16 E5.4.13");
    changed(
        (0, "alice", "AutoEnrollment", 13, DENIED),
        "source: CertificateServicesClient-CertEnroll / AutoEnrollment E5.4.13",
    );
    changed((0, "PC9", ENROLL, 13, DENIED), "context: CORP\\alice / local system E5.4.13");
    changed(
        (0, "alice", ENROLL, 13, &[("template", "Other"), ("ca", "CA 1"), ("code", "0x80094012")]),
        "template: Logon / Other E5.4.13",
    );
    changed(
        (0, "alice", ENROLL, 13, &[("template", "L ogON"), ("ca", "CA 2"), ("code", "0x80094012")]),
        "ca: CA 1 / CA 2 E5.4.13",
    );
    changed(
        (0, "alice", ENROLL, 13, &[("template", "Logon"), ("ca", "CA 1"), ("code", "0x80070005")]),
        "code: 0x80094012 / 0x80070005 E_ACCESSDENIED E5.4.13",
    );
}

#[test]
fn identities_may_differ_but_not_change() {
    let replaced: &[(&str, &str)] = &[("certificate", "aa"), ("new-certificate", "bb")];
    let story: &[Short] = &[
        (0, "alice", LIFE, 1006, &[("certificate", "new")]),
        (1, "alice", LIFE, 1001, &[("certificate", "old"), ("new-certificate", "new")]),
        (2, "carol", ENROLL, 21, GOT),
        (3, "carol", ENROLL, 14, GOT),
    ];
    let log = |installed, user, request| -> [Short; 4] {
        [
            (0, "bob", LIFE, 1006, installed),
            (1, "bob", LIFE, 1001, replaced),
            (2, "dave", ENROLL, 21, GOT_45),
            (3, user, ENROLL, 14, request),
        ]
    };
    check(story, &log(&[("certificate", "bb")], "dave", GOT_45), &[], (4, 0, 0));
    let print = |end: &str| format!("{end:0>40}");
    check(
        story,
        &log(&[("certificate", "cc")], "dave", GOT_45),
        &[&format!("new-certificate: new ({} so far) / {} E5.5.1001", print("cc"), print("bb"))],
        (3, 0, 0),
    );
    check(
        story,
        &log(&[("certificate", "bb")], "dave", GOT),
        &["request-id: request 2 (request 45 so far) / request 2 E5.4.14"],
        (3, 0, 0),
    );
    check(
        story,
        &log(&[("certificate", "bb")], "bob", GOT_45),
        &["context: carol (dave so far) / bob (alice so far) E5.4.14"],
        (3, 0, 0),
    );
}

#[test]
fn order_is_compared_but_not_between_logs_within_one_instant() {
    let enrolled: Short = (0, "alice", ENROLL, 19, GOT);
    let second: Short = (0, "alice", ENROLL, 16, &[("template", "Other"), ("code", "0x80094012")]);
    let third: Short = (0, "alice", ENROLL, 17, &[("template", "Third"), ("code", "0x80094012")]);
    let later = |(at, who, source, id, more): Short, by: u64| -> Short { (at + by, who, source, id, more) };
    check(
        &[enrolled, second, third],
        &[second, later(third, 1), later(enrolled, 2)],
        &["order: before CertificateServicesClient-CertEnroll 16 / after it E5.4.19"],
        (2, 0, 0),
    );
    let installed: Short = (0, "alice", LIFE, 1006, &[("certificate", "aa")]);
    check(&[installed, enrolled], &[enrolled, later(installed, 1)], &[], (2, 0, 0));
    check(
        &[installed, later(enrolled, 60)],
        &[enrolled, later(installed, 1)],
        &["order: before CertificateServicesClient-CertEnroll 19 / after it E5.5.1006"],
        (1, 0, 0),
    );
}

#[test]
fn too_many_events_are_refused() {
    let many: Vec<Short> = vec![(0, "alice", ENROLL, 19, GOT); 5000];
    let (trace, timeline) = (trace(&many), log(&many));
    assert_eq!(compare(&timeline, &trace), Err(TooManyEvents { logged: 5000, predicted: 5000 }));
}
