//! `autoenroll core`: the own core as a program that speaks the core protocol.

use std::io;

use autoenroll_core::InProcess;
use autoenroll_foreign::serve;

use crate::{Exit, Failure};

/// What the core calls itself.
const NAME: &str = concat!("autoenroll ", env!("CARGO_PKG_VERSION"));

/// Serves one core on standard input and output until the input ends.
pub(crate) fn run() -> Result<Exit, Failure> {
    let mut reader = io::stdin().lock();
    let mut writer = io::BufWriter::new(io::stdout().lock());
    match serve(&mut InProcess::new(), NAME, &mut reader, &mut writer) {
        Ok(()) => Ok(Exit::Ok),
        Err(error) => Err(Failure::Bench(error.to_string())),
    }
}
