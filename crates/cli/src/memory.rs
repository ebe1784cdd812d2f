//! What this process remembers of keys and signatures: most of a suite's are asked for again and again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use autoenroll_keys::{Memory, Octets, Operation, Question, Secret, remember};

/// The most keys that are remembered: about 3 KiB each.
const KEYS: usize = 16_384;
/// The most signatures and other blocks: at most 512 octets each, and as much again around them.
const BLOCKS: usize = 65_536;

/// From now on, keys and signatures are computed once in this process. More than one call does no more than one.
pub fn remember_keys() {
    let _first = remember(Box::new(Process::new(None)));
}

/// As [`remember_keys`], and counts what is asked for; for benchmarks. Nothing is counted when the process remembers
/// already.
#[must_use]
pub fn count_keys() -> KeyCounts {
    let counts = KeyCounts::default();
    let _first = remember(Box::new(Process::new(Some(counts.clone()))));
    counts
}

/// How often each operation with a key was asked for and computed.
#[derive(Clone, Debug, Default)]
pub struct KeyCounts(Arc<Mutex<BTreeMap<Question, Tally>>>);

/// The same question, as often as it came.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    asked: u64,
    computed: u64,
}

/// The counts of one kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCount {
    /// What was to be computed.
    pub operation: Operation,
    /// How often any of them was asked for.
    pub asked: u64,
    /// How many different ones there were.
    pub distinct: u64,
    /// How often the one was computed that was computed most often.
    pub most_computed: u64,
}

impl KeyCounts {
    /// One count for each kind of operation that was asked for.
    #[must_use]
    pub fn by_operation(&self) -> Vec<KeyCount> {
        let mut counts: BTreeMap<Operation, KeyCount> = BTreeMap::new();
        for (question, tally) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let operation = question.operation();
            let none = KeyCount { operation, asked: 0, distinct: 0, most_computed: 0 };
            let count = counts.entry(operation).or_insert(none);
            count.asked += tally.asked;
            count.distinct += 1;
            count.most_computed = count.most_computed.max(tally.computed);
        }
        counts.into_values().collect()
    }

    fn count(&self, question: Question, count: impl FnOnce(&mut Tally)) {
        count(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(question).or_default());
    }
}

struct Process {
    keys: Shelf<Question, Secret>,
    blocks: Shelf<Question, Octets>,
    counts: Option<KeyCounts>,
}

impl Process {
    fn new(counts: Option<KeyCounts>) -> Self {
        Self { keys: Shelf::new(KEYS), blocks: Shelf::new(BLOCKS), counts }
    }

    fn get<A: Clone>(&self, shelf: &Shelf<Question, A>, question: Question, make: &mut dyn FnMut() -> A) -> A {
        let Some(counts) = &self.counts else { return shelf.get(question, make) };
        counts.count(question, |tally| tally.asked += 1);
        shelf.get(question, &mut || {
            counts.count(question, |tally| tally.computed += 1);
            make()
        })
    }
}

impl Memory for Process {
    fn secret(&self, question: Question, make: &mut dyn FnMut() -> Secret) -> Secret {
        self.get(&self.keys, question, make)
    }

    fn octets(&self, question: Question, make: &mut dyn FnMut() -> Octets) -> Octets {
        self.get(&self.blocks, question, make)
    }
}

/// Answers by question. A full one forgets all: what comes again, is soon there again.
struct Shelf<Q, A> {
    most: usize,
    answers: Mutex<BTreeMap<Q, Arc<OnceLock<A>>>>,
}

impl<Q: Ord, A: Clone> Shelf<Q, A> {
    fn new(most: usize) -> Self {
        Self { most, answers: Mutex::default() }
    }

    /// Two threads with one question: one computes, the other waits for it. Other questions do not wait.
    fn get(&self, question: Q, make: &mut dyn FnMut() -> A) -> A {
        let answer = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            if answers.len() >= self.most && !answers.contains_key(&question) {
                answers.clear();
            }
            Arc::clone(answers.entry(question).or_default())
        };
        answer.get_or_init(make).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_question_is_computed_once_until_the_shelf_is_full() {
        let shelf = Shelf::new(2);
        let mut computed = Vec::new();
        for question in [1, 2, 1, 2, 3, 3, 1] {
            let answer = shelf.get(question, &mut || {
                computed.push(question);
                question * 10
            });
            assert_eq!(answer, question * 10);
        }
        assert_eq!(computed, [1, 2, 3, 1]);
    }

    #[test]
    fn threads_with_one_question_compute_it_once() {
        let (shelf, computed) = (Shelf::new(8), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| shelf.get((), &mut || computed.fetch_add(1, Ordering::Relaxed)));
            }
        });
        assert_eq!(computed.into_inner(), 1);
    }
}
