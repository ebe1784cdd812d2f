//! The command `openssl` and a directory for its files. Test crates that must not depend on others include this file by its path.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A directory of one test.
pub(crate) struct Files(PathBuf);

impl Files {
    pub(crate) fn new(test: &str) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        std::fs::create_dir_all(&directory).expect("the target directory is writable");
        Self(directory)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("the target directory has a readable name").to_owned()
    }

    /// Writes a file and gives back its path.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the target directory is writable");
        path
    }
}

/// Runs openssl, which must succeed.
pub(crate) fn openssl(arguments: &[&str]) -> Output {
    let output =
        Command::new("openssl").args(arguments).output().expect("this test needs the program `openssl` on the PATH");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}
