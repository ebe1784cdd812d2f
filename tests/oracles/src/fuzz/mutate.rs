//! Damage: accidents of transmission, and what an attacker changes.

/// Draws that follow from a number (xorshift64*, Vigna 2016).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(number: u64) -> Self {
        // Neighbouring numbers give unlike draws; the state is never zero.
        let mixed = (number ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Less than `bound`; zero when that is zero.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // The upper bits are the better ones.
        ((self.next() >> 33) as usize).checked_rem(bound).unwrap_or_default()
    }

    pub(super) fn octet(&mut self) -> u8 {
        (self.next() >> 56) as u8
    }

    /// One of a list.
    pub(super) fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Octets that matter to some format: bounds of lengths, tags, separators.
const TELLING: [u8; 24] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x0D, 0x13, 0x1E, 0x20, 0x2D, 0x30, 0x31, 0x3A, 0x5B, 0x5D, 0x7F,
    0x80, 0x81, 0x84, 0xA0, 0xFF,
];
/// Numbers at the edges of their types.
const EDGES: [u32; 8] = [0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];
/// No damaged input is longer.
const LONGEST: usize = 64 * 1024;

/// Damages octets in one to eight ways; `others` are inputs from which pieces are taken.
pub(super) fn damage(dice: &mut Dice, octets: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..=dice.below(8) {
        damage_once(dice, octets, others);
        octets.truncate(LONGEST);
    }
}

/// Changes an octet or two, and no length: the frame of the whole still fits.
pub(super) fn damage_lightly(dice: &mut Dice, octets: &mut [u8]) {
    for _ in 0..=dice.below(2) {
        let at = dice.below(octets.len());
        if let Some(octet) = octets.get_mut(at) {
            *octet = if dice.below(2) == 0 { *octet ^ (1 << dice.below(8)) } else { dice.octet() };
        }
    }
}

fn damage_once(dice: &mut Dice, octets: &mut Vec<u8>, others: &[Vec<u8>]) {
    let at = dice.below(octets.len());
    let length = 1 + dice.below(32).min(octets.len().saturating_sub(at + 1));
    let end = (at + length).min(octets.len());
    match dice.below(12) {
        0 => {
            if let Some(octet) = octets.get_mut(at) {
                *octet ^= 1 << dice.below(8);
            }
        }
        1 | 2 => {
            if let Some(octet) = octets.get_mut(at) {
                *octet = *dice.one_of(&TELLING);
            }
        }
        3 => {
            if let Some(octet) = octets.get_mut(at) {
                *octet = dice.octet();
            }
        }
        // One more or less: lengths, counts, offsets.
        4 => {
            if let Some(octet) = octets.get_mut(at) {
                *octet = if dice.below(2) == 0 { octet.wrapping_add(1) } else { octet.wrapping_sub(1) };
            }
        }
        5 => {
            let number = *dice.one_of(&EDGES);
            let number = if dice.below(2) == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
            let width = 1 << dice.below(3);
            for (octet, edge) in octets.iter_mut().skip(at).zip(&number[..width]) {
                *octet = *edge;
            }
        }
        6 => drop(octets.drain(at..end)),
        7 => octets.truncate(at),
        // The same again, sometimes many times.
        8 => {
            let piece = octets[at.min(end)..end].to_vec();
            let times = if dice.below(16) == 0 { 200 } else { 1 };
            octets.splice(at..at, piece.repeat(times));
        }
        9 => {
            let other = dice.one_of(others);
            let from = dice.below(other.len());
            let piece = other[from..].iter().take(1 + dice.below(64)).copied().collect::<Vec<_>>();
            octets.splice(at..at, piece);
        }
        10 => {
            let other = dice.one_of(others);
            let from = dice.below(other.len());
            let piece = other[from..].iter().take(length).copied().collect::<Vec<_>>();
            octets.splice(at..end, piece);
        }
        _ => {
            let to = dice.below(octets.len());
            if at < octets.len() && to < octets.len() {
                octets.swap(at, to);
            }
        }
    }
}
