//! A core with a planted bug: any core, whose messages to and from its driver are changed.

use std::collections::VecDeque;

use autoenroll_model::{
    Cause, CoreError, CoreFactory, EnrollmentCore, Identity, Input, Now, Output, OutputBody, SimTime,
};

use crate::PlantedBug;
use crate::tricks::{Move, Saboteur};

/// Starts cores with a planted bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SabotagedFactory<F> {
    factory: F,
    bug: Option<PlantedBug>,
}

impl<F> SabotagedFactory<F> {
    /// Cores of that factory with that bug; without one they behave as they are.
    #[must_use]
    pub const fn new(factory: F, bug: Option<PlantedBug>) -> Self {
        Self { factory, bug }
    }
}

impl<F: CoreFactory> CoreFactory for SabotagedFactory<F> {
    type Core = Sabotaged<F::Core>;

    fn start(&mut self, identity: &Identity) -> Result<Self::Core, CoreError> {
        let core = self.factory.start(identity)?;
        Ok(Sabotaged::new(core, identity, self.bug))
    }
}

/// A core with a planted bug. Bugs of cards leave it as it is.
#[derive(Clone, Debug)]
pub struct Sabotaged<C> {
    core: C,
    saboteur: Saboteur,
    outputs: VecDeque<Output>,
    numbers: Numbers,
}

impl<C: EnrollmentCore> Sabotaged<C> {
    /// That core, which was started for that identity, with that bug.
    #[must_use]
    pub fn new(core: C, identity: &Identity, bug: Option<PlantedBug>) -> Self {
        let saboteur = Saboteur::new(bug, identity);
        Self { core, saboteur, outputs: VecDeque::new(), numbers: Numbers::default() }
    }

    /// Tells the core something and changes what it says to that; the inputs that the saboteur makes of it.
    fn tell(&mut self, now: Now, input: Input) -> Result<Vec<Input>, CoreError> {
        let now = self.saboteur.time(now, &input);
        self.numbers.told();
        self.core.handle(now, input)?;
        let mut inputs = Vec::new();
        while let Some(output) = self.core.poll()? {
            let causes = self.numbers.translate(&output.causes);
            let before = self.numbers.put;
            for step in self.saboteur.output(now, output.body) {
                match step {
                    Move::Tell(input) => inputs.push(input),
                    Move::Put(body) => self.put(body, causes.clone()),
                }
            }
            self.numbers.spoken(before);
        }
        Ok(inputs)
    }

    fn put(&mut self, body: OutputBody, causes: Vec<Cause>) {
        self.numbers.put += 1;
        self.outputs.push_back(Output { causes: causes.into(), body });
    }
}

/// More inputs than this out of one mean that saboteur and core keep each other busy.
const MOST_INPUTS: usize = 1_000;

impl<C: EnrollmentCore> EnrollmentCore for Sabotaged<C> {
    fn handle(&mut self, now: Now, input: Input) -> Result<(), CoreError> {
        self.numbers.given += 1;
        let mut inputs = VecDeque::new();
        for step in self.saboteur.input(input) {
            match step {
                Move::Tell(input) => inputs.push_back(input),
                Move::Put(body) => self.put(body, vec![Cause::Input(self.numbers.given)]),
            }
        }
        for _ in 0..MOST_INPUTS {
            let Some(input) = inputs.pop_front() else { return Ok(()) };
            inputs.extend(self.tell(now, input)?);
        }
        Err(CoreError::Failed { reason: format!("a planted bug made more than {MOST_INPUTS} inputs out of one") })
    }

    fn poll(&mut self) -> Result<Option<Output>, CoreError> {
        Ok(self.outputs.pop_front())
    }

    fn deadline(&self) -> Option<SimTime> {
        self.saboteur.deadline(self.core.deadline())
    }
}

/// Inputs and outputs as the core counts them, and as its driver does: causes refer to them by number.
#[derive(Clone, Debug, Default)]
struct Numbers {
    /// Inputs that the driver has given.
    given: u32,
    /// For each input of the core, the driver's input that it came from.
    inputs: Vec<u32>,
    /// Outputs that the driver has seen, or will.
    put: u32,
    /// For each output of the core, the driver's output that came of it.
    outputs: Vec<Option<u32>>,
}

impl Numbers {
    /// The core is told something.
    fn told(&mut self) {
        self.inputs.push(self.given);
    }

    /// An output of the core has been dealt with; before it there were that many.
    fn spoken(&mut self, before: u32) {
        self.outputs.push((self.put > before).then_some(before + 1));
    }

    /// The causes in the driver's numbers; what the driver does not know is left out.
    fn translate(&self, causes: &[Cause]) -> Vec<Cause> {
        let nth = |n: u32| usize::try_from(n).ok()?.checked_sub(1);
        let one = |cause: &Cause| match *cause {
            Cause::Input(n) => self.inputs.get(nth(n)?).copied().map(Cause::Input),
            Cause::Output(n) => self.outputs.get(nth(n)?).copied().flatten().map(Cause::Output),
            Cause::Decision(id) => Some(Cause::Decision(id)),
        };
        causes.iter().filter_map(one).collect()
    }
}
