//! What can be written at the cursor.

use std::collections::BTreeSet;

use autoenroll_model::{SWITCHES, Switch};
use autoenroll_scenario::{FileId, KeyWord, Naming, Opening, Place, PlaceLevel, Symbol, SymbolKind, ValueWord, Word};
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionList, CompletionTextEdit, Documentation, InsertTextFormat,
    MarkupContent, MarkupKind, TextEdit,
};

use crate::context::Context;
use crate::cursor::{At, Cursor, cursor};
use crate::document::{Document, Known};
use crate::hover::{described, word_text};

/// How many items are offered at once. Of more, those that have what is typed, and the client asks again when more is.
const MOST_ITEMS: usize = 100;

/// The items for a place, in the order in which they are of use: what the table needs, what the language has, names.
pub(crate) fn completion(document: &Document, cx: &Context<'_>, byte: usize) -> CompletionList {
    let Some(cursor) = cursor(&document.text, byte) else { return CompletionList::default() };
    let range = document.lines.range(&document.text, cursor.word.clone());
    let known = document.known(cx.library);
    let mut offers = match &cursor.at {
        At::Key { has_value } => keys(&cursor, known, *has_value),
        At::Header => headers(&cursor.place),
        At::Value { key, quoted, in_list } => values(&cursor.place, (key, *quoted, *in_list), known, cx),
    };
    let mut met = BTreeSet::new();
    offers.retain(|offer| met.insert(offer.label.clone()));
    let is_incomplete = offers.len() > MOST_ITEMS;
    if is_incomplete {
        let typed = document.text.get(cursor.word.start..byte).unwrap_or("").to_lowercase();
        let at = |offer: &Offer| offer.label.to_lowercase().find(&typed);
        offers.retain(|offer| at(offer).is_some());
        // What begins so comes first.
        offers.sort_by_key(|offer| at(offer) != Some(0));
        offers.truncate(MOST_ITEMS);
    }
    let items = offers.into_iter().enumerate().map(|(at, offer)| offer.item(at, range, cx.snippets));
    CompletionList { is_incomplete, items: items.collect() }
}

/// One thing to write.
#[derive(Debug)]
struct Offer {
    label: String,
    kind: CompletionItemKind,
    detail: String,
    documentation: String,
    /// What is inserted before the cursor.
    before: String,
    /// What is inserted behind it.
    behind: String,
    /// The requirement whose article is fetched when the item is looked at.
    requirement: Option<String>,
}

impl Offer {
    fn item(self, at: usize, range: lsp_types::Range, snippets: bool) -> CompletionItem {
        let is_snippet = snippets && !self.behind.is_empty();
        let new_text = match is_snippet {
            true => format!("{}$1{}", escaped(&self.before), escaped(&self.behind)),
            false => self.before + &self.behind,
        };
        let documentation = (!self.documentation.is_empty()).then(|| markdown(self.documentation));
        CompletionItem {
            kind: Some(self.kind),
            detail: (!self.detail.is_empty()).then_some(self.detail),
            documentation,
            sort_text: Some(format!("{at:05}")),
            insert_text_format: is_snippet.then_some(InsertTextFormat::SNIPPET),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text })),
            data: self.requirement.map(serde_json::Value::String),
            label: self.label,
            ..CompletionItem::default()
        }
    }
}

/// Fills in what an item says of itself when it is looked at.
pub(crate) fn resolve(mut item: CompletionItem, cx: &Context<'_>) -> CompletionItem {
    if let Some(serde_json::Value::String(id)) = &item.data {
        item.documentation = cx.around.article(id).map(markdown);
    }
    item
}

fn markdown(value: String) -> Documentation {
    Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })
}

