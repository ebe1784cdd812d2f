//! Messages to and from a child process, one at a time, each answer within a limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use serde::Serialize;

use crate::breach::Breach;
use crate::limits::Limits;
use crate::line;
use crate::process::{Command, Process, Silence};
use crate::protocol::FromCore;

/// A child process that speaks the protocol.
#[derive(Debug)]
pub(crate) struct Wire {
    process: Process,
    pub(crate) limits: Limits,
    /// How often a core of this program has hung.
    hung: Arc<AtomicU32>,
}

impl Wire {
    pub(crate) fn start(command: &Command, limits: Limits, hung: Arc<AtomicU32>) -> Result<Self, Breach> {
        let process = Process::start(command, limits.line)
            .map_err(|error| Breach::NotStarted { command: command.to_string(), reason: error.to_string() })?;
        Ok(Self { process, limits, hung })
    }

    /// Says something and returns until when it must be answered.
    pub(crate) fn say(&self, message: &impl Serialize) -> Result<Instant, Breach> {
        let mut line = serde_json::to_string(message).map_err(|error| Breach::NotAMessage {
            found: "a message of the bench".to_owned(),
            reason: error.to_string(),
        })?;
        line.push('\n');
        self.process.say(line);
        Ok(Instant::now() + self.limits.answer)
    }

    /// The next message, waited for until that moment.
    pub(crate) fn hear(&mut self, until: Instant) -> Result<FromCore, Breach> {
        let line = self.process.hear(until).map_err(|silence| match silence {
            Silence::TimedOut => {
                self.hung.fetch_add(1, Ordering::Relaxed);
                Breach::TimedOut { limit: self.limits.answer }
            }
            Silence::Closed => Breach::Closed { end: self.process.obituary() },
            Silence::NotALine(error) => Breach::NotALine(error),
        })?;
        serde_json::from_str(&line)
            .map_err(|error| Breach::NotAMessage { found: line::beginning(&line), reason: error.to_string() })
    }

    /// Closes the input and waits until the process ends or that moment comes; whether it ended.
    pub(crate) fn close(&mut self, until: Instant) -> bool {
        self.process.close(until)
    }
}
