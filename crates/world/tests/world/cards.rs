//! Readers, cards in them, and who works with them when.

use autoenroll_card::CardProfile;
use autoenroll_model::{CardOperation, CardSerial, Duration, Effect, OutputBody, PromptId, SimTime};
use autoenroll_trace::{Kind, Record};
use autoenroll_world::action::{CardFault, Change};
use autoenroll_world::spec::{CardSpec, WorldSpec};
use autoenroll_world::{Action, Hosts, Look, Stepped, World};

use crate::lab::{Lab, alice_card, contoso, reader, records, run};
use crate::toy::{Script, Toys, ask};

const SERIAL: [u8; 16] = [0xA1; 16];

fn serial() -> CardSerial {
    CardSerial("a1".repeat(16))
}

/// alice's card in the only reader.
fn inserted() -> WorldSpec {
    let mut spec = contoso();
    spec.cards = vec![CardSpec { serial: Some(SERIAL), in_reader: Some(reader()), ..alice_card() }];
    spec
}

fn card(id: u32, operation: CardOperation) -> OutputBody {
    ask(id, Effect::Card { card: serial(), pin: None, operation })
}

fn logon(user: &str) -> Action {
    Action::Logon { user: user.to_owned(), computer: "WKS01".to_owned() }
}

fn remove() -> Action {
    Action::Remove { card: "alice-card".to_owned() }
}

fn world(spec: WorldSpec, toys: Toys) -> Lab<Toys> {
    World::new(spec, toys, Hosts::in_process()).unwrap()
}

fn codes(world: &Lab<Toys>) -> Vec<String> {
    let code = |record: &Record| format!("{} {}", record.actor, record.facts.text("code").unwrap_or("?"));
    records(world, Kind::CardDone).iter().map(code).collect()
}

#[test]
fn two_users_take_turns_at_a_reader() {
    let script = || Script::new().on("trigger 1", [card(1, CardOperation::Describe), card(2, CardOperation::Describe)]);
    let toys = Toys::default().with("alice", script()).with("bob", script());
    let mut world = world(inserted(), toys);
    world.act(&logon("alice")).unwrap();
    // alice's first transaction has begun when bob comes; his two stand behind both of hers.
    world.step(SimTime::START).unwrap();
    world.act(&logon("bob")).unwrap();
    run(&mut world, Duration::ZERO);
    let done: Vec<&str> = world.trace().of(Kind::CardDone).map(|record| record.actor()).collect();
    assert_eq!(done, ["alice", "alice", "bob", "bob"]);
    // No command of one transaction stands between those of another: every one of them begins with SELECT.
    let meanings: Vec<&str> = world.trace().of(Kind::Apdu).filter_map(|record| record.text("meaning")).collect();
    let each = meanings.len() / 4;
    assert!(each > 2 && meanings.len().is_multiple_of(4));
    for transaction in meanings.chunks(each) {
        assert_eq!(transaction, &meanings[..each]);
        assert!(transaction[0].starts_with("SELECT GIDS"), "{}", transaction[0]);
    }
}

#[test]
fn a_card_can_be_pulled_before_every_command() {
    let script = || Script::new().on("trigger 1", [card(1, CardOperation::Describe)]);
    let mut whole = world(inserted(), Toys::default().with("alice", script()));
    whole.act(&logon("alice")).unwrap();
    run(&mut whole, Duration::ZERO);
    let commands = records(&whole, Kind::Apdu).len();
    assert!(commands > 3);
    assert_eq!(codes(&whole), ["alice 0x00000000 S_OK"]);
    for pulled in 0..commands {
        let mut world = world(inserted(), Toys::default().with("alice", script()));
        world.act(&logon("alice")).unwrap();
        while records(&world, Kind::Apdu).len() < pulled {
            assert_eq!(world.step(SimTime::START), Ok(Stepped::Handled));
        }
        world.act(&remove()).unwrap();
        run(&mut world, Duration::ZERO);
        let expected = match pulled {
            0 => "alice 0x8010000C SCARD_E_NO_SMARTCARD",
            _ => "alice 0x80100069 SCARD_W_REMOVED_CARD",
        };
        assert_eq!(codes(&world), [expected], "before command {pulled}");
        let removal = records(&world, Kind::Remove)[0].id;
        assert!(records(&world, Kind::CardDone)[0].causes.contains(&removal), "before command {pulled}");
        assert_eq!(records(&world, Kind::Apdu).len(), pulled);
        assert!(records(&world, Kind::Violation).is_empty());
    }
}

