//! Planted bugs: cores, cards and rules made wrong on purpose, to see which scenario notices.
//!
//! A suite of scenarios is worth what it catches. There are three kinds of mutants, and a behaviour has one of them
//! only:
//!
//! * [`PlantedBug`] lists mistakes that an implementation of autoenrollment may make. Each is planted from outside, by
//!   wrapping any core ([`Sabotaged`]) or the cards of a world ([`SabotagedCards`]).
//! * [`Mutant::Flipped`] inverts one rule: its condition comes out the other way, or what it asks for is left out. That
//!   is done where decisions are recorded, in `autoenroll_model::Decisions`, and only with the feature `planted-bugs`.
//! * Files in `patches` change the sources of the core, for what neither of these can do. `cargo xtask patches` applies
//!   them to a copy.
//!
//! It deliberately lacks any verdict of its own: a mutant counts as caught when a step or an invariant of a scenario
//! fails, nothing else. No crate below contains the wrong behaviour of any of them.
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
