//! A scenario that goes on for ever, or too fast, ends with a sentence about who did it.

use autoenroll_core::InProcess;
use autoenroll_model::{Duration, OutputBody, Profile, SimTime, Template};
use autoenroll_world::spec::{Budget, Quantity, WorldSpec};
use autoenroll_world::{Action, Hosts, Stepped, World, WorldError};

use crate::lab::{contoso, offer, template};
use crate::toy::{Script, Toys};

/// Runs until nothing is due for a day, or an error.
fn play<F: autoenroll_model::CoreFactory>(spec: WorldSpec, cores: F) -> Result<(), WorldError> {
    let mut world = World::new(spec, cores, Hosts::in_process()).unwrap();
    world.act(&Action::Logon { user: "alice".to_owned(), computer: "WKS01".to_owned() }).unwrap();
    while world.step(SimTime::START + Duration::days(1))? == Stepped::Handled {}
    Ok(())
}

/// What is used up, and who used most of it.
#[track_caller]
fn check<F: autoenroll_model::CoreFactory>(spec: WorldSpec, cores: F, expected: Quantity, most: &str) {
    match play(spec, cores) {
        Err(WorldError::Budget { quantity, by, .. }) => {
            assert_eq!((quantity, by.first().map(|(source, _)| source.as_str())), (expected, Some(most)), "{by:?}");
        }
        other => panic!("{other:?}"),
    }
}

fn with_budget(budget: Budget) -> WorldSpec {
    WorldSpec { budget, ..contoso() }
}

const AMPLE: Budget = Budget { events: 100_000, records: 100_000, bytes: 100_000_000 };

#[test]
fn each_periodic_source_is_stopped_and_named() {
    let few = Budget { records: 2_000, ..AMPLE };
    // Policy that is refreshed every nanosecond, without a core that does anything.
    let mut spec = with_budget(few);
    spec.policy.gp_interval = Duration(1);
    check(spec, Toys::default(), Quantity::Records, "policy refreshes of alice");
    // A core that asks for the next nanosecond, and says something each time.
    let mut script = Script::new().on("tick", [OutputBody::Icon { shown: true }, OutputBody::Icon { shown: false }]);
    script.deadlines = (1..5_000).map(|at| SimTime::START + Duration(at)).collect();
    check(with_budget(few), Toys::default().with("alice", script), Quantity::Records, "deadlines of alice");
    // A timer of its own.
    let mut profile = Profile::server_2003_sp1();
    profile.timer = autoenroll_model::Period(Some(Duration(1)));
    let spec = WorldSpec { profile, ..with_budget(few) };
    check(spec, InProcess::new(), Quantity::Records, "effects of alice");
}

#[test]
fn each_quantity_has_its_own_limit() {
    let quick = || {
        let mut spec = contoso();
        spec.policy.gp_interval = Duration(1);
        spec
    };
    let refreshes = "policy refreshes of alice";
    let spec = WorldSpec { budget: Budget { events: 500, ..AMPLE }, ..quick() };
    check(spec, Toys::default(), Quantity::Events, refreshes);
    let spec = WorldSpec { budget: Budget { bytes: 50_000, ..AMPLE }, ..quick() };
    check(spec, Toys::default(), Quantity::Bytes, refreshes);
    // A core that is silent spends events all the same.
    let mut silent = Script::new();
    silent.deadlines = (1..5_000).map(|at| SimTime::START + Duration(at)).collect();
    let outcome = play(with_budget(Budget { events: 500, ..AMPLE }), Toys::default().with("alice", silent));
    assert!(matches!(outcome, Err(WorldError::Budget { quantity: Quantity::Events, .. })), "{outcome:?}");
}

#[test]
fn size_is_no_livelock() {
    let mut spec = with_budget(Budget { events: 1_000_000, records: 1_000_000, bytes: 1 << 30 });
    // Each is decided about, and none is enrolled: two signatures are more than autoenrollment can have.
    for number in 0..2_017 {
        let template = template(&format!("Template{number:04}"));
        offer(&mut spec, Template { ra_signatures: 2, ..template }, None);
    }
    spec.policy.gp_background = false;
    spec.profile.timer = autoenroll_model::Period(None);
    assert_eq!(play(spec, InProcess::new()), Ok(()));
}
