//! A world and a profile that are built, and stories played again in them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use autoenroll_keys::KeyMode;
use autoenroll_model::SimTime;
use autoenroll_scenario::Library;

use crate::law::Broken;
use crate::menu::{Menu, MenuError};
use crate::player::{Done, Player, StoryWorld, story_world};
use crate::story::{Move, Setup, Story, When};

/// Rounds in which a story loses what cannot be done in it.
const MOST_ROUNDS: usize = 4;

/// What a story needs to be told: a setup, what can be done in it, and its world at the start.
#[derive(Clone, Debug)]
pub struct Stage {
    /// World and profile.
    pub setup: Setup,
    /// What can be done.
    pub menu: Menu,
    /// The world at the start.
    pub world: StoryWorld,
}

/// What came of playing a story again.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The story without what could not be done, ended where it broke.
    pub story: Story,
    /// What was broken.
    pub broken: Option<Broken>,
    /// Laws of order that it breaks, which is listed only.
    pub listed: Vec<Broken>,
    /// How many records it has.
    pub records: usize,
}

impl Stage {
    /// Builds the world of a setup.
    ///
    /// # Errors
    /// When it has mistakes, or cannot be built.
    pub fn open(setup: Setup, library: &Library) -> Result<Self, StageError> {
        let mut menu = Menu::of(&setup.document(), library).map_err(StageError::Menu)?;
        // No rule looks into a key, and real ones are most of the time that a story takes.
        menu.spec.keys = KeyMode::Symbolic;
        let world = story_world(&menu.spec).map_err(|errors| StageError::World(errors.to_string()))?;
        Ok(Self { setup, menu, world })
    }

    /// The beginning of a story.
    #[must_use]
    pub fn player(&self) -> Player {
        let spec = &self.menu.spec;
        let users = spec.users.iter().map(|user| user.name.clone());
        let principals = users.chain(spec.computers.iter().map(|computer| computer.name.clone()));
        Player::new(self.world.clone(), principals.collect())
    }

    /// Plays moves that were made in a setup like this one. What cannot be done is left out.
    #[must_use]
    pub fn replay(&self, moves: &[Move], end: SimTime) -> Replayed {
        let mut moves = moves.to_vec();
        for _ in 0..MOST_ROUNDS {
            let (kept, broken, player) = self.play(&moves, end);
            let whole = kept.len() == moves.len() || broken.is_some() && is_beginning(&kept, &moves);
            moves = kept;
            if whole || moves.is_empty() {
                let end = broken.as_ref().map_or(end, |broken| SimTime(broken.at));
                let story = Story { setup: self.setup.clone(), moves, end };
                return Replayed { story, broken, listed: player.listed(), records: player.records() };
            }
        }
        let story = Story { setup: self.setup.clone(), moves, end };
        Replayed { story, broken: None, listed: Vec::new(), records: 0 }
    }

    /// Plays moves; those that could be done, the last of them the one at which something broke.
    fn play(&self, moves: &[Move], end: SimTime) -> (Vec<Move>, Option<Broken>, Player) {
        let mut player = self.player();
        let mut kept: Vec<Move> = Vec::new();
        let played = caught(|| {
            for one in moves {
                let Some(one) = self.here(one) else { continue };
                let actions = one.actions.clone();
                // Kept before it is done: it may be what breaks something.
                let when = one.when.clone();
                kept.push(one);
                let acts = player.acts();
                match player.act_when(&when, &actions) {
                    Ok(Done::Yes) => {
                        if let Some(Move { when: When::On(anchor), .. }) = kept.last_mut() {
                            anchor.came = player.now();
                        }
                    }
                    Ok(Done::No) => {
                        kept.pop();
                    }
                    Err(broken) => {
                        if player.acts() == acts {
                            kept.pop();
                        }
                        return Err(broken);
                    }
                }
            }
            player.advance_to(end)
        });
        (kept, played.err(), player)
    }

    /// A move as it is made in this setup; `None` when there is no such thing in it.
    fn here(&self, one: &Move) -> Option<Move> {
        if !one.on_menu {
            return Some(one.clone());
        }
        let entry = self.menu.like(&one.name, &one.step)?;
        Some(Move { step: entry.step.clone(), actions: entry.actions.clone(), ..one.clone() })
    }
}

/// Whether the first moves are these, whenever the records came that they wait for.
fn is_beginning(kept: &[Move], moves: &[Move]) -> bool {
    kept.iter().zip(moves).all(|(one, other)| one.step == other.step && one.name == other.name)
}

/// What something comes to; a panic is broken, too.
pub(crate) fn caught(work: impl FnOnce() -> Result<(), Broken>) -> Result<(), Broken> {
    let panicked = |panic: Box<dyn Any + Send>| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Broken::panic(text.as_deref().unwrap_or("without a message")))
    };
    // Nothing that a panic may leave half done is looked at afterwards.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(panicked)
}

/// Why no story can be told in a setup: a fault of this crate, or of the scenario that it comes from.
#[derive(Clone, Debug)]
pub enum StageError {
    /// Its description has mistakes.
    Menu(MenuError),
    /// Its world cannot be built.
    World(String),
}

impl std::fmt::Display for StageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Menu(error) => error.fmt(f),
            Self::World(error) => f.write_str(error),
        }
    }
}

impl std::error::Error for StageError {}
