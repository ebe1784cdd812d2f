//! `cargo xtask speed`: what the project does takes no more instructions than it did, and grows with what it works on
//! as it should.
//!
//! Instructions are counted by valgrind's callgrind, because they are the same on a machine that is busy. They depend
//! on the compiler and on what the processor can do. What can be pinned is: valgrind shows a program an older
//! processor than most are, without instructions for SHA and without AVX-512, and the C library is told to choose as
//! for that (`count`). For another compiler than that of `xtask/speed.toml` the figures are shown and not judged;
//! growth is judged always.

mod count;
mod figures;
mod programs;
mod table;
mod time;
mod works;

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use clap::{Args, ValueEnum};

use figures::Figures;
use programs::Programs;
use works::{Growth, Work};

/// More than this part of the committed instructions is a loss, unless a work says otherwise.
const TOLERANCE: f64 = 0.05;
/// Twice as much of what is worked on costs twice as much, and a little more for a logarithm.
const MOST_GROWTH: f64 = 1.1;

#[derive(Args)]
pub(crate) struct Options {
    /// Only this work; may be given several times.
    #[arg(long, value_name = "NAME")]
    work: Vec<String>,
    /// Form of the results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Tell which works there are, and measure nothing.
    #[arg(long)]
    list: bool,
    /// Take the figures of this run as those to compare with from now on. What grows too fast fails all the same.
    #[arg(long, conflicts_with = "table")]
    accept: bool,
    /// Measure the programs `autoenroll` and `autoenroll-works` in this directory instead of building them.
    #[arg(long, value_name = "DIRECTORY")]
    programs: Option<PathBuf>,
    /// Time works instead, on this machine, and print the table of docs/performance.md.
    #[arg(long, conflicts_with_all = ["format", "list"])]
    table: bool,
    /// With --table: a column for what was built from another commit, with the directory in which its programs
    /// `autoenroll` and, if it could be built, `autoenroll-works` are. May be given several times.
    #[arg(long, value_name = "COLUMN=DIRECTORY", requires = "table")]
    base: Vec<String>,
    /// With --table: also write it into docs/performance.md.
    #[arg(long, requires = "table")]
    write: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people.
    Text,
    /// One object a line.
    Json,
}

/// Runs the chore.
///
/// # Errors
/// When something cannot be measured, takes more instructions than it may, or grows faster than it may.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let is_meant = |name: &str| options.work.is_empty() || options.work.iter().any(|only| only == name);
    if let Some(unknown) = options.work.iter().find(|name| !works::names().any(|known| known == *name)) {
        return Err(format!("there is no work `{unknown}`; `cargo xtask speed --list` names all"));
    }
    if options.list {
        works::WORKS.iter().for_each(|work| println!("{:16} {}", work.name, work.what));
        works::GROWTH.iter().for_each(|growth| println!("{:16} growth with {}", growth.name, growth.of));
        return Ok(());
    }
    let programs = match &options.programs {
        Some(directory) => Programs::of(directory)?,
        None => Programs::build()?,
    };
    if options.table {
        return table::run(&programs, &options.base, options.write);
    }
    let works: Vec<&Work> = works::WORKS.iter().filter(|work| is_meant(work.name)).collect();
    let growths: Vec<&Growth> = works::GROWTH.iter().filter(|growth| is_meant(growth.name)).collect();
    let committed = Figures::read()?;
    let found = measure(&programs, &works, &growths)?;
    let Verdicts { mut losses, growths } = judge(&committed, &found, options.format);
    if options.accept {
        committed.accept(&found)?;
        losses.clear();
    }
    let accept = "what is meant is accepted with `cargo xtask speed --accept`, and the commit says why".to_owned();
    let accept = (!losses.is_empty()).then_some(accept);
    let told: Vec<String> = losses.into_iter().chain(accept).chain(growths).collect();
    if told.is_empty() { Ok(()) } else { Err(told.join("\n  ")) }
}

/// What must not be.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verdicts {
    /// Works that take more instructions than they may; these can be accepted.
    losses: Vec<String>,
    /// Works that grow faster than they may; these are mended.
    growths: Vec<String>,
}

/// What was found out about a work.
pub(crate) struct Found {
    name: &'static str,
    instructions: u64,
    tolerance: f64,
    /// The exponent of its growth, the largest it may have, and why it may be more than usual.
    growth: Option<(f64, f64, &'static str)>,
}

/// Counts all of them, as many at a time as there are processors: counts do not depend on what else runs.
fn measure(programs: &Programs, works: &[&Work], growths: &[&Growth]) -> Result<Vec<Found>, String> {
    let once = works.iter().map(|work| work.command(programs));
    let grown = growths.iter().flat_map(|growth| growth.sizes().map(|size| Ok(programs.work(growth.work, size))));
    let commands: Vec<count::Command> = once.chain(grown).collect::<Result<_, _>>()?;
    let counts = in_parallel(&commands)?;
    let (once, grown) = counts.split_at(works.len());
    let of_work = |(work, count): (&&Work, &u64)| Found {
        name: work.name,
        instructions: *count,
        tolerance: work.tolerance,
        growth: None,
    };
    let of_growth = |(growth, counts): (&&Growth, &[u64])| Found {
        name: growth.name,
        instructions: counts.last().copied().unwrap_or_default(),
        tolerance: TOLERANCE,
        growth: Some((exponent(counts), growth.most, growth.reason)),
    };
    let of_works = works.iter().zip(once).map(of_work);
    Ok(of_works.chain(growths.iter().zip(grown.chunks(3)).map(of_growth)).collect())
}

fn in_parallel(commands: &[count::Command]) -> Result<Vec<u64>, String> {
    let next = Mutex::new(0..commands.len());
    let counts = Mutex::new(vec![Ok(0); commands.len()]);
    let lock = "no thread has panicked";
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(at) = next.lock().expect(lock).next() else { break };
                    let count = count::instructions(&commands[at]);
                    counts.lock().expect(lock)[at] = count;
                }
            });
        }
    });
    counts.into_inner().expect(lock).into_iter().collect()
}

