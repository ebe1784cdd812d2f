//! JSON (RFC 8259) with places, which `serde_json` does not keep.

use super::{Entry, MAX_DEPTH, Node, Table, Value};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{FileId, Span, Spanned};

/// Reads an object. The first syntax error ends the reading; what came before it is returned.
pub(super) fn read(file: FileId, text: &str, found: &mut Diagnostics) -> Table {
    let mut reader = Parser { file, text, at: 0, found };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    let mut table = Table::default();
    if reader.object_into(&mut table, 1).is_ok() {
        reader.blanks();
        if reader.at < text.len() {
            reader.report(0, "more text after the object");
        }
    }
    table
}

struct Parser<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    found: &'a mut Diagnostics,
}

/// The error is reported already.
struct Stop;

impl Parser<'_> {
    /// What was read before an error stays in `table`.
    fn object_into(&mut self, table: &mut Table, depth: usize) -> Result<(), Stop> {
        self.expect('{')?;
        if self.takes('}') {
            return Ok(());
        }
        loop {
            self.blanks();
            let start = self.at;
            let key = self.string()?;
            let key = Spanned::new(key, self.span(start));
            self.expect(':')?;
            let known = table.entry(&key.value).map(|entry| entry.key.span);
            if let Some(first) = known {
                let message = format!("the key `{}` stands here twice", key.value);
                self.found.push(Diagnostic::error(Code::DuplicateKey, message, key.span).label(first, "first here"));
            }
            let mut node = Node { value: Value::Null, span: key.span };
            let result = self.value_into(&mut node, depth + 1);
            if known.is_none() {
                table.0.push(Entry { key, node });
            }
            result?;
            if self.takes('}') {
                return Ok(());
            }
            self.expect(',')?;
        }
    }

    fn value_into(&mut self, node: &mut Node, depth: usize) -> Result<(), Stop> {
        self.blanks();
        let start = self.at;
        node.span = Span { file: self.file, start, end: start + 1 };
        if depth > MAX_DEPTH {
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            self.found.push(Diagnostic::error(Code::TooDeep, message, node.span));
            return Err(Stop);
        }
        match self.peek() {
            Some('{') => {
                let mut table = Table::default();
                let result = self.object_into(&mut table, depth);
                node.value = Value::Table(table);
                node.span = self.span(start);
                result
            }
            Some('[') => {
                let mut list = Vec::new();
                let result = self.list_into(&mut list, depth);
                node.value = Value::List(list);
                node.span = self.span(start);
                result
            }
            Some('"') => {
                node.value = Value::Text(self.string()?);
                node.span = self.span(start);
                Ok(())
            }
            Some(c) if c == '-' || c.is_ascii_alphanumeric() => {
                node.value = self.bare()?;
                node.span = self.span(start);
                Ok(())
            }
            _ => self.fail("expected a value"),
        }
    }

    fn list_into(&mut self, list: &mut Vec<Node>, depth: usize) -> Result<(), Stop> {
        self.expect('[')?;
        if self.takes(']') {
            return Ok(());
        }
        loop {
            let mut node = Node { value: Value::Null, span: self.span(self.at) };
            let result = self.value_into(&mut node, depth + 1);
            list.push(node);
            result?;
            if self.takes(']') {
                return Ok(());
            }
            self.expect(',')?;
        }
    }

    fn bare(&mut self) -> Result<Value, Stop> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(rest.len());
        let word = &rest[..length];
        let digits = word.strip_prefix('-').unwrap_or(word);
        let whole = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        let value = match word {
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            "null" => Value::Null,
            _ if whole && !digits.is_empty() => {
                word.parse().map_or_else(|_| Value::Fraction(word.to_owned()), Value::Number)
            }
            _ if digits.starts_with(|c: char| c.is_ascii_digit()) && word.parse::<f64>().is_ok() && !whole => {
                Value::Fraction(word.to_owned())
            }
            _ => return self.fail_over(length, "this is no JSON value"),
        };
        self.at += length;
        Ok(value)
    }

    fn string(&mut self) -> Result<String, Stop> {
        if self.peek() != Some('"') {
            return self.fail("expected a text in double quotes");
        }
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => text.push(self.escape()?),
                Some(c) if c >= ' ' => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
                Some(_) => return self.fail("a control character must be escaped"),
                None => return self.fail("the text has no end"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Stop> {
        let simple = match self.text.as_bytes().get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return self.fail_over(1, "there is no such escape"),
        };
        self.at += 2;
        Ok(simple)
    }

    /// `\uXXXX`, or two of them for a character beyond 16 bits.
    fn unicode_escape(&mut self) -> Result<char, Stop> {
        let unit = |at: usize| {
            let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
            digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
        };
        let first = unit(self.at);
        let second = unit(self.at + 6);
        let decode = |units: &[u16]| char::decode_utf16(units.iter().copied()).next().and_then(Result::ok);
        if let Some(c) = first.and_then(|first| decode(&[first])) {
            self.at += 6;
            return Ok(c);
        }
        if let Some(c) = first.zip(second).and_then(|(first, second)| decode(&[first, second])) {
            self.at += 12;
            return Ok(c);
        }
        self.fail_over(2, "this escape gives no character")
    }

    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn takes(&mut self, wanted: char) -> bool {
        self.blanks();
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, wanted: char) -> Result<(), Stop> {
        if self.takes(wanted) { Ok(()) } else { self.fail(&format!("expected `{wanted}`")) }
    }

    fn span(&self, start: usize) -> Span {
        Span { file: self.file, start, end: self.at }
    }

    fn fail<T>(&mut self, message: &str) -> Result<T, Stop> {
        let length = self.peek().map_or(0, char::len_utf8);
        self.fail_over(length, message)
    }

    fn fail_over<T>(&mut self, length: usize, message: &str) -> Result<T, Stop> {
        self.report(length, message);
        Err(Stop)
    }

    fn report(&mut self, length: usize, message: &str) {
        let span = Span { file: self.file, start: self.at, end: self.at + length };
        self.found.push(Diagnostic::error(Code::NotJson, message.to_owned(), span));
    }
}
