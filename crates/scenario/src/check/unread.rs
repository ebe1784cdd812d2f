//! What reading could not understand, and which problems might only follow from it: one slip is told once.

use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::suggestion::suggestion;
use crate::tree::{Entry, Node, Table};

/// What is missing from the document because it is written wrongly.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// Whether something outside the timeline is: any name may have been given there.
    names: bool,
    /// Whether anything outside the timeline is wrong at all.
    world: bool,
    /// Whether something of a sequence is.
    sequences: bool,
    /// The first step of which something is, by its place.
    first_step: Option<usize>,
    /// What such steps bind.
    pub(super) bindings: Vec<String>,
}

impl Unread {
    /// Of a file and what is wrong with its form.
    pub(super) fn of(root: &Table, found: &Diagnostics) -> Self {
        let steps = root.table("timeline").map_or(&[][..], |timeline| timeline.list("steps"));
        let mut unread = Self::default();
        let sequences = root.get("sequences");
        for problem in found.list() {
            // Any step may do it.
            if sequences.is_some_and(|node| inside_of_table(problem.span, node)) && moves_order(problem.code) {
                unread.first_step = Some(0);
                unread.sequences = true;
                continue;
            }
            let Some(step) = steps.iter().find(|step| inside(problem.span, step)) else {
                unread.names |= loses_names(problem, root);
                unread.world = true;
                continue;
            };
            if !moves_order(problem.code) {
                continue;
            }
            let first = unread.first_step.unwrap_or(usize::MAX);
            unread.first_step = Some(first.min(step.span.start));
            let entries = step.as_table().map_or(&[][..], |table| &table.0);
            let binds = entries.iter().filter(|entry| suggestion(&entry.key.value, ["as"]).is_some());
            unread.bindings.extend(binds.filter_map(|entry| entry.node.as_text()).map(str::to_owned));
        }
        unread
    }

    /// Whether a problem is one whatever the unread parts say.
    pub(super) fn leaves(&self, problem: &Diagnostic) -> bool {
        let behind = self.first_step.is_some_and(|first| problem.span.start >= first);
        match problem.code {
            Code::UnknownName | Code::AbsentNothing => !self.names,
            Code::MissingKey => !self.names && !behind,
            Code::NoSteps => self.first_step.is_none(),
            Code::EmptyInterval | Code::LooseOn | Code::RandomOffset | Code::NothingChecked => !behind,
            Code::UnusedCertificate => !self.world,
            Code::UnknownBinding => !self.sequences,
            _ => true,
        }
    }
}

/// Whether a step with such a problem may be another step, or come at another time, than it seems.
const fn moves_order(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownKey
            | Code::UnknownWord
            | Code::WrongType
            | Code::MissingKey
            | Code::NotADuration
            | Code::NotAnInstant
            | Code::Fraction
            | Code::NoVerb
            | Code::TwoVerbs
    )
}

/// Whether names may have been given at the place of a problem: by a table of the file or the world that is misspelt or
/// of another type, or by one that has no name itself. Behind a syntax error they may be anywhere.
fn loses_names(problem: &Diagnostic, root: &Table) -> bool {
    if matches!(problem.code, Code::NotToml | Code::NotJson | Code::TooDeep) {
        return true;
    }
    let empty = Table::default();
    let world = root.table("world").unwrap_or(&empty);
    let entries = || root.0.iter().chain(&world.0);
    let whole = |entry: &Entry| [entry.key.span, entry.node.span].contains(&problem.span);
    let nameless = |node: &Node| node.as_table().is_some_and(|table| table.text("name").is_none());
    matches!(problem.code, Code::UnknownKey | Code::WrongType)
        && (entries().any(whole)
            || entries()
                .flat_map(|entry| entry.node.as_list())
                .any(|node| nameless(node) && inside(problem.span, node)))
}

/// The place of a table with a header is the header, so what is in it is looked through.
fn inside_of_table(span: Span, node: &Node) -> bool {
    let within = |entry: &Entry| entry.key.span.contains(span) || inside_of_table(span, &entry.node);
    inside(span, node) || node.as_table().is_some_and(|table| table.0.iter().any(within))
}

fn inside(span: Span, node: &Node) -> bool {
    node.span.start <= span.start && span.end <= node.span.end
}
