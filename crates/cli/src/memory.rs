//! What this process remembers of keys and signatures: most of a suite's are asked for again and again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use autoenroll_keys::{Memory, Octets, Question, Secret, remember};

/// The most keys that are remembered: about 3 KiB each.
const KEYS: usize = 16_384;
/// The most signatures and other blocks: at most 512 octets each, and as much again around them.
const BLOCKS: usize = 65_536;

/// From now on, keys and signatures are computed once in this process. More than one call does no more than one.
pub fn remember_keys() {
    let _first = remember(Box::new(Process { keys: Shelf::new(KEYS), blocks: Shelf::new(BLOCKS) }));
}

struct Process {
    keys: Shelf<Question, Secret>,
    blocks: Shelf<Question, Octets>,
}

impl Memory for Process {
    fn secret(&self, question: Question, make: &mut dyn FnMut() -> Secret) -> Secret {
        self.keys.get(question, make)
    }

    fn octets(&self, question: Question, make: &mut dyn FnMut() -> Octets) -> Octets {
        self.blocks.get(question, make)
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
