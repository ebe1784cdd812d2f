//! Constructs of TOML 1.1 that a reader of TOML 1.0 refuses. The `toml` crate takes both; editors and other tools may
//! not.

use toml_parser::decoder::Encoding;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};
use toml_parser::{ParseError, Source};

use super::{Node, Table, Value};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span};

/// Whether a text that was read without problems may have such a construct: a look that is cheaper than reading it
/// again, for all that have none.
pub(super) fn is_possible(text: &str, table: &Table) -> bool {
    ["\\e", "\\x"].iter().any(|escape| text.contains(escape)) || in_table(text, table)
}

fn in_table(text: &str, table: &Table) -> bool {
    table.0.iter().any(|entry| in_node(text, &entry.node))
}

fn in_node(text: &str, node: &Node) -> bool {
    let raw = || text.get(node.span.start..node.span.end).unwrap_or("");
    match &node.value {
        Value::Table(table) => {
            // Of a table with a header this is the header.
            let inside = raw().strip_prefix('{').map(|raw| raw.strip_suffix('}').unwrap_or(raw));
            inside.is_some_and(|inside| inside.contains(['\n', '\r']) || inside.trim_end().ends_with(','))
                || in_table(text, table)
        }
        Value::List(list) => list.iter().any(|node| in_node(text, node)),
        Value::Instant(_) => lacks_seconds(raw()),
        Value::Text(_) | Value::Number(_) | Value::Fraction(_) | Value::Flag(_) | Value::Null => false,
    }
}

/// Reports each such construct.
pub(super) fn report(file: FileId, text: &str, found: &mut Diagnostics) {
    let tokens = Source::new(text).lex().into_vec();
    let mut events: Vec<Event> = Vec::new();
    // Syntax errors are the reader's business; here they only end the search.
    let mut errors: Vec<ParseError> = Vec::new();
    let mut guard = RecursionGuard::new(&mut events, 80);
    parse_document(&tokens, &mut guard, &mut errors);
    if !errors.is_empty() {
        return;
    }
    let mut later = |start: usize, end: usize, what: &str, help: &str| {
        let message = format!("{what} is TOML 1.1; scenarios are TOML 1.0");
        found.push(Diagnostic::error(Code::LaterToml, message, Span { file, start, end }).help(help));
    };
    // What is open: true for an inline table, false for a list. Newlines inside a list inside a table are fine.
    let mut open: Vec<bool> = Vec::new();
    let mut reported_in: usize = 0;
    let mut comma: Option<(usize, usize)> = None;
    for event in &events {
        let (start, end) = (event.span().start(), event.span().end());
        let raw = text.get(start..end).unwrap_or("");
        let in_table = open.last() == Some(&true);
        match event.kind() {
            EventKind::InlineTableOpen => open.push(true),
            EventKind::ArrayOpen => open.push(false),
            EventKind::InlineTableClose | EventKind::ArrayClose => {
                if let Some((start, end)) = comma.filter(|_| in_table) {
                    later(start, end, "a comma after the last entry of an inline table", "leave the comma out");
                }
                open.pop();
                reported_in = reported_in.min(open.len());
            }
            // One report a table, however many lines it has.
            EventKind::Newline if in_table && reported_in < open.len() => {
                reported_in = open.len();
                let line = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
                later(line, start, "a newline inside an inline table", "write it on one line, or as a [table]");
            }
            EventKind::SimpleKey | EventKind::Scalar => match event.encoding() {
                Some(Encoding::BasicString | Encoding::MlBasicString) => {
                    for at in later_escapes(raw) {
                        let (escape, code) = match raw.get(at + 1..at + 4) {
                            Some(hex) if hex.starts_with('x') => ("\\x", &hex[1..]),
                            _ => ("\\e", "1B"),
                        };
                        let help = format!("write \\u00{code} instead");
                        later(start + at, start + at + 2, &format!("the escape {escape}"), &help);
                    }
                }
                None if event.kind() == EventKind::Scalar && lacks_seconds(raw) => {
                    later(start, end, "a time without seconds", "add :00");
                }
                _ => {}
            },
            _ => {}
        }
        match event.kind() {
            EventKind::ValueSep => comma = Some((start, end)),
            EventKind::Whitespace | EventKind::Comment | EventKind::Newline => {}
            _ => comma = None,
        }
    }
}

/// Where a string has `\e` or `\x`.
fn later_escapes(raw: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut escaped = false;
    for (at, c) in raw.char_indices() {
        if escaped && matches!(c, 'e' | 'x') {
            found.push(at - 1);
        }
        escaped = c == '\\' && !escaped;
    }
    found
}

/// `07:32`, alone or after a date, without the seconds that TOML 1.0 wants.
fn lacks_seconds(raw: &str) -> bool {
    let time = match raw.find(':') {
        Some(colon) if colon >= 2 => &raw[colon - 2..],
        _ => return false,
    };
    let bytes = time.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    digit(0) && digit(1) && digit(3) && digit(4) && bytes.get(5) != Some(&b':')
}
