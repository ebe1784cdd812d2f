//! The directory of a pcscd, and the end of both with this process, however that ends.
//!
//! A shell waits for the end of its input, which comes when this process ends, by whatever signal. It makes the
//! directory itself, so that at each moment something removes it.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A directory that goes, with the pcscd in it, when this is dropped or this process ends.
#[derive(Debug)]
pub(crate) struct GuardedDirectory {
    path: PathBuf,
    watchdog: Child,
    /// `None` once this is dropped.
    lifeline: Option<ChildStdin>,
}

/// The argument is where directories are made. The process that starts a pcscd writes its process id into the file
/// `pid` of the directory first; that cannot be done any more once the directory has another name. A process is only
/// ended if its command line names the directory: it might be another one of the same number.
const SCRIPT: &str = r#"
trap '' PIPE
made=$(mktemp -d "$1/autoenroll-pcscd-XXXXXXXX") || exit 1
printf '%s\n' "$made"
exec >/dev/null
word=""
read -r word
mv "$made" "$made.gone"
pid=""
for n in 1 2 3 4 5 6 7 8 9 10; do
  [ -e "$made.gone/pid" ] || break
  read -r pid <"$made.gone/pid" && break
  sleep 0.05
done
lives() { [ -n "$pid" ] && grep -qs -- "$made" "/proc/$pid/cmdline"; }
if lives; then
  kill "$pid"
  for n in $(seq 200); do lives || break; sleep 0.01; done
  lives && kill -s KILL "$pid"
fi
rm -rf -- "$made.gone"
[ "$word" = done ] || echo "autoenroll: ended from outside; its pcscd is stopped, and their directory removed" >&2
"#;

impl GuardedDirectory {
    /// Makes an empty directory that no other user can read.
    ///
    /// # Errors
    /// When there is no shell, or the directory cannot be made.
    pub(crate) fn new() -> io::Result<Self> {
        // In a group of its own, so that Ctrl-C leaves it to its work.
        let mut watchdog = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "autoenroll-watchdog"])
            .arg(std::env::temp_dir())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let mut line = Vec::new();
        if let Some(said) = watchdog.stdout.take() {
            BufReader::new(said).read_until(b'\n', &mut line)?;
        }
        let lifeline = watchdog.stdin.take();
        if line.pop() != Some(b'\n') {
            watchdog.wait()?;
            return Err(io::Error::other("mktemp, of the package coreutils, made none"));
        }
        let path = PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(line));
        Ok(Self { path, watchdog, lifeline })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for GuardedDirectory {
    fn drop(&mut self) {
        if let Some(mut lifeline) = self.lifeline.take() {
            // A watchdog that was killed leaves the directory; nothing can prevent that.
            let _unheard = lifeline.write_all(b"done\n");
        }
        let _ended = self.watchdog.wait();
    }
}
