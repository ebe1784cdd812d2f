//! The stories of the founding document as timelines, for people to read in reviews: a change of behaviour is a change
//! of lines.
//!
//! `INSTA_UPDATE=always cargo test -p autoenroll-tests --test timelines` writes them anew. Verdicts do not depend on
//! them.

use autoenroll_cli::{Catalogue, suite};
use autoenroll_core::InProcess as OwnCores;
use autoenroll_scenario::run;
use autoenroll_trace::{Detail, TimelineOptions, render};
use autoenroll_world::Hosts;

#[test]
fn the_founding_stories_read_as_they_did() {
    let catalogue = Catalogue::embedded();
    let mut told = 0;
    for story in suite().unwrap().iter().filter(|story| story.name.starts_with("founding/")) {
        let report = run(&story.scenario, OwnCores::new(), Hosts::in_process(), catalogue);
        let timeline = render(&report.trace, TimelineOptions { detail: Detail::Story, colour: false });
        let name = story.name.trim_start_matches("founding/").replace(['[', ']'], "-");
        insta::assert_snapshot!(name.trim_end_matches('-'), timeline);
        told += 1;
    }
    assert!(told > 20, "{told} stories");
}
