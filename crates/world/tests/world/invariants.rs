//! Each invariant notices the core that breaks it.

use autoenroll_apdu::piv::TouchRule;
use autoenroll_model::{
    Action as Work, CardOperation, CardSerial, Choice, DecisionPoint, Duration, Effect, Facts, HResult, KeyPlace,
    Outcome, OutputBody, PinId, PromptId, Report, Submission, Thumbprint, Trigger, TriggerCause,
};
use autoenroll_trace::Kind;
use autoenroll_world::action::{Change, UserAnswer};
use autoenroll_world::spec::{CardContainerSpec, CardSpec, CertificateSpec, Pin, WorldSpec};
use autoenroll_world::{Action, Hosts, InProcessCas, Invariant, World};

use crate::lab::{Lab, alice_card, contoso, offer, reader, records, run, story, template};
use crate::toy::{Script, Toys, ask};

fn serial() -> CardSerial {
    CardSerial("a1".repeat(16))
}

fn spec() -> WorldSpec {
    let mut spec = contoso();
    offer(&mut spec, template("ContosoUser"), None);
    let old = CertificateSpec::of("old-logon", "ContosoUser", "Contoso CA", Duration::days(10));
    spec.cards = vec![CardSpec {
        serial: Some([0xA1; 16]),
        in_reader: Some(reader()),
        containers: vec![CardContainerSpec {
            name: "Slot0".to_owned(),
            default: true,
            key: None,
            holds: Some(old),
            touch: TouchRule::Never,
        }],
        ..alice_card()
    }];
    spec
}

fn with_pin(id: u32, pin: u32, operation: CardOperation) -> OutputBody {
    ask(id, Effect::Card { card: serial(), pin: Some(PinId(pin)), operation })
}

fn prompt(id: u32, point: DecisionPoint, facts: Facts, offers: &[Choice]) -> OutputBody {
    OutputBody::Prompt { id: PromptId(id), point, facts, offers: offers.to_vec() }
}

fn pin_prompt(id: u32) -> OutputBody {
    prompt(id, DecisionPoint::PinEnter, Facts::new(), &[Choice::Pin, Choice::Cancel])
}

fn run_started() -> OutputBody {
    OutputBody::Report(Report::RunStarted { trigger: Trigger::of(TriggerCause::Logon) })
}

fn item(outcome: Outcome) -> [OutputBody; 2] {
    let (template, action) = ("ContosoUser".to_owned(), Work::Enroll);
    [
        OutputBody::Report(Report::ItemStarted { template: template.clone(), action, interactive: true }),
        OutputBody::Report(Report::ItemEnded { template, action, outcome }),
    ]
}

/// Plays a script with some answers of alice, and names the invariants that were broken.
fn broken(spec: WorldSpec, script: Script, answers: &[(DecisionPoint, UserAnswer)]) -> Vec<String> {
    let mut world = World::new(spec, Toys::default().with("alice", script), Hosts::in_process()).unwrap();
    world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
    run(&mut world, Duration::ZERO);
    for (point, answer) in answers {
        let reply = Action::Reply { user: "alice".to_owned(), point: *point, answer: answer.clone() };
        assert_eq!(world.act(&reply), Ok(()), "{}", story(&world));
        run(&mut world, Duration::ZERO);
    }
    let invariant = |record: &autoenroll_trace::Record| record.facts.text("invariant").unwrap_or("?").to_owned();
    records(&world, Kind::Violation).iter().map(invariant).collect()
}

fn pin(text: &str) -> (DecisionPoint, UserAnswer) {
    (DecisionPoint::PinEnter, UserAnswer::Pin(Pin::new(text)))
}

