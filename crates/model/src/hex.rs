//! Byte strings as lower-case hex in JSON (`#[serde(with = "hex")]`), and as text.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serializer};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Lower-case hex.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// The bytes of a hex text of either case; `None` when it is not one.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| (b as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

/// For `#[serde(with = "hex")]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(bytes))
}

/// For `#[serde(with = "hex")]`.
///
/// # Errors
/// When the text is not hex.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    decode(&String::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("expected hex digits in pairs"))
}

/// Lists of byte strings: `#[serde(with = "hex::list")]`.
pub mod list {
    use super::{Deserialize, Deserializer, Serializer, String, Vec, decode, encode};

    /// For `#[serde(with = "hex::list")]`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(list: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|bytes| encode(bytes)))
    }

    /// For `#[serde(with = "hex::list")]`.
    ///
    /// # Errors
    /// When a text is not hex.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let bytes = texts.iter().map(|text| decode(text)).collect::<Option<_>>();
        bytes.ok_or_else(|| serde::de::Error::custom("expected hex digits in pairs"))
    }
}

/// An optional byte string: `#[serde(with = "hex::option")]`.
pub mod option {
    use super::{Deserialize, Deserializer, Serializer, String, Vec, decode, encode};

    /// For `#[serde(with = "hex::option")]`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_some(&encode(bytes)),
            None => serializer.serialize_none(),
        }
    }

    /// For `#[serde(with = "hex::option")]`.
    ///
    /// # Errors
    /// When the text is not hex.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| decode(&text).ok_or_else(|| serde::de::Error::custom("expected hex digits in pairs")))
            .transpose()
    }
}
