//! The neighbourhood of a scenario: the story with one thing left out, changed, moved or put in, or with a fault at one
//! of its moments.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use autoenroll_model::SimTime;
use autoenroll_scenario::{
    ActionStep, Document, NameOrReference, PromptAnswer, Scenario, Spanned, Step, StepKind, Table, Verdict, run_on,
};
use autoenroll_trace::{Kind, Trace};
use autoenroll_world::Action;
use autoenroll_world::action::CaAction;

use crate::drive::{Outcome, Work};
use crate::file::Bench;
use crate::menu::Class;
use crate::observed::Observed;
use crate::player::StoryWorld;
use crate::stage::{Stage, StageError, caught};
use crate::story::{Anchor, Move, Setup, Story, When};

/// The most moments of a story at which faults are tried.
const MOST_MOMENTS: usize = 2_000;
/// What goes wrong at every moment.
const FAULTS: &[&str] = &[
    "remove",
    "core ends",
    "session crash",
    "power lost",
    "ca unreachable",
    "directory unreachable",
    "logoff",
    "lock",
];

/// One way in which a story is told otherwise.
#[derive(Clone, Debug)]
enum Neighbour {
    /// Without one thing.
    Without(usize),
    /// Two things change places.
    Swapped(usize),
    /// One thing twice.
    Twice(usize),
    /// Another entry of the menu or another answer in place of a thing.
    Instead(usize, Box<Move>),
    /// An entry of the menu before a thing, or at the end.
    Before(usize, usize),
    /// An entry of the menu at a moment, and the rest of the story after it.
    At(Box<Anchor>, usize, usize),
}

/// All neighbours of one variant of a scenario.
#[derive(Debug)]
pub struct Neighbours {
    stage: Stage,
    moves: Vec<Move>,
    end: SimTime,
    list: Vec<Neighbour>,
    fails: Option<String>,
}

impl Neighbours {
    /// Those of a scenario.
    ///
    /// # Errors
    /// When its world cannot be built, or playing it panics.
    pub fn of(scenario: &Scenario, bench: Bench<'_>) -> Result<Self, StageError> {
        let stage = Stage::open(Setup::Written(Arc::new(alone(scenario))), bench.library)?;
        let mut told = None;
        caught(|| {
            let Played { moves, end, fails, .. } = story_of(scenario, &stage.world, bench);
            let list = neighbours(&stage, &moves, end);
            told = Some((moves, end, fails, list));
            Ok(())
        })
        .map_err(|broken| StageError::World(broken.reason))?;
        let (moves, end, fails, list) = told.unwrap_or_default();
        Ok(Self { stage, moves, end, list, fails })
    }

