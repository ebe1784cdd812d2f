//! What a file says before its meaning is looked at: tables, lists and plain values, each with its place. TOML and
//! JSON give the same tree.

mod json;
mod later_toml;
mod toml;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span, Spanned};

/// The largest file that is read, in bytes. A scenario fits a screen; this is some ten thousand of them.
pub const MAX_BYTES: usize = 1 << 20;
/// How deep tables and lists may be nested.
pub const MAX_DEPTH: usize = 24;

/// Reads a text as TOML or, when its first character is `{`, as JSON. Returns what could be understood.
pub(crate) fn read(file: FileId, text: &str, found: &mut Diagnostics) -> Table {
    if text.len() > MAX_BYTES {
        let span = Span { file, start: 0, end: 0 };
        let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len());
        found.push(Diagnostic::error(Code::TooLarge, message, span).help("a scenario tells one story; split it"));
        return Table::default();
    }
    if is_json(text) {
        json::read(file, text, found)
    } else {
        let table = toml::read(file, text, found);
        if !found.is_empty() || later_toml::is_possible(text, &table) {
            later_toml::report(file, text, found);
        }
        table
    }
}

/// Whether a text is read as JSON.
pub(crate) fn is_json(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('{')
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands; for a table under a header, the header.
    pub span: Span,
}

/// Two nodes are equal when they say the same, wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// What can be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A number with a fraction or an exponent, as it is written; nothing accepts one.
    Fraction(String),
    /// Yes or no.
    Flag(bool),
    /// A date or time of TOML, as it is written.
    Instant(String),
    /// Several values.
    List(Vec<Node>),
    /// Named values.
    Table(Table),
    /// JSON's `null`; nothing accepts one.
    Null,
}

impl Value {
    /// What it is, for messages.
    #[must_use]
    pub const fn describe(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Fraction(_) => "a fraction",
            Self::Flag(_) => "true or false",
            Self::Instant(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Null => "null",
        }
    }
}

/// Named values in the order in which they are written. A name occurs once.
#[derive(Clone, Debug, Default)]
pub struct Table(pub Vec<Entry>);

/// Two tables are equal when they have the same values under the same names: the order says nothing.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|entry| other.get(&entry.key.value) == Some(&entry.node))
    }
}

/// One named value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub key: Spanned<String>,
    /// Its value.
    pub node: Node,
}

impl Table {
    /// The entry of that name.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key.value == key)
    }

    /// The value of that name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The text of that name; `None` when it is absent or no text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Spanned<&str>> {
        let node = self.get(key)?;
        node.as_text().map(|text| Spanned::new(text, node.span))
    }

    /// The whole number of that name; `None` when it is absent or none.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<i64> {
        match self.get(key)?.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The flag of that name; `None` when it is absent or none.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.get(key)?.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// The elements of the list of that name; none when it is absent or no list.
    #[must_use]
    pub fn list(&self, key: &str) -> &[Node] {
        self.get(key).map_or(&[], Node::as_list)
    }

    /// The texts of the list of that name, without what is no text.
    pub fn texts<'a>(&'a self, key: &str) -> impl Iterator<Item = Spanned<&'a str>> + use<'a> {
        self.list(key).iter().filter_map(|node| node.as_text().map(|text| Spanned::new(text, node.span)))
    }

    /// The tables of the list of that name, without what is no table.
    pub fn tables<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Table> + use<'a> {
        self.list(key).iter().filter_map(Node::as_table)
    }

    /// The table of that name; `None` when it is absent or none.
    #[must_use]
    pub fn table(&self, key: &str) -> Option<&Table> {
        self.get(key).and_then(Node::as_table)
    }
}

impl Node {
    /// The text, when it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The table, when it is one.
    #[must_use]
    pub const fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The elements, when it is a list.
    #[must_use]
    pub fn as_list(&self) -> &[Node] {
        match &self.value {
            Value::List(list) => list,
            _ => &[],
        }
    }
}
