//! Stories that nobody wrote.
//!
//! A [`Setting`](setting::Setting) is a world, a [`Menu`](menu::Menu) says what can be done in it, and one generator
//! ([`generate`]) makes stories of both, asking its [`Choices`](choices::Choices) for everything. A story is played on
//! a world, move by move ([`player`]), and breaks when an invariant does, when the world does not go on, or when
//! something panics. What is found is made as short as it gets ([`shrink`]) and written down as a scenario file
//! ([`file`](mod@file)).
//!
//! Drivers decide which stories there are: [`random`] draws them, [`pairs`] sees to it that every two things meet,
//! [`neighbours`] changes a story that somebody wrote in one thing, [`grown`] tells stories on from moments of others,
//! [`breadth`] tries everything to a depth. [`drive`](mod@drive)
//! plays them in threads and parts, and a [`Report`](report::Report) is the same whatever their number.
//!
//! Beside what breaks, a story that comes to nothing is searched for the step that lost it ([`could_have`]), and the
//! suite for answers that it never gives ([`coverage`]).
//!
//! It deliberately lacks any law of its own: what must hold is the business of `invariants`.
#![forbid(unsafe_code)]

pub mod breadth;
pub mod choices;
pub mod could_have;
pub mod coverage;
pub mod drive;
pub mod everything;
pub mod file;
pub mod generate;
pub mod grown;
pub mod law;
pub mod menu;
pub mod neighbours;
mod observed;
pub mod pairs;
pub mod player;
pub mod random;
pub mod report;
pub mod setting;
pub mod shrink;
pub mod stage;
pub mod story;
