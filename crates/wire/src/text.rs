//! Character strings of ASN.1 and of Windows.

use crate::asn1::tag;
use alloc::string::String;
use alloc::vec::Vec;

/// The text of a character string; none when the tag is not one of a string, or the octets are not well-formed in it.
/// TeletexString is read as Latin-1, which is what Windows wrote into it.
pub(crate) fn decode(string_tag: u8, content: &[u8]) -> Option<String> {
    match string_tag {
        tag::UTF8_STRING => core::str::from_utf8(content).ok().map(String::from),
        tag::NUMERIC_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING | tag::VISIBLE_STRING => {
            content.is_ascii().then(|| content.iter().copied().map(char::from).collect())
        }
        tag::TELETEX_STRING => Some(latin_1(content)),
        tag::UNIVERSAL_STRING => {
            let (words, rest) = content.as_chunks::<4>();
            let text = words.iter().map(|word| char::from_u32(u32::from_be_bytes(*word))).collect();
            if rest.is_empty() { text } else { None }
        }
        tag::BMP_STRING => utf16(content, u16::from_be_bytes),
        _ => None,
    }
}

/// Each octet is the character of that number.
pub(crate) fn latin_1(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

/// UTF-16 in the byte order given; none for an odd number of octets or a lone surrogate.
pub(crate) fn utf16(octets: &[u8], order: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = octets.as_chunks::<2>();
    let text = char::decode_utf16(units.iter().map(|unit| order(*unit))).collect::<Result<_, _>>().ok();
    if rest.is_empty() { text } else { None }
}

/// UTF-16, big endian.
pub(crate) fn utf16_be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Whether PrintableString (X.680 41.4) can hold the text.
pub(crate) fn is_printable(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet))
}
