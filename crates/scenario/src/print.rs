//! A document as a file: `parse(print(document))` is the document again.

mod steps;
mod values;

use crate::document::{About, Document, Level};
use crate::source::Spanned;
use crate::tree::{Entry, Node, Table, Value};
pub(crate) use steps::answer;
pub(crate) use steps::of_fact;
pub(crate) use steps::step;
pub(crate) use values::{Style, value};
use values::{key, multi_line, text};

/// Longest line, in characters, where a list can be broken.
pub(crate) const WIDTH: usize = 120;

/// The document as TOML, in the order about, world, timeline, variants. Comments are no part of a document.
#[must_use]
pub fn print(document: &Document) -> String {
    let mut out = String::from("scenario = 1\n");
    about(&document.about, &mut out);
    if let Some(sweep) = &document.sweep {
        line(&mut out, "sweep", &text(sweep.value.as_str()));
    }
    if !document.world.0.is_empty() {
        section("world", &document.world, &mut out);
    }
    for sequence in &document.sequences.0 {
        let Some(table) = sequence.node.as_table() else { continue };
        out += &format!("\n[sequences.{}]\n", key(&sequence.key.value));
        for entry in table.0.iter().filter(|entry| entry.key.value != "steps") {
            entry_line(entry, &mut out);
        }
        steps(table.list("steps").iter().map(|step| value(&step.value, Style::Toml)), &mut out);
    }
    if !document.steps.is_empty() {
        out += "\n[timeline]\n";
        steps(document.steps.iter().map(|one| value(&Value::Table(step(one)), Style::Toml)), &mut out);
    } else {
        out += "\n[timeline]\nsteps = []\n";
    }
    for variant in &document.vary {
        out += "\n[[vary]]\n";
        lines(variant, &mut out);
    }
    out
}

fn steps(steps: impl Iterator<Item = String>, out: &mut String) {
    out.push_str("steps = [\n");
    steps.for_each(|step| out.push_str(&format!("  {step},\n")));
    out.push_str("]\n");
}

fn about(about: &About, out: &mut String) {
    let list = |list: &[Spanned<String>]| list_of(list.iter().map(|one| text(&one.value)));
    if !about.title.value.is_empty() {
        line(out, "title", &text(&about.title.value));
    }
    if let Some(profile) = &about.profile {
        line(out, "profile", &text(&profile.value));
    }
    if !about.switches.is_empty() {
        let pairs: Vec<String> = about
            .switches
            .iter()
            .map(|(name, value)| format!("{} = {}", key(&name.value), text(&value.value)))
            .collect();
        line(out, "switches", &format!("{{ {} }}", pairs.join(", ")));
    }
    if !about.covers.is_empty() {
        line(out, "covers", &list(&about.covers));
    }
    if about.level != Level::Must {
        line(out, "level", &text(about.level.as_str()));
    }
    if let Some(evidence) = about.evidence {
        line(out, "evidence", &text(evidence.as_str()));
    }
    if !about.needs.is_empty() {
        line(out, "needs", &list(&about.needs));
    }
    if let Some(summary) = &about.summary {
        line(out, "summary", &multi_line(summary));
    }
}

/// A table under a header; tables inside that would not fit a line get headers of their own, after everything else.
fn section(way: &str, table: &Table, out: &mut String) {
    out.push_str(&format!("\n[{way}]\n"));
    let (inner, own): (Vec<&Entry>, Vec<&Entry>) = table.0.iter().partition(|entry| has_header(entry));
    own.iter().for_each(|entry| entry_line(entry, out));
    for entry in inner {
        let way = format!("{way}.{}", key(&entry.key.value));
        match &entry.node.value {
            Value::Table(table) => section(&way, table, out),
            _ => {
                for table in entry.node.as_list().iter().filter_map(Node::as_table) {
                    out.push_str(&format!("\n[[{way}]]\n"));
                    lines(table, out);
                }
            }
        }
    }
}

/// Lists of tables stand under headers; a table does when it does not fit a line.
fn has_header(entry: &Entry) -> bool {
    match &entry.node.value {
        Value::List(list) => !list.is_empty() && list.iter().all(|node| node.as_table().is_some()),
        Value::Table(table) => {
            let inner = table.0.iter().any(has_header);
            inner || entry.key.value.len() + 3 + value(&entry.node.value, Style::Toml).chars().count() > WIDTH
        }
        _ => false,
    }
}

fn lines(table: &Table, out: &mut String) {
    table.0.iter().for_each(|entry| entry_line(entry, out));
}

fn entry_line(entry: &Entry, out: &mut String) {
    let name = key(&entry.key.value);
    let whole = value(&entry.node.value, Style::Toml);
    let fits = name.chars().count() + 3 + whole.chars().count() <= WIDTH;
    match &entry.node.value {
        Value::List(list) if !fits && !list.is_empty() => {
            line(out, &name, &broken(list.iter().map(|node| value(&node.value, Style::Toml))));
        }
        _ => line(out, &name, &whole),
    }
}

fn line(out: &mut String, name: &str, value: &str) {
    out.push_str(&format!("{name} = {value}\n"));
}

fn list_of(elements: impl Iterator<Item = String> + Clone) -> String {
    let whole = format!("[{}]", elements.clone().collect::<Vec<_>>().join(", "));
    if whole.chars().count() + 12 > WIDTH { broken(elements) } else { whole }
}

/// A list with as many elements a line as fit, but one table.
fn broken(elements: impl Iterator<Item = String>) -> String {
    let mut text = String::from("[\n");
    let mut column = 0;
    for element in elements {
        let length = element.chars().count() + 2;
        if column > 0 && (column + length > WIDTH || element.starts_with('{')) {
            text.push('\n');
            column = 0;
        }
        text += if column == 0 { "  " } else { " " };
        text += &format!("{element},");
        column += length;
    }
    text + "\n]"
}
