//! Base64 (RFC 4648 4).

use alloc::string::String;
use alloc::vec::Vec;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// With padding.
pub fn encode(octets: &[u8]) -> String {
    let mut text = String::new();
    for group in octets.chunks(3) {
        let word = group.iter().fold(0_u32, |word, octet| (word << 8) | u32::from(*octet)) << (8 * (3 - group.len()));
        for position in 0..4 {
            let digit = (word >> (18 - 6 * position)) & 63;
            text.push(if position <= group.len() { char::from(ALPHABET[digit as usize]) } else { '=' });
        }
    }
    text
}

/// Reads base64 (RFC 4648 4), with padding or without; none for any other character, or digits that encode no whole
/// octet.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || digits.len() % 4 == 1 {
        return None;
    }
    let mut octets = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.as_bytes().chunks(4) {
        let mut word = 0;
        for digit in group {
            word = (word << 6) | ALPHABET.iter().position(|known| known == digit)?;
        }
        word <<= 6 * (4 - group.len());
        octets.extend_from_slice(&(word as u32).to_be_bytes()[1..group.len()]);
    }
    Some(octets)
}
