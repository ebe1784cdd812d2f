//! Cards through the PC/SC library: a reader, the CSP, and whole scenarios whose traces must be those of cards in process.
//!
//! Needs the feature `pcsc`, and on Debian `apt-get install pcscd vsmartcard-vpcd libpcsclite-dev opensc openssl pkg-config`.
//!
//! Each test has a process and a pcscd of its own, because the library talks to one daemon for as long as a process lives, and
//! because one of the tests kills it. `pcsc inside <test>` is such a process.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod killed;
mod pulls;
mod reader;
mod scenarios;
mod story;

use std::process::{Command, ExitCode};
use std::sync::Arc;

use autoenroll_host::pcsc::{Entered, Stack, StackError};
use autoenroll_host::{PcscdError, PcscdOptions};
use libtest_mimic::{Arguments, Failed, Trial};

type Test = fn(Arc<Stack>);

const TESTS: &[(&str, Test)] = &[
    ("a_reader_is_driven", reader::a_reader_is_driven),
    ("a_pulled_card_is_gone_whatever_pcscd_calls_it", reader::a_pulled_card_is_gone_whatever_pcscd_calls_it),
    ("another_program_resets_the_card", reader::another_program_resets_the_card),
    ("the_csp_works_over_a_reader", reader::the_csp_works_over_a_reader),
    ("every_scenario_gives_the_same_trace", scenarios::every_scenario_gives_the_same_trace),
    ("a_card_pulled_at_any_command_gives_the_same_trace", pulls::a_card_pulled_at_any_command_gives_the_same_trace),
    ("the_founding_story_leaves_a_card_that_opensc_uses", story::the_founding_story_leaves_a_card_that_opensc_uses),
    ("killing_pcscd_fails_the_run", killed::killing_pcscd_fails_the_run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, name] = arguments.as_slice()
        && word == "inside"
    {
        return inside(name);
    }
    let trials = TESTS.iter().map(|(name, _)| Trial::test(*name, move || outside(name))).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Runs a test in a process of its own.
fn outside(name: &str) -> Result<(), Failed> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(this).args(["inside", name]).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        eprint!("{said}");
        return Ok(());
    }
    Err(format!("{}\n{said}", output.status).into())
}

fn inside(name: &str) -> ExitCode {
    let options = PcscdOptions { readers: 4, log_apdus: true, ..PcscdOptions::default() };
    match Stack::enter(&options) {
        Ok(Entered::Inside(stack)) => {
            for (_, test) in TESTS.iter().filter(|(known, _)| *known == name) {
                test(Arc::clone(&stack));
            }
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
