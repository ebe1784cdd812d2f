//! `autoenroll explore`: stories that nobody wrote, and what breaks in them.

mod answers;
mod coverage;
mod page;
mod tell;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use autoenroll_explore::breadth::{self, Limits, Progress};
use autoenroll_explore::drive::{Outcome, Part, Work, drive};
use autoenroll_explore::everything::{Bounds, Everything};
use autoenroll_explore::file::Bench;
use autoenroll_explore::grown::Grown;
use autoenroll_explore::neighbours::Neighbours;
use autoenroll_explore::pairs::Pairs;
use autoenroll_explore::random::Random;
use autoenroll_explore::report::{self, Report};
use autoenroll_scenario::{Library, Scenario};
use sha2::{Digest as _, Sha256};

use crate::arguments::{Explore, Format, Selection};
use crate::catalogue::Catalogue;
use crate::console::{Console, one_line};
use crate::shard::{self, Asked};
use crate::suite::{self, Fixtures, Story};
use crate::{Exit, Failure, file, parallel};

/// How many stories are drawn when nothing is said.
const SEEDS: u64 = 1_000;
/// The most things that are done in a story that is drawn.
const MOST_MOVES: usize = 24;
/// The largest report that is read, in bytes.
const MOST_BYTES: u64 = 1 << 26;
/// A report is kept at least so often while a search goes on.
const KEPT: Duration = Duration::from_secs(10);
/// The most parts that are named as missing.
const MOST_TOLD: usize = 100;
/// The most files of one name that findings are written beside.
const MOST_NAMES: usize = 1_000;

