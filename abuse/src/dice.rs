//! Draws that follow from two numbers, and damage to bytes.

/// Draws that follow from a seed and the number of a case (xorshift64*, Vigna 2016).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Draws for a case; neighbouring numbers give unlike ones.
    #[must_use]
    pub const fn new(seed: u64, case: u64) -> Self {
        let mut mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(case).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0x94D0_49BB_1331_11EB);
        // The state is never zero.
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Less than `bound`; zero when that is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        // The upper bits are the better ones.
        ((self.next() >> 33) as usize).checked_rem(bound).unwrap_or_default()
    }

    /// One time in that many.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of a list; none of an empty one.
    pub fn of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }

    /// One of a few constants.
    pub fn one<T: Copy, const N: usize>(&mut self, list: [T; N]) -> T {
        list[self.below(N)]
    }

    /// How many changes: mostly one, at most eight.
    pub fn changes(&mut self) -> usize {
        self.one([1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 8])
    }
}

/// Pieces of text that some reader takes for more than text.
const TELLING: &[&[u8]] = &[
    b"\0",
    b"\n",
    b"\r\n",
    b"\"",
    b"\"\"\"",
    b"'",
    b"\\",
    b"\\u0000",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[[",
    b"#",
    b"=",
    b",",
    b":",
    b"::",
    b"-",
    b"$",
    b"\xff",
    b"\xfe\xff",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"\x1b[2J",
    b"\x7f",
    b"\x80",
    b"\x84",
    b"\x30\x80",
    b"\xff\xff\xff\xff",
    b"\0\0\0\x80",
    b"9223372036854775807",
    b"-1",
    b"1e999",
    b"true",
    b"null",
];
/// No damaged input is longer.
const LONGEST: usize = 256 * 1024;

/// Damages bytes in one way; `other` is an input of which a piece may be taken.
pub fn damage(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = dice.below(bytes.len() + 1);
    let end = (at + 1 + dice.below(24)).min(bytes.len());
    let at = at.min(end);
    match dice.below(10) {
        0 | 1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = byte.wrapping_add(dice.one([1, 0xFF]));
            }
        }
        3 | 4 => {
            let piece = dice.of(TELLING).copied().unwrap_or_default();
            bytes.splice(at..at, piece.iter().copied());
        }
        5 => drop(bytes.drain(at..end)),
        6 => bytes.truncate(at),
        7 => {
            let piece = bytes[at..end].to_vec();
            let times = if dice.one_in(16) { 200 } else { 1 };
            bytes.splice(at..at, piece.repeat(times));
        }
        8 => {
            let from = dice.below(other.len());
            let piece: Vec<u8> = other.iter().skip(from).take(1 + dice.below(200)).copied().collect();
            bytes.splice(at..end, piece);
        }
        _ => {
            let to = dice.below(bytes.len());
            if at < bytes.len() {
                bytes.swap(at, to);
            }
        }
    }
    bytes.truncate(LONGEST);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_draws_the_same_again_and_its_neighbour_another() {
        let draws = |case| {
            let mut dice = Dice::new(1, case);
            (0..8).map(|_| dice.below(1 << 20)).collect::<Vec<_>>()
        };
        assert_eq!(draws(5), draws(5));
        assert_ne!(draws(5), draws(6));
        assert_eq!(Dice::new(0, 0).below(0), 0);
    }

    #[test]
    fn damage_of_any_length_stays_within_its_bound() {
        for case in 0..2_000 {
            let mut dice = Dice::new(2, case);
            let mut bytes = vec![7; dice.below(4)];
            (0..8).for_each(|_| damage(&mut dice, &mut bytes, b"other"));
            assert!(bytes.len() <= LONGEST);
        }
    }
}
