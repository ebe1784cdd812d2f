//! The base world, and that what its states are told apart by is all that matters.
#![expect(clippy::unwrap_used, reason = "this is test code outside of test functions")]

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use autoenroll_explore::breadth::{End, Limits, Space, search};
use autoenroll_explore::everything::{Bounds, Everything, MOST_RUNS, State};
use autoenroll_scenario::Library;

use fixtures::Fixtures;

mod fixtures;

fn base(runs: u8, faults: u8) -> Everything {
    Everything::base(&Library::read(&Fixtures), Bounds { runs, faults }).unwrap()
}

/// What a state leads to: the name of each thing that is done, and the key behind it.
fn led(space: &Everything, state: &State) -> Vec<(String, Result<String, String>)> {
    let mut led = Vec::new();
    space.successors(state, &mut |step, next| {
        let key = next.map(|next| format!("{:?}", space.key(&next))).map_err(|broken| broken.signature());
        led.push((step.to_string(), key));
    });
    led
}

/// States are found in a fixed order; of two that have one key and came at another time, or at the same time by another
/// way, both are looked at.
#[test]
fn two_worlds_of_one_key_have_the_same_successors() {
    const PAIRS: usize = 5;
    const LEVELS: usize = 5;
    let space = base(MOST_RUNS, u8::MAX);
    let start = space.start();
    // With as much used up: how much decides what may still be done.
    let of = |state: &State| (space.key(state), space.spent(state));
    let mut seen = BTreeMap::from([(of(&start), start.clone())]);
    let mut frontier = vec![start];
    // At different times, and at the same.
    let (mut pairs, mut met) = ([Vec::new(), Vec::new()], [0, 0]);
    for level in 0..LEVELS {
        let mut further = Vec::new();
        for state in &frontier {
            space.successors(state, &mut |_, next| {
                let next = next.unwrap();
                match seen.get(&of(&next)) {
                    None => {
                        seen.insert(of(&next), next.clone());
                        further.push(next);
                    }
                    Some(known) => {
                        let kind = usize::from(known.now() == next.now());
                        met[kind] += 1;
                        // Not all of them from the beginning: each comes later than twice as many.
                        if met[kind] >= 1 << pairs[kind].len() && pairs[kind].len() < PAIRS {
                            pairs[kind].push((known.clone(), next));
                        }
                    }
                }
            });
            if level + 1 == LEVELS && pairs.iter().all(|pairs| pairs.len() >= PAIRS) {
                break;
            }
        }
        // A few states of each level are enough to go on from.
        further.truncate(8);
        frontier = further;
    }
    assert_eq!(pairs.each_ref().map(Vec::len), [PAIRS; 2], "pairs of states that have one key");
    for (one, other) in pairs.iter().flatten() {
        assert_eq!(led(&space, one), led(&space, other), "{:?} and {:?}", one.now(), other.now());
    }
}

/// What people and faults can do around the first trigger, until there is nothing else: the base world with stories
/// that end where a run would begin.
#[test]
fn the_base_world_without_a_run_closes() {
    let space = base(0, u8::MAX);
    let limits = Limits { depth: usize::MAX, states: 1_000, one: false };
    let found = search(&space, limits, NonZeroUsize::new(2).unwrap(), |_| true);
    assert!(found.broken.is_empty(), "{:?}", found.broken);
    assert_eq!((found.states, found.edges, found.depth, found.end), (3, 15, 2, End::Closed));
}

#[test]
fn the_base_world_is_the_same_for_any_number_of_threads() {
    let space = base(MOST_RUNS, u8::MAX);
    let searched = |jobs: usize| {
        let limits = Limits { depth: 2, states: 1_000, one: false };
        let found = search(&space, limits, NonZeroUsize::new(jobs).unwrap(), |_| true);
        assert!(found.broken.is_empty(), "{:?}", found.broken);
        (found.states, found.edges, found.depth, found.end)
    };
    assert_eq!(searched(1), searched(3));
    assert_eq!(searched(1), (13, 146, 2, End::Depth));
}

/// Every word of steps up to a length is played, whatever is known by then: what it leads to are the states that a
/// search to that depth has, whether the same states come again, and with how many faults.
#[test]
fn a_search_of_the_base_world_finds_what_brute_force_finds() {
    const DEPTH: usize = 3;
    for faults in [0, 1] {
        let space = base(MOST_RUNS, faults);
        let start = space.start();
        let mut keys = BTreeSet::from([space.key(&start)]);
        let mut words = vec![start];
        for _ in 0..DEPTH {
            let mut longer = Vec::new();
            for state in &words {
                space.successors(state, &mut |_, next| longer.push(next.unwrap()));
            }
            keys.extend(longer.iter().map(|state| space.key(state)));
            words = longer;
        }
        let limits = Limits { depth: DEPTH, states: 10_000, one: false };
        let found = search(&space, limits, NonZeroUsize::new(2).unwrap(), |_| true);
        assert_eq!(found.states, keys.len() as u64, "{faults} faults");
        assert!(words.len() > keys.len(), "the same states come again");
    }
}
