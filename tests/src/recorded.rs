//! The core protocol of every session of a story: what a bench would say to a core in another process, and what it
//! would answer.

use std::cell::RefCell;
use std::rc::Rc;

use autoenroll_foreign::protocol::{FromCore, ToCore, VERSION};
use autoenroll_model::{CoreError, CoreFactory, EnrollmentCore, Identity, Input, Now, Output, SimTime};

/// A message of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The bench says it.
    ToCore(Box<ToCore>),
    /// The core says it.
    FromCore(Box<FromCore>),
}

/// Starts cores and keeps what is said to them and by them.
#[derive(Clone, Debug)]
pub struct Recorder<F> {
    factory: F,
    said: Rc<RefCell<Vec<Message>>>,
}

impl<F> Recorder<F> {
    /// Keeps what cores of that factory say and hear.
    #[must_use]
    pub fn new(factory: F) -> Self {
        Self { factory, said: Rc::default() }
    }

    /// Everything that was said since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Message> {
        self.said.take()
    }
}

impl<F: CoreFactory> CoreFactory for Recorder<F> {
    type Core = Recorded<F::Core>;

    fn start(&mut self, identity: &Identity) -> Result<Self::Core, CoreError> {
        let mut core = Recorded { core: self.factory.start(identity)?, said: Rc::clone(&self.said), handled: 0 };
        core.hears(ToCore::Start { protocol: VERSION, features: Vec::new(), identity: identity.clone() });
        core.says(FromCore::Ready { protocol: VERSION, core: "recorded".to_owned(), features: Vec::new() });
        Ok(core)
    }
}

/// A core of which everything is kept.
#[derive(Debug)]
pub struct Recorded<C> {
    core: C,
    said: Rc<RefCell<Vec<Message>>>,
    handled: u32,
}

impl<C> Recorded<C> {
    fn hears(&mut self, message: ToCore) {
        self.said.borrow_mut().push(Message::ToCore(Box::new(message)));
    }

    fn says(&mut self, message: FromCore) {
        self.said.borrow_mut().push(Message::FromCore(Box::new(message)));
    }
}

impl<C: EnrollmentCore> EnrollmentCore for Recorded<C> {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.handled += 1;
        self.hears(ToCore::Handle { number: self.handled, now, input: input.clone() });
        let outcome = self.core.handle(now, input);
        if let Err(error) = &outcome {
            self.says(FromCore::Error(error.clone()));
        }
        outcome
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        let output = self.core.poll()?;
        self.says(match &output {
            Some(output) => FromCore::output(self.handled, output.clone()),
            None => FromCore::Idle { number: self.handled, deadline: self.core.deadline() },
        });
        Ok(output)
    }

    fn deadline(&self) -> Option<SimTime> {
        self.core.deadline()
    }
}
