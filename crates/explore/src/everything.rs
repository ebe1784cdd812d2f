//! The base world as a space: everything that people can do in it, and what can go wrong at every moment on the way
//! from one rest to the next.

use std::fmt;

use autoenroll_model::{Duration, SimTime};
use autoenroll_scenario::{Library, parse};
use autoenroll_trace::Kind;
use autoenroll_world::{StateKey, Stepped, Times};
use std::sync::Arc;

use crate::breadth::{Space, Spent};
use crate::generate::replies;
use crate::law::Broken;
use crate::menu::{Entry, MenuError};
use crate::player::{Done, Player, StoryWorld};
use crate::stage::{Stage, StageError, caught};
use crate::story::{Move, Setup, Story, When};

/// What people do.
const DEEDS: &[&str] = &["logon", "logoff", "click icon", "click balloon", "insert", "remove", "swap", "pulse"];
/// What goes wrong at every moment.
const FAULTS: &[&str] = &["remove", "core ends"];
/// What starts a run by itself, or may.
const TRIGGERS: &[&str] = &["logon", "pulse"];
/// The most runs of a story of the base world that goes on.
pub const MOST_RUNS: u8 = 3;
/// How long nothing happens where nothing is due: a third of the time from one tick of the timer to the next. What
/// ends meanwhile is noticed then.
const PAUSE: Duration = Duration::hours(8);
/// The most events between two rests; a story of more does not come to rest.
const MOST_EVENTS: usize = 4_000;

/// What bounds a story of the base world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most runs; it ends where another one would begin.
    pub runs: u8,
    /// How often something goes wrong at most.
    pub faults: u8,
}

/// The base world: one template, two providers, two cards, certificates that live for twenty hours. Cards are pulled
/// and cores crash at every moment, as often as bounds say. A story ends where one run more than the most would begin.
#[derive(Debug)]
pub struct Everything {
    stage: Stage,
    bounds: Bounds,
}

/// A story in play, at rest.
#[derive(Clone, Debug)]
pub struct State {
    player: Player,
    /// How many runs there were; one more than the most is the end of the story.
    runs: u8,
    /// How often something went wrong.
    faults: u8,
}

/// What is done in a state: something, or time goes by; then so many events happen, and something goes wrong before the
/// next, or all of them do.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    first: Option<Move>,
    events: usize,
    fault: Option<Move>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.first.as_ref().map_or("wait", |first| &first.name))?;
        match &self.fault {
            Some(fault) => write!(f, ", {} after {} events", fault.name, self.events),
            None => Ok(()),
        }
    }
}

impl Everything {
    /// The base world, with stories within bounds.
    ///
    /// # Errors
    /// When it cannot be built: a fault of this crate.
    pub fn base(library: &Library, bounds: Bounds) -> Result<Self, StageError> {
        let text = include_str!("base.toml");
        let parsed = parse("base.toml", text.as_bytes());
        if parsed.found.has_errors() {
            return Err(StageError::Menu(MenuError::World(text.to_owned(), parsed.found)));
        }
        Stage::open(Setup::Written(Arc::new(parsed.document)), library).map(|stage| Self { stage, bounds })
    }

    /// The story that some steps are. What goes wrong at a moment that no record names goes wrong at that time.
    #[must_use]
    pub fn story(&self, way: &[Tried], broken: &Broken) -> Story {
        let mut moves = Vec::new();
        let mut player = self.stage.player();
        // The last step breaks something; what came before it is in the list by then.
        let _broken = caught(|| way.iter().try_for_each(|tried| told(&mut player, tried, &mut moves)));
        Story { setup: self.stage.setup.clone(), moves, end: SimTime(broken.at).max(player.now()) }
    }

    /// The state that one has become; records before `began` are of that one.
    fn later(&self, before: &State, mut player: Player, began: usize, failed: bool) -> State {
        let trace = player.world().trace();
        let runs = trace.since(began).filter(|record| record.kind == Kind::RunStarted).count();
        let runs = before.runs.saturating_add(u8::try_from(runs).unwrap_or(u8::MAX));
        player.forget();
        let runs = runs.min(self.bounds.runs.saturating_add(1));
        State { player, runs, faults: before.faults.saturating_add(u8::from(failed)) }
    }

