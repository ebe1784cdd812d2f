//! What happens when, and in which order.

use autoenroll_model::{CardSerial, Choice, CoreError, Duration, Effect, EffectId, OutputBody, PromptId, SimTime};
use autoenroll_trace::{Kind, to_json_lines};
use autoenroll_world::action::{Change, ClickTarget, SettingsEdit, UserAnswer};
use autoenroll_world::spec::{ComputerRole, ReaderName, ScheduledChange, WorldSpec};
use autoenroll_world::{ActError, Action, Hosts, SpecFault, Stepped, Thing, World, WorldError};

use crate::lab::{Lab, alice_card, contoso, offer, reader, records, run, template};
use crate::toy::{Script, Toys, ask};

fn logon(user: &str) -> Action {
    Action::Logon { user: user.to_owned(), computer: "WKS01".to_owned() }
}

fn boot() -> Action {
    Action::Boot { computer: "WKS01".to_owned() }
}

fn world(spec: WorldSpec, toys: Toys) -> Lab<Toys> {
    World::new(spec, toys, Hosts::in_process()).unwrap()
}

#[test]
fn at_equal_time_changes_come_first_then_group_policy_then_results_then_deadlines() {
    let mut spec = contoso();
    spec.policy.gp_interval = Duration::HOUR;
    spec.domain.latency = Duration::HOUR;
    spec.changes = vec![ScheduledChange { at: Duration::HOUR, change: Change::DirectoryReachable(false) }];
    // The deadline is set and the effect asked for before the change is due: only the class decides.
    let mut script =
        Script::new().on("trigger 1", [ask(1, Effect::ReadTemplates)]).on("tick", [OutputBody::Icon { shown: true }]);
    script.deadlines = vec![SimTime::START + Duration::HOUR];
    let mut world = world(spec, Toys::default().with("alice", script));
    world.act(&logon("alice")).unwrap();
    run(&mut world, Duration::HOUR);
    let hour = SimTime::START + Duration::HOUR;
    let kinds: Vec<Kind> =
        world.trace().iter().filter(|r| r.at() == hour && r.kind != Kind::Decision).map(|r| r.kind).collect();
    assert_eq!(kinds, [Kind::Change, Kind::GpRefresh, Kind::Trigger, Kind::EffectDone, Kind::Icon]);
    let done = &records(&world, Kind::EffectDone)[0];
    assert_eq!(done.facts.text("code"), Some("0x8007054B ERROR_NO_SUCH_DOMAIN"), "the change came first");
}

#[test]
fn group_policy_is_refreshed_from_boot_and_logon_on() {
    let mut spec = contoso();
    spec.computers[0].role = ComputerRole::DomainController;
    let mut world = world(spec, Toys::default());
    world.act(&boot()).unwrap();
    run(&mut world, Duration::minutes(2));
    world.act(&logon("alice")).unwrap();
    run(&mut world, Duration::minutes(95));
    let of = |who: &str| -> Vec<u64> {
        let refreshes = records(&world, Kind::GpRefresh).into_iter().filter(|record| record.actor == who);
        refreshes.map(|record| record.at.since(SimTime::START).0 / Duration::MINUTE.0).collect()
    };
    assert_eq!(of("alice"), [92]);
    assert_eq!(of("WKS01"), (1..=19).map(|n| n * 5).collect::<Vec<_>>());
    let triggers: Vec<_> = records(&world, Kind::Trigger).iter().map(|record| record.facts.to_string()).collect();
    assert_eq!(triggers[0], "trigger=boot refresh=foreground");
    assert!(triggers.contains(&"trigger=logon refresh=foreground".to_owned()));
    assert!(triggers.contains(&"trigger=group-policy refresh=background".to_owned()));
    assert!(records(&world, Kind::Decision).iter().any(|r| r.facts.text("rule") == Some("T2.1.background-controller")));
}

