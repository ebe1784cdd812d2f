//! What a hunt makes of scenarios that notice, do not notice, cannot notice, and fail by themselves.

use std::num::NonZeroUsize;
use std::time::Duration;

use autoenroll_mutants::{Fate, How, Hunt, Mutant, MutantReport, Story, run_mutants};

use crate::stories;

/// A user logs on, and what the steps say must be so.
fn story(name: &str, covers: &str, steps: &str) -> Vec<Story> {
    let text = format!(
        "scenario = 1\ntitle = \"Logon\"\ncovers = [\"{covers}\"]\n[world]\nextends = \"contoso\"\n[timeline]\nsteps = [\n\
         {{ logon = \"alice\" }},\n{steps}\n]\n"
    );
    stories::read(name, &text)
}

/// A hunt for one rule; the report, without times.
fn hunt(stories: &[Story], mutants: &[&str], jobs: usize, limit: Duration) -> MutantReport {
    let mutants: Vec<Mutant> = mutants.iter().map(|mutant| mutant.parse().unwrap()).collect();
    let jobs = NonZeroUsize::new(jobs).unwrap();
    let mut seen = Vec::new();
    let mut report = run_mutants(stories, &mutants, Hunt { jobs, limit }, |progress| {
        seen.push(progress.done);
        assert_eq!(progress.all, mutants.len());
    });
    assert_eq!(seen, (1..=mutants.len()).collect::<Vec<_>>());
    report.rows.iter_mut().for_each(|row| row.time = Duration::ZERO);
    report
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn the_first_scenario_that_notices_is_named() {
    let runs = r#"{ expect = "run-started" },"#;
    let all = [story("b", "R008", runs), story("a", "R007", runs), story("c", "R008", runs)].concat();
    for jobs in [1, 3] {
        let report = hunt(&all, &["R008", "R007", "R040", "never-rests"], jobs, MINUTE);
        let text = report.to_text();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let missing = "step 2 (expect): `run-started of alice` did not come at 00:00:00 (2026-03-02 08:00:00)";
        assert_eq!(
            lines,
            [
                &format!("caught      R008             0 ms  b  {missing}"),
                &format!("caught      R007             0 ms  a  {missing}"),
                "no scenario R040             0 ms",
                "no scenario never-rests      0 ms",
                "",
                "4 mutants: 2 caught, 0 survived, 2 without a scenario",
            ]
        );
        assert!(!report.all_caught());
    }
}

#[test]
fn a_rule_that_nobody_watches_survives_even_if_it_is_covered() {
    let report = hunt(&story("blind", "R008", ""), &["R008"], 1, MINUTE);
    assert_eq!(report.rows[0].fate, Fate::Survived { scenarios: vec!["blind".into()] });
    assert!(report.to_text().starts_with("SURVIVED    R008      0 ms  blind\n"), "{}", report.to_text());
}

#[test]
fn a_scenario_for_a_requirement_is_one_for_its_parts() {
    let all = story("ca", "CA3.7.3", "");
    let report = hunt(&all, &["CA3.7.3.template", "CA3.7.10"], 1, MINUTE);
    assert_eq!(report.rows[0].fate, Fate::Survived { scenarios: vec!["ca".into()] });
    assert_eq!(report.rows[1].fate, Fate::NoScenario);
}

#[test]
fn a_scenario_that_fails_by_itself_catches_nothing() {
    let report = hunt(&story("wrong", "R008", r#"{ expect = "balloon" },"#), &["R008"], 1, MINUTE);
    assert_eq!(report.rows[0].fate, Fate::NoScenario);
    let [(name, How::Step { step: 2, .. })] = report.broken.as_slice() else { panic!("{:?}", report.broken) };
    assert_eq!(name, "wrong");
    assert!(report.to_text().contains("BROKEN      wrong fails without any mutant: step 2 (expect)"));
}

#[test]
fn a_run_that_takes_too_long_does_not_come_to_rest() {
    let report = hunt(&story("slow", "R008", ""), &["R008"], 1, Duration::ZERO);
    let [(_, How::Invariant { invariant, what })] = report.broken.as_slice() else { panic!("{:?}", report.broken) };
    assert_eq!((invariant.as_str(), what.as_str()), ("rest", "the run does not end within 0 s"));
}

#[test]
fn rows_are_json_objects() {
    let report = hunt(&story("blind", "R008", ""), &["R008", "pin-asked-twice"], 1, MINUTE);
    let lines: Vec<String> = report.rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
    assert_eq!(
        lines,
        [
            r#"{"mutant":"R008","fate":"survived","scenarios":["blind"],"milliseconds":0}"#,
            r#"{"mutant":"pin-asked-twice","fate":"no-scenario","milliseconds":0}"#,
        ]
    );
}
