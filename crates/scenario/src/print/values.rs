//! Values as they are written in a file.

use crate::tree::{Table, Value};

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

impl Style {
    /// The form of a text.
    pub(crate) fn of(text: &str) -> Self {
        if text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('{') {
            Self::Json
        } else {
            Self::Toml
        }
    }
}

/// A value on one line.
pub(crate) fn value(value: &Value, style: Style) -> String {
    match (value, style) {
        (Value::Text(one), _) => text(one),
        (Value::Number(number), _) => number.to_string(),
        (Value::Fraction(written), _) => written.clone(),
        (Value::Flag(flag), _) => flag.to_string(),
        (Value::Instant(written), Style::Toml) => written.clone(),
        (Value::Instant(written), Style::Json) => text(written),
        (Value::List(list), _) => {
            let elements: Vec<String> = list.iter().map(|node| self::value(&node.value, style)).collect();
            format!("[{}]", elements.join(", "))
        }
        (Value::Table(table), _) => inline(table, style),
        // TOML has no null; nothing accepts one, so this only shows what was written.
        (Value::Null, _) => "null".to_owned(),
    }
}

fn inline(table: &Table, style: Style) -> String {
    if table.0.is_empty() {
        return "{}".to_owned();
    }
    let pairs: Vec<String> = table
        .0
        .iter()
        .map(|entry| match style {
            Style::Toml => format!("{} = {}", key(&entry.key.value), value(&entry.node.value, style)),
            Style::Json => format!("{}: {}", text(&entry.key.value), value(&entry.node.value, style)),
        })
        .collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// A key, in quotes where it needs them.
pub(super) fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if bare { name.to_owned() } else { text(name) }
}

/// A text in double quotes, the same in TOML and JSON.
pub(super) fn text(one: &str) -> String {
    let mut quoted = String::from("\"");
    one.chars().for_each(|c| escape(c, &mut quoted));
    quoted + "\""
}

/// A text with line breaks, between triple quotes.
pub(super) fn multi_line(one: &str) -> String {
    if !one.contains('\n') {
        return text(one);
    }
    let mut quoted = String::from("\"\"\"\n");
    for c in one.chars() {
        match c {
            '\n' => quoted.push('\n'),
            c => escape(c, &mut quoted),
        }
    }
    quoted + "\"\"\""
}

fn escape(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        c if (c as u32) < 0x20 || c as u32 == 0x7F => out.push_str(&format!("\\u{:04X}", c as u32)),
        c => out.push(c),
    }
}