pub(crate) fn run(arguments: &Explore, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let began = Instant::now();
    let library = Library::read(&Fixtures::of(&Selection::default())?);
    let catalogue = Catalogue::embedded();
    let bench = Bench { library: &library, requirements: catalogue };
    let fault = |error: &dyn std::fmt::Display| Failure::Bench(error.to_string());
    // What a long search finds must not be lost because of where it goes to.
    if let Some(directory) = &arguments.write {
        writable(directory)?;
    }
    let end = End::new(arguments, began)?;
    if arguments.coverage {
        return coverage::run(arguments, bench, &end, console);
    }
    let known = match &arguments.known {
        Some(path) => read(path)?.findings.into_iter().map(|finding| finding.signature).collect(),
        None => BTreeSet::new(),
    };
    let search = Search { arguments, bench, end, known };
    let report = if !arguments.merge.is_empty() {
        merged(&arguments.merge)?
    } else if arguments.depth.is_some() || arguments.closed {
        search.everything(console)?
    } else if arguments.pairs {
        let pairs = Pairs::new(&library).map_err(|error| fault(&error))?;
        let rows = pairs.rows();
        search.all(&pairs, ("pairs", None), 0..rows, console)?
    } else if let Some(scenario) = &arguments.from {
        let story = suite::one(scenario, None, None, None)?;
        let neighbours = Neighbours::of(&story.scenario, bench).map_err(|error| fault(&error))?;
        if let Some(why) = neighbours.fails() {
            let name = &story.name;
            let _unseen = io::Write::write_fmt(
                &mut io::stderr(),
                format_args!("autoenroll: {name} itself does not pass: {}\n", one_line(why)),
            );
        }
        let name = format!("from {}", story.name);
        search.all(&neighbours, (&name, Some(digest_of(&story))), 0..neighbours.len(), console)?
    } else {
        let timed = arguments.time.is_some() && arguments.seeds.is_none();
        let seeds = if timed { u64::MAX } else { arguments.seeds.unwrap_or(SEEDS) };
        let numbers = arguments.seed..arguments.seed.saturating_add(seeds);
        if arguments.grow {
            let stories = suite::suite().map_err(Failure::Bench)?;
            let scenarios: Vec<Scenario> = stories.into_iter().map(|story| story.scenario).collect();
            search.all(&Grown::new(&scenarios, bench, MOST_MOVES), ("grown", None), numbers, console)?
        } else {
            search.all(&Random::new(&library, MOST_MOVES), ("random", None), numbers, console)?
        }
    };
    console.clear_progress();
    if let Some(path) = &arguments.html {
        put_page(path, &page::of(&report))?;
    }
    let told = match arguments.format {
        Format::Json => match serde_json::to_string(&report) {
            Ok(line) => writeln!(console.out, "{line}").map_err(Failure::from),
            Err(error) => Err(fault(&error)),
        },
        Format::Text => tell::tell(&report, began.elapsed(), console),
    };
    if let Some(directory) = &arguments.write {
        write(&report, directory)?;
    }
    told?;
    Ok(match report.findings.as_slice() {
        [] if !arguments.merge.is_empty() => return whole(&report).map(|()| Exit::Ok),
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
    fn jobs(&self) -> NonZeroUsize {
        parallel::jobs(self.arguments.jobs)
    }

    /// Plays a range of stories, or what is left of it. The driver is named, and where it has a story, its digest.
    fn all<W: Work>(
        &self,
        work: &W,
        (driver, story): (&str, Option<String>),
        numbers: Range<u64>,
        console: &mut Console<'_>,
    ) -> Result<Report, Failure> {
        let part = part(self.arguments.shard)?;
        let end = (numbers.end < u64::MAX).then_some(numbers.end);
        let new = Report { program: program(), story, ..Report::new(driver, numbers.start, end, part) };
        let mut report = self.begun(new)?;
        let Some(next) = report.next(part) else {
            return Err(Failure::Usage(format!(
                "this is part {}/{}, and the report is {}",
                part.number,
                part.of,
                report.named()
            )));
        };
        let of_part = |numbers: u64| usize::try_from(numbers / part.of).unwrap_or(usize::MAX);
        let (mut kept, mut unkept) = (Instant::now(), Ok(()));
        let each = |number: u64, outcome: Outcome| {
            report.add(number, outcome, &self.known, self.bench);
            let done = of_part(number - numbers.start);
            console.progress_to(done, end.map(|end| of_part(end - numbers.start)));
            if let Some(path) = &self.arguments.resume
                && kept.elapsed() > KEPT
            {
                kept = Instant::now();
                unkept = keep(&report, path);
            }
            let enough = self.arguments.one && !report.findings.is_empty() || unkept.is_err();
            if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        drive(work, next..numbers.end, part, self.jobs(), &|| self.end.is_near(), each);
        // What was found is told even where it cannot be kept.
        if let Some(path) = &self.arguments.resume
            && let Err(failure) = unkept.and_then(|()| keep(&report, path))
        {
            tell::tell(&report, Duration::ZERO, console)?;
            return Err(failure);
        }
        Ok(report)
    }

    /// The report so far: that of the search that is gone on with. That it can be kept is known then.
    fn begun(&self, new: Report) -> Result<Report, Failure> {
        let Some(path) = self.arguments.resume.as_deref() else { return Ok(new) };
        if !path.exists() {
            keep(&new, path)?;
            return Ok(new);
        }
        let mut report = read(path)?;
        let same = |report: &Report| (report.driver.clone(), report.first, report.of);
        if same(&report) != same(&new) {
            let (was, is, shown) = (report.named(), new.named(), path.display());
            return Err(Failure::Usage(format!("{shown} is of another search: {was}, and this is {is}")));
        }
        new.has_to_be_of_one_program(&report).map_err(|why| Failure::Usage(format!("{}: {why}", path.display())))?;
        report.end = new.end;
        keep(&report, path)?;
        Ok(report)
    }

    /// Everything in the base world, to a depth or to its end.
    fn everything(&self, console: &mut Console<'_>) -> Result<Report, Failure> {
        let bounds = Bounds { runs: self.arguments.runs, faults: self.arguments.faults };
        let space = Everything::base(self.bench.library, bounds).map_err(|error| Failure::Bench(error.to_string()))?;
        let depth = self.arguments.depth.unwrap_or(usize::MAX);
        let limits = Limits { depth, states: self.arguments.states, one: false };
        let found = breadth::search(&space, limits, self.jobs(), |at| {
            let Progress { spent: [faults, runs], depth, done, level, states } = at;
            let of = format!("{faults} faults, {runs} runs");
            console.progress_in(&format!("{states} states; {of}, depth {depth}: {done} of {level}"));
            !self.end.is_near()
        });
        let broken = found.broken.iter().map(|(way, broken)| (space.story(way, broken), broken.clone())).collect();
        let came = report::Everything {
            states: found.states,
            edges: found.edges,
            depth: found.depth,
            end: found.end,
            closed: found.closed,
        };
        Ok(Report { program: program(), ..Report::everything(came, broken, &self.known, self.bench) })
    }
}

/// This program, as reports name it.
fn program() -> String {
    concat!("autoenroll ", env!("CARGO_PKG_VERSION"), " ", env!("SOURCES")).to_owned()
}

/// Tells a story from what its file said before: SHA-256 over the text in the common layout.
fn digest_of(story: &Story) -> String {
    let text = story.canonical();
    autoenroll_model::hex::encode(&Sha256::digest(text))
}

/// The part that is asked for, or that of the array of jobs around this process.
fn part(asked: Option<Asked>) -> Result<Part, Failure> {
    let shard = match asked {
        Some(asked) => Some(asked.shard()?),
        None => shard::around()?,
    };
    Ok(shard.map_or(Part::WHOLE, |shard| {
        let (number, of) = shard.parts();
        Part { number, of }
    }))
}

/// Writes a page.
fn put_page(path: &Path, page: &str) -> Result<(), Failure> {
    let unwritten = |error: io::Error| Failure::Usage(format!("{} cannot be written: {error}", path.display()));
    file::put(path, page.as_bytes()).map_err(unwritten)
}

fn merged(files: &[PathBuf]) -> Result<Report, Failure> {
    let Some((first, others)) = files.split_first() else {
        return Err(Failure::Usage("there are no reports to be merged".to_owned()));
    };
    let mut merged = read(first)?;
    for path in others {
        merged.merge(read(path)?).map_err(|why| Failure::Usage(format!("{}: {why}", path.display())))?;
    }
    Ok(merged)
}

/// A report that was put together is that of all parts, each played to its end.
fn whole(report: &Report) -> Result<(), Failure> {
    let of = report.of;
    let missing = report.missing().take(MOST_TOLD).map(|number| format!("part {number}/{of} is missing"));
    let unfinished = report.unfinished().take(MOST_TOLD);
    let unfinished = unfinished.map(|(number, next)| format!("part {number}/{of} ended before {next}"));
    let wrong: Vec<String> = missing.chain(unfinished).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    let (named, wrong) = (report.named(), wrong.join(", "));
    Err(Failure::Usage(format!(
        "nothing was found, but not all was played: expected {named}, and {wrong}; play it with --shard, or go on with \
         --resume, and merge again"
    )))
}

fn read(path: &Path) -> Result<Report, Failure> {
    let unusable = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", path.display()));
    let bytes = file::read(path, MOST_BYTES).map_err(|error| unusable(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| unusable(&error))
}

fn keep(report: &Report, path: &Path) -> Result<(), Failure> {
    let unwritten = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", path.display()));
    let text = serde_json::to_string(report).map_err(|error| unwritten(&error))?;
    file::put(path, (text + "\n").as_bytes()).map_err(|error| unwritten(&error))
}

/// Makes a directory, and sees that files can be written into it.
fn writable(directory: &Path) -> Result<(), Failure> {
    let unwritten = |error: io::Error| Failure::Usage(format!("{}: {error}", directory.display()));
    fs::create_dir_all(directory).map_err(unwritten)?;
    file::Draft::beside(&directory.join("found.toml")).map(drop).map_err(unwritten)
}

/// Writes each finding into a file of its own; a file that is there stays.
fn write(report: &Report, directory: &Path) -> Result<(), Failure> {
    for finding in &report.findings {
        let (name, text) = (finding.name(), finding.scenario.as_bytes());
        let names = (1..MOST_NAMES).map(|number| if number == 1 { name.clone() } else { format!("{name}-{number}") });
        let paths = names.map(|name| directory.join(format!("{name}.toml")));
        for path in paths {
            match file::create(&path, text) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if fs::read(&path).is_ok_and(|known| known == text) {
                        break;
                    }
                }
                Err(error) => return Err(Failure::Usage(format!("{}: {error}", path.display()))),
            }
        }
    }
    Ok(())
}
