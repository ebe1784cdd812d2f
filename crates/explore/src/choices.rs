//! Where decisions come from: drawn, or as they were made before.

use autoenroll_keys::{Seed, draw};

/// Makes every decision of a generated story. The generator asks for nothing else, so that the same choices are the
/// same story.
pub trait Choices {
    /// A number less than `bound`, or zero when that is zero; `what` says what it is for.
    fn below(&mut self, what: &'static str, bound: usize) -> usize;

    /// One time in that many.
    fn one_in(&mut self, what: &'static str, times: usize) -> bool {
        self.below(what, times) == 0
    }

    /// One of a list; `None` of an empty one.
    fn of<'a, T>(&mut self, what: &'static str, list: &'a [T]) -> Option<&'a T>
    where
        Self: Sized,
    {
        list.get(self.below(what, list.len()))
    }
}

/// Choices that follow from a number.
#[derive(Clone, Debug)]
pub struct Keyed {
    seed: Seed,
    made: u64,
}

impl Keyed {
    /// The choices of that number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self { seed: Seed::from(number), made: 0 }
    }
}

impl Choices for Keyed {
    fn below(&mut self, what: &'static str, bound: usize) -> usize {
        let bytes = draw(&self.seed, "explore", what, "", self.made);
        self.made += 1;
        let number = bytes.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // The bias is less than one in 2^50 for any list of a menu.
        (number % (bound.max(1) as u64)) as usize
    }
}

/// Choices as they were made before; behind the last one, the first of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    list: Vec<usize>,
    next: usize,
}

impl Recorded {
    /// These choices.
    #[must_use]
    pub const fn new(list: Vec<usize>) -> Self {
        Self { list, next: 0 }
    }
}

impl Choices for Recorded {
    fn below(&mut self, _what: &'static str, bound: usize) -> usize {
        let made = self.list.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        made.min(bound.saturating_sub(1))
    }
}

/// Keeps what others choose.
#[derive(Clone, Debug)]
pub struct Recording<C> {
    choices: C,
    list: Vec<usize>,
}

impl<C: Choices> Recording<C> {
    /// Nothing is chosen yet.
    pub const fn new(choices: C) -> Self {
        Self { choices, list: Vec::new() }
    }

    /// What was chosen.
    pub fn into_list(self) -> Vec<usize> {
        self.list
    }
}

impl<C: Choices> Choices for Recording<C> {
    fn below(&mut self, what: &'static str, bound: usize) -> usize {
        let made = self.choices.below(what, bound);
        self.list.push(made);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_follow_from_their_number_and_can_be_made_again() {
        let made = |number: u64| {
            let mut recording = Recording::new(Keyed::new(number));
            for bound in [1, 2, 3, 100, 0, 7] {
                assert!(recording.below("test", bound) < bound.max(1));
            }
            recording.into_list()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        let mut again = Recorded::new(made(1));
        let list: Vec<usize> = [1, 2, 3, 100, 0, 7].iter().map(|bound| again.below("test", *bound)).collect();
        assert_eq!(list, made(1));
        assert_eq!(again.below("test", 9), 0, "behind the last one");
    }
}
