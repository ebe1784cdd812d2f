//! `autoenroll run --client`: plays scenarios for a client outside, and says what it shows of them.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use autoenroll_clients::behaviour::Behaviour;
use autoenroll_clients::known::Known;
use autoenroll_clients::report::{self, Standing, Told};
use autoenroll_clients::{Adapter, Judged, Judgement, PlayError, Player};
use serde_json::json;

use crate::arguments::{Run, RunFormat};
use crate::catalogue::Catalogue;
use crate::console::{Colour, Console, one_line, printable};
use crate::runner::Verdict;
use crate::suite::{self, Story};
use crate::{Exit, Failure, file, junit, parallel};

/// The list of what a client is known not to show, beside its `client.toml`.
const KNOWN: &str = "known-failures.txt";
/// The octets of that list.
const MOST_KNOWN: u64 = 4 << 20;
/// The longest version that a report has.
const MOST_VERSION: usize = 120;

/// Plays the selection once.
pub(crate) fn run(arguments: &Run, console: &mut Console<'_>) -> Result<Exit, Failure> {
    let Some(folder) = arguments.client.folder.as_deref() else {
        return Err(Failure::Usage("--client takes a directory".to_owned()));
    };
    let adapter = Adapter::read(folder).map_err(|error| Failure::Usage(error.to_string()))?;
    let (known, beginning) = known(folder)?;
    let version = version(&adapter)?;
    let mut stories = suite::good_stories(&arguments.selection, arguments.how.profile.as_deref())?;
    if let Some(shard) = arguments.shard {
        shard.shard()?.keep(&mut stories);
    }
    let report_file = arguments.junit.as_deref().map(junit::ReportFile::open).transpose()?;
    let own = std::env::current_exe();
    let own = own.map_err(|error| Failure::Bench(format!("this program is not to be found: {error}")))?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Clients are in groups of their own, so the terminal does not end them.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| Failure::Bench(format!("signals cannot be handled: {error}")))?;
    }
    let player = Player { adapter: &adapter, command: &own, stop: &stop };
    let (told, failures) = play_all(&stories, arguments, player, &known, console)?;
    let mut exit = Exit::Ok;
    let counts = report::counts(&told, &known);
    if arguments.client.update_known {
        let played = played(&told);
        let text = known.updated(&played, &beginning);
        put(&folder.join(KNOWN), &text)?;
    } else {
        if counts.failed > 0 {
            exit |= Exit::Failed;
        }
        for stale in known.stale(&played(&told)) {
            writeln!(console.out, "known, and shown now: {}", printable(&stale, false))?;
            exit |= Exit::Failed;
        }
    }
    match arguments.format {
        RunFormat::Text | RunFormat::Github => writeln!(console.out, "\n{}", report::summary(&counts))?,
        RunFormat::Json => {}
    }
    if let Some(path) = &arguments.report {
        put(path, &report::document(&adapter, &version, &told, &known))?;
    }
    if let Some(file) = report_file {
        file.write(&junit::report_of_client(cases(&told, &failures, &known)))?;
    }
    if !failures.is_empty() {
        return Ok(Exit::Bench);
    }
    if counts.judged() == 0 {
        let why = "nothing in these stories can be judged for this client; `has` in its client.toml says what it has";
        return Err(Failure::Usage(why.to_owned()));
    }
    Ok(exit)
}

fn known(folder: &Path) -> Result<(Known, String), Failure> {
    let path = folder.join(KNOWN);
    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", path.display()));
    let bytes = match file::read(&path, MOST_KNOWN) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Known::default(), String::new())),
        read => read.map_err(|error| wrong(&error))?,
    };
    let text = String::from_utf8(bytes).map_err(|error| wrong(&error))?;
    // The words at the beginning stay when it is written anew.
    let beginning: String = text
        .lines()
        .take_while(|line| line.starts_with('#') || line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    Ok((Known::parse(&text).map_err(|error| wrong(&error))?, beginning))
}

/// The first line that its command for that prints.
fn version(adapter: &Adapter) -> Result<String, Failure> {
    let command = adapter.resolved(&adapter.version);
    let [program, arguments @ ..] = command.as_slice() else { return Ok(String::new()) };
    let unusable = |why: &dyn std::fmt::Display| {
        let named = command.join(" ");
        Failure::Usage(format!("`{}` does not say a version: {why}; is {} installed?", one_line(&named), adapter.name))
    };
    let output = Command::new(program).args(arguments).env("LANG", "C.UTF-8").output();
    let output = output.map_err(|error| unusable(&error))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line =
        text.lines().map(str::trim).find(|line| !line.is_empty()).ok_or_else(|| unusable(&"it prints nothing"))?;
    Ok(one_line(line).chars().take(MOST_VERSION).collect())
}

fn put(path: &Path, text: &str) -> Result<(), Failure> {
    file::put(path, text.as_bytes())
        .map_err(|error| Failure::Usage(format!("{} cannot be written: {error}", path.display())))
}

fn played(told: &[Told]) -> Vec<(String, Option<&Judged>)> {
    told.iter().map(|one| (one.story.clone(), one.judged.as_ref().ok())).collect()
}

/// Stories for which the bench failed, and how.
type Failures = Vec<(String, String)>;

