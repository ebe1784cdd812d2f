//! Object identifiers (X.690 8.19), with arcs of any size: Windows makes template identifiers from GUIDs.

use super::{tag, tlv};
use alloc::string::String;
use alloc::vec::Vec;
use autoenroll_model::Oid;

/// OBJECT IDENTIFIER.
#[must_use]
pub fn oid(oid: &Oid) -> Vec<u8> {
    from_dotted(oid.as_str())
}

/// The content octets of an OBJECT IDENTIFIER, without tag and length.
#[must_use]
pub fn oid_content(oid: &Oid) -> Vec<u8> {
    content(oid.as_str())
}

/// OBJECT IDENTIFIER of a dotted form that is known to be one, like those of [`crate::oids`].
pub(crate) fn from_dotted(dotted: &str) -> Vec<u8> {
    tlv(tag::OBJECT_IDENTIFIER, &content(dotted))
}

fn content(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted.split('.');
    let first = match arcs.next() {
        Some("0") => 0,
        Some("1") => 40,
        _ => 80,
    };
    let mut octets = Vec::new();
    for (index, arc) in arcs.enumerate() {
        let start = if index == 0 { first } else { 0 };
        octets.extend(base_128(arc, start));
    }
    octets
}

/// `arc + start` in base 128, every digit but the last with its high bit set. The digits of the arc are decimal.
fn base_128(arc: &str, start: u32) -> Vec<u8> {
    let mut digits = Vec::from([0_u8]);
    let steps = arc.bytes().map(|digit| (10, u32::from(digit.wrapping_sub(b'0')))).chain([(1, start)]);
    for (factor, addend) in steps {
        let mut carry = addend;
        for digit in &mut digits {
            carry += u32::from(*digit) * factor;
            *digit = (carry & 0x7F) as u8;
            carry >>= 7;
        }
        if carry > 0 {
            digits.push(carry as u8);
        }
    }
    digits.reverse();
    let last = digits.len() - 1;
    for digit in &mut digits[..last] {
        *digit |= 0x80;
    }
    digits
}

/// The identifier of content octets; none when the last arc is cut off, an arc begins with zeros (X.690 8.19.2), or the
/// dotted form would be longer than a model identifier may be.
pub(super) fn decode(content: &[u8]) -> Option<Oid> {
    let arcs = || content.split_inclusive(|octet| octet & 0x80 == 0);
    if content.last()? & 0x80 != 0 || content.len() > 120 || arcs().any(|arc| arc[0] == 0x80) {
        return None;
    }
    let mut dotted = String::with_capacity(3 * content.len());
    for (index, arc) in arcs().enumerate() {
        if index == 0 {
            // X.690 8.19.4: 40 times the first arc plus the second; only a first arc of 2 has second ones from 40 on.
            let (root, minus) = match arc {
                [small] if *small < 40 => ("0.", 0),
                [small] if *small < 80 => ("1.", 40),
                _ => ("2.", 80),
            };
            dotted.push_str(root);
            push_decimal(&mut dotted, arc, minus);
        } else {
            dotted.push('.');
            push_decimal(&mut dotted, arc, 0);
        }
    }
    dotted.try_into().ok()
}

/// Adds a base 128 number, less `minus`, in decimal.
fn push_decimal(dotted: &mut String, arc: &[u8], minus: u8) {
    // Nine octets have 63 bits.
    if arc.len() <= 9 {
        let number = arc.iter().fold(0_u64, |number, octet| (number << 7) | u64::from(octet & 0x7F));
        let mut digits = [0; 20];
        let (mut rest, mut at) = (number - u64::from(minus), digits.len());
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        dotted.extend(digits[at..].iter().copied().map(char::from));
    } else {
        dotted.push_str(&decimal(arc, minus));
    }
}

/// A base 128 number, less `minus`, in decimal.
fn decimal(arc: &[u8], minus: u8) -> String {
    // Decimal digits, the lowest first.
    let mut digits = Vec::from([0_u8]);
    for octet in arc {
        let mut carry = u32::from(octet & 0x7F);
        for digit in &mut digits {
            carry += u32::from(*digit) * 128;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    let mut owed = i32::from(minus);
    for digit in &mut digits {
        let left = i32::from(*digit) - owed % 10;
        owed /= 10;
        owed += i32::from(left < 0);
        *digit = left.rem_euclid(10) as u8;
    }
    while digits.len() > 1 && digits.last() == Some(&0) {
        digits.pop();
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}
