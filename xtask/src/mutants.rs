//! `cargo xtask mutants`: the changes that cargo-mutants would make of the sources, all in one program with a switch,
//! and who notices each.

mod judge;
mod list;
mod place;
mod program;
mod report;
mod sample;
mod search;
mod state;
mod switch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use clap::Args;
use sha2::{Digest as _, Sha256};

use self::judge::{Fate, Judge};
use self::list::Mutant;
use self::program::{Built, DIRECTORY, Known};
use self::report::Searched;
use self::search::Search;
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
    /// Let a search explore so many mutants of the core, drawn by --seed of those that no scenario notices.
    #[arg(long, value_name = "N")]
    explore: Option<usize>,
    /// How long each is explored for, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 90, requires = "explore")]
    seconds: u64,
    /// Write the tables of docs/mutants.md from what is known, and judge nothing.
    #[arg(long, conflicts_with_all = ["again", "sample", "only"])]
    write: bool,
    /// Only the suite judges: no tests are built.
    #[arg(long)]
    suite: bool,
    /// Only the tests judge, and only what the suite did not notice.
    #[arg(long, conflicts_with_all = ["suite", "again"])]
    tests: bool,
    /// Draw so many by --seed of those of the core that a scenario notices, and write them into
    /// crates/mutants/sample.toml; judge nothing.
    #[arg(long, value_name = "N", conflicts_with_all = ["again", "sample", "only", "write"])]
    keep: Option<usize>,
    /// Judge the sample of crates/mutants/sample.toml, each by the scenario that it names; cargo-mutants is not needed.
    #[arg(long, exclusive = true)]
    committed: bool,
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
    if options.committed {
        return committed(&root);
    }
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
    if options.write {
        return write(&root, &mutants.iter().collect::<Vec<_>>(), &state, options.seed);
    }
    let numbered: BTreeMap<u32, Mutant> = (1..).zip(mutants).collect();
    if let Some(number) = options.keep {
        let noticed = drawn(&numbered, &state, options.seed, number, |fate| fate == Fate::Suite);
        return sample::write(&root, &noticed, &state);
    }
    let built = built(&root, &directory, &numbered, &state, Parts::of(options))?;
    let copy = directory.join("workspace");
    if let Some(number) = options.explore {
        let program = built.programs.get("search").ok_or("the search is not built")?;
        let search = Search::open(&copy, &directory, program, options.seconds)?;
        let unnoticed = |fate| matches!(fate, Fate::Test | Fate::Digest | Fate::Survived);
        let drawn = drawn(&numbered, &state, options.seed, number, unnoticed);
        explore_all(&search, &state, &drawn, options.jobs)?;
        return Ok(());
    }
    let mut judge = Judge::new(&copy, &directory, &built.programs)?;
    judge.prepare()?;
    let chosen = chosen(&numbered, options);
    let is_open = |mutant: &Mutant| match state.verdict(mutant).map(|verdict| verdict.fate) {
        None => !options.tests,
        Some(Fate::Digest | Fate::Survived) => options.again || options.tests,
        Some(Fate::Test) => options.again,
        Some(_) => false,
    };
    let open: Vec<(u32, &Mutant)> = chosen.iter().copied().filter(|(_, mutant)| is_open(mutant)).collect();
    side_by_side(&open, options.jobs, |number, mutant, worker| {
        let earlier = state.verdict(mutant).filter(|_| options.tests);
        let (fate, by) = match &earlier {
            Some(verdict) => judge.by_tests(number, worker, verdict.fate)?,
            None => judge.judge(number, worker)?,
        };
        state.note(mutant, fate, &by, earlier.and_then(|verdict| verdict.explored))?;
        Ok(format!("{fate:?} {by}"))
    })?;
    let judged: Vec<&Mutant> = chosen.iter().map(|(_, mutant)| *mutant).collect();
    println!("{}", report::summary(&judged, &state));
    outcome(report::unexplained(&judged, &state, &report::reasons(&root)?))
}

