//! Which answers were ever given: decision point, answer, state of the card and stage of the request.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use autoenroll_model::{DecisionPoint, Fact};
use autoenroll_scenario::{Library, Scenario, run_on};
use autoenroll_world::action::UserAnswer;
use autoenroll_world::{Action, Look, OpenPrompt, StateKey, Times};
use serde::{Deserialize, Serialize};

use crate::file::Bench;
use crate::generate::replies;
use crate::law::Broken;
use crate::neighbours::alone;
use crate::observed::Observed;
use crate::player::{Done, Player, StoryWorld};
use crate::setting::Setting;
use crate::stage::{Stage, StageError, caught};
use crate::story::{Move, Setup, Story, When};

/// What people do on the way to an answer.
const DEEDS: &[&str] = &["click icon", "click balloon", "insert", "remove", "swap", "logon", "logoff", "pulse"];
/// Stages that a request of somebody can be in: none, or as the entry in REQUEST says.
const STAGES: &[&str] = &["none", "prepared", "pending", "issued"];
/// Decision points, the answers that they take, and the states that a card can be in then.
const POINTS: &[(DecisionPoint, &[&str], &[&str])] = &[
    (DecisionPoint::WizardStart, &["start", "remind", "details", "close"], &["no card asked for"]),
    (DecisionPoint::CardInsert, &["ok", "cancel", "close"], &["reader empty", "wrong card"]),
    (DecisionPoint::CardSelect, &["card", "cancel", "close"], &["several cards"]),
    (DecisionPoint::CardReplaceDefault, &["yes", "no", "close"], &["in a reader", "away"]),
    (DecisionPoint::PinEnter, &["pin", "cancel", "close"], &["in a reader", "away"]),
    // A card that is pulled waits no more.
    (DecisionPoint::CardTouch, &["touch"], &["in a reader"]),
    (DecisionPoint::KeyProtect, &["ok", "cancel", "close"], &["no card asked for"]),
    (DecisionPoint::Summary, &["close"], &["no card asked for"]),
];
/// Worlds in which answers are looked for that were never given: what there is already, and where keys are.
const HISTORIES: &[&str] = &["none", "due", "pending", "approved"];
const PLACES: &[&str] = &["card", "asking-card", "card-or-software", "software"];

/// An answer, and how things stood when it was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Edge {
    /// What was asked.
    pub point: String,
    /// What was answered.
    pub answer: String,
    /// How the card stood that it was about.
    pub card: String,
    /// How far the furthest request of that user was.
    pub stage: String,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { point, answer, card, stage } = self;
        write!(f, "{point} {answer}, {card}, request {stage}")
    }
}

/// Every answer of the table, in every state and stage: not all of them can be given.
#[must_use]
pub fn edges() -> BTreeSet<Edge> {
    let mut all = BTreeSet::new();
    for (point, answers, cards) in POINTS {
        for answer in *answers {
            for card in *cards {
                for stage in STAGES {
                    let words = [point.as_str(), answer, card, stage].map(|word| (*word).to_owned());
                    let [point, answer, card, stage] = words;
                    all.insert(Edge { point, answer, card, stage });
                }
            }
        }
    }
    all
}

/// The answers that a scenario gives.
///
/// # Errors
/// When its world cannot be built, or playing it panics.
pub fn edges_of(scenario: &Scenario, bench: Bench<'_>) -> Result<BTreeSet<Edge>, StageError> {
    let stage = Stage::open(Setup::Written(Arc::new(alone(scenario))), bench.library)?;
    let seen = Rc::new(RefCell::new(BTreeSet::new()));
    let watched = Observed { world: stage.world, look_at: edge, kept: Rc::clone(&seen) };
    caught(|| {
        // Whether it passes is the business of `run`.
        let _verdict = run_on(scenario, watched, bench.requirements);
        Ok(())
    })
    .map_err(|broken: Broken| StageError::World(broken.reason))?;
    Ok(seen.take())
}

/// The answer that an action is; `None` when it is another one, or nobody asks.
fn edge(world: &StoryWorld, action: &Action) -> Option<Edge> {
    let Action::Reply { user, point, answer } = action else { return None };
    let prompts = world.prompts();
    let prompt = prompts.iter().find(|prompt| prompt.user == *user && prompt.point == *point)?;
    let answer = match answer {
        UserAnswer::Word(word) => word.as_str(),
        UserAnswer::Pin(_) => "pin",
        UserAnswer::Card(_) => "card",
    };
    let (answer, card, stage) = (answer.to_owned(), card(world, prompt), stage(world, user));
    Some(Edge { point: point.as_str().to_owned(), answer, card, stage })
}

