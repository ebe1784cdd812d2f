//! `autoenroll run`: plays scenarios and says which pass.

use std::fs;
use std::io::{self, Write as _};

use autoenroll_model::{Duration, SimTime};
use autoenroll_trace::Trace;

use crate::arguments::{Run, RunFormat, UnreferencedWhat};
use crate::console::{Colour, Console, one_line};
use crate::known::{self, KnownFailures};
use crate::page::Pages;
use crate::runner::{Played, Runner, Verdict};
use crate::shard::Asked;
use crate::snapshots::compared::State;
use crate::snapshots::{self, Snapshots, Unreferenced};
use crate::suite::{self, Broken, Story};
use crate::{Exit, Failure, bless, explain, junit, lines, parallel};

/// Runs the selection once.
pub(crate) fn run(arguments: &Run, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let known = match &arguments.known_failures {
        Some(path) => KnownFailures::read(path, known::today()?)?,
        None => KnownFailures::default(),
    };
    let shard = arguments.shard.map(Asked::shard).transpose()?;
    let runner = Runner::new(&arguments.how, arguments.timeline, console.colour)?;
    let stories = suite::stories(&arguments.selection, arguments.how.profile.as_deref())?;
    let report_file = arguments.junit.as_deref().map(junit::ReportFile::open).transpose()?;
    let keep_shard = |stories: &mut Vec<Story>| {
        if let Some(shard) = shard {
            shard.keep(stories);
        }
    };
    let mut stories = match stories {
        Ok(stories) => stories,
        Err(mut broken) => {
            keep_shard(&mut broken.others);
            report_broken(&broken, arguments, console)?;
            if let Some(file) = report_file {
                file.write(&junit::report_broken(&broken))?;
            }
            return Ok(Exit::Usage);
        }
    };
    keep_shard(&mut stories);
    stories.iter_mut().for_each(|story| story.scenario.spec.budget = arguments.how.budget());
    if let Some(what) = arguments.bless {
        return bless::run(&stories, what, &runner, parallel::jobs(arguments.how.jobs), console);
    }
    let snapshots = snapshots(&stories, arguments)?;
    let pages = arguments.report.as_deref().map(|directory| Pages::open(directory, &stories)).transpose()?;
    let kept = Kept { known: &known, snapshots: snapshots.as_ref(), pages: pages.as_ref() };
    let played = play_all(&stories, arguments, &runner, &kept, console)?;
    let mut exit = Exit::Ok;
    played.iter().for_each(|one| exit |= one.verdict.exit());
    // A part of the suite says nothing about entries for the rest of it.
    if arguments.selection.is_whole() && arguments.shard.is_none() {
        let names: Vec<String> = stories.iter().map(|story| story.name.clone()).collect();
        let unmatched: Vec<&str> = known.unmatched(&names).collect();
        if !unmatched.is_empty() {
            complain(&unmatched);
            exit |= Exit::Failed;
        }
    }
    let unreferenced = match &snapshots {
        Some(snapshots) if arguments.selection.is_unfiltered() && arguments.shard.is_none() => {
            snapshots.unreferenced(&stories)?
        }
        _ => Vec::new(),
    };
    exit |= settle(&unreferenced, arguments, console)?;
    match arguments.format {
        RunFormat::Text | RunFormat::Github => sum_up(&played, console)?,
        RunFormat::Json => writeln!(console.out, "{}", lines::sums(&played, &unreferenced))?,
    }
    if let Some(file) = report_file {
        file.write(&junit::report(&played))?;
    }
    if let Some(pages) = pages {
        let whole = arguments.selection.is_whole() && arguments.shard.is_none();
        pages.finish(&played, whole)?;
    }
    if let Some(unwritten) = played.iter().find_map(|one| one.snapshot.as_ref()?.unwritten.clone()) {
        return Err(Failure::Bench(unwritten));
    }
    Ok(exit)
}

/// The snapshots that the stories are compared with, where a directory of them is named.
fn snapshots(stories: &[Story], arguments: &Run) -> Result<Option<Snapshots>, Failure> {
    let Some(directory) = &arguments.snapshots else { return Ok(None) };
    if arguments.unreferenced == UnreferencedWhat::Delete && snapshots::is_ci() {
        return Err(Failure::Usage("CI is set, so no snapshot is deleted; leave out --unreferenced=delete".to_owned()));
    }
    Snapshots::open(directory, arguments.snapshot_layer, stories).map(Some)
}

