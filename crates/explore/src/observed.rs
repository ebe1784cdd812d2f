//! A world that is a simulator of stories, and notes what is done in it.

use std::cell::RefCell;
use std::rc::Rc;

use autoenroll_model::{Facts, SimTime};
use autoenroll_scenario::Simulator;
use autoenroll_trace::Trace;
use autoenroll_world::{ActError, Action, Look, LookError, OpenPrompt, Stepped, WorldError};

use crate::player::StoryWorld;

/// A world whose actions are looked at before they are done; what was made of one is kept when it could be done.
pub(crate) struct Observed<L, C> {
    pub(crate) world: StoryWorld,
    /// What is made of an action.
    pub(crate) look_at: L,
    /// All that was made, for whoever has given the world away to play a story on.
    pub(crate) kept: Rc<RefCell<C>>,
}

impl<T, L, C> Simulator for Observed<L, C>
where
    L: Fn(&StoryWorld, &Action) -> Option<T>,
    C: Extend<T>,
{
    fn act(&mut self, action: &Action) -> Result<(), ActError> {
        let made = (self.look_at)(&self.world, action);
        self.world.act(action)?;
        self.kept.borrow_mut().extend(made);
        Ok(())
    }
    fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        self.world.step(until)
    }
    fn next_at(&self) -> Option<SimTime> {
        self.world.next_at()
    }
    fn now(&self) -> SimTime {
        self.world.now()
    }
    fn advance(&mut self, to: SimTime) {
        self.world.advance(to);
    }
    fn trace(&self) -> &Trace {
        self.world.trace()
    }
    fn forget_before(&mut self, index: usize) {
        Simulator::forget_before(&mut self.world, index);
    }
    fn prompts(&self) -> Vec<OpenPrompt> {
        self.world.prompts()
    }
    fn look(&self, what: &Look) -> Result<Facts, LookError> {
        self.world.look(what)
    }
}
