//! A PC/SC daemon of one's own: pcscd with virtual readers, which leaves the system's daemon alone.
//!
//! pcscd takes a listening Unix socket as file descriptor 3 when `LISTEN_FDS` and `LISTEN_PID` say so
//! (sd_listen_fds(3)); it then does not mind that another one is running. Clients find it by the environment variable
//! `PCSCLITE_CSOCK_NAME`, which their library reads once per process.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::ports::PortPair;
use crate::watchdog::GuardedDirectory;
use crate::{LogError, LoggedApdu, read_apdu_log};

/// A running pcscd; dropping it stops it, and so does the end of this process, by whatever signal. Nothing is left of
/// it then; a watchdog says on standard error that it has seen to that.
#[derive(Debug)]
pub struct Pcscd {
    child: Child,
    directory: GuardedDirectory,
    slots: Vec<Slot>,
    _ports: Vec<PortPair>,
}

/// Readers of one pcscd (`PCSCLITE_MAX_READERS_CONTEXTS`); it silently drops further ones.
pub const MOST_READERS: usize = 16;

/// What a [`Pcscd`] is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PcscdOptions {
    /// How many readers, 1 to [`MOST_READERS`]. They come in pairs: an odd number has one more than asked for.
    pub readers: usize,
    /// Whether the log has every command and response; see [`Pcscd::apdus`].
    pub log_apdus: bool,
    /// The daemon; Debian's package `pcscd`.
    pub program: PathBuf,
    /// The reader driver; Debian's package `vsmartcard-vpcd`.
    pub driver: PathBuf,
}

impl Default for PcscdOptions {
    /// Two readers, no APDUs in the log, the programs where Debian has them.
    fn default() -> Self {
        Self {
            readers: 2,
            log_apdus: false,
            program: PathBuf::from("/usr/sbin/pcscd"),
            driver: PathBuf::from("/usr/lib/pcsc/drivers/serial/libifdvpcd.so"),
        }
    }
}

/// A reader of a [`Pcscd`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Its name, as PC/SC clients see it.
    pub name: String,
    /// The port where its driver waits for a card.
    pub port: u16,
}

impl Slot {
    /// The address for [`insert`](crate::insert()).
    #[must_use]
    pub const fn driver(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }
}

/// Why there is no [`Pcscd`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PcscdError {
    /// A file that a package installs is not there.
    Missing {
        /// The file.
        path: PathBuf,
        /// Debian's package.
        package: &'static str,
    },
    /// No readers, or more than pcscd has.
    Readers {
        /// How many were asked for.
        found: usize,
    },
    /// It ended, or did not begin to serve its readers in time.
    NotReady {
        /// What it said.
        log: String,
    },
    /// The system refused something.
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        error: String,
    },
}

impl fmt::Display for PcscdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path, package } => {
                write!(f, "{} is not there; install the package {package}", path.display())
            }
            Self::Readers { found } => write!(f, "{found} readers; one pcscd has 1 to {MOST_READERS}"),
            Self::NotReady { log } => write!(f, "pcscd does not serve its readers; it says:\n{log}"),
            Self::System { what, error } => write!(f, "cannot {what}: {error}"),
        }
    }
}

impl std::error::Error for PcscdError {}

/// How long pcscd may take to open the ports of its readers; it takes about 15 ms.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// How long pcscd may take to end when asked to; it takes about 15 ms.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// How often to look whether something has happened.
const LOOK_EVERY: Duration = Duration::from_millis(2);

impl Pcscd {
    /// Starts a pcscd and waits until its readers take cards.
    ///
    /// As root it needs nothing else. As another user the directory `/run/pcscd` must be there.
    ///
    /// # Errors
    /// When a program is missing, or pcscd does not come up.
    pub fn start(options: &PcscdOptions) -> Result<Self, PcscdError> {
        if options.readers == 0 || options.readers > MOST_READERS {
            return Err(PcscdError::Readers { found: options.readers });
        }
        for (path, package) in [(&options.program, "pcscd"), (&options.driver, "vsmartcard-vpcd")] {
            if !path.exists() {
                return Err(PcscdError::Missing { path: path.clone(), package });
            }
        }
        let directory = GuardedDirectory::new().map_err(cannot("make a directory"))?;
        let mut ports = Vec::new();
        let mut slots = Vec::new();
        for _ in 0..options.readers.div_ceil(2) {
            let pair = PortPair::take().map_err(cannot("find free ports"))?;
            slots.extend(write_entry(directory.path(), &options.driver, &pair).map_err(cannot("describe a reader"))?);
            ports.push(pair);
        }
        let child = spawn(directory.path(), options).map_err(cannot("start pcscd"))?;
        let mut pcscd = Self { child, directory, slots, _ports: ports };
        pcscd.wait_until_ready()?;
        pcscd.describe().map_err(cannot("describe the daemon"))?;
        Ok(pcscd)
    }

