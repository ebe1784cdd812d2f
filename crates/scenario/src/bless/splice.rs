//! Changes of a list of steps that leave every other byte, comments included, as it is written.

use autoenroll_model::Duration;

use super::Edit;
use crate::print::Style;
use crate::source::Place;
use crate::tree::{Node, Table};

/// Times of a step that change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Retimed {
    /// The step.
    pub(super) step: Place,
    /// The place of each time, and what it becomes; `None` takes it out.
    pub(super) changes: Vec<(Place, Option<Duration>)>,
}

/// Inserts steps after an element of the list, or at its beginning. `None` when the list is not written in brackets.
pub(super) fn insert(text: &str, list: &Node, after: Option<Place>, steps: &[String]) -> Option<Vec<Edit>> {
    let inside = inside(text, list)?;
    let known = list.as_list();
    let edits = match (after, known.first()) {
        (None, None) => into_empty(text, inside, steps),
        (None, Some(first)) => before_first(text, inside, first.place, steps),
        (Some(after), _) => {
            let at = known.iter().position(|node| node.place == after)?;
            insert_after(text, inside, after, known.get(at + 1).map(|node| node.place), steps)
        }
    };
    Some(edits)
}

/// What is between the brackets.
fn inside(text: &str, list: &Node) -> Option<Place> {
    let written = text.get(list.place.start..list.place.end)?;
    let bracketed = written.starts_with('[') && written.ends_with(']') && !written.starts_with("[[");
    bracketed.then(|| Place { start: list.place.start + 1, end: list.place.end - 1, ..list.place })
}

fn insert_after(text: &str, inside: Place, after: Place, next: Option<Place>, steps: &[String]) -> Vec<Edit> {
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
    let at = |start: usize, end: usize| Place { file: inside.file, start, end };
    match (rest, comma) {
        // A line of its own below the step, and below the comment at its end.
        (Some(end), Some(_)) => {
            edits.extend(steps.iter().map(|step| edit(at(end, end), format!("{newline}{indentation}{step},"))));
        }
        // The last one has no comma, so it gets one and the new last one has none.
        (Some(end), None) => {
            let mut place = at(from, end);
            let mut behind = &text[from..end];
            for step in steps {
                edits.push(edit(place, format!(",{behind}{newline}{indentation}{step}")));
                (place, behind) = (at(end, end), "");
            }
        }
        (None, Some(_)) => edits.extend(steps.iter().map(|step| edit(at(from, from), format!(" {step},")))),
        (None, None) => edits.extend(steps.iter().map(|step| edit(at(from, from), format!(", {step}")))),
    }
    edits
}

/// Comments above the first step stay above it.
fn before_first(text: &str, inside: Place, first: Place, steps: &[String]) -> Vec<Edit> {
    let rest = line_rest(text, inside.start, inside.end).filter(|_| starts_line(text, first.start));
    let at = rest.unwrap_or(first.start);
    let place = Place { file: inside.file, start: at, end: at };
    let (newline, indentation) = (newline(text), indentation(text, first.start));
    let written = |step: &String| match rest {
        Some(_) => format!("{newline}{indentation}{step},"),
        None => format!("{step}, "),
    };
    steps.iter().map(|step| edit(place, written(step))).collect()
}

/// Each on a line of its own, below the comments that are there.
fn into_empty(text: &str, inside: Place, steps: &[String]) -> Vec<Edit> {
    let newline = newline(text);
    let line = text[..inside.start].rfind('\n').map_or(0, |newline| newline + 1);
    let outer = &text[line..][..blanks(&text[line..])];
    let written = &text[inside.start..inside.end];
    let kept = written.trim_end();
    let last = if Style::of(text) == Style::Json { "" } else { "," };
    let mut place = Place { start: inside.start + kept.len(), ..inside };
    let mut edits = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let (comma, end) =
            if at + 1 == steps.len() { (last, format!("{newline}{outer}")) } else { (",", String::new()) };
        edits.push(edit(place, format!("{newline}{outer}  {step}{comma}{end}")));
        place.start = place.end;
    }
    edits
}

/// Changes the times of a step.
pub(super) fn retime(text: &str, list: &Node, retimed: &Retimed) -> Vec<Edit> {
    let step = list.as_list().iter().find(|node| node.place == retimed.step).and_then(Node::as_table);
    let Some(step) = step else { return Vec::new() };
    let set = retimed.changes.iter().filter_map(|(place, span)| Some(edit(*place, format!("\"{}\"", (*span)?))));
    let gone: Vec<Place> = retimed.changes.iter().filter(|(_, span)| span.is_none()).map(|(place, _)| *place).collect();
    set.chain(take_out(text, step, &gone)).collect()
}

/// Takes entries out of a table on one line, each with the comma that belongs to it.
fn take_out(text: &str, table: &Table, values: &[Place]) -> Vec<Edit> {
    let gone = |value: &Place| {
        let entry = table.0.iter().find(|entry| entry.node.place == *value)?;
        Some(Place { end: value.end, ..entry.key.place })
    };
    let mut places: Vec<Place> = values.iter().filter_map(gone).collect();
    places.sort();
    // Neighbours go together: one of their commas stays behind otherwise.
    places.dedup_by(|next, before| {
        let together = text.get(before.end..next.start).is_some_and(|between| between.trim() == ",");
        if together {
            before.end = next.end;
        }
        together
    });
    places.into_iter().map(|place| edit(with_comma(text, place), String::new())).collect()
}

/// The comma after the place and the blanks after that; the one before it when there is none after it.
fn with_comma(text: &str, place: Place) -> Place {
    let behind = text[place.end..].trim_start();
    match behind.strip_prefix(',') {
        Some(rest) => Place { end: text.len() - rest.trim_start().len(), ..place },
        None => {
            let before = text[..place.start].trim_end();
            Place { start: before.strip_suffix(',').map_or(place.start, str::len), ..place }
        }
    }
}

fn edit(place: Place, text: String) -> Edit {
    Edit { place, text, step: None }
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
