//! Sequences: steps that have a name, done by a step `do` with arguments. What a story plays are the steps themselves,
//! each of which knows where it is written and which line of the timeline does it.

use std::sync::Arc;

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{self, Document, SequenceUse, Step, StepKind};
use crate::library::Library;
use crate::shape::{check_step, parameter_of};
use crate::source::{Span, Spanned};
use crate::suggestion::suggestion;
use crate::tree::{Entry, MAX_BYTES, Node, Table, Value};

/// How many sequences may do one another, and how many worlds they may come from.
const DEEPEST: usize = 16;

/// The steps of a timeline with those of its sequences in place of each `do`.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    pub(crate) steps: Vec<Step>,
    /// Where each argument stands, and where the parameter that it replaces.
    arguments: Vec<(Span, Spanned<String>)>,
    /// Whether each `do` could be replaced.
    pub(crate) whole: bool,
}

/// Replaces each `do` by the steps of its sequence. What is wrong with a use is told with both places.
pub(crate) fn expand(document: &Document, library: &Library, found: &mut Diagnostics) -> Expanded {
    let mut expanded = Expanded { whole: true, ..Expanded::default() };
    let known = known(document, library);
    let mut expander = Expander { known: &known, left: MAX_BYTES, into: &mut expanded, found };
    for step in &document.steps {
        let StepKind::Do(table) = &step.kind else {
            expander.into.steps.push(step.clone());
            continue;
        };
        let Some(name) = table.text("do") else { continue };
        let used = Arc::new(SequenceUse { name: name.value.into(), span: step.span, through: Vec::new() });
        if expander.left > 0 && !expander.put(table, &used, &step.only, &mut Vec::new()) {
            expander.into.whole = false;
        }
    }
    expanded
}

/// The sequences of the file and of the worlds that it extends; of two of one name the nearest counts, as a whole.
pub(crate) fn known<'a>(document: &'a Document, library: &'a Library) -> Vec<&'a Entry> {
    let mut known: Vec<&Entry> = document.sequences.0.iter().collect();
    let mut world = &document.world;
    for _ in 0..DEEPEST {
        // A world that is not there, or is broken, is told where worlds are merged.
        let base = world.text("extends").and_then(|name| library.world(name, &mut Diagnostics::new()));
        let Some(base) = base else { break };
        for entry in base.table("sequences").map_or(&[][..], |table| &table.0) {
            if !known.iter().any(|other| other.key.value == entry.key.value) {
                known.push(entry);
            }
        }
        let Some(next) = base.table("world") else { break };
        world = next;
    }
    known
}

struct Expander<'a, 'b> {
    known: &'b [&'a Entry],
    /// How many bytes the steps may still have, as they are written.
    left: usize,
    into: &'b mut Expanded,
    found: &'b mut Diagnostics,
}

