//! Sources: their length, their names, and what must not stand in them.

use std::path::Path;

use super::crates::Member;
use super::{files, read};

/// No file is longer.
const MOST_LINES: usize = 1_200;
/// No line is wider, in characters; rustfmt sees to code, but not to comments, nor to what stands in macros.
const MOST_COLUMNS: usize = 120;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "misc", "util", "utils"];
/// What must not stand in a source, and why. Written in two parts, so that this file does not contain them itself.
const FORBIDDEN: &[([&str; 2], &str)] = &[
    (["#[", "allow("], "say `#[expect(lint, reason = \"…\")]`"),
    (["#![", "allow("], "say `#![expect(lint, reason = \"…\")]`"),
    (["#[", "ignore"], "a test that does not run is none"),
    (["dbg", "!("], "left over from debugging"),
    (["TO", "DO"], "write an issue"),
    (["FIX", "ME"], "write an issue"),
];

pub(super) fn check(root: &Path, members: &[Member]) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    for member in members {
        for path in files(root, &member.directory, ".rs")? {
            findings.extend(check_source(&path, &read(root, &path)?));
        }
    }
    Ok(findings)
}

fn check_source(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let lines = text.lines().count();
    if lines > MOST_LINES {
        findings.push(format!("{path}: {lines} lines; split it, {MOST_LINES} are the most"));
    }
    let name = path.trim_end_matches("/mod.rs").trim_end_matches(".rs").rsplit('/').next().unwrap_or_default();
    if EMPTY_NAMES.contains(&name) {
        findings.push(format!("{path}: the name says nothing; name the file after what it is about"));
    }
    let mut continues = false;
    for (at, line) in text.lines().enumerate() {
        if is_too_wide(line, continues) {
            findings.push(format!("{path}:{}: {} columns; {MOST_COLUMNS} are the most", at + 1, line.chars().count()));
        }
        continues = line.ends_with('\\');
        for (parts, instead) in FORBIDDEN {
            if line.contains(&parts.concat()) {
                findings.push(format!("{path}:{}: `{}`: {instead}", at + 1, parts.concat()));
            }
        }
    }
    findings
}

/// Whether a line is too wide. Excused is what only a text makes wide: messages and lines of files are kept whole so
/// that they can be searched for. `continues` says that the line begins within a text.
fn is_too_wide(line: &str, continues: bool) -> bool {
    let columns = line.chars().count();
    if columns <= MOST_COLUMNS || line.trim_start().starts_with("//") {
        return columns > MOST_COLUMNS;
    }
    let (mut within, mut escaped, mut in_texts) = (continues, false, 0);
    for character in line.chars() {
        in_texts += usize::from(within);
        if character == '"' && !escaped {
            within = !within;
        }
        escaped = character == '\\' && !escaped;
    }
    columns - in_texts > MOST_COLUMNS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_empty_names_and_forbidden_words_are_found() {
        let check = |path: &str, text: &str, expected: &[&str]| assert_eq!(check_source(path, text), expected);
        check("crates/core/src/run.rs", "fn run() {}\n", &[]);
        check(
            "crates/core/src/utils.rs",
            "",
            &["crates/core/src/utils.rs: the name says nothing; name the file after what it is about"],
        );
        check("a.rs", &"\n".repeat(1_201), &["a.rs: 1201 lines; split it, 1200 are the most"]);
        let wide = "x".repeat(121);
        check("a.rs", &format!("// {wide}"), &["a.rs:1: 124 columns; 120 are the most"]);
        check("a.rs", &format!("let a = {wide};"), &["a.rs:1: 130 columns; 120 are the most"]);
        check("a.rs", &format!("let a = \"{wide}\\\n{wide}\";"), &[]);
        let forbidden = format!("\n{}dead_code)]", ["#[", "allow("].concat());
        let [finding] = check_source("a.rs", &forbidden).try_into().unwrap();
        assert!(finding.starts_with("a.rs:2: ") && finding.contains("say `#[expect("), "{finding}");
    }
}
