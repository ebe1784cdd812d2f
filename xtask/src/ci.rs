//! Every check that a change must pass, one after the other. All are run, whatever fails, so that one run tells
//! everything.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One check.
#[derive(Clone, Copy)]
struct Step {
    /// What is checked.
    title: &'static str,
    /// The command; its first word is the program.
    command: &'static [&'static str],
    /// Environment variables it needs.
    environment: &'static [(&'static str, &'static str)],
    /// Whether its output has counts of tests.
    counts_tests: bool,
    /// What must be installed for it.
    needs: Option<Need>,
}

/// Something that is not on every machine.
#[derive(Clone, Copy)]
struct Need {
    /// Succeeds where it is there.
    probe: &'static [&'static str],
    /// How to get it.
    install: &'static str,
}

const DENY: Need = Need { probe: &["cargo", "deny", "--version"], install: "cargo install --locked cargo-deny" };
const PCSC: Need = Need {
    probe: &["pkg-config", "--exists", "libpcsclite"],
    install: "apt-get install pkg-config libpcsclite-dev pcscd vsmartcard-vpcd opensc",
};

const VALGRIND: Need = Need { probe: &["valgrind", "--version"], install: "apt-get install valgrind" };

const CPLUSPLUS: Need = Need { probe: &["c++", "--version"], install: "apt-get install g++" };

