//! What the runner needs of a world.

use autoenroll_model::{CoreFactory, Facts, SimTime};
use autoenroll_trace::Trace;
use autoenroll_world::{ActError, Action, CaHost, CardHost, Look, LookError, OpenPrompt, Stepped, World, WorldError};

/// A world that is stepped through: the simulator, or a script in tests of the language itself.
pub trait Simulator {
    /// Does something at once.
    ///
    /// # Errors
    /// When it cannot be done now.
    fn act(&mut self, action: &Action) -> Result<(), ActError>;

    /// Handles exactly one event, the next one at or before `until`, and moves the clock to it.
    ///
    /// # Errors
    /// When the world cannot go on.
    fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError>;

    /// When the next event is due.
    fn next_at(&self) -> Option<SimTime>;

    /// The time.
    fn now(&self) -> SimTime;

    /// Moves the clock, as far as the next event at most.
    fn advance(&mut self, to: SimTime);

    /// Everything that has happened.
    fn trace(&self) -> &Trace;

    /// Records before that index are not asked for again.
    fn forget_before(&mut self, index: usize);

    /// The prompts that are open.
    fn prompts(&self) -> Vec<OpenPrompt>;

    /// Looks at something.
    ///
    /// # Errors
    /// When it does not exist.
    fn look(&self, what: &Look) -> Result<Facts, LookError>;

    /// Whether the play is left here for a moment, after an action or an event, before it goes on.
    fn pauses(&self) -> bool {
        false
    }
}

impl<F: CoreFactory, C: CardHost, A: CaHost> Simulator for World<F, C, A> {
    fn act(&mut self, action: &Action) -> Result<(), ActError> {
        Self::act(self, action)
    }
    fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        Self::step(self, until)
    }
    fn next_at(&self) -> Option<SimTime> {
        Self::next_at(self)
    }
    fn now(&self) -> SimTime {
        Self::now(self)
    }
    fn advance(&mut self, to: SimTime) {
        Self::advance(self, to);
    }
    fn trace(&self) -> &Trace {
        Self::trace(self)
    }
    fn forget_before(&mut self, index: usize) {
        Self::forget_before(self, index);
    }
    fn prompts(&self) -> Vec<OpenPrompt> {
        Self::prompts(self)
    }
    fn look(&self, what: &Look) -> Result<Facts, LookError> {
        Self::look(self, what)
    }
}

/// A world that is looked at when the play is over.
impl<S: Simulator> Simulator for &mut S {
    fn act(&mut self, action: &Action) -> Result<(), ActError> {
        (**self).act(action)
    }
    fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        (**self).step(until)
    }
    fn next_at(&self) -> Option<SimTime> {
        (**self).next_at()
    }
    fn now(&self) -> SimTime {
        (**self).now()
    }
    fn advance(&mut self, to: SimTime) {
        (**self).advance(to);
    }
    fn trace(&self) -> &Trace {
        (**self).trace()
    }
    fn forget_before(&mut self, index: usize) {
        (**self).forget_before(index);
    }
    fn prompts(&self) -> Vec<OpenPrompt> {
        (**self).prompts()
    }
    fn look(&self, what: &Look) -> Result<Facts, LookError> {
        (**self).look(what)
    }
    fn pauses(&self) -> bool {
        (**self).pauses()
    }
}
