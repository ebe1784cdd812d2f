//! The cores of a world that is served: those of this process, or none that do anything, because a client outside takes
//! their place.

use autoenroll_core::{Core, InProcess};
use autoenroll_model::{CoreError, CoreFactory, EnrollmentCore, Identity, Input, Now, Output, SimTime};

/// Starts the cores of a world that is served.
#[derive(Clone, Debug)]
pub enum Cores {
    /// Those of this process.
    Own(InProcess),
    /// Cores that take every input, and ask for nothing.
    Idle,
}

impl Cores {
    /// Those of this process, as they should be.
    #[must_use]
    pub fn own() -> Self {
        Self::Own(InProcess::new())
    }
}

/// A core of a world that is served.
#[derive(Clone, Debug)]
pub enum LiveCore {
    /// One of this process.
    Own(Box<Core>),
    /// One that does nothing.
    Idle,
}

impl CoreFactory for Cores {
    type Core = LiveCore;

    fn start(&mut self, identity: &Identity) -> Result<LiveCore, CoreError> {
        Ok(match self {
            Self::Own(cores) => LiveCore::Own(Box::new(cores.start(identity)?)),
            Self::Idle => LiveCore::Idle,
        })
    }
}

impl EnrollmentCore for LiveCore {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        match self {
            Self::Own(core) => core.handle(now, input),
            Self::Idle => Ok(()),
        }
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        match self {
            Self::Own(core) => core.poll(),
            Self::Idle => Ok(None),
        }
    }

    fn deadline(&self) -> Option<SimTime> {
        match self {
            Self::Own(core) => core.deadline(),
            Self::Idle => None,
        }
    }
}
