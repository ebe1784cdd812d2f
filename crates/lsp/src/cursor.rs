//! Where the cursor is in a text that is being typed: in which table, at a key or at a value. What is not closed yet
//! does not matter: brackets and quotation marks end where a line of another kind begins.

use std::ops::Range;

use autoenroll_scenario::{MAX_BYTES, Place, PlaceLevel};
use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

/// The deepest nesting that is followed; the language has less.
const DEEPEST: usize = 64;

/// Where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The table.
    pub(crate) place: Place,
    /// Where in it.
    pub(crate) at: At,
    /// The bytes of the word that is being typed.
    pub(crate) word: Range<usize>,
}

/// Where in a table the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Where a key stands; whether a value follows already.
    Key { has_value: bool },
    /// In the brackets of a header.
    Header,
    /// Where the value of a key stands, or an element of it.
    Value {
        /// The key.
        key: String,
        /// Whether quotation marks are there.
        quoted: bool,
        /// Whether it is an element of a list.
        in_list: bool,
    },
}

/// Where the cursor is at a byte of a text; `None` in a comment, in JSON, and where nothing is read
/// because there is too much of it.
pub(crate) fn cursor(text: &str, byte: usize) -> Option<Cursor> {
    let byte = text.floor_char_boundary(byte);
    if text.len() > MAX_BYTES || text.trim_start().starts_with('{') {
        return None;
    }
    let mut reader = Reader::new(text, byte);
    let tokens: Vec<Token> = Source::new(text).lex().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let (start, end) = (token.span().start(), token.span().end());
        if reader.found.is_none() && !reader.is_comment && start >= byte {
            reader.stop(byte..byte, false, next_is_equals(&tokens[at..]));
        }
        // All tables that the cursor is in are over.
        if reader.found.is_some() && reader.is_over() {
            break;
        }
        let is_word = matches!(token.kind(), TokenKind::Atom) || is_string(token.kind());
        if reader.found.is_none() && start < byte && byte <= end && is_word {
            let inside = inside(text, *token);
            let is_closed = is_string(token.kind()) && byte == end && inside.end < end;
            if !is_closed {
                // A string that goes on with other keys lacks its end.
                let rest = text.get(byte..inside.end).unwrap_or("");
                let is_open = is_string(token.kind()) && (inside.end == end || rest.contains(['=', '{', '}', '\n']));
                let word = if is_open { inside.start..byte } else { inside };
                reader.stop(word, is_string(token.kind()), next_is_equals(&tokens[at + 1..]));
            }
        }
        if token.kind() == TokenKind::Comment && start < byte && byte <= end {
            reader.is_comment = true;
        }
        at += reader.take(&tokens[at..]).max(1);
    }
    if reader.found.is_none() && !reader.is_comment {
        reader.stop(byte..byte, false, false);
    }
    reader.cursor()
}

/// A table that is open, or that a header began.
#[derive(Clone, Debug)]
enum Open {
    Table { level: usize, keys: Vec<String>, has_equals: bool },
    List,
}

/// Where the cursor was met.
struct Found {
    /// The tables on the way, as numbers of levels.
    way: Vec<usize>,
    /// The keys before the last dot of what is being typed.
    dotted: Vec<String>,
    at: At,
    word: Range<usize>,
}

