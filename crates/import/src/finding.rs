//! What could not be taken over, and why.

use std::fmt;

/// Something in a source that the import does not have, or has otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: the name of a template or CA, a distinguished name, a registry key.
    pub object: String,
    /// Which attribute, registry value or part of the object.
    pub attribute: String,
    /// Its value as text, cut off after 120 characters; empty where there is none.
    pub value: String,
    /// Why.
    pub reason: Reason,
}

/// Why something was not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It could not be read; this is what was expected.
    Malformed(String),
    /// Nothing in enrollment depends on it, for this reason.
    NoRule(&'static str),
    /// The bench has something else in its place.
    Replaced(&'static str),
    /// The language of scenarios has no word for it.
    NoWord(&'static str),
    /// The source does not say it; this is what holds then.
    Unsaid(&'static str),
    /// It was taken over, and this is to be known about it.
    Kept(String),
    /// It contradicts, or refers to, something else in the files.
    Conflict(&'static str),
    /// An object of the same name, in any case, was read before and is taken: its name there.
    Twice(String),
    /// It was not looked into, for this reason.
    Unread(&'static str),
    /// Clients do not apply it, for this reason.
    NotApplied(String),
    /// It is not known here.
    Unknown,
}

impl Finding {
    pub(crate) fn new(object: &str, attribute: &str, value: impl Into<String>, reason: Reason) -> Self {
        let mut value: String = value.into();
        if let Some((at, _)) = value.char_indices().nth(120) {
            value.truncate(at);
            value.push('…');
        }
        Self { object: object.to_owned(), attribute: attribute.to_owned(), value, reason }
    }
}

/// A value of the directory for people: text as it is, other octets in hexadecimal.
pub(crate) fn shown(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => format!("0x{}", autoenroll_model::hex::encode(value)),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.object, self.attribute)?;
        if !self.value.is_empty() {
            write!(f, " `{}`", self.value)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(what) | Self::NotApplied(what) => f.write_str(what),
            Self::Twice(first) => {
                write!(
                    f,
                    "`{first}` was read before and is taken, and this is left out: names count without regard to case"
                )
            }
            Self::Malformed(expected) => write!(f, "could not be read; expected {expected}"),
            Self::NoRule(why)
            | Self::Replaced(why)
            | Self::NoWord(why)
            | Self::Unsaid(why)
            | Self::Conflict(why)
            | Self::Unread(why) => f.write_str(why),
            Self::Unknown => f.write_str("is not known here, and left out"),
        }
    }
}
