//! Damaged files and requests, by the million: every reader comes to an end without a panic, takes little time and memory, and
//! the CA issues nothing that its policy forbids.
//!
//! An input is drawn from the number of its target and its own number alone, so that any one of them can be made again:
//! [`Target::input`].

mod documents;
mod mutate;
mod requests;

use std::time::{Duration, Instant};

use documents::Documents;
use requests::Requests;

/// What is done with a damaged input.
enum Kind {
    Requests(Box<Requests>),
    Documents(Documents),
}

/// A kind of input and what reads it.
pub struct Target {
    name: &'static str,
    number: u64,
    kind: Kind,
}

/// What came of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Name of the reader or CA that was fuzzed.
    pub target: &'static str,
    /// How many inputs there were.
    pub inputs: u64,
    /// How many of them were read without an error, or issued.
    pub accepted: u64,
    /// How long the slowest took, and which one it was.
    pub slowest: (Duration, u64),
}

/// No input takes longer, not even on a busy machine.
const LONGEST: Duration = Duration::from_secs(5);

impl Target {
    /// Every target.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let kinds = [
            ("requests", Kind::Requests(Box::new(Requests::new()))),
            ("LDIF files", Kind::Documents(Documents::ldif())),
            ("security descriptors", Kind::Documents(Documents::security_descriptors())),
            ("Registry.pol files", Kind::Documents(Documents::registry_pol())),
        ];
        (0..).zip(kinds).map(|(number, (name, kind))| Self { name, number, kind }).collect()
    }

    /// What kind of input it is.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// An input.
    #[must_use]
    pub fn input(&self, index: u64) -> Vec<u8> {
        let mut dice = mutate::Dice::new(self.number << 40 | index);
        match &self.kind {
            Kind::Requests(requests) => requests.input(&mut dice),
            Kind::Documents(documents) => documents.input(&mut dice),
        }
    }

    /// Hands over the first `count` inputs; `about_to` is told the number of each before.
    ///
    /// # Errors
    /// With the first input for which something does not hold, and what.
    pub fn run(&mut self, count: u64, about_to: impl Fn(u64)) -> Result<Report, Broken> {
        let mut report = Report { target: self.name, inputs: count, accepted: 0, slowest: (Duration::ZERO, 0) };
        for index in 0..count {
            about_to(index);
            let input = self.input(index);
            let start = Instant::now();
            let outcome = match &mut self.kind {
                Kind::Requests(requests) => requests.check(&input, index),
                Kind::Documents(documents) => documents.check(&input),
            };
            let taken = start.elapsed();
            let outcome = outcome.and_then(|accepted| {
                if taken > LONGEST { Err(format!("took {} s", taken.as_secs())) } else { Ok(accepted) }
            });
            match outcome {
                Ok(accepted) => report.accepted += u64::from(accepted),
                Err(what) => return Err(Broken { target: self.name, index, what }),
            }
            report.slowest = report.slowest.max((taken, index));
        }
        Ok(report)
    }
}

/// Something that must hold for every input, and does not for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Name of the reader or CA that was fuzzed.
    pub target: &'static str,
    /// The number of the input.
    pub index: u64,
    /// What does not hold.
    pub what: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "input {} of {}: {}", self.index, self.target, self.what)
    }
}

/// The most memory that this process ever had, in KiB; none where the system does not tell.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