#[test]
fn a_card_that_was_out_in_between_is_not_the_same_any_more() {
    let script = Script::new().on("trigger 1", [card(1, CardOperation::Describe)]);
    let mut world = world(inserted(), Toys::default().with("alice", script));
    world.act(&logon("alice")).unwrap();
    world.step(SimTime::START).unwrap();
    world.act(&remove()).unwrap();
    let place = reader();
    let insert = Action::Insert { card: "alice-card".to_owned(), computer: place.computer, reader: place.reader };
    world.act(&insert).unwrap();
    run(&mut world, Duration::ZERO);
    assert_eq!(codes(&world), ["alice 0x80100068 SCARD_W_RESET_CARD"]);
}

#[test]
fn a_crash_in_the_middle_of_a_transaction_frees_the_reader() {
    let script = || Script::new().on("trigger 1", [card(1, CardOperation::Describe)]);
    let toys = Toys::default().with("alice", script()).with("bob", script());
    let mut world = world(inserted(), toys);
    world.act(&logon("alice")).unwrap();
    world.step(SimTime::START).unwrap();
    world.act(&logon("bob")).unwrap();
    world.act(&Action::Crash { target: "alice".to_owned() }).unwrap();
    run(&mut world, Duration::ZERO);
    assert_eq!(codes(&world), ["bob 0x00000000 S_OK"]);
}

#[test]
fn readers_tell_what_a_machine_knows_about_their_cards() {
    let script = || Script::new().on("trigger 1", [ask(1, Effect::ReadReaders)]);
    let check = |profile: CardProfile, provider: &str, apdus: bool| {
        let mut spec = inserted();
        spec.cards[0].profile = profile;
        spec.computers[0].providers.retain(|known| known.name != provider);
        let mut world = world(spec, Toys::default().with("alice", script()));
        world.act(&logon("alice")).unwrap();
        run(&mut world, Duration::ZERO);
        assert_eq!(records(&world, Kind::EffectDone).len(), 1);
        assert_eq!(!records(&world, Kind::Apdu).is_empty(), apdus);
    };
    check(CardProfile::gids(), "none is missing", true);
    check(CardProfile::gids(), crate::lab::BASE, false);
    check(CardProfile { atr: autoenroll_apdu::Atr::t1(b"UNKNOWN"), ..CardProfile::gids() }, "", false);
    check(CardProfile::named("mute").unwrap(), "", false);
}

#[test]
fn a_mute_card_answers_nothing_and_can_be_cured() {
    let describe = |id| card(id, CardOperation::Describe);
    let script = Script::new().on("trigger 1", [describe(1)]).on("trigger 2", [describe(2)]);
    let mut world = world(inserted(), Toys::default().with("alice", script));
    let fault = |fault| Action::Change(Change::CardFault { card: "alice-card".to_owned(), fault });
    world.act(&fault(CardFault::Mute)).unwrap();
    world.act(&logon("alice")).unwrap();
    run(&mut world, Duration::ZERO);
    world.act(&fault(CardFault::None)).unwrap();
    world.act(&Action::Pulse { principal: "alice".to_owned() }).unwrap();
    run(&mut world, Duration::ZERO);
    assert_eq!(codes(&world), ["alice 0x80100066 SCARD_W_UNRESPONSIVE_CARD", "alice 0x00000000 S_OK"]);
}

#[test]
fn an_abandoned_operation_that_has_not_begun_is_never_begun() {
    let abandon = |id| OutputBody::AbandonEffect { id: autoenroll_model::EffectId(id) };
    let script = Script::new()
        .on("trigger 1", [card(1, CardOperation::Describe), card(2, CardOperation::Describe)])
        .on("trigger 2", [abandon(1), abandon(2)])
        .on("done 1", [OutputBody::PromptWithdrawn { id: PromptId(1) }]);
    let mut world = world(inserted(), Toys::default().with("alice", script));
    world.act(&logon("alice")).unwrap();
    world.step(SimTime::START).unwrap();
    world.act(&Action::Pulse { principal: "alice".to_owned() }).unwrap();
    run(&mut world, Duration::ZERO);
    assert_eq!(codes(&world), ["alice 0x00000000 S_OK"], "the first one ran to its end");
    assert!(records(&world, Kind::Violation).is_empty(), "and the core was not told");
    assert_eq!(records(&world, Kind::EffectAbandoned).len(), 2);
}

#[test]
fn a_card_looks_as_it_was_described() {
    let mut spec = inserted();
    spec.cards[0].tries = 1;
    let world = world(spec, Toys::default());
    let facts = world.look(&Look::Card("alice-card".to_owned())).unwrap();
    let expected =
        "inserted-in=\"Reader 0\" containers=[] certificates=[] free-containers=16 tries-left=1 unlocked=false";
    assert_eq!(facts.to_string(), expected);
}
