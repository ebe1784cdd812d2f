//! A worker: plays cases one after the other and says on its standard output which, and what came of each.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bench::Bench;
use crate::case::{Cases, Done};
use crate::kind::Kind;
use crate::watch::MOST_GROWTH;

/// Plays cases from one number up to another. Every line is a word, and what belongs to it: `begin CASE KIND`,
/// `rule ID`, `end OUTCOME`, `broken TEXT`.
///
/// # Errors
/// When nobody reads the lines any more.
pub fn work(cases: &mut Cases, from: u64, until: u64, keep: Option<&Path>, out: &mut impl Write) -> io::Result<()> {
    let place: Arc<Mutex<String>> = Arc::default();
    let panicked = Arc::clone(&place);
    std::panic::set_hook(Box::new(move |panic| {
        *panicked.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
    }));
    let mut told = BTreeSet::new();
    for case in from..until {
        let kind = cases.kind(case);
        writeln!(out, "begin {case} {kind}")?;
        out.flush()?;
        let before = memory::forget_peak();
        let outcome = catch_unwind(AssertUnwindSafe(|| cases.play(case)));
        let outcome = outcome
            .unwrap_or_else(|_| Err(format!("a panic: {}", place.lock().unwrap_or_else(PoisonError::into_inner))));
        let grown = memory::peak().zip(before).map_or(0, |(peak, before)| peak.saturating_sub(before));
        let outcome = match outcome {
            Ok(_) if grown > MOST_GROWTH => Err(format!("memory grows by {} MiB", grown >> 20)),
            outcome => outcome,
        };
        match outcome {
            Ok(Done { came, rules, .. }) => {
                // What a story of the suite reaches says nothing about damaged ones.
                let rules = if kind == Kind::Scenario { rules } else { Vec::new() };
                for rule in rules.into_iter().filter(|rule| told.insert(rule.clone())) {
                    writeln!(out, "rule {rule}")?;
                }
                writeln!(out, "end {came}")?;
            }
            Err(what) => {
                if let (Some(folder), Some((name, bytes))) = (keep, cases.take_input()) {
                    // What cannot be kept can still be made again from its number.
                    let _unkept = fs::write(folder.join(format!("{case}-{name}")), bytes);
                }
                writeln!(out, "broken {}", what.replace('\n', "\u{2028}"))?;
            }
        }
        out.flush()?;
    }
    writeln!(out, "done")?;
    out.flush()
}

/// Writes what a case is about to a file, before it is played.
///
/// # Errors
/// With what does not hold.
pub fn replay(cases: &mut Cases, case: u64, folder: &Path) -> Result<Done, String> {
    println!("case {case}: {}", cases.kind(case));
    let outcome = cases.play(case);
    if let Some((name, bytes)) = cases.take_input() {
        let path = folder.join(format!("{case}-{name}"));
        fs::write(&path, bytes).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        println!("its input: {}", path.display());
    }
    outcome
}

/// The rules that decide something in the suite.
///
/// # Errors
/// When the suite cannot be read.
pub fn rules_of_suite() -> Result<BTreeSet<String>, String> {
    let stories = autoenroll_cli::suite()?;
    Ok(Bench::new().decided(stories.iter().map(|story| &story.scenario)))
}

/// What this process takes of the machine's memory, where the system tells.
mod memory {
    use std::fs;

    /// Forgets the highest value so far, and says the present one, in bytes.
    pub(super) fn forget_peak() -> Option<u64> {
        // Linux: 5 resets the peak resident set size (proc_pid_clear_refs(5)).
        fs::write("/proc/self/clear_refs", "5").ok()?;
        of("VmRSS:")
    }

    /// The highest value since it was forgotten.
    pub(super) fn peak() -> Option<u64> {
        of("VmHWM:")
    }

    fn of(name: &str) -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
    }
}
