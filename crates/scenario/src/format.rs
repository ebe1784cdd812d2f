//! Brings a file into the common layout: the same words in the same order, with other blanks.

mod json;
mod toml;

use crate::Code;
use crate::diagnostic::Diagnostics;
use crate::document::{Parsed, parse};
use crate::source::Files;
use crate::tree::{self, MAX_BYTES, Value};

/// The text in the common layout, which [`format()`] leaves as it is.
///
/// In TOML, comments, order, spellings and line breaks stay. There is one blank around `=` and inside `{}`, one after a
/// comma and before a comment, and none at the ends of lines. An empty line stands before each header and the comment
/// above it, and no two stand together. A list is on one line; or its brackets stand alone, it is indented by two, ends
/// with a comma, and has each table on a line of its own. That is how a list is laid out that has a line break, and
/// `steps` that has several tables.
///
/// JSON is laid out anew: what fits a line stands on one, except the outermost table and lists of several tables.
///
/// Line endings become `\n`, also in multi-line strings, where TOML leaves to the reader what they are; a byte order
/// mark is left out. Nothing is asked about what the words mean: files of fixtures are laid out too, and scenarios that
/// [`crate::check`] finds fault with.
///
/// # Errors
/// When the text cannot be read, or its layout would be too large to be read.
pub fn format(name: &str, bytes: &[u8]) -> Result<String, FormatError> {
    let readable = |Parsed { mut found, files, .. }: Parsed| {
        found.keep(|problem| is_about_syntax(problem.code));
        if found.has_errors() { Err(FormatError::Unreadable { found, files }) } else { Ok(()) }
    };
    readable(parse(name, bytes))?;
    let text = String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let is_json = tree::is_json(&text);
    let new = if is_json { json::lay_out(&text) } else { toml::lay_out(&text) };
    if new.len() > MAX_BYTES {
        readable(parse(name, new.as_bytes()))?;
    }
    // Whatever goes wrong here must not change what a file says.
    let tree = |text: &str| parse(name, text.as_bytes()).root;
    let same = tree(&new) == tree(&text) && (is_json || toml::comments(&new) == toml::comments(&text));
    if same { Ok(new) } else { Err(FormatError::Differs) }
}

/// What keeps a text from being a tree.
const fn is_about_syntax(code: Code) -> bool {
    matches!(
        code,
        Code::NotToml
            | Code::NotJson
            | Code::NotUtf8
            | Code::TooDeep
            | Code::TooLarge
            | Code::LaterToml
            | Code::DuplicateKey
    )
}

/// Why a file was not laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// It has errors of syntax, or is too large.
    Unreadable {
        /// The errors.
        found: Diagnostics,
        /// The text they are in.
        files: Files,
    },
    /// The layout would say something else: a fault of this crate.
    Differs,
}

/// Whether a text is, as far as it can be read, a file of this language: a scenario, a world, a card, or a file of
/// templates.
#[must_use]
pub fn is_scenario_or_fixture(bytes: &[u8]) -> bool {
    let root = parse("", bytes).root;
    let templates = root.get("template").is_some_and(|node| matches!(node.value, Value::List(_)));
    root.get("scenario").is_some() || root.get("atr").is_some() || templates
}