/// Judges the committed sample, with the profile and the dependencies of a development build.
fn committed(root: &Path) -> Result<(), String> {
    let began = Instant::now();
    let sample = sample::read(root)?;
    let numbered: BTreeMap<u32, Mutant> = (1..).zip(sample.iter().map(|noticed| noticed.mutant.clone())).collect();
    let what = ["build", "--package", "autoenroll-cli", "--bins"].map(str::to_owned).to_vec();
    let mut built = program::build(root, &numbered, Known::default(), &[what], &root.join("target"))?;
    let directory = root.join(DIRECTORY);
    // It lies where a development build puts its own, which nobody is to take it for.
    for program in built.programs.values_mut() {
        let own = directory.join(program.path.file_name().unwrap_or_default());
        std::fs::rename(&program.path, &own).map_err(|error| format!("{}: {error}", own.display()))?;
        program.path = own;
    }
    let copy = directory.join("workspace");
    let judge = Judge::new(&copy, &directory, &built.programs)?;
    let mut findings = Vec::new();
    for (number, noticed) in (1..).zip(&sample) {
        let (by, mutant) = (&noticed.by, &noticed.mutant);
        let place = format!("`{}` in {}, `{}`", mutant.what, mutant.file, mutant.line);
        if built.known.left_out.contains_key(&number) {
            findings.push(format!("{place}: does not compile"));
        } else if judge.fails(by, 0)? {
            findings.push(format!("{by} fails without a mutant"));
        } else if !judge.fails(by, number)? {
            findings.push(format!("{place}: {by} does not notice it any more; `cargo xtask mutants` tells who does"));
        }
    }
    println!("{} mutants, {} findings, in {:.0} s", sample.len(), findings.len(), began.elapsed().as_secs_f64());
    outcome(findings)
}

/// What is wrong with what is committed about mutants: reasons and a sample for lines that are no longer there.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, String> {
    let mut findings = report::stale(root)?;
    findings.extend(sample::stale(root)?);
    Ok(findings)
}

fn outcome(findings: Vec<String>) -> Result<(), String> {
    if findings.is_empty() { Ok(()) } else { Err(format!("{} findings:\n  {}", findings.len(), findings.join("\n  "))) }
}

/// The mutants that the options mean.
fn chosen<'a>(numbered: &'a BTreeMap<u32, Mutant>, options: &Options) -> Vec<(u32, &'a Mutant)> {
    let meant = |(_, mutant): &(&u32, &Mutant)| {
        let id = mutant.id();
        options.only.is_empty() || options.only.iter().any(|text| id.contains(text.as_str()))
    };
    let mut chosen: Vec<(u32, &Mutant)> = numbered.iter().filter(meant).map(|(number, one)| (*number, one)).collect();
    if let Some(most) = options.sample {
        chosen.sort_by_key(|(_, mutant)| drawn_at(options.seed, mutant));
        chosen.truncate(most);
    }
    chosen
}

/// Writes the tables from what is known.
fn write(root: &Path, mutants: &[&Mutant], state: &State, seed: u64) -> Result<(), String> {
    let explored = |mutant: &&Mutant| state.verdict(mutant)?.explored;
    let mut drawn: Vec<_> = mutants.iter().filter_map(|mutant| Some((*mutant, explored(mutant)?))).collect();
    drawn.sort_by_key(|(mutant, _)| drawn_at(seed, mutant));
    report::write(root, mutants, state, &Searched { drawn, seed })?;
    outcome(report::unexplained(mutants, state, &report::reasons(root)?))
}

/// So many mutants of the core that became this.
fn drawn<'a>(
    numbered: &'a BTreeMap<u32, Mutant>,
    state: &State,
    seed: u64,
    number: usize,
    became: impl Fn(Fate) -> bool,
) -> Vec<(u32, &'a Mutant)> {
    let meant = |mutant: &Mutant| {
        mutant.package() == "core" && state.verdict(mutant).is_some_and(|verdict| became(verdict.fate))
    };
    let all = numbered.iter().filter(|(_, mutant)| meant(mutant)).map(|(number, mutant)| (*number, mutant));
    let mut drawn: Vec<(u32, &Mutant)> = all.collect();
    drawn.sort_by_key(|(_, mutant)| drawn_at(seed, mutant));
    drawn.truncate(number);
    drawn
}

