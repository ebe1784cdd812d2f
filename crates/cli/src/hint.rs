//! Where a failed run sends its author.

use autoenroll_scenario::{FailureKind, RunReport};

use crate::explain::why::{failures, template as template_of};
use crate::suite::Story;

/// Where to ask why, for a story in which a record about a template did not come; empty for any other.
pub(crate) fn of(story: &Story, report: &RunReport) -> String {
    let missing = failures(report).iter().find_map(|failure| match failure.kind {
        FailureKind::DidNotCome { .. } => template_of(story.scenario.steps.get(failure.step?)?),
        _ => None,
    });
    let ask = |template| format!("\nautoenroll explain {} says what became of {template}\n", story.argument());
    missing.map(ask).unwrap_or_default()
}