    fn entries(&self, names: &'static [&'static str]) -> impl Iterator<Item = &Entry> {
        self.stage.menu.entries.iter().filter(|entry| names.contains(&entry.name))
    }

    /// What is done first: `None` is that time goes by.
    fn firsts(&self, state: &State) -> Vec<Option<Move>> {
        let now = state.player.now();
        let may_run = state.runs < self.bounds.runs;
        let deeds = self.entries(DEEDS).filter(|entry| may_run || !TRIGGERS.contains(&entry.name));
        let answers =
            state.player.prompts().into_iter().flat_map(|prompt| replies(&prompt, &self.stage.menu.spec.cards, now));
        // Nobody changes a PIN: one that is wrong is as wrong as another.
        let answers = answers.filter(|answer| !answer.name.ends_with("another pin"));
        let deeds = deeds.map(|entry| Move::of(entry, When::At(now)));
        [None].into_iter().chain(deeds.chain(answers).map(Some)).collect()
    }

    /// One thing, alone and with everything that can go wrong behind it.
    fn led(&self, state: &State, first: Option<Move>, each: &mut dyn FnMut(Tried, Result<State, Broken>)) {
        let mut player = state.player.clone();
        let began = player.records();
        let mut events = 0;
        let mut until = player.now();
        let tried = |events, fault: Option<&Entry>, now| Tried {
            first: first.clone(),
            events,
            fault: fault.map(|fault| Move::of(fault, When::At(now))),
        };
        let mut done = Done::Yes;
        let begun = caught(|| {
            match &first {
                Some(first) => done = player.act(&first.actions)?,
                None => until = rest(&player),
            }
            Ok(())
        });
        if done == Done::No {
            return;
        }
        let may_fail = state.faults < self.bounds.faults;
        let mut came = begun.map(|()| Stepped::Handled);
        while came == Ok(Stepped::Handled) && events < MOST_EVENTS {
            for fault in self.entries(FAULTS).filter(|_| may_fail) {
                let mut player = player.clone();
                let mut done = Done::Yes;
                let ended = caught(|| {
                    done = player.act(&fault.actions)?;
                    player.settle()
                });
                if done == Done::Yes {
                    each(
                        tried(events, Some(fault), player.now()),
                        ended.map(|()| self.later(state, player, began, true)),
                    );
                }
            }
            came = Ok(Stepped::Quiet);
            let stepped = caught(|| {
                came = Ok(player.happen(until)?);
                Ok(())
            });
            if let Err(broken) = stepped {
                came = Err(broken);
            }
            events += usize::from(came == Ok(Stepped::Handled));
        }
        let ended = came.and_then(|_| {
            caught(|| {
                player.advance_to(until)?;
                player.settle()
            })
        });
        each(tried(events, None, player.now()), ended.map(|()| self.later(state, player, began, false)));
    }
}

/// Until when time goes by: the next thing that is due, or a pause.
fn rest(player: &Player) -> SimTime {
    let pause = player.now() + PAUSE;
    player.world().next_at().map_or(pause, |next| next.min(pause))
}

/// Does a step, and says by which moves; a fault waits for the record before it, where one is known by its name.
fn told(player: &mut Player, tried: &Tried, moves: &mut Vec<Move>) -> Result<(), Broken> {
    let mut until = player.now();
    match &tried.first {
        Some(first) => {
            moves.push(Move { when: When::At(until), ..first.clone() });
            player.act(&first.actions)?;
        }
        None => until = rest(player),
    }
    let mut before = player.records();
    for _ in 0..tried.events {
        before = player.records();
        player.happen(until)?;
    }
    if let Some(fault) = &tried.fault {
        let when = match player.named_since(before) {
            Some(anchor) if tried.events > 0 => When::On(anchor),
            _ => When::At(player.now()),
        };
        moves.push(Move { when, ..fault.clone() });
        player.act(&fault.actions)?;
    } else {
        player.advance_to(until)?;
    }
    player.settle()
}

impl State {
    /// The world as it is now.
    #[must_use]
    pub const fn world(&self) -> &StoryWorld {
        self.player.world()
    }

    /// When it was reached.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.player.now()
    }
}

impl Space for Everything {
    type State = State;
    type Step = Tried;
    type Wrong = Broken;
    /// All stories that are at their end are one state.
    type Key = Option<StateKey>;

    fn start(&self) -> State {
        State { player: self.stage.player(), runs: 0, faults: 0 }
    }

    fn key(&self, state: &State) -> Self::Key {
        let at_end = state.runs > self.bounds.runs;
        (!at_end).then(|| state.player.world().state_key_since(&self.stage.world, Times::Left))
    }

    fn spent(&self, state: &State) -> Spent {
        [state.faults, state.runs]
    }

    fn successors(&self, state: &State, each: &mut dyn FnMut(Tried, Result<State, Broken>)) {
        if state.runs > self.bounds.runs {
            return;
        }
        for first in self.firsts(state) {
            self.led(state, first, each);
        }
    }
}