impl<'a> Expander<'a, '_> {
    /// Puts the steps of one `do` behind those that are there; whether all of them could be read.
    fn put(
        &mut self,
        table: &Table,
        used: &Arc<SequenceUse>,
        only: &[Spanned<String>],
        path: &mut Vec<&'a str>,
    ) -> bool {
        let Some(name) = table.text("do") else { return false };
        let Some(entry) = self.known.iter().copied().find(|entry| entry.key.value == name.value) else {
            self.found.push(self.unknown(name));
            return false;
        };
        if path.contains(&name.value) || path.len() >= DEEPEST {
            self.found.push(goes_round(path, entry, name.span));
            return false;
        }
        let Some(definition) = entry.node.as_table() else { return false };
        let empty = Table::default();
        let arguments = table.table("with").unwrap_or(&empty);
        if !self.check_arguments(name, entry, definition, arguments) {
            return false;
        }
        path.push(&entry.key.value);
        let mut read = true;
        for (number, node) in definition.list("steps").iter().enumerate() {
            let begin = ["at", "after"].into_iter().filter_map(|key| table.entry(key)).filter(|_| number == 0);
            read &= self.step(node, begin, arguments, used, only, path);
            if self.left == 0 {
                break;
            }
        }
        path.pop();
        read
    }

    /// Puts one step of a sequence, with the arguments in place of the parameters.
    fn step<'c>(
        &mut self,
        node: &Node,
        begin: impl Iterator<Item = &'c Entry>,
        arguments: &Table,
        used: &Arc<SequenceUse>,
        only: &[Spanned<String>],
        path: &mut Vec<&'a str>,
    ) -> bool {
        let mut filled = node.clone();
        let from = self.into.arguments.len();
        let length = fill(&mut filled, arguments, &mut self.into.arguments);
        let length = length + only.iter().map(|name| name.value.len()).sum::<usize>();
        self.left = self.left.saturating_sub(length + node.span.end.saturating_sub(node.span.start).max(1));
        if self.left == 0 {
            let message = format!("the steps of its sequences, written out, have more than {MAX_BYTES} bytes");
            self.found.push(Diagnostic::error(Code::TooLarge, message, used.span).help("a scenario tells one story"));
            return false;
        }
        let Value::Table(table) = &mut filled.value else { return false };
        for entry in begin {
            let first = ["at", "after", "on"].into_iter().find_map(|key| table.entry(key));
            if let Some(first) = first {
                let message =
                    format!("`{}` says when the sequence begins, and so does its first step", entry.key.value);
                let problem = Diagnostic::error(Code::TwoTimes, message, entry.key.span);
                self.found.push(problem.label(first.key.span, "here"));
                return false;
            }
            table.0.insert(0, entry.clone());
        }
        if table.get("do").is_some() {
            let table = table.clone();
            let mut through = used.through.clone();
            through.push(node.span);
            let used = SequenceUse { name: Arc::clone(&used.name), span: used.span, through };
            return self.put(&table, &Arc::new(used), only, path);
        }
        let mut problems = Diagnostics::new();
        check_step(&filled, &mut problems);
        // What is wrong with the sequence itself is told where it is written.
        problems.keep(|problem| !node.span.contains(problem.span));
        let wrong = !problems.is_empty();
        let places = self.into.arguments[from..].to_vec();
        problems.for_each(|problem| label_argument(problem, &places, node.span));
        self.found.extend(problems);
        let Some(mut step) = document::step(&filled) else { return wrong };
        step.only = only.to_vec();
        step.used = Some(Arc::clone(used));
        self.into.steps.push(step);
        true
    }

    fn check_arguments(&mut self, name: Spanned<&str>, of: &Entry, definition: &Table, given: &Table) -> bool {
        let parameters: Vec<Spanned<&str>> = definition.texts("parameters").collect();
        let unknown = given.0.iter().filter(|entry| !parameters.iter().any(|known| known.value == entry.key.value));
        let mut fits = true;
        for entry in unknown {
            fits = false;
            let message = format!("the sequence `{}` has no parameter `{}`", name.value, entry.key.value);
            let help = match suggestion(&entry.key.value, parameters.iter().map(|known| known.value)) {
                Some(suggestion) => format!("did you mean `{suggestion}`?"),
                None if parameters.is_empty() => "it has none".to_owned(),
                None => {
                    let names: Vec<&str> = parameters.iter().map(|known| known.value).collect();
                    format!("it has {}", names.join(", "))
                }
            };
            let problem = Diagnostic::error(Code::UnknownKey, message, entry.key.span);
            self.found.push(problem.label(of.key.span, "defined here").help(help));
        }
        for parameter in parameters.iter().filter(|parameter| given.get(parameter.value).is_none()) {
            // One message is enough for a misspelt one.
            if !fits && given.0.iter().any(|entry| suggestion(&entry.key.value, [parameter.value]).is_some()) {
                continue;
            }
            fits = false;
            let message = format!("the sequence `{}` needs `{}`", name.value, parameter.value);
            let problem =
                Diagnostic::error(Code::MissingKey, message, name.span).label(parameter.span, "its parameter");
            self.found.push(problem.help(format!("write with = {{ {} = ... }}", parameter.value)));
        }
        fits
    }

    fn unknown(&self, name: Spanned<&str>) -> Diagnostic {
        let names: Vec<&str> = self.known.iter().map(|entry| entry.key.value.as_str()).collect();
        let help = match suggestion(name.value, names.iter().copied()) {
            Some(suggestion) => format!("did you mean `{suggestion}`?"),
            None if names.is_empty() => format!("write one: [sequences.{}] with steps", name.value),
            None => format!("there are {}", names.join(", ")),
        };
        let message = format!("there is no sequence `{}`", name.value);
        Diagnostic::error(Code::UnknownName, message, name.span).help(help)
    }
}

