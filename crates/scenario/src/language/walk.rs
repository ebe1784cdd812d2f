//! Every key and every text of a tree, each with the form of the table that it stands in.

use super::form::Form;
use crate::document::Parsed;
use crate::source::Span;
use crate::tree::{Entry, Node, Table, Value};
use crate::vocabulary::Word;

/// A word of the language in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordAt {
    /// The word and what it means.
    pub word: Word,
    /// Where it stands, quotation marks included.
    pub span: Span,
}

/// The word of the language at a byte of a file: a key, or one of the words that a key takes.
#[must_use]
pub fn word_at(parsed: &Parsed, byte: usize) -> Option<WordAt> {
    let is_here = |span: Span| span.start <= byte && byte <= span.end;
    let mut found = None;
    each(&parsed.root, &Form::root(&parsed.root), &mut |visited: &Visited<'_>| {
        let Visited { form, table, entry, text, .. } = *visited;
        let name = entry.key.value.as_str();
        match text {
            None if is_here(entry.key.span) => {
                let key = form.key(name, table);
                found = key.map(|key| WordAt { word: key.word, span: entry.key.span }).or_else(|| found.take());
            }
            Some(node) if is_here(node.span) => {
                let values = form.values(name, table);
                let value = values.into_iter().find(|value| node.as_text() == Some(&value.word.name));
                found = value.map(|value| WordAt { word: value.word, span: node.span }).or_else(|| found.take());
            }
            _ => {}
        }
    });
    found.filter(|found| !found.word.text.is_empty())
}

/// A key, or a text under it.
#[derive(Clone, Copy)]
pub(super) struct Visited<'a> {
    /// The form of the table.
    pub(super) form: &'a Form,
    /// The key that the table stands under.
    pub(super) under: &'a str,
    /// The table.
    pub(super) table: &'a Table,
    /// Whether it is a step, or in one.
    pub(super) in_step: bool,
    /// Where the table stands.
    pub(super) whole: Span,
    /// The key and its value.
    pub(super) entry: &'a Entry,
    /// One of the texts that are the value, or its elements; `None` for the key itself.
    pub(super) text: Option<&'a Node>,
}

/// Shows every key and every text of a table and of those in it, in their order.
pub(super) fn each(table: &Table, form: &Form, visit: &mut dyn FnMut(&Visited<'_>)) {
    in_table(table, form, ("", Span::default(), false), visit);
}

fn in_table(
    table: &Table,
    form: &Form,
    (under, whole, in_step): (&str, Span, bool),
    visit: &mut dyn FnMut(&Visited<'_>),
) {
    let in_step = in_step || matches!(form, Form::Step);
    for entry in &table.0 {
        let visited = Visited { form, under, table, in_step, whole, entry, text: None };
        visit(&visited);
        in_node(&entry.node, &visited, visit);
    }
}

fn in_node(node: &Node, at: &Visited<'_>, visit: &mut dyn FnMut(&Visited<'_>)) {
    match &node.value {
        Value::Text(_) => visit(&Visited { text: Some(node), ..*at }),
        Value::List(list) => list.iter().for_each(|element| in_node(element, at, visit)),
        Value::Table(inner) => {
            let key = at.entry.key.value.as_str();
            if let Some(form) = at.form.inner(key, at.table) {
                in_table(inner, &form, (key, node.span, at.in_step), visit);
            }
        }
        _ => {}
    }
}
