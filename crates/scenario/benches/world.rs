//! What a world costs: `cargo bench -p autoenroll-scenario --bench world`.
//!
//! * A copy shares with its original whatever neither changes, so that what a copy, its next event and its end cost
//!   depends neither on what the world holds nor on how long it has run.
//! * A year of refreshes is bounded by the records of each: the divan column `items/s` counts events of the world.

mod worlds;

use autoenroll_model::{Duration, SimTime};
use autoenroll_world::{Action, KeyMode, Stepped};
use divan::counter::ItemsCount;

use worlds::{Bench, idle_world, logged_on, settle, world};

fn main() {
    divan::main();
}

/// Records of a short story, of a long one, and of months.
const LENGTHS: [usize; 3] = [10, 6_000, 100_000];

/// A copy of the smallest world, one event in it, and its end; by the number of records before.
#[divan::bench(args = LENGTHS)]
fn copy_step_drop_base(bencher: divan::Bencher<'_, '_>, records: usize) {
    copy_step_drop(bencher, world(SMALL, KeyMode::Real), records);
}

/// The same with 65 templates.
#[divan::bench(args = LENGTHS)]
fn copy_step_drop_with_65_templates(bencher: divan::Bencher<'_, '_>, records: usize) {
    copy_step_drop(bencher, idle_world(), records);
}

fn copy_step_drop(bencher: divan::Bencher<'_, '_>, mut ready: Bench, records: usize) {
    logged_on(&mut ready, 0);
    while ready.trace().len() < records {
        let until = ready.now() + Duration::hours(8);
        settle(&mut ready, until);
    }
    bencher.bench_local(|| {
        let mut copy = ready.clone();
        assert_eq!(copy.step(SimTime(u64::MAX)), Ok(Stepped::Handled), "what is measured must happen");
        drop(copy);
    });
}

/// A month of 100 computers whose policy is refreshed each 90 minutes and never changes; only the foreground starts
/// runs.
#[divan::bench(sample_count = 3)]
fn month_of_refreshes(bencher: divan::Bencher<'_, '_>) {
    let ready = computers(100);
    let month = SimTime::START + Duration::days(30);
    let mut copy = ready.clone();
    let events = events(&mut copy, month);
    bencher.counter(ItemsCount::new(events)).with_inputs(|| ready.clone()).bench_local_values(|mut world| {
        settle(&mut world, month);
        world
    });
}

fn events(world: &mut Bench, until: SimTime) -> usize {
    let handled =
        std::iter::from_fn(|| (world.step(until).expect("the world goes on") == Stepped::Handled).then_some(()));
    handled.count()
}

/// A domain of so many computers, all of them running.
fn computers(count: usize) -> Bench {
    let computer = |n: usize| format!("[[world.computer]]\nname = \"PC{n}\"\n");
    let mut world = world(&(SMALL.to_owned() + &(0..count).map(computer).collect::<String>()), KeyMode::Real);
    for n in 0..count {
        world.act(&Action::Boot { computer: format!("PC{n}") }).expect("a computer can be booted");
    }
    settle(&mut world, SimTime::START);
    world
}

const SMALL: &str = r#"
scenario = 1
title = "Nothing to do"
profile = "windows-10-22h2"
timeline = { steps = [{ wait = "1s" }] }
[world]
extends = "contoso"
"#;
