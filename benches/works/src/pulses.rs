//! What one user costs: a pulse with nothing to do, an enrollment, days.

use autoenroll_model::{Duration, SimTime};
use autoenroll_trace::Kind;
use autoenroll_world::WorldSpec;

use crate::stage::{self, Bench};
use crate::{Done, Ready, Work};

pub(crate) const WORKS: &[Work] = &[
    Work { name: "idle-pulse", size: "pulses of a user who needs nothing, with 65 templates", prepare: idle_pulses },
    Work { name: "enroll-rsa", size: "enrollments with RSA-2048 keys of client and CA", prepare: enroll_rsa },
    Work { name: "enroll-p256", size: "the same with P-256 keys", prepare: enroll_p256 },
    Work { name: "days", size: "days of one user who needs nothing, policy refreshed every 90 minutes", prepare: days },
    Work {
        name: "copies-10",
        size: "copies of a world with 10 records, each stepped once and dropped",
        prepare: copies_10,
    },
    Work { name: "copies-6000", size: "the same with 6,000 records", prepare: copies_6000 },
    Work { name: "copies-65-10", size: "the same with 65 templates and 10 records", prepare: copies_65_10 },
    Work { name: "copies-65-6000", size: "the same with 65 templates and 6,000 records", prepare: copies_65_6000 },
];

fn logged_on(spec: WorldSpec) -> Bench {
    let mut world = stage::world(spec);
    stage::log_on(&mut world, "alice", "WKS01");
    stage::until(&mut world, SimTime::START);
    world
}

fn idle_pulses(pulses: u64) -> Ready {
    let mut world = logged_on(stage::with_65_templates());
    let end = world.now() + Duration::hours(8 * pulses);
    Box::new(move || {
        stage::until(&mut world, end);
        stage::done(world)
    })
}

fn days(days: u64) -> Ready {
    let mut world = logged_on(stage::small());
    let end = world.now() + Duration::days(days);
    Box::new(move || {
        stage::until(&mut world, end);
        stage::done(world)
    })
}

fn enroll_rsa(enrollments: u64) -> Ready {
    enroll("rsa-2048", 2048, "", enrollments)
}

fn enroll_p256(enrollments: u64) -> Ready {
    enroll("p-256", 256, r#"cng = { asymmetric-algorithm = "ECDSA_P256" }"#, enrollments)
}

fn enroll(key: &str, size: u32, cng: &str, enrollments: u64) -> Ready {
    let tables = format!(
        r#"
[[world.ca]]
name = "Contoso Issuing CA"
key = "{key}"
[[world.template]]
name = "Soft"
based-on = "UserSignature"
schema = 3
flags = ["auto-enrollment"]
minimal-key-size = {size}
providers = ["Microsoft Enhanced Cryptographic Provider v1.0"]
allow = {{ alice = ["read", "enroll", "autoenroll"] }}
{cng}
"#
    );
    let world = stage::world(stage::spec("", &tables));
    let mut worlds: Vec<Bench> = (0..enrollments).map(|_| world.clone()).collect();
    Box::new(move || {
        for world in &mut worlds {
            stage::log_on(world, "alice", "WKS01");
            stage::until(world, SimTime::START);
            assert!(stage::has(world.trace(), Kind::Issued), "what is measured must happen");
        }
        Done::with(worlds)
    })
}

fn copies_10(copies: u64) -> Ready {
    copy(stage::small(), 10, copies)
}

fn copies_6000(copies: u64) -> Ready {
    copy(stage::small(), 6_000, copies)
}

fn copies_65_10(copies: u64) -> Ready {
    copy(stage::with_65_templates(), 10, copies)
}

fn copies_65_6000(copies: u64) -> Ready {
    copy(stage::with_65_templates(), 6_000, copies)
}

fn copy(spec: WorldSpec, records: usize, copies: u64) -> Ready {
    let mut world = stage::world(spec);
    stage::log_on(&mut world, "alice", "WKS01");
    // Every refresh is followed by the next one.
    while stage::length(world.trace()) < records {
        let next = world.next_at().expect("there is always another refresh");
        world.step(next).expect("the world goes on");
    }
    let next = world.next_at().expect("there is always another event");
    Box::new(move || {
        for _ in 0..copies {
            let mut copy = world.clone();
            copy.step(next).expect("the world goes on");
        }
        stage::done(world)
    })
}
