//! Each checker, over records written by hand: one a line, `actor kind name=value … < causes`; ids count the lines.

use autoenroll_model::{Fact, Facts, PinCache, PinId, Removal, SWITCHES, SimTime};
use autoenroll_trace::{Kind, RecordId, Trace};

use super::*;

fn fact(name: &str, text: &str) -> Fact {
    match (text.parse::<i64>(), text.parse::<bool>(), text.strip_prefix('[')) {
        (Ok(number), ..) if matches!(name, "failures" | "request-id") => Fact::Number(number),
        (_, Ok(flag), _) => Fact::Flag(flag),
        (.., Some(list)) => {
            let items = list.trim_end_matches(']').split(',').filter(|item| !item.is_empty());
            Fact::List(items.map(|item| item.into()).collect())
        }
        _ => text.into(),
    }
}

fn trace(records: &[&str]) -> Trace {
    let mut trace = Trace::new();
    for line in records {
        let (said, causes) = line.split_once(" <").unwrap_or((line, ""));
        let mut words = said.split_whitespace();
        let (actor, kind) = (words.next().unwrap(), words.next().unwrap());
        let mut facts = Facts::new();
        for word in words {
            let (name, value) = word.split_once('=').unwrap();
            facts.set(name, fact(name, value));
        }
        let causes = causes.split_whitespace().map(|id| RecordId(id.parse().unwrap())).collect();
        trace.push(SimTime(0), actor, kind.parse::<Kind>().unwrap(), facts, causes);
    }
    trace
}

/// What is broken, and at which record: `summary@3`.
fn broken(records: &[&str]) -> Vec<String> {
    judge(&trace(records)).iter().map(|found| format!("{}@{}", found.invariant, found.record.0)).collect()
}

fn check(records: &[&str], expected: &[&str]) {
    assert_eq!(broken(records), expected, "{records:#?}");
}

#[test]
fn every_invariant_has_a_row_and_says_what_it_lacks() {
    let rows: Vec<Invariant> = INVARIANTS.iter().map(|row| row.invariant).collect();
    assert_eq!(rows, Invariant::ALL);
    for row in INVARIANTS {
        assert_eq!(Statement::of(row.invariant), row);
        assert_eq!(row.bare == Bare::Whole, row.beyond.is_empty(), "{}", row.invariant);
        assert!(row.text.ends_with('.') && !row.source.is_empty(), "{}", row.invariant);
        let switch = row.switch.map(|name| SWITCHES.iter().find(|switch| switch.name == name).unwrap());
        assert_eq!(switch.is_some(), row.kind == LawKind::Hygiene, "{}", row.invariant);
        assert!(switch.is_none_or(|switch| row.source == switch.requirement), "{}", row.invariant);
    }
}

/// A law is documented where the catalogue has a public source that says so, and an inferred one is of another kind.
#[test]
fn the_kind_of_a_law_is_the_evidence_of_the_catalogue() {
    let catalogue = include_str!("../../../fixtures/requirements/invariants.toml");
    let mut seen = 0;
    for row in INVARIANTS {
        for id in row.source.split(", ").filter(|id| id.starts_with("IN1.")) {
            let entry =
                catalogue.split("[[requirement]]").find(|entry| entry.contains(&format!("id = \"{id}\"\n"))).unwrap();
            let inferred = entry.contains("evidence = \"inferred\"");
            assert_eq!(row.kind == LawKind::Documented, !inferred, "{id}");
            seen += 1;
        }
    }
    assert_eq!(seen, catalogue.matches("[[requirement]]").count(), "each has its law");
}

/// Checkers that are not shown the records of effects would do nothing with them, whatever they have seen before.
#[test]
fn who_is_not_shown_what_effects_tell_does_not_look_at_it() {
    let before = [
        "WKS01 boot",
        "alice logon computer=WKS01 card=c1",
        "alice trigger trigger=logon",
        "alice run-started trigger=logon",
        "alice item-started template=User action=enroll interactive=true",
        "alice prompt point=pin.enter card=c1",
        "alice answer prompt=pin.enter answer=pin < 5",
        "alice card op=generate card=c1 container=k1 pin=true",
        "alice card-done op=generate card=c1 container=k1 code=0x00000000 < 7",
        "alice store op=add store=my certificate=User#1 template=User",
        "alice item-ended template=User action=enroll outcome=failed code=0x80092012",
    ];
    let said = ["op=archive-certificate certificate=User#1", "op=inspect checks=[User#1:", "op=submit code=0x80092012"];
    let said =
        said.iter().chain(&["op=read-stores requests=[User:", "op=generate code=0x00000000", "id=19 template=User"]);
    for (kind, said) in OF_EFFECTS.iter().flat_map(|kind| said.clone().map(move |said| (kind, said))) {
        let line = format!("alice {kind} {said} < 7");
        let trace = trace(&before.into_iter().chain([line.as_str()]).collect::<Vec<_>>());
        let records = trace.unpack();
        let mut checkers = Checkers::new(None, None);
        let (last, earlier) = records.records().split_last().unwrap();
        earlier.iter().for_each(|record| drop(checkers.observe(&trace, record, &Beyond::Nothing)));
        let known = format!("{checkers:?}");
        let at = Moment { trace: &trace, open: &checkers.open.clone(), record: last, beyond: &Beyond::Nothing };
        let not_shown: [&mut dyn Checker; 16] = [
            &mut checkers.pin_given,
            &mut checkers.pin_spent,
            &mut checkers.retry_counter,
            &mut checkers.default_container,
            &mut checkers.enrolled,
            &mut checkers.silent_success,
            &mut checkers.summary,
            &mut checkers.prompts,
            &mut checkers.card_locked,
            &mut checkers.replaced_first,
            &mut checkers.due_request,
            &mut checkers.one_run,
            &mut checkers.unfinished_stays,
            &mut checkers.asked_once,
            &mut checkers.pin_kept,
            &mut checkers.counted,
        ];
        assert!(not_shown.into_iter().all(|checker| checker.check(at).is_none()), "{line}");
        assert_eq!(format!("{checkers:?}"), known, "{line}");
    }
}

#[test]
fn an_effect_ends_once_and_after_it_began() {
    check(&["alice effect op=a", "alice effect-done op=a < 0"], &[]);
    check(&["alice effect op=a", "alice effect-done op=a < 0", "alice effect-done op=a < 0"], &["contract@2"]);
    check(&["alice effect-done op=a"], &["contract@0"]);
    check(&["alice effect op=a", "alice effect-abandoned op=a < 0", "alice effect-done op=a < 0"], &[]);
    check(&["alice effect op=a", "alice effect-abandoned < 0", "alice effect-abandoned < 0"], &["contract@2"]);
    check(&["alice effect op=a", "alice effect-done < 0", "alice effect-abandoned < 0"], &["contract@2"]);
    check(&["alice request template=T", "alice effect-done op=submit < 0"], &[]);
}

#[test]
fn only_a_balloon_that_is_shown_is_hidden() {
    check(&["alice balloon", "alice balloon-hidden"], &[]);
    check(&["alice balloon", "bob balloon-hidden"], &["contract@1"]);
    check(&["alice balloon", "alice logon", "alice balloon-hidden"], &["contract@2"]);
}

const REFUSED: &str = "card apdu card=card command=0020008004ffffffff response=63c2";

