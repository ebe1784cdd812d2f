//! The founding story reads without a complaint.

mod loaded;

use autoenroll_scenario::{ByPrefix, check};

#[test]
fn the_founding_story_is_sound() {
    let checked = check("founding.toml", include_bytes!("founding.toml"), &loaded::fixtures(), &ByPrefix);
    assert_eq!(checked.found.render(&checked.files, false), "");
    assert_eq!(checked.scenarios.len(), 1);
}
