//! The rows of a CA that issues for as long as it is served: in a file that nobody else sees and that ends with it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::{Mutex, PoisonError};

use autoenroll_ca::Shelf;

use crate::bounds;

/// A file without a name, to which is only appended.
#[derive(Debug)]
pub(crate) struct FileShelf(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    end: u64,
}

impl FileShelf {
    /// An empty one, where the system keeps temporary files.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Mutex::new(Inner { file: tempfile::tempfile()?, end: 0 })))
    }
}

impl Shelf for FileShelf {
    fn put(&self, octets: &[u8]) -> Option<u64> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, length) = (inner.end, u64::try_from(octets.len()).ok()?);
        let end = at.checked_add(length).filter(|end| *end <= bounds::SHELF)?;
        // What a disk without room has taken of it is written over by what comes next.
        inner.file.seek(SeekFrom::Start(at)).ok()?;
        inner.file.write_all(octets).ok()?;
        inner.end = end;
        Some(at)
    }

    fn get(&self, at: u64, length: usize) -> Option<Vec<u8>> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut octets = vec![0; length];
        inner.file.seek(SeekFrom::Start(at)).ok()?;
        inner.file.read_exact(&mut octets).ok()?;
        Some(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_there_again_and_nothing_else() {
        let shelf = FileShelf::new().expect("temporary files can be made");
        let put: Vec<(u64, &[u8])> =
            [b"one".as_slice(), b"", b"three"].map(|it| (shelf.put(it).expect("there is room"), it)).to_vec();
        for (at, octets) in &put {
            assert_eq!(shelf.get(*at, octets.len()).as_deref(), Some(*octets));
        }
        assert_eq!(shelf.get(6, 3), None, "more than there is");
    }
}
