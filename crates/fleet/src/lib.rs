//! Many machines of one world, and what they ask of its servers: directory, CAs, policy servers.
//!
//! Each member of a [`Fleet`], a computer or a user, is played alone by the real core in the real simulator, with
//! symbolic keys ([`play`]). Nothing is kept of it but when it asked which server for something, in seconds
//! ([`Arrivals`]): machines influence each other through servers alone. The arrivals of all members then go through a
//! model of each server, one queue that is served in order at a given rate ([`Load`]).
//!
//! It deliberately lacks feedback: a member gets its answers at once, however long the queue is, and does not slow
//! down, give up or try again. Where the model says that a server is hours behind, the real one would be hours behind
//! and the clients would behave otherwise.
#![forbid(unsafe_code)]

mod arrivals;
mod fleet;
mod load;
mod member;

pub use arrivals::{Arrivals, Server};
pub use fleet::{Enrolled, Fleet, FleetError, MOST_DAYS, MOST_JITTER, MOST_MEMBERS, MOST_WINDOW, Shard};
pub use load::{Load, MOST_PER_SECOND, Moment, queues};
pub use member::play;
