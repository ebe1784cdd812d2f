//! What many cost in one world.

use autoenroll_model::{Duration, SimTime};
use autoenroll_world::Action;

use crate::stage;
use crate::{Ready, Work};

pub(crate) const WORKS: &[Work] = &[
    Work { name: "users", size: "users who need nothing, for a day", prepare: |users| crowd(users, 1) },
    Work { name: "users-30-days", size: "users who need nothing, for 30 days", prepare: |users| crowd(users, 30) },
    Work {
        name: "machines-year",
        size: "machines that need nothing, for a year",
        prepare: |machines| park(machines, 365),
    },
    Work { name: "machines-day", size: "machines that need nothing, for a day", prepare: |machines| park(machines, 1) },
];

fn crowd(users: u64, days: u64) -> Ready {
    let spec = stage::crowd(stage::small(), users);
    Box::new(move || {
        let mut world = stage::world(spec);
        for number in 1..=users {
            stage::log_on(&mut world, &format!("user{number}"), &format!("PC{number}"));
        }
        stage::until(&mut world, SimTime::START + Duration::days(days));
        stage::done(world)
    })
}

fn park(machines: u64, days: u64) -> Ready {
    let spec = stage::computers(stage::small(), machines);
    Box::new(move || {
        let mut world = stage::world(spec);
        for number in 1..=machines {
            world.act(&Action::Boot { computer: format!("PC{number}") }).expect("the computer can boot");
        }
        stage::until(&mut world, SimTime::START + Duration::days(days));
        stage::done(world)
    })
}
