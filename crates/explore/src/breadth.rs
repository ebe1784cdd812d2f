//! Everything that can be done, breadth first: each state once, until there is no other.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};

/// So many states of a level are looked at before what they lead to is put together.
const AT_ONCE: usize = 256;

/// What a story has used up of what it may have, such as faults and runs, what counts most first. It never gets less.
pub type Spent = [u8; 2];

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

    /// What was used up on the way to a state. Of two states of one key, the one that has used up no more of anything
    /// leads to everything that the other one leads to.
    fn spent(&self, _state: &Self::State) -> Spent {
        Spent::default()
    }

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
    /// How many states there are, the first one among them: so many keys.
    pub states: u64,
    /// How many steps could be done, also from a state that was looked at again because it was reached with less of
    /// one thing used up.
    pub edges: u64,
    /// What it came to with so much used up and no more of the first thing: there is nothing else. Only a search
    /// without a greatest depth knows.
    pub closed: Vec<Closed>,
    /// How many steps one after the other were done from every state that so many lead to.
    pub depth: usize,
    /// Why there is no more.
    pub end: End,
    /// Ways to what is wrong, the shortest first.
    pub broken: Vec<(Vec<T>, W)>,
}

/// What a search came to that is allowed no more than so much of the first thing that can be used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Closed {
    /// So much of it.
    pub spent: u8,
    /// How many states there are.
    pub states: u64,
    /// How many steps could be done.
    pub edges: u64,
    /// The most steps one after the other.
    pub depth: usize,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is used up in the states that are looked at.
    pub spent: Spent,
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
type New<P> = (<P as Space>::Key, Spent, <P as Space>::State);

