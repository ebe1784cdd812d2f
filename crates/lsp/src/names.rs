//! Names: what they mean, where they are given and mentioned, and how they get another.

use std::collections::BTreeMap;

use autoenroll_scenario::{Diagnostics, FileId, Mention, Naming, Span, Symbol, SymbolKind};

use crate::context::Context;
use crate::document::{Document, Known};
use crate::position::Encoding;

/// The name at a byte.
pub(crate) fn mention_at(known: &Known, byte: usize) -> Option<&Mention> {
    let is_here = |mention: &&Mention| mention.span.start <= byte && byte <= mention.span.end;
    known.mentions.iter().find(is_here)
}

/// What a mention means: what the file itself describes, else what fixtures do.
pub(crate) fn named<'a>(mention: &Mention, known: &'a Known) -> Vec<&'a Symbol> {
    let is_meant = |symbol: &&Symbol| {
        let of = mention.of.is_none() || symbol.of.is_none() || mention.of == symbol.of;
        mention.naming.kinds().contains(&symbol.kind) && symbol.name == mention.name && of
    };
    let all: Vec<&Symbol> = known.symbols.iter().filter(is_meant).collect();
    let own: Vec<&Symbol> = all.iter().copied().filter(|symbol| symbol.span.file == FileId::OWN).collect();
    // Where the file itself says more of something, the way leads on to where it comes from.
    let is_itself = own.iter().any(|symbol| symbol.span == mention.span);
    // A kind of card that has a file is described there, whatever computers say that they know it.
    let is_whole = |symbol: &&Symbol| symbol.whole.start == symbol.whole.end;
    match own.as_slice() {
        [] if all.iter().any(is_whole) => all.into_iter().filter(is_whole).collect(),
        [] => all,
        _ if is_itself && all.len() > own.len() => all.into_iter().filter(|it| it.span.file != FileId::OWN).collect(),
        _ => own,
    }
}

/// Every mention in the file of what is named at a byte, each once.
pub(crate) fn mentions_of(known: &Known, byte: usize) -> Vec<&Mention> {
    let Some(meant) = mention_at(known, byte) else { return Vec::new() };
    let kinds = kinds_of(meant, known);
    let same = |mention: &&Mention| {
        mention.name == meant.name
            && mention.naming.kinds().iter().any(|kind| kinds.contains(kind))
            && (mention.of.is_none() || meant.of.is_none() || mention.of == meant.of)
    };
    known.mentions.iter().filter(same).collect()
}

/// What a mention names, of the kinds that it may: a `who` is a user or a computer.
fn kinds_of(mention: &Mention, known: &Known) -> Vec<SymbolKind> {
    let found: Vec<SymbolKind> = named(mention, known).iter().map(|symbol| symbol.kind).collect();
    if found.is_empty() { mention.naming.kinds().to_vec() } else { found }
}

/// Whether the name at a byte can have another: the place of the name, or why not.
pub(crate) fn renameable(known: &Known, byte: usize) -> Result<Span, String> {
    let mention = mention_at(known, byte).ok_or_else(|| {
        "no name stands here; users, computers, cards, templates, CAs and whatever else this file describes have names"
            .to_owned()
    })?;
    let kinds = mention.naming.kinds();
    let (name, what) = (&mention.name, kinds.first().map_or("name", |kind| kind.describe()));
    if let [SymbolKind::Requirement | SymbolKind::Switch | SymbolKind::Oid] = kinds {
        return Err(format!("`{name}` is a {what}; its name is not this file's to give"));
    }
    let of_fixture =
        |symbol: &&Symbol| symbol.span.file != FileId::OWN && symbol.name == *name && kinds.contains(&symbol.kind);
    if let Some(symbol) = known.symbols.iter().find(of_fixture) {
        let (what, file) = (symbol.kind.describe(), known.file_name(symbol.span.file));
        return Err(format!("`{name}` is a {what} of {file}; here it cannot have another name"));
    }
    let own = known.symbols.iter().find(|symbol| symbol.name == *name && kinds.contains(&symbol.kind));
    let own = own.ok_or_else(|| format!("there is no {what} `{name}`"))?;
    if own.kind == SymbolKind::Provider {
        return Err(format!("`{name}` is a provider; templates and cards of fixtures name it, too"));
    }
    Ok(mention.span)
}

