//! A card that is pulled in the middle of the founding story, in process and through pcscd.

use std::sync::Arc;

use autoenroll_core::InProcess as Cores;
use autoenroll_host::pcsc::{PcscCards, Stack};
use autoenroll_model::{Choice, DecisionPoint, Duration, SimTime};
use autoenroll_scenario::first_difference;
use autoenroll_trace::{Kind, Trace};
use autoenroll_world::action::{ClickTarget, UserAnswer};
use autoenroll_world::spec::{Pin, WorldSpec};
use autoenroll_world::{Action, CardHost, Hosts, InProcessCas, Stepped, World};

use crate::Part;
use crate::scenarios::of_suite;

/// The card is pulled before every one of these commands and put in again at the end. Each takes about two seconds of
/// real time, so a few stand for all of them; in process `autoenroll-world`'s tests try every one.
const PULLED_BEFORE: [usize; 6] = [0, 1, 11, 31, 51, usize::MAX];

pub(crate) fn a_card_pulled_at_any_command_gives_the_same_trace(stack: &Arc<Stack>, part: Part) {
    let spec = of_suite("founding/second-provider.toml").spec;
    for pulled_before in PULLED_BEFORE.into_iter().skip(part.this).step_by(part.of) {
        let here = play(&spec, Hosts::in_process(), pulled_before);
        let cards = PcscCards::new(Arc::clone(stack));
        let ledger = cards.ledger();
        let there = play(&spec, Hosts { cards, cas: InProcessCas::default() }, pulled_before);
        assert_eq!(ledger.faults(), [], "before {pulled_before}");
        assert_eq!(first_difference(&here, &there), None, "before {pulled_before}");
        assert!(
            pulled_before == usize::MAX || commands(&here) >= pulled_before,
            "the story was over by {pulled_before}"
        );
    }
}

/// alice does what she is asked; what she has no answer to, she cancels.
fn play<C: CardHost>(spec: &WorldSpec, hosts: Hosts<C, InProcessCas>, pulled_before: usize) -> Trace {
    let mut world = World::new(spec.clone(), Cores::new(), hosts).unwrap();
    let logon = Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() };
    world.act(&logon).unwrap();
    run(&mut world, SimTime::START + Duration::hours(8) + Duration::seconds(65));
    let insert =
        Action::Insert { card: "alice-card".to_owned(), computer: "WKS01".to_owned(), reader: "Reader 0".to_owned() };
    world.act(&insert).unwrap();
    world.act(&Action::Click { user: "alice".to_owned(), on: ClickTarget::Icon }).unwrap();
    let mut pulled = false;
    for _ in 0..10_000 {
        if !pulled && commands(world.trace()) >= pulled_before {
            pulled = true;
            world.act(&Action::Remove { card: "alice-card".to_owned() }).unwrap();
        }
        let now = world.now();
        if world.step(now).unwrap() == Stepped::Handled {
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
        world.act(&Action::Reply { user: "alice".to_owned(), point: prompt.point, answer }).unwrap();
    }
    if pulled {
        world.act(&insert).unwrap();
    }
    run(&mut world, SimTime::START + Duration::hours(17));
    world.trace().clone()
}

fn run<C: CardHost>(world: &mut World<Cores, C, InProcessCas>, until: SimTime) {
    while world.step(until).unwrap() == Stepped::Handled {}
    world.advance(until);
}

fn commands(trace: &Trace) -> usize {
    trace.of(Kind::Apdu).count()
}
