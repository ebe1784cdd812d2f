//! Where in which file something stands.

use std::sync::Arc;

use serde::Serialize;

/// The texts that a document was read from, cheap to clone. A [`Place`] means something only together with the `Files` it came
/// from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(Vec<Arc<File>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    name: String,
    text: String,
}

impl Files {
    /// No files yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a file. The name is what messages show, a path as the user wrote it.
    pub fn add(&mut self, name: &str, text: &str) -> FileId {
        let id = FileId(u16::try_from(self.0.len()).unwrap_or(u16::MAX));
        self.0.push(Arc::new(File { name: name.to_owned(), text: text.to_owned() }));
        id
    }

    /// The name of a file; empty for an id of other `Files`.
    #[must_use]
    pub fn name(&self, id: FileId) -> &str {
        self.0.get(usize::from(id.0)).map_or("", |file| &file.name)
    }

    /// The text of a file; empty for an id of other `Files`.
    #[must_use]
    pub fn text(&self, id: FileId) -> &str {
        self.0.get(usize::from(id.0)).map_or("", |file| &file.text)
    }

    /// The text at a place.
    #[must_use]
    pub fn slice(&self, place: Place) -> &str {
        self.text(place.file).get(place.start..place.end).unwrap_or("")
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

/// A range of bytes of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Place {
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
pub struct Placed<T> {
    /// What it says.
    pub value: T,
    /// Where.
    pub place: Place,
}

impl<T> Placed<T> {
    /// A value at a place.
    pub const fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// A value that no file says.
    pub fn nowhere(value: T) -> Self {
        Self { value, place: Place::default() }
    }

    /// Another value at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Placed<U> {
        Placed { value: change(self.value), place: self.place }
    }
}

impl<T: PartialEq> PartialEq for Placed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Placed<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut files = Files::new();
        let id = files.add("a.toml", "x = 1\ny = \"größe\" # z\n");
        assert_eq!(files.line_column(id, 0), (1, 1));
        assert_eq!(files.line_column(id, 6), (2, 1));
        let z = files.text(id).find('z').unwrap();
        assert_eq!(files.line_column(id, z), (2, 15));
        assert_eq!(files.line_column(id, 10_000), (3, 1));
    }
}
