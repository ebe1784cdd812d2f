//! Damaged files and requests by the million: `cargo run --release -p autoenroll-oracles --example fuzz -- [COUNT]`.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use autoenroll_oracles::fuzz::{Target, peak_memory};

/// The number of the input at hand, for the message of a panic.
static AT: AtomicU64 = AtomicU64::new(0);
/// More memory than this no input needs, nor all of them together.
const MOST_MEMORY: u64 = 256 * 1024;

fn main() -> ExitCode {
    let count = match std::env::args().nth(1).map(|count| count.parse::<u64>()) {
        None => 1_000_000,
        Some(Ok(count)) => count,
        Some(Err(error)) => {
            eprintln!("how many? {error}");
            return ExitCode::from(2);
        }
    };
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        eprintln!("at input {}:", AT.load(Ordering::Relaxed));
        usual(panic);
    }));
    for mut target in Target::all() {
        let start = Instant::now();
        eprintln!("{} ...", target.name());
        match target.run(count, |index| AT.store(index, Ordering::Relaxed)) {
            Ok(report) => println!(
                "{:>9} {:<21} {:>8} accepted, {:>6.1} s, slowest {:?} (input {})",
                report.inputs,
                report.target,
                report.accepted,
                start.elapsed().as_secs_f64(),
                report.slowest.0,
                report.slowest.1
            ),
            Err(broken) => {
                println!("{broken}");
                return ExitCode::FAILURE;
            }
        }
    }
    let Some(peak) = peak_memory() else { return ExitCode::SUCCESS };
    println!("at most {} MiB of memory", peak / 1024);
    if peak > MOST_MEMORY { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
