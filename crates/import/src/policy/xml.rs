//! XML as the tools of Windows write it: UTF-8, or UTF-16 with a byte order mark.

use std::borrow::Cow;

use roxmltree::{Document, Node, ParsingOptions};

/// The most elements, texts and comments of a file. The report of a large security baseline has 50,000.
const MAX_NODES: u32 = 1_000_000;

/// The text of a file; none when it is not well-formed in its encoding.
pub(super) fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let utf16 = |rest: &[u8], order: fn([u8; 2]) -> u16| {
        let units = rest.as_chunks::<2>().0.iter().map(|unit| order(*unit));
        char::decode_utf16(units).collect::<Result<String, _>>().ok().map(Cow::Owned)
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        _ => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
    }
}

/// Reads a text.
///
/// # Errors
/// When it is no XML; what the parser says.
pub(super) fn document(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text.trim_start(), options).map_err(|error| error.to_string())
}

/// Elements directly below, of that name in whatever namespace.
pub(super) fn children<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    name: &'a str,
) -> impl Iterator<Item = Node<'a, 'input>> + 'a {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The first element directly below of that name.
pub(super) fn child<'a, 'input: 'a>(node: Node<'a, 'input>, name: &'a str) -> Option<Node<'a, 'input>> {
    children(node, name).next()
}

/// The text of the first element directly below of that name; none when it is empty.
pub(super) fn said(node: Node<'_, '_>, name: &str) -> Option<String> {
    let text = child(node, name)?.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
