//! A few thousand damaged inputs of each kind; `--example fuzz` takes a million.

use autoenroll_oracles::fuzz::Target;

#[test]
fn damaged_inputs_do_no_harm() {
    for mut target in Target::all() {
        let report = target.run(3_000, |_| {}).unwrap_or_else(|broken| panic!("{broken}"));
        assert!(report.accepted > 30, "hardly anything is accepted, so hardly anything is tried: {report:?}");
        assert!(report.accepted < report.inputs, "nothing is refused: {report:?}");
    }
}

#[test]
fn an_input_can_be_made_again() {
    let inputs = || {
        Target::all()
            .iter()
            .map(|target| (0..50).map(|index| target.input(index)).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    let (first, second) = (inputs(), inputs());
    assert_eq!(first, second);
    assert_ne!(first[0][1], first[0][2]);
}
