//! The PIV application, row by row.
//!
//! Status words are those of SP 800-73-4; where it leaves a choice, the rows say what this card chose.

mod host;
mod keys;
mod management;
mod matrix;
mod objects;
mod personalise;
mod pin;
mod select;
mod vendor;

use host::MANAGEMENT_KEY;
pub(crate) use host::{decrypt, encrypt, full, generate, managed, template, value};
