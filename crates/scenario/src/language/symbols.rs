//! What has a name, in a file and in the fixtures that it uses, and where a file mentions names.

use super::form::Form;
use super::naming::{Naming, SymbolKind, of_key, of_value};
use super::walk::{Visited, each};
use crate::diagnostic::Diagnostics;
use crate::document::Parsed;
use crate::library::Library;
use crate::merge;
use crate::sequences;
use crate::shape::{TEMPLATE_FILE, WORLD};
use crate::source::{FileId, Files, Span, Spanned};
use crate::tree::{Entry, Table};

/// A text of a file that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// What it names, and whether it gives the name.
    pub naming: Naming,
    /// The name.
    pub name: String,
    /// The name itself, without quotation marks, and without what stands before or behind it: `new` in `"$new.ca"`.
    pub span: Span,
    /// Where the table stands that it is in; for a table under a header, the header.
    pub whole: Span,
    /// What has it: the card of a container, the sequence of a parameter.
    pub of: Option<String>,
    /// Whether it is written so that another name can stand there: without escapes, and in one line.
    pub is_plain: bool,
}

/// Something that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// What it is.
    pub kind: SymbolKind,
    /// Its name.
    pub name: String,
    /// Where the name is given; the beginning of the file for what a whole file describes.
    pub span: Span,
    /// Where the table stands that gives it; for a table under a header, the header.
    pub whole: Span,
    /// What has it: the card of a container, the sequence of a parameter.
    pub of: Option<String>,
}

/// Where a file mentions names, in its order.
#[must_use]
pub fn mentions(parsed: &Parsed) -> Vec<Mention> {
    in_tree(&parsed.root, &Form::root(&parsed.root), parsed.files.text(FileId::OWN))
}

/// What a file can name, and the texts that their places refer to: what it describes itself, then what the worlds have
/// that it extends, then worlds, kinds of cards, default templates and object identifiers.
#[must_use]
pub fn symbols(parsed: &Parsed, library: &Library) -> (Vec<Symbol>, Files) {
    let files = library.files_with(parsed.files.clone());
    let mut symbols: Vec<Symbol> = mentions(parsed).into_iter().filter_map(defined).collect();
    let world = &parsed.document.world;
    // What the file changes in its world still has the place where the world gives it the name.
    let base = Table(world.0.iter().filter(|entry| entry.key.value == "extends").cloned().collect());
    let complete = merge::complete(&base, library, &mut Diagnostics::new());
    symbols.extend(in_fixture(&complete, &Form::Shape(&WORLD), &files));
    let inherited = sequences::known(&parsed.document, library).into_iter();
    let inherited = Table(inherited.filter(|entry| entry.key.span.file != FileId::OWN).cloned().collect());
    symbols.extend(in_fixture(&inherited, &Form::Sequences, &files));
    let worlds = library.world_files().map(|file| (SymbolKind::World, file));
    let files_alone = worlds.chain(library.card_files().map(|file| (SymbolKind::CardKind, file)));
    symbols.extend(files_alone.map(|(kind, (name, file))| {
        let span = Span { file, start: 0, end: 0 };
        Symbol { kind, name: name.to_owned(), span, whole: span, of: None }
    }));
    for templates in library.all_templates() {
        symbols.extend(in_fixture(templates, &Form::Shape(&TEMPLATE_FILE), &files));
    }
    symbols.extend(library.oid_entries().map(|Entry { key, .. }| Symbol {
        kind: SymbolKind::Oid,
        name: key.value.clone(),
        span: key.span,
        whole: key.span,
        of: None,
    }));
    (symbols, files)
}

/// What a tree of several files gives names to.
fn in_fixture(table: &Table, form: &Form, files: &Files) -> Vec<Symbol> {
    let mut found = Vec::new();
    each(table, form, &mut |visited| found.extend(mention(visited, |span| files.slice(span))));
    found.into_iter().filter_map(defined).collect()
}

fn in_tree(table: &Table, form: &Form, text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    each(table, form, &mut |visited| {
        found.extend(mention(visited, |span: Span| text.get(span.start..span.end).unwrap_or("")));
    });
    found
}

fn defined(mention: Mention) -> Option<Symbol> {
    let Naming::Defines(kind) = mention.naming else { return None };
    let Mention { name, span, whole, of, .. } = mention;
    Some(Symbol { kind, name, span, whole, of })
}

/// What a key or a text names, if anything.
fn mention<'a>(visited: &Visited<'_>, slice: impl Fn(Span) -> &'a str) -> Option<Mention> {
    let Visited { form, under, table, in_step, whole, entry, text } = *visited;
    let key = entry.key.value.as_str();
    let Some(node) = text else {
        let of = match form {
            Form::Arguments(sequence) => sequence.clone(),
            _ => None,
        };
        // A sequence is described by the table under its name.
        let whole = if matches!(form, Form::Sequences) { entry.node.span } else { whole };
        let name = Spanned::new(key, entry.key.span);
        return Some(Mention { of, ..written(of_key(form)?, name, whole, slice(entry.key.span)) });
    };
    let name = Spanned::new(node.as_text()?, node.span);
    let raw = slice(node.span);
    if let Some((reference, _)) = crate::shape::parameter_of(name.value)
        && in_step
    {
        return Some(part(BOUND, name, 1..1 + reference.len(), whole, raw));
    }
    let naming = of_value(form, under, key, table)?;
    // What a CA issues in the story is named after its template.
    if let Some((template, number)) = name.value.rsplit_once('#')
        && naming.kinds().contains(&SymbolKind::Certificate)
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && template != "request"
    {
        return Some(part(OF_TEMPLATE, name, 0..template.len(), whole, raw));
    }
    // What a provider makes is named after its card, or after its owner.
    if let Some((owner, number)) = name.value.rsplit_once('/')
        && naming.kinds().contains(&SymbolKind::Container)
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(part(OF_OWNER, name, 0..owner.len(), whole, raw));
    }
    let of = matches!(naming, Naming::Defines(SymbolKind::Parameter | SymbolKind::Reader)).then(|| under.to_owned());
    Some(Mention { of, ..written(naming, name, whole, raw) })
}

const BOUND: Naming = Naming::Refers(&[SymbolKind::Binding, SymbolKind::Parameter]);
const OF_OWNER: Naming = Naming::Refers(&[SymbolKind::Card, SymbolKind::User, SymbolKind::Computer]);
const OF_TEMPLATE: Naming = Naming::Refers(&[SymbolKind::Template]);

/// A whole key or text that is a name.
fn written(naming: Naming, name: Spanned<&str>, whole: Span, raw: &str) -> Mention {
    part(naming, name, 0..name.value.len(), whole, raw)
}

/// A part of a text that is a name.
fn part(naming: Naming, text: Spanned<&str>, bytes: std::ops::Range<usize>, whole: Span, raw: &str) -> Mention {
    let quotes = raw.find(text.value).filter(|quotes| raw.len() == text.value.len() + 2 * quotes);
    let span = match quotes {
        Some(quotes) => {
            let start = text.span.start + quotes;
            Span { start: start + bytes.start, end: start + bytes.end, ..text.span }
        }
        None => text.span,
    };
    let name = text.value.get(bytes).unwrap_or(text.value).to_owned();
    Mention { naming, name, span, whole, of: None, is_plain: quotes.is_some_and(|quotes| quotes < 2) }
}
