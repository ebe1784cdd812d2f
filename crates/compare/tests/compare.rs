//! Pairs of traces: where they part, and what differs by which rule.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use autoenroll_compare::{Comparison, FirstWhat, compare};
use autoenroll_model::{Fact, Facts, SimTime};
use autoenroll_trace::{RecordId, Records, Trace};

const MINUTE: u64 = 60_000_000_000;

/// A trace of lines such as `5 alice decision rule=R1 outcome=true < 0 1`: minutes, actor, kind, facts, causes.
fn trace(lines: &str) -> Records {
    let mut trace = Trace::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (line, causes) = line.split_once(" < ").unwrap_or((line, ""));
        let mut words = line.split(' ');
        let at = SimTime(words.next().unwrap().parse::<u64>().unwrap() * MINUTE);
        let (actor, kind) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
        let mut facts = Facts::new();
        for word in words {
            let (name, value) = word.split_once('=').unwrap();
            let fact = match (value, value.parse::<i64>()) {
                ("true", _) => Fact::Flag(true),
                ("false", _) => Fact::Flag(false),
                (_, Ok(number)) => Fact::Number(number),
                _ => value.into(),
            };
            facts.set(name, fact);
        }
        let causes = causes.split_whitespace().map(|id| RecordId(id.parse().unwrap())).collect();
        trace.push(at, actor, kind, facts, causes);
    }
    trace.unpack()
}

/// A comparison in a few words.
fn words(comparison: &Comparison) -> String {
    let id = |id: Option<RecordId>| id.map_or_else(|| "-".to_owned(), |id| id.0.to_string());
    let mut parts: Vec<String> = Vec::new();
    if let Some(first) = &comparison.first {
        let what = match first.what {
            FirstWhat::Difference => "differ",
            FirstWhat::Time => "time",
            FirstWhat::Order => "order",
            FirstWhat::End => "end",
        };
        parts.push(format!("{what} at {}/{} after {}", id(first.first), id(first.second), first.common));
    }
    for (rule, differences) in comparison.by_rule() {
        let each: Vec<String> = differences
            .iter()
            .map(|one| {
                let facts: Vec<&str> = one.facts.iter().map(|fact| fact.name.as_str()).collect();
                format!("{}/{} {}", id(one.first), id(one.second), facts.join(" ")).trim_end().to_owned()
            })
            .collect();
        parts.push(format!("{}: {}", rule.unwrap_or("none"), each.join(", ")));
    }
    for shift in &comparison.shifts {
        parts.push(format!("{:+}m x{}", shift.by / i128::from(MINUTE), shift.records));
    }
    if !comparison.reordered.is_empty() {
        parts.push(format!("order x{}", comparison.reordered.len()));
    }
    if comparison.beyond != [0, 0] {
        parts.push(format!("beyond {}/{}", comparison.beyond[0], comparison.beyond[1]));
    }
    if let Some(offset) = comparison.wall_offset {
        parts.push(format!("wall {:+}m", offset / i128::from(MINUTE)));
    }
    parts.push(format!("same {}", comparison.same));
    parts.join("; ")
}

/// What the comparison of two traces says; the other way round it says as much.
fn check(first: &str, second: &str, expected: &str) {
    let (first, second) = (trace(first), trace(second));
    let found = compare(&first, &second).unwrap();
    assert_eq!(words(&found), expected);
    let back = compare(&second, &first).unwrap();
    assert_eq!(back.is_same(), found.is_same());
    for trace in [&first, &second] {
        assert_eq!(words(&compare(trace, trace).unwrap()), format!("same {}", trace.records().len()));
    }
}

#[test]
fn what_is_given_in_order_or_made_from_keys_is_no_difference() {
    check("", "", "same 0");
    let first = "0 alice logon computer=WKS01\n1 CA issued ca=CA request-id=4 template=User certificate=User#4 serial=13702c7a000000000003";
    let second = "0 alice logon computer=WKS01\n1 CA issued ca=CA request-id=7 template=User certificate=User#7 serial=24702c7a000000000009";
    check(first, second, "same 2");
    check(
        "0 alice store op=put store=my container=alice/1",
        "0 alice store op=put store=my container=alice/12",
        "same 1",
    );
    check(
        "0 c apdu card=c command=00a4040009a0",
        "0 c apdu card=c command=00a4040011b0",
        "differ at 0/0 after 0; none: 0/0 command; same 0",
    );
    let long = "00a40400000000000000";
    check(&format!("0 c apdu card=c command={long}1"), &format!("0 c apdu card=c command={long}2"), "same 1");
    // A number that is taken anew for another certificate is a difference.
    let first = "0 a archived certificate=User#1\n1 a archived certificate=User#1";
    let second = "0 a archived certificate=User#2\n1 a archived certificate=User#3";
    check(first, second, "differ at 1/1 after 1; none: 1/1 certificate; same 1");
}

