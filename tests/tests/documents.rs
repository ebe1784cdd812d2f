//! What documents show of the command is what it prints.
//!
//! A comment `<!-- $ autoenroll ARGUMENTS -->` stands before a code block, which holds the output; `(exit 1)` after the
//! arguments is the exit code, where it is not 0, and `(answers a r)` before that are lines of standard input.
//! `<!-- file: NAME -->` stands before a block that is written to a file, for the commands after it. A
//! `<!-- put ANSWER in NAME -->` puts an answer in place of the `"hold"` of a file, as the reader of the document does.
//! The paragraph or the table after `<!-- numbers: NAME -->` is made from what the command counts, see [`numbers`]. In
//! a session with a core, lines that begin with `>` are said to it and lines that begin with `<` are its answers.
//! `cargo xtask docs` writes the blocks anew.
//!
//! A block in `console` shows the command as well. Other blocks in `sh` are run, and those in `toml` checked as
//! scenarios, in the order of the page and in one directory, unless [`NOT_RUN`] says why not.
#![cfg(not(feature = "planted-bugs"))]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use autoenroll_tests::{Autoenroll, root, scratch};
use serde_json::Value;

/// The command under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// Blocks that are not run as they stand: the page, how the block begins, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    ("README.md", "cargo autoenroll run", "CI does both, in a release build"),
    ("README.md", "  { prompt = \"card.insert\"", "a part of scenarios/founding/second-provider.toml"),
    ("README.md", "autoenroll serve", "lasts until it is ended; tests/enrolled.rs does it with certmonger"),
    ("docs/cards.md", "autoenroll card piv", "wants pcscd; crates/host/tests/pcsc does it"),
    ("docs/cards.md", "yubico-piv-tool", "wants pcscd; crates/host/tests/oracles does it"),
    ("docs/ci.md", "autoenroll fmt", "of a directory that the reader has; the tutorial runs such"),
    ("docs/ci.md", "name: autoenrollment", "tests/recipes.rs runs what the action runs"),
    ("docs/ci.md", "autoenrollment:", "tests/recipes.rs runs its script"),
    ("docs/client-guide.md", "name = \"mine\"", "a client.toml, read by `run --client`"),
    ("docs/client-guide.md", "#!/bin/sh", "an adapter of a program that is made up"),
    ("docs/client-guide.md", "name: conformance", "a job for a program that is made up"),
    ("docs/client-guide.md", "conformance:", "the same"),
    ("docs/client-guide.md", "autoenroll run --client", "the same"),
    ("docs/client-runs.md", "$ autoenroll run --client", "tests/client.rs runs that client"),
    ("docs/client-runs.md", "name = \"shell\"", "clients/shell/client.toml, with every key"),
    ("docs/editor.md", "vim.api", "a part of a user's init.lua; tests/lsp.rs plays a session of Neovim"),
    ("docs/editor.md", "const { LanguageClient }", "an extension of VS Code, as the page says not run"),
    ("docs/editor.md", "[language-server.autoenroll]", "settings of Helix, as the page says not run"),
    ("docs/editor.md", "cargo nextest", "a test of its own, tests/lsp.rs"),
    ("docs/fleet.md", "autoenroll fleet enrolling", "for two machines, and takes minutes; tests/fleet.rs merges parts"),
    ("docs/import.md", "autoenroll import --extends", "of files that the reader has; tests/import.rs reads such"),
    ("docs/import.md", "[world]", "a part of what is printed above it"),
    ("docs/import.md", "[[world.group]]", "a part of a world, to be added"),
    ("docs/import.md", "autoenroll import --to", "of files that the reader has"),
    ("docs/logon.md", "apt-get install", "installs packages; CI does"),
    ("docs/logon.md", "faketime", "needs a KDC; crates/host/tests/logon does it"),
    ("docs/pages.md", "autoenroll show my/", "of files that the reader has; tests/page.rs writes pages"),
    ("docs/performance.md", "cargo xtask speed", "takes an hour, and writes the page"),
    ("docs/play.md", "autoenroll play", "wait for somebody; tests/play.rs plays each, in a browser too"),
    ("docs/scenario-language.md", "steps = [", "steps of several stories, one after the other"),
    ("docs/scenario-language.md", "[sequences.insert", "a part of a file"),
    ("docs/scenario-language.md", "{ on = ", "three steps, each of another story"),
    ("docs/scenario-language.md", "[[vary]]", "a part of a file"),
    ("docs/serve.md", "$ autoenroll serve", "lasts until it is ended; ports are others each time"),
    ("docs/serve.md", "curl", "of a server that lasts until it is ended; crates/net/tests asks the same"),
    ("docs/submit.md", "openssl req", "needs the world of the reader; tests/enrolled.rs submits such"),
    ("docs/submit.md", "autoenroll submit", "asks a server that is made up"),
    ("docs/submit.md", "autoenroll serve", "lasts until it is ended"),
];

