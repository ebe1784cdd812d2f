//! What is known about the word at a place.

use std::fmt::Write as _;

use autoenroll_model::SWITCHES;
use autoenroll_scenario::{FileId, Mention, Span, Symbol, SymbolKind, Word, word_at};
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use crate::context::Context;
use crate::document::{Document, Known};
use crate::names::{mention_at, named};

/// How many lines of a description are shown.
const MOST_LINES: usize = 24;

/// What is wrong there and why, what is named there, and what the word is.
pub(crate) fn hover(document: &Document, cx: &Context<'_>, byte: usize) -> Option<Hover> {
    let known = document.known(cx.library);
    let mut parts = problems(document, cx, byte);
    let mention = mention_at(known, byte);
    parts.extend(mention.and_then(|mention| about(mention, known, cx)));
    let word = word_at(&known.parsed, byte);
    parts.extend(word.as_ref().map(|found| word_text(&found.word)));
    let span = mention.map(|mention| mention.span).or_else(|| word.map(|found| found.span));
    let range = span.map(|span| document.lines.range(&document.text, span.start..span.end));
    let contents = MarkupContent { kind: MarkupKind::Markdown, value: parts.join("\n\n---\n\n") };
    (!parts.is_empty()).then_some(Hover { contents: HoverContents::Markup(contents), range })
}

/// The explanation of each code that is reported there.
fn problems(document: &Document, cx: &Context<'_>, byte: usize) -> Vec<String> {
    let (found, _) = document.checked(cx.library, cx.around.requirements());
    // What is wrong with the file as a whole is told at its first character.
    let is_here = |span: Span| span.file == FileId::OWN && span.start <= byte && byte <= span.end.max(1);
    let mut parts: Vec<String> = Vec::new();
    for problem in found.list().iter().filter(|problem| is_here(problem.span)) {
        let explanation = problem.code.explanation();
        let part = format!("**{}** {}\n\n{}", problem.code, explanation.title, explanation.text);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts
}

fn about(mention: &Mention, known: &Known, cx: &Context<'_>) -> Option<String> {
    match mention.naming.kinds() {
        [SymbolKind::Requirement] => cx.around.article(&mention.name),
        [SymbolKind::Switch] => {
            let switch = SWITCHES.iter().find(|switch| switch.name == mention.name)?;
            let values: Vec<String> = switch.values.iter().map(|value| format!("`{value}`")).collect();
            let article = cx.around.article(switch.requirement).unwrap_or_default();
            Some(format!("**{}** switch\n\n{}\n\nvalues: {}\n\n{article}", switch.name, switch.about, values.join(" ")))
        }
        _ => Some(described(named(mention, known).first()?, known)),
    }
}

/// What a symbol is, where it is described, and how.
pub(crate) fn described(symbol: &Symbol, known: &Known) -> String {
    let (file, text) = (known.file_name(symbol.span.file), known.files.text(symbol.span.file));
    let lines = description(text, symbol);
    let of = symbol.of.as_ref().map_or(String::new(), |of| format!(" of `{of}`"));
    let mut markdown = format!("**{}** {}{of}, {file}", symbol.name, symbol.kind.describe());
    if !lines.is_empty() {
        let _ = write!(markdown, "\n\n```toml\n{lines}\n```");
    }
    markdown
}

/// The lines that describe a symbol: its table, or the beginning of its file.
fn description(text: &str, symbol: &Symbol) -> String {
    let whole = symbol.whole;
    let rest = text.get(text.floor_char_boundary(whole.start)..).unwrap_or("");
    // A file begins with a line for editors and the version, which say nothing about it.
    let is_noise = |line: &&str| line.starts_with("#:") || line.starts_with("scenario =") || line.trim().is_empty();
    let ends = |line: &&str| line.trim_start().starts_with('[');
    let lines: Vec<&str> = if whole.start == whole.end {
        rest.lines().skip_while(is_noise).take_while(|line| !ends(line)).take(MOST_LINES).collect()
    } else if rest.starts_with('[') {
        // Tables of its own belong to it: `[template.cng]`.
        let header = rest.lines().next().unwrap_or("");
        let own = header.trim_matches(['[', ']', ' ']).to_owned() + ".";
        let is_own = |line: &str| line.trim_start_matches('[').starts_with(&own);
        let body = rest.lines().skip(1).take_while(|line| !ends(line) || is_own(line));
        std::iter::once(header).chain(body).take(MOST_LINES).collect()
    } else {
        let written = text.get(whole.start..whole.end).unwrap_or("");
        written.lines().take(MOST_LINES).collect()
    };
    lines.join("\n").trim_end().to_owned()
}

/// A word of the language with what it means.
pub(crate) fn word_text(word: &Word) -> String {
    let mut markdown = format!("**{}** {}\n\n{}", word.name, word.kind, word.text);
    for (label, text) in &word.particulars {
        let _ = match *label {
            "example" => write!(markdown, "\n\n```toml\n{text}\n```"),
            label => write!(markdown, "\n\n{label}: {text}"),
        };
    }
    markdown
}
