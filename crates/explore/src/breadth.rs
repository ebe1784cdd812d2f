//! Everything that can be done, breadth first: each state once, until there is no other.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};

/// So many states of a level are looked at before what they lead to is put together.
const AT_ONCE: usize = 64;

/// What is searched: states, and where each of them leads.
pub trait Space: Sync {
    /// Everything that what comes later depends on, and more.
    type State: Send + Sync;
    /// What leads from one state to the next.
    type Step: Clone + Send;
    /// What is wrong with a state.
    type Wrong: Send;
    /// Tells states apart: two states of one key have the same successors, as far as keys tell.
    type Key: Clone + Ord + Send + Sync;

    /// Where everything begins.
    fn start(&self) -> Self::State;

    /// The key of a state.
    fn key(&self, state: &Self::State) -> Self::Key;

    /// Hands over everything that can be done in a state and where it leads, in an order that depends on nothing else.
    fn successors(&self, state: &Self::State, each: &mut dyn FnMut(Self::Step, Led<Self>));
}

/// Where a step leads.
pub type Led<P> = Result<<P as Space>::State, <P as Space>::Wrong>;

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most steps one after the other.
    pub depth: usize,
    /// The most states.
    pub states: u64,
    /// Whether the first thing that is wrong ends it.
    pub one: bool,
}

/// Why a search has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// There is nothing else: every step of every state leads to one that is known.
    Closed,
    /// What is left is deeper.
    Depth,
    /// There are more states.
    States,
    /// Something is wrong, and one is enough.
    Found,
    /// It was told to.
    Stopped,
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched<T, W> {
    /// How many states there are, the first one among them.
    pub states: u64,
    /// How many steps could be done.
    pub edges: u64,
    /// How many steps one after the other were done from every state that so many lead to.
    pub depth: usize,
    /// Why there is no more.
    pub end: End,
    /// Ways to what is wrong, the shortest first.
    pub broken: Vec<(Vec<T>, W)>,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps one after the other that are behind it.
    pub depth: usize,
    /// States of the present level that were looked at.
    pub done: usize,
    /// States of the present level.
    pub level: usize,
    /// States that are known.
    pub states: u64,
}

/// What a state leads to: for each step a state with its key, when it is a new one.
type Found<P> = Vec<(<P as Space>::Step, Result<Option<New<P>>, <P as Space>::Wrong>)>;
type New<P> = (<P as Space>::Key, <P as Space>::State);

/// Searches within limits. `go_on` is asked between pieces of work; what was found does not depend on `jobs`.
pub fn search<P: Space>(
    space: &P,
    limits: Limits,
    jobs: NonZeroUsize,
    mut go_on: impl FnMut(Progress) -> bool,
) -> Searched<P::Step, P::Wrong> {
    let start = space.start();
    let mut seen = BTreeSet::from([space.key(&start)]);
    // The step that led to each state first, and the state before it.
    let mut ways: Vec<Option<(usize, P::Step)>> = vec![None];
    let mut frontier: Vec<(usize, P::State)> = vec![(0, start)];
    let mut searched = Searched { states: 1, edges: 0, depth: 0, end: End::Depth, broken: Vec::new() };
    while searched.depth < limits.depth {
        let mut further = Vec::new();
        for (number, piece) in frontier.chunks(AT_ONCE).enumerate() {
            let level = frontier.len();
            let progress = Progress { depth: searched.depth, done: number * AT_ONCE, level, states: searched.states };
            if !go_on(progress) {
                searched.end = End::Stopped;
                return searched;
            }
            for ((from, _), found) in piece.iter().zip(looked_at(space, piece, &seen, jobs)) {
                for (step, led) in found {
                    searched.edges += 1;
                    match led {
                        Ok(Some((key, state))) => {
                            if seen.contains(&key) {
                                continue;
                            }
                            if searched.states >= limits.states {
                                searched.end = End::States;
                                return searched;
                            }
                            seen.insert(key);
                            searched.states += 1;
                            ways.push(Some((*from, step)));
                            further.push((ways.len() - 1, state));
                        }
                        Ok(None) => {}
                        Err(wrong) => {
                            searched.broken.push((way(&ways, *from, step), wrong));
                            if limits.one {
                                searched.end = End::Found;
                                return searched;
                            }
                        }
                    }
                }
            }
        }
        searched.depth += 1;
        if further.is_empty() {
            searched.end = End::Closed;
            break;
        }
        frontier = further;
    }
    searched
}

