//! Worlds as their drivers use them: with the real core, and with scripted ones.

mod cards;
mod events;
mod founding;
mod invariants;
mod lab;
mod toy;