/// Does with snapshots that no story refers to what is asked for, and tells them.
fn settle(unreferenced: &[Unreferenced], arguments: &Run, console: &mut Console<'_>) -> Result<Exit, Failure> {
    for (at, Unreferenced { file, kind, why }) in unreferenced.iter().enumerate() {
        let (shown, mut done) = (file.display(), "");
        if arguments.unreferenced == UnreferencedWhat::Delete {
            fs::remove_file(file).map_err(|error| Failure::Bench(format!("{shown} cannot be deleted: {error}")))?;
            done = "; it is deleted";
        }
        if arguments.format != RunFormat::Json {
            let blank = if at == 0 { "\n" } else { "" };
            let word = console.paint(Colour::Yellow, kind.as_str());
            writeln!(console.out, "{blank}{word}  {shown}: {why}{done}")?;
        }
    }
    let rejects = arguments.unreferenced == UnreferencedWhat::Reject && !unreferenced.is_empty();
    Ok(if rejects { Exit::Failed } else { Exit::Ok })
}

/// What is compared with what came, and kept of it.
struct Kept<'a> {
    known: &'a KnownFailures,
    snapshots: Option<&'a Snapshots>,
    pages: Option<&'a Pages>,
}

fn play_all(
    stories: &[Story],
    arguments: &Run,
    runner: &Runner,
    kept: &Kept<'_>,
    console: &mut Console<'_>,
) -> Result<Vec<Played>, Failure> {
    let Kept { known, snapshots, pages } = *kept;
    let mut played = Vec::with_capacity(stories.len());
    let width = stories.iter().map(|story| story.name.chars().count()).max().unwrap_or(0);
    let work = |story: &Story| {
        let (mut played, trace) = match snapshots {
            _ if pages.is_some() => {
                let (mut played, report) = runner.play_for_report(story);
                let losses = could_have(story, &mut played, arguments);
                if let Some(pages) = pages {
                    pages.write(story, &known.judge(played.clone()), &report, &losses);
                }
                (played, report.trace)
            }
            _ if arguments.twice => runner.play_twice(story),
            Some(_) => runner.play_for_trace(story),
            None => (runner.play(story), Trace::new()),
        };
        if played.could_have.is_none() {
            could_have(story, &mut played, arguments);
        }
        let came = snapshots.and_then(|snapshots| snapshots.take(&played, &trace));
        (played, came)
    };
    parallel::in_order(stories, parallel::jobs(arguments.how.jobs), work, |at, result| {
        let (mut one, came) = result.unwrap_or_else(|panic| (Played::panicked(&stories[at], &panic), None));
        if let (Some(snapshots), Some(came)) = (snapshots, came) {
            snapshots.judge(&came, &mut one);
        }
        let one = known.judge(one);
        console.clear_progress();
        match arguments.format {
            RunFormat::Text => show(&one, width, console)?,
            RunFormat::Json => writeln!(console.out, "{}", lines::of_played(&one))?,
            RunFormat::Github => {
                show(&one, width, console)?;
                if matches!(one.verdict, Verdict::Failed(_) | Verdict::Bench(_)) {
                    annotate(&one.name, &one.problems, console)?;
                    annotate_snapshot(&one, console)?;
                }
            }
        }
        played.push(one);
        console.progress(at + 1, stories.len());
        Ok::<(), io::Error>(())
    })?;
    console.clear_progress();
    Ok(played)
}

/// Says of a story that failed until when something could have been had, where that is asked.
fn could_have(story: &Story, played: &mut Played, arguments: &Run) -> Vec<explain::Told> {
    if !arguments.could_have || !matches!(played.verdict, Verdict::Failed(_)) {
        return Vec::new();
    }
    let outlooks = explain::outlooks(story, arguments.selection.fixtures.as_deref());
    let (sentences, losses) = match outlooks {
        Ok(losses) => (losses.iter().map(|told| told.sentence.clone()).collect(), losses),
        Err(failure) => (vec![failure.to_string()], Vec::new()),
    };
    played.could_have = Some(sentences);
    losses
}

