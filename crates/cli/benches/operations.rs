//! How many operations with keys a run of all scenarios asks for, and that each is computed once:
//! `cargo bench -p autoenroll-cli --bench operations`.

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use autoenroll_cli::{Exit, call, count_keys};

fn main() -> ExitCode {
    let counts = count_keys();
    let began = Instant::now();
    match call(["autoenroll", "run", "--quiet"], io::sink()) {
        Ok(Exit::Ok) => {}
        other => {
            eprintln!("the suite did not pass: {other:?}");
            return ExitCode::FAILURE;
        }
    }
    println!("all scenarios in {:.2} s", began.elapsed().as_secs_f64());
    println!("{:<24}{:>10}{:>10}{:>16}", "operation", "asked", "distinct", "computed each");
    let mut once = true;
    for count in counts.by_operation() {
        let operation = count.operation.as_str();
        println!("{operation:<24}{:>10}{:>10}{:>16}", count.asked, count.distinct, count.most_computed);
        once &= count.most_computed == 1;
    }
    if once { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
