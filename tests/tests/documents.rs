//! What documents show of the command is what it prints.
//!
//! A comment `<!-- $ autoenroll ARGUMENTS -->` stands before a code block, which holds the output; `(exit 1)` after the
//! arguments is the exit code, where it is not 0, and `(answers a r)` before that are lines of standard input.
//! `<!-- file: NAME -->` stands before a block that is written to a file, for the commands after it. A
//! `<!-- put ANSWER in NAME -->` puts an answer in place of the `"hold"` of a file, as the reader of the document does.
//! The paragraph or the table after `<!-- numbers: NAME -->` is made from what the command counts, see [`numbers`]. In
//! a session with a core, lines that begin with `>` are said to it and lines that begin with `<` are its answers.
//! `cargo xtask docs` writes the blocks anew.
#![cfg(not(feature = "planted-bugs"))]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::Path;

use autoenroll_tests::{Autoenroll, root, scratch};
use serde_json::Value;

const DOCUMENTS: &[&str] = &[
    "README.md",
    "docs/ci.md",
    "docs/command.md",
    "docs/core-protocol.md",
    "docs/diff.md",
    "docs/exit-codes.md",
    "docs/exploration.md",
    "docs/fidelity.md",
    "docs/first-scenario.md",
    "docs/fleet.md",
    "docs/import-policies.md",
    "docs/import.md",
    "docs/observe.md",
    "docs/pages.md",
    "docs/play.md",
    "docs/profiles.md",
    "docs/snapshots.md",
    "docs/troubleshooting.md",
];

#[test]
fn documents_show_what_the_command_prints() {
    let write = std::env::var_os("AUTOENROLL_WRITE_DOCUMENTS").is_some();
    let mut stale = Vec::new();
    for path in DOCUMENTS {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let renewed = renew(path, &text);
        if renewed == text {
            continue;
        }
        if write {
            fs::write(root().join(path), &renewed).unwrap();
        } else {
            stale.push(first_difference(path, &text, &renewed));
        }
    }
    assert!(stale.is_empty(), "`cargo xtask docs` writes these anew:\n{}", stale.join("\n"));
}

#[test]
fn every_command_has_a_part() {
    let page = fs::read_to_string(root().join("docs/command.md")).unwrap();
    let help = Autoenroll::new(env!("CARGO_BIN_EXE_autoenroll-under-test"), ["--help"]).run().out;
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let lines = listed.lines().map_while(|line| line.strip_prefix("  "));
    let commands: Vec<&str> =
        lines.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 10, "{help}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        assert!(page.contains(&format!("\n## {command}\n")), "docs/command.md has no part about `{command}`");
    }
}

/// The document with each shown output replaced by the present one.
fn renew(path: &str, text: &str) -> String {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("documents-{}", path.replace('/', "-")));
    let mut renewed = String::new();
    let mut lines = text.lines();
    let mut shown = 0;
    while let Some(line) = lines.next() {
        renewed.push_str(line);
        renewed.push('\n');
        let Some(what) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        // Written by other tests: from the types of the messages, and from what is said in a scenario.
        if what.starts_with("reference: ") || what.starts_with("exchange: ") {
            continue;
        }
        if let Some((answer, name)) = what.strip_prefix("put ").and_then(|what| what.rsplit_once(" in ")) {
            put(answer, &directory.join(name));
            continue;
        }
        if let Some(name) = what.strip_prefix("numbers: ") {
            lines.by_ref().find(|line| line.is_empty());
            renewed.push_str(&numbers(path, name));
            renewed.push('\n');
            continue;
        }
        let fence = lines.next().unwrap_or_default();
        assert!(fence.starts_with("```"), "{path}: a code block must follow {line}");
        let old: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        let new = if let Some(name) = what.strip_prefix("file: ") {
            let file = directory.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &old).unwrap();
            old
        } else if let Some(command) = what.strip_prefix("$ autoenroll ") {
            shown += 1;
            output(path, &directory, command, &old)
        } else {
            panic!("{path}: {line} is neither a command nor a file");
        };
        renewed.push_str(&format!("{fence}\n{new}```\n"));
    }
    assert!(shown > 0, "{path} shows nothing of the command");
    renewed
}

/// What was counted of the classes of evidence when the audit began that led to this page: at commit a63ef07.
const BEFORE: [u64; 5] = [617, 359, 74, 184, 0];