fn keys(cursor: &Cursor, known: &Known, has_value: bool) -> Vec<Offer> {
    let place = &cursor.place;
    let written = |name: &str, opening: Opening| match opening {
        _ if has_value => (name.to_owned(), ""),
        Opening::Text => (format!("{name} = \""), "\""),
        Opening::List => (format!("{name} = ["), "]"),
        Opening::Table => (format!("{name} = {{ "), " }"),
        Opening::Plain => (format!("{name} = "), ""),
    };
    let of_language = place.keys().into_iter().map(|key| of_key(&key, written(&key.word.name, key.opening)));
    let (names, opening) = match place.key_naming() {
        Some(Naming::Refers([SymbolKind::Switch])) => (SWITCHES.iter().map(switch).collect(), Opening::Text),
        Some(Naming::Refers(kinds)) => {
            let opening = match kinds {
                [SymbolKind::Parameter] => Opening::Text,
                [SymbolKind::Ca] => Opening::Plain,
                _ => Opening::List,
            };
            (names(kinds, place.sequence().as_deref(), known), opening)
        }
        Some(Naming::Defines(_)) | None => (Vec::new(), Opening::Plain),
    };
    let named = names.into_iter().map(|offer: Offer| {
        let (before, behind) = written(&as_key(&offer.label), opening);
        Offer { before, behind: behind.to_owned(), ..offer }
    });
    of_language.chain(named).collect()
}

fn headers(place: &Place) -> Vec<Offer> {
    let is_table = |key: &KeyWord| matches!(key.opening, Opening::Table | Opening::List);
    place.keys().into_iter().filter(is_table).map(|key| of_key(&key, (key.word.name.clone(), ""))).collect()
}

fn values(place: &Place, (key, quoted, in_list): (&str, bool, bool), known: &Known, cx: &Context<'_>) -> Vec<Offer> {
    if in_list && !quoted && key == "steps" {
        return steps(place);
    }
    let of_switch = place.levels.last().filter(|level| level.key == "switches");
    let words = match of_switch.and_then(|_| SWITCHES.iter().find(|switch| switch.name == key)) {
        Some(switch) => values_of(switch),
        None => place.values(key).iter().filter(|value| value.is_text || !quoted).map(of_value).collect(),
    };
    let naming = place.naming(key);
    let named = match naming {
        Some(Naming::Refers([SymbolKind::Requirement])) => requirements(cx),
        Some(Naming::Refers(kinds)) => names(kinds, None, known),
        // A world that extends another says more of what that has.
        Some(Naming::Defines(kind)) if kind != SymbolKind::Binding => {
            let inherited = known.symbols.iter().filter(|symbol| symbol.span.file != FileId::OWN);
            inherited.filter(|symbol| symbol.kind == kind).map(|symbol| of_symbol(symbol, known)).collect()
        }
        _ => Vec::new(),
    };
    let bound = if place.is_in_a_step() { bindings(place, known) } else { Vec::new() };
    let is_reference = |kinds: &[SymbolKind]| !kinds.contains(&SymbolKind::Sequence);
    let bound = bound.into_iter().filter(|_| naming.is_none_or(|naming| is_reference(naming.kinds())));
    words.into_iter().chain(named).chain(bound).map(|offer| offer.quoted(quoted)).collect()
}

impl Offer {
    /// With quotation marks where there are none yet. What is no text has no label that could stand in them.
    fn quoted(self, quoted: bool) -> Self {
        let is_text = self.kind != CompletionItemKind::KEYWORD;
        let before = if quoted || !is_text { self.before } else { format!("\"{}\"", self.before) };
        Self { before, ..self }
    }
}

/// A step for each verb, as an element of a list.
fn steps(place: &Place) -> Vec<Offer> {
    let mut step = place.clone();
    step.levels.push(PlaceLevel { key: "steps".to_owned(), entries: Vec::new() });
    let verbs = step.keys().into_iter().filter(|key| key.word.kind == "verb");
    let written = |key: &KeyWord| match key.opening {
        Opening::Text => (format!("{{ {} = \"", key.word.name), "\" },"),
        _ => (format!("{{ {} = ", key.word.name), " },"),
    };
    verbs.map(|key| of_key(&key, written(&key))).collect()
}

