//! `as = "new"` and `"$new"`: bound once, and before it is used.

use std::collections::{BTreeMap, BTreeSet};

use super::facts;
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{
    ActionStep, ExpectedFact, ExpectedValue, NameOrReference, Pattern, Reference, Step, StepKind, group,
};
use crate::source::{Span, Spanned};
use crate::suggestion::suggestion;
use crate::tree::Value;

/// `unread` is what steps bind that could not be read.
pub(super) fn check(steps: &[Step], unread: &[String], found: &mut Diagnostics) {
    let mut bound: Vec<Spanned<String>> = Vec::new();
    // Where each of them is bound first.
    let mut known: BTreeMap<&str, Span> = BTreeMap::new();
    let unread: BTreeSet<&str> = unread.iter().map(String::as_str).collect();
    // The first step that binds each name, in the whole story.
    let mut binders: BTreeMap<&str, &Step> = BTreeMap::new();
    for step in steps {
        if let Some(name) = binding(step) {
            binders.entry(&name.value).or_insert(step);
        }
    }
    let mut first = 0;
    while first < steps.len() {
        let together = group(steps, first);
        first = together.end;
        let set = &steps[together];
        for (reference, span) in set.iter().flat_map(references) {
            lacks_fact(binders.get(reference.name.as_str()).copied(), &reference, span, found);
            if !unread.contains(reference.name.as_str()) && !known.contains_key(reference.name.as_str()) {
                found.push(not_bound(steps, set, &reference, span, &bound));
            }
        }
        for name in set.iter().filter_map(binding) {
            if let Some(first) = known.get(name.value.as_str()) {
                let message = format!("`{}` is bound already", name.value);
                let problem = Diagnostic::error(Code::TwiceBound, message, name.span);
                found.push(problem.label(*first, "first here"));
            } else {
                known.insert(&name.value, name.span);
            }
            bound.push(name.clone());
        }
    }
}

fn not_bound(steps: &[Step], set: &[Step], reference: &Reference, span: Span, bound: &[Spanned<String>]) -> Diagnostic {
    let is_it = |name: &&Spanned<String>| name.value == reference.name;
    let problem = |message: String| Diagnostic::error(Code::UnknownBinding, message, span);
    if let Some(beside) = set.iter().filter_map(binding).find(is_it) {
        let message = format!("`{}` is bound by a step of the same set", reference.name);
        let help = "expectations next to each other match together, so none of them can refer to another; a look (`state`), an \
                    action or a step with a time of its own begins a new set";
        return problem(message).label(beside.span, "bound here").help(help);
    }
    let known = bound.iter().chain(set.iter().filter_map(binding));
    let suggestion = suggestion(&reference.name, known.map(|name| name.value.as_str()));
    let later = steps.iter().filter_map(binding).any(|name| is_it(&name));
    problem(format!("no earlier step binds `{}`", reference.name)).help(match suggestion {
        Some(suggestion) => format!("did you mean `${suggestion}`?"),
        None if later => "a later step binds it".to_owned(),
        None => format!("write as = \"{}\" at the step that sees it first", reference.name),
    })
}

/// `$new.fact` where what binds `new` never has that fact.
fn lacks_fact(binder: Option<&Step>, reference: &Reference, span: Span, found: &mut Diagnostics) {
    let Some(fact) = &reference.fact else { return };
    let Some(known) = binder.and_then(facts::bound) else { return };
    if !known.contains(&fact.as_str()) {
        let message = format!("what `{}` is bound to has no fact `{fact}`", reference.name);
        let help = match suggestion(fact, known.iter().copied()) {
            Some(suggestion) => format!("did you mean `${}.{suggestion}`?", reference.name),
            None if known.is_empty() => "it has none".to_owned(),
            None => format!("it has {}", known.join(", ")),
        };
        found.push(Diagnostic::error(Code::NoSuchFact, message, span).help(help));
    }
}

/// What a step binds.
pub(super) fn binding(step: &Step) -> Option<&Spanned<String>> {
    match &step.kind {
        StepKind::Expect(Pattern { bind, .. }) | StepKind::Prompt { pattern: Pattern { bind, .. }, .. } => {
            bind.as_ref()
        }
        _ => None,
    }
}

fn references(step: &Step) -> Vec<(Reference, Span)> {
    let mut list = Vec::new();
    if let Some(on) = &step.on {
        of_facts(&on.facts, &mut list);
    }
    match &step.kind {
        StepKind::Expect(pattern) | StepKind::Never(pattern) | StepKind::Prompt { pattern, .. } => {
            of_facts(&pattern.facts, &mut list);
        }
        StepKind::State { facts, .. } => of_facts(facts, &mut list),
        StepKind::Action(ActionStep::Ca { request, certificate, .. }) => {
            for named in [request, certificate].into_iter().flatten() {
                if let NameOrReference::Reference(reference) = &named.value {
                    list.push((reference.clone(), named.span));
                }
            }
        }
        StepKind::Action(ActionStep::Change { set, .. }) => {
            for entry in &set.value.0 {
                if let Value::Text(text) = &entry.node.value
                    && let NameOrReference::Reference(reference) = crate::document::reference(text)
                {
                    list.push((reference, entry.node.span));
                }
            }
        }
        _ => {}
    }
    list
}

fn of_facts(facts: &[ExpectedFact], list: &mut Vec<(Reference, Span)>) {
    for fact in facts {
        of_wanted(&fact.value.value, fact.value.span, list);
    }
}

fn of_wanted(wanted: &ExpectedValue, span: Span, list: &mut Vec<(Reference, Span)>) {
    match wanted {
        ExpectedValue::Literal(_) | ExpectedValue::Instant(_) => {}
        ExpectedValue::Reference(reference) => list.push((reference.clone(), span)),
        ExpectedValue::List(elements) => elements.iter().for_each(|element| of_wanted(element, span, list)),
    }
}
