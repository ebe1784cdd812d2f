//! What `{:?}` says of a core: its states are told apart by it.

use autoenroll_model::{Duration, EnrollmentFlags, Profile, Template, TriggerCause};

use crate::driver::{Driver, ENHANCED, template};

fn with_key_size(bits: u32) -> Template {
    let named = template("Soft", &[ENHANCED], EnrollmentFlags::empty());
    // Of the first schema, so that nothing is enrolled.
    Template { minimal_key_size: bits, schema: Some(1), ..named }
}

/// The state of a core that has read this template, while it waits for that effect, or after its run.
fn state(bits: u32, hangs: Option<&'static str>) -> String {
    let mut driver = Driver::new(Profile::server_2003_sp1(), vec![with_key_size(bits)]);
    driver.hangs = hangs;
    driver.trigger(TriggerCause::Logon);
    driver.wait(Duration::seconds(1));
    format!("{:?}", driver.core)
}

#[test]
fn two_policies_are_told_apart_in_a_run_and_after_it() {
    for hangs in [Some("readstores"), None] {
        assert_eq!(state(2048, hangs), state(2048, hangs), "{hangs:?}");
        assert_ne!(state(2048, hangs), state(4096, hangs), "{hangs:?}");
    }
}
