//! Stories that grow: each goes on from a moment of one before it that came to something new, and the first of them in
//! a world that is made up, or from any moment of a story that somebody wrote. What takes several things to get to is
//! not got to anew each time.
//!
//! Stories grow in groups that know nothing of each other, so that a group depends on its number alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use autoenroll_model::{SimTime, Text};
use autoenroll_scenario::Scenario;
use autoenroll_trace::{Kind, Record, Trace};

use crate::choices::{Choices, Keyed};
use crate::drive::{Outcome, Work};
use crate::file::Bench;
use crate::generate::{Begun, Plan, repeat, sweep, tell_from};
use crate::law::Broken;
use crate::neighbours::{alone, story_of};
use crate::player::{Done, Player};
use crate::setting::Setting;
use crate::stage::{Stage, caught};
use crate::story::{Move, Setup, Story, When};

/// Stories of a group in a world that is made up: many worlds in which a few are told, and a few in which one thing
/// leads to another for long.
const STORIES: &[usize] = &[4, 8, 16, 64];
/// Those of a group in the world of a scenario: there are many scenarios.
const STORIES_OF_A_SCENARIO: usize = 4;
/// The most moments of a group that stories go on from.
const MOST_MOMENTS: usize = 128;
/// A moment behind which so much was done is not gone on from: too much is broken by then.
const MOST_BEFORE: usize = 48;
/// How often something is counted; what comes more often is nothing new.
const MOST_TIMES: u8 = 5;
/// One time in so many, one thing is tried at moment after moment instead; and in the world of a scenario.
const SWEEPS: usize = 16;
const SWEEPS_OF_A_SCENARIO: usize = 2;
/// So often in a group, what came to something for a second time is made to do so again and again: its last things are
/// repeated, from one to so many.
const MOST_REPEATED: usize = 3;
const MOST_ONCE_MORE: usize = 6;
/// The most things that are put in where a story goes on.
const MOST_PUT_IN: usize = 6;
/// A prime that the number of scenarios does not have as a divisor: groups that follow each other are not alike.
const STRIDE: u64 = 7_919;

/// Groups of stories that grow.
pub struct Grown<'a> {
    bench: Bench<'a>,
    scenarios: &'a [Scenario],
    /// The most things that are done in the first story of a world that is made up.
    most: usize,
}

impl fmt::Debug for Grown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scenarios = self.scenarios.len();
        f.debug_struct("Grown").field("scenarios", &scenarios).field("most", &self.most).finish_non_exhaustive()
    }
}

/// A moment from which stories go on.
#[derive(Clone, Debug)]
struct Seed {
    player: Player,
    /// What was done until then.
    moves: Vec<Move>,
    /// How much of what was written has been done or passed over.
    written: usize,
    /// What was told until then.
    told: Told,
    /// Whether it came to something for a second time or more: some rules count.
    again: bool,
}

/// What the records of a story have told so far, as far as it says whether the next one is something new: what comes
/// once more counts, and so does what comes after what.
#[derive(Clone, Debug, Default)]
struct Told {
    /// How many records.
    records: usize,
    /// How often each thing was decided in what somebody works on now, by whom.
    times: BTreeMap<(Text, u64), u8>,
    /// How the last work on a template ended, and what was answered last, by whom; how often in a row, and after what.
    last: BTreeMap<(Text, String), (u64, u8, u64)>,
}

