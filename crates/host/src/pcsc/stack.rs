//! The private pcscd that a whole process talks to.

use std::env;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Signal, set_parent_process_death_signal};

use crate::pcscd::read_slots;
use crate::{LogError, LoggedApdu, Pcscd, PcscdError, PcscdOptions, Slot, read_apdu_log};

/// The readers of this process's pcscd, lent out one by one.
#[derive(Debug)]
pub struct Stack {
    directory: PathBuf,
    slots: Vec<Slot>,
    /// The readers that are not lent out.
    free: Mutex<Vec<Slot>>,
}

/// Where [`Stack::enter`] came out.
#[derive(Debug)]
pub enum Entered {
    /// In the process that talks to a pcscd: go on.
    Inside(Arc<Stack>),
    /// In the process that was started first. The other one has run and ended with this code; end, too.
    Done(i32),
}

/// Why a process cannot have a pcscd of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackError {
    /// There is no pcscd.
    Pcscd(PcscdError),
    /// This program cannot be started again.
    Restart(String),
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pcscd(error) => write!(f, "{error}"),
            Self::Restart(error) => write!(f, "this program cannot be started again beside a pcscd: {error}"),
        }
    }
}

impl std::error::Error for StackError {}

impl From<PcscdError> for StackError {
    fn from(error: PcscdError) -> Self {
        Self::Pcscd(error)
    }
}

/// Names the directory of the pcscd to the second process.
const DIRECTORY: &str = "AUTOENROLL_PCSCD";

impl Stack {
    /// Gives this process a pcscd of its own; call it first thing in `main`.
    ///
    /// The PC/SC library takes the way to its daemon from the environment, and no program can change its own safely. So
    /// the first call starts a pcscd, and then the same program with the same arguments and another environment, waits
    /// for it, and stops the pcscd. In that second process the call returns at once.
    ///
    /// # Errors
    /// When pcscd or the program cannot be started.
    pub fn enter(options: &PcscdOptions) -> Result<Entered, StackError> {
        #[expect(clippy::disallowed_methods, reason = "set by this function, in the process that started this one")]
        let directory = env::var_os(DIRECTORY).map(PathBuf::from);
        if let Some(directory) = directory {
            // When the first process is killed, its pcscd goes, and this one has nothing left to do.
            set_parent_process_death_signal(Some(Signal::TERM))
                .map_err(|error| StackError::Restart(error.to_string()))?;
            let slots = read_slots(&directory)?;
            return Ok(Entered::Inside(Arc::new(Self { directory, free: Mutex::new(slots.clone()), slots })));
        }
        let pcscd = Pcscd::start(options)?;
        let (variable, socket) = pcscd.client_environment();
        let restart = |error: std::io::Error| StackError::Restart(error.to_string());
        let status = Command::new(env::current_exe().map_err(restart)?)
            .args(env::args_os().skip(1))
            .env(variable, socket)
            .env(DIRECTORY, pcscd.directory())
            .status()
            .map_err(restart)?;
        // No code: it was ended by a signal.
        Ok(Entered::Done(status.code().unwrap_or(SIGNALLED)))
    }

    /// All readers.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Every command that went through pcscd and what was answered, when [`PcscdOptions::log_apdus`] was set.
    ///
    /// # Errors
    /// When the log is not as expected.
    pub fn apdus(&self) -> Result<Vec<LoggedApdu>, LogError> {
        read_apdu_log(&fs::read_to_string(crate::pcscd::log_file(&self.directory)).unwrap_or_default())
    }

    /// The process id of pcscd.
    #[must_use]
    pub fn pcscd_pid(&self) -> Option<u32> {
        fs::read_to_string(crate::pcscd::pid_file(&self.directory)).ok()?.trim().parse().ok()
    }

    /// Takes a reader; `None` when all are taken.
    pub(crate) fn take(&self) -> Option<Slot> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Gives a reader back.
    pub(crate) fn give_back(&self, slot: Slot) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(slot);
    }
}

/// Exit code of a process that a signal ended, as shells tell it for SIGTERM.
const SIGNALLED: i32 = 143;
