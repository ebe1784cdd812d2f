//! Works whose cost is measured: `autoenroll-works WORK SIZE` does one of them once, and nothing else.
//!
//! What counts is [`measured`] alone: callgrind is told to count within it (`--toggle-collect`), and with `--time` the
//! program prints the nanoseconds of processor time of it, and how many records its traces have. What it needs is made
//! before, and taken apart after it. It deliberately lacks any judgement: which sizes, which costs and which growth are
//! right, `cargo xtask speed` says.

mod crowds;
mod growth;
mod keys;
mod pulses;
mod stage;
mod stories;
mod traces;

use std::any::Any;
use std::process::ExitCode;

use autoenroll_model::SimTime;

/// A work that is ready to be done.
pub(crate) type Ready = Box<dyn FnOnce() -> Done>;

/// What a work leaves.
pub(crate) struct Done {
    /// How many records the traces have that it left, if any.
    pub(crate) records: usize,
    /// Taken apart after the measurement.
    pub(crate) left: Box<dyn Any>,
}

impl Done {
    /// A work that is not about traces.
    pub(crate) fn with(left: impl Any) -> Self {
        Self { records: 0, left: Box::new(left) }
    }
}

/// A work, and what its size is.
pub(crate) struct Work {
    name: &'static str,
    size: &'static str,
    prepare: fn(u64) -> Ready,
}

const WORKS: &[&[Work]] = &[crowds::WORKS, growth::WORKS, keys::WORKS, pulses::WORKS, stories::WORKS, traces::WORKS];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let timed = arguments.last() == Some(&"--time");
    let found = match arguments[..] {
        [name, size] | [name, size, "--time"] => work(name).zip(size.parse().ok()),
        _ => None,
    };
    let Some((work, size)) = found else {
        eprintln!("usage: autoenroll-works WORK SIZE [--time]");
        for work in WORKS.iter().copied().flatten() {
            eprintln!("  {:24} {}", work.name, work.size);
        }
        return ExitCode::from(2);
    };
    let mut ready = Some((work.prepare)(size));
    let mut done = None;
    let before = processor_time();
    measured(&mut || done = ready.take().map(|ready| ready()));
    if timed {
        let took = processor_time().saturating_sub(before);
        println!("{took} {}", done.as_ref().map_or(0, |done| done.records));
    }
    drop(done.map(|done| done.left));
    ExitCode::SUCCESS
}

/// What is counted. Its name is what callgrind is told, so it is a function of its own.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // Not the last thing it does, or the call would be a jump, and this function over before the work.
    std::hint::black_box(SimTime::START);
}

fn work(name: &str) -> Option<&'static Work> {
    WORKS.iter().copied().flatten().find(|work| work.name == name)
}

/// Nanoseconds that this thread has had a processor; 0 where the system does not say.
fn processor_time() -> u64 {
    // The account is brought up to date when another thread might run.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split_whitespace().next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or_default()
}
