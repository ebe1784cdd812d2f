//! File systems and channels that fail under the command, as a process of its own: a full disk, a folder that takes
//! nothing, files that vanish or are edited meanwhile, an output that nobody reads. No file is cut, nothing is left
//! lying about, and the exit code tells.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::AS_COMMAND;
use crate::case::{Came, Cases, Done};
use crate::dice::Dice;

/// The exit codes of the command; a panic would be 101, and a signal none.
const CODES: std::ops::RangeInclusive<i32> = 0..=3;

/// Plays a case.
pub(crate) fn play(dice: &mut Dice, cases: &mut Cases) -> Result<Done, String> {
    let bytes = match dice.below(3) {
        0 => cases.damaged(dice).bytes,
        _ => UNTIDY.as_bytes().to_vec(),
    };
    cases.input = Some(("abuse.toml".to_owned(), bytes.clone()));
    let folder = cases.folder.path().join("files");
    let made = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join("abuse.toml"), &bytes));
    made.map_err(|error| format!("a case cannot be written: {error}"))?;
    let outcome = match dice.below(7) {
        0 | 1 => full_disk(dice, &folder, &bytes),
        2 => full_channel(dice, &folder),
        3 => no_place(dice, &folder, &bytes),
        4 => strange_files(dice, &folder),
        5 => vanishing(dice, &folder, &bytes),
        _ => edited(dice, &folder, &bytes),
    };
    fs::remove_dir_all(&folder).map_err(|error| format!("a case cannot be removed: {error}"))?;
    outcome.map(|()| Done::of(Came::Read))
}

/// A scenario whose layout and expectation are wrong, so that `fmt` and `--bless` have something to write.
const UNTIDY: &str = "scenario=1\ntitle   = \"t\" # why\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [\n\
    {logon='alice'},\n{expect=\"run-started\", facts = { trigger = \"boot\" }},\n{wait='1h'} ]";

/// The command under a shell that limits or redirects it: `$0` and `$@` are the command and its arguments.
fn under(script: &str, arguments: &[&str], folder: &Path) -> Result<Output, String> {
    let program = std::env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(program).arg(AS_COMMAND).args(arguments).current_dir(folder);
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("no shell: {error}"))?;
    match output.status.code() {
        Some(code) if CODES.contains(&code) => Ok(output),
        _ => Err(format!("{script} {arguments:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr))),
    }
}

/// What a process says is one of the exit codes, and not good where something could not be done.
fn fails(output: &Output, what: &str) -> Result<(), String> {
    if output.status.success() { Err(format!("{what}, and the command says that all is well")) } else { Ok(()) }
}

fn holds(folder: &Path, bytes: &[u8]) -> Result<(), String> {
    let found = fs::read(folder.join("abuse.toml")).map_err(|error| format!("the file is gone: {error}"))?;
    if found == bytes { nothing_else(folder, &["abuse.toml"]) } else { Err("the file has been changed".to_owned()) }
}

fn nothing_else(folder: &Path, known: &[&str]) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("the folder is gone: {error}"))?;
    for entry in entries.flatten() {
        if !known.iter().any(|name| entry.file_name() == *name) {
            return Err(format!("{} lies about", entry.path().display()));
        }
    }
    Ok(())
}

/// A limit on the size of files is a disk that is full, for whoever ignores its signal as this shell does.
fn full_disk(dice: &mut Dice, folder: &Path, bytes: &[u8]) -> Result<(), String> {
    let healthy = under("\"$0\" \"$@\"", &["fmt", "--check", "abuse.toml"], folder)?;
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
    match dice.below(4) {
        0 => {
            let output = under(script, &["fmt", "abuse.toml"], folder)?;
            holds(folder, bytes)?;
            if healthy.status.code() == Some(1) { fails(&output, "the disk is full") } else { Ok(()) }
        }
        1 => {
            under(script, &["run", "abuse.toml", dice.one(["--bless", "--bless=steps"])], folder)?;
            holds(folder, bytes)
        }
        2 => {
            let output = under(script, &["new", "other.toml"], folder)?;
            holds(folder, bytes)?;
            fails(&output, "the disk is full")
        }
        _ => {
            let output = under(script, &["run", "abuse.toml", "--junit", "report.xml"], folder)?;
            fails(&output, "the disk is full")?;
            holds(folder, bytes)
        }
    }
}

/// Standard output is full, closed, or a pipe that nobody reads.
fn full_channel(dice: &mut Dice, folder: &Path) -> Result<(), String> {
    const COMMANDS: [&[&str]; 9] = [
        &["run", "abuse.toml"],
        &["run", "abuse.toml", "--format", "json"],
        &["run", "abuse.toml", "--timeline"],
        &["check", "abuse.toml"],
        &["fmt", "--check", "abuse.toml"],
        &["list", "founding"],
        &["show", "founding/second-provider"],
        &["completions", "bash"],
        &["profiles"],
    ];
    let arguments = dice.one(COMMANDS);
    let whole = under("exec \"$0\" \"$@\"", arguments, folder)?;
    let judges = matches!(arguments[0], "run" | "check" | "fmt");
    let full = under("exec \"$0\" \"$@\" >/dev/full", arguments, folder)?;
    if !whole.stdout.is_empty() {
        fails(&full, "standard output is full")?;
    }
    for script in ["\"$0\" \"$@\" | :; exit 0", "exec \"$0\" \"$@\" >&-"] {
        under(script, arguments, folder)?;
    }
    // The exit code of a command in a pipe, told beside it.
    let output = under("{ \"$0\" \"$@\"; echo $? >&3; } 3>&2 2>/dev/null | :", arguments, folder)?;
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let expected = if judges { whole.status.code().unwrap_or(-1).to_string() } else { "0".to_owned() };
    if told == expected {
        Ok(())
    } else {
        Err(format!("{arguments:?} into a closed pipe ends with {told}, else {expected}"))
    }
}