/// How the cost grows: with the n-th power of what is worked on. From the costs of a small size, which is mostly what
/// does not grow, of one size, and of four times that.
fn exponent(counts: &[u64]) -> f64 {
    let [fixed, once, four_times] = counts else { return f64::NAN };
    let grown = |count: &u64| f64_of(count.saturating_sub(*fixed).max(1));
    (grown(four_times) / grown(once)).ln() / 4_f64.ln()
}

/// Prints what was found beside what is committed, and returns what must not be.
fn judge(committed: &Figures, found: &[Found], format: Format) -> Verdicts {
    let comparable = committed.incomparable();
    let mut verdicts = Verdicts::default();
    if format == Format::Text {
        println!("{:16} {:>15} {:>15} {:>7} {:>8}", "work", "base", "now", "ratio", "growth");
    }
    for Found { name, instructions, tolerance, growth } in found {
        let base = committed.instructions(name);
        let ratio = base.map(|base| f64_of(*instructions) / f64_of(base));
        let too_much = match ratio {
            _ if comparable.is_some() => None,
            None => Some(format!("{name}: no figure is committed")),
            Some(ratio) => (ratio > 1.0 + tolerance).then(|| {
                format!("{name}: {:.1} % more instructions; {:.0} % may be", (ratio - 1.0) * 1e2, tolerance * 1e2)
            }),
        };
        let too_fast = growth.filter(|(exponent, most, _)| !exponent.is_finite() || exponent > most);
        let too_fast =
            too_fast.map(|(exponent, most, _)| format!("{name}: grows with the power of {exponent:.2}; {most} may be"));
        if format == Format::Text {
            let dash = || "-".to_owned();
            let grows = growth.map_or_else(String::new, |(exponent, ..)| format!("{exponent:.2}"));
            let reason = growth.map(|(.., reason)| reason).filter(|reason| !reason.is_empty());
            println!(
                "{name:16} {:>15} {instructions:>15} {:>7} {grows:>8}{}",
                base.map_or_else(dash, |base| base.to_string()),
                ratio.map_or_else(dash, |ratio| format!("{ratio:.3}")),
                reason.map_or_else(String::new, |reason| format!("  may be more: {reason}")),
            );
        } else {
            let exponent = growth.map(|(exponent, ..)| exponent);
            let verdict = too_much.as_ref().or(too_fast.as_ref());
            println!(
                "{}",
                serde_json::json!({
                    "work": name, "base": base, "now": instructions, "ratio": ratio, "exponent": exponent,
                    "verdict": verdict,
                })
            );
        }
        verdicts.losses.extend(too_much);
        verdicts.growths.extend(too_fast);
    }
    if let Some(why) = comparable {
        eprintln!("instructions are not judged: {why}");
    }
    verdicts
}

#[expect(clippy::cast_precision_loss, reason = "a ratio of instructions needs no more than fifteen digits")]
fn f64_of(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_that_of_what_grows() {
        let check =
            |counts: [u64; 3], expected: f64| assert!((exponent(&counts) - expected).abs() < 1e-9, "{counts:?}");
        check([1_000, 1_100, 1_400], 1.0);
        check([0, 100, 1_600], 2.0);
        check([500, 600, 600], 0.0);
    }

    #[test]
    fn a_loss_and_a_growth_are_told_and_a_gain_is_not() {
        let committed = Figures::of_this_machine(&[("copy", 1_000), ("many", 1_000)]);
        let check = |name: &'static str, instructions: u64, growth: Option<f64>, expected: [&[&str]; 2]| {
            let growth = growth.map(|exponent| (exponent, MOST_GROWTH, ""));
            let found = Found { name, instructions, tolerance: TOLERANCE, growth };
            let Verdicts { losses, growths } = judge(&committed, &[found], Format::Json);
            assert_eq!(
                [losses, growths],
                expected.map(|told| told.iter().map(ToString::to_string).collect::<Vec<_>>())
            );
        };
        check("copy", 900, None, [&[], &[]]);
        check("copy", 1_050, None, [&[], &[]]);
        check("copy", 1_051, None, [&["copy: 5.1 % more instructions; 5 % may be"], &[]]);
        check("many", 1_000, Some(1.05), [&[], &[]]);
        check("many", 1_000, Some(1.2), [&[], &["many: grows with the power of 1.20; 1.1 may be"]]);
        check("new", 1, None, [&["new: no figure is committed"], &[]]);
    }
}