const fn step(title: &'static str, command: &'static [&'static str]) -> Step {
    Step { title, command, environment: &[], counts_tests: false, needs: None }
}

const fn tests(title: &'static str, command: &'static [&'static str]) -> Step {
    Step { counts_tests: true, ..step(title, command) }
}

/// The checks, the quick ones first.
const CHECKS: &[Step] = &[
    step("Formatting", &["cargo", "fmt", "--all", "--check"]),
    Step {
        needs: Some(DENY),
        ..step(
            "Dependencies: licences, sources, duplicates",
            &["cargo", "deny", "check", "bans", "licenses", "sources"],
        )
    },
    step(
        "Lints",
        &[
            "cargo",
            "clippy",
            "--workspace",
            "--all-targets",
            "--features",
            "autoenroll-tests/planted-bugs",
            "--features",
            OPTIONAL,
            "--",
            "-D",
            "warnings",
        ],
    ),
    Step {
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
        ..step("Documentation", &["cargo", "doc", "--workspace", "--no-deps"])
    },
    step("Key pools", &["cargo", "xtask", "keys", "--check"]),
    step(
        "All scenarios, twice each, in a release build",
        &["cargo", "run", "--release", "--package", "autoenroll-cli", "--", "run", "--twice"],
    ),
    step(
        "An archive of that build, with pages, completions and a bill of materials",
        &["cargo", "xtask", "dist", "--program", "target/release/autoenroll", "--to", "target/dist-check"],
    ),
    step(
        "Layout of scenarios and fixtures",
        &["cargo", "run", "--release", "--package", "autoenroll-cli", "--", "fmt", "--check", "scenarios", "fixtures"],
    ),
    Step {
        needs: Some(VALGRIND),
        ..step("Instructions that some works take, and how they grow", &["cargo", "xtask", "speed"])
    },
    step(
        "A sample of damaged inputs",
        &["cargo", "xtask", "abuse", "--seed", "2", "--from", "0", "--cases", "1500", "--reached", "75"],
    ),
    Step {
        needs: Some(CPLUSPLUS),
        ..step(
            "Fuzz targets",
            &["cargo", "check", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target"],
        )
    },
    step(
        "Requirements that no scenario shows",
        &["cargo", "run", "--release", "--package", "autoenroll-cli", "--", "matrix", "--uncovered"],
    ),
    // With PC/SC, so that what is built is what the next one needs.
    Step {
        needs: Some(PCSC),
        ..step(
            "Planted bugs and inverted rules",
            &["cargo", "run", "--package", "autoenroll-cli", "--features", "planted-bugs,pcsc", "--", "mutants"],
        )
    },
    Step {
        needs: Some(PCSC),
        ..step(
            "The founding document's stories, with every card behind pcscd",
            &[
                "cargo",
                "run",
                "--package",
                "autoenroll-cli",
                "--features",
                "planted-bugs,pcsc",
                "--",
                "run",
                "founding",
                "--card",
                "pcsc",
            ],
        )
    },
    step("A sample of mutants of the core", &["cargo", "xtask", "mutants", "--committed"]),
    tests(
        "A million commands to a card of each kind",
        &["cargo", "test", "--release", "--package", "autoenroll-card", "--test", "card", "a_host_that_does_anything"],
    ),
];

/// The tests, where cargo-nextest is installed: quicker, because the tests of different crates run side by side.
const TESTS_WITH_NEXTEST: &[Step] = &[
    tests("Tests", &["cargo", "nextest", "run", "--workspace", "--features", OPTIONAL, "--no-fail-fast"]),
    tests("Tests in documentation", &["cargo", "test", "--workspace", "--doc"]),
];

/// The tests elsewhere.
const TESTS: &[Step] = &[tests("Tests", &["cargo", "test", "--workspace", "--features", OPTIONAL, "--no-fail-fast"])];

/// What is built only on demand: cards through the PC/SC library, and the reader of .evtx files.
const OPTIONAL: &str = "autoenroll-host/pcsc,autoenroll-observe/evtx";
/// The same where there is no such library.
const OPTIONAL_WITHOUT_PCSC: &str = "autoenroll-observe/evtx";

/// Runs every check.
///
/// # Errors
/// When one fails, or cannot be run: in CI nothing is skipped.
pub(crate) fn run() -> Result<(), String> {
    let ci = is_ci();
    let tests = if works(&["cargo", "nextest", "--version"]) { TESTS_WITH_NEXTEST } else { TESTS };
    let mut counts = Counts::default();
    let (mut skipped, mut failed, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    failed.extend(crate::tidy::run().err());
    for step in CHECKS.iter().chain(tests) {
        match step.needs.filter(|need| !works(need.probe)) {
            None => {
                let start = Instant::now();
                let (added, failure) = run_step(step)?;
                parts.push((step.title, start.elapsed()));
                counts.add(added);
                failed.extend(failure);
            }
            Some(need) if ci => {
                failed.push(format!("{}: in CI nothing is skipped; needed: {}", step.title, need.install));
            }
            Some(need) => skipped.push(format!("{}; to run it: {}", step.title, need.install)),
        }
    }
    let start = Instant::now();
    failed.extend(compare_digests().err());
    parts.push(("Digests of the release build", start.elapsed()));
    if counts.passed == 0 {
        failed.push("no test was counted".to_owned());
    }
    if ci && counts.ignored > 0 {
        failed.push("tests are ignored; in CI nothing is skipped".to_owned());
    }
    println!("\n{}", table(&parts));
    for line in &skipped {
        println!("Skipped: {line}");
    }
    for line in &failed {
        println!("Failed: {line}");
    }
    println!("Tests: {} passed, {} failed, {} ignored", counts.passed, counts.failed, counts.ignored);
    if failed.is_empty() { Ok(()) } else { Err(format!("{} checks failed", failed.len())) }
}

/// How long each part took, in seconds, and all of them together.
fn table(parts: &[(&str, Duration)]) -> String {
    let total = ("All", parts.iter().map(|(_, taken)| *taken).sum());
    let lines = parts.iter().chain([&total]).map(|(title, taken)| format!("{:>6.0} s  {title}\n", taken.as_secs_f64()));
    lines.collect()
}

/// Compares the traces of the release build with those of the debug build, through the digests that its tests compare
/// with.
fn compare_digests() -> Result<(), String> {
    const COMMITTED: &str = "tests/digests.txt";
    let command = ["run", "--quiet", "--release", "--package", "autoenroll-cli", "--", "run", "--format", "json"];
    println!("\n== Digests of the release build and of the debug build: cargo {}", command.join(" "));
    let output = Command::new("cargo").args(command).current_dir(crate::root()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("the release build cannot be run: {error}"))?;
    let mut found = String::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let line: serde_json::Value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
        if let (Some(name), Some(digest)) = (line["scenario"].as_str(), line["digest"].as_str()) {
            found += &format!("{digest}  {name}\n");
        }
    }
    let committed =
        std::fs::read_to_string(crate::root().join(COMMITTED)).map_err(|error| format!("{COMMITTED}: {error}"))?;
    if found == committed {
        println!("== {} digests are equal", found.lines().count());
        return Ok(());
    }
    let differ = found.lines().zip(committed.lines()).find(|(found, committed)| found != committed);
    Err(format!("digests of the release build differ from {COMMITTED}: {differ:?}"))
}

/// Lets the tests that compare documents with the command write the documents instead.
///
/// # Errors
/// When the tests cannot be run.
pub(crate) fn write_documents() -> Result<(), String> {
    let write = Step {
        environment: &[("AUTOENROLL_WRITE_DOCUMENTS", "1")],
        ..step(
            "Documents and digests",
            &[
                "cargo",
                "test",
                "--package",
                "autoenroll-tests",
                "--test",
                "documents",
                "--test",
                "determinism",
                "--test",
                "protocol",
                "--",
                // Two of them write parts of one document.
                "--test-threads=1",
                "documents",
                "one_thread",
                "the_committed_schema",
                "the_first_logon",
            ],
        )
    };
    run_step(&write)?.1.map_or(Ok(()), Err)
}

/// Builds the command and runs the whole suite under `xtask/coverage.py`. No part of `cargo xtask ci`: not every
/// machine that builds lets a process trace another.
///
/// # Errors
/// When the command cannot be built, or the lines are not those of the list.
pub(crate) fn coverage() -> Result<(), String> {
    let steps = [
        step("The command", &["cargo", "build", "--package", "autoenroll-cli"]),
        step(
            "Lines of the core that no scenario reaches",
            &["python3", "xtask/coverage.py", "target/debug/autoenroll"],
        ),
    ];
    steps.iter().try_for_each(|step| run_step(step)?.1.map_or(Ok(()), Err))
}

/// How many tests did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// From a summary line of libtest or of nextest; nothing from any other line.
    fn read(line: &str) -> Self {
        // nextest repeats the output of tests that failed, indented: that is counted in its own summary.
        let libtest = line.strip_prefix("test result: ");
        let nextest = line.trim_start().strip_prefix("Summary [").and_then(|rest| rest.split_once("tests run:"));
        let Some(summary) = libtest.or(nextest.map(|(_, counts)| counts)) else { return Self::default() };
        let of = |word: &str| {
            let words: Vec<&str> = summary.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
            let at = words.iter().position(|found| *found == word)?;
            words.get(at.checked_sub(1)?)?.parse().ok()
        };
        let ignored = if libtest.is_some() { of("ignored") } else { of("skipped") };
        Self { passed: of("passed").unwrap_or(0), failed: of("failed").unwrap_or(0), ignored: ignored.unwrap_or(0) }
    }
}

/// Runs a step with its output passed on, counts its tests, and says whether it failed.
fn run_step(step: &Step) -> Result<(Counts, Option<String>), String> {
    let optional = |word: &&'static str| match *word {
        OPTIONAL if !works(PCSC.probe) => OPTIONAL_WITHOUT_PCSC,
        word => word,
    };
    let words: Vec<&str> = step.command.iter().map(optional).collect();
    let text = words.join(" ");
    println!("\n== {}: {text}", step.title);
    let start = Instant::now();
    let [program, arguments @ ..] = words.as_slice() else { return Err(format!("{}: no command", step.title)) };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(crate::root()).envs(step.environment.iter().copied());
    let counts =
        if step.counts_tests { pass_on(&mut command) } else { command.status().map(|s| (s, Counts::default())) };
    let (status, counts) = counts.map_err(|error| format!("`{text}` cannot be run: {error}"))?;
    println!("== {}: {:.0} s", step.title, start.elapsed().as_secs_f64());
    let failure = (!status.success()).then(|| format!("{}: `{text}` ({status})", step.title));
    Ok((counts, failure))
}

/// Runs a command, passes its output on line by line, and adds up the counts in it. libtest writes its summary to
/// standard output and nextest to standard error, so both are one pipe.
fn pass_on(command: &mut Command) -> std::io::Result<(std::process::ExitStatus, Counts)> {
    let (reader, writer) = std::io::pipe()?;
    let mut child = command.stdout(writer.try_clone()?).stderr(writer).stdin(Stdio::null()).spawn()?;
    // The command keeps the writing end open until it is replaced.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut counts = Counts::default();
    for line in BufReader::new(reader).lines() {
        let line = line?;
        println!("{line}");
        counts.add(Counts::read(&line));
    }
    Ok((child.wait()?, counts))
}

fn works(command: &[&str]) -> bool {
    let Some((program, arguments)) = command.split_first() else { return false };
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_part_and_one_for_all() {
        let parts = [("Lints", Duration::from_millis(90_600)), ("Tests", Duration::from_secs(1_234))];
        assert_eq!(table(&parts), "    91 s  Lints\n  1234 s  Tests\n  1325 s  All\n");
    }

    #[test]
    fn summaries_of_both_runners_are_counted() {
        let check = |line: &str, passed, failed, ignored| {
            assert_eq!(Counts::read(line), Counts { passed, failed, ignored }, "{line}");
        };
        check(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            12,
            0,
            1,
        );
        check("     Summary [   2.963s] 12 tests run: 12 passed, 0 skipped", 12, 0, 0);
        check("     Summary [   2.963s] 12 tests run: 10 passed (1 slow), 2 failed, 3 skipped", 10, 2, 3);
        check("    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out", 0, 0, 0);
        check("        PASS [   0.004s] (11/12) something passed", 0, 0, 0);
    }
}
