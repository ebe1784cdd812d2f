//! `as = "new"` and `"$new"`: bound once, and before it is used.

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{Deed, Named, Pattern, Reference, Step, Wanted, WantedFact, What};
use crate::nearest::nearest;
use crate::source::{Place, Placed};
use crate::tree::Value;

pub(super) fn check(steps: &[Step], found: &mut Diagnostics) {
    let mut bound: Vec<Placed<String>> = Vec::new();
    for step in steps {
        for (reference, place) in references(step) {
            if !bound.iter().any(|name| name.value == reference.name) {
                let message = format!("no earlier step binds `{}`", reference.name);
                let near = nearest(&reference.name, bound.iter().map(|name| name.value.as_str()));
                let later = steps.iter().filter_map(binding).any(|name| name.value == reference.name);
                let help = match near {
                    Some(near) => format!("did you mean `${near}`?"),
                    None if later => "a later step binds it".to_owned(),
                    None => format!("write as = \"{}\" at the step that sees it first", reference.name),
                };
                found.push(Diagnostic::error(Code::UnknownBinding, message, place).help(help));
            }
        }
        let Some(name) = binding(step) else { continue };
        if let Some(first) = bound.iter().find(|known| known.value == name.value) {
            let message = format!("`{}` is bound already", name.value);
            let problem = Diagnostic::error(Code::TwiceBound, message, name.place);
            found.push(problem.label(first.place, "first here"));
        }
        bound.push(name.clone());
    }
}

fn binding(step: &Step) -> Option<&Placed<String>> {
    match &step.what {
        What::Expect(Pattern { bind, .. }) | What::Prompt { pattern: Pattern { bind, .. }, .. } => bind.as_ref(),
        _ => None,
    }
}

fn references(step: &Step) -> Vec<(Reference, Place)> {
    let mut list = Vec::new();
    if let Some(on) = &step.on {
        of_facts(&on.facts, &mut list);
    }
    match &step.what {
        What::Expect(pattern) | What::Never(pattern) | What::Prompt { pattern, .. } => {
            of_facts(&pattern.facts, &mut list);
        }
        What::State { facts, .. } => of_facts(facts, &mut list),
        What::Act(Deed::Ca { request, certificate, .. }) => {
            for named in [request, certificate].into_iter().flatten() {
                if let Named::Bound(reference) = &named.value {
                    list.push((reference.clone(), named.place));
                }
            }
        }
        What::Act(Deed::Change { set, .. }) => {
            for entry in &set.value.0 {
                if let Value::Text(text) = &entry.node.value
                    && let Named::Bound(reference) = crate::document::reference(text)
                {
                    list.push((reference, entry.node.place));
                }
            }
        }
        _ => {}
    }
    list
}

fn of_facts(facts: &[WantedFact], list: &mut Vec<(Reference, Place)>) {
    for fact in facts {
        of_wanted(&fact.value.value, fact.value.place, list);
    }
}

fn of_wanted(wanted: &Wanted, place: Place, list: &mut Vec<(Reference, Place)>) {
    match wanted {
        Wanted::Is(_) => {}
        Wanted::Bound(reference) => list.push((reference.clone(), place)),
        Wanted::List(elements) => elements.iter().for_each(|element| of_wanted(element, place, list)),
    }
}