fn show(one: &Played, width: usize, console: &mut Console<'_>) -> io::Result<()> {
    let (word, colour) = match one.verdict {
        Verdict::Passed => ("ok   ", Colour::Green),
        Verdict::Failed(_) => ("FAIL ", Colour::Red),
        Verdict::Known(_) => ("known", Colour::Yellow),
        Verdict::Bench(_) => ("BENCH", Colour::Red),
    };
    let word = console.paint(colour, word);
    let digest = console.paint(Colour::Dim, &one.digest.to_string()[..16]);
    writeln!(console.out, "{word} {:<width$}  {digest}  {}", one.name, one.end)?;
    if let Verdict::Failed(reason) | Verdict::Bench(reason) = &one.verdict {
        writeln!(console.out, "\n{}\n", reason.trim_end())?;
    }
    for sentence in one.could_have.iter().flatten() {
        writeln!(console.out, "{sentence}\n")?;
    }
    if let Some(timeline) = &one.timeline {
        writeln!(console.out, "{timeline}")?;
    }
    Ok(())
}

/// An annotation for each problem: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.
fn annotate(scenario: &str, problems: &[serde_json::Value], console: &mut Console<'_>) -> io::Result<()> {
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    for problem in problems {
        let (code, message) =
            (problem["code"].as_str().unwrap_or_default(), problem["message"].as_str().unwrap_or_default());
        let span = &problem["spans"][0];
        let (file, line, column) = (span["file"].as_str().unwrap_or_default(), &span["line"], &span["column"]);
        let title = property(&format!("{code} in {scenario}"));
        let (level, message) = (problem["severity"].as_str().unwrap_or("error"), data(message));
        writeln!(console.out, "::{level} file={},line={line},col={column},title={title}::{message}", property(file))?;
    }
    Ok(())
}

/// An annotation at the snapshot that differs.
fn annotate_snapshot(one: &Played, console: &mut Console<'_>) -> io::Result<()> {
    let Some(compared) = one.snapshot.as_ref().filter(|compared| compared.state != State::Same) else { return Ok(()) };
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let (file, title) =
        (property(&compared.file.display().to_string()), property(&format!("snapshot of {}", one.name)));
    writeln!(console.out, "::error file={file},line=1,col=1,title={title}::the snapshot is {}", compared.state.as_str())
}

/// Text as workflow commands take it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Entries of the list of known failures that name no scenario.
fn complain(unmatched: &[&str]) {
    for name in unmatched {
        let _ignored = writeln!(
            io::stderr(),
            "autoenroll: `{}` is listed as a known failure, but there is no such scenario",
            one_line(name)
        );
    }
}

fn sum_up(played: &[Played], console: &mut Console<'_>) -> io::Result<()> {
    let count = |is: fn(&Verdict) -> bool| played.iter().filter(|one| is(&one.verdict)).count();
    let passed = count(|verdict| matches!(verdict, Verdict::Passed));
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let bench = count(|verdict| matches!(verdict, Verdict::Bench(_)));
    let simulated = played.iter().fold(SimTime::START, |sum, one| sum + Duration(one.end.0));
    let scenarios = if played.len() == 1 { "1 scenario".to_owned() } else { format!("{} scenarios", played.len()) };
    write!(console.out, "\n{scenarios}: {passed} passed, {failed} failed")?;
    let known = count(|verdict| matches!(verdict, Verdict::Known(_)));
    if known > 0 {
        write!(console.out, ", {known} known to fail")?;
    }
    if bench > 0 {
        write!(console.out, ", {bench} not decided because the bench failed")?;
    }
    writeln!(console.out, "; {simulated} of simulated time")
}

/// Files with errors: nothing is run.
fn report_broken(broken: &Broken, arguments: &Run, console: &mut Console<'_>) -> io::Result<()> {
    if arguments.format == RunFormat::Json {
        return lines::of_broken(broken).iter().try_for_each(|line| writeln!(console.out, "{line}"));
    }
    for (name, checked) in &broken.files {
        write!(console.out, "{}", checked.found.render(&checked.files, console.colour))?;
        if arguments.format == RunFormat::Github {
            annotate(name, &checked.found.to_json(&checked.files), console)?;
        }
    }
    let files =
        if broken.files.len() == 1 { "1 file has".to_owned() } else { format!("{} files have", broken.files.len()) };
    writeln!(console.out, "{files} errors; nothing was run")
}