#[test]
fn a_standalone_computer_knows_no_policy_and_no_directory() {
    let mut spec = contoso();
    spec.computers[0].role = ComputerRole::Standalone;
    let script = Script::new().on("trigger 1", [ask(1, Effect::BindDirectory)]);
    let mut world = world(spec, Toys::default().with("alice", script));
    world.act(&logon("alice")).unwrap();
    run(&mut world, Duration::days(1));
    assert_eq!(records(&world, Kind::Trigger).len(), 1);
    assert_eq!(records(&world, Kind::Trigger)[0].facts.to_string(), "trigger=logon");
    assert_eq!(records(&world, Kind::EffectDone)[0].facts.text("code"), Some("0x8007054B ERROR_NO_SUCH_DOMAIN"));
}

#[test]
fn a_core_that_never_rests_is_stopped() {
    let mut script = Script::new();
    script.deadlines = vec![SimTime::START];
    script.stubborn = true;
    let mut world = world(contoso(), Toys::default().with("alice", script));
    world.act(&logon("alice")).unwrap();
    let mut steps = 0_u32;
    let error = loop {
        match world.step(SimTime::START) {
            Ok(Stepped::Handled) => steps += 1,
            Ok(Stepped::Quiet) => panic!("it came to rest after {steps} steps"),
            Err(error) => break error,
        }
    };
    assert_eq!(error, WorldError::NotQuiescent { at: SimTime::START });
    assert_eq!(steps, autoenroll_world::STEPS_WITHOUT_PROGRESS);
    assert_eq!(records(&world, Kind::Violation)[0].facts.text("invariant"), Some("rest"));
}

#[test]
fn a_core_that_fails_stops_the_world() {
    let mut script = Script::new();
    script.broken_by = Some("unlock".to_owned());
    let mut world = world(contoso(), Toys::default().with("alice", script));
    world.act(&logon("alice")).unwrap();
    world.act(&Action::Lock { user: "alice".to_owned() }).unwrap();
    let error = CoreError::Failed { reason: "the toy is broken".to_owned() };
    let failed = WorldError::Core { principal: "alice".to_owned(), error };
    assert_eq!(world.act(&Action::Unlock { user: "alice".to_owned() }), Err(ActError::World(failed)));
}

#[test]
fn an_error_of_a_core_says_whose_fault_it_is() {
    let (effect, prompt) = (EffectId(5), PromptId(2));
    let check = |error: CoreError, expected: &str| {
        let mut script = Script::new();
        script.broken_by = Some("trigger 1".to_owned());
        script.error = error.clone();
        let mut world = world(contoso(), Toys::default().with("alice", script));
        let failed = world.act(&logon("alice")).unwrap_err();
        assert_eq!(failed, ActError::World(WorldError::Core { principal: "alice".to_owned(), error }));
        assert_eq!(failed.to_string(), format!("alice: {expected}"));
    };
    let wrong = CoreError::WrongResult { effect, expected: "stores".to_owned(), found: "reply".to_owned() };
    let text = "the result of effect 5 must be `stores` or `failed`, and `reply` came";
    check(wrong, &format!("the driver broke the core's contract: {text}"));
    let text = "a result came for effect 5, which is not open: it was never asked for, is done, or was abandoned";
    check(CoreError::UnknownEffect { effect }, &format!("the driver broke the core's contract: {text}"));
    let text = "an answer came for prompt 2, which is not open: it was never shown, is answered, or was withdrawn";
    check(CoreError::UnknownPrompt { prompt }, &format!("the driver broke the core's contract: {text}"));
    let text = "prompt 2 does not offer `pin`; it offers `yes`, `no`";
    let not_offered = CoreError::NotOffered { prompt, found: Choice::Pin, expected: vec![Choice::Yes, Choice::No] };
    check(not_offered, &format!("the driver broke the core's contract: {text}"));
    check(CoreError::failed("it is gone"), "the core failed: it is gone");
}

