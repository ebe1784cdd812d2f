//! Plays many stories, several at once, and keeps what was found in the order of their numbers: how many threads or
//! parts there are makes no difference.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::law::Broken;
use crate::story::Story;

/// Something that consists of stories with numbers.
pub trait Work: Sync {
    /// Plays the story of that number. It depends on nothing else.
    fn play(&self, number: u64) -> Outcome;
}

/// What came of one number.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How many stories were played.
    pub stories: u64,
    /// How many things were done in them.
    pub moves: u64,
    /// How many records they have.
    pub records: u64,
    /// What was broken, in the order of the stories.
    pub broken: Vec<(Story, Broken)>,
    /// Laws of order that were broken, which is listed only.
    pub listed: Vec<Broken>,
    /// Pairs that this number answers for and did not meet; empty where no pairs are sought.
    pub unmet: Vec<(String, String)>,
    /// How many pairs this number answers for.
    pub pairs: u64,
    /// Names of what was done.
    pub met: BTreeSet<String>,
}

/// One part of several, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which one.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Part {
    /// Everything.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Whether a number belongs to this part.
    #[must_use]
    pub const fn has(self, number: u64) -> bool {
        number % self.of == self.number - 1
    }
}

/// Plays the numbers of a range that belong to a part, and hands over each outcome in their order. Ends early when
/// `enough` says so: every number before the last one that was handed over has been played.
pub fn drive<W: Work>(
    work: &W,
    numbers: Range<u64>,
    part: Part,
    jobs: NonZeroUsize,
    enough: &(dyn Fn() -> bool + Sync),
    mut each: impl FnMut(u64, Outcome),
) {
    let mine = |at: u64| part.number - 1 + at * part.of;
    // The first of this part that is not below the range.
    let first = numbers.start.saturating_sub(part.number - 1).div_ceil(part.of);
    let next = AtomicU64::new(first);
    let (send, receive) = mpsc::sync_channel(jobs.get() * 4);
    thread::scope(|scope| {
        for _ in 0..jobs.get() {
            let (send, next, numbers) = (send.clone(), &next, numbers.clone());
            scope.spawn(move || {
                while !enough() {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let number = mine(at);
                    if number >= numbers.end || send.send((at, work.play(number))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut due = first;
        for (at, outcome) in receive {
            waiting.insert(at, outcome);
            while let Some(outcome) = waiting.remove(&due) {
                each(mine(due), outcome);
                due += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Slow;

    impl Work for Slow {
        fn play(&self, number: u64) -> Outcome {
            // The later ones are ready first.
            if number.is_multiple_of(5) {
                thread::yield_now();
            }
            Outcome { stories: number, ..Outcome::default() }
        }
    }

    fn played(numbers: Range<u64>, part: Part, jobs: usize) -> Vec<u64> {
        let mut seen = Vec::new();
        let jobs = NonZeroUsize::new(jobs).unwrap();
        drive(&Slow, numbers, part, jobs, &|| false, |number, outcome| {
            assert_eq!(number, outcome.stories);
            seen.push(number);
        });
        seen
    }

    #[test]
    fn numbers_come_in_order_whatever_the_number_of_threads() {
        for jobs in [1, 2, 7] {
            assert_eq!(played(5..40, Part::WHOLE, jobs), (5..40).collect::<Vec<_>>());
        }
    }

    #[test]
    fn parts_divide_the_numbers() {
        for of in 1..6 {
            let mut all: Vec<u64> = (1..=of).flat_map(|number| played(7..30, Part { number, of }, 2)).collect();
            all.sort_unstable();
            assert_eq!(all, (7..30).collect::<Vec<_>>(), "{of} parts");
        }
    }

    #[test]
    fn what_is_enough_ends_it_behind_a_number_before_which_all_are_played() {
        let count = AtomicU64::new(0);
        let mut seen = Vec::new();
        let enough = || count.fetch_add(1, Ordering::Relaxed) > 20;
        drive(&Slow, 0..1_000, Part::WHOLE, NonZeroUsize::new(3).unwrap(), &enough, |number, _| seen.push(number));
        assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>());
        assert!(seen.len() < 30);
    }
}
