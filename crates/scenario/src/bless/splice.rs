//! Changes of a list of steps that leave every other byte, comments included, as it is written.

use autoenroll_model::Duration;

use super::Edit;
use crate::print::Style;
use crate::source::Span;
use crate::tree::{Node, Table};

/// Times of a step that change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Retimed {
    /// The step.
    pub(super) step: Span,
    /// The place of each time, and what it becomes; `None` takes it out.
    pub(super) changes: Vec<(Span, Option<Duration>)>,
}

/// Inserts steps after an element of the list, or at its beginning. `None` when the list is not written in brackets.
pub(super) fn insert(text: &str, list: &Node, after: Option<Span>, steps: &[String]) -> Option<Vec<Edit>> {
    let inside = inside(text, list)?;
    let known = list.as_list();
    let edits = match (after, known.first()) {
        (None, None) => into_empty(text, inside, steps),
        (None, Some(first)) => before_first(text, inside, first.span, steps),
        (Some(after), _) => {
            let at = known.iter().position(|node| node.span == after)?;
            insert_after(text, inside, after, known.get(at + 1).map(|node| node.span), steps)
        }
    };
    Some(edits)
}

/// What is between the brackets.
fn inside(text: &str, list: &Node) -> Option<Span> {
    let written = text.get(list.span.start..list.span.end)?;
    let bracketed = written.starts_with('[') && written.ends_with(']') && !written.starts_with("[[");
    bracketed.then(|| Span { start: list.span.start + 1, end: list.span.end - 1, ..list.span })
}

fn insert_after(text: &str, inside: Span, after: Span, next: Option<Span>, steps: &[String]) -> Vec<Edit> {
    let own_line = starts_line(text, after.start);
    let indentation = match next {
        Some(next) if !own_line && starts_line(text, next.start) => indentation(text, next.start),
        _ if own_line => indentation(text, after.start),
        _ => "  ",
    };
    let comma = comma_after(text, after.end, inside.end);
    let from = comma.map_or(after.end, |comma| comma + 1);
    let rest = line_rest(text, from, inside.end);
    let (newline, mut edits) = (newline(text), Vec::new());
    let at = |start: usize, end: usize| Span { file: inside.file, start, end };
    match (rest, comma) {
        // A line of its own below the step, and below the comment at its end.
        (Some(end), Some(_)) => {
            edits.extend(steps.iter().map(|step| edit(at(end, end), format!("{newline}{indentation}{step},"))));
        }
        // The last one has no comma, so it gets one and the new last one has none.
        (Some(end), None) => {
            let mut span = at(from, end);
            let mut behind = &text[from..end];
            for step in steps {
                edits.push(edit(span, format!(",{behind}{newline}{indentation}{step}")));
                (span, behind) = (at(end, end), "");
            }
        }
        (None, Some(_)) => edits.extend(steps.iter().map(|step| edit(at(from, from), format!(" {step},")))),
        (None, None) => edits.extend(steps.iter().map(|step| edit(at(from, from), format!(", {step}")))),
    }
    edits
}

/// Comments above the first step stay above it.
fn before_first(text: &str, inside: Span, first: Span, steps: &[String]) -> Vec<Edit> {
    let rest = line_rest(text, inside.start, inside.end).filter(|_| starts_line(text, first.start));
    let at = rest.unwrap_or(first.start);
    let span = Span { file: inside.file, start: at, end: at };
    let (newline, indentation) = (newline(text), indentation(text, first.start));
    let written = |step: &String| match rest {
        Some(_) => format!("{newline}{indentation}{step},"),
        None => format!("{step}, "),
    };
    steps.iter().map(|step| edit(span, written(step))).collect()
}

/// Each on a line of its own, below the comments that are there.
fn into_empty(text: &str, inside: Span, steps: &[String]) -> Vec<Edit> {
    let newline = newline(text);
    let line = text[..inside.start].rfind('\n').map_or(0, |newline| newline + 1);
    let outer = &text[line..][..blanks(&text[line..])];
    let written = &text[inside.start..inside.end];
    let kept = written.trim_end();
    let last = if Style::of(text) == Style::Json { "" } else { "," };
    let mut span = Span { start: inside.start + kept.len(), ..inside };
    let mut edits = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let (comma, end) =
            if at + 1 == steps.len() { (last, format!("{newline}{outer}")) } else { (",", String::new()) };
        edits.push(edit(span, format!("{newline}{outer}  {step}{comma}{end}")));
        span.start = span.end;
    }
    edits
}

/// Changes the times of a step.
pub(super) fn retime(text: &str, list: &Node, retimed: &Retimed) -> Vec<Edit> {
    let step = list.as_list().iter().find(|node| node.span == retimed.step).and_then(Node::as_table);
    let Some(step) = step else { return Vec::new() };
    let set = retimed.changes.iter().filter_map(|(span, duration)| Some(edit(*span, format!("\"{}\"", (*duration)?))));
    let gone: Vec<Span> =
        retimed.changes.iter().filter(|(_, duration)| duration.is_none()).map(|(span, _)| *span).collect();
    set.chain(take_out(text, step, &gone)).collect()
}

/// Takes entries out of a table on one line, each with the comma that belongs to it.
fn take_out(text: &str, table: &Table, values: &[Span]) -> Vec<Edit> {
    let gone = |value: &Span| {
        let entry = table.0.iter().find(|entry| entry.node.span == *value)?;
        Some(Span { end: value.end, ..entry.key.span })
    };
    let mut places: Vec<Span> = values.iter().filter_map(gone).collect();
    places.sort();
    // Neighbours go together: one of their commas stays behind otherwise.
    places.dedup_by(|next, before| {
        let together = text.get(before.end..next.start).is_some_and(|between| between.trim() == ",");
        if together {
            before.end = next.end;
        }
        together
    });
    places.into_iter().map(|span| edit(with_comma(text, span), String::new())).collect()
}

/// The comma after the place and the blanks after that; the one before it when there is none after it.
fn with_comma(text: &str, span: Span) -> Span {
    let behind = text[span.end..].trim_start();
    match behind.strip_prefix(',') {
        Some(rest) => Span { end: text.len() - rest.trim_start().len(), ..span },
        None => {
            let before = text[..span.start].trim_end();
            Span { start: before.strip_suffix(',').map_or(span.start, str::len), ..span }
        }
    }
}

fn edit(span: Span, text: String) -> Edit {
    Edit { span, text, step: None }
}

/// The comma that follows, beyond blanks and comments.
fn comma_after(text: &str, from: usize, end: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = text.get(at..end)?;
        at += rest.len() - rest.trim_start().len();
        match text.as_bytes().get(at).filter(|_| at < end)? {
            b',' => return Some(at),
            b'#' => at += text[at..end].find('\n')?,
            _ => return None,
        }
    }
}

/// The end of the line, when nothing but blanks and a comment comes before it.
fn line_rest(text: &str, from: usize, end: usize) -> Option<usize> {
    let line = &text[from..from + text[from..end].find('\n')?];
    let line = line.strip_suffix('\r').unwrap_or(line);
    let rest = line.trim_start();
    (rest.is_empty() || rest.starts_with('#')).then_some(from + line.len())
}

fn starts_line(text: &str, at: usize) -> bool {
    text[..at].trim_end_matches([' ', '\t']).ends_with('\n')
}

fn indentation(text: &str, at: usize) -> &str {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    &text[line..][..blanks(&text[line..])]
}

fn blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// How the file ends its lines.
fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}