/// The edits that give what is named at a byte another name, or why that cannot be.
pub(crate) fn rename(
    document: &Document,
    cx: &Context<'_>,
    byte: usize,
    new: &str,
) -> Result<Vec<(Span, String)>, String> {
    let known = document.known(cx.library);
    renameable(known, byte)?;
    let mention = mention_at(known, byte).ok_or("no name stands here")?;
    let kinds = kinds_of(mention, known);
    let is_word = kinds.iter().any(|kind| matches!(kind, SymbolKind::Binding | SymbolKind::Parameter));
    if new.trim().is_empty() || new.contains(char::is_control) || (is_word && new.contains(['$', '.'])) {
        return Err(format!("`{}` cannot be a name", new.escape_debug()));
    }
    if let Some(taken) = known.symbols.iter().find(|other| other.name == new && kinds.contains(&other.kind)) {
        let file = known.file_name(taken.span.file);
        return Err(format!("there is a {} `{new}` already, in {file}", taken.kind.describe()));
    }
    // A template that is called as its default one is no copy of it any more, and has other attributes.
    let is_default = |other: &Symbol| other.kind == SymbolKind::DefaultTemplate && other.name == new;
    if kinds.contains(&SymbolKind::Template) && known.symbols.iter().any(is_default) {
        return Err(format!("`{new}` is a default template; one of that name would be it, and no copy"));
    }
    let mut edits = Vec::new();
    for mention in mentions_of(known, byte) {
        edits.push((mention.span, rewritten(&document.text, mention, new)?));
    }
    edits.sort_by_key(|(span, _)| *span);
    edits.dedup();
    says_the_same(document, cx, &edits)?;
    Ok(edits)
}

/// A name as it stands at one place: with escapes where its quotation marks need them, with quotation marks where a key
/// needs them.
fn rewritten(text: &str, mention: &Mention, new: &str) -> Result<String, String> {
    let Span { start, end, .. } = mention.span;
    // What refers to a binding has a dollar sign after the quotation mark.
    let mut before = text.get(..start).unwrap_or("").chars().rev().skip_while(|c| *c == '$');
    let quote = before.next().filter(|c| ['"', '\''].contains(c));
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !mention.is_plain {
        let written = text.get(start..end).unwrap_or("");
        return Err(format!("{written} is written with escapes, or in several lines; write it plainly first"));
    }
    let escaped = new.replace('\\', "\\\\").replace('"', "\\\"");
    match quote {
        Some('\'') if new.contains('\'') => Err(format!("`{new}` cannot stand between single quotation marks")),
        Some('\'') => Ok(new.to_owned()),
        Some(_) => Ok(escaped),
        None if new.chars().all(is_bare) => Ok(new.to_owned()),
        None => Ok(format!("\"{escaped}\"")),
    }
}

/// Refuses edits after which something is wrong that was not before: a name was mentioned where this did not see it.
fn says_the_same(document: &Document, cx: &Context<'_>, edits: &[(Span, String)]) -> Result<(), String> {
    let mut text = document.text.clone();
    for (span, new) in edits.iter().rev() {
        text.replace_range(span.start..span.end, new);
    }
    let count = |found: &Diagnostics| {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        found.list().iter().for_each(|problem| *counts.entry(problem.code.as_str()).or_default() += 1);
        counts
    };
    let before = count(&document.checked(cx.library, cx.around.requirements()).0);
    let renamed = Document::new(&document.name, text, Encoding::Utf8);
    let (found, _) = renamed.checked(cx.library, cx.around.requirements());
    let after = count(found);
    let more = |code: &str| after.get(code) > before.get(code);
    match found.list().iter().find(|problem| more(problem.code.as_str())) {
        Some(problem) => Err(format!("with that name, {}", problem.message)),
        None => Ok(()),
    }
}

/// Whether a mention gives the name.
pub(crate) const fn gives_name(mention: &Mention) -> bool {
    matches!(mention.naming, Naming::Defines(_))
}