fn goes_round(path: &[&str], again: &Entry, span: Span) -> Diagnostic {
    let name = &again.key.value;
    let message = match path.contains(&name.as_str()) {
        true => format!("`{name}` does itself: {} -> {name}", path.join(" -> ")),
        false => format!("sequences do one another, {DEEPEST} deep at most: {} -> {name}", path.join(" -> ")),
    };
    Diagnostic::error(Code::SequenceCycle, message, span).label(again.key.span, "defined here")
}

/// Puts arguments in place of parameters; how many bytes came. Of an argument that refers, such as `$new`, a step may
/// name a fact: `$card.pin`.
fn fill(node: &mut Node, arguments: &Table, places: &mut Vec<(Span, Spanned<String>)>) -> usize {
    match &mut node.value {
        Value::Text(text) => {
            let Some((parameter, fact)) = parameter_of(text) else { return 0 };
            let Some(argument) = arguments.get(parameter) else { return 0 };
            let value = match (&argument.value, fact) {
                (Value::Text(argument), Some(fact)) => Value::Text(format!("{argument}.{fact}")),
                (value, _) => value.clone(),
            };
            places.push((argument.span, Spanned::new(parameter.to_owned(), node.span)));
            *node = Node { value, span: argument.span };
            node.as_text().map_or(0, str::len)
        }
        Value::List(list) => list.iter_mut().map(|node| fill(node, arguments, places)).sum(),
        Value::Table(table) => table.0.iter_mut().map(|entry| fill(&mut entry.node, arguments, places)).sum(),
        _ => 0,
    }
}

/// Says of a problem with an argument where the sequence has its parameter.
fn label_argument(problem: &mut Diagnostic, places: &[(Span, Spanned<String>)], step: Span) {
    match places.iter().find(|(argument, _)| *argument == problem.span) {
        Some((_, parameter)) => label(problem, parameter.span, format!("`${}` stands here", parameter.value)),
        None => label(problem, step, "in this step of the sequence".to_owned()),
    }
}

/// Says also something of another place, unless something is said of it.
fn label(problem: &mut Diagnostic, span: Span, text: String) {
    if span != problem.span && !problem.related.iter().any(|label| label.span == span) {
        problem.related.push(crate::diagnostic::Label { span, text });
    }
}

impl Expanded {
    /// Says of problems in steps of sequences which lines do them, and of problems with arguments where they go.
    pub(crate) fn place(&self, found: &mut Diagnostics) {
        found.for_each(|problem| {
            if let Some((_, parameter)) = self.arguments.iter().find(|(argument, _)| *argument == problem.span) {
                label(problem, parameter.span, format!("`${}` stands here", parameter.value));
            } else if let Some(step) = self.steps.iter().find(|step| step.span.contains(problem.span)) {
                step.place(problem);
            }
        });
    }
}

impl Step {
    /// The line of the timeline that has the step, or does it.
    #[must_use]
    pub fn line(&self) -> Span {
        self.used.as_ref().map_or(self.span, |used| used.span)
    }

    /// Says of a problem with the step of a sequence where it is written and which line does it.
    pub(crate) fn place(&self, problem: &mut Diagnostic) {
        let Some(used) = &self.used else { return };
        if used.span.contains(problem.span) {
            label(problem, self.span, format!("in this step of `{}`", used.name));
        } else {
            label(problem, used.span, format!("`{}` is done here", used.name));
        }
        used.through.iter().for_each(|through| label(problem, *through, "through here".to_owned()));
    }
}
