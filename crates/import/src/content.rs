//! What a file is made of, before its format is known: text in some encoding, JSON, XML, or other bytes.

use serde_json::Value;

/// A file, looked at once for all formats.
pub(crate) struct Content<'a> {
    /// Its name without folder and ending: what some formats call their only object by.
    pub(crate) name: &'a str,
    /// All of it.
    pub(crate) bytes: &'a [u8],
    /// All of it as text; lossy where the bytes are none.
    pub(crate) text: String,
    /// What it says as JSON, or why it says nothing: only where it begins like JSON.
    pub(crate) json: Option<Result<Value, String>>,
}

impl<'a> Content<'a> {
    pub(crate) fn of(name: &'a str, bytes: &'a [u8]) -> Self {
        let text = decoded(bytes);
        let json = text.trim_start().starts_with(['{', '[']).then(|| json(&text)).flatten();
        Self { name, bytes, text, json }
    }

    /// The file as JSON.
    pub(crate) fn value(&self) -> Option<&Value> {
        self.json.as_ref()?.as_ref().ok()
    }

    /// The object that the file is, as JSON.
    pub(crate) fn object(&self) -> Option<&serde_json::Map<String, Value>> {
        self.value()?.as_object()
    }
}

/// Nothing where the text begins with a bracket and is no JSON at all, as `[Administrator]` of certutil.
fn json(text: &str) -> Option<Result<Value, String>> {
    let trimmed = text.trim();
    match serde_json::from_str::<Value>(trimmed) {
        Ok(value) => Some(Ok(value)),
        Err(error) => {
            let after = trimmed[1..].trim_start();
            let likely = after.starts_with(['"', '{', '}', '[', ']']) || after.is_empty();
            likely.then(|| Err(error.to_string()))
        }
    }
}

/// Text in UTF-8 or UTF-16, with a byte order mark or without, and otherwise in Latin-1, as consoles write it.
fn decoded(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], order: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|unit| order(*unit)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [_, 0, _, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, _, 0, _, ..] => utf16(bytes, u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_in_every_encoding() {
        let text = "dn: CN=Büro\n";
        let le = || text.encode_utf16().flat_map(u16::to_le_bytes);
        let be = || text.encode_utf16().flat_map(u16::to_be_bytes);
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            le().collect(),
            be().collect(),
            [0xFF, 0xFE].into_iter().chain(le()).collect(),
            [0xFE, 0xFF].into_iter().chain(be()).collect(),
            text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect(),
        ] {
            assert_eq!(Content::of("x", &bytes).text, text, "{bytes:?}");
        }
    }

    #[test]
    fn a_section_in_brackets_is_no_damaged_json() {
        let check = |text: &str, json: Option<bool>| {
            assert_eq!(Content::of("x", text.as_bytes()).json.map(|read| read.is_ok()), json, "{text}");
        };
        check("[Administrator]\n  cn = \"Administrator\"\n", None);
        check("{\"a\": 1", Some(false));
        check(" [1]", Some(true));
        check("[\n", Some(false));
        check("[Version]", None);
    }
}
