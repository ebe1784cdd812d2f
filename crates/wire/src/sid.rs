//! Security identifiers as directory attributes and security descriptors hold them ([MS-DTYP] 2.4.2.2).

use alloc::format;
use alloc::vec::Vec;
use autoenroll_model::Sid;

/// The binary form, 8 to 68 octets.
#[must_use]
pub fn to_bytes(sid: &Sid) -> Vec<u8> {
    // A model identifier is S-1-authority-sub..., every number in range.
    let mut numbers = sid.as_str().split('-').skip(2).map(|number| number.parse::<u64>().unwrap_or_default());
    let authority = numbers.next().unwrap_or_default();
    let subs: Vec<u64> = numbers.collect();
    let mut bytes = [&[1, subs.len() as u8], &authority.to_be_bytes()[2..]].concat();
    for sub in subs {
        bytes.extend_from_slice(&(sub as u32).to_le_bytes());
    }
    bytes
}

/// Reads the binary form; none unless the bytes are exactly one identifier of revision 1.
#[must_use]
pub fn from_bytes(bytes: &[u8]) -> Option<Sid> {
    match read(bytes)? {
        (sid, []) => Some(sid),
        _ => None,
    }
}

/// Reads an identifier, and gives back what follows it.
pub(crate) fn read(bytes: &[u8]) -> Option<(Sid, &[u8])> {
    let [1, count, rest @ ..] = bytes else { return None };
    let (authority, rest) = rest.split_first_chunk::<6>()?;
    let (subs, rest) = rest.split_at_checked(4 * usize::from(*count))?;
    let authority = authority.iter().fold(0_u64, |number, octet| (number << 8) | u64::from(*octet));
    let mut text = format!("S-1-{authority}");
    for sub in subs.as_chunks::<4>().0 {
        text += &format!("-{}", u32::from_le_bytes(*sub));
    }
    Some((text.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_those_of_windows() {
        let check = |text: &str, bytes: &[u8]| {
            let sid: Sid = text.parse().unwrap();
            assert_eq!(to_bytes(&sid), bytes);
            assert_eq!(from_bytes(bytes), Some(sid));
        };
        check("S-1-1-0", b"\x01\x01\0\0\0\0\0\x01\0\0\0\0");
        check("S-1-5-11", b"\x01\x01\0\0\0\0\0\x05\x0B\0\0\0");
        check(
            "S-1-5-21-1-2-4294967295-1104",
            b"\x01\x05\0\0\0\0\0\x05\x15\0\0\0\x01\0\0\0\x02\0\0\0\xFF\xFF\xFF\xFF\x50\x04\0\0",
        );
        check("S-1-281474976710655", b"\x01\x00\xFF\xFF\xFF\xFF\xFF\xFF");
    }

    #[test]
    fn other_bytes_are_no_identifier() {
        for wrong in [
            b"".as_slice(),
            b"\x02\x01\0\0\0\0\0\x01\0\0\0\0",
            b"\x01\x02\0\0\0\0\0\x01\0\0\0\0",
            b"\x01\x01\0\0\0\0\0\x01\0\0\0\0\0",
            b"\x01\x10\0\0\0\0\0\x01",
        ] {
            assert_eq!(from_bytes(wrong), None, "{wrong:?}");
        }
    }
}
