//! PEM (RFC 7468).

use autoenroll_wire::ldif::{from_base64, to_base64};

/// Blocks of one file.
const MOST_BLOCKS: usize = 10_000;

/// DER of a file in DER, base64, or PEM, of which the first block counts.
pub(super) fn der(bytes: &[u8]) -> Option<Vec<u8>> {
    // A SEQUENCE begins so, and text does not.
    if bytes.first() == Some(&0x30) && bytes.get(1).is_some_and(|length| *length >= 0x80 || !length.is_ascii_graphic())
    {
        return Some(bytes.to_vec());
    }
    let text = std::str::from_utf8(bytes).ok()?;
    match blocks(text, |_| true).into_iter().next() {
        Some(der) => Some(der),
        None => from_base64(&text.split_whitespace().collect::<String>()).filter(|der| !der.is_empty()),
    }
}

/// The blocks of a text whose label is wanted, DER.
pub(super) fn blocks(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in text.lines().map(str::trim) {
        let label = |begin: &str| line.strip_prefix(begin)?.strip_suffix("-----");
        if let Some(label) = label("-----BEGIN ") {
            open = Some((label, String::new()));
        } else if label("-----END ").is_some() {
            let closed = open.take().filter(|(label, _)| wanted(label));
            found.extend(closed.and_then(|(_, base64)| from_base64(&base64)));
            if found.len() == MOST_BLOCKS {
                break;
            }
        } else if let Some((_, base64)) = &mut open {
            base64.push_str(line);
        }
    }
    found
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let base64 = to_base64(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in base64.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_in_every_form() {
        let one = [0x30, 0x82, 1, 0, 5];
        let text = format!("subject=x\n{}junk\n{}", pem("CERTIFICATE REQUEST", &one), pem("CERTIFICATE", &[7]));
        for file in [one.to_vec(), text.clone().into_bytes(), to_base64(&one).into_bytes()] {
            assert_eq!(der(&file).as_deref(), Some(&one[..]));
        }
        assert_eq!(blocks(&text, |label| label == "CERTIFICATE"), [vec![7]]);
        for file in [&b""[..], b"hello?", b"-----BEGIN X-----\nAAAA\n", &[0xFF, 0]] {
            assert_eq!(der(file), None, "{file:?}");
        }
    }
}
