//! The founding story, from its file to its verdict, with the real core.

mod loaded;

use autoenroll_core::InProcess as Cores;
use autoenroll_scenario::{ByPrefix, Verdict, check, run_twice};
use autoenroll_world::InProcess;

#[test]
fn the_founding_story_comes_true_twice() {
    let checked = check("founding.toml", include_bytes!("founding.toml"), &loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let [scenario] = checked.scenarios.as_slice() else { panic!("one story, one scenario") };
    let twice = run_twice(scenario, || (Cores::default(), InProcess::new()), &ByPrefix);
    assert_eq!(twice.report.render(&scenario.files, false), "");
    assert_eq!(twice.report.verdict, Verdict::Passed);
    assert_eq!(twice.difference, None);
}
