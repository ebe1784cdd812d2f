//! What is wrong with a file: one value a problem, rendered for people or as JSON.

mod fix;

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

pub use fix::Fix;

use crate::Code;
use crate::source::{Files, Span};

/// The most problems that are kept of one reading; a broken generator can make millions.
const MOST: usize = 200;

/// One problem and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of problem; [`crate::explain_code`] has a text about it.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The problem in one line, naming what was found.
    pub message: String,
    /// The place that is wrong.
    pub span: Span,
    /// What to say under that place; often nothing, because the message says it.
    pub label: Option<String>,
    /// Other places that matter, with what to say under each.
    pub related: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The file cannot be run.
    Error,
    /// It can, but something is odd.
    Warning,
}

/// A place that matters to a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say there.
    pub text: String,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>, span: Span) -> Self {
        let message = message.into();
        Self { code, severity: Severity::Error, message, span, label: None, related: Vec::new(), help: None }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>, span: Span) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, span) }
    }

    /// Also says something under the place itself.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.label = Some(text.into());
        self
    }

    /// Also shows another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push(Label { span, text: text.into() });
        self
    }

    /// Also says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Also says what to do, when there is something to say.
    #[must_use]
    pub fn help_some(mut self, text: Option<String>) -> Self {
        self.help = text.or(self.help);
        self
    }
}

/// Problems in the order of their places, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    left_out: usize,
}

impl Diagnostics {
    /// No problems yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { list: Vec::new(), left_out: 0 }
    }

    /// Adds a problem, unless it is there already or there are too many.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.list.len() >= MOST {
            self.left_out += 1;
        } else if !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// Adds a problem that takes a while to describe; of those that are too many only the number counts.
    pub(crate) fn push_with(&mut self, describe: impl FnOnce() -> Diagnostic) {
        if self.list.len() >= MOST {
            self.left_out += 1;
        } else {
            self.push(describe());
        }
    }

    /// Adds all problems of others.
    pub fn extend(&mut self, others: Self) {
        others.list.into_iter().for_each(|diagnostic| self.push(diagnostic));
        self.left_out += others.left_out;
    }

    /// Keeps only some of them.
    pub(crate) fn keep(&mut self, wanted: impl Fn(&Diagnostic) -> bool) {
        self.list.retain(wanted);
    }

    /// Changes each of them.
    pub(crate) fn for_each(&mut self, change: impl FnMut(&mut Diagnostic)) {
        self.list.iter_mut().for_each(change);
    }

    /// Puts them in the order of their places.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.code));
    }

    /// All that were kept.
    #[must_use]
    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// How many were too many to keep.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// Whether any of them forbids to go on.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// For people: each with file, line and column, and the wrong word underlined.
    #[must_use]
    pub fn render(&self, files: &Files, colour: bool) -> String {
        let mut text = String::new();
        for diagnostic in &self.list {
            text += &render(diagnostic, files, colour);
            text += "\n\n";
        }
        if self.left_out > 0 {
            let _ = writeln!(text, "{} more problems are not shown\n", self.left_out);
        }
        text
    }

    /// For machines: one JSON object a problem.
    #[must_use]
    pub fn to_json(&self, files: &Files) -> Vec<serde_json::Value> {
        self.list.iter().map(|diagnostic| to_json(diagnostic, files)).collect()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        let mut found = Self::new();
        iter.into_iter().for_each(|diagnostic| found.push(diagnostic));
        found
    }
}

/// One problem for people.
#[must_use]
pub fn render(diagnostic: &Diagnostic, files: &Files, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
    let own = diagnostic.related.iter().filter(|label| label.span.file == diagnostic.span.file);
    let mut primary = AnnotationKind::Primary.span(range(files, diagnostic.span));
    if let Some(label) = &diagnostic.label {
        primary = primary.label(label.as_str());
    }
    let snippet = Snippet::source(files.text(diagnostic.span.file))
        .path(files.name(diagnostic.span.file))
        .annotation(primary)
        .annotations(
            own.map(|label| AnnotationKind::Context.span(range(files, label.span)).label(label.text.as_str())),
        );
    let mut group = Group::with_title(title).element(snippet);
    for label in diagnostic.related.iter().filter(|label| label.span.file != diagnostic.span.file) {
        let other = AnnotationKind::Context.span(range(files, label.span)).label(label.text.as_str());
        let text = Snippet::source(files.text(label.span.file)).path(files.name(label.span.file));
        group = group.element(text.annotation(other));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// The bytes of a place, moved to borders of characters and into the text, whatever the place says.
fn range(files: &Files, span: Span) -> std::ops::Range<usize> {
    let text = files.text(span.file);
    let start = text.floor_char_boundary(span.start);
    start..text.ceil_char_boundary(span.end).max(start)
}

/// One problem for machines.
#[must_use]
pub fn to_json(diagnostic: &Diagnostic, files: &Files) -> serde_json::Value {
    let entry = |span: Span, label: Option<&str>, primary: bool| {
        let (line, column) = files.line_column(span.file, span.start);
        let (end_line, end_column) = files.line_column(span.file, span.end);
        serde_json::json!({
            "file": files.name(span.file),
            "line": line,
            "column": column,
            "end-line": end_line,
            "end-column": end_column,
            "start": span.start,
            "end": span.end,
            "label": label,
            "primary": primary,
        })
    };
    let mut spans = vec![entry(diagnostic.span, diagnostic.label.as_deref(), true)];
    spans.extend(diagnostic.related.iter().map(|label| entry(label.span, Some(&label.text), false)));
    serde_json::json!({
        "code": diagnostic.code.as_str(),
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "spans": spans,
        "help": diagnostic.help,
    })
}