#[test]
fn an_attempt_takes_a_pin_from_the_user_of_this_session() {
    let attempt = |operation: &str, response: &str| {
        let apdu = format!("card apdu card=card command=0020008004ffffffff response={response} < 2");
        broken(&["alice prompt point=pin.enter", "alice answer prompt=pin.enter answer=pin < 0", operation, &apdu])
    };
    assert_eq!(attempt("alice card op=sign card=card pin=true", "63c2"), Vec::<String>::new());
    assert_eq!(attempt("alice card op=sign card=card pin=false", "63c2"), ["pin-given@3"]);
    assert_eq!(attempt("bob card op=sign card=card pin=true", "63c2"), ["pin-given@3"]);
    assert_eq!(attempt("alice effect op=read-readers", "63c2"), ["pin-given@3"]);
    assert_eq!(attempt("alice card op=sign card=card pin=false", "9000"), Vec::<String>::new());
    // A provider that has asked by itself keeps the PIN, for that card.
    let kept = |of: &str| {
        broken(&[
            &format!("alice prompt point=pin.enter card={of} asked-by=vendor"),
            "alice answer prompt=pin.enter answer=pin < 0",
            "alice card op=sign card=card pin=false",
            &format!("{REFUSED} < 2"),
        ])
    };
    assert_eq!(kept("card"), Vec::<String>::new());
    assert_eq!(kept("other"), ["pin-given@3"]);
    let status = "card apdu card=card command=00200080 response=63c2 < 0";
    check(&["alice card op=sign card=card pin=false", status], &[]);
    check(&[REFUSED], &[]);
    // The PUK of a PIV card has tries of its own.
    let puk = "card apdu card=card command=0024008110ffffffffffffffffffffffffffffffff response=63c2 < 0";
    check(&["alice card op=generate card=card pin=false", puk], &[]);
}