impl Told {
    /// Goes on to the end of a trace, and says whether something comes that was not seen yet: what was decided, asked,
    /// done and with which end, how often in one item, and after what.
    fn go_on(&mut self, trace: &Trace, until: usize, seen: &mut BTreeSet<u64>) -> News {
        let mut news = News::default();
        for record in trace.range(self.records..until) {
            if matches!(record.kind, Kind::Apdu | Kind::Violation) {
                continue;
            }
            let record = record.unpack();
            let what = what(&record);
            news.any |= seen.insert(what);
            let actor = &record.actor;
            let (before, times) = match record.kind {
                Kind::ItemStarted => {
                    self.times.retain(|(of, _), _| of != actor);
                    continue;
                }
                Kind::Decision => {
                    let times = self.times.entry((actor.clone(), what)).or_default();
                    *times = times.saturating_add(1).min(MOST_TIMES);
                    (u64::from(*times), *times)
                }
                Kind::ItemEnded | Kind::Answer => {
                    let template = record.facts.text("template").unwrap_or_default().to_owned();
                    let last = self.last.entry((actor.clone(), template)).or_default();
                    *last = match *last {
                        (same, times, before) if same == what => {
                            (what, times.saturating_add(1).min(MOST_TIMES), before)
                        }
                        (other, times, _) => (what, 1, hashed(&(other, times))),
                    };
                    (hashed(&(last.1, last.2)), last.1)
                }
                _ => continue,
            };
            let new = seen.insert(hashed(&(what, before)));
            news.any |= new;
            news.again |= new && times > 1;
        }
        self.records = until;
        news
    }
}

/// Whether a story came to something that was not seen yet, and to something for a second time or more.
#[derive(Clone, Copy, Debug, Default)]
struct News {
    any: bool,
    again: bool,
}

/// What a record tells: its kind, and which rule, question, operation and end it is about.
fn what(record: &Record) -> u64 {
    const TELLING: &[&str] =
        &["rule", "outcome", "op", "code", "point", "action", "stage", "trigger", "prompt", "answer"];
    let facts: Vec<Option<String>> =
        TELLING.iter().map(|name| record.facts.get(name).map(ToString::to_string)).collect();
    hashed(&(record.kind.as_str(), facts))
}

fn hashed(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// A world in which no story goes on: why, with what was done until then.
type Wrong = Box<(Story, Broken)>;

/// A world with what was written for it, and the moments from which stories go on.
struct Ground {
    stage: Stage,
    written: Vec<Move>,
    seeds: Vec<Seed>,
}

impl<'a> Grown<'a> {
    /// All groups: one half begins in worlds that are made up, where the first story has at most so many things; the
    /// other with the scenarios.
    #[must_use]
    pub const fn new(scenarios: &'a [Scenario], bench: Bench<'a>, most: usize) -> Self {
        Self { bench, scenarios, most }
    }

    fn scenario(&self, number: u64) -> Option<&'a Scenario> {
        let many = self.scenarios.len() as u64;
        let at = number.checked_rem(many)?.wrapping_mul(STRIDE).checked_rem(many)?;
        self.scenarios.get(usize::try_from(at).ok()?)
    }

    /// The world of a group; or what is wrong with it, which may be that its scenario breaks a law as it stands.
    fn ground(&self, number: u64) -> Result<Ground, Wrong> {
        match self.scenario(number / 2).filter(|_| !number.is_multiple_of(2)) {
            Some(scenario) => Ground::written(scenario, self.bench),
            None => Ground::made(Setting::draw(&mut Keyed::new(u64::MAX - number)), self.bench),
        }
    }
}

/// A world with what can be done in it; where there is none, a story of nothing that says why.
fn open(setup: Setup, bench: Bench<'_>) -> Result<Stage, Wrong> {
    Stage::open(setup.clone(), bench.library).map_err(|error| {
        let story = Story { setup, moves: Vec::new(), end: SimTime::START };
        Box::new((story, Broken::world(&error.to_string())))
    })
}

impl Ground {
    fn made(setting: Setting, bench: Bench<'_>) -> Result<Self, Wrong> {
        let stage = open(Setup::Made(setting), bench)?;
        let seeds =
            vec![Seed { player: stage.player(), moves: Vec::new(), written: 0, told: Told::default(), again: false }];
        Ok(Self { stage, written: Vec::new(), seeds })
    }

