//! A core in a child process, seen from the bench.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use autoenroll_model::{CoreError, CoreFactory, EnrollmentCore, Identity, Input, Now, Output, SimTime};

use crate::breach::Breach;
use crate::limits::Limits;
use crate::process::Command;
use crate::protocol::{FromCore, ToCore, VERSION};
use crate::wire::Wire;

/// Starts one process for each core.
#[derive(Clone, Debug)]
pub struct ForeignFactory {
    /// The program.
    pub command: Command,
    /// What it may not exceed.
    pub limits: Limits,
    /// How often a core of it has hung; clones count together.
    hung: Arc<AtomicU32>,
}

impl ForeignFactory {
    /// Starts that program, with the usual limits.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self::with_limits(command, Limits::default())
    }

    /// Starts that program, with other limits.
    #[must_use]
    pub fn with_limits(command: Command, limits: Limits) -> Self {
        Self { command, limits, hung: Arc::default() }
    }
}

impl ForeignFactory {
    /// A program that has hung so often hangs always; waiting for it in hundreds of scenarios would take hours.
    fn wire(&self) -> Result<Wire, Breach> {
        let times = self.hung.load(Ordering::Relaxed);
        if times >= self.limits.hangs {
            return Err(Breach::GivenUp { times });
        }
        Wire::start(&self.command, self.limits, Arc::clone(&self.hung))
    }
}

impl CoreFactory for ForeignFactory {
    type Core = ForeignCore;

    fn start(&mut self, identity: &Identity) -> Result<ForeignCore, CoreError> {
        let mut core = ForeignCore {
            wire: self.wire()?,
            name: String::new(),
            handled: 0,
            outputs: VecDeque::new(),
            deadline: None,
            failure: None,
        };
        core.begin(identity)?;
        Ok(core)
    }
}

/// A core in a child process. Dropping it ends the process.
#[derive(Debug)]
pub struct ForeignCore {
    wire: Wire,
    name: String,
    /// How many inputs it was handed.
    handled: u32,
    outputs: VecDeque<Output>,
    deadline: Option<SimTime>,
    /// Once it has failed it stays failed: nothing it says afterwards can be trusted to belong to what was asked.
    failure: Option<CoreError>,
}

impl ForeignCore {
    /// Name and version, as the core itself states them.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn begin(&mut self, identity: &Identity) -> Result<(), CoreError> {
        let start = ToCore::Start { protocol: VERSION, features: Vec::new(), identity: identity.clone() };
        let until = self.wire.say(&start)?;
        match self.wire.hear(until)? {
            FromCore::Ready { protocol: VERSION, core, .. } => {
                self.name = core;
                Ok(())
            }
            FromCore::Ready { protocol, core, .. } => Err(Breach::Version { core, found: protocol }.into()),
            FromCore::Error(error) => Err(error),
            other => Err(Breach::Unexpected { expected: "`ready`", found: other.word() }.into()),
        }
    }

    /// One input, and everything the core puts out for it. What it says is taken in the order in which it says it, and
    /// never by when it comes: a message that comes too late is told by its number, and the verdict is the same in
    /// every run.
    fn ask(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.handled += 1;
        let expected = self.handled;
        let most = self.wire.limits.outputs;
        let until = self.wire.say(&ToCore::Handle { number: expected, now, input })?;
        loop {
            let message = self.wire.hear(until)?;
            let word = message.word();
            let found = match &message {
                FromCore::Output(output) => output.number,
                FromCore::Idle { number, .. } => *number,
                FromCore::Ready { .. } | FromCore::Error(_) => expected,
            };
            if found != expected {
                return Err(Breach::OtherInput { expected, message: word, found }.into());
            }
            match message {
                FromCore::Output(output) if self.outputs.len() < most => self.outputs.push_back((*output).into()),
                FromCore::Output(_) => return Err(Breach::TooManyOutputs { number: expected, most }.into()),
                FromCore::Idle { deadline, .. } => {
                    self.deadline = deadline;
                    return Ok(());
                }
                FromCore::Error(error) => return Err(error),
                FromCore::Ready { .. } => {
                    return Err(Breach::Unexpected { expected: "`output` or `idle`", found: word }.into());
                }
            }
        }
    }
}

impl EnrollmentCore for ForeignCore {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.ask(now, input).inspect_err(|error| {
            self.outputs.clear();
            self.deadline = None;
            self.failure = Some(error.clone());
        })
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(self.outputs.pop_front()),
        }
    }

    fn deadline(&self) -> Option<SimTime> {
        self.deadline
    }
}
