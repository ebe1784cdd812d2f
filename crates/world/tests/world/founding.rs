//! The founding story, played with the real core.

use crate::lab::{READER, alice_card, card_template, contoso, offer, records, run, story};
use autoenroll_apdu::piv::TouchRule;
use autoenroll_model::{Choice, DecisionPoint, Duration};
use autoenroll_trace::Kind;
use autoenroll_world::action::{ClickTarget, UserAnswer};
use autoenroll_world::spec::{CardContainerSpec, CertificateKey, CertificateSpec, Pin, WorldSpec};
use autoenroll_world::{Action, Hosts, Look, Stepped, World};

type Lab = crate::lab::Lab<autoenroll_core::InProcess>;

/// alice's card holds an expired certificate in its default container; the template appears one hour after the start.
fn spec() -> WorldSpec {
    let mut spec = contoso();
    spec.policy.gp_interval = Duration::hours(8);
    offer(&mut spec, card_template("ContosoSmartcardLogon"), Some(Duration::HOUR));
    let mut old = CertificateSpec::of("expired-logon", "ContosoSmartcardLogon", "Contoso CA", Duration::days(500));
    old.key = CertificateKey::Card { card: "alice-card".to_owned(), container: "Slot0".to_owned() };
    let mut card = alice_card();
    card.containers = vec![CardContainerSpec {
        name: "Slot0".to_owned(),
        default: true,
        key: None,
        holds: Some(old),
        touch: TouchRule::Never,
    }];
    spec.cards = vec![card];
    spec
}

fn reply(world: &mut Lab, point: DecisionPoint, answer: UserAnswer) {
    let reply = Action::Reply { user: "alice".to_owned(), point, answer };
    let outcome = world.act(&reply);
    assert_eq!(outcome, Ok(()), "{}", story(world));
}

/// Replies when the world is quiet, and waits until it is again.
fn reply_and_wait(world: &mut Lab, point: DecisionPoint, answer: UserAnswer) {
    reply(world, point, answer);
    run(world, Duration(world.now().0));
}

fn play() -> Lab {
    let mut world = World::new(spec(), autoenroll_core::InProcess::new(), Hosts::in_process()).unwrap();
    world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
    run(&mut world, Duration::hours(8));
    run(&mut world, Duration::hours(8) + Duration::seconds(65));
    world.act(&Action::Click { user: "alice".to_owned(), on: ClickTarget::Icon }).unwrap();
    reply_and_wait(&mut world, DecisionPoint::WizardStart, UserAnswer::Word(Choice::Start));
    let card =
        |card: &str| Action::Insert { card: card.to_owned(), computer: "WKS01".to_owned(), reader: READER.to_owned() };
    run(&mut world, Duration::hours(8) + Duration::seconds(68));
    world.act(&card("alice-card")).unwrap();
    run(&mut world, Duration::hours(8) + Duration::seconds(68));
    reply_and_wait(&mut world, DecisionPoint::CardInsert, UserAnswer::Word(Choice::Cancel));
    reply_and_wait(&mut world, DecisionPoint::CardReplaceDefault, UserAnswer::Word(Choice::Yes));
    reply_and_wait(&mut world, DecisionPoint::PinEnter, UserAnswer::Pin(Pin::new("0000")));
    reply_and_wait(&mut world, DecisionPoint::PinEnter, UserAnswer::Pin(Pin::new("1234")));
    run(&mut world, Duration::hours(17));
    world
}

#[test]
fn the_second_provider_gets_the_certificate() {
    let world = play();
    let issued = records(&world, Kind::Issued);
    assert_eq!(issued.len(), 1, "{}", story(&world));
    let name = issued[0].facts.text("certificate").unwrap();
    assert_eq!(name, "ContosoSmartcardLogon#2");
    let card = world.look(&Look::Card("alice-card".to_owned())).unwrap();
    assert_eq!(card.text("default-certificate"), Some(name), "{card}");
    assert_eq!(records(&world, Kind::Violation), Vec::new(), "{}", story(&world));
    assert!(!autoenroll_trace::to_json_lines(world.trace()).contains("31323334"), "the PIN is nowhere to be read");
}

#[test]
fn the_same_story_gives_the_same_trace() {
    assert_eq!(play().trace().digest(), play().trace().digest());
}

/// Lets alice do what she is asked until nothing happens any more; the card is pulled before that command, counted from
/// 0.
fn play_with_a_pull(pull_before: usize) -> Lab {
    let mut world = World::new(spec(), autoenroll_core::InProcess::new(), Hosts::in_process()).unwrap();
    world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
    run(&mut world, Duration::hours(8) + Duration::seconds(65));
    let insert = Action::Insert { card: "alice-card".into(), computer: "WKS01".into(), reader: READER.to_owned() };
    world.act(&insert).unwrap();
    world.act(&Action::Click { user: "alice".to_owned(), on: ClickTarget::Icon }).unwrap();
    let mut pulled = false;
    for _ in 0..10_000 {
        if !pulled && records(&world, Kind::Apdu).len() >= pull_before {
            pulled = true;
            world.act(&Action::Remove { card: "alice-card".to_owned() }).unwrap();
        }
        if world.step(world.now()).unwrap() == Stepped::Handled {
            continue;
        }
        let Some(prompt) = world.prompts().into_iter().next() else { break };
        let answer = match prompt.point {
            DecisionPoint::WizardStart => UserAnswer::Word(Choice::Start),
            DecisionPoint::CardReplaceDefault => UserAnswer::Word(Choice::Yes),
            DecisionPoint::PinEnter => UserAnswer::Pin(Pin::new("1234")),
            DecisionPoint::Summary => UserAnswer::Word(Choice::Close),
            _ => UserAnswer::Word(Choice::Cancel),
        };
        reply(&mut world, prompt.point, answer);
    }
    world
}

#[test]
fn a_card_pulled_at_any_moment_breaks_no_invariant() {
    let whole = records(&play_with_a_pull(usize::MAX), Kind::Apdu).len();
    assert!(whole > 60, "{whole} commands");
    for command in 0..whole {
        let world = play_with_a_pull(command);
        assert!(records(&world, Kind::Violation).is_empty(), "before {command}: {}", story(&world));
        assert!(world.prompts().is_empty(), "before {command}: {}", story(&world));
        assert_eq!(records(&world, Kind::RunEnded).len(), 2, "before {command}: {}", story(&world));
    }
}
