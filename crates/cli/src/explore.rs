//! `autoenroll explore`: stories that nobody wrote, and what breaks in them.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use autoenroll_explore::breadth::{self, NoKey};
use autoenroll_explore::drive::{Outcome, Part, Work, drive};
use autoenroll_explore::everything::Everything;
use autoenroll_explore::file::Bench;
use autoenroll_explore::neighbours::Neighbours;
use autoenroll_explore::pairs::Pairs;
use autoenroll_explore::random::Random;
use autoenroll_explore::report::{Finding, Listed, Report};
use autoenroll_scenario::Library;

use crate::arguments::{Explore, Format, Selection, Shard};
use crate::catalogue::Catalogue;
use crate::console::{Colour, Console, one_line};
use crate::suite::{self, Fixtures};
use crate::{Exit, Failure, file, parallel};

/// How many stories are drawn when nothing is said.
const SEEDS: u64 = 1_000;
/// The most things that are done in a story that is drawn.
const MOST_MOVES: usize = 24;
/// The most states of a search to a depth.
const MOST_STATES: u64 = 200_000;
/// The largest report that is read, in bytes.
const MOST_BYTES: u64 = 1 << 26;
/// A report is kept at least so often while a search goes on.
const KEPT: Duration = Duration::from_secs(10);

pub(crate) fn run(arguments: &Explore, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let began = Instant::now();
    let library = Library::read(&Fixtures::of(&Selection::default())?);
    let catalogue = Catalogue::embedded();
    let bench = Bench { library: &library, requirements: catalogue };
    let fault = |error: &dyn std::fmt::Display| Failure::Bench(error.to_string());
    let end = End::new(arguments, began)?;
    let known = match &arguments.known {
        Some(path) => read(path)?.findings.into_iter().map(|finding| finding.signature).collect(),
        None => BTreeSet::new(),
    };
    let search = Search { arguments, bench, end, known };
    let report = if !arguments.merge.is_empty() {
        merged(&arguments.merge)?
    } else if let Some(depth) = arguments.depth {
        to_depth(depth, bench, console)?
    } else if arguments.pairs {
        let pairs = Pairs::new(&library).map_err(|error| fault(&error))?;
        let rows = pairs.rows();
        search.all(&pairs, "pairs", 0..rows, console)?
    } else if let Some(scenario) = &arguments.from {
        let story = suite::one(scenario, None, None, None)?;
        let neighbours = Neighbours::of(&story.scenario, bench).map_err(|error| fault(&error))?;
        let name = format!("from {}", story.name);
        search.all(&neighbours, &name, 0..neighbours.len(), console)?
    } else {
        let timed = arguments.time.is_some() && arguments.seeds.is_none();
        let seeds = if timed { u64::MAX / 4 } else { arguments.seeds.unwrap_or(SEEDS) };
        let numbers = arguments.seed..arguments.seed.saturating_add(seeds);
        search.all(&Random::new(&library, MOST_MOVES), "random", numbers, console)?
    };
    console.clear_progress();
    if let Some(directory) = &arguments.write {
        write(&report, directory)?;
    }
    match arguments.format {
        Format::Json => {
            let line = serde_json::to_string(&report).map_err(|error| fault(&error))?;
            writeln!(console.out, "{line}")?;
        }
        Format::Text => tell(&report, began.elapsed(), console)?,
    }
    Ok(match report.findings.as_slice() {
        [] => Exit::Ok,
        findings if findings.iter().any(|finding| finding.broken.law == "world") => Exit::Bench,
        _ => Exit::Failed,
    })
}

/// When a search ends early.
struct End {
    interrupted: Arc<AtomicBool>,
    until: Option<Instant>,
}

impl End {
    fn new(arguments: &Explore, began: Instant) -> Result<Self, Failure> {
        let interrupted = Arc::new(AtomicBool::new(false));
        let signal = signal_hook::consts::SIGINT;
        // The second time it ends at once, as it would without a search.
        let registered = signal_hook::flag::register_conditional_default(signal, Arc::clone(&interrupted))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&interrupted)));
        registered.map_err(|error| Failure::Bench(format!("Ctrl-C cannot be watched: {error}")))?;
        let length = arguments.time.map(|time| Duration::from_nanos(time.0));
        Ok(Self { interrupted, until: length.and_then(|length| began.checked_add(length)) })
    }

    fn is_near(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed) || self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// A search for stories that break something.
