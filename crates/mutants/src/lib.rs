//! Planted bugs: cores, cards and rules made wrong on purpose, to see which scenario notices.
//!
//! A suite of scenarios is worth what it catches. [`PlantedBug`] lists mistakes that an implementation of autoenrollment may make;
//! each is planted from outside, by wrapping any core ([`Sabotaged`]) or the cards of a world ([`SabotagedCards`]).
//!
//! It deliberately lacks any verdict of its own: a bug counts as caught when a step or an invariant of a scenario fails, nothing
//! else. Nothing in the crates below knows of it.
#![forbid(unsafe_code)]

mod bug;
mod cards;
#[cfg(feature = "planted-bugs")]
mod hunt;
mod mutant;
mod report;
mod sabotage;
mod tricks;

pub use bug::PlantedBug;
pub use cards::SabotagedCards;
#[cfg(feature = "planted-bugs")]
pub use hunt::{Hunt, Progress, Story, run_mutants};
pub use mutant::{Mutant, UnknownMutant};
pub use report::{Fate, How, MutantReport, MutantRow};
pub use sabotage::{Sabotaged, SabotagedFactory};