#[test]
fn a_crash_leaves_effects_unanswered_and_a_new_session_starts_from_nothing() {
    let mut spec = contoso();
    spec.domain.latency = Duration::MINUTE;
    let script = Script::new().on("trigger 1", [ask(1, Effect::ReadTemplates)]);
    let mut world = world(spec, Toys::default().with("alice", script));
    world.act(&logon("alice")).unwrap();
    world.act(&Action::Crash { target: "alice".to_owned() }).unwrap();
    run(&mut world, Duration::MINUTE);
    assert!(records(&world, Kind::EffectDone).is_empty());
    world.act(&logon("alice")).unwrap();
    run(&mut world, Duration::minutes(2));
    assert_eq!(records(&world, Kind::EffectDone).len(), 1);
    assert!(records(&world, Kind::Violation).is_empty());
    assert_eq!(world.act(&Action::Crash { target: "WKS01".to_owned() }), Ok(()));
    assert_eq!(
        world.act(&Action::Shutdown { computer: "WKS01".to_owned() }),
        Err(ActError::NotRunning { computer: "WKS01".to_owned() })
    );
}

#[test]
fn clones_go_their_own_way_and_equally() {
    let mut spec = contoso();
    offer(&mut spec, template("ContosoUser"), None);
    let mut world = World::new(spec, autoenroll_core::InProcess::new(), Hosts::in_process()).unwrap();
    world.act(&logon("alice")).unwrap();
    world.step(SimTime::START).unwrap();
    let mut fork = world.clone();
    let mut other = world.clone();
    run(&mut world, Duration::days(2));
    run(&mut fork, Duration::days(2));
    assert_eq!(to_json_lines(world.trace()), to_json_lines(fork.trace()));
    assert_eq!(records(&world, Kind::Issued).len(), 1, "{}", crate::lab::story(&world));
    other.act(&Action::Change(Change::DirectoryReachable(false))).unwrap();
    run(&mut other, Duration::days(2));
    assert_ne!(world.trace().digest(), other.trace().digest());
}

#[test]
fn the_wall_clock_can_be_set_and_simulated_time_goes_on() {
    let mut world = world(contoso(), Toys::default());
    let start = world.wall();
    run(&mut world, Duration::HOUR);
    world.act(&Action::Change(Change::WallClock(start))).unwrap();
    run(&mut world, Duration::hours(2));
    assert_eq!((world.now(), world.wall()), (SimTime::START + Duration::hours(2), start + Duration::HOUR));
}

