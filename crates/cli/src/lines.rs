//! The results of `run` for programs: a JSON object a line, one for each scenario, and the sums.

use autoenroll_scenario::Checked;
use serde::Serialize;
use serde_json::{Value, json};

use crate::runner::{Played, Verdict};
use crate::snapshots::Unreferenced;
use crate::snapshots::compared::Compared;
use crate::suite::{Broken, NOT_RUN, Unplayed};

/// The line about a scenario. Every line has every field.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Line<'a> {
    scenario: &'a str,
    /// A file with errors may lack it, as the next one.
    title: Option<&'a str>,
    profile: Option<&'a str>,
    verdict: &'static str,
    /// None of what was not played, as the next two.
    digest: Option<String>,
    simulated_ns: Option<u64>,
    records: Option<usize>,
    reason: Option<&'a str>,
    problems: &'a [Value],
    /// None where there are no snapshots.
    snapshot: Option<Value>,
    /// Left out where it was not asked, or the scenario did not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    could_have: Option<&'a [String]>,
}

/// The line about a scenario that was played.
pub(crate) fn of_played(one: &Played) -> Value {
    let (verdict, reason) = match &one.verdict {
        Verdict::Passed => ("passed", None),
        Verdict::Failed(reason) => ("failed", Some(reason)),
        Verdict::Known(reason) => ("known", Some(reason)),
        Verdict::Bench(reason) => ("bench", Some(reason)),
    };
    json!(Line {
        scenario: &one.name,
        title: Some(&one.title),
        profile: Some(&one.profile),
        verdict,
        digest: Some(one.digest.to_string()),
        simulated_ns: Some(one.end.0),
        records: Some(one.records),
        reason: reason.map(String::as_str),
        problems: &one.problems,
        snapshot: one.snapshot.as_ref().map(Compared::to_json),
        could_have: one.could_have.as_deref(),
    })
}

/// The last line, when scenarios were played.
pub(crate) fn sums(played: &[Played], unreferenced: &[Unreferenced]) -> Value {
    let count = |is: fn(&Verdict) -> bool| played.iter().filter(|one| is(&one.verdict)).count();
    let (passed, bench) = (count(|v| matches!(v, Verdict::Passed)), count(|v| matches!(v, Verdict::Bench(_))));
    json!({
        "scenarios": played.len(),
        "passed": passed,
        "failed": played.len() - passed - bench,
        "known": count(|v| matches!(v, Verdict::Known(_))),
        "bench": bench,
        "broken": 0,
        "not-run": 0,
        "unreferenced": unreferenced.iter().map(of_unreferenced).collect::<Vec<_>>(),
    })
}

fn of_unreferenced(one: &Unreferenced) -> Value {
    json!({ "file": one.file.display().to_string(), "kind": one.kind.as_str(), "why": one.why })
}

/// All lines, when nothing was played because files have errors.
pub(crate) fn of_broken(broken: &Broken) -> Vec<Value> {
    let mut lines: Vec<Value> = broken.in_order().into_iter().map(of_unplayed).collect();
    lines.push(json!({
        "scenarios": lines.len(),
        "passed": 0,
        "failed": 0,
        "known": 0,
        "bench": 0,
        "broken": broken.files.len(),
        "not-run": broken.others.len(),
        "unreferenced": [],
    }));
    lines
}

fn of_unplayed(one: Unplayed<'_>) -> Value {
    let unplayed = |scenario, title, profile, verdict, reason, problems| {
        json!(Line {
            scenario,
            title,
            profile,
            verdict,
            digest: None,
            simulated_ns: None,
            records: None,
            reason: Some(reason),
            problems,
            snapshot: None,
            could_have: None,
        })
    };
    match one {
        Unplayed::Broken(name, Checked { document, files, found, .. }) => {
            let title = document.about.title.value.as_str();
            let profile = document.about.profile.as_ref().map(|profile| profile.value.as_str());
            let reason = found.render(files, false);
            let title = Some(title).filter(|title| !title.is_empty());
            unplayed(name, title, profile, "broken", &reason, &found.to_json(files))
        }
        Unplayed::Fine(story) => {
            unplayed(&story.name, Some(&story.title), Some(&story.profile), "not-run", NOT_RUN, &[])
        }
    }
}