#[test]
fn documents_show_what_the_command_prints() {
    let write = std::env::var_os("AUTOENROLL_WRITE_DOCUMENTS").is_some();
    let mut stale = Vec::new();
    let mut excused = Vec::new();
    for path in pages() {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let renewed = renew(&path, &text, &mut excused);
        if renewed == text {
            continue;
        }
        if write {
            fs::write(root().join(&path), &renewed).unwrap();
        } else {
            stale.push(first_difference(&path, &text, &renewed));
        }
    }
    assert!(stale.is_empty(), "`cargo xtask docs` writes these anew:\n{}", stale.join("\n"));
    let gone: Vec<_> = NOT_RUN.iter().filter(|(path, begin, _)| !excused.contains(&(*path, *begin))).collect();
    assert!(gone.is_empty(), "no block begins so; take it off the list: {gone:?}");
}

#[test]
fn the_summary_lists_every_page() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let mut listed: Vec<String> = links(&summary).into_iter().map(|(page, _)| format!("docs/{page}")).collect();
    listed.sort();
    let pages: Vec<String> = below("docs").into_iter().filter(|page| page != "docs/SUMMARY.md").collect();
    assert_eq!(listed, pages, "docs/SUMMARY.md lists each page of docs once");
}

/// Files and headings; that files are there is also asked of other documents, by `cargo xtask tidy`.
#[test]
fn links_lead_to_headings() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(root().join(&page)).unwrap();
        let folder = Path::new(&page).parent().unwrap();
        for (file, heading) in links(&text) {
            let target = if file.is_empty() { root().join(&page) } else { root().join(folder).join(&file) };
            assert!(target.exists(), "{page}: {file}");
            if !heading.is_empty() && !headings(&fs::read_to_string(&target).unwrap()).contains(&heading) {
                wrong.push(format!("{page}: {file}#{heading}"));
            }
        }
    }
    assert!(wrong.is_empty(), "no heading is called so:\n{}", wrong.join("\n"));
}

/// Links to files of the repository and to headings: the file, and the heading after its hash.
fn links(text: &str) -> Vec<(String, String)> {
    // Every second piece between backticks is code.
    let prose = prose(text).map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join("x"));
    let targets = prose.flat_map(|line| {
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        targets.map(|(target, _)| target.to_owned()).collect::<Vec<_>>()
    });
    let own = targets.filter(|target| !target.contains("://"));
    own.map(|target| {
        let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
        (file.to_owned(), heading.to_owned())
    })
    .collect()
}

/// By what links to headings call them: as GitHub and mdBook do, in small letters, with hyphens, without marks. Anchors
/// in tables are named.
fn headings(text: &str) -> Vec<String> {
    let anchors = text.split("<a id=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    let mut found: Vec<String> = anchors.map(|(name, _)| name.to_owned()).collect();
    for line in prose(text).filter(|line| line.starts_with('#')) {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
        let name: String = kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect();
        let before = found.iter().filter(|other| **other == name).count();
        found.push(if before == 0 { name } else { format!("{name}-{before}") });
    }
    found
}

/// Lines outside of blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        inside ^= is_fence;
        !inside && !is_fence
    })
}

/// Every document that somebody reads who uses the command.
fn pages() -> Vec<String> {
    let mut pages: Vec<String> = below("docs");
    pages.push("README.md".to_owned());
    pages
}

/// Markdown below a directory, as paths from the root, sorted.
fn below(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            found.extend(below(&path));
        } else if path.ends_with(".md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_command_has_a_part() {
    let page = fs::read_to_string(root().join("docs/command.md")).unwrap();
    let help = Autoenroll::new(PROGRAM, ["--help"]).run().out;
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let lines = listed.lines().map_while(|line| line.strip_prefix("  "));
    let commands: Vec<&str> =
        lines.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 10, "{help}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        assert!(page.contains(&format!("\n## {command}\n")), "docs/command.md has no part about `{command}`");
    }
}

