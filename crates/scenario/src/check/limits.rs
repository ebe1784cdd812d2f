//! What a file asks for and the bench does not model: the story is played without it, so its author must know.

use autoenroll_model::Limit;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{ActionStep, Step, StepKind};
use crate::source::{FileId, Span, Spanned};
use crate::tree::Table;

/// The keys of a template, and of a change of one, whose words are flags.
const FLAGS: [&str; 3] = ["flags", "private-key-flags", "enrollment-flags"];

/// Warns of flags and algorithms beyond the bench, in the templates of the file and in changes of them.
pub(super) fn check(worlds: &[Table], steps: &[Step], found: &mut Diagnostics) {
    let mut told: Vec<Span> = Vec::new();
    let templates = worlds.iter().flat_map(|world| world.tables("template"));
    let of_template = |change: &&Table| change.text("change").is_some_and(|what| what.value == "template");
    let scheduled = worlds.iter().flat_map(|world| world.tables("change").filter(of_template));
    let played = steps.iter().filter_map(|step| match &step.kind {
        StepKind::Action(ActionStep::Change { set, .. }) => Some(&set.value),
        _ => None,
    });
    let all = templates.chain(scheduled.filter_map(|change| change.table("set"))).chain(played);
    for (asked, limit) in all.flat_map(limits) {
        if asked.span.file == FileId::OWN && !told.contains(&asked.span) {
            told.push(asked.span);
            let message = format!("the bench does not model `{}`", asked.value);
            let help = format!("{}; docs/limits.md has all limits", limit.instead);
            found.push(Diagnostic::warning(Code::BeyondTheBench, message, asked.span).help(help));
        }
    }
}

fn limits(table: &Table) -> impl Iterator<Item = (Spanned<&str>, &'static Limit)> {
    let words = FLAGS.into_iter().flat_map(|key| table.texts(key));
    let flags = words.filter_map(|word| Some((word, Limit::of_flag(word.value)?)));
    let algorithm = table.table("cng").and_then(|cng| cng.text("asymmetric-algorithm"));
    flags.chain(algorithm.and_then(|name| Some((name, Limit::of_algorithm(name.value)?))))
}
