//! The messages that the oracles look at: those of the laboratory, and those that AUTOENROLL_MESSAGES names, a folder that a run
//! of the scenario suite has filled.

use autoenroll_oracles::messages;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = new_folder("messages");
    messages::write(&folder);
    if let Some(more) = std::env::var_os("AUTOENROLL_MESSAGES") {
        for (name, content) in files(Path::new(&more), ".der") {
            std::fs::write(folder.join(format!("suite-{name}")), content).expect("the folder was made for this");
        }
    }
    folder
});

/// A new empty folder in the build directory.
pub(crate) fn new_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracles").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("it was made by an earlier run");
    }
    std::fs::create_dir_all(&folder).expect("the build directory can be written to");
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

/// A folder with one file: a message whose octets in the middle, where names and keys are, have been turned round.
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
