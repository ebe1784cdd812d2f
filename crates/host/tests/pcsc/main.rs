//! Cards through the PC/SC library: a reader, the CSP, and whole scenarios whose traces must be those of cards in
//! process.
//!
//! Needs the feature `pcsc`, and on Debian `apt-get install pcscd vsmartcard-vpcd libpcsclite-dev opensc openssl
//! pkg-config`.
//!
//! Each test has a process and a pcscd of its own, because the library talks to one daemon for as long as a process
//! lives, and because one of the tests kills it. `pcsc inside <test> <part> <parts>` is such a process.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod killed;
mod pulls;
mod reader;
mod scenarios;
mod story;

use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;

use autoenroll_host::pcsc::{Entered, Stack, StackError};
use autoenroll_host::{PcscdError, PcscdOptions};
use libtest_mimic::{Arguments, Failed, Trial};

type Test = fn(&Arc<Stack>, Part);

/// The part of a test that a process does: of so many, this one. Most of the time is spent waiting for pcscd, which
/// looks for cards every 400 ms, so that more parts than processors are quicker.
#[derive(Clone, Copy)]
struct Part {
    this: usize,
    of: usize,
}

const TESTS: &[(&str, usize, Test)] = &[
    ("a_reader_is_driven", 1, reader::a_reader_is_driven),
    ("a_pulled_card_is_gone_whatever_pcscd_calls_it", 1, reader::a_pulled_card_is_gone_whatever_pcscd_calls_it),
    (
        "a_card_put_in_right_after_a_pull_amid_a_command_is_seen",
        1,
        reader::a_card_put_in_right_after_a_pull_amid_a_command_is_seen,
    ),
    ("a_command_that_the_driver_cannot_pass_on_ends", 1, reader::a_command_that_the_driver_cannot_pass_on_ends),
    ("another_program_resets_the_card", 1, reader::another_program_resets_the_card),
    ("the_csp_works_over_a_reader", 1, reader::the_csp_works_over_a_reader),
    ("every_scenario_gives_the_same_trace", 12, scenarios::every_scenario_gives_the_same_trace),
    ("a_card_pulled_at_any_command_gives_the_same_trace", 3, pulls::a_card_pulled_at_any_command_gives_the_same_trace),
    ("the_founding_story_leaves_a_card_that_opensc_uses", 1, story::the_founding_story_leaves_a_card_that_opensc_uses),
    ("killing_pcscd_fails_the_run", 1, killed::killing_pcscd_fails_the_run),
    (killed::SLEEPER, 1, killed::tell_and_sleep),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, name, this, of] = arguments.as_slice()
        && word == "inside"
    {
        return inside(name, Part { this: this.parse().unwrap(), of: of.parse().unwrap() });
    }
    let trial = |(name, parts, _): &(&'static str, usize, Test)| {
        let (name, parts) = (*name, *parts);
        Trial::test(name, move || outside(name, parts))
    };
    let orphan = Trial::test("everything_ends_with_the_process_that_started_pcscd", || {
        killed::everything_ends_with_the_process_that_started_pcscd();
        Ok(())
    });
    let trials = TESTS.iter().filter(|(name, ..)| *name != killed::SLEEPER).map(trial).chain([orphan]).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Runs the parts of a test, each in a process of its own, all at once.
fn outside(name: &str, parts: usize) -> Result<(), Failed> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let start = |part: usize| {
        let arguments = ["inside", name, &part.to_string(), &parts.to_string()].map(str::to_owned);
        Command::new(&this).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    };
    let children: Vec<Child> = (0..parts).map(start).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    let mut failed = String::new();
    for child in children {
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            eprint!("{said}");
        } else {
            failed += &format!("{}\n{said}\n", output.status);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.into()) }
}

fn inside(name: &str, part: Part) -> ExitCode {
    let options = PcscdOptions { readers: 6, log_apdus: true, ..PcscdOptions::default() };
    match Stack::enter(&options) {
        Ok(Entered::Inside(stack)) => {
            let (_, _, test) = TESTS.iter().find(|(known, _, _)| *known == name).unwrap();
            test(&stack, part);
            ExitCode::SUCCESS
        }
        Ok(Entered::Done(0)) => ExitCode::SUCCESS,
        Ok(Entered::Done(_)) => ExitCode::FAILURE,
        Err(StackError::Pcscd(error @ PcscdError::Missing { .. })) => skip(&error.to_string()),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A missing program is an error in CI.
fn skip(why: &str) -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "CI is where a missing program is an error")]
    let ci = std::env::var_os("CI").is_some();
    assert!(!ci, "in CI nothing is skipped: {why}");
    eprintln!("skipped: {why}");
    ExitCode::SUCCESS
}
