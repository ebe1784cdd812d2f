//! Writing DER.

use super::tag;
use crate::{text, time};
use alloc::vec::Vec;
use autoenroll_model::FileTime;

/// A value with this tag.
#[must_use]
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(content.len() + 6);
    value.push(tag);
    let length = content.len().to_be_bytes();
    let digits = &length[length.iter().take_while(|octet| **octet == 0).count()..];
    match content.len() {
        0..=0x7F => value.push(content.len() as u8),
        _ => {
            value.push(0x80 | digits.len() as u8);
            value.extend_from_slice(digits);
        }
    }
    value.extend_from_slice(content);
    value
}

/// SEQUENCE of the values given.
#[must_use]
pub fn sequence<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    tlv(tag::SEQUENCE, &concat(parts))
}

/// SET OF the values given, in the order that DER demands (X.690 11.6).
#[must_use]
pub fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(tag::SET, &concat(&parts))
}

/// `[n] EXPLICIT` around a value.
#[must_use]
pub fn explicit(n: u8, value: &[u8]) -> Vec<u8> {
    tlv(tag::constructed(n), value)
}

/// BOOLEAN.
#[must_use]
pub fn boolean(value: bool) -> Vec<u8> {
    tlv(tag::BOOLEAN, &[if value { 0xFF } else { 0 }])
}

/// NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    tlv(tag::NULL, &[])
}

/// INTEGER of a number.
#[must_use]
pub fn integer(number: u64) -> Vec<u8> {
    unsigned(&number.to_be_bytes())
}

/// INTEGER of a number that is not negative, given big endian; leading zeros do not matter.
#[must_use]
pub fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|octet| **octet == 0).count();
    let digits = &big_endian[zeros..];
    match digits.first() {
        Some(first) if *first < 0x80 => tlv(tag::INTEGER, digits),
        _ => tlv(tag::INTEGER, &[&[0], digits].concat()),
    }
}

/// OCTET STRING.
#[must_use]
pub fn octet_string(octets: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, octets)
}

/// BIT STRING of whole octets.
#[must_use]
pub fn bit_string(octets: &[u8]) -> Vec<u8> {
    tlv(tag::BIT_STRING, &[&[0], octets].concat())
}

/// UTF8String.
#[must_use]
pub fn utf8_string(text: &str) -> Vec<u8> {
    tlv(tag::UTF8_STRING, text.as_bytes())
}

/// PrintableString; the caller knows that the characters are printable ones.
#[must_use]
pub fn printable_string(text: &str) -> Vec<u8> {
    tlv(tag::PRINTABLE_STRING, text.as_bytes())
}

/// IA5String; the caller knows that the characters are ASCII.
#[must_use]
pub fn ia5_string(text: &str) -> Vec<u8> {
    tlv(tag::IA5_STRING, text.as_bytes())
}

/// BMPString: UTF-16, big endian. Characters beyond the basic plane become surrogates, as Windows writes them.
#[must_use]
pub fn bmp_string(value: &str) -> Vec<u8> {
    tlv(tag::BMP_STRING, &text::utf16_be(value))
}

/// UTCTime until 2049, GeneralizedTime after (RFC 5280 4.1.2.5); fractions of a second are cut off.
#[must_use]
pub fn time_der(instant: FileTime) -> Vec<u8> {
    let (tag, digits) = time::format(instant);
    tlv(tag, digits.as_bytes())
}

fn concat<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    let mut content = Vec::with_capacity(parts.iter().map(|part| part.as_ref().len()).sum());
    for part in parts {
        content.extend_from_slice(part.as_ref());
    }
    content
}
