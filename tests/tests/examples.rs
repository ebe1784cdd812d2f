//! The example cores keep the protocol, and play a scenario that asks for no more than they can do.

use autoenroll_oracles::tools;
use autoenroll_tests::{Autoenroll, root, scratch};

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// The example in Python; `.ci/run` installs Python, and elsewhere the test needs it too.
const PYTHON: &str = concat!("python3 ", env!("CARGO_MANIFEST_DIR"), "/../examples/core-python/core.py");

/// The example keeps the protocol, and obeys a policy that forbids everything.
fn check(core: &str) {
    for arguments in [&["core-check", core][..], &["run", "policy/disabled", "--core", core]] {
        let ran = Autoenroll::new(PROGRAM, arguments.iter().copied()).run();
        assert_eq!(ran.code, Some(0), "{arguments:?}\n{}{}", ran.out, ran.err);
    }
}

#[test]
fn the_example_in_python_keeps_the_protocol_and_obeys_policy() {
    check(PYTHON);
}

#[test]
fn the_example_in_csharp_keeps_the_protocol_and_obeys_policy() {
    let Some(mut mcs) = tools::mcs() else { return };
    let program = scratch(env!("CARGO_TARGET_TMPDIR"), "examples").join("core.exe");
    let source = root().join("examples/core-csharp/Core.cs");
    let compiler = tools::printed(
        mcs.args(["-warnaserror", "-r:System.Web.Extensions"]).arg(format!("-out:{}", program.display())).arg(source),
    );
    assert_eq!(compiler, "", "warnings");
    check(&format!("mono {}", program.to_str().unwrap()));
}
