//! The command, called in this process with a damaged file: its output is what the format says, its exit code agrees
//! with it, and whoever stops reading changes neither.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use autoenroll_cli::{Exit, call};
use autoenroll_trace::read_json_lines;
use serde_json::Value;

use crate::case::{Came, Cases, Done};
use crate::dice::Dice;

/// Standard output of the command: keeps what comes, and fails once it has so much.
#[derive(Clone, Debug)]
struct Channel {
    kept: Arc<Mutex<Vec<u8>>>,
    fails: Option<(usize, io::ErrorKind)>,
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match self.fails {
            Some((most, kind)) if kept.len() + bytes.len() > most => Err(kind.into()),
            _ => {
                kept.extend(bytes);
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Calls the command; what it wrote to its standard output, and how it ended.
pub(crate) fn called(arguments: &[&str], fails: Option<(usize, io::ErrorKind)>) -> Result<(Exit, String), String> {
    let channel = Channel { kept: Arc::default(), fails };
    let kept = Arc::clone(&channel.kept);
    let arguments = ["autoenroll"].iter().chain(arguments);
    let exit = call(arguments.map(|argument| (*argument).to_owned()), channel).map_err(|error| error.to_string())?;
    let bytes = std::mem::take(&mut *kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    let text = String::from_utf8(bytes).map_err(|error| format!("the output is not UTF-8: {error}"))?;
    if let Some(unseen) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(format!("it prints {unseen:?}"));
    }
    Ok((exit, text))
}

/// Plays a case.
pub(crate) fn play(dice: &mut Dice, cases: &mut Cases) -> Result<Done, String> {
    let which = dice.below(12);
    let (name, bytes) = match which {
        8 | 9 => ("abuse.jsonl", cases.damaged_input(dice, "trace")),
        10 | 11 => {
            let reader = dice.one(["ldif", "registry_pol", "policy_xml", "import_json", "certutil", "xcep"]);
            ("abuse.ldif", cases.damaged_input(dice, reader))
        }
        _ => {
            let damaged = cases.damaged(dice);
            (damaged.name, damaged.bytes)
        }
    };
    cases.input = Some((name.to_owned(), bytes.clone()));
    let path = cases.folder.path().join(name);
    fs::write(&path, &bytes).map_err(|error| format!("a case cannot be written: {error}"))?;
    let file = path.display().to_string();
    let outcome = match which {
        0 | 1 => check(&file),
        2..5 => run(dice, &file),
        5 => format(&file, &path),
        6 => bless(dice, &file, &path, &bytes),
        7 => show(&file),
        8 | 9 => check_trace(&file),
        _ => import(dice, &file),
    };
    let outcome = outcome.and_then(|exit| {
        let closed = closed(dice, &file, which)?;
        if closed { Ok(exit) } else { Err("a closed channel changes how it ends".to_owned()) }
    });
    fs::remove_file(&path).map_err(|error| format!("a case cannot be removed: {error}"))?;
    match outcome? {
        Exit::Ok => Ok(Done::of(Came::Passed)),
        Exit::Failed => Ok(Done::of(Came::Failed)),
        Exit::Usage => Ok(Done::of(Came::Refused)),
        Exit::Bench => Err("it ends as if the bench had failed".to_owned()),
        Exit::Helper(code) => Err(format!("it ends with {code}, as if certmonger had called it")),
    }
}

fn lines(text: &str) -> Result<Vec<Value>, String> {
    text.lines().map(|line| serde_json::from_str(line).map_err(|error| format!("no JSON: {error}: {line}"))).collect()
}

fn agree(what: &str, found: Exit, expected: Exit) -> Result<Exit, String> {
    if found == expected { Ok(found) } else { Err(format!("{what}: it ends with {found:?}, and says {expected:?}")) }
}

fn check(file: &str) -> Result<Exit, String> {
    let (exit, text) = called(&["check", file, "--format", "json"], None)?;
    let problems = lines(&text)?;
    let known = |problem: &Value| {
        problem["code"].as_str().is_some_and(|code| code.starts_with("AE")) && problem["spans"][0]["line"].is_u64()
    };
    if let Some(strange) = problems.iter().find(|problem| !known(problem)) {
        return Err(format!("a problem without a code or a place: {strange}"));
    }
    let has_errors = problems.iter().any(|problem| problem["severity"] == "error");
    agree("check --format json", exit, if has_errors { Exit::Usage } else { Exit::Ok })?;
    let (plain, text) = called(&["check", file], None)?;
    let good = text.ends_with("all good\n");
    agree("check", plain, if good { Exit::Ok } else { Exit::Usage })?;
    agree("check in both forms", plain, exit)
}

fn run(dice: &mut Dice, file: &str) -> Result<Exit, String> {
    let (exit, text) = called(&["run", file, "--format", "json", "--jobs", "1"], None)?;
    let lines = lines(&text)?;
    let Some((sums, stories)) = lines.split_last() else { return Err("run says nothing".to_owned()) };
    let count = |word: &str| stories.iter().filter(|story| story["verdict"] == word).count();
    for word in ["passed", "failed", "bench", "broken"] {
        if sums[word].as_u64() != u64::try_from(count(word)).ok() {
            return Err(format!("{} are {word}, and the sums say {sums}", count(word)));
        }
    }
    if sums["scenarios"].as_u64() != u64::try_from(stories.len()).ok() {
        return Err(format!("{} scenarios, and the sums say {sums}", stories.len()));
    }
    if let Some(bench) = stories.iter().find(|story| story["verdict"] == "bench") {
        return Err(format!("the bench fails: {bench}"));
    }
    let expected = match (count("broken"), count("failed")) {
        (0, 0) => Exit::Ok,
        (0, _) => Exit::Failed,
        _ => Exit::Usage,
    };
    agree("run --format json", exit, expected)?;
    let junit = format!("{file}.xml");
    let mut arguments = vec!["run", file, "--jobs", "1"];
    arguments.extend(dice.one([&["--format", "github"][..], &["--timeline"], &["--twice"], &["--junit", &junit]]));
    let (again, text) = called(&arguments, None)?;
    if arguments.contains(&"--junit") {
        let report = fs::read_to_string(&junit).map_err(|error| format!("there is no report: {error}"))?;
        fs::remove_file(&junit).map_err(|error| format!("the report cannot be removed: {error}"))?;
        if !report.starts_with("<?xml") || !report.trim_end().ends_with("</testsuites>") {
            return Err(format!("the report is not whole: {report}"));
        }
    }
    if again == Exit::Usage && !text.contains("error[AE") {
        return Err(format!("{arguments:?} refuses the file without a code: {text}"));
    }
    agree("run in both forms", again, exit)
}

fn format(file: &str, path: &Path) -> Result<Exit, String> {
    let read = || fs::read(path).map_err(|error| format!("the file is gone: {error}"));
    let before = read()?;
    let (checked, _) = called(&["fmt", "--check", file], None)?;
    let (exit, _) = called(&["fmt", file], None)?;
    let after = read()?;
    match (checked, exit) {
        (Exit::Ok, Exit::Ok) | (Exit::Usage, Exit::Usage) if before == after => {}
        (Exit::Failed, Exit::Ok) if before != after => {
            agree("fmt twice", called(&["fmt", "--check", file], None)?.0, Exit::Ok).map(drop)?
        }
        other => return Err(format!("fmt --check and fmt end with {other:?}; changed: {}", before != after)),
    }
    Ok(exit)
}

fn bless(dice: &mut Dice, file: &str, path: &Path, bytes: &[u8]) -> Result<Exit, String> {
    let (checked, _) = called(&["check", file], None)?;
    let (exit, _) = called(&["run", file, dice.one(["--bless", "--bless=steps"])], None)?;
    let after = fs::read(path).map_err(|error| format!("the file is gone: {error}"))?;
    if checked == Exit::Usage && (exit != Exit::Usage || after != bytes) {
        return Err(format!("a file with errors is blessed: {exit:?}"));
    }
    // A fact that a step may have and its value are two things: only the reading must hold.
    let (again, text) = called(&["check", file, "--format", "json"], None)?;
    if checked == Exit::Ok && again != Exit::Ok {
        return Err(format!("what is blessed has errors: {text}\n{}", String::from_utf8_lossy(&after)));
    }
    Ok(exit)
}

fn show(file: &str) -> Result<Exit, String> {
    let (exit, text) = called(&["show", file, "--format", "json"], None)?;
    if matches!(exit, Exit::Ok | Exit::Failed) && read_json_lines(text.as_bytes()).is_err() {
        return Err("show prints a trace that cannot be read".to_owned());
    }
    let (plain, _) = called(&["show", file, "--detail", "everything"], None)?;
    agree("show in both forms", plain, exit)
}

fn check_trace(file: &str) -> Result<Exit, String> {
    let (exit, text) = called(&["check-trace", file, "--format", "json"], None)?;
    let lines = lines(&text)?;
    let expected = match lines.split_last() {
        None => Exit::Usage,
        Some((sums, invariants)) => {
            let broken = invariants.iter().filter(|line| line["verdict"] == "broken").count();
            if sums["broken"].as_u64() != u64::try_from(broken).ok() {
                return Err(format!("{broken} are broken, and the sums say {sums}"));
            }
            if broken == 0 { Exit::Ok } else { Exit::Failed }
        }
    };
    agree("check-trace --format json", exit, expected)?;
    agree("check-trace in both forms", called(&["check-trace", file], None)?.0, exit)
}

fn import(dice: &mut Dice, file: &str) -> Result<Exit, String> {
    let (exit, text) = called(&["import", file, "--to", dice.one(["world", "templates"])], None)?;
    match text.parse::<toml::Table>() {
        Ok(_) => Ok(exit),
        Err(error) => Err(format!("import prints no TOML: {error}")),
    }
}

/// A channel that is closed, or full, in the midst of the output: the verdict stays, and a full one is told.
fn closed(dice: &mut Dice, file: &str, which: usize) -> Result<bool, String> {
    let arguments: &[&str] = match which {
        0 | 1 => &["check", file],
        2..5 => &["run", file, "--jobs", "1"],
        8 | 9 => &["check-trace", file],
        _ => return Ok(true),
    };
    let (whole, text) = called(arguments, None)?;
    let most = dice.below(text.len().max(1));
    let (exit, _) = called(arguments, Some((most, io::ErrorKind::BrokenPipe)))?;
    agree("with a closed channel", exit, whole)?;
    if text.is_empty() {
        return Ok(true);
    }
    let (exit, _) = called(arguments, Some((most, io::ErrorKind::StorageFull)))?;
    Ok(exit == Exit::Bench || (exit == Exit::Usage && whole == Exit::Usage))
}
