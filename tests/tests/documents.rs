//! What documents show of the command is what it prints.
//!
//! A comment `<!-- $ autoenroll ARGUMENTS -->` stands before a code block, which holds the output. In a session with a core, lines that
//! begin with `>` are said to it and lines that begin with `<` are its answers. `cargo xtask docs` writes the blocks anew.

use std::fs;

use autoenroll_tests::{Autoenroll, root};

const DOCUMENTS: &[&str] =
    &["README.md", "docs/command.md", "docs/core-protocol.md", "docs/exit-codes.md", "docs/first-scenario.md"];

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

/// The document with each shown output replaced by the present one.
fn renew(path: &str, text: &str) -> String {
    let mut renewed = String::new();
    let mut lines = text.lines();
    let mut shown = 0;
    while let Some(line) = lines.next() {
        renewed.push_str(line);
        renewed.push('\n');
        let Some(command) = line.strip_prefix("<!-- $ autoenroll ").and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        let fence = lines.next().unwrap_or_default();
        assert!(fence.starts_with("```"), "{path}: a code block must follow {line}");
        let old: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        renewed.push_str(fence);
        renewed.push('\n');
        renewed.push_str(&output(path, command, &old));
        renewed.push_str("```\n");
        shown += 1;
    }
    assert!(shown > 0, "{path} shows nothing of the command");
    renewed
}

fn output(path: &str, command: &str, old: &[&str]) -> String {
    let said: Vec<&str> = old.iter().filter_map(|line| line.strip_prefix("> ")).collect();
    let input: String = said.iter().map(|line| format!("{line}\n")).collect();
    let program = env!("CARGO_BIN_EXE_autoenroll-under-test");
    let ran = Autoenroll::new(program, command.split_whitespace()).input(input).run();
    assert_eq!(ran.code, Some(0), "{path}: `autoenroll {command}` failed: {}{}", ran.out, ran.err);
    if said.is_empty() { ran.out } else { session(&said, &ran.out) }
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
