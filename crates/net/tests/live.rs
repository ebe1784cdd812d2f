//! A world that lives: its clock, who its accounts are, and who follows what happens.

use autoenroll_model::{Duration, Profile, SimTime};
use autoenroll_net::control::{Control, Steps, Word};
use autoenroll_net::{Accounts, Live, Pace, Passwords};
use autoenroll_world::action::Change;
use autoenroll_world::spec::{ComputerSpec, ScheduledChange, UserSpec};
use autoenroll_world::{Action, WorldSpec};
use std::collections::BTreeMap;
use std::sync::Arc;

fn spec() -> WorldSpec {
    let mut spec = WorldSpec::contoso(Profile::server_2003_sp1());
    spec.users = vec![UserSpec::named("alice", 1104, &spec.domain)];
    spec.computers = vec![ComputerSpec::named("WKS01", 1201, &spec.domain)];
    spec
}

/// Knows one step.
struct Logon;

impl Steps for Logon {
    fn actions(&self, step: &str) -> Result<Vec<Action>, String> {
        match step {
            "logon" => Ok(vec![Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }]),
            other => Err(format!("no step {other}")),
        }
    }
}

#[test]
fn time_stands_still_goes_on_or_is_moved() {
    let mut spec = spec();
    let at = Duration::hours(2);
    spec.changes = vec![ScheduledChange { at, change: Change::WallClock(spec.start) }];
    let live = Live::new(spec, Pace::Frozen).unwrap();
    let now = |live: &Live| live.with(|world| world.now()).unwrap();
    let records = |live: &Live| live.with(|world| world.trace().len()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(now(&live), SimTime::START);
    // What is due on the way happens.
    assert_eq!(live.advance(Duration::hours(1)).unwrap(), SimTime::START + Duration::hours(1));
    assert_eq!(records(&live), 0);
    live.advance(Duration::hours(2)).unwrap();
    assert!(records(&live) > 0);
    assert_eq!(now(&live), SimTime::START + Duration::hours(3));
    live.set_pace(Pace::Times(3600)).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let later = now(&live);
    assert!(later >= SimTime::START + Duration::hours(3) + Duration::minutes(1), "{later}");
    live.set_pace(Pace::Frozen).unwrap();
    let stopped = now(&live);
    std::thread::sleep(std::time::Duration::from_millis(5));
    assert_eq!(now(&live), stopped);
}

#[test]
fn accounts_are_found_by_what_clients_call_them() {
    let live = Live::new(spec(), Pace::Frozen).unwrap();
    let check = |said: &str, expected: Option<&str>| {
        let found = live.with(|world| Accounts::find(world, said)).unwrap();
        assert_eq!(found.as_deref(), expected, "{said}");
    };
    for said in ["alice", "ALICE", "alice@contoso.com", "ALICE@CONTOSO.COM", "CONTOSO\\Alice", "contoso.com\\alice"] {
        check(said, Some("alice"));
    }
    check("CN=alice,CN=Users,DC=contoso,DC=com", Some("alice"));
    check("wks01$", Some("WKS01"));
    check("CONTOSO\\WKS01$", Some("WKS01"));
    check("WKS01$@contoso.com", Some("WKS01"));
    for said in [
        "",
        "alice$",
        "bob",
        "alice@elsewhere.test",
        "WKS01$@elsewhere.test",
        "alice$@contoso.com",
        "ELSEWHERE\\alice",
        "CN=alice",
        "\\",
        "@contoso.com",
    ] {
        check(said, None);
    }
    let own = BTreeMap::from([("alice".to_owned(), "her own".to_owned())]);
    let accounts = Accounts { passwords: Passwords { common: Some("everybody's".to_owned()), own } };
    let check = |said: &str, password: &str, expected: bool| {
        let found = live.with(|world| accounts.check(world, said, password.as_bytes())).unwrap();
        assert_eq!(found.is_some(), expected, "{said} {password}");
    };
    check("alice", "her own", true);
    check("alice", "everybody's", false);
    check("alice", "", false);
    check("WKS01$", "everybody's", true);
}

#[test]
fn what_is_done_is_told_to_those_who_follow() {
    let live = Arc::new(Live::new(spec(), Pace::Frozen).unwrap());
    let control = Control { live: live.clone(), steps: Box::new(Logon) };
    let mut grown = live.follow();
    grown.borrow_and_update();
    let act = |line: &str| Word::parse(line).and_then(|word| control.act(&word));
    assert_eq!(act("status").unwrap()["time"], "00:00:00");
    assert_eq!(act("look store alice").unwrap()["certificates"], serde_json::json!([]));
    let status = act("step logon").unwrap();
    assert!(status["records"].as_u64() > Some(0), "{status}");
    assert!(grown.has_changed().unwrap());
    assert_eq!(act("step dance").unwrap_err().to_string(), "no step dance");
    // It is logged on already.
    assert!(act("step logon").is_err());
    assert_eq!(act("advance 1h").unwrap()["time"], "01:00:00");
    live.log("ldap", "peer", "alice", "search", "nothing");
    let lines = live.read_log(|log| log.since(0).map(|line| (line.number, line.who.clone())).collect::<Vec<_>>());
    assert_eq!(lines, [(0, "alice".to_owned())]);
}
