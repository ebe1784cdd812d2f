//! From a checked tree to a document. What is wrong is reported already; here it is only left out.

use super::{About, Document, beginning, step};
use crate::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::shape::check_root;
use crate::source::{FileId, Files, Span, Spanned};
use crate::tree::{Entry, Table};

/// Reads the bytes of a story, or of a world, which is no story, to a tree and checks its form.
pub(super) fn file(name: &str, bytes: &[u8], is_story: bool, found: &mut Diagnostics) -> (Files, Table) {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let form = |root: &Table, whole, found: &mut Diagnostics| check_root(root, whole, is_story, found);
            (Files::of(name, text), tree(FileId::OWN, text, form, found))
        }
        Err(error) => {
            let valid = error.valid_up_to();
            let span = Span { file: FileId::OWN, start: valid, end: valid };
            found.push(Diagnostic::error(Code::NotUtf8, "the byte here is not UTF-8", span));
            (Files::of(name, std::str::from_utf8(&bytes[..valid]).unwrap_or("")), Table::default())
        }
    }
}

/// Reads a text to a tree and checks its form. `form` is handed the tree and the place for problems with the file as a
/// whole.
pub(crate) fn tree(
    file: FileId,
    text: &str,
    form: impl FnOnce(&Table, Span, &mut Diagnostics),
    found: &mut Diagnostics,
) -> Table {
    let mut syntax = Diagnostics::new();
    let root = crate::tree::read(file, text, &mut syntax);
    // Behind a syntax error the tree is a guess, and what seems to be missing may be in the part that could not be
    // read.
    let unreadable = syntax
        .list()
        .iter()
        .filter(|problem| matches!(problem.code, Code::NotToml | Code::NotJson | Code::TooDeep | Code::TooLarge));
    let first = unreadable.map(|problem| problem.span.start).min();
    found.extend(syntax);
    let mut problems = Diagnostics::new();
    form(&root, beginning(file), &mut problems);
    problems.keep(|problem| match first {
        None => true,
        Some(first) => problem.span.start < first && !matches!(problem.code, Code::MissingKey | Code::FormatVersion),
    });
    found.extend(problems);
    root
}

pub(super) fn document(root: &Table) -> Document {
    let steps = root.table("timeline").map_or(&[][..], |timeline| timeline.list("steps"));
    Document {
        about: about(root),
        world: root.table("world").cloned().unwrap_or_default(),
        sequences: root.table("sequences").cloned().unwrap_or_default(),
        steps: steps.iter().filter_map(step::read).collect(),
        vary: root.tables("vary").cloned().collect(),
        sweep: root.text("sweep").and_then(|text| Some(Spanned::new(text.value.parse().ok()?, text.span))),
    }
}

fn about(root: &Table) -> About {
    About {
        title: root.text("title").map(|text| text.map(str::to_owned)).unwrap_or_default(),
        summary: root.text("summary").map(|text| text.value.to_owned()),
        covers: owned(root, "covers"),
        level: root.text("level").and_then(|text| text.value.parse().ok()).unwrap_or_default(),
        evidence: root.text("evidence").and_then(|text| text.value.parse().ok()),
        profile: root.text("profile").map(|text| text.map(str::to_owned)),
        switches: switches(root),
        needs: owned(root, "needs"),
    }
}

fn owned(table: &Table, key: &str) -> Vec<Spanned<String>> {
    table.texts(key).map(|text| text.map(str::to_owned)).collect()
}

/// The entries of `switches` that are texts.
pub(crate) fn switches(table: &Table) -> Vec<(Spanned<String>, Spanned<String>)> {
    let entries = table.table("switches").map_or(&[][..], |switches| &switches.0);
    let pair = |entry: &Entry| {
        let value = entry.node.as_text()?;
        Some((entry.key.clone(), Spanned::new(value.to_owned(), entry.node.span)))
    };
    entries.iter().filter_map(pair).collect()
}