fn explore_all(search: &Search<'_>, state: &State, drawn: &[(u32, &Mutant)], jobs: usize) -> Result<(), String> {
    let found = AtomicUsize::new(0);
    side_by_side(drawn, jobs, |number, mutant, _| {
        let Some(verdict) = state.verdict(mutant) else { return Ok(String::new()) };
        let explored = match verdict.explored {
            Some(explored) => explored,
            None => search.explore(number)?,
        };
        found.fetch_add(usize::from(explored.broke.is_some()), Ordering::Relaxed);
        let told =
            format!("{} ({:.0} s of a processor)", explored.broke.as_deref().unwrap_or("nothing"), explored.seconds);
        state.note(mutant, verdict.fate, &verdict.by, Some(explored))?;
        Ok(told)
    })?;
    println!("A search finds {} of {}", found.into_inner(), drawn.len());
    Ok(())
}

/// What is built of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parts {
    Suite,
    SuiteAndTests,
    Search,
}

impl Parts {
    fn of(options: &Options) -> Self {
        match options.explore {
            Some(_) => Self::Search,
            None if options.suite => Self::Suite,
            None => Self::SuiteAndTests,
        }
    }
}

/// Builds the program with all mutants, and notes which are not in it.
fn built(
    root: &Path,
    directory: &Path,
    numbered: &BTreeMap<u32, Mutant>,
    state: &State,
    parts: Parts,
) -> Result<Built, String> {
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
    let built = program::build(root, numbered, known, &what(&packages, parts), &directory.join("build"))?;
    let text: String = built.known.constants.iter().map(|name| format!("{name}\n")).collect();
    std::fs::write(&constants, text).map_err(|error| format!("{}: {error}", constants.display()))?;
    for (number, why) in &built.known.left_out {
        let Some(mutant) = numbered.get(number) else { continue };
        if state.verdict(mutant).is_none() {
            let fate = if *why == LeftOut::Unviable { Fate::Unviable } else { Fate::NotTried };
            state.note(mutant, fate, "", None)?;
        }
    }
    println!(
        "{} mutants are built after {:.0} s.",
        numbered.len() - built.known.left_out.len(),
        began.elapsed().as_secs_f64()
    );
    Ok(built)
}

/// What is built for mutants of these packages, as arguments of Cargo. The command goes along with each but the tests:
/// Cargo would build dependencies anew where other packages ask for other features of them.
fn what(packages: &BTreeSet<&str>, parts: Parts) -> Vec<Vec<String>> {
    let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    let mut command = words("build --profile mutants --package autoenroll-cli --bins");
    let mut tests = words("build --profile mutants --lib --tests");
    for package in packages {
        command.extend(["--package".to_owned(), format!("autoenroll-{package}")]);
        tests.extend(["--package".to_owned(), format!("autoenroll-{package}")]);
    }
    if parts == Parts::Search {
        let search = "build --profile mutants --package autoenroll-cli --package autoenroll-explore --bin autoenroll --example search";
        return vec![words(search)];
    }
    if parts == Parts::Suite { vec![command] } else { vec![command, tests] }
}

/// Does something with each mutant, several at a time, and says what came.
fn side_by_side(
    mutants: &[(u32, &Mutant)],
    jobs: usize,
    act: impl Fn(u32, &Mutant, usize) -> Result<String, String> + Sync,
) -> Result<(), String> {
    let (began, next, done) = (Instant::now(), AtomicUsize::new(0), AtomicUsize::new(0));
    let failure = Mutex::new(None);
    let work = |worker: usize| {
        while let Some((number, mutant)) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
            match act(*number, mutant, worker) {
                Ok(told) => {
                    let (done, after) = (done.fetch_add(1, Ordering::Relaxed) + 1, began.elapsed().as_secs_f64());
                    println!("{done}/{} {after:.0} s  {}: {}: {told}", mutants.len(), mutant.file, mutant.what);
                }
                Err(error) => {
                    if let Ok(mut failure) = failure.lock() {
                        *failure = Some(error);
                    }
                    return;
                }
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

/// The place of a mutant among others that are drawn with this seed.
fn drawn_at(seed: u64, mutant: &Mutant) -> [u8; 32] {
    Sha256::digest(format!("{seed} {}", mutant.id()).as_bytes()).into()
}