    /// A scenario as it is played, with the moments before each thing that is done in it, and its end.
    fn written(scenario: &Scenario, bench: Bench<'_>) -> Result<Self, Wrong> {
        let stage = open(Setup::Written(Arc::new(alone(scenario))), bench)?;
        let (mut written, mut seeds): (Vec<Move>, Vec<Seed>) = Default::default();
        let mut player = stage.player();
        let seed = |player: &Player, moves: &Vec<Move>| Seed {
            player: player.clone(),
            moves: moves.clone(),
            written: moves.len(),
            told: Told::default(),
            again: false,
        };
        let told = caught(|| {
            for one in story_of(scenario, &stage.world, bench).moves {
                let before = seed(&player, &written);
                // Kept before it is done: it may be what breaks something.
                written.push(one.clone());
                if player.act_when(&one.when, &one.actions)? == Done::No {
                    written.pop();
                    continue;
                }
                seeds.push(before);
                if let Some(Move { when: When::On(anchor), .. }) = written.last_mut() {
                    anchor.came = player.now();
                }
            }
            player.settle()
        });
        if let Err(broken) = told {
            let end = SimTime(broken.at).max(player.now());
            return Err(Box::new((Story { setup: stage.setup, moves: written, end }, broken)));
        }
        seeds.push(seed(&player, &written));
        Ok(Self { stage, written, seeds })
    }
}

impl Work for Grown<'_> {
    fn play(&self, number: u64) -> Outcome {
        let ground = self.ground(number);
        let Ground { stage, written, mut seeds } = match ground {
            Ok(ground) => ground,
            Err(wrong) => return Outcome { stories: 1, broken: vec![*wrong], ..Outcome::default() },
        };
        let mut choices = Keyed::new(number);
        let mut seen = BTreeSet::new();
        let mut outcome = Outcome::default();
        let mut repeated = 0;
        let from_nothing = written.is_empty();
        let stories = choices.of("stories", STORIES).copied().filter(|_| from_nothing);
        for story in 0..stories.unwrap_or(STORIES_OF_A_SCENARIO) {
            let latest = (from_nothing || story > 1) && choices.one_in("latest", 3);
            let again: Vec<usize> = (0..seeds.len()).filter(|at| seeds[*at].again).collect();
            let again = choices.of("again", &again).copied().filter(|_| choices.one_in("counts", 3));
            let any = if latest { seeds.len() - 1 } else { choices.below("moment", seeds.len()) };
            let Seed { player, moves, written: done, told: known, .. } = seeds[again.unwrap_or(any)].clone();
            let first = from_nothing && moves.is_empty();
            let rest = (!first).then(|| written.get(done..).unwrap_or_default());
            let plan = Plan { most: if first { self.most } else { MOST_PUT_IN }, wishes: BTreeSet::new() };
            let begun = Begun { player, moves, rest };
            let mut told = if choices.one_in("sweep", if from_nothing { SWEEPS } else { SWEEPS_OF_A_SCENARIO }) {
                sweep(&stage, begun, &mut choices)
            } else {
                vec![tell_from(&stage, begun, &plan, &mut choices)]
            };
            told.reverse();
            while let Some((told_now, middle)) = told.pop() {
                let came_to_nothing = told_now.broken.is_none();
                outcome.add(told_now);
                let Some(((player, moves), end)) = middle else { continue };
                let mut known = known.clone();
                let middle = known.go_on(player.world().trace(), player.records(), &mut seen);
                let later = known.clone().go_on(end.world().trace(), end.records(), &mut seen);
                let news = middle.any || later.any;
                if middle.again && came_to_nothing && repeated < MOST_REPEATED && choices.one_in("repeat", 2) {
                    repeated += 1;
                    let begun = Begun { player: player.clone(), moves: moves.clone(), rest: None };
                    let many = 1..=moves.len().min(MOST_ONCE_MORE);
                    told.extend(many.map(|many| repeat(&stage, begun.clone(), many, &mut choices)));
                }
                if news && came_to_nothing && moves.len() <= MOST_BEFORE && seeds.len() < MOST_MOMENTS {
                    let again = middle.again || later.again;
                    seeds.push(Seed { player, moves, written: done, told: known, again });
                }
            }
        }
        outcome
    }
}
