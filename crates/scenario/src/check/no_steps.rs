//! Stories, and variants of them, in which nothing is done and nothing is expected.

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::Document;
use crate::sequences::Expanded;
use crate::tree::Table;

/// Warns of a timeline without steps, and of a variant that no step stands in. A world tells no story.
pub(super) fn check(document: &Document, root: &Table, expanded: &Expanded, found: &mut Diagnostics) {
    let Some(steps) = root.table("timeline").and_then(|timeline| timeline.get("steps")) else { return };
    if root.table("timeline").is_some_and(|timeline| timeline.list("steps").is_empty()) {
        let problem = Diagnostic::warning(Code::NoSteps, "the story has no steps, so it cannot fail", steps.span);
        found.push(problem.help("say what happens and what must be seen"));
        return;
    }
    if !expanded.whole {
        return;
    }
    for name in document.vary.iter().filter_map(|variant| variant.text("name")) {
        let stands = |only: &str| only == name.value;
        let has_step =
            expanded.steps.iter().any(|step| step.only.is_empty() || step.only.iter().any(|only| stands(&only.value)));
        if !has_step {
            let message = format!("no step stands in the variant `{}`, so it cannot fail", name.value);
            let problem = Diagnostic::warning(Code::NoSteps, message, name.span);
            found.push(problem.help(format!("name it in `only` of a step: only = [\"{}\"]", name.value)));
        }
    }
}