/// The document with each shown output replaced by the present one; every other block is tried. Those that are not are
/// added to `excused`.
fn renew(path: &str, text: &str, excused: &mut Vec<(&'static str, &'static str)>) -> String {
    let directory = scratch(env!("CARGO_TARGET_TMPDIR"), &format!("documents-{}", path.replace('/', "-")));
    let mut renewed = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        renewed.push_str(line);
        renewed.push('\n');
        if let Some(language) = line.strip_prefix("```") {
            let block = block(&mut lines);
            renewed.push_str(&format!("{block}```\n"));
            match NOT_RUN.iter().find(|(page, begin, _)| *page == path && block.starts_with(begin)) {
                Some((page, begin, _)) => excused.push((page, begin)),
                None => attempt(path, &directory, language, &block),
            }
            continue;
        }
        let Some(what) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        // Written by other tests and programs: from the types of the messages, from what is said in a scenario,
        // from the kinds of cards.
        let beginnings = ["reference: ", "exchange: ", "kinds: ", "cargo xtask ", "to here"];
        let ends = [": generated", ": end"];
        if beginnings.iter().any(|other| what.starts_with(other)) || ends.iter().any(|other| what.ends_with(other)) {
            continue;
        }
        if let Some((answer, name)) = what.strip_prefix("put ").and_then(|what| what.rsplit_once(" in ")) {
            put(answer, &directory.join(name));
            continue;
        }
        let made = match what.split_once(": ") {
            Some(("numbers", name)) => Some(numbers(path, name)),
            Some(("inputs", file)) => Some(inputs(&fs::read_to_string(root().join(file)).unwrap())),
            _ => None,
        };
        if let Some(made) = made {
            lines.by_ref().find(|line| line.is_empty());
            renewed.push_str(&made);
            renewed.push('\n');
            continue;
        }
        let fence = lines.next().unwrap_or_default();
        assert!(fence.starts_with("```"), "{path}: a code block must follow {line}");
        let old = block(&mut lines);
        let new = if let Some(name) = what.strip_prefix("file: ") {
            assert!(renewed.contains(&format!("{name}`")), "{path}: nothing before its text says that it is `{name}`");
            let file = directory.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &old).unwrap();
            old
        } else if let Some(command) = what.strip_prefix("$ autoenroll ") {
            let printed = output(path, &directory, command, &old);
            let typed = command.split(" (").next().unwrap_or(command);
            if fence == "```console" { format!("$ autoenroll {typed}\n{printed}") } else { printed }
        } else {
            panic!("{path}: {line} is neither a command nor a file");
        };
        renewed.push_str(&format!("{fence}\n{new}```\n"));
    }
    renewed
}

/// A table of the inputs of a composite action: two spaces before each name, four before what is said of it.
fn inputs(action: &str) -> String {
    let (_, inputs) = action.split_once("\ninputs:\n").unwrap();
    let (inputs, _) = inputs.split_once("\n\n").unwrap();
    let mut table = "| input | what | unless said |\n| --- | --- | --- |\n".to_owned();
    let mut lines = inputs.lines();
    while let Some(name) = lines.next() {
        let mut value = |key: &str| lines.next().and_then(|line| line.strip_prefix(key)).unwrap().trim_matches('"');
        let (what, default) = (value("    description: "), value("    default: "));
        let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
        table += &format!("| `{}` | {what} | {default} |\n", name.trim().trim_end_matches(':'));
    }
    table
}

/// The lines of a block up to its end.
fn block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> String {
    lines.take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect()
}

/// Does what a block without a comment says, in the directory of the page.
fn attempt(path: &str, directory: &Path, language: &str, block: &str) {
    let first = block.lines().next().unwrap_or_default();
    match language {
        "text" | "markdown" => {}
        "toml" => {
            let file = directory.join("checked.toml");
            fs::write(&file, block).unwrap();
            let ran = Autoenroll::new(PROGRAM, ["check", "checked.toml"]).directory(directory).run();
            assert_eq!(ran.code, Some(0), "{path}: `{first}` is no scenario\n{}{}", ran.out, ran.err);
            fs::remove_file(file).unwrap();
        }
        "sh" => {
            let bin = directory.join("bin");
            fs::create_dir_all(&bin).unwrap();
            if !bin.join("autoenroll").exists() {
                std::os::unix::fs::symlink(PROGRAM, bin.join("autoenroll")).unwrap();
            }
            let search = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
            let mut shell = Command::new("bash");
            shell.args(["-e", "-u", "-c", block]).env_clear().env("PATH", search).env("HOME", directory);
            let output = shell.current_dir(directory).stdin(Stdio::null()).output().unwrap();
            let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
            assert!(output.status.success(), "{path}: `{first}` ends with {}\n{said}", output.status);
        }
        _ => panic!("{path}: the block `{first}` is in `{language}`; say in NOT_RUN why it is not run"),
    }
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
    let ran = Autoenroll::new(PROGRAM, arguments.iter().copied()).run();
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
    let run = Autoenroll::new(PROGRAM, arguments.split_whitespace()).directory(directory).input(answers + &input);
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