fn card(world: &StoryWorld, prompt: &OpenPrompt) -> String {
    let facts = &prompt.facts;
    let looked = facts.text("card").and_then(|card| world.look(&Look::Card(card.to_owned())).ok());
    match (facts.text("reader"), looked) {
        (Some("empty"), _) => "reader empty".to_owned(),
        (Some(reader), _) => reader.to_owned(),
        (None, Some(card)) if card.text("inserted-in") == Some("nowhere") => "away".to_owned(),
        (None, Some(_)) => "in a reader".to_owned(),
        (None, None) if facts.get("cards").is_some() => "several cards".to_owned(),
        (None, None) => "no card asked for".to_owned(),
    }
}

/// How far the furthest request of a user is.
fn stage(world: &StoryWorld, user: &str) -> String {
    let looked = world.look(&Look::Requests(user.to_owned()));
    let rank = |stage: &Fact| match stage {
        Fact::Text(word) => STAGES.iter().position(|known| *known == word.as_str()),
        _ => None,
    };
    let furthest = match looked.ok().as_ref().and_then(|facts| facts.get("stages")) {
        Some(Fact::List(stages)) => stages.iter().filter_map(rank).max(),
        _ => None,
    };
    STAGES[furthest.unwrap_or_default()].to_owned()
}

/// Searches small worlds for answers, breadth first, so many states of each: the shortest story of each answer that
/// is wanted. `go_on` is asked before each state.
///
/// # Errors
/// When a world cannot be built: a fault of this crate.
pub fn reach(
    wanted: &BTreeSet<Edge>,
    states: u64,
    library: &Library,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Result<BTreeMap<Edge, Story>, StageError> {
    let mut found: BTreeMap<Edge, Story> = BTreeMap::new();
    for place in PLACES {
        for history in HISTORIES {
            let mut setting = Setting::default();
            let axes = [("place", *place), ("history", *history), ("spare", "away"), ("protection", "asks")];
            axes.iter().for_each(|(axis, value)| setting.set(axis, value));
            let stage = Stage::open(Setup::Made(setting), library)?;
            reach_in(&stage, wanted, states, &mut found, go_on);
        }
    }
    Ok(found)
}

/// Searches one world.
fn reach_in(
    stage: &Stage,
    wanted: &BTreeSet<Edge>,
    states: u64,
    found: &mut BTreeMap<Edge, Story>,
    go_on: &mut dyn FnMut(usize) -> bool,
) {
    let key = |player: &Player| player.world().state_key_since(&stage.world, Times::Order);
    let start = stage.player();
    let mut seen: BTreeSet<StateKey> = BTreeSet::from([key(&start)]);
    let mut frontier: Vec<(Player, Vec<Move>)> = vec![(start, Vec::new())];
    while !frontier.is_empty() {
        let mut further = Vec::new();
        for (player, way) in &frontier {
            if !go_on(found.len()) {
                return;
            }
            for first in firsts(stage, player) {
                let given = first.as_ref().and_then(|first| edge(player.world(), first.actions.first()?));
                let Some(next) = done(player, first.as_ref()) else { continue };
                let moves = way.iter().chain(&first).cloned().collect::<Vec<Move>>();
                let end = next.now();
                if let Some(edge) = given.filter(|edge| wanted.contains(edge)) {
                    let story = || Story { setup: stage.setup.clone(), moves: moves.clone(), end };
                    let shorter = found.get(&edge).is_none_or(|known| known.moves.len() > moves.len());
                    if shorter {
                        found.insert(edge, story());
                    }
                }
                if (seen.len() as u64) < states && seen.insert(key(&next)) {
                    further.push((next, moves));
                }
            }
        }
        frontier = further;
    }
}

/// Everything that can be tried: answers, then what people do, then that time goes by.
fn firsts(stage: &Stage, player: &Player) -> Vec<Option<Move>> {
    let now = player.now();
    let answers = player.prompts().into_iter().flat_map(|prompt| replies(&prompt, &stage.menu.spec.cards, now));
    let entries = stage.menu.entries.iter().filter(|entry| DEEDS.contains(&entry.name));
    let deeds = entries.map(|entry| Move::of(entry, When::At(now)));
    answers.chain(deeds).map(Some).chain([None]).collect()
}

/// The world behind something; `None` when it cannot be done, or breaks something.
fn done(player: &Player, first: Option<&Move>) -> Option<Player> {
    let mut next = player.clone();
    let mut done = Done::Yes;
    caught(|| {
        match first {
            Some(first) => done = next.act(&first.actions)?,
            None => match next.world().next_at() {
                Some(at) => next.advance_to(at)?,
                None => done = Done::No,
            },
        }
        next.settle()
    })
    .ok()?;
    next.forget();
    (done == Done::Yes).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoenroll_model::Choice;

    #[test]
    fn the_table_has_words_of_the_model_and_every_point() {
        for (_, answers, _) in POINTS {
            assert!(answers.iter().all(|answer| answer.parse::<Choice>().is_ok()), "{answers:?}");
        }
        let points: Vec<DecisionPoint> = POINTS.iter().map(|(point, ..)| *point).collect();
        assert_eq!(points, DecisionPoint::ALL);
        assert_eq!(edges().len(), (4 + 6 + 3 + 6 + 6 + 1 + 3 + 1) * 4);
    }
}
