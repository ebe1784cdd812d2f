//! Every two entries of the lists of actions, answers, faults, switches and situations in one story: a covering array
//! of strength 2.
//!
//! The rows are made beforehand, greedily, as if everything that is wished for could be done in every story. Each pair
//! belongs to the row that has it first. A row answers for its pairs: it tells stories until all of them have met, or
//! it has tried often enough. So a row depends on no other, and rows can be played in any number of parts.

mod rows;

use std::collections::BTreeSet;

use autoenroll_scenario::Library;

use crate::choices::Keyed;
use crate::drive::{Outcome, Work};
use crate::generate::{Plan, tell};
use crate::law::Broken;
use crate::setting::Setting;
use crate::stage::{Stage, StageError};
use crate::story::{Setup, Story};

use rows::Row;
pub use rows::{Entry, entries};

/// The most stories that a row tells for its pairs.
const MOST_STORIES: u64 = 40;
/// From this story on a row wishes for one pair at a time.
const ONE_BY_ONE: u64 = 6;
/// The most things that are done in a story.
const MOST_MOVES: usize = 40;

/// The rows of all pairs.
#[derive(Debug)]
pub struct Pairs<'a> {
    library: &'a Library,
    /// The names of what menus have.
    done: Vec<&'static str>,
    rows: Vec<Row>,
}

impl<'a> Pairs<'a> {
    /// Makes the rows.
    ///
    /// # Errors
    /// When the world in which everything can be done cannot be built: a fault of this crate.
    pub fn new(library: &'a Library) -> Result<Self, StageError> {
        let mut setting = plain();
        [("spare", "in-reader"), ("history", "due")].iter().for_each(|(axis, value)| setting.set(axis, value));
        let stage = Stage::open(Setup::Made(setting), library)?;
        let done: BTreeSet<&'static str> = stage.menu.entries.iter().map(|entry| entry.name).collect();
        let done: Vec<&'static str> = done.into_iter().collect();
        let rows = rows::rows(&done);
        Ok(Self { library, done, rows })
    }

    /// How many rows there are: the numbers of the work.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.len() as u64
    }
}

impl Work for Pairs<'_> {
    fn play(&self, number: u64) -> Outcome {
        let Some(row) = usize::try_from(number).ok().and_then(|at| self.rows.get(at)) else {
            return Outcome::default();
        };
        let mut unmet: BTreeSet<(String, String)> = row.pairs.iter().cloned().collect();
        let mut outcome = Outcome { pairs: unmet.len() as u64, ..Outcome::default() };
        let mut open: Option<Stage> = None;
        for attempt in 0..MOST_STORIES {
            let Some((one, other)) = unmet.iter().nth((attempt % unmet.len().max(1) as u64) as usize).cloned() else {
                break;
            };
            let (setting, wishes) = if attempt < ONE_BY_ONE {
                (row.setting.clone(), unmet.iter().flat_map(|(one, other)| [one.clone(), other.clone()]).collect())
            } else {
                (rows::setting_for(&self.done, &one, &other), BTreeSet::from([one, other]))
            };
            let stage = match open.take() {
                Some(stage) if matches!(&stage.setup, Setup::Made(made) if *made == setting) => stage,
                _ => match Stage::open(Setup::Made(setting.clone()), self.library) {
                    Ok(stage) => stage,
                    Err(error) => {
                        let story = Story { setup: Setup::Made(setting), moves: Vec::new(), end: Default::default() };
                        outcome.broken.push((story, Broken::world(&error.to_string())));
                        break;
                    }
                },
            };
            let plan = Plan { most: MOST_MOVES, wishes };
            let told = tell(&stage, &plan, &mut Keyed::new(number << 16 | attempt));
            open = Some(stage);
            unmet.retain(|(one, other)| !(told.met.contains(one) && told.met.contains(other)));
            outcome.add(told);
        }
        outcome.unmet = unmet.into_iter().collect();
        outcome
    }
}

/// The simplest world of everything that no entry is about.
fn plain() -> Setting {
    let mut setting = Setting::default();
    setting.set("place", "card");
    setting
}
