//! Plays many stories, several at once, and keeps what was found in the order of their numbers: how many threads or
//! parts there are makes no difference.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use serde::{Deserialize, Serialize};

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
    /// Laws of order that were broken, which is listed only, each with its story.
    pub listed: Vec<(Story, Broken)>,
    /// Pairs that this number answers for and did not meet; empty where no pairs are sought.
    pub unmet: Vec<(String, String)>,
    /// How many pairs this number answers for.
    pub pairs: u64,
}

/// One part of several, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Part {
    /// Which one.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Part {
    /// Everything.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// The first number of this part that is not below one; `None` when it is beyond all numbers.
    #[must_use]
    pub fn first(self, from: u64) -> Option<u64> {
        let rounds = from.saturating_sub(self.number - 1).div_ceil(self.of);
        rounds.checked_mul(self.of)?.checked_add(self.number - 1)
    }
}

/// Plays the numbers of a range that belong to a part, and hands over each outcome in their order, until `each` says
/// that this was the last one. Ends early when `enough` says so: every number before the last one that was handed over
/// has been played.
pub fn drive<W: Work>(
    work: &W,
    numbers: Range<u64>,
    part: Part,
    jobs: NonZeroUsize,
    enough: &(dyn Fn() -> bool + Sync),
    mut each: impl FnMut(u64, Outcome) -> ControlFlow<()>,
) {
    let Some(first) = part.first(numbers.start) else { return };
    let mine = |at: u64| at.checked_mul(part.of)?.checked_add(first).filter(|number| *number < numbers.end);
    let next = AtomicU64::new(0);
    let ended = AtomicBool::new(false);
    let (send, receive) = mpsc::sync_channel(jobs.get() * 4);
    thread::scope(|scope| {
        for _ in 0..jobs.get() {
            let (send, next, ended, mine) = (send.clone(), &next, &ended, &mine);
            scope.spawn(move || {
                while !enough() && !ended.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(number) = mine(at) else { return };
                    if send.send((at, number, work.play(number))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (at, number, outcome) in receive {
            waiting.insert(at, (number, outcome));
            while let Some((number, outcome)) = waiting.remove(&due).filter(|_| !ended.load(Ordering::Relaxed)) {
                // What other threads have played beyond the last one is not told.
                ended.store(each(number, outcome).is_break(), Ordering::Relaxed);
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
            ControlFlow::Continue(())
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
        drive(&Slow, 0..1_000, Part::WHOLE, NonZeroUsize::new(3).unwrap(), &enough, |number, _| {
            seen.push(number);
            ControlFlow::Continue(())
        });
        assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>());
        assert!(seen.len() < 30);
    }

    #[test]
    fn the_last_one_is_the_same_for_any_number_of_threads() {
        for jobs in [1, 2, 7] {
            let mut seen = Vec::new();
            drive(&Slow, 0..1_000, Part::WHOLE, NonZeroUsize::new(jobs).unwrap(), &|| false, |number, _| {
                seen.push(number);
                if number == 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(seen, (0..7).collect::<Vec<_>>(), "{jobs} threads");
        }
    }

    #[test]
    fn numbers_end_before_they_wrap() {
        let end = u64::MAX;
        for of in 1..4 {
            let mut all: Vec<u64> = (1..=of).flat_map(|number| played(end - 5..end, Part { number, of }, 2)).collect();
            all.sort_unstable();
            assert_eq!(all, (end - 5..end).collect::<Vec<_>>(), "{of} parts");
        }
    }
}
