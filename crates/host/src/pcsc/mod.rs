//! The other side of the reader: cards as the PC/SC library of the system shows them.
//!
//! [`Reader`] is one reader, with a limit to every wait, and [`Reader::perform`] the CSP over it. [`PcscCards`] keeps a
//! world's cards behind the readers of a [`Stack`], a private pcscd that the whole process talks to.

mod cards;
mod gone;
mod reader;
mod stack;

pub use cards::{Fault, Ledger, PcscCards};
pub use gone::card_gone;
pub use reader::Reader;
pub use stack::{Entered, Stack, StackError};
