//! The core by itself, through one driver: phases and states, failing effects, a broken contract, states that cross.

mod contract;
mod crossings;
mod driver;
mod failures;
mod rules;
mod wizard;
