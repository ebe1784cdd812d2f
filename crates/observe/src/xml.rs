//! Events as XML: what `wevtutil qe /f:xml` prints, what Event Viewer saves, and what one event shows in its details.

use std::fmt;

use autoenroll_model::FileTime;
use roxmltree::{Document, Node, ParsingOptions};

use crate::event::{Field, LoggedEvent};

/// The longest event that is read, in bytes of its XML. An event carries at most 64 KiB.
pub const MAX_EVENT: usize = 1 << 20;
/// The most values that are taken from one event; [MS-EVEN6] allows 256 in a template.
pub const MAX_FIELDS: usize = 256;
/// The longest value that is taken, in characters; the rest of it is left out.
pub const MAX_VALUE: usize = 4096;
/// The most elements, texts and comments in one event.
const MAX_NODES: u32 = 10_000;
/// How deep values are nested.
const MAX_DEPTH: usize = 16;

/// Why an event, or what should be one, is not in a log as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The file ends within an event, or within a part of an .evtx file.
    CutOff,
    /// It is longer than [`MAX_EVENT`].
    TooLong,
    /// It is no well-formed XML; what the parser says.
    Xml(String),
    /// It lacks an element of every event, or that says something else than it should.
    Element {
        /// The element or attribute.
        name: &'static str,
        /// What stands there; nothing where it is missing.
        found: String,
    },
    /// Some bytes are no characters in the file's encoding; they are read as U+FFFD.
    Encoding,
    /// A record of an .evtx file cannot be read; what its reader says.
    Record(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutOff => f.write_str("the file ends in the middle"),
            Self::TooLong => write!(f, "an event is longer than {MAX_EVENT} bytes"),
            Self::Xml(reason) => write!(f, "an event is no well-formed XML: {reason}"),
            Self::Element { name, found } if found.is_empty() => write!(f, "an event has no {name}"),
            Self::Element { name, found } => write!(f, "an event has `{found}` for its {name}"),
            Self::Encoding => f.write_str("some bytes are no characters, and are read as U+FFFD"),
            Self::Record(reason) => write!(f, "a record cannot be read: {reason}"),
        }
    }
}

/// The events of a text, each by itself, so that one that is damaged hides no other: with a root, without one, with
/// anything between them.
pub(crate) fn events(text: &str) -> impl Iterator<Item = Result<&str, Problem>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let from = &rest?[start(rest?)?..];
        match from.find(END).map(|at| at + END.len()) {
            Some(length) => {
                rest = Some(&from[length..]);
                Some(if length <= MAX_EVENT { Ok(&from[..length]) } else { Err(Problem::TooLong) })
            }
            None => {
                rest = None;
                Some(Err(Problem::CutOff))
            }
        }
    })
}

const START: &str = "<Event";
const END: &str = "</Event>";

/// Where an event begins. `<Events>` and `<EventData>` begin alike.
fn start(text: &str) -> Option<usize> {
    let begins = |at: &usize| text[at + START.len()..].starts_with([' ', '\t', '\r', '\n', '>']);
    text.match_indices(START).map(|(at, _)| at).find(begins)
}

/// One event.
///
/// # Errors
/// When it is no event.
pub(crate) fn event(text: &str) -> Result<LoggedEvent, Problem> {
    if text.len() > MAX_EVENT {
        return Err(Problem::TooLong);
    }
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| Problem::Xml(error.to_string()))?;
    let root = document.root_element();
    let system = child(root, "System").ok_or_else(|| missing("System"))?;
    let attribute = |element: &str, name: &str| child(system, element).and_then(|node| node.attribute(name));
    let text_of = |element: &str| child(system, element).map(text_in).unwrap_or_default();
    // Logs have records without a provider, which say nothing and may lack their time.
    let provider = attribute("Provider", "Name").map(cut).unwrap_or_default();
    let time = match attribute("TimeCreated", "SystemTime") {
        Some(time) => file_time(time).ok_or_else(|| Problem::Element { name: "TimeCreated", found: cut(time) })?,
        None if provider.is_empty() => FileTime::default(),
        None => return Err(missing("TimeCreated")),
    };
    Ok(LoggedEvent {
        provider,
        id: number("EventID", &text_of("EventID"))?,
        qualifiers: attribute("EventID", "Qualifiers").and_then(|text| text.trim().parse().ok()),
        level: text_of("Level").parse().ok(),
        time,
        record: text_of("EventRecordID").parse().ok(),
        channel: text_of("Channel"),
        computer: text_of("Computer"),
        user: attribute("Security", "UserID").map(cut),
        fields: fields(root),
    })
}

