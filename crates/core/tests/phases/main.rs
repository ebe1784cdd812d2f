//! The core by itself, through one driver: phases and states, failing effects, a broken contract, states that cross,
//! and what tells states apart.

mod contract;
mod crossings;
mod driver;
mod failures;
mod rules;
mod states;
mod wizard;