struct Search<'a> {
    arguments: &'a Explore,
    bench: Bench<'a>,
    end: End,
    /// Signatures of what was found before.
    known: BTreeSet<String>,
}

impl Search<'_> {
    /// Plays a range of stories, or what is left of it.
    fn all<W: Work>(
        &self,
        work: &W,
        driver: &str,
        numbers: Range<u64>,
        console: &mut Console<'_>,
    ) -> Result<Report, Failure> {
        let part = part(self.arguments)?;
        let mut report = self.begun(driver, numbers.start)?;
        let left = report.next(part).max(numbers.start)..numbers.end;
        let of_part = |numbers: u64| usize::try_from(numbers / part.of).unwrap_or(usize::MAX);
        let (mut kept, mut unkept) = (Instant::now(), Ok(()));
        let found = AtomicBool::new(false);
        let each = |number: u64, outcome: Outcome| {
            report.add(number, outcome, &self.known, self.bench);
            found.fetch_or(self.arguments.one && !report.findings.is_empty(), Ordering::Relaxed);
            console.progress(of_part(number - numbers.start), of_part(numbers.end - numbers.start));
            if let Some(path) = &self.arguments.resume
                && kept.elapsed() > KEPT
            {
                kept = Instant::now();
                unkept = keep(&report, path);
            }
        };
        let enough = || found.load(Ordering::Relaxed) || self.end.is_near();
        drive(work, left, part, parallel::jobs(self.arguments.jobs), &enough, each);
        unkept?;
        if let Some(path) = &self.arguments.resume {
            keep(&report, path)?;
        }
        Ok(report)
    }

    /// The report so far: that of the search that is gone on with.
    fn begun(&self, driver: &str, first: u64) -> Result<Report, Failure> {
        let Some(path) = self.arguments.resume.as_deref().filter(|path| path.exists()) else {
            return Ok(Report::new(driver, first));
        };
        let report = read(path)?;
        if (report.driver.as_str(), report.first) == (driver, first) {
            return Ok(report);
        }
        let (was, from, shown) = (&report.driver, report.first, path.display());
        Err(Failure::Usage(format!("{shown} is of another search: {was} from {from}")))
    }
}

/// Everything in the base world, to a depth.
fn to_depth(depth: usize, bench: Bench<'_>, console: &mut Console<'_>) -> Result<Report, Failure> {
    let everything = Everything::base(bench.library).map_err(|error| Failure::Bench(error.to_string()))?;
    let mut report = Report::new("depth", 0);
    let found = breadth::search(&everything, &NoKey, depth, MOST_STATES, |done, _| console.progress(done, depth));
    let broken = found.broken.iter().map(|(way, broken)| (everything.story(way, broken), broken.clone())).collect();
    let outcome = Outcome { stories: found.states, moves: found.edges, broken, ..Outcome::default() };
    report.add(depth as u64, outcome, &BTreeSet::new(), bench);
    Ok(report)
}

fn merged(files: &[PathBuf]) -> Result<Report, Failure> {
    let mut reports = files.iter().map(|path| read(path));
    let mut merged = match reports.next() {
        Some(first) => first?,
        None => return Err(Failure::Usage("there are no reports to be merged".to_owned())),
    };
    for report in reports {
        merged.merge(report?).map_err(Failure::Usage)?;
    }
    Ok(merged)
}

