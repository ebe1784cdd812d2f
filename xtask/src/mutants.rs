//! `cargo xtask mutants`: the changes that cargo-mutants would make of the sources, all in one program with a switch,
//! and who notices each.

mod judge;
mod list;
mod place;
mod program;
mod state;
mod switch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use clap::Args;

use self::judge::{Fate, Judge};
use self::list::Mutant;
use self::program::{Built, DIRECTORY, Known};
use self::state::State;
use self::switch::LeftOut;

/// The packages through which what is enrolled flows.
const PACKAGES: &[&str] = &["core", "csp", "ca", "world", "scenario"];
/// Of the scenarios' package only what runs them.
const RUNNER: &str = "crates/scenario/src/run";

#[derive(Args)]
pub(crate) struct Options {
    /// Only the mutants of this package: core, csp, ca, world or scenario; may be given several times.
    #[arg(long, value_name = "NAME")]
    package: Vec<String>,
    /// Only those in whose description this text is: file, line, what is done.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Only so many, drawn by --seed.
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// For --sample.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
    /// With how many processes.
    #[arg(long, value_name = "N", default_value_t = 2)]
    jobs: usize,
    /// Those once more that the suite did not notice when they were judged.
    #[arg(long)]
    again: bool,
}

/// Judges the mutants that are not yet judged, and says what is known of all that are meant.
///
/// # Errors
/// When the sources do not compile or fail without a mutant.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = crate::root();
    let packages: Vec<&str> = PACKAGES
        .iter()
        .copied()
        .filter(|name| options.package.is_empty() || options.package.iter().any(|chosen| chosen == name))
        .collect();
    let mut mutants = Vec::new();
    for package in &packages {
        mutants.extend(list::list(&root, package)?);
    }
    mutants.retain(|mutant| mutant.package() != "scenario" || mutant.file.starts_with(RUNNER));
    let directory = root.join(DIRECTORY);
    std::fs::create_dir_all(&directory).map_err(|error| format!("{DIRECTORY}: {error}"))?;
    let state = State::open(&root, directory.join("verdicts.jsonl"), &mutants)?;
    let numbered: BTreeMap<u32, Mutant> = (1..).zip(mutants).collect();
    let built = built(&root, &directory, &numbered, &state)?;
    let copy = directory.join("workspace");
    let judge = Judge::open(&copy, &directory, &built.programs)?;
    let meant = |(_, mutant): &(&u32, &Mutant)| {
        let id = mutant.id();
        options.only.is_empty() || options.only.iter().any(|text| id.contains(text.as_str()))
    };
    let mut chosen: Vec<(u32, &Mutant)> = numbered.iter().filter(meant).map(|(number, one)| (*number, one)).collect();
    if let Some(most) = options.sample {
        chosen.sort_by_key(|(number, _)| mixed(options.seed, *number));
        chosen.truncate(most);
    }
    let is_open = |mutant: &Mutant| match state.verdict(mutant).map(|verdict| verdict.fate) {
        None => true,
        Some(Fate::Test | Fate::Digest | Fate::Survived) => options.again,
        Some(_) => false,
    };
    let open: Vec<(u32, &Mutant)> = chosen.iter().copied().filter(|(_, mutant)| is_open(mutant)).collect();
    judge_all(&judge, &state, &open, options.jobs)?;
    let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
    for (_, mutant) in &chosen {
        let Some(verdict) = state.verdict(mutant) else { continue };
        *counts.entry(verdict.fate).or_default() += 1;
        if matches!(verdict.fate, Fate::Survived | Fate::NotTried) {
            println!("{:?}  {}: {}\n    {}", verdict.fate, mutant.file, mutant.what, mutant.line);
        }
    }
    println!("{counts:?}");
    Ok(())
}

/// Builds the program with all mutants, and notes which are not in it.
fn built(root: &Path, directory: &Path, numbered: &BTreeMap<u32, Mutant>, state: &State) -> Result<Built, String> {
    let began = Instant::now();
    let mut known = Known::default();
    for (number, mutant) in numbered {
        match state.verdict(mutant).map(|verdict| verdict.fate) {
            Some(Fate::Unviable) => known.left_out.insert(*number, LeftOut::Unviable),
            Some(Fate::NotTried) => known.left_out.insert(*number, LeftOut::Alone),
            _ => None,
        };
    }
    let constants = directory.join("constants.txt");
    let text = std::fs::read_to_string(&constants).unwrap_or_default();
    known.constants = text.lines().map(str::to_owned).collect();
    let packages: BTreeSet<&str> = numbered.values().map(Mutant::package).collect();
    let built = program::build(root, numbered, known, &what(&packages), &directory.join("build"))?;
    let text: String = built.known.constants.iter().map(|name| format!("{name}\n")).collect();
    std::fs::write(&constants, text).map_err(|error| format!("{}: {error}", constants.display()))?;
    for (number, why) in &built.known.left_out {
        let Some(mutant) = numbered.get(number) else { continue };
        if state.verdict(mutant).is_none() {
            let fate = if *why == LeftOut::Unviable { Fate::Unviable } else { Fate::NotTried };
            state.note(mutant, fate, "", None)?;
        }
    }
    println!("{} mutants are built after {:.0} s.", numbered.len() - built.known.left_out.len(), began.elapsed().as_secs_f64());
    Ok(built)
}

/// What is built for mutants of these packages, as arguments of Cargo: first what finds most of what does not compile.
fn what(packages: &BTreeSet<&str>) -> Vec<Vec<String>> {
    let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    let mut check = words("check --profile mutants");
    let mut tests = words("test --no-run --profile mutants --lib --test *");
    for package in packages {
        check.extend(["--package".to_owned(), format!("autoenroll-{package}")]);
        tests.extend(["--package".to_owned(), format!("autoenroll-{package}")]);
    }
    let command = "build --profile mutants --package autoenroll-cli --package autoenroll-explore --bin autoenroll --example search";
    vec![check, words(command), tests]
}

fn judge_all(judge: &Judge<'_>, state: &State, open: &[(u32, &Mutant)], jobs: usize) -> Result<(), String> {
    let (began, next, done) = (Instant::now(), AtomicUsize::new(0), AtomicUsize::new(0));
    let failure = Mutex::new(None);
    let work = |worker: usize| {
        while let Some((number, mutant)) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
            let one = Instant::now();
            let judged = judge.judge(*number, worker + 1);
            let noted = judged.and_then(|(fate, by)| {
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                let (taken, all) = (one.elapsed().as_secs_f64(), began.elapsed().as_secs_f64());
                println!("{done}/{} {all:.0} s  {fate:?} {taken:.1} s  {}: {}  {by}", open.len(), mutant.file, mutant.what);
                state.note(mutant, fate, &by, None)
            });
            if let Err(error) = noted {
                if let Ok(mut failure) = failure.lock() {
                    *failure = Some(error);
                }
                return;
            }
        }
    };
    thread::scope(|scope| {
        for worker in 0..jobs.max(1) {
            let work = &work;
            scope.spawn(move || work(worker));
        }
    });
    failure.into_inner().ok().flatten().map_or(Ok(()), Err)
}

/// A number that is drawn for another, by the steps of SplitMix64.
fn mixed(seed: u64, number: u32) -> u64 {
    let mut value = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(u64::from(number)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 30)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