/// Searches within limits. `go_on` is asked between pieces of work; what was found does not depend on `jobs`.
pub fn search<P: Space>(
    space: &P,
    limits: Limits,
    jobs: NonZeroUsize,
    mut go_on: impl FnMut(Progress) -> bool,
) -> Searched<P::Step, P::Wrong> {
    let start = space.start();
    let (key, spent) = (space.key(&start), space.spent(&start));
    let mut seen = Seen::default();
    seen.add(key.clone(), spent);
    // The step that led to each state first, and the state before it.
    let mut ways: Vec<Option<(usize, P::Step)>> = vec![None];
    let mut searched =
        Searched { states: 1, edges: 0, closed: Vec::new(), depth: 0, end: End::Closed, broken: Vec::new() };
    // With a greatest depth, what comes first is what so few steps lead to; without one, what uses up least.
    let is_endless = limits.depth == usize::MAX;
    let order = |spent: Spent| if is_endless { spent } else { Spent::default() };
    let mut levels = BTreeMap::from([((order(spent), 0), vec![Waiting { way: 0, key, spent, state: start }])]);
    let mut before = None;
    while let Some(((spent, depth), mut level)) = levels.pop_first() {
        if let Some(before) = before.replace(spent[0]).filter(|before| *before < spent[0] && is_endless) {
            searched.closed.push(seen.closed(&searched, before));
        }
        if depth >= limits.depth {
            searched.end = End::Depth;
            return searched;
        }
        // What was reached with less used up meanwhile has been looked at, or comes first.
        level.retain(|waiting: &Waiting<P>| seen.has(&waiting.key, waiting.spent));
        for (number, piece) in level.chunks(AT_ONCE).enumerate() {
            let (done, level) = (number * AT_ONCE, level.len());
            if !go_on(Progress { spent, depth, done, level, states: searched.states }) {
                searched.end = End::Stopped;
                return searched;
            }
            piece.iter().for_each(|waiting| seen.look_at(&waiting.key));
            for (Waiting { way: from, .. }, found) in piece.iter().zip(looked_at(space, piece, &seen, jobs)) {
                for (step, led) in found {
                    searched.edges += 1;
                    match led {
                        Ok(Some((key, spent, state))) => {
                            if seen.leads_on(&key, spent) {
                                continue;
                            }
                            if !seen.knows(&key) {
                                if searched.states >= limits.states {
                                    searched.end = End::States;
                                    return searched;
                                }
                                searched.states += 1;
                            }
                            seen.add(key.clone(), spent);
                            ways.push(Some((*from, step)));
                            let waiting = Waiting { way: ways.len() - 1, key, spent, state };
                            levels.entry((order(spent), depth + 1)).or_default().push(waiting);
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
        searched.depth = searched.depth.max(depth + 1);
    }
    if is_endless {
        searched.closed.push(seen.closed(&searched, before.unwrap_or_default()));
    }
    searched
}

/// A state that has not been looked at.
struct Waiting<P: Space + ?Sized> {
    /// The step that led to it.
    way: usize,
    key: P::Key,
    spent: Spent,
    state: P::State,
}

/// Keys that are known.
struct Seen<K> {
    keys: BTreeMap<K, Known>,
    /// How many of them were looked at.
    looked: u64,
}

/// What is known of a key.
#[derive(Default)]
struct Known {
    /// What was used up on the ways to it, but for what is no less than another one of these.
    spent: Vec<Spent>,
    looked: bool,
}

impl<K> Default for Seen<K> {
    fn default() -> Self {
        Self { keys: BTreeMap::new(), looked: 0 }
    }
}

impl<K: Ord> Seen<K> {
    fn knows(&self, key: &K) -> bool {
        self.keys.contains_key(key)
    }

    /// Whether a state of that key is known with just so much used up, and none with less.
    fn has(&self, key: &K, spent: Spent) -> bool {
        self.keys.get(key).is_some_and(|known| known.spent.contains(&spent))
    }

    /// Whether a known state leads to everything that one of that key leads to with so much used up.
    fn leads_on(&self, key: &K, spent: Spent) -> bool {
        self.keys.get(key).is_some_and(|known| known.spent.iter().any(|less| is_no_more(*less, spent)))
    }

    fn add(&mut self, key: K, spent: Spent) {
        let known = self.keys.entry(key).or_default();
        known.spent.retain(|more| !is_no_more(spent, *more));
        known.spent.push(spent);
    }

    fn look_at(&mut self, key: &K) {
        let Some(known) = self.keys.get_mut(key) else { return };
        self.looked += u64::from(!std::mem::replace(&mut known.looked, true));
    }

    /// Everything with no more than that used up of the first thing has been looked at.
    const fn closed<T, W>(&self, searched: &Searched<T, W>, spent: u8) -> Closed {
        Closed { spent, states: self.looked, edges: searched.edges, depth: searched.depth }
    }
}

fn is_no_more(less: Spent, more: Spent) -> bool {
    less.iter().zip(more).all(|(less, more)| *less <= more)
}

/// What some states lead to, in their order; a state that is known already is left out.
fn looked_at<P: Space>(space: &P, states: &[Waiting<P>], seen: &Seen<P::Key>, jobs: NonZeroUsize) -> Vec<Found<P>> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new((0..states.len()).map(|_| Vec::new()).collect::<Vec<Found<P>>>());
    let look = || {
        while let Some((at, Waiting { state, .. })) =
            states.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed))
        {
            let mut leads: Found<P> = Vec::new();
            let mut here = Seen::default();
            space.successors(state, &mut |step, led| {
                let led = led.map(|state| {
                    let (key, spent) = (space.key(&state), space.spent(&state));
                    let is_new = !seen.leads_on(&key, spent) && !here.leads_on(&key, spent);
                    is_new.then(|| {
                        here.add(key.clone(), spent);
                        (key, spent, state)
                    })
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
    use std::collections::BTreeSet;

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

    /// The same lamp, in which the fuse may be put in anew only so often, and may be switched only so often: what is
    /// used up comes in two kinds.
    struct Bounded {
        most: Spent,
    }

    impl Space for Bounded {
        type State = (Lamp, Spent);
        type Step = char;
        type Wrong = &'static str;
        type Key = Lit;

        fn start(&self) -> Self::State {
            (Toy.start(), Spent::default())
        }

        fn key(&self, (lamp, _): &Self::State) -> Lit {
            Toy.key(lamp)
        }

        fn spent(&self, (_, spent): &Self::State) -> Spent {
            *spent
        }

        fn successors(&self, (lamp, spent): &Self::State, each: &mut dyn FnMut(char, Led<Self>)) {
            Toy.successors(lamp, &mut |step, led| {
                let spent = [spent[0] + u8::from(step == 'f'), spent[1] + u8::from(step == 's')];
                if is_no_more(spent, self.most) {
                    each(step, led.map(|lamp| (lamp, spent)));
                }
            });
        }
    }

    /// Everything that a bounded lamp can come to, each with each amount that may be used up.
    fn reached(space: &Bounded) -> BTreeSet<(Lit, Spent)> {
        let start = space.start();
        let (mut all, mut todo) = (BTreeSet::new(), vec![start]);
        while let Some(state) = todo.pop() {
            if all.insert((space.key(&state), space.spent(&state))) {
                space.successors(&state, &mut |_, led| todo.extend(led.ok()));
            }
        }
        all
    }

    #[test]
    fn a_search_closes_with_little_used_up_before_it_does_with_more() {
        for (fuses, switchings) in [(0, 0), (0, 9), (1, 2), (1, 9), (2, 4), (3, 9)] {
            let space = Bounded { most: [fuses, switchings] };
            let all = reached(&space);
            let of = |most: u8| all.iter().filter(move |(_, spent)| spent[0] <= most).map(|(lit, _)| *lit);
            for jobs in [1, 3] {
                let limits = Limits { depth: usize::MAX, states: 10_000, one: false };
                let found = search(&space, limits, NonZeroUsize::new(jobs).unwrap(), |_| true);
                let states = of(fuses).collect::<BTreeSet<_>>().len() as u64;
                assert_eq!((found.states, found.end), (states, End::Closed), "{fuses} {switchings}");
                for Closed { spent, states, .. } in &found.closed {
                    assert_eq!(*states, of(*spent).collect::<BTreeSet<_>>().len() as u64, "{spent} {switchings}");
                }
                assert_eq!(found.closed.last().map(|closed| closed.edges), Some(found.edges));
            }
        }
    }

    #[test]
    fn with_a_greatest_depth_nothing_is_missed_that_uses_up_more() {
        for depth in 0..8 {
            let space = Bounded { most: [2, 4] };
            let limits = Limits { depth, states: 10_000, one: false };
            let found = search(&space, limits, NonZeroUsize::MIN, |_| true);
            let (mut keys, mut words) = (BTreeSet::from([space.key(&space.start())]), vec![space.start()]);
            for _ in 0..depth {
                let mut longer = Vec::new();
                words.iter().for_each(|state| space.successors(state, &mut |_, led| longer.extend(led.ok())));
                keys.extend(longer.iter().map(|state| space.key(state)));
                words = longer;
            }
            assert_eq!(found.states, keys.len() as u64, "{depth}");
        }
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