#[test]
fn contract() {
    let check = |says: Vec<OutputBody>, expected: Invariant| {
        let script = Script::new().on("trigger 1", says);
        assert_eq!(broken(spec(), script, &[]), [expected.as_str()]);
    };
    let effect = |id| ask(id, Effect::ReadStores);
    check(vec![effect(1), effect(1)], Invariant::Contract);
    check(vec![OutputBody::AbandonEffect { id: autoenroll_model::EffectId(5) }], Invariant::Contract);
    check(vec![OutputBody::BalloonHidden(autoenroll_model::BalloonId(1))], Invariant::Contract);
    check(vec![OutputBody::PromptWithdrawn { id: PromptId(1) }], Invariant::Prompts);
    check(vec![OutputBody::PromptChanged { id: PromptId(1), facts: Facts::new() }], Invariant::Prompts);
    check(vec![pin_prompt(1), pin_prompt(1)], Invariant::Prompts);
    check(vec![run_started(), pin_prompt(1), OutputBody::Report(Report::RunEnded)], Invariant::Prompts);
}

#[test]
fn a_pin_nobody_gave() {
    let script = Script::new().on("trigger 1", [with_pin(1, 1, CardOperation::VerifyPin)]);
    assert_eq!(broken(spec(), script, &[]), ["pin-given"]);
}

#[test]
fn a_refused_pin_tried_again() {
    let verify = |id| with_pin(id, 1, CardOperation::VerifyPin);
    let script =
        Script::new().on("trigger 1", [pin_prompt(1)]).on("answered 1", [verify(1)]).on("wrong-pin 1", [verify(2)]);
    assert_eq!(broken(spec(), script.clone(), &[pin("0000")]), ["pin-spent"]);
    assert_eq!(broken(spec(), script, &[pin("1234")]), Vec::<String>::new());
}

#[test]
fn a_counter_that_rises_by_itself() {
    // Nothing that a core can do makes an honest card's counter rise; another user's finger does, behind the world's
    // back.
    let script = Script::new()
        .on("trigger 1", [pin_prompt(1)])
        .on("answered 1", [with_pin(1, 1, CardOperation::VerifyPin)])
        .on("wrong-pin 1", [pin_prompt(2)])
        .on("answered 2", [with_pin(2, 2, CardOperation::VerifyPin)]);
    let mut spec = spec();
    spec.cards[0].tries = 1;
    let mut world = World::new(
        spec,
        Toys::default().with("alice", script),
        Hosts { cards: crate::lab::Meddler::default(), cas: InProcessCas::default() },
    )
    .unwrap();
    world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
    let (point, answer) = pin("0000");
    world.act(&Action::Reply { user: "alice".to_owned(), point, answer }).unwrap();
    run(&mut world, Duration::ZERO);
    let found: Vec<_> = world.trace().of(Kind::Violation).filter_map(|record| record.text("invariant")).collect();
    assert_eq!(found, ["retry-counter"]);
}

#[test]
fn a_default_container_replaced_without_asking() {
    let delete = with_pin(1, 1, CardOperation::Delete { container: "Slot0".to_owned() });
    let facts = || Facts::new().with("card", "a1".repeat(16)).with("container", "Slot0");
    let ask_first = prompt(2, DecisionPoint::CardReplaceDefault, facts(), &[Choice::Yes, Choice::No]);
    let silent = Script::new().on("trigger 1", [pin_prompt(1)]).on("answered 1", [delete.clone()]);
    assert_eq!(broken(spec(), silent, &[pin("1234")]), ["default-container"]);
    let asked = Script::new().on("trigger 1", [pin_prompt(1)]).on("answered 1", [ask_first]).on("answered 2", [delete]);
    let answer = |word| (DecisionPoint::CardReplaceDefault, UserAnswer::Word(word));
    assert_eq!(broken(spec(), asked.clone(), &[pin("1234"), answer(Choice::Yes)]), Vec::<String>::new());
    assert_eq!(broken(spec(), asked, &[pin("1234"), answer(Choice::No)]), ["default-container"]);
}