fn missing(name: &'static str) -> Problem {
    Problem::Element { name, found: String::new() }
}

fn number(name: &'static str, text: &str) -> Result<u16, Problem> {
    text.parse().map_err(|_not_a_number| Problem::Element { name, found: cut(text) })
}

/// `2026-03-02T08:00:00.1234567Z`; versions of Windows write seven or nine digits after the point.
fn file_time(text: &str) -> Option<FileTime> {
    let time: jiff::Timestamp = text.trim().parse().ok()?;
    let ticks = u64::try_from(time.subsec_nanosecond()).ok()? / 100;
    Some(FileTime(FileTime::from_unix_seconds(time.as_second()).0.checked_add(ticks)?))
}

/// What an event carries: values of `EventData` by the name in an attribute, of `UserData` by the names of its
/// elements and attributes.
fn fields(root: Node<'_, '_>) -> Vec<Field> {
    let mut fields = Vec::new();
    for data in child(root, "EventData").iter().flat_map(|data| elements(*data, "Data")).take(MAX_FIELDS) {
        fields.push(Field { name: data.attribute("Name").map(cut).unwrap_or_default(), value: text_in(data) });
    }
    if let Some(data) = child(root, "UserData").and_then(|data| data.first_element_child()) {
        nested(data, "", MAX_DEPTH, &mut fields);
    }
    fields
}

fn nested(node: Node<'_, '_>, path: &str, depth: usize, fields: &mut Vec<Field>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for attribute in node.attributes() {
        add(fields, below(attribute.name()), cut(attribute.value()));
    }
    for element in node.children().filter(Node::is_element) {
        let name = below(element.tag_name().name());
        let value = text_in(element);
        if !value.is_empty() {
            add(fields, name.clone(), value);
        }
        if depth > 0 {
            nested(element, &name, depth - 1, fields);
        }
    }
}

fn add(fields: &mut Vec<Field>, name: String, value: String) {
    if fields.len() < MAX_FIELDS {
        fields.push(Field { name: cut(&name), value });
    }
}

/// The first child of that name, in whatever namespace: logs that were copied by hand have lost it.
fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

fn elements<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn text_in(node: Node<'_, '_>) -> String {
    cut(node.text().unwrap_or_default().trim())
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_VALUE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_versions_are_read() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(file_time(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        };
        check("2026-03-02T08:00:00.1234567Z", Some("2026-03-02T08:00:00.1234567Z"));
        check("2026-03-02T08:00:00.000000000Z", Some("2026-03-02T08:00:00Z"));
        check("2026-03-02T08:00:00Z", Some("2026-03-02T08:00:00Z"));
        check("1601-01-01T00:00:00Z", Some("1601-01-01T00:00:00Z"));
        check("2026-03-02", None);
        check("yesterday", None);
    }

    #[test]
    fn events_are_found_with_and_without_a_root_and_one_that_is_cut_off_ends_the_text() {
        let found = |text: &'static str| events(text).collect::<Vec<_>>();
        assert_eq!(found("<Events><Event>a</Event>\r\n<Event x=''>b</Event></Events>").len(), 2);
        assert_eq!(found("<Event>a</Event><Event>b</Event>"), [Ok("<Event>a</Event>"), Ok("<Event>b</Event>")]);
        assert_eq!(found("<Event>a</Event><Event>b"), [Ok("<Event>a</Event>"), Err(Problem::CutOff)]);
        assert_eq!(found("<Events><EventID>a</EventID>"), []);
    }
}
