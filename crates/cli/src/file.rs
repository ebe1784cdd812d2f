//! Files: read within a bound, written as a whole or not at all.
//!
//! What is written stands beside its target first, without a name where the file system can do that, is synced, and
//! takes the target's name at once. Interrupted at any moment, the target is the old file or the new one. A draft that
//! has a name says in it whose it is: what a process leaves that was killed at that moment, the next one removes.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// What the name of a draft ends with, before the process whose it is: `.a.toml.autoenroll-4711`.
const DRAFT: &str = ".autoenroll-";

/// Where a process finds what it has open already, and the file that is always empty.
const OPEN: [&str; 4] = ["/dev/stdin", "/dev/fd", "/proc/self/fd", "/dev/null"];

/// Reads a file. A pipe or a device that is named is refused: it may never begin, or never end. What the caller of this
/// process has opened for it is read, also a pipe: standard input, and what a shell writes for `<(command)`.
///
/// # Errors
/// When it cannot be read, is no regular file, or has more than `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let is_open = OPEN.iter().any(|open| path.starts_with(open));
    // Before it is opened: that alone waits for whoever writes into a pipe.
    if !is_open && !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        return Ok(bytes);
    }
    let limit = if most >= 1 << 20 { format!("{} MiB", most >> 20) } else { format!("{most} bytes") };
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit}")))
}

/// Writes a file that is not there yet.
///
/// # Errors
/// When it is there, or cannot be written.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = Draft::beside(path)?;
    draft.write(bytes)?;
    draft.create(path)
}

/// Writes a file in place of whatever is there.
///
/// # Errors
/// When it cannot be written. What is there stays as it is then.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = Draft::beside(path)?;
    draft.write(bytes)?;
    draft.replace(path)
}

/// Writes a file in place of what was read from it. A link stays a link, and the mode stays.
///
/// # Errors
/// When the file no longer holds what was read, is read-only, or cannot be written. It stays as it is then.
pub(crate) fn replace(path: &Path, read: &[u8], bytes: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    let mut draft = Draft::beside(&path)?;
    draft.file().set_permissions(permissions)?;
    draft.write(bytes)?;
    let most = u64::try_from(read.len()).unwrap_or(u64::MAX);
    if self::read(&path, most).ok().as_deref() != Some(read) {
        return Err(io::Error::other("it has been changed meanwhile, and is left as it is"));
    }
    draft.replace(&path)
}

/// A file that is being written and has not taken its place yet.
pub(crate) struct Draft(Kind);

enum Kind {
    /// It has no name: nothing is left of it when this process ends.
    Nameless(File),
    /// Where the file system knows no nameless files.
    Named(NamedTempFile),
}

impl Draft {
    /// Begins a file in the directory of its target.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let directory = directory(path);
        remove_abandoned(directory);
        match nameless(directory) {
            Some(file) => Ok(Self(Kind::Nameless(file))),
            None => Self::named(path),
        }
    }

    fn named(path: &Path) -> io::Result<Self> {
        let name = draft_name(path);
        remove_own(&path.with_file_name(&name));
        let file = tempfile::Builder::new().prefix(&name).rand_bytes(0).tempfile_in(directory(path))?;
        Ok(Self(Kind::Named(file)))
    }

    fn file(&self) -> &File {
        match &self.0 {
            Kind::Nameless(file) => file,
            Kind::Named(file) => file.as_file(),
        }
    }

    /// Writes and syncs all of it.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.file();
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Takes the place of nothing.
    fn create(self, path: &Path) -> io::Result<()> {
        match self.0 {
            Kind::Nameless(file) => link(&file, path),
            Kind::Named(file) => file.persist_noclobber(path).map(drop).map_err(|error| error.error),
        }
    }

    /// Takes the place of whatever is there.
    pub(crate) fn replace(self, path: &Path) -> io::Result<()> {
        match self.0 {
            Kind::Nameless(file) => {
                let beside = path.with_file_name(draft_name(path));
                remove_own(&beside);
                link(&file, &beside)?;
                fs::rename(&beside, path).inspect_err(|_| drop(fs::remove_file(&beside)))
            }
            Kind::Named(file) => file.persist(path).map(drop).map_err(|error| error.error),
        }
    }
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn draft_name(path: &Path) -> OsString {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!("{DRAFT}{}", std::process::id()));
    name
}

/// Removes a draft of this process's number: one of the same number was killed before it could.
fn remove_own(draft: &Path) {
    let _none = fs::remove_file(draft);
}

/// Removes the drafts of processes that are no more. A directory that cannot be listed, or a file that cannot be
/// removed, is left: the work does not depend on it.
fn remove_abandoned(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().filter(|name| name.starts_with('.')).and_then(|name| name.rsplit_once(DRAFT));
        let Some(process) = process.and_then(|(_, number)| number.parse::<u32>().ok()) else { continue };
        if !is_running(process) {
            let _kept = fs::remove_file(entry.path());
        }
    }
}