    /// Its readers. Clients may see them in another order: name them, rather than count.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The environment variable, and its value, by which clients find it.
    #[must_use]
    pub fn client_environment(&self) -> (&'static str, PathBuf) {
        ("PCSCLITE_CSOCK_NAME", self.directory.path().join(SOCKET))
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(log_file(self.directory.path()))
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// Every command that clients have sent and what the cards answered, when [`PcscdOptions::log_apdus`] is set.
    ///
    /// # Errors
    /// When the log is not as expected, or cut off.
    pub fn apdus(&self) -> Result<Vec<LoggedApdu>, LogError> {
        read_apdu_log(&self.log())
    }

    /// Whether it has not ended by itself.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it without letting it clean up, as a crash would.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _already_ended = self.child.kill();
        let _already_waited = self.child.wait();
    }

    /// Its directory, by which another process of ours knows everything about it.
    #[cfg(feature = "pcsc")]
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Writes down for such a process what only this one knows.
    fn describe(&self) -> io::Result<()> {
        let slots: String = self.slots.iter().map(|slot| format!("{} {}\n", slot.port, slot.name)).collect();
        fs::write(self.directory.path().join(SLOTS), slots)
    }

    fn wait_until_ready(&mut self) -> Result<(), PcscdError> {
        let start = Instant::now();
        loop {
            let ended = !self.is_running();
            if !ended && self.slots.iter().all(|slot| is_open(slot.port)) {
                return Ok(());
            }
            if ended || start.elapsed() > READY_WITHIN {
                return Err(PcscdError::NotReady { log: self.log() });
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    fn stop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_running())
            && kill_process(pid, Signal::TERM).is_ok()
        {
            let start = Instant::now();
            while self.is_running() && start.elapsed() < STOP_WITHIN {
                thread::sleep(LOOK_EVERY);
            }
        }
        self.kill();
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        self.stop();
    }
}

/// In the directory of a pcscd: the socket that clients connect to.
const SOCKET: &str = "socket";
/// The directory of its reader descriptions.
const READERS: &str = "readers";
/// Its readers: port, blank, name.
const SLOTS: &str = "slots";

/// What it says.
pub(crate) fn log_file(directory: &Path) -> PathBuf {
    directory.join("log")
}

/// Its process id.
pub(crate) fn pid_file(directory: &Path) -> PathBuf {
    directory.join("pid")
}

/// The readers of the pcscd in a directory.
///
/// # Errors
/// When there is none.
#[cfg(feature = "pcsc")]
pub(crate) fn read_slots(directory: &Path) -> Result<Vec<Slot>, PcscdError> {
    let text = fs::read_to_string(directory.join(SLOTS)).map_err(cannot("read the readers of pcscd"))?;
    let slot = |line: &str| {
        let (port, name) = line.split_once(' ')?;
        Some(Slot { name: name.to_owned(), port: port.parse().ok()? })
    };
    Ok(text.lines().filter_map(slot).collect())
}

/// Describes two readers to pcscd: one entry of vpcd always has two.
///
/// Each entry needs its own copy of the driver: the driver keeps its connections in one table indexed by slot, so two
/// entries of the same file would show each other's cards.
fn write_entry(directory: &Path, driver: &Path, pair: &PortPair) -> io::Result<[Slot; 2]> {
    let [port, next] = pair.ports();
    let copy = directory.join(format!("vpcd-{port}.so"));
    fs::copy(driver, &copy)?;
    fs::create_dir_all(directory.join(READERS))?;
    let name = format!("Autoenroll {port}");
    let text = format!(
        "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:{port:#06X}\nLIBPATH {}\nCHANNELID {port:#06X}\n",
        copy.display()
    );
    fs::write(directory.join(READERS).join(port.to_string()), text)?;
    // The first number is pcscd's count of readers of that name.
    Ok([Slot { name: format!("{name} 00 00"), port }, Slot { name: format!("{name} 00 01"), port: next }])
}

/// The shell hands the socket over: it becomes file descriptor 3, and only the shell knows the process id before pcscd
/// does, which it also writes down for the watchdog.
fn spawn(directory: &Path, options: &PcscdOptions) -> io::Result<Child> {
    let listener = OwnedFd::from(UnixListener::bind(directory.join(SOCKET))?);
    let log = File::create(log_file(directory))?;
    let apdus = if options.log_apdus { "-a" } else { "" };
    let script = format!(
        "echo $$ >\"$2\" || exit 1\n\
         export LISTEN_PID=$$; exec \"$0\" -f {apdus} -c \"$1\" 3<&0 </dev/null"
    );
    Command::new("/bin/sh")
        .args(["-c", &script])
        .arg(&options.program)
        .arg(directory.join(READERS))
        .arg(pid_file(directory))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LISTEN_FDS", "1")
        .stdin(Stdio::from(listener))
        .stdout(log.try_clone()?)
        .stderr(log)
        // Ctrl-C is for this process; what becomes of pcscd is the watchdog's.
        .process_group(0)
        .spawn()
}

/// Whether a port has a listener. Connecting would tell as well, but vpcd takes every connection for a card.
fn is_open(port: u16) -> bool {
    const LISTENING: &str = "0A";
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let local = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        columns.next().is_some_and(|address| address.ends_with(&local)) && columns.nth(1) == Some(LISTENING)
    })
}

fn cannot(what: &'static str) -> impl Fn(io::Error) -> PcscdError {
    move |error| PcscdError::System { what, error: error.to_string() }
}
