//! Plays damaged inputs by the million: `cargo xtask abuse`.
#![forbid(unsafe_code)]

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use autoenroll_abuse::case::{Cases, root};
use autoenroll_abuse::kind::Kind;
use autoenroll_abuse::totals::Totals;
use autoenroll_abuse::watch::{Plan, watch};
use autoenroll_abuse::{enroll, seeds, worker};
use clap::Parser;

/// Damaged scenarios, messages and files by the million. Each is judged; a panic, more than 5 s, memory that grows by
/// more than 256 MiB, a wrong exit code and output that is not what the format says are told with the number of the
/// case.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask abuse")]
struct Arguments {
    /// All cases follow from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many cases; those of earlier runs of this seed are gone on with.
    #[arg(long, default_value_t = 10_000)]
    cases: u64,
    /// Stop after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    time: Option<u64>,
    /// Begin with this case instead of the first that was not played.
    #[arg(long, value_name = "CASE")]
    from: Option<u64>,
    /// Cases of this kind only.
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// Play one case in this process, and keep its input.
    #[arg(long, conflicts_with_all = ["cases", "from", "time"])]
    case: Option<u64>,
    /// Where sums, and inputs in which something does not hold, are kept.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Fail where fewer damaged scenarios are played, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 30)]
    played: u64,
    /// Fail where fewer of the rules that the suite reaches are reached, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    reached: u64,
    /// Write the first inputs of all fuzz targets anew, and end.
    #[arg(long)]
    write_seeds: bool,
    /// Enroll so many times, in process and over HTTPS, say how fast and with how much memory, and end.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    enrollments: Option<u64>,
    /// Play cases from a number to another, and say what comes of each: what this program starts itself.
    #[arg(long, num_args = 2, hide = true)]
    work: Option<Vec<u64>>,
}

fn kind(word: &str) -> Result<Kind, String> {
    let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    word.parse().map_err(|_| format!("there are {}", words.join(", ")))
}

fn main() -> ExitCode {
    // Files and channels fail under the command as a process: this program is that process as well.
    let mut words = std::env::args_os().skip(1).peekable();
    if words.peek().is_some_and(|word| word == autoenroll_abuse::AS_COMMAND) {
        return autoenroll_cli::call(words, io::stdout()).map_or_else(|error| error.exit(), Into::into);
    }
    match abuse(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("abuse: {what}");
            ExitCode::FAILURE
        }
    }
}

fn abuse(arguments: &Arguments) -> Result<(), String> {
    let folder = arguments.keep.clone().unwrap_or_else(|| root().join("target/abuse"));
    fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    if arguments.write_seeds {
        return seeds::write(&root().join("fuzz/seeds"));
    }
    if let Some(count) = arguments.enrollments {
        return enroll::run(count);
    }
    if let Some(&[from, until]) = arguments.work.as_deref() {
        let mut cases = Cases::new(arguments.seed, arguments.kind)?;
        // Nobody is there to tell.
        let _unheard = worker::work(&mut cases, from, until, Some(&folder), &mut io::stdout().lock());
        return Ok(());
    }
    if let Some(case) = arguments.case {
        let done = worker::replay(&mut Cases::new(arguments.seed, arguments.kind)?, case, &folder)?;
        println!("everything holds: {}\n{}", done.came, done.why);
        return Ok(());
    }
    let kind = arguments.kind.map(Kind::as_str);
    let sums =
        folder.join(format!("seed-{}{}.json", arguments.seed, kind.map(|kind| format!("-{kind}")).unwrap_or_default()));
    let mut totals = Totals::read(&sums)?;
    if let Some(from) = arguments.from {
        totals = Totals { next: from, ..Totals::default() };
    }
    let until = totals.next + arguments.cases;
    let end = arguments.time.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    watch(Plan { seed: arguments.seed, kind, until, end, keep: &folder, sums: &sums }, &mut totals)?;
    totals.write(&sums)?;
    print!("{totals}");
    println!("the next case of seed {} is {}", arguments.seed, totals.next);
    judge(arguments, &totals)
}

/// Whether everything held, and enough was reached.
fn judge(arguments: &Arguments, totals: &Totals) -> Result<(), String> {
    if totals.of("scenario") > 0 {
        let rules = worker::rules_of_suite()?;
        let (played, reached) = (totals.played(), totals.reached(&rules));
        println!("{played} % of the damaged scenarios were played, and {reached} % of {} rules reached", rules.len());
        let missing: Vec<&str> = rules.difference(&totals.rules).map(String::as_str).collect();
        if !missing.is_empty() {
            println!("not reached: {}", missing.join(", "));
        }
        if played < arguments.played || reached < arguments.reached {
            return Err("too little is reached to say anything".to_owned());
        }
    }
    match totals.broken_in_all {
        0 => Ok(()),
        several => Err(format!("something did not hold in {several} cases, first in {}", totals.broken[0].0)),
    }
}
