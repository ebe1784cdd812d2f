//! A world as a space: everything that people can do in it, and what can go wrong at every moment on the way from one
//! rest to the next.

use autoenroll_model::SimTime;
use autoenroll_scenario::Library;

use crate::breadth::{Space, StateKey};
use crate::generate::replies;
use crate::law::Broken;
use crate::menu::Entry;
use crate::player::{Done, Player, StoryWorld};
use crate::setting::Setting;
use crate::stage::{Stage, StageError, caught};
use crate::story::{Anchor, Move, Setup, Story, When};

/// What people do.
const DEEDS: &[&str] = &["logon", "logoff", "click icon", "click balloon", "insert", "remove", "swap", "pulse"];
/// What goes wrong at every moment.
const FAULTS: &[&str] = &["remove", "core ends"];
/// The most moments between two rests.
const MOST_MOMENTS: usize = 400;

/// The base world: one template, two providers, two cards; cards are pulled and cores crash.
#[derive(Debug)]
pub struct Everything {
    stage: Stage,
}

/// A story in play, at rest, and the moves that led there.
#[derive(Clone, Debug)]
pub struct State {
    player: Player,
    moves: Vec<Move>,
}

/// What is tried in a state: something is done, or time goes by until the next event; and then something may go wrong.
#[derive(Clone, Debug)]
pub struct Tried {
    first: Option<Move>,
    fault: Option<Move>,
}

/// Tells states apart by their worlds.
#[derive(Clone, Copy, Debug)]
pub struct OfWorld<F>(pub F);

impl<K: Ord, F: Fn(&StoryWorld) -> Option<K>> StateKey<State> for OfWorld<F> {
    type Key = K;

    fn key(&self, state: &State) -> Option<K> {
        (self.0)(state.player.world())
    }
}

impl Everything {
    /// The base world.
    ///
    /// # Errors
    /// When it cannot be built: a fault of this crate.
    pub fn base(library: &Library) -> Result<Self, StageError> {
        let mut setting = Setting::default();
        [("place", "two-providers"), ("spare", "away")].iter().for_each(|(axis, value)| setting.set(axis, value));
        Stage::open(Setup::Made(setting), library).map(|stage| Self { stage })
    }

    /// The story that some steps are.
    #[must_use]
    pub fn story(&self, way: &[Tried], broken: &Broken) -> Story {
        let moves = way.iter().flat_map(|tried| tried.first.iter().chain(&tried.fault)).cloned().collect();
        Story { setup: self.stage.setup.clone(), moves, end: SimTime(broken.at) }
    }

    fn entries(&self, names: &'static [&'static str]) -> impl Iterator<Item = &Entry> {
        self.stage.menu.entries.iter().filter(|entry| names.contains(&entry.name))
    }

    /// Moments on the way from there to the next rest.
    fn moments(&self, mut player: Player, until: SimTime) -> Vec<Anchor> {
        let mut found = Vec::new();
        while found.len() < MOST_MOMENTS {
            match player.moment(1, until) {
                Ok(Some(anchor)) => found.push(anchor),
                Ok(None) | Err(_) => break,
            }
        }
        found
    }
}

fn of_entry(entry: &Entry, when: When) -> Move {
    Move { name: entry.name.to_owned(), on_menu: true, when, step: entry.step.clone(), actions: entry.actions.clone() }
}

impl Space for Everything {
    type State = State;
    type Step = Tried;
    type Wrong = Broken;

    fn start(&self) -> State {
        State { player: self.stage.player(), moves: Vec::new() }
    }

    fn steps(&self, state: &State) -> Vec<Tried> {
        let now = state.player.now();
        let deeds = self.entries(DEEDS).map(|entry| of_entry(entry, When::At(now)));
        let cards: Vec<String> = self.stage.menu.spec.cards.iter().map(|card| card.name.clone()).collect();
        let answers = state.player.prompts().into_iter().flat_map(|prompt| replies(&prompt, &cards, now));
        let firsts: Vec<Option<Move>> = deeds.chain(answers).map(Some).chain([None]).collect();
        let mut tried = Vec::new();
        for first in firsts {
            let mut player = state.player.clone();
            let until = match &first {
                Some(one) => match player.act(&one.actions) {
                    Ok(Done::Yes) => now,
                    Ok(Done::No) => continue,
                    Err(_) => {
                        tried.push(Tried { first, fault: None });
                        continue;
                    }
                },
                None => match player.world().next_at() {
                    Some(next) => next,
                    None => continue,
                },
            };
            tried.push(Tried { first: first.clone(), fault: None });
            for anchor in self.moments(player, until) {
                let fault = |entry| of_entry(entry, When::On(anchor.clone()));
                let faults = self.entries(FAULTS).map(fault);
                tried.extend(faults.map(|fault| Tried { first: first.clone(), fault: Some(fault) }));
            }
        }
        tried
    }

    fn next(&self, state: &State, tried: &Tried) -> Result<Option<State>, Broken> {
        let mut next = state.clone();
        let mut done = Done::Yes;
        caught(|| {
            match &tried.first {
                Some(first) => done = next.player.act(&first.actions)?,
                None => {
                    if tried.fault.is_none()
                        && let Some(at) = next.player.world().next_at()
                    {
                        next.player.advance_to(at)?;
                    }
                }
            }
            if let Some(fault) = tried.fault.as_ref().filter(|_| done == Done::Yes) {
                done = next.player.act_when(&fault.when, &fault.actions)?;
            }
            next.player.settle()
        })?;
        next.moves.extend(tried.first.iter().chain(&tried.fault).cloned());
        Ok((done == Done::Yes).then_some(next))
    }
}
