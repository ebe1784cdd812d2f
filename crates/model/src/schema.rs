//! JSON Schemas of what serde writes by hand: words, bytes, identifiers, facts. The rest is derived.

mod types;

use alloc::borrow::Cow;
use alloc::string::String;

#[doc(hidden)]
pub use schemars;
use schemars::{Schema, json_schema};

/// Name of a schema.
#[doc(hidden)]
pub type Name = Cow<'static, str>;

/// The schema of an enumeration of words.
#[doc(hidden)]
#[must_use]
pub fn words(about: &str, words: &[(&str, &str)]) -> Schema {
    let one_of: alloc::vec::Vec<Schema> =
        words.iter().map(|(word, meaning)| json_schema!({ "const": word, "description": meaning.trim() })).collect();
    json_schema!({ "description": about.trim(), "type": "string", "oneOf": one_of })
}

/// The schema of a set of flags: an integer below `2^bits`.
pub(crate) fn flags<'a>(bits: u32, flags: impl Iterator<Item = (u64, &'a str)>) -> Schema {
    let list: alloc::vec::Vec<String> = flags.map(|(bit, word)| alloc::format!("{bit:#x} {word}")).collect();
    json_schema!({
        "description": alloc::format!("A sum of flags; others are kept. {}.", list.join(", ")),
        "type": "integer",
        "minimum": 0,
        "maximum": (1_u64 << bits) - 1,
    })
}

/// A byte string.
pub(crate) struct Bytes;
