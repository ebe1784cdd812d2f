//! What a core leaves running ends with it, and all of them end with the bench, however that ends.

use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process_group};

/// A process group of its own: a core, and whatever it starts.
#[derive(Debug)]
pub(crate) struct Group(Pid);

impl Group {
    /// Guards the group that a child leads: it was started with `process_group(0)`.
    pub(crate) fn of(child: &Child) -> Option<Self> {
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw)?;
        tell('+', group);
        Some(Self(group))
    }

    /// Ends everything in the group.
    pub(crate) fn end(&self) {
        // It fails only when the group is empty.
        let _gone = kill_process_group(self.0, Signal::KILL);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
        tell('-', self.0);
    }
}

/// Reads which groups there are. When this process has gone, by whatever signal, its input ends, and it ends them.
const WATCHER: &str = r#"
while read -r sign group; do
  rest=""
  for known in $groups; do [ "$known" = "$group" ] || rest="$rest $known"; done
  case "$sign" in +) groups="$rest $group" ;; *) groups="$rest" ;; esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
"#;

/// One for the whole process, begun with the first group; `None` inside where it could not be started.
static TO_WATCHER: Mutex<Option<Option<ChildStdin>>> = Mutex::new(None);

fn tell(sign: char, group: Pid) {
    let Ok(mut to) = TO_WATCHER.lock() else { return };
    if let Some(to) = to.get_or_insert_with(start_watcher) {
        // Without a watcher cores still end with this process where it ends in order.
        let _unwatched = writeln!(to, "{sign} {}", group.as_raw_nonzero());
    }
}

fn start_watcher() -> Option<ChildStdin> {
    use std::os::unix::process::CommandExt as _;
    // In a group of its own, so that Ctrl-C leaves it to its work.
    let started = Command::new("/bin/sh")
        .args(["-c", WATCHER])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    started.ok()?.stdin
}