struct Reader<'a> {
    text: &'a str,
    byte: usize,
    is_comment: bool,
    /// Every table that was met; those that are open refer to it.
    levels: Vec<PlaceLevel>,
    /// The tables on the way to the one of the last header.
    header: Vec<usize>,
    /// What is open: the table of the last header, and what is written in it.
    open: Vec<Open>,
    found: Option<Found>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, byte: usize) -> Self {
        let root = Open::Table { level: 0, keys: Vec::new(), has_equals: false };
        let levels = vec![PlaceLevel::default()];
        Self { text, byte, is_comment: false, levels, header: vec![0], open: vec![root], found: None }
    }

    /// Takes the first of some tokens, or as many as a header has; how many.
    fn take(&mut self, tokens: &[Token]) -> usize {
        let Some(token) = tokens.first() else { return 1 };
        let raw = self.raw(*token);
        match token.kind() {
            TokenKind::LeftSquareBracket if self.is_header(*token) => return self.take_header(tokens),
            TokenKind::Atom if self.open.len() > 1 && self.begins_an_entry(*token, tokens) => {
                self.open.truncate(1);
                self.forget_key();
                self.put_key(raw, *token);
            }
            TokenKind::LeftSquareBracket => self.push(Open::List),
            TokenKind::LeftCurlyBracket => self.push_table(),
            TokenKind::RightSquareBracket => {
                self.close(|open| matches!(open, Open::List));
            }
            TokenKind::RightCurlyBracket => {
                self.close(|open| matches!(open, Open::Table { .. }));
            }
            TokenKind::Comma => {
                if let Some(Open::Table { keys, has_equals, .. }) = self.open.last_mut() {
                    keys.clear();
                    *has_equals = false;
                }
            }
            TokenKind::Newline => {
                // An inline table is one line.
                while self.open.len() > 1 && matches!(self.open.last(), Some(Open::Table { .. })) {
                    self.open.pop();
                }
                if self.open.len() == 1 {
                    self.forget_key();
                }
            }
            TokenKind::Equals => self.put_equals(),
            TokenKind::Atom => self.put_key(raw, *token),
            kind if is_string(kind) => {
                let inside = self.text.get(inside(self.text, *token)).unwrap_or("");
                match self.open.last() {
                    Some(Open::Table { has_equals: true, .. }) => self.put_text(inside),
                    _ => self.put_key(inside, *token),
                }
            }
            _ => {}
        }
        1
    }

    fn raw(&self, token: Token) -> &'a str {
        self.text.get(token.span().start()..token.span().end()).unwrap_or("")
    }

    fn line_before(&self, token: Token) -> &'a str {
        let before = &self.text[..token.span().start()];
        &before[before.rfind('\n').map_or(0, |newline| newline + 1)..]
    }

    /// Whether a bracket begins a header: it is the first of its line, and no list is open, or the line is one that no
    /// list has.
    fn is_header(&self, token: Token) -> bool {
        if !self.line_before(token).trim().is_empty() {
            return false;
        }
        let rest = &self.text[token.span().start()..];
        let line = rest.lines().next().unwrap_or("").trim_start_matches('[');
        let name = line.trim_start().starts_with(|c: char| c.is_ascii_alphabetic());
        self.open.len() == 1 || name
    }

    /// Whether a word at the beginning of a line, in what is still open, is a key of the table of the header.
    fn begins_an_entry(&self, token: Token, tokens: &[Token]) -> bool {
        let in_list = matches!(self.open.last(), Some(Open::List));
        in_list && self.line_before(token).trim().is_empty() && next_is_equals(&tokens[1..])
    }

    fn take_header(&mut self, tokens: &[Token]) -> usize {
        let mut path: Vec<String> = Vec::new();
        let (mut taken, mut closed) = (0_usize, false);
        self.header = vec![0];
        for token in tokens {
            let (start, end) = (token.span().start(), token.span().end());
            if token.kind() == TokenKind::Newline {
                break;
            }
            let is_name = token.kind() == TokenKind::Atom || is_string(token.kind());
            let is_here = if is_name { start < self.byte && self.byte <= end } else { self.byte <= start };
            if self.found.is_none() && taken > 0 && !closed && is_here {
                let word = if is_name { inside(self.text, *token) } else { self.byte..self.byte };
                self.found = Some(Found { way: vec![0], dotted: path.clone(), at: At::Header, word });
            }
            match token.kind() {
                TokenKind::RightSquareBracket => closed = true,
                _ if is_name && !closed => {
                    path.push(self.text.get(inside(self.text, *token)).unwrap_or("").to_owned());
                }
                _ => {}
            }
            taken += 1;
        }
        let end = tokens.get(taken.saturating_sub(1)).map_or(0, |token| token.span().end());
        if self.found.is_none() && !closed && self.byte <= end {
            let word = self.byte..self.byte;
            self.found = Some(Found { way: vec![0], dotted: path.clone(), at: At::Header, word });
        }
        for key in path.into_iter().take(DEEPEST) {
            let level = self.new_level(key);
            self.header.push(level);
        }
        let level = self.header.last().copied().unwrap_or(0);
        self.open = vec![Open::Table { level, keys: Vec::new(), has_equals: false }];
        taken
    }

    fn new_level(&mut self, key: String) -> usize {
        self.levels.push(PlaceLevel { key, entries: Vec::new() });
        self.levels.len() - 1
    }

    fn push(&mut self, open: Open) {
        if self.open.len() < DEEPEST {
            self.open.push(open);
        }
    }

    fn push_table(&mut self) {
        let key = self.key().and_then(|keys| keys.last().cloned()).unwrap_or_default();
        let level = self.new_level(key);
        self.push(Open::Table { level, keys: Vec::new(), has_equals: false });
    }

    /// Closes the innermost of that kind, and what is open in it.
    fn close(&mut self, kind: impl Fn(&Open) -> bool) {
        if let Some(at) = self.open.iter().rposition(kind).filter(|at| *at > 0) {
            self.open.truncate(at);
        }
    }

    /// The key of the innermost table that is being written.
    fn key(&self) -> Option<&Vec<String>> {
        self.open.iter().rev().find_map(|open| match open {
            Open::Table { keys, .. } => Some(keys),
            Open::List => None,
        })
    }

    fn put_key(&mut self, name: &str, token: Token) {
        let is_here = token.span().start() < self.byte && self.byte <= token.span().end();
        if let Some(Open::Table { keys, has_equals: false, .. }) = self.open.last_mut() {
            // The word that is being typed is not there yet.
            if !is_here {
                keys.push(name.to_owned());
            }
        }
    }

    fn put_equals(&mut self) {
        let Some(Open::Table { level, keys, has_equals }) = self.open.last_mut() else { return };
        *has_equals = true;
        if let Some(first) = keys.first() {
            self.levels[*level].entries.push((first.clone(), None));
        }
    }

    fn put_text(&mut self, text: &str) {
        let Some(Open::Table { level, keys, .. }) = self.open.last() else { return };
        if let [only] = keys.as_slice()
            && let Some((name, value)) = self.levels[*level].entries.last_mut()
            && name == only
            && value.is_none()
        {
            *value = Some(text.to_owned());
        }
    }

    fn forget_key(&mut self) {
        if let Some(Open::Table { keys, has_equals, .. }) = self.open.last_mut() {
            keys.clear();
            *has_equals = false;
        }
    }

    /// The cursor is here.
    fn stop(&mut self, word: Range<usize>, quoted: bool, has_value: bool) {
        let mut way = self.header.clone();
        let mut dotted: Vec<String> = Vec::new();
        for open in &self.open {
            if let Open::Table { level, .. } = open
                && !way.contains(level)
            {
                way.push(*level);
            }
        }
        let in_list = matches!(self.open.last(), Some(Open::List));
        let keys = self.key().cloned().unwrap_or_default();
        let has_equals = self.open.iter().rev().find_map(|open| match open {
            Open::Table { has_equals, .. } => Some(*has_equals),
            Open::List => None,
        });
        let at = match keys.split_last() {
            Some((last, before)) if has_equals == Some(true) => {
                dotted.extend(before.iter().cloned());
                At::Value { key: last.clone(), quoted, in_list }
            }
            _ if has_equals == Some(true) => return,
            _ => {
                dotted.extend(keys.iter().cloned());
                At::Key { has_value }
            }
        };
        self.found = Some(Found { way, dotted, at, word });
    }

    /// Whether nothing that follows stands in a table that the cursor is in.
    fn is_over(&self) -> bool {
        let Some(Found { way, .. }) = &self.found else { return false };
        let innermost = way.last().copied().unwrap_or(0);
        let is_open = |open: &Open| matches!(open, Open::Table { level, .. } if *level == innermost);
        innermost != 0 && !self.open.iter().any(is_open) && self.open.len() <= 1
    }

    fn cursor(self) -> Option<Cursor> {
        let Found { way, dotted, at, word } = self.found?;
        let mut levels: Vec<PlaceLevel> = way.into_iter().map(|level| self.levels[level].clone()).collect();
        levels.extend(dotted.into_iter().map(|key| PlaceLevel { key, entries: Vec::new() }));
        Some(Cursor { place: Place { levels }, at, word })
    }
}

const fn is_string(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::BasicString | TokenKind::LiteralString | TokenKind::MlBasicString | TokenKind::MlLiteralString
    )
}

fn next_is_equals(tokens: &[Token]) -> bool {
    tokens.iter().find(|token| token.kind() != TokenKind::Whitespace).is_some_and(|it| it.kind() == TokenKind::Equals)
}

/// What is between the quotation marks of a string, as far as they are there; the whole of any other token.
fn inside(text: &str, token: Token) -> Range<usize> {
    let (start, end) = (token.span().start(), token.span().end());
    let quote = match token.kind() {
        TokenKind::BasicString => "\"",
        TokenKind::LiteralString => "'",
        TokenKind::MlBasicString => "\"\"\"",
        TokenKind::MlLiteralString => "'''",
        _ => return start..end,
    };
    let from = (start + quote.len()).min(end);
    let is_closed = text.get(from..end).is_some_and(|rest| rest.ends_with(quote));
    from..if is_closed { end - quote.len() } else { end }
}
