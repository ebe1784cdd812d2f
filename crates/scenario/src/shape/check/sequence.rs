//! Sequences where they are written. What their parameters stand for is known where they are done.

use super::super::SEQUENCE;
use super::{check_shape, check_step, missing_keys};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::tree::{Entry, Node, Table, Value};

/// Checks the sequences of a file.
pub(super) fn check_sequences(sequences: &Table, found: &mut Diagnostics) {
    for entry in &sequences.0 {
        let Some(table) = entry.node.as_table() else {
            let message = format!("`sequences` takes tables by name, not {}", entry.node.value.describe());
            found.push(Diagnostic::error(Code::WrongType, message, entry.node.span));
            continue;
        };
        check_shape(&SEQUENCE, table, found);
        missing_keys(&SEQUENCE, table, entry.node.span, found);
        if let Some(steps) = table.get("steps").filter(|steps| matches!(steps.value, Value::List(_))) {
            check_sequence(entry, table, steps, found);
        }
    }
}

fn check_sequence(entry: &Entry, table: &Table, steps: &Node, found: &mut Diagnostics) {
    if steps.as_list().is_empty() {
        let message = format!("the sequence `{}` has no steps", entry.key.value);
        found.push(Diagnostic::error(Code::Empty, message, steps.span));
    }
    let parameters: Vec<Spanned<&str>> = table.texts("parameters").collect();
    check_parameters(&parameters, found);
    let mut places: Vec<(Span, String)> = Vec::new();
    parameters_in(steps, &parameters, &mut places);
    for step in steps.as_list() {
        let mut problems = Diagnostics::new();
        check_step(step, &mut problems);
        // Where a parameter stands, anything may come.
        problems.keep(|problem| !places.iter().any(|(place, _)| *place == problem.span));
        found.extend(problems);
        let Some(step) = step.as_table() else { continue };
        if let Some(only) = step.entry("only") {
            let message = "`only` stands where a sequence is done, not in it";
            found.push(Diagnostic::error(Code::NotForVerb, message, only.key.span));
        }
        let bound = step.text("as");
        let both = bound.and_then(|bound| Some((bound, parameters.iter().find(|known| known.value == bound.value)?)));
        if let Some((bound, parameter)) = both {
            let message = format!("`{}` is a parameter of this sequence, so nothing can be bound to it", bound.value);
            let problem = Diagnostic::error(Code::DuplicateName, message, bound.span);
            found.push(
                problem
                    .label(parameter.span, "here")
                    .help(format!("to bind a name that is given, write as = \"${}\"", bound.value)),
            );
        }
    }
    for parameter in parameters
        .iter()
        .filter(|known| !known.value.contains(['$', '.']) && !places.iter().any(|(_, name)| name == known.value))
    {
        let message = format!("no step of the sequence has `${}`", parameter.value);
        found.push(Diagnostic::warning(Code::UnusedParameter, message, parameter.span));
    }
}

fn check_parameters(parameters: &[Spanned<&str>], found: &mut Diagnostics) {
    for (number, parameter) in parameters.iter().enumerate() {
        if let Some(first) = parameters[..number].iter().find(|known| known.value == parameter.value) {
            let message = format!("`{}` is a parameter already", parameter.value);
            let problem = Diagnostic::error(Code::DuplicateName, message, parameter.span);
            found.push(problem.label(first.span, "first here"));
        }
        if parameter.value.contains(['$', '.']) {
            let message = format!("`{}` is malformed as the name of a parameter", parameter.value);
            let problem = Diagnostic::error(Code::Malformed, message, parameter.span);
            found.push(problem.help("steps write `$` before it, and a dot behind it for a fact; the name has neither"));
        }
    }
}

/// Where parameters stand.
fn parameters_in(node: &Node, parameters: &[Spanned<&str>], places: &mut Vec<(Span, String)>) {
    match &node.value {
        Value::Text(text) => {
            if let Some((name, _)) =
                parameter_of(text).filter(|(name, _)| parameters.iter().any(|it| it.value == *name))
            {
                places.push((node.span, name.to_owned()));
            }
        }
        Value::List(list) => list.iter().for_each(|node| parameters_in(node, parameters, places)),
        Value::Table(table) => table.0.iter().for_each(|entry| parameters_in(&entry.node, parameters, places)),
        _ => {}
    }
}

/// The name and the fact of `$name` and `$name.fact`; nothing for other texts, nor for one that begins with two dollar
/// signs.
pub(crate) fn parameter_of(text: &str) -> Option<(&str, Option<&str>)> {
    let name = text.strip_prefix('$').filter(|rest| !rest.starts_with('$'))?;
    Some(name.split_once('.').map_or((name, None), |(name, fact)| (name, Some(fact))))
}
