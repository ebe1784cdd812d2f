//! Brings a scenario file into the common layout. Comments, order, values and line breaks stay; blanks, indentation and empty lines
//! are set.

use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};
use toml_parser::{ParseError, Source};

use crate::diagnostic::Diagnostics;
use crate::document::parse;
use crate::source::Files;

/// The text in the common layout: one blank around `=` and inside `{}`, one after a comma and before a comment, lists indented by
/// two, an empty line before each header, no two empty lines in a row, no blanks at the ends of lines. JSON is laid out with an
/// indentation of two.
///
/// # Errors
/// The problems of a text that cannot be read; nothing is laid out then.
pub fn format(name: &str, text: &str) -> Result<String, (Diagnostics, Files)> {
    let parsed = parse(name, text.as_bytes());
    if parsed.found.has_errors() {
        return Err((parsed.found, parsed.files));
    }
    let laid_out = if text.trim_start().starts_with('{') { json(text) } else { Some(toml(text)) };
    // Whatever goes wrong here must not change what a file says.
    let same = |new: &String| {
        let again = parse(name, new.as_bytes());
        !again.found.has_errors() && again.document == parsed.document
    };
    Ok(laid_out.filter(same).unwrap_or_else(|| text.to_owned()))
}

fn json(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    serde_json::to_string_pretty(&value).ok().map(|text| text + "\n")
}

fn toml(text: &str) -> String {
    let tokens = Source::new(text).lex().into_vec();
    let mut events: Vec<Event> = Vec::new();
    let mut errors: Vec<ParseError> = Vec::new();
    parse_document(&tokens, &mut RecursionGuard::new(&mut events, 80), &mut errors);
    let mut layout = Layout { out: String::new(), open: Vec::new(), before: EventKind::Newline };
    for event in &events {
        let raw = text.get(event.span().start()..event.span().end()).unwrap_or("");
        layout.put(event.kind(), raw);
    }
    let whole = layout.out.trim_end().to_owned();
    if whole.is_empty() { whole } else { whole + "\n" }
}

/// A text in the making.
struct Layout {
    out: String,
    /// What is open: true for an inline table, false for a list.
    open: Vec<bool>,
    /// The last event that was written.
    before: EventKind,
}

impl Layout {
    fn put(&mut self, kind: EventKind, raw: &str) {
        if matches!(kind, EventKind::InlineTableClose | EventKind::ArrayClose) {
            self.open.pop();
        }
        match kind {
            EventKind::Whitespace | EventKind::Error => return,
            EventKind::Newline => {
                // At most one empty line, and none at the beginning.
                if !self.out.is_empty() && !self.out.ends_with("\n\n") {
                    self.out.push('\n');
                }
                self.before = kind;
                return;
            }
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => self.empty_line(),
            _ => {}
        }
        if self.at_line_start() {
            let lists = self.open.iter().filter(|table| !**table).count();
            self.out.push_str(&"  ".repeat(lists));
        } else if self.blank_before(kind) {
            self.out.push(' ');
        }
        self.out.push_str(raw);
        match kind {
            EventKind::InlineTableOpen => self.open.push(true),
            EventKind::ArrayOpen => self.open.push(false),
            _ => {}
        }
        self.before = kind;
    }

    fn at_line_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with('\n')
    }

    /// A header stands after an empty line, unless a comment directly above belongs to it.
    fn empty_line(&mut self) {
        let above = self.out.trim_end_matches('\n').rsplit('\n').next().unwrap_or("");
        let attached = above.trim_start().starts_with('#') && !self.out.ends_with("\n\n");
        if !self.out.is_empty() && !self.out.ends_with("\n\n") && !attached {
            self.out.push('\n');
        }
    }

    fn blank_before(&self, kind: EventKind) -> bool {
        match (self.before, kind) {
            (_, EventKind::Comment | EventKind::KeyValSep) => true,
            (_, EventKind::ValueSep | EventKind::KeySep) => false,
            (EventKind::InlineTableOpen, close) => close != EventKind::InlineTableClose,
            (_, EventKind::InlineTableClose) => true,
            (EventKind::KeyValSep | EventKind::ValueSep, kind) => kind != EventKind::ArrayClose,
            _ => false,
        }
    }
}
