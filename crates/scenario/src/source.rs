//! Where in which file something stands.

use std::sync::Arc;

use serde::Serialize;

/// The text of a scenario and those of all fixtures, cheap to clone. A [`Span`] means something only together with the
/// `Files` it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    own: Arc<SourceFile>,
    fixtures: Arc<[SourceFile]>,
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// What messages show, a path as the user wrote it.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) text: String,
}

impl Files {
    /// One file, [`FileId::OWN`]. The name is what messages show, a path as the user wrote it.
    #[must_use]
    pub fn of(name: &str, text: &str) -> Self {
        let own = SourceFile { name: name.to_owned(), text: text.to_owned() };
        Self { own: Arc::new(own), fixtures: Arc::default() }
    }

    /// The same fixtures beside another text of the file.
    #[must_use]
    pub fn with_text(&self, text: &str) -> Self {
        let own = SourceFile { name: self.own.name.clone(), text: text.to_owned() };
        Self { own: Arc::new(own), fixtures: Arc::clone(&self.fixtures) }
    }

    /// The same file and fixtures: each has the id [`FileId::fixture`] of its number.
    pub(crate) fn with_fixtures(self, fixtures: Arc<[SourceFile]>) -> Self {
        Self { fixtures, ..self }
    }

    fn get(&self, id: FileId) -> Option<&SourceFile> {
        match usize::from(id.0).checked_sub(1) {
            None => Some(&self.own),
            Some(number) => self.fixtures.get(number),
        }
    }

    /// The name of a file; empty for an id of other `Files`.
    #[must_use]
    pub fn name(&self, id: FileId) -> &str {
        self.get(id).map_or("", |file| &file.name)
    }

    /// The text of a file; empty for an id of other `Files`.
    #[must_use]
    pub fn text(&self, id: FileId) -> &str {
        self.get(id).map_or("", |file| &file.text)
    }

    /// The text at a place.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start..span.end).unwrap_or("")
    }

    /// Line and column of a byte of a file, both from 1; columns count characters.
    #[must_use]
    pub fn line_column(&self, file: FileId, byte: usize) -> (usize, usize) {
        let text = self.text(file);
        let before = &text.as_bytes()[..byte.min(text.len())];
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |newline| newline + 1);
        // Continuation bytes of UTF-8 start no character.
        let column = 1 + before[start..].iter().filter(|b| **b & 0xC0 != 0x80).count();
        (line, column)
    }
}

/// Names a file within its [`Files`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FileId(pub u16);

impl FileId {
    /// The scenario itself.
    pub const OWN: Self = Self(0);

    /// The fixture of that number.
    pub(crate) fn fixture(number: usize) -> Self {
        Self(u16::try_from(number + 1).unwrap_or(u16::MAX))
    }
}

/// A range of bytes of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// Whether the other place is in this one.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// From the first byte of `self` to the last of `other`, when both are in one file; otherwise `self`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.file == other.file {
            Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
        } else {
            self
        }
    }
}

/// A value and where it stands. Two are equal when their values are: where something stands is no part of what it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spanned<T> {
    /// What it says.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// A value that no file says.
    pub fn without_span(value: T) -> Self {
        Self { value, span: Span::default() }
    }

    /// Another value at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: change(self.value), span: self.span }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let (files, id) = (Files::of("a.toml", "x = 1\ny = \"größe\" # z\n"), FileId::OWN);
        assert_eq!(files.line_column(id, 0), (1, 1));
        assert_eq!(files.line_column(id, 6), (2, 1));
        let z = files.text(id).find('z').unwrap();
        assert_eq!(files.line_column(id, z), (2, 15));
        assert_eq!(files.line_column(id, 10_000), (3, 1));
    }
}