#[test]
fn other_times_are_told_once_for_each_length() {
    let first = "0 alice logon\n1 alice balloon\n2 alice icon\n9 alice logoff";
    check(
        first,
        "0 alice logon\n21 alice balloon\n22 alice icon\n29 alice logoff",
        "time at 1/1 after 1; +20m x3; same 4",
    );
    check(first, "0 alice logon\n3 alice balloon\n4 alice icon\n9 alice logoff", "time at 1/1 after 1; +2m x2; same 4");
    check(
        first,
        "0 alice logon\n3 alice balloon\n3 alice icon\n9 alice logoff",
        "time at 1/1 after 1; +2m x1; +1m x1; same 4",
    );
    check("9 alice logon", "3 alice logon", "time at 0/0 after 0; -6m x1; same 1");
}

#[test]
fn dates_go_with_their_records_or_with_the_clock() {
    let line = |at: u32, date: &str| format!("{at} CA issued ca=CA template=User not-after={date}");
    let dated = |at, hour: &str| line(at, &format!("2027-03-02T{hour}:00Z"));
    check(&dated(0, "08:00"), &dated(20, "08:20"), "time at 0/0 after 0; +20m x1; same 1");
    check(&dated(0, "08:00"), &dated(20, "08:00"), "time at 0/0 after 0; +20m x1; same 1");
    let several = |hours: [&str; 3]| hours.map(|hour| dated(0, hour)).join("\n");
    check(
        &several(["08:00", "09:00", "10:00"]),
        &several(["08:00", "09:00", "10:30"]),
        "differ at 2/2 after 2; none: 2/2 not-after; same 2",
    );
    check(&several(["08:00", "09:00", "10:00"]), &several(["09:00", "10:00", "11:00"]), "wall +60m; same 3");
}

#[test]
fn what_follows_stands_under_the_decision_that_led_to_it() {
    let before = "0 alice logon\n1 alice trigger trigger=logon < 0\n";
    let yes = "1 alice decision rule=R052 subject=User outcome=true < 1\n1 alice item-started template=User < 2\n2 CA request ca=CA < 3";
    let no = "1 alice decision rule=R052 subject=User outcome=false < 1\n3 alice logoff";
    check(
        &format!("{before}{yes}"),
        &format!("{before}{no}"),
        "differ at 2/2 after 2; R052: 2/2 outcome, 3/-, 4/-; beyond 0/1; same 2",
    );
    // Only one side decides, and nothing before it differs.
    let without = "3 alice logoff";
    check(
        &format!("{before}{yes}"),
        &format!("{before}{without}"),
        "differ at 2/- after 2; R052: 2/-, 3/-, 4/-; beyond 0/1; same 2",
    );
    // The same outcome from other facts leads to nothing.
    let of = |version: u32, key: &str| {
        format!("{before}1 a decision rule=R034 outcome=true highest={version} < 1\n1 a request ca=CA key={key} < 1")
    };
    check(&of(3, "x"), &of(4, "y"), "differ at 2/2 after 2; R034: 2/2 highest; none: 3/3 key; same 2");
    let of = |version: u32, key: &str| {
        format!("{before}1 a decision rule=R034 outcome=true highest={version} < 1\n1 a request ca=CA key={key} < 2")
    };
    check(&of(3, "x"), &of(4, "y"), "differ at 2/2 after 2; R034: 2/2 highest, 3/3 key; same 2");
}

#[test]
fn a_core_that_tells_no_decisions_is_compared_by_what_it_does() {
    let own = "0 a logon
        0 a decision rule=R008 outcome=true < 0
        0 a run-started trigger=logon < 1
        0 a decision rule=R052 outcome=true < 2
        0 a item-started template=User < 3
        0 CA decision rule=CA3 outcome=true
        1 a run-ended";
    let other = "0 a logon\n0 a run-started trigger=logon < 0\n0 CA decision rule=CA3 outcome=true\n1 a run-ended";
    check(own, other, "differ at 4/- after 2; R052: 4/-; same 4");
    assert_eq!(compare(&trace(own), &trace(other)).unwrap().untold, [2, 0]);
    // One that is not there at all decides nothing either, and that is a difference.
    check(
        own,
        "0 a logon\n0 a run-started trigger=logon < 0\n1 a run-ended",
        "differ at 4/- after 2; R052: 4/-; CA3: 5/-; same 3",
    );
}

#[test]
fn of_decisions_in_one_instant_the_first_leads_and_the_last_before_a_record() {
    let first = "0 a decision rule=A outcome=false\n0 a decision rule=B outcome=true\n0 a event source=s id=1\n1 a decision rule=D outcome=true\n9 a logoff";
    let second = "0 a decision rule=C outcome=false\n0 a decision rule=B outcome=false\n0 a event source=s id=2\n1 a decision rule=D outcome=true\n9 a logoff";
    check(first, second, "differ at 0/- after 0; A: 0/-; C: -/0; B: 1/1 outcome, 2/2 id; same 2");
    let first = "0 a decision rule=A outcome=true\n0 a decision rule=B outcome=true\n0 a decision rule=C outcome=true\n9 a logoff";
    check(first, "9 a logoff", "differ at 0/- after 0; A: 0/-, 1/-, 2/-; same 1");
}