    /// Why the story fails as it is, when it does: what its neighbours break, it may break itself.
    #[must_use]
    pub fn fails(&self) -> Option<&str> {
        self.fails.as_deref()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.list.len() as u64
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn told(&self, neighbour: &Neighbour) -> Vec<Move> {
        let mut moves = self.moves.clone();
        let entry = |at: usize, when: When| Move::of(&self.stage.menu.entries[at], when);
        match neighbour {
            Neighbour::Without(at) => drop(moves.remove(*at)),
            Neighbour::Swapped(at) => {
                let (one, other) = (moves[*at].when.clone(), moves[at + 1].when.clone());
                (moves[*at].when, moves[at + 1].when) = (other, one);
                moves.swap(*at, at + 1);
            }
            Neighbour::Twice(at) => moves.insert(*at, moves[*at].clone()),
            Neighbour::Instead(at, other) => moves[*at] = Move::clone(other),
            Neighbour::Before(at, menu) => {
                let when = match moves.get(*at).map(|one| &one.when) {
                    Some(When::At(when)) => *when,
                    Some(When::On(anchor)) => anchor.came,
                    None => self.end,
                };
                moves.insert(*at, entry(*menu, When::At(when)));
            }
            Neighbour::At(anchor, at, menu) => moves.insert(*at, entry(*menu, When::On(Anchor::clone(anchor)))),
        }
        moves
    }
}

impl Work for Neighbours {
    fn play(&self, number: u64) -> Outcome {
        let Some(neighbour) = usize::try_from(number).ok().and_then(|at| self.list.get(at)) else {
            return Outcome::default();
        };
        let replayed = self.stage.replay(&self.told(neighbour), self.end);
        let moves = replayed.story.moves.len() as u64;
        let records = replayed.records as u64;
        let listed = replayed.listed.into_iter().map(|broken| (replayed.story.clone(), broken)).collect();
        let broken = replayed.broken.map(|broken| (replayed.story, broken)).into_iter().collect();
        Outcome { stories: 1, moves, records, broken, listed, ..Outcome::default() }
    }
}

/// The document of one variant, as if it were the only one.
#[must_use]
pub fn alone(scenario: &Scenario) -> Document {
    let mut document = scenario.document.clone();
    document.about.covers.clear();
    document.sequences = Default::default();
    let of_variant = |variant: &Table| variant.text("name").map(|name| name.value) == scenario.variant.as_deref();
    document.vary.retain(of_variant);
    document.sweep = None;
    document
}

fn neighbours(stage: &Stage, moves: &[Move], end: SimTime) -> Vec<Neighbour> {
    let mut list = Vec::new();
    for (at, one) in moves.iter().enumerate() {
        list.push(Neighbour::Without(at));
        list.push(Neighbour::Twice(at));
        if at + 1 < moves.len() {
            list.push(Neighbour::Swapped(at));
        }
        list.extend(other_answers(one).map(|other| Neighbour::Instead(at, Box::new(other))));
    }
    let entries = stage.menu.entries.iter().enumerate();
    for (menu, entry) in entries.clone() {
        if entry.class != Class::Repair {
            list.extend((0..=moves.len()).map(|at| Neighbour::Before(at, menu)));
        }
    }
    let faults: Vec<usize> = entries.filter(|(_, entry)| FAULTS.contains(&entry.name)).map(|(menu, _)| menu).collect();
    for (anchor, at) in moments(stage, moves, end) {
        list.extend(faults.iter().map(|menu| Neighbour::At(Box::new(anchor.clone()), at, *menu)));
    }
    list
}

/// The same prompt, answered otherwise.
fn other_answers(one: &Move) -> impl Iterator<Item = Move> {
    let others = match (one.actions.as_slice(), &one.step.kind) {
        ([Action::Reply { user, point, .. }], StepKind::Action(ActionStep::Reply { .. })) => {
            let words = autoenroll_model::Choice::ALL.iter().filter(|word| !["pin", "card"].contains(&word.as_str()));
            let words = words.map(|word| PromptAnswer::Word(*word));
            let all = words.chain([PromptAnswer::Pin("0000".to_owned())]);
            let reply = |answer| Move::reply(one.name.clone(), user, *point, answer, one.when.clone());
            all.map(reply).filter(|other| other.step != one.step).collect()
        }
        _ => Vec::new(),
    };
    others.into_iter()
}

/// Every moment of a story between two things that happen, and the move that comes after it.
fn moments(stage: &Stage, moves: &[Move], end: SimTime) -> Vec<(Anchor, usize)> {
    let mut player = stage.player();
    let mut found = Vec::new();
    for at in 0..=moves.len() {
        let until = match moves.get(at).map(|one| &one.when) {
            Some(When::At(when)) => *when,
            Some(When::On(anchor)) => anchor.came,
            None => end,
        };
        let mut walker = player.clone();
        while found.len() < MOST_MOMENTS {
            match walker.moment(1, until) {
                Ok(Some(anchor)) => found.push((anchor, at)),
                Ok(None) | Err(_) => break,
            }
        }
        let Some(one) = moves.get(at) else { break };
        if player.act_when(&one.when, &one.actions).is_err() {
            break;
        }
    }
    found
}

/// A scenario that was played: what it does.
#[derive(Debug)]
pub struct Played {
    /// Each thing with its moment.
    pub moves: Vec<Move>,
    /// The step of each, counted from 0.
    pub steps: Vec<usize>,
    /// When it ends.
    pub end: SimTime,
    /// Why it fails, when it does.
    pub fails: Option<String>,
    /// What came.
    pub trace: Trace,
}

/// Plays a scenario on a world.
#[must_use]
pub fn story_of(scenario: &Scenario, world: &StoryWorld, bench: Bench<'_>) -> Played {
    let done = Rc::new(RefCell::new(VecDeque::new()));
    let look_at = |world: &StoryWorld, action: &Action| Some((action.clone(), world.now()));
    let recorder = Observed { world: world.clone(), look_at, kept: Rc::clone(&done) };
    let report = run_on(scenario, recorder, bench.requirements);
    let mut done = done.borrow_mut();
    let (mut moves, mut steps): (Vec<Move>, Vec<usize>) = Default::default();
    let mut acted = SimTime::START;
    for (number, one) in scenario.steps.iter().enumerate() {
        let parts = match &one.kind {
            StepKind::Action(ActionStep::Swap { .. }) => 2,
            StepKind::Action(ActionStep::Change { set, .. }) => set.value.0.len(),
            StepKind::Action(_) => 1,
            StepKind::Prompt { answer, .. } if answer.value.is_some() => 1,
            _ => continue,
        };
        let taken: Vec<(Action, SimTime)> = (0..parts).filter_map(|_| done.pop_front()).collect();
        let Some(at) = taken.first().map(|(_, at)| *at) else { break };
        let actions: Vec<Action> = taken.into_iter().map(|(action, _)| action).collect();
        let plain = match actions.as_slice() {
            [Action::Reply { user, point, .. }] => match &one.kind {
                StepKind::Prompt { answer, .. } => answer.value.clone().map(|answer| {
                    let at = When::At(SimTime::START);
                    Move::reply(String::new(), user, *point, answer, at).step
                }),
                _ => Some(without_time(one)),
            },
            [Action::Ca { op, .. }] => Some(named(&without_time(one), op)),
            _ => Some(without_time(one)),
        };
        let Some(mut plain) = plain else { continue };
        if let [Action::Click { user, .. } | Action::Reply { user, .. }] = actions.as_slice() {
            plain.who = Some(Spanned::without_span(user.clone()));
        }
        let when = match &one.on {
            Some(on) => {
                let facts = on.facts.iter().filter_map(|fact| match &fact.value.value {
                    autoenroll_scenario::ExpectedValue::Literal(value) => {
                        Some((fact.name.value.clone(), value.clone()))
                    }
                    _ => None,
                });
                let from = (at > acted).then_some(at);
                let who = one.who.as_ref().map(|who| who.value.clone());
                When::On(Anchor { from, kind: on.kind.value, who, facts: facts.collect(), came: at })
            }
            None => When::At(at),
        };
        acted = at;
        steps.push(number);
        moves.push(Move { name: plain.verb.value.to_owned(), on_menu: false, when, step: plain, actions });
    }
    let last = report.trace.iter().rfind(|record| record.kind != Kind::Violation).map(|record| record.at());
    let fails = match &report.verdict {
        Verdict::Passed => None,
        Verdict::Failed(failures) => Some(format!("{} of its expectations are not met", failures.len())),
        Verdict::Violated { .. } => Some("it breaks a law itself".to_owned()),
        Verdict::Error(error) => Some(error.to_string()),
    };
    let end = report.end.max(last.unwrap_or_default());
    Played { moves, steps, end, fails, trace: report.trace }
}

fn without_time(step: &Step) -> Step {
    let plain = Step { begin: autoenroll_scenario::StepBegin::Now, end: None, on: None, used: None, ..step.clone() };
    Step { only: Vec::new(), ..plain }
}

/// The step with the name that it was given in place of a reference.
fn named(step: &Step, op: &CaAction) -> Step {
    let mut step = step.clone();
    let name = |name: &String| Some(Spanned::without_span(NameOrReference::Name(name.clone())));
    if let StepKind::Action(ActionStep::Ca { request, certificate, .. }) = &mut step.kind {
        match op {
            CaAction::Approve { request: Some(given) } | CaAction::Deny { request: Some(given) } => {
                *request = name(given)
            }
            CaAction::Revoke { certificate: given } => *certificate = name(given),
            _ => {}
        }
    }
    step
}

/// What a scenario is taken for: what it does, without what it expects.
///
/// # Errors
/// When its world cannot be built.
pub fn as_story(scenario: &Scenario, bench: Bench<'_>) -> Result<Story, StageError> {
    let stage = Stage::open(Setup::Written(Arc::new(alone(scenario))), bench.library)?;
    let Played { moves, end, .. } = story_of(scenario, &stage.world, bench);
    Ok(Story { setup: stage.setup, moves, end })
}
