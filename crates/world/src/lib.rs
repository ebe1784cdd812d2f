//! The deterministic simulator.
//!
//! A [`World`] holds a domain, computers, users, readers, cards and CAs, runs one enrollment core for each logged-on user and
//! each booted computer, and carries out what the cores ask for, under a clock that is only a number. Everything that happens is
//! appended to a [`Trace`].
//!
//! It deliberately lacks expectations and verdicts (the scenario runner's), files, real clocks and threads: the same description
//! and the same actions give the same trace, byte for byte.
#![forbid(unsafe_code)]

pub mod action;
mod error;
mod look;
mod parts;
pub mod spec;

pub use action::Action;
use autoenroll_model::{CoreFactory, Facts, SimTime};
use autoenroll_trace::Trace;
pub use error::{ActError, SpecError, Thing, Unknown, WorldError};
pub use look::{Look, LookError, OpenPrompt};
pub use parts::{InProcess, Parts};
pub use spec::WorldSpec;

/// More events than this in one instant mean that something does not come to rest.
pub const EVENTS_PER_INSTANT: u32 = 10_000;

/// A simulated domain with its cores, driven step by step.
#[derive(Clone, Debug)]
pub struct World<F: CoreFactory, P: Parts> {
    spec: WorldSpec,
    factory: F,
    parts: P,
    now: SimTime,
    trace: Trace,
}

/// What [`World::step`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// It handled one event.
    Handled,
    /// Nothing is due until then; the clock did not move.
    Quiet,
}

impl<F: CoreFactory, P: Parts> World<F, P> {
    /// Builds a world.
    ///
    /// # Errors
    /// When the description names what does not exist, or something in it cannot be made.
    pub fn new(spec: WorldSpec, factory: F, parts: P) -> Result<Self, SpecError> {
        Ok(Self { spec, factory, parts, now: SimTime::START, trace: Trace::new() })
    }

    /// Does something at once, at the time the world shows.
    ///
    /// # Errors
    /// When it cannot be done now; nothing has happened then, unless it is [`ActError::World`].
    pub fn act(&mut self, action: &Action) -> Result<(), ActError> {
        let _ = (action, &self.factory, &self.parts);
        Ok(())
    }

    /// Handles exactly one event, the next one at or before `until`, and moves the clock to it.
    ///
    /// # Errors
    /// When the world does not come to rest, or a core fails.
    pub fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        let _ = until;
        Ok(Stepped::Quiet)
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<SimTime> {
        None
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// What the wall clock shows.
    #[must_use]
    pub fn wall(&self) -> autoenroll_model::FileTime {
        self.spec.start
    }

    /// Moves the clock, as far as the next event at most. Never backwards.
    pub fn advance(&mut self, to: SimTime) {
        let limit = self.next_at().map_or(to, |next| next.min(to));
        self.now = self.now.max(limit);
    }

    /// Everything that has happened.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The prompts that are open, in the order of their users and of their opening.
    #[must_use]
    pub fn prompts(&self) -> Vec<OpenPrompt> {
        Vec::new()
    }

    /// Looks at something, without leaving a record.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn look(&self, what: &Look) -> Result<Facts, LookError> {
        let _ = what;
        Ok(Facts::new())
    }
}