#[test]
fn a_certificate_that_is_not_there() {
    let key = KeyPlace { provider: "P".to_owned(), container: "c".to_owned(), card: None };
    let enrolled = Outcome::Enrolled { thumbprint: Thumbprint("00".to_owned()), key };
    let script = Script::new().on("trigger 1", item(enrolled));
    assert_eq!(broken(spec(), script, &[]), ["enrolled"]);
}

#[test]
fn a_request_while_one_is_pending() {
    let mut spec = spec();
    spec.authorities[0].manager_approval = true;
    // The request of a real core, sent twice.
    let mut world = World::new(spec.clone(), autoenroll_core::InProcess::new(), Hosts::in_process()).unwrap();
    world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
    run(&mut world, Duration::ZERO);
    assert_eq!(records(&world, Kind::Pending).len(), 1, "{}", story(&world));
    assert!(records(&world, Kind::Violation).is_empty());
    let hex = records(&world, Kind::Request)[0].facts.text("request").unwrap().to_owned();
    let submission = Submission {
        ca: "Contoso CA".to_owned(),
        host: "ca01.contoso.com".to_owned(),
        flags: 0,
        attributes: Vec::new(),
        request: autoenroll_model::hex::decode(&hex).unwrap(),
    };
    let submit = |id| ask(id, Effect::Submit(submission.clone()));
    let script = Script::new().on("trigger 1", [submit(1)]).on("done 1", [submit(2)]);
    assert_eq!(broken(spec, script, &[]), ["duplicate-request"]);
}

#[test]
fn success_told_and_failure_not_told() {
    let summary = |failures: Vec<&str>| {
        prompt(1, DecisionPoint::Summary, Facts::new().with("failures", failures), &[Choice::Close])
    };
    let check = |says: Vec<OutputBody>, expected: &[&str]| {
        let script = Script::new()
            .on("trigger 1", [run_started()].into_iter().chain(says))
            .on("answered 1", [OutputBody::Report(Report::RunEnded)]);
        let close = (DecisionPoint::Summary, UserAnswer::Word(Choice::Close));
        assert_eq!(broken(spec(), script, &[close]), expected);
    };
    let failed = || item(Outcome::Failed(HResult::NTE_FAIL));
    check(vec![summary(vec![])], &["silent-success"]);
    check(failed().into_iter().chain([summary(vec!["ContosoUser"])]).collect(), &[]);
    check(failed().into_iter().chain([summary(vec!["ContosoUser", "again"])]).collect(), &["summary"]);
    let untold = Script::new()
        .on("trigger 1", [run_started()].into_iter().chain(failed()).chain([OutputBody::Report(Report::RunEnded)]));
    assert_eq!(broken(spec(), untold, &[]), ["summary"]);
}

#[test]
fn an_administrator_may_unblock() {
    let verify = |id, pin| with_pin(id, pin, CardOperation::VerifyPin);
    let script = Script::new()
        .on("trigger 1", [pin_prompt(1)])
        .on("answered 1", [verify(1, 1)])
        .on("trigger 2", [pin_prompt(2)])
        .on("answered 2", [verify(2, 2)]);
    let mut spec = spec();
    spec.cards[0].tries = 1;
    let mut world = World::new(spec, Toys::default().with("alice", script), Hosts::in_process()).unwrap();
    world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
    let give = |world: &mut Lab<Toys>, text: &str| {
        let (point, answer) = pin(text);
        world.act(&Action::Reply { user: "alice".to_owned(), point, answer }).unwrap();
        run(world, Duration::ZERO);
    };
    give(&mut world, "0000");
    world.act(&Action::Change(Change::UnblockCard { card: "alice-card".to_owned() })).unwrap();
    world.act(&Action::Pulse { principal: "alice".to_owned() }).unwrap();
    give(&mut world, "1234");
    let codes: Vec<_> = world.trace().of(Kind::CardDone).map(|record| record.text("code").unwrap()).collect();
    assert_eq!(codes, ["0x8010006B SCARD_W_WRONG_CHV", "0x00000000 S_OK"]);
    assert!(records(&world, Kind::Violation).is_empty());
}
