//! Until when a certificate that somebody did not get could have been had: one story of each kind.
#![expect(clippy::panic, clippy::unwrap_used, reason = "this is test code outside of test functions")]

use autoenroll_explore::could_have::{Until, outlooks};
use autoenroll_explore::file::{Bench, play};
use autoenroll_model::SimTime;
use autoenroll_scenario::{Library, Requirement, Requirements, check};

use fixtures::Fixtures;

mod fixtures;

struct Nothing;

impl Requirements for Nothing {
    fn find(&self, _id: &str) -> Requirement {
        Requirement::Described
    }
}

const CARD: &str = r#"
[world]
extends = "smart-card"
policy = { gp-background = false, gp-interval = "45d", gp-offset = "0s" }

[[world.card]]
name = "alice-card"
reader = "Reader 0"
"#;

/// A certificate of an agent has to sign; it ends an hour after the start.
const AGENT: &str = r#"
[world]
extends = "smart-card"
policy = { gp-background = false, gp-interval = "45d", gp-offset = "0s" }

[[world.template]]
name = "CorpCard"
ra-signatures = 1
ra-application-policies = ["enrollment-agent"]

[[world.template]]
name = "Agent"
based-on = "EnrollmentAgent"
validity = "10d"
renewal-period = "1h"

[[world.certificate]]
name = "agent"
template = "Agent"
of = "alice"
ca = "Contoso Issuing CA"
issued = "9d23h"

[[world.card]]
name = "alice-card"
reader = "Reader 0"
"#;

/// The outlook of CorpCard in a story of that world, with the steps between the start of the wizard and its summary.
fn check_outlook(world: &str, steps: &[&str], expected: Until, way: &[&str]) {
    let steps: String = steps.iter().map(|step| format!("  {{ {step} }},\n")).collect();
    let text = format!(
        "scenario = 1\ntitle = \"A story\"\nprofile = \"server-2003-sp1\"\n{world}\n[timeline]\nsteps = [\n{steps}]\n"
    );
    let library = Library::read(&Fixtures);
    let checked = check("story.toml", text.as_bytes(), &library, &Nothing);
    let Some(scenario) = checked.scenarios.first() else {
        panic!("{}\n{text}", checked.found.render(&checked.files, false));
    };
    let bench = Bench { library: &library, requirements: &Nothing };
    let found = outlooks(scenario, 400, bench).unwrap();
    let found: Vec<_> = found.iter().filter(|one| one.template == "CorpCard").collect();
    let [outlook] = found.as_slice() else {
        panic!("{found:#?} {:#?}", play(&text, bench).map(|(_, report)| report.verdict))
    };
    assert_eq!((outlook.until, outlook.who.as_str()), (expected, "alice"), "{outlook:#?}");
    assert_eq!(outlook.way, way, "{outlook:#?}");
}

#[test]
fn the_last_try_is_lost_with_the_third_wrong_pin() {
    let steps = [
        "logon = \"alice\"",
        "after = \"60s\", expect = \"balloon\"",
        "click = \"balloon\"",
        "prompt = \"wizard.start\", answer = \"start\"",
        "prompt = \"pin.enter\", answer = { pin = \"0000\" }",
        "prompt = \"pin.enter\", answer = { pin = \"1111\" }",
        "prompt = \"pin.enter\", answer = { pin = \"2222\" }",
        "prompt = \"summary\", answer = \"close\"",
    ];
    check_outlook(CARD, &steps, Until::Step(6), &["answer pin.enter pin"]);
}

#[test]
fn what_needs_a_certificate_is_lost_when_it_ends() {
    let steps = [
        "logon = \"alice\"",
        "after = \"60s\", expect = \"balloon\"",
        "click = \"balloon\"",
        "prompt = \"wizard.start\", answer = \"hold\"",
        "after = \"2h\", reply = \"wizard.start\", with = \"start\"",
        "prompt = \"pin.enter\", answer = { pin = \"1234\" }",
        "prompt = \"summary\", answer = \"close\"",
    ];
    // A few seconds behind the hour: it is sought to the minute.
    let at = SimTime(3_603_750_000_000);
    let way = ["answer wizard.start start", "answer pin.enter pin"];
    check_outlook(AGENT, &steps, Until::Waiting { after: Some(2), at }, &way);
}

#[test]
fn a_pin_that_is_not_given_loses_nothing() {
    let steps = [
        "logon = \"alice\"",
        "after = \"60s\", expect = \"balloon\"",
        "click = \"balloon\"",
        "prompt = \"wizard.start\", answer = \"start\"",
        "prompt = \"pin.enter\", answer = \"cancel\"",
        "prompt = \"summary\", answer = \"close\"",
    ];
    let way = ["pulse", "wait", "click icon", "answer wizard.start start", "answer pin.enter pin"];
    check_outlook(CARD, &steps, Until::Always, &way);
}
