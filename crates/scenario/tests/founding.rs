//! The founding story, from its file to its verdict, with the real core.

mod loaded;

use autoenroll_core::{InProcess as Cores, RULES};
use autoenroll_scenario::{Catalogue, Verdict, check, run_twice};
use autoenroll_world::InProcess;

const STORY: &[u8] = include_bytes!("../../../scenarios/founding/second-provider.toml");

#[test]
fn the_founding_story_comes_true_twice() {
    let rules = Catalogue::new([], RULES.iter().map(|rule| rule.as_str()));
    let checked = check("second-provider.toml", STORY, &loaded::fixtures(), &rules);
    assert_eq!(checked.found.render(&checked.files, false), "");
    let [scenario] = checked.scenarios.as_slice() else { panic!("one story, one scenario") };
    let twice = run_twice(scenario, || (Cores::new(), InProcess::new()), &rules);
    assert_eq!(twice.report.render(&scenario.files, false), "");
    assert_eq!(twice.report.verdict, Verdict::Passed);
    assert_eq!(twice.difference, None);
}
