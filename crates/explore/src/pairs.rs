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

/// So many stories a row tells for all of its pairs at once.
const TOGETHER: u64 = 6;
/// The most stories that it tells for each pair that has not met by then, for that one alone.
const ALONE: u64 = 80;
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
        let pairs: BTreeSet<(String, String)> = row.pairs.iter().cloned().collect();
        let outcome = Outcome { pairs: pairs.len() as u64, ..Outcome::default() };
        let mut told = RowTold { pairs: self, number, stories: 0, unmet: pairs, stage: None, outcome };
        // A world that cannot be built ends the row, and is what was found.
        let _broken = told.tell_all(&row.setting);
        Outcome { unmet: told.unmet.into_iter().collect(), ..told.outcome }
    }
}

/// The stories of a row.
struct RowTold<'a> {
    pairs: &'a Pairs<'a>,
    number: u64,
    /// How many were told.
    stories: u64,
    unmet: BTreeSet<(String, String)>,
    /// The world of the last one.
    stage: Option<Stage>,
    outcome: Outcome,
}

impl RowTold<'_> {
    /// First for all pairs at once, then for each that has not met by then; `None` when a world cannot be built.
    fn tell_all(&mut self, setting: &Setting) -> Option<()> {
        for _ in 0..TOGETHER {
            if self.unmet.is_empty() {
                return Some(());
            }
            self.tell(setting, self.unmet.iter().flat_map(|(one, other)| [one.clone(), other.clone()]).collect())?;
        }
        for pair in self.unmet.clone() {
            let setting = rows::setting_for(&self.pairs.done, &pair.0, &pair.1);
            for _ in 0..ALONE {
                if !self.unmet.contains(&pair) {
                    break;
                }
                self.tell(&setting, BTreeSet::from([pair.0.clone(), pair.1.clone()]))?;
            }
        }
        Some(())
    }

    fn tell(&mut self, setting: &Setting, mut wishes: BTreeSet<String>) -> Option<()> {
        let before: Vec<String> = wishes.iter().filter_map(|name| rows::before(name)).map(str::to_owned).collect();
        wishes.extend(before);
        if !self.stage.as_ref().is_some_and(|stage| matches!(&stage.setup, Setup::Made(made) if made == setting)) {
            self.stage = match Stage::open(Setup::Made(setting.clone()), self.pairs.library) {
                Ok(stage) => Some(stage),
                Err(error) => {
                    let setup = Setup::Made(setting.clone());
                    let story = Story { setup, moves: Vec::new(), end: Default::default() };
                    self.outcome.broken.push((story, Broken::world(&error.to_string())));
                    None
                }
            };
        }
        let plan = Plan { most: MOST_MOVES, wishes };
        let told = tell(self.stage.as_ref()?, &plan, &mut Keyed::new(self.number << 16 | self.stories));
        self.stories += 1;
        self.unmet.retain(|(one, other)| !(told.met.contains(one) && told.met.contains(other)));
        self.outcome.add(told);
        Some(())
    }
}

/// The simplest world of everything that no entry is about.
fn plain() -> Setting {
    let mut setting = Setting::default();
    setting.set("place", "card");
    setting
}
