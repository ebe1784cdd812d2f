//! A card in a file, which is as it was left when a program takes it up again.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use autoenroll_card::{Card, ImageError};

/// The largest file that is read, in bytes. A card of 64 KiB makes one of less than 100,000.
const MOST_BYTES: u64 = 64 << 20;

/// Why there is no card of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptError {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// The file is larger than any card.
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// What is in the file is no card.
    NoCard {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: ImageError,
    },
}

impl fmt::Display for KeptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "{} cannot be read: {error}", path.display()),
            Self::TooLarge { path } => {
                write!(f, "{} is larger than any card: more than {MOST_BYTES} bytes", path.display())
            }
            Self::NoCard { path, error } => {
                write!(f, "{}: {error}; take it away, or name another file, for a new card", path.display())
            }
        }
    }
}

impl std::error::Error for KeptError {}

/// The card in a file, and `None` when there is no such file.
///
/// # Errors
/// When there is one, and it has no card.
pub fn kept(path: &Path) -> Result<Option<Card>, KeptError> {
    let unreadable = |error: io::Error| KeptError::Unreadable { path: path.to_owned(), error: error.to_string() };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(unreadable)?,
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(KeptError::TooLarge { path: path.to_owned() });
    }
    Card::from_image(&bytes).map(Some).map_err(|error| KeptError::NoCard { path: path.to_owned(), error })
}

/// Writes a card to a file whenever something was written on the card.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    /// What is in the file.
    written: Vec<u8>,
}

impl Keeper {
    /// Writes nothing yet.
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path, written: Vec::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// After this the file has the card as it is, or as it was before: the new one is written beside it, brought to the
    /// disk, and takes its name.
    pub(crate) fn keep(&mut self, card: &Card) -> io::Result<()> {
        let image = card.to_image();
        if image == self.written {
            return Ok(());
        }
        let mut beside = self.path.clone().into_os_string();
        beside.push(format!(".{}.new", std::process::id()));
        let renamed = write_synced(Path::new(&beside), &image).and_then(|()| fs::rename(&beside, &self.path));
        if let Err(error) = renamed {
            // The one that is kept is whole; the error says that it is not the newest.
            let _already_gone = fs::remove_file(&beside);
            return Err(error);
        }
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The name, too, is on the disk then. Not every file system lets a folder be synchronised.
        let _not_supported = File::open(folder).and_then(|folder| folder.sync_all());
        self.written = image;
        Ok(())
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a program of the same number left when it was killed.
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use autoenroll_card::{CardProfile, Personalisation};
    use autoenroll_keys::Seed;
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_card_is_kept_and_what_is_no_card_is_named() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("my.card");
        assert_eq!(kept(&path), Ok(None));

        let mut card = Card::new(CardProfile::gids(), [7; 16], Seed::from(1));
        let mut keeper = Keeper::new(path.clone());
        keeper.keep(&card).unwrap();
        assert_eq!(kept(&path), Ok(Some(card.clone())));
        card.personalise(&Personalisation::new(b"1234", [7; 24])).unwrap();
        keeper.keep(&card).unwrap();
        assert_eq!(kept(&path), Ok(Some(card.clone())));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside it");

        // A card on which nothing was written is not written again.
        fs::remove_file(&path).unwrap();
        card.power_on();
        keeper.keep(&card).unwrap();
        assert!(!path.exists());

        let says = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            kept(&path).unwrap_err().to_string()
        };
        assert!(says(b"scenario = 1\n").ends_with(
            "my.card: it is not a card: it does not begin with `autoenroll card`; take it away, or name another file, \
             for a new card"
        ));
        let image = card.to_image();
        assert!(says(&image[..image.len() - 1]).contains("it is damaged"));
        assert!(kept(folder.path()).unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_the_one_before() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("there").join("my.card");
        let card = Card::new(CardProfile::gids(), [7; 16], Seed::from(1));
        let mut keeper = Keeper::new(path.clone());
        assert_eq!(keeper.keep(&card).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::create_dir(folder.path().join("there")).unwrap();
        keeper.keep(&card).unwrap();
        assert_eq!(kept(&path), Ok(Some(card)));
    }
}
