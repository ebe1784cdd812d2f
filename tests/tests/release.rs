//! What is released: the command contains nothing of what the feature `planted-bugs` makes wrong.

use autoenroll_mutants::PlantedBug;

const PROGRAM: &str = env!("CARGO_BIN_EXE_autoenroll-under-test");

/// What only a program with planted bugs has in it: the crate in its symbols, each bug's description, the command and
/// its option.
fn marks() -> Vec<String> {
    let bugs = PlantedBug::ALL.iter().map(|bug| bug.about().to_owned());
    let named = ["autoenroll_mutants", "which scenario notices", "SURVIVED    "].map(str::to_owned);
    bugs.chain(named).collect()
}

/// With the feature every mark is found, which shows that the search finds what is there.
#[test]
fn the_command_contains_planted_bugs_only_with_their_feature() {
    let program = std::fs::read(PROGRAM).unwrap();
    let program = String::from_utf8_lossy(&program);
    for mark in marks() {
        let found = program.contains(&mark);
        assert_eq!(found, cfg!(feature = "planted-bugs"), "`{mark}` in {PROGRAM}");
    }
}
