//! Everything that can be done, to a depth: breadth first over clones of a world, each state once.

use std::collections::BTreeSet;

/// What is searched: states, what can be done in each, and where that leads.
pub trait Space {
    /// Everything that what comes later depends on, and more.
    type State: Clone;
    /// One thing that can be done.
    type Step: Clone;
    /// What is wrong with a state.
    type Wrong;

    /// Where everything begins.
    fn start(&self) -> Self::State;

    /// What can be tried in a state, in an order that depends on nothing else.
    fn steps(&self, state: &Self::State) -> Vec<Self::Step>;

    /// Where a step leads; `None` where it cannot be done.
    ///
    /// # Errors
    /// When something breaks on the way.
    fn next(&self, state: &Self::State, step: &Self::Step) -> Result<Option<Self::State>, Self::Wrong>;
}

/// Tells states apart: two states of one key have the same successors, as far as keys tell.
pub trait StateKey<S> {
    /// The key.
    type Key: Ord;

    /// The key of a state; `None` when it is not to be compared with others.
    fn key(&self, state: &S) -> Option<Self::Key>;
}

/// No two states are the same: everything that can be done is done, as often as it can be.
#[derive(Clone, Copy, Debug)]
pub struct NoKey;

impl<S> StateKey<S> for NoKey {
    type Key = ();

    fn key(&self, _state: &S) -> Option<()> {
        None
    }
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searched<T, W> {
    /// How many states there are, the first one among them.
    pub states: u64,
    /// How many steps could be done.
    pub edges: u64,
    /// Whether there is nothing else: no state was left out because of the depth or of their number.
    pub closed: bool,
    /// Ways to what is wrong, the shortest first.
    pub broken: Vec<(Vec<T>, W)>,
}

/// Searches to a depth, and to a number of states.
pub fn search<P: Space, K: StateKey<P::State>>(
    space: &P,
    key: &K,
    depth: usize,
    most_states: u64,
    mut level: impl FnMut(usize, u64),
) -> Searched<P::Step, P::Wrong> {
    let mut seen: BTreeSet<K::Key> = BTreeSet::new();
    let mut searched = Searched { states: 1, edges: 0, closed: false, broken: Vec::new() };
    let start = space.start();
    seen.extend(key.key(&start));
    let mut frontier: Vec<(P::State, Vec<P::Step>)> = vec![(start, Vec::new())];
    for done in 0..depth {
        let mut further = Vec::new();
        for (state, way) in &frontier {
            for step in space.steps(state) {
                let longer = || way.iter().cloned().chain([step.clone()]).collect::<Vec<_>>();
                match space.next(state, &step) {
                    Ok(None) => {}
                    Err(wrong) => {
                        searched.edges += 1;
                        searched.broken.push((longer(), wrong));
                    }
                    Ok(Some(next)) => {
                        searched.edges += 1;
                        if key.key(&next).is_none_or(|key| seen.insert(key)) {
                            if searched.states >= most_states {
                                return searched;
                            }
                            searched.states += 1;
                            further.push((next, longer()));
                        }
                    }
                }
            }
        }
        level(done + 1, searched.states);
        if further.is_empty() {
            searched.closed = true;
            break;
        }
        frontier = further;
    }
    searched
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

    impl Space for Toy {
        type State = Lamp;
        type Step = char;
        type Wrong = &'static str;

        fn start(&self) -> Lamp {
            Lamp { on: false, blown: false, wear: 0, counted: 0 }
        }

        fn steps(&self, _state: &Lamp) -> Vec<char> {
            STEPS.to_vec()
        }

        fn next(&self, state: &Lamp, step: &char) -> Result<Option<Lamp>, &'static str> {
            let mut next = Lamp { counted: state.counted + 1, ..*state };
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

    /// What a lamp is but for its counter.
    type Lit = (bool, bool, u8);

    /// Everything but the counter.
    struct Kept;

    impl StateKey<Lamp> for Kept {
        type Key = Lit;

        fn key(&self, state: &Lamp) -> Option<Self::Key> {
            Some((state.on, state.blown, state.wear))
        }
    }

    /// Every word of steps up to a length, one after the other: the states that they lead to, with the length of the
    /// shortest word, and the words at whose last step something breaks.
    fn by_force(depth: usize) -> (BTreeMap<Lit, usize>, Vec<String>) {
        let (mut states, mut broken) = (BTreeMap::from([((false, false, 0), 0)]), Vec::new());
        for length in 1..=depth {
            'words: for number in 0..STEPS.len().pow(length as u32) {
                let word: String = (0..length).rev().map(|at| STEPS[number / STEPS.len().pow(at as u32) % 4]).collect();
                let mut lamp = Toy.start();
                for (at, step) in word.chars().enumerate() {
                    match Toy.next(&lamp, &step) {
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

    #[test]
    fn a_search_finds_what_brute_force_finds() {
        let deep = 7;
        let (states, broken) = by_force(deep);
        let searched = search(&Toy, &Kept, deep, 10_000, |_, _| {});
        assert_eq!((searched.states, searched.closed), (states.len() as u64, false));
        let words: Vec<String> = searched.broken.iter().map(|(word, _)| word.iter().collect()).collect();
        assert!(words.iter().all(|word| broken.contains(word)), "{words:?}");
        assert_eq!(words.first().map(String::len), broken.first().map(String::len), "the shortest is found");
        for depth in 0..deep {
            let reached = states.values().filter(|length| **length <= depth).count();
            assert_eq!(search(&Toy, &Kept, depth, 10_000, |_, _| {}).states, reached as u64, "{depth}");
        }
    }

    #[test]
    fn a_search_closes_when_there_is_nothing_else() {
        let mut all = BTreeSet::from([(false, false, 0)]);
        loop {
            let lamps = all.iter().map(|(on, blown, wear)| Lamp { on: *on, blown: *blown, wear: *wear, counted: 0 });
            let pairs = lamps.flat_map(|lamp| STEPS.map(|step| (lamp, step)));
            let next = pairs.filter_map(|(lamp, step)| Toy.next(&lamp, &step).ok().flatten());
            let more: BTreeSet<_> = next.map(|lamp| (lamp.on, lamp.blown, lamp.wear)).chain(all.clone()).collect();
            if more.len() == all.len() {
                break;
            }
            all = more;
        }
        let searched = search(&Toy, &Kept, 100, 10_000, |_, _| {});
        assert_eq!((searched.states, searched.closed), (all.len() as u64, true));
    }

    #[test]
    fn without_a_key_every_word_is_tried() {
        let searched = search(&Toy, &NoKey, 4, 10_000, |_, _| {});
        let (_, broken) = by_force(4);
        let words: Vec<String> = searched.broken.iter().map(|(word, _)| word.iter().collect()).collect();
        assert_eq!(words, broken);
        assert!(!searched.closed);
    }

    #[test]
    fn too_many_states_end_it() {
        let searched = search(&Toy, &NoKey, 20, 100, |_, _| {});
        assert!(searched.states <= 100 && !searched.closed);
    }
}
