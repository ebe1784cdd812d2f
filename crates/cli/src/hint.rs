//! What a failed run is about, and where it sends its author.

use autoenroll_model::Fact;
use autoenroll_scenario::{ExpectedValue, Failure, FailureKind, Pattern, RunReport, Step, StepKind, Verdict};

use crate::suite::Story;

/// Where to ask why, for a story in which a record about a template did not come; empty for any other.
pub(crate) fn of(story: &Story, report: &RunReport) -> String {
    let missing = failures(report).iter().find_map(|failure| match failure.kind {
        FailureKind::DidNotCome { .. } => template(story.scenario.steps.get(failure.step?)?),
        _ => None,
    });
    let ask = |template| format!("\nautoenroll explain {} says what became of {template}\n", story.argument());
    missing.map(ask).unwrap_or_default()
}

/// How the story differs from what its file says.
pub(crate) fn failures(report: &RunReport) -> &[Failure] {
    match &report.verdict {
        Verdict::Failed(failures) | Verdict::Violated { failures, .. } => failures,
        Verdict::Passed | Verdict::Error(_) => &[],
    }
}

/// The template that a step is about, when it names one.
pub(crate) fn template(step: &Step) -> Option<&str> {
    let (StepKind::Expect(Pattern { facts, .. }) | StepKind::Never(Pattern { facts, .. })) = &step.kind else {
        return None;
    };
    let fact = facts.iter().find(|fact| fact.name.value == "template")?;
    match &fact.value.value {
        ExpectedValue::Literal(Fact::Text(name)) => Some(name),
        _ => None,
    }
}
