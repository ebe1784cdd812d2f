//! A core in a child process, seen from the bench.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use autoenroll_model::{CoreError, CoreFactory, EnrollmentCore, Identity, Input, Now, Output, SimTime};

use crate::line;
use crate::process::{Command, Process, Silence};
use crate::protocol::{FromCore, ToCore, VERSION};

/// Starts one process for each core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignFactory {
    /// The program.
    pub command: Command,
    /// What it may not exceed.
    pub limits: Limits,
}

impl ForeignFactory {
    /// Starts that program, with the usual limits.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self { command, limits: Limits::default() }
    }
}

/// What a core in another process may not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Real time for the whole answer to one input, or to the start.
    pub answer: Duration,
    /// Bytes in one line.
    pub line: usize,
    /// Outputs to one input.
    pub outputs: usize,
}

/// Generous: a core answers within microseconds, a debug build under a loaded machine within a second.
impl Default for Limits {
    fn default() -> Self {
        Self { answer: Duration::from_secs(30), line: 8 << 20, outputs: 10_000 }
    }
}

impl CoreFactory for ForeignFactory {
    type Core = ForeignCore;

    fn start(&mut self, identity: &Identity) -> Result<ForeignCore, CoreError> {
        let process = Process::start(&self.command, self.limits.line)
            .map_err(|error| CoreError::Failed { reason: format!("`{}` cannot be started: {error}", self.command) })?;
        let mut core = ForeignCore {
            process,
            name: String::new(),
            limits: self.limits,
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
    process: Process,
    name: String,
    limits: Limits,
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
        let until = self.say(&ToCore::Start { protocol: VERSION, identity: identity.clone() })?;
        match self.hear(until)? {
            FromCore::Ready { protocol: VERSION, core } => {
                self.name = core;
                Ok(())
            }
            FromCore::Ready { protocol, core } => Err(CoreError::Failed {
                reason: format!("{core} speaks protocol {protocol}, this bench speaks protocol {VERSION}"),
            }),
            other => Err(unexpected("`ready`", &other)),
        }
    }

    /// One input, and everything the core puts out for it.
    fn ask(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        if let Some(line) = self.process.overhear() {
            return Err(CoreError::Failed {
                reason: format!(
                    "it spoke without being asked: `{}`; nothing may follow `idle`",
                    line::beginning(&line)
                ),
            });
        }
        let until = self.say(&ToCore::Handle { now, input })?;
        loop {
            match self.hear(until)? {
                FromCore::Output(output) if self.outputs.len() < self.limits.outputs => self.outputs.push_back(*output),
                FromCore::Output(_) => {
                    let most = self.limits.outputs;
                    return Err(CoreError::Failed {
                        reason: format!("it put out more than {most} outputs for one input"),
                    });
                }
                FromCore::Idle { deadline } => {
                    self.deadline = deadline;
                    return Ok(());
                }
                other @ (FromCore::Ready { .. } | FromCore::Error { .. }) => {
                    return Err(unexpected("`output` or `idle`", &other));
                }
            }
        }
    }

    /// Says something and returns until when it must be answered.
    fn say(&self, message: &ToCore) -> Result<Instant, CoreError> {
        let mut line = serde_json::to_string(message)
            .map_err(|error| CoreError::Failed { reason: format!("a message cannot be written: {error}") })?;
        line.push('\n');
        self.process.say(line);
        Ok(Instant::now() + self.limits.answer)
    }

    fn hear(&mut self, until: Instant) -> Result<FromCore, CoreError> {
        let line = self.process.hear(until).map_err(|silence| CoreError::Failed {
            reason: match silence {
                Silence::TimedOut => {
                    format!("no complete answer within {:?}; every answer ends with `idle`", self.limits.answer)
                }
                Silence::Closed => format!("it closed its output: {}", self.process.obituary()),
                Silence::NotALine(error) => error.to_string(),
            },
        })?;
        serde_json::from_str(&line).map_err(|error| CoreError::Failed {
            reason: format!("`{}` is not a message of the core protocol: {error}", line::beginning(&line)),
        })
    }
}

fn unexpected(expected: &str, found: &FromCore) -> CoreError {
    let reason = match found {
        FromCore::Error { reason } => format!("it gave up: {reason}"),
        FromCore::Ready { .. } => format!("expected {expected}, found `ready`"),
        FromCore::Output(_) => format!("expected {expected}, found `output`"),
        FromCore::Idle { .. } => format!("expected {expected}, found `idle`"),
    };
    CoreError::Failed { reason }
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
