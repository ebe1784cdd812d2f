//! A command of a client: started in a group of its own, watched, and ended with everything that it has started.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// The octets that a run may write to its outputs, and that are kept.
const MOST_OUTPUT: u64 = 1 << 20;
/// How often is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(2);

/// How a run has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Code(i32),
    /// By a signal of somebody else.
    Signal(i32),
    /// It was ended because its time was over.
    Limit,
    /// It was ended because it wrote too much.
    Output,
    /// It was ended because somebody wants this program to end.
    Interrupted,
}

/// What is run, and where.
#[derive(Clone, Debug)]
pub(crate) struct Job<'a> {
    /// The program and its arguments.
    pub(crate) command: &'a [String],
    /// All of its variables.
    pub(crate) environment: &'a BTreeMap<String, String>,
    /// Its working directory, where its outputs are kept as well.
    pub(crate) folder: &'a Path,
    /// The longest that it may take.
    pub(crate) limit: Duration,
    /// Set when somebody wants this program to end.
    pub(crate) stop: &'a AtomicBool,
    /// What it starts may go on when it ends by itself: a daemon. It is ended with [`Group::end`].
    pub(crate) leaves: bool,
}

/// What a run has left behind, which is ended when this goes.
#[derive(Debug)]
pub(crate) struct Group(Option<Pid>);

impl Group {
    /// Ends everything that is left of it.
    pub(crate) fn end(&mut self) {
        if let Some(group) = self.0.take() {
            // Nothing may be left of it.
            let _gone = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs a command to its end or its limit. The runtime goes on meanwhile.
///
/// # Errors
/// When it cannot be started, or the machine does not let us.
pub(crate) async fn run(job: Job<'_>) -> io::Result<(Ended, Group)> {
    let [program, arguments @ ..] = job.command else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the command is empty"));
    };
    let (out, err) = (job.folder.join("stdout"), job.folder.join("stderr"));
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(job.environment)
        .current_dir(job.folder)
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .process_group(0)
        .spawn()?;
    let mut group = Group(i32::try_from(child.id()).ok().and_then(Pid::from_raw));
    let ended = watch(&mut child, &job, &[&out, &err]).await;
    if !(job.leaves && matches!(ended, Ok(Ended::Code(_)))) {
        group.end();
    }
    if matches!(ended, Ok(Ended::Limit | Ended::Output | Ended::Interrupted) | Err(_)) {
        let _reaped = child.wait();
    }
    Ok((ended?, group))
}

async fn watch(child: &mut Child, job: &Job<'_>, outputs: &[&Path]) -> io::Result<Ended> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(match (status.code(), status.signal()) {
                (Some(code), _) => Ended::Code(code),
                (None, signal) => Ended::Signal(signal.unwrap_or_default()),
            });
        }
        if outputs.iter().any(|path| fs::metadata(path).is_ok_and(|it| it.len() > MOST_OUTPUT)) {
            return Ok(Ended::Output);
        }
        if job.stop.load(Ordering::Relaxed) {
            return Ok(Ended::Interrupted);
        }
        if begun.elapsed() > job.limit {
            return Ok(Ended::Limit);
        }
        tokio::time::sleep(LOOK).await;
    }
}