/// Whether another process of that number runs.
#[cfg(unix)]
fn is_running(process: u32) -> bool {
    let id = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    // Whose it is does not matter: one that must not be asked runs.
    let gone = |error| error == rustix::io::Errno::SRCH;
    id.is_some_and(|id| !rustix::process::test_kill_process(id).is_err_and(gone))
}

/// It is unknown here, so what was left stays.
#[cfg(not(unix))]
fn is_running(_: u32) -> bool {
    true
}

#[cfg(target_os = "linux")]
fn nameless(directory: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    // By this path it gets a name. In a bare chroot there is none.
    if !Path::new("/proc/self/fd").exists() {
        return None;
    }
    // As a new file: what the user's mask leaves.
    let mode = Mode::from_raw_mode(0o666);
    rustix::fs::open(directory, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, mode).ok().map(File::from)
}

#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD};
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Path) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    unreachable!("there are no nameless files here")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the directory holds: names and contents.
    fn holds(directory: &Path) -> Vec<(String, String)> {
        let entry = |entry: io::Result<fs::DirEntry>| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
        };
        let mut all: Vec<_> = fs::read_dir(directory).unwrap().map(entry).collect();
        all.sort();
        all
    }

    fn of(files: &[(&str, &str)]) -> Vec<(String, String)> {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_file_is_created_once_and_replaced_by_who_has_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.toml");
        create(&path, b"one").unwrap();
        assert_eq!(create(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        replace(&path, b"one", b"three").unwrap();
        for read in [&b"one"[..], b"", b"three and more"] {
            assert!(replace(&path, read, b"four").unwrap_err().to_string().contains("changed meanwhile"));
        }
        assert_eq!(holds(directory.path()), of(&[("a.toml", "three")]));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_modes_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let (path, alias) = (directory.path().join("a.toml"), directory.path().join("b.toml"));
        fs::write(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &alias).unwrap();
        replace(&alias, b"one", b"two").unwrap();
        assert!(fs::symlink_metadata(&alias).unwrap().is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
        assert_eq!(replace(&path, b"two", b"three").unwrap_err().to_string(), "it is read-only");
        assert_eq!(holds(directory.path()), of(&[("a.toml", "two"), ("b.toml", "two")]));
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.toml");
        for begin in [Draft::beside, Draft::named] {
            let mut draft = begin(&path).unwrap();
            draft.write(b"half").unwrap();
            drop(draft);
            assert_eq!(holds(directory.path()), of(&[]));
        }
        let mut draft = Draft::named(&path).unwrap();
        draft.write(b"whole").unwrap();
        draft.replace(&path).unwrap();
        assert_eq!(holds(directory.path()), of(&[("a.toml", "whole")]));
    }

    /// As when a process is killed between a draft and its place.
    #[cfg(unix)]
    #[test]
    fn the_next_one_removes_what_a_killed_process_left() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let (gone, own) = (child.id(), std::process::id());
        let parent = std::os::unix::process::parent_id();
        let directory = tempfile::tempdir().unwrap();
        let names = [
            format!(".b.toml.autoenroll-{gone}"),
            format!(".a.toml.autoenroll-{own}"),
            format!(".a.toml.autoenroll-{parent}"),
            ".a.toml.autoenroll-x".to_owned(),
            format!("a.toml.autoenroll-{gone}"),
        ];
        names.iter().for_each(|name| fs::write(directory.path().join(name), "left").unwrap());
        create(&directory.path().join("a.toml"), b"one").unwrap();
        replace(&directory.path().join("a.toml"), b"one", b"two").unwrap();
        let kept =
            [(names[2].as_str(), "left"), (names[3].as_str(), "left"), ("a.toml", "two"), (names[4].as_str(), "left")];
        let mut kept = of(&kept);
        kept.sort();
        assert_eq!(holds(directory.path()), kept, "of running processes, and of others");
    }

    #[cfg(unix)]
    #[test]
    fn what_need_not_begin_or_end_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let (pipe, link) = (directory.path().join("pipe"), directory.path().join("link"));
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for path in [Path::new("/dev/zero"), &pipe, &link, directory.path()] {
            assert_eq!(read(path, 1 << 20).unwrap_err().to_string(), "it is no regular file", "{}", path.display());
        }
        assert_eq!(read(Path::new("/dev/null"), 0).unwrap(), b"");
        let file = directory.path().join("file");
        fs::write(&file, "four").unwrap();
        assert_eq!(read(&file, 3).unwrap_err().to_string(), "it is larger than 3 bytes");
    }
}