fn of_key(key: &KeyWord, (before, behind): (String, &str)) -> Offer {
    let kind = match key.word.kind.as_str() {
        "verb" => CompletionItemKind::FUNCTION,
        "fact" => CompletionItemKind::FIELD,
        _ => CompletionItemKind::PROPERTY,
    };
    let takes = key.word.particulars.iter().find(|(label, _)| ["takes", "values"].contains(label));
    let detail = takes.map_or_else(|| key.word.kind.clone(), |(_, takes)| format!("{}: {takes}", key.word.kind));
    let needed = if key.needed { "needed; " } else { "" };
    Offer {
        label: key.word.name.clone(),
        kind,
        detail: format!("{needed}{detail}"),
        documentation: word_text(&key.word),
        before,
        behind: behind.to_owned(),
        requirement: None,
    }
}

fn of_value(value: &ValueWord) -> Offer {
    let Word { name, text, .. } = &value.word;
    Offer {
        label: name.clone(),
        kind: if value.is_text { CompletionItemKind::ENUM_MEMBER } else { CompletionItemKind::KEYWORD },
        detail: text.clone(),
        documentation: String::new(),
        before: name.clone(),
        behind: String::new(),
        requirement: None,
    }
}

/// What has a name and is of one of these kinds.
fn names(kinds: &[SymbolKind], of: Option<&str>, known: &Known) -> Vec<Offer> {
    let fits = |symbol: &&Symbol| kinds.contains(&symbol.kind) && of.is_none_or(|of| symbol.of.as_deref() == Some(of));
    known.symbols.iter().filter(fits).map(|symbol| of_symbol(symbol, known)).collect()
}

fn of_symbol(symbol: &Symbol, known: &Known) -> Offer {
    Offer {
        label: symbol.name.clone(),
        kind: CompletionItemKind::CONSTANT,
        detail: format!("{}, {}", symbol.kind.describe(), known.file_name(symbol.span.file)),
        documentation: described(symbol, known),
        before: symbol.name.clone(),
        behind: String::new(),
        requirement: None,
    }
}

/// `$name` of what steps bind, and of the parameters of the sequence.
fn bindings(place: &Place, known: &Known) -> Vec<Offer> {
    let at = place.levels.iter().position(|level| level.key == "sequences");
    let sequence = at.and_then(|at| place.levels.get(at + 1)).map(|level| level.key.as_str());
    let fits = |symbol: &&Symbol| match symbol.kind {
        SymbolKind::Binding => true,
        SymbolKind::Parameter => sequence.is_some() && symbol.of.as_deref() == sequence,
        _ => false,
    };
    let dollar =
        |offer: Offer| Offer { label: format!("${}", offer.label), before: format!("${}", offer.before), ..offer };
    known.symbols.iter().filter(fits).map(|symbol| dollar(of_symbol(symbol, known))).collect()
}

fn requirements(cx: &Context<'_>) -> Vec<Offer> {
    let offer = |(id, title): (&str, &str)| Offer {
        label: id.to_owned(),
        kind: CompletionItemKind::REFERENCE,
        detail: title.to_owned(),
        documentation: String::new(),
        before: id.to_owned(),
        behind: String::new(),
        requirement: Some(id.to_owned()),
    };
    cx.around.titles().into_iter().map(offer).collect()
}

fn switch(switch: &Switch) -> Offer {
    Offer {
        label: switch.name.to_owned(),
        kind: CompletionItemKind::PROPERTY,
        detail: switch.about.to_owned(),
        documentation: String::new(),
        before: switch.name.to_owned(),
        behind: String::new(),
        requirement: Some(switch.requirement.to_owned()),
    }
}

fn values_of(switch: &Switch) -> Vec<Offer> {
    let offer = |value: &str| Offer {
        label: value.to_owned(),
        kind: CompletionItemKind::ENUM_MEMBER,
        detail: switch.name.to_owned(),
        documentation: String::new(),
        before: value.to_owned(),
        behind: String::new(),
        requirement: Some(switch.requirement.to_owned()),
    };
    switch.values.iter().copied().map(offer).collect()
}

/// A name as a key: in quotation marks unless it can do without.
fn as_key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_bare { name.to_owned() } else { format!("\"{name}\"") }
}

/// A text as a part of a snippet, in which every character is only itself.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}