#[test]
fn a_decision_about_something_else_leads_to_nothing_in_its_instant() {
    let side = |size: u32, extra: &str| {
        format!(
            "0 a decision rule=R075 subject=T outcome=true size={size}\n{extra}0 a software op=generate key={size} < 0\n\
             0 a event source=s id={size} template=T\n9 a logoff"
        )
    };
    let other = "0 a decision rule=R019 subject=DC1 outcome=false\n";
    check(
        &side(1024, other),
        &side(2048, ""),
        "differ at 0/0 after 0; R075: 0/0 size, 2/1 key; R019: 1/-; none: 3/2 id; same 1",
    );
    let same = "0 a decision rule=P7.9 subject=T outcome=false\n";
    check(
        &side(1024, same),
        &side(2048, ""),
        "differ at 0/0 after 0; R075: 0/0 size, 2/1 key; P7.9: 1/-, 3/2 id; same 1",
    );
}

#[test]
fn the_same_in_other_words_is_one_difference() {
    let first = "0 a event source=AutoEnrollment id=19\n1 a logoff";
    let second = "0 a event source=CertEnroll id=19\n1 a logoff";
    check(first, second, "differ at 0/0 after 0; none: 0/0 source; same 1");
    let first = "0 a decision rule=P7.43 subject=AutoEnrollment outcome=false\n1 a logoff";
    let second = "0 a decision rule=P7.43 subject=CertEnroll outcome=false\n1 a logoff";
    check(first, second, "differ at 0/0 after 0; P7.43: 0/0 subject; same 1");
    // Later by what comes before it is later, it is the same.
    let first = "0 a logon\n1 a event source=AutoEnrollment id=19\n5 a logoff";
    let second = "20 a logon\n21 a event source=CertEnroll id=19\n25 a logoff";
    check(first, second, "time at 0/0 after 0; none: 1/1 source; +20m x3; same 2");
    // At another moment it is another event.
    let first = "0 a event source=AutoEnrollment id=19\n5 a logoff";
    let second = "1 a event source=CertEnroll id=19\n5 a logoff";
    check(first, second, "differ at 0/- after 0; none: 0/-, -/0; same 1");
}

#[test]
fn the_order_within_an_instant_is_told_once() {
    let first = "0 a logon\n1 a balloon\n1 a icon\n1 a pulse\n2 a logoff";
    let second = "0 a logon\n1 a pulse\n1 a balloon\n1 a icon\n2 a logoff";
    let found = compare(&trace(first), &trace(second)).unwrap();
    assert!(found.differences.is_empty() && found.same == 5 && !found.is_same(), "{}", words(&found));
    check(first, second, "order at 3/1 after 3; order x1; same 5");
    let later = "0 a logon\n1 a balloon\n1 a icon\n2 a pulse\n2 a logoff";
    check(first, later, "time at 3/3 after 3; +1m x1; same 5");
}

#[test]
fn a_trace_that_ends_is_told_as_its_end() {
    let whole = "0 a logon\n1 a balloon\n2 a icon\n3 a logoff";
    check(whole, "0 a logon\n1 a balloon", "end at 2/- after 2; beyond 2/0; same 2");
    check("", whole, "end at -/0 after 0; beyond 0/4; same 0");
    check("0 a logon\n1 a balloon\n1 a icon", "0 a logon\n1 a balloon", "end at 2/- after 2; beyond 1/0; same 2");
    // What only one side has is no end when they differed before, or when the other goes on.
    let other = "0 a logon\n1 a pulse";
    check(whole, other, "differ at 1/- after 1; none: 1/-, -/1; beyond 2/0; same 1");
    check("0 a logon\n1 a balloon\n1 a icon", other, "differ at 1/- after 1; none: 1/-, 2/-, -/1; same 1");
}

#[test]
fn traces_without_anything_in_common_have_a_bound() {
    let of = |actor: &str, records: usize| {
        let mut trace = Trace::new();
        for record in 0..records {
            trace.push(SimTime(record as u64), actor, autoenroll_trace::Kind::Logon, Facts::new(), vec![]);
        }
        trace.unpack()
    };
    let error = compare(&of("a", 14_143), &of("b", 14_143)).unwrap_err();
    assert_eq!((error.first, error.second), (14_143, 14_143));
    assert!(error.to_string().starts_with("14143 and 14143 records"), "{error}");
    // Of what is common there may be more.
    assert!(compare(&of("a", 50_000), &of("a", 50_000)).unwrap().is_same());
}