fn play_all(
    stories: &[Story],
    arguments: &Run,
    player: Player<'_>,
    known: &Known,
    console: &mut Console<'_>,
) -> Result<(Vec<Told>, Failures), Failure> {
    let (mut told, mut failures) = (Vec::new(), Failures::new());
    let work = |story: &Story| player.play(&story.scenario, Catalogue::embedded());
    parallel::in_order(stories, parallel::jobs(arguments.how.jobs), work, |at, result| {
        let story = stories[at].name.clone();
        console.clear_progress();
        match result.unwrap_or_else(|panic| Err(PlayError::Bench(format!("the bench panicked: {panic}")))) {
            Err(PlayError::Bench(why)) => {
                writeln!(console.out, "{} {story}: {}", console.paint(Colour::Red, "BENCH"), printable(&why, false))?;
                failures.push((story, why));
            }
            Err(PlayError::OutOfReach(reason)) => told.push(Told { story, judged: Err(reason) }),
            Ok(judged) => {
                let one = Told { story, judged: Ok(judged) };
                match arguments.format {
                    RunFormat::Text | RunFormat::Github => show(&one, known, console)?,
                    RunFormat::Json => writeln!(console.out, "{}", line(&one, known))?,
                }
                told.push(one);
            }
        }
        console.progress(at + 1, stories.len());
        Ok::<(), io::Error>(())
    })?;
    console.clear_progress();
    Ok((told, failures))
}

fn word(standing: Standing) -> (&'static str, Colour) {
    match standing {
        Standing::Passed => ("ok   ", Colour::Green),
        Standing::Failed => ("FAIL ", Colour::Red),
        Standing::Known => ("known", Colour::Yellow),
        Standing::NotJudged | Standing::OutOfReach => ("-    ", Colour::Dim),
    }
}

fn show(one: &Told, known: &Known, console: &mut Console<'_>) -> io::Result<()> {
    let Ok(judged) = &one.judged else { return Ok(()) };
    let (word, colour) = word(one.standing(known));
    let of = |wanted: fn(&Judgement) -> bool| judged.behaviours.iter().filter(|(_, it)| wanted(it)).count();
    let shown = of(|it| *it == Judgement::Shown);
    let all = shown + of(|it| matches!(it, Judgement::NotShown { .. }));
    writeln!(console.out, "{} {}  {shown}/{all} shown", console.paint(colour, word), one.story)?;
    if one.standing(known) == Standing::Failed {
        writeln!(console.out, "\n{}", printable(&failed(one, judged, known), false))?;
    }
    Ok(())
}

/// What was not shown and is not known, in words.
fn failed(one: &Told, judged: &Judged, known: &Known) -> String {
    let mut text = String::new();
    for (behaviour, judgement) in &judged.behaviours {
        let Judgement::NotShown { found } = judgement else { continue };
        if known.has(&one.story, &behaviour.key()) {
            continue;
        }
        text.push_str(&difference(behaviour, judged, found));
    }
    for undone in &judged.undone {
        let _infallible = writeln!(text, "  the story could not do what it does {undone}");
    }
    for said in &judged.said {
        let _infallible = writeln!(text, "  {said}");
    }
    text
}

fn difference(behaviour: &Behaviour, judged: &Judged, found: &str) -> String {
    let mut text = format!("  {}: {}\n", report::place(behaviour, judged), behaviour.key());
    let reasons = report::reasons(behaviour).into_iter().map(|reason| ("rule", reason));
    let told = [("expected", format!("it {}", report::expected(behaviour))), ("found", found.to_owned())];
    for (what, words) in told.into_iter().chain(reasons).chain([("to do", report::remedy(behaviour).to_owned())]) {
        let _infallible = writeln!(text, "    {what:<9} {words}");
    }
    text
}

/// A story as a line of JSON.
fn line(one: &Told, known: &Known) -> serde_json::Value {
    let behaviours = one.judged.iter().flat_map(|judged| &judged.behaviours).map(|(behaviour, judgement)| {
        let (verdict, found) = match judgement {
            Judgement::Shown => ("shown", None),
            Judgement::NotShown { found } if known.has(&one.story, &behaviour.key()) => ("known", Some(found.clone())),
            Judgement::NotShown { found } => ("not-shown", Some(found.clone())),
            Judgement::Differs { found } => ("own-rule", Some(found.clone())),
            Judgement::Lacks(capability) => ("not-judged", Some(format!("it lacks {capability}"))),
            Judgement::Parted { run } => ("not-judged", Some(format!("it goes another way since run {run}"))),
        };
        json!({
            "behaviour": behaviour.key(),
            "verdict": verdict,
            "expected": report::expected(behaviour),
            "found": found,
            "rules": behaviour.rules,
        })
    });
    let (word, _) = word(one.standing(known));
    let verdict = if word.trim() == "ok" { "passed".to_owned() } else { word.trim().to_lowercase() };
    let verdict = if verdict == "-" { "not-judged".to_owned() } else { verdict.replace("fail", "failed") };
    json!({ "scenario": one.story, "verdict": verdict, "behaviours": behaviours.collect::<Vec<_>>() })
}

fn cases<'a>(
    told: &'a [Told],
    failures: &'a Failures,
    known: &'a Known,
) -> impl Iterator<Item = (&'a str, Result<Verdict, String>)> {
    let played = told.iter().map(move |one| {
        let verdict = match (&one.judged, one.standing(known)) {
            (Err(reason), _) => Err(reason.to_string()),
            (_, Standing::Passed) => Ok(Verdict::Passed),
            (Ok(judged), Standing::Failed) => Ok(Verdict::Failed(failed(one, judged, known))),
            (_, Standing::Known) => Ok(Verdict::Known("what it does not show is known".to_owned())),
            (_, Standing::NotJudged | Standing::OutOfReach) => Err("nothing could be judged".to_owned()),
        };
        (one.story.as_str(), verdict)
    });
    played.chain(failures.iter().map(|(story, why)| (story.as_str(), Ok(Verdict::Bench(why.clone())))))
}