/// Folders in which nothing can be written, or that are none; files that may not be written.
fn no_place(dice: &mut Dice, folder: &Path, bytes: &[u8]) -> Result<(), String> {
    let place = dice.one(["/proc/none", "none/none", "abuse.toml/none", "/dev/full/none"]);
    match dice.below(3) {
        0 => {
            let output = under("exec \"$0\" \"$@\"", &["new", &format!("{place}.toml")], folder)?;
            fails(&output, "there is no such place")?;
        }
        1 => {
            let output =
                under("exec \"$0\" \"$@\"", &["run", "abuse.toml", "--junit", &format!("{place}.xml")], folder)?;
            fails(&output, "there is no such place")?;
        }
        _ => {
            let path = folder.join("abuse.toml");
            let mut permissions = fs::metadata(&path).map_err(|error| error.to_string())?.permissions();
            permissions.set_readonly(true);
            fs::set_permissions(&path, permissions).map_err(|error| error.to_string())?;
            under("exec \"$0\" \"$@\"", &["fmt", "abuse.toml"], folder)?;
            under("exec \"$0\" \"$@\"", &["run", "abuse.toml", "--bless"], folder)?;
        }
    }
    holds(folder, bytes)
}

/// A folder with what is no scenario file: a folder by such a name, a link to nothing and one to itself, a pipe with a
/// writer, a name that is no text, an empty file, a device.
fn strange_files(dice: &mut Dice, folder: &Path) -> Result<(), String> {
    let make = dice.one([
        "mkdir x.toml",
        "ln -s none x.toml",
        "ln -s x.toml x.toml",
        "mkfifo x.toml; (echo 'scenario = 1' >x.toml &)",
        "cp abuse.toml \"$(printf 'x\\377.toml')\"",
        "cp abuse.toml \"$(printf 'x\\033[2J\\n::error::x.toml')\"",
        ": >x.toml",
        "ln -s /dev/zero x.toml",
        "ln -s .. x.toml",
        "mkdir -p $(yes d | head -n 40 | tr '\\n' '/')",
    ]);
    let arguments =
        dice.one([&["check", "."][..], &["run", "."], &["fmt", "--check", "."], &["list", "."], &["fmt", "."]]);
    let output = under(&format!("{make}; exec timeout 30 \"$0\" \"$@\" 2>&1"), arguments, folder)?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains('\u{1b}') || text.contains("\n::error::") {
        return Err(format!("{make}: a name is obeyed instead of shown: {text:?}"));
    }
    Ok(())
}

/// Files come and go while a folder is read.
fn vanishing(dice: &mut Dice, folder: &Path, bytes: &[u8]) -> Result<(), String> {
    let arguments =
        dice.one([&["check", "."][..], &["run", "."], &["fmt", "--check", "."], &["list", "."], &["fmt", "."]]);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            for round in 0..300 {
                let path = folder.join(format!("v{}.toml", round % 7));
                // Whoever comes and goes is not asked whether it worked.
                let _ = fs::write(&path, bytes);
                thread::sleep(Duration::from_micros(100));
                let _ = fs::remove_file(&path);
            }
        });
        let outcome = under("exec \"$0\" \"$@\"", arguments, folder).map(drop);
        other.join().map_err(|_| "who edits panics".to_owned())?;
        outcome
    })
}

/// An author saves the file while it is formatted or blessed: it is one of what the author saved or what is written
/// for one of these, and never a part.
fn edited(dice: &mut Dice, folder: &Path, bytes: &[u8]) -> Result<(), String> {
    let arguments = dice.one([&["fmt", "abuse.toml"][..], &["run", "abuse.toml", "--bless"]]);
    let text = String::from_utf8_lossy(bytes).into_owned();
    let version = |number: usize| format!("{text}\n# version {number}\n");
    thread::scope(|scope| {
        let author = scope.spawn(|| {
            for number in 0..20 {
                let draft = folder.join("draft");
                let saved =
                    fs::write(&draft, version(number)).and_then(|()| fs::rename(&draft, folder.join("abuse.toml")));
                if saved.is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(2));
            }
        });
        let outcome = under("exec \"$0\" \"$@\"", arguments, folder).map(drop);
        author.join().map_err(|_| "the author panics".to_owned())?;
        outcome
    })?;
    nothing_else(folder, &["abuse.toml"])?;
    let found = fs::read_to_string(folder.join("abuse.toml")).map_err(|error| format!("the file is gone: {error}"))?;
    let marked = (0..20).any(|number| found.trim_end().ends_with(&format!("# version {number}")));
    if marked || found == text {
        return Ok(());
    }
    // Written for a version that had been saved before, it ends as that one does; for the first text, without a mark.
    match autoenroll_scenario::format("abuse.toml", found.as_bytes()) {
        Ok(_) => Ok(()),
        Err(_) if bytes != UNTIDY.as_bytes() => Ok(()),
        Err(_) => Err(format!("the file is none of what was saved or written:\n{found}")),
    }
}