#[test]
fn what_cannot_be_done_is_refused_and_leaves_no_record() {
    let mut spec = contoso();
    spec.cards = vec![alice_card()];
    let mut world = world(spec, Toys::default());
    world.act(&boot()).unwrap();
    world.act(&logon("alice")).unwrap();
    let insert =
        |card: &str| Action::Insert { card: card.to_owned(), computer: "WKS01".to_owned(), reader: reader().reader };
    let alice = || "alice".to_owned();
    let before = world.trace().len();
    let unknown = |world: &mut Lab<Toys>, action: Action, what: Thing| match world.act(&action) {
        Err(ActError::Unknown(unknown)) => assert_eq!(unknown.what, what, "{action:?}"),
        other => panic!("{action:?} gave {other:?}"),
    };
    unknown(&mut world, logon("carol"), Thing::User);
    unknown(&mut world, Action::Boot { computer: "WKS02".to_owned() }, Thing::Computer);
    unknown(&mut world, Action::Pulse { principal: "carol".to_owned() }, Thing::Principal);
    unknown(&mut world, insert("bob-card"), Thing::Card);
    let nowhere = Action::Insert { card: "alice-card".into(), computer: "WKS01".into(), reader: "Reader 9".into() };
    unknown(&mut world, nowhere, Thing::Reader);
    let policy = Change::Settings { principal: "carol".to_owned(), edit: SettingsEdit::Express(true) };
    unknown(&mut world, Action::Change(policy), Thing::Principal);
    unknown(&mut world, Action::Change(Change::Publish { template: "None".to_owned() }), Thing::Template);

    let mut check = |action: Action, expected: ActError| assert_eq!(world.act(&action), Err(expected));
    check(boot(), ActError::AlreadyRunning { computer: "WKS01".to_owned() });
    check(logon("alice"), ActError::AlreadyLoggedOn { user: alice(), computer: "WKS01".to_owned() });
    check(Action::Logoff { user: "bob".to_owned() }, ActError::NotLoggedOn { user: "bob".to_owned() });
    check(Action::Unlock { user: alice() }, ActError::NotLocked { user: alice() });
    check(Action::Remove { card: "alice-card".to_owned() }, ActError::NotInserted { card: "alice-card".to_owned() });
    for on in ClickTarget::ALL {
        check(Action::Click { user: alice(), on: *on }, ActError::NothingToClick { user: alice(), on: *on });
    }
    let point = autoenroll_model::DecisionPoint::Summary;
    let answer = UserAnswer::Word(autoenroll_model::Choice::Close);
    check(Action::Reply { user: alice(), point, answer }, ActError::NoPrompt { user: alice(), point, open: vec![] });
    assert_eq!(world.trace().len(), before);

    world.act(&insert("alice-card")).unwrap();
    let mut check = |action: Action, expected: ActError| assert_eq!(world.act(&action), Err(expected));
    check(insert("alice-card"), ActError::ReaderOccupied { reader: reader(), card: "alice-card".to_owned() });
    world.act(&Action::Lock { user: alice() }).unwrap();
    let click = Action::Click { user: alice(), on: ClickTarget::Icon };
    assert_eq!(world.act(&click), Err(ActError::Locked { user: alice() }));
}

#[test]
fn a_description_that_describes_nothing_is_refused() {
    let refused = |change: fn(&mut WorldSpec)| {
        let mut spec = contoso();
        spec.cards = vec![alice_card()];
        change(&mut spec);
        let mut errors = World::new(spec, Toys::default(), Hosts::in_process()).map(drop).unwrap_err().0;
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors.remove(0)
    };
    let unknown = |change, expected: Thing| match refused(change).fault {
        SpecFault::Unknown(unknown) => assert_eq!(unknown.what, expected),
        other => panic!("{other}"),
    };
    unknown(|spec| spec.authorities[0].templates.push("None".to_owned()), Thing::Template);
    unknown(|spec| spec.domain.trust.roots.push("None".to_owned()), Thing::Root);
    unknown(
        |spec| {
            spec.cards[0].in_reader = Some(ReaderName { computer: "WKS01".to_owned(), reader: "Reader 9".to_owned() });
        },
        Thing::Reader,
    );
    let twice = refused(|spec| spec.cards.push(alice_card()));
    assert_eq!((twice.place.of, twice.place.name.as_str(), twice.fault), (Thing::Card, "alice-card", SpecFault::Twice));
    let short = refused(|spec| spec.cards[0].pin = autoenroll_world::spec::Pin::new("1"));
    assert_eq!(short.to_string(), "the card `alice-card` cannot be made: the profile allows no PIN of 1 bytes");
}

#[test]
fn an_unknown_card_fails_at_once() {
    let serial = CardSerial("00".to_owned());
    let describe = autoenroll_model::CardOperation::Describe;
    let script = Script::new().on("trigger 1", [ask(1, Effect::Card { card: serial, pin: None, operation: describe })]);
    let mut world = world(contoso(), Toys::default().with("alice", script));
    world.act(&logon("alice")).unwrap();
    run(&mut world, Duration::ZERO);
    let done = records(&world, Kind::CardDone);
    assert_eq!(done[0].facts.text("code"), Some("0x8010000C SCARD_E_NO_SMARTCARD"));
}
