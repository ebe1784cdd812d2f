//! What is wrong with a text, as `autoenroll check` says it, and what can be done about it.

use autoenroll_scenario::{Diagnostic, FileId, Fix, FormatError, Severity, Span, format};
use lsp_types::{
    CodeAction, CodeActionKind, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, OneOf,
    OptionalVersionedTextDocumentIdentifier, Range, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};

use crate::context::Context;
use crate::document::Document;
use crate::position::Lines;
use crate::uri::{to_path, to_uri};

/// Where the complaints come from, as clients show it.
const SOURCE: &str = "autoenroll";

/// All problems of a text.
pub(crate) fn diagnostics(document: &Document, uri: &Uri, cx: &Context<'_>) -> Vec<lsp_types::Diagnostic> {
    let (found, _) = document.checked(cx.library, cx.around.requirements());
    let mut all: Vec<lsp_types::Diagnostic> =
        found.list().iter().map(|problem| diagnostic(problem, document, uri, cx)).collect();
    if found.left_out() > 0 {
        let message = format!("{} more problems are not shown", found.left_out());
        let source = Some(SOURCE.to_owned());
        let severity = Some(DiagnosticSeverity::INFORMATION);
        all.push(lsp_types::Diagnostic { message, source, severity, ..lsp_types::Diagnostic::default() });
    }
    all
}

fn diagnostic(problem: &Diagnostic, document: &Document, uri: &Uri, cx: &Context<'_>) -> lsp_types::Diagnostic {
    let (_, files) = document.checked(cx.library, cx.around.requirements());
    let mut message = problem.message.clone();
    let more = problem.label.iter().cloned().chain(problem.help.iter().map(|help| format!("help: {help}")));
    more.for_each(|more| message = format!("{message}\n{more}"));
    let mut related: Vec<DiagnosticRelatedInformation> = Vec::new();
    // What is wrong in a fixture is shown at the beginning of the file that uses it.
    let range = match problem.span.file {
        FileId::OWN => own_range(document, problem.span),
        _ => {
            message = format!("{}: {message}", files.name(problem.span.file));
            let text = problem.message.clone();
            let location = location(problem.span, document, uri, cx);
            related.extend(location.map(|location| DiagnosticRelatedInformation { location, message: text }));
            Range::default()
        }
    };
    related.extend(problem.related.iter().filter_map(|label| {
        let location = location(label.span, document, uri, cx)?;
        Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
    }));
    lsp_types::Diagnostic {
        range,
        severity: Some(match problem.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(problem.code.to_string())),
        source: Some(SOURCE.to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        ..lsp_types::Diagnostic::default()
    }
}

/// Where a place of a document or of a fixture is for a client; `None` for a fixture that is in no file.
pub(crate) fn location(span: Span, document: &Document, uri: &Uri, cx: &Context<'_>) -> Option<Location> {
    if span.file == FileId::OWN {
        return Some(Location { uri: uri.clone(), range: own_range(document, span) });
    }
    let files = &document.known(cx.library).files;
    let near = to_path(uri);
    let path = cx.around.fixture(files.name(span.file).strip_prefix("fixtures/")?, near.as_deref())?;
    let text = files.text(span.file);
    let range = Lines::of(text, cx.encoding).range(text, span.start..span.end);
    Some(Location { uri: to_uri(&path)?, range })
}

pub(crate) fn own_range(document: &Document, span: Span) -> Range {
    document.lines.range(&document.text, span.start..span.end)
}

/// What can be done about what is wrong in a range: to write what its help names.
pub(crate) fn actions(document: &Document, uri: &Uri, version: i32, range: Range, cx: &Context<'_>) -> Vec<CodeAction> {
    let (found, files) = document.checked(cx.library, cx.around.requirements());
    let bytes = document.lines.bytes(&document.text, range);
    let is_here = |problem: &&Diagnostic| {
        let span = problem.span;
        span.file == FileId::OWN && span.start <= bytes.end && bytes.start <= span.end
    };
    let action = |problem: &Diagnostic| {
        let Fix { span, text } = problem.fix(files).filter(|fix| fix.span.file == FileId::OWN)?;
        let title = format!("write {text}");
        let edit = workspace_edit(uri, version, vec![TextEdit { range: own_range(document, span), new_text: text }]);
        Some(CodeAction {
            title,
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![diagnostic(problem, document, uri, cx)]),
            edit: Some(edit),
            is_preferred: Some(true),
            ..CodeAction::default()
        })
    };
    found.list().iter().filter(is_here).filter_map(action).collect()
}

/// Edits of one document, of the version that they were made for.
pub(crate) fn workspace_edit(uri: &Uri, version: i32, edits: Vec<TextEdit>) -> WorkspaceEdit {
    let text_document = OptionalVersionedTextDocumentIdentifier { uri: uri.clone(), version: Some(version) };
    let edits = edits.into_iter().map(OneOf::Left).collect();
    let changes = lsp_types::DocumentChanges::Edits(vec![TextDocumentEdit { text_document, edits }]);
    WorkspaceEdit { document_changes: Some(changes), ..WorkspaceEdit::default() }
}

/// The edit that brings a text into the common layout, from the first line that changes to the last; none when nothing
/// does.
pub(crate) fn formatting(document: &Document) -> Result<Vec<TextEdit>, String> {
    let old = document.text.as_str();
    let new = match format(&document.name, old.as_bytes()) {
        Ok(new) if new == old => return Ok(Vec::new()),
        Ok(new) => new,
        Err(FormatError::Unreadable { found, .. }) => {
            let first = found.list().first().map(|problem| format!(": {} {}", problem.code, problem.message));
            return Err(format!("a text with errors of syntax has no layout{}", first.unwrap_or_default()));
        }
        Err(FormatError::Differs) => return Err("formatted, the text would say something else".to_owned()),
    };
    let same = old.split_inclusive('\n').zip(new.split_inclusive('\n')).take_while(|(one, other)| one == other);
    let before: usize = same.map(|(line, _)| line.len()).sum();
    let (old_rest, new_rest) = (old.get(before..).unwrap_or(""), new.get(before..).unwrap_or(""));
    let same = old_rest.split_inclusive('\n').rev().zip(new_rest.split_inclusive('\n').rev());
    let behind: usize = same.take_while(|(one, other)| one == other).map(|(line, _)| line.len()).sum();
    let range = document.lines.range(old, before..old.len() - behind);
    let new_text = new_rest.get(..new_rest.len() - behind).unwrap_or(new_rest).to_owned();
    Ok(vec![TextEdit { range, new_text }])
}
