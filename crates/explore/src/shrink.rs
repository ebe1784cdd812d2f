//! Makes a finding as short as it gets while the same law breaks.

use autoenroll_model::{Duration, SimTime};
use autoenroll_scenario::Library;

use crate::law::Broken;
use crate::stage::{Replayed, Stage};
use crate::story::{Setup, Story, When};

/// The most plays that are spent on one finding.
const MOST_PLAYS: usize = 1_500;

/// How far apart two moves may be that are left out together.
const MOST_BETWEEN: usize = 12;

/// The timer's period, and how long a balloon keeps its user waiting.
const TICK: Duration = Duration::hours(8);
const BALLOON: Duration = Duration::seconds(60);

/// How long behind the thing before something is done rather than later: at once, and when a balloon has come.
const SOON: &[Duration] = &[Duration::ZERO, BALLOON, TICK];

/// A finding that is as short as it gets.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The story.
    pub story: Story,
    /// What breaks in it.
    pub broken: Broken,
}

/// Shrinks a story in which something breaks; `None` when it does not break when it is played again.
#[must_use]
pub fn shrink(story: &Story, broken: &Broken, library: &Library) -> Option<Shrunk> {
    let stage = Stage::open(story.setup.clone(), library).ok()?;
    let mut shrinking = Shrinking { library, stage, signature: broken.signature(), plays: 0 };
    let mut best = shrinking.breaks(story)?;
    loop {
        let before = size(&best.story);
        shrinking.fewer_moves(&mut best);
        shrinking.fewer_pairs(&mut best);
        shrinking.simpler_setup(&mut best);
        shrinking.simpler_moments(&mut best);
        if size(&best.story) == before || shrinking.plays >= MOST_PLAYS {
            break;
        }
    }
    let Replayed { story, broken, .. } = best;
    Some(Shrunk { story, broken: broken? })
}

/// What becomes less with every round: moves, what is not simple in the setup, moments that are not simply the next.
fn size(story: &Story) -> (usize, usize, usize) {
    let setup = story.setup.simpler().len();
    let on = story.moves.iter().filter(|one| matches!(one.when, When::On(_))).count();
    (story.moves.len(), setup, on)
}

/// When something is done, as it was.
const fn at(when: &When) -> SimTime {
    match when {
        When::At(at) => *at,
        When::On(anchor) => anchor.came,
    }
}

struct Shrinking<'a> {
    library: &'a Library,
    stage: Stage,
    signature: String,
    plays: usize,
}

impl Shrinking<'_> {
    /// The story as it is played, when the same law breaks in it.
    fn breaks(&mut self, story: &Story) -> Option<Replayed> {
        self.plays += 1;
        let mut replayed = self.stage.replay(&story.moves, story.end);
        let same = |broken: &Broken| broken.signature() == self.signature;
        if !replayed.broken.as_ref().is_some_and(same) {
            // What is listed only does not end its story.
            replayed.broken = replayed.listed.iter().find(|listed| same(listed)).cloned();
        }
        replayed.broken.is_some().then_some(replayed)
    }

    fn try_one(&mut self, best: &mut Replayed, story: &Story) -> bool {
        if self.plays >= MOST_PLAYS {
            return false;
        }
        match self.breaks(story) {
            Some(better) => {
                *best = better;
                true
            }
            None => false,
        }
    }

    /// Leaves out halves, quarters and so on of the moves.
    fn fewer_moves(&mut self, best: &mut Replayed) {
        let mut part = best.story.moves.len().div_ceil(2);
        while part > 0 {
            let mut at = 0;
            while at < best.story.moves.len() {
                let mut story = best.story.clone();
                let end = (at + part).min(story.moves.len());
                story.moves.drain(at..end);
                if !self.try_one(best, &story) {
                    at += part;
                }
            }
            part /= 2;
        }
    }

    /// Leaves out two moves that lead nowhere alone: one that breaks something and the one that repairs it, a card that
    /// goes and comes back.
    fn fewer_pairs(&mut self, best: &mut Replayed) {
        let mut first = 0;
        while first < best.story.moves.len() {
            let tried = (first + 1..best.story.moves.len().min(first + MOST_BETWEEN)).any(|second| {
                let mut story = best.story.clone();
                story.moves.remove(second);
                story.moves.remove(first);
                if self.try_one(best, &story) {
                    return true;
                }
                // What came of the two may come by itself with the next tick of the timer, or when its balloon shows.
                let from = story.moves.get(second - 1).map_or(SimTime::START, |one| at(&one.when));
                let tick = SimTime(from.0.next_multiple_of(TICK.0));
                [TICK, tick.since(from), (tick + BALLOON).since(from)].into_iter().any(|late| {
                    let mut story = story.clone();
                    for one in &mut story.moves[second - 1..] {
                        one.when = one.when.later(late, SimTime::START);
                    }
                    story.end = story.end + late;
                    self.try_one(best, &story)
                })
            });
            if !tried {
                first += 1;
            }
        }
    }

    /// Takes the simplest value of everything in the world and the profile that does not matter.
    fn simpler_setup(&mut self, best: &mut Replayed) {
        let mut at = 0;
        while let Some(setup) = best.story.setup.simpler().into_iter().nth(at) {
            if self.plays >= MOST_PLAYS || !self.moved(best, setup) {
                at += 1;
            }
        }
    }

    /// Whether the story breaks in another setup; it stays there then.
    fn moved(&mut self, best: &mut Replayed, setup: Setup) -> bool {
        let Ok(stage) = Stage::open(setup, self.library) else { return false };
        let here = std::mem::replace(&mut self.stage, stage);
        let story = best.story.clone();
        let moved = self.try_one(best, &story);
        if !moved {
            self.stage = here;
        }
        moved
    }

    /// Does things at the same time as the thing before, and when the world is at rest, wherever that does.
    fn simpler_moments(&mut self, best: &mut Replayed) {
        let mut now = SimTime::START;
        for at in 0..best.story.moves.len() {
            let Some(one) = best.story.moves.get(at) else { return };
            let simpler: Vec<SimTime> = match &one.when {
                When::At(when) => SOON.iter().map(|soon| now + *soon).filter(|soon| soon < when).collect(),
                When::On(anchor) => vec![anchor.came],
            };
            for simpler in simpler {
                let mut story = best.story.clone();
                story.moves[at].when = When::At(simpler);
                if self.try_one(best, &story) {
                    break;
                }
            }
            now = match best.story.moves.get(at).map(|one| &one.when) {
                Some(When::At(when)) => *when,
                Some(When::On(anchor)) => anchor.came,
                None => return,
            };
        }
    }
}
