//! Every operation against a virtual card in memory.
#![cfg(test)]

mod faults;
mod garbage;
mod images;
mod operations;
mod pins;
mod piv;
mod reader;
mod trace;
