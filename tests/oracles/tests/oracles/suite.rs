//! The messages that the oracles look at: those of the laboratory, those of the scenario suite, and those that
//! AUTOENROLL_MESSAGES names, a folder of your own.

use autoenroll_oracles::{messages, suite};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = new_folder("messages");
    for (name, content) in files(&kept(), ".der") {
        std::fs::write(folder.join(name), content).expect("the folder was made for this");
    }
    if let Some(more) = std::env::var_os("AUTOENROLL_MESSAGES") {
        for (name, content) in files(Path::new(&more), ".der") {
            std::fs::write(folder.join(format!("own-{name}")), content).expect("the folder was made for this");
        }
    }
    folder
});

/// The messages of the laboratory and of the scenario suite. They are made anew when this program, a scenario or a fixture has
/// changed: to play every scenario takes a while, and tests may run in a process each.
fn kept() -> PathBuf {
    let program = std::env::current_exe().and_then(std::fs::metadata).and_then(|program| program.modified());
    let program =
        program.expect("this program is a file").duration_since(std::time::UNIX_EPOCH).expect("it is no older");
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracles-kept");
    let folder = all.join(format!("{:x}-{:x}", suite::fingerprint(), program.as_nanos()));
    if folder.exists() {
        return folder;
    }
    let new = new_folder("new");
    messages::write(&new);
    assert!(suite::write(&new) > 100, "the suite has scenarios");
    // Those of earlier builds; another process may have made the same ones meanwhile.
    let old = std::fs::read_dir(&all).into_iter().flatten().flatten().map(|entry| entry.path());
    for old in old.filter(|old| *old != folder) {
        let _ = std::fs::remove_dir_all(old);
    }
    std::fs::create_dir_all(&all).expect("the build directory can be written to");
    if std::fs::rename(&new, &folder).is_ok() || folder.exists() { folder } else { new }
}

/// A new empty folder in the build directory, of this process alone: tests may run in several.
pub(crate) fn new_folder(name: &str) -> PathBuf {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracles");
    let folder = all.join(std::process::id().to_string()).join(name);
    std::fs::create_dir_all(&folder).expect("the build directory can be written to");
    for old in std::fs::read_dir(&all).expect("it was just made").flatten() {
        let runs = Path::new("/proc").join(old.file_name()).exists();
        // Another process may be tidying up as well.
        if Path::new("/proc/self").exists() && !runs {
            let _ = std::fs::remove_dir_all(old.path());
        }
    }
    folder
}

/// The folder with all messages.
pub(crate) fn folder() -> &'static Path {
    &FOLDER
}

/// The files of a folder whose names end so, by name.
pub(crate) fn files(folder: &Path, end: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let name = |path: &Path| path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let wanted = paths.map(|path| (name(&path), path)).filter(|(name, _)| name.ends_with(end));
    wanted.map(|(name, path)| (name, std::fs::read(path).expect("a listed file can be read"))).collect()
}

/// What a program said of each file: its lines `name: what`.
pub(crate) fn lines(printed: &str) -> BTreeMap<&str, &str> {
    printed.lines().filter_map(|line| line.split_once(": ")).collect()
}

/// A folder with one file: a message whose octets in the middle, where names and keys are, have been reversed.
pub(crate) fn damaged(name: &str, kind: &str) -> PathBuf {
    let folder = new_folder(name);
    let mut message = files(self::folder(), &format!("rsa-cmc.{kind}.der"))
        .remove(&format!("rsa-cmc.{kind}.der"))
        .expect("there is one");
    let middle = message.len() / 2;
    message[middle..middle + 4].reverse();
    message[middle + 1] ^= 0x55;
    std::fs::write(folder.join(format!("damaged.{kind}.der")), message).expect("the folder was made for this");
    folder
}