/// What a document says of the classes of evidence: `evidence`, a sentence; `before and after`, the rows of a table.
fn numbers(path: &str, name: &str) -> String {
    let all = &printed(&["matrix", "--sums", "--format", "json"])[0];
    let classes = ["requirements", "documented", "observed", "inferred", "contested"];
    let now = classes.map(|class| all[class].as_u64().unwrap());
    if name == "before and after" {
        let row =
            |when, counts: [u64; 5]| format!("| {when} | {} |\n", counts.map(|number| number.to_string()).join(" | "));
        let head = format!("| | all | {} |\n| --- | --- | --- | --- | --- | --- |\n", classes[1..].join(" | "));
        return head + &row("before", BEFORE) + &row("now", now);
    }
    assert_eq!(name, "evidence", "{path}: numbers have no such name");
    let [requirements, documented, observed, inferred, contested] = now;
    let switches = printed(&["profiles", "--format", "json"]);
    let open =
        |switch: &&Value| matches!(switch["known"][PROFILE]["evidence"].as_str(), Some("inferred" | "contested"));
    let (open, switches) = (switches.iter().filter(open).count(), switches.len());
    let page = if path.starts_with("docs/") { "fidelity.md" } else { "docs/fidelity.md" };
    wrapped(&format!(
        "Of the {requirements} statements that the bench goes by, public documents support {documented} and observations {observed}; \
         {inferred} are inferred and {contested} contested, and so are the values of {open} of {switches} switches under `{PROFILE}`: \
         [how far a green run can be trusted]({page})."
    ))
}

/// The profile whose switches a document counts.
const PROFILE: &str = "windows-10-22h2";

/// The lines of JSON that the command prints.
fn printed(arguments: &[&str]) -> Vec<Value> {
    let ran = Autoenroll::new(env!("CARGO_BIN_EXE_autoenroll-under-test"), arguments.iter().copied()).run();
    assert_eq!(ran.code, Some(0), "{arguments:?}\n{}", ran.err);
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Lines of at most 140 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if !line.is_empty() && line.len() + 1 + word.len() > 140 {
            lines.push(word.to_owned());
        } else {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

/// The answer in place of the one prompt that is held open.
fn put(answer: &str, file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    assert_eq!(text.matches("\"hold\"").count(), 1, "{}\n{text}", file.display());
    fs::write(file, text.replace("\"hold\"", answer)).unwrap();
}

fn output(path: &str, directory: &Path, command: &str, old: &str) -> String {
    let (arguments, exit) = match command.strip_suffix(')').and_then(|command| command.split_once(" (exit ")) {
        Some((arguments, exit)) => (arguments, exit.parse().unwrap()),
        None => (command, 0),
    };
    let (arguments, answers) = match arguments.strip_suffix(')').and_then(|command| command.split_once(" (answers ")) {
        Some((arguments, answers)) => (arguments, answers.split(' ').map(|answer| format!("{answer}\n")).collect()),
        None => (arguments, String::new()),
    };
    let said: Vec<&str> = old.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    let input: String = said.iter().map(|line| format!("{line}\n")).collect();
    let program = env!("CARGO_BIN_EXE_autoenroll-under-test");
    let run = Autoenroll::new(program, arguments.split_whitespace()).directory(directory).input(answers + &input);
    let ran = run.run();
    assert_eq!(ran.code, Some(exit), "{path}: autoenroll {arguments}\n{}{}", ran.out, ran.err);
    if said.is_empty() { without_blank_ends(&ran.out) } else { session(&said, &ran.out) }
}

/// Lines without blanks at their ends, and no empty lines at the end.
fn without_blank_ends(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

/// Each line said to a core, followed by its answer, which ends with `ready` or `idle`.
fn session(said: &[&str], answers: &str) -> String {
    let mut answers = answers.lines();
    let mut text = String::new();
    for line in said {
        text.push_str(&format!("> {line}\n"));
        for answer in answers.by_ref() {
            text.push_str(&format!("< {answer}\n"));
            if answer.starts_with(r#"{"ready""#) || answer.starts_with(r#"{"idle""#) {
                break;
            }
        }
    }
    text
}

fn first_difference(path: &str, old: &str, new: &str) -> String {
    let at = old.lines().zip(new.lines()).position(|(old, new)| old != new);
    let at = at.unwrap_or(old.lines().count().min(new.lines().count()));
    let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_owned();
    format!("{path}:{}\n  shown:   {}\n  printed: {}", at + 1, line(old), line(new))
}
