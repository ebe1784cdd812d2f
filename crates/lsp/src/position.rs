//! Positions as the protocol has them: a line, and a column in units of the encoding that was agreed on.

use std::ops::Range;

use lsp_types::{Position, PositionEncodingKind, Range as LspRange};

/// What columns count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, which every client knows.
    #[default]
    Utf16,
}

impl Encoding {
    /// The best of those that a client offers, best for us: bytes need no counting.
    #[must_use]
    pub fn of(offered: &[PositionEncodingKind]) -> Self {
        if offered.contains(&PositionEncodingKind::UTF8) { Self::Utf8 } else { Self::Utf16 }
    }

    /// As the protocol names it.
    #[must_use]
    pub const fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn length(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
        }
    }
}

/// Where the lines of a text begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    starts: Vec<usize>,
    encoding: Encoding,
}

impl Lines {
    /// The lines of a text. `\n` ends one, with a `\r` before it or without.
    #[must_use]
    pub fn of(text: &str, encoding: Encoding) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(newlines).collect(), encoding }
    }

    /// The byte at a position, on a border of characters. What is behind the end of a line is its end, and what is
    /// behind the last line is the end of the text.
    #[must_use]
    pub fn byte(&self, text: &str, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line).copied() else { return text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let content = text.get(start..end).unwrap_or("");
        let content = content.strip_suffix('\n').unwrap_or(content);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let wanted = usize::try_from(position.character).unwrap_or(usize::MAX);
        let (mut column, mut byte) = (0, start);
        for c in content.chars() {
            column += self.encoding.length(c);
            if column > wanted {
                break;
            }
            byte += c.len_utf8();
        }
        byte
    }

    /// The position of a byte.
    #[must_use]
    pub fn position(&self, text: &str, byte: usize) -> Position {
        let byte = text.floor_char_boundary(byte.min(text.len()));
        let line = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let column = text.get(start..byte).unwrap_or("").chars().map(|c| self.encoding.length(c)).sum();
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Position { line: number(line), character: number(column) }
    }

    /// The range of some bytes.
    #[must_use]
    pub fn range(&self, text: &str, bytes: Range<usize>) -> LspRange {
        let start = self.position(text, bytes.start);
        LspRange { start, end: self.position(text, bytes.end.max(bytes.start)) }
    }

    /// The bytes of a range; those between its ends, whichever comes first.
    #[must_use]
    pub fn bytes(&self, text: &str, range: LspRange) -> Range<usize> {
        let (one, other) = (self.byte(text, range.start), self.byte(text, range.end));
        one.min(other)..one.max(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter of each length in UTF-8 and UTF-16, a line that ends with `\r\n`, and a last line without an end.
    const TEXT: &str = "aß\u{1F5DD}c\r\nname = \"Åsa\"\n";

    #[track_caller]
    fn check(encoding: Encoding, (line, character): (u32, u32), byte: usize) {
        let lines = Lines::of(TEXT, encoding);
        let position = Position { line, character };
        assert_eq!(lines.byte(TEXT, position), byte);
        assert_eq!(lines.position(TEXT, byte), position);
    }

    #[test]
    fn columns_count_units_of_the_encoding() {
        check(Encoding::Utf16, (0, 2), 3);
        check(Encoding::Utf16, (0, 4), 7);
        check(Encoding::Utf8, (0, 3), 3);
        check(Encoding::Utf8, (0, 7), 7);
        check(Encoding::Utf16, (1, 9), 20);
        check(Encoding::Utf8, (1, 10), 20);
        check(Encoding::Utf16, (2, 0), TEXT.len());
    }

    #[test]
    fn what_is_nowhere_is_the_nearest_place() {
        let lines = Lines::of(TEXT, Encoding::Utf16);
        let byte = |line, character| lines.byte(TEXT, Position { line, character });
        // Inside a pair of surrogates, behind a line, and behind the text.
        assert_eq!((byte(0, 3), byte(0, 99), byte(9, 9)), (3, 8, TEXT.len()));
        assert_eq!(lines.position(TEXT, 5), Position { line: 0, character: 2 });
    }
}
