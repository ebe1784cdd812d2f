//! The layout of TOML. The text is known to have no errors.

use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};
use toml_parser::{ParseError, Source};

use crate::tree::MAX_DEPTH;

pub(super) fn lay_out(text: &str) -> String {
    let mut pieces = Tokenizer::new(text).read();
    set_headers_apart(&mut pieces);
    write(&pieces)
}

/// The comments of a text in their order, without blanks at their ends.
pub(super) fn comments(text: &str) -> Vec<&str> {
    let comments = events(text).into_iter().filter(|event| event.kind() == EventKind::Comment);
    comments.map(|comment| without_blanks(raw(text, &comment))).collect()
}

/// A part of the text that is written as it is.
#[derive(Clone, Copy, Debug)]
struct Piece<'a> {
    kind: EventKind,
    raw: &'a str,
    /// Line breaks before it: none, one, or two with an empty line between.
    breaks: usize,
}

/// Puts the pieces one after the other, with commas where they belong and the line breaks that stay.
struct Tokenizer<'a> {
    text: &'a str,
    events: Vec<Event>,
    pieces: Vec<Piece<'a>>,
    open: Vec<Open>,
}

/// A list or an inline table that is not closed yet.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// How a list is laid out; an inline table is on one line.
    lines: Lines,
    /// Where the first piece inside is.
    start: usize,
    /// The index behind the last value inside.
    value_end: Option<usize>,
    /// There was a comma since.
    comma: bool,
}

/// On how many lines a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lines {
    One,
    /// Brackets stand alone, breaks inside stay.
    Several,
    /// Brackets stand alone, each table has a line.
    EachTable,
}

impl<'a> Tokenizer<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, events: events(text), pieces: Vec::new(), open: Vec::new() }
    }

    fn read(mut self) -> Vec<Piece<'a>> {
        let mut breaks = 0;
        for at in 0..self.events.len() {
            let kind = self.events[at].kind();
            match kind {
                EventKind::Whitespace | EventKind::Error => {}
                EventKind::Newline => breaks += 1,
                EventKind::ValueSep => self.open.last_mut().into_iter().for_each(|inside| inside.comma = true),
                _ => {
                    self.set_comma(kind);
                    let breaks = self.breaks(kind, std::mem::take(&mut breaks));
                    self.pieces.push(Piece { kind, raw: without_blanks(raw(self.text, &self.events[at])), breaks });
                    self.note(kind, at);
                }
            }
        }
        self.pieces
    }

    /// A comma stands right behind its value, wherever it stood; behind the last one it stands when the list is on
    /// several lines.
    fn set_comma(&mut self, next: EventKind) {
        let Some(inside) = self.open.last_mut() else { return };
        let wanted =
            if is_close(next) { inside.lines != Lines::One } else { inside.comma && next != EventKind::Comment };
        if wanted && let Some(end) = inside.value_end {
            inside.comma = false;
            self.pieces.insert(end, Piece { kind: EventKind::ValueSep, raw: ",", breaks: 0 });
        }
    }

    fn breaks(&self, kind: EventKind, breaks: usize) -> usize {
        let Some(inside) = self.open.last() else {
            return if self.pieces.is_empty() { 0 } else { breaks.min(2) };
        };
        let first = inside.start == self.pieces.len();
        match inside.lines {
            Lines::One => 0,
            _ if first && kind == EventKind::Comment => breaks.min(1),
            _ if first || is_close(kind) => 1,
            Lines::EachTable if kind == EventKind::InlineTableOpen => breaks.clamp(1, 2),
            _ => breaks.min(2),
        }
    }

    /// Keeps account of what is open.
    fn note(&mut self, kind: EventKind, at: usize) {
        if is_close(kind) {
            self.open.pop();
        }
        let here = self.pieces.len();
        match kind {
            EventKind::Scalar | EventKind::ArrayClose | EventKind::InlineTableClose => {
                self.open.last_mut().into_iter().for_each(|inside| inside.value_end = Some(here));
            }
            EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                let lines = if kind == EventKind::ArrayOpen { self.lines(at) } else { Lines::One };
                self.open.push(Open { lines, start: here, value_end: None, comma: false });
            }
            _ => {}
        }
    }

    /// How the list is laid out that opens there.
    fn lines(&self, at: usize) -> Lines {
        let (mut depth, mut tables, mut broken, mut empty) = (0_usize, 0_usize, false, true);
        for event in &self.events[at + 1..] {
            match event.kind() {
                kind if is_close(kind) && depth == 0 => break,
                kind if is_close(kind) => depth -= 1,
                EventKind::Newline => broken |= depth == 0,
                EventKind::Whitespace => {}
                kind => {
                    tables += usize::from(kind == EventKind::InlineTableOpen && depth == 0);
                    depth += usize::from(matches!(kind, EventKind::InlineTableOpen | EventKind::ArrayOpen));
                    empty = false;
                }
            }
        }
        let is_timeline = tables > 1 && matches!(self.key_before_value(), Some("steps"));
        match tables {
            _ if empty || !(broken || is_timeline) => Lines::One,
            0 => Lines::Several,
            _ => Lines::EachTable,
        }
    }

    /// The key whose value begins with the last piece.
    fn key_before_value(&self) -> Option<&'a str> {
        match self.pieces.as_slice() {
            [.., key, Piece { kind: EventKind::KeyValSep, .. }, _] => Some(key.raw),
            _ => None,
        }
    }
}

