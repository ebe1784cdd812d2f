//! What a story does to its world, as it is played: the wrapper that writes it down.

use std::cell::RefCell;
use std::rc::Rc;

use autoenroll_model::{Facts, SimTime};
use autoenroll_scenario::Simulator;
use autoenroll_trace::Trace;
use autoenroll_world::{ActError, Action, Look, LookError, OpenPrompt, Stepped, WorldError};

/// Something that a story has done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Done {
    /// When.
    pub(crate) at: SimTime,
    /// How many records there were before.
    pub(crate) before: usize,
    /// What.
    pub(crate) action: Action,
}

/// A simulator that writes down what is done to it.
#[derive(Clone, Debug)]
pub(crate) struct Recorder<S> {
    simulator: S,
    done: Rc<RefCell<Vec<Done>>>,
}

impl<S> Recorder<S> {
    /// The wrapper, and where it writes.
    pub(crate) fn new(simulator: S) -> (Self, Rc<RefCell<Vec<Done>>>) {
        let done = Rc::default();
        (Self { simulator, done: Rc::clone(&done) }, done)
    }
}

impl<S: Simulator> Simulator for Recorder<S> {
    fn act(&mut self, action: &Action) -> Result<(), ActError> {
        let (at, before) = (self.simulator.now(), self.simulator.trace().len());
        self.simulator.act(action)?;
        self.done.borrow_mut().push(Done { at, before, action: action.clone() });
        Ok(())
    }
    fn step(&mut self, until: SimTime) -> Result<Stepped, WorldError> {
        self.simulator.step(until)
    }
    fn next_at(&self) -> Option<SimTime> {
        self.simulator.next_at()
    }
    fn now(&self) -> SimTime {
        self.simulator.now()
    }
    fn advance(&mut self, to: SimTime) {
        self.simulator.advance(to);
    }
    fn trace(&self) -> &Trace {
        self.simulator.trace()
    }
    fn forget_before(&mut self, index: usize) {
        self.simulator.forget_before(index);
    }
    fn prompts(&self) -> Vec<OpenPrompt> {
        self.simulator.prompts()
    }
    fn look(&self, what: &Look) -> Result<Facts, LookError> {
        self.simulator.look(what)
    }
}