/// What some states lead to, in their order; a state that is known already is left out.
fn looked_at<P: Space>(
    space: &P,
    states: &[(usize, P::State)],
    seen: &BTreeSet<P::Key>,
    jobs: NonZeroUsize,
) -> Vec<Found<P>> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new((0..states.len()).map(|_| Vec::new()).collect::<Vec<Found<P>>>());
    let look = || {
        while let Some((at, (_, state))) = states.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            let mut leads: Found<P> = Vec::new();
            let mut here = BTreeSet::new();
            space.successors(state, &mut |step, led| {
                let led = led.map(|state| {
                    let key = space.key(&state);
                    let is_new = !seen.contains(&key) && here.insert(key.clone());
                    is_new.then_some((key, state))
                });
                leads.push((step, led));
            });
            found.lock().unwrap_or_else(PoisonError::into_inner)[at] = leads;
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.get().min(states.len()) {
            scope.spawn(look);
        }
        look();
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The steps that lead to a state, and one more.
fn way<T: Clone>(ways: &[Option<(usize, T)>], mut from: usize, last: T) -> Vec<T> {
    let mut steps = vec![last];
    while let Some((before, step)) = ways.get(from).and_then(Option::as_ref) {
        steps.push(step.clone());
        from = *before;
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A lamp with a fuse, and a counter that says nothing: after three switchings in one go the fuse blows, and a
    /// blown fuse under current is wrong.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Lamp {
        on: bool,
        blown: bool,
        wear: u8,
        counted: u32,
    }

    struct Toy;

    const STEPS: [char; 4] = ['s', 'r', 'w', 'f'];

    impl Toy {
        /// Where a step leads; `None` where it cannot be done.
        fn next(state: Lamp, step: char) -> Result<Option<Lamp>, &'static str> {
            let mut next = Lamp { counted: state.counted + 1, ..state };
            match step {
                's' => {
                    next.on = !state.on && !state.blown;
                    next.wear = (state.wear + 1).min(3);
                }
                'r' if state.on => return Ok(None),
                'r' => next.wear = 0,
                'w' => next.blown |= state.wear == 3,
                _ => next.blown = false,
            }
            if next.blown && next.on { Err("a blown fuse under current") } else { Ok(Some(next)) }
        }
    }

    impl Space for Toy {
        type State = Lamp;
        type Step = char;
        type Wrong = &'static str;
        type Key = Lit;

        fn start(&self) -> Lamp {
            Lamp { on: false, blown: false, wear: 0, counted: 0 }
        }

        fn key(&self, state: &Lamp) -> Lit {
            (state.on, state.blown, state.wear)
        }

        fn successors(&self, state: &Lamp, each: &mut dyn FnMut(char, Result<Lamp, &'static str>)) {
            for step in STEPS {
                if let Some(led) = Self::next(*state, step).transpose() {
                    each(step, led);
                }
            }
        }
    }

    /// What a lamp is but for its counter.
    type Lit = (bool, bool, u8);

    /// Every word of steps up to a length, one after the other: the states that they lead to, with the length of the
    /// shortest word, and the words at whose last step something breaks.
    fn by_force(depth: usize) -> (BTreeMap<Lit, usize>, Vec<String>) {
        let (mut states, mut broken) = (BTreeMap::from([((false, false, 0), 0)]), Vec::new());
        for length in 1..=depth {
            'words: for number in 0..STEPS.len().pow(length as u32) {
                let word: String = (0..length).rev().map(|at| STEPS[number / STEPS.len().pow(at as u32) % 4]).collect();
                let mut lamp = Toy.start();
                for (at, step) in word.chars().enumerate() {
                    match Toy::next(lamp, step) {
                        Ok(Some(next)) => lamp = next,
                        Err(_) if at + 1 == length => {
                            broken.push(word.clone());
                            continue 'words;
                        }
                        Ok(None) | Err(_) => continue 'words,
                    }
                }
                states.entry((lamp.on, lamp.blown, lamp.wear)).or_insert(length);
            }
        }
        (states, broken)
    }

    fn searched(depth: usize, states: u64, jobs: usize) -> Searched<char, &'static str> {
        search(&Toy, Limits { depth, states, one: false }, NonZeroUsize::new(jobs).unwrap(), |_| true)
    }

    #[test]
    fn a_search_finds_what_brute_force_finds() {
        let deep = 7;
        let (states, broken) = by_force(deep);
        let found = searched(deep, 10_000, 2);
        assert_eq!(found.states, states.len() as u64);
        let words: Vec<String> = found.broken.iter().map(|(word, _)| word.iter().collect()).collect();
        assert!(!words.is_empty() && words.iter().all(|word| broken.contains(word)), "{words:?}");
        assert_eq!(words.first().map(String::len), broken.first().map(String::len), "the shortest is found");
        for depth in 0..deep {
            let reached = states.values().filter(|length| **length <= depth).count();
            assert_eq!(searched(depth, 10_000, 1).states, reached as u64, "{depth}");
            assert_eq!(searched(depth, 10_000, 3), searched(depth, 10_000, 1), "{depth}");
        }
    }

    #[test]
    fn a_search_closes_when_there_is_nothing_else() {
        let mut all = BTreeSet::from([(false, false, 0)]);
        let edges = loop {
            let lamps = all.iter().map(|(on, blown, wear)| Lamp { on: *on, blown: *blown, wear: *wear, counted: 0 });
            let led: Vec<_> =
                lamps.flat_map(|lamp| STEPS.map(|step| Toy::next(lamp, step))).filter_map(Result::transpose).collect();
            let edges = led.len() as u64;
            let more: BTreeSet<_> =
                led.into_iter().flatten().map(|lamp| (lamp.on, lamp.blown, lamp.wear)).chain(all.clone()).collect();
            if more.len() == all.len() {
                break edges;
            }
            all = more;
        };
        let found = searched(100, 10_000, 2);
        assert_eq!((found.states, found.edges, found.end), (all.len() as u64, edges, End::Closed));
        assert!(found.depth < 100);
    }

    #[test]
    fn a_search_says_why_it_ends() {
        assert_eq!(searched(1, 10_000, 1).end, End::Depth);
        let few = searched(100, 4, 1);
        assert_eq!((few.states, few.end), (4, End::States));
        let limits = Limits { depth: 9, states: 99, one: true };
        let one = search(&Toy, limits, NonZeroUsize::MIN, |_| true);
        assert_eq!((one.broken.len(), one.end), (1, End::Found));
        let stopped = search(&Toy, limits, NonZeroUsize::MIN, |at| at.depth < 2);
        assert_eq!((stopped.depth, stopped.end), (2, End::Stopped));
    }
}