/// An empty line goes before each header, and before the comments directly above it.
fn set_headers_apart(pieces: &mut [Piece<'_>]) {
    for header in 0..pieces.len() {
        if !matches!(pieces[header].kind, EventKind::StdTableOpen | EventKind::ArrayTableOpen) {
            continue;
        }
        let mut first = header;
        while pieces[first].breaks == 1 && is_line_of_comment(pieces, first - 1) {
            first -= 1;
        }
        if first > 0 {
            pieces[first].breaks = 2;
        }
    }
}

/// Whether a comment is there that has its line for itself.
fn is_line_of_comment(pieces: &[Piece<'_>], at: usize) -> bool {
    pieces[at].kind == EventKind::Comment && (at == 0 || pieces[at].breaks > 0)
}

fn write(pieces: &[Piece<'_>]) -> String {
    let mut out = String::new();
    // The indentation of this line, and of the lines on which was opened what is open.
    let mut indent = 0;
    let mut open: Vec<usize> = Vec::new();
    let mut before = None;
    for piece in pieces {
        let opened_at = if is_close(piece.kind) { open.pop() } else { open.last().map(|indent| indent + 2) };
        if piece.breaks > 0 {
            indent = opened_at.unwrap_or(0);
            out.extend(std::iter::repeat_n('\n', piece.breaks));
            out.extend(std::iter::repeat_n(' ', indent));
        } else if before.is_some_and(|before| blank_between(before, piece.kind)) {
            out.push(' ');
        }
        out.push_str(piece.raw);
        if matches!(piece.kind, EventKind::InlineTableOpen | EventKind::ArrayOpen) {
            open.push(indent);
        }
        before = Some(piece.kind);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

const fn blank_between(before: EventKind, kind: EventKind) -> bool {
    match (before, kind) {
        (_, EventKind::Comment | EventKind::KeyValSep) => true,
        (_, EventKind::ValueSep | EventKind::KeySep) => false,
        (EventKind::InlineTableOpen, close) => !matches!(close, EventKind::InlineTableClose),
        (_, EventKind::InlineTableClose) => true,
        (EventKind::KeyValSep | EventKind::ValueSep, _) => true,
        _ => false,
    }
}

const fn is_close(kind: EventKind) -> bool {
    matches!(kind, EventKind::ArrayClose | EventKind::InlineTableClose)
}

fn events(text: &str) -> Vec<Event> {
    let tokens = Source::new(text).lex().into_vec();
    let mut events = Vec::new();
    // There are none.
    let mut errors: Vec<ParseError> = Vec::new();
    // Each level of a tree is one of these; deeper ones were refused.
    let depth = u32::try_from(MAX_DEPTH).unwrap_or(u32::MAX);
    parse_document(&tokens, &mut RecursionGuard::new(&mut events, depth), &mut errors);
    events
}

fn raw<'a>(text: &'a str, event: &Event) -> &'a str {
    text.get(event.span().start()..event.span().end()).unwrap_or("")
}

fn without_blanks(raw: &str) -> &str {
    raw.trim_end_matches([' ', '\t'])
}