fn read(path: &Path) -> Result<Report, Failure> {
    let unusable = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", path.display()));
    let bytes = file::read(path, MOST_BYTES).map_err(|error| unusable(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| unusable(&error))
}

fn keep(report: &Report, path: &Path) -> Result<(), Failure> {
    let unwritten = |why: &dyn std::fmt::Display| Failure::Bench(format!("{}: {why}", path.display()));
    let text = serde_json::to_string(report).map_err(|error| unwritten(&error))?;
    file::put(path, (text + "\n").as_bytes()).map_err(|error| unwritten(&error))
}

/// The part that is asked for, or that of the array of jobs around this one.
fn part(arguments: &Explore) -> Result<Part, Failure> {
    let shard = match arguments.shard {
        Some(shard) => Some(shard),
        None => around(|name| env::var(name).ok())?,
    };
    Ok(shard.map_or(Part::WHOLE, |shard| {
        let (number, of) = shard.parts();
        Part { number, of }
    }))
}

/// What names the number of a job, and from which number on they are counted; what names how many there are.
const ARRAYS: &[(&str, Option<&str>, usize, &str)] = &[
    ("SLURM_ARRAY_TASK_ID", Some("SLURM_ARRAY_TASK_MIN"), 0, "SLURM_ARRAY_TASK_COUNT"),
    ("JOB_COMPLETION_INDEX", None, 0, "JOB_COMPLETIONS"),
    ("CI_NODE_INDEX", None, 1, "CI_NODE_TOTAL"),
];

fn around(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Shard>, Failure> {
    for (id, least, otherwise, count) in ARRAYS {
        let (Some(at), Some(of)) = (variable(id), variable(count)) else { continue };
        let first = match least.and_then(&variable) {
            Some(first) => first.parse().ok(),
            None => Some(*otherwise),
        };
        let shard = match (at.parse::<usize>(), of.parse(), first) {
            (Ok(at), Ok(of), Some(first)) => at.checked_sub(first).and_then(|at| Shard::of(at + 1, of)),
            _ => None,
        };
        return match shard {
            Some(shard) => Ok(Some(shard)),
            None => Err(Failure::Usage(format!("{id}={} of {count}={} is no part", one_line(&at), one_line(&of)))),
        };
    }
    Ok(None)
}

fn write(report: &Report, directory: &Path) -> Result<(), Failure> {
    let unwritten = |path: &Path, error| Failure::Usage(format!("{}: {error}", path.display()));
    fs::create_dir_all(directory).map_err(|error| unwritten(directory, error))?;
    for finding in &report.findings {
        let path = directory.join(format!("{}.toml", finding.name()));
        file::put(&path, finding.scenario.as_bytes()).map_err(|error| unwritten(&path, error))?;
    }
    Ok(())
}

fn tell(report: &Report, took: Duration, console: &mut Console<'_>) -> Result<(), Failure> {
    for finding in &report.findings {
        let Finding { number, broken, steps, confirmed, .. } = finding;
        let law = console.paint(Colour::Red, &broken.law);
        let doubt = if *confirmed { "" } else { "; the file does not show it" };
        writeln!(console.out, "{law}  {}", one_line(&broken.reason))?;
        writeln!(console.out, "    story {number}, {}: {steps} steps{doubt}", finding.name())?;
    }
    for Listed { number, stories, law, reason } in report.listed.values() {
        writeln!(console.out, "{law}  {} (listed only: no public source asks for it)", one_line(reason))?;
        writeln!(console.out, "    {stories} stories, the first is {number}")?;
    }
    if report.pairs > 0 {
        let met = report.pairs - report.unmet.len() as u64;
        writeln!(console.out, "{met} of {} pairs met", report.pairs)?;
        for (one, other) in &report.unmet {
            writeln!(console.out, "    not met: {one} and {other}")?;
        }
    }
    let Report { stories, moves, records, broken, .. } = report;
    let last = report.last.map_or_else(|| "none was done".to_owned(), |last| format!("the last was {last}"));
    let found = report.findings.len();
    writeln!(console.out, "{stories} stories with {moves} things done and {records} records; {last}")?;
    writeln!(console.out, "{broken} of them broke something; findings: {found}")?;
    // How long it took is no part of what was found.
    let rate = *stories as f64 / took.as_secs_f64().max(0.001);
    let _unseen = writeln!(io::stderr(), "{:.1} s, {rate:.0} stories a second", took.as_secs_f64());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_is_that_of_the_array_of_jobs() {
        let check = |variables: &[(&str, &str)], expected: Option<(u64, u64)>| {
            let of =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(around(of).ok().flatten().map(Shard::parts), expected, "{variables:?}");
        };
        check(&[], None);
        check(&[("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "4")], Some((4, 4)));
        let from_one = ("SLURM_ARRAY_TASK_MIN", "1");
        check(&[("SLURM_ARRAY_TASK_ID", "1"), ("SLURM_ARRAY_TASK_COUNT", "4"), from_one], Some((1, 4)));
        check(&[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "2")], Some((1, 2)));
        check(&[("JOB_COMPLETION_INDEX", "0")], None);
        check(&[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "2")], Some((2, 2)));
        assert!(around(|_| Some("x".to_owned())).is_err());
    }
}
