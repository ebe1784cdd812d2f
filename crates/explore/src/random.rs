//! Stories by number: each is drawn.

use std::sync::Mutex;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use autoenroll_scenario::Library;

use crate::choices::Keyed;
use crate::drive::{Outcome, Work};
use crate::generate::{Plan, tell};
use crate::law::Broken;
use crate::setting::Setting;
use crate::stage::Stage;
use crate::story::{Setup, Story};

/// So many stories in a row have the same world, which is built once.
const STORIES_A_WORLD: u64 = 8;
/// So many worlds are kept: one for each thread, and a few.
const MOST_WORLDS: usize = 32;

/// Stories that are drawn.
#[derive(Debug)]
pub struct Random<'a> {
    library: &'a Library,
    /// The most things that are done in a story.
    most: usize,
    open: Mutex<Vec<(u64, Arc<Stage>)>>,
}

impl<'a> Random<'a> {
    /// All of them. `most` is the number of things that are done in the longest.
    #[must_use]
    pub const fn new(library: &'a Library, most: usize) -> Self {
        Self { library, most, open: Mutex::new(Vec::new()) }
    }

    fn stage(&self, world: u64) -> Result<Arc<Stage>, Broken> {
        let known = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, stage)) = known.iter().find(|(number, _)| *number == world) {
            return Ok(Arc::clone(stage));
        }
        drop(known);
        let setting = setting_of(world);
        let stage = Stage::open(Setup::Made(setting), self.library);
        let stage = Arc::new(stage.map_err(|error| Broken::world(&error.to_string()))?);
        let mut known = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_WORLDS {
            known.remove(0);
        }
        known.push((world, Arc::clone(&stage)));
        Ok(stage)
    }
}

/// Worlds have choices of their own, beside those of stories.
fn setting_of(world: u64) -> Setting {
    Setting::draw(&mut Keyed::new(u64::MAX - world))
}

impl Work for Random<'_> {
    fn play(&self, number: u64) -> Outcome {
        let world = number / STORIES_A_WORLD;
        let stage = match self.stage(world) {
            Ok(stage) => stage,
            Err(broken) => {
                let setup = Setup::Made(setting_of(world));
                let story = Story { setup, moves: Vec::new(), end: Default::default() };
                return Outcome { stories: 1, broken: vec![(story, broken)], ..Outcome::default() };
            }
        };
        let plan = Plan { most: self.most, wishes: BTreeSet::new() };
        tell(&stage, &plan, &mut Keyed::new(number)).into()
    }
}
