//! What the runner costs: stories of many steps, and sweeps.

use autoenroll_core::InProcess as OwnCores;
use autoenroll_scenario::{ByPrefix, Scenario, Sweep, Verdict, run, sweep};
use autoenroll_world::Hosts;

use crate::stage;
use crate::{Done, Ready, Work};

pub(crate) const WORKS: &[Work] = &[
    Work { name: "steps", size: "steps of a story, each a pulse and its end", prepare: steps },
    Work { name: "story-days", size: "days of one user who needs nothing, each a step of a story", prepare: days },
    Work {
        name: "sweep",
        size: "sweeps of an enrollment onto a card, pulled at each of its commands",
        prepare: sweeps,
    },
    Work { name: "sweep-plain", size: "plays of the same story without a fault", prepare: plain },
];

fn steps(steps: u64) -> Ready {
    let step = "  { after = \"1m\", pulse = \"alice\" },\n  { expect = \"run-ended\" },\n";
    let steps = usize::try_from(steps).unwrap_or(usize::MAX).div_ceil(2);
    play(story(&format!("  {{ logon = \"alice\" }},\n  {{ expect = \"run-ended\" }},\n{}", step.repeat(steps))), 1)
}

fn days(days: u64) -> Ready {
    let days = usize::try_from(days).unwrap_or(usize::MAX);
    play(story(&format!("  {{ logon = \"alice\" }},\n{}", "  { wait = \"1d\" },\n".repeat(days))), 1)
}

fn story(steps: &str) -> Scenario {
    stage::scenario(&format!(
        "scenario = 1\ntitle = \"A work\"\nprofile = \"windows-10-22h2\"\n[world]\nextends = \"contoso\"\n\
         [timeline]\nsteps = [\n{steps}]\n"
    ))
}

fn play(mut story: Scenario, times: u64) -> Ready {
    story.spec.budget = stage::NO_BUDGET;
    Box::new(move || {
        for _ in 0..times {
            let report = run(&story, OwnCores::new(), Hosts::in_process(), &ByPrefix);
            assert_eq!(report.verdict, Verdict::Passed, "what is measured must pass");
        }
        Done::with(story)
    })
}

fn sweeps(times: u64) -> Ready {
    repeat(enrollment(), times)
}

fn plain(times: u64) -> Ready {
    play(enrollment(), times)
}

fn repeat(mut story: Scenario, times: u64) -> Ready {
    story.spec.budget = stage::NO_BUDGET;
    Box::new(move || {
        for _ in 0..times {
            let fault = Sweep::CardRemoved;
            let report = sweep(&story, fault, || (OwnCores::new(), Hosts::in_process()), &ByPrefix);
            assert!(report.moments > 0 && report.broken.is_empty(), "what is measured must pass");
        }
        Done::with(story)
    })
}

fn enrollment() -> Scenario {
    stage::scenario(include_str!("../../../scenarios/cards/pulled-at-every-command.toml"))
}
