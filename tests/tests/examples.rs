//! The example cores keep the protocol, and play a scenario that asks for no more than they can do.

use autoenroll_tests::Autoenroll;

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// The example in Python; `.ci/run` installs Python, and elsewhere the test needs it too.
const PYTHON: &str = concat!("python3 ", env!("CARGO_MANIFEST_DIR"), "/../examples/core-python/core.py");

/// The command with these arguments ends well with the example as the core.
fn check(arguments: &[&str]) {
    let ran = Autoenroll::new(PROGRAM, arguments.iter().copied()).run();
    assert_eq!(ran.code, Some(0), "{arguments:?}\n{}{}", ran.out, ran.err);
}

#[test]
fn the_example_in_python_keeps_the_protocol() {
    check(&["core-check", PYTHON]);
}

#[test]
fn the_example_in_python_obeys_a_policy_that_forbids_everything() {
    check(&["run", "policy/disabled", "--core", PYTHON]);
}