/// alice gives `given` PINs, and as many attempts are refused with as many tries left.
fn attempts(given: usize, left: &[u8]) -> Vec<String> {
    let mut records = Vec::new();
    for _ in 0..given {
        records.push("alice prompt point=pin.enter".to_owned());
        records.push(format!("alice answer prompt=pin.enter answer=pin < {}", records.len() - 1));
    }
    for left in left {
        records.push("alice card op=sign card=card pin=true".to_owned());
        let apdu = "card apdu card=card command=0020008004ffffffff";
        records.push(format!("{apdu} response=63c{left} < {}", records.len() - 1));
    }
    broken(&records.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn as_many_refusals_as_pins() {
    assert_eq!(attempts(2, &[2, 1]), Vec::<String>::new());
    assert_eq!(attempts(1, &[2, 1]), ["pin-spent@5"]);
    assert_eq!(attempts(0, &[2]), ["pin-given@1"]);
}

#[test]
fn a_bench_that_names_pins_shows_a_refused_one_at_once() {
    let trace = trace(&[
        "alice prompt point=pin.enter",
        "alice answer prompt=pin.enter answer=pin < 0",
        "alice prompt point=pin.enter",
        "alice answer prompt=pin.enter answer=pin < 2",
        "alice card op=sign card=card pin=true",
        &format!("{REFUSED} < 4"),
        "card apdu card=card command=0020008004ffffffff response=63c1 < 4",
    ]);
    let found = |second: u32| {
        let mut checkers = Checkers::new(None, None);
        let pins = [None, None, None, None, None, Some(1), Some(second)];
        let beyond = |pin| Beyond::Command { pin: Some(PinId(pin)), card: None };
        let observed = trace
            .iter()
            .zip(pins)
            .flat_map(|(record, pin)| checkers.observe(&trace, &record.unpack(), &pin.map_or(Beyond::Nothing, beyond)));
        observed.map(|violation| violation.invariant).collect::<Vec<_>>()
    };
    assert_eq!(found(1), [Invariant::PinSpent]);
    assert_eq!(found(2), []);
}

#[test]
fn whoever_logs_on_again_types_a_refused_pin_anew() {
    let again = |between: &[&str]| {
        let (operation, pin) = ("alice card op=verify-pin card=card pin=true", "alice card-logon card=card");
        let mut records = vec![pin, operation];
        let (first, second) = (format!("{REFUSED} < 1"), format!("{REFUSED} < {}", 4 + between.len()));
        records.push(&first);
        records.extend(between);
        records.extend([pin, operation, &second]);
        let (trace, mut checkers) = (trace(&records), Checkers::new(None, None));
        let beyond = Beyond::Command { pin: Some(PinId(1)), card: None };
        let observed = trace.iter().flat_map(|record| {
            let record = record.unpack();
            checkers.observe(&trace, &record, if record.kind == Kind::Apdu { &beyond } else { &Beyond::Nothing })
        });
        observed.filter(|found| found.invariant == Invariant::PinSpent).count()
    };
    assert_eq!(again(&["alice lock"]), 1);
    assert_eq!(again(&["alice logoff"]), 0);
    assert_eq!(again(&["pc crash users=[alice]"]), 0);
}

#[test]
fn a_counter_that_rises_by_itself() {
    assert_eq!(attempts(3, &[2, 1, 0]), Vec::<String>::new());
    assert_eq!(attempts(3, &[2, 2]), ["retry-counter@9"]);
    let with = |between: &str| {
        let (first, second) = (format!("{REFUSED} < 2"), format!("{REFUSED} < 5"));
        let operation = "alice card op=sign card=card pin=true";
        let pins = ["alice prompt point=pin.enter", "alice answer answer=pin < 0", operation, &first];
        let pins_again = [between, operation, "alice prompt point=pin.enter", "alice answer answer=pin < 6", &second];
        broken(&pins.into_iter().chain(pins_again).collect::<Vec<_>>())
    };
    assert_eq!(with("card change what=unblock-card card=card"), Vec::<String>::new());
    assert_eq!(with("card apdu card=card command=0020008004ffffffff response=9000"), Vec::<String>::new());
    assert_eq!(with("card apdu card=card command=00200082 response=6d00"), ["retry-counter@8"]);
}

#[test]
fn a_counter_that_is_shown_rises_with_the_right_pin_only() {
    let view = |tries| CardView { tries, unlocked: false, default: None };
    let rise = |response: &str, pin: Option<PinId>| {
        let trace = trace(&[&format!("card apdu card=card command=0020008004ffffffff response={response}")]);
        let mut checkers = Checkers::new(None, None);
        checkers.card("card", &view(1));
        let beyond = Beyond::Command { pin, card: Some(view(3)) };
        let found = checkers.observe(&trace, &trace.unpack().records()[0], &beyond);
        found.into_iter().map(|violation| violation.reason).collect::<Vec<_>>()
    };
    let reason = "the retry counter rose from 1 to 3 without a right PIN";
    assert_eq!(rise("9000", Some(PinId(1))), Vec::<String>::new());
    assert_eq!(rise("9000", None), [reason]);
    assert_eq!(rise("6982", Some(PinId(1))), [reason]);
}

#[test]
fn an_occupied_default_container_is_replaced_after_a_yes() {
    let replace = |answer: &str, operation: &str| {
        broken(&[
            "alice card op=describe card=card pin=false",
            "alice card-done op=describe card=card code=0x00000000 default-container=Slot0 < 0",
            "alice prompt point=card.replace-default card=card container=Slot0",
            &format!("alice answer prompt=card.replace-default answer={answer} < 2"),
            &format!("alice card {operation} card=card pin=true"),
            "alice card-done op=any card=card code=0x00000000 < 4",
        ])
    };
    for operation in ["op=set-default container=new", "op=delete container=Slot0", "op=generate container=Slot0"] {
        assert_eq!(replace("yes", operation), Vec::<String>::new(), "{operation}");
        let mut broken = replace("no", operation);
        // That nobody has agreed to it shows when it begins.
        broken.retain(|found| found != "answer-card@4");
        assert_eq!(broken, ["default-container@5"], "{operation}");
    }
    for operation in ["op=set-default container=Slot0", "op=delete container=other", "op=generate"] {
        assert_eq!(replace("no", operation), Vec::<String>::new(), "{operation}");
    }
}

/// Two look at a card in the same instant, and both make their container its default.
#[test]
fn who_is_overtaken_in_the_same_instant_has_looked() {
    let look = |who: &str, sees: &str, at: usize| {
        let done = format!("{who} card-done op=describe card=card code=0x00000000 default-container={sees} < {at}");
        [format!("{who} card op=describe card=card"), done]
    };
    let put = |who: &str, container: &str, at: usize| {
        [
            format!("{who} card op=write-certificate card=card container={container}"),
            format!("{who} card-done card=card code=0x00000000 < {at}"),
            format!("{who} card op=set-default card=card container={container}"),
            format!("{who} card-done card=card code=0x00000000 < {}", at + 2),
            format!("{who} item-ended template=T outcome=enrolled certificate=C card=card container={container}"),
        ]
    };
    let of = |records: Vec<Vec<String>>| {
        let records = records.concat();
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        broken(&records).into_iter().filter(|found| found.starts_with("default")).collect::<Vec<String>>()
    };
    let both = vec![look("alice", "none", 0).to_vec(), look("bob", "none", 2).to_vec(), put("alice", "a", 4).to_vec()];
    assert_eq!(of([both.clone(), vec![put("bob", "b", 9).to_vec()]].concat()), Vec::<String>::new());
    // Who looks again behind it knows of it.
    let again = [both, vec![look("bob", "a", 9).to_vec(), put("bob", "b", 11).to_vec()]].concat();
    assert_eq!(of(again), ["default-container@14"]);
}

#[test]
fn a_yes_holds_until_the_run_in_which_it_was_used() {
    let records = [
        "alice card op=describe card=card",
        "alice card-done card=card code=0x00000000 default-container=Slot0 < 0",
        "alice prompt point=card.replace-default card=card container=Slot0",
        "alice answer prompt=card.replace-default answer=yes < 2",
        "alice run-ended",
        "alice card op=write-certificate card=card container=Slot0",
        "alice card-done card=card code=0x00000000 < 5",
        "alice card op=generate card=card container=Slot0",
        "alice card-done card=card code=0x00000000 < 7",
        "alice run-ended",
        "alice card op=write-certificate card=card container=Slot0",
        "alice card-done card=card code=0x00000000 < 10",
    ];
    check(&records, &[]);
    let enrolled = "alice item-ended template=T outcome=enrolled certificate=C card=card container=Slot0";
    let deleted = ["alice card op=delete card=card container=Slot0", "alice card-done card=card code=0x00000000 < 13"];
    // What was written goes when its certificate is refused before its work has ended well.
    check(&[&records[..], &["alice run-ended"], &deleted].concat(), &[]);
    let later = broken(&[&records[..], &[enrolled], &deleted].concat());
    assert!(later.contains(&"default-container@14".to_owned()), "{later:?}");
}

#[test]
fn a_default_container_that_is_shown_is_followed_by_its_key() {
    let slot = |name: &str, key: u8, certificate| {
        let default = DefaultContainer { name: name.to_owned(), key: Some(vec![key]), certificate };
        CardView { tries: 3, unlocked: false, default: Some(default) }
    };
    let trace = trace(&["card apdu card=card command=00db response=9000"]);
    let found = |before: CardView, after: CardView| {
        let mut checkers = Checkers::new(None, None);
        checkers.card("card", &before);
        let beyond = Beyond::Command { pin: None, card: Some(after) };
        !checkers.observe(&trace, &trace.unpack().records()[0], &beyond).is_empty()
    };
    assert!(!found(slot("Slot0", 1, true), slot("Slot0", 1, true)));
    assert!(!found(slot("Slot0", 1, true), slot("Slot0", 1, false)), "the key is still there");
    assert!(found(slot("Slot0", 1, true), slot("Slot0", 2, true)));
    assert!(found(slot("Slot0", 1, true), slot("new", 1, true)));
    assert!(found(slot("Slot0", 1, true), CardView { tries: 3, unlocked: false, default: None }));
    assert!(!found(slot("Slot0", 1, false), slot("new", 2, true)), "nothing is lost without a certificate");
}

#[test]
fn an_enrolled_certificate_is_in_my_and_on_its_card() {
    let add = "alice store op=add store=my certificate=C archived=false";
    let ended = "alice item-ended template=T outcome=enrolled certificate=C";
    check(&[add, ended], &[]);
    check(&[ended], &["enrolled@0"]);
    check(&["bob store op=add store=my certificate=C archived=false", ended], &["enrolled@1"]);
    check(&[add, "alice archived certificate=C", ended], &["enrolled@2"]);
    check(&[add, "alice deleted certificate=C", ended], &["enrolled@2"]);
    let on_card = "alice item-ended template=T outcome=enrolled certificate=C card=card container=K";
    check(&[add, on_card], &["enrolled@1"]);
    let written = |code: &str| {
        let done = format!("alice card-done card=card code={code} < 1");
        broken(&[add, "alice card op=write-certificate card=card container=K", &done, on_card])
    };
    assert_eq!(written("0x00000000"), Vec::<String>::new());
    assert_eq!(written("0x80100069"), ["enrolled@3"]);
}

#[test]
fn no_second_request_while_one_is_pending() {
    let request = "alice request template=T";
    let pending = "CA pending ca=CA request-id=2 requester=alice template=T < 0";
    let decided = |kind: &str, id: u32| format!("CA {kind} ca=CA request-id={id} requester=alice template=T");
    check(&[request, pending, request], &["duplicate-request@2"]);
    check(&[request, pending, "alice request template=U", "bob request template=T"], &[]);
    check(&[request, pending, &decided("issued", 2), request], &[]);
    check(&[request, pending, &decided("denied", 2), request], &[]);
    check(&[request, pending, &decided("issued", 3), request], &["duplicate-request@3"]);
    let (first, second) = ("alice item-started template=T", "alice item-started template=S");
    check(&[first, request, pending, second, request], &[]);
    let other = "CA pending ca=CA request-id=3 requester=alice template=T";
    check(&[first, request, pending, second, request, other, first, request], &["duplicate-request@7"]);
    let there = "alice logon computer=WKS02";
    check(
        &[
            "alice logon computer=WKS01",
            request,
            "CA pending ca=CA request-id=2 requester=alice template=T",
            there,
            request,
        ],
        &[],
    );
    let roaming = "alice logon computer=WKS02 roaming=true";
    check(
        &[
            "alice logon computer=WKS01 roaming=true",
            request,
            "CA pending ca=CA request-id=2 requester=alice template=T",
            roaming,
            request,
        ],
        &["duplicate-request@4"],
    );
    let trace = trace(&[request]);
    let mut checkers = Checkers::new(None, None);
    checkers.pending("CA", 2, "alice", "T");
    assert_eq!(
        checkers.observe(&trace, &trace.unpack().records()[0], &Beyond::Nothing).len(),
        1,
        "pending before the trace"
    );
}

#[test]
fn prompts_close_before_their_run_ends() {
    let (prompt, ended) = ("alice prompt point=pin.enter", "alice run-ended");
    check(&[prompt, "alice answer prompt=pin.enter answer=cancel < 0", ended], &[]);
    check(&[prompt, "alice prompt-withdrawn point=pin.enter < 0", ended], &[]);
    check(&[prompt, ended], &["prompts@1"]);
    check(&[prompt, "bob run-ended"], &[]);
    check(&[prompt, "alice logon", ended], &[]);
    check(&[prompt, "alice prompt-changed point=pin.enter < 0", "alice answer answer=cancel < 1", ended], &[]);
    check(&["alice prompt-changed point=pin.enter"], &["prompts@0"]);
    check(&["alice prompt-withdrawn point=pin.enter"], &["prompts@0"]);
    check(&["alice answer prompt=pin.enter answer=cancel"], &["prompts@0"]);
}

#[test]
fn a_summary_tells_failures_and_nothing_else() {
    let summary = |failures: &str| {
        let prompt = format!("alice prompt point=summary failures={failures}");
        broken(&[&prompt, "alice prompt-withdrawn point=summary < 0"])
    };
    assert_eq!(summary("[]"), ["silent-success@0"]);
    assert_eq!(summary("0"), ["silent-success@0"]);
    assert_eq!(summary("[A]"), Vec::<String>::new());
}

/// A run in which an item fails with that code, and a summary tells that many.
fn summary(cancelled: Option<Cancelled>, code: &str, told: usize, leaves: bool) -> Vec<String> {
    let ended = format!("alice item-ended template=T outcome=failed code={code}");
    let prompt = format!("alice prompt point=summary failures={told}");
    let mut records = vec!["alice run-started", "alice item-started template=T interactive=true", &ended];
    if told > 0 {
        records.extend([prompt.as_str(), "alice prompt-withdrawn point=summary < 3"]);
    }
    if leaves {
        records.push("alice logoff");
    }
    records.push("alice run-ended");
    let (trace, mut checkers) = (trace(&records), Checkers::new(cancelled, None));
    let found = trace.iter().flat_map(|record| checkers.observe(&trace, &record.unpack(), &Beyond::Nothing));
    found.map(|violation| violation.reason).collect()
}

#[test]
fn each_failure_is_told_once() {
    let (failed, cancelled) = ("0x80090020", "0x8010006E");
    let wrong = |due: usize, told: usize| vec![format!("{due} interactive items failed and {told} failures were told")];
    for switch in [None, Some(Cancelled::Failed), Some(Cancelled::Quiet)] {
        assert_eq!(summary(switch, failed, 1, false), Vec::<String>::new());
        assert_eq!(summary(switch, failed, 0, false), wrong(1, 0));
        assert_eq!(summary(switch, failed, 2, false), wrong(1, 2));
        assert_eq!(summary(switch, failed, 0, true), Vec::<String>::new(), "no user is there to be told");
    }
    assert_eq!(summary(Some(Cancelled::Failed), cancelled, 0, false), wrong(1, 0));
    assert_eq!(summary(Some(Cancelled::Quiet), cancelled, 1, false), wrong(0, 1));
    assert_eq!(summary(None, cancelled, 0, false), Vec::<String>::new());
    assert_eq!(summary(None, cancelled, 1, false), Vec::<String>::new());
}

#[test]
fn nobody_is_told_what_fails_for_a_computer_or_without_the_user() {
    let failed = "pc item-ended template=T outcome=failed code=0x80090020";
    check(&["pc boot", "pc run-started", "pc item-started interactive=true", failed, "pc run-ended"], &[]);
    check(&["pc run-started", "pc item-started interactive=false", failed, "pc run-ended"], &[]);
    check(&["pc run-started", "pc item-started interactive=true", failed, "pc run-ended"], &["summary@3"]);
}

#[test]
fn what_a_bench_states_is_reported_once_and_where_it_happened() {
    let stated = "alice violation invariant=rest reason=forever < 0";
    check(&["alice run-started", stated], &["rest@0"]);
    check(&["alice effect-done op=a", "alice violation invariant=contract reason=x < 0"], &["contract@0"]);
    check(&["alice violation invariant=of-tomorrow reason=x"], &[]);
}

#[test]
fn records_without_facts_break_nothing_and_harm_nobody() {
    for kind in Kind::ALL {
        let records = [format!("alice {kind}"), format!("alice {kind} < 0")];
        let _whatever = broken(&[&records[0], &records[1]]);
    }
}

/// What is broken when the bench says that of a record.
fn broken_beyond(records: &[&str], at: usize, beyond: &Beyond) -> Vec<String> {
    let (trace, mut checkers) = (trace(records), Checkers::new(None, None));
    let nothing = Beyond::Nothing;
    let observed = trace
        .iter()
        .map(|record| record.unpack())
        .enumerate()
        .flat_map(|(place, record)| checkers.observe(&trace, &record, if place == at { beyond } else { &nothing }));
    observed.map(|found| format!("{}@{}", found.invariant, found.record.0)).collect()
}

#[test]
fn nothing_begins_for_somebody_who_has_logged_off() {
    let trigger = "alice trigger trigger=timer";
    check(&["alice logon", "alice logoff", trigger], &["logged-off@2"]);
    check(&["alice crash", "alice card op=describe card=card"], &["logged-off@1"]);
    check(&["pc crash users=[alice]", trigger], &["logged-off@1"]);
    check(&["pc shutdown", "pc directory op=bind"], &["logged-off@1"]);
    check(&["alice logoff", "alice directory op=publish-certificate"], &[]);
    check(&["alice logoff", "alice icon-hidden", "alice effect-abandoned op=submit"], &["contract@2"]);
    check(&["alice logoff", "alice logon", trigger], &[]);
    check(&["alice logoff", "bob trigger trigger=timer"], &[]);
}

#[test]
fn an_operation_leaves_its_card_locked() {
    let (open, close) = ("command=0020008004ffffffff response=9000", "command=00200082 response=9000");
    let done = |apdus: &[&str], code: &str| {
        let mut records =
            vec!["alice prompt point=pin.enter card=card", "alice answer prompt=pin.enter answer=pin < 0"];
        records.push("alice card op=sign card=card pin=true");
        let apdus: Vec<String> = apdus.iter().map(|apdu| format!("card apdu card=card {apdu} < 2")).collect();
        records.extend(apdus.iter().map(String::as_str));
        let done = format!("alice card-done op=sign card=card code={code} < 2");
        records.push(&done);
        broken(&records)
    };
    assert_eq!(done(&[open, close], "0x00000000"), Vec::<String>::new());
    let piv = "command=0020ff80 response=9000";
    assert_eq!(done(&[open, piv], "0x00000000"), Vec::<String>::new(), "a PIV card is told otherwise");
    assert_eq!(done(&[open], "0x00000000"), ["card-locked@4"]);
    assert_eq!(done(&[open], "0x80090023"), ["card-locked@4"], "a card that is full can be locked");
    assert_eq!(done(&[open], "0x80100069"), Vec::<String>::new(), "one that is gone cannot");
    assert_eq!(done(&[open], "0x80100022"), ["card-locked@4"], "what it does not know, it has answered");
    assert_eq!(done(&[open], "0x8010006E"), ["card-locked@4"]);
    // What the card itself says counts, whatever the code.
    let shown = |unlocked| {
        let failed = "alice card-done op=sign card=card code=0x80090020 < 0";
        broken_beyond(&["alice card op=sign card=card", failed], 1, &Beyond::Done { unlocked })
    };
    assert_eq!((shown(true), shown(false)), (vec!["card-locked@1".to_owned()], Vec::new()));
    let operation = "alice card op=sign card=card pin=false";
    let view = |unlocked| {
        let card = Some(CardView { tries: 3, unlocked, default: None });
        let apdu = "card apdu card=card command=00db3fff00 response=9000 < 0";
        let records = [operation, apdu, "alice card-done op=sign card=card code=0x00000000 < 0"];
        broken_beyond(&records, 1, &Beyond::Command { pin: None, card })
    };
    assert_eq!(view(true), ["card-locked@2"]);
    assert_eq!(view(false), Vec::<String>::new());
}

#[test]
fn an_answer_counts_for_its_card() {
    let (prompt, pin) = ("alice prompt point=pin.enter card=A", "alice answer prompt=pin.enter answer=pin < 0");
    check(&[prompt, pin, "alice card op=sign card=A pin=true"], &[]);
    check(&[prompt, pin, "alice card op=sign card=B pin=true"], &["answer-card@2"]);
    let (question, yes) = (
        "alice prompt point=card.replace-default card=A container=K",
        "alice answer prompt=card.replace-default answer=yes < 0",
    );
    check(&[question, yes, "alice card op=generate card=A container=K"], &[]);
    check(&[question, yes, "alice card op=generate card=B container=K"], &["answer-card@2"]);
    check(&[question, yes, "alice card op=generate card=A container=L"], &["answer-card@2"]);
    check(&["alice card op=generate card=A"], &[]);
    let later = ["alice item-started template=T", "alice card op=generate card=A container=K"];
    check(&[question, yes, later[0], later[1]], &["answer-card@3"]);
}

#[test]
fn nothing_valid_goes_before_its_replacement_is_there() {
    let (started, add) = ("alice item-started template=T", "alice store op=add store=my certificate=N auto-enroll=T");
    let gone = |records: &[&str], valid| broken_beyond(records, records.len() - 1, &Beyond::Retired { valid });
    assert_eq!(gone(&[started, add, "alice archived certificate=C"], true), Vec::<String>::new());
    assert_eq!(gone(&[started, "alice archived certificate=C"], true), ["replaced-first@1"]);
    assert_eq!(gone(&[started, "alice archived certificate=C"], false), Vec::<String>::new());
    assert_eq!(gone(&[started, add, "alice deleted certificate=N"], true), ["replaced-first@2"], "by itself");
    let other = "alice item-ended template=T outcome=pending";
    assert_eq!(gone(&[started, add, other, "alice archived certificate=C"], true), ["replaced-first@3"]);
    let written = ["alice card op=write-certificate card=A container=K", "alice card-done op=w code=0x00000000 < 0"];
    let (delete, done) = ("alice card op=delete card=A container=K", "alice card-done op=delete code=0x00000000 < 2");
    check(&[written[0], written[1], delete, done], &["replaced-first@3"]);
    let over = "alice decision rule=MC1.lasting outcome=true";
    check(&[written[0], written[1], delete, over, done], &[]);
    check(&[written[0], written[1], delete, over, started, done], &["replaced-first@5"]);
    let agreed = |between: &str| {
        broken(&[
            written[0],
            written[1],
            "alice prompt point=card.replace-default card=A container=K",
            "alice answer prompt=card.replace-default answer=yes < 2",
            between,
            delete,
            "alice card-done op=delete code=0x00000000 < 5",
        ])
    };
    assert_eq!(agreed("alice effect op=read-readers"), Vec::<String>::new());
    assert_eq!(agreed(started), ["replaced-first@6"], "a Yes is about one item");
}

#[test]
fn what_is_replaced_does_not_depend_on_waiting() {
    let ended = |action: &str| format!("alice item-ended template=T action={action} outcome=enrolled certificate=N");
    let add = "alice store op=add store=my certificate=N archived=false auto-enroll=T";
    let request = [
        "alice run-started",
        "alice decision rule=R056 subject=S by=T outcome=true",
        "alice item-started template=T",
        "alice request template=T renews=C",
    ];
    let both = |between: &[&str], action: &str| {
        let ended = ended(action);
        let mut records = request.to_vec();
        records.extend(between);
        records.extend([add, ended.as_str()]);
        broken(&records)
    };
    let (renewed, superseded) = ("alice archived certificate=C", "alice deleted certificate=S");
    assert_eq!(both(&[renewed, superseded], "renew"), Vec::<String>::new());
    assert_eq!(both(&["alice run-started", renewed], "retrieve"), ["replaced-all@7"]);
    assert_eq!(both(&["alice run-started", superseded], "resume"), ["replaced-all@7"]);
    let tried = "alice effect op=archive-certificate certificate=C";
    assert_eq!(both(&[tried, superseded], "renew"), Vec::<String>::new(), "it could not be");
    let unknown = "alice decision rule=R049 subject=S outcome=false";
    assert_eq!(
        both(&["alice run-started", renewed, unknown], "retrieve"),
        Vec::<String>::new(),
        "not managed any more"
    );
}

#[test]
fn a_key_that_was_made_is_known_or_gone() {
    let (card, done) = ("alice card op=generate card=A", "alice card-done op=generate card=A container=A/1 < 0");
    let (noted, ended) = ("alice store op=put store=request template=T", "alice run-ended");
    let left = |records: &[&str]| {
        let keys = ["A/1", "A/2"].map(|container| ("A".to_owned(), container.to_owned()));
        broken_beyond(records, records.len() - 1, &Beyond::Unclaimed(keys.to_vec()))
    };
    assert_eq!(left(&[card, done, noted, ended]), ["known-key@3"]);
    assert_eq!(left(&[card, done, ended]), ["known-key@2"]);
    assert_eq!(left(&[card, done, "alice crash", ended]), Vec::<String>::new());
    assert_eq!(left(&[card, done, noted, "alice crash", ended]), ["known-key@4"]);
    let enrolled = "alice item-ended template=T outcome=enrolled container=A/1 card=A";
    assert!(!left(&[card, done, noted, enrolled, ended]).contains(&"known-key@4".to_owned()));
    assert_eq!(left(&["bob card op=generate card=A", done, ended]), Vec::<String>::new());
    assert_eq!(
        left(&["alice card op=generate card=B", done, ended]),
        Vec::<String>::new(),
        "another card has that too"
    );
    let (started, by_hand) =
        ("alice item-started template=T", "pc change what=delete-request principal=alice template=");
    let deleted = |template: &str| {
        left(&[started, card, "alice card-done op=generate container=A/1 < 1", &format!("{by_hand}{template}"), ended])
    };
    assert_eq!(deleted("T"), Vec::<String>::new());
    assert_eq!(deleted("S"), ["known-key@4"], "whoever deletes another entry has nothing to do with it");
}

/// A law of order counts where the profile has it.
#[test]
fn a_key_that_nothing_knows_is_no_violation_where_the_profile_says_so() {
    let records = trace(&[
        "alice card op=generate card=A",
        "alice card-done op=generate card=A container=A/1 code=0x00000000 < 0",
        "alice run-ended",
        "alice run-ended",
    ]);
    let found = |counts| {
        let mut checkers = Checkers::of(&Profile { known_keys: counts, ..Profile::server_2003_sp1() });
        let unclaimed = Beyond::Unclaimed(vec![("A".to_owned(), "A/1".to_owned())]);
        let (mut found, mut waited): (Vec<Violation>, usize) = (Vec::new(), 0);
        for record in records.iter() {
            found.extend(checkers.observe(&records, &record.unpack(), &unclaimed));
            waited = waited.max(checkers.keys_awaited_of("alice").count());
        }
        let awaited = waited + checkers.keys_awaited_of("alice").count() + checkers.keys_awaited_of("bob").count();
        (found.iter().map(|found| found.invariant).collect::<Vec<_>>(), awaited)
    };
    // It is told once.
    assert_eq!(found(Toggle::Yes), (vec![Invariant::KnownKey], 1));
    assert_eq!(found(Toggle::No), (vec![], 0));
}

/// What ends refers to what began long before, which a trace may have forgotten by then. Ends that break something are
/// found, and those that break nothing are not.
#[test]
fn laws_judge_the_same_when_the_trace_has_forgotten() {
    let found = |filler: usize, broken: bool| {
        let mut checkers = Checkers::new(None, None);
        let mut long = Trace::new();
        let begun = trace(&[
            "alice logon",
            "alice item-started template=T",
            "alice store op=add store=my certificate=C archived=false",
            "alice item-ended template=T outcome=enrolled certificate=C",
            "alice run-started",
            "alice decision rule=R053 outcome=true",
            "alice software op=generate",
            "alice request template=T < 5",
            "alice prompt point=card.replace-default card=A container=K",
            "bob card op=write-certificate card=B container=L",
            "carol card op=generate card=C",
            "carol card op=delete card=B container=L",
        ]);
        let mut ends = vec![
            ("alice item-started template=T", None),
            ("alice request template=T", Some(5)),
            ("alice effect-done op=generate container=alice/1", Some(6)),
            ("alice effect-abandoned op=submit", Some(7)),
            ("alice store op=remove store=request template=T", None),
            ("alice answer prompt=card.replace-default answer=yes", Some(8)),
            ("alice card op=generate card=A container=K", None),
            ("bob card-done op=write-certificate code=0x00000000", Some(9)),
            ("carol effect-abandoned op=generate", Some(10)),
        ];
        if broken {
            ends.extend([
                ("carol card-done op=generate container=C/1 code=0x00000000", Some(10)),
                ("carol card-done op=delete code=0x00000000", Some(11)),
                ("carol card-done op=delete code=0x00000000", Some(11)),
                ("alice request template=T", Some(4)),
                ("alice answer prompt=card.replace-default answer=yes", Some(8)),
                ("alice card op=generate card=A container=M", None),
                ("alice store op=remove store=request template=T", None),
            ]);
        }
        let mut found = Vec::new();
        let mut push = |long: &mut Trace, record: &Record| {
            let Record { at, actor, kind, facts, causes, .. } = record.clone();
            let record = long.append(at, &actor, kind, facts, causes);
            found.extend(checkers.observe(long, &record, &Beyond::Nothing));
        };
        begun.iter().for_each(|record| push(&mut long, &record.unpack()));
        let idle = trace(&["world unlock"]).record(RecordId(0)).unwrap();
        (0..filler).for_each(|_| push(&mut long, &idle));
        long.forget_before(long.len());
        assert_eq!(long.get(RecordId(5)).is_none(), filler > 0);
        for (line, cause) in ends.drain(..) {
            let mut record = trace(&[line]).record(RecordId(0)).unwrap();
            record.causes = cause.map(RecordId).into_iter().collect();
            push(&mut long, &record);
        }
        assert_eq!(checkers.keys_awaited_of("alice").count(), 1);
        // It was abandoned, and made all the same.
        assert_eq!(checkers.keys_awaited_of("carol").count(), usize::from(broken));
        let word = |found: Violation| format!("{} {}: {}", found.actor, found.invariant, found.reason);
        found.into_iter().map(word).collect::<Vec<_>>()
    };
    assert_eq!(found(0, false), Vec::<String>::new());
    assert_eq!(found(2_000, false), Vec::<String>::new());
    let broken = [
        "B replaced-first: the certificate in L goes before there is another",
        "carol contract: an effect ends that is not open",
        "alice due-request: C is there, and no rule says that another certificate of T is due",
        "alice prompts: a prompt is answered that is not open",
        "alice answer-card: M of A is to be replaced, which nobody has agreed to",
    ];
    assert_eq!(found(0, true), broken);
    assert_eq!(found(2_000, true), broken);
}

#[test]
fn an_entry_goes_for_a_reason() {
    let (started, remove) = ("alice item-started template=T", "alice store op=remove store=request template=T");
    let goes = |reason: &str| broken(&[started, reason, remove]);
    assert_eq!(goes("alice store op=add store=my certificate=C"), Vec::<String>::new());
    assert_eq!(goes("alice decision rule=MC1.lasting outcome=true"), Vec::<String>::new());
    assert_eq!(goes("alice decision rule=MC1.lasting outcome=false"), ["entry-ends@2"]);
    assert_eq!(goes("alice decision rule=R055 outcome=true"), ["entry-ends@2"]);
    let replied = |code: &str| {
        let done = format!("alice effect-done op=submit code={code} < 1");
        broken(&[started, "alice request template=T", &done, remove])
    };
    assert_eq!(replied("0x80094012"), Vec::<String>::new());
    assert_eq!(replied("0x00000000"), ["entry-ends@3"]);
    check(&["alice store op=add store=my certificate=C", started, remove], &["entry-ends@2"]);
}

#[test]
fn what_has_been_enrolled_is_requested_when_it_is_due() {
    let (started, add) = ("alice item-started template=T", "alice store op=add store=my certificate=C archived=false");
    let ended = "alice item-ended template=T outcome=enrolled certificate=C";
    let due = |rule: &str, between: &str| {
        let decision = format!("alice decision rule={rule} outcome={}", rule != "R055");
        broken(&[started, add, ended, between, &decision, started, "alice request template=T < 4"])
    };
    assert_eq!(due("R053", "alice logon"), Vec::<String>::new());
    assert_eq!(due("R046", "alice logon"), ["due-request@6"]);
    assert_eq!(due("R055", "alice logon"), ["due-request@6"], "it is not over");
    assert_eq!(due("R046", "alice archived certificate=C"), Vec::<String>::new());
    assert_eq!(due("R046", "pc change what=delete-certificate certificate=C"), Vec::<String>::new());
    let elsewhere = "alice logon computer=WKS02";
    check(&["alice logon computer=WKS01", started, add, ended, elsewhere, started, "alice request template=T"], &[]);
}

#[test]
fn a_run_answers_for_every_trigger_before_it() {
    let (first, second, third) = ("alice decision rule=R009", "alice decision rule=R014", "alice decision rule=R012");
    let (one, next) = ("alice run-started < 0", "alice run-started < 3");
    check(&[first, one, second, third, next], &[]);
    check(&[first, one, second, third, next, "alice run-started < 2"], &["one-run@5"]);
    check(&[first, one, "alice run-ended", "alice run-started < 0"], &["one-run@3"]);
    let held = [first, one, second, "alice run-started < 2", "alice run-ended", "alice run-started < 2 4"];
    check(&held, &["one-run@5"]);
    check(&[first, one, second, "alice run-ended", "alice run-started < 2 3"], &[]);
    check(&[first, one, "bob run-started < 0"], &[]);
}

#[test]
fn an_entry_that_is_over_is_left() {
    let read = |entries: &str| {
        let list = entries.split(',').map(|entry| Fact::from(entry.replace('_', " "))).collect();
        Facts::new().with("op", "read-stores").with("requests", Fact::List(list))
    };
    let found = |entries: &str, records: &[&str]| {
        let mut all = trace(&["alice run-started", "alice effect op=read-stores"]);
        all.push(SimTime(0), "alice", Kind::EffectDone, read(entries), vec![RecordId(1)]);
        for record in trace(records).iter().map(|record| record.unpack()) {
            all.push(SimTime(0), &record.actor, record.kind, record.facts, record.causes);
        }
        judge(&all).iter().map(|found| format!("{}@{}", found.invariant, found.record.0)).collect::<Vec<String>>()
    };
    let over = "alice decision rule=MC1.lasting subject=T stage=issued outcome=true";
    let (waits, resumed) =
        ("alice decision rule=R060 subject=T outcome=true", "alice item-started template=T action=resume");
    assert_eq!(found("T:_issued", &[over, waits]), ["over-entry@4"]);
    assert_eq!(found("T:_issued", &[over, resumed]), ["over-entry@4"]);
    assert_eq!(found("T:_issued", &[waits, resumed]), Vec::<String>::new());
    assert_eq!(found("T:_issued,T:_issued", &[over, waits, resumed, resumed]), ["over-entry@6"]);
    assert_eq!(found("T:_issued,T:_pending", &[over, waits, resumed]), Vec::<String>::new());
    assert_eq!(
        found("S:_issued,T:_issued", &[over, "alice item-started template=S action=resume"]),
        Vec::<String>::new()
    );
    // What is decided while an item is worked on is about a certificate that has come.
    assert_eq!(found("T:_issued", &[resumed, over, waits]), Vec::<String>::new());
}

#[test]
fn what_is_over_stays_while_its_template_is_unfinished() {
    let (run, item, gone) =
        ("alice run-started", "alice item-started template=T", "alice archived certificate=C template=T");
    let ended = |outcome: &str| format!("alice item-ended template=T outcome={outcome}");
    for outcome in ["failed", "pending", "postponed"] {
        check(&[run, item, &ended(outcome), gone], &["unfinished-stays@3"]);
        check(&[run, item, &ended(outcome), run, gone], &[]);
        check(&[run, item, &ended(outcome), "alice deleted certificate=D template=S"], &[]);
        check(&[run, item, &ended(outcome), "alice item-started template=S", gone], &[]);
    }
    let added = "alice store op=add store=my certificate=N archived=false";
    check(&[run, item, added, "alice item-ended template=T outcome=enrolled certificate=N", gone], &[]);
}

#[test]
fn a_renewal_is_told_as_one() {
    let (item, renews) = ("alice item-started template=T", "alice request template=T renews=C");
    let event = |id: &str| {
        let facts = Facts::new().with("id", id.parse::<i64>().unwrap_or_default()).with("template", "T");
        move |all: &mut Trace| all.push(SimTime(0), "alice", Kind::Event, facts.clone(), Vec::new())
    };
    let found = |records: &[&str], id: &str| {
        let mut all = trace(records);
        event(id)(&mut all);
        judge(&all).iter().filter(|found| found.invariant == Invariant::RenewalTold).count()
    };
    assert_eq!(found(&[item, renews, "alice logoff", "alice logon", item], "19"), 1);
    assert_eq!(found(&[item, renews], "20"), 0);
    assert_eq!(found(&[item, "alice request template=T"], "19"), 0);
    assert_eq!(found(&[item, renews, item, "alice request template=T"], "19"), 0);
    assert_eq!(found(&["alice item-started template=S", renews, item], "19"), 0);
}

#[test]
fn a_no_is_not_asked_about_again() {
    let question = "alice prompt point=card.replace-default card=A container=K";
    let (no, yes) = ("alice answer prompt=card.replace-default answer=no < 0", "alice answer answer=yes < 0");
    let again = |answer: &str, between: &str, asked: &str| {
        let mut found = broken(&[question, answer, between, asked]);
        found.retain(|found| found.starts_with("asked-once"));
        found.len()
    };
    let idle = "alice effect op=read-readers";
    assert_eq!(again(no, idle, question), 1);
    assert_eq!(again(yes, idle, question), 0);
    assert_eq!(again(no, "alice item-started template=T", question), 0);
    assert_eq!(again(no, "A remove card=A", question), 0);
    assert_eq!(again(no, idle, "alice prompt point=card.replace-default card=B container=K"), 0);
    assert_eq!(again(no, idle, &format!("{question} provider=P")), 0, "another provider");
    assert_eq!(again(no, idle, "bob prompt point=card.replace-default card=A container=K"), 0);
}

#[test]
fn a_pin_is_kept_as_long_as_the_profile_says() {
    let late = |pin_cache, between: &str| {
        let records = trace(&[
            "alice run-started",
            "alice item-started template=T",
            "alice prompt point=pin.enter card=A",
            "alice answer prompt=pin.enter answer=pin < 2",
            between,
            "alice card op=verify-pin card=A pin=true",
        ]);
        let mut checkers = Checkers::of(&Profile { pin_cache, ..Profile::server_2003_sp1() });
        let found = records.iter().flat_map(|record| checkers.observe(&records, &record.unpack(), &Beyond::Nothing));
        found.filter(|found| found.invariant == Invariant::PinKept).count()
    };
    let (item, run, out) = ("alice item-started template=S", "alice run-started", "A remove card=A");
    let all = |pin_cache| [item, run, out].map(|between| late(pin_cache, between));
    assert_eq!(all(PinCache::Item), [1, 0, 0]);
    assert_eq!(all(PinCache::Run), [0, 1, 0]);
    assert_eq!(all(PinCache::CardPresent), [0, 0, 1]);
    assert_eq!(all(PinCache::Logon), [0, 0, 0]);
    assert_eq!(late(PinCache::Run, "alice card-logon card=A"), 0, "who logs on with the card types its PIN for that");
    let done =
        |code: &str| broken(&["alice card op=delete card=A pin=false", &format!("alice card-done code={code} < 0")]);
    assert_eq!(done("0x8010006F"), ["pin-kept@1"]);
    assert_eq!(done("0x8010006A"), Vec::<String>::new());
}

#[test]
fn what_goes_is_what_was_to_be_replaced() {
    let request = ["alice item-started template=T", "alice store op=add store=my certificate=N auto-enroll=T"];
    let gone = |old: &str, valid| {
        let asked = "alice request template=T renews=C";
        broken_beyond(&[request[0], asked, request[1], old], 3, &Beyond::Retired { valid })
    };
    assert_eq!(gone("alice archived certificate=C template=T", true), Vec::<String>::new());
    assert_eq!(gone("alice archived certificate=O template=S", true), ["replaced-all@3"]);
    assert_eq!(gone("alice archived certificate=O template=S", false), Vec::<String>::new());
}

#[test]
fn what_a_request_has_left_goes_first() {
    let (item, generate) = ("alice item-started template=T", "alice card op=generate card=A");
    let left = Beyond::Leftovers(vec![Leftover { template: "T".into(), container: "A/1".into() }]);
    let kept = |before: &[&str]| {
        let records: Vec<&str> = [item].iter().chain(before).chain(&[generate]).copied().collect();
        let found = broken_beyond(&records, records.len() - 1, &left);
        found.iter().filter(|found| found.starts_with("leftover-goes")).count()
    };
    assert_eq!(kept(&[]), 1);
    assert_eq!(kept(&["alice item-started template=S"]), 0);
    let delete = "alice card op=delete card=A container=A/1";
    assert_eq!(kept(&[delete, "alice card-done op=delete code=0x80070005 < 1"]), 0, "it was tried");
    assert_eq!(kept(&[delete, "alice card-done op=delete code=0x80090016 < 1"]), 1, "there is no key to be kept for");
    let removed = ["alice effect op=remove-request", "alice effect-done op=remove-request code=0x80070005 < 1"];
    assert_eq!(kept(&removed), 0);
    let given_up = |certified| {
        let records = [item, "alice store op=put store=request template=T stage=given-up"];
        broken_beyond(&records, 1, &Beyond::GivenUp { certified })
    };
    assert_eq!(given_up(true), ["leftover-goes@1"]);
    assert_eq!(given_up(false), Vec::<String>::new());
}

/// What breaks where a run has inspected `C` with that result.
fn inspected(said: &str, records: &[&str]) -> Vec<String> {
    let mut all = trace(&["alice run-started", "alice effect op=inspect"]);
    let checks = Fact::List(vec![Fact::from(format!("C: {said}"))]);
    let facts = Facts::new().with("op", "inspect").with("checks", checks);
    all.push(SimTime(0), "alice", Kind::EffectDone, facts, vec![RecordId(1)]);
    for record in trace(records).iter().map(|record| record.unpack()) {
        all.push(SimTime(0), &record.actor, record.kind, record.facts, record.causes);
    }
    judge(&all).iter().map(|found| format!("{}@{}", found.invariant, found.record.0)).collect()
}

#[test]
fn a_certificate_is_judged_by_what_was_found_out_about_it() {
    let add = "alice store op=add store=my certificate=C archived=false";
    let refused = |code: &str| format!("alice decision rule=MC1.judged certificate=C code={code} outcome=true");
    let (good, revoked, no_key) = ("0x00000000 S_OK", "0x00000000 S_OK, revoked", "0x00000000 S_OK, no key");
    assert_eq!(inspected(revoked, &[add]), ["judged@3"]);
    assert_eq!(inspected("0x800B0109", &[add]), ["judged@3"]);
    assert_eq!(inspected(revoked, &["alice run-started", add]), Vec::<String>::new());
    for said in [good, no_key] {
        assert_eq!(inspected(said, &[add]), Vec::<String>::new());
    }
    assert_eq!(inspected(good, &[&refused("0x80090016")]), ["judged@3"]);
    assert_eq!(inspected(good, &[&refused("0x800B0101")]), Vec::<String>::new(), "that is the clock's business");
    for said in [revoked, no_key] {
        assert_eq!(inspected(said, &[&refused("0x80092010")]), Vec::<String>::new());
    }
}

#[test]
fn what_is_over_goes_while_nothing_of_its_template_is_unfinished() {
    let left = |removal, between: &[&str]| {
        let mut records = vec![
            "alice run-started",
            "alice decision rule=R004 subject=manage outcome=true",
            "alice decision rule=R049 subject=C template=T outcome=true",
            "alice effect op=inspect",
            "alice effect-done op=inspect checks=[C:_0x00000000] < 3",
        ];
        records.extend(between);
        records.push("alice decision rule=S14.silent outcome=true");
        let records = trace(&records);
        let mut checkers = Checkers::of(&Profile { removal, ..Profile::server_2003_sp1() });
        let expired = Beyond::Inspected { expired: vec!["C".to_owned()] };
        let observed = records.iter().map(|record| record.unpack()).enumerate();
        let found = observed.flat_map(|(at, record)| {
            checkers.observe(&records, &record, if at == 4 { &expired } else { &Beyond::Nothing })
        });
        found.filter(|found| found.invariant == Invariant::Tidied).count()
    };
    assert_eq!(left(Removal::Always, &[]), 1);
    assert_eq!(left(Removal::WithReplacement, &[]), 0);
    assert_eq!(left(Removal::Always, &["alice effect op=archive-certificate certificate=C"]), 0);
    assert_eq!(left(Removal::Always, &["alice item-ended template=T outcome=failed"]), 0);
    assert_eq!(left(Removal::Always, &["alice item-ended template=S outcome=failed"]), 1);
    assert_eq!(left(Removal::Always, &["alice item-ended template=T outcome=enrolled"]), 1);
    assert_eq!(left(Removal::Always, &["alice decision rule=S4.remind outcome=true"]), 0);
    assert_eq!(left(Removal::Always, &["world change what=wall-clock"]), 0, "by another clock it may not be over");
    assert_eq!(left(Removal::Always, &["world change what=ca"]), 1);
    assert_eq!(left(Removal::Always, &["alice decision rule=R004 subject=manage outcome=false"]), 0);
    let (run, check) = ("alice run-started", "alice decision rule=S14.silent outcome=true");
    let manages = "alice decision rule=R004 subject=manage outcome=true";
    let managed = "alice decision rule=R049 subject=C template=T outcome=true";
    let tidies = "alice decision rule=P7.48 subject=D outcome=true";
    // A trace alone tells of those that are revoked, and of the profile when something was removed.
    let revoked = "0x00000000 S_OK, revoked";
    assert_eq!(inspected(revoked, &[check]), Vec::<String>::new());
    let bare = |tidies: &str| {
        let mut all = trace(&[run, manages, managed, tidies, "alice effect op=inspect"]);
        let facts = Facts::new().with("op", "inspect").with("checks", vec![format!("C: {revoked}")]);
        all.push(SimTime(0), "alice", Kind::EffectDone, facts, vec![RecordId(4)]);
        all.push(SimTime(0), "alice", Kind::Decision, Facts::new().with("rule", "S14.silent"), Vec::new());
        judge(&all).len()
    };
    assert_eq!((bare(tidies), bare("alice icon")), (1, 0));
}

#[test]
fn what_has_not_begun_when_it_is_abandoned_never_ends() {
    let ends = |beyond: Beyond, between: &[&str]| {
        let mut records = vec!["alice card op=describe card=A", "alice effect-abandoned op=describe < 0"];
        records.extend(between);
        records.push("alice card-done code=0x00000000 < 0");
        let records = trace(&records);
        let mut checkers = Checkers::of(&Profile::server_2003_sp1());
        let found = records.iter().map(|record| record.unpack()).enumerate().flat_map(|(at, record)| {
            checkers.observe(&records, &record, if at == 1 { &beyond } else { &Beyond::Nothing })
        });
        found.filter(|found| found.invariant == Invariant::Contract).count()
    };
    assert_eq!(ends(Beyond::Nothing, &[]), 0);
    assert_eq!(ends(Beyond::NotBegun, &[]), 1);
    assert_eq!(ends(Beyond::Nothing, &["alice logon"]), 1, "nobody hears of it any more");
    assert_eq!(ends(Beyond::Nothing, &["bob logon"]), 0);
}

#[test]
fn what_follows_from_a_prompt_follows_from_how_it_was_last() {
    let item = "alice item-started template=T";
    let prompt = |container: &str| format!("point=card.replace-default card=A provider=P container={container}");
    let (shown, changed) =
        (format!("alice prompt {}", prompt("X")), format!("alice prompt-changed {} < 1", prompt("Y")));
    let no = "alice answer prompt=card.replace-default answer=no < 2";
    let asked = |container: &str| format!("alice prompt {}", prompt(container));
    assert!(broken(&[item, &shown, &changed, no, &asked("Y")]).contains(&"asked-once@4".to_owned()));
    assert!(!broken(&[item, &shown, &changed, no, &asked("X")]).contains(&"asked-once@4".to_owned()));
}

#[test]
fn what_counts_has_come_so_often() {
    let item = "alice item-started template=T";
    let lost = "alice decision rule=P7.41 subject=A code=0x80100069 outcome=true";
    let fails = "alice decision rule=F.card subject=A code=0x80100069 outcome=true";
    check(&[item, lost, lost, lost, fails], &[]);
    check(&[item, lost, lost, fails], &["counted@3"]);
    check(&[item, lost, lost, lost, item, fails], &["counted@5"]);
    check(&[item, "alice decision rule=F.card subject=A code=0x80070005 outcome=true"], &[]);
    let (prompt, answer) = ("alice prompt point=pin.enter", "alice answer prompt=pin.enter answer=pin < 1");
    let asked = [item, prompt, lost, lost, lost, answer, fails];
    assert!(broken(&asked).contains(&"counted@6".to_owned()));
    let theirs = "alice prompt point=pin.enter asked-by=vendor";
    assert!(!broken(&[item, theirs, lost, lost, lost, answer, fails]).contains(&"counted@6".to_owned()));
    let failed = |code: &str| format!("WKS01 item-ended template=M outcome=failed code={code}");
    let (one, other) = (failed("0x80094012"), failed("0x800706BA"));
    let kept = "WKS01 decision rule=MC3.repetition subject=C code=0x80094012 outcome=true";
    check(&["WKS01 boot", &one, &one, &one, kept], &[]);
    check(&["WKS01 boot", &one, &other, &one, &one, kept], &["counted@5"]);
    check(
        &[&one, &one, &one, "WKS01 item-ended template=M outcome=enrolled certificate=D", kept],
        &["enrolled@3", "counted@4"],
    );
}

#[test]
fn that_nobody_may_be_asked_is_told_where_nothing_else_is_wrong() {
    let item = "alice item-started template=T";
    let ended = |code: &str| format!("alice item-ended template=T outcome=failed code={code}");
    let told = |first: &str, second: &str, code: &str| {
        let answer = |code: &str, at| format!("alice effect-done op=submit code={code} < {at}");
        let request = "alice request template=T";
        broken(&[item, request, &answer(first, 1), request, &answer(second, 3), &ended(code)])
    };
    let (silent, denied) = ("0x80090022", "0x80094012");
    assert_eq!(told(denied, silent, silent), ["own-reason@5"]);
    assert_eq!(told(silent, silent, silent), Vec::<String>::new());
    assert_eq!(told(denied, silent, denied), Vec::<String>::new());
    check(&[item, "alice effect op=x", &ended(silent)], &[]);
}

#[test]
fn a_request_that_nobody_was_told_of_may_be_made_again() {
    let (item, request) = ("alice item-started template=T", "alice request template=T");
    let pending = "ca pending ca=ca request-id=1 requester=alice template=T < 1";
    let again = |between: &str| broken(&[item, request, pending, between, "alice run-started", item, request]);
    assert_eq!(again("alice icon"), ["duplicate-request@6"]);
    assert_eq!(again("alice crash session=s"), Vec::<String>::new());
    let noted = "alice store op=put store=request template=T stage=pending";
    let crash = "alice crash session=s";
    check(&[item, request, pending, noted, crash, "alice run-started", item, request], &["duplicate-request@7"]);
    // The CA takes it after the core has ended.
    check(&[item, request, crash, pending, "alice run-started", item, request], &[]);
}

#[test]
fn what_an_entry_that_is_over_leaves_is_nobody_s_default() {
    let view = |key: Option<u8>| CardView {
        tries: 3,
        unlocked: false,
        default: key.map(|key| DefaultContainer { name: "A/1".into(), key: Some(vec![key]), certificate: true }),
    };
    let gone = |before: &[&str]| {
        let mut records = vec!["alice item-started template=T"];
        records.extend(before);
        records.push("A apdu card=A command=00");
        let records = trace(&records);
        let mut checkers = Checkers::of(&Profile::server_2003_sp1());
        checkers.card("A", &view(Some(1)));
        let empty = Beyond::Command { pin: None, card: Some(view(None)) };
        let found = records.iter().map(|record| record.unpack()).flat_map(|record| {
            checkers.observe(&records, &record, if record.kind == Kind::Apdu { &empty } else { &Beyond::Nothing })
        });
        found.filter(|found| found.invariant == Invariant::DefaultContainer).count()
    };
    let goes = "alice decision rule=P7.39 container=A/1 outcome=true";
    let question = "alice prompt point=card.replace-default card=A container=A/1";
    let no = "alice answer prompt=card.replace-default answer=no < 1";
    assert_eq!(gone(&[]), 1);
    assert_eq!(gone(&[goes]), 0);
    assert_eq!(gone(&["alice decision rule=P7.39 container=A/2 outcome=true"]), 1);
    assert_eq!(gone(&[question, no, goes]), 1);
}
