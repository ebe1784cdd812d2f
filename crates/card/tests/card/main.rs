//! The GIDS card, and the PIV card, against the published bytes, row by row, and against a fuzzer.
//!
//! `host` is the other side of the reader: what the tests send and expect.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod host;
#[cfg(test)]
mod image;
#[cfg(test)]
mod initialisation;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod life_cycle;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod personalise;
#[cfg(test)]
mod pin;
#[cfg(test)]
mod piv;
#[cfg(test)]
mod power;
#[cfg(test)]
mod select;
